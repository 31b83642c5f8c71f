// Frame series against librosa 0.11's, of sounds that tools/reference/meter.py made too.
#include "golden.h"

#include "../neural/npy.h"
#include "dsp/lanes.h"
#include "meter/spectrum.h"

static npy golden(const golden_sound *sound, const char *what) {
    char path[1024];
    const char *root = getenv("GRAMMY_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/meter/%s/%s.npy", root ? root : ".", sound->name, what);
    return npy_read(path);
}

static grm_analysis *hear(const golden_sound *sound, const char *lightweight) {
    const grm_setting_value flags[] = {{"LIGHTWEIGHT_MODE", lightweight}};
    const grm_analysis_options options = {.series = true};
    grm_audio *audio = golden_audio(sound);
    grm_profile *profile;
    grm_analysis *analysis;
    assert_int_equal(grm_profile_new(flags, GRM_COUNT(flags), &profile, NULL), GRM_OK);
    assert_int_equal(grm_analyse_audio(profile, audio, &options, NULL, &analysis, NULL), GRM_OK);
    grm_profile_free(profile);
    grm_audio_free(audio);
    return analysis;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Error of each frame against the frame's largest number; what is a billionth of the recording's largest is silent.
static void assert_series(const golden_sound *sound, const grm_series *ours) {
    npy theirs = golden(sound, ours->name);
    assert_int_equal(theirs.rank, ours->flat ? 1 : 2);
    assert_int_equal(theirs.shape[theirs.rank - 1], ours->frames);
    if (!ours->flat) assert_int_equal(theirs.shape[0], ours->rows);
    double *errors = calloc(ours->frames, sizeof *errors), loudest = 1e-21;
    for (size_t i = 0; i < theirs.count; i++) loudest = fmax(loudest, fabs((double)theirs.floats[i]));
    for (size_t t = 0; t < ours->frames; t++) {
        double most = 1e-9 * loudest;
        for (size_t r = 0; r < ours->rows; r++) {
            double expected = theirs.floats[r * ours->frames + t], value = ours->values[r * ours->frames + t];
            most = fmax(most, fabs(expected));
            errors[t] = fmax(errors[t], fabs(value - expected));
        }
        errors[t] /= most;
    }
    qsort(errors, ours->frames, sizeof *errors, by_value);
    double typical = errors[ours->frames / 2], nearly_all = errors[(ours->frames * 99 + 99) / 100 - 1];
    if (!(typical <= 1e-4 && nearly_all <= 1e-3))
        fail_msg("%s of %s: errors %.1e, at the 99th percentile %.1e", ours->name, sound->name, typical, nearly_all);
    free(errors);
    free(theirs.bytes);
}

static void series_are_librosas(void **state) {
    for (size_t i = 0; i < GRM_COUNT(golden_sounds); i++) {
        grm_analysis *a = hear(&golden_sounds[i], "false");
        assert_int_equal(a->series_count, 13);
        for (size_t s = 0; s < a->series_count; s++)
            if (strcmp(a->series[s].name, "voice_likeness") != 0) assert_series(&golden_sounds[i], &a->series[s]);
        grm_analysis_free(a);
    }
}

// One step of tuning moves chroma by 8 %.
static void tuning_and_harmonic_share_are_librosas(void **state) {
    for (size_t i = 0; i < GRM_COUNT(golden_sounds); i++) {
        grm_analysis *a = hear(&golden_sounds[i], "false");
        npy figures = golden(&golden_sounds[i], "figures");
        assert_true(fabs(a->features.tuning_bins - (double)figures.floats[0]) < 1e-6);
        assert_true(fabs(a->features.harmonic_ratio - (double)figures.floats[1]) < 1e-3 * (double)figures.floats[1]);
        free(figures.bytes);
        grm_analysis_free(a);
    }
}

// What lightweight mode measures, it measures the same way: its series are the standard ones of the resampled sound.
static void lightweight_mode_skips_what_it_says(void **state) {
    grm_analysis *a = hear(&golden_sounds[1], "true");
    assert_int_equal(a->analysis_rate_hz, 22050);
    assert_int_equal(a->hop, 1024);
    for (size_t s = 0; s < a->series_count; s++) {
        assert_string_not_equal(a->series[s].name, "mfcc");
        assert_string_not_equal(a->series[s].name, "chroma_stft");
        size_t frames = strcmp(a->series[s].name, "voice_likeness") == 0 ? 1 : 1 + 22050 / 1024;
        assert_int_equal(a->series[s].frames, frames);
    }
    grm_analysis_free(a);
}

static double share_of(double tone, double clicks, const char *lightweight) {
    enum { RATE = 44100, FRAMES = 4 * RATE };
    const grm_setting_value flags[] = {{"LIGHTWEIGHT_MODE", lightweight}};
    grm_audio *audio;
    grm_profile *profile;
    grm_analysis *analysis;
    uint32_t state = 5;
    assert_int_equal(grm_audio_new(1, FRAMES, RATE, &audio, NULL), GRM_OK);
    for (size_t n = 0; n < FRAMES; n++) {
        double t = (double)n / RATE, x = clicks * golden_noise(&state) * exp(-40 * fmod(4 * t, 1));
        for (int i = 1; i < 5; i++) x += tone / i * sin(2 * GRM_PI * 220 * i * t);
        audio->plane[0][n] = (float)x;
    }
    assert_int_equal(grm_profile_new(flags, GRM_COUNT(flags), &profile, NULL), GRM_OK);
    assert_int_equal(grm_analyse_audio(profile, audio, NULL, NULL, &analysis, NULL), GRM_OK);
    double share = analysis->features.harmonic_ratio;
    grm_analysis_free(analysis);
    grm_profile_free(profile);
    grm_audio_free(audio);
    return share;
}

// From clicks to tones, with shares of both between: a steady tone below bursts is what it overrates most.
static void the_estimate_of_the_harmonic_share_follows_hpss(void **state) {
    double before = 0;
    for (int i = 0; i <= 4; i++) {
        double hpss = share_of(0.05 * i, 0.2 * (4 - i), "false"), estimate = share_of(0.05 * i, 0.2 * (4 - i), "true");
        assert_true(estimate > before);
        if (!(fabs(estimate - hpss) < 0.4)) fail_msg("%.3f for %.3f", estimate, hpss);
        before = estimate;
    }
    assert_true(before > 0.9);
    assert_true(grm_harmonic_estimate(1, 1) <= 1 && grm_harmonic_estimate(0, 0) >= 0);
    assert_true(grm_harmonic_estimate(0.99, 0.5) > grm_harmonic_estimate(0.9, 0.5));
}

static void spectra_are_librosas(void **state) {
    enum { SIZE = 2048, HOP = 512, FIRST = 20, FRAMES = 4, BINS = SIZE / 2 + 1 };
    grm_lane_fft *fft;
    double *x = calloc((size_t)SIZE * GRM_WIDE_LANES, sizeof *x);
    float *bins = grm_floats_new((size_t)BINS * 2 * GRM_LANES);
    assert_int_equal(grm_lane_fft_new(SIZE, &fft, NULL), GRM_OK);
    for (size_t i = 0; i < GRM_COUNT(golden_sounds); i++) {
        grm_audio *audio = golden_audio(&golden_sounds[i]);
        npy theirs = golden(&golden_sounds[i], "stft");
        float loudest = grm_peak(theirs.floats, theirs.count);
        for (size_t n = 0; n < SIZE; n++)
            for (size_t l = 0; l < FRAMES; l++)
                x[n * GRM_WIDE_LANES + l] = (0.5 - 0.5 * cos(2 * GRM_PI * (double)n / SIZE)) *
                                            (double)audio->plane[0][(FIRST + l) * HOP - SIZE / 2 + n];
        grm_lane_fft_forward(fft, x, bins);
        for (size_t l = 0; l < FRAMES; l++)
            for (size_t k = 0; k < (size_t)BINS * 2; k++) {
                float expected = theirs.floats[l * BINS * 2 + k], value = bins[k * GRM_LANES + l];
                assert_true(fabsf(value - expected) <= 1e-6f * fabsf(expected) + 1e-10f * loudest);
            }
        free(theirs.bytes);
        grm_audio_free(audio);
    }
    grm_lane_fft_free(fft);
    free(bins);
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spectra_are_librosas),
        cmocka_unit_test(series_are_librosas),
        cmocka_unit_test(tuning_and_harmonic_share_are_librosas),
        cmocka_unit_test(the_estimate_of_the_harmonic_share_follows_hpss),
        cmocka_unit_test(lightweight_mode_skips_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
