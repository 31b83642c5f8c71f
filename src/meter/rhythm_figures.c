// What can be said about a rhythm once its beats are known.
#include <stdlib.h>

#include "meter/rhythm.h"

// Of sorted values, 0..1.
static double quantile(const double *x, size_t count, double q) {
    double at = q * (double)(count - 1);
    size_t i = (size_t)at;
    return i + 1 < count ? x[i] + (at - (double)i) * (x[i + 1] - x[i]) : x[i];
}

// Of the straight line through y, least squares.
static double slope(const double *y, size_t count) {
    double sum = 0, weight = 0, middle = 0.5 * (double)(count - 1);
    for (size_t i = 0; i < count; i++) {
        sum += ((double)i - middle) * y[i];
        weight += ((double)i - middle) * ((double)i - middle);
    }
    return sum / weight;
}

// Whether no pause lies between these beats.
static bool unbroken(const double *beats_s, size_t count) {
    double least = INFINITY, most = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        least = fmin(least, beats_s[i + 1] - beats_s[i]);
        most = fmax(most, beats_s[i + 1] - beats_s[i]);
    }
    return most < 1.6 * least;
}

// Of so few beats that there is no span of eight: the line through them, or the least step where pauses lie between.
static double few_beats_bpm(const double *beats_s, size_t count) {
    const double slowest_s = 2.5;
    double beat_s = INFINITY;
    if (unbroken(beats_s, count)) return 60 / slope(beats_s, count);
    for (size_t i = 0; i + 1 < count; i++) beat_s = fmin(beat_s, beats_s[i + 1] - beats_s[i]);
    return beat_s < slowest_s ? 60 / beat_s : NAN;
}

enum { SPAN = 8 };

// Seconds a beat over the most of the spans [0, spans) that are near the `middle` one: lines through the beats of each
// stretch of such spans.
static double usual_beat_s(const double *beats_s, const double *local, size_t spans, double middle) {
    double sum = 0, weight = 0;
    for (size_t i = 0; i < spans;) {
        size_t to = i;
        while (to < spans && fabs(local[to] / middle - 1) < 0.025) to++;
        if (to > i) {
            double length = (double)(to - i + SPAN), w = length * length * length;  // what a slope's variance goes with
            sum += w * slope(beats_s + i, to - i + SPAN);
            weight += w;
        }
        i = to > i ? to : i + 1;
    }
    return weight > 0 ? sum / weight : middle;
}

// The tempo that most of the recording keeps: the median over spans of eight beats says which, and straight lines
// through the beats of each stretch that keeps it say exactly.
grm_status grm_tempo_measure(const double *beats_s, size_t count, double *bpm, double *drift_percent, grm_error *err) {
    *bpm = *drift_percent = NAN;
    if (count < 4) return GRM_OK;
    const size_t spans = count > SPAN ? count - SPAN : 0;
    double *local = calloc(2 * spans + 1, sizeof *local), *sorted = local + spans;
    size_t whole = 0;
    if (!local) return grm_fail_memory(err);
    for (size_t i = 0; i < spans; i++)
        if (unbroken(beats_s + i, SPAN + 1)) sorted[whole++] = local[i] = slope(beats_s + i, SPAN + 1);
    if (whole) {
        grm_sort_doubles(sorted, whole);
        double middle = quantile(sorted, whole, 0.5);
        *bpm = 60 / usual_beat_s(beats_s, local, spans, middle);
        *drift_percent = 100 * (quantile(sorted, whole, 0.9) - quantile(sorted, whole, 0.1)) / middle;
    } else {
        *bpm = few_beats_bpm(beats_s, count);
    }
    free(local);
    return GRM_OK;
}

static float strength_at(const grm_novelty *novelty, double t) {
    float top = 0;
    for (ptrdiff_t k = (ptrdiff_t)floor(t - 2.5); k <= (ptrdiff_t)ceil(t + 2.5); k++)
        if (k >= 0 && (size_t)k < novelty->frames) top = fmaxf(top, novelty->all[k]);
    return top;
}

// Share of the onset strength that lies within 30 ms of a beat, over what chance would put there.
double grm_beats_explain(const grm_novelty *novelty, const double *beats, size_t count) {
    enum { NEAR = 3 };
    double all = 0, near = 0, frames = 0;
    for (size_t t = 0; t < novelty->frames; t++) {
        all += novelty->all[t];
        frames += novelty->sound[t];
    }
    if (all <= 0 || count == 0) return 0;
    for (size_t i = 0; i < count; i++)
        for (ptrdiff_t k = (ptrdiff_t)(beats[i] + 0.5) - NEAR; k <= (ptrdiff_t)(beats[i] + 0.5) + NEAR; k++)
            if (k >= 0 && (size_t)k < novelty->frames) near += novelty->all[k];
    double chance = fmin((2 * NEAR + 1) * (double)count / frames, 0.9);
    return fmin(fmax((near / all - chance) / (1 - chance), 0), 1);
}

// Peaks of the onset strength that stand out from their surroundings and from what noise does.
double grm_onsets_count(const grm_novelty *novelty, const float *rise) {
    enum { NEAR = 3 };
    const float least = 0.7f, least_rise = 1.8f;  // white noise reaches 1.7
    size_t count = 0;
    for (size_t t = 0; t < novelty->frames; t++) {
        float x = novelty->all[t];
        bool peak = x > least && rise[t] > least_rise;
        for (size_t k = t > NEAR ? t - NEAR : 0; peak && k <= t + NEAR && k < novelty->frames; k++)
            peak = novelty->all[k] < x || (novelty->all[k] == x && k >= t);
        count += peak;
    }
    return (double)count;
}

// Where between the beats the offbeat eighths come. hist: what sounds there, in 48ths of a beat.
enum { PARTS = 48 };
static void fold(const grm_novelty *novelty, const double *beats, size_t count, double *hist) {
    for (size_t p = 0; p < PARTS; p++) hist[p] = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        double step = (beats[i + 1] - beats[i]) / PARTS;
        for (size_t p = 0; p < PARTS; p++) {
            double at = fmax(beats[i] + step * (double)p, 0);
            size_t t = (size_t)at;
            if (t + 1 >= novelty->frames) break;
            float part = (float)(at - (double)t);
            hist[p] += novelty->all[t] + part * (novelty->all[t + 1] - novelty->all[t]);
        }
    }
}

double grm_swing_measure(const grm_novelty *novelty, const double *beats, size_t count) {
    double hist[PARTS], even[PARTS], mean = 0;
    if (count < 8) return NAN;
    fold(novelty, beats, count, hist);
    for (size_t p = 0; p < PARTS; p++) {
        even[p] = 0.25 * hist[(p + PARTS - 1) % PARTS] + 0.5 * hist[p] + 0.25 * hist[(p + 1) % PARTS];
        mean += hist[p] / PARTS;
    }
    // A sixteenth before the beat is no swung eighth: it has a twin behind the beat.
    size_t top = 0;
    double most = 0;
    for (size_t p = PARTS * 45 / 100; p <= PARTS * 78 / 100; p++) {
        double value = p > PARTS * 7 / 10 ? even[p] - even[PARTS - p] : even[p];
        if (value > most && even[p] >= even[p - 1] && even[p] >= even[p + 1]) {
            most = value;
            top = p;
        }
    }
    if (top == 0 || most < 1.2 * mean) return NAN;
    double sum = 0, weight = 0;
    for (size_t p = top - 2; p <= top + 2; p++) {
        double w = fmax(even[p] - 0.5 * mean, 0);
        sum += w * (double)p;
        weight += w;
    }
    double place = sum / weight / PARTS;
    return fmin(fmax(place / (1 - place), 1), 3.5);
}

// Share of the strength off the beats that its next beat does not come up to (the idea of Longuet-Higgins and Lee 1984:
// a strong note in a weak place, and none where the next strong place is).
double grm_syncopation_measure(const grm_novelty *novelty, const double *beats, size_t count) {
    double all = 0, syncopated = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        float next = strength_at(novelty, beats[i + 1]);
        for (int quarter = 1; quarter < 4; quarter++) {
            float off = strength_at(novelty, beats[i] + 0.25 * quarter * (beats[i + 1] - beats[i]));
            if (off < 0.5f) continue;
            all += off;
            if (off > next) syncopated += off;
        }
    }
    return all > 0 ? syncopated / all : 0;
}

// Sums of a curve up to each of its points, from which those over any window are differences. Of a piece at a time and
// over its first value, so that they stay small and the differences exact.
enum { PIECE = 4096, WIDEST = 1024 };
typedef struct running_sums {
    double sum[PIECE + WIDEST + 1], square[PIECE + WIDEST + 1], along[PIECE + WIDEST + 1];
} running_sums;

static void sum_up(const double *y, size_t count, running_sums *s) {
    s->sum[0] = s->square[0] = s->along[0] = 0;
    for (size_t i = 0; i < count; i++) {
        double v = y[i] - y[0];
        s->sum[i + 1] = s->sum[i] + v;
        s->square[i + 1] = s->square[i] + v * v;
        s->along[i + 1] = s->along[i] + (double)i * v;
    }
}

// Mean square residual of a straight line through the points from `at`.
static double residual(const running_sums *s, size_t at, size_t count) {
    double n = (double)count, spread = n * (n * n - 1) / 12, sum = s->sum[at + count] - s->sum[at];
    double square = s->square[at + count] - s->square[at], along = s->along[at + count] - s->along[at];
    along -= ((double)at + 0.5 * (n - 1)) * sum;
    return fmax(square - sum * sum / n - along * along / spread, 0) / n;
}

// The widths of the windows, and the sum of the residuals of each.
enum { MOST_WIDTHS = 40 };
typedef struct fluctuation {
    size_t width, step, windows;
    double sum;
} fluctuation;

static size_t lay_widths(size_t frames, fluctuation *f) {
    size_t count = 0;
    for (double ms = 310; ms <= 8800 && count < MOST_WIDTHS; ms *= 1.1) {
        size_t width = (size_t)(ms / 1000 * GRM_RHYTHM_FPS), step = width / 50 > 0 ? width / 50 : 1;
        if (width + 1 >= frames) break;
        if (frames > 60000) step *= frames / 30000;  // ten minutes are enough for a statistic
        f[count++] = (fluctuation){.width = width, .step = step};
    }
    return count;
}

// Detrended fluctuation analysis of the level from 310 to 8800 ms (Streich and Herrera 2005, with the steps and the
// inversion of Essentia's Danceability): music for dancing fluctuates little more over long times than over short ones.
grm_status grm_danceability_measure(const grm_rhythm_series *series, double *out, grm_error *err) {
    const size_t frames = series->frames;
    double mean = 0, exponents = 0, before = 0, before_width = 0;
    fluctuation widths[MOST_WIDTHS];
    size_t count = 0, width_count = lay_widths(frames, widths);
    *out = NAN;
    double *y = calloc(frames + 1, sizeof *y);
    running_sums *sums = malloc(sizeof *sums);
    grm_status status = y && sums ? GRM_OK : grm_fail_memory(err);
    if (status != GRM_OK) goto done;
    for (size_t t = 0; t < frames; t++) mean += series->level[t] / (double)frames;
    for (size_t t = 0; t < frames; t++) y[t + 1] = y[t] + series->level[t] - mean;
    for (size_t from = 1; from < frames; from += PIECE) {
        size_t held = frames - from < PIECE + WIDEST ? frames - from : PIECE + WIDEST;
        sum_up(y + from, held, sums);
        for (size_t i = 0; i < width_count; i++) {
            fluctuation *f = &widths[i];
            for (size_t at = 1 + f->windows * f->step - from; at < PIECE && at + f->width <= held; at += f->step) {
                f->sum += residual(sums, at, f->width);
                f->windows++;
            }
        }
    }
    for (size_t i = 0; i < width_count; i++) {
        double size = sqrt(widths[i].sum / (double)widths[i].windows), width = (double)widths[i].width;
        if (!(size > 1e-9)) break;
        if (before > 0) {
            double exponent = log(size / before) / log((width + 3) / (before_width + 3));
            if (exponent > 0) exponents += exponent, count++;
        }
        before = size;
        before_width = width;
    }
    if (count >= 8) *out = (double)count / exponents;
done:
    free(sums);
    free(y);
    return status;
}
