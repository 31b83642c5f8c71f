// Standard MIDI Files of anybody to scores. The bytes are hostile: every length is checked before use.
#include <grammy/score.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum {
    MAX_TRACKS = 1024,
    MAX_EVENTS = 4 * 1000 * 1000,
    MAX_SECONDS = 10 * 3600,
    MOST_TICKS = (1 << 28) - GRM_PPQ,  // so that a wait of any length can be written in four bytes
};

typedef struct reader {
    const uint8_t *bytes;
    size_t size, at;
    const char *name;
    grm_error *err;
} reader;

static grm_status bad(reader *in, const char *what) {
    return grm_fail(in->err, GRM_BAD_INPUT, "%s: %s at byte %zu; is it a MIDI file, and whole?", in->name, what,
                    in->at);
}

static bool get(reader *in, size_t end, unsigned *byte) {
    if (in->at >= end) return false;
    *byte = in->bytes[in->at++];
    return true;
}

static uint32_t big(const uint8_t *p, int count) {
    uint32_t value = 0;
    for (int i = 0; i < count; i++) value = value << 8 | p[i];
    return value;
}

// A variable-length quantity, at most four bytes.
static bool get_variable(reader *in, size_t end, uint32_t *value) {
    *value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned byte;
        if (!get(in, end, &byte)) return false;
        *value = *value << 7 | (byte & 127);
        if (byte < 128) return true;
    }
    return false;
}

typedef enum event_kind { NOTE_ON, NOTE_OFF, CONTROL, TEMPO, METRE, MARKER } event_kind;

// Everything that matters, of all tracks, at its own time unit until the division is applied.
typedef struct event {
    double tick;  // file ticks; seconds * 1000 under SMPTE division
    uint32_t sequence;
    uint16_t track;
    uint8_t kind, channel, number;
    int32_t value;
    const char *text;
} event;

typedef struct track_facts {
    const char *name, *instrument;
} track_facts;

typedef struct song {
    event *events;
    size_t count, capacity;
    track_facts *tracks;
    const char *title;
    grm_key key;
    bool has_key;
    grm_memory *memory;
} song;

static bool add_event(song *s, event e) {
    if (s->count >= MAX_EVENTS) return false;
    if (s->count == s->capacity) {
        size_t capacity = s->capacity ? s->capacity * 2 : 1024;
        event *grown = realloc(s->events, capacity * sizeof *grown);
        if (!grown) return false;
        s->events = grown;
        s->capacity = capacity;
    }
    e.sequence = (uint32_t)s->count;
    s->events[s->count++] = e;
    return true;
}

// Text of a meta event: printable, bounded, UTF-8 or Latin-1 taken byte by byte as it is.
static const char *take_text(song *s, const uint8_t *bytes, size_t size) {
    if (size > 120) size = 120;
    char text[121];
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] >= 32 && bytes[i] < 127) text[n++] = (char)bytes[i];
    while (n && text[n - 1] == ' ') n--;
    text[n] = 0;
    return n ? grm_memory_string(s->memory, text) : NULL;
}

static bool read_meta(song *s, unsigned track, double tick, unsigned kind, const uint8_t *p, size_t size) {
    event e = {.tick = tick, .track = (uint16_t)track};
    if (kind == 0x51 && size == 3 && big(p, 3) > 0) {
        e.kind = TEMPO, e.value = (int32_t)big(p, 3);
        return add_event(s, e);
    }
    if (kind == 0x58 && size >= 2 && p[0] >= 1 && p[0] <= 32 && p[1] <= 4) {
        e.kind = METRE, e.number = p[0], e.value = 1 << p[1];
        return add_event(s, e);
    }
    if (kind == 0x59 && size == 2 && !s->has_key && (int8_t)p[0] >= -7 && (int8_t)p[0] <= 7) {
        int fifths = (int8_t)p[0], minor = p[1] == 1;
        s->key.tonic = ((fifths * 7) % 12 + 12 + (minor ? 9 : 0)) % 12;
        s->key.mode = minor ? GRM_MINOR : GRM_MAJOR;
        s->key.flat = fifths < 0;
        s->has_key = true;
    }
    if (kind == 0x03 && !s->tracks[track].name) s->tracks[track].name = take_text(s, p, size);
    if (kind == 0x04 && !s->tracks[track].instrument) s->tracks[track].instrument = take_text(s, p, size);
    if (kind == 0x06 && (e.text = take_text(s, p, size))) {
        e.kind = MARKER;
        return add_event(s, e);
    }
    return true;
}

static bool read_channel_message(song *s, unsigned track, double tick, unsigned status, unsigned a, unsigned b) {
    event e = {
        .tick = tick, .track = (uint16_t)track, .channel = status & 15, .number = (uint8_t)a, .value = (int32_t)b};
    switch (status >> 4) {
        case 0x9:
            e.kind = b ? NOTE_ON : NOTE_OFF;
            break;
        case 0x8:
            e.kind = NOTE_OFF;
            break;
        case 0xb:
            e.kind = CONTROL;
            break;
        case 0xc:
            e.kind = CONTROL, e.number = GRM_CONTROL_PROGRAM, e.value = (int32_t)a;
            break;
        case 0xe:
            e.kind = CONTROL, e.number = GRM_CONTROL_BEND, e.value = (int32_t)(b << 7 | a) - 8192;
            break;
        default:
            return true;  // aftertouch
    }
    return add_event(s, e);
}

static grm_status read_track(reader *in, song *s, unsigned track, size_t end, double offset, double *length) {
    double tick = offset;
    unsigned running = 0;
    while (in->at < end) {
        uint32_t delta;
        unsigned status, a = 0, b = 0;
        if (!get_variable(in, end, &delta)) return bad(in, "a broken time");
        tick += delta;
        if (!get(in, end, &status)) return bad(in, "a track that ends inside an event");
        if (status == 0xff || status == 0xf0 || status == 0xf7) {
            unsigned kind = 0;
            uint32_t size;
            if (status == 0xff && !get(in, end, &kind)) return bad(in, "a broken meta event");
            if (!get_variable(in, end, &size) || size > end - in->at) return bad(in, "an event longer than its track");
            if (status == 0xff && kind == 0x2f) break;
            if (status == 0xff && !read_meta(s, track, tick, kind, in->bytes + in->at, size))
                return grm_fail(in->err, GRM_BAD_INPUT, "%s: more than %d events", in->name, MAX_EVENTS);
            in->at += size;
            continue;
        }
        if (status < 0x80) {  // running status
            if (!running) return bad(in, "data without a status");
            in->at--;
            status = running;
        }
        if (status >= 0xf0) return bad(in, "an unknown status");
        running = status;
        bool two = status >> 4 != 0xc && status >> 4 != 0xd;
        if (!get(in, end, &a) || (two && !get(in, end, &b)) || a > 127 || b > 127) return bad(in, "a broken message");
        if (!read_channel_message(s, track, tick, status, a, b))
            return grm_fail(in->err, GRM_BAD_INPUT, "%s: more than %d events", in->name, MAX_EVENTS);
    }
    *length = tick;
    return GRM_OK;
}

static int compare_events(const void *x, const void *y) {
    const event *a = x, *b = y;
    if (a->tick != b->tick) return a->tick < b->tick ? -1 : 1;
    return a->sequence < b->sequence ? -1 : 1;
}

static bool name_has(const char *name, const char *word) {
    if (!name) return false;
    size_t length = strlen(word);
    for (; *name; name++) {
        size_t i = 0;
        while (i < length && (name[i] | 32) == word[i]) i++;
        if (i == length) return true;
    }
    return false;
}

// What a part of somebody's file does: by its name, else by its General MIDI program.
static grm_role guess_role(const grm_part *part) {
    if (part->drums) {
        return name_has(part->name, "kick")    ? GRM_ROLE_KICK
               : name_has(part->name, "snare") ? GRM_ROLE_SNARE
               : name_has(part->name, "hat")   ? GRM_ROLE_HATS
               : name_has(part->name, "perc")  ? GRM_ROLE_PERCUSSION
                                               : GRM_ROLE_DRUMS;
    }
    if (name_has(part->name, "bass") || (part->program >= 32 && part->program < 40)) return GRM_ROLE_BASS;
    if (name_has(part->name, "melody") || name_has(part->name, "lead") || name_has(part->name, "vocal"))
        return GRM_ROLE_LEAD;
    if (name_has(part->name, "pad") || (part->program >= 88 && part->program < 96)) return GRM_ROLE_PAD;
    if (name_has(part->name, "arp")) return GRM_ROLE_ARP;
    if (part->program < 32 || (part->program >= 40 && part->program < 56)) return GRM_ROLE_CHORDS;
    if (part->program < 88) return GRM_ROLE_LEAD;
    return GRM_ROLE_OTHER;
}

typedef struct slot {  // a part being made, of one track and channel
    size_t notes, controls, noted, controlled;
    int part;
} slot;

static grm_status make_parts(reader *in, song *s, size_t tracks, double scale, grm_score *score) {
    grm_status status = GRM_OK;
    size_t slots = tracks * 16;
    slot *slot_of = calloc(slots, sizeof *slot_of);
    int32_t *open = malloc(slots * 128 * sizeof *open);  // index of the sounding note of that key, -1
    if (!slot_of || !open) {
        status = grm_fail_memory(in->err);
        goto done;
    }
    for (size_t i = 0; i < slots * 128; i++) open[i] = -1;
    for (size_t i = 0; i < s->count; i++) {
        const event *e = &s->events[i];
        slot *o = &slot_of[e->track * 16u + e->channel];
        if (e->kind == NOTE_ON) o->notes++;
        if (e->kind == CONTROL) o->controls++;
    }
    size_t parts = 0;
    for (size_t i = 0; i < slots; i++) parts += slot_of[i].notes > 0;
    score->parts = grm_memory_take(score->memory, parts ? parts : 1, sizeof *score->parts);
    if (!score->parts) {
        status = grm_fail_memory(in->err);
        goto done;
    }
    for (size_t i = 0; i < slots; i++) {
        slot *o = &slot_of[i];
        if (!o->notes) continue;
        o->part = (int)score->part_count;
        grm_part *part = &score->parts[score->part_count++];
        unsigned channel = (unsigned)(i % 16), track = (unsigned)(i / 16);
        part->channel = (uint8_t)channel;
        part->drums = channel == 9;
        part->bend_range = 2;
        part->instrument = s->tracks[track].instrument;
        part->name = s->tracks[track].name;
        part->notes = grm_memory_take(score->memory, o->notes, sizeof *part->notes);
        part->controls = grm_memory_take(score->memory, o->controls + 1, sizeof *part->controls);
        if (!part->name) part->name = grm_memory_format(score->memory, "Track %u", track + 1);
        if (!part->name || !part->notes || !part->controls) {
            status = grm_fail_memory(in->err);
            goto done;
        }
    }
    for (size_t i = 0; i < s->count; i++) {
        const event *e = &s->events[i];
        size_t at = e->track * 16u + e->channel;
        slot *o = &slot_of[at];
        if (!o->notes || e->kind > CONTROL) continue;
        grm_part *part = &score->parts[o->part];
        int32_t tick = (int32_t)lround(e->tick * scale);
        int32_t *sounding = &open[at * 128 + (e->number & 127)];
        if (e->kind == CONTROL) {
            if (e->number == GRM_CONTROL_PROGRAM && part->note_count == 0) part->program = (uint8_t)e->value;
            if (e->number == 0 && part->note_count == 0) part->bank = (uint8_t)e->value;
            part->controls[part->control_count++] =
                (grm_control){.tick = tick, .number = e->number, .value = (int16_t)e->value};
        } else {
            if (*sounding >= 0) {  // off, or struck again
                grm_note *note = &part->notes[*sounding];
                note->length = tick > note->start ? tick - note->start : 1;
                *sounding = -1;
            }
            if (e->kind == NOTE_ON) {
                *sounding = (int32_t)part->note_count;
                part->notes[part->note_count++] = (grm_note){
                    .start = tick, .length = 0, .pitch = e->number & 127, .velocity = (uint8_t)(e->value & 127)};
            }
        }
    }
    for (size_t p = 0; p < score->part_count; p++) {
        grm_part *part = &score->parts[p];
        for (size_t i = 0; i < part->note_count; i++)
            if (part->notes[i].length <= 0) part->notes[i].length = GRM_PPQ;  // never released
        part->role = guess_role(part);
    }
done:
    free(open);
    free(slot_of);
    return status;
}

static grm_status make_maps(reader *in, const song *s, double scale, double end_tick, grm_score *score) {
    size_t tempos = 1, metres = 1, markers = 0;
    for (size_t i = 0; i < s->count; i++) {
        tempos += s->events[i].kind == TEMPO;
        metres += s->events[i].kind == METRE;
        markers += s->events[i].kind == MARKER;
    }
    score->tempos = grm_memory_take(score->memory, tempos, sizeof *score->tempos);
    score->metres = grm_memory_take(score->memory, metres, sizeof *score->metres);
    score->sections = grm_memory_take(score->memory, markers + 1, sizeof *score->sections);
    if (!score->tempos || !score->metres || !score->sections) return grm_fail_memory(in->err);
    score->tempos[score->tempo_count++] = (grm_tempo_change){0, 500000};  // what MIDI says where no tempo is
    score->metres[score->metre_count++] = (grm_metre_change){0, {4, 4}};
    for (size_t i = 0; i < s->count; i++) {
        const event *e = &s->events[i];
        int32_t tick = (int32_t)lround(e->tick * scale);
        if (e->kind == TEMPO) {
            if (score->tempos[score->tempo_count - 1].tick == tick) score->tempo_count--;
            score->tempos[score->tempo_count++] = (grm_tempo_change){tick, (uint32_t)e->value};
        } else if (e->kind == METRE) {
            if (score->metres[score->metre_count - 1].tick == tick) score->metre_count--;
            score->metres[score->metre_count++] = (grm_metre_change){tick, {e->number, e->value}};
        } else if (e->kind == MARKER) {
            grm_section *section = &score->sections[score->section_count++];
            *section = (grm_section){.name = e->text, .kind = e->text, .start = tick, .energy = 0.5f};
        }
    }
    int32_t end = (int32_t)lround(end_tick * scale);
    for (size_t i = 0; i < score->section_count; i++)
        score->sections[i].end = i + 1 < score->section_count ? score->sections[i + 1].start : end;
    return GRM_OK;
}

static grm_status read_tracks(reader *in, song *s, unsigned format, unsigned tracks, double *end_tick) {
    unsigned seen = 0;
    double offset = 0;
    while (in->at + 8 <= in->size && seen < tracks) {
        const uint8_t *chunk = in->bytes + in->at;
        uint32_t length = big(chunk + 4, 4);
        in->at += 8;
        bool track = memcmp(chunk, "MTrk", 4) == 0;
        // A last track that was cut off is read as far as it goes wrong.
        if (length > in->size - in->at) {
            if (!track) return bad(in, "a chunk longer than the file");
            return bad(in, "a track longer than the file");
        }
        size_t end = in->at + length;
        if (track) {
            double last = 0;
            grm_status status = read_track(in, s, seen, end, offset, &last);
            if (status != GRM_OK) return status;
            if (last > *end_tick) *end_tick = last;
            if (format == 2) offset = last;  // independent patterns play one after the other
            seen++;
        }
        in->at = end;
    }
    if (seen == 0) return bad(in, "no track");
    return GRM_OK;
}

grm_status grm_score_read_midi(const uint8_t *bytes, size_t size, const char *name, grm_score **out, grm_error *err) {
    *out = NULL;
    reader in = {.bytes = bytes, .size = size, .name = name, .err = err};
    if (size < 14 || memcmp(bytes, "MThd", 4) != 0 || big(bytes + 4, 4) < 6 || big(bytes + 4, 4) > size - 8)
        return bad(&in, "no MIDI header");
    unsigned format = big(bytes + 8, 2), tracks = big(bytes + 10, 2), division = big(bytes + 12, 2);
    in.at = 8 + big(bytes + 4, 4);
    if (format > 2) return bad(&in, "an unknown format");
    if (tracks == 0 || tracks > MAX_TRACKS || division == 0)
        return grm_fail(err, GRM_BAD_INPUT, "%s: %u tracks and a division of %u; a MIDI file has 1 to %d tracks", name,
                        tracks, division, MAX_TRACKS);
    grm_status status = GRM_OK;
    song s = {.memory = grm_memory_new()};
    s.tracks = s.memory ? grm_memory_take(s.memory, tracks, sizeof *s.tracks) : NULL;
    grm_score *score = s.tracks ? grm_memory_take(s.memory, 1, sizeof *score) : NULL;
    if (!score) {
        status = grm_fail_memory(err);
        goto done;
    }
    score->memory = s.memory;
    double end_tick = 0;
    status = read_tracks(&in, &s, format, tracks, &end_tick);
    if (status != GRM_OK) goto done;
    if (s.count) qsort(s.events, s.count, sizeof *s.events, compare_events);
    // Ticks a quarter, or SMPTE frames: then a quarter is made half a second long, at 120 beats a minute.
    double scale = (double)GRM_PPQ / division;
    if (division & 0x8000) {
        double frames = 256 - (division >> 8), per_frame = division & 255;
        if (frames < 1 || per_frame < 1) {
            status = bad(&in, "a broken SMPTE division");
            goto done;
        }
        scale = 2.0 * GRM_PPQ / (frames * per_frame);
    }
    if (end_tick * scale > MOST_TICKS) {
        status = grm_fail(err, GRM_BAD_INPUT, "%s: lasts longer than a score can hold", name);
        goto done;
    }
    status = make_maps(&in, &s, scale, end_tick, score);
    if (status == GRM_OK) status = make_parts(&in, &s, tracks, scale, score);
    if (status != GRM_OK) goto done;
    if (score->part_count == 0) {
        status = grm_fail(err, GRM_BAD_INPUT, "%s: has no notes", name);
        goto done;
    }
    for (unsigned i = 0; i < tracks && !score->title; i++) score->title = s.tracks[i].name;
    score->key = s.key;
    score->has_key = s.has_key;
    score->duration_s = grm_score_seconds(score, end_tick * scale) + 2.0;  // room to ring out
    if (score->duration_s > MAX_SECONDS)
        status = grm_fail(err, GRM_BAD_INPUT, "%s: lasts %.0f s; at most %d s can be read", name, score->duration_s,
                          MAX_SECONDS);
done:
    free(s.events);
    if (status == GRM_OK)
        *out = score;
    else
        grm_memory_free(s.memory);
    return status;
}
