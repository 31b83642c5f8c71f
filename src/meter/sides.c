// The ear for the middle and the sides: how wide the bands are, and the long-term spectra of both.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "meter/meter.h"

// Frames of a sixth of a second at least, so that third octaves from 40 Hz up hold several bins.
static const double least_frame_s = 0.16;
static const double edges_hz[GRM_WIDTH_BANDS + 1] = {0, 120, 500, 2000, 8000, 1e9};

typedef struct sides {
    grm_listening listening;
    size_t size, filled, frames, passed, stride;  // frames: those that were looked at of those that passed
    grm_stft *stft;
    float *mid, *side, *power;  // [size], [size], [bins]
    double *sums[2];            // [bins], of mid and side
    double left, right;         // sums of the samples
    size_t samples;
} sides;

static void sides_close(void *self) {
    sides *s = self;
    if (!s) return;
    free(s->sums[1]);
    free(s->sums[0]);
    free(s->power);
    free(s->side);
    free(s->mid);
    grm_stft_free(s->stft);
    free(s);
}

static grm_status sides_open(const grm_listening *listening, void **self, grm_error *err) {
    *self = NULL;
    sides *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    s->listening = *listening;
    s->stride = listening->stride > 1 ? listening->stride : 1;
    for (s->size = 1024; (double)s->size < least_frame_s * listening->file_rate_hz;) s->size *= 2;
    size_t bins = s->size / 2 + 1;
    s->mid = grm_floats_new(s->size);
    s->side = grm_floats_new(s->size);
    s->power = grm_floats_new(bins);
    for (int i = 0; i < 2; i++) s->sums[i] = calloc(bins, sizeof *s->sums[i]);
    bool all = s->mid && s->side && s->power && s->sums[0] && s->sums[1];
    grm_status status = all ? grm_stft_new(GRM_WINDOW_HANN, s->size, &s->stft, err) : grm_fail_memory(err);
    if (status == GRM_OK)
        *self = s;
    else
        sides_close(s);
    return status;
}

static void take_frame(sides *s) {
    for (int i = 0; i < 2; i++) {
        const float *x = i ? s->side : s->mid;
        if (grm_peak(x, s->size) == 0) continue;  // mono has no sides
        grm_stft_power(s->stft, x, s->power);
        for (size_t k = 0; k <= s->size / 2; k++) s->sums[i][k] += (double)s->power[k];
    }
    s->frames++;
}

// Of more than two channels, the first two are left and right.
static grm_status sides_hear(void *self, const grm_block *block, grm_error *err) {
    sides *s = self;
    const float *l = block->planes[0], *r = s->listening.channels > 1 ? block->planes[1] : l;
    for (size_t at = 0; at < block->frames;) {
        size_t count = s->size - s->filled < block->frames - at ? s->size - s->filled : block->frames - at;
        float *mid = s->mid + s->filled, *side = s->side + s->filled;
        bool wanted = s->passed % s->stride == 0;
        for (size_t i = 0; wanted && i < count; i++) {
            mid[i] = 0.5f * (l[at + i] + r[at + i]);
            side[i] = 0.5f * (l[at + i] - r[at + i]);
        }
        if (s->listening.spectra) {
            s->left += grm_sum(l + at, count);
            s->right += grm_sum(r + at, count);
        }
        s->samples += count;
        s->filled += count;
        at += count;
        if (s->filled < s->size) continue;
        if (wanted) take_frame(s);
        s->passed++;
        s->filled = 0;
    }
    return GRM_OK;
}

static double band_power(const double *sums, double step_hz, size_t bins, double from_hz, double to_hz) {
    double sum = 0;
    for (size_t k = (size_t)ceil(fmax(from_hz, 20) / step_hz); k < bins && (double)k * step_hz < to_hz; k++)
        sum += sums[k];
    return sum;
}

static grm_status sides_finish(void *self, const grm_run *run, grm_analysis *a, grm_error *err) {
    static const char *const names[] = {"mid_spectrum", "side_spectrum"};
    sides *s = self;
    grm_features *f = &a->features;
    size_t bins = s->size / 2 + 1;
    double step_hz = s->listening.file_rate_hz / (double)s->size;
    if (s->frames == 0 && s->filled > 0) {  // shorter than a frame
        memset(s->mid + s->filled, 0, (s->size - s->filled) * sizeof *s->mid);
        memset(s->side + s->filled, 0, (s->size - s->filled) * sizeof *s->side);
        take_frame(s);
    }
    for (size_t i = 0; i < GRM_WIDTH_BANDS; i++) {
        double mid = band_power(s->sums[0], step_hz, bins, edges_hz[i], edges_hz[i + 1]);
        double side = band_power(s->sums[1], step_hz, bins, edges_hz[i], edges_hz[i + 1]);
        f->width_by_band[i] = mid + side > 0 ? side / (mid + side) : 0;
        if (i == 0 && mid + side > 0) f->low_end_mono = mid / (mid + side);
    }
    // A full-scale sine comes to 1/2 over its bins: the squares of a Hann window add up to 3/8 of its length.
    double scale = 2.0 / ((double)s->size * (double)s->size * 0.375 * fmax(1, (double)s->frames));
    float *means = s->listening.spectra ? grm_analysis_add_series(a, "channel_means", 0, 2) : NULL;
    if (means) {
        means[0] = (float)(s->left / fmax(1, (double)s->samples));
        means[1] = (float)(s->right / fmax(1, (double)s->samples));
    }
    for (int i = 0; means && i < 2; i++) {
        float *values = grm_analysis_add_series(a, names[i], 0, bins);
        if (!values) return grm_fail_memory(err);
        for (size_t k = 0; k < bins; k++) values[k] = (float)(s->sums[i][k] * scale);
    }
    return means || !s->listening.spectra ? GRM_OK : grm_fail_memory(err);
}

const grm_ear grm_ear_sides = {"sides", sides_open, sides_hear, sides_finish, sides_close};
