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

float grm_peak(const float *x, size_t frames);    // largest magnitude
double grm_power(const float *x, size_t frames);  // mean square
double grm_sum(const float *x, size_t frames);    // in double precision
// Mean of two channels; no aliasing.
void grm_middle(const float *left, const float *right, size_t frames, float *middle);
bool grm_all_finite(const float *x, size_t frames);  // false when there is a NaN or an infinity
// False, and the planes hold silence, when there is a value that is no number or beyond GRM_LOUDEST.
#define GRM_LOUDEST 1e6f  // 120 dB over full scale
bool grm_planes_check(float *const *planes, unsigned channels, size_t frames);
bool grm_all_sane(const float *x, size_t frames);     // the same of one buffer, which stays as it is
void grm_scale(float *x, size_t frames, float gain);  // in place
// y += gain * x, the gain running linearly from `from` to `to` (which the next block starts with).
void grm_add_ramp(float *y, const float *x, size_t frames, float from, float to);

// ---- to fewer bits ----

// Rounds to bits with triangular dither of a step each way; shaped, its noise is moved to where the ear hears least.
// Plain data: copy it to copy its state.
enum { GRM_DITHER_TAPS = 8 };
typedef struct grm_dither {
    bool shaped;
    float scale, taps[GRM_DITHER_TAPS], error[2][GRM_DITHER_TAPS];
    unsigned at;
    size_t quiet, quiet_after;  // frames of silence so far; so many are left as they are
    grm_rng rng[2];
} grm_dither;
// bits: 8..24. The error's power is a quarter of a step's square, white, before it is shaped.
void grm_dither_init(grm_dither *dither, unsigned bits, bool shaped, double rate_hz, uint64_t seed);
// In place: values become whole numbers of 2^(1-bits), within -1 and 1 - 2^(1-bits). Past a tenth of a second of zeros
// (and before the first sound) zeros stay zeros.
bool grm_dither_run(grm_dither *dither, float *const *planes, size_t frames);
double grm_dither_noise_db(const grm_dither *dither, double rate_hz, double hz);  // against white dither

#endif
