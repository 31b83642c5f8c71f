// Features by name, and as JSON.
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "meter/meter.h"

const grm_feature_info *grm_feature_table(size_t *count) {
    static const grm_feature_info table[] = {
#define ROW(name, unit, low, high, source) {#name, unit, source, low, high, offsetof(grm_features, name)},
        GRM_FEATURE_LIST(ROW)
#undef ROW
    };
    *count = GRM_COUNT(table);
    return table;
}

// Six significant digits: more is noise, and differs between processors.
json_t *grm_number_json(double value) {
    if (!isfinite(value)) return json_null();
    char text[32];
    snprintf(text, sizeof text, "%.6g", value);
    return json_real(strtod(text, NULL));
}

json_t *grm_numbers_json(const double *values, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++)
        if (json_array_append_new(list, grm_number_json(values[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *tempo_alternatives(const grm_features *f) {
    json_t *list = json_array();
    for (size_t i = 0; i < GRM_TEMPO_ALTERNATIVES; i++)
        if (f->tempo_alternatives[i].bpm > 0)
            json_array_append_new(list, json_pack("{so so}", "bpm", grm_number_json(f->tempo_alternatives[i].bpm),
                                                  "strength", grm_number_json(f->tempo_alternatives[i].strength)));
    return list;
}

json_t *grm_features_json(const grm_features *f) {
    json_t *object = json_object();
    size_t count;
    const grm_feature_info *table = grm_feature_table(&count);
    for (size_t i = 0; object && i < count; i++)
        json_object_set_new(object, table[i].name,
                            grm_number_json(*(const double *)((const char *)f + table[i].offset)));
    int failed =
        !object ||
        json_object_set_new(object, "key", f->key[0] ? json_string(f->key) : json_null()) |
            json_object_set_new(object, "tonal_balance_db", grm_numbers_json(f->tonal_balance_db, GRM_OCTAVES)) |
            json_object_set_new(object, "tonal_balance_target_db",
                                grm_numbers_json(f->tonal_balance_target_db, GRM_OCTAVES)) |
            json_object_set_new(object, "spectral_contrast_db",
                                grm_numbers_json(f->spectral_contrast_db, GRM_CONTRAST_BANDS)) |
            json_object_set_new(object, "mfcc_mean", grm_numbers_json(f->mfcc_mean, GRM_MFCCS)) |
            json_object_set_new(object, "mfcc_deviation", grm_numbers_json(f->mfcc_deviation, GRM_MFCCS)) |
            json_object_set_new(object, "chroma", grm_numbers_json(f->chroma, GRM_COUNT(f->chroma))) |
            json_object_set_new(object, "tonnetz", grm_numbers_json(f->tonnetz, GRM_COUNT(f->tonnetz))) |
            json_object_set_new(object, "width_by_band", grm_numbers_json(f->width_by_band, GRM_WIDTH_BANDS)) |
            json_object_set_new(object, "tempo_alternatives", tempo_alternatives(f));
    if (!failed) return object;
    json_decref(object);
    return NULL;
}
