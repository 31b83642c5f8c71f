// What words mean: data/words.yaml, with the names of the catalogue's styles and instruments, by phrase.
#ifndef GRM_PROMPT_LEXICON_H
#define GRM_PROMPT_LEXICON_H

#include "prompt/tokens.h"
#include "style/style.h"

typedef enum grm_meaning_kind {
    GRM_MEANS_GENRE,
    GRM_MEANS_MOOD,
    GRM_MEANS_INTENSIFIER,
    GRM_MEANS_NEGATOR,
    GRM_MEANS_TURN,
    GRM_MEANS_ONLY,
    GRM_MEANS_TEMPO,
    GRM_MEANS_LENGTH,
    GRM_MEANS_ERA,
    GRM_MEANS_TEXTURE,
    GRM_MEANS_VOICE,
    GRM_MEANS_FORM,
    GRM_MEANS_SECTION,
    GRM_MEANS_ORDER,
    GRM_MEANS_METRE,
    GRM_MEANS_FAMILY,
    GRM_MEANS_INSTRUMENT,
    GRM_MEANS_NUMBER,
    GRM_MEANS_EVERYDAY,        // marks genre names that are everyday words
    GRM_MEANS_EVERYDAY_THING,  // marks such names of instruments
    GRM_MEANS_MUSIC_NOUN,      // "track", "song"
    GRM_MEANS_IMAGE,           // a picture that a title can take up
    GRM_MEANS_CONTEXT,         // words that readers of numbers look for: known, so never mistaken for others
} grm_meaning_kind;

// A line of data/words.yaml. Axes that are absent are NULL.
typedef struct grm_word_entry {
    const char *say, *means, *instruments, *all_only;
    float *valence, *energy, *weight, *low, *high, *bias;
    bool only;
    bool like;  // of an instrument that there is none of: what comes nearest
} grm_word_entry;

typedef struct grm_meaning {
    grm_meaning_kind kind;
    const grm_word_entry *entry;       // NULL for names of the catalogue that the data adds nothing to
    const grm_style *style;            // of a style's own name or synonym
    bool is_name;                      // its name or title, no synonym
    const grm_instrument *instrument;  // of an instrument's own name
    struct grm_meaning *next;
} grm_meaning;

typedef struct grm_phrase {
    const char *key;   // its words, joined
    const char *say;   // as the data has it
    unsigned lengths;  // bit n: written as n words somewhere
    grm_meaning *first;
    struct grm_phrase *next;  // of the same bucket
} grm_phrase;

typedef struct grm_lexicon grm_lexicon;

// Everything hangs in `memory` but the data file, which grm_lexicon_close gives back.
grm_status grm_lexicon_open(const grm_catalogue *catalogue, grm_memory *memory, grm_lexicon **out, grm_error *err);
void grm_lexicon_close(grm_lexicon *lexicon);

// The phrase for words joined, its plural or singular; NULL when there is none.
const grm_phrase *grm_lexicon_find(const grm_lexicon *lexicon, const char *key);
// The phrase that a name of any spelling ("Lo-Fi Hip-Hop") stands for.
const grm_phrase *grm_lexicon_name(const grm_lexicon *lexicon, const char *name);
const grm_meaning *grm_phrase_means(const grm_phrase *phrase, grm_meaning_kind kind);  // NULL: not that
// The longest phrase that begins at a token and has a meaning of one of the kinds (bits 1 << kind). *end is the token
// behind it. Words that `used` readers took end it.
const grm_phrase *grm_lexicon_match(const grm_lexicon *lexicon, const grm_tokens *tokens, size_t at, unsigned kinds,
                                    size_t *end);

// The style, or instrument, that a list of names ("house, techno") comes to first; NULL: the catalogue has none.
const grm_style *grm_lexicon_style(const grm_lexicon *lexicon, const char *names);
const grm_instrument *grm_lexicon_instrument(const grm_lexicon *lexicon, const char *names);
// Takes the next name off a comma-separated list; false at its end.
bool grm_names_next(const char **list, char *name, size_t size);

const char *grm_lexicon_default_style(const grm_lexicon *lexicon);
const char *grm_lexicon_decade_style(const grm_lexicon *lexicon, const char *decade);  // "house, techno" or NULL
bool grm_lexicon_metre_allowed(const grm_lexicon *lexicon, grm_metre metre);
const char *grm_lexicon_metres(const grm_lexicon *lexicon);  // those that are, with commas
// Weights of the twelve tonics.
void grm_lexicon_tonics(const grm_lexicon *lexicon, bool minor, float weights[12]);

// Corrects words that are one slip away from a known word of five letters or more.
void grm_lexicon_spell(const grm_lexicon *lexicon, grm_tokens *tokens);
// The known style, or instrument, name that is nearest to a text; NULL when nothing is near. For messages.
const char *grm_lexicon_nearest(const grm_lexicon *lexicon, const char *text, grm_meaning_kind kind);

// ---- for titles ----
typedef struct grm_title_entry {
    const char *form;    // "{adjective} {noun}"
    const char *styles;  // those whose name begins so; NULL: all that have no forms of their own
    float *weight;
} grm_title_entry;
typedef struct grm_title_words {
    const grm_title_entry *forms;
    unsigned form_count;
    // Comma-separated words, sorted by mood where it matters.
    const char *bright_adjectives, *dark_adjectives, *calm_adjectives, *wild_adjectives, *plain_adjectives;
    const char *bright_nouns, *dark_nouns, *calm_nouns, *wild_nouns, *plain_nouns;
    const char *places, *times, *pieces;
    const char *before_nouns, *also_before_nouns, *no_titles;  // what styles' title words can do
} grm_title_words;
const grm_title_words *grm_lexicon_titles(const grm_lexicon *lexicon);

// Damerau-Levenshtein distance (optimal string alignment), or `limit` + 1 when it is beyond `limit`.
// Words of more than GRM_MAX_LETTERS are beyond any.
enum { GRM_MAX_LETTERS = 24 };
unsigned grm_spelling_distance(const char *a, const char *b, unsigned limit);
// Whether data/plain_words.txt has the word: English, and one slip away from a known one.
bool grm_spelling_is_plain(const char *word);

#endif
