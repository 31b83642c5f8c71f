// The two sides against each other.
#ifndef GRM_DSP_STEREO_H
#define GRM_DSP_STEREO_H

#include "dsp/filter.h"

// Side signal times width, and, below mono_hz (0: nowhere), none of it.
typedef struct grm_stereo {
    float width;
    grm_cascade side;
} grm_stereo;
void grm_stereo_init(grm_stereo *stereo, double rate_hz, float width, float mono_hz);
bool grm_stereo_run(grm_stereo *stereo, float *left, float *right, size_t frames);

// Width of each band of a crossover; 0 makes a band mono. The spectrum of the middle stays as it is, its phase turns
// with the sides'. Plain data.
typedef struct grm_band_width {
    grm_crossover crossover;
    float from[GRM_BANDS], to[GRM_BANDS], goal[GRM_BANDS], share;
    size_t phase;
} grm_band_width;
// hz: [bands - 1], width: [bands], 0..4.
void grm_band_width_init(grm_band_width *stereo, double rate_hz, const float *hz, const float *width, size_t bands);
void grm_band_width_set(grm_band_width *stereo, const float *hz, const float *width);       // glides there
bool grm_band_width_run(grm_band_width *stereo, float *left, float *right, size_t frames);  // in place

#endif
