#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "audio/audio.h"

static const double tau = 6.283185307179586;

static grm_audio *sine(double hz, size_t frames, unsigned rate) {
    grm_audio *audio;
    assert_int_equal(grm_audio_new(2, frames, rate, &audio, NULL), GRM_OK);
    for (size_t i = 0; i < frames; i++) {
        audio->plane[0][i] = 0.5f * (float)sin(tau * hz * (double)i / rate);
        audio->plane[1][i] = 0.5f * (float)cos(tau * hz * (double)i / rate);
    }
    return audio;
}

// The rates of files in the wild. What comes out is the sine at the new rate, in time and level.
static void a_sine_stays_what_it_is(void **state) {
    const unsigned rates[] = {8000, 22050, 32000, 44100, 48000, 88200, 96000, 192000};
    for (size_t a = 0; a < GRM_COUNT(rates); a++)
        for (size_t b = 0; b < GRM_COUNT(rates); b++) {
            grm_audio *in = sine(1000.0, rates[a] / 2, rates[a]), *out;
            grm_error err;
            assert_int_equal(grm_audio_resample(in, rates[b], &out, &err), GRM_OK);
            assert_int_equal(out->rate_hz, rates[b]);
            assert_int_equal(out->channels, 2);
            assert_true(fabs((double)out->frames - rates[b] / 2.0) <= 0.5);
            double worst = 0.0;
            for (size_t i = out->frames / 4; i < out->frames * 3 / 4; i++) {
                double phase = tau * 1000.0 * (double)i / rates[b];
                worst = fmax(worst, fabs((double)out->plane[0][i] - 0.5 * sin(phase)));
                worst = fmax(worst, fabs((double)out->plane[1][i] - 0.5 * cos(phase)));
            }
            assert_true(worst < 1e-4);  // -80 dB
            grm_audio_free(in);
            grm_audio_free(out);
        }
}

static void what_a_lower_rate_cannot_hold_is_gone(void **state) {
    grm_audio *in = sine(15000.0, 48000, 48000), *out;
    assert_int_equal(grm_audio_resample(in, 22050, &out, NULL), GRM_OK);
    for (size_t i = 2000; i < out->frames - 2000; i++) assert_true(fabsf(out->plane[0][i]) < 5e-5f);
    grm_audio_free(in);
    grm_audio_free(out);
}

static void the_same_rate_is_a_copy(void **state) {
    grm_audio *in = sine(440.0, 1001, 44100), *out;
    assert_int_equal(grm_audio_resample(in, 44100, &out, NULL), GRM_OK);
    assert_int_equal(out->frames, 1001);
    assert_memory_equal(in->plane[1], out->plane[1], 1001 * sizeof(float));
    grm_audio_free(in);
    grm_audio_free(out);
}

static void short_and_empty_sound_is_no_trouble(void **state) {
    for (size_t frames = 0; frames < 40; frames++) {
        grm_audio *in = sine(440.0, frames, 44100), *out;
        assert_int_equal(grm_audio_resample(in, 48000, &out, NULL), GRM_OK);
        assert_true(fabs((double)out->frames - (double)frames * 48000 / 44100) <= 0.5);
        for (size_t i = 0; i < out->frames; i++) assert_true(fabsf(out->plane[0][i]) < 1.0f);
        grm_audio_free(in);
        grm_audio_free(out);
    }
}

static void absurd_rates_are_refused(void **state) {
    grm_audio *in = sine(440.0, 100, 44100), *out;
    grm_error err;
    assert_int_equal(grm_audio_resample(in, 0, &out, &err), GRM_USAGE);
    assert_int_equal(grm_audio_resample(in, 1000000, &out, &err), GRM_USAGE);
    assert_null(out);
    grm_audio_free(in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sine_stays_what_it_is),  cmocka_unit_test(what_a_lower_rate_cannot_hold_is_gone),
        cmocka_unit_test(the_same_rate_is_a_copy),  cmocka_unit_test(short_and_empty_sound_is_no_trouble),
        cmocka_unit_test(absurd_rates_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
