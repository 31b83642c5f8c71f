// Bands that add up to what was split.
//
// The two outputs of a Linkwitz-Riley split of fourth order (a Butterworth filter twice; Linkwitz, "Active crossover
// networks for noncoincident drivers", JAES 1976) sum to an allpass of second order. So the upper one is that allpass
// less the lower one, at the price of one cell, and the sum is flat whatever the rounding. A band that has been split
// off goes through the allpasses of all later splits (D'Appolito's compensation), so that all bands turn alike.
#include <assert.h>
#include <string.h>

#include "dsp/dsp.h"

enum { CELL = 32, BLOCK = 256 };  // frames between two designs while the splits glide
#define GLIDE_S 0.05

static const double butterworth = 0.70710678118654752;

static void design(grm_crossover *c) {
    double way = c->now >= c->glide_end ? 1 : 1 - (double)(c->glide_end - c->now) / (GLIDE_S * c->rate_hz + 2 * CELL);
    if (way < 0) way = 0;
    for (size_t k = 0; k + 1 < c->bands; k++) {
        double hz = c->from_hz[k] * pow(c->to_hz[k] / c->from_hz[k], way);
        grm_filter low = grm_filter_design(GRM_FILTER_LOWPASS, c->rate_hz, hz, butterworth, 0);
        grm_filter turn = grm_filter_design(GRM_FILTER_ALLPASS, c->rate_hz, hz, butterworth, 0);
        grm_cascade_set(&c->low[k], 0, &low);
        grm_cascade_set(&c->low[k], 1, &low);
        grm_cascade_set(&c->turn[k], 0, &turn);
        for (size_t band = 0; band < k; band++) grm_cascade_set(&c->after[band], k - band - 1, &turn);
    }
}

void grm_crossover_init(grm_crossover *c, double rate_hz, const float *hz, size_t bands) {
    assert(bands >= 1 && bands <= GRM_BANDS);
    memset(c, 0, sizeof *c);
    c->bands = bands;
    c->rate_hz = rate_hz;
    for (size_t k = 0; k + 1 < bands; k++) {
        const grm_filter through[GRM_BANDS] = {{0}};
        c->from_hz[k] = c->to_hz[k] = hz[k];
        grm_cascade_init(&c->low[k], through, 2);
        grm_cascade_init(&c->turn[k], through, 1);
        grm_cascade_init(&c->after[k], through, bands - 2 - k);
    }
    design(c);
}

void grm_crossover_set(grm_crossover *c, const float *hz) {
    for (size_t k = 0; k + 1 < c->bands; k++) {
        double left = c->now >= c->glide_end ? 0 : (double)(c->glide_end - c->now) / (GLIDE_S * c->rate_hz + 2 * CELL);
        c->from_hz[k] = (float)(c->to_hz[k] * pow(c->from_hz[k] / c->to_hz[k], left));
        c->to_hz[k] = hz[k];
    }
    c->glide_end = (c->now + (size_t)(GLIDE_S * c->rate_hz) + 2 * CELL - 1) / CELL * CELL;
}

static void split(grm_crossover *c, const float *const *in, float *(*out)[2], size_t from, size_t count) {
    float rest[2][BLOCK];
    for (int side = 0; side < 2; side++) memcpy(rest[side], in[side] + from, count * sizeof(float));
    for (size_t k = 0; k + 1 < c->bands; k++) {
        // The two halves of the split, and what the band before still has to go through, side by side.
        grm_cascade *const work[3] = {&c->low[k], &c->turn[k], &c->after[k ? k - 1 : 0]};
        float *low[2] = {out[k][0] + from, out[k][1] + from}, *const *band = out[k ? k - 1 : 0];
        for (int side = 0; side < 2; side++) memcpy(low[side], rest[side], count * sizeof(float));
        grm_cascades_run(work, (float *const[]){low[0], rest[0], band[0] + from},
                         (float *const[]){low[1], rest[1], band[1] + from}, k ? 3 : 2, count);
        for (int side = 0; side < 2; side++)
            for (size_t i = 0; i < count; i++) rest[side][i] -= low[side][i];
    }
    for (int side = 0; side < 2; side++) memcpy(out[c->bands - 1][side] + from, rest[side], count * sizeof(float));
}

bool grm_crossover_run(grm_crossover *c, const float *const *in, float *(*out)[2], size_t frames) {
    bool sane = grm_all_sane(in[0], frames) && grm_all_sane(in[1], frames);
    for (size_t band = 0; band < c->bands && !sane; band++)
        for (int side = 0; side < 2; side++) memset(out[band][side], 0, frames * sizeof(float));
    for (size_t at = 0, count; at < frames && sane; at += count) {
        bool glides = c->now < c->glide_end;
        if (glides && c->now % CELL == 0) design(c);
        count = glides ? CELL - c->now % CELL : BLOCK;
        if (count > frames - at) count = frames - at;
        split(c, in, out, at, count);
        c->now += count;
        if (glides && c->now >= c->glide_end) design(c);
    }
    return sane;
}
