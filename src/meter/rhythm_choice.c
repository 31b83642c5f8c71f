// Which of the tempi that the tempogram offers is the one that people would tap: each is tried to the end, beats and
// bars and all, and the bars decide with the rest. A pulse at twice or half the tempo has bars that fit less.
#include <stdlib.h>

#include "meter/rhythm_bars.h"

// What speaks for a tempo, as a logistic regression weighs it with what speaks for its bars: the right one of those on
// trial in 68 renderings in 20 styles, half of them in 3/4, 5/4, 6/8 and 7/8 (which count less here, as they are rarer
// elsewhere), and in what a neural beat tracker hears in 40 recordings of others. Octaves count from 120 beats a
// minute. Sixteenths and triplets fall on quarters and thirds of a beat that is too slow.
static const double of_pulse = 2.91, of_onsets = 1.85, of_octaves = 0.96, of_squares = -1.78, of_quarters = -2.07,
                    of_thirds = -3.76;

static double onset_mean(const grm_novelty *novelty, const double *beats, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        size_t t = (size_t)(beats[i] + 0.5);
        sum += novelty->all[t < novelty->frames ? t : novelty->frames - 1];
    }
    return sum / ((double)count + 1);
}

static double mean_period(const float *path, size_t columns) {
    double sum = 0;
    for (size_t c = 0; c < columns; c++) sum += log(path[c]);
    return exp(sum / (double)columns);
}

// Beats before the sound begins, in pauses and behind the end are nobody's.
static void drop_silent(const grm_novelty *novelty, grm_bars *bars) {
    size_t kept = 0;
    for (size_t i = 0; i < bars->count; i++) {
        size_t t = (size_t)(bars->beats[i] + 0.5);
        if (!novelty->sound[t < novelty->frames ? t : novelty->frames - 1]) continue;
        bars->beats[kept] = bars->beats[i];
        bars->position[kept++] = bars->position[i];
    }
    bars->count = kept;
}

// Players and detectors scatter, a pulse does not: each beat moves onto the line through its neighbours, of which the
// well heard ones count for more.
static grm_status straighten(const grm_novelty *novelty, double *pulse, size_t count, grm_error *err) {
    enum { REACH = 3 };
    double *straight = calloc(count + 1, sizeof *straight);
    if (!straight) return grm_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        double w = 0, x = 0, y = 0, xx = 0, xy = 0;
        for (ptrdiff_t k = -REACH; k <= REACH; k++) {
            ptrdiff_t at = (ptrdiff_t)i + k;
            if (at < 0 || at >= (ptrdiff_t)count) continue;
            size_t t = (size_t)(pulse[at] + 0.5);
            double weight =
                (REACH + 1 - fabs((double)k)) * (0.2 + novelty->all[t < novelty->frames ? t : novelty->frames - 1]);
            double d = pulse[at] - pulse[i];
            w += weight, x += weight * (double)k, y += weight * d;
            xx += weight * (double)(k * k), xy += weight * (double)k * d;
        }
        double spread = w * xx - x * x;
        straight[i] = pulse[i] + (spread > 0 ? (xx * y - x * xy) / spread : 0);
    }
    for (size_t i = 0; i < count; i++) pulse[i] = fmax(straight[i], 0);
    free(straight);
    return GRM_OK;
}

// A tempo on trial; each has its own place to work, so that several are tried at once.
typedef struct trial {
    float *path;     // [columns]
    double *pulses;  // [room + 1]
    double period, quality, onsets, quarters, thirds;
    grm_bars bars;
    grm_status status;
    grm_error err;
} trial;

typedef struct court {
    const grm_rhythm_series *series;
    const grm_novelty *novelty;
    size_t columns, room, count;
    trial trials[GRM_MOST_TEMPI];
} court;

static grm_status attempt(const court *c, trial *t, grm_error *err) {
    const grm_novelty *novelty = c->novelty;
    double *pulse = t->pulses;
    size_t count;
    bool steady = false;
    grm_status status = grm_beats_track(novelty, t->path, c->columns, pulse, c->room, &count, err);
    if (status != GRM_OK) return status;
    t->onsets = onset_mean(novelty, pulse, count);
    status = straighten(novelty, pulse, count, err);
    if (status == GRM_OK) status = grm_beats_steady(novelty, pulse, &count, c->room, &steady, err);
    if (status != GRM_OK) return status;
    t->quarters =
        0.5 * (grm_share_between(novelty, pulse, count, 0.25) + grm_share_between(novelty, pulse, count, 0.75));
    t->thirds =
        fmin(grm_share_between(novelty, pulse, count, 1 / 3.0), grm_share_between(novelty, pulse, count, 2 / 3.0));
    status = grm_bars_find(c->series, novelty, pulse, count, steady, &t->bars, err);
    if (status == GRM_OK) drop_silent(novelty, &t->bars);
    return status;
}

static void hear_trial(void *context, size_t index) {
    court *c = context;
    trial *t = &c->trials[index];
    t->status = attempt(c, t, &t->err);
}

// Tempi that differ by a hundredth and more, the likeliest first.
static grm_status summon(court *c, const grm_tempogram *tempogram, grm_error *err) {
    double index[GRM_MOST_TEMPI];
    size_t candidates = grm_tempo_candidates(tempogram, index, GRM_MOST_TEMPI);
    for (size_t i = 0; i < candidates; i++) {
        trial *t = &c->trials[c->count];
        if (!t->path) t->path = grm_floats_new(c->columns);
        if (!t->pulses) t->pulses = calloc(c->room + 1, sizeof *t->pulses);
        if (!t->path || !t->pulses) return grm_fail_memory(err);
        grm_status status = grm_tempogram_path(tempogram, index[i], t->path, &t->quality, err);
        if (status != GRM_OK) return status;
        t->period = mean_period(t->path, c->columns);
        bool known = false;
        for (size_t k = 0; k < c->count; k++) known = known || fabs(c->trials[k].period / t->period - 1) < 0.01;
        c->count += !known;
    }
    return GRM_OK;
}

static void dismiss(court *c) {
    for (size_t i = 0; i < GRM_MOST_TEMPI; i++) {
        free(c->trials[i].path);
        free(c->trials[i].pulses);
        grm_bars_clear(&c->trials[i].bars);
    }
    free(c);
}

static double mark(const trial *t) {
    double octaves = log2(60 * GRM_RHYTHM_FPS / t->period / 120);
    double mark = of_pulse * t->quality + of_onsets * t->onsets + of_octaves * octaves +
                  of_squares * octaves * octaves + of_quarters * t->quarters + of_thirds * t->thirds + t->bars.quality;
    return t->bars.count < 4 ? -100 : mark;
}

static void rank(grm_pulse *pulse, double best) {
    double sum = 0;
    for (size_t i = 0; i < pulse->count; i++) sum += exp(pulse->tempo[i].mark - best);
    for (size_t i = 0; i < pulse->count; i++) pulse->tempo[i].share = exp(pulse->tempo[i].mark - best) / sum;
}

static void judge(court *c, grm_pulse *pulse) {
    double best = -INFINITY;
    for (size_t i = 0; i < c->count; i++) {
        trial *t = &c->trials[i];
        pulse->tempo[i].period = t->period;
        pulse->tempo[i].mark = mark(t);
        if (pulse->tempo[i].mark <= best) continue;
        best = pulse->tempo[i].mark;
        pulse->chosen = i;
    }
    pulse->count = c->count;
    rank(pulse, best);
    if (c->count == 0) return;
    trial *won = &c->trials[pulse->chosen];
    pulse->quality = won->quality;
    pulse->bars = won->bars;
    won->bars = (grm_bars){0};
}

grm_status grm_pulse_choose(const grm_run *run, const grm_rhythm_series *series, const grm_novelty *novelty,
                            grm_tempogram *tempogram, grm_pulse *pulse, grm_error *err) {
    *pulse = (grm_pulse){0};
    court *c = calloc(1, sizeof *c);
    if (!c) return grm_fail_memory(err);
    c->series = series;
    c->novelty = novelty;
    c->columns = tempogram->columns;
    c->room = series->frames / 15;
    grm_status status = summon(c, tempogram, err);
    grm_tempogram_clear(tempogram);
    if (status == GRM_OK) {
        grm_pool_run(run->pool, c->count, hear_trial, c);
        for (size_t i = 0; i < c->count && status == GRM_OK; i++) {
            status = c->trials[i].status;
            if (status != GRM_OK && err) *err = c->trials[i].err;
        }
    }
    if (status == GRM_OK) judge(c, pulse);
    dismiss(c);
    return status;
}

void grm_pulse_clear(grm_pulse *pulse) {
    grm_bars_clear(&pulse->bars);
    *pulse = (grm_pulse){0};
}
