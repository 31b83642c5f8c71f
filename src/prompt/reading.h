// A prompt while it is read: its tokens, and what each reader found.
#ifndef GRM_PROMPT_READING_H
#define GRM_PROMPT_READING_H

#include "prompt/lexicon.h"
#include "prompt/prompt.h"

enum { GRM_TEMPO_LOWEST = 20, GRM_TEMPO_HIGHEST = 400, GRM_SHORTEST_S = 5, GRM_MAX_INNER = 16 };

// A phrase of the prompt that the lexicon knows.
typedef struct grm_match {
    const grm_phrase *phrase;
    size_t first, end;  // tokens
    float confidence;
    float strength;  // of intensifiers, 1 without
    bool negated;
    bool everyday;  // an instrument's name that means something else here
    bool only;      // one of the things that alone may play
} grm_match;

// A number that was found, 0 confidence when it was not.
typedef struct grm_found {
    double value;
    float confidence;
} grm_found;

typedef struct grm_reading {
    grm_memory *memory;
    const grm_catalogue *catalogue;
    const grm_lexicon *lexicon;
    const grm_brief_options *options;
    double longest_s;
    grm_error *err;
    grm_tokens tokens;
    grm_match *matches;
    size_t match_count;
    const grm_phrase *inner[GRM_MAX_INNER];  // within names of genres: "dark ambient", "baroque music"
    size_t inner_count;

    grm_found tempo, duration_s, duration_bars, seed;
    grm_key key;
    float key_confidence, mode_confidence;  // tonic with mode; mode alone
    grm_metre metre;
    float metre_confidence;
    bool metre_refused;  // one was asked that can't be had
    const char *decade;  // "1980s" or NULL
    const char *title;
    const grm_word_entry **sections;  // the order asked, or NULL
    size_t section_count;
    const grm_word_entry *order;  // an order with a name, or NULL
    bool wants_solo;              // "with a guitar solo"
    const char *second_tempo;     // one that had to give way to the first
} grm_reading;

// grm_brief_read with a lexicon that is open already, for reading many prompts; threads may share it.
grm_status grm_brief_read_with(const char *prompt, const grm_brief_options *options, const grm_catalogue *catalogue,
                               const grm_lexicon *lexicon, grm_brief **out, grm_error *err);

// Readers of one thing each. They mark the tokens that they take as used.
grm_status grm_read_tempo(grm_reading *r);     // with a unit or a word that says so
void grm_read_bare_tempo(grm_reading *r);      // "techno 130", after the lexicon's turn
grm_status grm_read_duration(grm_reading *r);  // "3 minutes", "2:30", "16 bars"
void grm_read_decade(grm_reading *r);          // "80s", "1990s"
void grm_read_metre(grm_reading *r);           // "6/8", "in 7"
void grm_read_key(grm_reading *r);             // "F# minor", "D dorian"
void grm_read_seed(grm_reading *r);            // "seed 42"
grm_status grm_read_sections(grm_reading *r);  // "verse chorus verse"
grm_status grm_read_phrases(grm_reading *r);   // everything that the lexicon knows, with negation and "only"

// A number at a token, in figures or words ("one hundred and twenty", "2 and a half", "-5"); *end is behind it.
bool grm_read_number(const grm_reading *r, size_t at, double *value, size_t *end);
// Whether the figures at a token say a decade ("80s", "1990s", "'70s") rather than seconds.
bool grm_is_decade(const grm_reading *r, size_t at);
void grm_use_tokens(grm_reading *r, size_t first, size_t end);
// Within what a track may last; else GRM_USAGE that names what is allowed.
grm_status grm_check_duration(double seconds, double longest_s, grm_error *err);
grm_status grm_check_tempo(double bpm, grm_error *err);
// "m:ss" for whole seconds of a minute and more, "42 s" below.
void grm_duration_name(double seconds, char text[24]);

#endif
