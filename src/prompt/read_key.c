// Key and mode. The trap is the letter A: "in a minor way" and "a major hit" name no key.
#include <string.h>

#include "prompt/reading.h"

static const struct {
    const char *word;
    grm_mode mode;
} modes[] = {
    {"major", GRM_MAJOR},       {"maj", GRM_MAJOR},     {"ionian", GRM_MAJOR},          {"minor", GRM_MINOR},
    {"min", GRM_MINOR},         {"m", GRM_MINOR},       {"aeolian", GRM_MINOR},         {"dorian", GRM_DORIAN},
    {"phrygian", GRM_PHRYGIAN}, {"lydian", GRM_LYDIAN}, {"mixolydian", GRM_MIXOLYDIAN}, {"locrian", GRM_LOCRIAN},
};

static bool mode_word(const char *word, grm_mode *mode) {
    for (size_t i = 0; i < GRM_COUNT(modes); i++)
        if (strcmp(modes[i].word, word) == 0) {
            *mode = modes[i].mode;
            return true;
        }
    return false;
}

static int pitch_class(char letter) {
    static const int classes[] = {9, 11, 0, 2, 4, 5, 7};
    return classes[letter - 'a'];
}

// A tonic as it was found.
typedef struct note {
    int tonic;
    bool flat, accidental, has_mode, letter_a;
    bool upper;   // written as a capital, and capitals mean something in this prompt
    bool suffix;  // its mode is glued to it: "Am", "F#m"
    grm_mode mode;
    size_t end;
    float confidence;
} note;

static bool all_capitals(const grm_tokens *t) {
    for (size_t i = 0; i < t->count; i++)
        for (const char *c = t->items[i].raw; *c; c++)
            if (*c >= 'a' && *c <= 'z') return false;
    return true;
}

// "Ebm", "Cmin", "Bb": a letter, perhaps a flat, perhaps a mode, in one word.
static bool one_word(const grm_token *token, note *n) {
    const char *rest = token->text + 1;
    if (token->text[0] < 'a' || token->text[0] > 'g') return false;
    n->tonic = pitch_class(token->text[0]);
    if (*rest == 'b') {
        n->flat = n->accidental = true;
        n->tonic = (n->tonic + 11) % 12;
        rest++;
    }
    if (*rest) {
        if (!mode_word(rest, &n->mode) || n->mode == GRM_DORIAN) return false;
        n->has_mode = n->suffix = true;
    }
    return true;
}

static bool note_at(const grm_tokens *t, size_t i, bool capitals, note *n) {
    *n = (note){.end = i + 1, .confidence = 1};
    const grm_token *token = &t->items[i];
    if (token->used || token->kind != GRM_TOKEN_WORD || token->confidence < 1 || !one_word(token, n)) return false;
    if (token->glued && i > 0 && t->items[i - 1].kind != GRM_TOKEN_SIGN) return false;  // "3c"
    n->upper = !capitals && token->raw[0] >= 'A' && token->raw[0] <= 'G';
    n->letter_a = token->text[0] == 'a' && !token->text[1];
    if (token->text[1]) return true;
    size_t k = n->end;
    if (grm_token_is(t, k, "#") && t->items[k].glued) {
        n->accidental = true;
        n->tonic = (n->tonic + 1) % 12;
        n->end = ++k;
        grm_mode mode;
        if (k < t->count && t->items[k].glued && t->items[k].kind == GRM_TOKEN_WORD) {
            if (!mode_word(t->items[k].text, &mode)) return false;
            n->suffix = n->has_mode = true;
            n->mode = mode;
            n->end = k + 1;
        }
        return true;
    }
    if (grm_token_is(t, k, "-") && grm_token_among(t, k + 1, "sharp flat")) k++;
    if (grm_token_among(t, k, "sharp flat")) {
        n->accidental = true;
        n->flat = grm_token_is(t, k, "flat");
        n->tonic = (n->tonic + (n->flat ? 11 : 1)) % 12;
        n->confidence = t->items[k].confidence;
        n->end = k + 1;
    }
    return true;
}

// A mode behind a note: "minor", "-minor", "harmonic minor", "dorian".
static bool mode_at(const grm_tokens *t, size_t i, note *n) {
    if (grm_token_is(t, i, "-")) i++;
    if (grm_token_among(t, i, "natural harmonic melodic pentatonic blues")) i++;
    grm_mode mode;
    if (i >= t->count || t->items[i].used || !mode_word(t->items[i].text, &mode)) return false;
    if (strcmp(t->items[i].text, "m") == 0 && !t->items[i].glued) return false;
    n->mode = mode;
    n->has_mode = true;
    n->confidence *= t->items[i].confidence;
    n->end = i + 1;
    if (grm_token_among(t, n->end, "pentatonic blues") && mode == GRM_MINOR && grm_token_is(t, n->end + 1, "scale"))
        n->end += 2;
    return true;
}

// 2: "key of", "key:"; 1: "in"; 0: neither.
static int announced(const grm_tokens *t, size_t i) {
    if (i == 0) return 0;
    if (grm_token_is(t, i - 1, "of") && i > 1 && grm_token_among(t, i - 2, "key scale")) return 2;
    if (grm_token_among(t, i - 1, "key tonic")) return 2;
    if (grm_token_among(t, i - 1, ": = is") && i > 1 && grm_token_among(t, i - 2, "key tonic")) return 2;
    if (grm_token_is(t, i - 1, "in") || grm_token_is(t, i - 1, "@")) return 1;
    return 0;
}

static bool goes_on_without_noun(const grm_tokens *t, size_t i) {
    return grm_token_closes(t, i) || t->items[i].kind != GRM_TOKEN_WORD ||
           grm_token_among(t, i, "with at and for on but around about scale tempo in using featuring over then to");
}

static bool musical_noun(const grm_reading *r, size_t i, bool moods_too) {
    unsigned kinds = 1u << GRM_MEANS_GENRE | 1u << GRM_MEANS_INSTRUMENT | 1u << GRM_MEANS_FAMILY |
                     1u << GRM_MEANS_MUSIC_NOUN | 1u << GRM_MEANS_TEMPO;
    if (moods_too) kinds |= 1u << GRM_MEANS_MOOD;
    size_t end;
    return !grm_token_among(&r->tokens, i, "hit thing key way") &&
           grm_lexicon_match(r->lexicon, &r->tokens, i, kinds, &end) != NULL;
}

// A word of its own among commas, or beside the tempo: "trap, gm, dark", "95bpm bm".
static bool stands_alone(const grm_tokens *t, size_t i) {
    bool before = i == 0 || grm_token_closes(t, i - 1) || grm_token_among(t, i - 1, "bpm bpms - / |");
    return before && (grm_token_closes(t, i + 1) || grm_token_among(t, i + 1, "- / |") ||
                      (i + 1 < t->count && t->items[i + 1].kind == GRM_TOKEN_NUMBER));
}

// How sure it is that a note with a mode names a key; 0: it doesn't.
static float sure_with_mode(const grm_reading *r, size_t i, const note *n, int announcement) {
    const grm_tokens *t = &r->tokens;
    if (n->suffix) {
        const char *raw = t->items[i].raw;
        bool short_form = strcmp(t->items[i].text + 1, "m") == 0 || strcmp(t->items[i].text + 1, "bm") == 0;
        if (!short_form) return 0.95f;  // "Cmin", "F#m"
        bool english = strcmp(t->items[i].text, "am") == 0 || strcmp(t->items[i].text, "fm") == 0;
        bool cased = n->upper && raw[strlen(raw) - 1] == 'm';
        if (cased) return 0.9f;
        if (announcement > 0 && !english) return 0.8f;
        return i > 0 && !english && stands_alone(t, i) ? 0.7f : 0;
    }
    if (!n->letter_a || n->accidental) return n->upper || announcement > 0 ? 1.0f : 0.95f;
    bool sentence_start = i == 0 || grm_token_among(t, i - 1, ". ! ? \n");
    if (announcement == 2) return 1.0f;
    if (n->upper && !sentence_start) return 1.0f;
    if (n->mode != GRM_MAJOR && n->mode != GRM_MINOR) return announcement ? 0.9f : 0;
    if (goes_on_without_noun(t, n->end)) return announcement ? 0.9f : 0.75f;
    if (n->mode == GRM_MINOR && musical_noun(r, n->end, true)) return n->upper || announcement ? 0.7f : 0.6f;
    if (n->mode == GRM_MAJOR && (announcement || n->upper) && musical_noun(r, n->end, false)) return 0.6f;
    return 0;
}

static float sure_without_mode(const grm_reading *r, size_t i, const note *n, int announcement) {
    const grm_tokens *t = &r->tokens;
    bool free_after = goes_on_without_noun(t, n->end);
    bool noun = musical_noun(r, n->end, true);
    if (announcement == 2) return n->letter_a && !n->upper && !free_after ? 0 : 0.9f;
    if (n->accidental) {
        if (announcement) return n->letter_a && !n->upper && !free_after && !noun ? 0 : 0.85f;
        if (i > 0 && t->items[i - 1].kind == GRM_TOKEN_NUMBER) return 0;  // "16 Gb", "-6 dB"
        if (t->items[i].text[1] == 'b') return n->upper && t->items[i].raw[1] == 'b' ? 0.7f : 0;
        return n->upper || !n->letter_a ? 0.75f : 0;
    }
    if (!announcement) return 0;
    if (n->letter_a) return n->upper ? free_after || noun ? 0.8f : 0 : i + 1 >= t->count ? 0.6f : 0;
    return n->upper || free_after || noun ? 0.75f : 0;
}

// "minor key", "in minor", "dorian": a mode without a tonic.
static void read_mode_alone(grm_reading *r) {
    const grm_tokens *t = &r->tokens;
    for (size_t i = 0; i < t->count; i++) {
        grm_mode mode;
        if (t->items[i].used || t->items[i].kind != GRM_TOKEN_WORD || !mode_word(t->items[i].text, &mode)) continue;
        size_t next = grm_token_is(t, i + 1, "-") ? i + 2 : i + 1;
        bool named = (grm_token_among(
                          t, next, "key keys scale mode tonality chords chord progression harmony pentatonic blues") &&
                      !grm_token_among(t, next + 1, "change changes")) ||
                     (i > 0 && grm_token_is(t, i - 1, "in"));
        bool plain = grm_token_among(t, i, "major minor maj min m");
        if (grm_token_among(t, i, "min m maj") || (plain && !named)) continue;
        r->key.mode = mode;
        r->mode_confidence = 0.9f * t->items[i].confidence;
        t->items[i].used = true;
        return;
    }
}

void grm_read_key(grm_reading *r) {
    const grm_tokens *t = &r->tokens;
    bool capitals = all_capitals(t);
    for (size_t i = 0; i < t->count && r->key_confidence == 0; i++) {
        note n;
        if (!note_at(t, i, capitals, &n)) continue;
        if (!n.has_mode) mode_at(t, n.end, &n);
        int announcement = announced(t, i);
        // "in a minor key" leaves the tonic open
        if (n.letter_a && n.has_mode && !n.upper && grm_token_among(t, n.end, "key mode scale tonality") &&
            announcement < 2)
            continue;
        float sure = n.has_mode ? sure_with_mode(r, i, &n, announcement) : sure_without_mode(r, i, &n, announcement);
        if (sure <= 0) continue;
        if (i > 1 && grm_token_is(t, i - 2, "not") && announcement == 1) continue;
        r->key = (grm_key){n.tonic, n.mode, n.flat};
        r->key_confidence = sure * n.confidence;
        if (n.has_mode) r->mode_confidence = r->key_confidence;
        grm_use_tokens(r, i, n.end);
    }
    if (r->mode_confidence == 0) read_mode_alone(r);
}
