// Everything that the lexicon knows, longest phrase first; then which of it is negated, strengthened, or alone.
#include <string.h>

#include "prompt/reading.h"

static const unsigned function_kinds =
    1u << GRM_MEANS_INTENSIFIER | 1u << GRM_MEANS_NEGATOR | 1u << GRM_MEANS_TURN | 1u << GRM_MEANS_ONLY;
static const unsigned thing_kinds = 1u << GRM_MEANS_FAMILY | 1u << GRM_MEANS_INSTRUMENT;
static const unsigned content_kinds = 1u << GRM_MEANS_GENRE | 1u << GRM_MEANS_MOOD | 1u << GRM_MEANS_TEMPO |
                                      1u << GRM_MEANS_LENGTH | 1u << GRM_MEANS_ERA | 1u << GRM_MEANS_TEXTURE |
                                      1u << GRM_MEANS_VOICE | 1u << GRM_MEANS_FORM | 1u << GRM_MEANS_ORDER |
                                      1u << GRM_MEANS_METRE | 1u << GRM_MEANS_FAMILY | 1u << GRM_MEANS_INSTRUMENT |
                                      1u << GRM_MEANS_IMAGE;

static bool means(const grm_match *m, unsigned kinds) {
    for (const grm_meaning *k = m->phrase->first; k; k = k->next)
        if (kinds >> k->kind & 1) return true;
    return false;
}

static float confidence_of(const grm_tokens *t, size_t first, size_t end) {
    float confidence = 1;
    for (size_t i = first; i < end; i++)
        if (t->items[i].confidence < confidence) confidence = t->items[i].confidence;
    return confidence;
}

// "drumless", "vocal-free": the phrase of the stem.
static const grm_phrase *lacking(const grm_reading *r, size_t i, size_t *end) {
    const grm_tokens *t = &r->tokens;
    const char *word = t->items[i].text;
    size_t length = strlen(word);
    char stem[32];
    *end = i + 1;
    if (length > 7 && length < sizeof(stem) && strcmp(word + length - 4, "less") == 0) {
        memcpy(stem, word, length - 4);
        stem[length - 4] = 0;
    } else if (length < sizeof(stem) && grm_token_is(t, i + 1, "-") && grm_token_is(t, i + 2, "free")) {
        memcpy(stem, word, length + 1);
        *end = i + 3;
    } else {
        return NULL;
    }
    const grm_phrase *phrase = grm_lexicon_find(r->lexicon, stem);
    if (!phrase) return NULL;
    grm_match m = {.phrase = phrase};
    return means(&m, thing_kinds | 1u << GRM_MEANS_VOICE) ? phrase : NULL;
}

// "good vibes" and "my grand plan" name no instruments, "piano and vibes" does.
static bool is_everyday_thing(const grm_reading *r, const grm_phrase *phrase, size_t first, size_t end) {
    const grm_tokens *t = &r->tokens;
    if (!grm_phrase_means(phrase, GRM_MEANS_EVERYDAY_THING)) return false;
    bool listed = first == 0 || grm_token_closes(t, first - 1) ||
                  grm_token_among(t, first - 1,
                                  "with and & + or no without only just on plus featuring feat any the soft gentle n");
    bool ends = grm_token_closes(t, end) || t->items[end].kind != GRM_TOKEN_WORD ||
                grm_token_among(t, end, "and or with in at for only on but over but plus");
    return !listed || !ends;
}

// "chill" in "chill beats" still sets a mood, "baroque" in "baroque music" a time, "vocal" in "vocal trance" a voice.
static void find_inner(grm_reading *r, size_t first, size_t end) {
    const unsigned kinds = 1u << GRM_MEANS_MOOD | 1u << GRM_MEANS_ERA | 1u << GRM_MEANS_VOICE;
    for (size_t i = first; i < end && end > first + 1; i++) {
        size_t inner_end;
        const grm_phrase *p = grm_lexicon_match(r->lexicon, &r->tokens, i, kinds, &inner_end);
        if (p && inner_end <= end && inner_end - i < end - first && r->inner_count < GRM_MAX_INNER)
            r->inner[r->inner_count++] = p;
    }
}

static void find_matches(grm_reading *r) {
    const grm_tokens *t = &r->tokens;
    for (size_t i = 0; i < t->count;) {
        size_t end = i + 1;
        const grm_phrase *phrase = NULL;
        bool negated = false;
        if (!t->items[i].used && t->items[i].kind != GRM_TOKEN_SIGN) {
            phrase = lacking(r, i, &end);
            negated = phrase != NULL;
            if (!phrase) phrase = grm_lexicon_match(r->lexicon, t, i, content_kinds | function_kinds, &end);
        }
        if (!phrase) {
            i++;
            continue;
        }
        r->matches[r->match_count++] = (grm_match){.phrase = phrase,
                                                   .first = i,
                                                   .end = end,
                                                   .confidence = confidence_of(t, i, end),
                                                   .strength = 1,
                                                   .everyday = is_everyday_thing(r, phrase, i, end),
                                                   .negated = negated};
        if (!negated && grm_phrase_means(phrase, GRM_MEANS_GENRE) && !grm_phrase_means(phrase, GRM_MEANS_MOOD))
            find_inner(r, i, end);
        i = end;
    }
}

// The match that begins at a token; NULL when there is none.
static grm_match *match_at(const grm_reading *r, size_t token) {
    size_t low = 0, high = r->match_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->matches[middle].first < token) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < r->match_count && r->matches[low].first == token ? &r->matches[low] : NULL;
}

// Whether a list goes on to an "or" before its clause ends: "no drums, bass or vocals".
static bool or_follows(const grm_reading *r, size_t at) {
    const grm_tokens *t = &r->tokens;
    for (size_t i = at; i < t->count && i < at + 16; i++) {
        if (grm_token_among(t, i, "or nor")) return true;
        if (grm_token_among(t, i, ". ; ! ? \n with but")) return false;
        grm_match *m = match_at(r, i);
        if (m && means(m, 1u << GRM_MEANS_NEGATOR | 1u << GRM_MEANS_TURN)) return false;
    }
    return false;
}

// From a negator on: what it denies.
static void negate_from(grm_reading *r, const grm_match *negator) {
    const grm_tokens *t = &r->tokens;
    unsigned strangers = 0;
    bool had_thing = false, joined = true;
    // "not too fast trance" denies the pace, "no heavy drums" the drums.
    bool of_quality =
        grm_token_among(t, negator->first, "not isnt aint never hardly wont doesnt cannot shouldnt neither");
    bool denied_quality = false;
    for (size_t i = negator->end; i < t->count;) {
        grm_match *m = match_at(r, i);
        if (grm_token_among(t, i, ". ; ! ? \n ( )")) return;
        if (grm_token_is(t, i, ",")) {
            if (!or_follows(r, i)) return;
            joined = true;
            i++;
        } else if (grm_token_among(t, i, "or nor and / &")) {
            if (grm_token_among(t, i, "and &") && grm_token_among(t, i + 1, "a an some with lots the more plenty"))
                return;
            joined = true;
            i++;
        } else if (m && i == negator->end && means(m, 1u << GRM_MEANS_TURN)) {
            i = m->end;  // "don't use"
        } else if (m && means(m, 1u << GRM_MEANS_TURN | 1u << GRM_MEANS_NEGATOR | 1u << GRM_MEANS_ONLY)) {
            return;
        } else if (m && means(m, content_kinds)) {
            bool thing = means(m, thing_kinds | 1u << GRM_MEANS_VOICE | 1u << GRM_MEANS_TEXTURE);
            if ((had_thing || denied_quality) && !joined) return;  // "no drums slow piano"
            m->negated = true;
            // "no heavy drums" says nothing of the mood
            grm_match *next = match_at(r, m->end);
            if (!thing && means(m, 1u << GRM_MEANS_MOOD) && next && means(next, thing_kinds)) m->strength = 0;
            had_thing = had_thing || thing;
            denied_quality = denied_quality || of_quality;
            joined = false;
            strangers = 0;
            i = m->end;
        } else {
            if (m) {
                i = m->end;  // an intensifier
                continue;
            }
            if (++strangers > 3 || (had_thing && !joined)) return;
            i++;
        }
    }
}

static void apply_intensifiers(grm_reading *r) {
    for (size_t k = 0; k + 1 < r->match_count; k++) {
        const grm_meaning *m = grm_phrase_means(r->matches[k].phrase, GRM_MEANS_INTENSIFIER);
        grm_match *next = &r->matches[k + 1];
        if (m && m->entry && m->entry->weight && next->first == r->matches[k].end) next->strength *= *m->entry->weight;
    }
}

// Marks things joined by "and", "&", "," and the like from a match on.
static bool mark_only(grm_reading *r, grm_match *from) {
    const grm_tokens *t = &r->tokens;
    bool any = false;
    for (grm_match *m = from; m;) {
        if (means(m, thing_kinds) && !m->negated) {
            m->only = any = true;
        } else if (!means(m, 1u << GRM_MEANS_MOOD | 1u << GRM_MEANS_INTENSIFIER | 1u << GRM_MEANS_TEMPO)) {
            return any;
        }
        size_t i = m->end;
        while (grm_token_among(t, i, "and & , a an the some")) i++;
        if (grm_token_is(t, i, "+") || grm_token_is(t, i, "plus") || grm_token_is(t, i, "with")) i++;
        m = match_at(r, i);
    }
    return any;
}

// "a guitar solo" is a moment in a piece, unless it is all that the prompt begins with.
static void apply_solo(grm_reading *r, size_t k) {
    const grm_tokens *t = &r->tokens;
    grm_match *solo = &r->matches[k], *before = k > 0 ? &r->matches[k - 1] : NULL;
    bool of_thing = before && before->end == solo->first && means(before, thing_kinds);
    bool whole = of_thing && k == 1 && grm_token_closes(t, solo->end);
    for (size_t i = 0; i < solo->first; i++) whole = whole && !grm_token_among(t, i, "with featuring and");
    if (whole) {
        before->only = true;
    } else if (!(before && before->negated)) {
        r->wants_solo = true;
    }
}

static void apply_only(grm_reading *r, size_t k) {
    const grm_tokens *t = &r->tokens;
    grm_match *only = &r->matches[k], *follower = match_at(r, only->end);
    bool solo = grm_token_among(t, only->first, "solo unaccompanied");
    if (solo && !(follower && means(follower, thing_kinds))) {
        if (grm_token_is(t, only->first, "solo")) apply_solo(r, k);
        return;
    }
    // "orchestra with solo violin" has others too
    for (size_t back = 1; solo && back <= 2 && back <= only->first; back++)
        if (grm_token_among(t, only->first - back, "with featuring and plus feat")) return;
    size_t i = only->end;
    if (!solo)
        while (grm_token_among(t, i, "a an the some one single solo by for with")) i++;
    grm_match *next = match_at(r, i);
    if (next && mark_only(r, next)) return;
    // "strings only", "piano and cello only"
    bool ends = grm_token_closes(t, only->end) || grm_token_among(t, only->end, "and at - please");
    if (solo || !ends) return;
    for (size_t j = k; j-- > 0;) {
        grm_match *m = &r->matches[j];
        size_t gap = m->end;
        while (grm_token_among(t, gap, "and & ,")) gap++;
        if (gap < r->matches[j + 1].first || !means(m, thing_kinds) || m->negated) return;
        m->only = true;
    }
}

// "solo cello" is one name in the catalogue, and still means that nothing else plays.
static void apply_solo_names(grm_reading *r) {
    for (size_t k = 0; k < r->match_count; k++) {
        grm_match *m = &r->matches[k];
        if (!grm_token_is(&r->tokens, m->first, "solo") || m->end < m->first + 2 || m->negated ||
            !means(m, thing_kinds))
            continue;
        bool beside = false;
        for (size_t back = 1; back <= 3 && back <= m->first; back++)
            beside = beside || grm_token_among(&r->tokens, m->first - back, "with featuring and plus feat from then");
        m->only = m->only || !beside;
    }
}

// "a jazzy piano loop" in a beat is a thing in it, no wish for the whole.
static void apply_loop(grm_reading *r) {
    for (size_t k = 1; k < r->match_count; k++) {
        grm_match *m = &r->matches[k];
        if (!grm_token_among(&r->tokens, m->first, "loop loops looped looping") || m->end != m->first + 1) continue;
        bool of_thing = r->matches[k - 1].end == m->first && means(&r->matches[k - 1], thing_kinds), beside = false;
        for (size_t back = 1; back <= 6 && back <= m->first; back++)
            beside = beside || grm_token_among(&r->tokens, m->first - back, "with and over under plus featuring w");
        m->negated = m->negated || (of_thing && beside);
    }
}

grm_status grm_read_phrases(grm_reading *r) {
    r->matches = grm_memory_take(r->memory, r->tokens.count + 1, sizeof(*r->matches));
    if (!r->matches) return grm_fail_memory(r->err);
    find_matches(r);
    for (size_t k = 0; k < r->match_count; k++)
        if (grm_phrase_means(r->matches[k].phrase, GRM_MEANS_NEGATOR)) negate_from(r, &r->matches[k]);
    apply_intensifiers(r);
    for (size_t k = 0; k < r->match_count; k++)
        if (grm_phrase_means(r->matches[k].phrase, GRM_MEANS_ONLY)) apply_only(r, k);
    apply_solo_names(r);
    apply_loop(r);
    return GRM_OK;
}

// ---- rows of sections ----

static size_t skip_joint(const grm_tokens *t, size_t i) {
    while (i < t->count &&
           (grm_token_among(t, i, "- , > / | + = and then into to followed by -> bar bars x of a the") ||
            t->items[i].kind == GRM_TOKEN_NUMBER))
        i++;
    return i;
}

static bool add_section(grm_reading *r, const grm_word_entry *entry) {
    if (r->section_count < 64) r->sections[r->section_count++] = entry;
    return true;
}

grm_status grm_read_sections(grm_reading *r) {
    const grm_tokens *t = &r->tokens;
    r->sections = grm_memory_take(r->memory, 64, sizeof(*r->sections));
    if (!r->sections) return grm_fail_memory(r->err);
    for (size_t i = 0; i < t->count; i++) {
        size_t at = i, end = i, last = i;
        r->section_count = 0;
        for (;;) {
            const grm_phrase *p = grm_lexicon_match(r->lexicon, t, at, 1u << GRM_MEANS_SECTION, &end);
            const grm_meaning *m = grm_phrase_means(p, GRM_MEANS_SECTION);
            if (!m || !add_section(r, m->entry)) break;
            last = end;
            at = skip_joint(t, end);
        }
        bool pair = r->section_count == 2 && strcmp(r->sections[0]->means, "verse") == 0 &&
                    strcmp(r->sections[1]->means, "chorus") == 0 && !grm_token_is(t, i + 1, "and");
        if (r->section_count >= 3 || pair) {
            if (pair) {  // "verse chorus form" goes round
                add_section(r, r->sections[0]);
                add_section(r, r->sections[1]);
            }
            grm_use_tokens(r, i, last);
            return GRM_OK;
        }
    }
    r->section_count = 0;
    return GRM_OK;
}
