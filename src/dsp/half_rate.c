// To half the rate and back.
#include <assert.h>
#include <string.h>

#include "dsp/dsp.h"
#include "dsp/half_band.h"

enum { BLOCK = 256 };  // frames at the lower rate

void grm_half_rate_init(grm_half_rate *half) {
    memset(half, 0, sizeof *half);
    half->avx2 = grm_cpu_detect().avx2_fma;
}

// count frames at the lower rate; x: [2 * count].
GRM_INLINE void down(grm_half_rate *h, int side, const float *restrict x, float *restrict y, size_t count) {
    float even[BLOCK + 7], odd[BLOCK + 15], between[BLOCK];
    memcpy(even, h->even[side], 7 * sizeof *even);
    memcpy(odd, h->odd[side], 15 * sizeof *odd);
    for (size_t i = 0; i < count; i++) {
        even[7 + i] = x[2 * i];
        odd[15 + i] = x[2 * i + 1];
    }
    // Between odd[i + 7] and the next, which are seven and eight back, stands even[i].
    grm_half_between(odd, between, count);
    for (size_t i = 0; i < count; i++) y[i] = 0.5f * (even[i] + between[i]);
    memcpy(h->even[side], even + count, 7 * sizeof *even);
    memcpy(h->odd[side], odd + count, 15 * sizeof *odd);
}

// Adds 2 * count frames.
GRM_INLINE void up(grm_half_rate *h, int side, const float *restrict x, float *restrict y, size_t count) {
    float low[BLOCK + 15], between[BLOCK];
    memcpy(low, h->low[side], 15 * sizeof *low);
    memcpy(low + 15, x, count * sizeof *low);
    grm_half_between(low, between, count);
    for (size_t i = 0; i < count; i++) {
        y[2 * i] += low[i + 7];
        y[2 * i + 1] += between[i];
    }
    memcpy(h->low[side], low + count, 15 * sizeof *low);
}

static void down_plain(grm_half_rate *h, int side, const float *x, float *y, size_t count) {
    down(h, side, x, y, count);
}

static void up_plain(grm_half_rate *h, int side, const float *x, float *y, size_t count) {
    up(h, side, x, y, count);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void down_avx2(grm_half_rate *h, int side, const float *x, float *y, size_t count) {
    down(h, side, x, y, count);
}

GRM_AVX2 static void up_avx2(grm_half_rate *h, int side, const float *x, float *y, size_t count) {
    up(h, side, x, y, count);
}
#endif

bool grm_half_rate_down(grm_half_rate *h, const float *const *in, float *const *out, size_t frames) {
    assert(frames % 2 == 0);
    if (!grm_all_sane(in[0], frames) || !grm_all_sane(in[1], frames)) {
        for (int side = 0; side < 2; side++) memset(out[side], 0, frames / 2 * sizeof(float));
        return false;
    }
    for (int side = 0; side < 2; side++)
        for (size_t at = 0; at < frames / 2; at += BLOCK) {
            size_t count = frames / 2 - at < BLOCK ? frames / 2 - at : BLOCK;
#if GRM_HAVE_AVX2
            if (h->avx2) {
                down_avx2(h, side, in[side] + 2 * at, out[side] + at, count);
                continue;
            }
#endif
            down_plain(h, side, in[side] + 2 * at, out[side] + at, count);
        }
    return true;
}

bool grm_half_rate_up(grm_half_rate *h, const float *const *in, float *const *out, size_t frames) {
    assert(frames % 2 == 0);
    if (!grm_all_sane(in[0], frames / 2) || !grm_all_sane(in[1], frames / 2)) return false;
    for (int side = 0; side < 2; side++)
        for (size_t at = 0; at < frames / 2; at += BLOCK) {
            size_t count = frames / 2 - at < BLOCK ? frames / 2 - at : BLOCK;
#if GRM_HAVE_AVX2
            if (h->avx2) {
                up_avx2(h, side, in[side] + at, out[side] + 2 * at, count);
                continue;
            }
#endif
            up_plain(h, side, in[side] + at, out[side] + 2 * at, count);
        }
    return true;
}
