// The pitch of one voice by YIN (de Cheveigne and Kawahara, "YIN, a fundamental frequency estimator for speech and
// music", JASA 2002): the difference function from autocorrelations by FFT, its cumulative mean, the first dip below a
// threshold, and a parabola through the difference itself, taken where the window's middle is the middle of what is
// compared.
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"

#define THRESHOLD 0.15f  // of the dip, as the paper has it; above, no pitch is sure
#define HOP_S 0.005
#define SILENT 1e-10  // mean square

struct grm_pitch_tracker {
    double rate_hz;
    size_t least, most;  // periods in frames
    size_t length;       // of what is compared with itself
    size_t window, hop;  // length + most
    float *past;         // [window]
    size_t filled, due;  // frames in it; frames to the next pitch
    grm_fft *fft;
    float *wave, *dip;
    grm_complex *a, *b;
};

grm_status grm_pitch_tracker_new(const grm_pitch_plan *plan, double rate_hz, grm_pitch_tracker **out, grm_error *err) {
    *out = NULL;
    if (!(rate_hz >= 8000 && rate_hz <= 400000) || !(plan->low_hz >= 30 && plan->low_hz < plan->high_hz) ||
        !(plan->high_hz <= 4000 && plan->high_hz <= rate_hz / 4))
        return grm_fail(err, GRM_USAGE,
                        "pitches from %g to %g Hz at %g Hz: take 30 to 4000, at most a quarter of the rate",
                        (double)plan->low_hz, (double)plan->high_hz, rate_hz);
    grm_pitch_tracker *t = calloc(1, sizeof *t);
    if (!t) return grm_fail_memory(err);
    t->rate_hz = rate_hz;
    t->least = (size_t)(rate_hz / plan->high_hz);
    t->most = (size_t)ceil(rate_hz / plan->low_hz) + 2;
    t->length = t->most;
    t->window = t->length + t->most;
    t->hop = (size_t)(HOP_S * rate_hz);
    size_t size = 64;
    while (size < t->window + 1) size *= 2;
    grm_status status = grm_fft_new(size, &t->fft, err);
    t->past = grm_floats_new(t->window);
    t->wave = grm_floats_new(size);
    t->dip = grm_floats_new(t->most + 1);
    t->a = calloc(size / 2 + 1, sizeof *t->a);
    t->b = calloc(size / 2 + 1, sizeof *t->b);
    if (!status && !(t->past && t->wave && t->dip && t->a && t->b)) status = grm_fail_memory(err);
    if (status) {
        grm_pitch_tracker_free(t);
        return status;
    }
    grm_pitch_tracker_reset(t);
    *out = t;
    return GRM_OK;
}

void grm_pitch_tracker_free(grm_pitch_tracker *t) {
    if (!t) return;
    free(t->b);
    free(t->a);
    free(t->dip);
    free(t->wave);
    free(t->past);
    grm_fft_free(t->fft);
    free(t);
}

void grm_pitch_tracker_reset(grm_pitch_tracker *t) {
    t->filled = 0;
    t->due = t->window;
}

size_t grm_pitch_tracker_hop(const grm_pitch_tracker *tracker) {
    return tracker->hop;
}

size_t grm_pitch_tracker_window(const grm_pitch_tracker *tracker) {
    return tracker->window;
}

// wave[tau] = sum of x[i] x[i + tau] over i below length.
static void correlate(grm_pitch_tracker *t, const float *x) {
    size_t size = grm_fft_size(t->fft);
    memset(t->wave, 0, size * sizeof(float));
    memcpy(t->wave, x, t->length * sizeof(float));
    grm_fft_forward(t->fft, t->wave, t->a);
    memcpy(t->wave, x, t->window * sizeof(float));
    grm_fft_forward(t->fft, t->wave, t->b);
    for (size_t k = 0; k <= size / 2; k++) {
        grm_complex a = t->a[k], b = t->b[k];
        t->a[k] = (grm_complex){a.re * b.re + a.im * b.im, a.re * b.im - a.im * b.re};
    }
    grm_fft_inverse(t->fft, t->a, t->wave);
}

// dip[tau]: how much x differs from itself tau later, over the mean of that for shorter tau.
static double differences(grm_pitch_tracker *t, const float *x) {
    double here = 0, there, sum = 0;
    for (size_t i = 0; i < t->length; i++) here += (double)x[i] * x[i];
    there = here;
    t->dip[0] = 1;
    for (size_t tau = 1; tau <= t->most; tau++) {
        there += (double)x[t->length + tau - 1] * x[t->length + tau - 1] - (double)x[tau - 1] * x[tau - 1];
        double difference = fmax(here + there - 2.0 * t->wave[tau], 0);
        sum += difference;
        t->dip[tau] = sum > 0 ? (float)(difference * (double)tau / sum) : 1;
    }
    return here / (double)t->length;
}

// The difference itself about a dip, from the middle of the window, and the place of its least by a parabola.
static double refine(const grm_pitch_tracker *t, const float *x, size_t tau) {
    const float *start = x + (t->most - 1 - tau) / 2;
    double d[3];
    for (size_t k = 0; k < 3; k++) {
        d[k] = 0;
        for (size_t i = 0; i < t->length; i++) {
            double difference = (double)start[i] - start[i + tau + k - 1];
            d[k] += difference * difference;
        }
    }
    double bend = d[0] - 2 * d[1] + d[2];
    return (double)tau + (bend > 0 ? fmax(-1, fmin(1, 0.5 * (d[0] - d[2]) / bend)) : 0);
}

grm_voice_pitch grm_pitch_tracker_look(grm_pitch_tracker *t, const float *x) {
    correlate(t, x);
    if (differences(t, x) < SILENT) return (grm_voice_pitch){0, 0};
    size_t tau = t->least > 2 ? t->least : 2, best = tau;
    for (; tau < t->most; tau++) {
        if (t->dip[tau] < t->dip[best]) best = tau;
        if (t->dip[tau] < THRESHOLD && t->dip[tau + 1] >= t->dip[tau]) break;
    }
    if (tau < t->most) best = tau;
    float strength = 1 - t->dip[best];
    if (t->dip[best] >= THRESHOLD || best >= t->most) return (grm_voice_pitch){0, strength > 0 ? strength : 0};
    return (grm_voice_pitch){(float)(t->rate_hz / refine(t, x, best)), strength};
}

bool grm_pitch_tracker_run(grm_pitch_tracker *t, const float *x, size_t frames, grm_voice_pitch *out, size_t *count) {
    *count = 0;
    if (!grm_all_sane(x, frames)) return false;
    for (size_t at = 0, n; at < frames; at += n) {
        n = t->due < frames - at ? t->due : frames - at;
        size_t keep = n < t->window ? t->window - n : 0, fresh = t->window - keep;
        memmove(t->past, t->past + t->window - keep, keep * sizeof(float));
        memcpy(t->past + keep, x + at + n - fresh, fresh * sizeof(float));
        t->due -= n;
        if (t->due) continue;
        t->due = t->hop;
        out[(*count)++] = grm_pitch_tracker_look(t, t->past);
    }
    return true;
}
