// Between the files that read styles.
#ifndef GRM_STYLE_READ_H
#define GRM_STYLE_READ_H

#include "style/style.h"
#include "yaml/yaml.h"

// Complains when the text that stands at `node` is not what it should be.
typedef void grm_text_check(grm_yaml *y, yaml_node_t *node, const char *text, grm_metre metre, const void *context);

typedef struct grm_step_signs {
    const grm_style *style;  // for its first metre; NULL: any length
    const char *signs;
} grm_step_signs;

grm_text_check grm_check_chart, grm_check_steps, grm_check_phrase, grm_check_form, grm_check_metre, grm_check_mode,
    grm_check_instrument;
grm_choices grm_read_choices(grm_yaml *y, yaml_node_t *map, const char *key, grm_text_check *check,
                             const void *context);

// What can be checked only when all of the style is there: symbols, players, palettes.
void grm_check_references(grm_yaml *y, const grm_style *style, const grm_catalogue *catalogue);
void grm_read_style_document(grm_yaml *y, const grm_catalogue *catalogue, grm_style *style);
// Adds the instruments of a document {instruments: [...]} to the list.
void grm_read_instruments_document(grm_yaml *y, grm_instrument **out, size_t *count);

#endif
