// Tempo in numbers: with a unit, behind a word that announces it, or alone beside a genre.
#include <math.h>
#include <string.h>

#include "prompt/reading.h"

// What a bare number may be taken for; outside it is something else.
enum { LIKELY_LOWEST = 40, LIKELY_HIGHEST = 260 };

grm_status grm_check_tempo(double bpm, grm_error *err) {
    if (bpm >= GRM_TEMPO_LOWEST && bpm <= GRM_TEMPO_HIGHEST) return GRM_OK;
    return grm_fail(err, GRM_USAGE, "tempo %g: a tempo is between %d and %d BPM", bpm, GRM_TEMPO_LOWEST,
                    GRM_TEMPO_HIGHEST);
}

// "bpm", "b.p.m.", "beats per minute", "beats a minute"; *end is behind it.
static bool unit_at(const grm_tokens *t, size_t at, size_t *end) {
    size_t i = grm_token_is(t, at, "-") ? at + 1 : at;
    if (grm_token_among(t, i, "bpm bpms")) {
        *end = i + 1;
        return true;
    }
    if (grm_token_is(t, i, "b") && grm_token_is(t, i + 1, ".") && grm_token_is(t, i + 2, "p")) {
        *end = i + 5;
        return true;
    }
    if (grm_token_among(t, i, "beats beat") && grm_token_among(t, i + 1, "per a / each every in") &&
        grm_token_among(t, i + 2, "minute min mins minutes")) {
        *end = i + 3;
        return true;
    }
    return false;
}

// A number, or a range that stands for its middle: "90-100", "90 to 100", "between 90 and 100".
static bool range_at(const grm_reading *r, size_t at, double *value, size_t *end) {
    const grm_tokens *t = &r->tokens;
    if (!grm_read_number(r, at, value, end)) return false;
    size_t i = *end;
    bool between = at > 0 && grm_token_among(t, at - 1, "between from");
    double other;
    size_t other_end;
    if (!grm_token_among(t, i, "- to / or") && !(between && grm_token_is(t, i, "and"))) return true;
    size_t next = i + 1;
    if (next < t->count && t->items[next].kind == GRM_TOKEN_NUMBER && grm_read_number(r, next, &other, &other_end) &&
        other > 0 && *value > 0) {
        *value = (*value + other) / 2;
        *end = other_end;
    }
    return true;
}

static float confidence_of(const grm_reading *r, size_t first, size_t end) {
    float confidence = 1;
    for (size_t i = first; i < end && i < r->tokens.count; i++) confidence *= r->tokens.items[i].confidence;
    return confidence;
}

static bool approximate(const grm_tokens *t, size_t at) {
    return at < t->count && grm_token_among(t, at, "around about roughly approximately approx circa ~ near nearly ca");
}

// Keeps the first; a track has one tempo.
static void keep(grm_reading *r, double value, size_t first, size_t end, float confidence) {
    float spelled = confidence_of(r, first, end);
    grm_use_tokens(r, first, end);
    if (r->tempo.confidence > 0) {
        r->second_tempo = grm_memory_format(r->memory, "%g BPM", value);
        return;
    }
    r->tempo = (grm_found){value, confidence * spelled};
}

// Whether what follows a number says that it counts something else.
static bool counts_something(const grm_reading *r, size_t at) {
    const grm_tokens *t = &r->tokens;
    if (grm_token_closes(t, at)) return grm_token_is(t, at, ":") && at + 1 < t->count && t->items[at + 1].glued;
    const grm_token *next = &t->items[at];
    if (next->glued) return true;  // "90s", "5th", "7/8", "50%"
    if (next->kind == GRM_TOKEN_NUMBER) return true;
    if (grm_token_among(t, at, "with in and for on but then feel or using featuring tempo key to & - from as so while"))
        return false;
    if (next->kind == GRM_TOKEN_SIGN) return false;
    unsigned kinds = 1u << GRM_MEANS_GENRE | 1u << GRM_MEANS_MOOD | 1u << GRM_MEANS_TEMPO | 1u << GRM_MEANS_MUSIC_NOUN;
    size_t end;
    if (grm_token_among(t, at, "second seconds minute minutes hour hours bars bar measures measure beats")) return true;
    return grm_lexicon_match(r->lexicon, t, at, kinds, &end) == NULL;
}

// "tempo: 96", "bpm of 120", "tempo around 100"; 0 when it is none.
static size_t announced_at(const grm_reading *r, size_t at, double *value) {
    const grm_tokens *t = &r->tokens;
    if (!grm_token_among(t, at, "tempo bpm")) return 0;
    size_t i = at + 1, end, unit_end;
    while (grm_token_among(t, i, ": = of is at around about set to roughly the ~ approximately be should between near"))
        i++;
    if (!range_at(r, i, value, &end)) return 0;
    if (unit_at(t, end, &unit_end)) end = unit_end;
    return end;
}

grm_status grm_read_tempo(grm_reading *r) {
    const grm_tokens *t = &r->tokens;
    grm_status status = GRM_OK;
    for (size_t i = 0; i < t->count && status == GRM_OK; i++) {
        double value;
        size_t end, unit_end;
        if ((end = announced_at(r, i, &value)) != 0) {
            status = grm_check_tempo(value, r->err);
            if (status == GRM_OK) keep(r, value, i, end, 1.0f);
            continue;
        }
        if (grm_token_among(t, i, "nan inf infinity infinite") && unit_at(t, i + 1, &unit_end))
            return grm_fail(r->err, GRM_USAGE, "tempo %s: a tempo is a number between %d and %d BPM", t->items[i].text,
                            GRM_TEMPO_LOWEST, GRM_TEMPO_HIGHEST);
        if (t->items[i].glued && i > 0 && t->items[i - 1].kind != GRM_TOKEN_SIGN) continue;
        if (!range_at(r, i, &value, &end) || !unit_at(t, end, &unit_end)) continue;
        status = grm_check_tempo(value, r->err);
        if (status == GRM_OK) keep(r, value, i, unit_end, i > 0 && approximate(t, i - 1) ? 0.9f : 1.0f);
        i = unit_end - 1;
    }
    // Without a unit: "at 120", "around 120", "120-ish", "q = 120".
    for (size_t i = 0; i < t->count && status == GRM_OK && r->tempo.confidence == 0; i++) {
        double value;
        size_t end;
        if (!range_at(r, i, &value, &end) || value < LIKELY_LOWEST || value > LIKELY_HIGHEST) continue;
        size_t ish = grm_token_is(t, end, "-") ? end + 1 : end;
        bool after_sign = grm_token_is(t, i - (i > 0), "=") && i > 1 && grm_token_among(t, i - 2, "q crotchet quarter");
        if (grm_token_is(t, ish, "ish")) {
            keep(r, value, i, ish + 1, 0.8f);
        } else if (after_sign) {
            keep(r, value, i - 2, end, 0.9f);
        } else if (i > 0 && (approximate(t, i - 1) || grm_token_among(t, i - 1, "at @")) && !counts_something(r, end)) {
            keep(r, value, i, end, 0.75f);
        }
        i = end - 1;
    }
    return status;
}

void grm_read_bare_tempo(grm_reading *r) {
    const grm_tokens *t = &r->tokens;
    for (size_t i = 0; i < t->count && r->tempo.confidence == 0; i++) {
        const grm_token *n = &t->items[i];
        double value = n->value;
        if (n->kind != GRM_TOKEN_NUMBER || n->used || value < 50 || value > 220 || value != floor(value)) continue;
        if (!grm_token_closes(t, i + 1) || (n->glued && i > 0)) continue;
        // Beside a genre ("techno 130"), or alone between commas.
        bool beside = i == 0 || grm_token_is(t, i - 1, ",");
        for (size_t k = 0; k < r->match_count; k++)
            beside = beside || (r->matches[k].end == i && grm_phrase_means(r->matches[k].phrase, GRM_MEANS_GENRE));
        for (size_t k = 0; k < r->match_count; k++)
            if (r->matches[k].first <= i && r->matches[k].end > i) beside = false;  // "808", "909"
        if (beside && value != 101) keep(r, value, i, i + 1, 0.5f);
    }
}
