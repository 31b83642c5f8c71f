#include "signals.h"

enum { FRAMES = 1 << 17 };
static const grm_eq_band bands[] = {{GRM_FILTER_HIGHPASS, 60, 0.7f, 0},
                                    {GRM_FILTER_BELL, 300, 1.4f, -6},
                                    {GRM_FILTER_BELL, 3000, 3, 5},
                                    {GRM_FILTER_HIGH_SHELF, 9000, 0.7f, 4}};
static float sound[2][FRAMES];
static float *const planes[2] = {sound[0], sound[1]};

static bool run(void *block, float *const *p, size_t frames) {
    return grm_linear_equaliser_run(block, p, frames);
}

static grm_linear_equaliser *fresh(double rate) {
    grm_linear_equaliser *e;
    assert_int_equal(grm_linear_equaliser_new(rate, bands, GRM_COUNT(bands), &e, NULL), GRM_OK);
    return e;
}

static double analogue_db(const grm_eq_band *list, size_t count, double hz) {
    double db = 0;
    for (size_t b = 0; b < count; b++)
        db += grm_filter_analogue_db(list[b].kind, list[b].hz, list[b].q, list[b].db, hz);
    return db;
}

static void magnitude_is_the_analogue_one_and_phase_a_delay(void **state) {
    (void)state;
    static const double rates[] = {22050, 44100, 48000, 96000, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        memset(sound, 0, sizeof sound);
        sound[0][0] = 1;
        grm_linear_equaliser *e = fresh(rates[r]);
        size_t late = grm_linear_equaliser_latency(e);
        assert_true(late < 0.35 * rates[r]);
        assert_true(grm_linear_equaliser_run(e, planes, FRAMES));
        for (double hz = 50; hz < 0.499 * rates[r]; hz *= 1.35) {
            double even = sound[0][late], odd = 0;
            for (size_t i = 1; i <= late; i++) {
                even += ((double)sound[0][late + i] + sound[0][late - i]) * cos(2 * GRM_PI * hz * (double)i / rates[r]);
                odd += ((double)sound[0][late + i] - sound[0][late - i]) * sin(2 * GRM_PI * hz * (double)i / rates[r]);
            }
            assert_true(fabs(20 * log10(even) - analogue_db(bands, 4, hz)) < 0.1);
            assert_true(fabs(odd) < 1e-4 * even);
        }
        assert_true(grm_peak(sound[1], FRAMES) == 0);
        grm_linear_equaliser_free(e);
    }
}

static void new_bands_fade_in(void **state) {
    (void)state;
    const grm_eq_band flat = {GRM_FILTER_BELL, 1000, 1, 0};
    fill_sine(sound[0], FRAMES, 48000, 100, 0.5, 0);
    memset(sound[1], 0, sizeof sound[1]);
    grm_linear_equaliser *e = fresh(48000);
    assert_true(grm_linear_equaliser_run(e, planes, FRAMES / 2));
    assert_int_equal(grm_linear_equaliser_set(e, &flat, 1, NULL), GRM_OK);
    assert_true(
        grm_linear_equaliser_run(e, (float *const[]){sound[0] + FRAMES / 2, sound[1] + FRAMES / 2}, FRAMES / 2));
    size_t start = 2 * grm_linear_equaliser_latency(e);
    assert_true(roughest(sound[0] + start, FRAMES - start) < 1.1 * 0.5 * 2 * GRM_PI * 100 / 48000);
    assert_true(fabs(tone_db(sound[0] + start, 32768, 48000, 100) - analogue_db(bands, 4, 100) + 6.02) < 0.1);
    assert_true(fabs(tone_db(sound[0] + FRAMES - 32768, 32768, 48000, 100) + 6.02) < 0.02);
    grm_linear_equaliser_free(e);
}

static void any_block_length_gives_the_same_bits_and_nan_is_refused(void **state) {
    (void)state;
    grm_linear_equaliser *a = fresh(44100), *b = fresh(44100);
    assert_pieces_give_the_same(run, a, b, 30000);
    grm_linear_equaliser_free(a);
    a = fresh(44100);
    assert_silence_and_nan_are_safe(run, a, 20000);
    grm_linear_equaliser_free(a);
    grm_linear_equaliser_free(b);
    grm_eq_band bad = {GRM_FILTER_BELL, 1000, 0, 3};
    assert_int_equal(grm_linear_equaliser_new(48000, &bad, 1, &a, NULL), GRM_USAGE);
    assert_null(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(magnitude_is_the_analogue_one_and_phase_a_delay),
        cmocka_unit_test(new_bands_fade_in),
        cmocka_unit_test(any_block_length_gives_the_same_bits_and_nan_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
