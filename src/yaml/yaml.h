// YAML that people write, walked by hand, so that every complaint can name its line and column. The first complaint
// stays.
#ifndef GRM_YAML_H
#define GRM_YAML_H

#include <grammy/brief.h>
#include <yaml.h>

#include "base/base.h"

typedef struct grm_yaml {
    const char *name;
    yaml_document_t document;
    bool open;
    grm_memory *memory;
    grm_status status;
    grm_error *err;
} grm_yaml;

// Parses `bytes`; grm_yaml_close afterwards in every case.
void grm_yaml_open(grm_yaml *y, const char *name, const uint8_t *bytes, size_t size, grm_memory *memory,
                   grm_error *err);
void grm_yaml_close(grm_yaml *y);
yaml_node_t *grm_yaml_root(grm_yaml *y);

void grm_yaml_complain(grm_yaml *y, const yaml_node_t *node, const char *format, ...) GRM_PRINTF(3, 4);
// Complains of keys of a mapping that are not in `known` (blanks between), and of what is no mapping.
bool grm_yaml_keys(grm_yaml *y, yaml_node_t *map, const char *known);
yaml_node_t *grm_yaml_field(grm_yaml *y, yaml_node_t *map, const char *key);  // NULL when absent
size_t grm_yaml_count(const yaml_node_t *list);                               // of a sequence, else 0
yaml_node_t *grm_yaml_item(grm_yaml *y, yaml_node_t *list, size_t index);
yaml_node_t *grm_yaml_list(grm_yaml *y, yaml_node_t *map, const char *key, size_t most);  // a sequence or NULL

// Scalars of a mapping; `otherwise` when the key is absent. Texts hang in y->memory.
const char *grm_yaml_text(grm_yaml *y, yaml_node_t *map, const char *key, const char *otherwise);
double grm_yaml_number(grm_yaml *y, yaml_node_t *map, const char *key, double otherwise, double low, double high);
bool grm_yaml_flag(grm_yaml *y, yaml_node_t *map, const char *key, bool otherwise);
const char *grm_yaml_scalar(grm_yaml *y, yaml_node_t *node);  // NULL with a complaint when it is none
double grm_yaml_scalar_number(grm_yaml *y, yaml_node_t *node, double low, double high);
grm_words grm_yaml_words(grm_yaml *y, yaml_node_t *map, const char *key);
void *grm_yaml_take(grm_yaml *y, size_t count, size_t size);

#endif
