// Work on GRM_LANES frames side by side: row after row holds one sample, bin or band of all of them. What a kernel does
// to one frame it does to all with the same instructions, so nothing is ever shuffled within a vector.
#ifndef GRM_DSP_LANES_H
#define GRM_DSP_LANES_H

#include "dsp/levels.h"

enum { GRM_LANES = 16, GRM_WIDE_LANES = 4 };  // of floats, of doubles

// A real FFT of GRM_LANES frames; its size is 2 * 4^k, 8..131072. Immutable: one plan for all threads.
typedef struct grm_lane_fft grm_lane_fft;
grm_status grm_lane_fft_new(size_t size, grm_lane_fft **out, grm_error *err);
void grm_lane_fft_free(grm_lane_fft *fft);
// GRM_WIDE_LANES frames at a time, in double precision. x: [size][wide lanes], which it destroys; bins: where the first
// of these frames lies in [size/2+1][re, im][lanes], unscaled as grm_fft_forward has them.
void grm_lane_fft_forward(const grm_lane_fft *fft, double *x, float *bins);
// The inverse of all lanes, scaled, in single precision. x: [size][lanes]; bins stays as it is.
void grm_lane_fft_inverse(const grm_lane_fft *fft, const float *bins, float *x);

// from: [rows][from_step] -> to: [columns][to_step]
void grm_transpose(const float *from, size_t from_step, size_t rows, size_t columns, float *to, size_t to_step);

// ---- running medians ----

enum { GRM_MEDIAN = 31, GRM_MEDIAN_TILE = 16, GRM_MEDIAN_ROWS = GRM_MEDIAN_TILE + GRM_MEDIAN - 1 };

// Medians of every GRM_MEDIAN neighbours: out[i][c] = median of in[i .. i + 30][c], for i below GRM_MEDIAN_TILE. Rows
// hold `columns` values, a multiple of GRM_LANES, none of them NaN. No aliasing.
void grm_median_tile(bool avx2, const float *const in[GRM_MEDIAN_ROWS], size_t columns,
                     float *const out[GRM_MEDIAN_TILE]);

// ---- extremes ----

enum { GRM_MOST_EXTREME = 24 };

// Means of the `extreme` smallest and largest of `count` rows of x: [count][lanes], no NaN.
void grm_lane_extremes(bool avx2, const float *x, size_t count, size_t extreme, float low_mean[GRM_LANES],
                       float high_mean[GRM_LANES]);

#endif
