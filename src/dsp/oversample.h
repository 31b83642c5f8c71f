// Four points a sample for curves that bend, and back. Of this room alone.
#ifndef GRM_DSP_OVERSAMPLE_H
#define GRM_DSP_OVERSAMPLE_H

#include <string.h>

#include "dsp/colour.h"
#include "dsp/half_band.h"

enum { GRM_OVER_BLOCK = 128 };  // frames at once, at most

// x: [count] -> even, odd: [count], the values 8 and 7.5 samples ago. count <= 2 * GRM_OVER_BLOCK.
GRM_INLINE void grm_over_up(grm_over_half *h, const float *restrict x, float *restrict even, float *restrict odd,
                            size_t count) {
    float in[2 * GRM_OVER_BLOCK + 16];
    memcpy(in, h->in, 16 * sizeof *in);
    memcpy(in + 16, x, count * sizeof *in);
    memcpy(even, in + 8, count * sizeof *in);
    grm_half_between(in + 1, odd, count);
    memcpy(h->in, in + count, 16 * sizeof *in);
}

// even, odd: [count] -> y: [count], 7 samples later: 15 in all.
GRM_INLINE void grm_over_down(grm_over_half *h, const float *restrict even, const float *restrict odd,
                              float *restrict y, size_t count) {
    float e[2 * GRM_OVER_BLOCK + 8], o[2 * GRM_OVER_BLOCK + 16], between[2 * GRM_OVER_BLOCK];
    memcpy(e, h->even, 8 * sizeof *e);
    memcpy(e + 8, even, count * sizeof *e);
    memcpy(o, h->odd, 16 * sizeof *o);
    memcpy(o + 16, odd, count * sizeof *o);
    grm_half_between(o + 1, between, count);
    for (size_t i = 0; i < count; i++) y[i] = 0.5f * (e[i + 1] + between[i]);
    memcpy(h->even, e + count, 8 * sizeof *e);
    memcpy(h->odd, o + count, 16 * sizeof *o);
}

GRM_INLINE void grm_over_weave(const float *restrict even, const float *restrict odd, float *restrict y, size_t count) {
    for (size_t i = 0; i < count; i++) {
        y[2 * i] = even[i];
        y[2 * i + 1] = odd[i];
    }
}

GRM_INLINE void grm_over_part(const float *restrict x, float *restrict even, float *restrict odd, size_t count) {
    for (size_t i = 0; i < count; i++) {
        even[i] = x[2 * i];
        odd[i] = x[2 * i + 1];
    }
}

// x: [count] -> even, odd: [2 * count] at four times the rate, the odd ones half a step (of twice the rate) behind.
GRM_INLINE void grm_over_four(grm_oversampler *s, const float *restrict x, float *restrict even, float *restrict odd,
                              size_t count) {
    float a[GRM_OVER_BLOCK], b[GRM_OVER_BLOCK], twice[2 * GRM_OVER_BLOCK];
    grm_over_up(&s->first, x, a, b, count);
    grm_over_weave(a, b, twice, count);
    grm_over_up(&s->second, twice, even, odd, 2 * count);
}

// And back: GRM_OVER_LATENCY frames in all. One more step at twice the rate makes that a whole number.
GRM_INLINE void grm_over_back(grm_oversampler *s, const float *restrict even, const float *restrict odd,
                              float *restrict y, size_t count) {
    float a[GRM_OVER_BLOCK], b[GRM_OVER_BLOCK], twice[2 * GRM_OVER_BLOCK + 1];
    twice[0] = s->step;
    grm_over_down(&s->second, even, odd, twice + 1, 2 * count);
    s->step = twice[2 * count];
    grm_over_part(twice, a, b, count);
    grm_over_down(&s->first, a, b, y, count);
}

// x: [count] -> what the curve of `kind` adds to it; drive: [count], gain before the curve. Late.
void grm_oversampler_bend(grm_oversampler *s, bool avx2, grm_colour_kind kind, const float *drive, float *x,
                          size_t count);

#endif
