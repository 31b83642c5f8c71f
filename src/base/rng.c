// PCG32 (M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for Random Number
// Generation", 2014): the XSH-RR generator with 64 bits of state and 2^63 streams.
#include <assert.h>
#include <math.h>

#include "base/base.h"

static const uint64_t multiplier = 6364136223846793005u;

// FNV-1a, 64 bits.
static uint64_t hash_name(const char *name) {
    uint64_t hash = 14695981039346656037u;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) hash = (hash ^ *c) * 1099511628211u;
    return hash;
}

// The finaliser of SplitMix64: seeds 1, 2, 3 and similar names start far apart.
static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static grm_rng start(uint64_t state, uint64_t sequence) {
    grm_rng rng = {.state = 0, .increment = sequence << 1 | 1};
    grm_rng_u32(&rng);
    rng.state += state;
    grm_rng_u32(&rng);
    return rng;
}

grm_rng grm_rng_new(uint64_t seed, const char *stream) {
    uint64_t name = mix(hash_name(stream));
    return start(mix(seed ^ name), name);
}

grm_rng grm_rng_branch(const grm_rng *parent, const char *stream, unsigned index) {
    uint64_t name = mix(hash_name(stream) + mix(index));
    return start(mix(parent->state ^ name), mix(parent->increment + name));
}

uint32_t grm_rng_u32(grm_rng *rng) {
    uint64_t old = rng->state;
    rng->state = old * multiplier + rng->increment;
    uint32_t shifted = (uint32_t)((old >> 18 ^ old) >> 27);
    uint32_t turn = (uint32_t)(old >> 59);
    return shifted >> turn | shifted << (-turn & 31);
}

unsigned grm_rng_below(grm_rng *rng, unsigned limit) {
    assert(limit > 0);
    // Numbers below 2^32 mod limit would make the low results more likely: draw again.
    uint32_t threshold = -(uint32_t)limit % limit;
    uint32_t drawn;
    do drawn = grm_rng_u32(rng);
    while (drawn < threshold);
    return drawn % limit;
}

float grm_rng_float(grm_rng *rng) {
    return (float)(grm_rng_u32(rng) >> 8) * 0x1p-24f;
}

float grm_rng_between(grm_rng *rng, float low, float high) {
    float drawn = low + (high - low) * grm_rng_float(rng);
    return drawn < high || low >= high ? drawn : nextafterf(high, low);  // rounding may have reached `high`
}

// Box and Muller 1958, in double, so that the last bits of libm's functions rarely reach the float.
float grm_rng_normal(grm_rng *rng) {
    const double tau = 6.283185307179586;
    double radius = ((double)grm_rng_u32(rng) + 1.0) * 0x1p-32;  // (0, 1]
    double angle = (double)grm_rng_u32(rng) * 0x1p-32;
    return (float)(sqrt(-2.0 * log(radius)) * cos(tau * angle));
}

bool grm_rng_chance(grm_rng *rng, float probability) {
    return grm_rng_float(rng) < probability;
}

size_t grm_rng_weighted(grm_rng *rng, const float *weights, size_t count) {
    assert(count > 0);
    double total = 0.0;
    for (size_t i = 0; i < count; i++)
        if (weights[i] > 0.0f) total += (double)weights[i];
    double drawn = (double)grm_rng_float(rng) * total;
    size_t last = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(weights[i] > 0.0f)) continue;
        last = i;
        drawn -= (double)weights[i];
        if (drawn < 0.0) break;
    }
    return last;
}
