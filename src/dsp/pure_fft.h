// The forward transform of a real frame whose size is a power of two, by vectors.
#ifndef GRM_DSP_PURE_FFT_H
#define GRM_DSP_PURE_FFT_H

#include <stdbool.h>

#include "dsp/spectrum.h"

typedef struct grm_pure_fft grm_pure_fft;
bool grm_pure_fft_takes(size_t size);                    // powers of two from 32 on
grm_pure_fft *grm_pure_fft_new(size_t size, bool avx2);  // NULL when memory runs out
void grm_pure_fft_free(grm_pure_fft *fft);
// As grm_fft_forward. One thread at a time.
void grm_pure_fft_run(grm_pure_fft *fft, const float *x, grm_complex *bins);
// Squared magnitudes of the bins of x times window; the same as from the bins. window: [2][size / 2], that of even
// samples and that of odd ones; power: [size / 2 + 1]
void grm_pure_fft_power(grm_pure_fft *fft, const float *x, const float *window, float *power);

#endif
