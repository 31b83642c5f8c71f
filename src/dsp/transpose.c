#include "dsp/lanes.h"

enum { TILE = 16 };

void grm_transpose(const float *from, size_t from_step, size_t rows, size_t columns, float *to, size_t to_step) {
    for (size_t r = 0; r < rows; r += TILE)
        for (size_t c = 0; c < columns; c += TILE) {
            size_t height = rows - r < TILE ? rows - r : TILE, width = columns - c < TILE ? columns - c : TILE;
            float tile[TILE][TILE];
            for (size_t i = 0; i < height; i++)
                for (size_t k = 0; k < width; k++) tile[k][i] = from[(r + i) * from_step + c + k];
            for (size_t k = 0; k < width; k++)
                for (size_t i = 0; i < height; i++) to[(c + k) * to_step + r + i] = tile[k][i];
        }
}
