#include "signals.h"

enum { RATE = 48000, FRAMES = 9600, LATE = GRM_OVER_LATENCY };
static float sound[2][FRAMES], dry[FRAMES];

static bool run(void *block, float *const *planes, size_t frames) {
    return grm_colour_run(block, planes[0], planes[1], frames);
}

static void sine_through(grm_colour_kind kind, double hz, double level, float drive_db, float mix) {
    grm_colour c;
    grm_colour_init(&c, kind, RATE, drive_db, mix);
    fill_sine(sound[0], FRAMES, RATE, hz, level, 0);
    memcpy(sound[1], sound[0], sizeof sound[0]);
    assert_true(grm_colour_run(&c, sound[0], sound[1], FRAMES));
}

static void small_signals_pass_late_but_whole(void **state) {
    (void)state;
    for (int kind = GRM_COLOUR_TAPE; kind <= GRM_COLOUR_TRANSFORMER; kind++) {
        grm_colour c;
        grm_colour_init(&c, (grm_colour_kind)kind, RATE, 0, 1);
        fill_noise(dry, FRAMES, "noise", 3e-5f);
        memcpy(sound[0], dry, sizeof dry);
        memcpy(sound[1], dry, sizeof dry);
        assert_true(grm_colour_run(&c, sound[0], sound[1], FRAMES));
        assert_true(largest_difference(dry, sound[0] + LATE, FRAMES - LATE) < 1e-7f);
    }
}

// Harmonic k of a sine through the curve, by the integral over one period; the tilts add what they do at that pitch.
static double harmonic_db(grm_colour_kind kind, double level, double drive, int k, double before_db, double behind_db) {
    double re = 0, im = 0, lift = pow(10, before_db / 20);
    for (int i = 0; i < 4096; i++) {
        double a = 2 * GRM_PI * (i + 0.5) / 4096, t = level * lift * drive * sin(a);
        double added = (grm_colour_curve(kind, (float)t) - t) / drive;
        re += added * cos(k * a) / 2048;
        im += added * sin(k * a) / 2048;
    }
    return 20 * log10(hypot(re, im) + 1e-12) + behind_db;
}

static void harmonics_are_those_of_the_curve(void **state) {
    (void)state;
    static const struct {
        double hz;
        grm_filter_kind kind;
        double at, q, db;
    } tilts[] = {{500, GRM_FILTER_HIGH_SHELF, 3000, 0.6, 6},
                 {500, GRM_FILTER_HIGHPASS, 1, 0.7, 0},
                 {500, GRM_FILTER_LOW_SHELF, 120, 0.6, 9}};
    for (int kind = GRM_COLOUR_TAPE; kind <= GRM_COLOUR_TRANSFORMER; kind++)
        for (double level = 0.25; level < 1; level *= 2) {
            grm_filter tilt = grm_filter_design(tilts[kind].kind, RATE, tilts[kind].at, tilts[kind].q, tilts[kind].db);
            sine_through((grm_colour_kind)kind, 500, level, 6, 1);
            for (int k = 2; k <= 5; k++) {
                double lift = grm_filter_gain_db(&tilt, RATE, 500), fall = -grm_filter_gain_db(&tilt, RATE, 500.0 * k);
                double want = harmonic_db((grm_colour_kind)kind, level, pow(10, 0.3), k, lift, fall);
                double is = tone_db(sound[0] + FRAMES / 2, FRAMES / 2, RATE, 500.0 * k);
                assert_true(want < -90 ? is < -85 : fabs(is - want) < 0.3);
            }
        }
}

// Each has its own sound: tubes even harmonics, tape highs, transformers lows.
static void each_kind_has_its_own_colour(void **state) {
    (void)state;
    sine_through(GRM_COLOUR_TUBE, 1000, 0.5, 0, 1);
    assert_true(tone_db(sound[0] + 4800, 4800, RATE, 2000) > tone_db(sound[0] + 4800, 4800, RATE, 3000) + 6);
    double third[2];
    for (int high = 0; high < 2; high++) {
        sine_through(GRM_COLOUR_TAPE, high ? 5000 : 500, 0.4, 0, 1);
        third[high] = tone_db(sound[0] + 4800, 4800, RATE, high ? 15000 : 1500);
    }
    assert_true(third[1] > third[0] + 3);
    for (int high = 0; high < 2; high++) {
        sine_through(GRM_COLOUR_TRANSFORMER, high ? 1000 : 50, 0.4, 0, 1);
        third[high] = tone_db(sound[0] + 4800, 4800, RATE, high ? 3000 : 150);
    }
    assert_true(third[0] > third[1] + 12);
}

static void what_lies_above_half_the_rate_does_not_fold_back(void **state) {
    (void)state;
    for (int kind = GRM_COLOUR_TAPE; kind <= GRM_COLOUR_TRANSFORMER; kind++) {
        sine_through((grm_colour_kind)kind, 9000, 0.5, 6, 1);
        // 27, 36, 45 ... 81 kHz would fold to 21, 12, 3, 6, 15 kHz
        double tone = tone_db(sound[0] + 4800, 4800, RATE, 9000);
        static const double folds[] = {12000, 3000, 6000, 15000};
        for (size_t i = 0; i < GRM_COUNT(folds); i++)
            assert_true(tone_db(sound[0] + 4800, 4800, RATE, folds[i]) < tone - 70);
    }
}

static void mix_and_drive_glide(void **state) {
    (void)state;
    enum { LONG = RATE };
    static float x[2][LONG];
    fill_sine(x[0], LONG, RATE, 100, 0.5, 0);
    memcpy(x[1], x[0], sizeof x[0]);
    grm_colour c;
    grm_colour_init(&c, GRM_COLOUR_TUBE, RATE, 0, 0);
    assert_true(grm_colour_run(&c, x[0], x[1], LONG / 2));
    grm_colour_set(&c, 18, 1);
    assert_true(grm_colour_run(&c, x[0] + LONG / 2, x[1] + LONG / 2, LONG / 2));
    assert_true(roughest(x[0], LONG) < 1.15 * 0.5 * 2 * GRM_PI * 100 / RATE);
    assert_true(tone_db(x[0] + 9600, 9600, RATE, 200) < -100);
    assert_true(tone_db(x[0] + LONG - 9600, 9600, RATE, 300) > -40);
}

static void any_block_length_and_either_kernel_give_the_same_bits(void **state) {
    (void)state;
    for (int kind = GRM_COLOUR_TAPE; kind <= GRM_COLOUR_TRANSFORMER; kind++) {
        grm_colour a, b;
        grm_colour_init(&a, (grm_colour_kind)kind, RATE, 6, 0.8f);
        b = a;
        b.avx2 = false;
        b.before.vectors = b.behind.vectors = false;
        for (int round = 0; round < 2; round++) {
            assert_pieces_give_the_same(run, &a, &b, 20000);
            grm_colour_set(&a, 12, 1);
            grm_colour_set(&b, 12, 1);
        }
        grm_colour_init(&a, (grm_colour_kind)kind, 192000, 6, 0.8f);
        assert_silence_and_nan_are_safe(run, &a, 60000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_signals_pass_late_but_whole),
        cmocka_unit_test(harmonics_are_those_of_the_curve),
        cmocka_unit_test(each_kind_has_its_own_colour),
        cmocka_unit_test(what_lies_above_half_the_rate_does_not_fold_back),
        cmocka_unit_test(mix_and_drive_glide),
        cmocka_unit_test(any_block_length_and_either_kernel_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
