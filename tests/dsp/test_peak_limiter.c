#include "signals.h"

enum { RATE = 48000, FRAMES = 12000, PAD = 64 };
static const grm_peak_limiter_plan plan = {.ceiling_db = -1, .lookahead_ms = 3, .release_ms = 60};

static bool run(void *block, float *const *planes, size_t frames) {
    return grm_peak_limiter_run(block, planes, frames);
}

static grm_peak_limiter *fresh(const grm_peak_limiter_plan *p, double rate) {
    grm_peak_limiter *l;
    assert_int_equal(grm_peak_limiter_new(p, rate, &l, NULL), GRM_OK);
    return l;
}

// By another way than the limiter's meter: a sinc of 64 samples under a Kaiser-like window, 8 points a sample.
static double exact_peak_db(const float *x, size_t frames) {
    double most = 0;
    for (size_t n = 32; n + 32 < frames; n++) {
        if (fabsf(x[n]) < 0.4f) continue;
        for (int p = -7; p < 8; p++) {
            double sum = 0;
            for (int k = -32; k <= 32; k++) {
                double t = p / 8.0 - k, sinc = fabs(t) < 1e-9 ? 1 : sin(GRM_PI * t) / (GRM_PI * t);
                sum += sinc * (0.5 + 0.5 * cos(GRM_PI * t / 33)) * x[n + (size_t)(k + 32) - 32];
            }
            most = fmax(most, fabs(sum));
        }
    }
    return 20 * log10(most + 1e-12);
}

// By the eight points of BS.1770's kind of filter.
static double meter_peak_db(float *const *planes, size_t frames) {
    grm_peak_meter meter;
    grm_peak_meter_init(&meter);
    static float peaks[4096];
    memset(peaks, 0, sizeof peaks);
    for (int side = 0; side < 2; side++)
        grm_peak_meter_run(&meter, planes[side] + PAD, (frames - 2 * PAD) / GRM_PEAK_HOP, peaks);
    return grm_gain_to_db(grm_peak(peaks, GRM_COUNT(peaks)));
}

static float sound[2][FRAMES];
static float *const planes[2] = {sound[0], sound[1]};

static double limited_db(const grm_peak_limiter_plan *p) {
    grm_peak_limiter *l = fresh(p, RATE);
    assert_true(grm_peak_limiter_run(l, planes, FRAMES));
    grm_peak_limiter_free(l);
    assert_true(meter_peak_db(planes, FRAMES) < p->ceiling_db);
    return fmax(exact_peak_db(sound[0], FRAMES), exact_peak_db(sound[1], FRAMES));
}

// Sines of a quarter of the rate and others whose peaks lie between samples, switched on and off at once.
static void the_ceiling_holds_between_the_samples(void **state) {
    (void)state;
    static const double parts[] = {0.25, 1 / 3.0, 0.2, 0.4, 0.125, 0.01};
    for (size_t i = 0; i < GRM_COUNT(parts); i++)
        for (int k = 0; k < 2; k++) {
            fill_sine(sound[0], FRAMES, RATE, RATE * parts[i], k == 0 ? 1.4 : 4, GRM_PI * (k + 1) / 4);
            fill_sine(sound[1], FRAMES, RATE, RATE * parts[i], 0.4, 0);
            for (size_t n = 0; n < FRAMES; n++)
                if (n / 1500 % 2) sound[0][n] *= 0.05f;
            double db = limited_db(&plan);
            assert_true(db <= -1 && db > -1.35);
        }
}

// +1 -1 +1 -1 whose sign turns: what lies between the samples is as far above them as can be.
static void alternating_samples_that_turn_stay_below(void **state) {
    (void)state;
    for (size_t period = 6; period <= 200; period = period * 2 + 1) {
        for (size_t i = 0; i < FRAMES; i++) {
            sound[0][i] = (i % 2 ? -0.9f : 0.9f) * (i / period % 2 ? -1 : 1);
            sound[1][i] = i / 2 % 2 ? -0.99f : 0.99f;
        }
        limited_db(&plan);
    }
}

static void noise_driven_hard_stays_below(void **state) {
    (void)state;
    grm_peak_limiter_plan hard = plan;
    hard.drive_db = 12;
    for (int quick = 0; quick < 2; quick++) {
        if (quick) hard.lookahead_ms = 1, hard.release_ms = 10;
        fill_stereo((float *[]){sound[0], sound[1]}, FRAMES, 0.9f);
        // up to where hearing ends, beyond which no interpolator of that length can look
        grm_filter top[4];
        for (size_t i = 0; i < GRM_COUNT(top); i++) top[i] = grm_filter_design(GRM_FILTER_LOWPASS, RATE, 19500, 0.9, 0);
        grm_cascade cascade;
        grm_cascade_init(&cascade, top, GRM_COUNT(top));
        grm_cascade_run(&cascade, sound[0], sound[1], FRAMES);
        for (size_t i = 0; i < FRAMES; i++)
            if (i / 1200 % 2) sound[0][i] *= 0.02f, sound[1][i] *= 0.02f;
        double db = limited_db(&hard);
        assert_true(db <= -1 && db > -1.3);
    }
}

static void quiet_sound_passes_late_and_untouched(void **state) {
    (void)state;
    static const double rates[] = {22050, 44100, 48000, 96000, 192000};
    for (size_t i = 0; i < GRM_COUNT(rates); i++) {
        static float before[2][FRAMES];
        fill_stereo((float *[]){sound[0], sound[1]}, FRAMES, 0.3f);
        memcpy(before, sound, sizeof sound);
        grm_peak_limiter *l = fresh(&plan, rates[i]);
        assert_true(grm_peak_limiter_run(l, planes, FRAMES));
        size_t late = grm_peak_limiter_latency(l);
        assert_true((double)late < 0.006 * rates[i] + 80);
        for (int side = 0; side < 2; side++) {
            assert_true(grm_peak(sound[side], late) == 0);
            assert_memory_equal(sound[side] + late, before[side], (FRAMES - late) * sizeof(float));
        }
        assert_true(grm_peak_limiter_deepest_db(l) == 0);
        grm_peak_limiter_free(l);
    }
}

// A step up in level must be met by the full gain at its first frame, and be let go in the release's time.
static void the_gain_is_there_before_the_peak_and_goes_after_it(void **state) {
    (void)state;
    for (size_t i = 0; i < FRAMES; i++) sound[0][i] = sound[1][i] = i >= 6000 && i < 6100 ? 2 : 0.25f;
    grm_peak_limiter *l = fresh(&plan, RATE);
    assert_true(grm_peak_limiter_run(l, planes, FRAMES));
    size_t late = grm_peak_limiter_latency(l), ahead = RATE * 3 / 1000;
    assert_true(sound[0][late + 6000 - ahead - 48 - 64] == 0.25f);
    assert_true(sound[0][late + 6000 - 40] < 0.25f * 0.5f);
    assert_true(grm_peak_limiter_deepest_db(l) < -7);
    // one single peak: the quick release, from the peak's end and the smoothing on
    double way = (double)sound[0][late + 6100 + ahead + RATE * 60 / 1000] / 0.25;
    double least = pow(10, grm_peak_limiter_deepest_db(l) / 20), want = 1 - (1 - least) * exp(-1);
    assert_true(fabs(way - want) < 0.12);
    grm_peak_limiter_free(l);
}

static void changes_do_not_click(void **state) {
    (void)state;
    fill_sine(sound[0], FRAMES, RATE, 100, 0.3, 0);
    fill_sine(sound[1], FRAMES, RATE, 100, 0.3, 0);
    grm_peak_limiter *l = fresh(&plan, RATE);
    assert_true(grm_peak_limiter_run(l, planes, FRAMES / 2));
    grm_peak_limiter_set(l, 6, -20);
    assert_true(grm_peak_limiter_run(l, (float *const[]){sound[0] + FRAMES / 2, sound[1] + FRAMES / 2}, FRAMES / 2));
    assert_true(roughest(sound[0], FRAMES) < 2 * 0.3 * 2 * GRM_PI * 100 / RATE);
    double db = grm_gain_to_db(grm_peak(sound[0] + FRAMES * 3 / 4, FRAMES / 4));

    assert_true(db <= -20 && db > -21);
    grm_peak_limiter_free(l);
}

static void any_block_length_gives_the_same_bits(void **state) {
    (void)state;
    grm_peak_limiter *a = fresh(&plan, RATE), *b = fresh(&plan, RATE);
    for (int round = 0; round < 2; round++) {
        assert_pieces_give_the_same(run, a, b, 30000);
        grm_peak_limiter_set(a, 6, -3);  // and so while it glides
        grm_peak_limiter_set(b, 6, -3);
    }
    grm_peak_limiter_reset(a);
    assert_silence_and_nan_are_safe(run, a, 6000);
    grm_peak_limiter_free(a);
    grm_peak_limiter_free(b);
}

static void absurd_plans_are_refused(void **state) {
    (void)state;
    grm_peak_limiter *l;
    grm_error err = {0};
    grm_peak_limiter_plan bad = plan;
    bad.ceiling_db = 3;
    assert_int_equal(grm_peak_limiter_new(&bad, RATE, &l, &err), GRM_USAGE);
    assert_non_null(strstr(err.message, "ceiling of 3 dB"));
    bad = plan;
    bad.lookahead_ms = NAN;
    assert_int_equal(grm_peak_limiter_new(&bad, RATE, &l, NULL), GRM_USAGE);
    assert_null(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ceiling_holds_between_the_samples),
        cmocka_unit_test(alternating_samples_that_turn_stay_below),
        cmocka_unit_test(noise_driven_hard_stays_below),
        cmocka_unit_test(quiet_sound_passes_late_and_untouched),
        cmocka_unit_test(the_gain_is_there_before_the_peak_and_goes_after_it),
        cmocka_unit_test(changes_do_not_click),
        cmocka_unit_test(any_block_length_gives_the_same_bits),
        cmocka_unit_test(absurd_plans_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
