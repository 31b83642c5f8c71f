#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "meter/faults.h"

// Half octaves from 100 Hz. Powers are counted by the upper bits of their float: eight steps an octave of power, linear
// within each, 0.4 dB apart.
enum { BANDS = 15, HISS = 7, STEPS = 2048, SHIFT = 20 };  // HISS: the first band of hiss, from 1.1 kHz
static const double lowest_hz = 100, quantile = 0.01, silence = 1e-8;
static const double piece_s = 0.01, treble_hz = 1100;

// Steady noise is there in the moments between strokes too, which frames are too long for: the energy above 1.1 kHz of
// pieces of 10 ms.
typedef struct moments {
    grm_weighting treble;
    float *silence;  // [piece], on the other channel
    size_t piece, filled, pieces;
    double energy, sum;
    uint32_t count[STEPS];
} moments;

struct grm_hiss {
    grm_frame_shape shape;
    size_t from[BANDS], to[BANDS];
    double whole, treble;  // sums over the frames; treble: over the bands of hiss
    size_t frames;
    uint32_t count[BANDS][STEPS];
    moments between;
};

grm_hiss *grm_hiss_new(const grm_frame_shape *shape) {
    grm_hiss *n = calloc(1, sizeof *n);
    if (!n) return NULL;
    n->shape = *shape;
    for (size_t i = 0; i < BANDS; i++) {
        double from = ceil(lowest_hz * exp2(0.5 * (double)i) / shape->step_hz);
        double to = ceil(lowest_hz * exp2(0.5 * (double)(i + 1)) / shape->step_hz);
        double end = 0.9 * (double)shape->bins;  // filters of converters and encoders reach down to here
        n->from[i] = (size_t)fmin(from, end);
        n->to[i] = (size_t)fmin(to, end);
    }
    const grm_filter cells[2] = {grm_filter_design(GRM_FILTER_HIGHPASS, shape->rate_hz, treble_hz, 0.7071, 0),
                                 {.x0 = 1}};  // the second does nothing
    grm_weighting_init(&n->between.treble, cells);
    n->between.piece = (size_t)(piece_s * shape->rate_hz);
    n->between.silence = grm_floats_new(n->between.piece);
    if (!n->between.silence) {
        free(n);
        return NULL;
    }
    return n;
}

void grm_hiss_free(grm_hiss *n) {
    if (!n) return;
    free(n->between.silence);
    free(n);
}

static size_t step_of(float power) {
    uint32_t bits;
    memcpy(&bits, &power, sizeof bits);
    return bits >> SHIFT & (STEPS - 1);
}

static void end_piece(moments *m) {
    double power = m->energy / (double)m->piece;
    if (power > silence) {
        m->count[step_of((float)power)]++;
        m->sum += power;
        m->pieces++;
    }
    m->energy = 0;
    m->filled = 0;
    grm_weighting_rest(&m->treble);
}

static void take_moments(moments *m, const float *x, size_t size) {
    for (size_t at = 0; at < size;) {
        size_t count = m->piece - m->filled < size - at ? m->piece - m->filled : size - at;
        size_t blocks = count / GRM_WEIGHTING_BLOCK, whole = blocks * GRM_WEIGHTING_BLOCK;
        m->energy += grm_weighting_blocks(&m->treble, x + at, m->silence, blocks);
        m->energy += grm_weighting_frames(&m->treble, x + at + whole, m->silence, count - whole);
        m->filled += count;
        at += count;
        if (m->filled == m->piece) end_piece(m);
    }
}

void grm_hiss_add(grm_hiss *n, const float *x, size_t count, const float *power) {
    take_moments(&n->between, x, count);
    double treble = grm_sum(power + n->from[HISS], n->to[BANDS - 1] - n->from[HISS]);
    double sum = grm_sum(power + n->from[0], n->from[HISS] - n->from[0]) + treble;
    if (sum < silence) return;
    n->whole += sum;
    n->treble += treble;
    n->frames++;
    for (size_t i = 0; i < BANDS; i++)
        for (size_t k = n->from[i]; k < n->to[i]; k++) n->count[i][step_of(power[k])]++;
}

static double power_at(size_t step) {
    uint32_t bits = (uint32_t)step << SHIFT;
    float power;
    memcpy(&power, &bits, sizeof power);
    return (double)power;
}

static double quantile_of(const uint32_t *count, double points) {
    double wanted = quantile * points, below = 0;
    for (size_t i = 0; i + 1 < STEPS; i++) {
        if (below + count[i] >= wanted && count[i] > 0) {
            double low = power_at(i), high = power_at(i + 1);
            return low + (high - low) * (wanted - below) / count[i];
        }
        below += count[i];
    }
    return 0;
}

static double against(double power, double whole) {
    double share = whole > 0 ? power / whole : 0;
    return share > 1e-12 ? fmin(0, 10 * log10(share)) : -120;
}

void grm_hiss_tell(const grm_hiss *n, grm_features *out) {
    double sum = 0, hiss = 0;
    if (n->frames == 0) return;
    // The power of noise is distributed exponentially: below its p-th part lies -ln(1 - p) of the mean.
    for (size_t i = 0; i < BANDS; i++) {
        double width = (double)(n->to[i] - n->from[i]);
        double power = width * quantile_of(n->count[i], width * (double)n->frames) / -log1p(-quantile);
        sum += power;
        if (i >= HISS) hiss += power;
    }
    out->noise_db = against(sum * (double)n->frames, n->whole);
    out->hiss_db = against(hiss * (double)n->frames, n->treble);
    const moments *m = &n->between;
    if (m->pieces == 0) return;
    double least = quantile_of(m->count, (double)m->pieces) * (double)m->pieces;
    out->hiss_db = fmin(out->hiss_db, against(least, m->sum));
}
