// The listening loop, and what the level ear says of signals whose figures are known.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/audio.h"
#include "base/base.h"
#include "dsp/dsp.h"
#include "meter/meter.h"

static grm_profile *profile_of(const char *threads, const char *lightweight) {
    const grm_setting_value flags[] = {{"GRAMMY_THREADS", threads}, {"LIGHTWEIGHT_MODE", lightweight}};
    grm_profile *profile;
    assert_int_equal(grm_profile_new(flags, GRM_COUNT(flags), &profile, NULL), GRM_OK);
    return profile;
}

static grm_audio *silence(unsigned channels, size_t frames, unsigned rate_hz) {
    grm_audio *audio;
    assert_int_equal(grm_audio_new(channels, frames, rate_hz, &audio, NULL), GRM_OK);
    return audio;
}

static grm_audio *sine(unsigned channels, double seconds, unsigned rate_hz, double hz, double gain) {
    grm_audio *audio = silence(channels, (size_t)(seconds * rate_hz), rate_hz);
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < audio->frames; i++)
            audio->plane[c][i] = (float)(gain * sin(2 * GRM_PI * hz * (double)i / rate_hz));
    return audio;
}

static grm_audio *noise(unsigned channels, size_t frames, unsigned rate_hz, float gain) {
    grm_audio *audio = silence(channels, frames, rate_hz);
    grm_rng rng = grm_rng_new(1, "noise");
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) audio->plane[c][i] = gain * grm_rng_normal(&rng);
    return audio;
}

static grm_features features_of(const grm_audio *audio, const char *lightweight) {
    grm_profile *profile = profile_of("1", lightweight);
    grm_analysis *analysis;
    grm_error err = {0};
    if (grm_analyse_audio(profile, audio, NULL, NULL, &analysis, &err) != GRM_OK) fail_msg("%s", err.message);
    grm_features features = analysis->features;
    grm_analysis_free(analysis);
    grm_profile_free(profile);
    return features;
}

static void assert_near(double value, double expected, double tolerance) {
    if (!(fabs(value - expected) <= tolerance)) fail_msg("%.9g is not %.9g", value, expected);
}

// EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS is -23 LUFS.
static void the_reference_tone_measures_as_the_standard_says(void **state) {
    grm_audio *audio = sine(2, 20, 48000, 1000, pow(10, -23.0 / 20));
    grm_features f = features_of(audio, "false");
    assert_near(f.integrated_lufs, -23, 0.1);
    assert_near(f.momentary_max_lufs, -23, 0.1);
    assert_near(f.short_term_max_lufs, -23, 0.1);
    assert_near(f.loudness_range_lu, 0, 0.1);
    assert_near(f.sample_peak_dbfs, -23, 0.01);
    assert_near(f.true_peak_dbtp, -23, 0.2);
    assert_near(f.rms_dbfs, -26.01, 0.01);
    assert_near(f.crest_factor_db, 3.01, 0.02);
    assert_near(f.plr_db, 0, 0.2);
    assert_near(f.psr_db, 0, 0.2);
    assert_near(f.duration_s, 20, 1e-9);
    assert_near(f.stereo_correlation, 1, 1e-6);
    assert_near(f.stereo_width, 0, 1e-6);
    assert_near(f.mono_loss_db, 0, 1e-6);
    assert_near(f.noise_floor_dbfs, -26, 0.2);
    grm_audio_free(audio);
}

static void faults_of_the_samples_are_counted(void **state) {
    grm_audio *audio = sine(1, 2, 44100, 100, 0.5);
    for (size_t i = 0; i < audio->frames; i++) audio->plane[0][i] += 0.01f;
    for (size_t i = 0; i < 7; i++) audio->plane[0][50000 + i] = 0.99f;
    audio->plane[0][60000] = audio->plane[0][60001] = 1.0f;  // two are none
    memset(audio->plane[0], 0, 4410 * sizeof(float));
    memset(audio->plane[0] + audio->frames - 22050, 0, 22050 * sizeof(float));
    grm_features f = features_of(audio, "false");
    assert_near(f.clipped_samples, 7, 0);
    assert_near(f.head_silence_s, 0.1, 1e-3);
    assert_near(f.tail_silence_s, 0.5, 1e-3);
    assert_near(f.dc_offset, 0.01 * 0.7, 1e-3);
    assert_near(f.bit_depth, 32, 0);
    grm_audio_free(audio);
}

static void word_lengths_are_found(void **state) {
    for (int bits = 8; bits <= 24; bits += 8) {
        grm_audio *audio = noise(2, 4000, 44100, 0.1f);
        float full = (float)(1 << (bits - 1));
        for (unsigned c = 0; c < 2; c++)
            for (size_t i = 0; i < audio->frames; i++) audio->plane[c][i] = floorf(audio->plane[c][i] * full) / full;
        audio->plane[1][7] = 1 / full;
        assert_near(features_of(audio, "false").bit_depth, bits, 0);
        grm_audio_free(audio);
    }
}

static void stereo_figures_tell_sides_from_middle(void **state) {
    grm_audio *audio = noise(2, 100000, 44100, 0.1f);
    grm_features f = features_of(audio, "false");
    assert_near(f.stereo_correlation, 0, 0.02);
    assert_near(f.stereo_width, 0.5, 0.02);
    assert_near(f.mono_loss_db, -3.01, 0.1);
    for (size_t i = 0; i < audio->frames; i++) audio->plane[1][i] = -0.5f * audio->plane[0][i];
    f = features_of(audio, "false");
    assert_near(f.stereo_correlation, -1, 1e-5);
    assert_near(f.stereo_balance_db, -6.02, 0.01);
    grm_audio_free(audio);
}

static void nothing_is_claimed_of_silence(void **state) {
    grm_audio *audio = silence(2, 90000, 44100);
    grm_features f = features_of(audio, "false");
    assert_true(isnan(f.integrated_lufs) && isnan(f.stereo_correlation) && isnan(f.crest_factor_db));
    assert_near(f.head_silence_s, 90000 / 44100.0, 1e-9);
    assert_near(f.true_peak_dbtp, -120, 0);
    grm_audio_free(audio);
}

// Any number of channels, frames and rates.
static void odd_recordings_are_heard(void **state) {
    const struct {
        unsigned channels, rate_hz;
        size_t frames;
    } odd[] = {{1, 44100, 1}, {2, 44100, 2}, {1, 8000, 1000}, {8, 48000, 5000}, {2, 384000, 200000}, {3, 22050, 65536}};
    for (size_t i = 0; i < GRM_COUNT(odd); i++)
        for (int light = 0; light < 2; light++) {
            grm_audio *audio = noise(odd[i].channels, odd[i].frames, odd[i].rate_hz, 0.1f);
            grm_features f = features_of(audio, light ? "true" : "false");
            assert_near(f.duration_s, (double)odd[i].frames / odd[i].rate_hz, 1e-9);
            assert_near(f.channels, odd[i].channels, 0);
            grm_audio_free(audio);
        }
}

static void what_is_no_recording_is_refused(void **state) {
    const float bad[] = {NAN, INFINITY, -INFINITY, 1e9f};
    grm_profile *profile = profile_of("2", "false");
    grm_analysis *analysis;
    grm_error err;
    for (size_t i = 0; i < GRM_COUNT(bad); i++) {
        grm_audio *audio = noise(2, 200000, 44100, 0.1f);
        audio->plane[1][150000] = bad[i];
        assert_int_equal(grm_analyse_audio(profile, audio, NULL, NULL, &analysis, &err), GRM_BAD_INPUT);
        assert_null(analysis);
        grm_audio_free(audio);
    }
    grm_audio *slow = noise(1, 1000, 4000, 0.1f), *empty = silence(1, 0, 44100);
    assert_int_equal(grm_analyse_audio(profile, slow, NULL, NULL, &analysis, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "4000 Hz"));
    assert_int_equal(grm_analyse_audio(profile, empty, NULL, NULL, &analysis, &err), GRM_BAD_INPUT);
    assert_int_equal(grm_analyse_file(profile, "/nowhere/x.wav", NULL, NULL, &analysis, &err), GRM_BAD_INPUT);
    grm_audio_free(slow);
    grm_audio_free(empty);
    grm_profile_free(profile);
}

static void cancelling_stops_it(void **state) {
    grm_profile *profile = profile_of("2", "false");
    grm_audio *audio = noise(2, 200000, 44100, 0.1f);
    grm_progress *progress;
    grm_analysis *analysis;
    assert_int_equal(grm_progress_new(NULL, NULL, &progress, NULL), GRM_OK);
    grm_progress_cancel(progress);
    assert_int_equal(grm_analyse_audio(profile, audio, NULL, progress, &analysis, NULL), GRM_CANCELLED);
    grm_progress_free(progress);
    grm_audio_free(audio);
    grm_profile_free(profile);
}

static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

// To the last bit, in both modes; a file and the same sound in memory too.
static void threads_do_not_change_a_bit(void **state) {
    grm_audio *audio = noise(2, 300001, 44100, 0.1f);
    for (size_t i = 0; i < audio->frames; i++)
        audio->plane[0][i] += 0.3f * (float)sin(0.05 * (double)i) * (float)(i % 22050 < 9000);
    for (int light = 0; light < 2; light++) {
        const char *threads[] = {"1", "2", "5"};
        grm_analysis *all[3];
        grm_analysis_options options = {.series = true};
        for (size_t t = 0; t < 3; t++) {
            grm_profile *profile = profile_of(threads[t], light ? "true" : "false");
            assert_int_equal(grm_analyse_audio(profile, audio, &options, NULL, &all[t], NULL), GRM_OK);
            grm_profile_free(profile);
        }
        size_t count;
        const grm_feature_info *table = grm_feature_table(&count);
        for (size_t t = 1; t < 3; t++) {
            for (size_t i = 0; i < count; i++)
                if (!same(*(double *)((char *)&all[0]->features + table[i].offset),
                          *(double *)((char *)&all[t]->features + table[i].offset)))
                    fail_msg("%s differs with %s threads", table[i].name, threads[t]);
            assert_int_equal(all[0]->series_count, all[t]->series_count);
            for (size_t s = 0; s < all[0]->series_count; s++)
                assert_memory_equal(all[0]->series[s].values, all[t]->series[s].values,
                                    all[0]->series[s].rows * all[0]->series[s].frames * sizeof(float));
        }
        for (size_t t = 0; t < 3; t++) grm_analysis_free(all[t]);
    }
    grm_audio_free(audio);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_tone_measures_as_the_standard_says),
        cmocka_unit_test(faults_of_the_samples_are_counted),
        cmocka_unit_test(word_lengths_are_found),
        cmocka_unit_test(stereo_figures_tell_sides_from_middle),
        cmocka_unit_test(nothing_is_claimed_of_silence),
        cmocka_unit_test(odd_recordings_are_heard),
        cmocka_unit_test(what_is_no_recording_is_refused),
        cmocka_unit_test(cancelling_stops_it),
        cmocka_unit_test(threads_do_not_change_a_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
