#include "signals.h"

enum { RATE = 48000, HOP = GRM_PEAK_HOP, FRAMES = 24000, HOPS = FRAMES / HOP, PAD = 64 };
static const grm_limiter_plan plan = {
    .ceiling = 0.5f, .lookahead_ms = 4, .release_ms = 80, .hop_hz = (float)RATE / HOP};

static float signal[PAD + FRAMES + PAD], peaks[HOPS], gain[HOPS + 1];

static void limit(float drive) {
    grm_peak_meter meter;
    grm_peak_meter_init(&meter);
    memset(peaks, 0, sizeof peaks);
    grm_peak_meter_run(&meter, signal + PAD, HOPS, peaks);
    assert_int_equal(grm_limiter_curve(&plan, peaks, HOPS, drive, gain, NULL), GRM_OK);
    for (size_t h = 0; h < HOPS; h++)
        for (size_t i = 0; i < HOP; i++)
            signal[PAD + h * HOP + i] *= drive * (gain[h] + (gain[h + 1] - gain[h]) * (float)i / HOP);
}

// By another way than the meter: a long sinc at 8 points a sample around each sample that is loud.
static double exact_peak(void) {
    double most = 0;
    for (size_t n = PAD; n < PAD + FRAMES; n++) {
        if (fabsf(signal[n]) < 0.3f) continue;
        for (int p = -7; p < 8; p++) {
            double sum = 0;
            for (int k = -48; k <= 48; k++) {
                double t = p / 8.0 - k, edge = t / 49;
                if (n + (size_t)(k + 64) < 64 || n + (size_t)(k + 64) - 64 >= GRM_COUNT(signal)) continue;
                double sinc = fabs(t) < 1e-9 ? 1 : sin(GRM_PI * t) / (GRM_PI * t);
                double window = 0.5 + 0.5 * cos(GRM_PI * edge);
                sum += sinc * window * signal[n + (size_t)(k + 64) - 64];
            }
            most = fmax(most, fabs(sum));
        }
    }
    return most;
}

static void a_quarter_rate_sine_between_its_samples_stays_below(void **state) {
    (void)state;
    memset(signal, 0, sizeof signal);
    // The worst case of true peak: samples at 0.707 of what lies between them.
    fill_sine(signal + PAD, FRAMES, RATE, RATE / 4.0, 1.4, GRM_PI / 4);
    for (size_t i = 0; i < 2400; i++) {  // swell in and out, so that no edge rings
        signal[PAD + i] *= (float)i / 2400;
        signal[PAD + FRAMES - 1 - i] *= (float)i / 2400;
    }
    limit(1);
    double db = 20 * log10(exact_peak() / 0.5);
    assert_true(db < 0.05);
    assert_true(db > -0.3);
}

static void noise_bursts_stay_below(void **state) {
    (void)state;
    memset(signal, 0, sizeof signal);
    fill_noise(signal + PAD, FRAMES, "noise", 0.9f);
    // up to where hearing ends, beyond which no interpolator of that length can look
    grm_filter top[4];
    for (size_t i = 0; i < GRM_COUNT(top); i++) top[i] = grm_filter_design(GRM_FILTER_LOWPASS, RATE, 19500, 0.9, 0);
    grm_cascade cascade;
    grm_cascade_init(&cascade, top, GRM_COUNT(top));
    grm_cascade_run(&cascade, signal + PAD, NULL, FRAMES);
    for (size_t i = 0; i < FRAMES; i++)
        if (i / 4800 % 2) signal[PAD + i] *= 0.1f;
    limit(2);
    assert_true(20 * log10(exact_peak() / 0.5) < 0.15);
    assert_true(grm_peak(signal, GRM_COUNT(signal)) <= 0.5f * 1.00001f);
}

static void quiet_sound_passes_untouched(void **state) {
    (void)state;
    memset(signal, 0, sizeof signal);
    fill_noise(signal + PAD, FRAMES, "noise", 0.2f);
    static float before[GRM_COUNT(signal)];
    memcpy(before, signal, sizeof signal);
    limit(1);
    assert_memory_equal(signal, before, sizeof signal);
}

static void gain_is_back_a_while_after_a_peak(void **state) {
    (void)state;
    memset(signal, 0, sizeof signal);
    for (size_t i = 0; i < FRAMES; i++) signal[PAD + i] = 0.01f;
    signal[PAD + 8000] = 1;
    limit(1);
    assert_true(gain[8000 / HOP] <= 0.5001f);
    assert_true(gain[(8000 - RATE / 100) / HOP] == 1);   // no reduction 10 ms before
    assert_true(gain[(8000 + RATE / 4) / HOP] > 0.95f);  // nearly none a quarter of a second after
    for (size_t h = 0; h < HOPS; h++) assert_true(fabsf(gain[h + 1] - gain[h]) < 0.1f);  // no clicks
}

static void neither_kernel_differs_from_the_other(void **state) {
    (void)state;
    static float a[HOPS], b[HOPS];
    memset(signal, 0, sizeof signal);
    fill_noise(signal + PAD, FRAMES, "noise", 0.9f);
    grm_peak_meter meter;
    grm_peak_meter_init(&meter);
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    grm_peak_meter_run(&meter, signal + PAD, HOPS, a);
    meter.avx2 = false;
    grm_peak_meter_run(&meter, signal + PAD, HOPS, b);
    assert_memory_equal(a, b, sizeof a);
}

static void silence_and_nothing_at_all_are_fine(void **state) {
    (void)state;
    memset(signal, 0, sizeof signal);
    limit(4);
    for (size_t h = 0; h <= HOPS; h++) assert_true(gain[h] == 1);
    assert_int_equal(grm_limiter_curve(&plan, peaks, 0, 1, gain, NULL), GRM_OK);
    assert_true(gain[0] == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quarter_rate_sine_between_its_samples_stays_below),
        cmocka_unit_test(noise_bursts_stay_below),
        cmocka_unit_test(quiet_sound_passes_untouched),
        cmocka_unit_test(gain_is_back_a_while_after_a_peak),
        cmocka_unit_test(neither_kernel_differs_from_the_other),
        cmocka_unit_test(silence_and_nothing_at_all_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
