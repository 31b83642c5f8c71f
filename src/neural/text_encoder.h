// T5's encoder (Raffel et al. 2020): token ids -> hidden states.
#ifndef GRM_NEURAL_TEXT_ENCODER_H
#define GRM_NEURAL_TEXT_ENCODER_H

#include "neural/config.h"
#include "neural/kernels.h"
#include "neural/weights.h"

typedef struct grm_text_layer {
    const float *attention_norm, *ffn_norm;  // [width]
    grm_matrix q, k, v, o;
    grm_matrix gate, up, down;  // no gate in ungated models
} grm_text_layer;

typedef struct grm_text_encoder {
    grm_text_config config;
    grm_table embedding;  // [vocabulary][width]
    const float *bias;    // [buckets][heads], of relative positions, the same in all layers
    const float *norm;    // [width]
    grm_text_layer *layers;
} grm_text_encoder;

// Takes its weights; on failure weights->status says why.
void grm_text_encoder_load(grm_text_encoder *encoder, const grm_text_config *config, grm_weights *weights);
// hidden: [count][width], after the final norm. Ids beyond the vocabulary are GRM_BAD_INPUT.
grm_status grm_text_encoder_run(const grm_text_encoder *encoder, const grm_compute *compute, const uint32_t *ids,
                                size_t count, float *hidden, grm_error *err);
// The bucket of key position - query position (T5's two-sided one).
size_t grm_text_bucket(long relative, size_t buckets, size_t max_distance);

#endif
