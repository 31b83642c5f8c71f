#include "neural/kernels/matrix.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "neural/halves.h"

// Lloyd's algorithm on normal figures in groups of 32, each with the best of many scales of either sign: 57 % of the
// error of whole numbers from -7 to 7 scaled to the largest.
const int8_t grm_int4_values[16] = {-127, -99, -79, -63, -49, -36, -24, -12, 0, 11, 24, 36, 50, 65, 83, 106};

static size_t groups_of(size_t in, size_t group) {
    return (in + group - 1) / group;
}

size_t grm_matrix_group(grm_precision precision) {
    return precision == GRM_INT8 ? GRM_INT8_GROUP : precision == GRM_INT4 ? GRM_INT4_GROUP : 0;
}

// Bytes of one group of a panel: scales and weights.
static size_t group_bytes(grm_precision precision) {
    return GRM_LINE + (precision == GRM_INT8 ? GRM_INT8_GROUP * GRM_PANEL : GRM_INT4_GROUP * GRM_PANEL / 2);
}

size_t grm_panel_bytes(grm_precision precision, size_t in) {
    size_t group = grm_matrix_group(precision);
    if (group) return groups_of(in, group) * group_bytes(precision);
    return in * GRM_PANEL * (precision == GRM_FLOAT32 ? sizeof(float) : sizeof(uint16_t));
}

size_t grm_matrix_bytes(grm_precision precision, size_t out, size_t in) {
    return grm_matrix_panels(out) * grm_panel_bytes(precision, in);
}

grm_blocks grm_matrix_blocks(grm_precision precision, size_t in) {
    size_t most = precision == GRM_FLOAT16 ? 256 : precision == GRM_INT4 ? 1024 : in, inputs = in < most ? in : most;
    size_t count = inputs ? (in + inputs - 1) / inputs : 0;
    size_t strip = count < 2 ? 1 : precision == GRM_FLOAT16 ? 8 : GRM_STRIP;
    return (grm_blocks){inputs, grm_panel_bytes(precision, inputs), count, grm_panel_bytes(precision, in), strip};
}

// ---- what is to be packed ----

// Powers of two for columns whose root mean square is far from the median's.
static bool even_out(size_t out, size_t in, const float *weights, float *columns) {
    const double far = 2.5;
    float *sorted = columns + in;
    bool uneven = false;
    for (size_t k = 0; k < in; k++) columns[k] = 0;
    for (size_t o = 0; o < out; o++)
        for (size_t k = 0; k < in; k++) columns[k] += weights[o * in + k] * weights[o * in + k];
    memcpy(sorted, columns, in * sizeof *sorted);
    grm_sort_floats(sorted, in);
    double median = sqrt((double)sorted[in / 2]);
    for (size_t k = 0; k < in; k++) {
        double ratio = median > 0 ? sqrt((double)columns[k]) / median : 1;
        columns[k] = 1;
        if (!(ratio > 0) || !isfinite(ratio) || (ratio < far && ratio > 1 / far)) continue;
        double power = fmax(-20, fmin(20, rint(log2(ratio))));
        columns[k] = (float)exp2(power);
        uneven = true;
    }
    return uneven;
}

grm_matrix_survey grm_matrix_look(grm_precision precision, size_t out, size_t in, const float *weights,
                                  float *columns) {
    grm_matrix_survey survey = {1, false};
    if (columns) survey.uneven = even_out(out, in, weights, columns);
    if (precision == GRM_FLOAT32) return survey;
    float most = 0;
    for (size_t o = 0; o < out; o++)
        for (size_t k = 0; k < in; k++) {
            float w = fabsf(weights[o * in + k]) / (columns ? columns[k] : 1);
            most = w > most ? w : most;
        }
    if (precision == GRM_INT8) most /= 127;
    if (precision == GRM_INT4) most /= 100;
    // The largest half then lies between 256 and 512, and 22 powers of two below it are exact to 11 bits.
    if (most > 0) survey.unit = (float)exp2(fmax(-120, floor(log2((double)most)) - 8));
    return survey;
}

// ---- groups ----

// Whole numbers from -127 to 127 at w + 128.
static void round_to_bytes(const float *w, float scale, uint8_t *bytes) {
    float inverse = scale >= FLT_MIN ? 1 / scale : 0;  // of next to nothing: infinite
    for (size_t i = 0; i < GRM_INT8_GROUP; i++) {
        float q = rintf(w[i] * inverse);
        q = q < 127 ? (q > -127 ? q : -127) : 127;
        bytes[i] = (uint8_t)((int)q + 128);
    }
}

// Index of the nearest of the 16 values, by 2 z + 512; midpoints are halves, so this is exact.
enum { STEPS = 1024 };
static void fill_nearest(uint8_t nearest[STEPS]) {
    for (int i = 0; i < STEPS; i++) {
        double z = (i - STEPS / 2) / 2.0, least = 1e9;
        for (int v = 0; v < 16; v++)
            if (fabs(z - grm_int4_values[v]) < least) {
                least = fabs(z - grm_int4_values[v]);
                nearest[i] = (uint8_t)v;
            }
    }
}

// Indices for the scale (of either sign) -> the error's energy.
static float round_to_values(const uint8_t nearest[STEPS], const float *w, float scale, uint8_t *indices) {
    float inverse = fabsf(scale) >= 2 * FLT_MIN ? 2 / scale : 0, error = 0;
    for (size_t i = 0; i < GRM_INT4_GROUP; i++) {
        float z = w[i] * inverse;
        z = z < 500 ? (z > -500 ? z : -500) : 500;
        indices[i] = nearest[(int)(z + 512.5f)];
        float d = w[i] - scale * grm_int4_values[indices[i]];
        error += d * d;
    }
    return error;
}

// The best of many scales, as the half that is stored.
static uint16_t search_scale(const uint8_t nearest[STEPS], const float *w, float unit, uint8_t *indices) {
    enum { TRIES = 12 };
    float most = 0, least = INFINITY;
    uint16_t best = 0;
    for (size_t i = 0; i < GRM_INT4_GROUP; i++) most = fabsf(w[i]) > most ? fabsf(w[i]) : most;
    for (int i = 0; i < 2 * TRIES; i++) {
        uint8_t tried[GRM_INT4_GROUP];
        float size = most * (0.74f + 0.04f * (float)(i / 2)) / 102;
        uint16_t half = grm_float_to_half((i % 2 ? -size : size) / unit);
        float error = round_to_values(nearest, w, grm_half_to_float(half) * unit, tried);
        if (error >= least) continue;
        least = error;
        best = half;
        memcpy(indices, tried, sizeof tried);
    }
    return best;
}

typedef struct range {
    size_t begin, end;
} range;

// One group of one output into its place in the panel's group.
static void place_int8(const float *w, float unit, size_t output, uint8_t *group) {
    uint8_t bytes[GRM_INT8_GROUP];
    float most = 0;
    for (size_t i = 0; i < GRM_INT8_GROUP; i++) most = fabsf(w[i]) > most ? fabsf(w[i]) : most;
    uint16_t half = grm_float_to_half(most / 127 / unit);
    round_to_bytes(w, grm_half_to_float(half) * unit, bytes);
    memcpy(group + 2 * output, &half, sizeof half);
    for (size_t k = 0; k < GRM_INT8_GROUP; k += 4)
        memcpy(group + GRM_LINE + (k / 4 * GRM_PANEL + output) * 4, bytes + k, 4);
}

static void place_int4(const uint8_t nearest[STEPS], const float *w, float unit, size_t output, uint8_t *group) {
    uint8_t indices[GRM_INT4_GROUP] = {0};
    uint16_t half = search_scale(nearest, w, unit, indices);
    memcpy(group + 2 * output, &half, sizeof half);
    for (size_t k = 0; k < GRM_INT4_GROUP; k++) {
        uint8_t *byte = group + GRM_LINE + (k / 8 * GRM_PANEL + output) * 4 + k % 4;
        *byte = (uint8_t)(k % 8 < 4 ? indices[k] : *byte | indices[k] << 4);
    }
}

// The inputs [begin, end) of a panel.
static void pack_groups(grm_precision precision, size_t out, size_t in, const float *weights, float unit,
                        const float *columns, size_t panel, range inputs, const uint8_t nearest[STEPS], uint8_t *to) {
    size_t size = grm_matrix_group(precision), step = group_bytes(precision), first = inputs.begin / size;
    for (size_t g = first; g < groups_of(inputs.end, size); g++)
        for (size_t o = 0; o < GRM_PANEL; o++) {
            float w[GRM_INT8_GROUP] = {0};
            size_t row = panel * GRM_PANEL + o;
            for (size_t i = 0; i < size && g * size + i < in && row < out; i++)
                w[i] = weights[row * in + g * size + i] / (columns ? columns[g * size + i] : 1);
            if (precision == GRM_INT8)
                place_int8(w, unit, o, to + (g - first) * step);
            else
                place_int4(nearest, w, unit, o, to + (g - first) * step);
        }
}

static void pack_floats(grm_precision precision, size_t out, size_t in, const float *weights, float unit, size_t panel,
                        range inputs, uint8_t *to) {
    for (size_t o = 0; o < GRM_PANEL; o++) {
        size_t row = panel * GRM_PANEL + o;
        for (size_t k = inputs.begin; k < inputs.end; k++) {
            float w = row < out ? weights[row * in + k] / unit : 0;
            uint16_t half = grm_float_to_half(w);
            size_t at = (k - inputs.begin) * GRM_PANEL + o;
            if (precision == GRM_FLOAT32)
                memcpy(to + 4 * at, &w, sizeof w);
            else
                memcpy(to + 2 * at, &half, sizeof half);
        }
    }
}

void grm_matrix_pack(grm_precision precision, size_t out, size_t in, const float *weights, float unit,
                     const float *columns, size_t begin, size_t end, uint8_t *panels) {
    grm_blocks blocks = grm_matrix_blocks(precision, in);
    uint8_t nearest[STEPS];
    if (precision == GRM_INT4) fill_nearest(nearest);
    for (size_t p = begin; p < end; p++)
        for (size_t b = 0; b < blocks.count; b++) {
            range inputs = {b * blocks.inputs, b + 1 < blocks.count ? (b + 1) * blocks.inputs : in};
            uint8_t *to = panels + grm_block_at(&blocks, grm_matrix_panels(out), p, b);
            if (grm_matrix_group(precision))
                pack_groups(precision, out, in, weights, unit, columns, p, inputs, nearest, to);
            else
                pack_floats(precision, out, in, weights, unit, p, inputs, to);
        }
}

// The first `count` inputs of a group, of the panel's output `o`.
static void unpack_group(grm_precision precision, const uint8_t *from, size_t o, float unit, size_t count,
                         float *weights) {
    const uint8_t *w = from + GRM_LINE + 4 * o;
    uint16_t half;
    memcpy(&half, from + 2 * o, sizeof half);
    float scale = unit * grm_half_to_float(half);
    for (size_t i = 0; i < count; i++) {
        if (precision == GRM_INT8) {
            weights[i] = scale * (float)(w[i / 4 * GRM_PANEL * 4 + i % 4] - 128);
        } else {
            uint8_t two = w[i / 8 * GRM_PANEL * 4 + i % 4];
            weights[i] = scale * (float)grm_int4_values[i % 8 < 4 ? two & 15 : two >> 4];
        }
    }
}

static void unpack_float(const grm_matrix *m, const uint8_t *from, size_t o, size_t count, float *weights) {
    for (size_t k = 0; k < count; k++) {
        uint16_t half;
        if (m->precision == GRM_FLOAT32) {
            memcpy(&weights[k], from + 4 * (k * GRM_PANEL + o), sizeof *weights);
        } else {
            memcpy(&half, from + 2 * (k * GRM_PANEL + o), sizeof half);
            weights[k] = m->unit * grm_half_to_float(half);
        }
    }
}

void grm_matrix_unpack(const grm_matrix *m, size_t row, float *weights) {
    grm_blocks blocks = grm_matrix_blocks(m->precision, m->in);
    size_t group = grm_matrix_group(m->precision), panels = grm_matrix_panels(m->out), o = row % GRM_PANEL;
    for (size_t b = 0; b < blocks.count; b++) {
        size_t begin = b * blocks.inputs, end = b + 1 < blocks.count ? begin + blocks.inputs : m->in;
        const uint8_t *from = m->panels + grm_block_at(&blocks, panels, row / GRM_PANEL, b);
        if (!group) unpack_float(m, from, o, end - begin, weights + begin);
        for (size_t k = begin; k < end && group; k += group, from += group_bytes(m->precision))
            unpack_group(m->precision, from, o, m->unit, end - k < group ? end - k : group, weights + k);
    }
    for (size_t k = 0; k < m->in && group && m->columns; k++) weights[k] *= m->columns[k];
}
