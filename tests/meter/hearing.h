// What the tests of the ears share: notes to hear, and an ear that hears them.
#ifndef GRM_TEST_HEARING_H
#define GRM_TEST_HEARING_H

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
#include "meter/meter.h"

typedef struct sound {
    unsigned rate;
    size_t frames;
    float *x;
} sound;

static inline sound sound_new(unsigned rate, double seconds) {
    sound s = {.rate = rate, .frames = (size_t)(seconds * rate)};
    s.x = calloc(s.frames + 1, sizeof *s.x);
    assert_non_null(s.x);
    return s;
}

// A plucked or held tone of eight partials; `cents` off the pitch of MIDI key `key`.
static inline void add_tone(sound *s, double start_s, double length_s, double key, double cents, double level) {
    size_t from = (size_t)(start_s * s->rate), count = (size_t)(length_s * s->rate);
    double hz = 440 * pow(2, (key - 69 + cents / 100) / 12);
    float *shape = calloc(count + 1, sizeof *shape);
    assert_non_null(shape);
    for (size_t i = 0; i < count; i++) {
        double t = (double)i / s->rate, left = (double)(count - i) / s->rate;
        shape[i] = (float)(level * fmin(1, t / 0.01) * fmin(1, left / 0.02) * exp(-0.5 * t));
    }
    for (int partial = 1; partial <= 8 && partial * hz < 0.45 * s->rate; partial++) {
        // a turning pointer: quicker than a sine a sample
        double turn = 2 * GRM_PI * partial * hz / s->rate, re = cos(partial), im = sin(partial);
        double step_re = cos(turn), step_im = sin(turn);
        for (size_t i = 0; i < count && from + i < s->frames; i++) {
            s->x[from + i] += shape[i] / (float)partial * (float)im;
            double next = re * step_re - im * step_im;
            im = re * step_im + im * step_re;
            re = next;
        }
    }
    free(shape);
}

static inline void add_noise(sound *s, double start_s, double length_s, double level) {
    grm_rng rng = grm_rng_new(11, "hearing");
    size_t from = (size_t)(start_s * s->rate), to = (size_t)((start_s + length_s) * s->rate);
    for (size_t i = from; i < to && i < s->frames; i++) s->x[i] += (float)level * grm_rng_between(&rng, -1, 1);
}

// A triad in close position around middle C with its root in the bass.
static inline void add_chord(sound *s, double start_s, double length_s, int root, bool minor, double cents) {
    int third = minor ? 3 : 4;
    const int keys[3] = {root, root + third, root + 7};
    for (int i = 0; i < 3; i++) add_tone(s, start_s, length_s, 60 + keys[i] % 12, cents, 0.08);
    add_tone(s, start_s, length_s, 36 + root % 12, cents, 0.12);
}

typedef struct hearing {
    grm_profile profile;
    grm_pool *pool;
    grm_run run;
    grm_analysis analysis;
    size_t ears;
    const grm_ear *ear[8];
    void *self[8];
} hearing;

static inline void hearing_begin(hearing *h, unsigned threads) {
    memset(h, 0, sizeof *h);
    h->profile.threads = threads;
    assert_int_equal(grm_pool_new(threads, &h->pool, NULL), GRM_OK);
    h->run = (grm_run){.profile = &h->profile, .pool = h->pool};
    h->analysis.memory = grm_memory_new();
    assert_non_null(h->analysis.memory);
}

// Cut into blocks of `block` frames. The ear stays open until the end: later ones read what it holds.
static inline void hear_with(hearing *h, const grm_ear *ear, const sound *s, size_t block) {
    grm_listening listening = {
        .profile = &h->profile, .file_rate_hz = s->rate, .channels = 1, .rate_hz = s->rate, .hop = 512, .run = &h->run};
    void *self;
    grm_error err = {0};
    assert_int_equal(ear->open(&listening, &self, &err), GRM_OK);
    for (size_t at = 0; at < s->frames; at += block) {
        size_t frames = s->frames - at < block ? s->frames - at : block;
        grm_block b = {.planes = {s->x + at}, .frames = frames, .mono = s->x + at, .mono_frames = frames};
        assert_int_equal(ear->hear(self, &b, &err), GRM_OK);
    }
    assert_int_equal(ear->finish(self, &h->run, &h->analysis, &err), GRM_OK);
    assert_true(h->ears < sizeof h->ear / sizeof *h->ear);
    h->ear[h->ears] = ear;
    h->self[h->ears++] = self;
}

static inline void hearing_end(hearing *h) {
    for (size_t i = 0; i < h->ears; i++)
        if (h->self[i]) h->ear[i]->close(h->self[i]);
    grm_memory_free(h->analysis.memory);
    grm_pool_free(h->pool);
}

#endif
