// Echoes in time with the music, on their own sides or from side to side. A new time fades in beside the old one, so
// that nothing bends in pitch or clicks.
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "dsp/glide.h"

enum { BLOCK = 256 };
#define FADE_S 0.05
#define SHORTEST_S 0.001

struct grm_delay {
    grm_delay_plan plan;
    double rate_hz;
    size_t size, at;                 // of the rings, and where the next frame goes
    float *ring[2];                  // [size], what is repeated
    size_t from[2], to[2], next[2];  // delays in frames: that fades out, that sounds, that waits for the fade's end
    size_t faded, fade;              // frames of the fade that are gone, and of all of it
    grm_glide feedback, wet;
    grm_cascade tone;
};

double grm_delay_beats(double bpm, double beats) {
    return beats * 60 / bpm;
}

static grm_status check(const grm_delay_plan *p, double longest_s, grm_error *err) {
    for (int side = 0; side < 2; side++)
        if (!(p->time_s[side] >= SHORTEST_S && p->time_s[side] <= longest_s))
            return grm_fail(err, GRM_USAGE, "delay of %g s: take %g to %g", p->time_s[side], SHORTEST_S, longest_s);
    if (!(p->feedback >= 0 && p->feedback <= 0.95f))
        return grm_fail(err, GRM_USAGE, "delay with a feedback of %g: take 0 to 0.95", (double)p->feedback);
    return GRM_OK;
}

static void tune(const grm_delay *d, grm_filter tone[2]) {
    tone[0] = tone[1] = grm_filter_prototype(d->rate_hz, 1000, 1.4, 1, 1, 1);  // lets all through
    if (d->plan.low_cut_hz > 0)
        tone[0] = grm_filter_design(GRM_FILTER_HIGHPASS, d->rate_hz, d->plan.low_cut_hz, 0.7071, 0);
    if (d->plan.high_cut_hz > 0)
        tone[1] = grm_filter_design(GRM_FILTER_LOWPASS, d->rate_hz, d->plan.high_cut_hz, 0.7071, 0);
}

grm_status grm_delay_new(const grm_delay_plan *plan, double longest_s, double rate_hz, grm_delay **out,
                         grm_error *err) {
    *out = NULL;
    if (!(longest_s >= SHORTEST_S && longest_s <= 20) || !(rate_hz >= 8000 && rate_hz <= 400000))
        return grm_fail(err, GRM_USAGE, "delay of up to %g s at %g Hz: take up to 20 s", longest_s, rate_hz);
    grm_status status = check(plan, longest_s, err);
    if (status) return status;
    grm_delay *d = calloc(1, sizeof *d);
    if (!d) return grm_fail_memory(err);
    d->plan = *plan;
    d->rate_hz = rate_hz;
    d->size = (size_t)ceil(longest_s * rate_hz) + 1;
    d->fade = (size_t)(FADE_S * rate_hz);
    for (int side = 0; side < 2; side++) d->ring[side] = grm_floats_new(d->size);
    if (!d->ring[0] || !d->ring[1]) {
        grm_delay_free(d);
        return grm_fail_memory(err);
    }
    grm_delay_reset(d);
    *out = d;
    return GRM_OK;
}

void grm_delay_free(grm_delay *delay) {
    if (!delay) return;
    free(delay->ring[1]);
    free(delay->ring[0]);
    free(delay);
}

void grm_delay_reset(grm_delay *d) {
    grm_filter tone[2];
    for (int side = 0; side < 2; side++) {
        memset(d->ring[side], 0, d->size * sizeof(float));
        d->from[side] = d->to[side] = d->next[side] = (size_t)lround(d->plan.time_s[side] * d->rate_hz);
    }
    d->faded = d->fade;
    d->feedback = grm_glide_rest(d->plan.feedback);
    d->wet = grm_glide_rest(grm_db_to_gain(d->plan.wet_db));
    tune(d, tone);
    grm_cascade_init(&d->tone, tone, 2);
}

grm_status grm_delay_set(grm_delay *d, const grm_delay_plan *plan, grm_error *err) {
    grm_status status = check(plan, (double)(d->size - 1) / d->rate_hz, err);
    if (status) return status;
    grm_filter tone[2];
    d->plan = *plan;
    for (int side = 0; side < 2; side++) d->next[side] = (size_t)lround(plan->time_s[side] * d->rate_hz);
    grm_glide_to(&d->feedback, plan->feedback, d->rate_hz);
    grm_glide_to(&d->wet, grm_db_to_gain(plan->wet_db), d->rate_hz);
    tune(d, tone);
    for (size_t i = 0; i < 2; i++) grm_cascade_set(&d->tone, i, &tone[i]);
    return GRM_OK;
}

size_t grm_delay_tail(const grm_delay *d) {
    double repeats = d->plan.feedback > 0.01f ? ceil(-5 / log10(d->plan.feedback)) : 3;
    return (size_t)(repeats + 1) * (d->to[0] > d->to[1] ? d->to[0] : d->to[1]);
}

// The frames that were written `delay` frames before the next ones.
static void look_back(const grm_delay *d, int side, size_t delay, float *x, size_t count) {
    size_t from = d->at >= delay ? d->at - delay : d->at + d->size - delay;
    size_t first = d->size - from < count ? d->size - from : count;
    memcpy(x, d->ring[side] + from, first * sizeof *x);
    memcpy(x + first, d->ring[side], (count - first) * sizeof *x);
}

static void read_side(const grm_delay *d, int side, float *x, size_t count) {
    float old[BLOCK];
    look_back(d, side, d->to[side], x, count);
    if (d->faded >= d->fade) return;
    look_back(d, side, d->from[side], old, count);
    for (size_t i = 0; i < count; i++)
        x[i] = old[i] + (x[i] - old[i]) * ((float)(int)(d->faded + i + 1) / (float)(int)d->fade);
}

static void write_side(grm_delay *d, int side, const float *x, size_t count) {
    size_t first = d->size - d->at < count ? d->size - d->at : count;
    memcpy(d->ring[side] + d->at, x, first * sizeof *x);
    memcpy(d->ring[side], x + first, (count - first) * sizeof *x);
}

static void run_piece(grm_delay *d, const float *const in[2], float *const out[2], size_t count) {
    float heard[2][BLOCK], kept[2][BLOCK];
    for (int side = 0; side < 2; side++) {
        read_side(d, side, heard[side], count);
        for (size_t i = 0; i < count; i++) out[side][i] += heard[side][i] * grm_glide_ahead(&d->wet, i);
    }
    for (size_t i = 0; i < count; i++) {
        float back = grm_glide_ahead(&d->feedback, i);
        if (d->plan.ping_pong) {
            kept[0][i] = 0.5f * (in[0][i] + in[1][i]) + back * heard[1][i];
            kept[1][i] = back * heard[0][i];
        } else {
            kept[0][i] = in[0][i] + back * heard[0][i];
            kept[1][i] = in[1][i] + back * heard[1][i];
        }
    }
    grm_cascade_run(&d->tone, kept[0], kept[1], count);
    for (int side = 0; side < 2; side++) write_side(d, side, kept[side], count);
    d->at = d->at + count >= d->size ? d->at + count - d->size : d->at + count;
    grm_glide_pass(&d->feedback, count);
    grm_glide_pass(&d->wet, count);
}

// No longer than to the end of a fade, or than the shortest delay.
static size_t piece(const grm_delay *d, size_t left) {
    size_t count = left < BLOCK ? left : BLOCK;
    for (int side = 0; side < 2; side++) {
        if (d->to[side] < count) count = d->to[side];
        if (d->from[side] < count) count = d->from[side];
    }
    return d->faded < d->fade && d->fade - d->faded < count ? d->fade - d->faded : count;
}

bool grm_delay_run(grm_delay *d, const float *const *in, float *const *out, size_t frames) {
    if (!grm_all_sane(in[0], frames) || !grm_all_sane(in[1], frames)) return false;
    unsigned mode = grm_denormals_flush();
    for (size_t at = 0, count; at < frames; at += count) {
        if (d->faded >= d->fade && (d->next[0] != d->to[0] || d->next[1] != d->to[1])) {
            memcpy(d->from, d->to, sizeof d->from);
            memcpy(d->to, d->next, sizeof d->to);
            d->faded = 0;
        }
        count = piece(d, frames - at);
        run_piece(d, (const float *const[]){in[0] + at, in[1] + at}, (float *const[]){out[0] + at, out[1] + at}, count);
        d->faded = d->faded + count < d->fade ? d->faded + count : d->fade;
    }
    grm_denormals_restore(mode);
    return true;
}
