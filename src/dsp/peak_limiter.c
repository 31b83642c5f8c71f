// A limiter that keeps the true peak below its ceiling, for sound that comes in pieces.
//
// The peaks between the samples are measured at eight points a sample on hops of eight frames, which lie on a grid of
// the limiter's own time; the gain runs linearly from hop to hop. A gain that moves bends the wave between the samples
// a little, so what comes out is measured once more, and a second stage with a short look-ahead takes off what is left.
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "dsp/glide.h"

enum { HOP = GRM_PEAK_HOP, REACH = GRM_PEAK_REACH, BLOCK = 1024, GAINS = 512, BEFORE = REACH + HOP };

// One look at the peaks and one gain.
typedef struct stage {
    grm_gain_path path;
    size_t latency;      // frames
    size_t capacity;     // of a buffer
    float *buffer[2];    // [capacity]: BEFORE + latency frames that came before, then what comes
    size_t filled;       // frames in it
    size_t in, out;      // frames that came and went since the start; out is `latency` behind
    size_t hops, gains;  // measured, known
    float before;        // what the last hop allowed
    float gain[GAINS];   // at the start of hop h: gain[h % GAINS]
} stage;

struct grm_peak_limiter {
    double rate_hz;
    grm_peak_limiter_plan plan;
    grm_peak_meter meter;
    grm_glide drive, ceiling;
    stage stage[2];
    float deepest;  // gain
};

#define SECOND_MS 1     // look-ahead of the second stage
#define MARGIN_DB 0.1f  // kept free for meters that look through another filter, and near half the rate see more

static grm_status stage_open(stage *s, size_t width, double release, grm_error *err) {
    grm_status status = grm_gain_path_open(&s->path, width, release, err);
    if (status) return status;
    // The gain at the end of a frame's hop hangs on the `width` hops behind it, the last of which must be measured.
    s->latency = HOP * (width + 2) + REACH - 1;
    s->capacity = BEFORE + s->latency + 4 * BLOCK;
    for (int side = 0; side < 2; side++)
        if (!(s->buffer[side] = grm_floats_new(s->capacity))) return grm_fail_memory(err);
    return GRM_OK;
}

static void stage_close(stage *s) {
    free(s->buffer[1]);
    free(s->buffer[0]);
    grm_gain_path_close(&s->path);
}

static void stage_reset(stage *s) {
    grm_gain_path_reset(&s->path);
    s->filled = BEFORE + s->latency;
    for (int side = 0; side < 2; side++) memset(s->buffer[side], 0, s->filled * sizeof(float));
    s->in = s->out = s->hops = s->gains = 0;
    s->before = 1;
}

// Room for count frames; returns where they go.
static size_t stage_room(stage *s, size_t count) {
    size_t keep = BEFORE + s->latency;
    if (s->filled + count > s->capacity) {
        for (int side = 0; side < 2; side++)
            memmove(s->buffer[side], s->buffer[side] + s->filled - keep, keep * sizeof(float));
        s->filled = keep;
    }
    return s->filled;
}

// All hops that can be measured by now; count_in: frames that came in last, while the ceiling glides.
static void stage_look(stage *s, const grm_peak_meter *meter, const grm_glide *glide, size_t count_in) {
    size_t ready = s->in < REACH + HOP ? 0 : (s->in - REACH) / HOP;
    if (ready <= s->hops) return;
    float peaks[BLOCK / HOP + 2] = {0};
    size_t count = ready - s->hops, start = s->filled - (s->in - s->hops * HOP);
    for (int side = 0; side < 2; side++) grm_peak_meter_run(meter, s->buffer[side] + start, count, peaks);
    for (size_t h = 0; h < count; h++) {
        size_t whole_at = (s->hops + h + 1) * HOP + REACH - 1;  // the frame that made it measurable
        float ceiling = grm_glide_ahead(glide, whole_at - (s->in - count_in));
        float allow = peaks[h] > ceiling ? ceiling / peaks[h] : 1;
        s->gains += grm_gain_path_push(&s->path, allow < s->before ? allow : s->before, &s->gain[s->gains % GAINS]);
        s->before = allow;
    }
    s->hops = ready;
}

// The next count frames, of which the first `latency` since the start are silence.
static float stage_leave(stage *s, float *const *out, size_t count) {
    size_t from = s->filled - (s->in - s->out) - s->latency;
    float least = 1;
    for (size_t at = 0; at < count;) {
        size_t n = count - at;
        float start = 1, step = 0;
        size_t phase = 0;
        if (s->out < s->latency) {
            if (n > s->latency - s->out) n = s->latency - s->out;
        } else {
            size_t h = (s->out - s->latency) / HOP;
            phase = (s->out - s->latency) % HOP;
            if (n > HOP - phase) n = HOP - phase;
            step = (s->gain[(h + 1) % GAINS] - s->gain[h % GAINS]) / HOP;
            start = s->gain[h % GAINS];
            least = fminf(least, s->gain[h % GAINS]);
        }
        for (int side = 0; side < 2; side++) {
            const float *x = s->buffer[side] + from + at;
            float *y = out[side] + at;
            for (size_t i = 0; i < n; i++) y[i] = x[i] * (start + step * (float)(int)(phase + i));
        }
        at += n;
        s->out += n;
    }
    return least;
}

static void stage_enter(stage *s, size_t count) {
    s->filled += count;
    s->in += count;
}

static void run_block(grm_peak_limiter *l, float *const *planes, size_t count) {
    stage *first = &l->stage[0], *second = &l->stage[1];
    size_t at = stage_room(first, count);
    for (int side = 0; side < 2; side++) {
        memcpy(first->buffer[side] + at, planes[side], count * sizeof(float));
        grm_glide_scale(&l->drive, first->buffer[side] + at, count);
    }
    stage_enter(first, count);
    stage_look(first, &l->meter, &l->ceiling, count);
    at = stage_room(second, count);
    float least = stage_leave(first, (float *const[]){second->buffer[0] + at, second->buffer[1] + at}, count);
    stage_enter(second, count);
    stage_look(second, &l->meter, &l->ceiling, count);
    least *= stage_leave(second, planes, count);
    l->deepest = fminf(l->deepest, least);
    grm_glide_pass(&l->drive, count);
    grm_glide_pass(&l->ceiling, count);
}

grm_status grm_peak_limiter_new(const grm_peak_limiter_plan *plan, double rate_hz, grm_peak_limiter **out,
                                grm_error *err) {
    *out = NULL;
    if (!(plan->ceiling_db >= -60 && plan->ceiling_db <= 0) || !(plan->drive_db >= -60 && plan->drive_db <= 60) ||
        !(plan->lookahead_ms >= 0.5f && plan->lookahead_ms <= 50) ||
        !(plan->release_ms >= 1 && plan->release_ms <= 5000) || !(rate_hz >= 8000 && rate_hz <= 400000))
        return grm_fail(err, GRM_USAGE,
                        "limiter with a ceiling of %g dB, drive %g dB, look-ahead %g ms and release %g ms at %g Hz: "
                        "take -60 to 0 dB, -60 to 60 dB, 0.5 to 50 ms and 1 to 5000 ms",
                        (double)plan->ceiling_db, (double)plan->drive_db, (double)plan->lookahead_ms,
                        (double)plan->release_ms, rate_hz);
    grm_peak_limiter *l = calloc(1, sizeof *l);
    if (!l) return grm_fail_memory(err);
    l->plan = *plan;
    l->rate_hz = rate_hz;
    grm_peak_meter_init(&l->meter);
    double hops_a_ms = rate_hz * 0.001 / HOP, ahead = plan->lookahead_ms * hops_a_ms;
    double release = plan->release_ms * hops_a_ms;
    grm_status status = stage_open(&l->stage[0], (size_t)ceil(ahead), release, err);
    if (!status) status = stage_open(&l->stage[1], (size_t)ceil(fmin(ahead, SECOND_MS * hops_a_ms)), release, err);
    if (status) {
        grm_peak_limiter_free(l);
        return status;
    }
    grm_peak_limiter_reset(l);
    *out = l;
    return GRM_OK;
}

void grm_peak_limiter_free(grm_peak_limiter *limiter) {
    if (!limiter) return;
    for (int i = 0; i < 2; i++) stage_close(&limiter->stage[i]);
    free(limiter);
}

void grm_peak_limiter_reset(grm_peak_limiter *l) {
    for (int i = 0; i < 2; i++) stage_reset(&l->stage[i]);
    l->drive = grm_glide_rest(grm_db_to_gain(l->plan.drive_db));
    l->ceiling = grm_glide_rest(grm_db_to_gain(l->plan.ceiling_db - MARGIN_DB));
    l->deepest = 1;
}

void grm_peak_limiter_set(grm_peak_limiter *l, float drive_db, float ceiling_db) {
    l->plan.drive_db = drive_db;
    l->plan.ceiling_db = ceiling_db < 0 ? ceiling_db : 0;
    grm_glide_to(&l->drive, grm_db_to_gain(drive_db), l->rate_hz);
    grm_glide_to(&l->ceiling, grm_db_to_gain(l->plan.ceiling_db - MARGIN_DB), l->rate_hz);
}

bool grm_peak_limiter_run(grm_peak_limiter *limiter, float *const *planes, size_t frames) {
    if (!grm_planes_check(planes, 2, frames)) return false;
    for (size_t at = 0; at < frames; at += BLOCK)
        run_block(limiter, (float *const[]){planes[0] + at, planes[1] + at}, frames - at < BLOCK ? frames - at : BLOCK);
    return true;
}

size_t grm_peak_limiter_latency(const grm_peak_limiter *limiter) {
    return limiter->stage[0].latency + limiter->stage[1].latency;
}

float grm_peak_limiter_deepest_db(const grm_peak_limiter *limiter) {
    return grm_gain_to_db(limiter->deepest);
}
