#include "master/preset.h"

#include <cyaml/cyaml.h>

#define FLOAT(type, name) CYAML_FIELD_FLOAT(#name, CYAML_FLAG_DEFAULT, type, name)
#define FLOAT_OR_0(type, name) CYAML_FIELD_FLOAT(#name, CYAML_FLAG_OPTIONAL, type, name)
#define NAME(type) CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, type, name, 1, 32)
#define KIND(type) CYAML_FIELD_ENUM("kind", CYAML_FLAG_STRICT, type, kind, kinds, CYAML_ARRAY_LEN(kinds))
#define MAPPING(name) CYAML_FIELD_MAPPING(#name, CYAML_FLAG_DEFAULT, grm_master_preset, name, name##_fields)
#define LIST(type, name, schema, least, most) \
    CYAML_FIELD_SEQUENCE(#name, CYAML_FLAG_POINTER, type, name, schema, least, most)

static const cyaml_strval_t kinds[] = {
    {"lowpass", GRM_FILTER_LOWPASS}, {"highpass", GRM_FILTER_HIGHPASS},   {"bell", GRM_FILTER_BELL},
    {"notch", GRM_FILTER_NOTCH},     {"low-shelf", GRM_FILTER_LOW_SHELF}, {"high-shelf", GRM_FILTER_HIGH_SHELF},
};

static const cyaml_schema_field_t place_fields[] = {NAME(grm_master_place),
                                                    FLOAT(grm_master_place, lufs),
                                                    FLOAT(grm_master_place, ceiling_dbtp),
                                                    FLOAT_OR_0(grm_master_place, mono_below_hz),
                                                    FLOAT_OR_0(grm_master_place, deess_db),
                                                    CYAML_FIELD_END};
static const cyaml_schema_field_t cell_fields[] = {KIND(grm_master_cell), FLOAT(grm_master_cell, hz),
                                                   FLOAT(grm_master_cell, q), FLOAT(grm_master_cell, db),
                                                   CYAML_FIELD_END};
static const cyaml_schema_value_t cell_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_master_cell, cell_fields)};
static const cyaml_schema_field_t tone_fields[] = {
    NAME(grm_master_tone),
    FLOAT_OR_0(grm_master_tone, match),
    FLOAT_OR_0(grm_master_tone, drive),
    FLOAT_OR_0(grm_master_tone, width),
    CYAML_FIELD_SEQUENCE("cells", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, grm_master_tone, cells, &cell_schema, 0, 6),
    CYAML_FIELD_END};
static const cyaml_schema_field_t glue_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, grm_master_glue, name, 1, 32),
    FLOAT(grm_master_glue, over_db),
    FLOAT(grm_master_glue, ratio),
    FLOAT(grm_master_glue, knee_db),
    FLOAT(grm_master_glue, attack_ms),
    FLOAT(grm_master_glue, release_ms),
    FLOAT(grm_master_glue, range_db),
    CYAML_FIELD_END};
static const cyaml_schema_field_t move_fields[] = {NAME(grm_master_move),
                                                   KIND(grm_master_move),
                                                   FLOAT(grm_master_move, hz),
                                                   FLOAT(grm_master_move, q),
                                                   FLOAT(grm_master_move, least_db),
                                                   FLOAT(grm_master_move, most_db),
                                                   FLOAT(grm_master_move, cost),
                                                   CYAML_FIELD_END};
static const cyaml_schema_value_t move_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_master_move, move_fields)};
static const cyaml_schema_field_t auto_width_fields[] = {FLOAT(grm_master_auto_width, least),
                                                         FLOAT(grm_master_auto_width, most),
                                                         FLOAT(grm_master_auto_width, cost), CYAML_FIELD_END};
static const cyaml_schema_field_t auto_ride_fields[] = {
    FLOAT(grm_master_auto_ride, most), FLOAT(grm_master_auto_ride, cost), FLOAT(grm_master_auto_ride, window_s),
    FLOAT(grm_master_auto_ride, most_db), CYAML_FIELD_END};
static const cyaml_schema_field_t auto_balance_fields[] = {FLOAT(grm_master_auto_balance, dead_db),
                                                           FLOAT(grm_master_auto_balance, most_db), CYAML_FIELD_END};
static const cyaml_schema_field_t by_ear_fields[] = {
    LIST(grm_master_auto, moves, &move_schema, 1, GRM_MASTER_MOVES),
    CYAML_FIELD_MAPPING("width", CYAML_FLAG_DEFAULT, grm_master_auto, width, auto_width_fields),
    CYAML_FIELD_MAPPING("ride", CYAML_FLAG_DEFAULT, grm_master_auto, ride, auto_ride_fields),
    CYAML_FIELD_MAPPING("balance", CYAML_FLAG_DEFAULT, grm_master_auto, balance, auto_balance_fields),
    FLOAT(grm_master_auto, worth),
    FLOAT(grm_master_auto, worth_with_style),
    FLOAT(grm_master_auto, gained),
    FLOAT(grm_master_auto, yield_step_db),
    FLOAT(grm_master_auto, yield_most_db),
    FLOAT(grm_master_auto, glue_from_db),
    CYAML_FIELD_END};
static const cyaml_schema_field_t band_fields[] = {FLOAT(grm_master_band, hz), FLOAT(grm_master_band, db),
                                                   CYAML_FIELD_END};
static const cyaml_schema_field_t match_fields[] = {
    FLOAT(grm_master_match, strength), FLOAT(grm_master_match, dead_db),   FLOAT(grm_master_match, most_db),
    FLOAT(grm_master_match, boost),    FLOAT(grm_master_match, absent_db), CYAML_FIELD_END};
static const cyaml_schema_field_t likeness_fields[] = {FLOAT(grm_master_likeness, boost_db),
                                                       FLOAT(grm_master_likeness, empty_boost_db),
                                                       FLOAT(grm_master_likeness, empty_db),
                                                       FLOAT(grm_master_likeness, cut_db),
                                                       FLOAT(grm_master_likeness, least_ceiling_dbtp),
                                                       FLOAT(grm_master_likeness, most_ceiling_dbtp),
                                                       FLOAT(grm_master_likeness, from_hz),
                                                       FLOAT(grm_master_likeness, to_hz),
                                                       FLOAT(grm_master_likeness, most_db),
                                                       CYAML_FIELD_END};
static const cyaml_schema_field_t width_fields[] = {FLOAT(grm_master_width, narrow_db),
                                                    FLOAT(grm_master_width, wide_db), FLOAT(grm_master_width, most),
                                                    FLOAT(grm_master_width, least), CYAML_FIELD_END};
static const cyaml_schema_field_t deess_fields[] = {
    FLOAT(grm_master_deess, hz),        FLOAT(grm_master_deess, share_db),   FLOAT(grm_master_deess, ratio),
    FLOAT(grm_master_deess, attack_ms), FLOAT(grm_master_deess, release_ms), CYAML_FIELD_END};
static const cyaml_schema_field_t saturation_fields[] = {FLOAT(grm_master_saturation, least),
                                                         FLOAT(grm_master_saturation, span), CYAML_FIELD_END};
static const cyaml_schema_field_t limiter_fields[] = {
    FLOAT(grm_master_limiter, lookahead_ms), FLOAT(grm_master_limiter, release_ms),
    FLOAT(grm_master_limiter, margin_db), FLOAT(grm_master_limiter, most_db), CYAML_FIELD_END};
static const cyaml_schema_field_t codec_fields[] = {FLOAT(grm_master_codec, room_db), CYAML_FIELD_END};
static const cyaml_schema_value_t place_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_master_place, place_fields)};
static const cyaml_schema_value_t tone_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_master_tone, tone_fields)};
static const cyaml_schema_value_t glue_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_master_glue, glue_fields)};
static const cyaml_schema_value_t band_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_master_band, band_fields)};
static const cyaml_schema_field_t preset_fields[] = {
    LIST(grm_master_preset, targets, &place_schema, 1, 32),
    LIST(grm_master_preset, tones, &tone_schema, 1, 32),
    LIST(grm_master_preset, compressions, &glue_schema, 1, 32),
    LIST(grm_master_preset, reference, &band_schema, 2, GRM_MASTER_BANDS),
    MAPPING(by_ear),
    MAPPING(match),
    MAPPING(likeness),
    MAPPING(width),
    MAPPING(glue),
    MAPPING(deess),
    MAPPING(saturation),
    MAPPING(limiter),
    MAPPING(codec),
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
