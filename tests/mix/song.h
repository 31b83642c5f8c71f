// A song of five small stems, mixed, for the tests of the mix.
#ifndef GRM_TEST_MIX_SONG_H
#define GRM_TEST_MIX_SONG_H

#include "mix/mix.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants those before it
#include <cmocka.h>

#include "dsp/dsp.h"

enum { RATE = GRM_RATE, SECONDS = 6, FRAMES = SECONDS * RATE, STEMS = 5, KICK = 0, BASS, PAD, LEAD, RAIN };

static grm_pool *pools[2];

// ---- a small song ----

static inline float kick(double t) {
    double beat = fmod(t, 0.5);
    return (float)(0.8 * sin(40 * (1 - exp(-beat * 30)) + 300 * beat) * exp(-beat * 12));
}

static inline float bass(double t) {
    return (float)(0.2 * sin(2 * GRM_PI * 55 * t) + 0.05 * sin(2 * GRM_PI * 165 * t));
}

static inline float pad(double t, int side) {
    double x = 0;
    for (int k = 1; k < 12; k++) x += sin(2 * GRM_PI * 220 * k * (1 + 0.001 * side) * t + k) / k;
    return (float)(0.1 * x);
}

static inline float lead(double t) {
    double note = fmod(t, 0.75), hz = 440 * (1 + (int)(t / 0.75) % 3 * 0.25), x = 0;
    for (int k = 1; k < 9; k++) x += sin(2 * GRM_PI * hz * k * t) / k;
    return (float)(0.05 * x * exp(-note * 2) * (note < 0.6));
}

typedef struct song {
    grm_stem items[STEMS];
    grm_stems stems;
    grm_part_mix parts[STEMS];
    double starts[2];
    float energies[2];
    grm_mix_plan plan;
    const grm_profile *profile;
} song;

static inline void write_stem(song *s, int index, const char *name, grm_role role) {
    grm_tape *tape;
    assert_int_equal(grm_tape_new(2, RATE, NULL, &tape, NULL), GRM_OK);
    grm_rng rng = grm_rng_new(3, name);
    float *x[2] = {grm_floats_new(FRAMES), grm_floats_new(FRAMES)};
    for (size_t i = 0; i < FRAMES; i++) {
        double t = (double)i / RATE;
        for (int side = 0; side < 2; side++)
            x[side][i] = index == KICK   ? kick(t)
                         : index == BASS ? bass(t + 0.002 * side)
                         : index == PAD  ? pad(t, side)
                         : index == LEAD ? lead(t)
                                         : 0.01f * grm_rng_normal(&rng);
    }
    assert_int_equal(grm_tape_append(tape, (const float *const *)x, FRAMES, NULL), GRM_OK);
    free(x[1]);
    free(x[0]);
    s->items[index] = (grm_stem){.name = name, .instrument = name, .role = role, .dry = tape};
}

static inline void song_open(song *s) {
    *s = (song){
        .parts = {[KICK] = {.level_db = -1, .width = 1, .room = 0.1f},
                  [BASS] = {.level_db = -2, .width = 1},
                  [PAD] = {.level_db = -9, .width = 1, .hall = 0.3f},
                  [LEAD] = {.width = 1, .room = 0.1f, .hall = 0.2f, .delay = 0.2f},
                  [RAIN] = {.level_db = -20, .width = 1}},
        .starts = {0, 3},
        .energies = {0.3f, 0.9f},
    };
    write_stem(s, KICK, "Kick", GRM_ROLE_KICK);
    write_stem(s, BASS, "Bass", GRM_ROLE_BASS);
    write_stem(s, PAD, "Pad", GRM_ROLE_PAD);
    write_stem(s, LEAD, "Lead", GRM_ROLE_LEAD);
    write_stem(s, RAIN, "Rain", GRM_ROLE_TEXTURE);
    s->stems = (grm_stems){.count = STEMS, .items = s->items, .duration_s = SECONDS};
    s->plan = (grm_mix_plan){.parts = s->parts,
                             .style = {.duck_db = 6, .duck_release_ms = 150, .room_s = 0.4f, .hall_s = 1.5f},
                             .tempo_bpm = 120,
                             .section_count = 2,
                             .section_start_s = s->starts,
                             .section_energy = s->energies};
}

static inline void song_close(song *s) {
    for (int i = 0; i < STEMS; i++) grm_tape_free(s->items[i].dry);
}

// ---- what comes out ----

typedef struct result {
    grm_audio *mix, *wet[STEMS];
    size_t place[STEMS + 1];
    json_t *decisions;
    bool refuse;
} result;

static inline grm_status take(void *context, size_t stem, const float *const *planes, size_t frames, grm_error *err) {
    result *r = context;
    if (r->refuse && r->place[stem] > RATE) return grm_fail(err, GRM_FAILED, "disk full");
    if (r->place[stem] + frames > FRAMES) return grm_fail(err, GRM_FAILED, "too much");
    grm_audio *to = stem == STEMS ? r->mix : r->wet[stem];
    for (int side = 0; side < 2; side++) memcpy(to->plane[side] + r->place[stem], planes[side], frames * sizeof(float));
    r->place[stem] += frames;
    return GRM_OK;
}

static inline grm_status mix(song *s, unsigned threads, result *r, grm_error *err) {
    grm_run run = {.pool = pools[threads - 1], .profile = s->profile};
    r->place[STEMS] = 0;
    if (!r->mix) assert_int_equal(grm_audio_new(2, FRAMES, RATE, &r->mix, NULL), GRM_OK);
    for (int i = 0; i < STEMS; i++) {
        r->place[i] = 0;
        if (!r->wet[i]) assert_int_equal(grm_audio_new(2, FRAMES, RATE, &r->wet[i], NULL), GRM_OK);
    }
    return grm_mix_run(&run, &s->stems, &s->plan, take, r, 0, &r->decisions, err);
}

static inline void result_free(result *r) {
    for (int i = 0; i < STEMS; i++) grm_audio_free(r->wet[i]);
    grm_audio_free(r->mix);
    json_decref(r->decisions);
}

static inline void mix_well(song *s, result *r) {
    grm_error err;
    *r = (result){0};
    if (mix(s, 2, r, &err)) fail_msg("%s", err.message);
}

static inline double db_of(const grm_audio *a, size_t from, size_t frames) {
    return 10 * log10((grm_power(a->plane[0] + from, frames) + grm_power(a->plane[1] + from, frames)) / 2 + 1e-20);
}

static inline double lufs_of(const grm_audio *a) {
    grm_loudness *l;
    assert_int_equal(grm_loudness_new(RATE, &l, NULL), GRM_OK);
    assert_int_equal(grm_loudness_add(l, (const float *const *)a->plane, a->frames, NULL), GRM_OK);
    double lufs = grm_loudness_integrated(l);
    grm_loudness_free(l);
    return lufs;
}

static inline float largest(const grm_audio *a) {
    return fmaxf(grm_peak(a->plane[0], a->frames), grm_peak(a->plane[1], a->frames));
}

static inline int open_pools(void **state) {
    (void)state;
    return grm_pool_new(1, &pools[0], NULL) || grm_pool_new(2, &pools[1], NULL);
}

static inline int close_pools(void **state) {
    (void)state;
    grm_pool_free(pools[0]);
    grm_pool_free(pools[1]);
    return 0;
}

#endif
