#include "release/mp3.h"

#include "fixture.h"

// Longer than one piece, so that there is a seam: noise of changing level over a tone, with silence and clicks.
static grm_audio *long_audio(unsigned channels) {
    grm_audio *audio = NULL;
    grm_rng rng = grm_rng_new(3, "noise");
    assert_int_equal(grm_audio_new(channels, 16 * 48000 + 321, 48000, &audio, NULL), GRM_OK);
    for (size_t i = 0; i < audio->frames; i++) {
        double t = (double)i / 48000, x = 0.2 * sin(2 * 3.14159265358979 * 440 * t);
        x += 0.02 * (double)grm_rng_normal(&rng) * (1 + sin(t));
        if (i % 24000 < 40) x += 0.5;
        for (unsigned c = 0; c < channels; c++) audio->plane[c][i] = (float)(c ? 0.7 * x : x);
    }
    return audio;
}

static void encode(const grm_audio *audio, unsigned threads, uint8_t **bytes, size_t *size) {
    grm_run run = {0};
    assert_int_equal(grm_pool_new(threads, &run.pool, NULL), GRM_OK);
    grm_tape *sound = tape_of(audio);
    assert_int_equal(grm_mp3_encode(&run, 0, sound, bytes, size, NULL), GRM_OK);
    grm_tape_free(sound);
    grm_pool_free(run.pool);
}

static void threads_do_not_show(void **state) {
    grm_audio *audio = long_audio(2);
    uint8_t *one = NULL, *three = NULL;
    size_t one_size = 0, three_size = 0;
    encode(audio, 1, &one, &one_size);
    encode(audio, 3, &three, &three_size);
    assert_int_equal(one_size, three_size);
    assert_memory_equal(one, three, one_size);
    free(three);
    free(one);
    grm_audio_free(audio);
}

// The delay of encoder and decoder, found by the best match; then the error of every stretch, seams included.
static void seams_cannot_be_heard(void **state) {
    for (unsigned channels = 1; channels <= 2; channels++) {
        grm_audio *audio = long_audio(channels), *back = NULL;
        char *path = test_path("seams.mp3");
        uint8_t *bytes = NULL;
        size_t size = 0, delay = 0;
        encode(audio, 2, &bytes, &size);
        assert_int_equal(grm_file_write(path, bytes, size, NULL), GRM_OK);
        assert_int_equal(grm_audio_read(path, 0, &back, NULL), GRM_OK);
        assert_int_equal(back->channels, channels);
        // 1105 samples where the decoder does not cut them by the Info frame.
        double at_zero = 0, at_delay = 0;
        for (size_t i = 1000; i < 20000; i++) {
            at_zero += fabs((double)(back->plane[0][i] - audio->plane[0][i]));
            at_delay += fabs((double)(back->plane[0][i + 1105] - audio->plane[0][i]));
        }
        if (at_delay < at_zero) delay = 1105;
        assert_true(back->frames >= audio->frames + delay);
        for (size_t start = 0; start + 1152 <= audio->frames; start += 1152) {
            double error = 0, power = 0;
            for (size_t i = start; i < start + 1152; i++) {
                double difference = (double)(back->plane[0][i + delay] - audio->plane[0][i]);
                error += difference * difference;
                power += (double)audio->plane[0][i] * (double)audio->plane[0][i];
            }
            assert_true(error < power * 0.03);  // the noise above the lowpass is 0.01 of it
        }
        grm_audio_free(back);
        grm_audio_free(audio);
        free(bytes);
        unlink(path);
        free(path);
    }
}

static void an_instant_is_a_file_too(void **state) {
    grm_audio *audio = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(grm_audio_new(2, 1, 48000, &audio, NULL), GRM_OK);
    encode(audio, 1, &bytes, &size);
    assert_int_equal(size % 960, 0);
    assert_int_equal(bytes[0], 0xff);
    free(bytes);
    grm_audio_free(audio);
}

static void cancelling_stops_it(void **state) {
    grm_audio *audio = long_audio(2);
    grm_run run = {0};
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(grm_progress_new(NULL, NULL, &run.progress, NULL), GRM_OK);
    grm_progress_cancel(run.progress);
    grm_tape *sound = tape_of(audio);
    assert_int_equal(grm_mp3_encode(&run, 0, sound, &bytes, &size, NULL), GRM_CANCELLED);
    grm_tape_free(sound);
    assert_null(bytes);
    grm_progress_free(run.progress);
    grm_audio_free(audio);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_show),
        cmocka_unit_test(seams_cannot_be_heard),
        cmocka_unit_test(an_instant_is_a_file_too),
        cmocka_unit_test(cancelling_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
