// Decibels, levels of a buffer, and numbers near zero.
#ifndef GRM_DSP_LEVELS_H
#define GRM_DSP_LEVELS_H

#include <math.h>

#include "base/base.h"

#define GRM_PI 3.14159265358979323846

static inline float grm_db_to_gain(float db) {
    return powf(10.0f, db * 0.05f);
}
// -200 dB for silence.
static inline float grm_gain_to_db(float gain) {
    return gain > 1e-10f ? 20.0f * log10f(gain) : -200.0f;
}

// ---- numbers near zero ----

// Fading filters and reverbs end in denormal numbers, which take a hundred times as long to compute with. Between
// these two the calling thread counts them as zero. Pass to restore what flush returned.
unsigned grm_denormals_flush(void);
void grm_denormals_restore(unsigned mode);

// ---- levels of a buffer ----

float grm_peak(const float *x, size_t frames);        // largest magnitude
double grm_power(const float *x, size_t frames);      // mean square
bool grm_all_finite(const float *x, size_t frames);   // false when there is a NaN or an infinity
void grm_scale(float *x, size_t frames, float gain);  // in place
// y += gain * x, the gain running linearly from `from` to `to` (which the next block starts with).
void grm_add_ramp(float *y, const float *x, size_t frames, float from, float to);

#endif
