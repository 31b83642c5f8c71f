// The ear for balance and faults.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "meter/faults.h"

typedef struct faults {
    unsigned channels;
    grm_frame_shape shape;
    grm_stft *stft;
    float *x, *power;              // [size], [bins]
    float scale;                   // of the power, so that a full-scale sine comes to 1/2 over its bins
    size_t filled, passed, fresh;  // passed: frames that are not looked at; fresh: frames of x that no frame had before
    unsigned stride;
    grm_balance *balance;
    grm_hiss *noise;
    grm_drift *wander;
    grm_flat_tops *tops;
    grm_dropouts *gaps;
    grm_hum *hum;
} faults;

static void faults_close(void *self) {
    faults *f = self;
    if (!f) return;
    grm_hum_free(f->hum);
    grm_dropouts_free(f->gaps);
    grm_flat_tops_free(f->tops);
    grm_drift_free(f->wander);
    grm_hiss_free(f->noise);
    grm_balance_free(f->balance);
    grm_stft_free(f->stft);
    free(f->power);
    free(f->x);
    free(f);
}

static grm_status faults_open(const grm_listening *listening, void **self, grm_error *err) {
    *self = NULL;
    faults *f = calloc(1, sizeof *f);
    if (!f) return grm_fail_memory(err);
    size_t size = 1024;
    while ((double)size < 0.13 * listening->file_rate_hz) size *= 2;
    f->channels = listening->channels;
    // Half over each other, so that a stroke on the edge of one is in the middle of the next; or only every stride-th.
    f->stride = listening->stride > 1 ? listening->stride : 1;
    f->shape = (grm_frame_shape){listening->file_rate_hz, size, size / 2 + 1, listening->file_rate_hz / (double)size,
                                 f->stride > 1 ? size * f->stride : size / 2};
    // The squares of a Hann window add up to 3/8 of its length.
    f->scale = (float)(2.0 / ((double)size * (double)size * 0.375));
    f->x = grm_floats_new(size);
    f->power = grm_floats_new(f->shape.bins);
    f->balance = grm_balance_new(&f->shape);
    f->noise = grm_hiss_new(&f->shape);
    f->wander = grm_drift_new(&f->shape);
    f->tops = grm_flat_tops_new(f->channels, listening->file_rate_hz);
    f->gaps = grm_dropouts_new(listening->file_rate_hz);
    bool all = f->x && f->power && f->balance && f->noise && f->wander && f->tops && f->gaps;
    grm_status status = all ? grm_stft_new(GRM_WINDOW_HANN, size, &f->stft, err) : grm_fail_memory(err);
    if (status == GRM_OK) status = grm_hum_new(listening->rate_hz, &f->hum, err);
    if (status != GRM_OK)
        faults_close(f);
    else
        *self = f;
    return status;
}

static grm_status take_frame(faults *f, grm_error *err) {
    const grm_frame_shape *shape = &f->shape;
    grm_stft_power(f->stft, f->x, f->power);
    for (size_t k = 0; k < shape->bins; k++) f->power[k] *= f->scale;
    grm_balance_add(f->balance, f->power);
    grm_hiss_add(f->noise, f->x + shape->size - f->fresh, f->fresh, f->power);
    f->filled = f->stride > 1 ? 0 : shape->size / 2;
    memmove(f->x, f->x + shape->size - f->filled, f->filled * sizeof *f->x);
    f->fresh = 0;
    return grm_drift_add(f->wander, f->power, err);
}

static void mix_down(const grm_block *block, unsigned channels, size_t at, size_t count, float *to) {
    const float share = 1.0f / (float)channels;
    if (channels == 2) {
        grm_middle(block->planes[0] + at, block->planes[1] + at, count, to);
        return;
    }
    memcpy(to, block->planes[0] + at, count * sizeof *to);
    for (unsigned c = 1; c < channels; c++)
        for (size_t i = 0; i < count; i++) to[i] += block->planes[c][at + i];
    if (channels > 1)
        for (size_t i = 0; i < count; i++) to[i] *= share;
}

static grm_status faults_hear(void *self, const grm_block *block, grm_error *err) {
    faults *f = self;
    for (unsigned c = 0; c < f->channels; c++) grm_flat_tops_add(f->tops, c, block->planes[c], block->frames);
    grm_dropouts_add(f->gaps, block->planes, f->channels, block->frames);
    for (size_t at = 0; at < block->frames;) {
        size_t count = f->shape.size - f->filled < block->frames - at ? f->shape.size - f->filled : block->frames - at;
        bool wanted = f->passed % f->stride == 0;
        if (wanted) mix_down(block, f->channels, at, count, f->x + f->filled);
        f->filled += count;
        f->fresh += count;
        at += count;
        if (f->filled < f->shape.size) continue;
        f->passed++;
        grm_status status = GRM_OK;
        if (wanted)
            status = take_frame(f, err);
        else
            f->filled = f->fresh = 0;
        if (status != GRM_OK) return status;
    }
    return block->mono_frames > 0 ? grm_hum_hear(f->hum, block->mono, block->mono_frames, err) : GRM_OK;
}

static grm_status faults_finish(void *self, const grm_run *run, grm_analysis *analysis, grm_error *err) {
    faults *f = self;
    grm_balance_tell(f->balance, &analysis->features);
    grm_hiss_tell(f->noise, &analysis->features);
    grm_drift_tell(f->wander, &analysis->features);
    grm_flat_tops_tell(f->tops, &analysis->features);
    grm_dropouts_tell(f->gaps, &analysis->features);
    grm_status status = grm_hum_hear(f->hum, NULL, 0, err);
    if (status == GRM_OK) grm_hum_tell(f->hum, &analysis->features);
    return status;
}

const grm_ear grm_ear_faults = {"faults", faults_open, faults_hear, faults_finish, faults_close};
