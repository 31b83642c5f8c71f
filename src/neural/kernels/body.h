// The one text of the kernels, compiled anew by each file that has defined the words it is written in:
//
//   vf  16 floats: vf_set vf_load vf_store vf_half vf_store_half vf_add vf_sub vf_mul vf_div vf_fma (a b + c)
//       vf_max vf_min vf_abs vf_round (to even) vf_power (2^n of whole n)
//       vf_less (a < b ? x : y) vf_whole (of vi) vf_total, vf_most (one float, in a fixed order) and, where
//       SIDE_BY_SIDE is defined, vf_totals, vf_mosts (those of 16 vectors)
//   vi  16 whole numbers: vi_set, vi_add, vi_round (of vf, to even), vi_store_bytes (of those from -127 to 127), vi_dot
//       (each adds 4 weights times the 4 bytes at x)
//       vi_dot_many (the same, where sums take most of the registers)
//   vw  16 x 4 weights: vw_load, vw_halves (two of them from 64 bytes of int4)
//   HOLD (x) has x loaded here, where the text says so: compilers bring loads together, in another order. What is read
//       in the order in which it lies comes a tenth faster from memory, and so scales are read before their weights
//   BIAS of what vi_dot takes for a weight, MOST_ROWS that a tile of floats may have, KERNELS the name of the table
#include <math.h>
#include <string.h>

#include "neural/kernels/table.h"

GRM_INLINE void ask_for(const uint8_t *from, size_t lines) {
    for (size_t i = 0; i < lines; i++) GRM_PREFETCH(from + i * GRM_LINE);
}

// ---- parts of vectors ----

// The last figures of a vector; zeros stand for what is not there.
GRM_INLINE vf load_part(const float *x, size_t count) {
    float part[16] = {0};
    memcpy(part, x, count * sizeof *x);
    return vf_load(part);
}

GRM_INLINE void store_part(float *y, vf x, size_t count) {
    float part[16];
    vf_store(part, x);
    memcpy(y, part, count * sizeof *y);
}

#ifndef SIDE_BY_SIDE
GRM_INLINE vf vf_totals(const vf *a) {
    float all[16];
    for (size_t i = 0; i < 16; i++) all[i] = vf_total(a[i]);
    return vf_load(all);
}

GRM_INLINE vf vf_mosts(const vf *a) {
    float all[16];
    for (size_t i = 0; i < 16; i++) all[i] = vf_most(a[i]);
    return vf_load(all);
}
#endif

// ---- functions ----

// exp(x) = 2^n exp(r), |r| <= ln 2 / 2: Cody and Waite's split of ln 2 and a polynomial; within 2 ulp from -87 to 88.
GRM_INLINE vf exp_of(vf x) {
    static const float terms[] = {8.3334519e-3f, 4.1665796e-2f, 1.6666665e-1f, 0.5f};
    x = vf_max(vf_min(x, vf_set(88.0f)), vf_set(-87.0f));
    vf n = vf_round(vf_mul(x, vf_set(1.44269504f)));
    vf r = vf_fma(n, vf_set(-0.693145752f), x);
    r = vf_fma(n, vf_set(-1.42860677e-6f), r);
    vf p = vf_set(1.3981999e-3f);
    for (size_t i = 0; i < GRM_COUNT(terms); i++) p = vf_fma(p, r, vf_set(terms[i]));
    p = vf_fma(vf_mul(p, r), r, r);
    return vf_mul(vf_add(p, vf_set(1.0f)), vf_power(n));
}

GRM_INLINE vf sigmoid_of(vf x) {
    return vf_div(vf_set(1.0f), vf_add(vf_set(1.0f), exp_of(vf_sub(vf_set(0.0f), x))));
}

GRM_INLINE vf tanh_of(vf x) {
    return vf_fma(vf_set(2.0f), sigmoid_of(vf_add(x, x)), vf_set(-1.0f));
}

// x Phi(x). erf(x / sqrt 2) is x P(2 (x / 5.4)^2 - 1), and 1 beyond; least squares on Chebyshev nodes of ours, error
// below 1.1e-7 (1 + |x|).
GRM_INLINE vf gelu_of(vf x) {
    static const float terms[] = {8.91790434e-4f,  -9.98724136e-4f, 1.4033115e-3f,   -3.8831681e-3f,  7.76028307e-3f,
                                  -1.23360027e-2f, 1.90240759e-2f,  -2.83500515e-2f, 3.93794738e-2f,  -5.14091849e-2f,
                                  6.42197058e-2f,  -7.84208924e-2f, 9.69999358e-2f,  -1.30655929e-1f, 2.61856228e-1f};
    const float far = 5.4f;
    vf t = vf_max(vf_min(x, vf_set(far)), vf_set(-far)), half = vf_mul(vf_set(0.5f), x);
    vf u = vf_fma(vf_mul(t, t), vf_set(6.8587102e-2f), vf_set(-1.0f)), p = vf_set(-2.95675796e-4f);
    for (size_t i = 0; i < GRM_COUNT(terms); i++) p = vf_fma(p, u, vf_set(terms[i]));
    return vf_fma(half, vf_mul(t, p), half);
}

GRM_INLINE vf elu_of(vf x) {
    return vf_less(x, vf_set(0.0f), vf_sub(exp_of(x), vf_set(1.0f)), x);
}

static void gelu(float *x, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) vf_store(x + i, gelu_of(vf_load(x + i)));
    if (i < count) store_part(x + i, gelu_of(load_part(x + i, count - i)), count - i);
}

static void elu(float *x, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) vf_store(x + i, elu_of(vf_load(x + i)));
    if (i < count) store_part(x + i, elu_of(load_part(x + i, count - i)), count - i);
}

static void softmax(float *x, size_t count, size_t many) {
    size_t whole = count & ~(size_t)15, part = count - whole;
    for (; many > 0; many--, x += count) {
        float rest[16];
        for (size_t i = 0; i < 16; i++) rest[i] = i < part ? x[whole + i] : x[0];
        vf last = vf_load(rest), top = last, sum = vf_set(0);
        for (size_t i = 0; i < whole; i += 16) top = vf_max(top, vf_load(x + i));
        top = vf_set(vf_most(top));
        for (size_t i = 0; i < whole; i += 16) {
            vf e = exp_of(vf_sub(vf_load(x + i), top));
            vf_store(x + i, e);
            sum = vf_add(sum, e);
        }
        if (part) {
            store_part(x + whole, exp_of(vf_sub(last, top)), part);
            sum = vf_add(sum, load_part(x + whole, part));
        }
        vf norm = vf_set(1.0f / vf_total(sum));
        for (size_t i = 0; i < whole; i += 16) vf_store(x + i, vf_mul(vf_load(x + i), norm));
        if (part) store_part(x + whole, vf_mul(load_part(x + whole, part), norm), part);
    }
}

// `rows` of them at a time.
GRM_INLINE void dot_rows(const float *weights, size_t count, const float *x, size_t x_stride, size_t rows, float *y) {
    vf sums[4];
    size_t i = 0;
    for (size_t r = 0; r < rows; r++) sums[r] = vf_set(0);
    for (; i + 16 <= count; i += 16) {
        vf w = vf_load(weights + i);
        for (size_t r = 0; r < rows; r++) sums[r] = vf_fma(w, vf_load(x + r * x_stride + i), sums[r]);
    }
    if (i < count) {
        vf w = load_part(weights + i, count - i);
        for (size_t r = 0; r < rows; r++) sums[r] = vf_fma(w, load_part(x + r * x_stride + i, count - i), sums[r]);
    }
    for (size_t r = 0; r < rows; r++) y[r] = vf_total(sums[r]);
}

static void dots(const float *weights, size_t count, const float *x, size_t x_stride, size_t rows, float *y) {
    size_t r = 0;
    for (; r + 4 <= rows; r += 4) dot_rows(weights, count, x + r * x_stride, x_stride, 4, y + r);
    for (; r < rows; r++) dot_rows(weights, count, x + r * x_stride, x_stride, 1, y + r);
}

static void run_cell(const float *gates, size_t width, float *cell, float *state) {
    for (size_t i = 0; i < width; i += 16) {
        size_t part = width - i < 16 ? width - i : 16;
        vf in = sigmoid_of(load_part(gates + i, part)), forget = sigmoid_of(load_part(gates + width + i, part));
        vf fresh = tanh_of(load_part(gates + 2 * width + i, part));
        vf out = sigmoid_of(load_part(gates + 3 * width + i, part));
        vf c = vf_fma(forget, load_part(cell + i, part), vf_mul(in, fresh));
        store_part(cell + i, c, part);
        store_part(state + i, vf_mul(out, tanh_of(c)), part);
    }
}

// The figures [i, i + count) of x and what is to be added to it.
GRM_INLINE vf add_sums(const float *x, const float *const *sums, size_t many, size_t i, size_t count) {
    vf v = load_part(x + i, count);
    if (many == 0) return v;
    vf all = load_part(sums[0] + i, count);
    if (many > 1) all = vf_add(all, load_part(sums[1] + i, count));
    if (many > 2) all = vf_add(all, vf_add(load_part(sums[2] + i, count), load_part(sums[3] + i, count)));
    return vf_add(v, all);
}

enum { NORMED = 4 };

// `rows` rows side by side, up to NORMED: the sums of one row are a chain, in which each waits for the one before.
GRM_INLINE void norm_rows(float *x, const float *const *sums, size_t many, size_t rows, size_t stride,
                          const float *weight, const float *bias, size_t width, float epsilon, float *y) {
    size_t whole = width & ~(size_t)15, part = width - whole;
    vf sum[NORMED], squares[NORMED], mean[NORMED], scale[NORMED];
    for (size_t r = 0; r < rows; r++) sum[r] = squares[r] = vf_set(0);
    for (size_t i = 0; i < whole; i += 16)
        for (size_t r = 0; r < rows; r++) {
            vf v = add_sums(x, sums, many, r * stride + i, 16);
            vf_store(x + r * stride + i, v);
            sum[r] = vf_add(sum[r], v);
        }
    for (size_t r = 0; r < rows && part; r++) {
        vf v = add_sums(x, sums, many, r * stride + whole, part);
        store_part(x + r * stride + whole, v, part);
        sum[r] = vf_add(sum[r], v);
    }
    if (!weight) return;
    for (size_t r = 0; r < rows; r++) mean[r] = vf_set(vf_total(sum[r]) / (float)width);
    for (size_t i = 0; i < whole; i += 16)
        for (size_t r = 0; r < rows; r++) {
            vf d = vf_sub(vf_load(x + r * stride + i), mean[r]);
            squares[r] = vf_fma(d, d, squares[r]);
        }
    for (size_t r = 0; r < rows && part; r++) {
        float d[16] = {0};
        store_part(d, vf_sub(load_part(x + r * stride + whole, part), mean[r]), part);
        squares[r] = vf_fma(vf_load(d), vf_load(d), squares[r]);
    }
    for (size_t r = 0; r < rows; r++) scale[r] = vf_set(1.0f / sqrtf(vf_total(squares[r]) / (float)width + epsilon));
    for (size_t i = 0; i < whole; i += 16)
        for (size_t r = 0; r < rows; r++) {
            vf d = vf_mul(vf_sub(vf_load(x + r * stride + i), mean[r]), scale[r]);
            vf_store(y + r * stride + i, vf_fma(d, vf_load(weight + i), vf_load(bias + i)));
        }
    for (size_t r = 0; r < rows && part; r++) {
        vf d = vf_mul(vf_sub(load_part(x + r * stride + whole, part), mean[r]), scale[r]);
        d = vf_fma(d, load_part(weight + whole, part), load_part(bias + whole, part));
        store_part(y + r * stride + whole, d, part);
    }
}

static void layer_norm(float *x, const float *const *sums, size_t many, size_t rows, size_t stride, const float *weight,
                       const float *bias, size_t width, float epsilon, float *y) {
    const float *from[4];
    for (size_t i = 0; i < many; i++) from[i] = sums[i];
    while (rows > 0) {
        size_t here = rows >= NORMED ? NORMED : rows >= 2 ? 2 : 1;
        if (here == NORMED)
            norm_rows(x, from, many, NORMED, stride, weight, bias, width, epsilon, y);
        else if (here == 2)
            norm_rows(x, from, many, 2, stride, weight, bias, width, epsilon, y);
        else
            norm_rows(x, from, many, 1, stride, weight, bias, width, epsilon, y);
        for (size_t i = 0; i < many; i++) from[i] += here * stride;
        x += here * stride;
        if (weight) y += here * stride;
        rows -= here;
    }
}

// ---- inputs as bytes ----

// The nearest whole number from -127 to 127.
GRM_INLINE vi to_steps(vf x) {
    return vi_round(vf_max(vf_min(x, vf_set(127)), vf_set(-127)));
}

GRM_INLINE int32_t vi_total(vi a) {
    return (int32_t)vf_total(vf_whole(a));  // of so few bytes: exact
}

// One plane of a group: -> its scale. `rest` (may be NULL) gets what the bytes leave over.
GRM_INLINE float split_plane(const float *x, size_t group, float most, int8_t *bytes, int32_t *sum, float *rest) {
    float scale = most / 127.0f;
    vf inverse = vf_set(most > 0 ? 127.0f / most : 0.0f), size = vf_set(-scale);
    vi total = vi_set(0);
    for (size_t i = 0; i < group; i += 16) {
        vf v = vf_load(x + i);
        vi q = to_steps(vf_mul(v, inverse));
        vi_store_bytes(bytes + i, q);
        total = vi_add(total, q);
        if (rest) vf_store(rest + i, vf_fma(vf_whole(q), size, v));
    }
    *sum = vi_total(total);
    return scale;
}

// The groups [first, first + many) of x, up to 16, whose largest figures and sums are found side by side.
GRM_INLINE void split_some(const float *x, const float *columns, size_t count, size_t group, size_t first, size_t many,
                           const grm_bytes *bytes) {
    // (largest / root mean square)^2: 9 or so in a group of normal figures. Rounding to 127 steps makes noise of this
    // over 12 * 127^2 of the group's energy.
    const float outstanding = 25;
    size_t from = first * group, here = count - from < many * group ? count - from : many * group;
    float copy[16 * GRM_INT8_GROUP], peak[16], energy[16], scale[16], inverse[16];
    const float *part = x + from;
    if (columns || here < many * group) {
        for (size_t i = 0; i < here; i++) copy[i] = columns ? part[i] * columns[from + i] : part[i];
        for (size_t i = here; i < many * group; i++) copy[i] = 0;
        part = copy;
    }
    vf most[16], totals[16];
    for (size_t g = 0; g < many; g++) {
        vf m = vf_set(0), t = vf_set(0);
        for (size_t i = 0; i < group; i += 16) {
            vf v = vf_load(part + g * group + i);
            m = vf_max(m, vf_abs(v));
            t = vf_fma(v, v, t);
        }
        most[g] = m;
        totals[g] = t;
    }
    for (size_t g = many; g < 16; g++) most[g] = totals[g] = vf_set(0);
    vf peaks = vf_mosts(most);
    vf_store(peak, peaks);
    vf_store(energy, vf_totals(totals));
    vf_store(scale, vf_div(peaks, vf_set(127)));
    vf_store(inverse, vf_less(vf_set(0), peaks, vf_div(vf_set(127), peaks), vf_set(0)));
    for (size_t g = 0; g < many; g++) {
        vf by = vf_set(inverse[g]);
        vi t = vi_set(0);
        for (size_t i = 0; i < group; i += 16) {
            vi q = to_steps(vf_mul(vf_load(part + g * group + i), by));
            vi_store_bytes(bytes->high + from + g * group + i, q);
            t = vi_add(t, q);
        }
        totals[g] = vf_whole(t);
    }
    float sums[16];
    vf_store(sums, vf_totals(totals));
    for (size_t g = 0; g < many; g++) {
        size_t at = first + g, figures = here - g * group < group ? here - g * group : group;
        bytes->scale[at] = scale[g];
        int32_t sum = (int32_t)sums[g], low_sum = 0;  // of whole numbers: exact
        bytes->start[at] = -BIAS * sum;
        bytes->low_scale[at] = 0;
        if (!(peak[g] * peak[g] * (float)figures > outstanding * energy[g])) continue;
        float rest[GRM_INT8_GROUP];
        bytes->scale[at] = split_plane(part + g * group, group, peak[g], bytes->high + at * group, &sum, rest);
        bytes->low_scale[at] = split_plane(rest, group, scale[g] * 0.5f, bytes->low + at * group, &low_sum, NULL);
        bytes->start[at] = -BIAS * sum;
        bytes->low_start[at] = -BIAS * low_sum;
    }
}

static void split(const float *x, const float *columns, size_t count, size_t group, const grm_bytes *bytes) {
    size_t groups = (count + group - 1) / group;
    for (size_t g = 0; g < groups; g += 16) {
        size_t many = groups - g < 16 ? groups - g : 16;
        if (group == GRM_INT8_GROUP)
            split_some(x, columns, count, GRM_INT8_GROUP, g, many, bytes);
        else
            split_some(x, columns, count, GRM_INT4_GROUP, g, many, bytes);
    }
}

// ---- products ----

GRM_INLINE void finish_as(const grm_product *p, size_t panel, size_t row, size_t rows, const vf *sums, bool whole) {
    const grm_matrix *m = p->matrix;
    size_t first = panel * GRM_PANEL;
    vf unit = vf_set(m->unit);
    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < 2 && (whole || first + 16 * h < m->out); h++) {
            size_t o = first + 16 * h, part = whole || m->out - o >= 16 ? 16 : m->out - o;
            float *y = p->y + (row + r) * p->y_stride + o;
            vf v = vf_mul(sums[2 * r + h], unit);
            if (m->bias) v = vf_add(v, load_part(m->bias + o, part));
            if (p->finish == GRM_ADD) v = vf_add(v, load_part(y, part));
            if (p->finish == GRM_STORE_RELU) v = vf_max(v, vf_set(0));
            store_part(y, v, part);
        }
}

// The last panel's outputs may be fewer than 32.
static void finish_last(const grm_product *p, size_t panel, size_t row, size_t rows, const vf *sums) {
    finish_as(p, panel, row, rows, sums, false);
}

GRM_INLINE void finish(const grm_product *p, size_t panel, size_t row, size_t rows, const vf *sums) {
    if ((panel + 1) * GRM_PANEL <= p->matrix->out)
        finish_as(p, panel, row, rows, sums, true);
    else
        finish_last(p, panel, row, rows, sums);
}

// The inputs [begin, end) of a panel that lie together. Sums of all pieces of a panel are one chain.
typedef struct piece {
    size_t panel, begin, end;
    const uint8_t *weights;
} piece;

GRM_INLINE piece piece_of(const grm_matrix *m, const grm_blocks *blocks, size_t panel, size_t block) {
    size_t begin = block * blocks->inputs, end = block + 1 < blocks->count ? begin + blocks->inputs : m->in;
    return (piece){panel, begin, end, m->panels + grm_block_at(blocks, grm_matrix_panels(m->out), panel, block)};
}

// What is to be added to: of a long signal it lies in memory, a line or two of each row.
GRM_INLINE void foresee_outputs(const grm_product *p, size_t panel, size_t row, size_t rows) {
    for (size_t r = row; r < row + rows; r++) {
        const float *y = p->y + r * p->y_stride + panel * GRM_PANEL;
        GRM_PREFETCH_NEAR(y);
        GRM_PREFETCH_NEAR(y + 16);
    }
}

// rows x 32 outputs, input by input. float32 and float16. held: [2 * row + half], from one piece to the next.
GRM_INLINE void float_tile(const grm_product *p, const piece *part, size_t row, size_t rows, bool halves, vf *held) {
    const uint8_t *w = part->weights;
    const float *x = p->x + row * p->x_stride;
    vf sums[2 * MOST_ROWS];  // stay in registers, as nothing takes their address
    if (p->finish == GRM_ADD && part->end == p->matrix->in) foresee_outputs(p, part->panel, row, rows);
    for (size_t i = 0; i < 2 * rows; i++) sums[i] = part->begin ? held[i] : vf_set(0);
    for (size_t k = part->begin; k < part->end; k++) {
        vf a = halves ? vf_half((const uint16_t *)(const void *)w) : vf_load((const float *)(const void *)w);
        w += halves ? 32 : 64;
        vf b = halves ? vf_half((const uint16_t *)(const void *)w) : vf_load((const float *)(const void *)w);
        w += halves ? 32 : 64;
        for (size_t r = 0; r < rows; r++) {
            vf v = vf_set(x[r * p->x_stride + k]);
            sums[2 * r] = vf_fma(a, v, sums[2 * r]);
            sums[2 * r + 1] = vf_fma(b, v, sums[2 * r + 1]);
        }
    }
    vf copy[2 * MOST_ROWS];
    for (size_t i = 0; i < 2 * rows; i++) copy[i] = sums[i];
    if (part->end < p->matrix->in)
        memcpy(held, copy, 2 * rows * sizeof *held);
    else
        finish(p, part->panel, row, rows, copy);
}

// Rows [row, end) of a piece.
GRM_INLINE void float_rows(const grm_product *p, const piece *w, size_t row, size_t end, bool halves, vf *held) {
    for (; MOST_ROWS >= 8 && row + 8 <= end; row += 8, held += 16)
        float_tile(p, w, row, MOST_ROWS >= 8 ? 8 : 1, halves, held);
    for (; MOST_ROWS >= 4 && row + 4 <= end; row += 4, held += 8)
        float_tile(p, w, row, MOST_ROWS >= 4 ? 4 : 1, halves, held);
    for (; row + 2 <= end; row += 2, held += 4) float_tile(p, w, row, 2, halves, held);
    if (row < end) float_tile(p, w, row, 1, halves, held);
}

// Bytes of the weights of so many inputs.
GRM_INLINE size_t span_bytes(bool fours, size_t inputs) {
    return fours ? inputs * GRM_PANEL / 2 : inputs * GRM_PANEL;
}

GRM_INLINE vi dot(vi sum, vw w, const int8_t *x, size_t rows) {
    return rows >= 4 ? vi_dot_many(sum, w, x) : vi_dot(sum, w, x);
}

// The sums of the inputs [k, end) of a group, weights at w: sums[2 * row + half].
GRM_INLINE void span_sums(const uint8_t *w, bool fours, size_t rows, const int8_t *const *x, size_t k, size_t end,
                          vi *sums) {
    if (fours) {
        for (; k < end; k += 8, w += 2 * GRM_LINE) {
            vw low[2], high[2];
            vw_halves(w, &low[0], &high[0]);
            vw_halves(w + GRM_LINE, &low[1], &high[1]);
            for (size_t r = 0; r < rows; r++)
                for (size_t h = 0; h < 2; h++) {
                    sums[2 * r + h] = dot(sums[2 * r + h], low[h], x[r] + k, rows);
                    sums[2 * r + h] = dot(sums[2 * r + h], high[h], x[r] + k + 4, rows);
                }
        }
    } else {
        for (; k < end; k += 4, w += 2 * GRM_LINE) {
            vw both[2];
            for (size_t h = 0; h < 2; h++) {
                both[h] = vw_load(w + h * GRM_LINE);
                HOLD(both[h]);
            }
            for (size_t r = 0; r < rows; r++)
                for (size_t h = 0; h < 2; h++) sums[2 * r + h] = dot(sums[2 * r + h], both[h], x[r] + k, rows);
        }
    }
}

enum { SPAN = 8 };  // inputs that are multiplied between two looks ahead

// rows x 32 outputs of a group of inputs, up to 4 rows; its scales and weights are at w. sums: [2 * row + half], which
// stay in memory. ahead (or NULL): what is asked for meanwhile, a line and then half as many bytes as there are
// weights, a line or two with each span: more than 20 or so at a time would be thrown away.
GRM_INLINE void group_tile(const grm_bytes *bytes, size_t rows, size_t g, const uint8_t *w, bool fours,
                           const uint8_t *ahead, vf *sums) {
    enum { TILE = 4 };
    size_t group = fours ? GRM_INT4_GROUP : GRM_INT8_GROUP, step = span_bytes(fours, SPAN);
    const int8_t *x[TILE];
    vi whole[2 * TILE];
    for (size_t r = 0; r < rows; r++) {
        x[r] = bytes[r].high + g * group;
        whole[2 * r] = whole[2 * r + 1] = vi_set(bytes[r].start[g]);
    }
    vf a = vf_half((const uint16_t *)(const void *)w), b = vf_half((const uint16_t *)(const void *)(w + 32));
    HOLD(a);
    HOLD(b);
    const uint8_t *at = w += GRM_LINE;
    if (ahead) ask_for(ahead, 1), ahead += GRM_LINE;
    for (size_t k = 0; k < group; k += SPAN, at += step) {
        if (ahead) ask_for(ahead, step / 2 / GRM_LINE), ahead += step / 2;
        span_sums(at, fours, rows, x, k, k + SPAN, whole);
    }
    for (size_t r = 0; r < rows; r++) {
        vf scale = vf_set(bytes[r].scale[g]);
        sums[2 * r] = vf_fma(vf_whole(whole[2 * r]), vf_mul(a, scale), sums[2 * r]);
        sums[2 * r + 1] = vf_fma(vf_whole(whole[2 * r + 1]), vf_mul(b, scale), sums[2 * r + 1]);
    }
    for (size_t r = 0; r < rows; r++) {
        if (!(bytes[r].low_scale[g] > 0)) continue;
        const int8_t *low = bytes[r].low + g * group;
        const uint8_t *again = w;
        GRM_FORGET(again);  // lest all of the group be kept in registers and on the stack for this rare case
        whole[0] = whole[1] = vi_set(bytes[r].low_start[g]);
        span_sums(again, fours, 1, &low, 0, group, whole);
        vf scale = vf_set(bytes[r].low_scale[g]);
        sums[2 * r] = vf_fma(vf_whole(whole[0]), vf_mul(a, scale), sums[2 * r]);
        sums[2 * r + 1] = vf_fma(vf_whole(whole[1]), vf_mul(b, scale), sums[2 * r + 1]);
    }
}

// Up to 4 rows of a piece, or two tiles, of 4 and of 2 or 4 rows, that meet it group by group: the second finds the
// weights in the first cache. As it computes memory would stand still, so each asks for half of a group that lies
// further on; one tile alone is better foreseen by the processor. held: [2 * row + half].
GRM_INLINE void byte_tiles(const grm_product *p, const piece *part, size_t row, size_t rows, bool fours, vf *held) {
    enum { AHEAD = 16384 };  // bytes; what is nearer than 8 kB would not be there in time
    size_t group = fours ? GRM_INT4_GROUP : GRM_INT8_GROUP, last = (part->end + group - 1) / group;
    size_t bytes = GRM_LINE + span_bytes(fours, group);
    const grm_bytes *x = p->bytes + row;
    const uint8_t *w = part->weights;
    for (size_t i = 0; i < 2 * rows && !part->begin; i++) held[i] = vf_set(0);
    for (size_t g = part->begin / group; g < last; g++, w += bytes) {
        if (rows <= 4) {
            group_tile(x, rows, g, w, fours, NULL, held);
            continue;
        }
        const uint8_t *again = w, *ahead = w + AHEAD;
        group_tile(x, 4, g, w, fours, ahead, held);
        GRM_FORGET(again);
        group_tile(x + 4, rows - 4, g, again, fours, ahead + (GRM_LINE + bytes) / 2, held + 8);
    }
    if (part->end == p->matrix->in) finish(p, part->panel, row, rows, held);
}

// Rows [row, end) of a piece.
GRM_INLINE void byte_rows(const grm_product *p, const piece *w, size_t row, size_t end, bool fours, vf *held) {
    for (; MOST_ROWS >= 8 && row + 8 <= end; row += 8, held += 16) byte_tiles(p, w, row, 8, fours, held);
    for (; MOST_ROWS >= 8 && row + 6 <= end; row += 6, held += 12) byte_tiles(p, w, row, 6, fours, held);
    for (; MOST_ROWS >= 4 && row + 4 <= end; row += 4, held += 8) byte_tiles(p, w, row, 4, fours, held);
    for (; row + 2 <= end; row += 2, held += 4) byte_tiles(p, w, row, 2, fours, held);
    if (row < end) byte_tiles(p, w, row, 1, fours, held);
}

// By themselves: among others they would lack registers.
static GRM_APART void int8_rows(const grm_product *p, const piece *part, size_t row, size_t end, vf *held) {
    byte_rows(p, part, row, end, false, held);
}

static GRM_APART void int4_rows(const grm_product *p, const piece *part, size_t row, size_t end, vf *held) {
    byte_rows(p, part, row, end, true, held);
}

GRM_INLINE void piece_rows(const grm_product *p, grm_precision precision, const piece *w, size_t row, size_t end,
                           vf *held) {
    if (precision == GRM_FLOAT32 || precision == GRM_FLOAT16)
        float_rows(p, w, row, end, precision == GRM_FLOAT16, held);
    else if (precision == GRM_INT8)
        int8_rows(p, w, row, end, held);
    else
        int4_rows(p, w, row, end, held);
}

// GELU of the rows of tiles of 4 and more comes with each panel, of the others when all is there: between panels it
// would hold up what is read of the next.
static void soften_panel(const grm_product *p, size_t panel, size_t rows) {
    size_t first = panel * GRM_PANEL, count = p->matrix->out - first < GRM_PANEL ? p->matrix->out - first : GRM_PANEL;
    float *y = p->y + first;
    for (size_t r = 0; r < rows; r++, y += p->y_stride) {
        if (count == GRM_PANEL)
            for (size_t i = 0; i < GRM_PANEL; i += 16) vf_store(y + i, gelu_of(vf_load(y + i)));
        else
            gelu(y, count);
    }
}

enum { TOGETHER = 8 };  // rows whose sums are held from block to block

// Few rows meet the pieces as they lie.
GRM_INLINE void multiply_strips(const grm_product *p, grm_precision precision, size_t begin, size_t end,
                                size_t softened) {
    const grm_matrix *m = p->matrix;
    grm_blocks blocks = grm_matrix_blocks(precision, m->in);
    vf held[GRM_STRIP * 2 * TOGETHER];
    for (size_t next; begin < end; begin = next) {
        next = (begin / blocks.strip + 1) * blocks.strip;
        if (next > end) next = end;
        for (size_t b = 0; b < blocks.count; b++)
            for (size_t i = begin; i < next; i++) {
                piece w = piece_of(m, &blocks, i, b);
                piece_rows(p, precision, &w, 0, p->rows, held + (i - begin) * 2 * p->rows);
                if (b + 1 == blocks.count) soften_panel(p, i, softened);
            }
    }
}

// Many meet a panel that stays in the caches.
GRM_INLINE void multiply_panels(const grm_product *p, grm_precision precision, size_t begin, size_t end,
                                size_t softened) {
    const grm_matrix *m = p->matrix;
    grm_blocks blocks = grm_matrix_blocks(precision, m->in);
    vf held[2 * TOGETHER];
    for (size_t i = begin; i < end; i++) {
        for (size_t row = 0, next; row < p->rows; row = next) {
            next = p->rows - row < TOGETHER ? p->rows : row + TOGETHER;
            for (size_t b = 0; b < blocks.count; b++) {
                piece w = piece_of(m, &blocks, i, b);
                piece_rows(p, precision, &w, row, next, held);
            }
        }
        soften_panel(p, i, softened);
    }
}

GRM_INLINE void multiply_as(const grm_product *p, grm_precision precision, size_t begin, size_t end, size_t softened) {
    if (p->rows <= TOGETHER)
        multiply_strips(p, precision, begin, end, softened);
    else
        multiply_panels(p, precision, begin, end, softened);
}

static void multiply(const grm_product *p, size_t begin, size_t end) {
    size_t first = begin * GRM_PANEL, last = end * GRM_PANEL < p->matrix->out ? end * GRM_PANEL : p->matrix->out;
    bool soft = p->finish == GRM_STORE_GELU, bytes = grm_matrix_group(p->matrix->precision) > 0;
    size_t few = soft && MOST_ROWS >= 4 && bytes ? p->rows / 4 * 4 : 0;  // the first row of those
    switch (p->matrix->precision) {
        case GRM_FLOAT32:
            multiply_as(p, GRM_FLOAT32, begin, end, few);
            break;
        case GRM_FLOAT16:
            multiply_as(p, GRM_FLOAT16, begin, end, few);
            break;
        case GRM_INT8:
            multiply_as(p, GRM_INT8, begin, end, few);
            break;
        case GRM_INT4:
            multiply_as(p, GRM_INT4, begin, end, few);
            break;
    }
    for (size_t r = few; r < p->rows && soft && first < last; r++) gelu(p->y + r * p->y_stride + first, last - first);
}

#include "neural/kernels/attention.h"

const grm_kernels KERNELS = {KERNELS_NAME, multiply, split, remember, attend,  layer_norm,
                             softmax,      gelu,     elu,   dots,     run_cell};
