#include "signals.h"

enum { RATE = 48000, FRAMES = 3 * RATE };
static float in[2][FRAMES], out[2][FRAMES], again[2][FRAMES];

static grm_delay *fresh(const grm_delay_plan *p, double rate) {
    grm_delay *d;
    assert_int_equal(grm_delay_new(p, 2, rate, &d, NULL), GRM_OK);
    return d;
}

static bool add(grm_delay *d, float o[2][FRAMES], size_t at, size_t n) {
    return grm_delay_run(d, (const float *const[]){in[0] + at, in[1] + at}, (float *const[]){o[0] + at, o[1] + at}, n);
}

static void impulse_through(const grm_delay_plan *p) {
    memset(in, 0, sizeof in);
    memset(out, 0, sizeof out);
    in[0][0] = 1;
    grm_delay *d = fresh(p, RATE);
    assert_true(add(d, out, 0, FRAMES));
    grm_delay_free(d);
}

static void beats_become_seconds(void **state) {
    (void)state;
    assert_true(fabs(grm_delay_beats(120, 1) - 0.5) < 1e-12);
    assert_true(fabs(grm_delay_beats(90, 0.75) - 0.5) < 1e-12);  // a dotted quaver
    assert_true(fabs(grm_delay_beats(100, 1 / 3.0) - 0.2) < 1e-12);
}

static double energy_db(const float *x, size_t at) {
    return 10 * log10(grm_power(x + at - 50, 1000) * 1000 + 1e-20);
}

static void echoes_come_in_time_and_fade_by_the_feedback(void **state) {
    (void)state;
    grm_delay_plan p = {.time_s = {grm_delay_beats(120, 1), grm_delay_beats(120, 0.75)}, .feedback = 0.5f};
    impulse_through(&p);
    for (int k = 1; k <= 5; k++) {
        assert_true(fabs(energy_db(out[0], (size_t)k * RATE / 2) + 6.0206 * (k - 1)) < 0.2);
        assert_true(grm_peak(out[0] + (size_t)k * RATE / 2 + 2000, RATE / 2 - 3000) < 0.01f);
    }
    assert_true(grm_peak(out[1], FRAMES) == 0);  // each side for itself
}

static void ping_pong_changes_sides(void **state) {
    (void)state;
    grm_delay_plan p = {.time_s = {0.25, 0.25}, .feedback = 0.7f, .ping_pong = true, .wet_db = -6};
    impulse_through(&p);
    for (size_t k = 1; k <= 8; k++) {
        size_t at = k * RATE / 4;
        double want = -6 - 6.0206 + 20 * log10(0.7) * (double)(k - 1);
        assert_true(fabs(energy_db(out[k % 2 ? 0 : 1], at) - want) < 0.3);
        assert_true(energy_db(out[k % 2 ? 1 : 0], at) < want - 30);
    }
}

static void each_echo_is_darker(void **state) {
    (void)state;
    grm_delay_plan p = {.time_s = {0.2, 0.2}, .feedback = 0.8f, .high_cut_hz = 3000, .low_cut_hz = 100};
    impulse_through(&p);
    grm_filter low = grm_filter_design(GRM_FILTER_LOWPASS, RATE, 3000, 0.7071, 0);
    for (size_t k = 1; k <= 4; k++) {
        double re = 0, im = 0;
        for (size_t i = 0; i < 9000; i++) {
            re += out[0][k * 9600 + i] * cos(2 * GRM_PI * 6000 * (double)i / RATE);
            im += out[0][k * 9600 + i] * sin(2 * GRM_PI * 6000 * (double)i / RATE);
        }
        double want = (double)k * grm_filter_gain_db(&low, RATE, 6000) + 20 * log10(0.8) * (double)(k - 1);
        assert_true(fabs(20 * log10(hypot(re, im)) - want) < 0.1);
    }
}

static void any_block_length_gives_the_same_bits_and_changes_do_not_click(void **state) {
    (void)state;
    grm_delay_plan p = {.time_s = {0.3, 0.2}, .feedback = 0.5f, .high_cut_hz = 8000},
                   moved = {.time_s = {0.01, 0.4}, .feedback = 0.3f, .high_cut_hz = 8000, .wet_db = -3};
    fill_sine(in[0], FRAMES, RATE, 110, 0.3, 0);
    fill_sine(in[1], FRAMES, RATE, 110, 0.3, 0);
    memset(out, 0, sizeof out);
    memset(again, 0, sizeof again);
    grm_delay *a = fresh(&p, RATE), *b = fresh(&p, RATE);
    assert_true(add(a, out, 0, RATE));
    assert_int_equal(grm_delay_set(a, &moved, NULL), GRM_OK);
    assert_true(add(a, out, RATE, FRAMES - RATE));
    grm_rng rng = grm_rng_new(1, "pieces");
    for (size_t at = 0, n; at < FRAMES; at += n) {
        size_t end = at < RATE ? RATE : FRAMES;
        n = 1 + grm_rng_below(&rng, 900);
        if (n > end - at) n = end - at;
        if (at == RATE) assert_int_equal(grm_delay_set(b, &moved, NULL), GRM_OK);
        assert_true(add(b, again, at, n));
    }
    assert_memory_equal(out, again, sizeof out);
    for (int side = 0; side < 2; side++)
        assert_true(roughest(out[side] + 40000, FRAMES - 40000) < 1.5 * 0.6 * 2 * GRM_PI * 110 / RATE);
    in[0][7] = NAN;
    memset(out, 0, sizeof out);
    assert_false(add(a, out, 0, 100));
    assert_true(grm_peak(out[0], 100) == 0);
    grm_delay_free(a);
    grm_delay_free(b);
}

static void tails_end_in_silence_and_absurd_plans_are_refused(void **state) {
    (void)state;
    grm_delay_plan p = {.time_s = {0.1, 0.1}, .feedback = 0.4f};
    static const double rates[] = {22050, 192000};
    for (size_t r = 0; r < 2; r++) {
        grm_delay *d = fresh(&p, rates[r]);
        memset(in, 0, sizeof in);
        memset(out, 0, sizeof out);
        assert_true(add(d, out, 0, 4000));
        assert_true(grm_peak(out[0], 4000) == 0);
        fill_stereo((float *[]){in[0], in[1]}, 4000, 0.5f);
        assert_true(add(d, out, 0, FRAMES));
        size_t tail = grm_delay_tail(d) + 4000;
        if (tail < FRAMES) assert_true(grm_peak(out[0] + tail, FRAMES - tail) < 1e-5f);
        for (size_t i = 0; i < FRAMES; i++) assert_true(fpclassify(out[0][i]) != FP_SUBNORMAL);
        grm_delay_free(d);
    }
    grm_delay *d;
    p.time_s[1] = 9;
    assert_int_equal(grm_delay_new(&p, 2, RATE, &d, NULL), GRM_USAGE);
    p.time_s[1] = 1, p.feedback = 1.2f;
    assert_int_equal(grm_delay_new(&p, 2, RATE, &d, NULL), GRM_USAGE);
    assert_null(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beats_become_seconds),
        cmocka_unit_test(echoes_come_in_time_and_fade_by_the_feedback),
        cmocka_unit_test(ping_pong_changes_sides),
        cmocka_unit_test(each_echo_is_darker),
        cmocka_unit_test(any_block_length_gives_the_same_bits_and_changes_do_not_click),
        cmocka_unit_test(tails_end_in_silence_and_absurd_plans_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
