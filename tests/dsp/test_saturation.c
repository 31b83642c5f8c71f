#include "signals.h"

enum { RATE = 48000, FRAMES = 9600, LATE = GRM_SATURATOR_LATENCY };

static double bin_db(const float *x, double hz) {  // of a whole number of periods behind the onset
    double re = 0, im = 0;
    for (size_t i = FRAMES / 2; i < FRAMES; i++) {
        re += x[i] * cos(2 * GRM_PI * hz * (double)i / RATE);
        im += x[i] * sin(2 * GRM_PI * hz * (double)i / RATE);
    }
    return 20 * log10(hypot(re, im) * 4 / FRAMES + 1e-12);
}

static void small_signals_pass_late_but_whole(void **state) {
    (void)state;
    static float x[FRAMES], y[FRAMES], z[FRAMES];
    fill_noise(x, FRAMES, "noise", 0.001f);
    memcpy(y, x, sizeof y);
    memcpy(z, x, sizeof z);
    grm_saturator s;
    grm_saturator_init(&s, 1);
    grm_saturator_run(&s, y, z, FRAMES);
    assert_true(largest_difference(x, y + LATE, FRAMES - LATE) < 1e-8f);
    assert_memory_equal(y, z, sizeof y);
}

static void harmonics_are_there_and_aliases_are_not(void **state) {
    (void)state;
    static float x[FRAMES], y[FRAMES];
    grm_saturator s;
    grm_saturator_init(&s, 1.5f);
    fill_sine(x, FRAMES, RATE, 1000, 0.8, 0);
    memcpy(y, x, sizeof y);
    grm_saturator_run(&s, x, y, FRAMES);
    double tone = bin_db(x, 1000);
    assert_true(bin_db(x, 3000) > tone - 35 && bin_db(x, 3000) < tone - 15);
    assert_true(bin_db(x, 2000) < tone - 90);  // the curve is odd

    grm_saturator_init(&s, 1.5f);
    fill_sine(x, FRAMES, RATE, 10000, 0.8, 0);
    memcpy(y, x, sizeof y);
    grm_saturator_run(&s, x, y, FRAMES);
    assert_true(bin_db(x, 18000) < bin_db(x, 10000) - 60);  // 30 kHz would fold to 18 kHz
}

static void loud_signals_are_held(void **state) {
    (void)state;
    static float x[FRAMES], y[FRAMES];
    fill_sine(x, FRAMES, RATE, 200, 10, 0);
    memcpy(y, x, sizeof y);
    grm_saturator s;
    grm_saturator_init(&s, 2);
    grm_saturator_run(&s, x, y, FRAMES);
    assert_true(grm_peak(x, FRAMES) < 0.6f);  // 1 / drive, and a little ringing
}

static void any_block_length_and_either_kernel_give_the_same_bits(void **state) {
    (void)state;
    static float whole[2][FRAMES], pieces[2][FRAMES], plain[2][FRAMES];
    fill_noise(whole[0], FRAMES, "left", 1);
    fill_noise(whole[1], FRAMES, "right", 1);
    memcpy(pieces, whole, sizeof whole);
    memcpy(plain, whole, sizeof whole);
    grm_saturator a, b, c;
    grm_saturator_init(&a, 1.3f);
    b = a;
    c = a;
    c.avx2 = false;
    grm_saturator_run(&a, whole[0], whole[1], FRAMES);
    grm_saturator_run(&c, plain[0], plain[1], FRAMES);
    grm_rng rng = grm_rng_new(5, "pieces");
    for (size_t at = 0; at < FRAMES;) {
        size_t start = at, n = next_piece(&at, FRAMES, &rng);
        grm_saturator_run(&b, pieces[0] + start, pieces[1] + start, n);
    }
    assert_memory_equal(whole, pieces, sizeof whole);
    assert_memory_equal(whole, plain, sizeof whole);
}

static bool run_saturator(void *block, float *const *planes, size_t frames) {
    return grm_saturator_run(block, planes[0], planes[1], frames);
}

static void silence_and_nan_are_safe(void **state) {
    (void)state;
    grm_saturator s;
    grm_saturator_init(&s, 1.5f);
    assert_silence_and_nan_are_safe(run_saturator, &s, 4800);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_signals_pass_late_but_whole),
        cmocka_unit_test(harmonics_are_there_and_aliases_are_not),
        cmocka_unit_test(loud_signals_are_held),
        cmocka_unit_test(any_block_length_and_either_kernel_give_the_same_bits),
        cmocka_unit_test(silence_and_nan_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
