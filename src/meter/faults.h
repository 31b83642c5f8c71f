// What a mastering engineer listens for: the balance of the bands, noise, clipping, pitch that wanders. All at the
// file's own rate, so that standard and lightweight analysis hear the same, and in memory that does not grow with the
// length.
#ifndef GRM_METER_FAULTS_H
#define GRM_METER_FAULTS_H

#include "meter/meter.h"

// Frames of the long-term spectrum: about 190 ms.
typedef struct grm_frame_shape {
    unsigned rate_hz;
    size_t size, bins;  // a power of two; bins = size / 2 + 1
    double step_hz;
    size_t hop;  // from frame to frame
} grm_frame_shape;

// Levels of bands, their change over time, and the share of the strongest tone.
typedef struct grm_balance grm_balance;
grm_balance *grm_balance_new(const grm_frame_shape *shape);  // NULL when memory runs out
void grm_balance_free(grm_balance *balance);
void grm_balance_add(grm_balance *balance, const float *power);  // [bins]
void grm_balance_tell(const grm_balance *balance, grm_features *out);

// Ten octaves around 31.25 Hz .. 16 kHz from the mean power of all bins, beside pink noise, which has the same power in
// each.
void grm_octaves_tell(const grm_frame_shape *shape, const double *mean_power, grm_features *out);

// Mains hum: lines at 50 or 60 Hz and their harmonics that never change, in the quiet moments and below the loud ones;
// notes come and go.
typedef struct grm_hum grm_hum;
grm_status grm_hum_new(unsigned rate_hz, grm_hum **out, grm_error *err);
void grm_hum_free(grm_hum *hum);
grm_status grm_hum_hear(grm_hum *hum, const float *mono, size_t frames, grm_error *err);  // NULL: the end
void grm_hum_tell(grm_hum *hum, grm_features *out);

// Noise by minimum statistics (after Martin, IEEE Trans. Speech and Audio Processing 9, 2001): what the quietest
// hundredth of all points of a band, over bins and time, says about a steady noise below the music; of hiss no more
// than what is there in the quietest hundredth of all moments.
typedef struct grm_hiss grm_hiss;
grm_hiss *grm_hiss_new(const grm_frame_shape *shape);
void grm_hiss_free(grm_hiss *noise);
// x: [count] of the frame that power is of, what no frame before had.
void grm_hiss_add(grm_hiss *noise, const float *x, size_t count, const float *power);
void grm_hiss_tell(const grm_hiss *noise, grm_features *out);

// How far the pitch of everything wanders together: the covariance, over time, of how far low and high partials are
// off the equal scale. What one instrument bends on its own hardly counts.
// Slowly: the same of stretches of seconds, as of a ramp or of steps.
typedef struct grm_drift grm_drift;
grm_drift *grm_drift_new(const grm_frame_shape *shape);
void grm_drift_free(grm_drift *wander);
grm_status grm_drift_add(grm_drift *wander, const float *power, grm_error *err);
void grm_drift_tell(const grm_drift *wander, grm_features *out);

// Gaps of digital silence, 1 to 300 ms, that begin and end at once.
typedef struct grm_dropouts grm_dropouts;
grm_dropouts *grm_dropouts_new(unsigned rate_hz);
void grm_dropouts_free(grm_dropouts *dropouts);
void grm_dropouts_add(grm_dropouts *dropouts, const float *const *planes, unsigned channels, size_t frames);
float grm_dropouts_peak(const grm_dropouts *dropouts);  // of what was heard
void grm_dropouts_tell(const grm_dropouts *dropouts, grm_features *out);

// The wall that a low bit rate or a low rate left behind: from there on nothing, and before it much.
void grm_bandwidth_tell(const grm_frame_shape *shape, const double *mean_power, grm_features *out);

// Flat tops: extremes that stay as high for 0.16 ms or longer, and have flanks too steep for a round top, at 0.7 of the
// channel's peak or above.
typedef struct grm_flat_tops grm_flat_tops;
grm_flat_tops *grm_flat_tops_new(unsigned channels, unsigned rate_hz);
void grm_flat_tops_free(grm_flat_tops *tops);
void grm_flat_tops_add(grm_flat_tops *tops, unsigned channel, const float *x, size_t frames);
void grm_flat_tops_tell(grm_flat_tops *tops, grm_features *out);  // once, at the end

#endif
