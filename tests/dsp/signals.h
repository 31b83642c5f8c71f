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

// ---- what holds of every block that works in place ----

typedef bool block_run(void *block, float *const *planes, size_t frames);

static inline void fill_stereo(float *planes[2], size_t frames, float level) {
    fill_noise(planes[0], frames, "left", level);
    fill_noise(planes[1], frames, "right", level);
}

// a and b are fresh and alike: one gets the noise whole, the other in uneven pieces.
static inline void assert_pieces_give_the_same(block_run *run, void *a, void *b, size_t frames) {
    float *whole[2] = {grm_floats_new(frames), grm_floats_new(frames)};
    float *pieces[2] = {grm_floats_new(frames), grm_floats_new(frames)};
    fill_stereo(whole, frames, 0.9f);
    fill_stereo(pieces, frames, 0.9f);
    assert_true(run(a, whole, frames));
    grm_rng rng = grm_rng_new(1, "pieces");
    for (size_t at = 0, n; at < frames; at += n) {
        n = grm_rng_chance(&rng, 0.3f) ? 1 + grm_rng_below(&rng, 9) : 1 + grm_rng_below(&rng, 3000);
        if (n > frames - at) n = frames - at;
        assert_true(run(b, (float *const[]){pieces[0] + at, pieces[1] + at}, n));
    }
    for (int side = 0; side < 2; side++) {
        assert_memory_equal(whole[side], pieces[side], frames * sizeof(float));
        assert_true(grm_all_finite(whole[side], frames) && grm_peak(whole[side], frames) > 0.001f);
        free(whole[side]);
        free(pieces[side]);
    }
}

// A fresh block puts out silence for silence; one that has rung puts out neither NaN nor numbers near zero for a value
// that is none, and false.
static inline void assert_silence_and_nan_are_safe(block_run *run, void *block, size_t tail) {
    float *planes[2] = {grm_floats_new(tail), grm_floats_new(tail)};
    assert_true(run(block, planes, tail));
    for (int side = 0; side < 2; side++) assert_true(grm_peak(planes[side], tail) == 0);
    fill_stereo(planes, tail, 0.5f);
    assert_true(run(block, planes, tail));
    for (int bad = 0; bad < 3; bad++) {
        fill_stereo(planes, tail, 0.5f);
        planes[bad % 2][tail / 2] = bad == 0 ? NAN : bad == 1 ? -INFINITY : 3e38f;
        assert_false(run(block, planes, tail));
        for (int side = 0; side < 2; side++) assert_true(grm_peak(planes[side], tail) == 0);
    }
    for (int round = 0; round < 4; round++) {
        for (int side = 0; side < 2; side++) memset(planes[side], 0, tail * sizeof(float));
        assert_true(run(block, planes, tail));
        for (int side = 0; side < 2; side++) {
            assert_true(grm_all_finite(planes[side], tail));
            for (size_t i = 0; i < tail; i++) assert_true(fpclassify(planes[side][i]) != FP_SUBNORMAL);
        }
    }
    for (int side = 0; side < 2; side++) free(planes[side]);
}

// The largest step from sample to sample.
static inline float roughest(const float *x, size_t frames) {
    float most = 0;
    for (size_t i = 1; i < frames; i++) most = fmaxf(most, fabsf(x[i] - x[i - 1]));
    return most;
}

// Amplitude and phase of a sine within x, where whole periods fit best; in dB.
static inline double tone_db(const float *x, size_t frames, double rate, double hz) {
    double re = 0, im = 0, sum = 0;
    for (size_t i = 0; i < frames; i++) {
        double w = 0.5 - 0.5 * cos(2 * GRM_PI * ((double)i + 0.5) / (double)frames),
               a = 2 * GRM_PI * hz * (double)i / rate;
        re += w * x[i] * cos(a);
        im += w * x[i] * sin(a);
        sum += w;
    }
    return 20 * log10(2 * hypot(re, im) / sum + 1e-12);
}

// The frequency within 12 cents of near_hz at which the tone is loudest.
static inline double loudest_hz(const float *x, size_t frames, double rate, double near_hz) {
    double best = 0, most = -200;
    for (double cents = -12; cents <= 12; cents += 0.25) {
        double hz = near_hz * pow(2, cents / 1200), db = tone_db(x, frames, rate, hz);
        if (db > most) most = db, best = hz;
    }
    return best;
}

#endif
