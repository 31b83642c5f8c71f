// MusicGen's decoder (Copet et al. 2023): a causal transformer over the codes of all codebooks at once.
#ifndef GRM_NEURAL_DECODER_H
#define GRM_NEURAL_DECODER_H

#include "neural/config.h"
#include "neural/kernels.h"
#include "neural/weights.h"

typedef struct grm_norm {
    const float *weight, *bias;  // [width]
} grm_norm;

// A layer's matrices are cut into slices, as Shoeybi et al. 2019 (Megatron-LM) spread them over processors: the first
// of attention and of the feed-forward part by outputs, the second by inputs, so that whoever makes a slice's heads, or
// its outputs of fc1, goes on with what the second does to them and needs nothing of the others before all is added up.
enum { GRM_SLICES = 4 };

typedef struct grm_decoder_layer {
    grm_norm self_norm, cross_norm, ffn_norm;
    // [head][q k v][head width]: whoever makes a head's queries has its keys and values too
    grm_matrix qkv[GRM_SLICES];
    grm_matrix o[GRM_SLICES];
    grm_matrix cross_q[GRM_SLICES], cross_o[GRM_SLICES];  // not in melody models
    grm_matrix cross_k, cross_v;
    grm_matrix up[GRM_SLICES], down[GRM_SLICES];
} grm_decoder_layer;

typedef struct grm_decoder {
    grm_decoder_config config;
    bool cross;                              // attends to the text; melody models have it before the codes instead
    grm_table embedding[GRM_MAX_CODEBOOKS];  // [codes + 1][width]; the last row is start and padding
    size_t slices;                           // GRM_SLICES, or 1 where they do not divide heads and ffn
    grm_decoder_layer *layers;
    grm_norm norm;
    grm_matrix heads;  // [codebook][code]
} grm_decoder;

// Slices that lie side by side, layer by layer, so that of two threads each reads one run of memory.
static inline size_t grm_slices_together(const grm_decoder *decoder) {
    return (decoder->slices + 1) / 2;
}

void grm_decoder_load(grm_decoder *decoder, const grm_decoder_config *config, bool cross, grm_weights *weights);
// What keys and values are to be kept as: they lose nothing that the weights have. In float32 those of a long clip are
// as much traffic as int8 weights. Layers with wider weights than others keep theirs wider.
grm_precision grm_decoder_cache(const grm_decoder *decoder);

// Sequences that are decoded side by side, row by row, with the keys and values of all positions so far. The first
// `conditioned` rows attend to the text; the others' cross attention adds nothing. One thread at a time.
typedef struct grm_decoder_state grm_decoder_state;
// rows: at most GRM_ROWS. Keys and values are kept as `cache`: float32, float16 or int8; as halves at least where the
// layer's weights are.
grm_status grm_decoder_state_new(const grm_decoder *decoder, const grm_compute *compute, grm_precision cache,
                                 size_t rows, size_t conditioned, size_t positions, grm_decoder_state **out,
                                 grm_error *err);
void grm_decoder_state_free(grm_decoder_state *state);
void grm_decoder_state_rewind(grm_decoder_state *state);  // to position 0; the text stays
// text: [tokens][width], projected; the same for all conditioned rows. Its keys and values are worked out once, or what
// absorbs them (absorbed.h). The run (may be NULL) is asked between layers.
grm_status grm_decoder_read_text(grm_decoder_state *state, const float *text, size_t tokens, const grm_run *run,
                                 grm_error *err);

// The sum of a position's code embeddings: codes [codebooks] -> x [width].
void grm_decoder_embed(const grm_decoder *decoder, const uint16_t *codes, float *x);
// Positions that one run may have, so that the rows of all sequences are at most GRM_ROWS; at least 1.
size_t grm_decoder_chunk(const grm_decoder_state *state);
// Runs `count` more positions of every row, at most grm_decoder_chunk. x: [rows][count][width], embedded, without
// positions; it is overwritten. logits (may be NULL): [rows][codebooks][codes] of each row's last position.
void grm_decoder_run(grm_decoder_state *state, float *x, size_t count, float *logits);

#endif
