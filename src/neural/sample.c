#include "neural/sample.h"

#include "neural/halves.h"
#include "neural/kernels.h"

static size_t find_largest(const float *logits, size_t count) {
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (logits[i] > logits[best]) best = i;
    return best;
}

enum { DIGIT = 8, DIGITS = 32 / DIGIT, VALUES = 1 << DIGIT };
enum { HEAD = 11 };  // of a key: sign, exponent, and quarters between powers of two

// Floats in their order as whole numbers, NaN at an end.
static uint32_t key_of(float x) {
    uint32_t bits = grm_float_to_bits(x + 0.0f);        // both zeros are one
    return bits ^ ((0u - (bits >> 31)) | 0x80000000u);  // no branch: signs are as good as drawn by lot
}

// The head of the k-th largest key: sorting all logits for a few would take longer than the rest of a step's end.
static uint32_t find_head(const float *logits, size_t count, size_t k) {
    enum { TURNS = 2 };  // side by side: neighbours often have the same head, and a count waits for itself
    uint16_t tally[TURNS][1 << HEAD] = {0};
    uint32_t head = (1 << HEAD) - 1;
    for (size_t i = 0; i < count; i++) tally[i % TURNS][key_of(logits[i]) >> (32 - HEAD)]++;
    for (; head > 0; head--) {
        size_t here = (size_t)tally[0][head] + tally[1][head];
        if (here >= k) break;
        k -= here;
    }
    return head;
}

// The largest k and some more, as codes rise -> how many.
static size_t gather(const float *logits, size_t count, size_t k, grm_candidate *out) {
    uint32_t least = k && k < count ? find_head(logits, count, k) : 0;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        out[kept] = (grm_candidate){logits[i], (uint32_t)i};
        kept += key_of(logits[i]) >> (32 - HEAD) >= least;
    }
    return kept;
}

// The largest first, of equals the lowest code: digit by digit, each time into the other half of `pairs` [2][room].
static grm_candidate *sort(grm_candidate *pairs, size_t room, size_t count) {
    size_t place[DIGITS][VALUES] = {0};
    grm_candidate *from = pairs, *to = pairs + room;
    for (size_t i = 0; i < count; i++)
        for (size_t d = 0; d < DIGITS; d++) place[d][key_of(from[i].weight) >> DIGIT * d & (VALUES - 1)]++;
    for (size_t d = 0; d < DIGITS; d++) {
        size_t next = 0;
        for (size_t value = VALUES; value-- > 0;) {
            size_t here = place[d][value];
            place[d][value] = next;
            next += here;
        }
        for (size_t i = 0; i < count; i++) to[place[d][key_of(from[i].weight) >> DIGIT * d & (VALUES - 1)]++] = from[i];
        grm_candidate *other = from;
        from = to;
        to = other;
    }
    return from;
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

size_t grm_sample(const grm_sampling *s, const float *logits, size_t count, grm_candidate *scratch, float drawn) {
    if (s->greedy) return find_largest(logits, count);
    size_t kept = gather(logits, count, s->top_k, scratch);
    grm_candidate *sorted = sort(scratch, count, kept);
    size_t keep = cut(s, sorted, kept);
    double sum = 0;
    for (size_t i = 0; i < keep; i++) sum += (double)sorted[i].weight;
    double at = (double)drawn * sum;
    for (size_t i = 0; i + 1 < keep; i++) {
        at -= (double)sorted[i].weight;
        if (at < 0) return sorted[i].code;
    }
    return sorted[keep - 1].code;
}

typedef struct sampling_job {
    const grm_sampling *sampling;
    const grm_draw *draws;
    size_t many, count;
    grm_candidate *scratch;
} sampling_job;

static void sample_share(void *context, unsigned member, unsigned size) {
    const sampling_job *j = context;
    for (size_t i = member; i < j->many; i += size) {
        const grm_draw *d = &j->draws[i];
        *d->code = (uint16_t)grm_sample(j->sampling, d->logits, j->count, j->scratch + 2 * j->count * member, d->drawn);
    }
}

void grm_sample_all(grm_team *team, const grm_sampling *sampling, const grm_draw *draws, size_t many, size_t count,
                    grm_candidate *scratch) {
    sampling_job job = {sampling, draws, many, count, scratch};
    grm_team_run(team, sample_share, &job);
}
