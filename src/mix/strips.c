#include "mix/strips.h"

#include <cyaml/cyaml.h>
#include <string.h>

static const cyaml_strval_t kinds[] = {
    {"highpass", GRM_FILTER_HIGHPASS},     {"lowpass", GRM_FILTER_LOWPASS}, {"low-shelf", GRM_FILTER_LOW_SHELF},
    {"high-shelf", GRM_FILTER_HIGH_SHELF}, {"bell", GRM_FILTER_BELL},
};

const char *grm_filter_kind_name(grm_filter_kind kind) {
    for (size_t i = 0; i < GRM_COUNT(kinds); i++)
        if (kinds[i].val == (int64_t)kind) return kinds[i].str;
    return "other";
}

bool grm_filter_kind_parse(const char *name, grm_filter_kind *kind) {
    for (size_t i = 0; name && i < GRM_COUNT(kinds); i++)
        if (strcmp(kinds[i].str, name) == 0) {
            *kind = (grm_filter_kind)kinds[i].val;
            return true;
        }
    return false;
}

#define FLOAT(type, name) CYAML_FIELD_FLOAT(#name, CYAML_FLAG_DEFAULT, type, name)
#define MAYBE(type, name) CYAML_FIELD_FLOAT(#name, CYAML_FLAG_OPTIONAL, type, name)

static const cyaml_schema_field_t cell_fields[] = {
    CYAML_FIELD_ENUM("type", CYAML_FLAG_STRICT, grm_strip_cell, type, kinds, GRM_COUNT(kinds)),
    FLOAT(grm_strip_cell, hz),
    MAYBE(grm_strip_cell, db),
    FLOAT(grm_strip_cell, q),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t cell_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_strip_cell, cell_fields)};
static const cyaml_schema_field_t compressor_fields[] = {
    FLOAT(grm_strip_compressor, threshold_db), FLOAT(grm_strip_compressor, ratio),
    FLOAT(grm_strip_compressor, attack_ms),    FLOAT(grm_strip_compressor, release_ms),
    FLOAT(grm_strip_compressor, knee_db),      CYAML_FIELD_END,
};
static const cyaml_schema_field_t strip_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, grm_strip, name, 1, 64),
    MAYBE(grm_strip, loudness_db),
    CYAML_FIELD_SEQUENCE("eq", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, grm_strip, eq, &cell_schema, 0,
                         GRM_STRIP_CELLS),
    CYAML_FIELD_MAPPING("compressor", CYAML_FLAG_OPTIONAL, grm_strip, compressor, compressor_fields),
    MAYBE(grm_strip, drive),
    MAYBE(grm_strip, mono_below),
    MAYBE(grm_strip, duck),
    MAYBE(grm_strip, room_for),
    MAYBE(grm_strip, mud),
    MAYBE(grm_strip, tame),
    MAYBE(grm_strip, ride),
    MAYBE(grm_strip, lofi),
    MAYBE(grm_strip, heard),
    MAYBE(grm_strip, width),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t strip_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_strip, strip_fields)};
static const cyaml_schema_field_t span_fields[] = {FLOAT(grm_span, low), FLOAT(grm_span, high), CYAML_FIELD_END};
static const cyaml_schema_value_t span_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_span, span_fields)};
static const cyaml_schema_field_t file_fields[] = {
    CYAML_FIELD_SEQUENCE("balance", CYAML_FLAG_POINTER, grm_strips, balance, &span_schema, GRM_SPANS, GRM_SPANS),
    CYAML_FIELD_SEQUENCE("strips", CYAML_FLAG_POINTER, grm_strips, strips, &strip_schema, 1, 64),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t file_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, grm_strips, file_fields)};
static const cyaml_config_t config = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

static const grm_strip *find(const grm_strips *strips, const char *name) {
    for (unsigned i = 0; name && i < strips->strips_count; i++)
        if (strcmp(strips->strips[i].name, name) == 0) return &strips->strips[i];
    return NULL;
}

grm_status grm_strips_load(grm_strips **out, grm_error *err) {
    *out = NULL;
    const grm_embedded *file = grm_embedded_find("data/mix.yaml");
    if (!file) return grm_fail(err, GRM_MISSING, "data/mix.yaml is not built into this program");
    cyaml_data_t *data = NULL;
    cyaml_err_t result = cyaml_load_data(file->bytes, file->size, &config, &file_schema, &data, NULL);
    if (result != CYAML_OK) return grm_fail(err, GRM_FAILED, "data/mix.yaml: %s", cyaml_strerror(result));
    if (!find(data, "other")) {
        grm_strips_free(data);
        return grm_fail(err, GRM_FAILED, "data/mix.yaml: there is no strip \"other\"");
    }
    *out = data;
    return GRM_OK;
}

void grm_strips_free(grm_strips *strips) {
    if (strips) cyaml_free(&config, &file_schema, strips, 0);
}

const grm_strip *grm_strips_find(const grm_strips *strips, const char *name, const char *role) {
    const grm_strip *strip = find(strips, name);
    if (!strip) strip = find(strips, role);
    return strip ? strip : find(strips, "other");
}
