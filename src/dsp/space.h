// Reverbs and echoes.
#ifndef GRM_DSP_SPACE_H
#define GRM_DSP_SPACE_H

#include "dsp/levels.h"

typedef struct grm_reverb_plan {
    unsigned lines;    // 8 or 16
    float rt60_s;      // below and about 1 kHz
    float high_ratio;  // rt60 at 6 kHz against that
    float size_ms;     // mean length of the lines
    float predelay_ms;
    float early;                    // 0..1, share of first reflections
    float modulation_ms;            // how far half of the lines wander
    float low_cut_hz, high_cut_hz;  // of what goes in; 0: none
    unsigned variant;               // shifts the lines a little, so that two reverbs never beat
    bool portable;                  // leave the vector unit alone (same result)
} grm_reverb_plan;

// A feedback delay network (Jot 1991) with a Hadamard matrix. What goes in comes out with about its power.
typedef struct grm_reverb grm_reverb;
grm_status grm_reverb_new(const grm_reverb_plan *plan, double rate_hz, grm_reverb **out, grm_error *err);
void grm_reverb_free(grm_reverb *reverb);
// Adds the reverb of in [2] to out [2]. No aliasing.
bool grm_reverb_run(grm_reverb *reverb, const float *const *in, float *const *out, size_t frames);
void grm_reverb_reset(grm_reverb *reverb);
// Decay, damping, share of early reflections and the cuts glide to those of the plan, which keeps all the rest.
grm_status grm_reverb_set(grm_reverb *reverb, const grm_reverb_plan *plan, grm_error *err);
size_t grm_reverb_tail(const grm_reverb *reverb);  // frames until nothing is left of it (-100 dB)

// To half the rate and back, for what is dark anyway: up to 0.2 of the rate it passes as it is, GRM_HALF_RATE_LATENCY
// frames late in all; from 0.31 of it on it is gone. Frames are those of the full rate and come in even numbers.
enum { GRM_HALF_RATE_LATENCY = 30 };
typedef struct grm_half_rate {
    bool avx2;
    float even[2][7], odd[2][15], low[2][15];  // what came before
} grm_half_rate;
void grm_half_rate_init(grm_half_rate *half);
bool grm_half_rate_down(grm_half_rate *half, const float *const *in, float *const *out, size_t frames);
bool grm_half_rate_up(grm_half_rate *half, const float *const *in, float *const *out, size_t frames);  // adds to out

typedef struct grm_echo_plan {
    double time_s;
    float feedback;  // 0..0.9
    float low_cut_hz, high_cut_hz;
} grm_echo_plan;

// Echoes that change sides, the first on the left.
typedef struct grm_echo grm_echo;
grm_status grm_echo_new(const grm_echo_plan *plan, double rate_hz, grm_echo **out, grm_error *err);
void grm_echo_free(grm_echo *echo);
bool grm_echo_run(grm_echo *echo, const float *const *in, float *const *out, size_t frames);  // adds to out
void grm_echo_reset(grm_echo *echo);
size_t grm_echo_tail(const grm_echo *echo);

// ---- echoes in time ----

typedef struct grm_delay_plan {
    double time_s[2];               // left, right; grm_delay_beats gives them
    float feedback;                 // 0..0.95
    bool ping_pong;                 // both sides go in on the left and change sides with each echo
    float low_cut_hz, high_cut_hz;  // of each repeat; 0: none
    float wet_db;
} grm_delay_plan;
double grm_delay_beats(double bpm, double beats);  // seconds; 0.75 is a dotted quaver where a beat is a crotchet
typedef struct grm_delay grm_delay;
// longest_s: that times may ever be set to, up to 20.
grm_status grm_delay_new(const grm_delay_plan *plan, double longest_s, double rate_hz, grm_delay **out, grm_error *err);
void grm_delay_free(grm_delay *delay);
void grm_delay_reset(grm_delay *delay);
grm_status grm_delay_set(grm_delay *delay, const grm_delay_plan *plan, grm_error *err);  // glides and fades there
bool grm_delay_run(grm_delay *delay, const float *const *in, float *const *out, size_t frames);  // adds to out
size_t grm_delay_tail(const grm_delay *delay);  // frames until nothing is left of it (-100 dB)

#endif
