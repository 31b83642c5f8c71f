// A soft curve at twice the rate.
//
// Only what the curve adds goes up and down again, so that the signal itself keeps its top end.
#include <string.h>

#include "dsp/dsp.h"
#include "dsp/half_band.h"

enum { BLOCK = 256 };

// What the curve adds to x: t (27 + t^2) / (27 + 9 t^2) is tanh within 2.4 % up to 3, where it meets 1 without a bend.
GRM_INLINE void bend(float *x, size_t count, float drive) {
    float back = 1 / drive;
    for (size_t i = 0; i < count; i++) {
        float t = x[i] * drive;
        t = t > 3 ? 3 : t < -3 ? -3 : t;
        float square = t * t;
        x[i] = t * (27 + square) / (27 + 9 * square) * back - x[i];
    }
}

GRM_INLINE void run_channel(grm_saturator *s, int channel, float *x, size_t count) {
    float in[BLOCK + 16], even[BLOCK + 8], odd[BLOCK + 16], added[BLOCK];
    memcpy(in, s->in[channel], 16 * sizeof *in);
    memcpy(in + 16, x, count * sizeof *in);
    memcpy(even, s->even[channel], 8 * sizeof *even);
    memcpy(odd, s->odd[channel], 16 * sizeof *odd);
    // x[n] stands at in[16 + n]: the sample that comes out even is x[n - 8], the one behind it x[n - 7.5].
    memcpy(even + 8, in + 8, count * sizeof *even);
    grm_half_between(in + 1, odd + 16, count);
    bend(even + 8, count, s->drive);
    bend(odd + 16, count, s->drive);
    grm_half_between(odd + 1, added, count);
    memcpy(s->in[channel], in + count, 16 * sizeof *in);
    for (size_t i = 0; i < count; i++) x[i] = in[i + 1] + 0.5f * (even[i + 1] + added[i]);
    memcpy(s->even[channel], even + count, 8 * sizeof *even);
    memcpy(s->odd[channel], odd + count, 16 * sizeof *odd);
}

GRM_INLINE void run(grm_saturator *s, float *left, float *right, size_t frames) {
    for (size_t at = 0; at < frames; at += BLOCK) {
        size_t count = frames - at < BLOCK ? frames - at : BLOCK;
        run_channel(s, 0, left + at, count);
        run_channel(s, 1, right + at, count);
    }
}

static void run_plain(grm_saturator *s, float *left, float *right, size_t frames) {
    run(s, left, right, frames);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void run_avx2(grm_saturator *s, float *left, float *right, size_t frames) {
    run(s, left, right, frames);
}
#endif

void grm_saturator_init(grm_saturator *saturator, float drive) {
    memset(saturator, 0, sizeof *saturator);
    saturator->drive = drive;
    saturator->avx2 = grm_cpu_detect().avx2_fma;
}

bool grm_saturator_run(grm_saturator *saturator, float *left, float *right, size_t frames) {
    if (!grm_planes_check((float *const[]){left, right}, 2, frames)) return false;
#if GRM_HAVE_AVX2
    if (saturator->avx2) {
        run_avx2(saturator, left, right, frames);
        return true;
    }
#endif
    run_plain(saturator, left, right, frames);
    return true;
}
