// mix.json: what was decided, written so that it can be read back exactly. One table a kind of object says what its
// numbers are called, how finely they are written, and what people may put there.
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "mix/internal.h"

typedef struct field {
    const char *key;
    size_t place;  // of a float in the structure
    int digits;    // behind the point
    float otherwise, low, high;
} field;

static const field stem_fields[] = {
    {"trim_db", offsetof(grm_stem_plan, trim_db), 2, 0, -80, 80},
    {"gain_db", offsetof(grm_stem_plan, fader_db), 2, 0, -144, 40},
    {"level_db", offsetof(grm_stem_plan, level_db), 2, 0, -144, 40},
    {"pan", offsetof(grm_stem_plan, pan), 3, 0, -1, 1},
    {"width", offsetof(grm_stem_plan, width), 3, 1, 0, 2},
    {"mono_below_hz", offsetof(grm_stem_plan, mono_hz), 1, 0, 0, 1000},
    {"drive", offsetof(grm_stem_plan, drive), 3, 0, 0, 20},
    {"tape", offsetof(grm_stem_plan, wobble), 3, 0, 0, 1},
    {"duck_db", offsetof(grm_stem_plan, duck_db), 2, 0, 0, 48},
    {"voice_duck_db", offsetof(grm_stem_plan, voice_db), 2, 0, 0, 48},
    {"audible", offsetof(grm_stem_plan, audible), 3, -1, -1, 1},
    {.key = NULL},
};
static const field send_fields[] = {
    {"room", offsetof(grm_stem_plan, room), 3, 0, 0, 2},
    {"hall", offsetof(grm_stem_plan, hall), 3, 0, 0, 2},
    {"delay", offsetof(grm_stem_plan, delay), 3, 0, 0, 2},
    {.key = NULL},
};
static const field ride_fields[] = {{"ride_db", offsetof(grm_stem_plan, ride_db), 2, 0, -12, 12}, {.key = NULL}};
static const field cell_fields[] = {
    {"hz", offsetof(grm_strip_cell, hz), 1, 1000, 10, 22000},
    {"db", offsetof(grm_strip_cell, db), 2, 0, -48, 24},
    {"q", offsetof(grm_strip_cell, q), 2, 0.71f, 0.1f, 30},
    {.key = NULL},
};
static const field compressor_fields[] = {
    {"threshold_db", offsetof(grm_compressor_plan, threshold_db), 2, -20, -100, 20},
    {"ratio", offsetof(grm_compressor_plan, ratio), 2, 1, 1, 100},
    {"knee_db", offsetof(grm_compressor_plan, knee_db), 2, 6, 0, 40},
    {"attack_ms", offsetof(grm_compressor_plan, attack_ms), 2, 20, 0, 1000},
    {"release_ms", offsetof(grm_compressor_plan, release_ms), 2, 150, 1, 5000},
    {"makeup_db", offsetof(grm_compressor_plan, makeup_db), 2, 0, -24, 40},
    {.key = NULL},
};
static const field expander_fields[] = {
    {"threshold_db", offsetof(grm_gate_plan, threshold_db), 2, -60, -120, 20},
    {"ratio", offsetof(grm_gate_plan, ratio), 2, 1, 1, 100},
    {"knee_db", offsetof(grm_gate_plan, knee_db), 2, 4, 0, 40},
    {"range_db", offsetof(grm_gate_plan, range_db), 2, 16, 0, 120},
    {"hysteresis_db", offsetof(grm_gate_plan, hysteresis_db), 2, 3, 0, 24},
    {"attack_ms", offsetof(grm_gate_plan, attack_ms), 2, 2, 0, 1000},
    {"hold_ms", offsetof(grm_gate_plan, hold_ms), 2, 120, 0, 5000},
    {"release_ms", offsetof(grm_gate_plan, release_ms), 2, 180, 1, 5000},
    {.key = NULL},
};
static const field dip_fields[] = {
    {"hz", offsetof(grm_dip, hz), 1, 2000, 20, 20000},
    {"db", offsetof(grm_dip, db), 2, 0, 0, 24},
    {"q", offsetof(grm_dip, q), 2, 0.8f, 0.1f, 30},
    {.key = NULL},
};
static const field transient_fields[] = {
    {"attack_db", offsetof(grm_snap, attack_db), 2, 0, -24, 24},
    {"sustain_db", offsetof(grm_snap, sustain_db), 2, 0, -24, 24},
    {.key = NULL},
};
static const field exciter_fields[] = {
    {"hz", offsetof(grm_shine, hz), 1, 3000, 500, 16000},
    {"drive_db", offsetof(grm_shine, drive_db), 2, 24, 0, 48},
    {"amount", offsetof(grm_shine, amount), 3, 0, 0, 4},
    {.key = NULL},
};

static bool expands(const grm_stem_plan *p) {
    return p->expander.ratio > 1;
}
static bool compresses(const grm_stem_plan *p) {
    return p->compressor.ratio > 1;
}
static bool snaps(const grm_stem_plan *p) {
    return p->transient.attack_db != 0 || p->transient.sustain_db != 0;
}
static bool shines(const grm_stem_plan *p) {
    return p->exciter.amount > 0;
}
static bool dips(const grm_stem_plan *p) {
    return p->dip.db > 0;
}

// What a strip may have or not: an object, or null.
static const struct block {
    const char *key;
    const field *fields;
    size_t place;  // in the stem's plan
    bool (*is_on)(const grm_stem_plan *plan);
} blocks[GRM_STRIP_BLOCKS] = {
    [GRM_EXPANDER] = {"expander", expander_fields, offsetof(grm_stem_plan, expander), expands},
    [GRM_COMPRESSOR] = {"compressor", compressor_fields, offsetof(grm_stem_plan, compressor), compresses},
    [GRM_TRANSIENT] = {"transient", transient_fields, offsetof(grm_stem_plan, transient), snaps},
    [GRM_EXCITER] = {"exciter", exciter_fields, offsetof(grm_stem_plan, exciter), shines},
    [GRM_VOICE_DIP] = {"voice_dip", dip_fields, offsetof(grm_stem_plan, dip), dips},
};

static void *block_of(grm_stem_plan *p, const struct block *block) {
    return (char *)p + block->place;
}

static const field reverb_fields[] = {
    {"rt60_s", offsetof(grm_reverb_plan, rt60_s), 3, 1, 0.05f, 30},
    {"high_ratio", offsetof(grm_reverb_plan, high_ratio), 3, 0.5f, 0.05f, 1},
    {"size_ms", offsetof(grm_reverb_plan, size_ms), 2, 30, 5, 200},
    {"predelay_ms", offsetof(grm_reverb_plan, predelay_ms), 2, 0, 0, 300},
    {"early", offsetof(grm_reverb_plan, early), 3, 0, 0, 1},
    {"modulation_ms", offsetof(grm_reverb_plan, modulation_ms), 3, 0, 0, 2},
    {.key = NULL},
};
static const field echo_fields[] = {
    {"feedback", offsetof(grm_echo_plan, feedback), 3, 0.38f, 0, 0.9f},
    {"low_cut_hz", offsetof(grm_echo_plan, low_cut_hz), 1, 240, 10, 20000},
    {"high_cut_hz", offsetof(grm_echo_plan, high_cut_hz), 1, 4800, 10, 20000},
    {.key = NULL},
};
static const field duck_fields[] = {
    {"reference_db", offsetof(grm_duck_plan, reference_db), 2, -12, -100, 20},
    {"attack_ms", offsetof(grm_duck_plan, attack_ms), 2, 1.5f, 0.1f, 1000},
    {"release_ms", offsetof(grm_duck_plan, release_ms), 2, 180, 5, 5000},
    {.key = NULL},
};
static const field section_fields[] = {{"energy", offsetof(grm_mix_section, energy), 3, 0.5f, 0, 1}, {.key = NULL}};
static const field whole_fields[] = {{"gain_db", offsetof(grm_mix_decision, gain_db), 2, 0, -144, 40}, {.key = NULL}};

static const char *const duck_names[GRM_DUCKS] = {"kick", "voice"};

// ---- rounding ----

static double rounded(double value, int digits) {
    double unit = pow(10, digits);
    return floor(value * unit + 0.5) / unit;
}

static float *at(void *base, const field *f) {
    return (float *)(void *)((char *)base + f->place);
}

static void settle(void *base, const field *fields) {
    for (const field *f = fields; f->key; f++) {
        float *x = at(base, f);
        *x = (float)rounded(*x < f->low ? f->low : *x > f->high ? f->high : *x, f->digits);
    }
}

void grm_mix_settle(grm_mix_decision *d) {
    for (size_t i = 0; i < d->count; i++) {
        grm_stem_plan *p = &d->stems[i];
        settle(p, stem_fields);
        settle(p, send_fields);
        settle(p, ride_fields);
        for (size_t k = 0; k < p->cell_count; k++) settle(&p->cells[k], cell_fields);
        for (size_t k = 0; k < GRM_STRIP_BLOCKS; k++)
            if (blocks[k].is_on(p)) settle(block_of(p, &blocks[k]), blocks[k].fields);
    }
    settle(d, whole_fields);
    settle(&d->room, reverb_fields);
    settle(&d->hall, reverb_fields);
    settle(&d->delay, echo_fields);
    d->delay.time_s = rounded(d->delay.time_s, 4);
    d->tempo_bpm = rounded(d->tempo_bpm, 2);
    for (int k = 0; k < GRM_DUCKS; k++)
        if (d->duck[k].source >= 0) settle(&d->duck[k], duck_fields);
    for (size_t i = 0; i < d->section_count; i++) {
        settle(&d->sections[i], section_fields);
        d->sections[i].start_s = rounded(d->sections[i].start_s, 3);
    }
}

// ---- writing ----

static void write_fields(json_t *o, const void *base, const field *fields) {
    for (const field *f = fields; f->key; f++) {
        const float *x = (const float *)(const void *)((const char *)base + f->place);
        json_object_set_new(o, f->key, json_real(rounded(*x, f->digits)));
    }
}

static json_t *object_of(const void *base, const field *fields) {
    json_t *o = json_object();
    write_fields(o, base, fields);
    return o;
}

static json_t *eq_json(const grm_stem_plan *p) {
    json_t *cells = json_array();
    for (size_t i = 0; i < p->cell_count; i++) {
        json_t *cell = json_pack("{ss}", "type", grm_filter_kind_name(p->cells[i].type));
        write_fields(cell, &p->cells[i], cell_fields);
        if (p->cell_why[i]) json_object_set_new(cell, "why", json_string(p->cell_why[i]));
        json_array_append_new(cells, cell);
    }
    return cells;
}

static json_t *stem_json(const grm_stem *stem, const grm_stem_plan *p) {
    json_t *o = json_pack("{ss? ss}", "file", stem->name, "role", grm_role_name(stem->role));
    if (!o) return NULL;
    if (stem->instrument) json_object_set_new(o, "instrument", json_string(stem->instrument));
    if (p->strip) json_object_set_new(o, "strip", json_string(p->strip));
    write_fields(o, p, stem_fields);
    json_object_set_new(o, "mute", json_boolean(p->mute));
    if (*p->mute_why) json_object_set_new(o, "mute_why", json_string(p->mute_why));
    json_object_set_new(o, "eq", eq_json(p));
    for (size_t k = 0; k < GRM_STRIP_BLOCKS; k++) {
        json_t *block = json_null();
        if (blocks[k].is_on(p)) block = object_of((const char *)p + blocks[k].place, blocks[k].fields);
        if (blocks[k].is_on(p) && p->block_why[k]) json_object_set_new(block, "why", json_string(p->block_why[k]));
        json_object_set_new(o, blocks[k].key, block);
    }
    json_object_set_new(o, "sends", object_of(p, send_fields));
    json_object_set_new(o, "automation", object_of(p, ride_fields));
    return o;
}

static json_t *reverb_json(const grm_reverb_plan *r) {
    json_t *o = object_of(r, reverb_fields);
    json_object_set_new(o, "lines", json_integer(r->lines));
    return o;
}

static json_t *buses_json(const grm_mix_decision *d, float deepest_fader) {
    json_t *o = object_of(d, whole_fields), *delay = object_of(&d->delay, echo_fields);
    json_object_set_new(o, "held_back_db", json_real(rounded(grm_gain_to_db(deepest_fader), 2)));
    json_object_set_new(o, "fades_at_end", json_boolean(d->fades));
    json_object_set_new(o, "spaces_hz", json_integer((json_int_t)d->space_rate_hz));
    json_object_set_new(o, "room", reverb_json(&d->room));
    json_object_set_new(o, "hall", reverb_json(&d->hall));
    json_object_set_new(delay, "time_s", json_real(rounded(d->delay.time_s, 4)));
    json_object_set_new(o, "delay", delay);
    return o;
}

static json_t *ducking_json(const grm_stems *stems, const grm_mix_decision *d) {
    json_t *list = json_array();
    for (int k = 0; k < GRM_DUCKS; k++) {
        if (d->duck[k].source < 0) continue;
        json_t *o = json_pack("{ss ss? sb}", "for", duck_names[k], "source", stems->items[d->duck[k].source].name,
                              "low_band_only", (int)d->duck[k].low);
        write_fields(o, &d->duck[k], duck_fields);
        json_array_append_new(list, o);
    }
    return list;
}

json_t *grm_mix_decisions_json(const grm_stems *stems, const grm_mix_decision *d, float deepest_fader) {
    json_t *list = json_array(), *sections = json_array();
    for (size_t i = 0; i < d->count; i++) json_array_append_new(list, stem_json(&stems->items[i], &d->stems[i]));
    for (size_t i = 0; i < d->section_count; i++) {
        json_t *o = json_pack("{sf}", "start_s", rounded(d->sections[i].start_s, 3));
        write_fields(o, &d->sections[i], section_fields);
        json_array_append_new(sections, o);
    }
    return json_pack("{so so so so sf}", "stems", list, "buses", buses_json(d, deepest_fader), "ducking",
                     ducking_json(stems, d), "sections", sections, "tempo_bpm", rounded(d->tempo_bpm, 2));
}

// ---- reading ----

typedef struct reading {
    const char *name;
    const grm_stems *stems;
    grm_mix_decision *out;
    grm_status status;
    grm_error *err;
} reading;

// The first complaint stays.
static void complain(reading *r, const char *where, const char *what) {
    if (!r->status) r->status = grm_fail(r->err, GRM_BAD_INPUT, "'%s': %s%s", r->name, where, what);
}

static bool is_known(const char *key, const field *const *lists, const char *more) {
    for (; *lists; lists++)
        for (const field *f = *lists; f->key; f++)
            if (strcmp(f->key, key) == 0) return true;
    size_t length = strlen(key);
    for (const char *word = strstr(more, key); word; word = strstr(word + 1, key))
        if ((word == more || word[-1] == ' ') && (word[length] == ' ' || !word[length])) return true;
    return false;
}

// Reads the numbers of an object (NULL: all as otherwise) and complains of keys that mean nothing.
static void read_object(reading *r, const json_t *o, const char *where, void *base, const field *const *lists,
                        const char *more) {
    char text[160];
    if (o && !json_is_object(o)) {
        complain(r, where, " is not an object {...}");
        o = NULL;
    }
    for (const field *const *list = lists; *list; list++)
        for (const field *f = *list; f->key; f++) {
            const json_t *value = json_object_get(o, f->key);
            double x = value ? json_number_value(value) : f->otherwise;
            if (value && (!json_is_number(value) || !(x >= (double)f->low && x <= (double)f->high))) {
                snprintf(text, sizeof text, ".%s: give a number from %g to %g", f->key, (double)f->low,
                         (double)f->high);
                complain(r, where, text);
                x = f->otherwise;
            }
            *at(base, f) = (float)x;
        }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)o, key, value) if (!is_known(key, lists, more)) {
        snprintf(text, sizeof text, ": \"%.60s\" means nothing here", key);
        complain(r, where, text);
    }
}

static double read_number(reading *r, const json_t *o, const char *where, const char *key, double otherwise, double low,
                          double high) {
    char text[160];
    const json_t *value = json_object_get(o, key);
    double x = json_number_value(value);
    if (!value) return otherwise;
    if (json_is_number(value) && x >= low && x <= high) return x;
    snprintf(text, sizeof text, ".%s: give a number from %g to %g", key, low, high);
    complain(r, where, text);
    return otherwise;
}

static bool read_flag(reading *r, const json_t *o, const char *where, const char *key, bool otherwise) {
    char text[96];
    const json_t *value = json_object_get(o, key);
    if (!value) return otherwise;
    snprintf(text, sizeof text, ".%s: give true or false", key);
    if (!json_is_boolean(value)) complain(r, where, text);
    return json_is_true(value);
}

static int find_stem(const reading *r, const json_t *name) {
    const char *text = json_string_value(name);
    for (size_t i = 0; text && i < r->stems->count; i++)
        if (r->stems->items[i].name && strcmp(r->stems->items[i].name, text) == 0) return (int)i;
    return -1;
}

static void read_cell(reading *r, const json_t *json, const char *where, grm_stem_plan *p) {
    static const field *const lists[] = {cell_fields, NULL};
    if (p->cell_count == GRM_MIX_EQ) {
        complain(r, where, ": too many filters");
        return;
    }
    grm_strip_cell *cell = &p->cells[p->cell_count];
    read_object(r, json, where, cell, lists, "type why");
    if (!grm_filter_kind_parse(json_string_value(json_object_get(json, "type")), &cell->type))
        complain(r, where, ".type: give highpass, lowpass, low-shelf, high-shelf or bell");
    p->cell_why[p->cell_count++] = json_string_value(json_object_get(json, "why"));
}

static void read_stem(reading *r, const json_t *json, const char *where, bool *seen) {
    static const field *const own[] = {stem_fields, NULL}, *const sends[] = {send_fields, NULL},
                              *const rides[] = {ride_fields, NULL};
    char inner[96];
    int index = find_stem(r, json_object_get(json, "file"));
    if (index < 0) {
        const char *file = json_string_value(json_object_get(json, "file"));
        if (!file) complain(r, where, ".file: name a stem");
        if (!r->status)
            r->status = grm_fail(r->err, GRM_BAD_INPUT, "'%s' names the stem \"%.120s\", which is not in the folder",
                                 r->name, file);
        return;
    }
    if (seen[index]) complain(r, where, ": that stem stands there twice");
    seen[index] = true;
    grm_stem_plan *p = &r->out->stems[index];
    read_object(r, json, where, p, own,
                "file role role_from role_sure instrument strip mute mute_why eq expander compressor transient exciter "
                "voice_dip sends "
                "automation");
    p->strip = json_string_value(json_object_get(json, "strip"));
    p->mute = read_flag(r, json, where, "mute", false);
    const char *why = json_string_value(json_object_get(json, "mute_why"));
    if (why) snprintf(p->mute_why, sizeof p->mute_why, "%s", why);
    for (size_t k = 0; k < GRM_STRIP_BLOCKS; k++) {
        const json_t *block = json_object_get(json, blocks[k].key);
        snprintf(inner, sizeof inner, "%s.%s", where, blocks[k].key);
        if (block && !json_is_null(block))
            read_object(r, block, inner, block_of(p, &blocks[k]), (const field *const[]){blocks[k].fields, NULL},
                        "why");
        p->block_why[k] = json_string_value(json_object_get(block, "why"));
    }
    snprintf(inner, sizeof inner, "%s.sends", where);
    read_object(r, json_object_get(json, "sends"), inner, p, sends, "");
    snprintf(inner, sizeof inner, "%s.automation", where);
    read_object(r, json_object_get(json, "automation"), inner, p, rides, "");
    const json_t *cells = json_object_get(json, "eq");
    if (cells && !json_is_array(cells)) complain(r, where, ".eq is not a list [...]");
    for (size_t i = 0; i < json_array_size(cells); i++) {
        snprintf(inner, sizeof inner, "%s.eq[%zu]", where, i);
        read_cell(r, json_array_get(cells, i), inner, p);
    }
}

static void read_stems(reading *r, const json_t *list) {
    bool *seen = calloc(r->stems->count + 1, sizeof *seen);
    if (!seen) {
        r->status = grm_fail_memory(r->err);
        return;
    }
    if (!json_is_array(list)) complain(r, "stems", " is not a list [...]");
    for (size_t i = 0; i < json_array_size(list) && !r->status; i++) {
        char where[32];
        snprintf(where, sizeof where, "stems[%zu]", i);
        read_stem(r, json_array_get(list, i), where, seen);
    }
    for (size_t i = 0; i < r->stems->count && !r->status; i++)
        if (!seen[i])
            r->status =
                grm_fail(r->err, GRM_BAD_INPUT,
                         "'%s' says nothing of the stem \"%.120s\"; add it there, take it out of the folder, or "
                         "mix anew",
                         r->name, r->stems->items[i].name);
    free(seen);
}

static void read_reverb(reading *r, const json_t *json, const char *where, grm_reverb_plan *plan, unsigned variant) {
    static const field *const lists[] = {reverb_fields, NULL};
    read_object(r, json, where, plan, lists, "lines");
    double lines = read_number(r, json, where, "lines", 8, 8, 16);
    if (lines != 8 && lines != 16) complain(r, where, ".lines: give 8 or 16");
    plan->lines = (unsigned)lines;
    plan->variant = variant;
}

static void read_buses(reading *r, const json_t *json) {
    static const field *const own[] = {whole_fields, NULL}, *const echo[] = {echo_fields, NULL};
    grm_mix_decision *d = r->out;
    read_object(r, json, "buses", d, own, "held_back_db fades_at_end spaces_hz room hall delay");
    d->fades = read_flag(r, json, "buses", "fades_at_end", true);
    d->space_rate_hz = read_number(r, json, "buses", "spaces_hz", GRM_RATE, GRM_RATE / 2, GRM_RATE);
    if (d->space_rate_hz != GRM_RATE && d->space_rate_hz != GRM_RATE / 2)
        complain(r, "buses", ".spaces_hz: give 48000 or 24000");
    read_reverb(r, json_object_get(json, "room"), "buses.room", &d->room, 1);
    read_reverb(r, json_object_get(json, "hall"), "buses.hall", &d->hall, 2);
    const json_t *delay = json_object_get(json, "delay");
    read_object(r, delay, "buses.delay", &d->delay, echo, "time_s");
    d->delay.time_s = read_number(r, delay, "buses.delay", "time_s", 0.375, 0.01, 4);
}

static void read_ducking(reading *r, const json_t *list) {
    static const field *const lists[] = {duck_fields, NULL};
    for (int k = 0; k < GRM_DUCKS; k++) r->out->duck[k].source = -1;
    if (list && !json_is_array(list)) complain(r, "ducking", " is not a list [...]");
    for (size_t i = 0; i < json_array_size(list); i++) {
        char where[32];
        snprintf(where, sizeof where, "ducking[%zu]", i);
        const json_t *json = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(json, "for"));
        int kind = 0;
        while (kind < GRM_DUCKS && (!name || strcmp(name, duck_names[kind]) != 0)) kind++;
        int source = find_stem(r, json_object_get(json, "source"));
        if (kind == GRM_DUCKS) complain(r, where, ".for: give kick or voice");
        if (source < 0) complain(r, where, ".source: name a stem");
        if (kind == GRM_DUCKS || source < 0) return;
        grm_duck_plan *duck = &r->out->duck[kind];
        read_object(r, json, where, duck, lists, "for source low_band_only");
        duck->source = source;
        duck->low = read_flag(r, json, where, "low_band_only", false);
    }
}

static void read_sections(reading *r, const json_t *list) {
    static const field *const lists[] = {section_fields, NULL};
    grm_mix_decision *d = r->out;
    if (list && !json_is_array(list)) complain(r, "sections", " is not a list [...]");
    if (json_array_size(list) > GRM_MIX_SECTIONS) complain(r, "sections", ": too many");
    for (size_t i = 0; i < json_array_size(list) && i < GRM_MIX_SECTIONS; i++) {
        char where[32];
        snprintf(where, sizeof where, "sections[%zu]", i);
        grm_mix_section *s = &d->sections[d->section_count++];
        read_object(r, json_array_get(list, i), where, s, lists, "start_s name");
        s->start_s = read_number(r, json_array_get(list, i), where, "start_s", 0, 0, 1e6);
        if (i && s->start_s < s[-1].start_s) complain(r, where, ".start_s: sections stand in order");
    }
}

grm_status grm_mix_decisions_read(const json_t *json, const char *name, const grm_stems *stems, grm_mix_decision *out,
                                  grm_error *err) {
    *out = (grm_mix_decision){.count = stems->count};
    out->stems = calloc(stems->count + 1, sizeof *out->stems);
    if (!out->stems) return grm_fail_memory(err);
    reading r = {name, stems, out, GRM_OK, err};
    if (!json_is_object(json) || !json_object_get(json, "stems"))
        complain(&r, "", "holds no \"stems\"; give a mix.json that grammy mix wrote");
    read_stems(&r, json_object_get(json, "stems"));
    read_buses(&r, json_object_get(json, "buses"));
    read_ducking(&r, json_object_get(json, "ducking"));
    read_sections(&r, json_object_get(json, "sections"));
    out->tempo_bpm = read_number(&r, json, "", "tempo_bpm", 0, 0, 1000);
    return r.status;
}
