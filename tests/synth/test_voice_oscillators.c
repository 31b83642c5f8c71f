// Saws, pulses and wavetables: the right harmonics, and nothing between them.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// after the above
#include <cmocka.h>

#include "synth/voice_engine.h"

enum { SIZE = 32768 };

static float *spectrum_db(const float *x) {
    grm_fft *fft = NULL;
    assert_int_equal(grm_fft_new(SIZE, &fft, NULL), GRM_OK);
    float *w = grm_floats_new(SIZE);
    grm_complex *bins = calloc(SIZE / 2 + 1, sizeof *bins);
    grm_window_fill(GRM_WINDOW_BLACKMAN, true, SIZE, w);
    for (int i = 0; i < SIZE; i++) w[i] *= x[i];
    grm_fft_forward(fft, w, bins);
    float *db = grm_floats_new(SIZE / 2 + 1);
    // a sine of amplitude 1 reads 0 dB: the window's mean is 0.42
    for (int i = 0; i <= SIZE / 2; i++)
        db[i] = 20 * log10f(hypotf(bins[i].re, bins[i].im) / (0.42f * SIZE / 2) + 1e-10f);
    grm_fft_free(fft);
    free(bins);
    free(w);
    return db;
}

// The strongest thing that is no harmonic, in dB beside the fundamental.
static float aliases(const float *db, float hz) {
    float worst = -200, first = db[(int)lroundf(hz * SIZE / GRM_RATE)];
    for (int i = 8; i <= SIZE / 2; i++) {
        float at = (float)i * GRM_RATE / SIZE, h = roundf(at / hz);
        if (fabsf(at - h * hz) > 8.0f * GRM_RATE / SIZE && db[i] > worst) worst = db[i];
    }
    return worst - first;
}

static float *play_saw(float hz, bool pulse) {
    grm_blep *blep = NULL;
    assert_int_equal(grm_blep_new(&blep, NULL), GRM_OK);
    float *x = grm_floats_new(SIZE + 2048);
    uint32_t phase = 0, second = 0x5a000000u, step = grm_phase_increment(hz);
    float buffer[GRM_STRETCH + 1 + GRM_BLEP_TAPS] = {0};
    for (int at = 0; at < SIZE + 2048; at += GRM_STRETCH) {
        grm_blep_saw(blep, &phase, step, GRM_STRETCH, 1, 1, buffer, NULL);
        if (pulse) grm_blep_saw(blep, &second, step, GRM_STRETCH, -1, -1, buffer, NULL);
        memcpy(x + at, buffer, GRM_STRETCH * sizeof *x);
        memmove(buffer, buffer + GRM_STRETCH, (1 + GRM_BLEP_TAPS) * sizeof *x);
        memset(buffer + 1 + GRM_BLEP_TAPS, 0, GRM_STRETCH * sizeof *x);
    }
    memmove(x, x + 2048, SIZE * sizeof *x);
    grm_blep_free(blep);
    return x;
}

static void saws_at_5_khz_have_no_aliases_above_60_db_down(void **state) {
    static const float pitches[] = {4978, 5013, 2489.7f, 1234.5f, 440};
    for (size_t p = 0; p < GRM_COUNT(pitches); p++)
        for (int pulse = 0; pulse < 2; pulse++) {
            float *x = play_saw(pitches[p], pulse), *db = spectrum_db(x);
            assert_true(aliases(db, pitches[p]) < -60);
            free(db);
            free(x);
        }
}

static void a_saw_has_every_harmonic_at_its_level_and_no_offset(void **state) {
    float hz = 46.0f * 10 * GRM_RATE / SIZE;  // on a bin
    float *x = play_saw(hz, false), *db = spectrum_db(x);
    for (int h = 1; (float)h * hz < 15000; h++)
        assert_float_equal(db[460 * h], 20 * log10f(2 / (float)GRM_PI / (float)h), 0.6f);
    double sum = 0;
    for (int i = 0; i < SIZE; i++) sum += (double)x[i];
    assert_true(fabs(sum / SIZE) < 1e-3);
    free(db);
    free(x);
}

static void wavetables_at_5_khz_have_no_aliases_above_60_db_down(void **state) {
    static const float organ[] = {1, 0.8f, 0.6f, 0.5f, 0.4f, 0.5f, 0.3f, 0.5f, 0.2f, 0.3f};
    for (int wave = GRM_WAVE_SAW; wave <= GRM_WAVE_HARMONICS; wave++) {
        grm_wavetable *table = NULL;
        assert_int_equal(grm_wavetable_new(wave, organ, GRM_COUNT(organ), &table, NULL), GRM_OK);
        float *x = grm_floats_new(SIZE);
        uint32_t phase = 0, step = grm_phase_increment(4978);
        const grm_wave_point *period = grm_wavetable_at(table, step);
        for (int i = 0; i < SIZE; i++, phase += step) x[i] = grm_wave_read(period, phase);
        float *db = spectrum_db(x);
        assert_true(aliases(db, 4978) < -60);
        free(db);
        free(x);
        grm_wavetable_free(table);
    }
}

static void the_sine_is_a_sine(void **state) {
    for (float x = -1; x <= 1; x += 0.001f) assert_float_equal(grm_sine(x), sin(GRM_PI * (double)x), 1e-6);
}

static void the_filter_passes_below_and_falls_12_db_an_octave_above(void **state) {
    static const struct {
        float hz, low, high;
    } wanted[] = {{50, -0.1f, 0.1f}, {1000, -3.2f, -2.8f}, {4000, -25.5f, -23.5f}, {8000, -38.5f, -36}};
    for (size_t k = 0; k < GRM_COUNT(wanted); k++) {
        grm_svf filter = {0, 0};
        grm_svf_tuning tuning = grm_svf_tune(1000, 1.4142136f);
        double in = 0, out = 0;
        for (int i = 0; i < GRM_RATE; i++) {
            float x = sinf(2 * (float)GRM_PI * wanted[k].hz * (float)i / GRM_RATE);
            float y = grm_svf_next(&filter, x, &tuning).low;
            if (i >= GRM_RATE / 2) {
                in += (double)x * (double)x;
                out += (double)y * (double)y;
            }
        }
        float db = (float)(10 * log10(out / in));
        assert_true(db > wanted[k].low && db < wanted[k].high);
    }
}

static void softening_adds_no_offset_and_stays_below_one(void **state) {
    grm_softener s = grm_softener_new();
    double sum = 0;
    for (int at = 0; at < GRM_RATE; at += GRM_STRETCH) {
        float x[GRM_STRETCH];
        for (int i = 0; i < GRM_STRETCH; i++) x[i] = 4 * sinf(2 * (float)GRM_PI * 480 * (float)(at + i) / GRM_RATE);
        grm_soften(&s, 2, GRM_STRETCH, x);
        for (int i = 0; i < GRM_STRETCH; i++) {
            assert_true(fabsf(x[i]) < 1);
            sum += (double)x[i];
        }
    }
    assert_true(fabs(sum / GRM_RATE) < 1e-4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saws_at_5_khz_have_no_aliases_above_60_db_down),
        cmocka_unit_test(a_saw_has_every_harmonic_at_its_level_and_no_offset),
        cmocka_unit_test(wavetables_at_5_khz_have_no_aliases_above_60_db_down),
        cmocka_unit_test(the_sine_is_a_sine),
        cmocka_unit_test(the_filter_passes_below_and_falls_12_db_an_octave_above),
        cmocka_unit_test(softening_adds_no_offset_and_stays_below_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
