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

float grm_tanh(float x) {
    float a = fabsf(x);
    if (a < 0.02f) return x - x * x * x * (1.0f / 3.0f);
    float e = grm_exp(-2.0f * a);
    return copysignf((1.0f - e) / (1.0f + e), x);
}

// ---- norms ----

void grm_rms_norm(const float *x, const float *weight, size_t width, float epsilon, float *y) {
    double squares = 0;
    for (size_t i = 0; i < width; i++) squares += (double)x[i] * (double)x[i];
    float scale = (float)(1.0 / sqrt(squares / (double)width + (double)epsilon));
    for (size_t i = 0; i < width; i++) y[i] = x[i] * scale * weight[i];
}
