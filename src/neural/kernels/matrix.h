// Matrices as the kernels read them: panels of 32 outputs, each one run of memory from its first input to its last, so
// that a thread reads one contiguous stream. A panel of [in] inputs, every part a multiple of 64 bytes:
//
//   float32   for each input: 32 floats
//   float16   for each input: 32 halves
//   int8      for each group of 64 inputs: 32 scales (halves); then for each 4 inputs twice 16 outputs x 4 bytes,
//             weight + 128
//   int4      for each group of 32 inputs: 32 scales; then for each 8 inputs twice 16 outputs x 4 bytes; the low half
//             of byte j is the index of input j, the high half that of input 4 + j, into grm_int4_values
//
// Where arithmetic takes nearly as long as memory (float16 and int4), inputs must stay in the first cache while panels
// pass through it. So the panels of a strip, 8 of float16 and 16 of int4, lie in blocks of inputs: the first block of
// each panel, then the second of each, and so on, [strip][block][panel]. A block of a panel is 16 to 18 kB.
//
// Inputs beyond the last and outputs beyond the last are 0. A weight is unit * scale * value; the unit is a power of
// two that brings the halves into their range. Before int8 and int4 weights are rounded, each input's column may be
// divided by a power of two of its own, which its input is then multiplied by (what SmoothQuant does, Xiao et al.
// 2023): a column that is far larger than its neighbours would take their precision.
#ifndef GRM_NEURAL_KERNELS_MATRIX_H
#define GRM_NEURAL_KERNELS_MATRIX_H

#include "base/base.h"

enum { GRM_PANEL = 32, GRM_STRIP = 16, GRM_INT8_GROUP = 64, GRM_INT4_GROUP = 32, GRM_LINE = 64 };

typedef struct grm_matrix {
    grm_precision precision;
    size_t out, in;
    const uint8_t *panels;  // grm_matrix_bytes of them, aligned to GRM_LINE; NULL: no matrix
    float unit;
    const float *columns;  // [in] factors of the inputs, or NULL; int8 and int4 only
    const float *bias;     // [out], or NULL
} grm_matrix;

// The 16 values of int4, as good as a normal distribution allows, in units of 1 / 102 of the largest.
extern const int8_t grm_int4_values[16];

static inline size_t grm_matrix_panels(size_t out) {
    return (out + GRM_PANEL - 1) / GRM_PANEL;
}
size_t grm_panel_bytes(grm_precision precision, size_t in);
size_t grm_matrix_bytes(grm_precision precision, size_t out, size_t in);
size_t grm_matrix_group(grm_precision precision);  // inputs that share a scale; 0: no scales

// How a panel's inputs are cut into blocks, all but the last of the same size.
typedef struct grm_blocks {
    size_t inputs, bytes;  // of a block
    size_t count;
    size_t panel_bytes;
    size_t strip;  // panels, up to GRM_STRIP; 1 where there is one block
} grm_blocks;
grm_blocks grm_matrix_blocks(grm_precision precision, size_t in);
// Where a panel's block lies, in bytes from the beginning of a matrix of `panels`.
static inline size_t grm_block_at(const grm_blocks *blocks, size_t panels, size_t panel, size_t block) {
    size_t first = panel / blocks->strip * blocks->strip, left = panels - first;
    size_t strip = left < blocks->strip ? left : blocks->strip;
    size_t before = block * blocks->bytes;
    size_t bytes = block + 1 < blocks->count ? blocks->bytes : blocks->panel_bytes - before;
    return first * blocks->panel_bytes + strip * before + (panel - first) * bytes;
}

// Packs rows: [out][in] at `weights` -> `panels`. For int8 and int4 grm_matrix_look fills `columns` before: [2 * in],
// of which the second half is room; NULL leaves columns as they are. Panels [begin, end) only, so that threads can
// share the work.
typedef struct grm_matrix_survey {
    float unit;
    bool uneven;  // the columns' factors are not all 1
} grm_matrix_survey;
grm_matrix_survey grm_matrix_look(grm_precision precision, size_t out, size_t in, const float *weights, float *columns);
void grm_matrix_pack(grm_precision precision, size_t out, size_t in, const float *weights, float unit,
                     const float *columns, size_t begin, size_t end, uint8_t *panels);
// Weights as the kernels see them, columns' factors undone: row `row` -> [in].
void grm_matrix_unpack(const grm_matrix *matrix, size_t row, float *weights);

#endif
