// Width band by band. The middle and the sides of the sound go through the same crossover as its two channels, so what
// the sides of a band are scaled by does not turn them against the middle.
#include <string.h>

#include "dsp/dsp.h"

enum { BLOCK = 256, CELL = 16 };

void grm_band_width_init(grm_band_width *w, double rate_hz, const float *hz, const float *width, size_t bands) {
    memset(w, 0, sizeof *w);
    grm_crossover_init(&w->crossover, rate_hz, hz, bands);
    w->share = (float)(1 - exp(-CELL / (0.007 * rate_hz)));
    for (size_t b = 0; b < bands; b++) w->from[b] = w->to[b] = w->goal[b] = width[b];
}

void grm_band_width_set(grm_band_width *w, const float *hz, const float *width) {
    grm_crossover_set(&w->crossover, hz);
    memcpy(w->goal, width, w->crossover.bands * sizeof *width);
}

static void next_cell(grm_band_width *w) {
    for (size_t b = 0; b < w->crossover.bands; b++) {
        w->from[b] = w->to[b];
        w->to[b] = fabsf(w->goal[b] - w->to[b]) < 1e-4f ? w->goal[b] : w->to[b] + (w->goal[b] - w->to[b]) * w->share;
    }
}

static void run_block(grm_band_width *w, float *const *planes, size_t count) {
    float mid[BLOCK], side[BLOCK], sound[GRM_BANDS][2][BLOCK];
    float *bands[GRM_BANDS][2];
    for (size_t b = 0; b < GRM_BANDS; b++)
        for (int k = 0; k < 2; k++) bands[b][k] = sound[b][k];
    for (size_t i = 0; i < count; i++) {
        mid[i] = 0.5f * (planes[0][i] + planes[1][i]);
        side[i] = 0.5f * (planes[0][i] - planes[1][i]);
    }
    grm_crossover_run(&w->crossover, (const float *const[]){mid, side}, bands, count);
    memset(mid, 0, count * sizeof *mid);
    memset(side, 0, count * sizeof *side);
    for (size_t at = 0, n; at < count; at += n) {
        n = CELL - w->phase < count - at ? CELL - w->phase : count - at;
        for (size_t b = 0; b < w->crossover.bands; b++) {
            float step = (w->to[b] - w->from[b]) / CELL;
            for (size_t i = 0; i < n; i++) {
                mid[at + i] += sound[b][0][at + i];
                side[at + i] += sound[b][1][at + i] * (w->from[b] + step * (float)(int)(w->phase + i));
            }
        }
        w->phase = (w->phase + n) % CELL;
        if (w->phase == 0) next_cell(w);
    }
    for (size_t i = 0; i < count; i++) {
        planes[0][i] = mid[i] + side[i];
        planes[1][i] = mid[i] - side[i];
    }
}

bool grm_band_width_run(grm_band_width *w, float *left, float *right, size_t frames) {
    if (!grm_planes_check((float *const[]){left, right}, 2, frames)) return false;
    unsigned mode = grm_denormals_flush();
    for (size_t at = 0; at < frames; at += BLOCK)
        run_block(w, (float *const[]){left + at, right + at}, frames - at < BLOCK ? frames - at : BLOCK);
    grm_denormals_restore(mode);
    return true;
}
