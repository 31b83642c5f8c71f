#include <ebur128.h>

#include "dsp/weighting.h"
#include "signals.h"

static void a_full_scale_sine_is_at_minus_three(void **state) {
    (void)state;
    // BS.1770-5: 997 Hz at 0 dBFS in one channel reads -3.01 LKFS.
    enum { RATE = 48000, FRAMES = 5 * RATE };
    static float x[FRAMES];
    fill_sine(x, FRAMES, RATE, 997, 1, 0);
    grm_loudness *l;
    assert_int_equal(grm_loudness_new(RATE, &l, NULL), GRM_OK);
    assert_int_equal(grm_loudness_add(l, (const float *const[]){x, NULL}, FRAMES, NULL), GRM_OK);
    assert_true(fabs(grm_loudness_integrated(l) + 3.01) < 0.02);
    grm_loudness_free(l);
}

static void compare(double rate, double seconds, float quiet) {
    size_t frames = (size_t)(rate * seconds);
    float *x[2] = {grm_floats_new(frames), grm_floats_new(frames)}, *both = grm_floats_new(2 * frames);
    fill_noise(x[0], frames, "left", 0.5f);
    fill_noise(x[1], frames, "right", 0.3f);
    for (size_t i = 0; i < frames; i++) {  // loud and quiet by turns, five seconds each, and a bass
        float level = (size_t)((double)i / rate / 5) % 2 ? quiet : 1;
        float bass = 0.3f * (float)sin(2 * GRM_PI * 55 * (double)i / rate);
        x[0][i] = level * (x[0][i] + bass);
        x[1][i] = level * (x[1][i] + bass);
        both[2 * i] = x[0][i];
        both[2 * i + 1] = x[1][i];
    }
    grm_loudness *l;
    assert_int_equal(grm_loudness_new(rate, &l, NULL), GRM_OK);
    grm_rng rng = grm_rng_new(3, "pieces");
    for (size_t at = 0; at < frames;) {
        size_t start = at, n = next_piece(&at, frames, &rng);
        assert_int_equal(grm_loudness_add(l, (const float *const[]){x[0] + start, x[1] + start}, n, NULL), GRM_OK);
    }
    ebur128_state *reference = ebur128_init(2, (unsigned long)rate, EBUR128_MODE_I | EBUR128_MODE_LRA);
    assert_int_equal(ebur128_add_frames_float(reference, both, frames), EBUR128_SUCCESS);
    double integrated = 0, range = 0;
    ebur128_loudness_global(reference, &integrated);
    ebur128_loudness_range(reference, &range);
    assert_true(fabs(grm_loudness_integrated(l) - integrated) < 0.01);
    assert_true(fabs(grm_loudness_range(l) - range) < 0.05);
    ebur128_destroy(&reference);
    grm_loudness_free(l);
    free(both);
    free(x[1]);
    free(x[0]);
}

static void figures_are_those_of_libebur128(void **state) {
    (void)state;
    compare(48000, 32, 0.3f);
    compare(44100, 27.3, 0.05f);
    compare(32000, 21, 0.001f);
    compare(96000, 12, 0.7f);
}

static void silence_and_very_short_sounds_have_no_loudness(void **state) {
    (void)state;
    static float x[48000];
    grm_loudness *l;
    assert_int_equal(grm_loudness_new(48000, &l, NULL), GRM_OK);
    assert_true(grm_loudness_integrated(l) == GRM_SILENT_LUFS);
    assert_int_equal(grm_loudness_add(l, (const float *const[]){x, x}, 48000, NULL), GRM_OK);
    assert_true(grm_loudness_integrated(l) == GRM_SILENT_LUFS);
    assert_true(grm_loudness_range(l) == 0);
    grm_loudness_free(l);
}

static void tenths_do_not_depend_on_how_sound_is_cut(void **state) {
    (void)state;
    enum { FRAMES = 44100 };
    static float x[2][FRAMES];
    grm_loudness *whole, *cut;
    size_t tenths, same;
    fill_stereo((float *[2]){x[0], x[1]}, FRAMES, 0.5f);
    assert_int_equal(grm_loudness_new(44100, &whole, NULL), GRM_OK);
    assert_int_equal(grm_loudness_new(44100, &cut, NULL), GRM_OK);
    assert_int_equal(grm_loudness_add(whole, (const float *const[]){x[0], x[1]}, FRAMES, NULL), GRM_OK);
    grm_rng rng = grm_rng_new(5, "pieces");
    for (size_t at = 0; at < FRAMES;) {
        size_t start = at, n = next_piece(&at, FRAMES, &rng);
        assert_int_equal(grm_loudness_add(cut, (const float *const[]){x[0] + start, x[1] + start}, n, NULL), GRM_OK);
    }
    const double *a = grm_loudness_tenths(whole, &tenths), *b = grm_loudness_tenths(cut, &same);
    assert_int_equal(tenths, 10);
    assert_int_equal(same, tenths);
    for (size_t i = 0; i < tenths; i++) assert_true(fabs(a[i] / b[i] - 1) < 1e-6);
    grm_loudness_free(cut);
    grm_loudness_free(whole);
}

static void blocks_of_the_weighting_are_what_a_cascade_gives(void **state) {
    (void)state;
    enum { BLOCKS = 500, FRAMES = BLOCKS * GRM_WEIGHTING_BLOCK };
    static float x[2][FRAMES];
    grm_filter cells[2];
    grm_weighting fast, plain, single;
    grm_cascade cascade;
    grm_loudness_weighting(48000, cells);
    grm_weighting_init(&fast, cells);
    plain = single = fast;
    plain.avx2 = false;
    grm_cascade_init(&cascade, cells, 2);
    fill_stereo((float *[2]){x[0], x[1]}, FRAMES, 0.5f);
    for (size_t i = 0; i < FRAMES; i++) x[0][i] += 0.25f;  // what a highpass has to let go
    double power = grm_weighting_blocks(&fast, x[0], x[1], BLOCKS);
    assert_true(power == grm_weighting_blocks(&plain, x[0], x[1], BLOCKS));
    assert_true(fabs(grm_weighting_frames(&single, x[0], x[1], FRAMES) / power - 1) < 1e-6);
    grm_cascade_run(&cascade, x[0], x[1], FRAMES);
    double expected = (grm_power(x[0], FRAMES) + grm_power(x[1], FRAMES)) * FRAMES;
    assert_true(fabs(power / expected - 1) < 1e-5);
}

// Of sounds smooth and rough, with and without one peak that towers over the rest.
static void raising_skips_nothing_that_is_higher(void **state) {
    (void)state;
    enum { FRAMES = 4096, PAD = 64, HOPS = FRAMES / GRM_PEAK_HOP };
    static float x[PAD + FRAMES + PAD];
    grm_peak_meter meter, plain;
    grm_peak_meter_init(&meter);
    plain = meter;
    plain.avx2 = false;
    for (int kind = 0; kind < 40; kind++) {
        float peaks[HOPS] = {0}, most = 0, raised = 0, same = 0, high = 5;
        fill_sine(x, GRM_COUNT(x), 48000, 100 * pow(1.16, kind), 0.7, kind);
        if (kind % 4 == 1)
            for (size_t i = 0; i < GRM_COUNT(x); i++) x[i] *= 1 + (float)i / FRAMES;
        if (kind % 4 == 2) fill_noise(x, GRM_COUNT(x), "rough", 0.3f);
        if (kind % 4 == 3) x[PAD + 100 * (size_t)kind] = 1.5f;
        grm_peak_meter_run(&meter, x + PAD, HOPS, peaks);
        for (size_t h = 0; h < HOPS; h++) most = fmaxf(most, peaks[h]);
        grm_peak_meter_raise(&meter, x + PAD, HOPS, &raised);
        grm_peak_meter_raise(&plain, x + PAD, HOPS, &same);
        grm_peak_meter_raise(&meter, x + PAD, HOPS, &high);
        assert_true(raised == most);
        assert_true(same == most);
        assert_true(high == 5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_scale_sine_is_at_minus_three),
        cmocka_unit_test(figures_are_those_of_libebur128),
        cmocka_unit_test(silence_and_very_short_sounds_have_no_loudness),
        cmocka_unit_test(tenths_do_not_depend_on_how_sound_is_cut),
        cmocka_unit_test(blocks_of_the_weighting_are_what_a_cascade_gives),
        cmocka_unit_test(raising_skips_nothing_that_is_higher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
