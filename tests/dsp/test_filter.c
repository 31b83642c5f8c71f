#include <complex.h>

#include "signals.h"

enum { RATE = 48000 };

// R. Bristow-Johnson, "Audio EQ Cookbook", written out here on its own.
static double cookbook_db(grm_filter_kind kind, double hz, double q, double db, double at_hz) {
    double w = 2 * GRM_PI * hz / RATE, c = cos(w), alpha = sin(w) / (2 * q), a = pow(10, db / 40),
           r = 2 * sqrt(a) * alpha;
    double b0 = 1, b1 = 0, b2 = 0, a0 = 1 + alpha, a1 = -2 * c, a2 = 1 - alpha;
    switch (kind) {
        case GRM_FILTER_LOWPASS:
            b0 = b2 = (1 - c) / 2, b1 = 1 - c;
            break;
        case GRM_FILTER_HIGHPASS:
            b0 = b2 = (1 + c) / 2, b1 = -(1 + c);
            break;
        case GRM_FILTER_BANDPASS:
            b0 = alpha, b2 = -alpha;
            break;
        case GRM_FILTER_NOTCH:
            b2 = 1, b1 = -2 * c;
            break;
        case GRM_FILTER_ALLPASS:
            b0 = 1 - alpha, b1 = -2 * c, b2 = 1 + alpha;
            break;
        case GRM_FILTER_BELL:
            b0 = 1 + alpha * a, b1 = -2 * c, b2 = 1 - alpha * a;
            a0 = 1 + alpha / a, a2 = 1 - alpha / a;
            break;
        case GRM_FILTER_LOW_SHELF:
            b0 = a * ((a + 1) - (a - 1) * c + r), b1 = 2 * a * ((a - 1) - (a + 1) * c);
            b2 = a * ((a + 1) - (a - 1) * c - r);
            a0 = (a + 1) + (a - 1) * c + r, a1 = -2 * ((a - 1) + (a + 1) * c), a2 = (a + 1) + (a - 1) * c - r;
            break;
        case GRM_FILTER_HIGH_SHELF:
            b0 = a * ((a + 1) + (a - 1) * c + r), b1 = -2 * a * ((a - 1) + (a + 1) * c);
            b2 = a * ((a + 1) + (a - 1) * c - r);
            a0 = (a + 1) - (a - 1) * c + r, a1 = 2 * ((a - 1) - (a + 1) * c), a2 = (a + 1) - (a - 1) * c - r;
            break;
    }
    double complex z = cexp(-I * 2 * GRM_PI * at_hz / RATE);
    return 20 * log10(cabs((b0 + b1 * z + b2 * z * z) / (a0 + a1 * z + a2 * z * z)));
}

static const struct {
    grm_filter_kind kind;
    double hz, q, db;
} cells[] = {
    {GRM_FILTER_LOWPASS, 5000, 0.71, 0},    {GRM_FILTER_HIGHPASS, 25, 0.71, 0},
    {GRM_FILTER_HIGHPASS, 110, 1.3, 0},     {GRM_FILTER_BANDPASS, 1000, 2, 0},
    {GRM_FILTER_NOTCH, 300, 1, 0},          {GRM_FILTER_ALLPASS, 700, 0.7, 0},
    {GRM_FILTER_BELL, 300, 1, -6},          {GRM_FILTER_BELL, 3000, 0.7, 4},
    {GRM_FILTER_LOW_SHELF, 90, 0.71, 3},    {GRM_FILTER_LOW_SHELF, 90, 0.71, -5},
    {GRM_FILTER_HIGH_SHELF, 9000, 0.71, 6}, {GRM_FILTER_HIGH_SHELF, 9000, 0.71, -3},
};

// Gain of the running filter on a sine, in steady state.
static double measured_db(const grm_filter *filter, double at_hz) {
    enum { FRAMES = RATE };
    static float x[FRAMES], y[FRAMES];
    grm_cascade cascade;
    grm_cascade_init(&cascade, filter, 1);
    fill_sine(x, FRAMES, RATE, at_hz, 0.5, 0);
    memcpy(y, x, sizeof y);
    grm_cascade_run(&cascade, y, NULL, FRAMES);
    return 10 * log10(grm_power(y + FRAMES / 2, FRAMES / 2) / grm_power(x + FRAMES / 2, FRAMES / 2));
}

static void responses_are_the_cookbooks(void **state) {
    (void)state;
    static const double at[] = {20, 50, 120, 400, 1000, 3000, 9000, 16000};
    for (size_t i = 0; i < GRM_COUNT(cells); i++)
        for (size_t k = 0; k < GRM_COUNT(at); k++) {
            grm_filter f = grm_filter_design(cells[i].kind, RATE, cells[i].hz, cells[i].q, cells[i].db);
            double want = cookbook_db(cells[i].kind, cells[i].hz, cells[i].q, cells[i].db, at[k]);
            if (want < -60) continue;
            assert_true(fabs(grm_filter_gain_db(&f, RATE, at[k]) - want) < 0.02);
            assert_true(fabs(measured_db(&f, at[k]) - want) < 0.05);
        }
}

static void shelves_do_not_resonate(void **state) {
    (void)state;
    for (double db = -9; db <= 9; db += 3) {
        grm_filter f = grm_filter_design(GRM_FILTER_LOW_SHELF, RATE, 200, 0.7071, db);
        for (double hz = 20; hz < 20000; hz *= 1.1) {
            double gain = grm_filter_gain_db(&f, RATE, hz);
            assert_true(gain <= fmax(db, 0) + 0.01 && gain >= fmin(db, 0) - 0.01);
        }
    }
}

static void any_block_length_and_either_kernel_give_the_same_bits(void **state) {
    (void)state;
    enum { FRAMES = 5000 };
    static float whole[2][FRAMES], pieces[2][FRAMES], plain[2][FRAMES];
    grm_filter list[GRM_COUNT(cells)];
    for (size_t i = 0; i < GRM_COUNT(cells); i++)
        list[i] = grm_filter_design(cells[i].kind, RATE, cells[i].hz, cells[i].q, cells[i].db);
    for (size_t count = 1; count <= GRM_COUNT(cells); count++) {
        fill_noise(whole[0], FRAMES, "left", 1);
        fill_noise(whole[1], FRAMES, "right", 1);
        memcpy(pieces, whole, sizeof whole);
        memcpy(plain, whole, sizeof whole);
        grm_cascade a, b, c;
        grm_cascade_init(&a, list, count);
        b = a;
        c = a;
        c.vectors = false;
        grm_cascade_run(&a, whole[0], whole[1], FRAMES);
        grm_cascade_run(&c, plain[0], plain[1], FRAMES);
        grm_rng rng = grm_rng_new(count, "pieces");
        for (size_t at = 0, n; at < FRAMES;) {
            n = grm_rng_below(&rng, 9) + 1;
            if (n > FRAMES - at) n = FRAMES - at;
            grm_cascade_run(&b, pieces[0] + at, pieces[1] + at, n);
            at += n;
        }
        for (int side = 0; side < 2; side++) {
            assert_memory_equal(whole[side], pieces[side], sizeof whole[side]);
            assert_memory_equal(whole[side], plain[side], sizeof whole[side]);
        }
    }
}

static void cascades_side_by_side_give_the_bits_of_each_alone(void **state) {
    (void)state;
    enum { FRAMES = 400, MOST = 7 };
    static float alone[MOST][2][FRAMES], beside[MOST][2][FRAMES];
    grm_filter list[GRM_COUNT(cells)];
    for (size_t i = 0; i < GRM_COUNT(cells); i++)
        list[i] = grm_filter_design(cells[i].kind, RATE, cells[i].hz, cells[i].q, cells[i].db);
    for (size_t count = 1; count <= MOST; count++) {
        grm_cascade a[MOST], b[MOST], *c[MOST];
        for (size_t k = 0; k < count; k++) {
            fill_noise(alone[k][0], FRAMES, "left", (unsigned)k);
            fill_noise(alone[k][1], FRAMES, "right", (unsigned)k);
            memcpy(beside[k], alone[k], sizeof alone[k]);
            grm_cascade_init(&a[k], list, (k * 5 + count) % (GRM_COUNT(cells) + 1));
            if (k == 3) a[k].vectors = false;
            b[k] = a[k];
            c[k] = &b[k];
            grm_cascade_run(&a[k], alone[k][0], alone[k][1], FRAMES);
        }
        for (size_t at = 0, n = 1; at < FRAMES; at += n, n = n * 3 % 61 + 1) {
            float *left[MOST], *right[MOST];
            for (size_t k = 0; k < count; k++) left[k] = beside[k][0] + at, right[k] = beside[k][1] + at;
            grm_cascades_run(c, left, right, count, n < FRAMES - at ? n : FRAMES - at);
        }
        for (size_t k = 0; k < count; k++) assert_memory_equal(alone[k], beside[k], sizeof alone[k]);
    }
}

static void absurd_settings_stay_stable(void **state) {
    (void)state;
    static float x[4800];
    static const double hz[] = {-5, 0, 1e-9, 30000, 1e9};
    for (size_t i = 0; i < GRM_COUNT(hz); i++)
        for (int kind = GRM_FILTER_LOWPASS; kind <= GRM_FILTER_HIGH_SHELF; kind++) {
            grm_filter f = grm_filter_design((grm_filter_kind)kind, RATE, hz[i], 0, 12);
            grm_cascade cascade;
            grm_cascade_init(&cascade, &f, 1);
            fill_noise(x, GRM_COUNT(x), "noise", 1);
            grm_cascade_run(&cascade, x, NULL, GRM_COUNT(x));
            assert_true(grm_all_finite(x, GRM_COUNT(x)));
            assert_true(grm_peak(x, GRM_COUNT(x)) < 200);
        }
}

static bool run_cascade(void *block, float *const *planes, size_t frames) {
    return grm_cascade_run(block, planes[0], planes[1], frames);
}

static void silence_and_nan_are_safe(void **state) {
    (void)state;
    static const double rates[] = {22050, 48000, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        grm_filter list[GRM_COUNT(cells)];
        for (size_t i = 0; i < GRM_COUNT(cells); i++)
            list[i] = grm_filter_design(cells[i].kind, rates[r], cells[i].hz, cells[i].q, cells[i].db);
        grm_cascade cascade;
        grm_cascade_init(&cascade, list, GRM_COUNT(cells));
        assert_silence_and_nan_are_safe(run_cascade, &cascade, 40000);
    }
    float one[2] = {0, NAN};
    grm_cascade cascade;
    grm_filter cell = grm_filter_design(GRM_FILTER_BELL, 48000, 1000, 1, 3);
    grm_cascade_init(&cascade, &cell, 1);
    assert_false(grm_cascade_run(&cascade, one, NULL, 2));
    assert_true(one[0] == 0 && one[1] == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_are_the_cookbooks),
        cmocka_unit_test(shelves_do_not_resonate),
        cmocka_unit_test(any_block_length_and_either_kernel_give_the_same_bits),
        cmocka_unit_test(cascades_side_by_side_give_the_bits_of_each_alone),
        cmocka_unit_test(absurd_settings_stay_stable),
        cmocka_unit_test(silence_and_nan_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
