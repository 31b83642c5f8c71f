#include "signals.h"

// The magnitude that the cookbook's analogue prototypes have, written out here on its own.
static double prototype_db(grm_filter_kind kind, double q, double db, double w) {
    double a = pow(10, db / 40), re_top = 0, im_top = 0, re = 1 - w * w, im = w / q;
    switch (kind) {
        case GRM_FILTER_LOWPASS:
            re_top = 1;
            break;
        case GRM_FILTER_HIGHPASS:
            re_top = -w * w;
            break;
        case GRM_FILTER_BANDPASS:
            im_top = w / q;
            break;
        case GRM_FILTER_NOTCH:
            re_top = 1 - w * w;
            break;
        case GRM_FILTER_ALLPASS:
            return 0;
        case GRM_FILTER_BELL:
            re_top = re, im_top = w * a / q, im = w / (a * q);
            break;
        case GRM_FILTER_LOW_SHELF:
            re_top = a * (a - w * w), im_top = a * sqrt(a) / q * w, re = 1 - a * w * w, im = sqrt(a) / q * w;
            break;
        case GRM_FILTER_HIGH_SHELF:
            re_top = a * (1 - a * w * w), im_top = a * sqrt(a) / q * w, re = a - w * w, im = sqrt(a) / q * w;
            break;
    }
    return 20 * log10(hypot(re_top, im_top) / hypot(re, im) + 1e-9);
}

static void magnitudes_are_the_analogue_ones_up_to_near_half_the_rate(void **state) {
    (void)state;
    static const double rates[] = {22050, 44100, 48000, 192000}, places[] = {0.001, 0.02, 0.13, 0.25, 0.33, 0.4, 0.44};
    static const double qs[] = {0.4, 0.7071, 1.5, 5}, gains[] = {-15, -4, 3, 12};
    for (size_t r = 0; r < GRM_COUNT(rates); r++)
        for (int kind = GRM_FILTER_LOWPASS; kind <= GRM_FILTER_HIGH_SHELF; kind++)
            for (size_t i = 0; i < GRM_COUNT(places) * GRM_COUNT(qs); i++) {
                double hz = places[i / GRM_COUNT(qs)] * rates[r], q = qs[i % GRM_COUNT(qs)], db = gains[(i + r) % 4];
                if (kind >= GRM_FILTER_LOW_SHELF && q > 1) continue;
                grm_filter cell[2];
                grm_filter_match((grm_filter_kind)kind, rates[r], hz, q, db, cell);
                for (double at = 10; at < 0.455 * rates[r]; at *= 1.06) {
                    double want = prototype_db((grm_filter_kind)kind, q, db, at / hz);
                    assert_true(want < -60 ||
                                fabs(grm_filter_analogue_db((grm_filter_kind)kind, hz, q, db, at) - want) < 1e-3);
                    if (want < -40) continue;
                    double is = grm_filter_gain_db(&cell[0], rates[r], at) + grm_filter_gain_db(&cell[1], rates[r], at);
                    assert_true(fabs(is - want) < 0.1);
                }
            }
}

// A filter that is far from half the rate keeps to one cell, and what it makes of low frequencies is exact.
static void low_filters_take_one_cell(void **state) {
    (void)state;
    grm_filter cell[2], plain = grm_filter_design(GRM_FILTER_BELL, 48000, 100, 1, 6);
    assert_int_equal(grm_filter_match(GRM_FILTER_BELL, 48000, 100, 1, 6, cell), 1);
    assert_memory_equal(&cell[0], &plain, sizeof plain);
    assert_true(fabs(grm_filter_gain_db(&cell[1], 48000, 20000)) < 1e-5);
    assert_int_equal(grm_filter_match(GRM_FILTER_BELL, 48000, 10000, 1, 6, cell), 2);
}

// Zeros and poles are where a filter of least phase has them, so the phase is near the analogue one; what differs, 5
// degrees in the steepest place, belongs to the magnitude above half the rate, which is not there.
static void phases_are_near_the_analogue_ones(void **state) {
    (void)state;
    enum { FRAMES = 1 << 14 };
    static float x[FRAMES], y[FRAMES];
    const double rate = 48000, hz = 9000, q = 1, db = 9, a = pow(10, db / 40);
    grm_filter cell[2];
    grm_cascade cascade;
    grm_cascade_init(&cascade, cell, grm_filter_match(GRM_FILTER_BELL, rate, hz, q, db, cell));
    memset(x, 0, sizeof x);
    x[0] = 1;
    grm_cascade_run(&cascade, x, y, FRAMES);
    for (double at = 100; at < 8000; at *= 1.4) {
        double re = 0, im = 0, w = at / hz;
        for (size_t i = 0; i < FRAMES; i++) {
            re += x[i] * cos(2 * GRM_PI * at * (double)i / rate);
            im -= x[i] * sin(2 * GRM_PI * at * (double)i / rate);
        }
        double want = atan2(w * a / q, 1 - w * w) - atan2(w / (a * q), 1 - w * w);
        assert_true(fabs(atan2(im, re) - want) < 0.1);
    }
}

static void absurd_settings_stay_stable(void **state) {
    (void)state;
    static float x[4800];
    static const double hz[] = {-5, 0, 30000, 1e9};
    for (size_t i = 0; i < GRM_COUNT(hz); i++)
        for (int kind = GRM_FILTER_LOWPASS; kind <= GRM_FILTER_HIGH_SHELF; kind++) {
            grm_filter cell[2];
            grm_filter_match((grm_filter_kind)kind, 48000, hz[i], 0, 24, cell);
            grm_cascade cascade;
            grm_cascade_init(&cascade, cell, 2);
            fill_noise(x, GRM_COUNT(x), "noise", 1);
            grm_cascade_run(&cascade, x, NULL, GRM_COUNT(x));
            assert_true(grm_all_finite(x, GRM_COUNT(x)) && grm_peak(x, GRM_COUNT(x)) < 500);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(magnitudes_are_the_analogue_ones_up_to_near_half_the_rate),
        cmocka_unit_test(low_filters_take_one_cell),
        cmocka_unit_test(phases_are_near_the_analogue_ones),
        cmocka_unit_test(absurd_settings_stay_stable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
