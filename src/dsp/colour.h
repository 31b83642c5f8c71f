// Saturation, and what tape does to pitch.
#ifndef GRM_DSP_COLOUR_H
#define GRM_DSP_COLOUR_H

#include "dsp/filter.h"

// ---- saturation ----

// A soft curve at twice the rate, so that the harmonics of the upper octave do not fold back. Small signals pass with
// unity gain, GRM_SATURATOR_LATENCY frames late.
enum { GRM_SATURATOR_LATENCY = 15 };
typedef struct grm_saturator {
    float drive;
    bool avx2;
    float in[2][16], even[2][8], odd[2][16];  // what came before
} grm_saturator;
void grm_saturator_init(grm_saturator *saturator, float drive);  // drive > 0: y = tanh(drive x) / drive, about
void grm_saturator_run(grm_saturator *saturator, float *left, float *right, size_t frames);

// ---- tape ----

// Wow and flutter. The wobble hangs on the time alone, so that all stems of a mix wobble together.
typedef struct grm_wobble grm_wobble;
// depth 0..1: 1 is a worn cassette, about 0.35 % of speed. Delays by grm_wobble_latency on average.
grm_status grm_wobble_new(double rate_hz, float depth, grm_wobble **out, grm_error *err);
void grm_wobble_free(grm_wobble *wobble);
void grm_wobble_run(grm_wobble *wobble, float *left, float *right, size_t frames);  // in place
size_t grm_wobble_latency(const grm_wobble *wobble);
void grm_wobble_skip(grm_wobble *wobble, size_t frames);  // as if that much silence had gone through

#endif
