#include "neural/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "neural/halves.h"

// ---- vectors ----

float grm_dot(const float *a, const float *b, size_t count) {
    float lanes[16] = {0};
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        for (size_t l = 0; l < 16; l++) lanes[l] += a[i + l] * b[i + l];
    for (size_t l = 0; i + l < count; l++) lanes[l] += a[i + l] * b[i + l];
    for (size_t half = 8; half; half /= 2)
        for (size_t l = 0; l < half; l++) lanes[l] += lanes[l + half];
    return lanes[0];
}

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

// ---- norms ----

void grm_rms_norm(const float *x, const float *weight, size_t width, float epsilon, float *y) {
    double squares = 0;
    for (size_t i = 0; i < width; i++) squares += (double)x[i] * (double)x[i];
    float scale = (float)(1.0 / sqrt(squares / (double)width + (double)epsilon));
    for (size_t i = 0; i < width; i++) y[i] = x[i] * scale * weight[i];
}
