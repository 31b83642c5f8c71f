// The sounds of tools/reference/meter.py, made again.
#ifndef GRM_TEST_GOLDEN_H
#define GRM_TEST_GOLDEN_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
// cmocka wants the four above first
#include <cmocka.h>

#include "audio/audio.h"
#include "dsp/dsp.h"
#include "meter/meter.h"

typedef struct golden_sound {
    const char *name;
    void (*make)(double *x, size_t frames, unsigned rate, double seconds);
    unsigned rate;
    double seconds;
} golden_sound;

static double golden_noise(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / 0x1p23 - 1;
}

static void golden_plucked(double *x, size_t frames, unsigned rate, double seconds) {
    static const int keys[] = {45, 57, 61, 64};
    uint32_t state = 7;
    (void)seconds;
    for (size_t n = 0; n < frames; n++) {
        double t = (double)n / rate, beat = fmod(2 * t, 1);
        x[n] = 0.25 * golden_noise(&state) * exp(-60 * beat);
        for (int i = 0; i < 4; i++)
            for (int partial = 1; partial < 7; partial++) {
                double hz = 440 * pow(2, (keys[i] - 69 + 0.13) / 12);
                x[n] += 0.1 / partial * sin(2 * GRM_PI * hz * partial * t + i) * exp(-3 * beat);
            }
    }
}

static void golden_gap(double *x, size_t frames, unsigned rate, double seconds) {
    uint32_t state = 3;
    for (size_t n = 0; n < frames; n++) {
        double t = (double)n / rate, hiss = golden_noise(&state) * t / seconds;
        x[n] = (t < seconds / 2 ? hiss : 0) + (t > 0.85 * seconds ? 0.3 * sin(2 * GRM_PI * 110 * t) : 0);
    }
}

static void golden_empty_band(double *x, size_t frames, unsigned rate, double seconds) {
    (void)seconds;
    for (size_t n = 0; n < frames; n++) {
        double t = (double)n / rate;
        x[n] = 0;
        for (int i = 1; i < 8; i++) x[n] += 0.3 / i * sin(2 * GRM_PI * (180 * i * t + 20 * i * t * t));
    }
}

static const golden_sound golden_sounds[] = {
    {"plucked", golden_plucked, 22050, 1.5},
    {"gap", golden_gap, 44100, 1},
    {"empty_band", golden_empty_band, 48000, 0.8},
};

static grm_audio *golden_audio(const golden_sound *sound) {
    size_t frames = (size_t)(sound->rate * sound->seconds);
    double *x = calloc(frames, sizeof *x);
    grm_audio *audio;
    assert_non_null(x);
    assert_int_equal(grm_audio_new(1, frames, sound->rate, &audio, NULL), GRM_OK);
    sound->make(x, frames, sound->rate, sound->seconds);
    for (size_t n = 0; n < frames; n++) audio->plane[0][n] = (float)x[n];
    free(x);
    return audio;
}

#endif
