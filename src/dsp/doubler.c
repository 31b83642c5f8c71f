// Voices that sing the same: the sound some milliseconds late, by a delay that wanders, which moves the pitch a little.
//
// The delay of each is a sum of two slow sines; its slope, which is what is heard as pitch, never exceeds the cents
// that were asked for.
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "dsp/glide.h"

enum { CELL = 64 };
#define GLIDE_S 0.2  // of the cents
static const double wander_hz[2] = {0.31, 0.83}, wander_share[2] = {0.6, 0.4};

struct grm_doubler {
    grm_double_plan plan;
    double rate_hz;
    size_t size, now;                                              // of the ring; frames since the start
    float *ring;                                                   // [size]
    double depth;                                                  // slope of the delay, at most
    double share;                                                  // of the way to the depth's goal in a cell
    double late[GRM_DOUBLES], from[GRM_DOUBLES], to[GRM_DOUBLES];  // delays: mean, at the cell's ends, frames
    float gain[GRM_DOUBLES][2];
    grm_glide wet;
};

static double slope_of(float cents) {
    return pow(2, cents / 1200) - 1;
}

// Most that the delay wanders by, frames, for a slope of one.
static double reach(double rate_hz) {
    double sum = 0;
    for (int k = 0; k < 2; k++) sum += wander_share[k] * rate_hz / (2 * GRM_PI * wander_hz[k]);
    return sum;
}

static double delay_at(const grm_doubler *d, size_t voice, size_t frame) {
    double delay = d->late[voice];
    for (int k = 0; k < 2; k++) {
        // No two voices wander at the same pace; none faster than the table says, so that the slope holds.
        double omega = 2 * GRM_PI * wander_hz[k] * (1 - 0.07 * (double)voice);
        double most = wander_share[k] * d->rate_hz / (2 * GRM_PI * wander_hz[k]);
        delay += d->depth * most * sin(omega * (double)frame / d->rate_hz + 1.7 * (double)voice + k);
    }
    return delay;
}

grm_status grm_doubler_new(const grm_double_plan *plan, double rate_hz, grm_doubler **out, grm_error *err) {
    *out = NULL;
    double late = plan->delay_ms * 0.001 * rate_hz;
    if (!(plan->voices >= 1 && plan->voices <= GRM_DOUBLES) || !(plan->cents >= 0 && plan->cents <= 50) ||
        !(plan->delay_ms >= 5 && plan->delay_ms <= 60) || !(plan->spread >= 0 && plan->spread <= 1) ||
        !(rate_hz >= 8000 && rate_hz <= 400000))
        return grm_fail(err, GRM_USAGE,
                        "doubling by %zu voices, %g cents, %g ms late: take 1 to %d, 0 to 50 and 5 to 60", plan->voices,
                        (double)plan->cents, (double)plan->delay_ms, GRM_DOUBLES);
    if (slope_of(plan->cents) * reach(rate_hz) > 0.75 * late - 4)
        return grm_fail(err, GRM_USAGE, "doubling by %g cents at a delay of %g ms: take a longer delay or fewer cents",
                        (double)plan->cents, (double)plan->delay_ms);
    grm_doubler *d = calloc(1, sizeof *d);
    if (!d) return grm_fail_memory(err);
    d->plan = *plan;
    d->rate_hz = rate_hz;
    d->size = ((size_t)(2.1 * late) / CELL + 4) * CELL;
    d->ring = grm_floats_new(d->size);
    if (!d->ring) {
        grm_doubler_free(d);
        return grm_fail_memory(err);
    }
    d->share = 1 - exp(-CELL / (GLIDE_S * rate_hz));
    grm_doubler_reset(d);
    *out = d;
    return GRM_OK;
}

void grm_doubler_free(grm_doubler *d) {
    if (!d) return;
    free(d->ring);
    free(d);
}

void grm_doubler_reset(grm_doubler *d) {
    size_t n = d->plan.voices;
    memset(d->ring, 0, d->size * sizeof(float));
    d->now = 0;
    d->depth = slope_of(d->plan.cents);
    d->wet = grm_glide_rest(grm_db_to_gain(d->plan.wet_db));
    for (size_t v = 0; v < n; v++) {
        double place = n > 1 ? 2 * (double)v / (double)(n - 1) - 1 : 0, pan = d->plan.spread * place;
        d->late[v] =
            d->plan.delay_ms * 0.001 * d->rate_hz * (1 + 0.2 * (n > 1 ? 2 * (double)(v * 3 % n) / (double)n - 0.5 : 0));
        d->gain[v][0] = (float)(cos(GRM_PI / 4 * (1 + pan)) / sqrt((double)n));
        d->gain[v][1] = (float)(sin(GRM_PI / 4 * (1 + pan)) / sqrt((double)n));
        d->to[v] = delay_at(d, v, 0);
    }
}

void grm_doubler_set(grm_doubler *d, float cents, float wet_db) {
    double late = d->plan.delay_ms * 0.001 * d->rate_hz, most = (0.75 * late - 4) / reach(d->rate_hz);
    d->plan.cents = fminf(fmaxf(cents, 0), (float)(1200 * log2(1 + most)));
    d->plan.wet_db = wet_db;
    grm_glide_to(&d->wet, grm_db_to_gain(wet_db), d->rate_hz);
}

static void next_cell(grm_doubler *d) {
    d->depth += (slope_of(d->plan.cents) - d->depth) * d->share;
    for (size_t v = 0; v < d->plan.voices; v++) {
        d->from[v] = d->to[v];
        d->to[v] = delay_at(d, v, d->now + CELL);
    }
}

// A voice's frames first..first+count-1 of the cell, by Catmull-Rom through four neighbours.
static void read_voice(const grm_doubler *d, size_t v, size_t first, float *out, size_t count) {
    size_t start = d->now - d->now % CELL;
    double slope = (d->to[v] - d->from[v]) / CELL;
    for (size_t i = 0; i < count; i++) {
        double back = d->from[v] + slope * (double)(first + i), whole = ceil(back);
        float t = (float)(whole - back);
        // The second of the four lies `whole` frames back; all wrap as one.
        size_t at = (start + first + i + 4 * d->size - (size_t)whole - 1) % d->size;
        float x[4];
        for (size_t k = 0; k < 4; k++) x[k] = d->ring[(at + k) % d->size];
        float k1 = 0.5f * (x[2] - x[0]), k2 = x[0] - 2.5f * x[1] + 2 * x[2] - 0.5f * x[3];
        float k3 = 0.5f * (x[3] - x[0]) + 1.5f * (x[1] - x[2]);
        out[i] = ((k3 * t + k2) * t + k1) * t + x[1];
    }
}

bool grm_doubler_run(grm_doubler *d, float *const *planes, size_t frames) {
    if (!grm_planes_check(planes, 2, frames)) return false;
    for (size_t at = 0, count; at < frames; at += count) {
        size_t first = d->now % CELL;
        float sung[CELL];
        count = CELL - first < frames - at ? CELL - first : frames - at;
        if (first == 0) next_cell(d);
        for (size_t i = 0; i < count; i++)
            d->ring[(d->now + i) % d->size] = 0.5f * (planes[0][at + i] + planes[1][at + i]);
        for (size_t v = 0; v < d->plan.voices; v++) {
            read_voice(d, v, first, sung, count);
            grm_glide_scale(&d->wet, sung, count);
            for (int c = 0; c < 2; c++)
                for (size_t i = 0; i < count; i++) planes[c][at + i] += d->gain[v][c] * sung[i];
        }
        grm_glide_pass(&d->wet, count);
        d->now += count;
    }
    return true;
}
