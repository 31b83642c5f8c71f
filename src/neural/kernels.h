// The arithmetic that models are made of. Every figure is the same bits on every processor and number of threads: sums
// run in one fixed order, with fused multiply-adds, and the functions are polynomials of our own.
#ifndef GRM_NEURAL_KERNELS_H
#define GRM_NEURAL_KERNELS_H

#include "base/base.h"
#include "neural/kernels/table.h"

// Rows that products of int8 and int4 matrices take at a time.
enum { GRM_ROWS = 16 };

// What computes: a team of threads, the kernels that the processor is best at, and room for inputs as bytes.
typedef struct grm_compute {
    grm_team *team;
    const grm_kernels *kernels;
    grm_bytes (*bytes)[GRM_ROWS];  // [member], each for inputs up to `widest`
    size_t widest;
    void *room;
} grm_compute;
grm_status grm_compute_new(unsigned threads, size_t widest, grm_compute **out, grm_error *err);
void grm_compute_free(grm_compute *compute);

// y = finish(W x) for any number of rows: those of x lie x_stride floats apart (they may overlap), those of y y_stride.
// No aliasing of x and y. Not inside a team's run.
void grm_matrix_run(const grm_compute *compute, const grm_matrix *matrix, const float *x, size_t x_stride, size_t rows,
                    float *y, size_t y_stride, grm_finish finish);
// The same by the calling thread alone, which may be a member inside a run. Of float32 and float16 matrices only.
void grm_matrix_alone(const grm_compute *compute, const grm_matrix *matrix, const float *x, size_t x_stride,
                      size_t rows, float *y, size_t y_stride, grm_finish finish);
// Inside a run: this member's inputs as bytes, of up to GRM_ROWS rows, if the matrix is of bytes; then its share
// [begin, end) of the panels, of this matrix or of others of its precision that have no columns either.
void grm_matrix_split(const grm_compute *compute, unsigned member, const grm_matrix *matrix, const float *x,
                      size_t x_stride, size_t rows);
void grm_matrix_share(const grm_compute *compute, unsigned member, const grm_matrix *matrix, const float *x,
                      size_t x_stride, size_t rows, float *y, size_t y_stride, grm_finish finish, size_t begin,
                      size_t end);
// The part [*begin, *end) of `count` pieces that is this member's, `step` pieces at a time.
void grm_share_out(size_t count, size_t step, unsigned member, unsigned size, size_t *begin, size_t *end);

float grm_dot(const float *a, const float *b, size_t count);
void grm_add(float *y, const float *x, size_t count);            // y += x
void grm_axpy(float *y, float a, const float *x, size_t count);  // y += a x
float grm_exp(float x);                                          // within 2 ulp; 0 below -87
float grm_tanh(float x);                                         // 1 - 2 / (exp(2x) + 1)
void grm_relu(float *x, size_t count);
// Root-mean-square norm (Zhang and Sennrich 2019), as T5 has it. y may be x.
void grm_rms_norm(const float *x, const float *weight, size_t width, float epsilon, float *y);

#endif
