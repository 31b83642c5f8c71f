// What the tests of composed songs share: the built-in styles, a brief for each, a song.
#ifndef GRM_TESTS_COMPOSE_SONGS_H
#define GRM_TESTS_COMPOSE_SONGS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue.h"
#include "compose/compose.h"

static inline grm_metre first_metre(const grm_style *style) {
    const char *text = style->metres.count ? style->metres.items[0].text : "4/4";
    return (grm_metre){atoi(text), atoi(strchr(text, '/') + 1)};
}

static inline grm_brief brief_for(const grm_style *style, uint64_t seed) {
    bool minor = style->modes.count && strcmp(style->modes.items[0].text, "major") != 0;
    return (grm_brief){.style = style->name,
                       .title = "Test",
                       .tempo_bpm = style->tempo_typical,
                       .key = {(int)(seed % 12), minor ? GRM_MINOR : GRM_MAJOR, false},
                       .metre = first_metre(style),
                       .duration_s = 120 + 7.3 * (double)(seed % 5),
                       .seed = seed};
}

static inline grm_brief brief_in(const char *style, uint64_t seed) {
    const grm_style *found = grm_style_find(catalogue, style);
    assert_non_null(found);
    return brief_for(found, seed);
}

static inline grm_score *compose(const grm_brief *brief) {
    grm_score *score = NULL;
    grm_error err = {0};
    if (grm_compose(brief, catalogue, &score, &err) != GRM_OK) fail_msg("%s: %s", brief->style, err.message);
    return score;
}

static inline const grm_part *part_of(const grm_score *score, grm_role role) {
    for (size_t i = 0; i < score->part_count; i++)
        if (score->parts[i].role == role) return &score->parts[i];
    return NULL;
}

static inline const grm_part *part_named(const grm_score *score, const char *name) {
    for (size_t i = 0; i < score->part_count; i++)
        if (strcmp(score->parts[i].name, name) == 0) return &score->parts[i];
    return NULL;
}

#endif
