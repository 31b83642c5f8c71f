// The chain before the limiter: DC out, likeness, tone, balance, evenness, de-essing, width, compression, saturation,
// fades. While one block goes through it, the block before is looked at for the limiter.
#include <stdlib.h>
#include <string.h>

#include "master/internal.h"

enum { TILE = 1024, BLOCK = GRM_MASTER_BLOCK, HOP = GRM_PEAK_HOP, REACH = GRM_PEAK_REACH };

typedef struct chain {
    const grm_master_plan *plan;
    const grm_master_preset *preset;
    size_t total, place, fade_in, fade_out;  // frames: of the sound, come out of the chain, of the fades
    size_t latency;
    double tenth;
    grm_cascade tone, key_tone;
    grm_stereo stereo;
    grm_compressor glue;
    grm_saturator saturator;
    grm_deesser deesser;
    float key_left[TILE], key_right[TILE];
} chain;

static void chain_init(chain *c, const grm_master_plan *plan, const grm_master_preset *preset, size_t total,
                       double rate_hz) {
    *c = (chain){.plan = plan, .preset = preset, .total = total, .tenth = rate_hz / 10};
    grm_cascade_init(&c->tone, plan->cells, plan->cell_count);
    // The glue does not listen to the bass, which would make it pump.
    grm_filter key = grm_filter_design(GRM_FILTER_HIGHPASS, rate_hz, 100, 0.7071, 0);
    grm_cascade_init(&c->key_tone, &key, 1);
    grm_stereo_init(&c->stereo, rate_hz, plan->width, plan->mono_hz);
    if (plan->firs) grm_firs_reset(plan->firs);
    if (plan->compress) grm_compressor_init(&c->glue, &plan->glue, rate_hz);
    if (plan->drive > 0) grm_saturator_init(&c->saturator, plan->drive);
    if (plan->deess_db > 0) {
        const grm_master_deess *d = &preset->deess;
        const grm_deesser_plan how = {d->hz, d->share_db, d->ratio, plan->deess_db, d->attack_ms, d->release_ms};
        grm_deesser_init(&c->deesser, &how, rate_hz);
    }
    c->latency = plan->drive > 0 ? GRM_SATURATOR_LATENCY : 0;
    c->fade_in = (size_t)(preset->fade_in_ms * 0.001 * rate_hz);
    c->fade_out = (size_t)(preset->fade_out_ms * 0.001 * rate_hz);
    if (c->fade_in > total / 4) c->fade_in = total / 4;
    if (c->fade_out > total / 4) c->fade_out = total / 4;
}

// Gain by tenths of a second, joined by lines.
static void ride(const chain *c, float *left, float *right, size_t start, size_t frames) {
    const grm_master_plan *plan = c->plan;
    for (size_t i = 0; i < frames; i++) {
        double at = (double)(start + i) / c->tenth;
        size_t t = (size_t)at;
        float gain = plan->ride[plan->ride_count - 1];
        if (t + 1 < plan->ride_count)
            gain = plan->ride[t] + (plan->ride[t + 1] - plan->ride[t]) * (float)(at - (double)t);
        left[i] *= gain;
        right[i] *= gain;
    }
}

static void chain_tile(chain *c, float *left, float *right, size_t start, size_t frames) {
    const grm_master_plan *plan = c->plan;
    grm_cascade_run(&c->tone, left, right, frames);
    if (plan->ride) ride(c, left, right, start, frames);
    if (plan->deess_db > 0) grm_deesser_run(&c->deesser, (float *[]){left, right}, frames);
    grm_stereo_run(&c->stereo, left, right, frames);
    if (plan->compress) {
        memcpy(c->key_left, left, frames * sizeof(float));
        memcpy(c->key_right, right, frames * sizeof(float));
        grm_cascade_run(&c->key_tone, c->key_left, c->key_right, frames);
        grm_compressor_run(&c->glue, (float *[]){left, right}, (const float *[]){c->key_left, c->key_right}, frames);
    }
    if (plan->drive > 0) grm_saturator_run(&c->saturator, left, right, frames);
}

// Half a cosine at both ends; `start` is where x lies in what comes out.
static void fade(const chain *c, float *x, size_t start, size_t frames) {
    for (size_t i = 0; i < frames && start + i < c->fade_in; i++)
        x[i] *= (float)(0.5 - 0.5 * cos(GRM_PI * (double)(start + i) / (double)c->fade_in));
    size_t from = c->total - c->fade_out;
    for (size_t i = from > start ? from - start : 0; i < frames; i++)
        x[i] *= (float)(0.5 - 0.5 * cos(GRM_PI * (double)(c->total - 1 - start - i) / (double)c->fade_out));
}

// A block of the source, `start` frames into it, goes through in place; `out` points into it where what comes out
// begins, which is `latency` frames late.
static size_t chain_block(chain *c, float *const planes[2], size_t start, size_t frames, float *out[2]) {
    const grm_master_plan *plan = c->plan;
    float half = grm_db_to_gain(0.5f * plan->balance_db), gain[2] = {plan->gain * half, plan->gain / half};
    size_t real = start >= c->total ? 0 : c->total - start < frames ? c->total - start : frames;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < real; i++) planes[side][i] = (planes[side][i] - plan->dc[side]) * gain[side];
    if (plan->firs) grm_firs_run(plan->firs, planes[0], planes[1], frames);
    for (size_t at = 0; at < frames; at += TILE) {
        size_t count = frames - at < TILE ? frames - at : TILE;
        chain_tile(c, planes[0] + at, planes[1] + at, start + at, count);
    }
    size_t skip = start < c->latency ? c->latency - start : 0;
    if (skip > frames) skip = frames;
    size_t made = frames - skip < c->total - c->place ? frames - skip : c->total - c->place;
    for (int side = 0; side < 2; side++) {
        out[side] = planes[side] + skip;
        fade(c, out[side], c->place, made);
    }
    c->place += made;
    return made;
}

// ---- looking at what comes out ----

// A hop's true peak needs the frames around it, so the watch holds some back.
typedef struct watch {
    grm_peak_meter meter;
    grm_cascade weighting;
    float *window[2];  // [REACH + BLOCK + 2 * REACH + HOP] frames, the first REACH before the next hop
    size_t filled;     // frames in the window
    size_t hops;       // that can be looked at now
    float *peaks[2], *powers;
} watch;

static void weigh(watch *w) {
    float left[512], right[512];
    for (size_t done = 0; done < w->hops * HOP; done += GRM_COUNT(left)) {
        size_t count = w->hops * HOP - done < GRM_COUNT(left) ? w->hops * HOP - done : GRM_COUNT(left);
        memcpy(left, w->window[0] + REACH + done, count * sizeof *left);
        memcpy(right, w->window[1] + REACH + done, count * sizeof *right);
        grm_cascade_run(&w->weighting, left, right, count);
        for (size_t h = 0; h < count / HOP; h++) {
            float sum = 0;
            for (size_t i = h * HOP; i < (h + 1) * HOP; i++) sum += left[i] * left[i] + right[i] * right[i];
            w->powers[done / HOP + h] = sum;
        }
    }
}

static grm_status watch_open(watch *w, double rate_hz, grm_error *err) {
    grm_filter cells[2];
    grm_peak_meter_init(&w->meter);
    grm_loudness_weighting(rate_hz, cells);
    grm_cascade_init(&w->weighting, cells, 2);
    for (int side = 0; side < 2; side++) {
        w->window[side] = grm_floats_new(BLOCK + 4 * REACH + 2 * HOP);
        w->peaks[side] = grm_floats_new(BLOCK / HOP + 8);
    }
    w->powers = grm_floats_new(BLOCK / HOP + 8);
    w->filled = REACH;  // silence before the first frame
    bool all = w->window[0] && w->window[1] && w->peaks[0] && w->peaks[1] && w->powers;
    return all ? GRM_OK : grm_fail_memory(err);
}

static void watch_close(watch *w) {
    free(w->powers);
    for (int side = 0; side < 2; side++) {
        free(w->peaks[side]);
        free(w->window[side]);
    }
}

static void watch_take(watch *w, float *const planes[2], size_t frames) {
    for (int side = 0; side < 2; side++) memcpy(w->window[side] + w->filled, planes[side], frames * sizeof(float));
    w->filled += frames;
    w->hops = w->filled > 2 * REACH ? (w->filled - 2 * REACH) / HOP : 0;
}

// Behind the end lies silence; the last hop is filled up with it.
static void watch_end(watch *w) {
    size_t frames = w->filled - REACH, hops = (frames + HOP - 1) / HOP;
    for (int side = 0; side < 2; side++)
        memset(w->window[side] + w->filled, 0, (hops * HOP - frames + REACH) * sizeof(float));
    w->hops = hops;
}

static void watch_step(watch *w, int side) {
    memset(w->peaks[side], 0, w->hops * sizeof(float));
    grm_peak_meter_run(&w->meter, w->window[side] + REACH, w->hops, w->peaks[side]);
}

static grm_status watch_put(watch *w, grm_wet *wet, grm_error *err) {
    for (size_t h = 0; h < w->hops; h++) w->peaks[0][h] = fmaxf(w->peaks[0][h], w->peaks[1][h]);
    grm_status status = grm_tape_append(wet->peaks, (const float *const[]){w->peaks[0]}, w->hops, err);
    if (status == GRM_OK) status = grm_tape_append(wet->powers, (const float *const[]){w->powers}, w->hops, err);
    size_t used = w->hops * HOP;
    for (int side = 0; side < 2; side++)
        memmove(w->window[side], w->window[side] + used, (w->filled > used ? w->filled - used : 0) * sizeof(float));
    w->filled = w->filled > used ? w->filled - used : 0;
    wet->hops += w->hops;
    w->hops = 0;
    return status;
}

// ---- all of it ----

typedef struct work {
    const grm_tape *in;
    chain chain;
    watch watch;
    float *planes[2], *out[2];
    size_t start, made;
    grm_status status;
    grm_error err;
} work;

static void do_item(void *context, size_t index) {
    work *w = context;
    unsigned mode = grm_denormals_flush();
    if (index == 0 && w->chain.place < w->chain.total) {
        w->status = grm_tape_read(w->in, w->start, BLOCK, w->planes, &w->err);
        if (w->status == GRM_OK) w->made = chain_block(&w->chain, w->planes, w->start, BLOCK, w->out);
        w->start += BLOCK;
    } else if (index == 0) {
        w->made = 0;
    } else if (index < 3) {
        watch_step(&w->watch, (int)index - 1);
    } else {
        weigh(&w->watch);
    }
    grm_denormals_restore(mode);
}

static grm_status run_blocks(const grm_run *run, work *w, size_t stage, double from, double to, grm_wet *wet,
                             grm_error *err) {
    grm_status status = GRM_OK;
    for (bool more = true; more && status == GRM_OK;) {
        grm_pool_run(run->pool, w->watch.hops ? 4 : 1, do_item, w);
        if (w->status != GRM_OK) {
            if (err) *err = w->err;
            return w->status;
        }
        if (w->watch.hops) status = watch_put(&w->watch, wet, err);
        more = w->made > 0;
        if (more && status == GRM_OK) {
            status = grm_tape_append(wet->sound, (const float *const *)w->out, w->made, err);
            watch_take(&w->watch, w->out, w->made);
        }
        if (status == GRM_OK) status = grm_run_check(run, err);
        double done = (double)w->chain.place / (double)w->chain.total;
        grm_progress_step(run->progress, stage, from + (to - from) * done);
    }
    if (status != GRM_OK) return status;
    watch_end(&w->watch);
    for (size_t i = 1; i < 4; i++) do_item(w, i);
    return watch_put(&w->watch, wet, err);
}

void grm_wet_free(grm_wet *wet) {
    grm_tape_free(wet->powers);
    grm_tape_free(wet->peaks);
    grm_tape_free(wet->sound);
    *wet = (grm_wet){0};
}

grm_status grm_master_process(const grm_run *run, const grm_tape *in, const grm_master_plan *plan,
                              const grm_master_preset *preset, size_t stage, double from, double to, grm_wet *wet,
                              grm_error *err) {
    unsigned rate = grm_tape_rate(in);
    work *w = calloc(1, sizeof *w);
    if (!w) return grm_fail_memory(err);
    *wet = (grm_wet){0};
    w->in = in;
    chain_init(&w->chain, plan, preset, grm_tape_frames(in), rate);
    w->planes[0] = grm_floats_new(BLOCK);
    w->planes[1] = grm_floats_new(BLOCK);
    grm_status status = w->planes[0] && w->planes[1] ? watch_open(&w->watch, rate, err) : grm_fail_memory(err);
    if (status == GRM_OK) status = grm_tape_new(2, rate, NULL, &wet->sound, err);
    if (status == GRM_OK) status = grm_tape_new(1, rate / HOP, NULL, &wet->peaks, err);
    if (status == GRM_OK) status = grm_tape_new(1, rate / HOP, NULL, &wet->powers, err);
    if (status == GRM_OK) status = run_blocks(run, w, stage, from, to, wet, err);
    wet->deessed_db = plan->deess_db > 0 ? w->chain.deesser.deepest_db : 0;
    if (plan->compress)
        wet->glued = (grm_master_glued){
            w->chain.glue.deepest_db,
            w->chain.glue.hops ? (float)(w->chain.glue.reduction_sum / (double)w->chain.glue.hops) : 0};
    watch_close(&w->watch);
    free(w->planes[1]);
    free(w->planes[0]);
    free(w);
    if (status != GRM_OK) grm_wet_free(wet);
    return status;
}
