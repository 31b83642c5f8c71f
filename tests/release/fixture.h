// A short piece with all that a release needs.
#ifndef TEST_RELEASE_FIXTURE_H
#define TEST_RELEASE_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "release/release.h"
#include "tapes.h"

static const char *const test_palette[] = {"#12082b", "#3b0f6b", "#a3188f", "#ff3d81", "#ffb35c", "#ffe9c9"};

static inline grm_style test_style(void) {
    return (grm_style){.name = "synthwave", .title = "Synthwave", .family = "electronic", .palette = {6, test_palette}};
}

static inline grm_brief test_brief(void) {
    return (grm_brief){.prompt = "a <loud> \"test\" & more",
                       .title = "Midnight Overdrive",
                       .genre = "electronic",
                       .style = "synthwave",
                       .tempo_bpm = 120,
                       .key = {6, GRM_MINOR, false},
                       .metre = {4, 4},
                       .duration_s = 3,
                       .seed = 7};
}

// Three seconds of a falling tone, louder on the left.
static inline grm_audio *test_audio(void) {
    grm_audio *audio = NULL;
    assert_int_equal(grm_audio_new(2, 3 * 48000, 48000, &audio, NULL), GRM_OK);
    for (size_t i = 0; i < audio->frames; i++) {
        double t = (double)i / 48000, x = 0.5 * sin(2 * 3.14159265358979 * (900 * t - 100 * t * t)) * exp(-t);
        audio->plane[0][i] = (float)x;
        audio->plane[1][i] = (float)(0.6 * x);
    }
    return audio;
}

// Two sections over six beats at 120 BPM; the parts are a lead and a kick.
static inline grm_score test_score(void) {
    static grm_section sections[] = {{"Verse", "verse", 0, 2 * GRM_PPQ, 1, 0.3f},
                                     {"Chorus", "chorus", 2 * GRM_PPQ, 6 * GRM_PPQ, 1, 0.9f}};
    static grm_tempo_change tempo = {0, 500000};
    static grm_metre_change metre = {0, {4, 4}};
    static grm_part parts[] = {{.name = "Lead", .instrument = "saw-lead", .role = GRM_ROLE_LEAD},
                               {.name = "Kick & <Co>", .instrument = "kit", .role = GRM_ROLE_KICK}};
    return (grm_score){.title = "Midnight Overdrive",
                       .key = {6, GRM_MINOR, false},
                       .has_key = true,
                       .duration_s = 3,
                       .part_count = 2,
                       .section_count = 2,
                       .tempo_count = 1,
                       .metre_count = 1,
                       .parts = parts,
                       .sections = sections,
                       .tempos = &tempo,
                       .metres = &metre};
}

static inline char *test_path(const char *name) {
    const char *folder = getenv("TMPDIR");
    char unique[96];
    snprintf(unique, sizeof unique, "grammy-%ld-%s", (long)getpid(), name);
    char *path = grm_path_join(folder ? folder : "/tmp", unique);
    assert_non_null(path);
    return path;
}

#endif
