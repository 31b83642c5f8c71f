// A de-esser: what lies above a frequency is turned down where it takes too large a share of the whole.
//
// The share, not the level, is measured, so that it works alike on loud and quiet words. The gain acts on the upper
// band of a crossover; the sum of both bands is flat where it is at rest.
#include <string.h>

#include "dsp/detector.h"

enum { BLOCK = 256 };
#define LISTEN_MS 3.0  // of the power of both bands

float grm_deesser_static_db(const grm_deesser_plan *plan, float share_db) {
    float over = share_db - plan->share_db, gain = over > 0 ? over * (1 / plan->ratio - 1) : 0;
    return gain < -plan->range_db ? -plan->range_db : gain;
}

void grm_deesser_set(grm_deesser *d, const grm_deesser_plan *plan, double rate_hz) {
    if (d->plan.hz != plan->hz) grm_crossover_set(&d->crossover, &plan->hz);
    d->plan = *plan;
    if (!(d->plan.ratio > 1)) d->plan.ratio = 1;
    d->attack = grm_hop_share(rate_hz, plan->attack_ms);
    d->release = grm_hop_share(rate_hz, plan->release_ms);
    d->smooth = grm_hop_share(rate_hz, LISTEN_MS);
}

void grm_deesser_init(grm_deesser *d, const grm_deesser_plan *plan, double rate_hz) {
    memset(d, 0, sizeof *d);
    d->plan.hz = plan->hz;
    grm_crossover_init(&d->crossover, rate_hz, &plan->hz, 2);
    grm_deesser_set(d, plan, rate_hz);
    d->from = d->to = 1;
}

static void next_gain(grm_deesser *d) {
    float target = 0;
    for (int band = 0; band < 2; band++) {
        d->power[band] += (d->sum[band] / (2 * GRM_HOP) - d->power[band]) * d->smooth;
        if (d->power[band] < 1e-20f) d->power[band] = 0;
        d->sum[band] = 0;
    }
    float whole = d->power[0] + d->power[1];
    if (whole > 1e-10f && d->power[1] > 1e-12f)  // -100 dB
        target = grm_deesser_static_db(&d->plan, 10 * log10f(d->power[1] / whole));
    d->reduction_db += (target - d->reduction_db) * (target < d->reduction_db ? d->attack : d->release);
    if (d->reduction_db > -1e-4f) d->reduction_db = 0;
    d->deepest_db = fminf(d->deepest_db, d->reduction_db);
    d->from = d->to;
    d->to = grm_db_to_gain(d->reduction_db);
}

static void run_block(grm_deesser *d, float *const *planes, size_t frames) {
    float sound[2][2][BLOCK];
    float *bands[2][2] = {{sound[0][0], sound[0][1]}, {sound[1][0], sound[1][1]}};
    grm_crossover_run(&d->crossover, (const float *const[]){planes[0], planes[1]}, bands, frames);
    for (size_t at = 0, count; at < frames; at += count) {
        count = GRM_HOP - d->phase < frames - at ? GRM_HOP - d->phase : frames - at;
        for (int band = 0; band < 2; band++)
            for (size_t i = at; i < at + count; i++)
                d->sum[band] += sound[band][0][i] * sound[band][0][i] + sound[band][1][i] * sound[band][1][i];
        for (int side = 0; side < 2; side++) grm_hop_scale(sound[1][side] + at, count, d->from, d->to, d->phase);
        d->phase += (unsigned)count;
        if (d->phase < GRM_HOP) continue;
        next_gain(d);
        d->phase = 0;
    }
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < frames; i++) planes[side][i] = sound[0][side][i] + sound[1][side][i];
}

bool grm_deesser_run(grm_deesser *d, float *const *planes, size_t frames) {
    if (!grm_planes_check(planes, 2, frames)) return false;
    unsigned mode = grm_denormals_flush();
    for (size_t at = 0; at < frames; at += BLOCK)
        run_block(d, (float *const[]){planes[0] + at, planes[1] + at}, frames - at < BLOCK ? frames - at : BLOCK);
    grm_denormals_restore(mode);
    return true;
}
