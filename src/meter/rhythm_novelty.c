// From flux in bands to the strength of onsets.
#include <stdlib.h>

#include "meter/rhythm.h"

enum { NEAR = 40 };      // frames to either side: an onset rises over what is within 0.4 s of it
#define LEAST_FLUX 0.1f  // what the beats of partials make
// What a band counts for: electronic kicks, voices and hats alike are heard, the bass a little more.
static const float band_weight[GRM_RHYTHM_BANDS] = {1.3f, 0.9f, 1.0f, 0.9f, 0.7f};
static const float low_weight[GRM_RHYTHM_BANDS] = {1, 0.25f, 0, 0, 0};
static const float mid_weight[GRM_RHYTHM_BANDS] = {0, 0.5f, 1, 0.8f, 0};

// Mean over [t - near, t + near], in double: running sums of long series.
static void smooth(const float *x, size_t frames, size_t near, float *y) {
    double sum = 0;
    size_t from = 0, to = 0;
    for (size_t t = 0; t < frames; t++) {
        while (to < frames && to <= t + near) sum += x[to++];
        while (from + near < t) sum -= x[from++];
        double mean = sum / (double)(to - from);
        y[t] = mean > 0 ? (float)mean : 0;
    }
}

// In place, over its own surroundings and against their size, so that a soft verse counts nearly what a chorus does.
static void level_out(float *x, size_t frames, float *scratch, float *square) {
    smooth(x, frames, NEAR, scratch);
    for (size_t t = 0; t < frames; t++) x[t] = x[t] > scratch[t] ? x[t] - scratch[t] : 0;
    for (size_t t = 0; t < frames; t++) square[t] = x[t] * x[t];
    smooth(square, frames, (size_t)(4 * GRM_RHYTHM_FPS), scratch);
    double mean = 0;
    for (size_t t = 0; t < frames; t++) mean += square[t];
    mean /= (double)(frames ? frames : 1);
    if (mean <= 0) return;
    for (size_t t = 0; t < frames; t++) x[t] /= sqrtf(scratch[t] + 0.1f * (float)mean);
}

// Within half a second of something that is louder than -80 dBFS and than 60 dB below the loudest.
static void find_sound(const grm_rhythm_series *series, bool *sound) {
    const size_t near = (size_t)(0.5 * GRM_RHYTHM_FPS);
    float threshold = 1e-4f;
    for (size_t t = 0; t < series->frames; t++) threshold = fmaxf(threshold, 1e-3f * series->level[t]);
    size_t until = 0;
    for (size_t t = 0; t < series->frames; t++) {
        if (series->level[t] < threshold) continue;
        for (size_t k = t > near && t - near > until ? t - near : until; k <= t + near && k < series->frames; k++)
            sound[k] = true;
        until = t + near;
    }
}

// One band of the flux: x: [frames].
static grm_status read_band(const grm_rhythm_series *series, size_t band, float *x, grm_error *err) {
    enum { ROWS = 512 };
    float block[ROWS * GRM_RHYTHM_BANDS], *planes[] = {block};
    for (size_t at = 0; at < series->frames; at += ROWS) {
        size_t rows = series->frames - at < ROWS ? series->frames - at : ROWS;
        grm_status status = grm_tape_read(series->flux, at * GRM_RHYTHM_BANDS, rows * GRM_RHYTHM_BANDS, planes, err);
        if (status != GRM_OK) return status;
        for (size_t i = 0; i < rows; i++) x[at + i] = block[i * GRM_RHYTHM_BANDS + band];
    }
    return GRM_OK;
}

static grm_status combine(const grm_rhythm_series *series, grm_novelty *novelty, grm_error *err) {
    size_t frames = series->frames;
    float *x = grm_floats_new(frames + 1), *scratch = grm_floats_new(frames), *square = grm_floats_new(frames);
    float *rise = grm_floats_new(frames);
    grm_status status = x && scratch && square && rise ? GRM_OK : grm_fail_memory(err);
    double total = 0, mean[GRM_RHYTHM_BANDS] = {0};
    if (status != GRM_OK) goto done;
    for (size_t b = 0; b < GRM_RHYTHM_BANDS; b++) {
        status = read_band(series, b, x, err);
        if (status != GRM_OK) goto done;
        for (size_t t = 0; t < frames; t++) mean[b] += x[t];
    }
    for (size_t b = 0; b < GRM_RHYTHM_BANDS; b++) total += mean[b];
    for (size_t b = 0; b < GRM_RHYTHM_BANDS; b++) {
        if (mean[b] <= 0.01 * total || total <= 0) continue;  // nothing but leakage
        status = read_band(series, b, x, err);
        if (status != GRM_OK) goto done;
        for (size_t t = 0; t < frames; t++) {
            rise[t] += x[t];
            x[t] = x[t] > LEAST_FLUX ? x[t] - LEAST_FLUX : 0;
        }
        level_out(x, frames, scratch, square);
        for (size_t t = 0; t < frames; t++) {
            novelty->all[t] += band_weight[b] * x[t];
            novelty->low[t] += low_weight[b] * x[t];
            novelty->mid[t] += mid_weight[b] * x[t];
        }
    }
    float *curve[3] = {novelty->all, novelty->low, novelty->mid};
    for (size_t c = 0; c < 3; c++) {
        for (size_t t = 0; t < frames; t++) x[t] = sqrtf(curve[c][t]);  // a loud onset is not ten soft ones
        level_out(x, frames, scratch, square);
        for (size_t t = 0; t < frames; t++) curve[c][t] = x[t] < 6 ? x[t] : 6;
    }
    smooth(rise, frames, NEAR, scratch);
    for (size_t t = 0; t < frames; t++) rise[t] = scratch[t] > 0 ? rise[t] / scratch[t] : 0;
    novelty->onsets = grm_onsets_count(novelty, rise);
    const float *all = novelty->all;
    for (size_t t = 0; t < frames; t++)
        x[t] = 0.5f * all[t] + 0.25f * ((t > 0 ? all[t - 1] : 0) + (t + 1 < frames ? all[t + 1] : 0));
    x[frames] = 0;
    novelty->soft = x;
    x = NULL;
done:
    free(rise);
    free(square);
    free(scratch);
    free(x);
    return status;
}

grm_status grm_novelty_make(grm_rhythm_series *series, grm_novelty *novelty, grm_error *err) {
    *novelty = (grm_novelty){.avx2 = grm_cpu_detect().avx2_fma, .frames = series->frames};
    novelty->all = grm_floats_new(series->frames);
    novelty->low = grm_floats_new(series->frames);
    novelty->mid = grm_floats_new(series->frames);
    novelty->sound = calloc(series->frames + 1, sizeof *novelty->sound);
    if (!novelty->all || !novelty->low || !novelty->mid || !novelty->sound) {
        grm_novelty_clear(novelty);
        return grm_fail_memory(err);
    }
    find_sound(series, novelty->sound);
    free(series->level);
    series->level = NULL;
    grm_status status = combine(series, novelty, err);
    if (status != GRM_OK) grm_novelty_clear(novelty);
    return status;
}

void grm_novelty_clear(grm_novelty *novelty) {
    free(novelty->all);
    free(novelty->low);
    free(novelty->mid);
    free(novelty->soft);
    free(novelty->sound);
    *novelty = (grm_novelty){0};
}
