#include "signals.h"

static void notes_and_frequencies_are_equal_temperament(void **state) {
    (void)state;
    assert_true(fabs(grm_note_of_hz(440, 0) - 69) < 1e-9);
    assert_true(fabs(grm_note_of_hz(261.6256, 440) - 60) < 1e-4);
    assert_true(fabs(grm_hz_of_note(81, 442) - 884) < 1e-9);
    for (double note = 20; note < 100; note += 3.3)
        assert_true(fabs(grm_note_of_hz(grm_hz_of_note(note, 0), 0) - note) < 1e-9);
}

static void the_nearest_note_belongs_to_the_scale(void **state) {
    (void)state;
    const grm_note_scale d_major = {.notes = GRM_SCALE_MAJOR, .root = 2}, all = {.notes = GRM_SCALE_CHROMATIC};
    assert_int_equal(grm_scale_nearest(&d_major, 60.2), 61);  // C is not in D major: C sharp is nearer than B
    assert_int_equal(grm_scale_nearest(&d_major, 59.9), 59);
    assert_int_equal(grm_scale_nearest(&d_major, 65.4), 66);
    assert_int_equal(grm_scale_nearest(&all, 60.4), 60);
    const grm_note_scale one = {.notes = 1, .root = 9};
    assert_int_equal(grm_scale_nearest(&one, 64), 69);
    assert_int_equal(grm_scale_nearest(&one, 62), 57);
    const grm_note_scale none = {0};  // counts as all
    assert_int_equal(grm_scale_nearest(&none, 60.4), 60);
}

static void steps_walk_the_scale(void **state) {
    (void)state;
    const grm_note_scale c_major = {.notes = GRM_SCALE_MAJOR}, a_minor = {.notes = GRM_SCALE_MINOR, .root = 9};
    assert_int_equal(grm_scale_step(&c_major, 60, 2), 64);  // a third above C is E,
    assert_int_equal(grm_scale_step(&c_major, 62, 2), 65);  // above D it is F
    assert_int_equal(grm_scale_step(&c_major, 60, -1), 59);
    assert_int_equal(grm_scale_step(&c_major, 60, 7), 72);
    for (int note = 57; note < 70; note++)
        assert_int_equal(grm_scale_nearest(&c_major, note), grm_scale_nearest(&a_minor, note));  // relatives
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_and_frequencies_are_equal_temperament),
        cmocka_unit_test(the_nearest_note_belongs_to_the_scale),
        cmocka_unit_test(steps_walk_the_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
