// Voices at intervals to a voice: fixed ones, or steps of a scale from the note that is sung.
#include <stdlib.h>
#include <string.h>

#include "dsp/shifter.h"
#include "dsp/voice_ear.h"

enum { BLOCK = 256 };

typedef struct harmony {
    grm_voice_ear ear;  // of a voice that follows a scale
    const grm_note_scale *scale;
    int steps;
    double interval;  // semitones, of the last note that was heard
    grm_shifter *shifter;
    float gain[2];
} harmony;

struct grm_harmoniser {
    grm_harmony_plan plan;
    harmony voice[GRM_HARMONIES];
    float dry;
    size_t latency, at;  // at: of the ring
    float *past[2];      // [latency], of what came in
};

static double follow(void *context, const float *const *window, size_t size) {
    harmony *h = context;
    double hz = grm_voice_ear_hear(&h->ear, (const float *const[]){window[0], window[0]}, size);
    if (hz > 0) {
        int note = grm_scale_nearest(h->scale, grm_note_of_hz(hz, h->scale->tuning_hz));
        h->interval = grm_scale_step(h->scale, note, h->steps) - note;
    }
    return pow(2, fmin(fmax(h->interval, -12), 12) / 12);
}

static grm_status open_voice(grm_harmoniser *h, size_t i, double window_ms, double rate_hz, grm_error *err) {
    harmony *v = &h->voice[i];
    float interval = h->plan.voice[i].interval, pan = h->plan.voice[i].pan;
    if (!(fabsf(interval) <= 12) || !(fabsf(pan) <= 1))
        return grm_fail(err, GRM_USAGE, "voice %zu at an interval of %g, pan %g: take -12 to 12 and -1 to 1", i + 1,
                        (double)interval, (double)pan);
    grm_shift_plan shift = {
        .semitones = h->plan.voice[i].diatonic ? 0 : interval, .keep_formants = true, .window_ms = window_ms};
    grm_status status = grm_shifter_new(&shift, rate_hz, &v->shifter, err);
    if (status) return status;
    v->gain[0] = grm_db_to_gain(h->plan.voice[i].level_db) * cosf((float)GRM_PI / 4 * (1 + pan));
    v->gain[1] = grm_db_to_gain(h->plan.voice[i].level_db) * sinf((float)GRM_PI / 4 * (1 + pan));
    if (!h->plan.voice[i].diatonic) return GRM_OK;
    v->scale = &h->plan.scale;
    v->steps = (int)lroundf(interval);
    grm_shifter_follow(v->shifter, follow, v);
    return grm_voice_ear_open(&v->ear, &h->plan.range, rate_hz, err);
}

grm_status grm_harmoniser_new(const grm_harmony_plan *plan, double rate_hz, grm_harmoniser **out, grm_error *err) {
    *out = NULL;
    if (!(plan->voices >= 1 && plan->voices <= GRM_HARMONIES) || plan->scale.root > 11)
        return grm_fail(err, GRM_USAGE, "harmony of %zu voices: take 1 to %d", plan->voices, GRM_HARMONIES);
    grm_harmoniser *h = calloc(1, sizeof *h);
    if (!h) return grm_fail_memory(err);
    h->plan = *plan;
    h->dry = grm_db_to_gain(plan->dry_db);
    grm_voice_ear ear;
    grm_status status = grm_voice_ear_open(&ear, &plan->range, rate_hz, err);
    double window_ms = status ? 0 : grm_voice_ear_window_ms(&ear, rate_hz);
    if (!status) grm_voice_ear_close(&ear);
    for (size_t i = 0; i < plan->voices && !status; i++) status = open_voice(h, i, window_ms, rate_hz, err);
    if (!status) {
        h->latency = grm_shifter_latency(h->voice[0].shifter);
        for (int c = 0; c < 2; c++)
            if (!(h->past[c] = grm_floats_new(h->latency))) status = grm_fail_memory(err);
    }
    if (status) {
        grm_harmoniser_free(h);
        return status;
    }
    *out = h;
    return GRM_OK;
}

void grm_harmoniser_free(grm_harmoniser *h) {
    if (!h) return;
    for (size_t i = 0; i < GRM_HARMONIES; i++) {
        grm_shifter_free(h->voice[i].shifter);
        grm_voice_ear_close(&h->voice[i].ear);
    }
    for (int c = 0; c < 2; c++) free(h->past[c]);
    free(h);
}

void grm_harmoniser_reset(grm_harmoniser *h) {
    for (size_t i = 0; i < h->plan.voices; i++) {
        grm_shifter_reset(h->voice[i].shifter);
        h->voice[i].interval = 0;
    }
    for (int c = 0; c < 2; c++) memset(h->past[c], 0, h->latency * sizeof(float));
    h->at = 0;
}

// What came in, late, at the dry level.
static void pass(grm_harmoniser *h, float *const *planes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < 2; c++) {
            float late = h->past[c][h->at];
            h->past[c][h->at] = planes[c][i];
            planes[c][i] = h->dry * late;
        }
        h->at = h->at + 1 == h->latency ? 0 : h->at + 1;
    }
}

bool grm_harmoniser_run(grm_harmoniser *h, float *const *planes, size_t frames) {
    if (!grm_planes_check(planes, 2, frames)) return false;
    for (size_t at = 0, count; at < frames; at += count) {
        float mono[BLOCK], sung[BLOCK];
        count = frames - at < BLOCK ? frames - at : BLOCK;
        float *const piece[2] = {planes[0] + at, planes[1] + at};
        for (size_t i = 0; i < count; i++) mono[i] = 0.5f * (piece[0][i] + piece[1][i]);
        pass(h, piece, count);
        for (size_t v = 0; v < h->plan.voices; v++) {
            memcpy(sung, mono, count * sizeof *mono);
            grm_shifter_run_mono(h->voice[v].shifter, sung, count);
            for (int c = 0; c < 2; c++)
                for (size_t i = 0; i < count; i++) piece[c][i] += h->voice[v].gain[c] * sung[i];
        }
    }
    return true;
}

size_t grm_harmoniser_latency(const grm_harmoniser *h) {
    return h->latency;
}
