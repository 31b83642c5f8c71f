// From what was read to a whole brief: what the words leave open is chosen by the style and the seed.
#ifndef GRM_PROMPT_DRAFT_H
#define GRM_PROMPT_DRAFT_H

#include "prompt/reading.h"

enum { GRM_MAX_BLENDED = 4 };

typedef struct grm_draft {
    grm_brief *brief;
    grm_memory *memory;  // the brief's
    const grm_reading *r;
    const grm_style *style;
    const grm_style *blended[GRM_MAX_BLENDED];
    size_t blended_count;
    const grm_word_entry *piece;  // "string quartet": a genre that brings its players
    size_t piece_at;              // its token
    const char *misread;          // a note on what was not understood
} grm_draft;

grm_status grm_draft_style(grm_draft *d);
grm_status grm_draft_players(grm_draft *d);  // instruments, exclusions, textures, voice
grm_status grm_draft_form(grm_draft *d);     // wishes, sections, era
void grm_draft_mood(grm_draft *d);
void grm_draft_time(grm_draft *d);  // metre, tempo, duration
grm_status grm_draft_key(grm_draft *d);
grm_status grm_draft_title(grm_draft *d);
grm_status grm_draft_prose(grm_draft *d);  // enriched prompt and notes

void grm_draft_from(grm_draft *d, grm_brief_field field, grm_source source, float confidence);
// Adds a copy of a text to a list of at most `room`, unless it is there; false when memory runs out.
bool grm_draft_add(grm_draft *d, grm_words *words, const char *text, size_t room);
// The same, even if it is there: two violins.
bool grm_draft_append(grm_draft *d, grm_words *words, const char *text, size_t room);
bool grm_words_have(const grm_words *words, const char *text);
const grm_meaning *grm_match_means(const grm_match *match, grm_meaning_kind kind);
float grm_genre_weight(const grm_match *match);  // how surely it names a genre: 1, a hint below 0.5, 0 none
const char *grm_mode_name(grm_mode mode);
double grm_beats_in_bar(grm_metre metre);  // of the beat that the tempo counts
// Of a style's tempi, which count quarters: bars of two dotted beats are counted slower than four quarters.
double grm_tempo_scale(grm_metre metre);

#endif
