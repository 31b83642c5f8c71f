#include "dsp/logarithm.h"
#include "signals.h"

static void peaks_and_powers_see_every_sample(void **state) {
    (void)state;
    float x[100] = {0};
    for (size_t i = 0; i < GRM_COUNT(x); i++) {
        x[i] = -0.5f;
        assert_true(grm_peak(x, GRM_COUNT(x)) == 0.5f);
        assert_true(fabs(grm_power(x, GRM_COUNT(x)) - 0.0025) < 1e-9);
        x[i] = 0;
    }
    assert_true(grm_peak(x, 0) == 0);
    assert_true(grm_power(x, 0) == 0);
}

static void what_is_not_finite_is_found_anywhere(void **state) {
    (void)state;
    float x[50];
    for (size_t i = 0; i < GRM_COUNT(x); i++) x[i] = 1e30f;
    assert_true(grm_all_finite(x, GRM_COUNT(x)));
    for (size_t i = 0; i < GRM_COUNT(x); i++) {
        x[i] = i % 2 ? NAN : -INFINITY;
        assert_false(grm_all_finite(x, GRM_COUNT(x)));
        x[i] = 0;
    }
}

static void ramps_join(void **state) {
    (void)state;
    float x[100], y[100] = {0};
    for (size_t i = 0; i < 100; i++) x[i] = 1;
    grm_add_ramp(y, x, 50, 0, 1);
    grm_add_ramp(y + 50, x + 50, 50, 1, 0);
    for (size_t i = 1; i < 100; i++) assert_true(fabsf(fabsf(y[i] - y[i - 1]) - 0.02f) < 1e-6f);
}

static void denormals_are_flushed_between_the_two_calls(void **state) {
    (void)state;
    volatile float tiny = 1e-30f, small = 1e-10f;
    unsigned mode = grm_denormals_flush();
    volatile float product = tiny * small;
    grm_denormals_restore(mode);
#if defined(__x86_64__) || defined(__aarch64__)
    assert_true(product == 0);
#endif
    product = tiny * small;
    assert_true(product > 0);
}

static void logarithms_are_those_of_the_library(void **state) {
    (void)state;
    for (double x = 1e-37; x < 1e38; x *= 1.0007) {
        double is = (double)grm_logarithm((float)x), should = log((double)(float)x);
        assert_true(fabs(is - should) <= 1.2e-7 * fabs(should));
    }
    for (int i = 0; i < 1000; i++) {
        float x = 1 + (float)i * 1e-4f;
        assert_true(fabs((double)grm_logarithm(x) - log((double)x)) < 1e-8);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peaks_and_powers_see_every_sample),
        cmocka_unit_test(what_is_not_finite_is_found_anywhere),
        cmocka_unit_test(ramps_join),
        cmocka_unit_test(denormals_are_flushed_between_the_two_calls),
        cmocka_unit_test(logarithms_are_those_of_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
