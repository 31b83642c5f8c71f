// Cross attention to a text of few tokens. The matrices on either side of it are absorbed by the text's keys and
// values, as latent attention does (DeepSeek-V2, 2024): a head's scores are (K Wq) n, and it adds (Wo V^T)
// softmax(scores), with K and V [tokens][head width] of that head. K Wq and Wo V^T are worked out once a prompt, in the
// time of 13 steps; while a text has fewer tokens than a head is wide they are mostly smaller than Wq and Wo, of which
// a step then reads nothing, and each token's scores come straight from the norm.
#ifndef GRM_NEURAL_ABSORBED_H
#define GRM_NEURAL_ABSORBED_H

#include "neural/decoder.h"

typedef struct grm_absorbed_layer {
    grm_matrix keys[GRM_SLICES];    // [head of the slice][token] x width, scaled as scores are
    grm_matrix values[GRM_SLICES];  // width x [head of the slice][token]
} grm_absorbed_layer;

typedef struct grm_absorbed grm_absorbed;

size_t grm_absorbed_bytes(const grm_decoder *decoder, size_t tokens);  // that a step reads of it
size_t grm_absorbing_bytes(const grm_decoder *decoder);                // and that it would read of the matrices
// Whether it leaves less to read. Not a matter of how long a piece is: a short one is the beginning of a long one.
bool grm_absorbs(const grm_decoder *decoder, size_t tokens);
// text: [tokens][width], projected. Runs the team. They are as wide as the matrices that they stand for, int8 at least.
// The run (may be NULL) is asked after each layer.
grm_status grm_absorbed_new(const grm_decoder *decoder, const grm_compute *compute, const float *text, size_t tokens,
                            const grm_run *run, grm_absorbed **out, grm_error *err);
void grm_absorbed_free(grm_absorbed *absorbed);
const grm_absorbed_layer *grm_absorbed_of(const grm_absorbed *absorbed, size_t layer);

#endif
