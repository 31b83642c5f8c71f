// Stems to stereo: measure, decide, then all stems block by block, side by side.
#include "mix/mix.h"

#include <stdlib.h>
#include <string.h>

#include "mix/internal.h"

enum { TILES = GRM_MIX_BLOCK / GRM_MIX_TILE, SETS = 3 };

static const float ceiling = 0.7078f;  // -3 dBFS and a hair

typedef struct block {
    size_t start, frames, set;  // set: which of the wet planes hold it
} block;

// A block is finished two blocks late: the common fader must know the next one's peaks before it moves, and finishing
// runs beside the strips of the one after that.
typedef struct desk {
    const grm_run *run;
    const grm_stems *stems;
    const grm_mix_plan *plan;
    const grm_mix_decision *decision;
    grm_mix_sink *sink;
    void *sink_context;
    float *sum[SETS];        // [2][GRM_MIX_BLOCK]
    grm_channel **channels;  // [stems]
    float *wet[SETS];        // [stems][2][GRM_MIX_BLOCK]
    float duck[GRM_DUCKS][GRM_MIX_BLOCK / GRM_DUCK_HOP + 1];
    float allowed[SETS][TILES];  // gain that keeps a tile below the ceiling
    float fader[TILES + 1];      // of the block being finished
    bool fader_moves;
    float deepest;
    size_t total;
    size_t racks;        // of stems side by side
    block now, ending;   // no frames: none
    grm_status *status;  // [2 * stems + 1], a rack at its first stem's place, then the finishing ones
    grm_error *errors;
} desk;

static float *wet_plane(const desk *d, size_t set, size_t stem, size_t side) {
    return d->wet[set] + (stem * 2 + side) * GRM_MIX_BLOCK;
}

static float *mix_plane(const desk *d, const block *b, size_t side) {
    return d->sum[b->set] + side * GRM_MIX_BLOCK;
}

// ---- a block ----

// As many racks as keep all threads busy, of sizes that differ by one at most.
static size_t count_racks(const desk *d) {
    size_t threads = grm_pool_threads(d->run->pool), most = GRM_MIX_BESIDE * threads;
    size_t racks = (d->stems->count + most - 1) / most * threads;
    return racks < d->stems->count ? racks : d->stems->count;
}

static void run_rack(desk *d, size_t rack) {
    size_t first = rack * d->stems->count / d->racks, end = (rack + 1) * d->stems->count / d->racks;
    float *wet[GRM_MIX_BESIDE][2];
    for (size_t i = first; i < end; i++)
        for (size_t side = 0; side < 2; side++) wet[i - first][side] = wet_plane(d, d->now.set, i, side);
    const float *const duck[GRM_DUCKS] = {d->duck[GRM_DUCK_KICK], d->duck[GRM_DUCK_VOICE]};
    d->status[first] = grm_channels_run(d->channels + first, d->stems->items + first, end - first, d->now.start,
                                        d->now.frames, duck, (float *const(*)[2])wet, &d->errors[first]);
}

// The stems' sum over one tile, always in the same order.
static void add_up(void *context, size_t tile) {
    desk *d = context;
    const block *b = &d->now;
    size_t at = tile * GRM_MIX_TILE, count = b->frames - at < GRM_MIX_TILE ? b->frames - at : GRM_MIX_TILE;
    float peak = 0;
    for (size_t side = 0; side < 2; side++) {
        float *sum = mix_plane(d, b, side) + at;
        memset(sum, 0, count * sizeof *sum);
        for (size_t stem = 0; stem < d->stems->count; stem++)
            if (!d->decision->stems[stem].mute) grm_add_ramp(sum, wet_plane(d, b->set, stem, side) + at, count, 1, 1);
        peak = fmaxf(peak, grm_peak(sum, count));
    }
    d->allowed[b->set][tile] = peak > ceiling ? ceiling / peak : 1;
}

// ---- finishing it ----

// Whatever still rings when the music is over fades in its last moment.
static float end_fade(const desk *d, size_t frame) {
    if (!d->decision->fades) return 1;
    double left = ((double)d->total - (double)frame) / (0.35 * GRM_RATE);
    return left >= 1 ? 1 : left <= 0 ? 0 : (float)(left * left * (3 - 2 * left));
}

// next: what the first tile after it allows.
static void move_fader(desk *d, const block *b, float next, float *at) {
    size_t tiles = (b->frames + GRM_MIX_TILE - 1) / GRM_MIX_TILE, end = b->start + b->frames;
    d->fader_moves = false;
    if (b->start == 0) *at = d->allowed[b->set][0];
    for (size_t t = 0; t <= tiles; t++) {
        if (t) {
            float here = d->allowed[b->set][t - 1], then = t < tiles ? d->allowed[b->set][t] : next;
            *at += (1 - *at) * 0.03f;
            *at = fminf(*at, fminf(here, then));
        }
        d->deepest = fminf(d->deepest, *at);
        size_t frame = b->start + t * GRM_MIX_TILE < end ? b->start + t * GRM_MIX_TILE : end;
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

// The last index is the mix itself, the others are the stems.
static void finish_one(desk *d, size_t index) {
    const block *b = &d->ending;
    bool is_mix = index == d->stems->count;
    float *planes[2];
    for (size_t side = 0; side < 2; side++) {
        planes[side] = is_mix ? mix_plane(d, b, side) : wet_plane(d, b->set, index, side);
        if (d->fader_moves) apply_fader(d, planes[side], b->frames);
    }
    size_t place = d->stems->count + index;
    if (d->sink)
        d->status[place] = d->sink(d->sink_context, index, (const float *const *)planes, b->frames, &d->errors[place]);
}

// ---- all blocks ----

static void work(void *context, size_t index) {
    desk *d = context;
    size_t racks = d->now.frames ? d->racks : 0;
    if (index < racks)
        run_rack(d, index);
    else
        finish_one(d, index - racks);
}

static grm_status first_failure(const desk *d, grm_error *err) {
    for (size_t i = 0; i <= 2 * d->stems->count; i++)
        if (d->status[i]) {
            if (err) *err = d->errors[i];
            return d->status[i];
        }
    return GRM_OK;
}

static block block_at(const desk *d, size_t index) {
    block b = {.start = index * GRM_MIX_BLOCK, .set = index % SETS};
    if (b.start < d->total) b.frames = d->total - b.start < GRM_MIX_BLOCK ? d->total - b.start : GRM_MIX_BLOCK;
    return b;
}

// One block's strips and the finishing of the one two before.
static grm_status take_step(desk *d, grm_duck *ducks, size_t index, float *fader, grm_error *err) {
    d->now = block_at(d, index);
    d->ending = index < 2 ? (block){0} : block_at(d, index - 2);
    grm_status status = GRM_OK;
    for (int k = 0; k < GRM_DUCKS && d->now.frames && !status; k++)
        status = grm_duck_run(&ducks[k], d->now.start, d->now.frames, d->duck[k], err);
    if (status) return status;
    if (d->ending.frames) {
        block next = block_at(d, index - 1);
        move_fader(d, &d->ending, next.frames ? d->allowed[next.set][0] : 1, fader);
    }
    size_t items = (d->now.frames ? d->racks : 0) + (d->ending.frames ? d->stems->count + 1 : 0);
    grm_pool_run(d->run->pool, items, work, d);
    status = first_failure(d, err);
    if (!status) grm_pool_run(d->run->pool, (d->now.frames + GRM_MIX_TILE - 1) / GRM_MIX_TILE, add_up, d);
    return status ? status : grm_run_check(d->run, err);
}

static grm_status run_desk(desk *d, size_t stage, grm_error *err) {
    grm_duck ducks[GRM_DUCKS] = {0};
    float fader = 1;
    size_t blocks = (d->total + GRM_MIX_BLOCK - 1) / GRM_MIX_BLOCK;
    grm_status status = GRM_OK;
    for (int k = 0; k < GRM_DUCKS && !status; k++)
        status = grm_duck_init(&ducks[k], d->stems, &d->decision->duck[k], GRM_RATE, err);
    for (size_t i = 0; i < blocks + 2 && !status; i++) {
        status = take_step(d, ducks, i, &fader, err);
        grm_progress_step(d->run->progress, stage, 0.2 + 0.8 * (double)i / (double)(blocks + 2));
    }
    for (int k = 0; k < GRM_DUCKS; k++) grm_duck_free(&ducks[k]);
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
    d->racks = count_racks(d);
    d->channels = calloc(stems + 1, sizeof *d->channels);
    d->status = calloc(2 * stems + 1, sizeof *d->status);
    d->errors = calloc(2 * stems + 1, sizeof *d->errors);
    if (!d->channels || !d->status || !d->errors) return grm_fail_memory(err);
    for (size_t set = 0; set < SETS; set++) {
        d->wet[set] = grm_floats_new((stems + 1) * 2 * GRM_MIX_BLOCK);
        d->sum[set] = grm_floats_new(2 * GRM_MIX_BLOCK);
        if (!d->wet[set] || !d->sum[set]) return grm_fail_memory(err);
    }
    for (size_t i = 0; i < stems; i++) {
        grm_status status = grm_channel_new(d->decision, i, GRM_RATE, &d->channels[i], err);
        if (status) return status;
    }
    return GRM_OK;
}

static void desk_close(desk *d) {
    for (size_t i = 0; d->channels && i < d->stems->count; i++) grm_channel_free(d->channels[i]);
    for (size_t set = 0; set < SETS; set++) {
        free(d->sum[set]);
        free(d->wet[set]);
    }
    free(d->errors);
    free(d->status);
    free(d->channels);
}

// ---- what to do ----

static void apply_changes(const grm_mix_change *changes, grm_mix_decision *d) {
    for (size_t i = 0; changes && i < d->count; i++) {
        grm_stem_plan *p = &d->stems[i];
        p->fader_db += changes[i].level_db;
        p->level_db += changes[i].level_db;
        if (changes[i].has_pan) p->pan = changes[i].pan;
        if (changes[i].solo && *p->mute_why) p->mute = false, *p->mute_why = 0;
        if (changes[i].mute) p->mute = true;
    }
    // Who is not heard makes nobody step back.
    for (int k = 0; k < GRM_DUCKS; k++)
        if (d->duck[k].source >= 0 && d->stems[d->duck[k].source].mute) d->duck[k].source = -1;
}

static grm_status decide(desk *d, const grm_strips *strips, size_t stage, grm_mix_decision *out, grm_error *err) {
    grm_stem_facts *facts = calloc(d->stems->count + 1, sizeof *facts);
    grm_status status = facts ? GRM_OK : grm_fail_memory(err);
    if (!status) status = grm_stems_measure(d->run, d->stems, d->total, stage, facts, err);
    if (!status && d->plan->foreign) status = grm_stems_find_twins(d->run, d->stems, d->total, facts, err);
    if (!status) status = grm_mix_decide(d->stems, d->plan, facts, strips, d->run->profile, out, err);
    if (!status && d->plan->changes) {
        apply_changes(d->plan->changes, out);
        float room = grm_mix_headroom_db(out, facts);  // what came up may need more of it
        if (room < out->gain_db) out->gain_db = room;
    }
    grm_stem_facts_free(facts, d->stems->count);
    return status;
}

// The plain sum: what lowers all of it, if it would be too loud.
static grm_status decide_dry(desk *d, grm_mix_decision *out, grm_error *err) {
    size_t stems = d->stems->count;
    *out = (grm_mix_decision){.count = stems, .space_rate_hz = GRM_RATE, .duck = {{.source = -1}, {.source = -1}}};
    out->room = out->hall = (grm_reverb_plan){.lines = 8, .rt60_s = 1, .high_ratio = 0.5f, .size_ms = 30};
    out->delay = (grm_echo_plan){.time_s = 0.375, .feedback = 0.38f, .low_cut_hz = 240, .high_cut_hz = 4800};
    out->stems = calloc(stems + 1, sizeof *out->stems);
    float *x[2] = {grm_floats_new(GRM_MIX_BLOCK), grm_floats_new(GRM_MIX_BLOCK)};
    float *sum[2] = {grm_floats_new(GRM_MIX_BLOCK), grm_floats_new(GRM_MIX_BLOCK)}, peak = 0;
    grm_status status = out->stems && x[0] && x[1] && sum[0] && sum[1] ? GRM_OK : grm_fail_memory(err);
    for (size_t i = 0; i < stems && !status; i++) out->stems[i] = (grm_stem_plan){.width = 1, .audible = -1};
    if (!status) apply_changes(d->plan->changes, out);
    for (size_t at = 0; at < d->total && !status; at += GRM_MIX_BLOCK) {
        size_t frames = d->total - at < GRM_MIX_BLOCK ? d->total - at : GRM_MIX_BLOCK;
        for (int side = 0; side < 2; side++) memset(sum[side], 0, frames * sizeof(float));
        for (size_t i = 0; i < stems && !status; i++) {
            const grm_stem_plan *p = &out->stems[i];
            double angle = (p->pan + 1) * GRM_PI / 4, gain = pow(10, p->fader_db / 20) * sqrt(2);
            if (p->mute) continue;
            status = grm_tape_read(d->stems->items[i].dry, at, frames, x, err);
            grm_add_ramp(sum[0], x[0], frames, (float)(gain * cos(angle)), (float)(gain * cos(angle)));
            grm_add_ramp(sum[1], x[1], frames, (float)(gain * sin(angle)), (float)(gain * sin(angle)));
        }
        peak = fmaxf(peak, fmaxf(grm_peak(sum[0], frames), grm_peak(sum[1], frames)));
        if (!status) status = grm_run_check(d->run, err);
    }
    if (peak > ceiling) out->gain_db = (float)(floor(2000 * log10((double)ceiling / (double)peak)) / 100);
    for (int side = 0; side < 2; side++) {
        free(sum[side]);
        free(x[side]);
    }
    return status;
}

static grm_status decide_somehow(desk *d, const grm_strips *strips, size_t stage, grm_mix_decision *out,
                                 grm_error *err) {
    grm_status status;
    if (d->plan->session) {
        status = grm_mix_decisions_read(d->plan->session, d->plan->session_name, d->stems, out, err);
        if (!status) apply_changes(d->plan->changes, out);
    } else if (d->plan->dry) {
        status = decide_dry(d, out, err);
    } else {
        status = decide(d, strips, stage, out, err);
    }
    if (!status) grm_mix_settle(out);
    return status;
}

grm_status grm_mix_run(const grm_run *run, const grm_stems *stems, const grm_mix_plan *plan, grm_mix_sink *sink,
                       void *sink_context, size_t stage, json_t **decisions, grm_error *err) {
    grm_strips *strips = NULL;
    grm_mix_decision decision = {0};
    desk d = {.run = run, .stems = stems, .plan = plan, .sink = sink, .sink_context = sink_context};
    d.decision = &decision;
    d.total = length_of(stems);
    grm_status status = check_stems(stems, plan, err);
    if (!status) status = grm_strips_load(&strips, err);
    if (!status) status = decide_somehow(&d, strips, stage, &decision, err);
    if (!status) status = desk_open(&d, err);
    if (!status) status = run_desk(&d, stage, err);
    if (!status && decisions && !(*decisions = grm_mix_decisions_json(stems, &decision, d.deepest)))
        status = grm_fail_memory(err);
    if (!status) grm_progress_step(run->progress, stage, 1);
    desk_close(&d);
    free(decision.stems);
    grm_strips_free(strips);
    return status;
}
