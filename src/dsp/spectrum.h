// Fourier transforms, windows, spectra of frames.
#ifndef GRM_DSP_SPECTRUM_H
#define GRM_DSP_SPECTRUM_H

#include "dsp/levels.h"

typedef struct grm_complex {
    float re, im;
} grm_complex;

// A real FFT of an even size, 2..2^20 (kissfft, where that is no power of two). The plan holds scratch memory: one for
// each thread.
typedef struct grm_fft grm_fft;
grm_status grm_fft_new(size_t size, grm_fft **out, grm_error *err);
void grm_fft_free(grm_fft *fft);
size_t grm_fft_size(const grm_fft *fft);
// x: [size], bins: [size/2+1], unscaled: a full-scale cosine on a bin is size/2 there. No aliasing.
void grm_fft_forward(grm_fft *fft, const float *x, grm_complex *bins);
// Scaled so that inverse(forward(x)) is x.
void grm_fft_inverse(grm_fft *fft, const grm_complex *bins, float *x);

typedef enum grm_window_kind {
    GRM_WINDOW_HANN,
    GRM_WINDOW_HAMMING,
    GRM_WINDOW_BLACKMAN,
    GRM_WINDOW_SINE
} grm_window_kind;
// w: [size]. Periodic windows (for spectra, as librosa has them) repeat after size samples, symmetric ones after
// size-1.
void grm_window_fill(grm_window_kind kind, bool periodic, size_t size, float *w);
// I0, of which the Kaiser window is made: I0(beta * sqrt(1 - place^2)) / I0(beta), place -1..1. |x| up to 20.
double grm_bessel_i0(double x);

// Spectra of windowed frames.
typedef struct grm_stft grm_stft;
grm_status grm_stft_new(grm_window_kind kind, size_t size, grm_stft **out, grm_error *err);
void grm_stft_free(grm_stft *stft);
size_t grm_stft_bins(const grm_stft *stft);  // size/2+1
// x: [size] -> bins: [size/2+1], as librosa.stft has one column.
void grm_stft_frame(grm_stft *stft, const float *x, grm_complex *bins);
// |X|^2 of the same.
void grm_stft_power(grm_stft *stft, const float *x, float *power);

#endif
