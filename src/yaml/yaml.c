#include "yaml/yaml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 1 << 20, MAX_NODES = 100000, MAX_DEPTH = 16 };

// Why an event may not stand in a document, NULL when it may. Anchors are refused because libyaml looks them up one by
// one (a megabyte of them takes half a minute), and aliases with them.
static const char *objection(const yaml_event_t *event, int depth, int nodes) {
    static const char anchors[] = "anchors and aliases (& and *) are not read here: write the value out, or quote it";
    if (nodes > MAX_NODES) return "too many values";
    switch (event->type) {
        case YAML_ALIAS_EVENT:
            return anchors;
        case YAML_SCALAR_EVENT:
            return event->data.scalar.anchor ? anchors : NULL;
        case YAML_SEQUENCE_START_EVENT:
            return event->data.sequence_start.anchor ? anchors : depth >= MAX_DEPTH ? "nested too deeply" : NULL;
        case YAML_MAPPING_START_EVENT:
            return event->data.mapping_start.anchor ? anchors : depth >= MAX_DEPTH ? "nested too deeply" : NULL;
        default:
            return NULL;
    }
}

// What libyaml found wrong. Bytes that are no UTF-8 have an offset, not a place.
static void fail_syntax(grm_yaml *y, const yaml_parser_t *parser, const uint8_t *bytes, size_t size) {
    yaml_mark_t mark = parser->problem_mark;
    if (parser->error == YAML_MEMORY_ERROR) {
        y->status = grm_fail_memory(y->err);
        return;
    }
    if (parser->error == YAML_READER_ERROR) {
        mark = (yaml_mark_t){0};
        for (size_t i = 0; i < parser->problem_offset && i < size; i++) {
            mark.column++;
            if (bytes[i] == '\n') mark.line++, mark.column = 0;
        }
    }
    y->status = grm_fail(y->err, GRM_BAD_INPUT, "%s:%zu:%zu: %s", y->name, mark.line + 1, mark.column + 1,
                         parser->problem ? parser->problem : "is not YAML");
}

// Walks through the text once before it is loaded: syntax, anchors, depth, size, a second document.
static void survey(grm_yaml *y, const uint8_t *bytes, size_t size) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        y->status = grm_fail_memory(y->err);
        return;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, bytes, size);
    int depth = 0, nodes = 0, documents = 0;
    for (bool done = false; !done && y->status == GRM_OK;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            fail_syntax(y, &parser, bytes, size);
            break;
        }
        const char *wrong = objection(&event, depth, ++nodes);
        if (event.type == YAML_DOCUMENT_START_EVENT && documents++) wrong = "a second document; one is wanted";
        if (wrong)
            y->status = grm_fail(y->err, GRM_BAD_INPUT, "%s:%zu:%zu: %s", y->name, event.start_mark.line + 1,
                                 event.start_mark.column + 1, wrong);
        depth += (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT) -
                 (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

void grm_yaml_open(grm_yaml *y, const char *name, const uint8_t *bytes, size_t size, grm_memory *memory,
                   grm_error *err) {
    *y = (grm_yaml){.name = name, .memory = memory, .err = err};
    if (size > MAX_BYTES) {
        y->status = grm_fail(err, GRM_BAD_INPUT, "%s:1:1: %zu bytes; at most %d are read", name, size, MAX_BYTES);
        return;
    }
    survey(y, bytes, size);
    if (y->status != GRM_OK) return;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        y->status = grm_fail_memory(err);
        return;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, bytes, size);
    if (!yaml_parser_load(&parser, &y->document)) {
        fail_syntax(y, &parser, bytes, size);
    } else {
        y->open = true;
        if (!grm_yaml_root(y)) y->status = grm_fail(err, GRM_BAD_INPUT, "%s:1:1: is empty", name);
    }
    yaml_parser_delete(&parser);
}

void grm_yaml_close(grm_yaml *y) {
    if (y->open) yaml_document_delete(&y->document);
    y->open = false;
}

yaml_node_t *grm_yaml_root(grm_yaml *y) {
    return yaml_document_get_root_node(&y->document);
}

void grm_yaml_complain(grm_yaml *y, const yaml_node_t *node, const char *format, ...) {
    if (y->status != GRM_OK) return;
    char text[360];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    y->status = grm_fail(y->err, GRM_BAD_INPUT, "%s:%zu:%zu: %s", y->name, node->start_mark.line + 1,
                         node->start_mark.column + 1, text);
}

void *grm_yaml_take(grm_yaml *y, size_t count, size_t size) {
    void *memory = grm_memory_take(y->memory, count ? count : 1, size);
    if (!memory && y->status == GRM_OK) y->status = grm_fail_memory(y->err);
    return memory;
}

static bool has_word(const char *list, const char *word) {
    size_t length = strlen(word);
    if (length == 0) return false;
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0)) return true;
    return false;
}

bool grm_yaml_keys(grm_yaml *y, yaml_node_t *map, const char *known) {
    if (y->status != GRM_OK) return false;
    if (map->type != YAML_MAPPING_NODE) {
        grm_yaml_complain(y, map, "should be a mapping with the keys %s", known);
        return false;
    }
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start;
         pair < map->data.mapping.pairs.top && y->status == GRM_OK; pair++) {
        yaml_node_t *key = yaml_document_get_node(&y->document, pair->key);
        const char *text = grm_yaml_scalar(y, key);
        if (text && !has_word(known, text))
            grm_yaml_complain(y, key, "unknown key \"%.40s\"; known here: %s", text, known);
        for (yaml_node_pair_t *other = map->data.mapping.pairs.start; text && other < pair; other++) {
            yaml_node_t *twin = yaml_document_get_node(&y->document, other->key);
            if (twin->type == YAML_SCALAR_NODE && strcmp((char *)twin->data.scalar.value, text) == 0)
                grm_yaml_complain(y, key, "\"%.40s\" is there twice", text);
        }
    }
    return y->status == GRM_OK;
}

yaml_node_t *grm_yaml_field(grm_yaml *y, yaml_node_t *map, const char *key) {
    if (!map || map->type != YAML_MAPPING_NODE) return NULL;
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
        yaml_node_t *node = yaml_document_get_node(&y->document, pair->key);
        if (node->type == YAML_SCALAR_NODE && strcmp((char *)node->data.scalar.value, key) == 0)
            return yaml_document_get_node(&y->document, pair->value);
    }
    return NULL;
}

size_t grm_yaml_count(const yaml_node_t *list) {
    return list && list->type == YAML_SEQUENCE_NODE
               ? (size_t)(list->data.sequence.items.top - list->data.sequence.items.start)
               : 0;
}

yaml_node_t *grm_yaml_item(grm_yaml *y, yaml_node_t *list, size_t index) {
    return yaml_document_get_node(&y->document, list->data.sequence.items.start[index]);
}

yaml_node_t *grm_yaml_list(grm_yaml *y, yaml_node_t *map, const char *key, size_t most) {
    yaml_node_t *list = grm_yaml_field(y, map, key);
    if (!list) return NULL;
    if (list->type != YAML_SEQUENCE_NODE) {
        grm_yaml_complain(y, list, "\"%s\" should be a list", key);
        return NULL;
    }
    if (grm_yaml_count(list) > most) {
        grm_yaml_complain(y, list, "\"%s\" has %zu items; at most %zu are read", key, grm_yaml_count(list), most);
        return NULL;
    }
    return list;
}

const char *grm_yaml_scalar(grm_yaml *y, yaml_node_t *node) {
    if (node->type != YAML_SCALAR_NODE) {
        grm_yaml_complain(y, node, "should be a plain value");
        return NULL;
    }
    if (strlen((char *)node->data.scalar.value) != node->data.scalar.length || node->data.scalar.length > 2000) {
        grm_yaml_complain(y, node, "holds a zero byte or more than 2000 characters");
        return NULL;
    }
    const char *text = grm_memory_string(y->memory, (char *)node->data.scalar.value);
    if (!text && y->status == GRM_OK) y->status = grm_fail_memory(y->err);
    return text;
}

const char *grm_yaml_text(grm_yaml *y, yaml_node_t *map, const char *key, const char *otherwise) {
    yaml_node_t *node = grm_yaml_field(y, map, key);
    return node ? grm_yaml_scalar(y, node) : otherwise;
}

double grm_yaml_scalar_number(grm_yaml *y, yaml_node_t *node, double low, double high) {
    const char *text = grm_yaml_scalar(y, node);
    char *end = NULL;
    double value = text ? strtod(text, &end) : low;
    if (text && (end == text || *end || !isfinite(value) || value < low || value > high)) {
        grm_yaml_complain(y, node, "\"%.40s\" should be a number from %g to %g", text, low, high);
        return low;
    }
    return value;
}

double grm_yaml_number(grm_yaml *y, yaml_node_t *map, const char *key, double otherwise, double low, double high) {
    yaml_node_t *node = grm_yaml_field(y, map, key);
    return node ? grm_yaml_scalar_number(y, node, low, high) : otherwise;
}

bool grm_yaml_flag(grm_yaml *y, yaml_node_t *map, const char *key, bool otherwise) {
    yaml_node_t *node = grm_yaml_field(y, map, key);
    const char *text = node ? grm_yaml_scalar(y, node) : NULL;
    if (!text) return otherwise;
    if (strcmp(text, "true") == 0 || strcmp(text, "yes") == 0) return true;
    if (strcmp(text, "false") != 0 && strcmp(text, "no") != 0)
        grm_yaml_complain(y, node, "\"%.40s\" should be true or false", text);
    return false;
}

grm_words grm_yaml_words(grm_yaml *y, yaml_node_t *map, const char *key) {
    grm_words words = {0};
    yaml_node_t *list = grm_yaml_list(y, map, key, 200);
    size_t count = grm_yaml_count(list);
    const char **items = count ? grm_yaml_take(y, count, sizeof *items) : NULL;
    for (size_t i = 0; items && i < count; i++) items[i] = grm_yaml_scalar(y, grm_yaml_item(y, list, i));
    if (items && y->status == GRM_OK) words = (grm_words){count, items};
    return words;
}
