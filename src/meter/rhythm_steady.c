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
enum { FEWEST = 16 };               // beats
static const double whole = 60000;  // frames to either side of the middle, 20 minutes in all, that are searched at once

typedef struct grid {
    double middle, period;  // frames; one beat lies at `middle`
} grid;

// Mean strength along the grid, where anything sounds: the lines [first, last] from the one in the middle. Sums side by
// side, as each waits for its own last addition.
static double strength(const grm_novelty *x, const grid *g, ptrdiff_t first, ptrdiff_t last) {
    enum { LANES = 4 };
    double sum[LANES] = {0}, count[LANES] = {0};
    for (ptrdiff_t line = first; line <= last; line += LANES)
        for (ptrdiff_t l = 0; l < LANES && line + l <= last; l++) {
            double t = g->middle + g->period * (double)(line + l);
            ptrdiff_t i = (ptrdiff_t)t;
            float at = x->soft[i], rise = x->soft[i + 1] - at;
            double sounds = (double)x->sound[i];
            sum[l] += sounds * ((double)at + (t - (double)i) * (double)rise);
            count[l] += sounds;
        }
    double all = (sum[0] + sum[1]) + (sum[2] + sum[3]), lines = (count[0] + count[1]) + (count[2] + count[3]);
    return lines > 0 ? all / lines : 0;
}

// The lines of a grid within `reach_frames` of its middle.
static void lines_of(const grm_novelty *x, const grid *g, double reach_frames, ptrdiff_t *first, ptrdiff_t *last) {
    double from = fmax(g->middle - reach_frames, 0), to = fmin(g->middle + reach_frames, (double)x->frames - 1);
    *first = (ptrdiff_t)ceil((from - g->middle) / g->period);
    *last = (ptrdiff_t)ceil((to - g->middle) / g->period) - 1;
}

// The grid nearby that has the most strength within `reach_frames` of its middle.
static double search(const grm_novelty *x, double reach_frames, double period_range, double period_step,
                     double phase_range, double phase_step, grid *best) {
    grid centre = *best;
    double most = -1;
    for (double p = -period_range; p <= period_range; p += period_step)
        for (double m = -phase_range; m <= phase_range; m += phase_step) {
            grid g = {centre.middle + m, centre.period + p};
            ptrdiff_t first, last;
            lines_of(x, &g, reach_frames, &first, &last);
            double value = strength(x, &g, first, last);
            if (value > most) most = value, *best = g;
        }
    return most;
}

// Phases a frame apart: all of them read one stretch of frames for a line.
enum { PHASES = 256 };  // frames of the longest period, and more

typedef struct phases {
    float sum[PHASES], count[PHASES];
} phases;

// soft, sound: of the frames behind which each of `count` phases has its line by `part` of a frame
GRM_INLINE void add_line_body(const float *restrict soft, const uint8_t *restrict sound, size_t count, float part,
                              float *restrict sum, float *restrict lines) {
    for (size_t k = 0; k < count; k++) {
        float sounds = (float)sound[k];
        sum[k] += sounds * (soft[k] + part * (soft[k + 1] - soft[k]));
        lines[k] += sounds;
    }
}

static void add_line_plain(const float *soft, const uint8_t *sound, size_t count, float part, float *sum,
                           float *lines) {
    add_line_body(soft, sound, count, part, sum, lines);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void add_line_avx2(const float *soft, const uint8_t *sound, size_t count, float part, float *sum,
                                   float *lines) {
    add_line_body(soft, sound, count, part, sum, lines);
}
#else
#define add_line_avx2 add_line_plain
#endif

static void add_lines(const grm_novelty *x, const grid *g, double reach_frames, size_t width, phases *to) {
    const bool avx2 = x->avx2;
    const ptrdiff_t end = (ptrdiff_t)x->frames - 1;
    ptrdiff_t first, last;
    lines_of(x, g, reach_frames, &first, &last);
    for (ptrdiff_t line = first - 1; line <= last; line++) {  // the one before: its later phases lie within
        double t = g->middle + g->period * (double)line, whole_frames = floor(t);
        ptrdiff_t at = (ptrdiff_t)whole_frames, from = at < 0 ? -at : 0;
        ptrdiff_t to_phase = end - at < (ptrdiff_t)width ? end - at : (ptrdiff_t)width;
        if (to_phase <= from) continue;
        (avx2 ? add_line_avx2 : add_line_plain)(x->soft + (at + from), (const uint8_t *)x->sound + (at + from),
                                                (size_t)(to_phase - from), (float)(t - whole_frames), to->sum + from,
                                                to->count + from);
    }
}

// The same at all phases of each period.
static double search_phases(const grm_novelty *x, double reach_frames, double period_range, double period_step,
                            grid *best) {
    const grid centre = *best;
    const size_t width = centre.period < PHASES - 1 ? (size_t)centre.period + 1 : PHASES;
    double most = -1;
    for (double p = -period_range; p <= period_range; p += period_step) {
        grid g = {centre.middle - 0.5 * centre.period, centre.period + p};
        phases all = {{0}, {0}};
        add_lines(x, &g, reach_frames, width, &all);
        for (size_t k = 0; k < width; k++) {
            double value = all.count[k] > 0 ? (double)(all.sum[k] / all.count[k]) : 0;
            if (value > most) most = value, *best = (grid){g.middle + (double)k, g.period};
        }
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
static double usual_period(const double *beats, size_t count, double *scratch) {
    enum { SPAN = 8 };
    for (size_t i = 0; i + SPAN < count; i++) scratch[i] = (beats[i + SPAN] - beats[i]) / SPAN;
    grm_sort_doubles(scratch, count - SPAN);
    return scratch[(count - SPAN) / 2];
}

// First the coarse grid that the ends of what is searched move by half a frame on, then a finer one. What is longer is
// searched from the middle outwards, twice as far each time, so that the time it takes grows with the length alone.
static double find_grid(const grm_novelty *x, double beats, grid *g) {
    const double length = beats * g->period;  // as found, not as it lasts
    double reach_frames = length > 2 * whole ? whole : (double)x->frames, kept;
    double fine = fmax(g->period / (2 * whole), 1 / beats);  // frames: the ends move by half a frame
    search_phases(x, reach_frames, reach * g->period, 3 * fine, g);
    kept = search(x, reach_frames, 3 * fine, 0.5 * fine, 1.5, 0.25, g);
    while (reach_frames < (double)x->frames) {
        reach_frames *= 2;
        fine *= 0.5;
        kept = search(x, reach_frames, 6 * fine, 0.5 * fine, 1.5, 0.25, g);
    }
    return kept;
}

grm_status grm_beats_steady(const grm_novelty *novelty, double *beats, size_t *count, size_t room, bool *steady,
                            grm_error *err) {
    const size_t frames = novelty->frames, n = *count;
    *steady = false;
    if (n < FEWEST) return GRM_OK;
    double *scratch = calloc(n, sizeof *scratch), found = 0;
    if (!scratch) return grm_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        size_t t = (size_t)(beats[i] + 0.5);
        found += (double)novelty->soft[t < frames ? t : frames - 1] / (double)n;
    }
    grid g = {beats[n / 2], usual_period(beats, n, scratch)};
    double kept = find_grid(novelty, (double)n, &g);
    free(scratch);
    if (kept < enough * found && !(kept >= at_least * found && agreement(beats, n, &g) >= agreed)) return GRM_OK;
    *steady = true;
    *count = 0;
    for (double t = g.middle - floor(g.middle / g.period) * g.period; t < (double)frames && *count < room;
         t += g.period)
        beats[(*count)++] = t;
    return GRM_OK;
}
