// A compressor for each band of a crossover.
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"

enum { BLOCK = 256 };

struct grm_multiband {
    double rate_hz;
    grm_crossover crossover;
    grm_compressor compressor[GRM_BANDS];
    float sound[GRM_BANDS][2][BLOCK];
};

static grm_status check(const grm_multiband_plan *p, double rate_hz, grm_error *err) {
    if (!(p->bands >= 1 && p->bands <= GRM_BANDS) || !(rate_hz >= 8000 && rate_hz <= 400000))
        return grm_fail(err, GRM_USAGE, "compressor of %zu bands at %g Hz: take 1 to %d bands", p->bands, rate_hz,
                        GRM_BANDS);
    float before = 10;
    for (size_t k = 0; k + 1 < p->bands; before = p->hz[k++])
        if (!(p->hz[k] > before && p->hz[k] < 0.49 * rate_hz))
            return grm_fail(err, GRM_USAGE, "split %zu of the bands is at %g Hz: take ascending ones, above 10 Hz",
                            k + 1, (double)p->hz[k]);
    return GRM_OK;
}

grm_status grm_multiband_new(const grm_multiband_plan *plan, double rate_hz, grm_multiband **out, grm_error *err) {
    *out = NULL;
    grm_status status = check(plan, rate_hz, err);
    if (status) return status;
    grm_multiband *m = calloc(1, sizeof *m);
    if (!m) return grm_fail_memory(err);
    m->rate_hz = rate_hz;
    grm_crossover_init(&m->crossover, rate_hz, plan->hz, plan->bands);
    for (size_t b = 0; b < plan->bands; b++) grm_compressor_init(&m->compressor[b], &plan->band[b], rate_hz);
    *out = m;
    return GRM_OK;
}

void grm_multiband_free(grm_multiband *multiband) {
    free(multiband);
}

void grm_multiband_set(grm_multiband *m, const grm_multiband_plan *plan) {
    grm_crossover_set(&m->crossover, plan->hz);
    for (size_t b = 0; b < m->crossover.bands; b++) grm_compressor_set(&m->compressor[b], &plan->band[b], m->rate_hz);
}

bool grm_multiband_run(grm_multiband *m, float *const *planes, size_t frames) {
    if (!grm_planes_check(planes, 2, frames)) return false;
    unsigned mode = grm_denormals_flush();
    float *bands[GRM_BANDS][2];
    for (size_t b = 0; b < GRM_BANDS; b++)
        for (int side = 0; side < 2; side++) bands[b][side] = m->sound[b][side];
    for (size_t at = 0; at < frames; at += BLOCK) {
        size_t count = frames - at < BLOCK ? frames - at : BLOCK;
        grm_crossover_run(&m->crossover, (const float *const[]){planes[0] + at, planes[1] + at}, bands, count);
        for (int side = 0; side < 2; side++) memset(planes[side] + at, 0, count * sizeof(float));
        for (size_t b = 0; b < m->crossover.bands; b++) {
            grm_compressor_run(&m->compressor[b], bands[b], NULL, count);
            for (int side = 0; side < 2; side++) grm_add_ramp(planes[side] + at, bands[b][side], count, 1, 1);
        }
    }
    grm_denormals_restore(mode);
    return true;
}

float grm_multiband_deepest_db(const grm_multiband *m, size_t band) {
    return m->compressor[band].deepest_db;
}
