// What a brief must say of what people type. An expectation lists fields between ";":
//   style= genre= blend= (one of the blended)  bpm= key= mode= tonic= metre= s= (length)  era= voice= title= seed=
//   +id -id (instrument wanted, excluded)  ~id (texture)  !wish  sections=a>b  only  all (not only)
//   v> v< e> e< (valence, energy beyond that)  bpm> bpm<  none+ none- none~ none! (nothing of the kind)
//   from:FIELD=p|s|S|o (prompt, style, seed, option)  sure:FIELD> sure:FIELD<
#ifndef GRM_TESTS_PROMPT_EXPECT_H
#define GRM_TESTS_PROMPT_EXPECT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "prompt/prompt.h"

static inline grm_brief *read_brief(const char *prompt, const grm_brief_options *options) {
    grm_brief *brief = NULL;
    grm_error err = {0};
    if (grm_brief_read(prompt, options, catalogue, &brief, &err) != GRM_OK)
        fail_msg("\"%.80s\" was refused: %s", prompt, err.message);
    return brief;
}

static inline bool has(const grm_words *words, const char *text) {
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i], text) == 0) return true;
    return false;
}

static inline int field_named(const char *name) {
    static const char *const names[] = {"genre",    "mood",     "bpm",  "key", "metre", "s",     "instruments",
                                        "excluded", "textures", "form", "era", "voice", "title", "seed"};
    for (int i = 0; i < GRM_BRIEF_FIELD_COUNT; i++)
        if (strcmp(names[i], name) == 0) return i;
    fail_msg("no field \"%s\"", name);
    return 0;
}

static inline bool same_text(const char *a, const char *b) {
    return a ? strcmp(a, b) == 0 : strcmp(b, "-") == 0;
}

static inline bool holds_provenance(const grm_brief *b, const char *want) {
    char name[32];
    const char *colon = strchr(want, ':') + 1;
    size_t n = strcspn(colon, "=<>");
    snprintf(name, sizeof(name), "%.*s", (int)n, colon);
    const grm_provenance *p = &b->from[field_named(name)];
    const char *value = colon + n + 1;
    if (colon[n] == '=') return "psSo"[p->source] == *value;
    return colon[n] == '>' ? (double)p->confidence > atof(value) : (double)p->confidence < atof(value);
}

static inline bool holds_named(const grm_brief *b, const char *want) {
    char text[128] = "", name[16];
    size_t n = strcspn(want, "=<>");
    const char *value = want + n + 1;
    double number = atof(value);
    snprintf(name, sizeof(name), "%.*s", (int)n, want);
    char comparison = want[n];
    double own = strcmp(name, "bpm") == 0 ? b->tempo_bpm
                 : strcmp(name, "s") == 0 ? b->duration_s
                 : strcmp(name, "v") == 0 ? b->valence
                 : strcmp(name, "e") == 0 ? b->energy
                                          : NAN;
    if (!isnan(own)) {
        if (comparison == '=') return fabs(own - number) < 1e-9;
        return comparison == '>' ? own > number : own < number;
    }
    if (strcmp(name, "style") == 0) return same_text(b->style, value);
    if (strcmp(name, "genre") == 0) return same_text(b->genre, value);
    if (strcmp(name, "era") == 0) return same_text(b->era, value);
    if (strcmp(name, "voice") == 0) return same_text(b->voice, value);
    if (strcmp(name, "title") == 0) return same_text(b->title, value);
    if (strcmp(name, "seed") == 0) return b->seed == strtoull(value, NULL, 10);
    if (strcmp(name, "blend") == 0)
        return strcmp(value, "-") == 0 ? b->blended_styles.count == 0 : has(&b->blended_styles, value);
    if (strcmp(name, "players") == 0) {
        for (size_t i = 0; i < b->instruments.count; i++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "," : "", b->instruments.items[i]);
    } else if (strcmp(name, "metre") == 0) {
        snprintf(text, sizeof(text), "%d/%d", b->metre.beats, b->metre.unit);
    } else if (strcmp(name, "key") == 0) {
        grm_key_name(b->key, text);
    } else if (strcmp(name, "mode") == 0) {
        grm_key_name(b->key, text);
        memmove(text, strchr(text, ' ') + 1, strlen(strchr(text, ' ')));
    } else if (strcmp(name, "sections") == 0) {
        for (size_t i = 0; i < b->sections.count; i++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? ">" : "", b->sections.items[i]);
    } else {
        fail_msg("no expectation \"%s\"", want);
    }
    return strcmp(text, value) == 0;
}

static inline bool holds(const grm_brief *b, const char *want) {
    switch (want[0]) {
        case '+':
            return has(&b->instruments, want + 1);
        case '-':
            return has(&b->excluded_instruments, want + 1);
        case '~':
            return has(&b->textures, want + 1);
        case '!':
            return has(&b->form_wishes, want + 1);
        default:
            break;
    }
    if (strcmp(want, "only") == 0) return b->only_instruments;
    if (strcmp(want, "all") == 0) return !b->only_instruments;
    if (strcmp(want, "none+") == 0) return b->instruments.count == 0;
    if (strcmp(want, "none-") == 0) return b->excluded_instruments.count == 0;
    if (strcmp(want, "none!") == 0) return b->form_wishes.count == 0 && b->sections.count == 0;
    if (strncmp(want, "from:", 5) == 0 || strncmp(want, "sure:", 5) == 0) return holds_provenance(b, want);
    return holds_named(b, want);
}

typedef struct example {
    const char *prompt, *expected;
} example;

static inline void check(const grm_brief *b, const char *prompt, const char *expected) {
    char want[96];
    for (const char *p = expected; *p;) {
        while (*p == ' ' || *p == ';') p++;
        size_t n = strcspn(p, ";");
        if (n == 0) break;
        snprintf(want, sizeof(want), "%.*s", (int)n, p);
        p += n;
        if (holds(b, want)) continue;
        json_t *json = grm_brief_to_json(b);
        char *text = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
        print_message("%s\n", text);
        free(text);
        json_decref(json);
        fail_msg("\"%s\": not \"%s\"", prompt, want);
    }
}

static inline void check_all(const example *examples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        grm_brief *b = read_brief(examples[i].prompt, NULL);
        check(b, examples[i].prompt, examples[i].expected);
        grm_brief_free(b);
    }
}

#define CHECK(examples) check_all(examples, GRM_COUNT(examples))

#endif
