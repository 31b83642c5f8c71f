#include "master/master.h"
#include "tapes.h"

#include <ebur128.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants those before it
#include <cmocka.h>

#include "dsp/dsp.h"

enum { RATE = 48000 };
static const grm_master_target spotify = {"spotify", -14, -1};
static grm_pool *pools[2];

static grm_run run_on(unsigned threads) {
    return (grm_run){.pool = pools[threads - 1]};
}

static grm_audio *audio_of(double seconds, unsigned channels) {
    grm_audio *audio;
    assert_int_equal(grm_audio_new(channels, (size_t)(seconds * RATE), RATE, &audio, NULL), GRM_OK);
    return audio;
}

// ---- sources ----

static void add_noise(grm_audio *a, float level, double lowpass_hz) {
    grm_rng rng = grm_rng_new(11, "noise");
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < a->frames; i++) a->plane[side][i] += level * grm_rng_normal(&rng);
    grm_filter cells[2] = {grm_filter_design(GRM_FILTER_LOWPASS, RATE, lowpass_hz, 0.54, 0),
                           grm_filter_design(GRM_FILTER_LOWPASS, RATE, lowpass_hz, 1.3, 0)};
    grm_cascade cascade;
    grm_cascade_init(&cascade, cells, 2);
    grm_cascade_run(&cascade, a->plane[0], a->plane[1], a->frames);
}

// Struck strings: sharp onsets far above what rings on, with long silences.
static void add_piano(grm_audio *a) {
    grm_rng rng = grm_rng_new(12, "piano");
    for (size_t at = 0; at + 1000 < a->frames; at += RATE / 2 + grm_rng_below(&rng, RATE)) {
        double hz = 110 * pow(2, grm_rng_below(&rng, 36) / 12.0), pan = grm_rng_float(&rng) * 0.6 + 0.2;
        float level = 0.05f + 0.25f * grm_rng_float(&rng);
        for (size_t i = 0; i < 3 * RATE && at + i < a->frames; i++) {
            double t = (double)i / RATE, x = 0;
            for (int k = 1; k <= 6; k++) x += sin(2 * GRM_PI * hz * k * t) / k * exp(-t * (1.5 + k));
            x += 0.6 * exp(-t * 400) * (i % 7 < 3 ? 1 : -1);
            a->plane[0][at + i] += (float)(level * x * (1 - pan));
            a->plane[1][at + i] += (float)(level * x * pan);
        }
    }
}

static void add_bass(grm_audio *a) {
    for (size_t i = 0; i < a->frames; i++) {
        double t = (double)i / RATE, beat = fmod(t, 0.5);
        double kick = sin(2 * GRM_PI * (50 * beat + 9 * (1 - exp(-beat * 40)))) * exp(-beat * 9);
        double bass = 0.5 * tanh(3 * sin(2 * GRM_PI * 41.2 * t)) * (fmod(t, 0.25) < 0.2);
        a->plane[0][i] += (float)(0.6 * kick + 0.5 * bass + 0.1);  // and DC
        a->plane[1][i] += (float)(0.6 * kick + 0.3 * bass + 0.1);
    }
}

// ---- judges ----

// On the samples as 24-bit files hold them: libebur128's loudness and true peak, and the peak at eight points a sample
// through an interpolator of another make (a Hann sinc of 64 taps).
static double reference_lufs(const grm_audio *a, double *true_peak_db) {
    ebur128_state *st = ebur128_init(2, a->rate_hz, EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK);
    float *both = calloc(2 * a->frames, sizeof *both);
    for (size_t i = 0; i < a->frames; i++)
        for (int side = 0; side < 2; side++)
            both[2 * i + (size_t)side] = (float)(lrint(a->plane[side][i] * 8388608.0) / 8388608.0);
    ebur128_add_frames_float(st, both, a->frames);
    double lufs, peak, most = 0;
    ebur128_loudness_global(st, &lufs);
    for (unsigned side = 0; side < 2; side++) {
        ebur128_true_peak(st, side, &peak);
        most = fmax(most, peak);
    }
    ebur128_destroy(&st);
    for (size_t i = 32; i + 33 < a->frames; i++)
        for (size_t side = 0; side < 2; side++) {
            if (fabsf(both[2 * i + side]) < 0.75f) continue;
            for (int p = -7; p < 8; p++) {
                double sum = 0;
                for (int k = -32; k <= 32; k++) {
                    double t = p / 8.0 - k, w = 0.5 + 0.5 * cos(GRM_PI * t / 33);
                    sum += both[2 * (i + (size_t)(k + 32) - 32) + side] * w *
                           (fabs(t) < 1e-9 ? 1 : sin(GRM_PI * t) / (GRM_PI * t));
                }
                most = fmax(most, fabs(sum));
            }
        }
    free(both);
    *true_peak_db = 20 * log10(most);
    return lufs;
}

static void assert_at_target(const grm_audio *a, const grm_master_target *target, const grm_master_levels *after) {
    double peak, lufs = reference_lufs(a, &peak);
    assert_true(fabs(lufs - target->lufs) < 0.1);
    assert_true(peak <= target->ceiling_dbtp);
    assert_true(fabs(after->integrated_lufs - lufs) < 0.03);
    assert_true(after->true_peak_dbtp <= target->ceiling_dbtp);
    for (int side = 0; side < 2; side++) {
        double sum = 0;
        for (size_t i = 0; i < a->frames; i++) sum += a->plane[side][i];
        assert_true(fabs(sum / (double)a->frames) < 3e-4);  // no DC: what is left comes of compressing lopsided waves
        assert_true(fabsf(a->plane[side][0]) < 1e-6f);      // no click
        assert_true(fabsf(a->plane[side][a->frames - 1]) < 1e-6f);
    }
}

// In place.
static grm_status master_run(const grm_run *run, grm_audio *a, const grm_master_request *request,
                             grm_master_levels *after, json_t **report, grm_error *err) {
    grm_tape *in = tape_of(a), *out = NULL;
    assert_int_equal(grm_tape_new(2, a->rate_hz, NULL, &out, NULL), GRM_OK);
    grm_status status = grm_master_run(run, in, request, 0, out, after, report, err);
    if (!status) read_back(out, a);
    grm_tape_free(out);
    grm_tape_free(in);
    return status;
}

static void master(grm_audio *a, const grm_master_target *target, const grm_style_mix *style, grm_master_levels *after,
                   json_t **report) {
    grm_run run = run_on(2);
    grm_error err = {0};
    const grm_master_options options = {.target = target->name,
                                        .has_lufs = true,
                                        .lufs = target->lufs,
                                        .has_ceiling = true,
                                        .ceiling_dbtp = target->ceiling_dbtp};
    const grm_master_request request = {.options = &options, .style = style};
    if (master_run(&run, a, &request, after, report, &err)) fail_msg("%s", err.message);
}

// ---- the tests ----

static void any_music_reaches_its_target(void **state) {
    (void)state;
    static const grm_style_mix warm = {.warmth = 1, .brightness_db = 2, .bass_db = 2, .width = 1.2f};
    for (int kind = 0; kind < 4; kind++)
        for (int styled = 0; styled < 2; styled++) {
            grm_audio *a = audio_of(12, 2);
            if (kind == 0) add_noise(a, 0.02f, 6000);
            if (kind == 1) add_piano(a);
            if (kind == 2) add_bass(a);
            if (kind == 3) add_noise(a, 0.01f, 300), add_piano(a), add_bass(a);
            grm_master_levels after;
            master(a, &spotify, styled ? &warm : NULL, &after, NULL);
            assert_at_target(a, &spotify, &after);
            grm_audio_free(a);
        }
}

static void other_targets_are_reached_too(void **state) {
    (void)state;
    static const grm_master_target targets[] = {{"cd", -9, -0.3}, {"film", -24, -2}, {"apple", -16, -1}};
    for (size_t i = 0; i < GRM_COUNT(targets); i++) {
        grm_audio *a = audio_of(8, 2);
        add_noise(a, 0.3f, 2000);
        grm_master_levels after;
        master(a, &targets[i], NULL, &after, NULL);
        assert_at_target(a, &targets[i], &after);
        grm_audio_free(a);
    }
}

// What lies between the samples at its worst, struck so that the limiter has to work at it.
static void peaks_between_the_samples_stay_below(void **state) {
    (void)state;
    static const grm_master_target cd = {"cd", -9, -0.3};
    grm_rng rng = grm_rng_new(13, "signs");
    for (int kind = 0; kind < 5; kind++) {
        grm_audio *a = audio_of(4, 2);
        for (size_t i = 0; i < a->frames; i++) {
            double sign = grm_rng_float(&rng) < 0.5f ? -1 : 1, x = 0;
            if (kind == 0) x = sin(GRM_PI * (double)i / 2 + GRM_PI / 4);
            if (kind == 1) x = i % 4 < 2 ? 1 : -1;
            if (kind == 2) x = sign;
            if (kind == 3) x = sin(2 * GRM_PI * 0.45 * (double)i + 0.3);
            if (kind == 4) x = sin(2 * GRM_PI * 997 * (double)i / RATE) < 0 ? -1 : 1;
            x *= exp(-20 * fmod((double)i / RATE, 0.23));
            for (int side = 0; side < 2; side++) a->plane[side][i] = (float)x;
        }
        grm_master_levels after;
        master(a, &cd, NULL, &after, NULL);
        double peak, lufs = reference_lufs(a, &peak);
        assert_true(peak <= cd.ceiling_dbtp && after.true_peak_dbtp <= cd.ceiling_dbtp);
        assert_true(lufs < cd.lufs + 0.1);  // some are too spiky to reach it
        grm_audio_free(a);
    }
}

static void threads_do_not_change_a_bit(void **state) {
    (void)state;
    grm_audio *a = audio_of(9, 2), *b = audio_of(9, 2);
    add_piano(a), add_bass(a);
    add_piano(b), add_bass(b);
    grm_run one = run_on(1), two = run_on(2);
    assert_int_equal(master_run(&one, a, NULL, NULL, NULL, NULL), GRM_OK);
    assert_int_equal(master_run(&two, b, NULL, NULL, NULL, NULL), GRM_OK);
    for (int side = 0; side < 2; side++) assert_memory_equal(a->plane[side], b->plane[side], a->frames * sizeof(float));
    grm_audio_free(b);
    grm_audio_free(a);
}

static void a_second_of_sound_is_enough(void **state) {
    (void)state;
    grm_audio *a = audio_of(1, 2);
    add_noise(a, 0.05f, 3000);
    grm_master_levels after;
    master(a, &spotify, NULL, &after, NULL);
    assert_at_target(a, &spotify, &after);
    grm_audio_free(a);
}

static void shorter_still_only_the_peak_is_set(void **state) {
    (void)state;
    static const size_t lengths[] = {1, 7, 100, 4799, 15000};
    for (size_t i = 0; i < GRM_COUNT(lengths); i++) {
        grm_audio *a;
        assert_int_equal(grm_audio_new(2, lengths[i], RATE, &a, NULL), GRM_OK);
        add_noise(a, 0.05f, 3000);
        grm_master_levels after;
        json_t *report;
        master(a, &spotify, NULL, &after, &report);
        assert_true(after.true_peak_dbtp <= -1);
        assert_true(json_array_size(json_object_get(report, "notes")) >= 1);
        json_decref(report);
        grm_audio_free(a);
    }
}

static void silence_stays_silence_and_says_so(void **state) {
    (void)state;
    grm_audio *a = audio_of(3, 2);
    grm_master_levels after;
    json_t *report;
    master(a, &spotify, NULL, &after, &report);
    assert_true(grm_peak(a->plane[0], a->frames) == 0);
    assert_true(after.integrated_lufs == GRM_SILENT_LUFS);
    assert_int_equal(json_array_size(json_object_get(report, "notes")), 1);
    json_decref(report);
    grm_audio_free(a);
}

static void what_cannot_be_reached_is_said_not_forced(void **state) {
    (void)state;
    grm_audio *a = audio_of(6, 2);
    for (size_t i = RATE; i < a->frames; i += RATE) a->plane[0][i] = a->plane[1][i] = 0.9f;  // clicks and nothing else
    grm_master_levels after;
    json_t *report;
    master(a, &spotify, NULL, &after, &report);
    assert_true(after.integrated_lufs < -14.2);
    assert_true(after.true_peak_dbtp <= -1);
    assert_true(json_array_size(json_object_get(report, "notes")) >= 1);
    json_decref(report);
    grm_audio_free(a);
}

static void the_low_end_is_mono(void **state) {
    (void)state;
    static const grm_style_mix plain = {.width = 1};
    grm_audio *a = audio_of(6, 2);
    for (size_t i = 0; i < a->frames; i++) {
        a->plane[0][i] = 0.3f * (float)sin(2 * GRM_PI * 50 * (double)i / RATE);
        a->plane[1][i] = 0.3f * (float)cos(2 * GRM_PI * 50 * (double)i / RATE);
    }
    master(a, &spotify, &plain, NULL, NULL);
    double mid = 0, side = 0;
    for (size_t i = 0; i < a->frames; i++) {
        mid += pow(a->plane[0][i] + a->plane[1][i], 2);
        side += pow(a->plane[0][i] - a->plane[1][i], 2);
    }
    assert_true(10 * log10(side / mid) < -10);
    grm_audio_free(a);
}

static void the_report_has_the_contract_s_fields(void **state) {
    (void)state;
    grm_audio *a = audio_of(4, 2);
    add_noise(a, 0.1f, 3000);
    json_t *report;
    grm_master_levels after;
    master(a, &spotify, NULL, &after, &report);
    assert_string_equal(json_string_value(json_object_get(json_object_get(report, "target"), "name")), "spotify");
    static const char *const names[] = {"integrated_lufs", "loudness_range_lu", "true_peak_dbtp", "sample_peak_dbfs",
                                        "crest_factor_db"};
    for (size_t i = 0; i < GRM_COUNT(names); i++) {
        assert_true(json_is_real(json_object_get(json_object_get(report, "before"), names[i])));
        assert_true(json_is_real(json_object_get(json_object_get(report, "after"), names[i])));
    }
    json_t *after_lufs = json_object_get(json_object_get(report, "after"), "integrated_lufs");
    assert_true(fabs(json_real_value(after_lufs) - after.integrated_lufs) < 0.006);
    assert_true(json_array_size(json_object_get(report, "steps")) >= 5);
    json_decref(report);
    grm_audio_free(a);
}

static void broken_input_is_refused_with_its_reason(void **state) {
    (void)state;
    grm_run run = run_on(1);
    grm_error err;
    grm_audio *a = audio_of(2, 2), *mono = audio_of(1, 1);
    a->plane[1][70000] = NAN;
    assert_int_equal(master_run(&run, a, NULL, NULL, NULL, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "NaN"));
    assert_int_equal(master_run(&run, mono, NULL, NULL, NULL, &err), GRM_BAD_INPUT);
    a->plane[1][70000] = 0;
    static const grm_master_options absurd[] = {
        {.has_lufs = true, .lufs = 5},
        {.has_lufs = true, .lufs = NAN},
        {.has_ceiling = true, .ceiling_dbtp = 1},
        {.has_width = true, .width = 3},
        {.target = "spotfy"},
        {.tone = "brigt"},
        {.compression = "havy"},
        {.genre = "polkatronics"},
    };
    for (size_t i = 0; i < GRM_COUNT(absurd); i++) {
        const grm_master_request request = {.options = &absurd[i]};
        assert_int_equal(master_run(&run, a, &request, NULL, NULL, &err), GRM_USAGE);
        if (absurd[i].target || absurd[i].tone || absurd[i].compression)
            assert_non_null(strstr(err.message, "did you mean"));
    }
    grm_audio_free(mono);
    grm_audio_free(a);
}

static void a_cancelled_run_stops(void **state) {
    (void)state;
    grm_run run = run_on(1);
    assert_int_equal(grm_progress_new(NULL, NULL, &run.progress, NULL), GRM_OK);
    grm_progress_cancel(run.progress);
    grm_audio *a = audio_of(8, 2);
    add_noise(a, 0.1f, 3000);
    assert_int_equal(master_run(&run, a, NULL, NULL, NULL, NULL), GRM_CANCELLED);
    grm_audio_free(a);
    grm_progress_free(run.progress);
}

static void levels_are_those_of_libebur128(void **state) {
    (void)state;
    grm_audio *a = audio_of(11.3, 2);
    add_piano(a), add_bass(a);
    double peak, lufs = reference_lufs(a, &peak);
    json_t *report;
    master(a, &spotify, NULL, NULL, &report);
    json_t *before = json_object_get(report, "before");
    assert_true(fabs(json_real_value(json_object_get(before, "integrated_lufs")) - lufs) < 0.01);
    assert_true(fabs(json_real_value(json_object_get(before, "true_peak_dbtp")) - peak) < 0.1);
    json_decref(report);
    grm_audio_free(a);
}

static int open_pools(void **state) {
    (void)state;
    return grm_pool_new(1, &pools[0], NULL) || grm_pool_new(2, &pools[1], NULL);
}

static int close_pools(void **state) {
    (void)state;
    grm_pool_free(pools[0]);
    grm_pool_free(pools[1]);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_music_reaches_its_target),
        cmocka_unit_test(other_targets_are_reached_too),
        cmocka_unit_test(peaks_between_the_samples_stay_below),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(a_second_of_sound_is_enough),
        cmocka_unit_test(shorter_still_only_the_peak_is_set),
        cmocka_unit_test(silence_stays_silence_and_says_so),
        cmocka_unit_test(what_cannot_be_reached_is_said_not_forced),
        cmocka_unit_test(the_low_end_is_mono),
        cmocka_unit_test(the_report_has_the_contract_s_fields),
        cmocka_unit_test(broken_input_is_refused_with_its_reason),
        cmocka_unit_test(a_cancelled_run_stops),
        cmocka_unit_test(levels_are_those_of_libebur128),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
