// Names for tracks: a picture from the prompt, from the style's world, or from the mood.
#include <stdlib.h>
#include <string.h>

#include "prompt/draft.h"

enum { MAX_PICTURES = 16, MAX_TITLE = 96 };

typedef struct pictures {
    const char *items[MAX_PICTURES];
    size_t count;
} pictures;

static void find_pictures(const grm_draft *d, pictures *p) {
    p->count = 0;
    for (size_t i = 0; i < d->r->match_count && p->count < MAX_PICTURES; i++) {
        const grm_meaning *m = grm_match_means(&d->r->matches[i], GRM_MEANS_IMAGE);
        bool there = false;
        for (size_t k = 0; m && k < p->count; k++) there = there || strcmp(p->items[k], m->entry->means) == 0;
        if (m && !there && !d->r->matches[i].negated) p->items[p->count++] = m->entry->means;
    }
}

// One of a comma-separated list.
static void draw_word(grm_rng *rng, const char *list, char *word, size_t size) {
    unsigned count = 0;
    for (const char *p = list; grm_names_next(&p, word, size);) count++;
    unsigned pick = count ? grm_rng_below(rng, count) : 0;
    word[0] = 0;
    const char *p = list;
    for (unsigned i = 0; i <= pick && grm_names_next(&p, word, size); i++) continue;
}

// The list that suits the mood: the stronger of the two axes decides, weak moods take the plain one.
static const char *by_mood(const grm_draft *d, grm_rng *rng, bool adjectives) {
    const grm_title_words *w = grm_lexicon_titles(d->r->lexicon);
    double v = d->brief->valence, e = d->brief->energy;
    float plain = 0.35f, up = v > 0 ? (float)v : 0, down = v < 0 ? (float)-v : 0;
    float wild = e > 0.2 ? (float)e : 0, calm = e < 0 ? (float)-e : 0;
    float weights[] = {plain, up, down, calm, wild};
    const char *const nouns[] = {w->plain_nouns, w->bright_nouns, w->dark_nouns, w->calm_nouns, w->wild_nouns};
    const char *const words[] = {w->plain_adjectives, w->bright_adjectives, w->dark_adjectives, w->calm_adjectives,
                                 w->wild_adjectives};
    size_t pick = grm_rng_weighted(rng, weights, GRM_COUNT(weights));
    return adjectives ? words[pick] : nouns[pick];
}

static bool contains(const char *form, const char *slot) {
    return strstr(form, slot) != NULL;
}

static bool belongs(const grm_title_entry *form, const grm_style *style) {
    return form->styles && strncmp(form->styles, style->name, strlen(form->styles)) == 0;
}

static const char *draw_form(const grm_draft *d, grm_rng *rng, bool has_picture) {
    const grm_title_words *w = grm_lexicon_titles(d->r->lexicon);
    float weights[64];
    size_t count = w->form_count < 64 ? w->form_count : 64;
    bool own = false;  // some styles have forms of their own
    for (size_t i = 0; i < count; i++) own = own || belongs(&w->forms[i], d->style);
    for (size_t i = 0; i < count; i++) {
        const grm_title_entry *f = &w->forms[i];
        bool mine = f->styles ? belongs(f, d->style) : !own;
        bool picture = contains(f->form, "{image}");
        bool fits =
            mine && (!picture || has_picture) && (!contains(f->form, "{style}") || d->style->title_words.count > 0);
        weights[i] = fits ? f->weight ? *f->weight : 1.0f : 0.0f;
        // A picture that was named is nearly always taken up.
        if (fits && has_picture && !picture) weights[i] *= 0.25f;
    }
    return w->forms[grm_rng_weighted(rng, weights, count)].form;
}

static bool listed(const char *list, const char *word) {
    char item[48];
    while (grm_names_next(&list, item, sizeof(item)))
        if (strcmp(item, word) == 0) return true;
    return false;
}

// A title word of the style's that can be a noun, or stand before one; empty when there is none.
static void draw_style_word(const grm_draft *d, grm_rng *rng, bool before_noun, char *word, size_t size) {
    const grm_title_words *w = grm_lexicon_titles(d->r->lexicon);
    const char *fitting[64];
    unsigned count = 0;
    for (size_t i = 0; i < d->style->title_words.count && count < GRM_COUNT(fitting); i++) {
        const char *candidate = d->style->title_words.items[i];
        bool before = listed(w->before_nouns, candidate), both = listed(w->also_before_nouns, candidate);
        if (!listed(w->no_titles, candidate) && (before_noun ? before || both : !before)) fitting[count++] = candidate;
    }
    word[0] = 0;
    if (count) snprintf(word, size, "%s", fitting[grm_rng_below(rng, count)]);
    if (word[0] >= 'a' && word[0] <= 'z') word[0] = (char)(word[0] - 32);
}

static void fill_slot(grm_draft *d, grm_rng *rng, const char *slot, const pictures *p, char *word, size_t size) {
    const grm_title_words *w = grm_lexicon_titles(d->r->lexicon);
    word[0] = 0;
    if (strcmp(slot, "adjective") == 0) {
        draw_word(rng, by_mood(d, rng, true), word, size);
    } else if (strcmp(slot, "noun") == 0) {
        draw_word(rng, by_mood(d, rng, false), word, size);
    } else if (strcmp(slot, "image") == 0 && p->count) {
        snprintf(word, size, "%s", p->items[grm_rng_below(rng, (unsigned)p->count)]);
    } else if (strcmp(slot, "style") == 0) {
        draw_style_word(d, rng, false, word, size);
    } else if (strcmp(slot, "tint") == 0) {
        draw_style_word(d, rng, true, word, size);
        if (!*word) draw_word(rng, by_mood(d, rng, true), word, size);
    } else if (strcmp(slot, "place") == 0) {
        draw_word(rng, w->places, word, size);
    } else if (strcmp(slot, "time") == 0) {
        draw_word(rng, w->times, word, size);
    } else if (strcmp(slot, "piece") == 0) {
        draw_word(rng, w->pieces, word, size);
    } else if (strcmp(slot, "key") == 0) {
        char key[16];
        grm_key_name(d->brief->key, key);
        snprintf(word, size, "%s", key);
    }
}

// Fills a form; false when a word comes twice, which no title wants.
static bool fill(grm_draft *d, grm_rng *rng, const char *form, const pictures *p, char title[MAX_TITLE]) {
    char used[4][48];
    size_t used_count = 0, length = 0;
    for (const char *c = form; *c && length + 1 < MAX_TITLE;) {
        if (*c != '{') {
            title[length++] = *c++;
            continue;
        }
        char slot[16], word[48];
        size_t n = strcspn(c, "}");
        if (n == 0 || n - 1 >= sizeof(slot)) return false;
        memcpy(slot, c + 1, n - 1);
        slot[n - 1] = 0;
        c += n + (c[n] == '}');
        fill_slot(d, rng, slot, p, word, sizeof(word));
        for (size_t i = 0; i < used_count; i++)
            if (strncmp(used[i], word, 4) == 0) return false;
        if (!*word || length + strlen(word) + 1 >= MAX_TITLE) return false;
        if (used_count < 4) snprintf(used[used_count++], sizeof(used[0]), "%s", word);
        length += (size_t)sprintf(title + length, "%s", word);
    }
    title[length] = 0;
    return length > 0;
}

grm_status grm_draft_title(grm_draft *d) {
    const grm_reading *r = d->r;
    const char *given = r->options->title && *r->options->title ? r->options->title : r->title;
    if (given) {
        d->brief->title = grm_text_clean(given, d->memory);
        bool option = given != r->title;
        grm_draft_from(d, GRM_BRIEF_TITLE, option ? GRM_FROM_OPTION : GRM_FROM_PROMPT, option ? 1.0f : 0.95f);
        return d->brief->title ? GRM_OK : grm_fail_memory(r->err);
    }
    pictures p;
    find_pictures(d, &p);
    grm_rng rng = grm_rng_new(d->brief->seed, "brief.title");
    char title[MAX_TITLE] = "";
    bool done = false;
    for (int tries = 0; tries < 32 && !done; tries++) {
        const char *form = draw_form(d, &rng, p.count > 0);
        done = fill(d, &rng, form, &p, title);
    }
    d->brief->title = grm_memory_string(d->memory, done ? title : d->style->title);
    grm_draft_from(d, GRM_BRIEF_TITLE, GRM_FROM_SEED, 0.3f);
    return d->brief->title ? GRM_OK : grm_fail_memory(r->err);
}
