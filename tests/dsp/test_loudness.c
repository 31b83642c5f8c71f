#include <ebur128.h>

#include "signals.h"

static void a_full_scale_sine_is_at_minus_three(void **state) {
    (void)state;
    // BS.1770-5: 997 Hz at 0 dBFS in one channel reads -3.01 LKFS.
    enum { RATE = 48000, FRAMES = 5 * RATE };
    static float x[FRAMES];
    fill_sine(x, FRAMES, RATE, 997, 1, 0);
    grm_loudness *l;
    assert_int_equal(grm_loudness_new(RATE, &l, NULL), GRM_OK);
    assert_int_equal(grm_loudness_add(l, (const float *const[]){x, NULL}, FRAMES, NULL), GRM_OK);
    assert_true(fabs(grm_loudness_integrated(l) + 3.01) < 0.02);
    grm_loudness_free(l);
}

static void compare(double rate, double seconds, float quiet) {
    size_t frames = (size_t)(rate * seconds);
    float *x[2] = {grm_floats_new(frames), grm_floats_new(frames)}, *both = grm_floats_new(2 * frames);
    fill_noise(x[0], frames, "left", 0.5f);
    fill_noise(x[1], frames, "right", 0.3f);
    for (size_t i = 0; i < frames; i++) {  // loud and quiet by turns, five seconds each, and a bass
        float level = (size_t)((double)i / rate / 5) % 2 ? quiet : 1;
        float bass = 0.3f * (float)sin(2 * GRM_PI * 55 * (double)i / rate);
        x[0][i] = level * (x[0][i] + bass);
        x[1][i] = level * (x[1][i] + bass);
        both[2 * i] = x[0][i];
        both[2 * i + 1] = x[1][i];
    }
    grm_loudness *l;
    assert_int_equal(grm_loudness_new(rate, &l, NULL), GRM_OK);
    grm_rng rng = grm_rng_new(3, "pieces");
    for (size_t at = 0; at < frames;) {
        size_t start = at, n = next_piece(&at, frames, &rng);
        assert_int_equal(grm_loudness_add(l, (const float *const[]){x[0] + start, x[1] + start}, n, NULL), GRM_OK);
    }
    ebur128_state *reference = ebur128_init(2, (unsigned long)rate, EBUR128_MODE_I | EBUR128_MODE_LRA);
    assert_int_equal(ebur128_add_frames_float(reference, both, frames), EBUR128_SUCCESS);
    double integrated = 0, range = 0;
    ebur128_loudness_global(reference, &integrated);
    ebur128_loudness_range(reference, &range);
    assert_true(fabs(grm_loudness_integrated(l) - integrated) < 0.01);
    assert_true(fabs(grm_loudness_range(l) - range) < 0.05);
    ebur128_destroy(&reference);
    grm_loudness_free(l);
    free(both);
    free(x[1]);
    free(x[0]);
}

static void figures_are_those_of_libebur128(void **state) {
    (void)state;
    compare(48000, 32, 0.3f);
    compare(44100, 27.3, 0.05f);
    compare(32000, 21, 0.001f);
    compare(96000, 12, 0.7f);
}

static void silence_and_very_short_sounds_have_no_loudness(void **state) {
    (void)state;
    static float x[48000];
    grm_loudness *l;
    assert_int_equal(grm_loudness_new(48000, &l, NULL), GRM_OK);
    assert_true(grm_loudness_integrated(l) == GRM_SILENT_LUFS);
    assert_int_equal(grm_loudness_add(l, (const float *const[]){x, x}, 48000, NULL), GRM_OK);
    assert_true(grm_loudness_integrated(l) == GRM_SILENT_LUFS);
    assert_true(grm_loudness_range(l) == 0);
    grm_loudness_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_scale_sine_is_at_minus_three),
        cmocka_unit_test(figures_are_those_of_libebur128),
        cmocka_unit_test(silence_and_very_short_sounds_have_no_loudness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
