#include "signals.h"

enum { RATE = 48000, FRAMES = 24000 };

static float in[2][FRAMES], low[2][FRAMES / 2], out[2][FRAMES];

static void down_and_up(size_t piece, bool portable) {
    grm_half_rate h;
    grm_half_rate_init(&h);
    if (portable) h.avx2 = false;
    memset(out, 0, sizeof out);
    for (size_t at = 0; at < FRAMES; at += piece) {
        size_t n = FRAMES - at < piece ? FRAMES - at : piece;
        float *const half[2] = {low[0] + at / 2, low[1] + at / 2};
        grm_half_rate_down(&h, (const float *const[]){in[0] + at, in[1] + at}, half, n);
        grm_half_rate_up(&h, (const float *const *)half, (float *const[]){out[0] + at, out[1] + at}, n);
    }
}

static void what_it_passes_comes_back_as_it_was_and_a_little_late(void **state) {
    (void)state;
    static const double tones[] = {50, 1000, 6000, 9000};
    for (size_t t = 0; t < GRM_COUNT(tones); t++) {
        for (int side = 0; side < 2; side++) fill_sine(in[side], FRAMES, RATE, tones[t], 0.5, side);
        down_and_up(1024, false);
        for (int side = 0; side < 2; side++)
            assert_true(largest_difference(in[side] + 1000, out[side] + 1000 + GRM_HALF_RATE_LATENCY, 20000) < 0.002f);
    }
}

static void what_half_the_rate_cannot_hold_does_not_fold_back(void **state) {
    (void)state;
    static const double tones[] = {15000, 17000, 21000, 23900};
    for (size_t t = 0; t < GRM_COUNT(tones); t++) {
        for (int side = 0; side < 2; side++) fill_sine(in[side], FRAMES, RATE, tones[t], 0.5, side);
        down_and_up(1024, false);
        assert_true(grm_peak(low[0] + 100, FRAMES / 2 - 100) < 0.5f * 0.0005f);
    }
}

static void any_even_block_length_and_either_kernel_give_the_same_bits(void **state) {
    (void)state;
    static float whole[2][FRAMES];
    fill_noise(in[0], FRAMES, "left", 0.5f);
    fill_noise(in[1], FRAMES, "right", 0.5f);
    down_and_up(FRAMES, false);
    memcpy(whole, out, sizeof out);
    static const size_t pieces[] = {2, 6, 62, 510, 514, 4098};
    for (size_t i = 0; i < GRM_COUNT(pieces); i++) {
        down_and_up(pieces[i], i % 2);
        assert_memory_equal(whole, out, sizeof out);
    }
}

static void nan_is_refused(void **state) {
    (void)state;
    float wrong[2][64] = {{0}}, heard[2][64];
    grm_half_rate half;
    grm_half_rate_init(&half);
    memset(heard, 1, sizeof heard);
    wrong[1][20] = NAN;
    const float *const x[2] = {wrong[0], wrong[1]};
    assert_false(grm_half_rate_down(&half, x, (float *const[]){heard[0], heard[1]}, 64));
    assert_true(grm_peak(heard[1], 32) == 0);
    assert_false(grm_half_rate_up(&half, x, (float *const[]){heard[0], heard[1]}, 64));
    assert_true(grm_peak(heard[1], 32) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_passes_comes_back_as_it_was_and_a_little_late),
        cmocka_unit_test(what_half_the_rate_cannot_hold_does_not_fold_back),
        cmocka_unit_test(any_even_block_length_and_either_kernel_give_the_same_bits),
        cmocka_unit_test(nan_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
