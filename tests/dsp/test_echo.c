#include "signals.h"

enum { RATE = 48000, FRAMES = 2 * RATE };

static void echoes_change_sides_and_fade(void **state) {
    (void)state;
    static float in[2][FRAMES], out[2][FRAMES];
    memset(in, 0, sizeof in);
    memset(out, 0, sizeof out);
    in[0][0] = in[1][0] = 1;
    const grm_echo_plan plan = {.time_s = 0.25, .feedback = 0.5f, .low_cut_hz = 20, .high_cut_hz = 20000};
    grm_echo *echo;
    assert_int_equal(grm_echo_new(&plan, RATE, &echo, NULL), GRM_OK);
    grm_echo_run(echo, (const float *const[]){in[0], in[1]}, (float *const[]){out[0], out[1]}, FRAMES);
    double before = 0;
    for (size_t k = 1; k <= 6; k++) {
        size_t at = k * RATE / 4;
        double here = grm_power(out[k % 2 ? 0 : 1] + at, 200), there = grm_power(out[k % 2 ? 1 : 0] + at, 200);
        assert_true(here > 1000 * there);
        if (k > 1) assert_true(fabs(10 * log10(here / before) + 6) < 1);
        before = here;
    }
    assert_true(grm_peak(out[0], RATE / 4) == 0);
    grm_echo_free(echo);
}

static void any_block_length_gives_the_same_echoes(void **state) {
    (void)state;
    static float in[2][FRAMES], whole[2][FRAMES], pieces[2][FRAMES];
    fill_noise(in[0], FRAMES, "left", 0.3f);
    fill_noise(in[1], FRAMES, "right", 0.3f);
    memset(whole, 0, sizeof whole);
    memset(pieces, 0, sizeof pieces);
    const grm_echo_plan plan = {.time_s = 0.1234, .feedback = 0.7f, .low_cut_hz = 200, .high_cut_hz = 5000};
    grm_echo *a, *b;
    assert_int_equal(grm_echo_new(&plan, RATE, &a, NULL), GRM_OK);
    assert_int_equal(grm_echo_new(&plan, RATE, &b, NULL), GRM_OK);
    grm_echo_run(a, (const float *const[]){in[0], in[1]}, (float *const[]){whole[0], whole[1]}, FRAMES);
    grm_rng rng = grm_rng_new(5, "pieces");
    for (size_t at = 0; at < FRAMES;) {
        size_t s = at, n = next_piece(&at, FRAMES, &rng);
        grm_echo_run(b, (const float *const[]){in[0] + s, in[1] + s}, (float *const[]){pieces[0] + s, pieces[1] + s},
                     n);
    }
    assert_memory_equal(whole, pieces, sizeof whole);
    assert_true(grm_peak(whole[0], FRAMES) < 4);
    grm_echo_free(b);
    grm_echo_free(a);
}

static void runaway_feedback_is_refused(void **state) {
    (void)state;
    grm_echo *echo;
    assert_int_equal(grm_echo_new(&(grm_echo_plan){.time_s = 0.2, .feedback = 1}, RATE, &echo, NULL), GRM_USAGE);
    assert_int_equal(grm_echo_new(&(grm_echo_plan){.time_s = NAN}, RATE, &echo, NULL), GRM_USAGE);
    assert_int_equal(grm_echo_new(&(grm_echo_plan){.time_s = 1e9}, RATE, &echo, NULL), GRM_USAGE);
}

static void nan_is_refused_and_the_tail_has_no_denormals(void **state) {
    (void)state;
    static float in[2][FRAMES], out[2][FRAMES];
    const grm_echo_plan plan = {.time_s = 0.05, .feedback = 0.3f, .low_cut_hz = 100, .high_cut_hz = 5000};
    grm_echo *echo;
    assert_int_equal(grm_echo_new(&plan, RATE, &echo, NULL), GRM_OK);
    const float *const x[2] = {in[0], in[1]};
    fill_stereo((float *[]){in[0], in[1]}, 1000, 0.5f);
    assert_true(grm_echo_run(echo, x, (float *const[]){out[0], out[1]}, FRAMES));
    for (size_t i = 0; i < FRAMES; i++) assert_true(fpclassify(out[0][i]) != FP_SUBNORMAL);
    in[0][3] = INFINITY;
    memset(out, 0, sizeof out);
    assert_false(grm_echo_run(echo, x, (float *const[]){out[0], out[1]}, 1000));
    assert_true(grm_peak(out[0], 1000) == 0);
    grm_echo_free(echo);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes_change_sides_and_fade),
        cmocka_unit_test(any_block_length_gives_the_same_echoes),
        cmocka_unit_test(runaway_feedback_is_refused),
        cmocka_unit_test(nan_is_refused_and_the_tail_has_no_denormals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
