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
void grm_stereo_run(grm_stereo *stereo, float *left, float *right, size_t frames);

#endif
