// What config.json and generation_config.json say of a model.
#ifndef GRM_NEURAL_CONFIG_H
#define GRM_NEURAL_CONFIG_H

#include <jansson.h>

#include "base/base.h"

enum { GRM_MAX_CODEBOOKS = 16, GRM_MAX_RATIOS = 8 };

typedef enum grm_activation { GRM_RELU, GRM_GELU, GRM_GELU_TANH } grm_activation;

typedef struct grm_text_config {
    size_t vocabulary, width, head_width, heads, ffn, layers;  // inner width: heads * head_width
    size_t buckets, max_distance;
    float epsilon;
    bool gated;
    grm_activation activation;
} grm_text_config;

typedef struct grm_decoder_config {
    size_t codes, codebooks, channels;  // codes a codebook; codebooks of all channels
    size_t width, heads, ffn, layers;
    grm_activation activation;
} grm_decoder_config;

typedef struct grm_codec_config {
    unsigned rate_hz;
    size_t codes, code_width, codebooks;  // codebooks of one channel
    size_t width, filters, kernel, last_kernel, residual_kernel, residual_layers, dilation_growth, compress,
        lstm_layers;
    size_t ratio_count, ratios[GRM_MAX_RATIOS];
    size_t hop;     // samples a frame: the product of the ratios
    bool shortcut;  // residual blocks have a convolution beside them
} grm_codec_config;

typedef struct grm_model_config {
    bool melody;
    size_t chroma_bins, chroma_length;  // of melody models
    grm_text_config text;
    grm_decoder_config decoder;
    grm_codec_config codec;
    float guidance;
    size_t start_code;
} grm_model_config;

// The two files of a folder; the second may be missing (NULL). json_decref each.
grm_status grm_model_config_load(const char *folder, json_t **config, json_t **generation, grm_error *err);
// What they say; `name` is for messages. Every figure is within bounds that sizes can be computed with; GRM_BAD_INPUT
// names what isn't.
grm_status grm_model_config_read(const json_t *config, const json_t *generation, const char *name,
                                 grm_model_config *out, grm_error *err);

#endif
