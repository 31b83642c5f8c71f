// MusicGen models of any size with random weights, in the files that the hub serves: for tests and benches, since the
// real weights need not be there.
#ifndef TOOLS_RANDOM_MODEL_H
#define TOOLS_RANDOM_MODEL_H

#include "base/base.h"

enum {
    RANDOM_QUERIES = 1,
    RANDOM_KEYS = 2,
    RANDOM_VALUES = 4,
    RANDOM_OUTPUTS = 8,
    RANDOM_UP = 16,
    RANDOM_DOWN = 32,
    RANDOM_HEADS = 64,
    RANDOM_ATTENTION_NORMS = 128,
    RANDOM_FFN_NORMS = 256,
    RANDOM_EMBEDDINGS = 512,
};

typedef struct random_model {
    unsigned width, layers, heads, ffn, codes, codebooks, channels;     // the decoder's
    unsigned text_width, text_layers, text_heads, text_head, text_ffn;  // the text encoder's
    unsigned vocabulary;                                                // at least the tokenizer's
    unsigned code_width, filters;                                       // the codec's
    bool melody, halves;                                                // float16 files in place of float32
    float outliers;           // every 97th column of the decoder's `outlying` weights is as many times larger; 1: none
    unsigned outlying;        // of RANDOM_QUERIES ...; 0: values, outputs, fc2 and its norm
    bool outlying_rows;       // rows in place of columns
    unsigned outlying_layer;  // 0: all layers; n: the n-th alone, and nothing besides
    uint64_t seed;
} random_model;

// "small", "medium", "large" as Meta's, "tiny" for tests; NULL when there is no such size.
const random_model *random_model_size(const char *name);
// config.json, model.safetensors and a copy of the tokenizer into the folder, which is made.
grm_status random_model_write(const random_model *model, const char *folder, const char *tokenizer, grm_error *err);

#endif
