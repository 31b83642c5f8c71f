// Presets from text: what they stand on, and what is told of mistakes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// after the above
#include <cmocka.h>

#include "synth/voice.h"
#include "synth/voice_preset.h"

static grm_status read(const char *text, const char *name, grm_voice_preset **preset, grm_error *err) {
    return grm_voice_preset_read((const unsigned char *)text, strlen(text), name, preset, err);
}

static void a_preset_overrides_its_base(void **state) {
    grm_voice_preset *p = NULL;
    const char *text =
        "voices:\n"
        "  one: {engine: subtractive, gain_db: -3, mono: yes, oscillators: [{wave: saw}, {wave: sine, unison: 3}]}\n"
        "  two: {base: one, gain_db: -6}\n"
        "  three: {base: two, oscillators: [{wave: pulse, width: 0.3}]}\n";
    assert_int_equal(read(text, "three", &p, NULL), GRM_OK);
    assert_float_equal(p->gain_db, -6, 1e-6);
    assert_true(p->mono);
    assert_int_equal(p->oscillator_count, 1);
    assert_int_equal(p->oscillators[0].wave, GRM_WAVE_PULSE);
    assert_int_equal(p->oscillators[0].unison, 1);
    assert_float_equal(p->oscillators[0].width, 0.3f, 1e-6);
    free(p);
    assert_int_equal(read(text, "two", &p, NULL), GRM_OK);
    assert_int_equal(p->oscillator_count, 2);
    assert_int_equal(p->oscillators[1].unison, 3);
    free(p);
}

static void mistakes_are_told_with_their_place(void **state) {
    static const struct {
        const char *text, *told;
    } cases[] = {
        {"voices:\n  v:\n    gain: 3\n", "line 3, column 5: gain"},
        {"voices:\n  v:\n    gain_db: loud\n", "a number"},
        {"voices:\n  v:\n    gain_db: 900\n", "900 is outside -60 to 40"},
        {"voices:\n  v:\n    gain_db: nan\n", "gain_db"},
        {"voices:\n  v:\n    engine: piano\n", "not one of its words"},
        {"voices:\n  v:\n    mono: maybe\n", "yes or no"},
        {"voices:\n  v:\n    oscillators: [{unison: 2.5}]\n", "whole number"},
        {"voices:\n  v:\n    oscillators: [{}, {}, {}, {}, {}]\n", "too long"},
        {"voices:\n  v:\n    filter: 3\n", "mapping"},
        {"voices:\n  v: {base: v}\n", "too many"},
        {"voices: [\n", "line"},
        {"voices:\n  v:\n    ? [a]\n    : 3\n", "word"},
    };
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        grm_voice_preset *p = NULL;
        grm_error err = {.message = ""};
        assert_int_equal(read(cases[i].text, "v", &p, &err), GRM_BAD_INPUT);
        assert_null(p);
        assert_non_null(strstr(err.message, cases[i].told));
    }
}

static void a_voice_that_is_not_there_is_missing(void **state) {
    grm_voice_preset *p = NULL;
    grm_error err = {.message = ""};
    assert_int_equal(grm_voice_preset_new("kazoo", &p, &err), GRM_MISSING);
    assert_non_null(strstr(err.message, "kazoo"));
    assert_int_equal(read("", "v", &p, &err), GRM_MISSING);
    assert_false(grm_voice_exists("kazoo"));
    assert_false(grm_voice_exists(NULL));
    assert_true(grm_voice_exists("supersaw"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_preset_overrides_its_base),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(a_voice_that_is_not_there_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
