// A style's YAML into a grm_style, each value checked where it stands.
#include <stdlib.h>
#include <string.h>

#include "style/read.h"

static const struct {
    const char *name;
    grm_play play;
} plays[] = {
    {"melody", GRM_PLAY_MELODY}, {"counter", GRM_PLAY_COUNTER}, {"riff", GRM_PLAY_RIFF},
    {"comp", GRM_PLAY_COMP},     {"strum", GRM_PLAY_STRUM},     {"pad", GRM_PLAY_PAD},
    {"arp", GRM_PLAY_ARP},       {"bass", GRM_PLAY_BASS},       {"walk", GRM_PLAY_WALK},
    {"drums", GRM_PLAY_DRUMS},   {"drone", GRM_PLAY_DRONE},     {"texture", GRM_PLAY_TEXTURE},
    {"fx", GRM_PLAY_FX},         {"second", GRM_PLAY_SECOND},
};

static bool read_metre(const char *text, grm_metre *metre) {
    char *end;
    long beats = strtol(text, &end, 10);
    if (beats < 2 || beats > 12 || *end != '/') return false;
    long unit = strtol(end + 1, &end, 10);
    if (*end || (unit != 4 && unit != 8)) return false;
    *metre = (grm_metre){(int)beats, (int)unit};
    return true;
}

static void read_energy(grm_yaml *y, yaml_node_t *map, float *low, float *high) {
    yaml_node_t *list = grm_yaml_list(y, map, "energy", 2);
    *low = 0, *high = 1;
    if (!list) return;
    if (grm_yaml_count(list) != 2) {
        grm_yaml_complain(y, list, "\"energy\" should be [lowest, highest], each 0 to 1");
        return;
    }
    *low = (float)grm_yaml_scalar_number(y, grm_yaml_item(y, list, 0), 0, 1);
    *high = (float)grm_yaml_scalar_number(y, grm_yaml_item(y, list, 1), *low, 1);
}

static void read_own_metre(grm_yaml *y, yaml_node_t *map, grm_metre *metre) {
    yaml_node_t *node = grm_yaml_field(y, map, "metre");
    const char *text = node ? grm_yaml_scalar(y, node) : NULL;
    if (text && !read_metre(text, metre)) grm_yaml_complain(y, node, "\"%.20s\" is no metre such as 4/4 or 6/8", text);
}

static void read_choice_mode(grm_yaml *y, yaml_node_t *map, grm_choice *c) {
    static const struct {
        const char *name;
        bool minor;
        int own_mode;
    } modes[] = {
        {"major", false, -1},           {"minor", true, -1},
        {"lydian", false, GRM_LYDIAN},  {"mixolydian", false, GRM_MIXOLYDIAN},
        {"dorian", true, GRM_DORIAN},   {"phrygian", true, GRM_PHRYGIAN},
        {"locrian", true, GRM_LOCRIAN},
    };
    yaml_node_t *node = grm_yaml_field(y, map, "mode");
    const char *mode = node ? grm_yaml_scalar(y, node) : NULL;
    if (!mode || strcmp(mode, "any") == 0) return;
    for (size_t i = 0; i < GRM_COUNT(modes); i++) {
        if (strcmp(modes[i].name, mode) != 0) continue;
        c->minor = modes[i].minor;
        c->major = !modes[i].minor;
        c->own_mode = modes[i].own_mode;
        return;
    }
    grm_yaml_complain(y, node, "\"%.20s\" should be major, minor, any or a mode such as dorian", mode);
}

// A choice is a plain text, or a mapping of it with weight, mode, energy and metre.
static void read_choice(grm_yaml *y, yaml_node_t *node, grm_choice *c, grm_text_check *check, const void *context) {
    *c = (grm_choice){.weight = 1, .major = true, .minor = true, .own_mode = -1, .energy_high = 1};
    yaml_node_t *text = node;
    if (node->type == YAML_MAPPING_NODE) {
        if (!grm_yaml_keys(y, node, "text id weight mode energy metre")) return;
        text = grm_yaml_field(y, node, "text");
        if (!text) text = grm_yaml_field(y, node, "id");
        if (!text) {
            grm_yaml_complain(y, node, "needs a \"text\"");
            return;
        }
        c->weight = (float)grm_yaml_number(y, node, "weight", 1, 0, 1000);
        read_choice_mode(y, node, c);
        read_energy(y, node, &c->energy_low, &c->energy_high);
        read_own_metre(y, node, &c->metre);
    }
    c->text = grm_yaml_scalar(y, text);
    if (c->text && check) check(y, text, c->text, c->metre, context);
}

grm_choices grm_read_choices(grm_yaml *y, yaml_node_t *map, const char *key, grm_text_check *check,
                             const void *context) {
    grm_choices choices = {0};
    yaml_node_t *list = grm_yaml_list(y, map, key, 128);
    size_t count = grm_yaml_count(list);
    grm_choice *items = count ? grm_yaml_take(y, count, sizeof *items) : NULL;
    for (size_t i = 0; items && i < count && y->status == GRM_OK; i++)
        read_choice(y, grm_yaml_item(y, list, i), &items[i], check, context);
    if (items && y->status == GRM_OK) choices = (grm_choices){count, items};
    return choices;
}

static void read_feel(grm_yaml *y, yaml_node_t *root, grm_feel *feel) {
    yaml_node_t *map = grm_yaml_field(y, root, "feel");
    *feel = (grm_feel){.swing = 0.5f, .swing_unit = 16};
    if (!map || !grm_yaml_keys(y, map, "swing swing_unit timing_ms velocity late_ms dynamics_db")) return;
    feel->swing = (float)grm_yaml_number(y, map, "swing", 0.5, 0.5, 0.8);
    feel->swing_unit = grm_yaml_number(y, map, "swing_unit", 16, 8, 16) < 12 ? 8 : 16;
    feel->timing_ms = (float)grm_yaml_number(y, map, "timing_ms", 0, 0, 40);
    feel->velocity = (float)grm_yaml_number(y, map, "velocity", 0, 0, 30);
    feel->late_ms = (float)grm_yaml_number(y, map, "late_ms", 0, -40, 60);
    feel->dynamics_db = (float)grm_yaml_number(y, map, "dynamics_db", 0, 0, 30);
}

static void read_rules(grm_yaml *y, yaml_node_t *root, grm_style *style) {
    yaml_node_t *list = grm_yaml_list(y, root, "harmony", 64);
    size_t count = grm_yaml_count(list);
    grm_rule *rules = grm_yaml_take(y, count, sizeof *rules);
    for (size_t i = 0; rules && i < count && y->status == GRM_OK; i++) {
        yaml_node_t *map = grm_yaml_item(y, list, i);
        if (!grm_yaml_keys(y, map, "symbol charts")) return;
        rules[i].symbol = grm_yaml_text(y, map, "symbol", "");
        rules[i].charts = grm_read_choices(y, map, "charts", grm_check_chart, style);
        if (y->status == GRM_OK && (!rules[i].symbol[0] || rules[i].charts.count == 0))
            grm_yaml_complain(y, map, "a rule needs a symbol and at least one chart");
    }
    style->rules = rules;
    style->rule_count = count;
}

static void read_melody(grm_yaml *y, yaml_node_t *root, grm_style *style) {
    grm_melody_habits *m = &style->melody;
    yaml_node_t *map = grm_yaml_field(y, root, "melody");
    *m = (grm_melody_habits){.scale = "diatonic", .leap = 0.12f, .repeat = 0.15f, .breath = 0.25f};
    if (!map || !grm_yaml_keys(y, map, "scale rhythms phrases leap repeat chromatic anticipation ornament breath"))
        return;
    m->scale = grm_yaml_text(y, map, "scale", "diatonic");
    if (m->scale && strcmp(m->scale, "diatonic") && strcmp(m->scale, "pentatonic") && strcmp(m->scale, "blues") &&
        strcmp(m->scale, "mode"))
        grm_yaml_complain(y, grm_yaml_field(y, map, "scale"), "\"%.20s\" should be diatonic, pentatonic, blues or mode",
                          m->scale);
    m->rhythms = grm_read_choices(y, map, "rhythms", grm_check_steps, &(grm_step_signs){style, "x-."});
    m->phrases = grm_read_choices(y, map, "phrases", grm_check_phrase, NULL);
    m->leap = (float)grm_yaml_number(y, map, "leap", 0.12, 0, 0.5);
    m->repeat = (float)grm_yaml_number(y, map, "repeat", 0.15, 0, 0.6);
    m->chromatic = (float)grm_yaml_number(y, map, "chromatic", 0, 0, 1);
    m->anticipation = (float)grm_yaml_number(y, map, "anticipation", 0, 0, 1);
    m->ornament = (float)grm_yaml_number(y, map, "ornament", 0, 0, 1);
    m->breath = (float)grm_yaml_number(y, map, "breath", 0.25, 0, 0.7);
}

static const char *signs_of(grm_play play) {
    switch (play) {
        case GRM_PLAY_COMP:
        case GRM_PLAY_STRUM:
        case GRM_PLAY_PAD:
            return "Xxodumbt-.";
        case GRM_PLAY_ARP:
            return "123456789xXo-.";
        case GRM_PLAY_BASS:
            return "Rr8357asgGno-.";
        case GRM_PLAY_RIFF:
            return "0123456789-.";
        default:
            return "x-.";
    }
}

static void read_part_mix(grm_yaml *y, yaml_node_t *part, grm_part_mix *mix) {
    *mix = (grm_part_mix){.width = 1};
    yaml_node_t *map = grm_yaml_field(y, part, "mix");
    if (!map || !grm_yaml_keys(y, map, "level level_db pan width room hall delay strip")) return;
    mix->level_db =
        (float)grm_yaml_number(y, map, grm_yaml_field(y, map, "level_db") ? "level_db" : "level", 0, -60, 12);
    mix->pan = (float)grm_yaml_number(y, map, "pan", 0, -1, 1);
    mix->width = (float)grm_yaml_number(y, map, "width", 1, 0, 2);
    mix->room = (float)grm_yaml_number(y, map, "room", 0, 0, 1);
    mix->hall = (float)grm_yaml_number(y, map, "hall", 0, 0, 1);
    mix->delay = (float)grm_yaml_number(y, map, "delay", 0, 0, 1);
    mix->strip = grm_yaml_text(y, map, "strip", NULL);
}

static void read_part(grm_yaml *y, yaml_node_t *map, const grm_catalogue *catalogue, const grm_style *style,
                      grm_style_part *part) {
    if (!grm_yaml_keys(y, map, "name role play instruments register figures voices voicing mix when_asked")) return;
    part->name = grm_yaml_text(y, map, "name", NULL);
    const char *role = grm_yaml_text(y, map, "role", NULL), *play = grm_yaml_text(y, map, "play", NULL);
    if (y->status == GRM_OK && (!part->name || !part->name[0] || !role || !play)) {
        grm_yaml_complain(y, map, "a part needs name, role, play and instruments");
        return;
    }
    if (y->status == GRM_OK && !grm_role_parse(role, &part->role))
        grm_yaml_complain(y, grm_yaml_field(y, map, "role"), "unknown role \"%.20s\"", role);
    bool known = false;
    for (size_t i = 0; play && i < GRM_COUNT(plays); i++)
        if (strcmp(plays[i].name, play) == 0) part->play = plays[i].play, known = true;
    if (play && !known) grm_yaml_complain(y, grm_yaml_field(y, map, "play"), "unknown way to play \"%.20s\"", play);
    part->instruments = grm_read_choices(y, map, "instruments", grm_check_instrument, catalogue);
    if (y->status == GRM_OK && part->instruments.count == 0)
        grm_yaml_complain(y, map, "%s has no instruments", part->name);
    yaml_node_t *range = grm_yaml_list(y, map, "register", 2);
    if (range && grm_yaml_count(range) == 2) {
        part->low = (uint8_t)grm_yaml_scalar_number(y, grm_yaml_item(y, range, 0), 0, 127);
        part->high = (uint8_t)grm_yaml_scalar_number(y, grm_yaml_item(y, range, 1), part->low + 5, 127);
    } else if (range) {
        grm_yaml_complain(y, range, "\"register\" should be [lowest, highest] as MIDI keys");
    }
    part->figures =
        grm_read_choices(y, map, "figures", grm_check_steps, &(grm_step_signs){style, signs_of(part->play)});
    part->voices = (unsigned)grm_yaml_number(y, map, "voices", 3, 1, 8);
    part->voicing = grm_yaml_text(y, map, "voicing", "close");
    static const char voicings[] = "close open drop2 rootless power triad shell spread";
    if (part->voicing && !strstr(voicings, part->voicing))
        grm_yaml_complain(y, grm_yaml_field(y, map, "voicing"), "unknown voicing \"%.20s\"; known: %s", part->voicing,
                          voicings);
    read_part_mix(y, map, &part->mix);
    part->when_asked = grm_yaml_flag(y, map, "when_asked", false);
}

static void read_pattern(grm_yaml *y, yaml_node_t *map, const grm_style *style, grm_pattern *p) {
    if (!grm_yaml_keys(y, map, "name weight energy metre fill lanes")) return;
    p->name = grm_yaml_text(y, map, "name", "");
    p->weight = (float)grm_yaml_number(y, map, "weight", 1, 0, 1000);
    read_energy(y, map, &p->energy_low, &p->energy_high);
    read_own_metre(y, map, &p->metre);
    const char *fill = grm_yaml_text(y, map, "fill", NULL);
    p->fill = fill != NULL;
    p->large = fill && strcmp(fill, "large") == 0;
    if (fill && !p->large && strcmp(fill, "small") != 0)
        grm_yaml_complain(y, grm_yaml_field(y, map, "fill"), "\"%.20s\" should be small or large", fill);
    yaml_node_t *lanes = grm_yaml_field(y, map, "lanes");
    if (!lanes || lanes->type != YAML_MAPPING_NODE) {
        grm_yaml_complain(y, map, "needs \"lanes\": a mapping of pieces to hits");
        return;
    }
    size_t count = (size_t)(lanes->data.mapping.pairs.top - lanes->data.mapping.pairs.start);
    grm_lane *out = grm_yaml_take(y, count, sizeof *out);
    for (size_t i = 0; out && i < count && count <= 40 && y->status == GRM_OK; i++) {
        yaml_node_t *key = yaml_document_get_node(&y->document, lanes->data.mapping.pairs.start[i].key);
        yaml_node_t *hits = yaml_document_get_node(&y->document, lanes->data.mapping.pairs.start[i].value);
        out[i].piece = grm_yaml_scalar(y, key);
        out[i].hits = grm_yaml_scalar(y, hits);
        if (out[i].piece && grm_piece_key(out[i].piece) < 0)
            grm_yaml_complain(y, key, "there is no percussion piece \"%.20s\"", out[i].piece);
        grm_step_signs signs = {p->fill ? NULL : style, "Xxo?rt.-"};
        if (out[i].hits) grm_check_steps(y, hits, out[i].hits, p->metre, &signs);
    }
    p->lanes = out;
    p->lane_count = count;
    if (count > 40) grm_yaml_complain(y, lanes, "has more than 40 lanes");
}

static void read_section(grm_yaml *y, yaml_node_t *map, grm_section_plan *s) {
    if (!grm_yaml_keys(y, map, "kind title chart tune energy players")) return;
    s->kind = grm_yaml_text(y, map, "kind", NULL);
    if (y->status == GRM_OK && (!s->kind || strlen(s->kind) > 30 || strpbrk(s->kind, " :")))
        grm_yaml_complain(y, map, "a section needs a kind: one word");
    s->title = grm_yaml_text(y, map, "title", s->kind);
    s->chart = grm_yaml_text(y, map, "chart", s->kind);
    s->tune = grm_yaml_text(y, map, "tune", "-");
    s->players = grm_yaml_words(y, map, "players");
    yaml_node_t *energy = grm_yaml_field(y, map, "energy");
    size_t count = energy && energy->type == YAML_SEQUENCE_NODE ? grm_yaml_count(energy) : energy ? 1 : 0;
    float *values = grm_yaml_take(y, count, sizeof *values);
    for (size_t i = 0; values && i < count && count <= 32; i++)
        values[i] = (float)grm_yaml_scalar_number(
            y, energy->type == YAML_SEQUENCE_NODE ? grm_yaml_item(y, energy, i) : energy, 0, 1);
    s->energy = values;
    s->energy_count = count;
    if (y->status == GRM_OK && (count == 0 || count > 32 || s->players.count == 0))
        grm_yaml_complain(y, map, "section %s needs energy and players", s->kind);
}

static void read_style_mix(grm_yaml *y, yaml_node_t *root, grm_style_mix *mix) {
    *mix = (grm_style_mix){.duck_release_ms = 150, .room_s = 0.5f, .hall_s = 1.8f, .delay_beats = 0.75f, .width = 1};
    yaml_node_t *map = grm_yaml_field(y, root, "mix");
    if (!map ||
        !grm_yaml_keys(y, map,
                       "duck_db duck_release_ms room_s hall_s delay_beats warmth brightness_db bass_db width lofi"))
        return;
    mix->duck_db = (float)grm_yaml_number(y, map, "duck_db", 0, 0, 24);
    mix->duck_release_ms = (float)grm_yaml_number(y, map, "duck_release_ms", 150, 20, 1000);
    mix->room_s = (float)grm_yaml_number(y, map, "room_s", 0.5, 0.1, 3);
    mix->hall_s = (float)grm_yaml_number(y, map, "hall_s", 1.8, 0.3, 12);
    mix->delay_beats = (float)grm_yaml_number(y, map, "delay_beats", 0.75, 0.125, 4);
    mix->warmth = (float)grm_yaml_number(y, map, "warmth", 0, 0, 1);
    mix->brightness_db = (float)grm_yaml_number(y, map, "brightness_db", 0, -6, 6);
    mix->bass_db = (float)grm_yaml_number(y, map, "bass_db", 0, -6, 6);
    mix->width = (float)grm_yaml_number(y, map, "width", 1, 0, 2);
    mix->lofi = (float)grm_yaml_number(y, map, "lofi", 0, 0, 1);
}

static void read_head(grm_yaml *y, yaml_node_t *root, grm_style *style) {
    style->name = grm_yaml_text(y, root, "name", NULL);
    style->title = grm_yaml_text(y, root, "title", style->name);
    style->family = grm_yaml_text(y, root, "family", "pop");
    style->about = grm_yaml_text(y, root, "about", "");
    style->synonyms = grm_yaml_words(y, root, "synonyms");
    if (y->status == GRM_OK && (!style->name || !style->name[0])) grm_yaml_complain(y, root, "a style needs a name");
    yaml_node_t *mood = grm_yaml_field(y, root, "mood");
    if (mood && grm_yaml_keys(y, mood, "valence energy")) {
        style->valence = grm_yaml_number(y, mood, "valence", 0, -1, 1);
        style->energy = grm_yaml_number(y, mood, "energy", 0, -1, 1);
    }
    yaml_node_t *tempo = grm_yaml_field(y, root, "tempo");
    if (!tempo) {
        grm_yaml_complain(y, root, "a style needs a tempo: {low, typical, high}");
        return;
    }
    if (!grm_yaml_keys(y, tempo, "low typical high")) return;
    style->tempo_low = grm_yaml_number(y, tempo, "low", 90, 20, 400);
    style->tempo_high = grm_yaml_number(y, tempo, "high", 130, style->tempo_low, 400);
    style->tempo_typical = grm_yaml_number(y, tempo, "typical", (style->tempo_low + style->tempo_high) / 2,
                                           style->tempo_low, style->tempo_high);
    style->duration_s = grm_yaml_number(y, root, "duration_s", 150, 10, 3600);
    style->metres = grm_read_choices(y, root, "metres", grm_check_metre, NULL);
    style->modes = grm_read_choices(y, root, "modes", grm_check_mode, NULL);
    style->title_words = grm_yaml_words(y, root, "title_words");
    style->palette = grm_yaml_words(y, root, "palette");
}

// Reads a list of mappings into style->FIELDs and FIELD_count.
#define READ_LIST(field, key, type, most, read)                              \
    do {                                                                     \
        yaml_node_t *list = grm_yaml_list(y, root, key, most);               \
        size_t count = grm_yaml_count(list);                                 \
        type *items = grm_yaml_take(y, count, sizeof *items);                \
        for (size_t i = 0; items && i < count && y->status == GRM_OK; i++) { \
            yaml_node_t *map = grm_yaml_item(y, list, i);                    \
            read;                                                            \
        }                                                                    \
        style->field##s = items;                                             \
        style->field##_count = items ? count : 0;                            \
    } while (0)

void grm_read_style_document(grm_yaml *y, const grm_catalogue *catalogue, grm_style *style) {
    yaml_node_t *root = grm_yaml_root(y);
    if (!grm_yaml_keys(
            y, root,
            "name title family about synonyms mood tempo duration_s metres modes feel harmony melody parts patterns "
            "sections forms textures mix title_words palette"))
        return;
    read_head(y, root, style);
    read_feel(y, root, &style->feel);
    read_rules(y, root, style);
    read_melody(y, root, style);
    READ_LIST(part, "parts", grm_style_part, 24, read_part(y, map, catalogue, style, &items[i]));
    READ_LIST(pattern, "patterns", grm_pattern, 64, read_pattern(y, map, style, &items[i]));
    READ_LIST(section, "sections", grm_section_plan, 32, read_section(y, map, &items[i]));
    style->forms = grm_read_choices(y, root, "forms", grm_check_form, style);
    style->textures = grm_yaml_words(y, root, "textures");
    read_style_mix(y, root, &style->mix);
    if (y->status == GRM_OK) grm_check_references(y, style, catalogue);
}
