#include "signals.h"

enum { RATE = 48000, FRAMES = RATE };
static const float splits[] = {120, 1000, 6000}, widths[] = {0, 0.5f, 1, 1.6f};
static float sound[2][FRAMES];

static bool run(void *block, float *const *planes, size_t frames) {
    return grm_band_width_run(block, planes[0], planes[1], frames);
}

// Tones in the middle of each band, in the middle and at the sides of the sound.
static void each_band_gets_its_width(void **state) {
    (void)state;
    static const double hz[] = {30, 350, 2450, 17000};
    for (size_t k = 0; k < 4; k++) {
        grm_band_width w;
        grm_band_width_init(&w, RATE, splits, widths, 4);
        for (size_t i = 0; i < FRAMES; i++) {
            double m = 0.2 * sin(2 * GRM_PI * hz[k] * (double)i / RATE),
                   s = 0.1 * cos(2 * GRM_PI * hz[k] * (double)i / RATE);
            sound[0][i] = (float)(m + s);
            sound[1][i] = (float)(m - s);
        }
        assert_true(grm_band_width_run(&w, sound[0], sound[1], FRAMES));
        static float mid[FRAMES], side[FRAMES];
        for (size_t i = 0; i < FRAMES; i++) {
            mid[i] = 0.5f * (sound[0][i] + sound[1][i]);
            side[i] = 0.5f * (sound[0][i] - sound[1][i]);
        }
        double m = tone_db(mid + FRAMES / 2, FRAMES / 2, RATE, hz[k]),
               s = tone_db(side + FRAMES / 2, FRAMES / 2, RATE, hz[k]);
        assert_true(fabs(m + 13.979) < 0.05);
        if (k == 0)
            assert_true(s < -60);  // mono below the first split
        else
            assert_true(fabs(s + 20 - 20 * log10(widths[k])) < 0.35);  // the neighbours reach in a little
    }
}

static void width_one_everywhere_is_flat(void **state) {
    (void)state;
    static const float ones[] = {1, 1, 1, 1};
    static const double rates[] = {22050, 48000, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        grm_band_width w;
        grm_band_width_init(&w, rates[r], splits, ones, 4);
        memset(sound, 0, sizeof sound);
        sound[0][0] = 1;
        assert_true(grm_band_width_run(&w, sound[0], sound[1], FRAMES));
        assert_true(grm_peak(sound[1], FRAMES) < 1e-6f);
        for (double hz = 40; hz < 0.49 * rates[r]; hz *= 1.6) {
            double re = 0, im = 0;
            for (size_t i = 0; i < FRAMES; i++) {
                re += sound[0][i] * cos(2 * GRM_PI * hz * (double)i / rates[r]);
                im += sound[0][i] * sin(2 * GRM_PI * hz * (double)i / rates[r]);
            }
            assert_true(fabs(20 * log10(hypot(re, im))) < 0.02);
        }
    }
}

static void changes_glide_at_any_block_length(void **state) {
    (void)state;
    static const float moved[] = {200, 900, 7000}, wide[] = {1, 0, 2, 0.3f};
    grm_band_width a, b;
    grm_band_width_init(&a, RATE, splits, widths, 4);
    b = a;
    for (int round = 0; round < 2; round++) {
        assert_pieces_give_the_same(run, &a, &b, 20000);
        grm_band_width_set(&a, moved, wide);
        grm_band_width_set(&b, moved, wide);
    }
    grm_band_width_init(&a, RATE, splits, widths, 4);
    assert_silence_and_nan_are_safe(run, &a, 40000);
    fill_sine(sound[0], FRAMES, RATE, 300, 0.3, 0);
    memset(sound[1], 0, sizeof sound[1]);
    for (size_t at = 0; at < FRAMES; at += 4000) {
        grm_band_width_set(&a, at / 4000 % 2 ? moved : splits, at / 4000 % 2 ? wide : widths);
        assert_true(grm_band_width_run(&a, sound[0] + at, sound[1] + at, 4000));
    }
    assert_true(roughest(sound[0] + 4000, FRAMES - 4000) < 1.4 * 0.3 * 2 * GRM_PI * 300 / RATE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_band_gets_its_width),
        cmocka_unit_test(width_one_everywhere_is_flat),
        cmocka_unit_test(changes_glide_at_any_block_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
