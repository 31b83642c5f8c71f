// Metre in figures ("6/8") and counted ("in 7"). Those that have a name ("waltz") are in the lexicon.
#include <math.h>
#include <string.h>

#include "prompt/reading.h"

static void keep(grm_reading *r, int beats, int unit, float confidence) {
    grm_metre metre = {beats, unit};
    if (r->metre_confidence > 0) return;
    if (!grm_lexicon_metre_allowed(r->lexicon, metre)) {
        if (beats == 2 && unit == 2) {  // cut time: the same bars, counted in quarters
            metre = (grm_metre){4, 4};
        } else {
            r->metre_refused = true;
            return;
        }
    }
    r->metre = metre;
    r->metre_confidence = confidence;
}

static bool fraction_at(const grm_tokens *t, size_t i) {
    if (i + 2 >= t->count || t->items[i].used || t->items[i].kind != GRM_TOKEN_NUMBER || !grm_token_is(t, i + 1, "/") ||
        t->items[i + 2].kind != GRM_TOKEN_NUMBER || !t->items[i + 1].glued || !t->items[i + 2].glued)
        return false;
    if (i > 0 && t->items[i].glued && (t->items[i - 1].kind != GRM_TOKEN_SIGN || grm_token_among(t, i - 1, "/ - #")))
        return false;
    if (i + 3 < t->count && t->items[i + 3].glued &&
        (t->items[i + 3].kind != GRM_TOKEN_SIGN || grm_token_is(t, i + 3, "/")))
        return false;
    double beats = t->items[i].value, unit = t->items[i + 2].value;
    // "1/8 notes" and "3/4 of it" are none
    return beats >= 2 && beats <= 32 && beats == floor(beats) && (unit == 2 || unit == 4 || unit == 8 || unit == 16) &&
           !grm_token_is(t, i + 3, "of");
}

void grm_read_metre(grm_reading *r) {
    const grm_tokens *t = &r->tokens;
    static const int counted[] = {0, 0, 0, 4, 4, 4, 8, 8, 0, 8, 0, 0, 8};  // what "in 3" .. "in 12" count
    for (size_t i = 0; i < t->count; i++) {
        double value;
        size_t end;
        if (fraction_at(t, i)) {
            keep(r, (int)t->items[i].value, (int)t->items[i + 2].value, 1.0f);
            grm_use_tokens(r, i, i + 3);
            i += 2;
        } else if (i > 0 && grm_token_is(t, i - 1, "in") && !t->items[i].used && grm_read_number(r, i, &value, &end) &&
                   value >= 3 && value <= 12 && value == floor(value) && counted[(int)value] &&
                   (grm_token_closes(t, end) || grm_token_among(t, end, "time feel with and at"))) {
            keep(r, (int)value, counted[(int)value], 0.8f);
            grm_use_tokens(r, i, end);
        }
    }
}
