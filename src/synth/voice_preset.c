// data/voices.yaml to presets: a table a structure says which keys it has, of what kind, within which bounds.
#include "synth/voice_preset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "synth/voice.h"

typedef enum field_kind {
    FIELD_FLOAT,
    FIELD_INT,
    FIELD_BOOL,
    FIELD_WORD,
    FIELD_FLOATS,
    FIELD_MAP,
    FIELD_LIST
} field_kind;

typedef struct field {
    const char *name;
    field_kind kind;
    size_t offset;
    float low, high;           // of numbers
    const char *const *words;  // of FIELD_WORD: NULL-terminated, the value is the index
    size_t count_offset, most, size;
    const struct field *fields;  // of maps and of a list's items
    const void *standard;        // what a list's item starts as
} field;

#define NUMBER(type, member, low, high) \
    { #member, FIELD_FLOAT, offsetof(type, member), low, high, 0, 0, 0, 0, 0, 0 }
#define WHOLE(type, member, low, high) \
    { #member, FIELD_INT, offsetof(type, member), low, high, 0, 0, 0, 0, 0, 0 }
#define YES(type, member) \
    { #member, FIELD_BOOL, offsetof(type, member), 0, 0, 0, 0, 0, 0, 0, 0 }
#define WORD(type, member, words) \
    { #member, FIELD_WORD, offsetof(type, member), 0, 0, words, 0, 0, 0, 0, 0 }
#define MAP(type, member, fields) \
    { #member, FIELD_MAP, offsetof(type, member), 0, 0, 0, 0, 0, 0, fields, 0 }
#define FLOATS(type, member, count, most, low, high) \
    { #member, FIELD_FLOATS, offsetof(type, member), low, high, 0, offsetof(type, count), most, sizeof(float), 0, 0 }
#define LIST(type, member, count, most, item, fields, standard)                                                  \
    {                                                                                                            \
#member, FIELD_LIST, offsetof(type, member), 0, 0, 0, offsetof(type, count), most, sizeof(item), fields, \
            standard                                                                                             \
    }
#define END \
    { NULL, FIELD_FLOAT, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

static const field adsr_fields[] = {
    NUMBER(grm_adsr, attack_ms, 0, 20000),
    NUMBER(grm_adsr, decay_ms, 1, 60000),
    NUMBER(grm_adsr, sustain, 0, 1),
    NUMBER(grm_adsr, release_ms, 1, 60000),
    END,
};

static const char *const wave_words[] = {"saw", "pulse", "triangle", "sine", "harmonics", "noise", NULL};
static const field oscillator_fields[] = {
    WORD(grm_oscillator, wave, wave_words),
    FLOATS(grm_oscillator, harmonics, harmonic_count, GRM_MAX_HARMONICS, -1, 1),
    WHOLE(grm_oscillator, unison, 1, GRM_MAX_UNISON),
    NUMBER(grm_oscillator, detune_cents, 0, 200),
    NUMBER(grm_oscillator, blend, 0, 2),
    NUMBER(grm_oscillator, spread, 0, 1),
    NUMBER(grm_oscillator, semitones, -48, 48),
    NUMBER(grm_oscillator, cents, -100, 100),
    NUMBER(grm_oscillator, level_db, -60, 12),
    NUMBER(grm_oscillator, width, 0.02f, 0.98f),
    NUMBER(grm_oscillator, decay_ms, 0, 60000),
    END,
};
static const grm_oscillator standard_oscillator = {.unison = 1, .blend = 1, .width = 0.5f};

static const char *const filter_words[] = {"none", "lp12", "lp24", "ladder", "bp12", "hp12", NULL};
static const field filter_fields[] = {
    WORD(grm_vcf_preset, kind, filter_words),
    NUMBER(grm_vcf_preset, cutoff_hz, 10, 22000),
    NUMBER(grm_vcf_preset, resonance, 0, 1),
    NUMBER(grm_vcf_preset, envelope, -8, 10),
    NUMBER(grm_vcf_preset, velocity, 0, 6),
    NUMBER(grm_vcf_preset, key_follow, 0, 1.5f),
    NUMBER(grm_vcf_preset, accent, 0, 1),
    MAP(grm_vcf_preset, contour, adsr_fields),
    END,
};

static const field lfo_fields[] = {
    NUMBER(grm_lfo_preset, rate_hz, 0, 40),
    NUMBER(grm_lfo_preset, delay_ms, 0, 10000),
    NUMBER(grm_lfo_preset, pitch_cents, 0, 1200),
    NUMBER(grm_lfo_preset, filter, 0, 6),
    NUMBER(grm_lfo_preset, width, 0, 0.48f),
    NUMBER(grm_lfo_preset, level_db, 0, 24),
    END,
};

static const field operator_fields[] = {
    NUMBER(grm_operator, ratio, 0, 32),
    NUMBER(grm_operator, cents, -100, 100),
    NUMBER(grm_operator, fixed_hz, 0, 12000),
    NUMBER(grm_operator, level, 0, 16),
    WHOLE(grm_operator, to, 0, GRM_MAX_OPERATORS),
    NUMBER(grm_operator, feedback, 0, 4),
    NUMBER(grm_operator, velocity, 0, 3),
    NUMBER(grm_operator, key_fade, 0, 24),
    NUMBER(grm_operator, pan, -1, 1),
    MAP(grm_operator, contour, adsr_fields),
    END,
};
static const grm_operator standard_operator = {
    .ratio = 1, .level = 1, .contour = {.attack_ms = 2, .decay_ms = 1000, .sustain = 1, .release_ms = 200}};

static const char *const chorus_words[] = {"none", "stereo", "ensemble", NULL};
static const field chorus_fields[] = {
    WORD(grm_chorus_preset, kind, chorus_words),
    NUMBER(grm_chorus_preset, rate_hz, 0.01f, 20),
    NUMBER(grm_chorus_preset, depth_ms, 0, 8),
    NUMBER(grm_chorus_preset, mix, 0, 1),
    END,
};
static const field formant_fields[] = {
    NUMBER(grm_formant, hz, 50, 12000),
    NUMBER(grm_formant, bandwidth_hz, 10, 4000),
    NUMBER(grm_formant, level_db, -60, 24),
    END,
};
static const grm_formant standard_formant = {.hz = 1000, .bandwidth_hz = 100};
static const field bus_fields[] = {
    NUMBER(grm_bus_preset, highpass_hz, 0, 8000),
    NUMBER(grm_bus_preset, lowpass_hz, 0, 22000),
    NUMBER(grm_bus_preset, bits, 0, 24),
    NUMBER(grm_bus_preset, hold_hz, 0, 48000),
    NUMBER(grm_bus_preset, drive_db, 0, 40),
    NUMBER(grm_bus_preset, tremolo_hz, 0, 20),
    NUMBER(grm_bus_preset, tremolo_db, 0, 24),
    NUMBER(grm_bus_preset, tremolo_pan, 0, 1),
    NUMBER(grm_bus_preset, room_db, -60, 12),
    NUMBER(grm_bus_preset, room_ms, 0, 3000),
    LIST(grm_bus_preset, formants, formant_count, GRM_MAX_FORMANTS, grm_formant, formant_fields, &standard_formant),
    NUMBER(grm_bus_preset, formant_mix, 0, 1),
    MAP(grm_bus_preset, chorus, chorus_fields),
    END,
};

static const char *const source_words[] = {"tone", "noise", "metal", NULL};
static const char *const shape_words[] = {"saw", "pulse", "triangle", "sine", NULL};
static const char *const layer_filter_words[] = {"open", "lowpass", "bandpass", "highpass", NULL};
static const field layer_fields[] = {
    WORD(grm_layer, source, source_words),
    WORD(grm_layer, shape, shape_words),
    NUMBER(grm_layer, level_db, -60, 24),
    NUMBER(grm_layer, hz, 10, 16000),
    NUMBER(grm_layer, sweep, 0.05f, 60),
    NUMBER(grm_layer, sweep_ms, 1, 5000),
    NUMBER(grm_layer, sweep2, 0.05f, 20),
    NUMBER(grm_layer, sweep2_ms, 1, 5000),
    NUMBER(grm_layer, attack_ms, 0, 2000),
    NUMBER(grm_layer, hold_ms, 0, 2000),
    NUMBER(grm_layer, decay_ms, 1, 20000),
    NUMBER(grm_layer, tail_db, -60, 0),
    NUMBER(grm_layer, tail_ms, 0, 20000),
    WHOLE(grm_layer, bursts, 1, 8),
    NUMBER(grm_layer, burst_ms, 1, 60),
    WORD(grm_layer, filter, layer_filter_words),
    NUMBER(grm_layer, cutoff_hz, 20, 22000),
    NUMBER(grm_layer, q, 0.3f, 40),
    NUMBER(grm_layer, cutoff_sweep, 0.05f, 60),
    NUMBER(grm_layer, cutoff_ms, 1, 5000),
    NUMBER(grm_layer, highpass_hz, 0, 16000),
    NUMBER(grm_layer, drive_db, 0, 40),
    NUMBER(grm_layer, width, 0, 1),
    NUMBER(grm_layer, velocity, 0, 6),
    FLOATS(grm_layer, partials, partial_count, GRM_MAX_PARTIALS, 0.1f, 40),
    YES(grm_layer, ring),
    END,
};
static const grm_layer standard_layer = {
    .source = GRM_LAYER_TONE,
    .shape = GRM_WAVE_SINE,
    .hz = 100,
    .sweep = 1,
    .sweep_ms = 50,
    .sweep2 = 1,
    .sweep2_ms = 20,
    .attack_ms = 0.2f,
    .decay_ms = 300,
    .bursts = 1,
    .burst_ms = 10,
    .cutoff_hz = 1000,
    .q = 0.707f,
    .cutoff_sweep = 1,
    .cutoff_ms = 100,
    .velocity = 1.4f,
};
static const field piece_fields[] = {
    LIST(grm_piece, layers, layer_count, GRM_MAX_LAYERS, grm_layer, layer_fields, &standard_layer),
    NUMBER(grm_piece, level_db, -60, 24),
    NUMBER(grm_piece, pan, -1, 1),
    NUMBER(grm_piece, drive_db, 0, 40),
    NUMBER(grm_piece, tune, -36, 36),
    NUMBER(grm_piece, decay, 0.05f, 10),
    NUMBER(grm_piece, brightness, -4, 4),
    YES(grm_piece, choke),
    END,
};

#define PIECE(name, place) \
    { name, FIELD_MAP, (place) * sizeof(grm_piece), 0, 0, 0, 0, 0, 0, piece_fields, 0 }
static const field pieces_fields[] = {
    PIECE("kick", GRM_PIECE_KICK),
    PIECE("snare", GRM_PIECE_SNARE),
    PIECE("snare2", GRM_PIECE_SNARE2),
    PIECE("clap", GRM_PIECE_CLAP),
    PIECE("rim", GRM_PIECE_RIM),
    PIECE("hat", GRM_PIECE_HAT),
    PIECE("pedal", GRM_PIECE_PEDAL),
    PIECE("open", GRM_PIECE_OPEN),
    PIECE("ride", GRM_PIECE_RIDE),
    PIECE("bell", GRM_PIECE_BELL),
    PIECE("crash", GRM_PIECE_CRASH),
    PIECE("china", GRM_PIECE_CHINA),
    PIECE("splash", GRM_PIECE_SPLASH),
    PIECE("tom1", GRM_PIECE_TOM1),
    PIECE("tom2", GRM_PIECE_TOM2),
    PIECE("tom3", GRM_PIECE_TOM3),
    PIECE("tom4", GRM_PIECE_TOM4),
    PIECE("tambourine", GRM_PIECE_TAMBOURINE),
    PIECE("shaker", GRM_PIECE_SHAKER),
    PIECE("cowbell", GRM_PIECE_COWBELL),
    PIECE("conga", GRM_PIECE_CONGA),
    PIECE("conga-mute", GRM_PIECE_CONGA_MUTE),
    PIECE("conga-low", GRM_PIECE_CONGA_LOW),
    PIECE("bongo", GRM_PIECE_BONGO),
    PIECE("bongo-low", GRM_PIECE_BONGO_LOW),
    PIECE("block", GRM_PIECE_BLOCK),
    PIECE("triangle", GRM_PIECE_TRIANGLE),
    PIECE("clave", GRM_PIECE_CLAVE),
    PIECE("snap", GRM_PIECE_SNAP),
    END,
};

static const char *const engine_words[] = {"subtractive", "fm", "drums", "texture", "fx", NULL};
static const char *const sound_words[] = {"vinyl", "tape",       "rain",   "room",           "crowd", "wind", "ocean",
                                          "riser", "downlifter", "impact", "reverse-cymbal", "sweep", NULL};
static const field preset_fields[] = {
    WORD(grm_voice_preset, engine, engine_words),
    NUMBER(grm_voice_preset, gain_db, -60, 40),
    NUMBER(grm_voice_preset, velocity, 0, 4),
    YES(grm_voice_preset, mono),
    NUMBER(grm_voice_preset, glide_ms, 0, 2000),
    NUMBER(grm_voice_preset, vibrato_cents, 0, 200),
    NUMBER(grm_voice_preset, vibrato_hz, 0, 20),
    NUMBER(grm_voice_preset, modulation, 0, 6),
    NUMBER(grm_voice_preset, bend_ms, 0, 200),
    LIST(grm_voice_preset, oscillators, oscillator_count, GRM_MAX_OSCILLATORS, grm_oscillator, oscillator_fields,
         &standard_oscillator),
    MAP(grm_voice_preset, filter, filter_fields),
    MAP(grm_voice_preset, contour, adsr_fields),
    NUMBER(grm_voice_preset, drop, -48, 48),
    NUMBER(grm_voice_preset, drop_ms, 1, 5000),
    MAP(grm_voice_preset, lfo, lfo_fields),
    NUMBER(grm_voice_preset, drift_cents, 0, 50),
    NUMBER(grm_voice_preset, phase, -1, 1),
    NUMBER(grm_voice_preset, drive_db, 0, 40),
    YES(grm_voice_preset, retrigger),
    LIST(grm_voice_preset, operators, operator_count, GRM_MAX_OPERATORS, grm_operator, operator_fields,
         &standard_operator),
    MAP(grm_voice_preset, pieces, pieces_fields),
    WORD(grm_voice_preset, sound, sound_words),
    NUMBER(grm_voice_preset, density, 0, 100),
    NUMBER(grm_voice_preset, tone_hz, 20, 20000),
    NUMBER(grm_voice_preset, wear, 0, 1),
    MAP(grm_voice_preset, bus, bus_fields),
    END,
};

// ---- the walk ----

typedef struct reader {
    yaml_document_t document;
    grm_error *err;
} reader;

static grm_status complain(reader *r, const yaml_node_t *node, const char *key, const char *what) {
    return grm_fail(r->err, GRM_BAD_INPUT, "data/voices.yaml, line %zu, column %zu: %s: %s", node->start_mark.line + 1,
                    node->start_mark.column + 1, key, what);
}

static const char *scalar(const yaml_node_t *node) {
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static yaml_node_t *lookup(reader *r, const yaml_node_t *map, const char *key) {
    if (!map || map->type != YAML_MAPPING_NODE) return NULL;
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const char *name = scalar(yaml_document_get_node(&r->document, p->key));
        if (name && strcmp(name, key) == 0) return yaml_document_get_node(&r->document, p->value);
    }
    return NULL;
}

static grm_status read_number(reader *r, const yaml_node_t *node, const field *f, float *out) {
    const char *text = scalar(node);
    char *end = NULL;
    double value = text ? strtod(text, &end) : 0;
    if (!text || end == text || *end || !isfinite(value)) return complain(r, node, f->name, "a number is wanted");
    if (value < f->low || value > f->high) {
        char what[80];
        snprintf(what, sizeof what, "%g is outside %g to %g", value, (double)f->low, (double)f->high);
        return complain(r, node, f->name, what);
    }
    *out = (float)value;
    return GRM_OK;
}

static grm_status read_map(reader *r, const yaml_node_t *node, const field *fields, char *at);

static grm_status read_sequence(reader *r, const yaml_node_t *node, const field *f, char *at) {
    if (node->type != YAML_SEQUENCE_NODE) return complain(r, node, f->name, "a list is wanted");
    size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (count > f->most) return complain(r, node, f->name, "the list is too long");
    memcpy(at + f->count_offset, &count, sizeof count);
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *item = yaml_document_get_node(&r->document, node->data.sequence.items.start[i]);
        char *place = at + f->offset + i * f->size;
        grm_status status;
        if (f->kind == FIELD_FLOATS) {
            status = read_number(r, item, f, (float *)place);
        } else {
            memcpy(place, f->standard, f->size);
            status = read_map(r, item, f->fields, place);
        }
        if (status) return status;
    }
    return GRM_OK;
}

static grm_status read_word(reader *r, const yaml_node_t *node, const field *f, int *out) {
    const char *text = scalar(node);
    for (int i = 0; text && f->words[i]; i++)
        if (strcmp(text, f->words[i]) == 0) {
            *out = i;
            return GRM_OK;
        }
    return complain(r, node, f->name, "not one of its words");
}

static grm_status read_field(reader *r, const yaml_node_t *node, const field *f, char *at) {
    void *place = at + f->offset;
    grm_status status = GRM_OK;
    float number = 0;
    switch (f->kind) {
        case FIELD_FLOAT:
            return read_number(r, node, f, place);
        case FIELD_INT:
            status = read_number(r, node, f, &number);
            if (!status && number != floorf(number)) return complain(r, node, f->name, "a whole number is wanted");
            if (!status) *(int *)place = (int)number;
            return status;
        case FIELD_BOOL: {
            const char *text = scalar(node);
            if (!text || (strcmp(text, "yes") && strcmp(text, "no"))) return complain(r, node, f->name, "yes or no");
            *(bool *)place = text[0] == 'y';
            return GRM_OK;
        }
        case FIELD_WORD:
            return read_word(r, node, f, place);
        case FIELD_FLOATS:
        case FIELD_LIST:
            return read_sequence(r, node, f, at);
        case FIELD_MAP:
            return read_map(r, node, f->fields, place);
    }
    return status;
}

static grm_status read_map(reader *r, const yaml_node_t *node, const field *fields, char *at) {
    if (!node || node->type != YAML_MAPPING_NODE)
        return grm_fail(r->err, GRM_BAD_INPUT, "data/voices.yaml, line %zu: a mapping is wanted",
                        node ? node->start_mark.line + 1 : 0);
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = yaml_document_get_node(&r->document, p->key);
        const char *name = scalar(key);
        if (!name) return complain(r, node, "key", "a word is wanted");
        if (fields == preset_fields && strcmp(name, "base") == 0) continue;
        const field *f = fields;
        while (f->name && strcmp(f->name, name)) f++;
        if (!f->name) return complain(r, key, name, "no such field");
        grm_status status = read_field(r, yaml_document_get_node(&r->document, p->value), f, at);
        if (status) return status;
    }
    return GRM_OK;
}

static void set_standard(grm_voice_preset *preset) {
    memset(preset, 0, sizeof *preset);
    preset->velocity = 1.2f;
    preset->vibrato_cents = 25;
    preset->vibrato_hz = 5.2f;
    preset->drop_ms = 50;
    preset->phase = -1;
    preset->contour = (grm_adsr){.attack_ms = 3, .decay_ms = 1000, .sustain = 1, .release_ms = 150};
    preset->filter.cutoff_hz = 18000;
    preset->filter.contour = (grm_adsr){.attack_ms = 1, .decay_ms = 500, .sustain = 0, .release_ms = 300};
    preset->density = 1;
    preset->tone_hz = 1000;
    preset->bus.formant_mix = 1;
    preset->bus.chorus.rate_hz = 0.5f;
    for (size_t i = 0; i < GRM_PIECE_COUNT; i++) preset->pieces[i].decay = 1;
}

// A preset stands on its base, which may stand on another; four deep is plenty, and ends a circle.
static grm_status read_preset(reader *r, const yaml_node_t *all, const char *name, int depth,
                              grm_voice_preset *preset) {
    const yaml_node_t *node = lookup(r, all, name);
    if (!node) return grm_fail(r->err, GRM_MISSING, "there is no voice '%s' in data/voices.yaml", name);
    if (depth > 4) return complain(r, node, name, "stands on too many others");
    const yaml_node_t *base = lookup(r, node, "base");
    if (base) {
        if (!scalar(base)) return complain(r, base, "base", "a voice's name is wanted");
        grm_status status = read_preset(r, all, scalar(base), depth + 1, preset);
        if (status) return status;
    }
    return read_map(r, node, preset_fields, (char *)preset);
}

static bool load(const unsigned char *bytes, size_t size, reader *r, grm_status *status) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        *status = grm_fail_memory(r->err);
        return false;
    }
    yaml_parser_set_input_string(&parser, bytes, size);
    bool loaded = yaml_parser_load(&parser, &r->document);
    if (!loaded)
        *status =
            grm_fail(r->err, GRM_BAD_INPUT, "data/voices.yaml, line %zu, column %zu: %s", parser.problem_mark.line + 1,
                     parser.problem_mark.column + 1, parser.problem ? parser.problem : "not YAML");
    yaml_parser_delete(&parser);
    return loaded;
}

grm_status grm_voice_preset_read(const unsigned char *bytes, size_t size, const char *name, grm_voice_preset **out,
                                 grm_error *err) {
    *out = NULL;
    reader r = {.err = err};
    grm_status status = GRM_OK;
    if (!load(bytes, size, &r, &status)) return status;
    grm_voice_preset *preset = malloc(sizeof *preset);
    if (!preset) {
        status = grm_fail_memory(err);
        goto done;
    }
    set_standard(preset);
    status = read_preset(&r, lookup(&r, yaml_document_get_root_node(&r.document), "voices"), name, 0, preset);
    if (status) goto done;
    *out = preset;
    preset = NULL;
done:
    free(preset);
    yaml_document_delete(&r.document);
    return status;
}

grm_status grm_rig_read(const char *name, grm_bus_preset *out, grm_error *err) {
    const grm_embedded *file = grm_embedded_find("data/voices.yaml");
    if (!file) return grm_fail(err, GRM_MISSING, "data/voices.yaml is not built into the program");
    reader r = {.err = err};
    grm_voice_preset standard;
    grm_status status = GRM_OK;
    if (!load(file->bytes, file->size, &r, &status)) return status;
    set_standard(&standard);
    *out = standard.bus;
    const yaml_node_t *node = lookup(&r, lookup(&r, yaml_document_get_root_node(&r.document), "rigs"), name);
    status = node ? read_map(&r, node, bus_fields, (char *)out)
                  : grm_fail(err, GRM_MISSING, "there is no rig '%s' in data/voices.yaml", name);
    yaml_document_delete(&r.document);
    return status;
}

grm_status grm_voice_preset_new(const char *name, grm_voice_preset **out, grm_error *err) {
    *out = NULL;
    const grm_embedded *file = grm_embedded_find("data/voices.yaml");
    if (!file) return grm_fail(err, GRM_MISSING, "data/voices.yaml is not built into the program");
    return grm_voice_preset_read(file->bytes, file->size, name, out, err);
}

bool grm_voice_exists(const char *voice) {
    grm_voice_preset *preset = NULL;
    bool there = voice && grm_voice_preset_new(voice, &preset, NULL) == GRM_OK;
    free(preset);
    return there;
}
