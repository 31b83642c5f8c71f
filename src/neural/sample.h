// Choosing a code from its logits.
#ifndef GRM_NEURAL_SAMPLE_H
#define GRM_NEURAL_SAMPLE_H

#include "base/base.h"

typedef struct grm_sampling {
    bool greedy;        // the largest logit, the first of equals
    float temperature;  // > 0
    size_t top_k;       // 0: all
    float top_p;        // 0 < p <= 1
} grm_sampling;

typedef struct grm_candidate {
    float weight;
    uint32_t code;
} grm_candidate;
// logits: [count], count < 65,536; scratch: [2][count]. drawn: of numbers from 0 to below 1; greedy does not look at
// it.
size_t grm_sample(const grm_sampling *sampling, const float *logits, size_t count, grm_candidate *scratch, float drawn);

typedef struct grm_draw {
    const float *logits;  // [count]
    float drawn;
    uint16_t *code;  // what is chosen
} grm_draw;
// Many at once, by a team; not inside a run of it. scratch: [members][2][count].
void grm_sample_all(grm_team *team, const grm_sampling *sampling, const grm_draw *draws, size_t many, size_t count,
                    grm_candidate *scratch);

#endif
