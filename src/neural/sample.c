#include "neural/sample.h"

#include <stdlib.h>

#include "neural/halves.h"
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

// Floats in their order as whole numbers, NaN at an end.
static uint32_t key_of(float x) {
    uint32_t bits = grm_float_to_bits(x);
    return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

// The k-th largest key, digit by digit: sorting all logits for a few would take longer than the rest of a step's end.
static uint32_t find_kth(const float *logits, size_t count, size_t k) {
    uint32_t prefix = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        size_t tally[256] = {0};
        uint32_t above = shift == 24 ? 0 : 0xffffffffu << (shift + 8);
        for (size_t i = 0; i < count; i++) {
            uint32_t key = key_of(logits[i]);
            if ((key & above) == (prefix & above)) tally[key >> shift & 255]++;
        }
        uint32_t digit = 255;
        while (digit > 0 && tally[digit] < k) k -= tally[digit--];
        prefix |= digit << shift;
    }
    return prefix;
}

// The largest k with all that equal the last of them, in no order -> how many.
static size_t gather(const float *logits, size_t count, size_t k, grm_candidate *out) {
    uint32_t least = k && k < count ? find_kth(logits, count, k) : 0;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (key_of(logits[i]) >= least) out[kept++] = (grm_candidate){logits[i], (uint32_t)i};
    return kept;
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
    size_t kept = gather(logits, count, s->top_k, scratch);
    qsort(scratch, kept, sizeof *scratch, by_weight);
    size_t keep = cut(s, scratch, kept);
    double sum = 0;
    for (size_t i = 0; i < keep; i++) sum += (double)scratch[i].weight;
    double at = (double)grm_rng_float(rng) * sum;
    for (size_t i = 0; i + 1 < keep; i++) {
        at -= (double)scratch[i].weight;
        if (at < 0) return scratch[i].code;
    }
    return scratch[keep - 1].code;
}
