// Beats by dynamic programming (Ellis 2007) along the course of the tempo.
#include <stdlib.h>

#include "meter/rhythm.h"

static const float tightness = 400;  // price of a beat that comes at another time than the tempo says, per log^2

static float period_at(const float *path, size_t columns, size_t t) {
    double at = (double)t / GRM_RHYTHM_FPS - 0.5;
    if (at < 0) at = 0;
    size_t c = (size_t)at;
    if (c + 1 >= columns) return path[columns - 1];
    return path[c] + (float)(at - (double)c) * (path[c + 1] - path[c]);
}

// Where the peak next to `t` really is, by a parabola through its neighbours.
static double refine(const float *x, size_t frames, size_t t) {
    size_t top = t;
    for (size_t k = t > 2 ? t - 2 : 0; k <= t + 2 && k < frames; k++)
        if (x[k] > x[top]) top = k;
    if (top == 0 || top + 1 >= frames || x[top] <= 0) return (double)t;
    double a = x[top - 1], b = x[top], c = x[top + 1], bend = a - 2 * b + c;
    return bend < 0 && b >= a && b >= c ? (double)top + 0.5 * (a - c) / bend : (double)top;
}

grm_status grm_beats_track(const grm_novelty *novelty, const float *path, size_t columns, double *beats, size_t room,
                           size_t *count, grm_error *err) {
    const size_t frames = novelty->frames;
    *count = 0;
    if (frames == 0) return GRM_OK;
    float *score = grm_floats_new(frames);
    float *x = grm_floats_new(frames);
    int32_t *from = calloc(frames, sizeof *from);
    grm_status status = score && from && x ? GRM_OK : grm_fail_memory(err);
    if (status != GRM_OK) goto done;
    for (size_t t = 0; t < frames; t++) {
        const float *n = novelty->all;
        x[t] = 0.5f * n[t] + 0.25f * ((t > 0 ? n[t - 1] : 0) + (t + 1 < frames ? n[t + 1] : 0));
    }
    for (size_t t = 0; t < frames; t++) {
        const float period = period_at(path, columns, t);
        float best = 0;
        from[t] = -1;
        size_t nearest = (size_t)(period * 0.75f), farthest = (size_t)(period * 1.34f) + 1;
        for (size_t lag = nearest; lag <= farthest && lag <= t; lag++) {
            float off = logf((float)lag / period);
            float value = score[t - lag] - tightness * off * off;
            if (value > best) {
                best = value;
                from[t] = (int32_t)(t - lag);
            }
        }
        score[t] = best + x[t];
    }
    // the last beat: the best end within the last beat and a half
    size_t last = frames - 1, back = (size_t)(1.2f * path[columns - 1]);
    for (size_t t = frames > back ? frames - back : 0; t < frames; t++)
        if (score[t] > score[last]) last = t;
    size_t found = 0;
    for (ptrdiff_t t = (ptrdiff_t)last; t >= 0; t = from[t]) found++;
    if (found > room) found = room;
    *count = found;
    for (ptrdiff_t t = (ptrdiff_t)last; t >= 0 && found > 0; t = from[t]) beats[--found] = refine(x, frames, (size_t)t);
done:
    free(from);
    free(x);
    free(score);
    return status;
}
