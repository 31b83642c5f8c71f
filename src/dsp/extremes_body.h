// Sums of the few smallest and largest for one kind of vector (vector_plain.h, vector_avx2.h); included once for each.

// Two at a time go through what is kept, so that each is loaded and stored once for both.
#define SINK(kept, FIRST, LAST)                         \
    do {                                                \
        VECTOR held = LOAD(kept), out = LAST(held, x0); \
        held = FIRST(held, x0);                         \
        x0 = out;                                       \
        out = LAST(held, x1);                           \
        STORE(kept, FIRST(held, x1));                   \
        x1 = out;                                       \
    } while (0)

TARGET static void NAME(extremes)(const float *x, size_t count, size_t extreme, float *low_sum, float *high_sum) {
    float low[GRM_MOST_EXTREME * WIDTH], high[GRM_MOST_EXTREME * WIDTH];
    for (size_t column = 0; column < GRM_LANES; column += WIDTH) {
        for (size_t i = 0; i < extreme; i++) {
            STORE(low + i * WIDTH, ALL(INFINITY));
            STORE(high + i * WIDTH, ALL(-INFINITY));
        }
        for (size_t k = 0; k < count; k += 2) {
            const float *rows = x + k * GRM_LANES + column;
            bool odd = k + 1 == count;  // then the last is joined by what never stays
            VECTOR x0 = LOAD(rows), x1 = odd ? ALL(INFINITY) : LOAD(rows + GRM_LANES);
            for (size_t i = 0; i < extreme; i++) SINK(low + i * WIDTH, LESS, MORE);
            x0 = LOAD(rows), x1 = odd ? ALL(-INFINITY) : LOAD(rows + GRM_LANES);
            for (size_t i = 0; i < extreme; i++) SINK(high + i * WIDTH, MORE, LESS);
        }
        VECTOR lows = LOAD(low), highs = LOAD(high);
        for (size_t i = 1; i < extreme; i++) {
            lows = PLUS(lows, LOAD(low + i * WIDTH));
            highs = PLUS(highs, LOAD(high + i * WIDTH));
        }
        STORE(low_sum + column, lows);
        STORE(high_sum + column, highs);
    }
}

#undef SINK
#include "dsp/vector_end.h"
