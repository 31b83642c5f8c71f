// The arithmetic that models are made of. Every figure is the same bits on every processor: sums run in 16 lanes that
// are added up in one fixed tree, with fused multiply-adds, and the functions are polynomials of our own.
#ifndef GRM_NEURAL_KERNELS_H
#define GRM_NEURAL_KERNELS_H

#include "base/base.h"
#include "neural/kernels_dot.h"

// What computes: the threads (NULL: the caller alone), and the kernels that the processor is best at.
typedef struct grm_compute {
    grm_pool *pool;
    grm_dots_fn *dots;
} grm_compute;
grm_compute grm_compute_on(grm_pool *pool);

// A matrix as checkpoints have it: y = W x + b. Plain; the weights are borrowed.
typedef struct grm_linear {
    size_t out, in;
    const float *weight;  // [out][in]
    const float *bias;    // [out], or NULL
} grm_linear;

// y[r][o] = bias[o] + sum_i weight[o][i] x[r][i] for r < rows. Rows of x lie x_stride floats apart (they may overlap),
// those of y y_stride. No aliasing of x and y.
void grm_linear_run(const grm_compute *compute, const grm_linear *linear, const float *x, size_t x_stride, size_t rows,
                    float *y, size_t y_stride);

float grm_dot(const grm_compute *compute, const float *a, const float *b, size_t count);
void grm_add(float *y, const float *x, size_t count);            // y += x
void grm_axpy(float *y, float a, const float *x, size_t count);  // y += a x
float grm_exp(float x);                                          // within 2 ulp; 0 below -87
float grm_tanh(float x);                                         // 1 - 2 / (exp(2x) + 1)
float grm_sigmoid(float x);                                      // 1 / (1 + exp(-x))
float grm_erf(float x);                                          // absolute error below 3e-7
void grm_softmax(float *x, size_t count);                        // in place, count > 0
void grm_gelu(float *x, size_t count);                           // x Phi(x), the exact one
void grm_elu(float *x, size_t count);                            // x > 0 ? x : exp(x) - 1
void grm_relu(float *x, size_t count);
// Layer norm (Ba et al. 2016): (x - mean) / sqrt(variance + epsilon) * weight + bias. y may be x.
void grm_layer_norm(const float *x, const float *weight, const float *bias, size_t width, float epsilon, float *y);
// Root-mean-square norm (Zhang and Sennrich 2019), as T5 has it. y may be x.
void grm_rms_norm(const float *x, const float *weight, size_t width, float epsilon, float *y);

#endif
