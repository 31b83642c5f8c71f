// Drums for the tests of the ears.
#ifndef GRM_TEST_DRUMS_H
#define GRM_TEST_DRUMS_H

#include "hearing.h"

static inline void add_kick(sound *s, double at_s, double level) {
    size_t from = (size_t)(at_s * s->rate + 0.5);
    for (size_t i = 0; i < s->rate / 5 && from + i < s->frames; i++) {
        double t = (double)i / s->rate;
        s->x[from + i] += (float)(level * sin(2 * GRM_PI * (55 * t + 2 * (1 - exp(-40 * t)))) * exp(-18 * t));
    }
}

static inline void add_hat(sound *s, double at_s, double level) {
    grm_rng rng = grm_rng_branch(&(grm_rng){3, 7}, "hat", (unsigned)(at_s * 1000));
    size_t from = (size_t)(at_s * s->rate + 0.5);
    float before = 0;
    for (size_t i = 0; i < s->rate / 20 && from + i < s->frames; i++) {
        float noise = grm_rng_between(&rng, -1, 1);
        s->x[from + i] += (float)(level * exp(-90.0 * (double)i / s->rate)) * (noise - before);
        before = noise;
    }
}

static inline void add_snare(sound *s, double at_s, double level) {
    grm_rng rng = grm_rng_branch(&(grm_rng){5, 7}, "snare", (unsigned)(at_s * 1000));
    size_t from = (size_t)(at_s * s->rate + 0.5);
    for (size_t i = 0; i < s->rate / 6 && from + i < s->frames; i++) {
        double t = (double)i / s->rate;
        float noise = grm_rng_between(&rng, -1, 1);
        s->x[from + i] += (float)(level * exp(-25 * t) * (0.6 * noise + 0.5 * sin(2 * GRM_PI * 190 * t)));
    }
}

#endif
