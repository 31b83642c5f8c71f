// From file to file: references, tones, what is chosen by ear.
#include <grammy/master.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// cmocka wants those before it
#include <cmocka.h>
#include <jansson.h>

#include "audio/audio.h"
#include "dsp/dsp.h"
#include "master/internal.h"
#include "tapes.h"

enum { RATE = 44100, SECONDS = 12 };
static grm_profile *profile;
static char folder[] = "/tmp/grammy-master-XXXXXX";

// ---- sources ----

static grm_audio *silence(void) {
    grm_audio *a;
    assert_int_equal(grm_audio_new(2, (size_t)SECONDS * RATE, RATE, &a, NULL), GRM_OK);
    return a;
}

static void filter(grm_audio *a, grm_filter_kind kind, double hz, double q, double db) {
    grm_filter cell = grm_filter_design(kind, RATE, hz, q, db);
    grm_cascade cascade;
    grm_cascade_init(&cascade, &cell, 1);
    grm_cascade_run(&cascade, a->plane[0], a->plane[1], a->frames);
}

// A band that plays: kick, bass, chords that come and go, a hi-hat, all of it in the middle but the chords and the hat.
static grm_audio *band(unsigned seed, float wide) {
    grm_audio *a = silence();
    grm_rng rng = grm_rng_new(seed, "band");
    for (size_t i = 0; i < a->frames; i++) {
        double t = (double)i / RATE, beat = fmod(t, 0.5), eighth = fmod(t, 0.25), bar = floor(t / 2);
        double root = 55 * exp2(fmod(bar * 5, 12) / 12);
        double kick = 0.22 * sin(20 * (1 - exp(-beat * 30)) + 320 * beat) * exp(-beat * 9);
        double bass = 0.06 * tanh(2 * sin(2 * GRM_PI * root * t)) * exp(-eighth * 3), chord[2] = {0};
        for (int k = 0; k < 3; k++)
            for (int h = 1; h < 7; h++)
                for (int side = 0; side < 2; side++)
                    chord[side] += 0.05 / h * exp(-beat * (0.5 + h * 0.4)) *
                                   sin(2 * GRM_PI * root * (4 + k) * h * t * (side ? 1 : 1 + 0.002 * (double)wide));
        double hat = 0.1 * exp(-eighth * 45);
        float shared = (float)(kick + bass), noise = grm_rng_normal(&rng);
        a->plane[0][i] = shared + (float)chord[0] + (float)hat * noise;
        a->plane[1][i] = shared + (float)chord[1] + (float)hat * (noise * (1 - wide) + wide * grm_rng_normal(&rng));
    }
    return a;
}

static char *path_of(const char *name) {
    return grm_path_join(folder, name);
}

static void store(const char *name, const grm_audio *a) {
    char *path = path_of(name);
    grm_writer *writer;
    assert_int_equal(grm_writer_open(path, GRM_WAV32F, 2, a->rate_hz, &writer, NULL), GRM_OK);
    assert_int_equal(grm_writer_write(writer, (const float *const *)a->plane, a->frames, NULL), GRM_OK);
    assert_int_equal(grm_writer_close(writer, NULL), GRM_OK);
    free(path);
}

// Masters NAME to out.wav. The report is the caller's.
static json_t *master(const char *name, const grm_master_options *options) {
    char *in = path_of(name), *out = path_of("out.wav");
    grm_master_result result;
    grm_error err = {0};
    if (grm_master_file(profile, in, out, options, NULL, &result, &err)) fail_msg("%s", err.message);
    json_t *report = json_loads(result.json, 0, NULL);
    assert_non_null(report);
    grm_master_result_free(&result);
    free(out);
    free(in);
    return report;
}

static grm_audio *outcome(void) {
    char *out = path_of("out.wav");
    grm_audio *a;
    assert_int_equal(grm_audio_read(out, 0, &a, NULL), GRM_OK);
    free(out);
    return a;
}

static double at(const json_t *report, const char *part, const char *name) {
    const json_t *value = json_object_get(json_object_get(report, part), name);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static const json_t *step(const json_t *report, const char *name) {
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(report, "steps"), i,
                       item) if (strcmp(json_string_value(json_object_get(item, "name")), name) == 0) return item;
    return NULL;
}

static bool noted(const json_t *report, const char *words) {
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(report, "notes"), i,
                       item) if (strstr(json_string_value(item), words)) return true;
    return false;
}

static double band_db(const grm_audio *a, double low_hz, double high_hz) {
    enum { SIZE = 16384 };
    grm_stft *stft;
    float *x = grm_floats_new(SIZE), *power = grm_floats_new(SIZE / 2 + 1);
    double sum = 1e-12;
    assert_int_equal(grm_stft_new(GRM_WINDOW_HANN, SIZE, &stft, NULL), GRM_OK);
    for (size_t start = 0; start + SIZE <= a->frames; start += SIZE) {
        for (size_t i = 0; i < SIZE; i++) x[i] = 0.5f * (a->plane[0][start + i] + a->plane[1][start + i]);
        grm_stft_power(stft, x, power);
        for (size_t k = (size_t)(low_hz * SIZE / a->rate_hz); (double)k < high_hz * SIZE / a->rate_hz; k++)
            sum += (double)power[k];
    }
    grm_stft_free(stft);
    free(power);
    free(x);
    return 10 * log10(sum);
}

static double balance_of(const grm_audio *a, double low_hz, double high_hz) {
    return band_db(a, low_hz, high_hz) - band_db(a, 700, 1800);
}

// ---- the tests ----

static void a_reference_is_come_near_to(void **state) {
    (void)state;
    grm_audio *source = band(1, 0.5f), *reference = band(2, 1);
    filter(source, GRM_FILTER_HIGH_SHELF, 3000, 0.7, -5);
    filter(source, GRM_FILTER_BELL, 250, 1, 4);
    filter(reference, GRM_FILTER_LOW_SHELF, 120, 0.7, 3);
    for (int side = 0; side < 2; side++) {
        grm_scale(source->plane[side], source->frames, 0.1f);
        grm_scale(reference->plane[side], reference->frames, 0.4f);
    }
    store("source.wav", source);
    store("reference.wav", reference);
    char *path = path_of("reference.wav");
    json_t *report = master("source.wav", &(grm_master_options){.reference = path});
    const json_t *likeness = step(report, "likeness");
    static const char *const sides[] = {"mid", "side"};
    for (int i = 0; i < 2; i++) {
        char before[40], after[40];
        snprintf(before, sizeof before, "%s_distance_before_db", sides[i]);
        snprintf(after, sizeof after, "%s_distance_after_db", sides[i]);
        assert_true(json_number_value(json_object_get(likeness, before)) > 2);
        assert_true(json_number_value(json_object_get(likeness, after)) < 1);
    }
    double wanted = json_number_value(json_object_get(likeness, "reference_lufs"));
    assert_true(fabs(at(report, "after", "integrated_lufs") - wanted) < 0.1);
    assert_true(fabs(at(report, "after", "crest_factor_db") -
                     json_number_value(json_object_get(likeness, "reference_crest_factor_db"))) < 2);
    json_decref(report);
    report = master("source.wav", &(grm_master_options){.reference = path, .target = "apple"});
    assert_true(fabs(at(report, "after", "integrated_lufs") + 16) < 0.1);
    json_decref(report);
    free(path);
    grm_audio_free(reference);
    grm_audio_free(source);
}

static void what_is_empty_is_raised_by_12_db_at_most(void **state) {
    (void)state;
    grm_audio *source = band(1, 0.5f), *reference = band(2, 0.5f);
    for (int i = 0; i < 6; i++) filter(source, GRM_FILTER_LOWPASS, 3000, 0.7, 0);
    grm_tape *of[2] = {tape_of(source), tape_of(reference)};
    grm_run run = {.profile = profile};
    grm_master_options options = {0};
    grm_master_story story;
    assert_int_equal(grm_master_story_open(&story, &options, NULL, NULL), GRM_OK);
    assert_int_equal(grm_look_at(&run, of[0], false, 0, 0, 1, &story.source, NULL), GRM_OK);
    assert_int_equal(grm_look_at(&run, of[1], false, 0, 0, 1, &story.reference, NULL), GRM_OK);
    assert_int_equal(grm_master_liken(&story, RATE, NULL), GRM_OK);
    for (double hz = 9000; hz < 20000; hz *= 1.05)
        for (int side = 0; side < 2; side++)
            assert_true(grm_firs_gain_db(story.plan.firs, side, hz) < story.preset->likeness.empty_boost_db + 0.1f);
    assert_true(grm_firs_gain_db(story.plan.firs, 0, 4000) > 5);  // and what is only weak is raised
    grm_master_story_close(&story);
    grm_tape_free(of[1]);
    grm_tape_free(of[0]);
    grm_audio_free(reference);
    grm_audio_free(source);
}

// Wild curves: the response is as asked, nothing comes before its cause, and blocks of any length give the same.
static void filters_are_exact_and_without_pre_echo(void **state) {
    (void)state;
    enum { BINS = 4097, FRAMES = 40000, CLICK = 9000 };
    float *db[2] = {grm_floats_new(BINS), grm_floats_new(BINS)};
    for (size_t k = 0; k < BINS; k++) {
        double octave = log2(fmax((double)k * RATE / 8192, 20) / 20);
        db[0][k] = (float)(9 * sin(octave * 1.7));
        db[1][k] = (float)(-6 * cos(octave * 1.1));
    }
    grm_firs *firs;
    assert_int_equal(grm_firs_new((const float *const[]){db[0], db[1]}, BINS, RATE / 8192.0, RATE, &firs, NULL),
                     GRM_OK);
    for (double hz = 60; hz < 18000; hz *= 1.1)
        for (int side = 0; side < 2; side++) {
            size_t k = (size_t)(hz * 8192 / RATE + 0.5);
            assert_true(fabs(grm_firs_gain_db(firs, side, (double)k * RATE / 8192) - (double)db[side][k]) < 0.3);
        }
    float *x[2] = {grm_floats_new(FRAMES), grm_floats_new(FRAMES)},
          *y[2] = {grm_floats_new(FRAMES), grm_floats_new(FRAMES)};
    x[0][CLICK] = y[0][CLICK] = 1;
    grm_firs_run(firs, x[0], x[1], 20000);
    grm_firs_run(firs, x[0] + 20000, x[1] + 20000, FRAMES - 20000);
    grm_firs_reset(firs);
    for (size_t done = 0; done < FRAMES; done += 777)
        grm_firs_run(firs, y[0] + done, y[1] + done, FRAMES - done < 777 ? FRAMES - done : 777);
    double before = 0, all = 0;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < FRAMES; i++) {
            double square = (double)x[side][i] * (double)x[side][i];
            all += square;
            if (i < CLICK) before += square;
            assert_true(fabsf(x[side][i] - y[side][i]) < 1e-6f);
        }
    assert_true(before < 1e-8 * all);  // -80 dB
    for (int i = 0; i < 2; i++) free(x[i]), free(y[i]), free(db[i]);
    grm_firs_free(firs);
}

static void tones_keep_their_meaning(void **state) {
    (void)state;
    static const struct {
        const char *tone;
        double low, high;  // what becomes of 40-120 Hz and of 8-16 kHz against the middle, as a sign
    } tones[] = {{"bright", -1, 1}, {"warm", 1, -1}, {"bass-boost", 1, 0}, {"vintage", 1, -1}};
    grm_audio *source = band(3, 0.5f);
    store("source.wav", source);
    double low = balance_of(source, 40, 120), high = balance_of(source, 8000, 16000);
    for (size_t i = 0; i < GRM_COUNT(tones); i++) {
        json_decref(master("source.wav", &(grm_master_options){.tone = tones[i].tone}));
        grm_audio *out = outcome();
        double low_now = balance_of(out, 40, 120) - low, high_now = balance_of(out, 8000, 16000) - high;
        assert_true(tones[i].low == 0 || low_now * tones[i].low > 0.3);
        assert_true(tones[i].high == 0 || high_now * tones[i].high > 0.7);
        grm_audio_free(out);
    }
    grm_audio_free(source);
}

static void compressions_have_their_ratios_and_each_takes_more(void **state) {
    (void)state;
    static const char *const names[] = {"light", "medium", "heavy"};
    static const double ratios[] = {2, 4, 8};
    grm_audio *source = band(4, 0.5f);
    store("source.wav", source);
    double before = 0;
    for (size_t i = 0; i < GRM_COUNT(names); i++) {
        json_t *report = master("source.wav", &(grm_master_options){.compression = names[i]});
        const json_t *compressor = step(report, "compressor");
        assert_string_equal(json_string_value(json_object_get(compressor, "choice")), names[i]);
        assert_true(json_number_value(json_object_get(compressor, "ratio")) == ratios[i]);
        double deepest = json_number_value(json_object_get(compressor, "deepest_db"));
        assert_true(deepest < before - 0.5);
        before = deepest;
        json_decref(report);
    }
    json_t *report = master("source.wav", &(grm_master_options){.compression = "limiting"});
    assert_true(json_number_value(json_object_get(step(report, "compressor"), "ratio")) == 20);
    json_decref(report);
    grm_audio_free(source);
}

static void width_0_is_mono_and_2_is_wide(void **state) {
    (void)state;
    grm_audio *source = band(5, 0.5f);
    store("source.wav", source);
    double share[3];
    for (int w = 0; w < 3; w++) {
        json_decref(master("source.wav", &(grm_master_options){.has_width = true, .width = w, .bits = 32}));
        grm_audio *out = outcome();
        double mid = 0, side = 0;
        for (size_t i = 0; i < out->frames; i++) {
            mid += pow((double)out->plane[0][i] + (double)out->plane[1][i], 2);
            side += pow((double)out->plane[0][i] - (double)out->plane[1][i], 2);
        }
        share[w] = side / mid;
        grm_audio_free(out);
    }
    assert_true(share[0] == 0);
    assert_true(share[2] > 2.5 * share[1]);
    grm_audio_free(source);
}

static void faults_that_can_be_mended_are(void **state) {
    (void)state;
    for (int fault = 0; fault < 5; fault++) {
        grm_audio *source = band(6, 0.5f);
        if (fault == 1) filter(source, GRM_FILTER_HIGH_SHELF, 4000, 0.7, -21);  // dull
        if (fault == 2) filter(source, GRM_FILTER_LOW_SHELF, 200, 0.7, 10);     // boomy
        if (fault == 3) grm_scale(source->plane[1], source->frames, 0.6f);      // leans
        for (size_t i = 0; fault == 4 && i < source->frames; i++) {             // narrow
            float mid = 0.5f * (source->plane[0][i] + source->plane[1][i]);
            source->plane[0][i] = mid + 0.1f * (source->plane[0][i] - mid);
            source->plane[1][i] = mid + 0.1f * (source->plane[1][i] - mid);
        }
        for (int side = 0; side < 2; side++) grm_scale(source->plane[side], source->frames, 0.2f);
        store("source.wav", source);
        json_t *report = master("source.wav", NULL);
        double before = at(report, "before", "production_quality"), after = at(report, "after", "production_quality");
        assert_true(after >= before - 0.011);
        assert_true(fault == 0 || after >= before + 5);
        assert_true(json_is_object(json_object_get(report, "found")));
        json_decref(report);
        grm_audio_free(source);
    }
}

static void clipping_is_named(void **state) {
    (void)state;
    grm_audio *source = band(7, 0.5f);
    store("source.wav", source);
    json_t *report = master("source.wav", NULL);
    assert_false(noted(report, "clipped"));
    json_decref(report);
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < source->frames; i++)
            source->plane[side][i] = fmaxf(-0.99f, fminf(0.99f, 4 * source->plane[side][i]));
    store("source.wav", source);
    report = master("source.wav", NULL);
    assert_true(noted(report, "clipped"));
    json_decref(report);
    grm_audio_free(source);
}

static void loudness_that_would_destroy_is_only_reached_by_force(void **state) {
    (void)state;
    grm_audio *source = silence();
    grm_rng rng = grm_rng_new(8, "noise");
    for (size_t i = 0; i < source->frames; i++)
        for (int side = 0; side < 2; side++)
            source->plane[side][i] = i % (RATE / 8) == 1 ? 0.9f : 0.004f * grm_rng_normal(&rng);
    store("source.wav", source);
    json_t *report = master("source.wav", NULL);
    assert_true(at(report, "after", "integrated_lufs") < -15);
    assert_true(noted(report, "short of -14.0 LUFS"));
    json_decref(report);
    report = master("source.wav", &(grm_master_options){.force_loudness = true});
    assert_true(fabs(at(report, "after", "integrated_lufs") + 14) < 0.1);
    assert_true(at(report, "after", "true_peak_dbtp") <= -1);
    assert_true(noted(report, "Forced"));
    json_decref(report);
    grm_audio_free(source);
}

static void every_rate_and_length_keeps_its_frames(void **state) {
    (void)state;
    static const unsigned rates[] = {8000, 22050, 48000, 96000, 192000};
    static const size_t lengths[] = {1, 100, 4097, 70001};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        grm_audio *source;
        assert_int_equal(grm_audio_new(2, lengths[r % 4], rates[r], &source, NULL), GRM_OK);
        grm_rng rng = grm_rng_new(1, "noise");
        for (size_t i = 0; i < source->frames; i++)
            source->plane[0][i] = source->plane[1][i] = 0.1f * grm_rng_normal(&rng);
        store("source.wav", source);
        json_decref(master("source.wav", NULL));
        grm_audio *out = outcome();
        assert_int_equal(out->frames, source->frames);
        assert_int_equal(out->rate_hz, source->rate_hz);
        grm_audio_free(out);
        grm_audio_free(source);
    }
}

// Hiss under drums that swell: at -14 the limiter would lift the hiss.
static void loudness_that_no_one_asked_for_yields_to_quality(void **state) {
    (void)state;
    grm_audio *source = band(9, 0.5f);
    grm_rng rng = grm_rng_new(9, "hiss");
    for (size_t i = 0; i < source->frames; i++)
        for (int side = 0; side < 2; side++) {
            double swell = 0.02 + pow(0.5 + 0.5 * sin(2 * GRM_PI * (double)i / (6.0 * RATE)), 6);
            source->plane[side][i] = 1.5f * (float)swell * source->plane[side][i] + 0.003f * grm_rng_normal(&rng);
        }
    store("source.wav", source);
    json_t *yielding = master("source.wav", NULL);
    json_t *asked = master("source.wav", &(grm_master_options){.target = "spotify"});
    double before = at(yielding, "before", "production_quality");
    assert_true(at(yielding, "after", "production_quality") >= before - 0.011);  // two roundings
    assert_true(at(asked, "after", "production_quality") < at(yielding, "after", "production_quality"));
    assert_true(fabs(at(asked, "after", "integrated_lufs") + 14) < 0.1);
    assert_true(noted(yielding, "short of -14.0 LUFS") && !noted(asked, "short of"));
    json_decref(asked);
    json_decref(yielding);
    grm_audio_free(source);
}

// A master of a master: nothing becomes worse, and what has been mended needs less and less.
static void masters_of_masters_come_to_rest(void **state) {
    (void)state;
    grm_audio *source = band(11, 0.5f);
    store("source.wav", source);
    double first = 0;
    for (int i = 0; i < 3; i++) {
        json_t *report = master("source.wav", &(grm_master_options){.bits = 32});
        double before = at(report, "before", "production_quality"), after = at(report, "after", "production_quality");
        assert_true(after >= before - 0.011);
        if (i == 0) first = after - before;
        assert_true(i < 2 || after - before < fmax(0.1, first / 3));
        json_decref(report);
        grm_audio *out = outcome();
        store("source.wav", out);
        grm_audio_free(out);
    }
    grm_audio_free(source);
}

// Noise bursts: what codecs do to peaks is at its worst. The decoded file is under the ceiling, at the loudness asked.
static void decoded_peaks_stay_under_the_ceiling_too(void **state) {
    (void)state;
    static const char *const names[] = {"out.mp3", "out.ogg", "out.opus"};
    grm_audio *source = silence();
    grm_rng rng = grm_rng_new(12, "noise");
    for (size_t i = 0; i < source->frames; i++)
        for (int side = 0; side < 2; side++)
            source->plane[side][i] = 0.2f * (float)exp(-(double)(i % 9000) / 4000.0) * grm_rng_normal(&rng);
    filter(source, GRM_FILTER_LOWPASS, 9000, 0.7, 0);
    store("source.wav", source);
    char *in = path_of("source.wav");
    for (size_t i = 0; i < GRM_COUNT(names); i++) {
        char *out = path_of(names[i]);
        grm_master_result result;
        const grm_master_options loud = {.has_lufs = true, .lufs = -12, .has_ceiling = true, .ceiling_dbtp = -1};
        assert_int_equal(grm_master_file(profile, in, out, &loud, NULL, &result, NULL), GRM_OK);
        json_t *report = json_loads(result.json, 0, NULL);
        const json_t *decoded = json_object_get(json_object_get(report, "file"), "decoded");
        assert_true(json_number_value(json_object_get(decoded, "true_peak_dbtp")) <= -1);
        assert_true(fabs(at(report, "after", "integrated_lufs") + 12) < 0.1);
        assert_true(noted(report, "moves the peaks"));
        json_decref(report);
        grm_master_result_free(&result);
        free(out);
    }
    free(in);
    grm_audio_free(source);
}

static void vinyl_has_mono_bass_and_soft_sibilants(void **state) {
    (void)state;
    grm_audio *source = band(10, 1);
    for (size_t i = 0; i < source->frames; i++)
        source->plane[0][i] += 0.1f * (float)sin(2 * GRM_PI * 60 * (double)i / RATE);
    filter(source, GRM_FILTER_HIGH_SHELF, 5000, 0.7, 12);
    store("source.wav", source);
    json_t *report = master("source.wav", &(grm_master_options){.target = "vinyl"});
    double deepest = json_number_value(json_object_get(step(report, "de-esser"), "deepest_db"));
    assert_true(deepest < -2 && deepest >= -6.1);
    assert_true(fabs(at(report, "after", "integrated_lufs") + 16) < 0.1);
    grm_audio *out = outcome();
    for (size_t i = 0; i < out->frames; i++) {
        float left = out->plane[0][i], right = out->plane[1][i];
        out->plane[0][i] = out->plane[1][i] = 0.5f * (left + right);
        source->plane[0][i] = source->plane[1][i] = 0.5f * (left - right);
    }
    assert_true(band_db(source, 40, 80) < band_db(out, 40, 80) - 12);  // of the side against the middle; it was -3
    json_decref(report);
    grm_audio_free(out);
    grm_audio_free(source);
}

static int enter(void **state) {
    (void)state;
    return !mkdtemp(folder) || grm_profile_new(NULL, 0, &profile, NULL);
}

static int leave(void **state) {
    (void)state;
    grm_profile_free(profile);
    grm_folder_remove(folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reference_is_come_near_to),
        cmocka_unit_test(what_is_empty_is_raised_by_12_db_at_most),
        cmocka_unit_test(filters_are_exact_and_without_pre_echo),
        cmocka_unit_test(tones_keep_their_meaning),
        cmocka_unit_test(compressions_have_their_ratios_and_each_takes_more),
        cmocka_unit_test(width_0_is_mono_and_2_is_wide),
        cmocka_unit_test(faults_that_can_be_mended_are),
        cmocka_unit_test(clipping_is_named),
        cmocka_unit_test(loudness_that_would_destroy_is_only_reached_by_force),
        cmocka_unit_test(loudness_that_no_one_asked_for_yields_to_quality),
        cmocka_unit_test(masters_of_masters_come_to_rest),
        cmocka_unit_test(decoded_peaks_stay_under_the_ceiling_too),
        cmocka_unit_test(vinyl_has_mono_bass_and_soft_sibilants),
        cmocka_unit_test(every_rate_and_length_keeps_its_frames),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
