#include "signals.h"

enum { RATE = 48000, FRAMES = RATE };

static double side_to_mid_db(const float *left, const float *right) {
    double mid = 0, side = 0;
    for (size_t i = FRAMES / 2; i < FRAMES; i++) {
        mid += (double)(left[i] + right[i]) * (left[i] + right[i]);
        side += (double)(left[i] - right[i]) * (left[i] - right[i]);
    }
    return 10 * log10(side / mid);
}

static void the_low_end_becomes_mono_and_the_rest_stays(void **state) {
    (void)state;
    static float left[FRAMES], right[FRAMES];
    static const struct { double hz, low, high; } cases[] = {{50, -40, -12}, {1000, -0.2, 0.2}, {5000, -0.2, 0.2}};
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        fill_sine(left, FRAMES, RATE, cases[i].hz, 0.5, 0);
        fill_sine(right, FRAMES, RATE, cases[i].hz, 0.5, GRM_PI / 2);  // as much side as mid
        grm_stereo stereo;
        grm_stereo_init(&stereo, RATE, 1, 120);
        grm_stereo_run(&stereo, left, right, FRAMES);
        double db = side_to_mid_db(left, right);
        assert_true(db > cases[i].low && db < cases[i].high);
    }
}

static void width_scales_the_sides(void **state) {
    (void)state;
    static float left[FRAMES], right[FRAMES];
    static const float widths[] = {0, 0.5f, 1, 2};
    for (size_t i = 0; i < GRM_COUNT(widths); i++) {
        fill_noise(left, FRAMES, "left", 0.3f);
        fill_noise(right, FRAMES, "right", 0.3f);
        double before = side_to_mid_db(left, right);
        grm_stereo stereo;
        grm_stereo_init(&stereo, RATE, widths[i], 0);
        grm_stereo_run(&stereo, left, right, FRAMES);
        if (widths[i] == 0)
            assert_memory_equal(left, right, sizeof left);
        else
            assert_true(fabs(side_to_mid_db(left, right) - before - 20 * log10(widths[i])) < 0.01);
    }
}

static bool run_stereo(void *block, float *const *planes, size_t frames) {
    return grm_stereo_run(block, planes[0], planes[1], frames);
}

static void silence_and_nan_are_safe(void **state) {
    (void)state;
    static const double rates[] = {22050, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        grm_stereo stereo;
        grm_stereo_init(&stereo, rates[r], 1.3f, 120);
        assert_silence_and_nan_are_safe(run_stereo, &stereo, 40000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_low_end_becomes_mono_and_the_rest_stays),
        cmocka_unit_test(width_scales_the_sides),
        cmocka_unit_test(silence_and_nan_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
