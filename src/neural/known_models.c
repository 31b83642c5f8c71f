#include "neural/known_models.h"

#include <cyaml/cyaml.h>
#include <string.h>

#define TEXT(type, name) CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER, type, name, 1, 200)

static const cyaml_schema_field_t model_fields[] = {TEXT(grm_known_model, name), TEXT(grm_known_model, repository),
                                                    TEXT(grm_known_model, licence), CYAML_FIELD_END};
static const cyaml_schema_value_t model_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_known_model, model_fields)};
static const cyaml_schema_field_t known_fields[] = {
    TEXT(grm_known_models, hub),
    CYAML_FIELD_SEQUENCE_COUNT("models", CYAML_FLAG_POINTER, grm_known_models, models, count, &model_schema, 1, 256),
    CYAML_FIELD_END};
static const cyaml_schema_value_t known_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, grm_known_models, known_fields)};
static const cyaml_config_t config = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

grm_status grm_known_models_load(grm_known_models **out, grm_error *err) {
    *out = NULL;
    const grm_embedded *file = grm_embedded_find("data/models.yaml");
    if (!file) return grm_fail(err, GRM_MISSING, "data/models.yaml is not built into this program");
    cyaml_data_t *data = NULL;
    cyaml_err_t result = cyaml_load_data(file->bytes, file->size, &config, &known_schema, &data, NULL);
    if (result != CYAML_OK) return grm_fail(err, GRM_FAILED, "data/models.yaml: %s", cyaml_strerror(result));
    *out = data;
    return GRM_OK;
}

void grm_known_models_free(grm_known_models *known) {
    if (known) cyaml_free(&config, &known_schema, known, 0);
}

const grm_known_model *grm_known_models_find(const grm_known_models *known, const char *name) {
    for (unsigned i = 0; i < known->count; i++)
        if (strcmp(known->models[i].name, name) == 0) return &known->models[i];
    return NULL;
}

const char *grm_known_models_nearest(const grm_known_models *known, const char *name) {
    const char *names[256];
    for (unsigned i = 0; i < known->count; i++) names[i] = known->models[i].name;
    return grm_nearest_word(name, names, known->count);
}
