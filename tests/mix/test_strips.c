#include "mix/strips.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// cmocka wants those before it
#include <cmocka.h>

#include "compose/compose.h"

static void every_role_has_a_strip(void **state) {
    (void)state;
    grm_strips *strips;
    assert_int_equal(grm_strips_load(&strips, NULL), GRM_OK);
    for (int role = 0; role < GRM_ROLE_COUNT; role++) {
        const grm_strip *strip = grm_strips_find(strips, NULL, grm_role_name((grm_role)role));
        assert_string_equal(strip->name, grm_role_name((grm_role)role));
        assert_true(strip->eq_count > 0);
        assert_true(strip->compressor.ratio == 0 || strip->compressor.ratio >= 1);
    }
    assert_string_equal(grm_strips_find(strips, "no such", "nor such")->name, "other");
    assert_string_equal(grm_strips_find(strips, "vocal", "lead")->name, "vocal");
    grm_strips_free(strips);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_has_a_strip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
