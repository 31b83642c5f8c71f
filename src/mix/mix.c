// Stems to stereo: measure, decide, then all stems block by block, side by side.
#include "mix/mix.h"

#include <stdlib.h>
#include <string.h>

#include "mix/internal.h"

enum { TILES = GRM_MIX_BLOCK / GRM_MIX_TILE, SETS = 2 };

static const float ceiling = 0.7078f;  // -3 dBFS and a hair

// A block is finished one block late: the common fader must know the next one's peaks before it moves.
typedef struct desk {
    const grm_run *run;
    const grm_stems *stems;
    const grm_mix_plan *plan;
    const grm_mix_decision *decision;
    grm_mix_sink *sink;
    void *sink_context;
    grm_audio *mix;
    grm_channel **channels;  // [stems]
    float *wet[SETS];        // [stems][2][GRM_MIX_BLOCK]
    float duck[GRM_MIX_BLOCK / GRM_DUCK_HOP + 1];
    float allowed[SETS][TILES];  // gain that keeps a tile below the ceiling
    float fader[TILES + 1];      // of the block being finished
    bool fader_moves;
    float deepest;
    size_t total, start, frames, set;  // of the block at work
    grm_status *status;                // [stems]
    grm_error *errors;
} desk;

static float *wet_plane(const desk *d, size_t set, size_t stem, size_t side) {
    return d->wet[set] + (stem * 2 + side) * GRM_MIX_BLOCK;
}

// ---- a block ----

static void run_channel(void *context, size_t stem) {
    desk *d = context;
    float *const wet[2] = {wet_plane(d, d->set, stem, 0), wet_plane(d, d->set, stem, 1)};
    d->status[stem] = grm_channel_run(d->channels[stem], &d->stems->items[stem], d->plan, d->start, d->frames, d->duck,
                                      wet, &d->errors[stem]);
}

// The stems' sum over one tile, always in the same order.
static void add_up(void *context, size_t tile) {
    desk *d = context;
    size_t at = tile * GRM_MIX_TILE, count = d->frames - at < GRM_MIX_TILE ? d->frames - at : GRM_MIX_TILE;
    float peak = 0;
    for (size_t side = 0; side < 2; side++) {
        float *sum = d->mix->plane[side] + d->start + at;
        for (size_t stem = 0; stem < d->stems->count; stem++)
            if (!d->decision->stems[stem].mute) grm_add_ramp(sum, wet_plane(d, d->set, stem, side) + at, count, 1, 1);
        peak = fmaxf(peak, grm_peak(sum, count));
    }
    d->allowed[d->set][tile] = peak > ceiling ? ceiling / peak : 1;
}

static grm_status first_failure(const desk *d, grm_error *err) {
    for (size_t i = 0; i < d->stems->count; i++)
        if (d->status[i]) {
            if (err) *err = d->errors[i];
            return d->status[i];
        }
    return GRM_OK;
}

static grm_status run_block(desk *d, grm_duck *duck, grm_error *err) {
    grm_status status = grm_duck_run(duck, d->start, d->frames, d->duck, err);
    if (status) return status;
    grm_pool_run(d->run->pool, d->stems->count, run_channel, d);
    status = first_failure(d, err);
    if (status) return status;
    grm_pool_run(d->run->pool, (d->frames + GRM_MIX_TILE - 1) / GRM_MIX_TILE, add_up, d);
    return GRM_OK;
}

// ---- finishing it ----

// Whatever still rings when the music is over fades in its last moment.
static float end_fade(const desk *d, size_t frame) {
    double left = ((double)d->total - (double)frame) / (0.35 * d->mix->rate_hz);
    return left >= 1 ? 1 : left <= 0 ? 0 : (float)(left * left * (3 - 2 * left));
}

static void move_fader(desk *d, size_t set, size_t start, size_t frames, float next, float *at) {
    size_t tiles = (frames + GRM_MIX_TILE - 1) / GRM_MIX_TILE;
    d->fader_moves = false;
    if (start == 0) *at = d->allowed[set][0];
    for (size_t t = 0; t <= tiles; t++) {
        if (t) {
            float here = d->allowed[set][t - 1], then = t < tiles ? d->allowed[set][t] : next;
            *at += (1 - *at) * 0.03f;
            *at = fminf(*at, fminf(here, then));
        }
        d->deepest = fminf(d->deepest, *at);
        size_t frame = start + t * GRM_MIX_TILE < start + frames ? start + t * GRM_MIX_TILE : start + frames;
        d->fader[t] = *at * end_fade(d, frame);
        if (d->fader[t] < 1) d->fader_moves = true;
    }
}

static void apply_fader(const desk *d, float *x, size_t frames) {
    for (size_t at = 0, t = 0; at < frames; at += GRM_MIX_TILE, t++) {
        size_t count = frames - at < GRM_MIX_TILE ? frames - at : GRM_MIX_TILE;
        float from = d->fader[t], step = (d->fader[t + 1] - from) / (float)count;
        if (from == 1 && step == 0) continue;
        for (size_t i = 0; i < count; i++) x[at + i] *= from + step * (float)(int)i;
    }
}

// The last index is the mix itself, the others are the stems; start, frames and set are those of the block to finish.
static void finish_one(void *context, size_t index) {
    desk *d = context;
    bool is_mix = index == d->stems->count;
    float *planes[2];
    for (size_t side = 0; side < 2; side++) {
        planes[side] = is_mix ? d->mix->plane[side] + d->start : wet_plane(d, d->set, index, side);
        if (d->fader_moves) apply_fader(d, planes[side], d->frames);
    }
    if (!is_mix && d->sink)
        d->status[index] = d->sink(d->sink_context, index, (const float *const *)planes, d->frames, &d->errors[index]);
}

static grm_status finish_block(desk *d, size_t start, size_t frames, size_t set, float next, float *at,
                               grm_error *err) {
    size_t start_now = d->start, frames_now = d->frames, set_now = d->set;
    move_fader(d, set, start, frames, next, at);
    d->start = start;
    d->frames = frames;
    d->set = set;
    grm_pool_run(d->run->pool, d->stems->count + 1, finish_one, d);
    d->start = start_now;
    d->frames = frames_now;
    d->set = set_now;
    return first_failure(d, err);
}

static grm_status run_desk(desk *d, size_t stage, grm_error *err) {
    grm_duck duck;
    float fader = 1;
    size_t last_start = 0, last_frames = 0;
    grm_status status = grm_duck_init(&duck, d->stems, d->decision, d->mix->rate_hz, err);
    for (d->start = 0; d->start < d->total && !status; d->start += GRM_MIX_BLOCK) {
        d->frames = d->total - d->start < GRM_MIX_BLOCK ? d->total - d->start : GRM_MIX_BLOCK;
        d->set = d->start / GRM_MIX_BLOCK % SETS;
        status = run_block(d, &duck, err);
        if (!status && d->start > 0)
            status = finish_block(d, last_start, last_frames, 1 - d->set, d->allowed[d->set][0], &fader, err);
        last_start = d->start;
        last_frames = d->frames;
        grm_progress_step(d->run->progress, stage, 0.2 + 0.8 * (double)d->start / (double)d->total);
        if (!status) status = grm_run_check(d->run, err);
    }
    if (!status && last_frames)
        status = finish_block(d, last_start, last_frames, last_start / GRM_MIX_BLOCK % SETS, 1, &fader, err);
    grm_duck_free(&duck);
    return status;
}

// ---- opening and closing ----

static grm_status check_stems(const grm_stems *stems, const grm_mix_plan *plan, grm_error *err) {
    for (size_t i = 0; i < stems->count; i++) {
        const grm_tape *tape = stems->items[i].dry;
        if (grm_tape_channels(tape) != 2 || grm_tape_rate(tape) != GRM_RATE)
            return grm_fail(err, GRM_BAD_INPUT, "stem %zu has %u channels at %u Hz; the mix takes stereo at %d Hz",
                            i + 1, grm_tape_channels(tape), grm_tape_rate(tape), GRM_RATE);
    }
    for (size_t i = 0; i < plan->section_count; i++)
        if (!isfinite(plan->section_start_s[i]) || !isfinite(plan->section_energy[i]))
            return grm_fail(err, GRM_BAD_INPUT, "section %zu of the mix plan has no place or energy", i + 1);
    return GRM_OK;
}

static size_t length_of(const grm_stems *stems) {
    if (stems->duration_s > 0) return (size_t)llround(stems->duration_s * GRM_RATE);
    size_t frames = 0;
    for (size_t i = 0; i < stems->count; i++)
        if (grm_tape_frames(stems->items[i].dry) > frames) frames = grm_tape_frames(stems->items[i].dry);
    return frames;
}

static grm_status desk_open(desk *d, grm_error *err) {
    size_t stems = d->stems->count;
    d->deepest = 1;
    d->channels = calloc(stems + 1, sizeof *d->channels);
    d->status = calloc(stems + 1, sizeof *d->status);
    d->errors = calloc(stems + 1, sizeof *d->errors);
    if (!d->channels || !d->status || !d->errors) return grm_fail_memory(err);
    for (size_t set = 0; set < SETS; set++) {
        d->wet[set] = grm_floats_new((stems + 1) * 2 * GRM_MIX_BLOCK);
        if (!d->wet[set]) return grm_fail_memory(err);
    }
    for (size_t i = 0; i < stems; i++) {
        grm_status status = grm_channel_new(d->decision, i, GRM_RATE, &d->channels[i], err);
        if (status) return status;
    }
    return grm_audio_new(2, d->total, GRM_RATE, &d->mix, err);
}

static void desk_close(desk *d) {
    for (size_t i = 0; d->channels && i < d->stems->count; i++) grm_channel_free(d->channels[i]);
    for (size_t set = 0; set < SETS; set++) free(d->wet[set]);
    free(d->errors);
    free(d->status);
    free(d->channels);
}

grm_status grm_mix_run(const grm_run *run, const grm_stems *stems, const grm_mix_plan *plan, grm_mix_sink *sink,
                       void *sink_context, size_t stage, grm_audio **out, json_t **decisions, grm_error *err) {
    *out = NULL;
    grm_strips *strips = NULL;
    grm_mix_decision decision = {0};
    desk d = {.run = run, .stems = stems, .plan = plan, .sink = sink, .sink_context = sink_context};
    d.decision = &decision;
    d.total = length_of(stems);
    grm_stem_facts *facts = calloc(stems->count + 1, sizeof *facts);
    grm_status status = facts ? check_stems(stems, plan, err) : grm_fail_memory(err);
    if (status) goto done;
    status = grm_strips_load(&strips, err);
    if (status) goto done;
    status = grm_stems_measure(run, stems, d.total, stage, facts, err);
    if (status) goto done;
    status = grm_mix_decide(stems, plan, facts, strips, run->profile, &decision, err);
    if (status) goto done;
    status = desk_open(&d, err);
    if (status) goto done;
    status = run_desk(&d, stage, err);
    if (status) goto done;
    if (decisions && !(*decisions = grm_mix_decisions_json(stems, &decision, d.deepest))) {
        status = grm_fail_memory(err);
        goto done;
    }
    *out = d.mix;
    d.mix = NULL;
    grm_progress_step(run->progress, stage, 1);
done:
    grm_audio_free(d.mix);
    desk_close(&d);
    free(decision.stems);
    grm_strips_free(strips);
    grm_stem_facts_free(facts, stems->count);
    return status;
}
