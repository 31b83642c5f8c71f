#include "dsp/weighting.h"

#include <string.h>

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

enum { BLOCK = GRM_WEIGHTING_BLOCK, STATES = GRM_WEIGHTING_STATES, PIECE = 64 };  // PIECE: blocks summed in float

// One frame through both cells (filter.h has the equations). s: [STATES]
static double step(const grm_filter cells[2], double *s, double x) {
    for (int c = 0; c < 2; c++, s += 2) {
        const grm_filter *f = &cells[c];
        double v3 = x - s[1], d1 = (double)f->e1 * s[0] + (double)f->c2 * v3;
        double d2 = (double)f->c2 * s[0] + (double)f->c3 * v3;
        x = (double)f->x0 * x + (double)f->x1 * s[0] + (double)f->x2 * s[1];
        s[0] += d1;
        s[1] += d2;
    }
    return x;
}

void grm_weighting_init(grm_weighting *w, const grm_filter cells[2]) {
    *w = (grm_weighting){.avx2 = grm_cpu_detect().avx2_fma};
    for (int state = 0; state < STATES; state++) {
        double s[STATES] = {0};
        s[state] = 1;
        for (int i = 0; i < BLOCK; i++) {
            w->ring[state][i] = (float)step(cells, s, 0);
            for (int k = 0; i == 0 && k < BLOCK; k++) w->decay_one[state][k] = (float)s[k % STATES];
        }
        for (int k = 0; k < BLOCK; k++) w->decay[state][k] = (float)s[k % STATES];
    }
    for (int in = 0; in < BLOCK; in++) {
        double s[STATES] = {0};
        for (int i = in; i < BLOCK; i++) w->sound[in][i] = (float)step(cells, s, i == in);
        for (int k = 0; k < BLOCK; k++) w->charge[in][k] = (float)s[k % STATES];
    }
    memcpy(w->charge_one, w->charge[BLOCK - 1], sizeof w->charge_one);
}

// At most PIECE blocks.
static float piece_plain(grm_weighting *w, const float *left, const float *right, size_t blocks) {
    float power[BLOCK] = {0}, sum = 0;
    for (size_t b = 0; b < blocks; b++, left += BLOCK, right += BLOCK) {
        float out[2][BLOCK] = {{0}}, next[BLOCK] = {0};
        for (int k = 0; k < BLOCK; k++)
            for (int i = 0; i < BLOCK; i++) {
                out[0][i] += w->sound[k][i] * left[k];
                out[1][i] += w->sound[k][i] * right[k];
                next[i] += w->charge[k][i] * (i < STATES ? left : right)[k];
            }
        for (int k = 0; k < STATES; k++)
            for (int i = 0; i < BLOCK; i++) {
                out[0][i] += w->ring[k][i] * w->states[k];
                out[1][i] += w->ring[k][i] * w->states[STATES + k];
                next[i] += w->decay[k][i] * w->states[i < STATES ? k : STATES + k];
            }
        memcpy(w->states, next, sizeof next);
        for (int i = 0; i < BLOCK; i++) power[i] += out[0][i] * out[0][i] + out[1][i] * out[1][i];
    }
    for (int i = 0; i < BLOCK; i++) sum += power[i];
    return sum;
}

#if GRM_HAVE_AVX2
#define ADD(sum, a, b) (sum = _mm256_add_ps(sum, _mm256_mul_ps(a, b)))

typedef struct outcome {
    __m256 left, right, states;
} outcome;

// What the states before a block add to what it comes to.
GRM_AVX2 GRM_INLINE outcome ring_on(const grm_weighting *w, __m256 states, outcome o) {
    const __m256 each[STATES] = {_mm256_permute_ps(states, 0x00), _mm256_permute_ps(states, 0x55),
                                 _mm256_permute_ps(states, 0xaa), _mm256_permute_ps(states, 0xff)};
    for (int k = 0; k < STATES; k++) {
        __m256 ring = _mm256_loadu_ps(w->ring[k]);
        ADD(o.left, ring, _mm256_permute2f128_ps(each[k], each[k], 0x00));
        ADD(o.right, ring, _mm256_permute2f128_ps(each[k], each[k], 0x11));
        ADD(o.states, _mm256_loadu_ps(w->decay[k]), each[k]);
    }
    return o;
}

GRM_AVX2 GRM_INLINE __m256 squares(outcome o) {
    return _mm256_add_ps(_mm256_mul_ps(o.left, o.left), _mm256_mul_ps(o.right, o.right));
}

GRM_AVX2 GRM_INLINE void take_frame(const grm_weighting *w, int k, const float *left, const float *right, outcome *o) {
    __m256 in_left = _mm256_broadcast_ss(left + k), in_right = _mm256_broadcast_ss(right + k);
    ADD(o->left, _mm256_loadu_ps(w->sound[k]), in_left);
    ADD(o->right, _mm256_loadu_ps(w->sound[k]), in_right);
    ADD(o->states, _mm256_loadu_ps(w->charge[k]), _mm256_blend_ps(in_left, in_right, 0xf0));
}

// Two blocks at once read the tables once, and the sums of the one wait for nothing of the other.
GRM_AVX2 static float piece_avx2(grm_weighting *w, const float *left, const float *right, size_t blocks) {
    const outcome nothing = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    __m256 power = nothing.left, states = _mm256_loadu_ps(w->states);
    size_t b = 0;
    for (; b + 2 <= blocks; b += 2, left += 2 * BLOCK, right += 2 * BLOCK) {
        outcome one = nothing, two = nothing;
        for (int k = 0; k < BLOCK; k++) {
            take_frame(w, k, left, right, &one);
            take_frame(w, k, left + BLOCK, right + BLOCK, &two);
        }
        one = ring_on(w, states, one);
        two = ring_on(w, one.states, two);
        states = two.states;
        power = _mm256_add_ps(_mm256_add_ps(power, squares(one)), squares(two));
    }
    if (b < blocks) {
        outcome one = nothing;
        for (int k = 0; k < BLOCK; k++) take_frame(w, k, left, right, &one);
        one = ring_on(w, states, one);
        states = one.states;
        power = _mm256_add_ps(power, squares(one));
    }
    float lane[BLOCK], sum = 0;
    _mm256_storeu_ps(w->states, states);
    _mm256_storeu_ps(lane, power);
    for (int i = 0; i < BLOCK; i++) sum += lane[i];
    return sum;
}
#else
#define piece_avx2 piece_plain
#endif

double grm_weighting_blocks(grm_weighting *w, const float *left, const float *right, size_t blocks) {
    double sum = 0;
    while (blocks > 0) {
        size_t some = blocks < PIECE ? blocks : PIECE;
        sum += (double)(w->avx2 ? piece_avx2 : piece_plain)(w, left, right, some);
        left += some * BLOCK;
        right += some * BLOCK;
        blocks -= some;
    }
    return sum;
}

double grm_weighting_frames(grm_weighting *w, const float *left, const float *right, size_t frames) {
    double sum = 0;
    for (size_t n = 0; n < frames; n++) {
        float out[2] = {w->sound[0][0] * left[n], w->sound[0][0] * right[n]}, next[BLOCK];
        for (int i = 0; i < BLOCK; i++) next[i] = w->charge_one[i] * (i < STATES ? left : right)[n];
        for (int k = 0; k < STATES; k++) {
            for (int c = 0; c < 2; c++) out[c] += w->ring[k][0] * w->states[c * STATES + k];
            for (int i = 0; i < BLOCK; i++) next[i] += w->decay_one[k][i] * w->states[i < STATES ? k : STATES + k];
        }
        memcpy(w->states, next, sizeof next);
        sum += (double)(out[0] * out[0] + out[1] * out[1]);
    }
    return sum;
}

void grm_weighting_rest(grm_weighting *w) {
    for (int i = 0; i < 2 * STATES; i++)
        if (fabsf(w->states[i]) < 1e-20f) w->states[i] = 0;
}
