#include "signals.h"

enum { RATE = 48000, FRAMES = 19200, LATE = GRM_OVER_LATENCY };
static float sound[2][FRAMES], dry[FRAMES];

static bool run(void *block, float *const *planes, size_t frames) {
    return grm_exciter_run(block, planes[0], planes[1], frames);
}

static void excite(double hz, double level) {
    grm_exciter e;
    grm_exciter_init(&e, RATE, 3000, 12, 0.5f);
    fill_sine(sound[0], FRAMES, RATE, hz, level, 0);
    memcpy(dry, sound[0], sizeof dry);
    memcpy(sound[1], sound[0], sizeof dry);
    assert_true(grm_exciter_run(&e, sound[0], sound[1], FRAMES));
}

// Second harmonic of the curve by the integral over one period, half of which is asked for.
static void highs_get_harmonics_of_the_curve(void **state) {
    (void)state;
    const double level = 0.25, drive = pow(10, 0.6);
    excite(5000, level);
    double re = 0, im = 0, lift = 0, fall = 0;
    for (int i = 0; i < 2; i++) {
        grm_filter cell = grm_filter_design(GRM_FILTER_HIGHPASS, RATE, 3000, i ? 1.3066 : 0.5412, 0);
        lift += grm_filter_gain_db(&cell, RATE, 5000);
        fall += grm_filter_gain_db(&cell, RATE, 10000);
    }
    for (int i = 0; i < 4096; i++) {
        double a = 2 * GRM_PI * (i + 0.5) / 4096, t = level * pow(10, lift / 20) * drive * sin(a);
        double added = (grm_colour_curve(GRM_COLOUR_TUBE, (float)t) - t) / drive;
        re += added * cos(2 * a) / 2048;
        im += added * sin(2 * a) / 2048;
    }
    double want = 20 * log10(0.5 * hypot(re, im)) + fall;
    assert_true(fabs(tone_db(sound[0] + 9600, 9600, RATE, 10000) - want) < 0.2);
    assert_true(want > -50);
}

static void lows_pass_as_they_are(void **state) {
    (void)state;
    excite(300, 0.5);
    assert_true(largest_difference(dry, sound[0] + LATE, FRAMES - LATE) < 2e-3f);
    for (int k = 2; k < 6; k++) assert_true(tone_db(sound[0] + 9600, 9600, RATE, 300.0 * k) < -80);
}

static void any_block_length_and_either_kernel_give_the_same_bits(void **state) {
    (void)state;
    grm_exciter a, b;
    grm_exciter_init(&a, RATE, 3000, 12, 0.3f);
    b = a;
    b.avx2 = false;
    for (int round = 0; round < 2; round++) {
        assert_pieces_give_the_same(run, &a, &b, 20000);
        grm_exciter_set(&a, 20, 0.1f);
        grm_exciter_set(&b, 20, 0.1f);
    }
    static const double rates[] = {22050, 192000};
    for (size_t r = 0; r < 2; r++) {
        grm_exciter_init(&a, rates[r], 3000, 12, 0.3f);
        assert_silence_and_nan_are_safe(run, &a, 20000);
    }
}

static void changes_do_not_click(void **state) {
    (void)state;
    grm_exciter e;
    grm_exciter_init(&e, RATE, 500, 0, 0);
    fill_sine(sound[0], FRAMES, RATE, 1000, 0.3, 0);
    fill_sine(sound[1], FRAMES, RATE, 1000, 0.3, 0);
    assert_true(grm_exciter_run(&e, sound[0], sound[1], FRAMES / 2));
    grm_exciter_set(&e, 12, 0.5f);
    assert_true(grm_exciter_run(&e, sound[0] + FRAMES / 2, sound[1] + FRAMES / 2, FRAMES / 2));
    assert_true(roughest(sound[0] + 100, FRAMES - 100) < 1.5 * 0.3 * 2 * GRM_PI * 1000 / RATE);
    assert_true(tone_db(sound[0] + FRAMES - 4800, 4800, RATE, 2000) > -50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(highs_get_harmonics_of_the_curve),
        cmocka_unit_test(lows_pass_as_they_are),
        cmocka_unit_test(any_block_length_and_either_kernel_give_the_same_bits),
        cmocka_unit_test(changes_do_not_click),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
