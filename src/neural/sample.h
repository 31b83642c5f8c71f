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

// logits: [count], count < 65,536; scratch: [2][count] of pairs. One number is drawn, unless greedy.
typedef struct grm_candidate {
    float weight;
    uint32_t code;
} grm_candidate;
size_t grm_sample(const grm_sampling *sampling, const float *logits, size_t count, grm_candidate *scratch,
                  grm_rng *rng);

#endif
