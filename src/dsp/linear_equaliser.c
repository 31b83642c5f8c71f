// An equaliser of linear phase: the impulse response whose spectrum is the product of the bands' analogue magnitudes.
//
// It is made four times as long as it will be and cut with a window that is flat over its middle half, so that what is
// cut off, the long ringing of narrow bands, fades rather than wraps round.
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"

enum { LONGER = 4 };
#define SECONDS 0.3  // of the impulse response, at least

struct grm_linear_equaliser {
    double rate_hz;
    size_t taps;  // and one: the middle one is taps / 2
    grm_fft *fft;
    grm_complex *bins;
    float *wave, *kernel;
    grm_convolver *convolver;
};

static grm_status check(const grm_eq_band *bands, size_t count, double rate_hz, grm_error *err) {
    if (count > GRM_LINEAR_BANDS)
        return grm_fail(err, GRM_USAGE, "equaliser of %zu bands: take up to %d", count, GRM_LINEAR_BANDS);
    for (size_t b = 0; b < count; b++)
        if (!(bands[b].hz > 0 && bands[b].hz < rate_hz) || !(bands[b].q > 0) || !(fabsf(bands[b].db) <= 48))
            return grm_fail(err, GRM_USAGE,
                            "band %zu at %g Hz, q %g, %g dB: take a frequency below %g Hz, q above 0, up to 48 dB",
                            b + 1, (double)bands[b].hz, (double)bands[b].q, (double)bands[b].db, rate_hz);
    return GRM_OK;
}

static void design(grm_linear_equaliser *e, const grm_eq_band *bands, size_t count) {
    size_t size = grm_fft_size(e->fft), half = e->taps / 2;
    for (size_t k = 0; k <= size / 2; k++) {
        double db = 0, hz = (double)k * e->rate_hz / (double)size;
        for (size_t b = 0; b < count; b++)
            db += grm_filter_analogue_db(bands[b].kind, bands[b].hz, bands[b].q, bands[b].db, hz);
        e->bins[k] = (grm_complex){(float)pow(10, fmax(db, -200) / 20), 0};
    }
    grm_fft_inverse(e->fft, e->bins, e->wave);
    for (size_t i = 0; i <= half; i++) {
        double edge = (double)i / (double)(half + 1);
        double window = edge < 0.5 ? 1 : 0.5 + 0.5 * cos(GRM_PI * (2 * edge - 1));
        e->kernel[half - i] = e->kernel[half + i] = e->wave[i] * (float)window;
    }
}

grm_status grm_linear_equaliser_new(double rate_hz, const grm_eq_band *bands, size_t count, grm_linear_equaliser **out,
                                    grm_error *err) {
    *out = NULL;
    if (!(rate_hz >= 8000 && rate_hz <= 400000))
        return grm_fail(err, GRM_USAGE, "equaliser at %g Hz: take 8000 to 400000", rate_hz);
    grm_status status = check(bands, count, rate_hz, err);
    if (status) return status;
    grm_linear_equaliser *e = calloc(1, sizeof *e);
    if (!e) return grm_fail_memory(err);
    e->rate_hz = rate_hz;
    e->taps = 1024;
    while ((double)e->taps < SECONDS * rate_hz) e->taps *= 2;
    status = grm_fft_new(LONGER * e->taps, &e->fft, err);
    if (status) goto failed;
    e->bins = calloc(LONGER * e->taps / 2 + 1, sizeof *e->bins);
    e->wave = grm_floats_new(LONGER * e->taps);
    e->kernel = grm_floats_new(e->taps + 1);
    if (!e->bins || !e->wave || !e->kernel) {
        status = grm_fail_memory(err);
        goto failed;
    }
    design(e, bands, count);
    status = grm_convolver_new((const float *const[]){e->kernel, NULL}, e->taps + 1, &e->convolver, err);
    if (status) goto failed;
    *out = e;
    return GRM_OK;
failed:
    grm_linear_equaliser_free(e);
    return status;
}

void grm_linear_equaliser_free(grm_linear_equaliser *e) {
    if (!e) return;
    grm_convolver_free(e->convolver);
    free(e->kernel);
    free(e->wave);
    free(e->bins);
    grm_fft_free(e->fft);
    free(e);
}

grm_status grm_linear_equaliser_set(grm_linear_equaliser *e, const grm_eq_band *bands, size_t count, grm_error *err) {
    grm_status status = check(bands, count, e->rate_hz, err);
    if (status) return status;
    design(e, bands, count);
    return grm_convolver_set(e->convolver, (const float *const[]){e->kernel, NULL}, err);
}

bool grm_linear_equaliser_run(grm_linear_equaliser *e, float *const *planes, size_t frames) {
    return grm_convolver_run(e->convolver, planes, frames);
}

size_t grm_linear_equaliser_latency(const grm_linear_equaliser *e) {
    return e->taps / 2;
}
