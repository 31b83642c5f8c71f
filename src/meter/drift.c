#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/faults.h"

enum { CENTS = 100 };
static const double low_hz = 130, middle_hz = 650, high_hz = 3200;
static const double steady = 0.5;      // how well partials must agree within a frame to count
static const float alone = 8;          // times the power beside it that a partial has
static const double stretch_s = 4;     // of slow drift
static const double agree = 0.4;       // length of the mean vector of a stretch that has a tuning
static const double frames_alike = 3;  // half a second, over which a note is the same
enum { fewest = 6 };                   // frames of such a stretch
static const float beneath = 1e-5f;    // peaks 50 dB under the strongest of the frame are left out

// Sums of unit vectors at the deviation of low and high partials, 0 to 2 pi for a semitone.
typedef struct stretch {
    double re[2], im[2];
    size_t frames;
} stretch;

// Mean deviations of a stretch, in cents.
typedef struct tuned {
    float low, high;
} tuned;

struct grm_drift {
    grm_frame_shape shape;
    size_t low, middle, high;
    uint32_t joint[CENTS][CENTS];  // frames by deviation of low and high partials, in cents above the equal scale
    size_t stretch_frames, in_stretch;
    stretch now;
    tuned *tuned;
    size_t count, room;
};

grm_drift *grm_drift_new(const grm_frame_shape *shape) {
    grm_drift *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->shape = *shape;
    w->stretch_frames = (size_t)fmax(1, round(stretch_s * shape->rate_hz / (double)shape->hop));
    double last = (double)shape->bins - 5;
    w->low = (size_t)fmin(last, low_hz / shape->step_hz);
    w->middle = (size_t)fmin(last, middle_hz / shape->step_hz);
    w->high = (size_t)fmin(last, high_hz / shape->step_hz);
    return w;
}

void grm_drift_free(grm_drift *w) {
    if (!w) return;
    free(w->tuned);
    free(w);
}

// Mean deviation from the equal scale of the partials within the bins, in cents 0..100; -1: they do not agree, or there
// are fewer than two.
static double deviation(const grm_drift *w, const float *power, size_t from, size_t to, float least) {
    double re = 0, im = 0, weights = 0;
    unsigned peaks = 0;
    for (size_t k = from > 4 ? from : 4; k < to; k++) {
        if (power[k] < least || power[k] <= power[k - 1] || power[k] < power[k + 1]) continue;
        // Noise has no peaks that are alone.
        if (power[k] < alone * (power[k - 4] + power[k + 4])) continue;
        // A parabola through the logarithms: within a few hundredths of a bin for a Hann window.
        double a = log((double)power[k - 1] + 1e-30), b = log((double)power[k]), c = log((double)power[k + 1] + 1e-30);
        double bend = a - 2 * b + c;
        double at = (double)k + (bend < 0 ? 0.5 * (a - c) / bend : 0);
        double turn = 2 * GRM_PI * 12 * log2(at * w->shape.step_hz / 440), weight = sqrt(sqrt((double)power[k]));
        re += weight * cos(turn);
        im += weight * sin(turn);
        weights += weight;
        peaks++;
    }
    if (peaks < 2 || hypot(re, im) < steady * weights) return -1;
    double cents = atan2(im, re) / (2 * GRM_PI) * CENTS;
    return cents < 0 ? cents + CENTS : cents;
}

// Of a stretch in which enough frames have agreed on a tuning.
static grm_status end_stretch(grm_drift *w, grm_error *err) {
    stretch s = w->now;
    w->now = (stretch){0};
    w->in_stretch = 0;
    double least = agree * (double)s.frames;
    if (s.frames < fewest || hypot(s.re[0], s.im[0]) < least || hypot(s.re[1], s.im[1]) < least) return GRM_OK;
    if (w->count == w->room) {
        size_t room = w->room ? 2 * w->room : 64;
        tuned *more = realloc(w->tuned, room * sizeof *more);
        if (!more) return grm_fail_memory(err);
        w->tuned = more;
        w->room = room;
    }
    const double cents = CENTS / (2 * GRM_PI);
    w->tuned[w->count++] = (tuned){(float)(atan2(s.im[0], s.re[0]) * cents), (float)(atan2(s.im[1], s.re[1]) * cents)};
    return GRM_OK;
}

static void count_frame(grm_drift *w, double low, double high) {
    const double turn = 2 * GRM_PI / CENTS;
    w->joint[(size_t)low % CENTS][(size_t)high % CENTS]++;
    w->now.re[0] += cos(turn * low);
    w->now.im[0] += sin(turn * low);
    w->now.re[1] += cos(turn * high);
    w->now.im[1] += sin(turn * high);
    w->now.frames++;
}

grm_status grm_drift_add(grm_drift *w, const float *power, grm_error *err) {
    float peak = 0;
    for (size_t k = w->low; k < w->high; k++) peak = power[k] > peak ? power[k] : peak;
    if (peak >= 1e-10f) {
        double low = deviation(w, power, w->low, w->middle, peak * beneath);
        double high = low < 0 ? -1 : deviation(w, power, w->middle, w->high, peak * beneath);
        if (high >= 0) count_frame(w, low, high);
    }
    return ++w->in_stretch == w->stretch_frames ? end_stretch(w, err) : GRM_OK;
}

// Circular mean of a distribution over the cents.
static double middle_of(const double *share) {
    double re = 0, im = 0;
    for (size_t i = 0; i < CENTS; i++) {
        re += share[i] * cos(2 * GRM_PI * ((double)i + 0.5) / CENTS);
        im += share[i] * sin(2 * GRM_PI * ((double)i + 0.5) / CENTS);
    }
    return atan2(im, re) / (2 * GRM_PI) * CENTS;
}

static double off(size_t cent, double middle) {
    return remainder((double)cent + 0.5 - middle, CENTS);
}

static double middle_of_tuned(const grm_drift *w, bool high) {
    double re = 0, im = 0;
    for (size_t i = 0; i < w->count; i++) {
        double turn = 2 * GRM_PI / CENTS * (double)(high ? w->tuned[i].high : w->tuned[i].low);
        re += cos(turn);
        im += sin(turn);
    }
    return atan2(im, re) / (2 * GRM_PI) * CENTS;
}

// The deviation that low and high partials share for sure: their covariance less twice its error, which comes of what
// they do not share (`apart`, the variance of their difference).
static double shared(double covariance, double apart, double independent) {
    double common = fmax(0, covariance), error = sqrt((common * apart + apart * apart / 4) / independent);
    return sqrt(fmax(0, common - 2 * error));
}

// What they share of the way of stretches from their middle.
static double slow_drift(const grm_drift *w) {
    double low = middle_of_tuned(w, false), high = middle_of_tuned(w, true), count = (double)w->count;
    double covariance = 0, apart = 0;
    for (size_t i = 0; i < w->count; i++) {
        double a = remainder((double)w->tuned[i].low - low, CENTS),
               b = remainder((double)w->tuned[i].high - high, CENTS);
        covariance += a * b / count;
        apart += (a - b) * (a - b) / count;
    }
    return shared(covariance, apart, count);
}

void grm_drift_tell(const grm_drift *w, grm_features *out) {
    if (w->count >= 4) out->pitch_drift_cents = slow_drift(w);
    double low[CENTS] = {0}, high[CENTS] = {0}, sum = 0, covariance = 0, apart = 0;
    for (size_t i = 0; i < CENTS; i++)
        for (size_t k = 0; k < CENTS; k++) {
            low[i] += w->joint[i][k];
            high[k] += w->joint[i][k];
            sum += w->joint[i][k];
        }
    if (sum < 20) return;
    double low_middle = middle_of(low), high_middle = middle_of(high);
    for (size_t i = 0; i < CENTS; i++)
        for (size_t k = 0; k < CENTS; k++) {
            double a = off(i, low_middle), b = off(k, high_middle), share = w->joint[i][k] / sum;
            covariance += share * a * b;
            apart += share * (a - b) * (a - b);
        }
    out->pitch_wander_cents = shared(covariance, apart, sum / frames_alike);
}
