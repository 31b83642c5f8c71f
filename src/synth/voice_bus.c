// What a whole part goes through: filters, drive, a coarse converter, formants, tremolo, chorus, a small room.
#include <stdlib.h>
#include <string.h>

#include "synth/voice_engine.h"

enum { CHORUS_SIZE = 2048, ROOM_LINES = 8, ROOM_SIZE = 2048 };

// Delays of the room's lines in frames: primes between 7 and 29 ms.
static const unsigned room_delays[ROOM_LINES] = {347, 449, 563, 677, 811, 977, 1151, 1373};

typedef struct room {
    float line[ROOM_LINES][ROOM_SIZE];
    float damp[ROOM_LINES], feedback[ROOM_LINES];
    size_t at;
    float level;
} room;

typedef struct chorus {
    float delay[2][CHORUS_SIZE];
    size_t at;
    double slow, fast;  // LFO phases, turns
} chorus;

struct grm_bus {
    grm_bus_preset preset;
    grm_svf_tuning highpass_tuning, lowpass_tuning, formant_tuning[GRM_MAX_FORMANTS];
    float drive;
    grm_svf highpass[2], lowpass[2], formants[2][GRM_MAX_FORMANTS];
    float formant_level[GRM_MAX_FORMANTS];
    grm_softener softener[2];
    float hold_phase, held[2];
    double tremolo_phase;
    float tremolo[2];
    chorus *chorus;
    room *room;
};

static void run_drive(grm_bus *b, size_t frames, float *left, float *right) {
    grm_soften(&b->softener[0], b->drive, frames, left);
    grm_soften(&b->softener[1], b->drive, frames, right);
}

// Sample and hold, then steps of a short word, as samplers of the eighties had them.
static void run_converter(grm_bus *b, size_t frames, float *left, float *right) {
    float levels = b->preset.bits > 0 ? exp2f(b->preset.bits - 1) : 0;
    float step = b->preset.hold_hz > 0 ? b->preset.hold_hz / GRM_RATE : 1;
    for (size_t i = 0; i < frames; i++) {
        b->hold_phase += step;
        if (b->hold_phase >= 1) {
            b->hold_phase -= 1;
            b->held[0] = levels > 0 ? rintf(left[i] * levels) / levels : left[i];
            b->held[1] = levels > 0 ? rintf(right[i] * levels) / levels : right[i];
        }
        left[i] = b->held[0];
        right[i] = b->held[1];
    }
}

static void run_formants(grm_bus *b, size_t frames, float *left, float *right) {
    float dry = 1 - b->preset.formant_mix, wet = b->preset.formant_mix;
    for (int channel = 0; channel < 2; channel++) {
        float *x = channel ? right : left;
        for (size_t i = 0; i < frames; i++) {
            float sum = 0;
            for (size_t f = 0; f < b->preset.formant_count; f++)
                sum += b->formant_level[f] * grm_svf_next(&b->formants[channel][f], x[i], &b->formant_tuning[f]).band;
            x[i] = dry * x[i] + wet * sum;
        }
    }
}

static void run_tremolo(grm_bus *b, size_t frames, float *left, float *right) {
    const grm_bus_preset *p = &b->preset;
    b->tremolo_phase += (double)p->tremolo_hz * (double)frames / GRM_RATE;
    b->tremolo_phase -= floor(b->tremolo_phase);
    float wave = (float)sin(2 * GRM_PI * b->tremolo_phase);
    for (int channel = 0; channel < 2; channel++) {
        float *x = channel ? right : left;
        float side = channel ? -wave : wave;
        float to = grm_db_to_gain(0.5f * p->tremolo_db * ((1 - p->tremolo_pan) * wave + p->tremolo_pan * side));
        float at = b->tremolo[channel], step = (to - at) / (float)frames;
        for (size_t i = 0; i < frames; i++) x[i] *= at += step;
        b->tremolo[channel] = to;
    }
}

// Third-order Hermite between four neighbours of a point `back` frames ago.
static float tap(const float *line, size_t at, float back) {
    float place = floorf(back), t = 1 - (back - place);
    size_t i = (at - (size_t)place - 2) & (CHORUS_SIZE - 1);
    float a = line[(i - 1) & (CHORUS_SIZE - 1)], b = line[i], c = line[(i + 1) & (CHORUS_SIZE - 1)],
          d = line[(i + 2) & (CHORUS_SIZE - 1)];
    float c1 = 0.5f * (c - a), c2 = a - 2.5f * b + 2 * c - 0.5f * d, c3 = 0.5f * (d - a) + 1.5f * (b - c);
    return ((c3 * t + c2) * t + c1) * t + b;
}

static float triangle(double phase) {
    double p = phase - floor(phase);
    return (float)(p < 0.5 ? 4 * p - 1 : 3 - 4 * p);
}

// Two taps that move against each other (as in the Juno), one a side.
static void run_stereo_chorus(grm_bus *b, size_t frames, float *left, float *right) {
    const grm_chorus_preset *p = &b->preset.chorus;
    chorus *c = b->chorus;
    float ms = GRM_RATE * 0.001f, middle = (2.0f + p->depth_ms) * ms, depth = p->depth_ms * ms;
    for (size_t i = 0; i < frames; i++) {
        c->slow += (double)p->rate_hz / GRM_RATE;
        float wave = depth * triangle(c->slow);
        c->delay[0][c->at & (CHORUS_SIZE - 1)] = left[i];
        c->delay[1][c->at & (CHORUS_SIZE - 1)] = right[i];
        c->at++;
        float l = tap(c->delay[0], c->at, middle + wave), r = tap(c->delay[1], c->at, middle - wave);
        left[i] = (1 - 0.5f * p->mix) * left[i] + 0.7f * p->mix * l;
        right[i] = (1 - 0.5f * p->mix) * right[i] + 0.7f * p->mix * r;
    }
}

// Three taps a third of a turn apart on a slow and a fast wave: the ensemble of string machines.
static void run_ensemble(grm_bus *b, size_t frames, float *left, float *right) {
    const grm_chorus_preset *p = &b->preset.chorus;
    chorus *c = b->chorus;
    float ms = GRM_RATE * 0.001f, middle = (2.5f + p->depth_ms) * ms;
    float slow = 0.85f * p->depth_ms * ms, fast = 0.15f * p->depth_ms * ms;
    for (size_t i = 0; i < frames; i++) {
        c->slow += (double)p->rate_hz / GRM_RATE;
        c->fast += 9.3 * (double)p->rate_hz / GRM_RATE;
        c->delay[0][c->at & (CHORUS_SIZE - 1)] = 0.5f * (left[i] + right[i]);
        c->at++;
        float taps[3];
        for (int t = 0; t < 3; t++)
            taps[t] = tap(c->delay[0], c->at,
                          middle + slow * triangle(c->slow + t / 3.0) + fast * triangle(c->fast + t / 3.0));
        left[i] = (1 - p->mix) * left[i] + p->mix * (0.9f * taps[0] + 0.55f * taps[1]);
        right[i] = (1 - p->mix) * right[i] + p->mix * (0.9f * taps[2] + 0.55f * taps[1]);
    }
}

// Eight delays that feed one another through a Hadamard matrix (J.-M. Jot, 1991), a one-pole low-pass in each.
static void run_room(grm_bus *b, size_t frames, float *left, float *right) {
    room *r = b->room;
    for (size_t i = 0; i < frames; i++, r->at++) {
        float x[ROOM_LINES];
        for (size_t k = 0; k < ROOM_LINES; k++) {
            float v = r->line[k][(r->at - room_delays[k]) & (ROOM_SIZE - 1)];
            r->damp[k] += 0.55f * (v - r->damp[k]);
            x[k] = r->damp[k] * r->feedback[k];
        }
        float out_l = x[0] - x[2] + x[4] - x[6], out_r = x[1] - x[3] + x[5] - x[7];
        for (size_t span = 1; span < ROOM_LINES; span *= 2)
            for (size_t k = 0; k < ROOM_LINES; k++)
                if (!(k & span)) {
                    float p = x[k], q = x[k + span];
                    x[k] = p + q;
                    x[k + span] = p - q;
                }
        for (size_t k = 0; k < ROOM_LINES; k++)
            r->line[k][r->at & (ROOM_SIZE - 1)] = 0.35355339f * x[k] + (k % 2 ? right[i] : left[i]) + 1e-20f;
        left[i] += r->level * out_l;
        right[i] += r->level * out_r;
    }
}

void grm_bus_process(grm_bus *b, size_t frames, float *left, float *right) {
    const grm_bus_preset *p = &b->preset;
    if (p->drive_db > 0) run_drive(b, frames, left, right);
    if (p->highpass_hz > 0) grm_svf_high_pair(b->highpass, &b->highpass_tuning, frames, left, right);
    if (p->bits > 0 || p->hold_hz > 0) run_converter(b, frames, left, right);
    if (p->lowpass_hz > 0) grm_svf_low_pair(b->lowpass, &b->lowpass_tuning, frames, left, right);
    if (p->formant_count > 0) run_formants(b, frames, left, right);
    if (p->tremolo_db > 0) run_tremolo(b, frames, left, right);
    if (p->chorus.kind == GRM_CHORUS_STEREO) run_stereo_chorus(b, frames, left, right);
    if (p->chorus.kind == GRM_CHORUS_ENSEMBLE) run_ensemble(b, frames, left, right);
    if (b->room) run_room(b, frames, left, right);
}

size_t grm_bus_tail(const grm_bus *b) {
    return GRM_RATE / 4 + (size_t)(1.5f * b->preset.room_ms * (GRM_RATE * 0.001f));
}

static void prepare(grm_bus *b) {
    const grm_bus_preset *p = &b->preset;
    b->highpass_tuning = grm_svf_tune(p->highpass_hz, 1.4142136f);
    b->lowpass_tuning = grm_svf_tune(p->lowpass_hz, 1.4142136f);
    b->drive = grm_db_to_gain(p->drive_db);
    b->hold_phase = 1;
    for (int channel = 0; channel < 2; channel++) {
        b->softener[channel] = grm_softener_new();
        b->tremolo[channel] = 1;
    }
    for (size_t f = 0; f < p->formant_count; f++) {
        float k = p->formants[f].bandwidth_hz / p->formants[f].hz;
        b->formant_tuning[f] = grm_svf_tune(p->formants[f].hz, k);
        b->formant_level[f] = grm_db_to_gain(p->formants[f].level_db) * k;
    }
    if (b->room) {
        b->room->level = 0.5f * grm_db_to_gain(p->room_db);
        for (size_t k = 0; k < ROOM_LINES; k++)
            b->room->feedback[k] = grm_db_to_gain(-60 * (float)room_delays[k] / (p->room_ms * (GRM_RATE * 0.001f)));
    }
}

grm_status grm_bus_new(const grm_bus_preset *preset, grm_bus **out, grm_error *err) {
    *out = NULL;
    grm_bus *b = calloc(1, sizeof *b);
    if (!b) return grm_fail_memory(err);
    b->preset = *preset;
    bool memory = true;
    if (preset->chorus.kind != GRM_CHORUS_NONE) memory &= (b->chorus = calloc(1, sizeof *b->chorus)) != NULL;
    if (preset->room_ms > 0) memory &= (b->room = calloc(1, sizeof *b->room)) != NULL;
    if (!memory) {
        grm_bus_free(b);
        return grm_fail_memory(err);
    }
    prepare(b);
    *out = b;
    return GRM_OK;
}

void grm_bus_free(grm_bus *bus) {
    if (!bus) return;
    free(bus->chorus);
    free(bus->room);
    free(bus);
}
