#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/faults.h"

enum { CENTS = 100 };
static const double low_hz = 130, middle_hz = 650, high_hz = 3200;
static const double steady = 0.5;    // how well partials must agree within a frame to count
static const float alone = 8;        // times the power beside it that a partial has
static const float beneath = 1e-5f;  // peaks 50 dB under the strongest of the frame are left out

struct grm_drift {
    grm_frame_shape shape;
    size_t low, middle, high;
    uint32_t joint[CENTS][CENTS];  // frames by deviation of low and high partials, in cents above the equal scale
};

grm_drift *grm_drift_new(const grm_frame_shape *shape) {
    grm_drift *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->shape = *shape;
    double last = (double)shape->bins - 5;
    w->low = (size_t)fmin(last, low_hz / shape->step_hz);
    w->middle = (size_t)fmin(last, middle_hz / shape->step_hz);
    w->high = (size_t)fmin(last, high_hz / shape->step_hz);
    return w;
}

void grm_drift_free(grm_drift *w) {
    free(w);
}

// Mean deviation from the equal scale of the partials within the bins, in cents 0..100; -1: they do not agree, or there
// are fewer than two.
static double deviation(const grm_drift *w, const float *power, size_t from, size_t to, float least) {
    double re = 0, im = 0, weights = 0;
    unsigned peaks = 0;
    for (size_t k = from > 4 ? from : 4; k < to; k++) {
        if (power[k] < least || power[k] <= power[k - 1] || power[k] < power[k + 1]) continue;
        // Noise has no peaks that are alone.
        if (power[k] < alone * (power[k - 4] + power[k + 4])) continue;
        // A parabola through the logarithms: within a few hundredths of a bin for a Hann window.
        double a = log((double)power[k - 1] + 1e-30), b = log((double)power[k]), c = log((double)power[k + 1] + 1e-30);
        double bend = a - 2 * b + c;
        double at = (double)k + (bend < 0 ? 0.5 * (a - c) / bend : 0);
        double turn = 2 * GRM_PI * 12 * log2(at * w->shape.step_hz / 440), weight = sqrt(sqrt((double)power[k]));
        re += weight * cos(turn);
        im += weight * sin(turn);
        weights += weight;
        peaks++;
    }
    if (peaks < 2 || hypot(re, im) < steady * weights) return -1;
    double cents = atan2(im, re) / (2 * GRM_PI) * CENTS;
    return cents < 0 ? cents + CENTS : cents;
}

void grm_drift_add(grm_drift *w, const float *power) {
    float peak = 0;
    for (size_t k = w->low; k < w->high; k++) peak = power[k] > peak ? power[k] : peak;
    if (peak < 1e-10f) return;
    double low = deviation(w, power, w->low, w->middle, peak * beneath);
    double high = low < 0 ? -1 : deviation(w, power, w->middle, w->high, peak * beneath);
    if (high >= 0) w->joint[(size_t)low % CENTS][(size_t)high % CENTS]++;
}

// Circular mean of a distribution over the cents.
static double middle_of(const double *share) {
    double re = 0, im = 0;
    for (size_t i = 0; i < CENTS; i++) {
        re += share[i] * cos(2 * GRM_PI * ((double)i + 0.5) / CENTS);
        im += share[i] * sin(2 * GRM_PI * ((double)i + 0.5) / CENTS);
    }
    return atan2(im, re) / (2 * GRM_PI) * CENTS;
}

static double off(size_t cent, double middle) {
    return remainder((double)cent + 0.5 - middle, CENTS);
}

void grm_drift_tell(const grm_drift *w, grm_features *out) {
    double low[CENTS] = {0}, high[CENTS] = {0}, sum = 0, covariance = 0;
    for (size_t i = 0; i < CENTS; i++)
        for (size_t k = 0; k < CENTS; k++) {
            low[i] += w->joint[i][k];
            high[k] += w->joint[i][k];
            sum += w->joint[i][k];
        }
    if (sum < 20) return;
    double low_middle = middle_of(low), high_middle = middle_of(high);
    for (size_t i = 0; i < CENTS; i++)
        for (size_t k = 0; k < CENTS; k++)
            covariance += w->joint[i][k] * off(i, low_middle) * off(k, high_middle) / sum;
    out->pitch_wander_cents = sqrt(fmax(0, covariance));
}
