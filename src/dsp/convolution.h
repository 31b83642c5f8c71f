// Convolution: any impulse response, rooms that were measured, equalisers of linear phase.
#ifndef GRM_DSP_CONVOLUTION_H
#define GRM_DSP_CONVOLUTION_H

#include "dsp/filter.h"

// ---- any impulse response ----

typedef struct grm_convolver grm_convolver;
// kernel: [2][taps], one for each side; kernel[1] may be NULL: the same. taps 1..2^24.
grm_status grm_convolver_new(const float *const *kernel, size_t taps, grm_convolver **out, grm_error *err);
void grm_convolver_free(grm_convolver *convolver);
void grm_convolver_reset(grm_convolver *convolver);
// In place, without latency. Most of the work falls on every 128th, 1024th and 8192nd frame.
bool grm_convolver_run(grm_convolver *convolver, float *const *planes, size_t frames);
// Another kernel of the same length; the sound fades from one to the other within two of the longest blocks in use, of
// 8192 frames at most. Allocates when it is first called.
grm_status grm_convolver_set(grm_convolver *convolver, const float *const *kernel, grm_error *err);

// ---- a measured room ----

typedef struct grm_space_plan {
    float predelay_ms;              // 0..500
    float low_cut_hz, high_cut_hz;  // of what goes in; 0: none
    float wet_db;
} grm_space_plan;
typedef struct grm_space grm_space;
// impulse: [2][frames] at the rate of the sound; impulse[1] may be NULL. It is scaled so that noise comes out with its
// power, at wet_db 0.
grm_status grm_space_new(const grm_space_plan *plan, double rate_hz, const float *const *impulse, size_t frames,
                         grm_space **out, grm_error *err);
void grm_space_free(grm_space *space);
void grm_space_reset(grm_space *space);
void grm_space_set(grm_space *space, float wet_db);  // glides there
// Adds the room of in [2] to out [2]; no aliasing.
bool grm_space_run(grm_space *space, const float *const *in, float *const *out, size_t frames);
size_t grm_space_tail(const grm_space *space);  // frames until nothing is left of it

// ---- an equaliser of linear phase ----

typedef struct grm_linear_equaliser grm_linear_equaliser;
// The bands of grm_equaliser, up to GRM_LINEAR_BANDS; all frequencies come out equally late. What is narrower than 20
// Hz is blurred to that.
enum { GRM_LINEAR_BANDS = 32 };
grm_status grm_linear_equaliser_new(double rate_hz, const grm_eq_band *bands, size_t count, grm_linear_equaliser **out,
                                    grm_error *err);
void grm_linear_equaliser_free(grm_linear_equaliser *equaliser);
grm_status grm_linear_equaliser_set(grm_linear_equaliser *equaliser, const grm_eq_band *bands, size_t count,
                                    grm_error *err);                                                  // fades there
bool grm_linear_equaliser_run(grm_linear_equaliser *equaliser, float *const *planes, size_t frames);  // in place
size_t grm_linear_equaliser_latency(const grm_linear_equaliser *equaliser);

#endif
