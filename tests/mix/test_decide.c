#include "song.h"

static void stems_stand_at_the_levels_asked_for(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    s.plan.style.duck_db = 0;
    s.plan.section_count = 0;
    for (int i = 0; i < STEMS; i++) s.parts[i].room = s.parts[i].hall = s.parts[i].delay = 0;
    mix_well(&s, &r);
    double reference = lufs_of(r.wet[LEAD]);
    static const int others[] = {KICK, BASS, PAD, RAIN};
    for (size_t i = 0; i < GRM_COUNT(others); i++) {
        json_t *stem = json_array_get(json_object_get(r.decisions, "stems"), (size_t)others[i]);
        double level = json_real_value(json_object_get(stem, "level_db"));  // the style's, and the strip's correction
        assert_true(fabs(level - s.parts[others[i]].level_db) < 3.1);
        assert_true(fabs(lufs_of(r.wet[others[i]]) - reference - level) < 2);
    }
    result_free(&r);
    song_close(&s);
}

static void pan_moves_and_the_bass_stays_in_the_middle(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    s.parts[LEAD] = (grm_part_mix){.pan = -0.7f, .width = 1};
    mix_well(&s, &r);
    const grm_audio *lead_stem = r.wet[LEAD], *bass_stem = r.wet[BASS];
    assert_true(grm_power(lead_stem->plane[0], FRAMES) > 8 * grm_power(lead_stem->plane[1], FRAMES));
    double mid = 0, side = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        mid += pow(bass_stem->plane[0][i] + bass_stem->plane[1][i], 2);
        side += pow(bass_stem->plane[0][i] - bass_stem->plane[1][i], 2);
    }
    assert_true(10 * log10(side / mid) < -9);
    result_free(&r);
    song_close(&s);
}

static double above_db(const grm_audio *a, double hz) {
    grm_filter cell = grm_filter_design(GRM_FILTER_HIGHPASS, RATE, hz, 0.71, 0);
    grm_cascade cascade;
    grm_cascade_init(&cascade, (grm_filter[]){cell, cell}, 2);
    float *x = grm_floats_new(a->frames);
    memcpy(x, a->plane[0], a->frames * sizeof *x);
    double all = grm_power(x, a->frames);
    grm_cascade_run(&cascade, x, NULL, a->frames);
    double top = grm_power(x, a->frames);
    free(x);
    return 10 * log10(top / all);
}

static void lofi_closes_the_top_but_not_of_textures(void **state) {
    (void)state;
    song s;
    result clean, tape;
    song_open(&s);
    mix_well(&s, &clean);
    s.plan.style.lofi = 1;
    mix_well(&s, &tape);
    assert_true(above_db(tape.wet[PAD], 9000) < above_db(clean.wet[PAD], 9000) - 4);
    assert_true(fabs(above_db(tape.wet[RAIN], 9000) - above_db(clean.wet[RAIN], 9000)) < 0.1);
    result_free(&tape);
    result_free(&clean);
    song_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stems_stand_at_the_levels_asked_for),
        cmocka_unit_test(pan_moves_and_the_bass_stays_in_the_middle),
        cmocka_unit_test(lofi_closes_the_top_but_not_of_textures),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
