#include "signals.h"

enum { RATE = 44100, FRAMES = RATE, MOST = 4 * FRAMES + 10 };
static float in[2][FRAMES], out[2][MOST], again[2][MOST];

// All of the input through pieces of `piece` frames (0: whole); returns how many came out.
static size_t stretch(double ratio, double window_ms, float o[2][MOST], size_t piece) {
    grm_stretch *s;
    size_t done = 0, made = 0;
    grm_rng rng = grm_rng_new(1, "pieces");
    assert_int_equal(grm_stretch_new(ratio, window_ms, RATE, &s, NULL), GRM_OK);
    for (;;) {
        size_t some = piece ? 1 + grm_rng_below(&rng, (uint32_t)piece) : FRAMES, room = piece ? some : MOST - made;
        if (some > FRAMES - done) some = FRAMES - done;
        if (room > MOST - made) room = MOST - made;
        const float *const from[2] = {in[0] + done, in[1] + done};
        bool ended = done == FRAMES;
        assert_true(grm_stretch_run(s, ended ? NULL : from, &some, (float *const[]){o[0] + made, o[1] + made}, &room));
        done += some;
        made += room;
        if (ended && !room) break;
    }
    grm_stretch_free(s);
    return made;
}

static void pitch_stays_within_three_cents(void **state) {
    (void)state;
    static const double ratios[] = {0.5, 0.8, 1.25, 2}, tones[] = {110, 466.16, 3000};
    for (size_t r = 0; r < GRM_COUNT(ratios); r++)
        for (size_t k = 0; k < GRM_COUNT(tones); k++) {
            fill_sine(in[0], FRAMES, RATE, tones[k], 0.4, 0.3);
            fill_sine(in[1], FRAMES, RATE, tones[k], 0.2, 1.3);
            size_t made = stretch(ratios[r], 0, out, 0), inner = made / 2;
            assert_int_equal(made, llround(FRAMES * ratios[r]));
            double hz = loudest_hz(out[0] + made / 4, inner, RATE, tones[k]);
            assert_true(fabs(1200 * log2(hz / tones[k])) < 3);
            assert_true(fabs(tone_db(out[0] + made / 4, inner, RATE, hz) + 7.96) < 0.5);
            assert_true(fabs(tone_db(out[1] + made / 4, inner, RATE, hz) + 13.98) < 0.5);
        }
}

static void twice_as_long_is_twice_as_late(void **state) {
    (void)state;
    static const double ratios[] = {0.5, 1.5, 2};
    for (size_t r = 0; r < GRM_COUNT(ratios); r++) {
        // tones of 50 ms at known times
        static const size_t at[] = {2000, 15000, 30000, 41000};
        memset(in, 0, sizeof in);
        for (size_t k = 0; k < GRM_COUNT(at); k++)
            for (size_t i = 0; i < 2205; i++)
                in[0][at[k] + i] = in[1][at[k] + i] = (float)(sin(GRM_PI * (double)i / 2205) * sin(0.1 * (double)i));
        size_t made = stretch(ratios[r], 40, out, 0);
        for (size_t k = 0; k < GRM_COUNT(at); k++) {
            double middle = 0, sum = 0, want = ((double)at[k] + 1102) * ratios[r];
            size_t from = (size_t)(want - 2800 * ratios[r]), to = (size_t)fmin(want + 2800 * ratios[r], (double)made);
            for (size_t i = from; i < to; i++) {
                double power = (double)out[0][i] * out[0][i];
                middle += power * (double)i;
                sum += power;
            }
            assert_true(fabs(middle / sum - want) < 0.012 * RATE);
        }
    }
}

static void at_its_own_length_it_is_what_it_was(void **state) {
    (void)state;
    fill_stereo((float *[]){in[0], in[1]}, FRAMES, 0.5f);
    assert_int_equal(stretch(1, 0, out, 0), FRAMES);
    for (int side = 0; side < 2; side++) assert_true(largest_difference(in[side], out[side], FRAMES) < 2e-6f);
}

static void both_sides_keep_their_places(void **state) {
    (void)state;
    fill_noise(in[0], FRAMES, "noise", 0.4f);
    for (size_t i = 0; i < FRAMES; i++) in[1][i] = -0.5f * in[0][i];
    size_t made = stretch(1.7, 0, out, 0);
    for (size_t i = 0; i < made; i++) assert_true(fabsf(out[1][i] + 0.5f * out[0][i]) < 1e-5f);
    assert_true(fabs(10 * log10(grm_power(out[0], made) / grm_power(in[0], FRAMES))) < 1.5);
}

static void any_pieces_give_the_same_bits(void **state) {
    (void)state;
    fill_stereo((float *[]){in[0], in[1]}, FRAMES, 0.5f);
    size_t whole = stretch(1.31, 0, out, 0), pieces = stretch(1.31, 0, again, 900);
    assert_int_equal(whole, pieces);
    for (int side = 0; side < 2; side++) assert_memory_equal(out[side], again[side], whole * sizeof(float));
}

static void silence_stays_silence_and_nan_is_refused(void **state) {
    (void)state;
    memset(in, 0, sizeof in);
    size_t made = stretch(2, 0, out, 0);
    assert_true(grm_peak(out[0], made) == 0);
    grm_stretch *s;
    size_t taken = 100, given = 100;
    assert_int_equal(grm_stretch_new(2, 0, RATE, &s, NULL), GRM_OK);
    in[1][50] = NAN;
    assert_false(
        grm_stretch_run(s, (const float *const[]){in[0], in[1]}, &taken, (float *const[]){out[0], out[1]}, &given));
    assert_true(taken == 0 && given == 0);
    grm_stretch_free(s);
    assert_int_equal(grm_stretch_new(9, 0, RATE, &s, NULL), GRM_USAGE);
    assert_null(s);
}

// A ratio that changes on the way: no seam, and the length is that of the parts.
static void ratios_may_change(void **state) {
    (void)state;
    fill_sine(in[0], FRAMES, RATE, 220, 0.4, 0);
    fill_sine(in[1], FRAMES, RATE, 220, 0.4, 0);
    grm_stretch *s;
    size_t done = 0, made = 0;
    assert_int_equal(grm_stretch_new(0.7, 0, RATE, &s, NULL), GRM_OK);
    for (;;) {
        size_t some = 1000, room = 1000;
        if (some > FRAMES - done) some = FRAMES - done;
        if (done > FRAMES / 2) grm_stretch_set(s, 1.6);
        const float *const from[2] = {in[0] + done, in[1] + done};
        bool ended = done == FRAMES;
        assert_true(
            grm_stretch_run(s, ended ? NULL : from, &some, (float *const[]){out[0] + made, out[1] + made}, &room));
        done += some;
        made += room;
        if (ended && !room) break;
    }
    assert_true(fabs((double)made / FRAMES - (0.7 + 1.6) / 2) < 0.08);
    assert_true(roughest(out[0] + 4000, made - 8000) < 1.2 * 0.4 * 2 * GRM_PI * 220 / RATE);
    grm_stretch_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pitch_stays_within_three_cents),
        cmocka_unit_test(twice_as_long_is_twice_as_late),
        cmocka_unit_test(at_its_own_length_it_is_what_it_was),
        cmocka_unit_test(both_sides_keep_their_places),
        cmocka_unit_test(any_pieces_give_the_same_bits),
        cmocka_unit_test(silence_stays_silence_and_nan_is_refused),
        cmocka_unit_test(ratios_may_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
