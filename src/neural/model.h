// A whole MusicGen model.
#ifndef GRM_NEURAL_MODEL_H
#define GRM_NEURAL_MODEL_H

#include <grammy/generate.h>

#include "neural/codec.h"
#include "neural/config.h"
#include "neural/decoder.h"
#include "neural/text_encoder.h"
#include "neural/tokenizer.h"

struct grm_model {
    grm_model_config config;
    grm_packed *packed;
    grm_memory *memory;
    grm_tokenizer *tokenizer;
    grm_text_encoder text;
    grm_matrix text_projection;                // none: the widths agree
    const float *chroma_weight, *chroma_bias;  // [width][bins] and [width], of melody models
    grm_decoder decoder;
    grm_codec codec;
};

// text -> ids [*count] and conditions: hidden [*count][text width] and projected [*count][decoder width]. free() each.
typedef struct grm_prompt_states {
    size_t count;
    uint32_t *ids;
    float *hidden, *projected;
} grm_prompt_states;
grm_status grm_model_read_prompt(const grm_model *model, const grm_compute *compute, const char *prompt,
                                 grm_prompt_states *out, grm_error *err);
void grm_prompt_states_clear(grm_prompt_states *states);

// The largest number of inputs of its matrices.
size_t grm_model_widest(const grm_model *model);

#endif
