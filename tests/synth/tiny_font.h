// Small SoundFonts, written byte by byte, so that tests need none installed.
#ifndef TINY_FONT_H
#define TINY_FONT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "synth/sampler.h"
#include "synth/voice.h"

enum { TINY_RATE = 44100, TINY_ROOT = 69, TINY_PERIOD = 100, TINY_FRAMES = 44100 };

typedef struct tiny_generator {
    uint16_t kind;
    int16_t value;
} tiny_generator;

// One sample zone of a preset of its own instrument.
typedef struct tiny_zone {
    uint16_t sample;
    const tiny_generator *generators;
    size_t generator_count;
} tiny_zone;

typedef struct tiny_preset {
    uint16_t bank, program;
    const tiny_zone *zones;
    size_t zone_count;
} tiny_preset;

typedef struct tiny_sample {
    const int16_t *frames;
    uint32_t count, loop_start, loop_end;
} tiny_sample;

typedef struct tiny_bytes {
    uint8_t *bytes;
    size_t size;
} tiny_bytes;

static inline void tiny_put(tiny_bytes *out, const void *bytes, size_t size) {
    out->bytes = realloc(out->bytes, out->size + size + 1);
    assert_non_null(out->bytes);
    if (bytes) {
        memcpy(out->bytes + out->size, bytes, size);
    } else {
        memset(out->bytes + out->size, 0, size);
    }
    out->size += size;
}

static inline void tiny_put16(tiny_bytes *out, unsigned value) {
    uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    tiny_put(out, bytes, 2);
}

static inline void tiny_put32(tiny_bytes *out, size_t value) {
    tiny_put16(out, (unsigned)(value & 0xffff));
    tiny_put16(out, (unsigned)(value >> 16));
}

static inline void tiny_name(tiny_bytes *out, const char *name) {
    char field[20] = {0};
    memcpy(field, name, strlen(name));
    tiny_put(out, field, 20);
}

static inline void tiny_chunk(tiny_bytes *out, const char *id, tiny_bytes *body) {
    tiny_put(out, id, 4);
    tiny_put32(out, body->size);
    tiny_put(out, body->bytes, body->size);
    if (body->size % 2) tiny_put(out, NULL, 1);
    free(body->bytes);
    *body = (tiny_bytes){0};
}

static inline tiny_bytes tiny_list(const char *kind) {
    tiny_bytes list = {0};
    tiny_put(&list, kind, 4);
    return list;
}

static inline tiny_bytes tiny_sound(const tiny_sample *samples, size_t count) {
    tiny_bytes sound = {0};
    for (size_t i = 0; i < count; i++) {
        for (uint32_t f = 0; f < samples[i].count; f++) tiny_put16(&sound, (uint16_t)samples[i].frames[f]);
        tiny_put(&sound, NULL, 46 * 2);
    }
    return sound;
}

static inline tiny_bytes tiny_headers(const tiny_sample *samples, size_t count) {
    tiny_bytes headers = {0};
    uint32_t at = 0;
    for (size_t i = 0; i < count; i++) {
        tiny_name(&headers, "sample");
        tiny_put32(&headers, at);
        tiny_put32(&headers, at + samples[i].count);
        tiny_put32(&headers, at + samples[i].loop_start);
        tiny_put32(&headers, at + samples[i].loop_end);
        tiny_put32(&headers, TINY_RATE);
        uint8_t root[2] = {TINY_ROOT, 0};
        tiny_put(&headers, root, 2);
        tiny_put16(&headers, 0);
        tiny_put16(&headers, 1);
        at += samples[i].count + 46;
    }
    tiny_name(&headers, "EOS");
    tiny_put(&headers, NULL, 26);
    return headers;
}

// The preset tables: each preset has one zone with an instrument, which has the sample zones.
static inline tiny_bytes tiny_tables(const tiny_preset *presets, size_t count, const tiny_sample *samples,
                                     size_t sample_count) {
    tiny_bytes phdr = {0}, pbag = {0}, pgen = {0}, inst = {0}, ibag = {0}, igen = {0}, none = {0};
    unsigned bags = 0, gens = 0;
    for (size_t i = 0; i < count; i++) {
        tiny_name(&phdr, "preset");
        tiny_put16(&phdr, presets[i].program);
        tiny_put16(&phdr, presets[i].bank);
        tiny_put16(&phdr, (unsigned)i);
        tiny_put(&phdr, NULL, 12);
        tiny_put16(&pbag, (unsigned)i);
        tiny_put16(&pbag, 0);
        tiny_put16(&pgen, GRM_GEN_INSTRUMENT);
        tiny_put16(&pgen, (unsigned)i);
        tiny_name(&inst, "instrument");
        tiny_put16(&inst, bags);
        for (size_t z = 0; z < presets[i].zone_count; z++, bags++) {
            const tiny_zone *zone = &presets[i].zones[z];
            tiny_put16(&ibag, gens);
            tiny_put16(&ibag, 0);
            for (size_t g = 0; g < zone->generator_count; g++, gens++) {
                tiny_put16(&igen, zone->generators[g].kind);
                tiny_put16(&igen, (uint16_t)zone->generators[g].value);
            }
            tiny_put16(&igen, GRM_GEN_SAMPLE);
            tiny_put16(&igen, zone->sample);
            gens++;
        }
    }
    tiny_name(&phdr, "EOP");
    tiny_put(&phdr, NULL, 4);
    tiny_put16(&phdr, (unsigned)count);
    tiny_put(&phdr, NULL, 12);
    tiny_put16(&pbag, (unsigned)count);
    tiny_put16(&pbag, 0);
    tiny_put(&pgen, NULL, 4);
    tiny_name(&inst, "EOI");
    tiny_put16(&inst, bags);
    tiny_put16(&ibag, gens);
    tiny_put16(&ibag, 0);
    tiny_put(&igen, NULL, 4);

    tiny_bytes list = tiny_list("pdta"), headers = tiny_headers(samples, sample_count);
    tiny_chunk(&list, "phdr", &phdr);
    tiny_chunk(&list, "pbag", &pbag);
    tiny_put(&none, NULL, 10);
    tiny_chunk(&list, "pmod", &none);
    tiny_chunk(&list, "pgen", &pgen);
    tiny_chunk(&list, "inst", &inst);
    tiny_chunk(&list, "ibag", &ibag);
    tiny_put(&none, NULL, 10);
    tiny_chunk(&list, "imod", &none);
    tiny_chunk(&list, "igen", &igen);
    tiny_chunk(&list, "shdr", &headers);
    return list;
}

static inline tiny_bytes tiny_font(const tiny_preset *presets, size_t count, const tiny_sample *samples,
                                   size_t sample_count) {
    tiny_bytes file = {0}, body = tiny_list("sfbk"), info = tiny_list("INFO"), sdta = tiny_list("sdta");
    tiny_bytes version = {0}, sound = tiny_sound(samples, sample_count);
    tiny_put16(&version, 2);
    tiny_put16(&version, 4);
    tiny_chunk(&info, "ifil", &version);
    tiny_chunk(&body, "LIST", &info);
    tiny_chunk(&sdta, "smpl", &sound);
    tiny_chunk(&body, "LIST", &sdta);
    tiny_bytes tables = tiny_tables(presets, count, samples, sample_count);
    tiny_chunk(&body, "LIST", &tables);
    tiny_chunk(&file, "RIFF", &body);
    return file;
}

// A sine of 441 Hz at half of full scale whose loop is whole periods; key TINY_ROOT plays it as it is.
static inline const tiny_sample *tiny_sine(void) {
    static int16_t frames[TINY_FRAMES];
    static const tiny_sample sample = {frames, TINY_FRAMES, 20 * TINY_PERIOD, 30 * TINY_PERIOD};
    for (int i = 0; i < TINY_FRAMES; i++) {
        frames[i] = (int16_t)lrint(16384 * sin(2 * 3.14159265358979 * i / TINY_PERIOD));
    }
    return &sample;
}

// A font of one preset with one zone of the sine. Free the font, then the bytes.
static inline grm_soundfont *tiny_sine_font(const tiny_generator *generators, size_t count, tiny_bytes *bytes) {
    tiny_zone zone = {0, generators, count};
    tiny_preset preset = {0, 0, &zone, 1};
    *bytes = tiny_font(&preset, 1, tiny_sine(), 1);
    grm_soundfont *font = NULL;
    grm_error err = {0};
    if (grm_soundfont_read(bytes->bytes, bytes->size, "tiny.sf2", &font, &err)) fail_msg("%s", err.message);
    return font;
}

// ---- what a part of it sounds like ----

enum { TINY_LENGTH = 3 * GRM_RATE };

typedef struct tiny_part {
    float left[TINY_LENGTH], right[TINY_LENGTH];
} tiny_part;

static inline grm_event tiny_on(int64_t frame, int32_t note, uint8_t key, int16_t velocity) {
    return (grm_event){.frame = frame, .note = note, .value = velocity, .kind = GRM_EVENT_NOTE_ON, .number = key};
}

static inline grm_event tiny_off(int64_t frame, int32_t note, uint8_t key) {
    return (grm_event){.frame = frame, .note = note, .value = 100, .kind = GRM_EVENT_NOTE_OFF, .number = key};
}

// Plays events of at most eight notes, `step` frames at a time. free()
static inline tiny_part *tiny_play(grm_soundfont *font, const grm_instrument *instrument, const grm_event *events,
                                   size_t count, size_t step) {
    grm_note notes[8] = {{0}};
    grm_part part = {.note_count = 8, .notes = notes, .bend_range = 2};
    grm_player *player = NULL;
    tiny_part *out = calloc(1, sizeof *out);
    assert_non_null(out);
    assert_int_equal(grm_soundfont_player_new(font, &part, instrument, events, count, &player, NULL), GRM_OK);
    for (size_t at = 0; at < TINY_LENGTH; at += step) {
        size_t frames = TINY_LENGTH - at < step ? TINY_LENGTH - at : step;
        assert_int_equal(player->render(player, at, frames, out->left + at, out->right + at, NULL), GRM_OK);
    }
    player->free(player);
    return out;
}

#endif
