// True peaks, loudness and its range.
#ifndef GRM_DSP_LOUDNESS_H
#define GRM_DSP_LOUDNESS_H

#include "dsp/filter.h"

// ---- true peaks ----

enum { GRM_PEAK_TAPS = 24, GRM_PEAK_HOP = 8, GRM_PEAK_REACH = GRM_PEAK_TAPS / 2, GRM_PEAK_MARGIN = 16 };
// Between the samples too: 8 points a sample, where ITU-R BS.1770-5 annex 2 asks for 4.
typedef struct grm_peak_meter {
    bool avx2;
    float even[4][GRM_PEAK_TAPS / 2], odd[3][GRM_PEAK_TAPS / 2];
    float slope, bend;  // bounds of what lies between samples: see grm_peak_meter_raise
} grm_peak_meter;
void grm_peak_meter_init(grm_peak_meter *meter);
// Raises out[h] to the largest magnitude in hop h of GRM_PEAK_HOP frames. x must be readable GRM_PEAK_REACH frames
// before and behind the hops.
void grm_peak_meter_run(const grm_peak_meter *meter, const float *x, size_t hops, float *out);
// Raises *most to the largest magnitude in all of these hops. The same as by the above, but hops whose samples are too
// small and too smooth to come near *most are not interpolated. x must be readable
// GRM_PEAK_MARGIN frames before and behind the hops.
void grm_peak_meter_raise(const grm_peak_meter *meter, const float *x, size_t hops, float *most);

// ---- loudness ----

#define GRM_SILENT_LUFS (-120.0)

// ITU-R BS.1770 weighting and gating; loudness range after EBU Tech 3342.
typedef struct grm_loudness grm_loudness;
grm_status grm_loudness_new(double rate_hz, grm_loudness **out, grm_error *err);
void grm_loudness_free(grm_loudness *loudness);
// planes: [2][frames] or, with planes[1] NULL, one channel. Fails when memory runs out.
grm_status grm_loudness_add(grm_loudness *loudness, const float *const *planes, size_t frames, grm_error *err);
double grm_loudness_integrated(const grm_loudness *loudness);  // GRM_SILENT_LUFS when nothing passes the gate
double grm_loudness_range(const grm_loudness *loudness);
// Weighted power of the whole tenths of a second so far.
const double *grm_loudness_tenths(const grm_loudness *loudness, size_t *count);
// The same from powers of tenths of a second.
double grm_loudness_gated(const double *tenths, size_t count);
double grm_loudness_tenths_range(const double *tenths, size_t count);
// The two cells of K-weighting.
void grm_loudness_weighting(double rate_hz, grm_filter cells[2]);

#endif
