// Second-order filters and cascades of them.
//
// A cascade runs four cells on two channels as eight lanes: cell c works on the sample that is c behind the first
// cell's, so that no lane waits for another within a step. The first and last samples of a call, where not all cells
// have work, run lane by lane; the arithmetic of each cell is the same everywhere, to the bit.
#include <assert.h>
#include <complex.h>
#include <string.h>

#include "dsp/dsp.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#elif GRM_HAVE_NEON
#include <arm_neon.h>
#endif

enum { BESIDE = 3 };  // cascades that run side by side; a fourth would not fit into the registers

static grm_filter cell_of(double g, double k, double m0, double m1, double m2) {
    double a1 = 1 / (1 + g * (g + k)), a2 = g * a1, a3 = g * a2;
    return (grm_filter){
        .e1 = (float)(-2 * g * (g + k) * a1),  // 2 a1 - 2 without cancellation
        .c2 = (float)(2 * a2),
        .c3 = (float)(2 * a3),
        .x0 = (float)(m0 + m1 * a2 + m2 * a3),
        .x1 = (float)(m1 * a1 + m2 * a2),
        .x2 = (float)(-m1 * a2 + m2 * (1 - a3)),
    };
}

static double prewarp(double rate_hz, double hz) {
    double top = 0.49 * rate_hz;
    if (!(hz > 1)) hz = 1;
    if (hz > top) hz = top;
    return tan(GRM_PI * hz / rate_hz);
}

grm_filter grm_filter_prototype(double rate_hz, double hz, double k, double high, double band, double low) {
    return cell_of(prewarp(rate_hz, hz), k, high, k * (band - high), low - high);
}

// A. Simper, "Linear trapezoidal integrated state variable filter with low noise optimisation", 2013.
grm_filter grm_filter_design(grm_filter_kind kind, double rate_hz, double hz, double q, double db) {
    double g = prewarp(rate_hz, hz), k = 1 / (q > 0.05 ? q : 0.05), a = pow(10, db / 40);
    switch (kind) {
        case GRM_FILTER_LOWPASS:
            return cell_of(g, k, 0, 0, 1);
        case GRM_FILTER_HIGHPASS:
            return cell_of(g, k, 1, -k, -1);
        case GRM_FILTER_BANDPASS:
            return cell_of(g, k, 0, k, 0);
        case GRM_FILTER_NOTCH:
            return cell_of(g, k, 1, -k, 0);
        case GRM_FILTER_ALLPASS:
            return cell_of(g, k, 1, -2 * k, 0);
        case GRM_FILTER_BELL:
            return cell_of(g, k / a, 1, k / a * (a * a - 1), 0);
        case GRM_FILTER_LOW_SHELF:
            return cell_of(g / sqrt(a), k, 1, k * (a - 1), a * a - 1);
        case GRM_FILTER_HIGH_SHELF:
            return cell_of(g * sqrt(a), k, a * a, k * (1 - a) * a, 1 - a * a);
    }
    return cell_of(g, k, 1, 0, 0);
}

double grm_filter_gain_db(const grm_filter *f, double rate_hz, double at_hz) {
    // Solve (z - A) s = B with z on the unit circle.
    double complex z = cexp(I * 2 * GRM_PI * at_hz / rate_hz);
    double complex a = z - 1 - f->e1, b = f->c2, c = -f->c2, d = z - 1 + f->c3;
    double complex det = a * d - b * c;
    double complex s1 = (f->c2 * d - b * f->c3) / det, s2 = (a * f->c3 - c * f->c2) / det;
    double gain = cabs(f->x0 + f->x1 * s1 + f->x2 * s2);
    return gain > 1e-10 ? 20 * log10(gain) : -200;
}

void grm_cascade_set(grm_cascade *cascade, size_t cell, const grm_filter *f) {
    assert(cell < GRM_CASCADE_CELLS);
    for (size_t lane = 2 * (cell % 4); lane < 2 * (cell % 4) + 2; lane++) {
        cascade->group[cell / 4].e1[lane] = f->e1;
        cascade->group[cell / 4].c2[lane] = f->c2;
        cascade->group[cell / 4].c3[lane] = f->c3;
        cascade->group[cell / 4].x0[lane] = f->x0;
        cascade->group[cell / 4].x1[lane] = f->x1;
        cascade->group[cell / 4].x2[lane] = f->x2;
    }
}

void grm_cascade_init(grm_cascade *cascade, const grm_filter *cells, size_t count) {
    assert(count <= GRM_CASCADE_CELLS);
    const grm_filter through = {.x0 = 1};
    memset(cascade, 0, sizeof *cascade);
    cascade->cells = count;
    cascade->vectors = grm_cpu_detect().avx2_fma || grm_cpu_detect().neon;
    for (size_t i = 0; i < GRM_CASCADE_CELLS; i++) grm_cascade_set(cascade, i, i < count ? &cells[i] : &through);
}

double grm_cascade_gain_db(const grm_cascade *cascade, double rate_hz, double at_hz) {
    double db = 0;
    for (size_t i = 0; i < cascade->cells; i++) {
        size_t g = i / 4, lane = 2 * (i % 4);
        grm_filter f = {cascade->group[g].e1[lane], cascade->group[g].c2[lane], cascade->group[g].c3[lane],
                        cascade->group[g].x0[lane], cascade->group[g].x1[lane], cascade->group[g].x2[lane]};
        db += grm_filter_gain_db(&f, rate_hz, at_hz);
    }
    return db;
}

// One lane, one sample.
GRM_INLINE float lane_step(grm_cascade *c, size_t g, size_t lane, float x) {
    float s1 = c->group[g].s1[lane], s2 = c->group[g].s2[lane];
    float v3 = x - s2;
    float d1 = c->group[g].e1[lane] * s1 + c->group[g].c2[lane] * v3;
    float d2 = c->group[g].c2[lane] * s1 + c->group[g].c3[lane] * v3;
    float y = c->group[g].x0[lane] * x + (c->group[g].x1[lane] * s1 + c->group[g].x2[lane] * s2);
    c->group[g].s1[lane] = s1 + d1;
    c->group[g].s2[lane] = s2 + d2;
    return y;
}

static void group_run(grm_cascade *c, size_t g, size_t cells, float *left, float *right, size_t frames) {
    for (size_t i = 0; i < frames; i++)
        for (size_t cell = 0; cell < cells; cell++) {
            left[i] = lane_step(c, g, 2 * cell, left[i]);
            right[i] = lane_step(c, g, 2 * cell + 1, right[i]);
        }
}

#if GRM_HAVE_AVX2 || GRM_HAVE_NEON
// Cells first..last-1 take a step; y holds each lane's last output, behind the two inputs, and receives the new one.
GRM_INLINE void partial_step(grm_cascade *c, size_t g, size_t first, size_t last, float *y) {
    const float *in = y - 2;
    for (size_t lane = 2 * last; lane-- > 2 * first;) y[lane] = lane_step(c, g + lane / 8, lane % 8, in[lane]);
}
#endif

#if GRM_HAVE_NEON
// Two cells of both channels.
typedef struct quad {
    float32x4_t e1, c2, c3, x0, x1, x2, s1, s2, out;
} quad;

#define LOAD(name) vld1q_f32(c->group[g].name + lane)
static inline quad load_quad(const grm_cascade *c, size_t g, size_t lane, const float *out) {
    return (quad){
        LOAD(e1), LOAD(c2), LOAD(c3), LOAD(x0), LOAD(x1), LOAD(x2), LOAD(s1), LOAD(s2), vld1q_f32(out + lane)};
}
#undef LOAD

// Products and sums stay apart, so that the bits are those of lane_step.
static inline void quad_step(quad *q, float32x4_t x) {
    float32x4_t v3 = vsubq_f32(x, q->s2);
    float32x4_t d1 = vaddq_f32(vmulq_f32(q->e1, q->s1), vmulq_f32(q->c2, v3));
    float32x4_t d2 = vaddq_f32(vmulq_f32(q->c2, q->s1), vmulq_f32(q->c3, v3));
    float32x4_t states = vaddq_f32(vmulq_f32(q->x1, q->s1), vmulq_f32(q->x2, q->s2));
    q->out = vaddq_f32(vmulq_f32(q->x0, x), states);
    q->s1 = vaddq_f32(q->s1, d1);
    q->s2 = vaddq_f32(q->s2, d2);
}

static inline void store_quad(grm_cascade *c, size_t g, size_t lane, const quad *q, float *out) {
    vst1q_f32(c->group[g].s1 + lane, q->s1);
    vst1q_f32(c->group[g].s2 + lane, q->s2);
    vst1q_f32(out + lane, q->out);
}

// A group: each cell takes what the one before it made a sample earlier. frames >= 4.
static void one_group_neon(grm_cascade *c, size_t g, float *left, float *right, size_t frames) {
    enum { CELLS = 4 };
    float w[2 + 8] = {0};  // two lanes of input, then the outputs
    float *y = w + 2;
    for (size_t t = 0; t + 1 < CELLS; t++) {
        w[0] = left[t], w[1] = right[t];
        partial_step(c, g, 0, t + 1, y);
    }
    quad a = load_quad(c, g, 0, y), b = load_quad(c, g, 4, y);
    for (size_t t = CELLS - 1; t < frames; t++) {
        float32x2_t in = vset_lane_f32(right[t], vdup_n_f32(left[t]), 1);
        float32x4_t first = vcombine_f32(in, vget_low_f32(a.out)), second = vextq_f32(a.out, b.out, 2);
        quad_step(&a, first);
        quad_step(&b, second);
        left[t + 1 - CELLS] = vgetq_lane_f32(b.out, 2);
        right[t + 1 - CELLS] = vgetq_lane_f32(b.out, 3);
    }
    store_quad(c, g, 0, &a, y);
    store_quad(c, g, 4, &b, y);
    for (size_t cell = 1; cell < CELLS; cell++) {
        partial_step(c, g, cell, CELLS, y);
        left[frames - CELLS + cell] = y[2 * CELLS - 2];
        right[frames - CELLS + cell] = y[2 * CELLS - 1];
    }
}
#endif

#if GRM_HAVE_AVX2

// What moves from sample to sample; the coefficients are read from where they lie.
typedef struct lanes {
    __m256 s1, s2, out;
} lanes;

#define LOAD(name) _mm256_loadu_ps(c->group[g].name)
GRM_AVX2 static inline lanes load_lanes(const grm_cascade *c, size_t g, const float *out) {
    return (lanes){LOAD(s1), LOAD(s2), _mm256_loadu_ps(out)};
}

GRM_AVX2 static inline void step(const grm_cascade *c, size_t g, lanes *l, __m256 x) {
    __m256 v3 = _mm256_sub_ps(x, l->s2);
    __m256 d1 = _mm256_add_ps(_mm256_mul_ps(LOAD(e1), l->s1), _mm256_mul_ps(LOAD(c2), v3));
    __m256 d2 = _mm256_add_ps(_mm256_mul_ps(LOAD(c2), l->s1), _mm256_mul_ps(LOAD(c3), v3));
    __m256 states = _mm256_add_ps(_mm256_mul_ps(LOAD(x1), l->s1), _mm256_mul_ps(LOAD(x2), l->s2));
    l->out = _mm256_add_ps(_mm256_mul_ps(LOAD(x0), x), states);
    l->s1 = _mm256_add_ps(l->s1, d1);
    l->s2 = _mm256_add_ps(l->s2, d2);
}

GRM_AVX2 static inline void store_lanes(grm_cascade *c, size_t g, const lanes *l, float *out) {
    _mm256_storeu_ps(c->group[g].s1, l->s1);
    _mm256_storeu_ps(c->group[g].s2, l->s2);
    _mm256_storeu_ps(out, l->out);
}

// One or two groups: a second one hides in the time that the first waits for its own results. frames >= cells.
GRM_AVX2 static inline void groups_run(grm_cascade *c, size_t g, size_t groups, float *left, float *right,
                                       size_t frames) {
    const size_t cells = 4 * groups;
    const __m256i up = _mm256_setr_epi32(6, 7, 0, 1, 2, 3, 4, 5);
    float w[2 + 16] = {0};  // two lanes of input, then the outputs
    float *y = w + 2;
    for (size_t t = 0; t + 1 < cells; t++) {
        w[0] = left[t], w[1] = right[t];
        partial_step(c, g, 0, t + 1, y);
    }
    lanes a = load_lanes(c, g, y), b = load_lanes(c, g + groups - 1, y + 8 * (groups - 1));
    for (size_t t = cells - 1; t < frames; t++) {
        __m128 in = _mm_unpacklo_ps(_mm_load_ss(left + t), _mm_load_ss(right + t));
        __m256 moved = _mm256_permutevar8x32_ps(a.out, up);
        if (groups == 2) step(c, g + 1, &b, _mm256_blend_ps(_mm256_permutevar8x32_ps(b.out, up), moved, 3));
        step(c, g, &a, _mm256_blend_ps(moved, _mm256_castps128_ps256(in), 3));
        __m128 high = _mm256_extractf128_ps(groups == 2 ? b.out : a.out, 1);
        _mm_store_ss(left + t + 1 - cells, _mm_movehl_ps(high, high));
        _mm_store_ss(right + t + 1 - cells, _mm_shuffle_ps(high, high, 3));
    }
    if (groups == 2) store_lanes(c, g + 1, &b, y + 8);
    store_lanes(c, g, &a, y);
    for (size_t cell = 1; cell < cells; cell++) {
        partial_step(c, g, cell, cells, y);
        left[frames - cells + cell] = y[2 * cells - 2];
        right[frames - cells + cell] = y[2 * cells - 1];
    }
}

GRM_AVX2 static void one_group_avx2(grm_cascade *c, size_t g, float *left, float *right, size_t frames) {
    groups_run(c, g, 1, left, right, frames);
}

GRM_AVX2 static void two_groups_avx2(grm_cascade *c, size_t g, float *left, float *right, size_t frames) {
    groups_run(c, g, 2, left, right, frames);
}

// A group of each of `count` cascades, side by side: they wait for nothing of each other. frames >= 4.
GRM_AVX2 static inline void beside_run(grm_cascade *const *c, size_t g, float *const *left, float *const *right,
                                       size_t count, size_t frames) {
    enum { CELLS = 4 };
    const __m256i up = _mm256_setr_epi32(6, 7, 0, 1, 2, 3, 4, 5);
    float w[BESIDE][2 + 8] = {0};
    lanes a[BESIDE];
    for (size_t k = 0; k < count; k++) {
        for (size_t t = 0; t + 1 < CELLS; t++) {
            w[k][0] = left[k][t], w[k][1] = right[k][t];
            partial_step(c[k], g, 0, t + 1, w[k] + 2);
        }
        a[k] = load_lanes(c[k], g, w[k] + 2);
    }
    for (size_t t = CELLS - 1; t < frames; t++)
        for (size_t k = 0; k < count; k++) {
            __m128 in = _mm_unpacklo_ps(_mm_load_ss(left[k] + t), _mm_load_ss(right[k] + t));
            __m256 moved = _mm256_permutevar8x32_ps(a[k].out, up);
            step(c[k], g, &a[k], _mm256_blend_ps(moved, _mm256_castps128_ps256(in), 3));
            __m128 high = _mm256_extractf128_ps(a[k].out, 1);
            _mm_store_ss(left[k] + t + 1 - CELLS, _mm_movehl_ps(high, high));
            _mm_store_ss(right[k] + t + 1 - CELLS, _mm_shuffle_ps(high, high, 3));
        }
    for (size_t k = 0; k < count; k++) {
        store_lanes(c[k], g, &a[k], w[k] + 2);
        for (size_t cell = 1; cell < CELLS; cell++) {
            partial_step(c[k], g, cell, CELLS, w[k] + 2);
            left[k][frames - CELLS + cell] = w[k][2 + 2 * CELLS - 2];
            right[k][frames - CELLS + cell] = w[k][2 + 2 * CELLS - 1];
        }
    }
}

GRM_AVX2 static void two_beside_avx2(grm_cascade *const *c, size_t g, float *const *left, float *const *right,
                                     size_t frames) {
    beside_run(c, g, left, right, 2, frames);
}

GRM_AVX2 static void three_beside_avx2(grm_cascade *const *c, size_t g, float *const *left, float *const *right,
                                       size_t frames) {
    beside_run(c, g, left, right, BESIDE, frames);
}
#endif

static void run_stereo(grm_cascade *cascade, float *left, float *right, size_t frames) {
    for (size_t g = 0; 4 * g < cascade->cells; g++) {
        size_t cells = cascade->cells - 4 * g < 4 ? cascade->cells - 4 * g : 4;
#if GRM_HAVE_AVX2
        if (cascade->vectors && frames >= 8 && cascade->cells > 4 * (g + 1)) {
            two_groups_avx2(cascade, g++, left, right, frames);
            continue;
        }
        if (cascade->vectors && frames >= 4) {
            one_group_avx2(cascade, g, left, right, frames);
            continue;
        }
#elif GRM_HAVE_NEON
        if (cascade->vectors && frames >= 4) {
            one_group_neon(cascade, g, left, right, frames);
            continue;
        }
#endif
        group_run(cascade, g, cells, left, right, frames);
    }
}

// The same group of up to BESIDE cascades that have it and the vector unit. frames >= 4.
static void run_beside(grm_cascade *const *c, size_t g, float *const *left, float *const *right, size_t count,
                       size_t frames) {
#if GRM_HAVE_AVX2
    if (count == 1) one_group_avx2(c[0], g, left[0], right[0], frames);
    if (count == 2) two_beside_avx2(c, g, left, right, frames);
    if (count == 3) three_beside_avx2(c, g, left, right, frames);
#else
    (void)c, (void)g, (void)left, (void)right, (void)count, (void)frames;
#endif
}

void grm_cascades_run(grm_cascade *const *cascades, float *const *left, float *const *right, size_t count,
                      size_t frames) {
    for (size_t g = 0; g < GRM_CASCADE_CELLS / 4; g++) {
        grm_cascade *c[BESIDE];
        float *l[BESIDE], *r[BESIDE];
        size_t waiting = 0;
        for (size_t k = 0; k < count; k++) {
            if (cascades[k]->cells <= 4 * g) continue;
            if (!GRM_HAVE_AVX2 || !cascades[k]->vectors || frames < 4) {
                if (g == 0) run_stereo(cascades[k], left[k], right[k], frames);
                continue;
            }
            c[waiting] = cascades[k];
            l[waiting] = left[k];
            r[waiting++] = right[k];
            if (waiting == BESIDE) {
                run_beside(c, g, l, r, waiting, frames);
                waiting = 0;
            }
        }
        if (waiting) run_beside(c, g, l, r, waiting, frames);
    }
}

bool grm_cascade_run(grm_cascade *cascade, float *left, float *right, size_t frames) {
    if (!grm_planes_check((float *const[]){left, right}, right ? 2 : 1, frames)) return false;
    unsigned mode = grm_denormals_flush();
    if (right) run_stereo(cascade, left, right, frames);
    float silence[256];
    for (size_t at = 0; at < frames && !right; at += GRM_COUNT(silence)) {
        size_t count = frames - at < GRM_COUNT(silence) ? frames - at : GRM_COUNT(silence);
        memset(silence, 0, count * sizeof *silence);
        run_stereo(cascade, left + at, silence, count);
    }
    grm_denormals_restore(mode);
    return true;
}
