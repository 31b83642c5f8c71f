// Long filters of mid and side, of minimum phase, by overlap-save.
//
// The phase comes of the real cepstrum (Oppenheim and Schafer, "Discrete-Time Signal Processing", 12.5): what lies in
// negative time of the logarithm's inverse transform is folded onto positive time.
#include <stdlib.h>
#include <string.h>

#include "master/internal.h"

enum { MOST_TAPS = 1 << 14 };

struct grm_firs {
    size_t taps, size;  // of the filters and of the transforms
    double rate_hz;
    grm_fft *fft;
    grm_complex *response[2], *bins;  // [size/2+1]
    float *past[2], *x;               // [taps-1], [size]
};

void grm_firs_free(grm_firs *f) {
    if (!f) return;
    for (int i = 0; i < 2; i++) {
        free(f->past[i]);
        free(f->response[i]);
    }
    free(f->x);
    free(f->bins);
    grm_fft_free(f->fft);
    free(f);
}

void grm_firs_reset(grm_firs *f) {
    for (int i = 0; i < 2; i++) memset(f->past[i], 0, (f->taps - 1) * sizeof *f->past[i]);
}

static float at(const float *db, size_t bins, double place) {
    if (place >= (double)(bins - 1)) return db[bins - 1];
    size_t i = (size_t)place;
    return db[i] + (db[i + 1] - db[i]) * (float)(place - (double)i);
}

// The impulse response, [size] of which only the first taps are not zero.
static grm_status design(const float *db, size_t bins, double step_hz, double rate_hz, size_t taps, float *response,
                         size_t response_size, grm_error *err) {
    size_t size = 8 * taps, half = size / 2;
    grm_fft *fft = NULL;
    float *cepstrum = grm_floats_new(size);
    grm_complex *log_bins = calloc(half + 1, sizeof *log_bins);
    grm_status status = cepstrum && log_bins ? grm_fft_new(size, &fft, err) : grm_fail_memory(err);
    if (status != GRM_OK) goto done;
    for (size_t k = 0; k <= half; k++) {
        double hz = (double)k * rate_hz / (double)size;
        log_bins[k].re = at(db, bins, hz / step_hz) * (float)(2.302585092994046 / 20);
        log_bins[k].im = 0;
    }
    grm_fft_inverse(fft, log_bins, cepstrum);
    for (size_t i = 1; i < half; i++) {
        cepstrum[i] *= 2;
        cepstrum[size - i] = 0;
    }
    grm_fft_forward(fft, cepstrum, log_bins);
    for (size_t k = 0; k <= half; k++) {
        float gain = expf(log_bins[k].re), phase = k % half ? log_bins[k].im : 0;
        log_bins[k] = (grm_complex){gain * cosf(phase), gain * sinf(phase)};
    }
    grm_fft_inverse(fft, log_bins, cepstrum);
    memset(response, 0, response_size * sizeof *response);
    for (size_t i = 0; i < taps; i++) {
        double place = (double)i / (double)taps, fade = place < 0.75 ? 1 : 0.5 + 0.5 * cos(GRM_PI * (4 * place - 3));
        response[i] = cepstrum[i] * (float)fade;
    }
done:
    grm_fft_free(fft);
    free(log_bins);
    free(cepstrum);
    return status;
}

grm_status grm_firs_new(const float *const db[2], size_t bins, double step_hz, double rate_hz, grm_firs **out,
                        grm_error *err) {
    *out = NULL;
    grm_firs *f = calloc(1, sizeof *f);
    if (!f) return grm_fail_memory(err);
    for (f->taps = 1024; f->taps < MOST_TAPS && (double)f->taps < 0.085 * rate_hz;) f->taps *= 2;
    f->size = 4 * f->taps;
    f->rate_hz = rate_hz;
    f->x = grm_floats_new(f->size);
    f->bins = calloc(f->size / 2 + 1, sizeof *f->bins);
    bool all = f->x && f->bins;
    for (int i = 0; i < 2; i++) {
        f->past[i] = grm_floats_new(f->taps - 1);
        f->response[i] = calloc(f->size / 2 + 1, sizeof *f->response[i]);
        all = all && f->past[i] && f->response[i];
    }
    grm_status status = all ? grm_fft_new(f->size, &f->fft, err) : grm_fail_memory(err);
    for (int i = 0; status == GRM_OK && i < 2; i++) {
        status = design(db[i], bins, step_hz, rate_hz, f->taps, f->x, f->size, err);
        if (status == GRM_OK) grm_fft_forward(f->fft, f->x, f->response[i]);
    }
    if (status == GRM_OK)
        *out = f;
    else
        grm_firs_free(f);
    return status;
}

static void filter(grm_firs *f, int side, float *y, size_t frames) {
    size_t history = f->taps - 1;
    float *past = f->past[side];
    memcpy(f->x, past, history * sizeof *past);
    memcpy(f->x + history, y, frames * sizeof *y);
    memset(f->x + history + frames, 0, (f->size - history - frames) * sizeof *y);
    if (frames >= history) {
        memcpy(past, y + frames - history, history * sizeof *past);
    } else {
        memmove(past, past + frames, (history - frames) * sizeof *past);
        memcpy(past + history - frames, y, frames * sizeof *past);
    }
    grm_fft_forward(f->fft, f->x, f->bins);
    const grm_complex *h = f->response[side];
    for (size_t k = 0; k <= f->size / 2; k++) {
        grm_complex b = f->bins[k];
        f->bins[k] = (grm_complex){b.re * h[k].re - b.im * h[k].im, b.re * h[k].im + b.im * h[k].re};
    }
    grm_fft_inverse(f->fft, f->bins, f->x);
    memcpy(y, f->x + history, frames * sizeof *y);
}

void grm_firs_run(grm_firs *f, float *left, float *right, size_t frames) {
    size_t most = f->size - f->taps + 1;
    for (size_t start = 0; start < frames; start += most) {
        size_t count = frames - start < most ? frames - start : most;
        float *l = left + start, *r = right + start;
        for (size_t i = 0; i < count; i++) {
            float mid = 0.5f * (l[i] + r[i]), side = 0.5f * (l[i] - r[i]);
            l[i] = mid, r[i] = side;
        }
        filter(f, 0, l, count);
        filter(f, 1, r, count);
        for (size_t i = 0; i < count; i++) {
            float mid = l[i], side = r[i];
            l[i] = mid + side, r[i] = mid - side;
        }
    }
}

double grm_firs_gain_db(const grm_firs *f, int side, double at_hz) {
    double place = at_hz * (double)f->size / f->rate_hz;
    size_t k = place < (double)(f->size / 2) ? (size_t)(place + 0.5) : f->size / 2;
    grm_complex h = f->response[side][k];
    return 10 * log10((double)h.re * h.re + (double)h.im * h.im + 1e-20);
}
