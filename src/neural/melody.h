// The rows that melody models read before the codes: the melody's chroma, then the words.
#ifndef GRM_NEURAL_MELODY_H
#define GRM_NEURAL_MELODY_H

#include "audio/audio.h"
#include "neural/model.h"

// `melody` (one channel, at the codec's rate; NULL: none) as a window of codes hears it. The only window reads its
// first 30 s, whose chroma is repeated as often as it takes. One of several reads 30 s from sample `first` on, and the
// melody begins again at its end (as audiocraft has it). rows: [count][grm_melody_length][width], of which the first
// `with_words` hear melody and words.
grm_status grm_melody_rows(const grm_model *model, const grm_audio *melody, bool only, size_t first,
                           const grm_prompt_states *prompt, size_t with_words, size_t count, float *rows,
                           grm_error *err);

static inline size_t grm_melody_length(const grm_model *model, const grm_prompt_states *prompt) {
    return model->config.chroma_length + prompt->count;
}

#endif
