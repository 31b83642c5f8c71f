// data/instruments.yaml: {stages: {...}, instruments: [...]}.
#include <string.h>

#include "style/read.h"

// Of a kit on the stage of that name: pieces to places.
static const float *read_places(grm_yaml *y, yaml_node_t *stages, const char *name, const yaml_node_t *at) {
    if (!name) return NULL;
    yaml_node_t *stage = stages ? grm_yaml_field(y, stages, name) : NULL;
    if (!stage || stage->type != YAML_MAPPING_NODE) {
        grm_yaml_complain(y, at, "there is no stage \"%s\"", name);
        return NULL;
    }
    float *places = grm_yaml_take(y, 128, sizeof *places);
    const yaml_node_pair_t *end = stage->data.mapping.pairs.top;
    for (yaml_node_pair_t *p = stage->data.mapping.pairs.start; places && p < end; p++) {
        yaml_node_t *piece = yaml_document_get_node(&y->document, p->key),
                    *place = yaml_document_get_node(&y->document, p->value);
        const char *text = grm_yaml_scalar(y, piece);
        int key = text ? grm_piece_key(text) : -1;
        if (text && key < 0) grm_yaml_complain(y, piece, "\"%s\" is no piece of a kit", text);
        if (key >= 0) places[key] = (float)grm_yaml_scalar_number(y, place, -1, 1);
    }
    return places;
}

static void read_instrument(grm_yaml *y, yaml_node_t *stages, yaml_node_t *map, grm_instrument *in) {
    if (!grm_yaml_keys(
            y, map,
            "id title family synonyms voice program bank low high range polyphony sustains sustain_pedal vibrato "
            "swells glide_ms strum_ms level_db stage spread rig"))
        return;
    in->id = grm_yaml_text(y, map, "id", NULL);
    in->title = grm_yaml_text(y, map, "title", in->id);
    in->family = grm_yaml_text(y, map, "family", NULL);
    if (y->status == GRM_OK && (!in->id || !in->family)) grm_yaml_complain(y, map, "an instrument needs id and family");
    in->synonyms = grm_yaml_words(y, map, "synonyms");
    in->voice = grm_yaml_text(y, map, "voice", NULL);
    in->program = (uint8_t)grm_yaml_number(y, map, "program", 0, 0, 127);
    in->bank = (uint8_t)grm_yaml_number(y, map, "bank", 0, 0, 128);
    in->low = (uint8_t)grm_yaml_number(y, map, "low", 0, 0, 127);
    in->high = (uint8_t)grm_yaml_number(y, map, "high", 127, 0, 127);
    yaml_node_t *range = grm_yaml_list(y, map, "range", 2);
    if (grm_yaml_count(range) == 2) {
        in->low = (uint8_t)grm_yaml_scalar_number(y, grm_yaml_item(y, range, 0), 0, 127);
        in->high = (uint8_t)grm_yaml_scalar_number(y, grm_yaml_item(y, range, 1), in->low, 127);
    }
    in->polyphony = (uint8_t)grm_yaml_number(y, map, "polyphony", 0, 0, 128);
    in->sustains = grm_yaml_flag(y, map, "sustains", false);
    in->sustain_pedal = grm_yaml_flag(y, map, "sustain_pedal", false);
    in->vibrato = grm_yaml_flag(y, map, "vibrato", false);
    in->swells = grm_yaml_flag(y, map, "swells", false);
    in->glide_ms = (float)grm_yaml_number(y, map, "glide_ms", 0, 0, 1000);
    in->strum_ms = (float)grm_yaml_number(y, map, "strum_ms", 0, 0, 300);
    in->level_db = (float)grm_yaml_number(y, map, "level_db", 0, -30, 30);
    in->places = read_places(y, stages, grm_yaml_text(y, map, "stage", NULL), map);
    in->rig = grm_yaml_text(y, map, "rig", NULL);
    in->spread = (float)grm_yaml_number(y, map, "spread", 0, -1, 1);
}

void grm_read_instruments_document(grm_yaml *y, grm_instrument **out, size_t *count) {
    yaml_node_t *root = grm_yaml_root(y);
    *out = NULL, *count = 0;
    if (!grm_yaml_keys(y, root, "stages instruments")) return;
    yaml_node_t *stages = grm_yaml_field(y, root, "stages"), *list = grm_yaml_list(y, root, "instruments", 1000);
    size_t n = grm_yaml_count(list);
    grm_instrument *items = grm_yaml_take(y, n, sizeof *items);
    for (size_t i = 0; items && i < n && y->status == GRM_OK; i++)
        read_instrument(y, stages, grm_yaml_item(y, list, i), &items[i]);
    *out = items, *count = items ? n : 0;
}
