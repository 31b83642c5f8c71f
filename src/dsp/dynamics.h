// Gain that follows level.
#ifndef GRM_DSP_DYNAMICS_H
#define GRM_DSP_DYNAMICS_H

#include "dsp/filter.h"

typedef enum grm_detector {
    GRM_DETECT_RMS,   // of both channels: a sine at full scale is -3 dB
    GRM_DETECT_PEAK,  // of the louder channel, held for 10 to 20 ms, half a period of bass
} grm_detector;

// Peaks held from hop to hop.
typedef struct grm_peak_hold {
    float held[2];          // of this stretch of hops and of the one before
    unsigned stretch, hop;  // hops in one, and which this is
} grm_peak_hold;

typedef struct grm_compressor_plan {
    float threshold_db, ratio, knee_db;
    float attack_ms, release_ms;  // to 63 % of the way
    float makeup_db;
    float range_db;  // most reduction, 0: no limit
    grm_detector detector;
    bool auto_makeup;  // half of what full scale is reduced by comes on top of makeup_db
    float dry;         // 0..1, share of the sound that goes past it (parallel compression)
} grm_compressor_plan;
// Gain that a steady level gets, without make-up.
float grm_compressor_static_db(const grm_compressor_plan *plan, float level_db);
float grm_compressor_makeup_db(const grm_compressor_plan *plan);  // all of it

// Both channels get the same gain. It is worked out every GRM_HOP frames from what came before.
enum { GRM_HOP = 16 };
typedef struct grm_compressor {
    grm_compressor_plan plan;
    float attack, release, smooth, glide;  // a hop's coefficients
    float power, reduction_db;             // detector and envelope
    float makeup_db, dry;                  // on their way to the plan's
    float from, to;                        // gain at the hop's ends
    float sum, hop_peak;
    grm_peak_hold hold;
    unsigned phase;
    float deepest_db;      // largest reduction so far
    double reduction_sum;  // of all hops, dB
    size_t hops;
} grm_compressor;
void grm_compressor_init(grm_compressor *compressor, const grm_compressor_plan *plan, double rate_hz);
// From now on by this plan. Nothing jumps: thresholds act through attack and release, make-up and dry share glide.
void grm_compressor_set(grm_compressor *compressor, const grm_compressor_plan *plan, double rate_hz);
// In place; `key` [2] is what is listened to (NULL: the planes themselves).
bool grm_compressor_run(grm_compressor *compressor, float *const *planes, const float *const *key, size_t frames);

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

// ---- band by band ----

typedef struct grm_multiband_plan {
    size_t bands;             // 1..GRM_BANDS
    float hz[GRM_BANDS - 1];  // between them, ascending
    grm_compressor_plan band[GRM_BANDS];
} grm_multiband_plan;
// A compressor for each band. Where none reduces, what comes out has the spectrum of what came in, its phase turned.
typedef struct grm_multiband grm_multiband;
grm_status grm_multiband_new(const grm_multiband_plan *plan, double rate_hz, grm_multiband **out, grm_error *err);
void grm_multiband_free(grm_multiband *multiband);
// Everything glides but the number of bands, which stays what it was.
void grm_multiband_set(grm_multiband *multiband, const grm_multiband_plan *plan);
bool grm_multiband_run(grm_multiband *multiband, float *const *planes, size_t frames);  // in place
float grm_multiband_deepest_db(const grm_multiband *multiband, size_t band);            // largest reduction so far

// ---- expander and gate ----

typedef struct grm_gate_plan {
    float threshold_db;  // of the louder channel's peak
    float ratio;         // below it; from 10 on it is a gate
    float knee_db;
    float range_db;       // most reduction
    float hysteresis_db;  // so much lower it closes than it opens
    float attack_ms, hold_ms, release_ms;
} grm_gate_plan;
float grm_gate_static_db(const grm_gate_plan *plan, float level_db);  // gain of a steady level

typedef struct grm_gate {
    grm_gate_plan plan;
    float attack, release;  // a hop's coefficients
    size_t hold_hops, waited;
    bool open;
    grm_peak_hold hold;
    float hop_peak, gain_db, from, to;
    unsigned phase;
} grm_gate;
void grm_gate_init(grm_gate *gate, const grm_gate_plan *plan, double rate_hz);  // closed
void grm_gate_set(grm_gate *gate, const grm_gate_plan *plan, double rate_hz);
// In place; `key` [2] is what is listened to (NULL: the planes themselves).
bool grm_gate_run(grm_gate *gate, float *const *planes, const float *const *key, size_t frames);

// ---- de-esser ----

typedef struct grm_deesser_plan {
    float hz;        // what lies above is turned down
    float share_db;  // from this share of the whole power on, in dB below it
    float ratio, range_db;
    float attack_ms, release_ms;
} grm_deesser_plan;
float grm_deesser_static_db(const grm_deesser_plan *plan, float share_db);  // gain at a steady share

typedef struct grm_deesser {
    grm_deesser_plan plan;
    grm_crossover crossover;
    float attack, release, smooth;
    float sum[2], power[2];  // of the band below and above
    float reduction_db, deepest_db, from, to;
    unsigned phase;
} grm_deesser;
void grm_deesser_init(grm_deesser *deesser, const grm_deesser_plan *plan, double rate_hz);
void grm_deesser_set(grm_deesser *deesser, const grm_deesser_plan *plan, double rate_hz);
bool grm_deesser_run(grm_deesser *deesser, float *const *planes, size_t frames);  // in place

// ---- transients ----

// Gain on what begins and on what fades, -24..24 dB; what is steady stays as it is.
typedef struct grm_transient {
    float attack_db, sustain_db, attack_goal_db, sustain_goal_db;
    float quick, late, fall, linger, glide;  // a hop's coefficients
    grm_peak_hold hold;
    float hop_peak, quick_db, late_db, long_db, from, to;
    unsigned phase;
} grm_transient;
void grm_transient_init(grm_transient *transient, float attack_db, float sustain_db, double rate_hz);
void grm_transient_set(grm_transient *transient, float attack_db, float sustain_db);    // glides there
bool grm_transient_run(grm_transient *transient, float *const *planes, size_t frames);  // in place

#endif
