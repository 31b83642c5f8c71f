#include "meter/level_channel.h"

#include <stdlib.h>
#include <string.h>

enum { TILE = GRM_LEVEL_TILE, CONTEXT = GRM_LEVEL_CONTEXT, SHORTEST_CLIP = 3 };
static const float clip_level = 0.98f, silence_level = 1e-3f;

void grm_level_channel_init(grm_level_channel *c, size_t second) {
    *c = (grm_level_channel){.second = second};
}

void grm_level_channel_free(grm_level_channel *c) {
    free(c->true_peaks);
}

static bool grow(grm_level_channel *c, size_t seconds) {
    if (seconds > c->room) {
        size_t room = c->room ? 2 * c->room : 1024;
        if (room < seconds) room = seconds;
        float *larger = realloc(c->true_peaks, room * sizeof *larger);
        if (!larger) return false;
        c->true_peaks = larger;
        c->room = room;
    }
    while (c->seconds < seconds) c->true_peaks[c->seconds++] = 0;
    return true;
}

// The tile is full: what goes through the meter is GRM_PEAK_MARGIN frames old.
static bool take_peaks(grm_level_channel *c, const grm_peak_meter *meter) {
    if (!grow(c, (c->peaked + TILE - 1) / c->second + 1)) return false;
    for (size_t at = 0; at < TILE;) {
        size_t now = (c->peaked + at) / c->second, left = (now + 1) * c->second - c->peaked - at;
        size_t hops = (left + GRM_PEAK_HOP - 1) / GRM_PEAK_HOP;
        if (hops > (TILE - at) / GRM_PEAK_HOP) hops = (TILE - at) / GRM_PEAK_HOP;
        grm_peak_meter_raise(meter, c->tile + GRM_PEAK_MARGIN + at, hops, &c->true_peaks[now]);
        at += hops * GRM_PEAK_HOP;
    }
    c->peaked += TILE;
    memmove(c->tile, c->tile + TILE, CONTEXT * sizeof *c->tile);
    c->filled = 0;
    return true;
}

static void end_run(grm_level_channel *c) {
    if (c->run >= SHORTEST_CLIP) c->clipped += c->run;
    c->run = 0;
}

static void look_for_clips(grm_level_channel *c, const float *x, size_t frames) {
    enum { STRETCH = 32 };
    for (size_t i = 0; i < frames; i++) {
        if (!c->run && i % STRETCH == 0 && i + STRETCH <= frames && grm_peak(x + i, STRETCH) < clip_level) {
            i += STRETCH - 1;  // nothing begins here
            continue;
        }
        if (c->run && x[i] != c->extreme) end_run(c);
        if (fabsf(x[i]) >= clip_level) {
            c->extreme = x[i];
            c->run++;
        }
    }
}

static void look_for_bits(grm_level_channel *c, const float *x, size_t frames) {
    uint32_t bits = 0, beyond = 0;
    for (size_t i = 0; i < frames; i++) {
        float scaled = x[i] * 0x1p23f;
        scaled = scaled > 0x1p30f ? 0.5f : scaled < -0x1p30f ? 0.5f : scaled;  // too large: not held either
        int32_t whole = (int32_t)scaled;
        bits |= (uint32_t)whole;
        beyond |= (float)whole != scaled;
    }
    c->bits |= bits;
    c->beyond_24 |= beyond != 0;
}

static void look_for_silence(grm_level_channel *c, const float *x, size_t frames) {
    size_t i = frames;
    while (!(fabsf(x[i - 1]) > silence_level)) i--;
    c->last = c->frames + i;
    if (c->first) return;
    for (i = 0; !(fabsf(x[i]) > silence_level);) i++;
    c->first = c->frames + i + 1;
}

static double sum_of(const float *x, size_t frames) {
    enum { LANES = 8 };
    float lane[LANES] = {0};
    double sum = 0;
    size_t i = 0;
    for (; i + LANES <= frames; i += LANES)
        for (size_t k = 0; k < LANES; k++) lane[k] += x[i + k];
    for (; i < frames; i++) sum += x[i];
    for (size_t k = 0; k < LANES; k++) sum += lane[k];
    return sum;
}

static void hear_tile(grm_level_channel *c, const float *x, size_t frames) {
    float peak = grm_peak(x, frames);
    c->sum += sum_of(x, frames);
    c->power += grm_power(x, frames) * (double)frames;
    if (peak > c->peak) c->peak = peak;
    if (peak >= clip_level)
        look_for_clips(c, x, frames);
    else
        end_run(c);
    if (!c->beyond_24) look_for_bits(c, x, frames);
    if (peak > silence_level) look_for_silence(c, x, frames);
    c->frames += frames;
}

bool grm_level_channel_hear(grm_level_channel *c, const grm_peak_meter *meter, const float *x, size_t frames) {
    while (frames > 0) {
        size_t count = TILE - c->filled < frames ? TILE - c->filled : frames;
        memcpy(c->tile + CONTEXT + c->filled, x, count * sizeof *x);
        hear_tile(c, x, count);
        c->filled += count;
        x += count;
        frames -= count;
        if (c->filled == TILE && !take_peaks(c, meter)) return false;
    }
    return true;
}

bool grm_level_channel_end(grm_level_channel *c, const grm_peak_meter *meter) {
    end_run(c);
    for (int rest = 0; rest < 2; rest++) {  // the second for what the meter still holds
        memset(c->tile + CONTEXT + c->filled, 0, (TILE - c->filled) * sizeof *c->tile);
        if (!take_peaks(c, meter)) return false;
    }
    return true;
}

unsigned grm_level_channel_bits(const grm_level_channel *c) {
    if (c->beyond_24) return 32;
    unsigned bits = 24;
    while (bits > 1 && !(c->bits >> (24 - bits) & 1)) bits--;
    return bits;
}
