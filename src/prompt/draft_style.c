// Which style leads, and which only colour it.
#include <math.h>
#include <string.h>

#include "prompt/draft.h"

enum { MAX_NAMED = 32 };

static const float colours_from = 0.45f;  // weaker ones are hints and don't colour
static const float double_meaning = 0.38f;

// A genre that the words name.
typedef struct named {
    const grm_style *style;
    const grm_word_entry *entry;
    size_t first, end;
    float score, confidence;
} named;

float grm_genre_weight(const grm_match *m) {
    const grm_meaning *g = grm_match_means(m, GRM_MEANS_GENRE);
    if (!g) return 0;
    if (g->entry) return g->entry->weight ? *g->entry->weight : 1.0f;
    // A style's synonym that says something else as well ("relaxing", "ethereal") is a hint.
    bool other = grm_match_means(m, GRM_MEANS_MOOD) || grm_match_means(m, GRM_MEANS_METRE) ||
                 grm_match_means(m, GRM_MEANS_TEXTURE) || grm_match_means(m, GRM_MEANS_IMAGE) ||
                 grm_match_means(m, GRM_MEANS_FAMILY);
    return other && !g->is_name ? double_meaning : 1.0f;
}

static bool is_everyday(const grm_match *m) {
    return grm_match_means(m, GRM_MEANS_EVERYDAY) != NULL;
}

// How much of a genre's name an everyday word is here: "the house by the sea" names none, "a house track" and "deep
// house" do, "a house" may.
static float everyday_share(const grm_reading *r, const grm_match *m) {
    const grm_tokens *t = &r->tokens;
    size_t at = m->first, next = grm_token_is(t, m->end, "-") ? m->end + 1 : m->end, end;
    unsigned music = 1u << GRM_MEANS_MUSIC_NOUN | 1u << GRM_MEANS_GENRE | 1u << GRM_MEANS_INSTRUMENT |
                     1u << GRM_MEANS_FAMILY | 1u << GRM_MEANS_FORM;
    if (!is_everyday(m) || at == 0 || grm_lexicon_match(r->lexicon, t, next, music, &end)) return 1;
    // "three minutes of house", "a loop of house"
    if (at > 1 && grm_token_is(t, at - 1, "of") &&
        (t->items[at - 2].used || grm_lexicon_match(r->lexicon, t, at - 2, 1u << GRM_MEANS_MUSIC_NOUN, &end)))
        return 1;
    if (grm_token_among(t, at - 1, "the my our your his her their this that old into to on from at in of")) return 0.1f;
    if (grm_token_among(t, at - 1, "a an")) return grm_token_closes(t, next) ? 0.35f : 0.1f;
    return 1;
}

// Whether the words before or behind make it a mere colour: "with jazz chords", "rock-inspired", "hints of funk".
static bool is_colour(const grm_reading *r, const grm_match *m) {
    const grm_tokens *t = &r->tokens;
    size_t next = grm_token_is(t, m->end, "-") ? m->end + 1 : m->end;
    if (grm_token_among(t, next,
                        "inspired infused tinged influenced flavoured flavored tinge influence influences elements "
                        "undertones touches leaning like ish chords flavour flavor accents overtones samples"))
        return true;
    for (size_t back = 1; back <= 3 && back <= m->first; back++) {
        if (grm_token_closes(t, m->first - back)) return false;
        if (grm_token_among(t, m->first - back, "with hint hints touch touches elements influences bit dash pinch"))
            return true;
    }
    return false;
}

static size_t collect(const grm_draft *d, named *out) {
    const grm_reading *r = d->r;
    size_t count = 0;
    for (size_t k = 0; k < r->match_count && count < MAX_NAMED; k++) {
        const grm_match *m = &r->matches[k];
        const grm_meaning *g = grm_match_means(m, GRM_MEANS_GENRE);
        if (!g || m->negated) continue;
        const grm_style *style = g->style;
        if (!style && g->entry) style = grm_lexicon_style(r->lexicon, g->entry->means);
        if (!style) continue;
        float weight = grm_genre_weight(m);
        weight *= everyday_share(r, m);
        if (weight <= 0.1f) continue;
        if (is_colour(r, m)) weight *= 0.5f;
        out[count++] = (named){style, g->entry, m->first, m->end, weight, m->confidence};
    }
    // In "ambient techno" the last is the thing and the first its kind; elsewhere what comes first leads.
    for (size_t i = 0; i < count; i++) {
        out[i].score -= 0.03f * (float)(i < 8 ? i : 8);
        bool modifies = i + 1 < count && out[i + 1].first <= out[i].end + 1 &&
                        !grm_token_closes(&r->tokens, out[i].end) &&
                        !grm_token_among(&r->tokens, out[i].end, "and & or + with x meets / n");
        if (modifies) {
            out[i].score -= 0.1f;
            if (out[i + 1].score >= colours_from) out[i + 1].score += 0.1f;
        }
    }
    return count;
}

// How much of a style an instrument or a family plays: what it is the first choice for counts most.
static float share_of_parts(const grm_draft *d, const grm_style *style, const grm_match *match) {
    const grm_meaning *m = grm_match_means(match, GRM_MEANS_INSTRUMENT);
    const grm_meaning *family = grm_match_means(match, GRM_MEANS_FAMILY);
    const grm_instrument *wanted = m ? m->instrument : NULL;
    if (m && !wanted) wanted = grm_lexicon_instrument(d->r->lexicon, m->entry->instruments);
    float sum = 0, parts = 0;
    for (size_t p = 0; p < style->part_count; p++) {
        const grm_style_part *part = &style->parts[p];
        if (part->role == GRM_ROLE_TEXTURE || part->role == GRM_ROLE_FX) continue;
        parts += 1;
        float best = 0;
        for (size_t c = 0; c < part->instruments.count; c++) {
            const grm_instrument *n = grm_instrument_find(d->r->catalogue, part->instruments.items[c].text);
            bool same = n && wanted && strcmp(n->id, wanted->id) == 0;
            bool kin = n && family && strcmp(n->family, family->entry->means) == 0;
            if (same || kin) best = fmaxf(best, c == 0 ? 1.0f : 0.4f);
        }
        sum += best;
    }
    return parts > 0 ? fminf(1.2f, (sum > 0 ? 0.3f : 0) + 1.5f * sum / parts) : 0;
}

// How well a style that nobody named suits what was said.
static float affinity(const grm_draft *d, const grm_style *style) {
    const grm_reading *r = d->r;
    const grm_brief *b = d->brief;
    float score = 0;
    if (b->mood_words.count) {
        double dv = b->valence - style->valence, de = b->energy - style->energy;
        score -= (float)(0.7 * dv * dv + 0.7 * de * de);
    }
    double bpm = r->options->tempo_bpm > 0 ? r->options->tempo_bpm : r->tempo.confidence > 0 ? r->tempo.value : 0;
    if (bpm > 0) {
        double beyond = bpm < style->tempo_low    ? log(style->tempo_low / bpm)
                        : bpm > style->tempo_high ? log(bpm / style->tempo_high)
                                                  : 0;
        score -= (float)(3 * beyond);
    }
    for (size_t i = 0; i < r->match_count; i++) {
        const grm_match *m = &r->matches[i];
        score += (m->negated ? -1.0f : m->only ? 1.5f : 1.0f) * share_of_parts(d, style, m);
        const grm_meaning *texture = grm_match_means(m, GRM_MEANS_TEXTURE);
        if (texture && texture->instrument && !m->negated && grm_words_have(&style->textures, texture->instrument->id))
            score += 0.3f;
        const grm_meaning *form = grm_match_means(m, GRM_MEANS_FORM);
        if (!form || m->negated) continue;
        if (strcmp(form->entry->means, "big-chorus") == 0 && grm_style_section(style, "chorus")) score += 0.4f;
        if (strcmp(form->entry->means, "big-drop") == 0 && grm_style_section(style, "drop")) score += 0.6f;
    }
    for (size_t i = 0; i < r->section_count; i++)
        if (grm_style_section(style, r->sections[i]->means)) score += 0.5f / (float)r->section_count;
    for (size_t i = 0; i < style->metres.count && r->metre_confidence > 0; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%d/%d", r->metre.beats, r->metre.unit);
        if (strcmp(style->metres.items[i].text, name) == 0) score += 0.5f;
    }
    return score;
}

static bool recognised_anything(const grm_reading *r) {
    if (r->tempo.confidence > 0 || r->duration_s.confidence > 0 || r->duration_bars.confidence > 0 || r->decade ||
        r->key_confidence > 0 || r->mode_confidence > 0 || r->metre_confidence > 0 || r->section_count > 0)
        return true;
    static const unsigned silent = 1u << GRM_MEANS_EVERYDAY_THING | 1u << GRM_MEANS_NEGATOR | 1u << GRM_MEANS_TURN |
                                   1u << GRM_MEANS_ONLY | 1u << GRM_MEANS_INTENSIFIER | 1u << GRM_MEANS_EVERYDAY |
                                   1u << GRM_MEANS_MUSIC_NOUN | 1u << GRM_MEANS_IMAGE | 1u << GRM_MEANS_CONTEXT |
                                   1u << GRM_MEANS_NUMBER;
    for (size_t i = 0; i < r->match_count; i++)
        for (const grm_meaning *m = r->matches[i].phrase->first; m; m = m->next)
            if (!(silent >> m->kind & 1)) return true;
    return false;
}

// The words of a prompt in which nothing was recognised, for its note.
static const char *unknown_words(const grm_draft *d) {
    char list[160] = "";
    size_t length = 0, count = 0;
    for (size_t i = 0; i < d->r->tokens.count && count < 8; i++) {
        const grm_token *t = &d->r->tokens.items[i];
        if (t->kind != GRM_TOKEN_WORD || strlen(t->raw) < 3 || length + strlen(t->raw) + 5 > sizeof(list)) continue;
        length += (size_t)sprintf(list + length, "%s%s", count ? ", " : " (", t->raw);
        count++;
    }
    if (count) sprintf(list + length, ")");
    return grm_memory_string(d->memory, list);
}

static grm_status style_nobody_named(grm_draft *d) {
    const grm_reading *r = d->r;
    const char *decade = r->decade ? grm_lexicon_decade_style(r->lexicon, r->decade) : NULL;
    if (recognised_anything(r)) {
        grm_rng rng = grm_rng_new(d->brief->seed, "brief.style");
        const grm_style *of_decade = decade ? grm_lexicon_style(r->lexicon, decade) : NULL;
        const grm_style *usual = grm_lexicon_style(r->lexicon, grm_lexicon_default_style(r->lexicon));
        float best = -INFINITY;
        for (size_t i = 0; i < r->catalogue->style_count; i++) {
            const grm_style *s = &r->catalogue->styles[i];
            bool colours = false;
            for (size_t k = 0; k < r->match_count; k++) {  // one that was ruled out by name
                const grm_meaning *g = grm_match_means(&r->matches[k], GRM_MEANS_GENRE);
                const grm_style *ruled = g ? g->style : NULL;
                if (g && !ruled && g->entry) ruled = grm_lexicon_style(r->lexicon, g->entry->means);
                colours = colours || (r->matches[k].negated && ruled == s);
            }
            float score = affinity(d, s) + (s == of_decade ? 0.8f : 0) + (s == usual ? 0.05f : 0);
            score += grm_rng_float(&rng) * 0.25f;
            if (colours) score -= 100;
            if (score > best) {
                best = score;
                d->style = s;
            }
        }
        grm_draft_from(d, GRM_BRIEF_GENRE, d->brief->mood_words.count || decade ? GRM_FROM_PROMPT : GRM_FROM_SEED,
                       decade ? 0.4f : 0.3f);
        return GRM_OK;
    }
    d->style = grm_lexicon_style(r->lexicon, grm_lexicon_default_style(r->lexicon));
    if (!d->style) d->style = &r->catalogue->styles[0];
    grm_draft_from(d, GRM_BRIEF_GENRE, GRM_FROM_STYLE, 0.1f);
    const char *words = unknown_words(d);
    if (!words) return grm_fail_memory(r->err);
    d->misread = grm_memory_format(d->memory, "nothing in the prompt was recognised%s; made a default %s track", words,
                                   d->style->title);
    return d->misread ? GRM_OK : grm_fail_memory(r->err);
}

static grm_status style_of_option(grm_draft *d, const char *genre) {
    const grm_reading *r = d->r;
    const grm_meaning *m = grm_phrase_means(grm_lexicon_name(r->lexicon, genre), GRM_MEANS_GENRE);
    d->style = m && m->style ? m->style : m ? grm_lexicon_style(r->lexicon, m->entry->means) : NULL;
    if (d->style) {
        d->piece = m->entry && m->entry->instruments ? m->entry : NULL;
        grm_draft_from(d, GRM_BRIEF_GENRE, GRM_FROM_OPTION, 1.0f);
        return GRM_OK;
    }
    const char *near = grm_lexicon_nearest(r->lexicon, genre, GRM_MEANS_GENRE);
    if (near)
        return grm_fail(r->err, GRM_USAGE,
                        "genre \"%.60s\": there is none; did you mean \"%s\"? `grammy styles` lists all", genre, near);
    return grm_fail(r->err, GRM_USAGE, "genre \"%.60s\": there is none; `grammy styles` lists all", genre);
}

static void blend(grm_draft *d, const grm_style *style) {
    bool there = style == d->style;
    for (size_t i = 0; i < d->blended_count; i++) there = there || d->blended[i] == style;
    if (!there && d->blended_count < GRM_MAX_BLENDED) d->blended[d->blended_count++] = style;
}

grm_status grm_draft_style(grm_draft *d) {
    const grm_reading *r = d->r;
    named genres[MAX_NAMED];
    size_t count = collect(d, genres);
    grm_status status = GRM_OK;
    if (r->options->genre && *r->options->genre) {
        status = style_of_option(d, r->options->genre);
    } else if (count > 0) {
        size_t lead = 0;
        for (size_t i = 1; i < count; i++)
            if (genres[i].score > genres[lead].score + 1e-6f) lead = i;
        d->style = genres[lead].style;
        d->piece = genres[lead].entry && genres[lead].entry->instruments ? genres[lead].entry : NULL;
        d->piece_at = genres[lead].first;
        float sure = fminf(1.0f, fmaxf(0.15f, genres[lead].score)) * genres[lead].confidence;
        grm_draft_from(d, GRM_BRIEF_GENRE, GRM_FROM_PROMPT, sure);
    } else {
        status = style_nobody_named(d);
    }
    if (status != GRM_OK) return status;
    for (;;) {  // the others, strongest first; mere hints don't colour
        size_t best = MAX_NAMED;
        for (size_t i = 0; i < count; i++)
            if (genres[i].score >= colours_from && (best == MAX_NAMED || genres[i].score > genres[best].score))
                best = i;
        if (best == MAX_NAMED) break;
        blend(d, genres[best].style);
        genres[best].score = -1;
    }
    d->brief->style = grm_memory_string(d->memory, d->style->name);
    d->brief->genre = grm_memory_string(d->memory, d->style->family);
    for (size_t i = 0; i < d->blended_count; i++)
        if (!grm_draft_add(d, &d->brief->blended_styles, d->blended[i]->name, GRM_MAX_BLENDED))
            return grm_fail_memory(r->err);
    return d->brief->style && d->brief->genre ? GRM_OK : grm_fail_memory(r->err);
}
