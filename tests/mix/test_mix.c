#include "song.h"

static void wet_stems_add_up_to_the_mix(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    mix_well(&s, &r);
    assert_int_equal(r.mix->frames, FRAMES);
    double difference = 0, whole = 0;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < FRAMES; i++) {
            double sum = 0;
            for (int stem = 0; stem < STEMS; stem++) sum += r.wet[stem]->plane[side][i];
            difference += pow(sum - r.mix->plane[side][i], 2);
            whole += pow(r.mix->plane[side][i], 2);
        }
    assert_true(whole > 0);
    assert_true(10 * log10(difference / whole) < -110);
    for (int stem = 0; stem < STEMS; stem++) assert_int_equal(r.place[stem], FRAMES);
    result_free(&r);
    song_close(&s);
}

static void threads_do_not_change_a_bit_with_profile(const grm_profile *profile) {
    song s;
    result one = {0}, two = {0};
    song_open(&s);
    s.profile = profile;
    s.plan.style.lofi = 0.7f;
    assert_int_equal(mix(&s, 1, &one, NULL), GRM_OK);
    assert_int_equal(mix(&s, 2, &two, NULL), GRM_OK);
    for (int side = 0; side < 2; side++) {
        assert_memory_equal(one.mix->plane[side], two.mix->plane[side], FRAMES * sizeof(float));
        for (int stem = 0; stem < STEMS; stem++)
            assert_memory_equal(one.wet[stem]->plane[side], two.wet[stem]->plane[side], FRAMES * sizeof(float));
    }
    assert_true(json_equal(one.decisions, two.decisions));
    result_free(&two);
    result_free(&one);
    song_close(&s);
}

// What a small machine's profile says about the mix.
static const grm_profile small = {.hall_lines = 8, .space_rate_hz = RATE / 2};

static void threads_do_not_change_a_bit(void **state) {
    (void)state;
    threads_do_not_change_a_bit_with_profile(NULL);
    threads_do_not_change_a_bit_with_profile(&small);
}

static void spaces_at_half_the_rate_sound_as_loud_and_add_up_too(void **state) {
    (void)state;
    song s;
    result whole, half;
    song_open(&s);
    mix_well(&s, &whole);
    s.profile = &small;
    mix_well(&s, &half);
    for (int stem = 0; stem < STEMS; stem++)
        assert_true(fabs(lufs_of(half.wet[stem]) - lufs_of(whole.wet[stem])) < 0.5);
    double difference = 0, power = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        double sum = 0;
        for (int stem = 0; stem < STEMS; stem++) sum += half.wet[stem]->plane[0][i];
        difference += pow(sum - half.mix->plane[0][i], 2);
        power += pow(half.mix->plane[0][i], 2);
    }
    assert_true(10 * log10(difference / power) < -110);
    // A stem without sends has nothing to do with it, but for the fader that holds the peaks of all.
    difference = power = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        difference += pow((double)half.wet[BASS]->plane[0][i] - (double)whole.wet[BASS]->plane[0][i], 2);
        power += pow((double)whole.wet[BASS]->plane[0][i], 2);
    }
    assert_true(10 * log10(difference / power) < -30);
    result_free(&half);
    result_free(&whole);
    song_close(&s);
}

static void an_odd_number_of_frames_is_mixed_to_its_end(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    s.profile = &small;
    s.stems.duration_s = (FRAMES - 1.0) / RATE;
    mix_well(&s, &r);
    assert_int_equal(r.place[STEMS], FRAMES - 1);
    assert_true(grm_all_finite(r.mix->plane[0], FRAMES - 1));
    result_free(&r);
    song_close(&s);
}

static void the_peak_has_three_decibels_above_it(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    // Everything at once through much reverb: the worst that a style can ask for.
    for (int i = 0; i < STEMS; i++)
        s.parts[i] = (grm_part_mix){.level_db = 12, .width = 2, .room = 1, .hall = 1, .delay = 1};
    mix_well(&s, &r);
    assert_true(largest(r.mix) <= 0.70795f);
    assert_true(largest(r.mix) > 0.2f);
    result_free(&r);
    song_close(&s);
}

static void a_silent_stem_is_muted_and_a_broken_one_refused(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    grm_tape_free(s.items[LEAD].dry);
    assert_int_equal(grm_tape_new(2, RATE, NULL, &s.items[LEAD].dry, NULL), GRM_OK);  // nothing on it
    mix_well(&s, &r);
    assert_true(largest(r.wet[LEAD]) == 0);
    json_t *stem = json_array_get(json_object_get(r.decisions, "stems"), LEAD);
    assert_true(json_is_true(json_object_get(stem, "mute")));
    result_free(&r);

    static float broken[2][1000];
    broken[1][500] = INFINITY;
    assert_int_equal(grm_tape_append(s.items[LEAD].dry, (const float *const[]){broken[0], broken[1]}, 1000, NULL),
                     GRM_OK);
    grm_error err;
    r = (result){0};
    assert_int_equal(mix(&s, 2, &r, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "Lead"));
    assert_int_equal(r.place[STEMS], 0);
    result_free(&r);
    song_close(&s);
}

static void a_sink_that_fails_ends_the_mix(void **state) {
    (void)state;
    song s;
    result r = {.refuse = true};
    song_open(&s);
    grm_error err;
    assert_int_equal(mix(&s, 2, &r, &err), GRM_FAILED);
    assert_string_equal(err.message, "disk full");
    result_free(&r);
    song_close(&s);
}

static grm_status count_silence(void *context, size_t stem, const float *const *planes, size_t frames, grm_error *err) {
    (void)err;
    assert_int_equal(stem, 0);
    for (size_t i = 0; i < frames; i++) assert_true(planes[0][i] == 0 && planes[1][i] == 0);
    *(size_t *)context += frames;
    return GRM_OK;
}

static void no_stems_and_only_silence_make_silence(void **state) {
    (void)state;
    song s;
    song_open(&s);
    grm_run run = {.pool = pools[0]};
    size_t silent = 0;
    grm_stems none = {.duration_s = 1};
    assert_int_equal(grm_mix_run(&run, &none, &s.plan, count_silence, &silent, 0, NULL, NULL), GRM_OK);
    assert_int_equal(silent, RATE);
    song_close(&s);
}

static void the_end_does_not_click(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    mix_well(&s, &r);
    assert_true(fabsf(r.mix->plane[0][FRAMES - 1]) < 1e-4f);
    assert_true(db_of(r.mix, FRAMES - RATE / 100, RATE / 100) < db_of(r.mix, FRAMES - RATE, RATE / 2) - 30);
    result_free(&r);
    song_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wet_stems_add_up_to_the_mix),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(spaces_at_half_the_rate_sound_as_loud_and_add_up_too),
        cmocka_unit_test(an_odd_number_of_frames_is_mixed_to_its_end),
        cmocka_unit_test(the_peak_has_three_decibels_above_it),
        cmocka_unit_test(a_silent_stem_is_muted_and_a_broken_one_refused),
        cmocka_unit_test(a_sink_that_fails_ends_the_mix),
        cmocka_unit_test(no_stems_and_only_silence_make_silence),
        cmocka_unit_test(the_end_does_not_click),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
