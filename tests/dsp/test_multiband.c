#include "signals.h"

enum { RATE = 48000, FRAMES = RATE };
static const grm_multiband_plan plan = {
    .bands = 3,
    .hz = {200, 3000},
    .band = {{.threshold_db = -30, .ratio = 4, .attack_ms = 10, .release_ms = 100, .detector = GRM_DETECT_PEAK},
             {.threshold_db = -20, .ratio = 2, .attack_ms = 10, .release_ms = 100, .detector = GRM_DETECT_PEAK},
             {.threshold_db = -40, .ratio = 3, .attack_ms = 2, .release_ms = 50, .detector = GRM_DETECT_PEAK}}};
static float sound[2][FRAMES];
static float *const planes[2] = {sound[0], sound[1]};

static grm_multiband *fresh(const grm_multiband_plan *p, double rate) {
    grm_multiband *m;
    assert_int_equal(grm_multiband_new(p, rate, &m, NULL), GRM_OK);
    return m;
}

static bool run(void *block, float *const *p, size_t frames) {
    return grm_multiband_run(block, p, frames);
}

// Tones in the middle of each band at once: each gets its own band's curve.
static void each_band_gets_its_own_curve(void **state) {
    (void)state;
    static const double hz[] = {40, 800, 11025}, db[] = {-12, -8, -22};
    for (size_t i = 0; i < FRAMES; i++) {
        double x = 0;
        for (size_t k = 0; k < 3; k++) x += pow(10, db[k] / 20) * sin(2 * GRM_PI * hz[k] * (double)i / RATE);
        sound[0][i] = sound[1][i] = (float)x;
    }
    grm_multiband *m = fresh(&plan, RATE);
    assert_true(grm_multiband_run(m, planes, FRAMES));
    for (size_t k = 0; k < 3; k++) {
        double want = db[k] + grm_compressor_static_db(&plan.band[k], (float)db[k]);
        assert_true(fabs(tone_db(sound[0] + FRAMES / 2, FRAMES / 2, RATE, hz[k]) - want) < 0.25);
        assert_true(grm_multiband_deepest_db(m, k) < want - db[k] + 0.3);
    }
    grm_multiband_free(m);
}

static void it_is_flat_where_nothing_is_reduced(void **state) {
    (void)state;
    grm_multiband_plan idle = plan;
    for (size_t b = 0; b < 3; b++) idle.band[b].threshold_db = 20;
    static const double rates[] = {22050, 48000, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        memset(sound, 0, sizeof sound);
        sound[0][0] = sound[1][0] = 0.5f;
        grm_multiband *m = fresh(&idle, rates[r]);
        assert_true(grm_multiband_run(m, planes, FRAMES));
        for (double hz = 30; hz < 0.49 * rates[r]; hz *= 1.5) {
            double re = 0, im = 0;
            for (size_t i = 0; i < FRAMES; i++) {
                re += sound[0][i] * cos(2 * GRM_PI * hz * (double)i / rates[r]);
                im += sound[0][i] * sin(2 * GRM_PI * hz * (double)i / rates[r]);
            }
            assert_true(fabs(20 * log10(2 * hypot(re, im))) < 0.01);
        }
        grm_multiband_free(m);
    }
}

static void changes_do_not_click(void **state) {
    (void)state;
    grm_multiband_plan p = plan;
    fill_sine(sound[0], FRAMES, RATE, 60, 0.5, 0);
    fill_sine(sound[1], FRAMES, RATE, 60, 0.5, 0);
    grm_multiband *m = fresh(&p, RATE);
    for (size_t at = 0; at < FRAMES; at += 4800) {
        p.hz[0] = at / 4800 % 2 ? 120 : 300;
        p.band[0].makeup_db = at / 4800 % 2 ? 6 : 0;
        grm_multiband_set(m, &p);
        assert_true(grm_multiband_run(m, (float *const[]){sound[0] + at, sound[1] + at}, 4800));
    }
    assert_true(roughest(sound[0], FRAMES) < 1.6 * grm_peak(sound[0], FRAMES) * 2 * GRM_PI * 60 / RATE);
    grm_multiband_free(m);
}

static void any_block_length_gives_the_same_bits_and_nan_is_refused(void **state) {
    (void)state;
    grm_multiband *a = fresh(&plan, 44100), *b = fresh(&plan, 44100), *c = fresh(&plan, 44100);
    assert_pieces_give_the_same(run, a, b, 30000);
    assert_silence_and_nan_are_safe(run, c, 40000);
    grm_multiband_free(a);
    grm_multiband_free(b);
    grm_multiband_free(c);
}

static void absurd_plans_are_refused(void **state) {
    (void)state;
    grm_multiband_plan bad = plan;
    grm_multiband *m;
    bad.hz[1] = 100;
    assert_int_equal(grm_multiband_new(&bad, RATE, &m, NULL), GRM_USAGE);
    bad = plan;
    bad.bands = 9;
    assert_int_equal(grm_multiband_new(&bad, RATE, &m, NULL), GRM_USAGE);
    assert_null(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_band_gets_its_own_curve),
        cmocka_unit_test(it_is_flat_where_nothing_is_reduced),
        cmocka_unit_test(changes_do_not_click),
        cmocka_unit_test(any_block_length_gives_the_same_bits_and_nan_is_refused),
        cmocka_unit_test(absurd_plans_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
