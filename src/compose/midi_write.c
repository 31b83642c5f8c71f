// Score to a Standard MIDI File, type 1 (MIDI 1.0, RP-001).
#include <grammy/score.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose/compose.h"

typedef struct bytes {
    uint8_t *data;
    size_t size, capacity;
    bool failed;
} bytes;

static void put(bytes *out, const void *data, size_t size) {
    if (out->failed) return;
    if (out->size + size > out->capacity) {
        size_t capacity = (out->size + size) * 2 + 256;
        uint8_t *grown = realloc(out->data, capacity);
        if (!grown) {
            out->failed = true;
            return;
        }
        out->data = grown;
        out->capacity = capacity;
    }
    if (size) memcpy(out->data + out->size, data, size);
    out->size += size;
}

static void put_byte(bytes *out, unsigned value) {
    uint8_t byte = (uint8_t)value;
    put(out, &byte, 1);
}

static void put_big(bytes *out, uint32_t value, int count) {
    for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) put_byte(out, value >> shift);
}

static void put_variable(bytes *out, uint32_t value) {
    int shift = 28;
    while (shift > 0 && (value >> shift) == 0) shift -= 7;
    for (; shift > 0; shift -= 7) put_byte(out, 0x80 | ((value >> shift) & 0x7f));
    put_byte(out, value & 0x7f);
}

// One message of a track before it is sorted. Order breaks ties at a tick: metas, note-offs, controls, note-ons.
typedef struct message {
    int32_t tick;
    int order;
    uint32_t sequence;
    uint8_t data[7];
    uint8_t size;
    const char *text;  // of a meta event, with its kind in data[0]
} message;

typedef struct track {
    message *items;
    size_t count, capacity;
    bool failed;
} track;

static void add(track *t, message m) {
    if (t->failed) return;
    if (t->count == t->capacity) {
        size_t capacity = t->capacity ? t->capacity * 2 : 64;
        message *grown = realloc(t->items, capacity * sizeof *grown);
        if (!grown) {
            t->failed = true;
            return;
        }
        t->items = grown;
        t->capacity = capacity;
    }
    m.sequence = (uint32_t)t->count;
    t->items[t->count++] = m;
}

static int compare_messages(const void *a, const void *b) {
    const message *x = a, *y = b;
    if (x->tick != y->tick) return x->tick < y->tick ? -1 : 1;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return x->sequence < y->sequence ? -1 : 1;
}

static void put_text(bytes *out, unsigned kind, const char *text) {
    size_t length = strlen(text);
    put_byte(out, 0xff);
    put_byte(out, kind);
    put_variable(out, (uint32_t)length);
    put(out, text, length);
}

static void put_track(bytes *out, track *t, int32_t end) {
    if (t->count) qsort(t->items, t->count, sizeof *t->items, compare_messages);
    put(out, "MTrk", 4);
    size_t length_at = out->size;
    put_big(out, 0, 4);
    int32_t tick = 0;
    for (size_t i = 0; i < t->count; i++) {
        const message *m = &t->items[i];
        put_variable(out, (uint32_t)(m->tick - tick));
        tick = m->tick;
        if (m->text)
            put_text(out, m->data[0], m->text);
        else
            put(out, m->data, m->size);
    }
    put_variable(out, (uint32_t)(end > tick ? end - tick : 0));
    put(out, "\xff\x2f\x00", 3);
    if (!out->failed) {
        uint32_t length = (uint32_t)(out->size - length_at - 4);
        for (int i = 0; i < 4; i++) out->data[length_at + (size_t)i] = (uint8_t)(length >> (24 - 8 * i));
    }
    if (t->failed) out->failed = true;
    free(t->items);
    *t = (track){0};
}

static message text_message(int32_t tick, unsigned kind, const char *text) {
    return (message){.tick = tick, .order = 0, .data = {(uint8_t)kind}, .text = text};
}

// Sharps (+) or flats (-) of the signature, and whether it is minor: a MIDI signature knows no other modes, so that
// those with a minor third go as minor on the same tonic, the rest as major.
static int key_fifths(grm_key key, bool *minor) {
    *minor = grm_mode_is_minor(key.mode);
    int fifths = (key.tonic * 7 + (*minor ? 9 : 0)) % 12;  // C 0, G 1, D 2 ...; minor three fifths lower
    if (fifths > 6 || (fifths == 6 && key.flat)) fifths -= 12;
    return fifths;
}

static void put_conductor(bytes *out, const grm_score *score, int32_t end) {
    track t = {0};
    if (score->title) add(&t, text_message(0, 0x03, score->title));
    for (size_t i = 0; i < score->metre_count; i++) {
        grm_metre m = score->metres[i].metre;
        bool compound = m.unit == 8 && m.beats % 3 == 0;
        unsigned clocks = compound ? 36 : 24 * 4 / (unsigned)m.unit;  // MIDI clocks a metronome click
        add(&t,
            (message){.tick = score->metres[i].tick,
                      .order = 1,
                      .size = 7,
                      .data = {0xff, 0x58, 4, (uint8_t)m.beats, (uint8_t)lround(log2(m.unit)), (uint8_t)clocks, 8}});
    }
    for (size_t i = 0; i < score->tempo_count; i++) {
        uint32_t us = score->tempos[i].us_per_quarter;
        add(&t, (message){.tick = score->tempos[i].tick,
                          .order = 1,
                          .size = 6,
                          .data = {0xff, 0x51, 3, (uint8_t)(us >> 16), (uint8_t)(us >> 8), (uint8_t)us}});
    }
    if (score->has_key) {
        bool minor = false;
        int fifths = key_fifths(score->key, &minor);
        add(&t, (message){.order = 1, .size = 5, .data = {0xff, 0x59, 2, (uint8_t)fifths, minor}});
    }
    for (size_t i = 0; i < score->section_count; i++)
        add(&t, text_message(score->sections[i].start, 0x06, score->sections[i].name));
    put_track(out, &t, end);
}

static void put_part(bytes *out, const grm_part *part, int32_t end) {
    track t = {0};
    unsigned channel = part->channel & 15;
    add(&t, text_message(0, 0x03, part->name ? part->name : "Part"));
    if (part->instrument) add(&t, text_message(0, 0x04, part->instrument));
    if (part->bank && part->bank < 128 && !part->drums)
        add(&t, (message){.order = 2, .data = {(uint8_t)(0xb0 | channel), 0, part->bank}, .size = 3});
    add(&t, (message){.order = 2, .data = {(uint8_t)(0xc0 | channel), part->program & 127}, .size = 2});
    if (part->bend_range > 0 && part->bend_range != 2) {  // RPN 0: pitch bend sensitivity
        unsigned range = (unsigned)lroundf(part->bend_range);
        const uint8_t rpn[3][2] = {{101, 0}, {100, 0}, {6, (uint8_t)(range > 24 ? 24 : range)}};
        for (int i = 0; i < 3; i++)
            add(&t, (message){.order = 2, .data = {(uint8_t)(0xb0 | channel), rpn[i][0], rpn[i][1]}, .size = 3});
    }
    for (size_t i = 0; i < part->control_count; i++) {
        const grm_control *c = &part->controls[i];
        message m = {.tick = c->tick < 0 ? 0 : c->tick, .order = 2, .size = 3};
        if (c->number == GRM_CONTROL_BEND) {
            unsigned bend = (unsigned)(c->value + 8192);
            m.data[0] = (uint8_t)(0xe0 | channel), m.data[1] = bend & 127, m.data[2] = (bend >> 7) & 127;
        } else if (c->number == GRM_CONTROL_PROGRAM) {
            m.data[0] = (uint8_t)(0xc0 | channel), m.data[1] = c->value & 127, m.size = 2;
        } else {
            m.data[0] = (uint8_t)(0xb0 | channel), m.data[1] = c->number & 127, m.data[2] = c->value & 127;
        }
        add(&t, m);
    }
    for (size_t i = 0; i < part->note_count; i++) {
        const grm_note *n = &part->notes[i];
        int32_t start = n->start < 0 ? 0 : n->start;
        add(&t, (message){.tick = start,
                          .order = 3,
                          .size = 3,
                          .data = {(uint8_t)(0x90 | channel), n->pitch & 127, n->velocity & 127}});
        add(&t, (message){.tick = start + (n->length > 0 ? n->length : 1),
                          .order = 1,
                          .size = 3,
                          .data = {(uint8_t)(0x80 | channel), n->pitch & 127, 64}});
    }
    put_track(out, &t, end);
}

grm_status grm_score_write_midi(const grm_score *score, uint8_t **data, size_t *size, grm_error *err) {
    *data = NULL;
    *size = 0;
    int32_t end = 0;
    for (size_t p = 0; p < score->part_count; p++) {
        for (size_t i = 0; i < score->parts[p].note_count; i++) {
            const grm_note *n = &score->parts[p].notes[i];
            if (n->start + n->length > end) end = n->start + n->length;
        }
    }
    if (score->section_count && score->sections[score->section_count - 1].end > end)
        end = score->sections[score->section_count - 1].end;
    bytes out = {0};
    put(&out, "MThd", 4);
    put_big(&out, 6, 4);
    put_big(&out, 1, 2);
    put_big(&out, (uint32_t)score->part_count + 1, 2);
    put_big(&out, GRM_PPQ, 2);
    put_conductor(&out, score, end);
    for (size_t p = 0; p < score->part_count; p++) put_part(&out, &score->parts[p], end);
    if (out.failed) {
        free(out.data);
        return grm_fail_memory(err);
    }
    *data = out.data;
    *size = out.size;
    return GRM_OK;
}
