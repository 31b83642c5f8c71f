// One stem's way through the desk: trim, equaliser, compressor, saturation, tape, width, fader and pan, then its own
// room, hall and echoes. Sends are linear, so a stem with its own instances sounds as it would through shared ones, and
// the stems add up to the mix.
#include <stdlib.h>
#include <string.h>

#include "mix/internal.h"

struct grm_channel {
    const grm_mix_decision *decision;
    const grm_stem_plan *plan;
    double rate_hz;
    float trim, fader;
    size_t latency;
    grm_cascade eq, send_eq;
    grm_compressor compressor;
    grm_saturator saturator;
    grm_wobble *wobble;
    grm_stereo stereo;
    bool half;  // the spaces run at half the rate: they are dark, and nothing of them is lost by it
    grm_half_rate half_rate;
    grm_reverb *room, *hall;
    grm_echo *echo;
    size_t quiet;       // frames since anything went in
    size_t send_quiet;  // frames since anything was sent
    bool spaces_clear;
    float ride, room_level, hall_level, echo_level;  // where the last tile left them
    float send[2][GRM_MIX_TILE], scaled[2][GRM_MIX_TILE], returned[2][GRM_MIX_TILE];
};

static const float nothing = 1e-6f;  // -120 dBFS

static grm_status open_spaces(grm_channel *c, grm_error *err) {
    const grm_mix_decision *d = c->decision;
    double rate_hz = d->space_rate_hz;
    c->half = rate_hz < c->rate_hz;
    grm_half_rate_init(&c->half_rate);
    grm_filter cells[] = {grm_filter_design(GRM_FILTER_HIGHPASS, rate_hz, 190, 0.7071, 0),
                          grm_filter_design(GRM_FILTER_LOWPASS, rate_hz, 9500, 0.7071, 0)};
    grm_cascade_init(&c->send_eq, cells, GRM_COUNT(cells));
    grm_status status = GRM_OK;
    if (c->plan->room > 0) status = grm_reverb_new(&d->room, rate_hz, &c->room, err);
    if (!status && c->plan->hall > 0) status = grm_reverb_new(&d->hall, rate_hz, &c->hall, err);
    if (!status && c->plan->delay > 0) status = grm_echo_new(&d->delay, rate_hz, &c->echo, err);
    return status;
}

grm_status grm_channel_new(const grm_mix_decision *decision, size_t stem, double rate_hz, grm_channel **out,
                           grm_error *err) {
    *out = NULL;
    grm_channel *c = calloc(1, sizeof *c);
    if (!c) return grm_fail_memory(err);
    const grm_stem_plan *p = &decision->stems[stem];
    c->decision = decision;
    c->plan = p;
    c->rate_hz = rate_hz;
    c->trim = grm_db_to_gain(p->trim_db);
    c->fader = grm_db_to_gain(p->fader_db + decision->gain_db);
    c->quiet = c->send_quiet = SIZE_MAX / 2;
    c->spaces_clear = true;
    grm_filter cells[GRM_CASCADE_CELLS];
    for (size_t i = 0; i < p->cell_count; i++)
        cells[i] = grm_filter_design(p->cells[i].type, rate_hz, p->cells[i].hz, p->cells[i].q, p->cells[i].db);
    grm_cascade_init(&c->eq, cells, p->cell_count);
    grm_compressor_init(&c->compressor, &p->compressor, rate_hz);
    grm_stereo_init(&c->stereo, rate_hz, p->width, p->mono_hz);
    grm_status status = GRM_OK;
    if (p->drive > 0) {
        grm_saturator_init(&c->saturator, p->drive);
        c->latency += GRM_SATURATOR_LATENCY;
    }
    if (p->wobble > 0) {
        status = grm_wobble_new(rate_hz, p->wobble, &c->wobble, err);
        if (!status) c->latency += grm_wobble_latency(c->wobble);
    }
    if (!status && !p->mute) status = open_spaces(c, err);
    if (status) {
        grm_channel_free(c);
        return status;
    }
    *out = c;
    return GRM_OK;
}

void grm_channel_free(grm_channel *channel) {
    if (!channel) return;
    grm_echo_free(channel->echo);
    grm_reverb_free(channel->hall);
    grm_reverb_free(channel->room);
    grm_wobble_free(channel->wobble);
    free(channel);
}

// Fader, ride, ducking and pan. duck: points every GRM_DUCK_HOP frames.
static void place(grm_channel *c, float *left, float *right, size_t frames, const float *duck, float ride_to) {
    float depth = 1 - c->plan->duck, gl = c->fader * c->plan->left, gr = c->fader * c->plan->right;
    float slope = (ride_to - c->ride) / (float)frames;
    for (size_t at = 0; at < frames; at += GRM_DUCK_HOP, duck++) {
        size_t count = frames - at < GRM_DUCK_HOP ? frames - at : GRM_DUCK_HOP;
        float down = (duck[1] - duck[0]) / GRM_DUCK_HOP, from = duck[0], ride = c->ride + slope * (float)at;
        for (size_t i = 0; i < count; i++) {
            float n = (float)(int)i, gain = (ride + slope * n) * (1 - depth * (from + down * n));
            left[at + i] *= gl * gain;
            right[at + i] *= gr * gain;
        }
    }
    c->ride = ride_to;
}

static void scale_send(grm_channel *c, size_t frames, float *from, float to) {
    for (int side = 0; side < 2; side++) {
        memset(c->scaled[side], 0, frames * sizeof(float));
        grm_add_ramp(c->scaled[side], c->send[side], frames, *from, to);
    }
    *from = to;
}

// What was sent, through all three, at their rate.
static void run_spaces(grm_channel *c, float *const *wet, size_t frames, float energy, bool let_out) {
    const grm_stem_plan *p = c->plan;
    grm_cascade_run(&c->send_eq, c->send[0], c->send[1], frames);
    const float *const scaled[2] = {c->scaled[0], c->scaled[1]};
    // Calm sections have more hall about them, lively ones less.
    float more = grm_db_to_gain(-1.5f * energy);
    if (c->room) {
        scale_send(c, frames, &c->room_level, p->room);
        grm_reverb_run(c->room, scaled, wet, frames);
    }
    if (c->hall) {
        scale_send(c, frames, &c->hall_level, p->hall * more);
        grm_reverb_run(c->hall, scaled, wet, frames);
    }
    if (c->echo) {
        scale_send(c, frames, &c->echo_level, p->delay * (let_out ? 1.6f : 1));
        grm_echo_run(c->echo, scaled, wet, frames);
    }
}

// The same around frames at the full rate. An odd one can only be the last of all; what is missing is silence.
static void run_spaces_at_half_rate(grm_channel *c, float *const *wet, size_t frames, float energy, bool let_out) {
    const float *const dry[2] = {wet[0], wet[1]};
    size_t whole = frames - frames % 2, low = (frames + 1) / 2;
    grm_half_rate_down(&c->half_rate, dry, (float *const[]){c->send[0], c->send[1]}, whole);
    for (int side = 0; side < 2; side++) {
        if (frames % 2) c->send[side][low - 1] = 0;
        memset(c->returned[side], 0, low * sizeof(float));
    }
    float *const returned[2] = {c->returned[0], c->returned[1]};
    run_spaces(c, returned, low, energy, let_out);
    grm_half_rate_up(&c->half_rate, (const float *const *)returned, wet, whole);
}

// In frames of the stem.
static size_t longest_tail(const grm_channel *c) {
    size_t tail = 0;
    if (c->room) tail = grm_reverb_tail(c->room);
    if (c->hall && grm_reverb_tail(c->hall) > tail) tail = grm_reverb_tail(c->hall);
    if (c->echo && grm_echo_tail(c->echo) > tail) tail = grm_echo_tail(c->echo);
    return c->half ? 2 * tail + GRM_HALF_RATE_LATENCY : tail;
}

static void clear_spaces(grm_channel *c) {
    if (c->spaces_clear) return;
    if (c->room) grm_reverb_reset(c->room);
    if (c->hall) grm_reverb_reset(c->hall);
    if (c->echo) grm_echo_reset(c->echo);
    grm_half_rate_init(&c->half_rate);
    c->spaces_clear = true;
}

static void run_strip(grm_channel *c, float *left, float *right, size_t frames) {
    grm_scale(left, frames, c->trim);
    grm_scale(right, frames, c->trim);
    grm_cascade_run(&c->eq, left, right, frames);
    if (c->plan->compressor.ratio > 1) grm_compressor_run(&c->compressor, (float *[]){left, right}, NULL, frames);
    if (c->plan->drive > 0) grm_saturator_run(&c->saturator, left, right, frames);
    if (c->wobble) grm_wobble_run(c->wobble, left, right, frames);
    grm_stereo_run(&c->stereo, left, right, frames);
}

// A tile in place. Where nothing has come in for so long that the strip has rung out, nothing is worked out.
static void run_tile(grm_channel *c, float *left, float *right, size_t frames, const float *duck, float energy,
                     bool let_out) {
    float *const wet[2] = {left, right};
    bool sound = grm_peak(left, frames) > nothing || grm_peak(right, frames) > nothing;
    c->quiet = sound ? 0 : c->quiet + frames;
    float ride_to = grm_db_to_gain(c->plan->ride_db * energy);
    if (c->ride == 0) c->ride = ride_to;
    if (c->quiet < (size_t)(0.4 * c->rate_hz) + c->latency) {
        run_strip(c, left, right, frames);
        place(c, left, right, frames, duck, ride_to);
        c->send_quiet = 0;
    } else {
        memset(left, 0, frames * sizeof *left);
        memset(right, 0, frames * sizeof *right);
        if (c->wobble) grm_wobble_skip(c->wobble, frames);
        c->ride = ride_to;
        c->send_quiet += frames;
    }
    if (!c->room && !c->hall && !c->echo) return;
    if (c->send_quiet > longest_tail(c)) {
        clear_spaces(c);
        return;
    }
    c->spaces_clear = false;
    if (c->half) {
        run_spaces_at_half_rate(c, wet, frames, energy, let_out);
        return;
    }
    memcpy(c->send[0], left, frames * sizeof *left);
    memcpy(c->send[1], right, frames * sizeof *right);
    run_spaces(c, wet, frames, energy, let_out);
}

grm_status grm_channel_run(grm_channel *c, const grm_stem *stem, const grm_mix_plan *plan, size_t start, size_t frames,
                           const float *duck, float *const *wet, grm_error *err) {
    if (c->plan->mute) {
        for (int side = 0; side < 2; side++) memset(wet[side], 0, frames * sizeof(float));
        return GRM_OK;
    }
    // What saturation and tape delay is read that much earlier.
    size_t skip = start == 0 ? c->latency : 0;
    if (skip) {
        grm_status status = grm_tape_read(stem->dry, 0, skip, wet, err);
        if (status) return status;
        run_strip(c, wet[0], wet[1], skip);  // what comes out of it lies before the beginning
    }
    grm_status status = grm_tape_read(stem->dry, start + c->latency, frames, wet, err);
    if (status) return status;
    unsigned mode = grm_denormals_flush();
    for (size_t at = 0; at < frames; at += GRM_MIX_TILE) {
        size_t count = frames - at < GRM_MIX_TILE ? frames - at : GRM_MIX_TILE;
        double middle = ((double)(start + at) + 0.5 * (double)count) / c->rate_hz;
        run_tile(c, wet[0] + at, wet[1] + at, count, duck + at / GRM_DUCK_HOP, grm_ride_at(plan, middle),
                 grm_throw_at(plan, middle));
    }
    grm_denormals_restore(mode);
    return GRM_OK;
}
