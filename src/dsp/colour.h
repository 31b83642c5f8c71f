// Saturation, and what tape does to pitch.
#ifndef GRM_DSP_COLOUR_H
#define GRM_DSP_COLOUR_H

#include "dsp/filter.h"
#include "dsp/glide.h"

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
bool grm_saturator_run(grm_saturator *saturator, float *left, float *right, size_t frames);

// ---- tape ----

// Wow and flutter. The wobble hangs on the time alone, so that all stems of a mix wobble together.
typedef struct grm_wobble grm_wobble;
// depth 0..1: 1 is a worn cassette, about 0.35 % of speed. Delays by grm_wobble_latency on average.
grm_status grm_wobble_new(double rate_hz, float depth, grm_wobble **out, grm_error *err);
void grm_wobble_free(grm_wobble *wobble);
bool grm_wobble_run(grm_wobble *wobble, float *left, float *right, size_t frames);  // in place
size_t grm_wobble_latency(const grm_wobble *wobble);
void grm_wobble_skip(grm_wobble *wobble, size_t frames);  // as if that much silence had gone through

// ---- tape, tube, transformer ----

typedef enum grm_colour_kind { GRM_COLOUR_TAPE, GRM_COLOUR_TUBE, GRM_COLOUR_TRANSFORMER } grm_colour_kind;

// The curve alone: slope 1 at 0.
float grm_colour_curve(grm_colour_kind kind, float x);

// Up to four times the rate and back, GRM_OVER_LATENCY frames late.
enum { GRM_OVER_LATENCY = 23 };
typedef struct grm_over_half {
    float in[16], even[8], odd[16];  // what came before
} grm_over_half;
typedef struct grm_oversampler {
    grm_over_half first, second;
    float step;
} grm_oversampler;

// Saturation at four times the rate. Small signals pass as they are, GRM_OVER_LATENCY frames late. Plain data.
typedef struct grm_colour {
    grm_colour_kind kind;
    double rate_hz;
    bool avx2;
    grm_glide drive, mix;
    grm_cascade before, behind;
    grm_oversampler over[2];
    float past[2][GRM_OVER_LATENCY];
} grm_colour;
// drive_db: gain before the curve, taken off behind it. mix: 0..1, share of what the curve adds.
void grm_colour_init(grm_colour *colour, grm_colour_kind kind, double rate_hz, float drive_db, float mix);
void grm_colour_set(grm_colour *colour, float drive_db, float mix);  // glides there
bool grm_colour_run(grm_colour *colour, float *left, float *right, size_t frames);

// Adds harmonics of what lies above a frequency, GRM_OVER_LATENCY frames late. Plain data.
typedef struct grm_exciter {
    double rate_hz;
    bool avx2;
    grm_glide drive, amount;
    grm_cascade before, behind;
    grm_oversampler over[2];
    float past[2][GRM_OVER_LATENCY];
} grm_exciter;
void grm_exciter_init(grm_exciter *exciter, double rate_hz, float hz, float drive_db, float amount);
void grm_exciter_set(grm_exciter *exciter, float drive_db, float amount);  // glides there
bool grm_exciter_run(grm_exciter *exciter, float *left, float *right, size_t frames);

#endif
