// Real FFT and windowed spectra.
#include <kiss_fftr.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "dsp/pure_fft.h"

struct grm_fft {
    size_t size;
    kiss_fftr_cfg forward, inverse;
    grm_pure_fft *pure;  // forward, where the size is a power of two; else NULL
};

_Static_assert(sizeof(grm_complex) == sizeof(kiss_fft_cpx), "a complex number is two floats");

// inverse: whether that is wanted too
static grm_status fft_new(size_t size, bool inverse, grm_fft **out, grm_error *err) {
    *out = NULL;
    if (size < 2 || size % 2 || size > (size_t)1 << 20)
        return grm_fail(err, GRM_USAGE, "FFT size %zu: take an even one from 2 to 1048576", size);
    grm_fft *fft = calloc(1, sizeof *fft);
    if (!fft) return grm_fail_memory(err);
    fft->size = size;
    bool pure = grm_pure_fft_takes(size);
    if (pure)
        fft->pure = grm_pure_fft_new(size, grm_cpu_detect().avx2_fma);
    else
        fft->forward = kiss_fftr_alloc((int)size, 0, NULL, NULL);
    if (inverse) fft->inverse = kiss_fftr_alloc((int)size, 1, NULL, NULL);
    if (!(pure ? (bool)fft->pure : (bool)fft->forward) || (inverse && !fft->inverse)) {
        grm_fft_free(fft);
        return grm_fail_memory(err);
    }
    *out = fft;
    return GRM_OK;
}

grm_status grm_fft_new(size_t size, grm_fft **out, grm_error *err) {
    return fft_new(size, true, out, err);
}

void grm_fft_free(grm_fft *fft) {
    if (!fft) return;
    kiss_fftr_free(fft->inverse);
    kiss_fftr_free(fft->forward);
    grm_pure_fft_free(fft->pure);
    free(fft);
}

size_t grm_fft_size(const grm_fft *fft) {
    return fft->size;
}

void grm_fft_forward(grm_fft *fft, const float *x, grm_complex *bins) {
    if (fft->pure)
        grm_pure_fft_run(fft->pure, x, bins);
    else
        kiss_fftr(fft->forward, x, (kiss_fft_cpx *)bins);
}

void grm_fft_inverse(grm_fft *fft, const grm_complex *bins, float *x) {
    kiss_fftri(fft->inverse, (const kiss_fft_cpx *)bins, x);
    float scale = 1.0f / (float)fft->size;
    for (size_t i = 0; i < fft->size; i++) x[i] *= scale;
}

void grm_window_fill(grm_window_kind kind, bool periodic, size_t size, float *w) {
    double step = size > 1 ? 2 * GRM_PI / (double)(periodic ? size : size - 1) : 0;
    for (size_t i = 0; i < size; i++) {
        double a = step * (double)i;
        switch (kind) {
            case GRM_WINDOW_HANN:
                w[i] = (float)(0.5 - 0.5 * cos(a));
                break;
            case GRM_WINDOW_HAMMING:
                w[i] = (float)(0.54 - 0.46 * cos(a));
                break;
            case GRM_WINDOW_BLACKMAN:
                w[i] = (float)(0.42 - 0.5 * cos(a) + 0.08 * cos(2 * a));
                break;
            case GRM_WINDOW_SINE:
                w[i] = (float)sin(0.5 * a);
                break;
        }
    }
}

struct grm_stft {
    grm_fft *fft;
    float *window, *frame;
    float *parted;  // the window of even samples, and that of odd ones
    grm_complex *bins;
};

grm_status grm_stft_new(grm_window_kind kind, size_t size, grm_stft **out, grm_error *err) {
    *out = NULL;
    grm_stft *stft = calloc(1, sizeof *stft);
    if (!stft) return grm_fail_memory(err);
    grm_status status = fft_new(size, false, &stft->fft, err);
    if (status) goto failed;
    stft->window = grm_floats_new(size);
    stft->frame = grm_floats_new(size);
    stft->parted = grm_floats_new(size);
    stft->bins = calloc(size / 2 + 1, sizeof *stft->bins);
    if (!stft->window || !stft->frame || !stft->parted || !stft->bins) {
        status = grm_fail_memory(err);
        goto failed;
    }
    grm_window_fill(kind, true, size, stft->window);
    for (size_t i = 0; i < size; i++) stft->parted[(i % 2) * (size / 2) + i / 2] = stft->window[i];
    *out = stft;
    return GRM_OK;
failed:
    grm_stft_free(stft);
    return status;
}

void grm_stft_free(grm_stft *stft) {
    if (!stft) return;
    free(stft->bins);
    free(stft->parted);
    free(stft->frame);
    free(stft->window);
    grm_fft_free(stft->fft);
    free(stft);
}

size_t grm_stft_bins(const grm_stft *stft) {
    return stft->fft->size / 2 + 1;
}

void grm_stft_frame(grm_stft *stft, const float *x, grm_complex *bins) {
    size_t size = stft->fft->size;
    for (size_t i = 0; i < size; i++) stft->frame[i] = x[i] * stft->window[i];
    grm_fft_forward(stft->fft, stft->frame, bins);
}

void grm_stft_power(grm_stft *stft, const float *x, float *power) {
    if (stft->fft->pure) {
        grm_pure_fft_power(stft->fft->pure, x, stft->parted, power);
        return;
    }
    grm_stft_frame(stft, x, stft->bins);
    size_t count = stft->fft->size / 2 + 1;
    for (size_t i = 0; i < count; i++)
        power[i] = stft->bins[i].re * stft->bins[i].re + stft->bins[i].im * stft->bins[i].im;
}
