// Beats of machines and of players to a click: one distance from beginning to end.
#include <stdlib.h>

#include "meter/rhythm.h"

// How far the tempo may be off what the beats found say, and what share of their onset strength the steady ones must
// have. Renderings of 20 styles keep 0.74 and more, drums that scatter by 15 ms 0.9; a tempo that wanders by 0.3 %
// comes to 0.58, by 1 % to 0.28.
static const double reach = 0.004, enough = 0.72;
// In a break what is found may slip between the beats, and little of the strength is left on them. Then it has to agree
// with the steady ones, or their middles, to this many frames, for this share.
static const double close_by = 1.2, agreed = 0.85, at_least = 0.4;
enum { FEWEST = 16, LONGEST = 40000 };  // beats

typedef struct grid {
    double middle, period;  // frames; one beat lies at `middle`
} grid;

// Mean strength along the grid, where anything sounds.
static double strength(const float *x, const float *sound, size_t frames, const grid *g) {
    double sum = 0, count = 0;
    for (double t = g->middle - floor(g->middle / g->period) * g->period; t + 1 < (double)frames; t += g->period) {
        size_t i = (size_t)t;
        if (sound[i] == 0) continue;
        double part = t - (double)i;
        sum += (1 - part) * (double)x[i] + part * (double)x[i + 1];
        count++;
    }
    return count > 0 ? sum / count : 0;
}

static double search(const float *x, const float *sound, size_t frames, double period_range, double period_step,
                     double phase_range, double phase_step, grid *best) {
    grid centre = *best;
    double most = -1;
    for (double p = -period_range; p <= period_range; p += period_step)
        for (double m = -phase_range; m <= phase_range; m += phase_step) {
            grid g = {centre.middle + m, centre.period + p};
            double value = strength(x, sound, frames, &g);
            if (value > most) most = value, *best = g;
        }
    return most;
}

// Share of the beats that lie on the grid or in its middles.
static double agreement(const double *beats, size_t count, const grid *g) {
    size_t on = 0;
    for (size_t i = 0; i < count; i++) {
        double halves = 2 * (beats[i] - g->middle) / g->period;
        on += fabs(halves - round(halves)) * 0.5 * g->period < close_by;
    }
    return (double)on / (double)count;
}

// Distance of the beats that most of them keep.
static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double usual_period(const double *beats, size_t count, double *scratch) {
    enum { SPAN = 8 };
    for (size_t i = 0; i + SPAN < count; i++) scratch[i] = (beats[i + SPAN] - beats[i]) / SPAN;
    qsort(scratch, count - SPAN, sizeof *scratch, rising);
    return scratch[(count - SPAN) / 2];
}

grm_status grm_beats_steady(const grm_novelty *novelty, double *beats, size_t *count, size_t room, bool *steady,
                            grm_error *err) {
    const size_t frames = novelty->frames, n = *count;
    *steady = false;
    if (n < FEWEST || n > LONGEST) return GRM_OK;
    float *x = grm_floats_new(frames);
    double *scratch = calloc(n, sizeof *scratch), found = 0;
    grm_status status = x && scratch ? GRM_OK : grm_fail_memory(err);
    if (status != GRM_OK) goto done;
    for (size_t t = 0; t < frames; t++) {
        const float *from = novelty->all;
        x[t] = 0.5f * from[t] + 0.25f * ((t > 0 ? from[t - 1] : 0) + (t + 1 < frames ? from[t + 1] : 0));
    }
    for (size_t i = 0; i < n; i++) {
        size_t t = (size_t)(beats[i] + 0.5);
        found += (double)x[t < frames ? t : frames - 1] / (double)n;
    }
    grid g = {beats[n / 2], usual_period(beats, n, scratch)};
    const double fine = 1 / (double)n;  // frames: the ends move by half a frame
    search(x, novelty->sound, frames, reach * g.period, 3 * fine, 0.5 * g.period, 1.5, &g);
    double kept = search(x, novelty->sound, frames, 3 * fine, 0.5 * fine, 1.5, 0.25, &g);
    if (kept < enough * found && !(kept >= at_least * found && agreement(beats, n, &g) >= agreed)) goto done;
    *steady = true;
    *count = 0;
    for (double t = g.middle - floor(g.middle / g.period) * g.period; t < (double)frames && *count < room;
         t += g.period)
        beats[(*count)++] = t;
done:
    free(scratch);
    free(x);
    return status;
}
