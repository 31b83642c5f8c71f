#include "signals.h"

static const grm_pitch_plan plan = {.low_hz = 70, .high_hz = 1100};

static double cents(double a, double b) {
    return 1200 * log2(a / b);
}

// A voice: harmonics that fall by 9 dB an octave through two resonances, with vibrato of `depth` cents at 5.5 Hz.
static void fill_voice(float *x, size_t frames, double rate, double hz, double depth, double *truth) {
    double phase = 0;
    for (size_t i = 0; i < frames; i++) {
        double now = hz * pow(2, depth / 1200 * sin(2 * GRM_PI * 5.5 * (double)i / rate)), sum = 0;
        phase += 2 * GRM_PI * now / rate;
        for (int k = 1; k * now < 0.45 * rate && k < 40; k++) {
            double f = k * now, shape = 1 / (1 + pow((f - 700) / 150, 2)) + 0.5 / (1 + pow((f - 1700) / 250, 2)) + 0.03;
            sum += shape * pow(k, -1.0) * sin(k * phase + k * k);
        }
        x[i] = (float)(0.3 * sum);
        if (truth) truth[i] = now;
    }
}

static void steady_voices_are_found_within_two_cents(void **state) {
    (void)state;
    static const double rates[] = {22050, 44100, 48000, 96000, 192000};
    enum { FRAMES = 60000 };
    static float x[FRAMES];
    static grm_voice_pitch out[2000];
    for (size_t r = 0; r < GRM_COUNT(rates); r++)
        for (double hz = 82.4; hz < 1000; hz *= 1.37) {
            grm_pitch_tracker *t;
            size_t frames = (size_t)fmin(FRAMES, 0.2 * rates[r] + 3000), count;
            assert_int_equal(grm_pitch_tracker_new(&plan, rates[r], &t, NULL), GRM_OK);
            fill_voice(x, frames, rates[r], hz, 0, NULL);
            assert_true(grm_pitch_tracker_run(t, x, frames, out, &count));
            assert_true(count == (frames - grm_pitch_tracker_window(t)) / grm_pitch_tracker_hop(t) + 1);
            for (size_t i = 0; i < count; i++) assert_true(fabs(cents(out[i].hz, hz)) < 2 && out[i].strength > 0.9f);
            grm_pitch_tracker_free(t);
        }
}

static void vibrato_is_followed_within_ten_cents(void **state) {
    (void)state;
    enum { RATE = 48000, FRAMES = RATE };
    static float x[FRAMES];
    static double truth[FRAMES];
    static grm_voice_pitch out[300];
    for (double hz = 110; hz < 900; hz *= 1.9) {
        grm_pitch_tracker *t;
        size_t count;
        assert_int_equal(grm_pitch_tracker_new(&plan, RATE, &t, NULL), GRM_OK);
        fill_voice(x, FRAMES, RATE, hz, 40, truth);
        assert_true(grm_pitch_tracker_run(t, x, FRAMES, out, &count));
        for (size_t i = 0; i < count; i++) {
            size_t middle = grm_pitch_tracker_window(t) / 2 + i * grm_pitch_tracker_hop(t);
            assert_true(fabs(cents(out[i].hz, truth[middle])) < 10);
        }
        grm_pitch_tracker_free(t);
    }
}

static void noise_and_silence_have_no_pitch(void **state) {
    (void)state;
    enum { RATE = 44100, FRAMES = RATE / 2 };
    static float x[FRAMES];
    static grm_voice_pitch out[300];
    grm_pitch_tracker *t;
    size_t count, found = 0;
    assert_int_equal(grm_pitch_tracker_new(&plan, RATE, &t, NULL), GRM_OK);
    assert_true(grm_pitch_tracker_run(t, x, FRAMES, out, &count));
    for (size_t i = 0; i < count; i++) assert_true(out[i].hz == 0);
    grm_pitch_tracker_reset(t);
    fill_noise(x, FRAMES, "noise", 0.5f);
    assert_true(grm_pitch_tracker_run(t, x, FRAMES, out, &count));
    for (size_t i = 0; i < count; i++) found += out[i].hz > 0;
    assert_true(found <= count / 50);
    x[9] = NAN;
    assert_false(grm_pitch_tracker_run(t, x, FRAMES, out, &count));
    assert_int_equal(count, 0);
    grm_pitch_tracker_free(t);
}

static void any_block_length_gives_the_same_pitches(void **state) {
    (void)state;
    enum { RATE = 22050, FRAMES = RATE };
    static float x[FRAMES];
    static grm_voice_pitch whole[300], pieces[300];
    grm_pitch_tracker *t;
    size_t count, total = 0;
    fill_voice(x, FRAMES, RATE, 220, 80, NULL);
    assert_int_equal(grm_pitch_tracker_new(&plan, RATE, &t, NULL), GRM_OK);
    assert_true(grm_pitch_tracker_run(t, x, FRAMES, whole, &count));
    grm_pitch_tracker_reset(t);
    grm_rng rng = grm_rng_new(1, "pieces");
    for (size_t at = 0, n; at < FRAMES; at += n) {
        size_t some;
        n = 1 + grm_rng_below(&rng, 2000);
        if (n > FRAMES - at) n = FRAMES - at;
        assert_true(grm_pitch_tracker_run(t, x + at, n, pieces + total, &some));
        total += some;
    }
    assert_int_equal(total, count);
    assert_memory_equal(whole, pieces, count * sizeof *whole);
    grm_pitch_tracker_free(t);
}

static void absurd_plans_are_refused(void **state) {
    (void)state;
    grm_pitch_tracker *t;
    const grm_pitch_plan bad = {.low_hz = 500, .high_hz = 100};
    assert_int_equal(grm_pitch_tracker_new(&bad, 48000, &t, NULL), GRM_USAGE);
    assert_null(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_voices_are_found_within_two_cents),
        cmocka_unit_test(vibrato_is_followed_within_ten_cents),
        cmocka_unit_test(noise_and_silence_have_no_pitch),
        cmocka_unit_test(any_block_length_gives_the_same_pitches),
        cmocka_unit_test(absurd_plans_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
