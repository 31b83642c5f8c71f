// Time apart from pitch: windows are taken from the sound at one pace and laid at another.
#include <stdlib.h>
#include <string.h>

#include "dsp/vocoder.h"

enum { LEAD = 4 };  // windows that are laid before the first whose middle is the sound's first frame
#define WINDOW_MS 85

struct grm_stretch {
    double ratio, place;  // place: of the next window's first frame in the sound, which begins at 0
    grm_vocoder vocoder;
    size_t capacity, filled;  // of the buffers below, frames
    int64_t base;             // place of their first frame
    float *in[2];             // [capacity]
    float *out[2];            // [hop], what has come out
    size_t left;              // of it, at its end
    int64_t given, total;     // frames that came in; what will come out in all, -1 while that is open
    int64_t laid;             // frames that the vocoder has put out, less those before the sound's first
    bool ended;
};

grm_status grm_stretch_new(double ratio, double window_ms, double rate_hz, grm_stretch **out, grm_error *err) {
    *out = NULL;
    if (!(ratio >= 0.25 && ratio <= 4) || !(window_ms >= 0 && window_ms <= 400) ||
        !(rate_hz >= 8000 && rate_hz <= 400000))
        return grm_fail(err, GRM_USAGE, "stretch to %g times the length at %g Hz: take 0.25 to 4", ratio, rate_hz);
    grm_stretch *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    grm_status status = grm_vocoder_open(&s->vocoder, window_ms > 0 ? window_ms : WINDOW_MS, rate_hz, err);
    if (status) goto failed;
    size_t size = s->vocoder.size, hop = s->vocoder.hop;
    s->capacity = 8 * size;
    for (int c = 0; c < 2; c++) {
        s->in[c] = grm_floats_new(s->capacity);
        s->out[c] = grm_floats_new(hop);
        if (!s->in[c] || !s->out[c]) status = grm_fail_memory(err);
    }
    if (status) goto failed;
    s->ratio = ratio;
    s->place = -(double)(size / 2) - LEAD * (double)hop / ratio;
    s->base = (int64_t)floor(s->place) - (int64_t)hop - 1;
    s->filled = (size_t)-s->base;  // silence before the sound
    s->laid = -(int64_t)(size / 2 + LEAD * hop);
    s->total = -1;
    *out = s;
    return GRM_OK;
failed:
    grm_stretch_free(s);
    return status;
}

void grm_stretch_free(grm_stretch *s) {
    if (!s) return;
    for (int c = 0; c < 2; c++) {
        free(s->out[c]);
        free(s->in[c]);
    }
    grm_vocoder_close(&s->vocoder);
    free(s);
}

void grm_stretch_set(grm_stretch *s, double ratio) {
    s->ratio = fmin(fmax(ratio, 0.25), 4);
}

// Takes up to count frames (of silence, in NULL); returns how many.
static size_t take(grm_stretch *s, const float *const *in, size_t count) {
    if (s->filled == s->capacity) {
        size_t gone = (size_t)((int64_t)floor(s->place) - (int64_t)s->vocoder.hop - 1 - s->base);
        for (int c = 0; c < 2; c++) memmove(s->in[c], s->in[c] + gone, (s->filled - gone) * sizeof(float));
        s->base += (int64_t)gone;
        s->filled -= gone;
    }
    if (count > s->capacity - s->filled) count = s->capacity - s->filled;
    for (int c = 0; c < 2; c++) {
        if (in)
            memcpy(s->in[c] + s->filled, in[c], count * sizeof(float));
        else
            memset(s->in[c] + s->filled, 0, count * sizeof(float));
    }
    s->filled += count;
    return count;
}

// Where the sound's end will come out: its place against the middle of the window that is laid next.
static void find_end(grm_stretch *s) {
    double half = (double)(s->vocoder.size / 2), middle = s->place + half, away = (double)s->given - middle;
    if (away <= (double)s->vocoder.hop / s->ratio)
        s->total = llround(fmax((double)s->laid + half + away * s->ratio, 0));
}

// The next hop of output, where the input reaches for its window.
static bool step(grm_stretch *s) {
    size_t size = s->vocoder.size, hop = s->vocoder.hop;
    int64_t place = llround(s->place);
    if (place + (int64_t)size > s->base + (int64_t)s->filled) return false;
    const float *now[2], *before[2];
    for (int c = 0; c < 2; c++) {
        now[c] = s->in[c] + (place - s->base);
        before[c] = now[c] - hop;
    }
    if (s->ended && s->total < 0) find_end(s);
    grm_vocoder_step(&s->vocoder, now, before, 1, 0, s->out);
    s->place += (double)hop / s->ratio;
    s->laid += (int64_t)hop;
    s->left = s->laid <= 0 ? 0 : s->laid < (int64_t)hop ? (size_t)s->laid : hop;
    return true;
}

static size_t give(grm_stretch *s, float *const *out, size_t most) {
    int64_t first = s->laid - (int64_t)s->left;
    size_t count = s->left < most ? s->left : most;
    if (s->total >= 0 && first + (int64_t)count > s->total) count = first < s->total ? (size_t)(s->total - first) : 0;
    for (int c = 0; c < 2; c++) memcpy(out[c], s->out[c] + s->vocoder.hop - s->left, count * sizeof(float));
    s->left -= count;
    return count;
}

bool grm_stretch_run(grm_stretch *s, const float *const *in, size_t *in_frames, float *const *out, size_t *out_frames) {
    size_t taken = 0, given = 0, offered = in ? *in_frames : 0, wanted = *out_frames;
    *in_frames = *out_frames = 0;
    if (in && !(grm_all_sane(in[0], offered) && grm_all_sane(in[1], offered))) return false;
    if (!in) s->ended = true;
    unsigned mode = grm_denormals_flush();
    while (given < wanted) {
        size_t some = give(s, (float *const[]){out[0] + given, out[1] + given}, wanted - given);
        given += some;
        if (some) continue;
        if (s->total >= 0 && s->laid - (int64_t)s->left >= s->total) break;
        if (step(s)) continue;
        if (s->ended) {
            take(s, NULL, s->vocoder.size);
        } else {
            some = taken < offered ? take(s, (const float *const[]){in[0] + taken, in[1] + taken}, offered - taken) : 0;
            if (!some) break;
            taken += some;
            s->given += (int64_t)some;
        }
    }
    grm_denormals_restore(mode);
    *in_frames = taken;
    *out_frames = given;
    return true;
}
