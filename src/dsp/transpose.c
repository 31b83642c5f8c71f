#include "dsp/lanes.h"
#include "dsp/vector_plain.h"

enum { TILE = 16 };

static void whole_tile(const float *from, size_t from_step, float *to, size_t to_step) {
#if WIDTH == 4
    for (size_t i = 0; i < TILE; i += WIDTH)
        for (size_t k = 0; k < TILE; k += WIDTH) {
            const float *at = from + i * from_step + k;
            float turned[WIDTH * WIDTH];
            VECTOR a = LOAD(at), b = LOAD(at + from_step), c = LOAD(at + 2 * from_step), d = LOAD(at + 3 * from_step);
            STORE_FOURS(turned, a, b, c, d);
            for (size_t j = 0; j < WIDTH; j++) STORE(to + (k + j) * to_step + i, LOAD(turned + j * WIDTH));
        }
#else
    for (size_t i = 0; i < TILE; i++)
        for (size_t k = 0; k < TILE; k++) to[k * to_step + i] = from[i * from_step + k];
#endif
}

void grm_transpose(const float *from, size_t from_step, size_t rows, size_t columns, float *to, size_t to_step) {
    for (size_t r = 0; r < rows; r += TILE)
        for (size_t c = 0; c < columns; c += TILE) {
            const float *source = from + r * from_step + c;
            float *target = to + c * to_step + r;
            if (r + TILE <= rows && c + TILE <= columns) {
                whole_tile(source, from_step, target, to_step);
                continue;
            }
            for (size_t i = 0; i < TILE && r + i < rows; i++)
                for (size_t k = 0; k < TILE && c + k < columns; k++)
                    target[k * to_step + i] = source[i * from_step + k];
        }
}
