#include "master/preset.h"

#include <cyaml/cyaml.h>

#define FLOAT(type, name) CYAML_FIELD_FLOAT(#name, CYAML_FLAG_DEFAULT, type, name)
#define MAPPING(name) CYAML_FIELD_MAPPING(#name, CYAML_FLAG_DEFAULT, grm_master_preset, name, name##_fields)

static const cyaml_schema_field_t band_fields[] = {FLOAT(grm_master_band, hz), FLOAT(grm_master_band, db),
                                                   CYAML_FIELD_END};
static const cyaml_schema_field_t match_fields[] = {
    FLOAT(grm_master_match, strength), FLOAT(grm_master_match, dead_db),   FLOAT(grm_master_match, most_db),
    FLOAT(grm_master_match, boost),    FLOAT(grm_master_match, absent_db), CYAML_FIELD_END};
static const cyaml_schema_field_t width_fields[] = {FLOAT(grm_master_width, narrow_db),
                                                    FLOAT(grm_master_width, wide_db), FLOAT(grm_master_width, most),
                                                    FLOAT(grm_master_width, least), CYAML_FIELD_END};
static const cyaml_schema_field_t glue_fields[] = {FLOAT(grm_master_glue, over_db),
                                                   FLOAT(grm_master_glue, ratio),
                                                   FLOAT(grm_master_glue, knee_db),
                                                   FLOAT(grm_master_glue, attack_ms),
                                                   FLOAT(grm_master_glue, release_ms),
                                                   FLOAT(grm_master_glue, range_db),
                                                   CYAML_FIELD_END};
static const cyaml_schema_field_t saturation_fields[] = {FLOAT(grm_master_saturation, least),
                                                         FLOAT(grm_master_saturation, span), CYAML_FIELD_END};
static const cyaml_schema_field_t limiter_fields[] = {
    FLOAT(grm_master_limiter, lookahead_ms), FLOAT(grm_master_limiter, release_ms),
    FLOAT(grm_master_limiter, margin_db), FLOAT(grm_master_limiter, most_db), CYAML_FIELD_END};
static const cyaml_schema_value_t band_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_master_band, band_fields)};
static const cyaml_schema_field_t preset_fields[] = {
    CYAML_FIELD_SEQUENCE("reference", CYAML_FLAG_POINTER, grm_master_preset, reference, &band_schema, 2,
                         GRM_MASTER_BANDS),
    MAPPING(match),
    MAPPING(width),
    MAPPING(glue),
    MAPPING(saturation),
    MAPPING(limiter),
    FLOAT(grm_master_preset, highpass_hz),
    FLOAT(grm_master_preset, lowpass_hz),
    FLOAT(grm_master_preset, mono_below_hz),
    FLOAT(grm_master_preset, most_gain_db),
    FLOAT(grm_master_preset, fade_in_ms),
    FLOAT(grm_master_preset, fade_out_ms),
    CYAML_FIELD_END};
static const cyaml_schema_value_t preset_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, grm_master_preset, preset_fields)};
static const cyaml_config_t config = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

grm_status grm_master_preset_load(grm_master_preset **out, grm_error *err) {
    *out = NULL;
    const grm_embedded *file = grm_embedded_find("data/master.yaml");
    if (!file) return grm_fail(err, GRM_MISSING, "data/master.yaml is not built into this program");
    cyaml_data_t *data = NULL;
    cyaml_err_t result = cyaml_load_data(file->bytes, file->size, &config, &preset_schema, &data, NULL);
    if (result != CYAML_OK) return grm_fail(err, GRM_FAILED, "data/master.yaml: %s", cyaml_strerror(result));
    *out = data;
    return GRM_OK;
}

void grm_master_preset_free(grm_master_preset *preset) {
    if (preset) cyaml_free(&config, &preset_schema, preset, 0);
}
