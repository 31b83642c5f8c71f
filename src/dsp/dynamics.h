// Gain that follows level.
#ifndef GRM_DSP_DYNAMICS_H
#define GRM_DSP_DYNAMICS_H

#include "dsp/levels.h"

typedef struct grm_compressor_plan {
    float threshold_db, ratio, knee_db;  // levels are RMS of a full-scale square wave: a sine at full scale is -3 dB
    float attack_ms, release_ms;         // to 63 % of the way
    float makeup_db;
    float range_db;  // most reduction, 0: no limit
} grm_compressor_plan;
// Gain that a steady level gets, without make-up.
float grm_compressor_static_db(const grm_compressor_plan *plan, float level_db);

// Both channels get the gain of their mean power. The gain is worked out every GRM_HOP frames from what came before.
enum { GRM_HOP = 16 };
typedef struct grm_compressor {
    grm_compressor_plan plan;
    float attack, release, smooth;  // a hop's coefficients
    float power, reduction_db;      // detector and envelope
    float from, to;                 // gain at the hop's ends
    float sum;
    unsigned phase;
    float deepest_db;      // largest reduction so far
    double reduction_sum;  // of all hops, dB
    size_t hops;
} grm_compressor;
void grm_compressor_init(grm_compressor *compressor, const grm_compressor_plan *plan, double rate_hz);
// In place; `key` [2] is what is listened to (NULL: the planes themselves).
void grm_compressor_run(grm_compressor *compressor, float *const *planes, const float *const *key, size_t frames);

// Gain of a look-ahead limiter from the peaks of each hop, so that no peak times gain goes over the ceiling. The gain
// at hop h's start is gain[h]; within the hop it runs linearly to gain[h + 1].
typedef struct grm_limiter_plan {
    float ceiling;  // linear
    float lookahead_ms, release_ms;
    float hop_hz;  // hops a second
} grm_limiter_plan;
// peaks: [hops], of the signal after `drive`; gain: [hops + 1]. The gain does not include `drive`.
grm_status grm_limiter_curve(const grm_limiter_plan *plan, const float *peaks, size_t hops, float drive, float *gain,
                             grm_error *err);

// ---- a limiter for sound that comes in pieces ----

typedef struct grm_peak_limiter_plan {
    float drive_db;    // gain before it
    float ceiling_db;  // of the true peak, at eight points a sample; -60..0
    float lookahead_ms, release_ms;
} grm_peak_limiter_plan;
typedef struct grm_peak_limiter grm_peak_limiter;
grm_status grm_peak_limiter_new(const grm_peak_limiter_plan *plan, double rate_hz, grm_peak_limiter **out,
                                grm_error *err);
void grm_peak_limiter_free(grm_peak_limiter *limiter);
void grm_peak_limiter_reset(grm_peak_limiter *limiter);
void grm_peak_limiter_set(grm_peak_limiter *limiter, float drive_db, float ceiling_db);  // glides there
// planes: [2], in place. Both channels get the same gain, grm_peak_limiter_latency frames late.
bool grm_peak_limiter_run(grm_peak_limiter *limiter, float *const *planes, size_t frames);
size_t grm_peak_limiter_latency(const grm_peak_limiter *limiter);
float grm_peak_limiter_deepest_db(const grm_peak_limiter *limiter);  // largest reduction so far

#endif
