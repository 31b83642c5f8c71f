// One stem's way through the desk: trim, equaliser, expander, compressor, transients, exciter, saturation, tape, width,
// fader and pan, then its own room, hall and echoes. Sends are linear, so a stem with its own instances sounds as it
// would through shared ones, and the stems add up to the mix. A few channels run side by side, tile by tile: filters
// wait for their own results most of the time, and do the others' work meanwhile.
#include <stdlib.h>
#include <string.h>

#include "mix/internal.h"

struct grm_channel {
    const grm_mix_decision *decision;
    const grm_stem_plan *plan;
    double rate_hz;
    float trim, left, right;  // gains before and after the strip
    float duck[GRM_DUCKS];    // what is taken away when a duck is at its deepest
    size_t latency;
    grm_cascade eq, send_eq;
    grm_gate expander;
    grm_compressor compressor;
    grm_transient transient;
    grm_exciter exciter;
    grm_saturator saturator;
    grm_cascade dip;  // what of the sound lies in it
    float dip_depth;  // what is taken away of that
    grm_wobble *wobble;
    grm_stereo stereo;
    bool half;  // the spaces run at half the rate: they are dark, and nothing of them is lost by it
    grm_half_rate half_rate;
    grm_reverb *room, *hall;
    grm_echo *echo;
    size_t quiet;                                    // frames since anything went in
    size_t send_quiet;                               // frames since anything was sent
    bool spaces_clear, rings;                        // rings: the strip has something to do in this tile
    float ride, room_level, hall_level, echo_level;  // where the last tile left them
    float send[2][GRM_MIX_TILE], scaled[2][GRM_MIX_TILE], returned[2][GRM_MIX_TILE];
};

static const float nothing = 1e-6f;  // -120 dBFS

// What holds for all channels during a tile.
typedef struct moment {
    size_t frames;
    const float *duck[GRM_DUCKS];
    float energy;
    bool let_out;
} moment;

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
    double angle = (p->pan + 1) * GRM_PI / 4, fader = grm_db_to_gain(p->fader_db + decision->gain_db);
    c->left = (float)(sqrt(2) * cos(angle) * fader);
    c->right = (float)(sqrt(2) * sin(angle) * fader);
    c->duck[GRM_DUCK_KICK] = 1 - grm_db_to_gain(-p->duck_db);
    c->duck[GRM_DUCK_VOICE] = 1 - grm_db_to_gain(-p->voice_db);
    c->quiet = c->send_quiet = SIZE_MAX / 2;
    c->spaces_clear = true;
    grm_filter cells[GRM_CASCADE_CELLS];
    for (size_t i = 0; i < p->cell_count; i++)
        cells[i] = grm_filter_design(p->cells[i].type, rate_hz, p->cells[i].hz, p->cells[i].q, p->cells[i].db);
    grm_cascade_init(&c->eq, cells, p->cell_count);
    grm_gate_init(&c->expander, &p->expander, rate_hz);
    if (p->dip.db > 0) {
        cells[0] = grm_filter_design(GRM_FILTER_BANDPASS, rate_hz, p->dip.hz, p->dip.q, 0);
        grm_cascade_init(&c->dip, cells, 1);
        c->dip_depth = 1 - grm_db_to_gain(-p->dip.db);
    }
    grm_compressor_init(&c->compressor, &p->compressor, rate_hz);
    grm_transient_init(&c->transient, p->transient.attack_db, p->transient.sustain_db, rate_hz);
    if (p->exciter.amount > 0) {
        grm_exciter_init(&c->exciter, rate_hz, p->exciter.hz, p->exciter.drive_db, p->exciter.amount);
        c->latency += GRM_OVER_LATENCY;
    }
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

// 1 + (g - 1) times a bandpass is a bell with the gain g at its middle, and g may move.
static void dip(grm_channel *c, float *left, float *right, size_t frames, const float *voice) {
    float band[2][GRM_MIX_TILE];
    memcpy(band[0], left, frames * sizeof *left);
    memcpy(band[1], right, frames * sizeof *right);
    grm_cascade_run(&c->dip, band[0], band[1], frames);
    for (size_t at = 0; at < frames; at += GRM_DUCK_HOP, voice++) {
        size_t count = frames - at < GRM_DUCK_HOP ? frames - at : GRM_DUCK_HOP;
        float less = c->dip_depth * voice[0], step = c->dip_depth * (voice[1] - voice[0]) / GRM_DUCK_HOP;
        for (size_t i = 0; i < count; i++) {
            float now = less + step * (float)(int)i;
            left[at + i] -= now * band[0][at + i];
            right[at + i] -= now * band[1][at + i];
        }
    }
}

// Fader, ride, ducking and pan.
static void place(grm_channel *c, float *left, float *right, size_t frames, const moment *m, float ride_to) {
    float slope = (ride_to - c->ride) / (float)frames;
    const float *kick = m->duck[GRM_DUCK_KICK], *voice = m->duck[GRM_DUCK_VOICE];
    for (size_t at = 0; at < frames; at += GRM_DUCK_HOP, kick++, voice++) {
        size_t count = frames - at < GRM_DUCK_HOP ? frames - at : GRM_DUCK_HOP;
        float a = 1 - c->duck[GRM_DUCK_KICK] * kick[0], a_end = 1 - c->duck[GRM_DUCK_KICK] * kick[1];
        float b = 1 - c->duck[GRM_DUCK_VOICE] * voice[0], b_end = 1 - c->duck[GRM_DUCK_VOICE] * voice[1];
        float from = a * b, step = (a_end * b_end - from) / GRM_DUCK_HOP, ride = c->ride + slope * (float)at;
        for (size_t i = 0; i < count; i++) {
            float n = (float)(int)i, gain = (ride + slope * n) * (from + step * n);
            left[at + i] *= c->left * gain;
            right[at + i] *= c->right * gain;
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

// What the strip left in wet, at the spaces' rate, to send. An odd frame can only be the last of all; what is missing
// is silence.
static size_t take_send(grm_channel *c, float *const *wet, size_t frames) {
    if (!c->half) {
        for (int side = 0; side < 2; side++) memcpy(c->send[side], wet[side], frames * sizeof(float));
        return frames;
    }
    size_t low = (frames + 1) / 2;
    grm_half_rate_down(&c->half_rate, (const float *const[]){wet[0], wet[1]}, (float *const[]){c->send[0], c->send[1]},
                       frames - frames % 2);
    for (int side = 0; frames % 2 && side < 2; side++) c->send[side][low - 1] = 0;
    return low;
}

// What was sent and equalised, through all three, at their rate.
static void run_spaces(grm_channel *c, float *const *out, size_t frames, const moment *m) {
    const grm_stem_plan *p = c->plan;
    const float *const scaled[2] = {c->scaled[0], c->scaled[1]};
    // Calm sections have more hall about them, lively ones less.
    float more = grm_db_to_gain(-1.5f * m->energy);
    if (c->room) {
        scale_send(c, frames, &c->room_level, p->room);
        grm_reverb_run(c->room, scaled, out, frames);
    }
    if (c->hall) {
        scale_send(c, frames, &c->hall_level, p->hall * more);
        grm_reverb_run(c->hall, scaled, out, frames);
    }
    if (c->echo) {
        scale_send(c, frames, &c->echo_level, p->delay * (m->let_out ? 1.6f : 1));
        grm_echo_run(c->echo, scaled, out, frames);
    }
}

// Adds what comes back of it to wet, at its rate.
static void add_spaces(grm_channel *c, float *const *wet, size_t frames, const moment *m) {
    if (!c->half) {
        run_spaces(c, wet, frames, m);
        return;
    }
    size_t low = (frames + 1) / 2;
    for (int side = 0; side < 2; side++) memset(c->returned[side], 0, low * sizeof(float));
    float *const returned[2] = {c->returned[0], c->returned[1]};
    run_spaces(c, returned, low, m);
    grm_half_rate_up(&c->half_rate, (const float *const *)returned, wet, frames - frames % 2);
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

// Trim and equaliser of all, side by side, then what each has beyond that.
static void run_strips(grm_channel *const *c, float *const (*wet)[2], size_t count, size_t frames) {
    grm_cascade *eq[GRM_MIX_BESIDE];
    float *left[GRM_MIX_BESIDE], *right[GRM_MIX_BESIDE];
    for (size_t k = 0; k < count; k++) {
        eq[k] = &c[k]->eq;
        left[k] = wet[k][0];
        right[k] = wet[k][1];
        grm_scale(left[k], frames, c[k]->trim);
        grm_scale(right[k], frames, c[k]->trim);
    }
    grm_cascades_run(eq, left, right, count, frames);
    for (size_t k = 0; k < count; k++) {
        const grm_stem_plan *p = c[k]->plan;
        if (p->expander.ratio > 1) grm_gate_run(&c[k]->expander, wet[k], NULL, frames);
        if (p->compressor.ratio > 1) grm_compressor_run(&c[k]->compressor, wet[k], NULL, frames);
        if (p->transient.attack_db != 0 || p->transient.sustain_db != 0)
            grm_transient_run(&c[k]->transient, wet[k], frames);
        if (p->exciter.amount > 0) grm_exciter_run(&c[k]->exciter, left[k], right[k], frames);
        if (p->drive > 0) grm_saturator_run(&c[k]->saturator, left[k], right[k], frames);
        if (c[k]->wobble) grm_wobble_run(c[k]->wobble, left[k], right[k], frames);
        if (!p->one_sound) grm_stereo_run(&c[k]->stereo, left[k], right[k], frames);
    }
}

// The strips of one tile. Where nothing has come in for so long that a strip has rung out, nothing is worked out.
static void run_dry(grm_channel *const *c, float *const (*wet)[2], size_t count, const moment *m) {
    grm_channel *at_work[GRM_MIX_BESIDE];
    float *planes[GRM_MIX_BESIDE][2];
    size_t working = 0;
    for (size_t k = 0; k < count; k++) {
        bool sound = grm_peak(wet[k][0], m->frames) > nothing || grm_peak(wet[k][1], m->frames) > nothing;
        c[k]->quiet = sound ? 0 : c[k]->quiet + m->frames;
        c[k]->rings = c[k]->quiet < (size_t)(0.4 * c[k]->rate_hz) + c[k]->latency;
        if (!c[k]->rings) continue;
        planes[working][0] = wet[k][0];
        planes[working][1] = wet[k][1];
        at_work[working++] = c[k];
    }
    run_strips(at_work, (float *const(*)[2])planes, working, m->frames);
    for (size_t k = 0; k < count; k++) {
        float ride_to = grm_db_to_gain(c[k]->plan->ride_db * m->energy);
        if (c[k]->ride == 0) c[k]->ride = ride_to;
        if (c[k]->rings) {
            if (c[k]->dip_depth > 0) dip(c[k], wet[k][0], wet[k][1], m->frames, m->duck[GRM_DUCK_VOICE]);
            place(c[k], wet[k][0], wet[k][1], m->frames, m, ride_to);
            c[k]->send_quiet = 0;
            continue;
        }
        for (int side = 0; side < 2; side++) memset(wet[k][side], 0, m->frames * sizeof(float));
        if (c[k]->wobble) grm_wobble_skip(c[k]->wobble, m->frames);
        c[k]->ride = ride_to;
        c[k]->send_quiet += m->frames;
    }
}

static void run_wet(grm_channel *const *c, float *const (*wet)[2], size_t count, const moment *m) {
    grm_channel *at_work[GRM_MIX_BESIDE];
    grm_cascade *eq[GRM_MIX_BESIDE];
    float *const *planes[GRM_MIX_BESIDE], *left[GRM_MIX_BESIDE], *right[GRM_MIX_BESIDE];
    size_t working = 0, frames = 0;
    for (size_t k = 0; k < count; k++) {
        if (!c[k]->room && !c[k]->hall && !c[k]->echo) continue;
        if (c[k]->send_quiet > longest_tail(c[k])) {
            clear_spaces(c[k]);
            continue;
        }
        c[k]->spaces_clear = false;
        frames = take_send(c[k], wet[k], m->frames);
        eq[working] = &c[k]->send_eq;
        left[working] = c[k]->send[0];
        right[working] = c[k]->send[1];
        planes[working] = wet[k];
        at_work[working++] = c[k];
    }
    grm_cascades_run(eq, left, right, working, frames);
    for (size_t k = 0; k < working; k++) add_spaces(at_work[k], planes[k], m->frames, m);
}

// What saturation and tape delay is read that much earlier; what comes out of it lies before the beginning.
static grm_status skip_latency(grm_channel *c, const grm_stem *stem, float *const *wet, grm_error *err) {
    if (c->latency == 0) return GRM_OK;
    grm_status status = grm_tape_read(stem->dry, 0, c->latency, wet, err);
    float *const planes[1][2] = {{wet[0], wet[1]}};
    if (!status) run_strips(&c, planes, 1, c->latency);
    return status;
}

grm_status grm_channels_run(grm_channel *const *channels, const grm_stem *stems, size_t count, size_t start,
                            size_t frames, const float *const duck[GRM_DUCKS], float *const (*wet)[2], grm_error *err) {
    grm_channel *playing[GRM_MIX_BESIDE];
    float *const *planes[GRM_MIX_BESIDE];
    size_t count_playing = 0;
    for (size_t k = 0; k < count; k++) {
        grm_status status = GRM_OK;
        if (channels[k]->plan->mute) {
            for (int side = 0; side < 2; side++) memset(wet[k][side], 0, frames * sizeof(float));
            continue;
        }
        if (start == 0) status = skip_latency(channels[k], &stems[k], wet[k], err);
        if (!status) status = grm_tape_read(stems[k].dry, start + channels[k]->latency, frames, wet[k], err);
        if (status) return status;
        planes[count_playing] = wet[k];
        playing[count_playing++] = channels[k];
    }
    unsigned mode = grm_denormals_flush();
    for (size_t at = 0; at < frames && count_playing; at += GRM_MIX_TILE) {
        size_t length = frames - at < GRM_MIX_TILE ? frames - at : GRM_MIX_TILE;
        double middle = ((double)(start + at) + 0.5 * (double)length) / playing[0]->rate_hz;
        const grm_mix_decision *d = playing[0]->decision;
        moment m = {.frames = length, .energy = grm_ride_at(d, middle), .let_out = grm_throw_at(d, middle)};
        for (int k = 0; k < GRM_DUCKS; k++) m.duck[k] = duck[k] + at / GRM_DUCK_HOP;
        float *tile[GRM_MIX_BESIDE][2];
        for (size_t k = 0; k < count_playing; k++)
            for (int side = 0; side < 2; side++) tile[k][side] = planes[k][side] + at;
        run_dry(playing, (float *const(*)[2])tile, count_playing, &m);
        run_wet(playing, (float *const(*)[2])tile, count_playing, &m);
    }
    grm_denormals_restore(mode);
    return GRM_OK;
}
