#include "song.h"

// The lead becomes a voice: a second of it, a second of pause, over what `floor` says.
static void pauses_over(song *s, float (*floor)(double, grm_rng *)) {
    float *x[2] = {grm_floats_new(FRAMES), grm_floats_new(FRAMES)};
    grm_rng rng = grm_rng_new(8, "floor");
    for (size_t i = 0; i < FRAMES; i++) {
        double t = (double)i / RATE;
        x[0][i] = x[1][i] = (fmod(t, 2) < 1 ? 4 * lead(fmod(t, 0.2)) : 0) + floor(t, &rng);
    }
    grm_tape_free(s->items[LEAD].dry);
    assert_int_equal(grm_tape_new(2, RATE, NULL, &s->items[LEAD].dry, NULL), GRM_OK);
    assert_int_equal(grm_tape_append(s->items[LEAD].dry, (const float *const *)x, FRAMES, NULL), GRM_OK);
    s->parts[LEAD] = (grm_part_mix){.width = 1};
    s->plan.section_count = 0;
    s->plan.foreign = true;
    free(x[1]);
    free(x[0]);
}

static float hiss(double t, grm_rng *rng) {
    (void)t;
    return 0.002f * grm_rng_normal(rng);
}

static float soft_chord(double t, grm_rng *rng) {
    (void)rng;
    return (float)(0.002 * (sin(2 * GRM_PI * 220 * t) + sin(2 * GRM_PI * 277.2 * t) + 0.3 * sin(2 * GRM_PI * 880 * t)));
}

static float nothing(double t, grm_rng *rng) {
    (void)t;
    (void)rng;
    return 0;
}

static const json_t *lead_of(const result *r) {
    return json_array_get(json_object_get(r->decisions, "stems"), LEAD);
}

// White noise of one channel at 0.002, weighted as loudness is.
static double weighted_hiss_db(void) {
    grm_filter cells[2];
    grm_loudness_weighting(RATE, cells);
    double sum = 0;
    for (double hz = 10; hz < RATE / 2.0; hz += 20)
        sum += pow(10, (grm_filter_gain_db(&cells[0], RATE, hz) + grm_filter_gain_db(&cells[1], RATE, hz)) / 10) * 20;
    return 10 * log10(2 * 0.002 * 0.002 * sum / (RATE / 2.0));
}

static void noise_is_found_where_nobody_plays(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    pauses_over(&s, hiss);
    mix_well(&s, &r);
    const json_t *expander = json_object_get(lead_of(&r), "expander");
    assert_true(json_is_object(expander));
    assert_non_null(json_object_get(expander, "why"));
    double trim = json_number_value(json_object_get(lead_of(&r), "trim_db"));
    double floor = json_number_value(json_object_get(expander, "threshold_db")) - 17 - trim;
    if (!(fabs(floor - weighted_hiss_db()) < 2)) fail_msg("%.1f dB, in truth %.1f", floor, weighted_hiss_db());
    result_free(&r);
    song_close(&s);
}

static void it_is_turned_down_in_the_pauses_only(void **state) {
    (void)state;
    song s;
    result with, without;
    song_open(&s);
    pauses_over(&s, hiss);
    mix_well(&s, &with);
    json_t *session = json_deep_copy(with.decisions);
    json_object_set_new(json_array_get(json_object_get(session, "stems"), LEAD), "expander", json_null());
    s.plan.session = session;
    s.plan.session_name = "mix.json";
    mix_well(&s, &without);
    double pause = db_of(with.wet[LEAD], 7 * RATE / 2, RATE / 3) - db_of(without.wet[LEAD], 7 * RATE / 2, RATE / 3);
    double plays = db_of(with.wet[LEAD], 2 * RATE, RATE * 9 / 10) - db_of(without.wet[LEAD], 2 * RATE, RATE * 9 / 10);
    if (!(pause < -10 && pause > -17)) fail_msg("%.1f dB in the pause", pause);
    if (!(fabs(plays) < 0.3)) fail_msg("%.2f dB where it plays", plays);
    json_decref(session);
    result_free(&without);
    result_free(&with);
    song_close(&s);
}

static void a_session_keeps_what_was_decided_and_why(void **state) {
    (void)state;
    song s;
    result first, again;
    song_open(&s);
    pauses_over(&s, hiss);
    mix_well(&s, &first);
    s.plan.session = first.decisions;
    s.plan.session_name = "mix.json";
    mix_well(&s, &again);
    assert_true(json_equal(first.decisions, again.decisions));
    for (int side = 0; side < 2; side++)
        assert_memory_equal(first.mix->plane[side], again.mix->plane[side], FRAMES * sizeof(float));
    result_free(&again);
    result_free(&first);
    song_close(&s);
}

static void expects_none(float (*floor)(double, grm_rng *)) {
    song s;
    result r;
    song_open(&s);
    pauses_over(&s, floor);
    mix_well(&s, &r);
    assert_true(json_is_null(json_object_get(lead_of(&r), "expander")));
    result_free(&r);
    song_close(&s);
}

static void soft_music_and_silence_are_no_noise(void **state) {
    (void)state;
    expects_none(soft_chord);
    expects_none(nothing);
}

// The song's rain is nothing but noise, and wanted.
static void textures_are_left_alone(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    pauses_over(&s, hiss);
    s.items[LEAD].role = GRM_ROLE_TEXTURE;
    mix_well(&s, &r);
    assert_true(json_is_null(json_object_get(lead_of(&r), "expander")));
    result_free(&r);
    song_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_is_found_where_nobody_plays),
        cmocka_unit_test(it_is_turned_down_in_the_pauses_only),
        cmocka_unit_test(a_session_keeps_what_was_decided_and_why),
        cmocka_unit_test(soft_music_and_silence_are_no_noise),
        cmocka_unit_test(textures_are_left_alone),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
