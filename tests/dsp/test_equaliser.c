#include "signals.h"

enum { RATE = 48000, FRAMES = RATE };
static const grm_eq_band bands[] = {{GRM_FILTER_HIGHPASS, 30, 0.71f, 0},
                                    {GRM_FILTER_BELL, 300, 1, -4},
                                    {GRM_FILTER_BELL, 5000, 0.8f, 5},
                                    {GRM_FILTER_HIGH_SHELF, 14000, 0.71f, 6}};
static float sound[2][FRAMES];

static bool run(void *block, float *const *planes, size_t frames) {
    return grm_equaliser_run(block, planes[0], planes[1], frames);
}

static double analogue_db(const grm_eq_band *list, double hz) {
    double db = 0;
    for (size_t b = 0; b < 4; b++) db += grm_filter_analogue_db(list[b].kind, list[b].hz, list[b].q, list[b].db, hz);
    return db;
}

static void what_sounds_has_the_sum_of_the_analogue_bands(void **state) {
    (void)state;
    static const double at[] = {40, 120, 300, 1000, 5000, 9000, 14000, 18000, 21000};
    grm_equaliser e;
    for (size_t i = 0; i < GRM_COUNT(at); i++) {
        grm_equaliser_init(&e, RATE, bands, 4);
        fill_sine(sound[0], FRAMES, RATE, at[i], 0.1, 0);
        fill_sine(sound[1], FRAMES, RATE, at[i], 0.05, 0);
        assert_true(grm_equaliser_run(&e, sound[0], sound[1], FRAMES));
        for (int side = 0; side < 2; side++) {
            double db = tone_db(sound[side] + FRAMES / 2, FRAMES / 2, RATE, at[i]) + (side ? 26.0206 : 20);
            assert_true(fabs(db - analogue_db(bands, at[i])) < 0.1);
        }
        assert_true(fabs(grm_equaliser_gain_db(&e, at[i]) - analogue_db(bands, at[i])) < 0.1);
    }
}

static void changes_glide_and_arrive(void **state) {
    (void)state;
    grm_eq_band moved[4];
    memcpy(moved, bands, sizeof moved);
    moved[1] = (grm_eq_band){GRM_FILTER_BELL, 120, 4, 12};
    moved[2] = (grm_eq_band){GRM_FILTER_LOW_SHELF, 900, 0.7f, -12};
    grm_equaliser e;
    grm_equaliser_init(&e, RATE, bands, 4);
    fill_sine(sound[0], FRAMES, RATE, 150, 0.2, 0);
    memset(sound[1], 0, sizeof sound[1]);
    for (size_t at = 0; at < FRAMES; at += 6000) {
        grm_equaliser_set(&e, at / 6000 % 2 ? bands : moved);
        assert_true(grm_equaliser_run(&e, sound[0] + at, sound[1] + at, 6000));
    }
    // no step is steeper than the loudest of the sine, and a little for the swing between
    assert_true(roughest(sound[0] + 100, FRAMES - 100) < 1.2 * grm_peak(sound[0], FRAMES) * 2 * GRM_PI * 150 / RATE);
    assert_true(grm_peak(sound[1], FRAMES) == 0);
    assert_true(fabs(grm_equaliser_gain_db(&e, 150) - analogue_db(bands, 150)) < 0.1);
    assert_true(fabs(grm_cascade_gain_db(&e.cascade, RATE, 150) - analogue_db(bands, 150)) < 0.1);
}

// The promise in the file: mixtures of designs never ring up, however wild the changes are.
static void wild_changes_stay_bounded(void **state) {
    (void)state;
    grm_rng rng = grm_rng_new(1, "wild");
    grm_equaliser e;
    grm_eq_band list[2] = {{GRM_FILTER_BELL, 1000, 8, 12}, {GRM_FILTER_LOWPASS, 500, 8, 0}};
    grm_equaliser_init(&e, RATE, list, 2);
    fill_stereo((float *[]){sound[0], sound[1]}, FRAMES, 0.5f);
    for (size_t at = 0; at < FRAMES; at += 200) {
        for (size_t b = 0; b < 2; b++) list[b].hz = 30 * powf(500, grm_rng_float(&rng));
        if (at % 1600 == 0) grm_equaliser_set(&e, list);
        assert_true(grm_equaliser_run(&e, sound[0] + at, sound[1] + at, 200));
    }
    assert_true(grm_peak(sound[0], FRAMES) < 30);
}

static void any_block_length_gives_the_same_bits_and_nan_is_refused(void **state) {
    (void)state;
    static const double rates[] = {22050, 192000};
    grm_eq_band moved[4];
    memcpy(moved, bands, sizeof moved);
    moved[1].hz = 700;
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        grm_equaliser a, b;
        grm_equaliser_init(&a, rates[r], bands, 4);
        b = a;
        for (int round = 0; round < 2; round++) {
            assert_pieces_give_the_same(run, &a, &b, 20000);
            grm_equaliser_set(&a, moved);
            grm_equaliser_set(&b, moved);
        }
        grm_equaliser_init(&a, rates[r], bands, 4);
        assert_silence_and_nan_are_safe(run, &a, 40000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_sounds_has_the_sum_of_the_analogue_bands),
        cmocka_unit_test(changes_glide_and_arrive),
        cmocka_unit_test(wild_changes_stay_bounded),
        cmocka_unit_test(any_block_length_gives_the_same_bits_and_nan_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
