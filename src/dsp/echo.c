// Echoes from side to side.
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"

struct grm_echo {
    grm_echo_plan plan;
    double rate_hz;
    size_t length, at;
    float *ring[2];  // [length], what will be heard one delay later
    grm_cascade tone;
};

grm_status grm_echo_new(const grm_echo_plan *plan, double rate_hz, grm_echo **out, grm_error *err) {
    *out = NULL;
    if (!(plan->time_s >= 0.005 && plan->time_s <= 10) || !(plan->feedback >= 0 && plan->feedback <= 0.9f))
        return grm_fail(err, GRM_USAGE, "echo of %g s with feedback %g: take 0.005 to 10 s and 0 to 0.9", plan->time_s,
                        (double)plan->feedback);
    grm_echo *echo = calloc(1, sizeof *echo);
    if (!echo) return grm_fail_memory(err);
    echo->plan = *plan;
    echo->rate_hz = rate_hz;
    echo->length = (size_t)lround(plan->time_s * rate_hz);
    echo->ring[0] = grm_floats_new(echo->length);
    echo->ring[1] = grm_floats_new(echo->length);
    if (!echo->ring[0] || !echo->ring[1]) {
        grm_echo_free(echo);
        return grm_fail_memory(err);
    }
    grm_echo_reset(echo);
    *out = echo;
    return GRM_OK;
}

void grm_echo_free(grm_echo *echo) {
    if (!echo) return;
    free(echo->ring[1]);
    free(echo->ring[0]);
    free(echo);
}

void grm_echo_reset(grm_echo *echo) {
    for (int side = 0; side < 2; side++) memset(echo->ring[side], 0, echo->length * sizeof(float));
    grm_filter tone[2] = {
        grm_filter_design(GRM_FILTER_HIGHPASS, echo->rate_hz, echo->plan.low_cut_hz, 0.7071, 0),
        grm_filter_design(GRM_FILTER_LOWPASS, echo->rate_hz, echo->plan.high_cut_hz, 0.7071, 0),
    };
    grm_cascade_init(&echo->tone, tone, 2);
}

size_t grm_echo_tail(const grm_echo *echo) {
    double repeats = echo->plan.feedback > 0.01f ? ceil(-5 / log10(echo->plan.feedback)) : 3;
    return (size_t)(repeats + 1) * echo->length;
}

bool grm_echo_run(grm_echo *echo, const float *const *in, float *const *out, size_t frames) {
    if (!grm_all_sane(in[0], frames) || !grm_all_sane(in[1], frames)) return false;
    unsigned mode = grm_denormals_flush();
    float left[256], right[256], feedback = echo->plan.feedback;
    for (size_t at = 0; at < frames;) {
        size_t n = echo->length - echo->at;
        if (n > GRM_COUNT(left)) n = GRM_COUNT(left);
        if (n > frames - at) n = frames - at;
        float *ring_left = echo->ring[0] + echo->at, *ring_right = echo->ring[1] + echo->at;
        for (size_t i = 0; i < n; i++) {
            out[0][at + i] += ring_left[i];
            out[1][at + i] += ring_right[i];
            left[i] = 0.5f * (in[0][at + i] + in[1][at + i]) + feedback * ring_right[i];
            right[i] = feedback * ring_left[i];
        }
        // The first echo is darker than the source, each further one a little more.
        grm_cascade_run(&echo->tone, left, right, n);
        memcpy(ring_left, left, n * sizeof *left);
        memcpy(ring_right, right, n * sizeof *right);
        at += n;
        echo->at = echo->at + n == echo->length ? 0 : echo->at + n;
    }
    grm_denormals_restore(mode);
    return true;
}
