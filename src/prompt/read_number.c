// Numbers in figures and in words.
#include <math.h>
#include <string.h>

#include "prompt/reading.h"

void grm_use_tokens(grm_reading *r, size_t first, size_t end) {
    for (size_t i = first; i < end && i < r->tokens.count; i++) r->tokens.items[i].used = true;
}

static bool word_value(const grm_reading *r, size_t at, double *value) {
    if (at >= r->tokens.count || r->tokens.items[at].kind != GRM_TOKEN_WORD || r->tokens.items[at].used) return false;
    const grm_meaning *m = grm_phrase_means(grm_lexicon_find(r->lexicon, r->tokens.items[at].text), GRM_MEANS_NUMBER);
    if (!m || !m->entry->low) return false;
    *value = (double)*m->entry->low;
    return true;
}

static size_t skip_hyphen(const grm_reading *r, size_t at) {
    return grm_token_is(&r->tokens, at, "-") ? at + 1 : at;
}

// "ninety", "twenty-five", "one hundred and twenty", "one forty", "a hundred"
static bool number_words(const grm_reading *r, size_t at, double *value, size_t *end) {
    double total = 0, v;
    size_t i = at;
    bool any = false;
    if (grm_token_is(&r->tokens, i, "a") && grm_token_among(&r->tokens, i + 1, "hundred couple")) i++;
    for (int words = 0; words < 6; words++) {
        size_t next = i;
        if (any) {
            next = skip_hyphen(r, i);
            bool hundreds = total >= 100 && fmod(total, 100) == 0;
            if (hundreds && grm_token_is(&r->tokens, next, "and")) next++;
        }
        if (!word_value(r, next, &v)) break;
        if (v == 100) {
            if (any && (total > 9 || total < 1)) break;
            total = any ? total * 100 : 100;
        } else if (!any) {
            total = v;
        } else if (total >= 1 && total <= 9 && v >= 10) {
            total = total * 100 + v;  // "one twenty"
        } else if ((fmod(total, 100) == 0 && total >= 100) || (fmod(total, 10) == 0 && total >= 20 && v < 10)) {
            total += v;
        } else {
            break;
        }
        any = true;
        i = next + 1;
    }
    if (any && grm_token_is(&r->tokens, i, "of") && grm_token_is(&r->tokens, i - 1, "couple")) i++;
    *value = total;
    *end = i;
    return any;
}

bool grm_read_number(const grm_reading *r, size_t at, double *value, size_t *end) {
    const grm_tokens *t = &r->tokens;
    if (at >= t->count || t->items[at].used) return false;
    size_t i = at;
    double sign = 1;
    if (grm_token_is(t, i, "-") && !t->items[i].glued && i + 1 < t->count && t->items[i + 1].kind == GRM_TOKEN_NUMBER &&
        t->items[i + 1].glued) {
        sign = -1;
        i++;
    }
    if (t->items[i].kind == GRM_TOKEN_NUMBER) {
        *value = sign * t->items[i].value;
        *end = ++i;
        // "3 1/2" and "1/2"
        if (i + 2 < t->count && t->items[i].kind == GRM_TOKEN_NUMBER && grm_token_is(t, i, "1") &&
            grm_token_is(t, i + 1, "/") && grm_token_is(t, i + 2, "2")) {
            *value += 0.5;
            *end = i + 3;
        } else if (t->items[i - 1].value == 1 && grm_token_is(t, i, "/") && grm_token_is(t, i + 1, "2")) {
            *value = 0.5;
            *end = i + 2;
        }
    } else if (!number_words(r, i, value, end)) {
        return false;
    }
    // "two and a half", also with hyphens
    i = skip_hyphen(r, *end);
    if (grm_token_is(t, i, "and")) {
        i = skip_hyphen(r, i + 1);
        if (grm_token_is(t, i, "a")) {
            i = skip_hyphen(r, i + 1);
            if (grm_token_is(t, i, "half")) {
                *value += 0.5;
                *end = i + 1;
            }
        }
    }
    return true;
}

void grm_read_seed(grm_reading *r) {
    for (size_t i = 0; i + 1 < r->tokens.count; i++) {
        if (!grm_token_is(&r->tokens, i, "seed")) continue;
        size_t n = i + 1;
        while (grm_token_among(&r->tokens, n, ": = # number no of")) n++;
        if (n >= r->tokens.count || r->tokens.items[n].kind != GRM_TOKEN_NUMBER) continue;
        double value = r->tokens.items[n].value;
        if (value != floor(value) || value > 9007199254740992.0) continue;  // 2^53
        r->seed = (grm_found){value, r->tokens.items[i].confidence};
        grm_use_tokens(r, i, n + 1);
        return;
    }
}
