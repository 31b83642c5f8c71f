// Dot products in 16 lanes, the one order of additions that every instruction set here keeps: lane l sums the products
// l, l + 16, ... by fused multiply-adds; then lanes 8..15 are added to 0..7, 4..7 to 0..3, 2..3 to 0..1, 1 to 0.
#ifndef GRM_NEURAL_KERNELS_DOT_H
#define GRM_NEURAL_KERNELS_DOT_H

#include <stddef.h>

// sums[3 * r + o] = w[o] . x[r] for o < outs (1 or 3) and r < rows (1 or 2). w: [outs][count], x: rows x_stride apart.
typedef void grm_dots_fn(const float *w, size_t count, size_t outs, const float *x, size_t x_stride, size_t rows,
                         float sums[6]);

grm_dots_fn grm_dots_plain, grm_dots_avx2;
grm_dots_fn *grm_dots_best(void);  // for this processor

#endif
