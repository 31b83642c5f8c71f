// The list of figures.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the four above first
#include <cmocka.h>

#include "meter/meter.h"

static void figures_have_names_of_their_own_and_bounds(void **state) {
    size_t count;
    const grm_feature_info *table = grm_feature_table(&count);
    assert_true(count >= 60);
    for (size_t i = 0; i < count; i++) {
        assert_true(table[i].low < table[i].high);
        assert_true(table[i].source[0] != 0);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(table[i].name, table[k].name);
    }
}

static void json_has_all_of_them(void **state) {
    grm_features features = {.integrated_lufs = -14.25};
    size_t count;
    const grm_feature_info *table = grm_feature_table(&count);
    json_t *json = grm_features_json(&features);
    for (size_t i = 0; i < count; i++) assert_true(json_is_number(json_object_get(json, table[i].name)));
    assert_true(json_number_value(json_object_get(json, "integrated_lufs")) == -14.25);
    json_decref(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_have_names_of_their_own_and_bounds),
        cmocka_unit_test(json_has_all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
