// A part played from a SoundFont: its events in order, its sounding voices, in chunks that lie on a fixed grid so
// that the output does not depend on how it is asked for.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "synth/sampler.h"
#include "synth/voice_engine.h"

enum {
    CHUNK = 2048,
    MAX_VOICES = 512,
    DRUM_BANK = 128,
};

typedef struct sampler {
    grm_player player;
    grm_soundfont *font;
    const grm_preset *preset;
    const grm_sampler_kernels *kernels;
    const grm_instrument *instrument;  // NULL: not in the catalogue
    float middle;                      // mean key of the part
    grm_bus *rig;                      // NULL: none
    size_t quiet;                      // frames since the last voice ended
    const grm_event *events;
    size_t count, next;
    unsigned bank;
    grm_sampler_channel channel;
    size_t voice_count, voice_room;
    grm_sampler_voice *voices;  // oldest first
    int64_t made;               // frames rendered into chunks so far
    size_t ready, taken;        // of the chunk
    float left[CHUNK], right[CHUNK];
} sampler;

// ---- voices ----

// Of a full house the oldest voice goes that was let go, or else the oldest of all.
static grm_sampler_voice *take_voice(sampler *self) {
    if (self->voice_count == MAX_VOICES) {
        size_t victim = 0;
        while (victim < MAX_VOICES && !self->voices[victim].released) victim++;
        if (victim == MAX_VOICES) victim = 0;
        memmove(self->voices + victim, self->voices + victim + 1, (MAX_VOICES - 1 - victim) * sizeof *self->voices);
        self->voice_count--;
    }
    if (self->voice_count == self->voice_room) {
        size_t room = self->voice_room ? self->voice_room * 2 : 16;
        if (room > MAX_VOICES) room = MAX_VOICES;
        grm_sampler_voice *grown = realloc(self->voices, room * sizeof *grown);
        if (!grown) return NULL;
        self->voices = grown;
        self->voice_room = room;
    }
    return &self->voices[self->voice_count++];
}

static void drop_ended(sampler *self) {
    size_t kept = 0;
    for (size_t i = 0; i < self->voice_count; i++) {
        if (self->voices[i].done) continue;
        if (kept != i) self->voices[kept] = self->voices[i];
        kept++;
    }
    self->voice_count = kept;
}

static void choke(sampler *self, int32_t class, int32_t note) {
    if (class == 0) return;
    for (size_t i = 0; i < self->voice_count; i++) {
        grm_sampler_voice *voice = &self->voices[i];
        if (voice->note != note && voice->region->generators[GRM_GEN_EXCLUSIVE_CLASS] == class) {
            grm_sampler_voice_choke(voice);
        }
    }
}

// ---- events ----

// Where a key stands. Regions on both sides are a stereo recording, which has its own places; one far to a side without
// another on the opposite one is half of such a recording, and stands where a whole one would.
static float place_of(const sampler *self, int key, int velocity) {
    static const int32_t far = 250;
    int32_t left = 0, right = 0;
    for (size_t i = 0; i < self->preset->region_count; i++) {
        const grm_region *region = &self->preset->regions[i];
        if (!grm_region_plays(region, key, velocity)) continue;
        int32_t pan = region->generators[GRM_GEN_PAN];
        if (pan < left) left = pan;
        if (pan > right) right = pan;
    }
    if (left < -far && right > far) return 0;
    float centre = left < -far ? (float)-left : right > far ? (float)-right : 0;
    const grm_instrument *in = self->instrument;
    if (!in) return centre;
    if (in->places) return centre + 500 * in->places[key & 127];
    return centre + 500 * in->spread * tanhf(((float)key - self->middle) / 18);
}

static grm_status note_on(sampler *self, const grm_event *event, grm_error *err) {
    // A key struck again lets its earlier sound go.
    for (size_t i = 0; i < self->voice_count; i++) {
        if (self->voices[i].key == event->number) grm_sampler_voice_release(&self->voices[i]);
    }
    grm_sampler_press press = {event->note, event->number, event->value, place_of(self, event->number, event->value)};
    for (size_t i = 0; i < self->preset->region_count; i++) {
        const grm_region *region = &self->preset->regions[i];
        if (!grm_region_plays(region, event->number, event->value)) continue;
        choke(self, region->generators[GRM_GEN_EXCLUSIVE_CLASS], event->note);
        grm_sampler_voice *voice = take_voice(self);
        if (!voice) return grm_fail_memory(err);
        if (!grm_sampler_voice_start(voice, self->font, region, &self->channel, &press)) {
            self->voice_count--;
        }
    }
    return GRM_OK;
}

static void note_off(sampler *self, const grm_event *event) {
    for (size_t i = 0; i < self->voice_count; i++) {
        grm_sampler_voice *voice = &self->voices[i];
        if (voice->note != event->note || voice->released) continue;
        if (self->channel.pedal) {
            voice->held = true;
        } else {
            grm_sampler_voice_release(voice);
        }
    }
}

static void reset_controllers(grm_sampler_channel *channel) {  // MIDI's reset leaves volume and pan
    channel->controllers[1] = 0;
    channel->controllers[11] = 127;
    channel->controllers[64] = 0;
    channel->pedal = false;
    channel->bend = 0;
}

static void control(sampler *self, const grm_event *event) {
    enum { PEDAL = 64, ALL_SOUND_OFF = 120, RESET = 121, ALL_NOTES_OFF = 123 };
    grm_sampler_channel *channel = &self->channel;
    channel->controllers[event->number] = (uint8_t)event->value;
    if (event->number == PEDAL) channel->pedal = event->value >= 64;
    if (event->number == RESET) reset_controllers(channel);
    for (size_t i = 0; i < self->voice_count; i++) {
        grm_sampler_voice *voice = &self->voices[i];
        if (event->number == ALL_SOUND_OFF) {
            grm_sampler_voice_choke(voice);
        } else if (event->number == ALL_NOTES_OFF || (voice->held && !channel->pedal)) {
            grm_sampler_voice_release(voice);
        }
        grm_sampler_voice_control(voice, channel);
    }
}

static void bend(sampler *self, const grm_event *event) {
    self->channel.bend = event->value < -8192 ? -8192 : event->value > 8191 ? 8191 : event->value;
    for (size_t i = 0; i < self->voice_count; i++) grm_sampler_voice_control(&self->voices[i], &self->channel);
}

static grm_status happen(sampler *self, const grm_event *event, grm_error *err) {
    switch (event->kind) {
        case GRM_EVENT_NOTE_ON:
            return note_on(self, event, err);
        case GRM_EVENT_NOTE_OFF:
            note_off(self, event);
            return GRM_OK;
        case GRM_EVENT_CONTROL:
            control(self, event);
            return GRM_OK;
        case GRM_EVENT_BEND:
            bend(self, event);
            return GRM_OK;
        case GRM_EVENT_PROGRAM:
            return grm_soundfont_preset(self->font, self->bank, (unsigned)event->value & 127, &self->preset, err);
        default:
            return GRM_OK;
    }
}

// ---- rendering ----

static void run_rig(sampler *self) {
    self->quiet = self->voice_count ? 0 : self->quiet + CHUNK;
    if (!self->rig || self->quiet > grm_bus_tail(self->rig) + CHUNK) return;
    for (size_t at = 0; at < CHUNK; at += GRM_STRETCH)
        grm_bus_process(self->rig, GRM_STRETCH, self->left + at, self->right + at);
}

static grm_status next_chunk(sampler *self, grm_error *err) {
    memset(self->left, 0, sizeof self->left);
    memset(self->right, 0, sizeof self->right);
    size_t at = 0;
    while (at < CHUNK) {
        while (self->next < self->count && self->events[self->next].frame <= self->made + (int64_t)at) {
            grm_status status = happen(self, &self->events[self->next], err);
            if (status != GRM_OK) return status;
            self->next++;
        }
        size_t frames = CHUNK - at;
        if (self->next < self->count) {
            int64_t until = self->events[self->next].frame - self->made - (int64_t)at;
            if (until < (int64_t)frames) frames = (size_t)until;
        }
        for (size_t i = 0; i < self->voice_count; i++) {
            grm_sampler_voice_render(&self->voices[i], self->kernels, &self->channel, frames, self->left + at,
                                     self->right + at);
        }
        drop_ended(self);
        at += frames;
    }
    run_rig(self);
    self->made += CHUNK;
    self->ready = CHUNK;
    self->taken = 0;
    return GRM_OK;
}

static grm_status render(grm_player *player, size_t start, size_t frames, float *left, float *right, grm_error *err) {
    sampler *self = (sampler *)player;
    size_t at = 0;
    while (at < frames) {
        if (self->taken == self->ready) {
            grm_status status = next_chunk(self, err);
            if (status != GRM_OK) return status;
        }
        size_t count = self->ready - self->taken;
        if (count > frames - at) count = frames - at;
        for (size_t i = 0; i < count; i++) {
            left[at + i] += self->left[self->taken + i];
            right[at + i] += self->right[self->taken + i];
        }
        self->taken += count;
        at += count;
    }
    return GRM_OK;
}

static void free_sampler(grm_player *player) {
    sampler *self = (sampler *)player;
    if (!self) return;
    grm_bus_free(self->rig);
    free(self->voices);
    free(self);
}

static float middle_of(const grm_event *events, size_t count) {
    double sum = 0;
    size_t notes = 0;
    for (size_t i = 0; i < count; i++)
        if (events[i].kind == GRM_EVENT_NOTE_ON) sum += events[i].number, notes++;
    return notes ? (float)(sum / (double)notes) : 60;
}

static grm_status set_up_rig(sampler *self, grm_error *err) {
    grm_bus_preset preset;
    const char *name = self->instrument ? self->instrument->rig : NULL;
    self->quiet = SIZE_MAX / 2;  // for long
    if (!name) return GRM_OK;
    grm_status status = grm_rig_read(name, &preset, err);
    return status ? status : grm_bus_new(&preset, &self->rig, err);
}

grm_status grm_soundfont_player_new(grm_soundfont *font, const grm_part *part, const grm_instrument *instrument,
                                    const grm_event *events, size_t count, grm_player **out, grm_error *err) {
    *out = NULL;
    unsigned program;
    sampler *self = calloc(1, sizeof *self);
    uint32_t *needs = calloc(font->sample_count + 1, sizeof *needs);
    grm_status status = GRM_OK;
    if (!self || !needs) {
        status = grm_fail_memory(err);
        goto done;
    }
    self->player = (grm_player){render, free_sampler};
    self->font = font;
    self->kernels = grm_sampler_kernels_best();
    self->events = events;
    self->count = count;
    self->instrument = instrument;
    self->middle = middle_of(events, count);
    self->channel.bend_range = part->bend_range > 0 ? part->bend_range : 2;
    reset_controllers(&self->channel);
    self->channel.controllers[7] = 100;
    self->channel.controllers[10] = 64;
    self->channel.controllers[71] = 64;
    self->channel.controllers[74] = 64;
    grm_sampler_program(part, instrument, &self->bank, &program);
    if ((status = grm_soundfont_preset(font, self->bank, program, &self->preset, err)) ||
        (status = grm_sampler_needs(font, part, instrument, events, count, needs, err)) ||
        (status = grm_soundfont_load(font, NULL, needs, err)) || (status = set_up_rig(self, err))) {
        goto done;
    }
    *out = &self->player;
    self = NULL;

done:
    if (self) free_sampler(&self->player);
    free(needs);
    return status;
}
