// The kernels of one instruction set. All of them give the same bits: sums run in the same order, with fused
// multiply-adds, and sums of bytes are whole numbers. kernels/body.h is the one text of them.
#ifndef GRM_NEURAL_KERNELS_TABLE_H
#define GRM_NEURAL_KERNELS_TABLE_H

#include "neural/kernels/matrix.h"

// A row of inputs as bytes, for int8 and int4 matrices: x = scale * high + low_scale * low in each group. The second
// plane is there only where a few inputs stand out so far that the others would lose their precision (low_scale > 0).
typedef struct grm_bytes {
    int8_t *high, *low;          // [groups * group]
    float *scale, *low_scale;    // [groups]
    int32_t *start, *low_start;  // [groups]: what sums of high and low begin with, for the kernels that made them
} grm_bytes;

typedef enum grm_finish { GRM_STORE, GRM_ADD, GRM_STORE_GELU, GRM_STORE_RELU } grm_finish;

// y[r][o] = finish(bias[o] + sum_i weight[o][i] x[r][i]) for the outputs of panels [begin, end). GRM_ADD adds to what
// is in y. Float matrices read x, the others bytes. y may not overlap x.
typedef struct grm_product {
    const grm_matrix *matrix;
    size_t rows;
    const float *x;  // rows x_stride floats apart
    size_t x_stride;
    const grm_bytes *bytes;  // [rows]
    float *y;                // rows y_stride floats apart
    size_t y_stride;
    grm_finish finish;
} grm_product;

enum {
    GRM_MOST_HEAD = 1024,  // figures of a head at a position
    GRM_VALUE_SCALES = 4   // lines of scales before the values of 64 positions, of int8
};

// Keys and values of one head. Between its keys of 16 positions and the next 16, and between its values of 64 and the
// next 64, lie those of other heads: attention of all of these, which goes through 16 or 64 positions of each before it
// comes to the next, then reads one run of memory. A head's own runs would be short, and each has to be found anew.
typedef struct grm_cache {
    grm_precision precision;      // float32, float16 or int8
    size_t head;                  // figures a position
    uint8_t *keys;                // [head][16]; int8: [head / 4][16][4], plus 128, then scales [16]
    uint8_t *values;              // [64][head, rounded up to 16]; int8: scales [64], then [16][the same][4], plus 128
    size_t key_step, value_step;  // bytes from 16 and 64 positions to the next
} grm_cache;

// Bytes of the keys of 16 positions.
static inline size_t grm_keys_bytes(grm_precision precision, size_t head) {
    if (precision == GRM_INT8) return ((head + 3) / 4 + 1) * GRM_LINE;
    return precision == GRM_FLOAT16 ? (head + 1) / 2 * GRM_LINE : head * GRM_LINE;
}

// Bytes of the values of 64 positions, or of as many as there will ever be.
static inline size_t grm_values_bytes(grm_precision precision, size_t head, size_t positions) {
    size_t row = (head + 15) / 16, blocks = positions < 64 ? (positions + 15) / 16 : 4;
    if (precision == GRM_INT8) return (row * 4 * blocks + GRM_VALUE_SCALES) * GRM_LINE;
    return row * blocks * (precision == GRM_FLOAT16 ? 8 : 16) * GRM_LINE;
}

// Reads what a position will be written into. Stores that each wait for a line of memory take far longer than reading
// all of the lines, of all heads, before.
static inline void grm_cache_fetch(const grm_cache *cache, size_t position) {
    size_t row = (cache->head + 15) / 16, slot = position % 64;
    size_t from = slot * row * GRM_LINE, bytes = row * GRM_LINE;
    if (cache->precision == GRM_FLOAT16) from /= 2, bytes /= 2;
    if (cache->precision == GRM_INT8) from = (GRM_VALUE_SCALES + slot / 4 * row) * GRM_LINE;
    const volatile uint8_t *keys = cache->keys + position / 16 * cache->key_step;
    const volatile uint8_t *values = cache->values + position / 64 * cache->value_step;
    for (size_t i = 0; i < grm_keys_bytes(cache->precision, cache->head); i += GRM_LINE) (void)keys[i];
    for (size_t i = 0; i < bytes; i += GRM_LINE) (void)values[from + i];
    if (cache->precision == GRM_INT8) (void)values[slot / 16 * GRM_LINE];
}

// What one head's query asks its positions, and where the answer goes: [head] each.
typedef struct grm_attention {
    grm_cache cache;
    const float *query;
    float *out;
} grm_attention;

// Floats that attention of one head to `count` positions needs room for.
static inline size_t grm_attention_room(size_t head, size_t count) {
    return (count + 63) / 64 * 64 + (head + 15) / 16 * 32 + 16;
}

typedef struct grm_kernels {
    const char *name;
    void (*multiply)(const grm_product *product, size_t begin, size_t end);
    // x: [count] times columns (NULL: 1) -> bytes; what fills the last group is 0.
    void (*split)(const float *x, const float *columns, size_t count, size_t group, const grm_bytes *bytes);
    void (*remember)(const grm_cache *cache, size_t position, const float *key, const float *value);
    // Attention (Vaswani et al. 2017) of `many` queries, of caches of one kind, to positions [0, count):
    // out = sum softmax(scale q . k) v. room: grm_attention_room for each.
    void (*attend)(const grm_attention *heads, size_t many, float scale, size_t count, float *room);
    // x += sums[0], + (sums[0] + sums[1]) or + ((sums[0] + sums[1]) + (sums[2] + sums[3])), of which there are `many`
    // (0: x stays as it is); y = layer norm (Ba et al. 2016) of x, unless weight is NULL. Rows of x, y and
    // sums lie `stride` floats apart.
    void (*layer_norm)(float *x, const float *const *sums, size_t many, size_t rows, size_t stride, const float *weight,
                       const float *bias, size_t width, float epsilon, float *y);
    // In place, of `many` times `count` figures (count > 0), which follow each other.
    void (*softmax)(float *x, size_t count, size_t many);
    void (*gelu)(float *x, size_t count);
    void (*elu)(float *x, size_t count);
    // y[r] = sum_i weights[i] x[r x_stride + i]: a matrix of one output.
    void (*dots)(const float *weights, size_t count, const float *x, size_t x_stride, size_t rows, float *y);
    // Gates [4][width] (i f g o) -> cell and state [width] of a long short-term memory.
    void (*cell)(const float *gates, size_t width, float *cell, float *state);
} grm_kernels;

extern const grm_kernels grm_kernels_plain;
#if GRM_HAVE_AVX2
extern const grm_kernels grm_kernels_avx2, grm_kernels_avx512;
#endif
#if defined(__aarch64__)
extern const grm_kernels grm_kernels_neon, grm_kernels_dotprod, grm_kernels_i8mm;
#endif

// Those that this processor can run, the best last.
enum { GRM_MAX_KERNELS = 4 };
size_t grm_kernels_list(const grm_kernels *list[GRM_MAX_KERNELS]);
const grm_kernels *grm_kernels_best(void);

#endif
