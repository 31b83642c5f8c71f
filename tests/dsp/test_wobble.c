#include "signals.h"

enum { RATE = 48000, FRAMES = 8 * RATE };

static void pitch_wanders_a_little_and_comes_back(void **state) {
    (void)state;
    static float left[FRAMES], right[FRAMES];
    fill_sine(left, FRAMES, RATE, 1000, 0.5, 0);
    memcpy(right, left, sizeof right);
    grm_wobble *w;
    assert_int_equal(grm_wobble_new(RATE, 1, &w, NULL), GRM_OK);
    grm_wobble_run(w, left, right, FRAMES);
    assert_memory_equal(left, right, sizeof left);
    // Periods between rising zero crossings.
    double last = 0, low = 1e9, high = 0, first = 0, crossings = 0;
    for (size_t i = 2000; i < FRAMES; i++) {
        if (!(left[i - 1] < 0 && left[i] >= 0)) continue;
        double at = (double)i - 1 - left[i - 1] / ((double)left[i] - left[i - 1]);
        if (last > 0) {
            low = fmin(low, at - last);
            high = fmax(high, at - last);
            crossings++;
        } else {
            first = at;
        }
        last = at;
    }
    assert_true(48 / low - 1 > 0.001 && 48 / low - 1 < 0.005);
    assert_true(1 - 48 / high > 0.001 && 1 - 48 / high < 0.005);
    assert_true(fabs((last - first) / crossings / 48 - 1) < 0.0005);
    assert_true(grm_peak(left, FRAMES) < 0.51f);
    grm_wobble_free(w);
}

static void without_depth_it_is_a_delay(void **state) {
    (void)state;
    static float left[FRAMES], right[FRAMES], before[FRAMES];
    fill_noise(left, FRAMES, "noise", 0.5f);
    memcpy(before, left, sizeof left);
    memcpy(right, left, sizeof right);
    grm_wobble *w;
    assert_int_equal(grm_wobble_new(RATE, 0, &w, NULL), GRM_OK);
    size_t late = grm_wobble_latency(w);
    grm_rng rng = grm_rng_new(5, "pieces");
    for (size_t at = 0; at < FRAMES;) {
        size_t s = at, n = next_piece(&at, FRAMES, &rng);
        grm_wobble_run(w, left + s, right + s, n);
    }
    assert_memory_equal(left + late, before, (FRAMES - late) * sizeof(float));
    grm_wobble_free(w);
}

static bool run_wobble(void *block, float *const *planes, size_t frames) {
    return grm_wobble_run(block, planes[0], planes[1], frames);
}

static void silence_and_nan_are_safe(void **state) {
    (void)state;
    static const double rates[] = {22050, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        grm_wobble *w;
        assert_int_equal(grm_wobble_new(rates[r], 0.8f, &w, NULL), GRM_OK);
        assert_silence_and_nan_are_safe(run_wobble, w, 9600);
        grm_wobble_free(w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pitch_wanders_a_little_and_comes_back),
        cmocka_unit_test(without_depth_it_is_a_delay),
        cmocka_unit_test(silence_and_nan_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
