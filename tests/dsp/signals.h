// What the tests of this room share: sources of sound and ways to look at it.
#ifndef GRM_TEST_SIGNALS_H
#define GRM_TEST_SIGNALS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the four above first
#include <cmocka.h>

#include "dsp/dsp.h"

static inline void fill_noise(float *x, size_t frames, const char *stream, float level) {
    grm_rng rng = grm_rng_new(7, stream);
    for (size_t i = 0; i < frames; i++) x[i] = level * grm_rng_between(&rng, -1, 1);
}

static inline void fill_sine(float *x, size_t frames, double rate, double hz, double level, double phase) {
    for (size_t i = 0; i < frames; i++) x[i] = (float)(level * sin(2 * GRM_PI * hz * (double)i / rate + phase));
}

// Cuts 0..frames into uneven pieces; call until it returns 0.
static inline size_t next_piece(size_t *at, size_t frames, grm_rng *rng) {
    size_t count = 1 + grm_rng_below(rng, 700);
    if (count > frames - *at) count = frames - *at;
    *at += count;
    return count;
}

static inline float largest_difference(const float *a, const float *b, size_t frames) {
    float most = 0;
    for (size_t i = 0; i < frames; i++) most = fmaxf(most, fabsf(a[i] - b[i]));
    return most;
}

#endif
