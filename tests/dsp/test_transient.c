#include "signals.h"

enum { RATE = 48000, FRAMES = 2 * RATE };
static float sound[2][FRAMES], dry[FRAMES];
static float *const planes[2] = {sound[0], sound[1]};

static bool run(void *block, float *const *p, size_t frames) {
    return grm_transient_run(block, p, frames);
}

// A note that begins at once at half a second, from -40 dB, stays, and fades from 1 s on by 60 dB a second.
static void fill_note(double level) {
    for (size_t i = 0; i < FRAMES; i++) {
        double t = (double)i / RATE, gain = t < 0.5 ? 0.01 : t < 1 ? 1 : pow(10, -3 * (t - 1));
        dry[i] = sound[0][i] = sound[1][i] = (float)(level * gain * sin(2 * GRM_PI * 500 * t));
    }
}

static double gain_db(double at_s) {
    size_t i = (size_t)(at_s * RATE);
    return grm_gain_to_db(grm_peak(sound[0] + i, 192)) - grm_gain_to_db(grm_peak(dry + i, 192));
}

static void beginnings_get_the_attack_and_what_is_steady_nothing(void **state) {
    (void)state;
    for (float attack = -9; attack <= 9; attack += 9)
        for (double level = 0.02; level < 1; level *= 8) {
            grm_transient t;
            grm_transient_init(&t, attack, 0, RATE);
            fill_note(level);
            assert_true(grm_transient_run(&t, planes, FRAMES));
            assert_true(fabs(gain_db(0.503) - attack) < 0.3);  // 40 dB up: the whole of it
            assert_true(fabs(gain_db(0.45)) < 0.01);
            assert_true(fabs(gain_db(0.9)) < 0.01);
            assert_true(fabs(gain_db(1.5)) < 0.01);
        }
}

// While the level falls by 60 dB a second, a follower of 40 ms lags 2.4 dB, one of 400 ms runs 24 dB away.
static void endings_get_the_sustain(void **state) {
    (void)state;
    grm_transient t;
    for (float sustain = -8; sustain <= 8; sustain += 16) {
        grm_transient_init(&t, 0, sustain, RATE);
        fill_note(0.5);
        assert_true(grm_transient_run(&t, planes, FRAMES));
        assert_true(fabs(gain_db(0.503)) < 0.05);
        assert_true(fabs(gain_db(0.9)) < 0.01);
        assert_true(fabs(gain_db(1.7) - sustain) < 0.2);
    }
}

static void zero_leaves_all_as_it_is(void **state) {
    (void)state;
    grm_transient t;
    grm_transient_init(&t, 0, 0, RATE);
    fill_note(0.5);
    assert_true(grm_transient_run(&t, planes, FRAMES));
    assert_memory_equal(sound[0], dry, sizeof dry);
}

static void any_block_length_gives_the_same_bits_and_changes_glide(void **state) {
    (void)state;
    grm_transient a, b;
    static const double rates[] = {22050, 48000, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        grm_transient_init(&a, 6, -6, rates[r]);
        b = a;
        assert_pieces_give_the_same(run, &a, &b, 20000);
        grm_transient_init(&a, 6, -6, rates[r]);
        assert_silence_and_nan_are_safe(run, &a, 20000);
    }
    for (size_t i = 0; i < FRAMES; i++)
        sound[0][i] = sound[1][i] =
            (float)(0.5 * pow(10, -(double)i / RATE) * sin(2 * GRM_PI * 100 * (double)i / RATE));
    grm_transient_init(&a, 0, 0, RATE);
    assert_true(grm_transient_run(&a, planes, RATE));
    grm_transient_set(&a, 0, 6);
    assert_true(grm_transient_run(&a, (float *const[]){sound[0] + RATE, sound[1] + RATE}, RATE));
    assert_true(roughest(sound[0] + RATE, RATE) < 1.2 * grm_peak(sound[0] + RATE, RATE) * 2 * GRM_PI * 100 / RATE);
    assert_true(fabsf(a.sustain_db - 6) < 0.01f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beginnings_get_the_attack_and_what_is_steady_nothing),
        cmocka_unit_test(endings_get_the_sustain),
        cmocka_unit_test(zero_leaves_all_as_it_is),
        cmocka_unit_test(any_block_length_gives_the_same_bits_and_changes_glide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
