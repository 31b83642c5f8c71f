#include "signals.h"

enum { FRAMES = 1 << 15 };
static float in[2][FRAMES], sound[GRM_BANDS][2][FRAMES], sum[2][FRAMES];
static const float splits[] = {90, 400, 2500, 8000};

static float *(*bands(void))[2] {
    static float *list[GRM_BANDS][2];
    for (size_t b = 0; b < GRM_BANDS; b++)
        for (int side = 0; side < 2; side++) list[b][side] = sound[b][side];
    return list;
}

static void split_impulse(double rate, size_t count) {
    grm_crossover c;
    grm_crossover_init(&c, rate, splits, count);
    memset(in, 0, sizeof in);
    in[0][0] = in[1][1] = 1;
    assert_true(grm_crossover_run(&c, (const float *const[]){in[0], in[1]}, bands(), FRAMES));
    memset(sum, 0, sizeof sum);
    for (size_t b = 0; b < count; b++)
        for (int side = 0; side < 2; side++)
            for (size_t i = 0; i < FRAMES; i++) sum[side][i] += sound[b][side][i];
}

static double response_db(const float *x, double rate, double hz) {
    double re = 0, im = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        re += x[i] * cos(2 * GRM_PI * hz * (double)i / rate);
        im += x[i] * sin(2 * GRM_PI * hz * (double)i / rate);
    }
    return 20 * log10(hypot(re, im) + 1e-12);
}

static void the_sum_is_flat(void **state) {
    (void)state;
    static const double rates[] = {22050, 44100, 48000, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++)
        for (size_t count = 1; count <= GRM_BANDS; count++) {
            split_impulse(rates[r], count);
            for (double hz = 20; hz < 0.49 * rates[r]; hz *= 1.3)
                assert_true(fabs(response_db(sum[0], rates[r], hz)) < 0.005);
        }
}

// |LP| = 1 / (1 + w^4), with the bilinear transform's w.
static void each_side_falls_as_the_formula_says(void **state) {
    (void)state;
    const double rate = 48000, split = tan(GRM_PI * splits[0] / rate);
    split_impulse(rate, 2);
    for (double hz = 15; hz < 1500; hz *= 1.25) {
        double w = pow(tan(GRM_PI * hz / rate) / split, 4);
        assert_true(fabs(response_db(sound[0][0], rate, hz) + 20 * log10(1 + w)) < 0.05);
        assert_true(fabs(response_db(sound[1][1], rate, hz) - 20 * log10(w / (1 + w))) < 0.05);
    }
}

static void bands_keep_to_themselves(void **state) {
    (void)state;
    split_impulse(48000, 5);
    static const double middle[] = {40, 190, 1000, 4500, 16000};
    for (size_t at = 0; at < 5; at++)
        for (size_t b = 0; b < 5; b++) {
            double db = response_db(sound[b][0], 48000, middle[at]);
            if (b == at)
                assert_true(db > -2 && db < 0.1);
            else if (b + 1 < at || at + 1 < b)
                assert_true(db < -24);
        }
}

static void any_block_length_gives_the_same_bits_also_on_the_way(void **state) {
    (void)state;
    static float whole[GRM_BANDS][2][FRAMES];
    static const float moved[] = {200, 700, 1500, 12000};
    grm_crossover a, b;
    grm_crossover_init(&a, 48000, splits, 5);
    b = a;
    fill_stereo((float *[]){in[0], in[1]}, FRAMES, 1);
    grm_rng rng = grm_rng_new(3, "pieces");
    for (int part = 0; part < 2; part++) {
        size_t start = part ? 5003 : 0, end = part ? FRAMES : 5003;
        float *out[GRM_BANDS][2], *piece[GRM_BANDS][2];
        for (size_t k = 0; k < GRM_BANDS; k++)
            for (int s = 0; s < 2; s++) out[k][s] = whole[k][s] + start;
        if (part) grm_crossover_set(&a, moved);
        if (part) grm_crossover_set(&b, moved);
        assert_true(grm_crossover_run(&a, (const float *const[]){in[0] + start, in[1] + start}, out, end - start));
        for (size_t at = start, n; at < end; at += n) {
            n = 1 + grm_rng_below(&rng, 100);
            if (n > end - at) n = end - at;
            for (size_t k = 0; k < GRM_BANDS; k++)
                for (int s = 0; s < 2; s++) piece[k][s] = sound[k][s] + at;
            assert_true(grm_crossover_run(&b, (const float *const[]){in[0] + at, in[1] + at}, piece, n));
        }
    }
    assert_memory_equal(whole, sound, sizeof sound);
    grm_filter want = grm_filter_design(GRM_FILTER_LOWPASS, 48000, 200, 0.70710678, 0);
    assert_true(fabsf(a.low[0].group[0].c3[0] - want.c3) < 1e-7f);
}

static void moving_splits_do_not_click(void **state) {
    (void)state;
    static const float moved[] = {150, 700, 1500, 12000};
    fill_sine(in[0], FRAMES, 48000, 120, 0.5, 0);
    fill_sine(in[1], FRAMES, 48000, 120, 0.5, 0);
    grm_crossover c;
    grm_crossover_init(&c, 48000, splits, 5);
    for (size_t at = 0; at < FRAMES; at += 1024) {
        float *out[GRM_BANDS][2];
        for (size_t k = 0; k < GRM_BANDS; k++)
            for (int s = 0; s < 2; s++) out[k][s] = sound[k][s] + at;
        grm_crossover_set(&c, at / 4096 % 2 ? moved : splits);
        assert_true(grm_crossover_run(&c, (const float *const[]){in[0] + at, in[1] + at}, out, 1024));
    }
    for (size_t k = 0; k < GRM_BANDS; k++) assert_true(roughest(sound[k][0] + 2000, FRAMES - 2000) < 0.012f);
}

static void nan_is_refused(void **state) {
    (void)state;
    grm_crossover c;
    grm_crossover_init(&c, 48000, splits, 3);
    memset(in, 0, sizeof in);
    in[1][5] = NAN;
    assert_false(grm_crossover_run(&c, (const float *const[]){in[0], in[1]}, bands(), 64));
    for (size_t b = 0; b < 3; b++) assert_true(grm_peak(sound[b][1], 64) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_is_flat),
        cmocka_unit_test(each_side_falls_as_the_formula_says),
        cmocka_unit_test(bands_keep_to_themselves),
        cmocka_unit_test(any_block_length_gives_the_same_bits_also_on_the_way),
        cmocka_unit_test(moving_splits_do_not_click),
        cmocka_unit_test(nan_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
