// Running medians for one kind of vector (vector_plain.h, vector_avx2.h); included once for each.

#define EXCHANGE(a, b)                 \
    do {                               \
        VECTOR low = LESS(x[a], x[b]); \
        x[b] = MORE(x[a], x[b]);       \
        x[a] = low;                    \
    } while (0);
// The middle third of `half` newcomers, x, and 2 * half candidates: first the lowest of all go, then the highest.
#define RAISE(i, half) x[i] = MORE(x[i], candidates[(half)-1 - (i)]);
#define LOWER(i, half) x[i] = LESS(x[i], candidates[2 * (half)-1 - (i)]);

// `in` is the first input of the first of T outputs, whose medians are all among T candidates.

TARGET GRM_INLINE void NAME(finish2)(const VECTOR *candidates, const float *const *in, size_t column,
                                     float *const *out) {
    for (size_t i = 0; i < 2; i++) {
        VECTOR x = LOAD(in[i ? GRM_MEDIAN : 0] + column);
        STORE(out[i] + column, LESS(MORE(x, candidates[0]), candidates[1]));
    }
}

TARGET GRM_INLINE void NAME(halve4)(const VECTOR *candidates, const float *const *in, size_t column,
                                    float *const *out) {
    for (size_t i = 0; i < 2; i++) {
        VECTOR x[2];
        for (size_t k = 0; k < 2; k++) x[k] = LOAD(in[(i ? GRM_MEDIAN : 1) + k] + column);
        EXCHANGE(0, 1);
        RAISE(0, 2);
        RAISE(1, 2);
        EXCHANGE(0, 1);
        LOWER(0, 2);
        LOWER(1, 2);
        EXCHANGE(0, 1);
        NAME(finish2)(x, in + 2 * i, column, out + 2 * i);
    }
}

TARGET static void NAME(halve8)(const VECTOR *candidates, const float *const *in, size_t column, float *const *out) {
    for (size_t i = 0; i < 2; i++) {
        VECTOR x[4];
        for (size_t k = 0; k < 4; k++) x[k] = LOAD(in[(i ? GRM_MEDIAN : 3) + k] + column);
        SORT4(EXCHANGE);
        EACH4(RAISE);
        BITONIC4(EXCHANGE);
        EACH4(LOWER);
        BITONIC4(EXCHANGE);
        NAME(halve4)(x, in + 4 * i, column, out + 4 * i);
    }
}

TARGET static void NAME(halve16)(const VECTOR *candidates, const float *const *in, size_t column, float *const *out) {
    for (size_t i = 0; i < 2; i++) {
        VECTOR x[8];
        for (size_t k = 0; k < 8; k++) x[k] = LOAD(in[(i ? GRM_MEDIAN : 7) + k] + column);
        SORT8(EXCHANGE);
        EACH8(RAISE);
        BITONIC8(EXCHANGE);
        EACH8(LOWER);
        BITONIC8(EXCHANGE);
        NAME(halve8)(x, in + 8 * i, column, out + 8 * i);
    }
}

TARGET static void NAME(tile)(const float *const *in, size_t columns, float *const *out) {
    for (size_t column = 0; column < columns; column += WIDTH) {
        VECTOR x[16];
        for (size_t k = 0; k < 16; k++) x[k] = LOAD(in[15 + k] + column);
        SORT16(EXCHANGE);
        NAME(halve16)(x, in, column, out);
    }
}

#undef EXCHANGE
#undef RAISE
#undef LOWER
#include "dsp/vector_end.h"
