// The sampler's inner loops in plain C, and the low-pass they run. The vector versions compute the same sums.
#include <math.h>
#include <string.h>

#include "synth/sampler.h"

// ---- the filter's responses ----

// 0 dB of resonance is a flat top: Q of 1/sqrt(2), 3.01 dB down at the cutoff.
static float resonance_q(float cb) {
    if (!(cb > 0)) cb = 0;
    if (cb > 960) cb = 960;
    return powf(10.0f, (cb / 10 - 3.01f) / 20);
}

float grm_lowpass_gain(float resonance_cb) {
    return 1 / sqrtf(resonance_q(resonance_cb));
}

// In double: low cutoffs put both poles next to 1, where float loses them.
void grm_lowpass_set(grm_lowpass *filter, float cutoff_hz, float resonance_cb) {
    double omega = 2 * 3.14159265358979323846 * cutoff_hz / GRM_RATE;
    double half = sin(omega / 2), cosine = 1 - 2 * half * half;
    double sine = 2 * half * sqrt(1 - half * half);
    double alpha = sine / (2 * (double)resonance_q(resonance_cb)), scale = 1 / (1 + alpha);
    double b1 = 2 * half * half * scale, b0 = b1 / 2, b2 = b0;
    double a1 = -2 * cosine * scale, a2 = (1 - alpha) * scale;

    double ring[8];  // of the poles alone
    for (int i = 0; i < 8; i++) {
        double one = i > 0 ? ring[i - 1] : 0, two = i > 1 ? ring[i - 2] : 0;
        ring[i] = i == 0 ? 1 : -a1 * one - a2 * two;
        filter->response[7 + i] = (float)(b0 * ring[i] + b1 * one + b2 * two);
        filter->input1[i] = (float)(b1 * ring[i] + b2 * one);
        filter->input2[i] = (float)(b2 * ring[i]);
        filter->output1[i] = (float)(-a1 * ring[i] - a2 * one);
        filter->output2[i] = (float)(-a2 * ring[i]);
    }
}

void grm_lowpass_reset(grm_lowpass *filter) {
    memset(filter, 0, sizeof *filter);
}

// ---- plain C ----

static void interpolate(const int16_t *at, uint32_t fraction, uint64_t step, size_t count, float *out) {
    uint64_t position = fraction;
    for (size_t i = 0; i < count; i++, position += step) {
        const int16_t *s = at + (position >> 32);
        float t = (float)(uint32_t)(position >> 8 & 0xffffff) * (1.0f / 16777216);
        float before = s[-1], here = s[0], next = s[1], after = s[2];
        // Catmull and Rom 1974: cubic through `here` and `next` with slopes from their neighbours.
        float c1 = 0.5f * (next - before);
        float c2 = before - 2.5f * here + 2 * next - 0.5f * after;
        float c3 = 0.5f * (after - before) + 1.5f * (here - next);
        out[i] = ((c3 * t + c2) * t + c1) * t + here;
    }
}

static void filter_eight(grm_lowpass *filter, float *x) {
    float y[8];
    for (int i = 0; i < 8; i++) {
        y[i] = filter->input1[i] * filter->last_x1 + filter->input2[i] * filter->last_x2 +
               filter->output1[i] * filter->last_y1 + filter->output2[i] * filter->last_y2;
    }
    for (int j = 0; j < 8; j++) {
        for (int i = 0; i < 8; i++) y[i] += filter->response[7 + i - j] * x[j];
    }
    memcpy(x, y, sizeof y);
}

static void filter_block(grm_lowpass *filter, size_t count, float *x) {
    for (size_t i = 0; i < count; i += 8, x += 8) {
        size_t now = count - i < 8 ? count - i : 8;
        float x1 = x[now - 1], x2 = now > 1 ? x[now - 2] : filter->last_x1;
        float y1 = filter->last_y1;
        filter_eight(filter, x);
        filter->last_x1 = x1;
        filter->last_x2 = x2;
        filter->last_y1 = x[now - 1];
        filter->last_y2 = now > 1 ? x[now - 2] : y1;
    }
}

static void mix(const float *x, size_t count, float gain, float slope, float *out) {
    for (size_t i = 0; i < count; i++) out[i] += x[i] * (gain + (float)(i + 1) * slope);
}

const grm_sampler_kernels *grm_sampler_kernels_plain(void) {
    static const grm_sampler_kernels table = {interpolate, filter_block, mix};
    return &table;
}

const grm_sampler_kernels *grm_sampler_kernels_best(void) {
    const grm_sampler_kernels *fast = grm_sampler_kernels_avx2();
    return fast && grm_cpu_detect().avx2_fma ? fast : grm_sampler_kernels_plain();
}
