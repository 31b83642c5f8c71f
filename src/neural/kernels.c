#include "neural/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "neural/halves.h"
#include "neural/kernels_dot.h"

// ---- matrices ----

// Two rows by three outputs at a time: each weight that is read serves two rows.
GRM_INLINE void run_outputs(const grm_linear *l, const float *x, size_t x_stride, size_t rows, float *y,
                            size_t y_stride, size_t begin, size_t end, grm_dots_fn *dots) {
    for (size_t o = begin; o < end;) {
        size_t outs = end - o < 3 ? 1 : 3;
        const float *w = l->weight + o * l->in;
        for (size_t r = 0; r < rows;) {
            size_t both = rows - r < 2 ? 1 : 2;
            float sums[6];
            dots(w, l->in, outs, x + r * x_stride, x_stride, both, sums);
            for (size_t i = 0; i < both; i++)
                for (size_t k = 0; k < outs; k++)
                    y[(r + i) * y_stride + o + k] = sums[3 * i + k] + (l->bias ? l->bias[o + k] : 0);
            r += both;
        }
        o += outs;
    }
}

typedef struct linear_job {
    const grm_linear *linear;
    const float *x;
    size_t x_stride, rows;
    float *y;
    size_t y_stride, share;
    grm_dots_fn *dots;
} linear_job;

static void run_share(void *context, size_t index) {
    const linear_job *j = context;
    size_t begin = index * j->share, end = begin + j->share < j->linear->out ? begin + j->share : j->linear->out;
    if (begin < end) run_outputs(j->linear, j->x, j->x_stride, j->rows, j->y, j->y_stride, begin, end, j->dots);
}

void grm_linear_run(const grm_compute *compute, const grm_linear *linear, const float *x, size_t x_stride, size_t rows,
                    float *y, size_t y_stride) {
    enum { WORTH_SPREADING = 1 << 16 };  // multiplications
    linear_job job = {linear, x, x_stride, rows, y, y_stride, linear->out, compute->dots};
    grm_pool *pool = compute->pool;
    size_t shares = 1;
    if (pool && grm_pool_threads(pool) > 1 && rows * linear->out * linear->in >= WORTH_SPREADING)
        shares = grm_pool_threads(pool);
    job.share = (linear->out + 3 * shares - 1) / (3 * shares) * 3;
    if (shares == 1)
        run_share(&job, 0);
    else
        grm_pool_run(pool, shares, run_share, &job);
}

grm_compute grm_compute_on(grm_pool *pool) {
    return (grm_compute){pool, grm_dots_best()};
}

float grm_dot(const grm_compute *compute, const float *a, const float *b, size_t count) {
    float sum[6];
    compute->dots(a, count, 1, b, count, 1, sum);
    return sum[0];
}

// ---- vectors ----

void grm_add(float *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

void grm_axpy(float *y, float a, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] += a * x[i];
}

void grm_relu(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = x[i] > 0 ? x[i] : 0;
}

// ---- functions ----

// exp(x) = 2^n exp(r), |r| <= ln 2 / 2: Cody and Waite's split of ln 2, and a polynomial of the 6th degree (the Taylor
// series with its last terms bent to the interval).
float grm_exp(float x) {
    if (!(x > -87.0f)) return x != x ? x : 0.0f;
    if (x > 88.0f) return INFINITY;
    float n = rintf(x * 1.44269504f);
    float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
    float p = 1.3981999e-3f;
    p = p * r + 8.3334519e-3f;
    p = p * r + 4.1665796e-2f;
    p = p * r + 1.6666665e-1f;
    p = p * r + 0.5f;
    p = p * r * r + r + 1.0f;
    return p * grm_bits_to_float((uint32_t)((int32_t)n + 127) << 23);
}

float grm_sigmoid(float x) {
    float e = grm_exp(-fabsf(x));
    return x >= 0 ? 1.0f / (1.0f + e) : e / (1.0f + e);
}

float grm_tanh(float x) {
    float a = fabsf(x);
    if (a < 0.02f) return x - x * x * x * (1.0f / 3.0f);
    float e = grm_exp(-2.0f * a);
    return copysignf((1.0f - e) / (1.0f + e), x);
}

// Abramowitz and Stegun 7.1.26 is good to 1.5e-7 only before rounding; the series below 1 keeps small values exact.
float grm_erf(float x) {
    float a = fabsf(x);
    if (a < 0.75f) {
        // Maclaurin: 2 / sqrt(pi) sum (-1)^n x^(2n+1) / (n! (2n+1))
        static const float terms[] = {1.0f / 9360, 1.0f / 1320, 1.0f / 216, 1.0f / 42, 0.1f, 1.0f / 3, 1.0f};
        float s = x * x, p = 1.0f / 75600;
        for (size_t i = 0; i < GRM_COUNT(terms); i++) p = terms[i] - s * p;
        return 1.12837917f * x * p;
    }
    double t = 1.0 / (1.0 + 0.3275911 * (double)a);
    double p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    return copysignf((float)(1.0 - p * (double)grm_exp(-a * a)), x);
}

void grm_softmax(float *x, size_t count) {
    float top = x[0], sum = 0;
    for (size_t i = 1; i < count; i++) top = x[i] > top ? x[i] : top;
    for (size_t i = 0; i < count; i++) sum += x[i] = grm_exp(x[i] - top);
    float scale = 1.0f / sum;
    for (size_t i = 0; i < count; i++) x[i] *= scale;
}

void grm_gelu(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = 0.5f * x[i] * (1.0f + grm_erf(x[i] * 0.707106781f));
}

void grm_elu(float *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (x[i] < 0) x[i] = grm_exp(x[i]) - 1.0f;
}

// ---- norms ----

void grm_layer_norm(const float *x, const float *weight, const float *bias, size_t width, float epsilon, float *y) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < width; i++) sum += (double)x[i];
    float mean = (float)(sum / (double)width);
    for (size_t i = 0; i < width; i++) squares += (double)(x[i] - mean) * (double)(x[i] - mean);
    float scale = (float)(1.0 / sqrt(squares / (double)width + (double)epsilon));
    for (size_t i = 0; i < width; i++) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

void grm_rms_norm(const float *x, const float *weight, size_t width, float epsilon, float *y) {
    double squares = 0;
    for (size_t i = 0; i < width; i++) squares += (double)x[i] * (double)x[i];
    float scale = (float)(1.0 / sqrt(squares / (double)width + (double)epsilon));
    for (size_t i = 0; i < width; i++) y[i] = x[i] * scale * weight[i];
}
