// MusicGen's decoder (Copet et al. 2023): a causal transformer over the codes of all codebooks at once.
#ifndef GRM_NEURAL_DECODER_H
#define GRM_NEURAL_DECODER_H

#include "neural/config.h"
#include "neural/weights.h"

typedef struct grm_norm {
    const float *weight, *bias;  // [width]
} grm_norm;

typedef struct grm_decoder_layer {
    grm_norm self_norm, cross_norm, ffn_norm;
    grm_linear q, k, v, o;
    grm_linear cross_q, cross_k, cross_v, cross_o;  // not in melody models
    grm_linear up, down;
} grm_decoder_layer;

typedef struct grm_decoder {
    grm_decoder_config config;
    bool cross;                                 // attends to the text; melody models have it before the codes instead
    const float *embedding[GRM_MAX_CODEBOOKS];  // [codes + 1][width]; the last row is start and padding
    grm_decoder_layer *layers;
    grm_norm norm;
    grm_linear heads[GRM_MAX_CODEBOOKS];  // [codes][width]
} grm_decoder;

void grm_decoder_load(grm_decoder *decoder, const grm_decoder_config *config, bool cross, grm_weights *weights);

// Sequences that are decoded side by side, row by row, with the keys and values of all positions so far. The first
// `conditioned` rows attend to the text; the others' cross attention adds nothing. One thread at a time.
typedef struct grm_decoder_state grm_decoder_state;
grm_status grm_decoder_state_new(const grm_decoder *decoder, size_t rows, size_t conditioned, size_t positions,
                                 grm_decoder_state **out, grm_error *err);
void grm_decoder_state_free(grm_decoder_state *state);
void grm_decoder_state_rewind(grm_decoder_state *state);  // to position 0; the text stays
// text: [tokens][width], projected; the same for all conditioned rows. Its keys and values are worked out once.
grm_status grm_decoder_read_text(grm_decoder_state *state, const grm_compute *compute, const float *text, size_t tokens,
                                 grm_error *err);

// The sum of a position's code embeddings: codes [codebooks] -> x [width].
void grm_decoder_embed(const grm_decoder *decoder, const uint16_t *codes, float *x);
// Runs `count` more positions of every row. x: [rows][count][width], embedded, without positions; it is overwritten.
// logits (may be NULL): [rows][codebooks][codes] of each row's last position. The state must have room for them.
grm_status grm_decoder_run(grm_decoder_state *state, const grm_compute *compute, float *x, size_t count, float *logits,
                           grm_error *err);

#endif
