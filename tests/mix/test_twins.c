#include "song.h"

// The lead again, `late` frames later, in place of the pad and before it in the list.
static void copy_lead(song *s, float gain, size_t late) {
    float *x[2] = {grm_floats_new(FRAMES), grm_floats_new(FRAMES)};
    assert_int_equal(grm_tape_read(s->items[LEAD].dry, 0, FRAMES - late, (float *[]){x[0] + late, x[1] + late}, NULL),
                     GRM_OK);
    for (int side = 0; side < 2; side++) grm_scale(x[side], FRAMES, gain);
    grm_tape_free(s->items[PAD].dry);
    assert_int_equal(grm_tape_new(2, RATE, NULL, &s->items[PAD].dry, NULL), GRM_OK);
    assert_int_equal(grm_tape_append(s->items[PAD].dry, (const float *const *)x, FRAMES, NULL), GRM_OK);
    s->items[PAD].name = "Copy";
    s->plan.foreign = true;
    free(x[1]);
    free(x[0]);
}

static const json_t *stem_of(const result *r, size_t index) {
    return json_array_get(json_object_get(r->decisions, "stems"), index);
}

static bool is_mute(const result *r, size_t index) {
    return json_is_true(json_object_get(stem_of(r, index), "mute"));
}

static void of_two_that_are_one_sound_one_is_heard(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    copy_lead(&s, 0.25f, 0);
    mix_well(&s, &r);
    assert_false(is_mute(&r, PAD));
    assert_true(is_mute(&r, LEAD));
    const char *why = json_string_value(json_object_get(stem_of(&r, LEAD), "mute_why"));
    assert_non_null(why);
    assert_string_equal(why, "the same sound as \"Copy\"");
    assert_true(largest(r.wet[PAD]) > 0.01f);
    result_free(&r);
    song_close(&s);
}

static void one_that_is_upside_down_does_not_cancel_the_other(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    copy_lead(&s, -1, 0);
    s.parts[PAD] = s.parts[LEAD];
    mix_well(&s, &r);
    assert_true(is_mute(&r, LEAD));
    assert_non_null(strstr(json_string_value(json_object_get(stem_of(&r, LEAD), "mute_why")), "upside down"));
    // Nothing speaks against hearing both, if somebody wants to.
    json_t *session = json_deep_copy(r.decisions);
    json_object_set_new(json_array_get(json_object_get(session, "stems"), LEAD), "mute", json_false());
    s.plan.session = session;
    s.plan.session_name = "mix.json";
    result_free(&r);
    mix_well(&s, &r);
    assert_true(largest(r.wet[LEAD]) > 0.01f);
    json_decref(session);
    result_free(&r);
    song_close(&s);
}

static void two_sides_of_what_is_mono_stand_in_the_middle(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    copy_lead(&s, 1, 0);
    s.parts[PAD].pan = -0.75f;
    s.parts[LEAD].pan = 0.75f;
    mix_well(&s, &r);
    assert_true(json_number_value(json_object_get(stem_of(&r, PAD), "pan")) == 0);
    result_free(&r);
    song_close(&s);
}

static void what_was_played_twice_is_no_copy(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    copy_lead(&s, 1, RATE / 100);
    mix_well(&s, &r);
    assert_false(is_mute(&r, PAD));
    assert_false(is_mute(&r, LEAD));
    result_free(&r);
    song_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_that_are_one_sound_one_is_heard),
        cmocka_unit_test(one_that_is_upside_down_does_not_cancel_the_other),
        cmocka_unit_test(two_sides_of_what_is_mono_stand_in_the_middle),
        cmocka_unit_test(what_was_played_twice_is_no_copy),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
