// MusicGen models of any size with random weights, in the files that the hub serves: for tests and benches, since the
// real weights need not be there.
#ifndef TOOLS_RANDOM_MODEL_H
#define TOOLS_RANDOM_MODEL_H

#include "base/base.h"

typedef struct random_model {
    unsigned width, layers, heads, ffn, codes, codebooks, channels;     // the decoder's
    unsigned text_width, text_layers, text_heads, text_head, text_ffn;  // the text encoder's
    unsigned vocabulary;                                                // at least the tokenizer's
    unsigned code_width, filters;                                       // the codec's
    bool melody, halves;                                                // float16 files in place of float32
    float outliers;  // some columns of the decoder's matrices (not queries, keys, fc1) and norms are as many times
                     // larger; 1: none
    uint64_t seed;
} random_model;

// "small", "medium", "large" as Meta's, "tiny" for tests; NULL when there is no such size.
const random_model *random_model_size(const char *name);
// config.json, model.safetensors and a copy of the tokenizer into the folder, which is made.
grm_status random_model_write(const random_model *model, const char *folder, const char *tokenizer, grm_error *err);

#endif
