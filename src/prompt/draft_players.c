// Who plays, who doesn't, what rustles behind them, and what voice was wished for; and the form.
#include <string.h>

#include "prompt/draft.h"

enum { MAX_ITEMS = 32 };

static bool is_kit(grm_role role) {
    return role == GRM_ROLE_DRUMS || role == GRM_ROLE_KICK || role == GRM_ROLE_SNARE || role == GRM_ROLE_HATS;
}

// The instrument by which the style itself fills a family or a role; NULL when it has none.
static const char *own_instrument(const grm_draft *d, const char *family) {
    for (size_t p = 0; p < d->style->part_count; p++) {
        const grm_style_part *part = &d->style->parts[p];
        if (part->instruments.count == 0) continue;
        const char *id = part->instruments.items[0].text;
        const grm_instrument *n = grm_instrument_find(d->r->catalogue, id);
        if (!n) continue;
        bool kit = strcmp(family, "drums") == 0 && is_kit(part->role) && strcmp(n->family, "drums") == 0;
        if (kit || strcmp(n->family, family) == 0 || strcmp(grm_role_name(part->role), family) == 0) return id;
    }
    return NULL;
}

// A name that follows itself is another player; names of one instrument beside each other are one.
static bool add_all(grm_draft *d, grm_words *words, const char *names) {
    const grm_words before = *words;
    char name[128], last[128] = "";
    while (grm_names_next(&names, name, sizeof(name))) {
        const grm_instrument *n = grm_lexicon_instrument(d->r->lexicon, name);
        bool more = n && strcmp(name, last) == 0 && !grm_words_have(&before, n->id);
        if (n && !(more ? grm_draft_append : grm_draft_add)(d, words, n->id, MAX_ITEMS)) return false;
        memcpy(last, name, sizeof last);
    }
    return true;
}

static bool want_family(grm_draft *d, const grm_word_entry *family, bool only) {
    grm_words *wanted = &d->brief->instruments;
    if (only && family->all_only) return add_all(d, wanted, family->all_only);
    if (!family->instruments) return true;
    // A choir is an instrument as well as a family of them: the very one that was named.
    const grm_instrument *named = grm_instrument_find(d->r->catalogue, family->means);
    const char *id = named ? named->id : own_instrument(d, family->means);
    if (!id) {
        const grm_instrument *n = grm_lexicon_instrument(d->r->lexicon, family->instruments);
        id = n ? n->id : NULL;
    }
    return !id || grm_draft_add(d, wanted, id, MAX_ITEMS);
}

static const grm_instrument *instrument_of(const grm_draft *d, const grm_meaning *m) {
    if (m->instrument) return m->instrument;
    return m->entry && m->entry->instruments ? grm_lexicon_instrument(d->r->lexicon, m->entry->instruments) : NULL;
}

static bool want(grm_draft *d, const grm_match *m) {
    const grm_meaning *family = grm_match_means(m, GRM_MEANS_FAMILY);
    const grm_meaning *instrument = grm_match_means(m, GRM_MEANS_INSTRUMENT);
    // "breakbeat" and "acid" are genres before they are instruments.
    if (grm_genre_weight(m) >= 0.5f && !m->only) return true;
    if (family) return want_family(d, family->entry, m->only);
    const grm_instrument *n = instrument ? instrument_of(d, instrument) : NULL;
    return !n || grm_draft_add(d, &d->brief->instruments, n->id, MAX_ITEMS);
}

static bool exclude(grm_draft *d, const grm_match *m) {
    grm_words *out = &d->brief->excluded_instruments;
    const grm_meaning *family = grm_match_means(m, GRM_MEANS_FAMILY);
    const grm_meaning *instrument = grm_match_means(m, GRM_MEANS_INSTRUMENT);
    const grm_meaning *texture = grm_match_means(m, GRM_MEANS_TEXTURE);
    if (family) {
        bool one_instrument = instrument && instrument->instrument && strcmp(family->entry->means, "choir") == 0;
        return (!one_instrument || grm_draft_add(d, out, instrument->instrument->id, MAX_ITEMS)) &&
               grm_draft_add(d, out, family->entry->means, MAX_ITEMS);
    }
    if (instrument) {
        const grm_instrument *n = instrument_of(d, instrument);
        if (instrument->entry && instrument->entry->like) return true;  // what comes nearest was not meant
        if (n && !grm_draft_add(d, out, n->id, MAX_ITEMS)) return false;
        return !instrument->entry || !instrument->entry->all_only || add_all(d, out, instrument->entry->all_only);
    }
    const grm_instrument *n =
        texture
            ? texture->instrument ? texture->instrument : grm_lexicon_instrument(d->r->lexicon, texture->entry->means)
            : NULL;
    return !n || grm_draft_add(d, out, n->id, MAX_ITEMS);
}

static void drop_excluded(grm_words *wanted, const grm_words *excluded) {
    const char **items = (const char **)wanted->items;
    size_t kept = 0;
    for (size_t i = 0; i < wanted->count; i++)
        if (!grm_words_have(excluded, wanted->items[i])) items[kept++] = wanted->items[i];
    wanted->count = kept;
    if (kept == 0) wanted->items = NULL;
}

// "piano, no drums, only strings" as --instruments has it.
static grm_status players_of_option(grm_draft *d, const char *list) {
    grm_brief *b = d->brief;
    char item[128];
    while (grm_names_next(&list, item, sizeof(item))) {
        const char *name = item;
        bool no = strncmp(name, "no ", 3) == 0 || strncmp(name, "without ", 8) == 0;
        bool only = strncmp(name, "only ", 5) == 0;
        if (no) name += name[0] == 'n' ? 3 : 8;
        if (only) name += 5;
        b->only_instruments = b->only_instruments || only;
        const grm_phrase *phrase = grm_lexicon_name(d->r->lexicon, name);
        grm_match m = {.phrase = phrase, .only = only || b->only_instruments};
        bool player = grm_phrase_means(phrase, GRM_MEANS_FAMILY) || grm_phrase_means(phrase, GRM_MEANS_INSTRUMENT);
        if (!player && grm_phrase_means(phrase, GRM_MEANS_TEXTURE))
            return grm_fail(d->r->err, GRM_USAGE,
                            "instrument \"%.60s\": that is a sound behind the music; name it in the prompt", name);
        if (!player) {
            const char *near = grm_lexicon_nearest(d->r->lexicon, name, GRM_MEANS_INSTRUMENT);
            return grm_fail(d->r->err, GRM_USAGE, "instrument \"%.60s\": there is none%s%s%s", name,
                            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        }
        m.only = true;  // even where it is a genre's name too
        const grm_meaning *family = grm_phrase_means(phrase, GRM_MEANS_FAMILY);
        if (family && !no) {
            if (!want_family(d, family->entry, b->only_instruments)) return grm_fail_memory(d->r->err);
        } else if (!(no ? exclude(d, &m) : want(d, &m))) {
            return grm_fail_memory(d->r->err);
        }
    }
    return GRM_OK;
}

// "cello duo", "sax quartet": so many players of what was just named, and nobody else.
static bool want_group(grm_draft *d, const grm_match *m) {
    static const char *const groups[] = {"duo duet", "trio", "quartet", "quintet"};
    grm_brief *b = d->brief;
    const grm_meaning *instrument = grm_match_means(m, GRM_MEANS_INSTRUMENT);
    const grm_instrument *n = instrument ? instrument_of(d, instrument) : NULL;
    if (!n || !grm_words_have(&b->instruments, n->id)) return true;
    for (size_t g = 0; g < GRM_COUNT(groups); g++) {
        if (!grm_token_among(&d->r->tokens, m->end, groups[g])) continue;
        b->only_instruments = true;
        for (size_t more = 0; more <= g; more++)
            if (!grm_draft_append(d, &b->instruments, n->id, MAX_ITEMS)) return false;
    }
    return true;
}

// A piece that only colours the style: "lofi with a string quartet" takes its players, "solo piano" in a jazz prompt
// leaves them alone, "with a piano solo" is a moment of theirs.
static bool add_piece(grm_draft *d, const grm_match *m) {
    const grm_tokens *t = &d->r->tokens;
    const grm_word_entry *piece = grm_match_means(m, GRM_MEANS_GENRE)->entry;
    bool unaccompanied = grm_token_among(t, m->end - 1, "cappella capella acapella acappella");
    bool solo_first = unaccompanied || grm_token_is(t, m->first, "solo"),
         solo_last = grm_token_is(t, m->end - 1, "solo");
    bool beside = false, trio = grm_token_among(t, m->end - 1, "trio quartet quintet");
    for (size_t back = 1; back <= 2 && back <= m->first; back++)
        beside = beside || grm_token_among(t, m->first - back, "with featuring and plus feat");
    // The piano trio of jazz is another band.
    if (trio && !grm_token_is(t, m->first, "string") && strcmp(d->style->family, "jazz") == 0) return true;
    if (solo_last && !grm_draft_add(d, &d->brief->form_wishes, "solo", MAX_ITEMS)) return false;
    if (solo_first && !beside) d->brief->only_instruments = true;
    return add_all(d, &d->brief->instruments, piece->instruments);
}

// "a trap beat, just 808s and bells" still has its drums: they are what makes it a beat.
static bool keep_the_beat(grm_draft *d) {
    const grm_tokens *t = &d->r->tokens;
    grm_brief *b = d->brief;
    bool beat = false;
    for (size_t i = 0; i < t->count; i++)
        beat = beat || (grm_token_among(t, i, "beat beats") && !grm_token_among(t, i + 1, "per a"));
    const char *kit = beat ? own_instrument(d, "drums") : NULL;
    if (!kit || !b->only_instruments || grm_words_have(&b->excluded_instruments, "drums")) return true;
    for (size_t i = 0; i < b->instruments.count; i++) {
        const grm_instrument *n = grm_instrument_find(d->r->catalogue, b->instruments.items[i]);
        if (n && (strcmp(n->family, "drums") == 0 || strcmp(n->family, "percussion") == 0)) return true;
    }
    return grm_draft_add(d, &b->instruments, kit, MAX_ITEMS);
}

static grm_status seat(grm_draft *d) {
    const grm_reading *r = d->r;
    grm_brief *b = d->brief;
    float wanted = 0, excluded = 0;
    const char *option = r->options->instruments && *r->options->instruments ? r->options->instruments : NULL;
    if (!option && d->piece) {
        if (!add_all(d, &b->instruments, d->piece->instruments)) return grm_fail_memory(r->err);
        b->only_instruments = d->piece->only;
        wanted = 0.9f;
    }
    for (size_t i = 0; i < r->match_count; i++) {
        const grm_match *m = &r->matches[i];
        const grm_meaning *piece = grm_match_means(m, GRM_MEANS_GENRE);
        if (piece && piece->entry && piece->entry->instruments && !m->negated && !option &&
            !(d->piece && d->piece_at == m->first)) {
            if (!add_piece(d, m)) return grm_fail_memory(r->err);
            wanted = 0.8f;
        }
        bool thing = grm_match_means(m, GRM_MEANS_FAMILY) || grm_match_means(m, GRM_MEANS_INSTRUMENT) ||
                     (m->negated && grm_match_means(m, GRM_MEANS_TEXTURE));
        if (!thing || m->everyday) continue;
        size_t before = b->instruments.count;
        if (m->negated) {
            if (!exclude(d, m)) return grm_fail_memory(r->err);
            if (m->confidence > excluded) excluded = m->confidence;
        } else if (!option) {
            if (!want(d, m) || !want_group(d, m)) return grm_fail_memory(r->err);
            b->only_instruments = b->only_instruments || m->only;
            if (b->instruments.count > before && m->confidence > wanted) wanted = m->confidence;
        }
    }
    grm_draft_from(d, GRM_BRIEF_INSTRUMENTS, wanted > 0 ? GRM_FROM_PROMPT : GRM_FROM_STYLE, wanted > 0 ? wanted : 0.5f);
    grm_draft_from(d, GRM_BRIEF_EXCLUDED_INSTRUMENTS, excluded > 0 ? GRM_FROM_PROMPT : GRM_FROM_STYLE,
                   excluded > 0 ? excluded : 0.5f);
    if (option) {
        grm_status status = players_of_option(d, option);
        if (status != GRM_OK) return status;
        grm_draft_from(d, GRM_BRIEF_INSTRUMENTS, GRM_FROM_OPTION, 1.0f);
    }
    if (b->instruments.count == 0) b->only_instruments = false;
    if (!option && !keep_the_beat(d)) return grm_fail_memory(r->err);
    drop_excluded(&b->instruments, &b->excluded_instruments);
    return GRM_OK;
}

static grm_status find_textures(grm_draft *d) {
    const grm_reading *r = d->r;
    grm_brief *b = d->brief;
    float said = 0;
    for (size_t i = 0; i < r->match_count; i++) {
        const grm_meaning *m = grm_match_means(&r->matches[i], GRM_MEANS_TEXTURE);
        if (!m || r->matches[i].negated || (r->matches[i].everyday && !m->entry)) continue;
        const grm_instrument *n = m->instrument ? m->instrument : grm_lexicon_instrument(r->lexicon, m->entry->means);
        if (!n) continue;
        if (!grm_draft_add(d, &b->textures, n->id, MAX_ITEMS)) return grm_fail_memory(r->err);
        if (r->matches[i].confidence > said) said = r->matches[i].confidence;
    }
    grm_draft_from(d, GRM_BRIEF_TEXTURES, said > 0 ? GRM_FROM_PROMPT : GRM_FROM_STYLE, said > 0 ? said : 0.5f);
    if (said == 0 && !b->only_instruments && d->style->textures.count > 0) {
        const char *own = d->style->textures.items[0];
        if (!grm_words_have(&b->excluded_instruments, own) && !grm_words_have(&b->excluded_instruments, "texture") &&
            !grm_draft_add(d, &b->textures, own, MAX_ITEMS))
            return grm_fail_memory(r->err);
    }
    return GRM_OK;
}

static grm_status find_voice(grm_draft *d) {
    const grm_reading *r = d->r;
    const char *voice = NULL;
    float said = 0;
    for (size_t i = 0; i < r->match_count; i++) {
        const grm_meaning *m = grm_match_means(&r->matches[i], GRM_MEANS_VOICE);
        if (!m) continue;
        const char *means = r->matches[i].negated ? "none" : m->entry->means;
        // No voice at all outweighs any, and a certain kind "vocals".
        bool better =
            !voice || strcmp(means, "none") == 0 || (strcmp(voice, "lead") == 0 && strcmp(means, "lead") != 0);
        if (!better) continue;
        voice = means;
        said = r->matches[i].confidence;
    }
    for (size_t i = 0; i < r->inner_count && !voice; i++) {
        const grm_meaning *m = grm_phrase_means(r->inner[i], GRM_MEANS_VOICE);
        voice = m ? m->entry->means : NULL;
        said = 0.8f;
    }
    grm_draft_from(d, GRM_BRIEF_VOICE, voice ? GRM_FROM_PROMPT : GRM_FROM_STYLE, voice ? said * 0.95f : 0.5f);
    d->brief->voice = voice ? grm_memory_string(d->memory, voice) : NULL;
    return voice && !d->brief->voice ? grm_fail_memory(r->err) : GRM_OK;
}

grm_status grm_draft_players(grm_draft *d) {
    grm_status status = seat(d);
    if (status == GRM_OK) status = find_textures(d);
    if (status == GRM_OK) status = find_voice(d);
    return status;
}

static grm_status find_sections(grm_draft *d, float *said) {
    const grm_reading *r = d->r;
    for (size_t i = 0; i < r->section_count; i++) *said = 0.95f;
    size_t count = r->section_count;
    const char *list = NULL;
    char name[32];
    for (size_t i = 0; i < r->match_count && !count && !list; i++) {
        const grm_meaning *m = grm_match_means(&r->matches[i], GRM_MEANS_ORDER);
        if (m && !r->matches[i].negated) list = m->entry->means;
    }
    const char **items = grm_memory_take(d->memory, MAX_ITEMS * 2, sizeof(*items));
    if (!items) return grm_fail_memory(r->err);
    grm_words *out = &d->brief->sections;
    for (size_t i = 0; i < count && out->count < MAX_ITEMS * 2; i++)
        items[out->count++] = grm_memory_string(d->memory, r->sections[i]->means);
    while (list && grm_names_next(&list, name, sizeof(name)) && out->count < MAX_ITEMS * 2)
        items[out->count++] = grm_memory_string(d->memory, name);
    for (size_t i = 0; i < out->count; i++)
        if (!items[i]) return grm_fail_memory(r->err);
    if (out->count) {
        out->items = items;
        *said = 0.9f;
    }
    return GRM_OK;
}

grm_status grm_draft_form(grm_draft *d) {
    const grm_reading *r = d->r;
    float said = 0;
    for (size_t i = 0; i < r->match_count; i++) {
        const grm_match *m = &r->matches[i];
        const grm_meaning *form = grm_match_means(m, GRM_MEANS_FORM);
        if (!form || m->negated) continue;
        if (!grm_draft_add(d, &d->brief->form_wishes, form->entry->means, MAX_ITEMS)) return grm_fail_memory(r->err);
        if (m->confidence > said) said = m->confidence;
    }
    if (r->wants_solo) {
        if (!grm_draft_add(d, &d->brief->form_wishes, "solo", MAX_ITEMS)) return grm_fail_memory(r->err);
        said = 0.9f;
    }
    grm_status status = find_sections(d, &said);
    grm_draft_from(d, GRM_BRIEF_FORM, said > 0 ? GRM_FROM_PROMPT : GRM_FROM_STYLE, said > 0 ? said : 0.5f);

    const char *era = r->decade;
    float era_said = era ? 0.95f : 0;
    for (size_t i = 0; i < r->match_count && !era; i++) {
        const grm_meaning *m = grm_match_means(&r->matches[i], GRM_MEANS_ERA);
        if (!m || r->matches[i].negated) continue;
        era = m->entry->means;
        era_said = 0.85f * r->matches[i].confidence;
    }
    for (size_t i = 0; i < r->inner_count && !era; i++) {
        const grm_meaning *m = grm_phrase_means(r->inner[i], GRM_MEANS_ERA);
        era = m ? m->entry->means : NULL;
        era_said = 0.8f;
    }
    grm_draft_from(d, GRM_BRIEF_ERA, era ? GRM_FROM_PROMPT : GRM_FROM_STYLE, era ? era_said : 0.5f);
    d->brief->era = era ? grm_memory_string(d->memory, era) : NULL;
    if (era && !d->brief->era && status == GRM_OK) status = grm_fail_memory(r->err);
    return status;
}
