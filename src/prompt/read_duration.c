// Length: "3 minutes", "2:30", "a minute and a half", "30s loop", "16 bars".
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "prompt/reading.h"

grm_status grm_check_duration(double seconds, double longest_s, grm_error *err) {
    if (seconds >= GRM_SHORTEST_S && seconds <= longest_s) return GRM_OK;
    return grm_fail(err, GRM_USAGE,
                    "length %g s: a track lasts between %d s and %g s (MAX_AUDIO_DURATION sets the longest)", seconds,
                    GRM_SHORTEST_S, longest_s);
}

void grm_duration_name(double seconds, char text[24]) {
    long whole = lround(seconds);
    if (seconds >= 60 && fabs(seconds - (double)whole) < 0.005) {
        snprintf(text, 24, "%ld:%02ld", whole / 60, whole % 60);
    } else if (fabs(seconds - (double)whole) < 0.005) {
        snprintf(text, 24, "%ld s", whole);
    } else {
        snprintf(text, 24, "%.2f s", seconds);
    }
}

// Seconds of the unit at a token, 0 when it is none. `glued_to_number` allows "3m".
static double unit_at(const grm_tokens *t, size_t at, bool glued_to_number) {
    if (grm_token_among(t, at, "s sec secs second seconds")) return 1;
    if (grm_token_among(t, at, "min mins minute minutes")) return 60;
    if (grm_token_is(t, at, "m") && glued_to_number) return 60;
    if (grm_token_among(t, at, "h hr hrs hour hours")) return 3600;
    return 0;
}

static bool glued(const grm_tokens *t, size_t at) {
    return at < t->count && t->items[at].glued;
}

// "and a half" behind a unit.
static size_t and_a_half(const grm_tokens *t, size_t at) {
    return grm_token_is(t, at, "and") && grm_token_is(t, at + 1, "a") && grm_token_is(t, at + 2, "half") ? at + 3 : at;
}

// "half a minute", "half an hour", "half minute", "quarter of an hour", "a minute", "minute long"
static bool unit_alone_at(const grm_reading *r, size_t at, double *seconds, size_t *end) {
    const grm_tokens *t = &r->tokens;
    size_t i = at;
    double part = 1;
    if (grm_token_among(t, i, "half quarter")) {
        part = grm_token_is(t, i, "half") ? 0.5 : 0.25;
        i++;
        while (grm_token_among(t, i, "a an of -")) i++;
    } else if (grm_token_among(t, i, "a an")) {
        i++;
    } else if (!grm_token_among(t, i, "minute hour") || !grm_token_among(t, i + 1, "- long")) {
        return false;
    }
    if (!grm_token_among(t, i, "minute hour min")) return false;
    *seconds = part * unit_at(t, i, false);
    *end = i + 1;
    if (part < 1) return true;
    size_t half = and_a_half(t, *end);
    if (half > *end) {
        *seconds *= 1.5;
        *end = half;
        return true;
    }
    if (grm_token_is(t, *end, "-")) ++*end;
    // "wait a minute", "in a minute" and "beats a minute" are no lengths
    bool asked = grm_token_among(t, *end, "long loop track song piece tune beat instrumental") ||
                 (at > 0 && grm_token_among(t, at - 1, "for about of lasting around roughly lasts"));
    if (grm_token_is(t, *end, "long")) ++*end;
    return asked || at == 0;
}

// "2:30", "1:02:03"
static bool clock_at(const grm_tokens *t, size_t at, double *seconds, size_t *end) {
    if (at + 2 >= t->count || t->items[at].kind != GRM_TOKEN_NUMBER || !grm_token_is(t, at + 1, ":") ||
        !glued(t, at + 1) || t->items[at + 2].kind != GRM_TOKEN_NUMBER || !glued(t, at + 2))
        return false;
    if (strlen(t->items[at + 2].text) != 2 || t->items[at + 2].value >= 60) return false;
    if (at > 0 && glued(t, at) && t->items[at - 1].kind != GRM_TOKEN_SIGN) return false;
    *seconds = t->items[at].value * 60 + t->items[at + 2].value;
    *end = at + 3;
    if (at + 4 < t->count && grm_token_is(t, at + 3, ":") && glued(t, at + 4) &&
        t->items[at + 4].kind == GRM_TOKEN_NUMBER && strlen(t->items[at + 4].text) == 2) {
        *seconds = *seconds * 60 + t->items[at + 4].value;
        *end = at + 5;
    }
    if (grm_token_among(t, *end, "am pm")) return false;
    if (grm_token_among(t, *end, "min mins minutes minute m")) ++*end;
    return true;
}

// A number with its unit, and a smaller one behind it: "2 min 30 s", "2m30s", "one minute thirty".
static bool span_at(const grm_reading *r, size_t at, double *seconds, size_t *end) {
    const grm_tokens *t = &r->tokens;
    double value, other;
    size_t i;
    if (clock_at(t, at, seconds, end) || unit_alone_at(r, at, seconds, end)) return true;
    if (!grm_read_number(r, at, &value, &i)) return false;
    // A range stands for its middle.
    size_t other_end;
    bool between = at > 0 && grm_token_is(t, at - 1, "between") && grm_token_is(t, i, "and");
    if ((between || grm_token_among(t, i, "- to or")) && grm_read_number(r, i + 1, &other, &other_end) &&
        other > value) {
        size_t unit = grm_token_is(t, other_end, "-") ? other_end + 1 : other_end;
        if (unit_at(t, unit, glued(t, unit)) > 0) {
            value = (value + other) / 2;
            i = other_end;
        }
    }
    if (grm_token_is(t, i, "-")) i++;
    double unit = unit_at(t, i, glued(t, i));
    if (unit == 0) return false;
    // "a second verse", "one second" of something
    bool in_figures = t->items[at].kind == GRM_TOKEN_NUMBER || grm_token_is(t, at, "-");
    if (grm_token_is(t, i, "second") && !in_figures && value < 2) return false;
    if (grm_token_is(t, i, "s") && glued(t, i) && grm_is_decade(r, at)) return false;
    *seconds = value * unit;
    *end = and_a_half(t, i + 1);
    if (*end > i + 1) *seconds += unit / 2;
    size_t next = grm_token_is(t, *end, "and") ? *end + 1 : *end;
    if (unit > 1 && grm_read_number(r, next, &other, &other_end) && other >= 0 && other < 60) {
        size_t small = grm_token_is(t, other_end, "-") ? other_end + 1 : other_end;
        double lesser = unit_at(t, small, glued(t, small));
        bool bare = unit == 60 && lesser == 0 && next == *end && grm_token_closes(t, other_end);
        if ((lesser > 0 && lesser < unit) || bare) {
            *seconds += other * (bare ? 1 : lesser);
            *end = bare ? other_end : small + 1;
        }
    }
    return true;
}

// Whether the words around a span say that it is a moment or a part, not the whole.
static bool is_a_part(const grm_tokens *t, size_t at, size_t end, double seconds) {
    size_t before = at;
    if (before > 0 && grm_token_is(t, before - 1, "-")) before--;
    while (before > 0 && grm_token_among(t, before - 1, "the a an about around")) before--;
    if (before > 0 &&
        grm_token_among(t, before - 1, "after at every until till within first last next each per from by @ every"))
        return true;
    if (before > 0 && grm_token_is(t, before - 1, "over") && seconds < 30) return true;
    if (grm_token_is(t, end, "-")) end++;
    return grm_token_among(t, end,
                           "intro introduction outro drop fade fadeout build buildup break breakdown solo verse chorus "
                           "bridge delay reverb tail riser in walk drive ride nap pause silence ago mark before later "
                           "ending hook section into attack release sustain feel vibe mood") &&
           !(grm_token_is(t, end, "in") && grm_token_among(t, end + 1, "length total duration all"));
}

static void keep(grm_reading *r, double seconds, size_t at, size_t end) {
    const grm_tokens *t = &r->tokens;
    float confidence = 1;
    for (size_t i = at; i < end && i < t->count; i++) confidence *= t->items[i].confidence;
    if (at > 0 && grm_token_among(t, at - 1, "around about roughly approximately approx circa ~")) confidence *= 0.9f;
    bool two = at > 1;
    if ((at > 0 && grm_token_among(t, at - 1, "under below max maximum")) ||
        (two && grm_token_is(t, at - 1, "than") && grm_token_is(t, at - 2, "less")) ||
        (two && grm_token_is(t, at - 1, "most") && grm_token_is(t, at - 2, "at"))) {
        seconds = round(seconds * 0.9);
        confidence *= 0.8f;
    } else if ((at > 0 && grm_token_is(t, at - 1, "over")) ||
               (two && grm_token_is(t, at - 1, "than") && grm_token_is(t, at - 2, "more")) ||
               (two && grm_token_is(t, at - 1, "least") && grm_token_is(t, at - 2, "at"))) {
        seconds = fmin(round(seconds * 1.1), fmax(r->longest_s, seconds));
        confidence *= 0.8f;
    }
    r->duration_s = (grm_found){seconds, confidence};
}

// "16 bars", "an 8-bar loop"; not "12 bar blues", "8 bar intro".
static bool bars_at(const grm_reading *r, size_t at, double *bars, size_t *end) {
    const grm_tokens *t = &r->tokens;
    size_t i;
    if (!grm_read_number(r, at, bars, &i)) return false;
    if (grm_token_is(t, i, "-")) i++;
    if (!grm_token_among(t, i, "bar bars measure measures") || *bars < 1 || *bars != floor(*bars)) return false;
    *end = i + 1;
    return !is_a_part(t, at, *end, 1) && !grm_token_among(t, *end, "blues form phrase phrases turnaround");
}

// "808s" are no seconds.
static bool names_instrument(const grm_reading *r, size_t at) {
    size_t end;
    return r->tokens.items[at].kind == GRM_TOKEN_NUMBER &&
           grm_lexicon_match(r->lexicon, &r->tokens, at, 1u << GRM_MEANS_INSTRUMENT, &end) != NULL;
}

grm_status grm_read_duration(grm_reading *r) {
    const grm_tokens *t = &r->tokens;
    for (size_t i = 0; i < t->count; i++) {
        double value;
        size_t end;
        if (t->items[i].used || names_instrument(r, i)) continue;
        if (t->items[i].glued && i > 0 && t->items[i - 1].kind == GRM_TOKEN_WORD) continue;
        if (span_at(r, i, &value, &end)) {
            bool part = is_a_part(t, i, end, value);
            if (!part && r->duration_s.confidence == 0) {
                keep(r, value, i, end);
                grm_status status = grm_check_duration(r->duration_s.value, r->longest_s, r->err);
                if (status != GRM_OK) return status;
            }
            grm_use_tokens(r, i, end);
            i = end - 1;
        } else if (bars_at(r, i, &value, &end)) {
            if (r->duration_bars.confidence == 0) r->duration_bars = (grm_found){value, 0.9f};
            grm_use_tokens(r, i, end);
            i = end - 1;
        }
    }
    return GRM_OK;
}

bool grm_is_decade(const grm_reading *r, size_t at) {
    const grm_tokens *t = &r->tokens;
    if (at + 1 >= t->count || t->items[at].kind != GRM_TOKEN_NUMBER) return false;
    if (grm_token_is(t, at + 1, "'") && glued(t, at + 1) && grm_token_is(t, at + 2, "s") && glued(t, at + 2) &&
        fmod(t->items[at].value, 10) == 0 && t->items[at].value >= 20)
        return true;  // "80's"
    if (!grm_token_is(t, at + 1, "s")) return false;
    const grm_token *n = &t->items[at];
    size_t digits = strlen(n->text);
    bool apostrophe = at > 0 && grm_token_is(t, at - 1, "'") && glued(t, at);
    if (!glued(t, at + 1) || strchr(n->text, '.') || fmod(n->value, 10) != 0) return false;
    if (digits == 4) return n->value >= 1600 && n->value <= 2090;
    if (digits != 2) return false;
    if (apostrophe || (at > 0 && grm_token_among(t, at - 1, "the early mid late roaring swinging fifties from")) ||
        (at > 1 && grm_token_is(t, at - 1, "-") && grm_token_among(t, at - 2, "early mid late")))
        return true;
    bool length_word = grm_token_among(t, at + 2, "long clip jingle snippet length duration") ||
                       (at > 0 && grm_token_among(t, at - 1, "length duration lasting for lasts"));
    bool loop = grm_token_among(t, at + 2, "loop loops");
    if (n->value >= 50 || n->value == 0) return !(length_word || (loop && (n->value == 60 || n->value == 90)));
    // The 10s to 40s are seconds unless something old-fashioned follows.
    return grm_token_among(t, at + 2, "swing jazz blues style era ballroom dixieland ragtime radio style-") &&
           !length_word;
}

void grm_read_decade(grm_reading *r) {
    for (size_t i = 0; i < r->tokens.count && !r->decade; i++) {
        if (!grm_is_decade(r, i)) continue;
        int year = (int)r->tokens.items[i].value;
        if (year < 100) year += year <= 10 && year >= 0 ? 2000 : 1900;
        r->decade = grm_memory_format(r->memory, "%ds", year);
        if (!r->decade) return;
    }
}

bool grm_duration_parse(const char *text, double *seconds) {
    if (!text) return false;
    grm_memory *memory = grm_memory_new();
    grm_tokens t;
    bool fine = false;
    if (memory && strlen(text) < 64 && grm_tokens_cut(text, memory, &t) && t.count > 0) {
        size_t last = 0;
        double total = 0;
        if (clock_at(&t, 0, seconds, &last)) {
            fine = last == t.count;
        } else if (t.count == 1 || (t.count == 2 && grm_token_is(&t, 0, "-"))) {
            fine = grm_number_read(text, seconds);  // bare seconds
        } else {
            size_t i = 0;
            double largest = INFINITY;
            bool negative = grm_token_is(&t, 0, "-");
            if (negative) i++;
            while (i + 1 < t.count && t.items[i].kind == GRM_TOKEN_NUMBER) {
                double unit = unit_at(&t, i + 1, true);
                if (unit == 0 || unit >= largest) break;
                total += t.items[i].value * unit;
                largest = unit;
                i += 2;
            }
            fine = i == t.count;
            if (fine) *seconds = negative ? -total : total;
        }
    }
    grm_memory_free(memory);
    return fine;
}
