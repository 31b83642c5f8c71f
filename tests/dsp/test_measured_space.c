#include "signals.h"

enum { RATE = 48000, LONG = RATE, FRAMES = 2 * RATE };
static float impulse[2][LONG], in[2][FRAMES], out[2][FRAMES], again[2][FRAMES];
static const grm_space_plan plan = {.predelay_ms = 10};

// Noise that fades by 60 dB in 0.6 s.
static void fill_room(void) {
    fill_stereo((float *[]){impulse[0], impulse[1]}, LONG, 1);
    for (size_t i = 0; i < LONG; i++)
        for (int side = 0; side < 2; side++) impulse[side][i] *= (float)pow(10, -3.0 * (double)i / (0.6 * RATE));
}

static grm_space *fresh(const grm_space_plan *p, bool mono) {
    grm_space *s;
    assert_int_equal(
        grm_space_new(p, RATE, (const float *const[]){impulse[0], mono ? NULL : impulse[1]}, LONG, &s, NULL), GRM_OK);
    return s;
}

static bool add(grm_space *s, float o[2][FRAMES], size_t at, size_t n) {
    return grm_space_run(s, (const float *const[]){in[0] + at, in[1] + at}, (float *const[]){o[0] + at, o[1] + at}, n);
}

static void the_impulse_comes_out_late_and_at_unit_power(void **state) {
    (void)state;
    fill_room();
    for (int mono = 0; mono < 2; mono++) {
        memset(in, 0, sizeof in);
        memset(out, 0, sizeof out);
        in[0][0] = in[1][0] = 1;
        grm_space *s = fresh(&plan, mono);
        assert_true(add(s, out, 0, FRAMES));
        assert_true(grm_peak(out[0], 480) < 1e-6f);
        double energy = 0;
        for (int side = 0; side < 2; side++) energy += 0.5 * grm_power(out[side], FRAMES) * FRAMES;
        assert_true(fabs(energy - 1) < 1e-3);
        float scale = out[0][480] / impulse[0][0];
        for (size_t i = 0; i < LONG; i += 17) assert_true(fabsf(out[0][480 + i] - scale * impulse[0][i]) < 1e-5f);
        assert_true(grm_space_tail(s) == LONG + 480);
        assert_true(grm_peak(out[0] + grm_space_tail(s), FRAMES - grm_space_tail(s)) < 1e-6f);
        grm_space_free(s);
    }
}

static void cuts_colour_what_goes_in(void **state) {
    (void)state;
    fill_room();
    grm_space_plan dark = plan;
    dark.low_cut_hz = 200;
    dark.high_cut_hz = 4000;
    static const double at[] = {50, 1000, 12000};
    double db[3];
    for (int k = 0; k < 3; k++) {
        fill_sine(in[0], FRAMES, RATE, at[k], 0.3, 0);
        fill_sine(in[1], FRAMES, RATE, at[k], 0.3, 0);
        for (int coloured = 0; coloured < 2; coloured++) {
            memset(out, 0, sizeof out);
            grm_space *s = fresh(coloured ? &dark : &plan, false);
            assert_true(add(s, out, 0, FRAMES));
            db[k] = tone_db(out[0] + LONG + 480, FRAMES - LONG - 480, RATE, at[k]) - (coloured ? db[k] : 0);
            grm_space_free(s);
        }
    }
    // a filter's fall against 1 kHz, which both leave alone
    assert_true(fabs(db[0] - db[1] + 24.1) < 0.4);
    assert_true(db[2] - db[1] < -17);
}

static void any_block_length_gives_the_same_bits_and_changes_glide(void **state) {
    (void)state;
    fill_room();
    fill_sine(in[0], FRAMES, RATE, 100, 0.2, 0);
    fill_sine(in[1], FRAMES, RATE, 100, 0.2, 0);
    memset(out, 0, sizeof out);
    memset(again, 0, sizeof again);
    grm_space *a = fresh(&plan, false), *b = fresh(&plan, false);
    grm_rng rng = grm_rng_new(1, "pieces");
    assert_true(add(a, out, 0, 60000));
    grm_space_set(a, -12);
    assert_true(add(a, out, 60000, FRAMES - 60000));
    for (size_t at = 0, n; at < FRAMES; at += n) {
        size_t end = at < 60000 ? 60000 : FRAMES;
        n = 1 + grm_rng_below(&rng, 900);
        if (n > end - at) n = end - at;
        if (at == 60000) grm_space_set(b, -12);
        assert_true(add(b, again, at, n));
    }
    assert_memory_equal(out, again, sizeof out);
    assert_true(roughest(out[0] + LONG, FRAMES - LONG) <
                1.2 * grm_peak(out[0] + LONG, 12000) * 2 * GRM_PI * 100 / RATE);
    double before = tone_db(out[0] + 50000, 9600, RATE, 100), after = tone_db(out[0] + 70000, 9600, RATE, 100);
    assert_true(fabs(before - after - 12) < 0.1);
    grm_space_free(a);
    grm_space_free(b);
}

static void silent_and_broken_impulses_are_refused(void **state) {
    (void)state;
    grm_space *s;
    grm_error err = {0};
    memset(impulse, 0, sizeof impulse);
    const float *const sides[2] = {impulse[0], impulse[1]};
    assert_int_equal(grm_space_new(&plan, RATE, sides, LONG, &s, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "silent"));
    impulse[1][3] = INFINITY;
    assert_int_equal(grm_space_new(&plan, RATE, sides, LONG, &s, NULL), GRM_BAD_INPUT);
    assert_int_equal(grm_space_new(&plan, RATE, sides, 0, &s, NULL), GRM_USAGE);
    fill_room();
    s = fresh(&plan, false);
    memset(out, 0, sizeof out);
    in[0][100] = NAN;
    assert_false(add(s, out, 0, 1000));
    assert_true(grm_peak(out[0], 1000) == 0);
    grm_space_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_impulse_comes_out_late_and_at_unit_power),
        cmocka_unit_test(cuts_colour_what_goes_in),
        cmocka_unit_test(any_block_length_gives_the_same_bits_and_changes_glide),
        cmocka_unit_test(silent_and_broken_impulses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
