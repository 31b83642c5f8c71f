// Pitch correction: each window of a shifter is moved towards the note of the scale that its pitch is nearest to.
#include <stdlib.h>

#include "dsp/shifter.h"
#include "dsp/voice_ear.h"

#define STICKS 0.2  // semitones by which another note must be nearer before the goal changes

struct grm_tuner {
    grm_tune_plan plan;
    double rate_hz;
    grm_voice_ear ear;
    grm_shifter *shifter;
    bool sings;
    int goal;
    double off;  // semitones that the sound is moved by
};

// The way that is gone in a window's hop.
static double share(const grm_tuner *t) {
    double hop_ms = 1000.0 * (double)grm_shifter_window(t->shifter) / 8 / t->rate_hz;
    return t->plan.speed_ms > 0 ? 1 - exp(-hop_ms / t->plan.speed_ms) : 1;
}

static double follow(void *context, const float *const *window, size_t size) {
    grm_tuner *t = context;
    double wanted = 0, hz = grm_voice_ear_hear(&t->ear, window, size);
    if (hz > 0) {
        double note = grm_note_of_hz(hz, t->plan.scale.tuning_hz);
        int nearest = grm_scale_nearest(&t->plan.scale, note);
        if (!t->sings || fabs(note - nearest) + STICKS < fabs(note - t->goal)) t->goal = nearest;
        wanted = t->plan.strength * (t->goal - note);
    }
    // A voice that begins is where it should be at once; what follows is moved at the speed that was asked for.
    t->off += (wanted - t->off) * (hz > 0 && !t->sings ? 1 : share(t));
    t->sings = hz > 0;
    return pow(2, t->off / 12);
}

static grm_status check(const grm_tune_plan *p, grm_error *err) {
    if (!(p->strength >= 0 && p->strength <= 1) || !(p->speed_ms >= 0 && p->speed_ms <= 2000) || p->scale.root > 11 ||
        !(p->scale.tuning_hz == 0 || (p->scale.tuning_hz >= 400 && p->scale.tuning_hz <= 480)))
        return grm_fail(
            err, GRM_USAGE,
            "pitch correction of strength %g in %g ms: take 0 to 1 and 0 to 2000 ms, a root of 0 to 11 and a "
            "tuning of 400 to 480 Hz",
            (double)p->strength, (double)p->speed_ms);
    return GRM_OK;
}

grm_status grm_tuner_new(const grm_tune_plan *plan, double rate_hz, grm_tuner **out, grm_error *err) {
    *out = NULL;
    grm_status status = check(plan, err);
    if (status) return status;
    grm_tuner *t = calloc(1, sizeof *t);
    if (!t) return grm_fail_memory(err);
    t->plan = *plan;
    t->rate_hz = rate_hz;
    status = grm_voice_ear_open(&t->ear, &plan->voice, rate_hz, err);
    if (!status) {
        const grm_shift_plan shift = {.keep_formants = true, .window_ms = grm_voice_ear_window_ms(&t->ear, rate_hz)};
        status = grm_shifter_new(&shift, rate_hz, &t->shifter, err);
    }
    if (status) {
        grm_tuner_free(t);
        return status;
    }
    grm_shifter_follow(t->shifter, follow, t);
    *out = t;
    return GRM_OK;
}

void grm_tuner_free(grm_tuner *t) {
    if (!t) return;
    grm_shifter_free(t->shifter);
    grm_voice_ear_close(&t->ear);
    free(t);
}

void grm_tuner_reset(grm_tuner *t) {
    grm_shifter_reset(t->shifter);
    t->sings = false;
    t->off = 0;
}

void grm_tuner_set(grm_tuner *t, float strength, float speed_ms) {
    t->plan.strength = fminf(fmaxf(strength, 0), 1);
    t->plan.speed_ms = fmaxf(speed_ms, 0);
}

bool grm_tuner_run(grm_tuner *t, float *const *planes, size_t frames) {
    return grm_shifter_run(t->shifter, planes, frames);
}

size_t grm_tuner_latency(const grm_tuner *t) {
    return grm_shifter_latency(t->shifter);
}
