// An exciter: harmonics of what lies above a frequency, and nothing else, are added (Aphex, US patent 4,150,253, 1979;
// Zoelzer (ed.), "DAFX", 2011, section 4.4). Both even and odd ones come from the tube's curve, which works at four
// times the rate; what it adds loses what it puts below the frequency.
#include <string.h>

#include "dsp/glide.h"
#include "dsp/oversample.h"

enum { BLOCK = GRM_OVER_BLOCK };

void grm_exciter_init(grm_exciter *e, double rate_hz, float hz, float drive_db, float amount) {
    memset(e, 0, sizeof *e);
    e->rate_hz = rate_hz;
    e->avx2 = grm_cpu_detect().avx2_fma;
    e->drive = grm_glide_rest(grm_db_to_gain(drive_db));
    e->amount = grm_glide_rest(amount);
    grm_filter cells[2];
    for (int i = 0; i < 2; i++) cells[i] = grm_filter_design(GRM_FILTER_HIGHPASS, rate_hz, hz, i ? 1.3066 : 0.5412, 0);
    grm_cascade_init(&e->before, cells, 2);
    grm_cascade_init(&e->behind, cells, 2);
}

void grm_exciter_set(grm_exciter *e, float drive_db, float amount) {
    grm_glide_to(&e->drive, grm_db_to_gain(drive_db), e->rate_hz);
    grm_glide_to(&e->amount, amount, e->rate_hz);
}

static void run_block(grm_exciter *e, float *const *planes, size_t count) {
    float x[2][BLOCK], drive[BLOCK], past[BLOCK + GRM_OVER_LATENCY];
    for (size_t i = 0; i < count; i++) drive[i] = grm_glide_ahead(&e->drive, i);
    for (int side = 0; side < 2; side++) memcpy(x[side], planes[side], count * sizeof(float));
    grm_cascade_run(&e->before, x[0], x[1], count);
    for (int side = 0; side < 2; side++)
        grm_oversampler_bend(&e->over[side], e->avx2, GRM_COLOUR_TUBE, drive, x[side], count);
    grm_cascade_run(&e->behind, x[0], x[1], count);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < count; i++) x[side][i] *= grm_glide_ahead(&e->amount, i);
        memcpy(past, e->past[side], sizeof e->past[side]);
        memcpy(past + GRM_OVER_LATENCY, planes[side], count * sizeof(float));
        for (size_t i = 0; i < count; i++) planes[side][i] = past[i] + x[side][i];
        memcpy(e->past[side], past + count, sizeof e->past[side]);
    }
    grm_glide_pass(&e->drive, count);
    grm_glide_pass(&e->amount, count);
}

bool grm_exciter_run(grm_exciter *e, float *left, float *right, size_t frames) {
    if (!grm_planes_check((float *const[]){left, right}, 2, frames)) return false;
    unsigned mode = grm_denormals_flush();
    for (size_t at = 0; at < frames; at += BLOCK)
        run_block(e, (float *const[]){left + at, right + at}, frames - at < BLOCK ? frames - at : BLOCK);
    grm_denormals_restore(mode);
    return true;
}
