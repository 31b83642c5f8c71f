// Plays a part on one of our own voices: events and controllers in, stretches of sound out.
#include <stdlib.h>
#include <string.h>

#include "synth/voice_engine.h"

enum { KEYS = 128 };

typedef struct voice_player {
    grm_player player;
    grm_voice_preset *preset;
    grm_engine *engine;
    grm_bus *bus;
    const grm_event *events;
    size_t count, next;
    int64_t *let_go;  // [count]: of a NOTE_ON, the frame of its NOTE_OFF
    float bend_range;

    int controls[128];
    int bend;
    int32_t pending[KEYS];  // note that the pedal holds, -1 none
    grm_expression now;
    float level;
    size_t quiet;  // frames since the engine fell silent

    int64_t made;  // frames worked out so far, a multiple of GRM_STRETCH
    float left[GRM_STRETCH], right[GRM_STRETCH];
} voice_player;

// ---- controllers ----

static float square(float x) {
    return x * x;
}

static float wanted_level(const voice_player *p) {
    // General MIDI: level goes with the square of volume and expression; volume rests at 100
    return square((float)p->controls[7] / 100) * square((float)p->controls[11] / 127);
}

static grm_expression wanted(const voice_player *p) {
    return (grm_expression){
        .bend = p->bend_range * (float)p->bend / 8192,
        .modulation = (float)p->controls[1] / 127,
        .brightness = ((float)p->controls[74] - 64) / 64 * 2.5f,
    };
}

static void reset_controls(voice_player *p) {
    p->controls[1] = p->controls[64] = 0;
    p->controls[11] = 127;
    p->controls[74] = 64;
    p->bend = 0;
}

static void lift_pedal(voice_player *p) {
    for (int key = 0; key < KEYS; key++) {
        if (p->pending[key] >= 0) p->engine->release(p->engine, p->pending[key]);
        p->pending[key] = -1;
    }
}

static void control(voice_player *p, int number, int value) {
    if (number < 0 || number > 127) return;
    bool pedal = p->controls[64] >= 64;
    p->controls[number] = value < 0 ? 0 : value > 127 ? 127 : value;
    if (number == 121) reset_controls(p);
    if (pedal && p->controls[64] < 64) lift_pedal(p);
}

// ---- keys ----

static void note_on(voice_player *p, size_t index) {
    const grm_event *e = &p->events[index];
    int key = e->number & 127;
    if (p->pending[key] >= 0) p->engine->release(p->engine, p->pending[key]);
    p->pending[key] = -1;
    grm_press press = {
        .note = e->note,
        .key = key,
        .velocity = (float)(e->value < 1     ? 1
                            : e->value > 127 ? 127
                                             : e->value),
        .frames = p->let_go[index] - e->frame,
    };
    p->engine->press(p->engine, &press);
}

static void note_off(voice_player *p, const grm_event *e) {
    int key = e->number & 127;
    if (p->controls[64] < 64) {
        p->engine->release(p->engine, e->note);
        return;
    }
    if (p->pending[key] >= 0) p->engine->release(p->engine, p->pending[key]);
    p->pending[key] = e->note;
}

static void happen(voice_player *p, size_t index) {
    const grm_event *e = &p->events[index];
    switch (e->kind) {
        case GRM_EVENT_NOTE_OFF:
            note_off(p, e);
            break;
        case GRM_EVENT_CONTROL:
            control(p, e->number, e->value);
            break;
        case GRM_EVENT_BEND:
            p->bend = e->value;
            break;
        case GRM_EVENT_NOTE_ON:
            note_on(p, index);
            break;
        default:  // a voice has no other programs
            break;
    }
}

// ---- time ----

static float approach(float from, float to, float share) {
    float value = from + (to - from) * share;
    return fabsf(to - value) < 1e-5f ? to : value;
}

static void stretch(voice_player *p, size_t frames, float *left, float *right) {
    // controllers move in steps: 10 ms to go 63 % of the way, the bend faster. Nobody hears them jump in silence.
    bool silent = p->quiet > 0;
    float slow = silent ? 1 : 1 - expf(-(float)frames / (0.010f * GRM_RATE));
    float fast = silent ? 1 : 1 - expf(-(float)frames / (0.004f * GRM_RATE));
    grm_expression to = wanted(p);
    p->now.bend = approach(p->now.bend, to.bend, fast);
    p->now.modulation = approach(p->now.modulation, to.modulation, slow);
    p->now.brightness = approach(p->now.brightness, to.brightness, slow);
    float level = p->level, level_to = approach(level, wanted_level(p), slow);
    if (silent) level = level_to;

    bool sounded = p->engine->render(p->engine, &p->now, frames, left, right);
    p->quiet = sounded ? 0 : p->quiet + frames;
    if (p->quiet <= grm_bus_tail(p->bus)) grm_bus_process(p->bus, frames, left, right);
    float gain = grm_db_to_gain(p->preset->gain_db), step = (level_to - level) / (float)frames;
    for (size_t i = 0; i < frames; i++) {
        float a = gain * (level + step * (float)i);
        left[i] *= a;
        right[i] *= a;
    }
    p->level = level_to;
}

// Works out the next GRM_STRETCH frames, cut at the events in them.
static void advance(voice_player *p) {
    memset(p->left, 0, sizeof p->left);
    memset(p->right, 0, sizeof p->right);
    int64_t end = p->made + GRM_STRETCH, at = p->made;
    while (at < end) {
        while (p->next < p->count && p->events[p->next].frame <= at) happen(p, p->next++);
        int64_t until = p->next < p->count && p->events[p->next].frame < end ? p->events[p->next].frame : end;
        size_t offset = (size_t)(at - p->made);
        stretch(p, (size_t)(until - at), p->left + offset, p->right + offset);
        at = until;
    }
    p->made = end;
}

static grm_status voice_render(grm_player *player, size_t start, size_t frames, float *left, float *right,
                               grm_error *err) {
    voice_player *p = (voice_player *)player;
    int64_t at = (int64_t)start;
    for (size_t done = 0; done < frames;) {
        if (at >= p->made) advance(p);
        size_t offset = (size_t)(at - (p->made - GRM_STRETCH));
        size_t span = GRM_STRETCH - offset < frames - done ? GRM_STRETCH - offset : frames - done;
        for (size_t i = 0; i < span; i++) {
            left[done + i] += p->left[offset + i];
            right[done + i] += p->right[offset + i];
        }
        done += span;
        at += (int64_t)span;
    }
    return GRM_OK;
}

static void voice_free(grm_player *player) {
    voice_player *p = (voice_player *)player;
    if (p->engine) p->engine->free(p->engine);
    grm_bus_free(p->bus);
    free(p->let_go);
    free(p->preset);
    free(p);
}

// ---- making one ----

// A note's end, for voices that build up to it. Offs come after their ons and in few notes at once.
static grm_status find_ends(voice_player *p, grm_error *err) {
    int32_t notes = 0;
    for (size_t i = 0; i < p->count; i++)
        if (p->events[i].note >= notes) notes = p->events[i].note + 1;
    p->let_go = calloc(p->count ? p->count : 1, sizeof *p->let_go);
    int64_t *end = calloc((size_t)notes + 1, sizeof *end);
    if (!p->let_go || !end) {
        free(end);
        return grm_fail_memory(err);
    }
    for (size_t i = 0; i < p->count; i++)
        if (p->events[i].kind == GRM_EVENT_NOTE_OFF && p->events[i].note >= 0)
            end[p->events[i].note] = p->events[i].frame;
    for (size_t i = 0; i < p->count; i++)
        if (p->events[i].kind == GRM_EVENT_NOTE_ON && p->events[i].note >= 0) p->let_go[i] = end[p->events[i].note];
    free(end);
    return GRM_OK;
}

static grm_status make_engine(voice_player *p, const grm_instrument *instrument, const grm_key *key, const grm_rng *rng,
                              grm_error *err) {
    const grm_voice_preset *preset = p->preset;
    bool mono = preset->mono || (instrument && instrument->polyphony == 1);
    float glide = instrument && instrument->glide_ms > 0 ? instrument->glide_ms : preset->glide_ms;
    switch ((grm_engine_kind)preset->engine) {
        case GRM_ENGINE_SUBTRACTIVE:
            return grm_subtractive_new(preset, mono, glide, rng, &p->engine, err);
        case GRM_ENGINE_FM:
            return grm_fm_new(preset, rng, &p->engine, err);
        case GRM_ENGINE_DRUMS:
            return grm_drums_new(preset, key, rng, &p->engine, err);
        case GRM_ENGINE_TEXTURE:
            return grm_texture_new(preset, rng, &p->engine, err);
        case GRM_ENGINE_FX:
            return grm_fx_new(preset, rng, &p->engine, err);
    }
    return grm_fail(err, GRM_FAILED, "no engine");
}

grm_status grm_voice_player_new(const char *voice, const grm_part *part, const grm_instrument *instrument,
                                const grm_key *key, const grm_event *events, size_t count, uint64_t seed,
                                grm_player **out, grm_error *err) {
    *out = NULL;
    voice_player *p = calloc(1, sizeof *p);
    if (!p) return grm_fail_memory(err);
    p->player = (grm_player){voice_render, voice_free};
    p->events = events;
    p->count = count;
    p->bend_range = part->bend_range > 0 ? part->bend_range : 2;
    p->quiet = GRM_RATE * 3600;  // for long
    for (int i = 0; i < KEYS; i++) p->pending[i] = -1;
    p->controls[7] = 100;
    reset_controls(p);
    grm_rng rng = grm_rng_new(seed, part->name ? part->name : "");
    grm_status status = grm_voice_preset_new(voice, &p->preset, err);
    if (!status) status = find_ends(p, err);
    if (!status) status = make_engine(p, instrument, key, &rng, err);
    if (!status) status = grm_bus_new(&p->preset->bus, &p->bus, err);
    if (status) {
        voice_free(&p->player);
        return status;
    }
    *out = &p->player;
    return GRM_OK;
}
