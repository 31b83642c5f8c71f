// Phrases in a hash table. Words are joined without blanks or hyphens, "and", "&" and "n" are one, so that all the ways
// in which people write "lo-fi hip hop" or "drum & bass" meet in one key.
#include "prompt/lexicon.h"

#include <cyaml/cyaml.h>
#include <stdlib.h>
#include <string.h>

#include "prompt/words.h"

enum { BUCKETS = 8192, MAX_PHRASE_TOKENS = 12, MAX_KEY = 64, MAX_LETTERS = GRM_MAX_LETTERS };

struct grm_lexicon {
    grm_memory *memory;
    grm_words_file *words;
    grm_titles_file *titles;
    grm_title_words title_words;
    const grm_catalogue *catalogue;
    grm_phrase *buckets[BUCKETS];
    // Single words, for spelling: by length, and by hash.
    struct spelled {
        const char *word;
        struct spelled *next, *next_alike;
    } * spelled[MAX_LETTERS + 1], *alike[BUCKETS];
};

static unsigned bucket_of(const char *key) {
    uint32_t hash = 2166136261u;  // FNV-1a
    for (const unsigned char *c = (const unsigned char *)key; *c; c++) hash = (hash ^ *c) * 16777619u;
    return hash % BUCKETS;
}

static grm_phrase *find(const grm_lexicon *lexicon, const char *key) {
    grm_phrase *p = lexicon->buckets[bucket_of(key)];
    while (p && strcmp(p->key, key) != 0) p = p->next;
    return p;
}

// What a token adds to a key: "and" and "&" are "n", hyphens and the like nothing. NULL ends the phrase.
static const char *piece_of(const grm_token *t) {
    if (t->kind != GRM_TOKEN_SIGN) return strcmp(t->text, "and") == 0 ? "n" : t->text;
    if (strcmp(t->text, "&") == 0) return "n";
    return strchr("-/'\"", t->text[0]) ? "" : NULL;
}

// The key of a whole phrase and how many words it has; false when it is too long or empty.
static bool make_key(const grm_tokens *tokens, char key[MAX_KEY], unsigned *words) {
    size_t length = 0;
    *words = 0;
    for (size_t i = 0; i < tokens->count; i++) {
        const char *piece = piece_of(&tokens->items[i]);
        if (!piece || length + strlen(piece) >= MAX_KEY) return false;
        length += (size_t)sprintf(key + length, "%s", piece);
        *words += *piece != 0;
    }
    return length > 0 && *words < 32;
}

static bool is_spelled(const grm_lexicon *lexicon, const char *word) {
    const struct spelled *s = lexicon->alike[bucket_of(word)];
    while (s && strcmp(s->word, word) != 0) s = s->next_alike;
    return s != NULL;
}

static bool add_spelled(grm_lexicon *lexicon, const char *word) {
    size_t length = strlen(word);
    if (length > MAX_LETTERS || is_spelled(lexicon, word)) return true;
    struct spelled *s = grm_memory_take(lexicon->memory, 1, sizeof(*s));
    if (!s) return false;
    unsigned bucket = bucket_of(word);
    *s = (struct spelled){word, lexicon->spelled[length], lexicon->alike[bucket]};
    lexicon->spelled[length] = lexicon->alike[bucket] = s;
    return true;
}

static bool add_word(grm_lexicon *lexicon, const char *word) {
    if (is_spelled(lexicon, word)) return true;
    const char *copy = grm_memory_string(lexicon->memory, word);
    return copy && add_spelled(lexicon, copy);
}

// What grm_tokens_cut and make_key come to for plain ASCII, in one go: thousands of phrases go through here each time.
// *words is 0 when it makes no key. The words are kept for spelling where a lexicon is given. False when memory runs
// out.
static bool key_of_ascii(grm_lexicon *lexicon, const char *say, char key[MAX_KEY], unsigned *words) {
    size_t length = 0;
    *words = 0;
    for (const char *p = say; *p;) {
        char word[MAX_KEY];
        size_t n = 0;
        bool letters = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'), digits = *p >= '0' && *p <= '9';
        while (letters && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '\'') && n + 1 < MAX_KEY) {
            if (*p != '\'') word[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
            p++;
        }
        while (digits && *p >= '0' && *p <= '9' && n + 1 < MAX_KEY) word[n++] = *p++;
        word[n] = 0;
        if (letters && lexicon && !add_word(lexicon, word)) return false;
        if (letters && strcmp(word, "and") == 0) n = 1, memcpy(word, "n", 2);
        if (!letters && !digits) {
            if (*p == '&') memcpy(word, "n", 2), n = 1;
            if (!strchr("&-/'\" ", *p)) *words = 32;  // no phrase
            p++;
        }
        if (length + n >= MAX_KEY || *words >= 32) {
            *words = 0;
            return true;
        }
        memcpy(key + length, word, n + 1);
        length += n;
        *words += n > 0;
    }
    return true;
}

static bool is_ascii(const char *text) {
    while (*text && (unsigned char)*text < 0x80) text++;
    return *text == 0;
}

// Adds one phrase with a meaning. False when memory runs out.
static bool add(grm_lexicon *lexicon, const char *say, grm_meaning meaning) {
    char key[MAX_KEY];
    unsigned words;
    if (is_ascii(say)) {
        if (!key_of_ascii(lexicon, say, key, &words)) return false;
    } else {
        grm_tokens tokens;
        if (!grm_tokens_cut(say, lexicon->memory, &tokens)) return false;
        if (!make_key(&tokens, key, &words)) words = 0;
    }
    if (words == 0) return true;
    grm_phrase *phrase = find(lexicon, key);
    if (!phrase) {
        phrase = grm_memory_take(lexicon->memory, 1, sizeof(*phrase));
        if (!phrase) return false;
        unsigned bucket = bucket_of(key);
        phrase->key = grm_memory_string(lexicon->memory, key);
        phrase->say = grm_memory_string(lexicon->memory, say);
        if (!phrase->key || !phrase->say) return false;
        phrase->next = lexicon->buckets[bucket];
        lexicon->buckets[bucket] = phrase;
    }
    phrase->lengths |= 1u << words;
    // One meaning a kind: what came first (the catalogue) stays, and takes what the data adds.
    for (grm_meaning *m = phrase->first; m; m = m->next) {
        if (m->kind != meaning.kind) continue;
        if (!m->entry) m->entry = meaning.entry;
        return true;
    }
    grm_meaning *m = grm_memory_take(lexicon->memory, 1, sizeof(*m));
    if (!m) return false;
    *m = meaning;
    m->next = phrase->first;
    phrase->first = m;
    return true;
}

bool grm_names_next(const char **list, char *name, size_t size) {
    while (**list == ' ' || **list == ',') ++*list;
    size_t length = strcspn(*list, ",");
    if (length == 0) return false;
    size_t kept = length < size - 1 ? length : size - 1;
    memcpy(name, *list, kept);
    while (kept > 0 && name[kept - 1] == ' ') kept--;
    name[kept] = 0;
    *list += length;
    return true;
}

static bool add_list(grm_lexicon *lexicon, const char *says, grm_meaning meaning) {
    char say[128];
    while (grm_names_next(&says, say, sizeof(say)))
        if (!add(lexicon, say, meaning)) return false;
    return true;
}

static bool add_entries(grm_lexicon *lexicon, const grm_word_entry *entries, unsigned count, grm_meaning_kind kind) {
    for (unsigned i = 0; i < count; i++)
        if (!add_list(lexicon, entries[i].say, (grm_meaning){.kind = kind, .entry = &entries[i]})) return false;
    return true;
}

static bool add_catalogue(grm_lexicon *lexicon) {
    const grm_catalogue *c = lexicon->catalogue;
    for (size_t i = 0; i < c->style_count; i++) {
        const grm_style *s = &c->styles[i];
        grm_meaning meaning = {.kind = GRM_MEANS_GENRE, .style = s, .is_name = true};
        if (!add(lexicon, s->name, meaning) || !add(lexicon, s->title, meaning)) return false;
    }
    for (size_t i = 0; i < c->style_count; i++)  // a synonym never takes another style's name
        for (size_t k = 0; k < c->styles[i].synonyms.count; k++) {
            grm_meaning meaning = {.kind = GRM_MEANS_GENRE, .style = &c->styles[i]};
            if (!add(lexicon, c->styles[i].synonyms.items[k], meaning)) return false;
        }
    for (size_t i = 0; i < c->instrument_count; i++) {
        const grm_instrument *n = &c->instruments[i];
        bool texture = strcmp(n->family, "texture") == 0;
        grm_meaning meaning = {.kind = texture ? GRM_MEANS_TEXTURE : GRM_MEANS_INSTRUMENT, .instrument = n};
        if (!add(lexicon, n->id, meaning) || !add(lexicon, n->title, meaning)) return false;
    }
    for (size_t i = 0; i < c->instrument_count; i++) {
        const grm_instrument *n = &c->instruments[i];
        bool texture = strcmp(n->family, "texture") == 0;
        grm_meaning meaning = {.kind = texture ? GRM_MEANS_TEXTURE : GRM_MEANS_INSTRUMENT, .instrument = n};
        for (size_t k = 0; k < n->synonyms.count; k++)
            if (!add(lexicon, n->synonyms.items[k], meaning)) return false;
    }
    return true;
}

// Words that the readers of numbers and keys look for, and those small words that must not be taken for slips.
static const char context_words[] =
    "tempo, bpm, beats, minute, minutes, second, seconds, hour, hours, measures, major, minor, dorian, phrygian, "
    "lydian, mixolydian, locrian, aeolian, ionian, sharp, flat, around, about, roughly, approximately, between, "
    "called, titled, named, untitled, length, duration, lasting, quarter, something, anything, everything, please, "
    "scale, tonality, metre, meter, signature, instrument, instruments, musical, inspired, influenced, background";

static bool add_words(grm_lexicon *lexicon) {
    const grm_words_file *w = lexicon->words;
    const grm_titles_file *t = lexicon->titles;
    return add_entries(lexicon, w->genres, w->genres_count, GRM_MEANS_GENRE) &&
           add_entries(lexicon, w->moods, w->moods_count, GRM_MEANS_MOOD) &&
           add_entries(lexicon, w->intensifiers, w->intensifiers_count, GRM_MEANS_INTENSIFIER) &&
           add_list(lexicon, w->negators, (grm_meaning){.kind = GRM_MEANS_NEGATOR}) &&
           add_list(lexicon, w->turns, (grm_meaning){.kind = GRM_MEANS_TURN}) &&
           add_list(lexicon, w->onlys, (grm_meaning){.kind = GRM_MEANS_ONLY}) &&
           add_entries(lexicon, w->tempos, w->tempos_count, GRM_MEANS_TEMPO) &&
           add_entries(lexicon, w->lengths, w->lengths_count, GRM_MEANS_LENGTH) &&
           add_entries(lexicon, w->eras, w->eras_count, GRM_MEANS_ERA) &&
           add_entries(lexicon, w->textures, w->textures_count, GRM_MEANS_TEXTURE) &&
           add_entries(lexicon, w->voices, w->voices_count, GRM_MEANS_VOICE) &&
           add_entries(lexicon, w->forms, w->forms_count, GRM_MEANS_FORM) &&
           add_entries(lexicon, w->sections, w->sections_count, GRM_MEANS_SECTION) &&
           add_entries(lexicon, w->orders, w->orders_count, GRM_MEANS_ORDER) &&
           add_entries(lexicon, w->metres, w->metres_count, GRM_MEANS_METRE) &&
           add_entries(lexicon, w->families, w->families_count, GRM_MEANS_FAMILY) &&
           add_entries(lexicon, w->instruments, w->instruments_count, GRM_MEANS_INSTRUMENT) &&
           add_entries(lexicon, w->numbers, w->numbers_count, GRM_MEANS_NUMBER) &&
           add_list(lexicon, w->everyday, (grm_meaning){.kind = GRM_MEANS_EVERYDAY}) &&
           add_list(lexicon, w->everyday_things, (grm_meaning){.kind = GRM_MEANS_EVERYDAY_THING}) &&
           add_list(lexicon, w->music_nouns, (grm_meaning){.kind = GRM_MEANS_MUSIC_NOUN}) &&
           add_entries(lexicon, t->images, t->images_count, GRM_MEANS_IMAGE) &&
           add_list(lexicon, context_words, (grm_meaning){.kind = GRM_MEANS_CONTEXT});
}

grm_status grm_lexicon_open(const grm_catalogue *catalogue, grm_memory *memory, grm_lexicon **out, grm_error *err) {
    *out = NULL;
    grm_lexicon *lexicon = grm_memory_take(memory, 1, sizeof(*lexicon));
    if (!lexicon) return grm_fail_memory(err);
    lexicon->memory = memory;
    lexicon->catalogue = catalogue;
    grm_status status = grm_words_load(&lexicon->words, &lexicon->titles, err);
    if (status == GRM_OK && (!add_catalogue(lexicon) || !add_words(lexicon))) status = grm_fail_memory(err);
    if (status != GRM_OK) {
        grm_lexicon_close(lexicon);
        return status;
    }
    const grm_titles_file *t = lexicon->titles;
    lexicon->title_words = t->words;
    lexicon->title_words.forms = t->forms;
    lexicon->title_words.form_count = t->forms_count;
    *out = lexicon;
    return GRM_OK;
}

void grm_lexicon_close(grm_lexicon *lexicon) {
    if (lexicon) grm_words_unload(lexicon->words, lexicon->titles);
}

const grm_meaning *grm_phrase_means(const grm_phrase *phrase, grm_meaning_kind kind) {
    const grm_meaning *m = phrase ? phrase->first : NULL;
    while (m && m->kind != kind) m = m->next;
    return m;
}

const grm_phrase *grm_lexicon_find(const grm_lexicon *lexicon, const char *key) {
    const grm_phrase *found = find(lexicon, key);
    size_t length = strlen(key);
    if (found || length < 4 || length + 2 > MAX_KEY) return found;
    char other[MAX_KEY];
    memcpy(other, key, length + 1);
    if (key[length - 1] == 's' && key[length - 2] != 's') {
        other[length - 1] = 0;
    } else if (key[length - 1] != 's') {
        memcpy(other + length, "s", 2);
    } else {
        return NULL;
    }
    return find(lexicon, other);
}

const grm_phrase *grm_lexicon_name(const grm_lexicon *lexicon, const char *name) {
    char key[MAX_KEY] = "";
    unsigned words = 0;
    if (is_ascii(name)) {
        key_of_ascii(NULL, name, key, &words);
    } else {
        grm_tokens tokens;
        grm_memory *memory = grm_memory_new();
        if (!memory || !grm_tokens_cut(name, memory, &tokens) || !make_key(&tokens, key, &words)) words = 0;
        grm_memory_free(memory);
    }
    return words ? grm_lexicon_find(lexicon, key) : NULL;
}

static bool has_kind(const grm_phrase *phrase, unsigned kinds) {
    for (const grm_meaning *m = phrase->first; m; m = m->next)
        if (kinds >> m->kind & 1) return true;
    return false;
}

const grm_phrase *grm_lexicon_match(const grm_lexicon *lexicon, const grm_tokens *tokens, size_t at, unsigned kinds,
                                    size_t *end) {
    const grm_phrase *best = NULL;
    char key[MAX_KEY];
    size_t length = 0;
    unsigned words = 0;
    bool hyphened = true;  // all words so far hang together
    bool long_words = true;
    for (size_t i = at; i < tokens->count && i < at + MAX_PHRASE_TOKENS; i++) {
        const grm_token *t = &tokens->items[i];
        const char *piece = piece_of(t);
        if (!piece || t->used || length + strlen(piece) >= MAX_KEY || (i == at && t->kind == GRM_TOKEN_SIGN)) break;
        if (i > at && !t->glued) hyphened = false;
        length += (size_t)sprintf(key + length, "%s", piece);
        if (!*piece) continue;
        words++;
        if (strlen(piece) < 3) long_words = false;
        const grm_phrase *phrase = grm_lexicon_find(lexicon, key);
        if (!phrase || !has_kind(phrase, kinds)) continue;
        // Words that only meet by chance ("in die" is not "indie") must stand as the phrase is written.
        if (words > 1 && !hyphened && !long_words && !(phrase->lengths >> words & 1)) continue;
        best = phrase;
        *end = i + 1;
    }
    return best;
}

const grm_style *grm_lexicon_style(const grm_lexicon *lexicon, const char *names) {
    char name[128];
    while (grm_names_next(&names, name, sizeof(name))) {
        const grm_meaning *m = grm_phrase_means(grm_lexicon_name(lexicon, name), GRM_MEANS_GENRE);
        if (m && m->style) return m->style;
    }
    return NULL;
}

const grm_instrument *grm_lexicon_instrument(const grm_lexicon *lexicon, const char *names) {
    char name[128];
    while (grm_names_next(&names, name, sizeof(name))) {
        const grm_phrase *phrase = grm_lexicon_name(lexicon, name);
        const grm_meaning *m = grm_phrase_means(phrase, GRM_MEANS_INSTRUMENT);
        if (!m) m = grm_phrase_means(phrase, GRM_MEANS_TEXTURE);
        if (m && m->instrument) return m->instrument;
    }
    return NULL;
}

const char *grm_lexicon_default_style(const grm_lexicon *lexicon) {
    return lexicon->words->default_style;
}

const char *grm_lexicon_decade_style(const grm_lexicon *lexicon, const char *decade) {
    for (unsigned i = 0; i < lexicon->words->decades_count; i++) {
        const char *list = lexicon->words->decades[i].say;
        char name[16];
        while (grm_names_next(&list, name, sizeof(name)))
            if (strcmp(name, decade) == 0) return lexicon->words->decades[i].means;
    }
    return NULL;
}

const char *grm_lexicon_metres(const grm_lexicon *lexicon) {
    return lexicon->words->metres_allowed;
}

bool grm_lexicon_metre_allowed(const grm_lexicon *lexicon, grm_metre metre) {
    const char *list = lexicon->words->metres_allowed;
    char name[16], wanted[32];
    snprintf(wanted, sizeof(wanted), "%d/%d", metre.beats, metre.unit);
    while (grm_names_next(&list, name, sizeof(name)))
        if (strcmp(name, wanted) == 0) return true;
    return false;
}

void grm_lexicon_tonics(const grm_lexicon *lexicon, bool minor, float weights[12]) {
    for (unsigned i = 0; i < 12; i++)
        weights[i] = minor ? lexicon->words->tonics_minor[i] : lexicon->words->tonics_major[i];
}

const grm_title_words *grm_lexicon_titles(const grm_lexicon *lexicon) {
    return &lexicon->title_words;
}

// ---- spelling ----

// Whether two words of one length are made of the same letters: typing swaps neighbours more than anything else.
static bool same_letters(const char *a, const char *b) {
    int count[26] = {0};
    if (strlen(a) != strlen(b)) return false;
    for (; *a; a++, b++) {
        count[*a - 'a']++;
        count[*b - 'a']--;
    }
    for (int i = 0; i < 26; i++)
        if (count[i]) return false;
    return true;
}

// The likeliest of the known words one slip away: a swap first, then one with the same first letter, where slips are
// rare, then the earlier in the alphabet, so that the guess depends on nothing else.
static const char *nearest_word(const grm_lexicon *lexicon, const char *word) {
    size_t length = strlen(word);
    const char *best = NULL;
    int best_rank = -1;
    for (size_t n = length > 5 ? length - 1 : 5; n <= length + 1 && n <= MAX_LETTERS; n++)
        for (const struct spelled *s = lexicon->spelled[n]; s; s = s->next) {
            if (grm_spelling_distance(word, s->word, 1) > 1) continue;
            int rank = 2 * same_letters(word, s->word) + (s->word[0] == word[0]);
            if (rank < best_rank || (rank == best_rank && strcmp(s->word, best) >= 0)) continue;
            best = s->word;
            best_rank = rank;
        }
    return best;
}

void grm_lexicon_spell(const grm_lexicon *lexicon, grm_tokens *tokens) {
    for (size_t i = 0; i < tokens->count; i++) {
        grm_token *t = &tokens->items[i];
        if (t->kind != GRM_TOKEN_WORD) continue;
        t->known = is_spelled(lexicon, t->text) || grm_lexicon_find(lexicon, t->text) != NULL;
        if (t->known || strlen(t->text) < 4) continue;
        if (grm_spelling_is_plain(t->text)) {
            t->known = true;
            continue;
        }
        const char *meant = nearest_word(lexicon, t->text);
        if (!meant) continue;
        t->text = meant;
        t->confidence = 0.6f;
        t->known = true;
    }
}

const char *grm_lexicon_nearest(const grm_lexicon *lexicon, const char *text, grm_meaning_kind kind) {
    char key[MAX_KEY] = "";
    unsigned words = 0, best_distance = 4;
    const char *best = NULL;
    if (!is_ascii(text)) return NULL;
    key_of_ascii(NULL, text, key, &words);
    if (words == 0) return NULL;
    for (unsigned b = 0; b < BUCKETS; b++)
        for (const grm_phrase *p = lexicon->buckets[b]; p; p = p->next) {
            if (!grm_phrase_means(p, kind)) continue;
            unsigned limit = strlen(p->key) < 5 ? 1 : strlen(p->key) < 8 ? 2 : 3;
            unsigned distance = grm_spelling_distance(key, p->key, limit);
            if (distance > limit || distance > best_distance) continue;
            if (distance < best_distance || !best || strcmp(p->say, best) < 0) best = p->say;
            best_distance = distance;
        }
    return best;
}
