// Wow and flutter of a tape: a delay that wanders.
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"

enum { CELL = 64, BEFORE = 512 };

struct grm_wobble {
    double rate_hz;
    float depth;
    bool avx2;
    size_t latency, now;
    double from, to;               // delay at the cell's ends, frames
    float past[2][BEFORE + CELL];  // what came before the cell, then the cell
};

// Speed wanders by 0.22 % at 0.55 Hz, 0.1 % at 1.37 Hz and 0.06 % at 6.7 Hz when the tape is worn; the delay is the
// integral of that.
static const struct { double hz, speed; } wander[] = {{0.55, 0.0022}, {1.37, 0.0010}, {6.7, 0.0006}};

static double delay_at(const grm_wobble *w, size_t frame) {
    double seconds = (double)frame / w->rate_hz, delay = (double)w->latency;
    for (size_t i = 0; i < GRM_COUNT(wander); i++) {
        double omega = 2 * GRM_PI * wander[i].hz;
        delay += w->depth * wander[i].speed / omega * w->rate_hz * sin(omega * seconds + (double)i);
    }
    return delay;
}

grm_status grm_wobble_new(double rate_hz, float depth, grm_wobble **out, grm_error *err) {
    *out = NULL;
    if (!(depth >= 0 && depth <= 1) || !(rate_hz >= 8000 && rate_hz <= 192000))
        return grm_fail(err, GRM_USAGE, "tape wobble of depth %g at %g Hz: take 0 to 1, at 8 to 192 kHz", (double)depth,
                        rate_hz);
    grm_wobble *w = calloc(1, sizeof *w);
    if (!w) return grm_fail_memory(err);
    w->rate_hz = rate_hz;
    w->depth = depth;
    w->avx2 = grm_cpu_detect().avx2_fma;
    double most = 4;
    for (size_t i = 0; i < GRM_COUNT(wander); i++)
        most += depth * wander[i].speed / (2 * GRM_PI * wander[i].hz) * rate_hz;
    w->latency = (size_t)ceil(most);
    w->to = delay_at(w, 0);
    *out = w;
    return GRM_OK;
}

void grm_wobble_free(grm_wobble *wobble) {
    free(wobble);
}

size_t grm_wobble_latency(const grm_wobble *wobble) {
    return wobble->latency;
}

// Catmull-Rom through four neighbours, `t` behind the second; x: [count + 3].
GRM_INLINE void between(const float *restrict x, float *restrict y, size_t count, float t, float step) {
    for (size_t i = 0; i < count; i++) {
        float a = x[i], b = x[i + 1], c = x[i + 2], d = x[i + 3], u = t + step * (float)(int)i;
        float k1 = 0.5f * (c - a), k2 = a - 2.5f * b + 2 * c - 0.5f * d, k3 = 0.5f * (d - a) + 1.5f * (b - c);
        y[i] = ((k3 * u + k2) * u + k1) * u + b;
    }
}

// Frames first..last-1 of the cell, all of which lie behind the same whole number of frames.
GRM_INLINE size_t run_stretch(const grm_wobble *w, size_t first, size_t last, float *const out[2]) {
    double slope = (w->to - w->from) / CELL, back = w->from + slope * (double)first, whole = ceil(back);
    size_t end = first + 1;
    while (end < last && ceil(w->from + slope * (double)end) == whole) end++;
    for (int side = 0; side < 2; side++)
        between(w->past[side] + BEFORE + first - (size_t)whole - 1, out[side], end - first, (float)(whole - back),
                (float)-slope);
    return end - first;
}

GRM_INLINE void run(grm_wobble *w, float *left, float *right, size_t frames) {
    for (size_t at = 0; at < frames;) {
        size_t first = w->now % CELL, n = CELL - first < frames - at ? CELL - first : frames - at;
        if (first == 0) {
            for (int side = 0; side < 2; side++) memmove(w->past[side], w->past[side] + CELL, BEFORE * sizeof(float));
            w->from = w->to;
            w->to = delay_at(w, w->now + CELL);
        }
        memcpy(w->past[0] + BEFORE + first, left + at, n * sizeof(float));
        memcpy(w->past[1] + BEFORE + first, right + at, n * sizeof(float));
        for (size_t done = 0; done < n;)
            done += run_stretch(w, first + done, first + n, (float *const[]){left + at + done, right + at + done});
        at += n;
        w->now += n;
    }
}

static void run_plain(grm_wobble *w, float *left, float *right, size_t frames) {
    run(w, left, right, frames);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void run_avx2(grm_wobble *w, float *left, float *right, size_t frames) {
    run(w, left, right, frames);
}
#endif

bool grm_wobble_run(grm_wobble *wobble, float *left, float *right, size_t frames) {
    if (!grm_planes_check((float *const[]){left, right}, 2, frames)) return false;
#if GRM_HAVE_AVX2
    if (wobble->avx2) {
        run_avx2(wobble, left, right, frames);
        return true;
    }
#endif
    run_plain(wobble, left, right, frames);
    return true;
}

void grm_wobble_skip(grm_wobble *w, size_t frames) {
    memset(w->past, 0, sizeof w->past);
    w->now += frames;
    size_t cell = w->now / CELL * CELL;
    // At a cell's start, `to` is what the cell begins with.
    w->from = delay_at(w, cell);
    w->to = w->now % CELL ? delay_at(w, cell + CELL) : w->from;
}
