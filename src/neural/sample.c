#include "neural/sample.h"

#include <stdlib.h>

#include "neural/kernels.h"

static int by_weight(const void *a, const void *b) {
    const grm_candidate *x = a, *y = b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return x->code < y->code ? -1 : 1;
}

static size_t find_largest(const float *logits, size_t count) {
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (logits[i] > logits[best]) best = i;
    return best;
}

// How many of the sorted candidates stay: the k largest with all that equal the last of them, then (nucleus sampling,
// Holtzman et al. 2020) the fewest whose share reaches p.
static size_t cut(const grm_sampling *s, grm_candidate *sorted, size_t count) {
    size_t keep = s->top_k && s->top_k < count ? s->top_k : count;
    while (keep < count && sorted[keep].weight == sorted[keep - 1].weight) keep++;
    double sum = 0, share = 0;
    float top = sorted[0].weight;
    for (size_t i = 0; i < keep; i++) {
        sorted[i].weight = grm_exp((sorted[i].weight - top) / s->temperature);
        sum += (double)sorted[i].weight;
    }
    if (s->top_p >= 1) return keep;
    for (size_t i = 0; i < keep; i++) {
        share += (double)sorted[i].weight;
        if (share >= (double)s->top_p * sum) return i + 1;
    }
    return keep;
}

size_t grm_sample(const grm_sampling *s, const float *logits, size_t count, grm_candidate *scratch, grm_rng *rng) {
    if (s->greedy) return find_largest(logits, count);
    for (size_t i = 0; i < count; i++) scratch[i] = (grm_candidate){logits[i], (uint32_t)i};
    qsort(scratch, count, sizeof *scratch, by_weight);
    size_t keep = cut(s, scratch, count);
    double sum = 0;
    for (size_t i = 0; i < keep; i++) sum += (double)scratch[i].weight;
    double at = (double)grm_rng_float(rng) * sum;
    for (size_t i = 0; i + 1 < keep; i++) {
        at -= (double)scratch[i].weight;
        if (at < 0) return scratch[i].code;
    }
    return scratch[keep - 1].code;
}
