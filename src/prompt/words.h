// data/words.yaml and data/titles.yaml as they lie in memory. For the lexicon alone.
#ifndef GRM_PROMPT_WORDS_H
#define GRM_PROMPT_WORDS_H

#include "prompt/lexicon.h"

typedef struct grm_words_file {
    const char *default_style, *everyday, *everyday_things, *music_nouns, *negators, *turns, *onlys, *metres_allowed;
    grm_word_entry *genres, *moods, *intensifiers, *tempos, *lengths, *eras, *decades, *textures, *voices, *forms,
        *sections, *orders, *metres, *families, *instruments, *numbers;
    unsigned genres_count, moods_count, intensifiers_count, tempos_count, lengths_count, eras_count, decades_count,
        textures_count, voices_count, forms_count, sections_count, orders_count, metres_count, families_count,
        instruments_count, numbers_count;
    float tonics_major[12], tonics_minor[12];
} grm_words_file;

typedef struct grm_titles_file {
    grm_title_entry *forms;
    grm_word_entry *images;
    unsigned forms_count, images_count;
    grm_title_words words;
} grm_titles_file;

// Reads both from what is built in; grm_words_unload frees them (NULL is fine).
grm_status grm_words_load(grm_words_file **words, grm_titles_file **titles, grm_error *err);
void grm_words_unload(grm_words_file *words, grm_titles_file *titles);

#endif
