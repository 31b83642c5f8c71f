#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/audio.h"

static char folder[256];

static int make_folder(void **state) {
    const char *top = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/grammy-test-XXXXXX", top ? top : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    grm_folder_remove(folder);
    return 0;
}

static grm_audio *sine(unsigned channels, size_t frames, unsigned rate) {
    grm_audio *audio;
    assert_int_equal(grm_audio_new(channels, frames, rate, &audio, NULL), GRM_OK);
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++)
            audio->plane[c][i] = 0.8f * (float)sin(6.283185307179586 * 440.0 * (c + 1) * (double)i / rate);
    return audio;
}

static char *write_file(const char *name, grm_format format, const grm_audio *audio) {
    char *path = grm_path_join(folder, name);
    grm_writer *writer;
    grm_error err;
    assert_non_null(path);
    assert_int_equal(grm_writer_open(path, format, audio->channels, audio->rate_hz, &writer, &err), GRM_OK);
    // In uneven pieces, as a stream comes.
    const float *at[GRM_MAX_CHANNELS];
    for (size_t done = 0, piece = 1; done < audio->frames; done += piece, piece = piece * 3 + 7) {
        if (piece > audio->frames - done) piece = audio->frames - done;
        for (unsigned c = 0; c < audio->channels; c++) at[c] = audio->plane[c] + done;
        assert_int_equal(grm_writer_write(writer, at, piece, &err), GRM_OK);
    }
    assert_int_equal(grm_writer_close(writer, &err), GRM_OK);
    return path;
}

static double largest_difference(const grm_audio *a, const grm_audio *b) {
    double worst = 0.0;
    for (unsigned c = 0; c < a->channels; c++)
        for (size_t i = 0; i < a->frames; i++) worst = fmax(worst, fabs((double)a->plane[c][i] - b->plane[c][i]));
    return worst;
}

static void round_trip(grm_format format, double tolerance, unsigned channels) {
    grm_audio *audio = sine(channels, 30011, 44100), *back;
    grm_error err;
    char *path = write_file("round", format, audio);
    assert_int_equal(grm_audio_read(path, 0, &back, &err), GRM_OK);
    assert_int_equal(back->channels, channels);
    assert_int_equal(back->rate_hz, 44100);
    assert_int_equal(back->frames, audio->frames);
    assert_true(largest_difference(audio, back) <= tolerance);
    grm_audio_free(back);
    grm_audio_free(audio);
    free(path);
}

static void integer_formats_round_to_half_a_step(void **state) {
    for (unsigned channels = 1; channels <= GRM_MAX_CHANNELS; channels++) {
        round_trip(GRM_WAV16, 0.5 / 32768 + 1e-9, channels);
        round_trip(GRM_WAV24, 0.5 / 8388608 + 1e-12, channels);
        round_trip(GRM_FLAC24, 0.5 / 8388608 + 1e-12, channels);
    }
}

static void float_format_keeps_every_bit(void **state) {
    round_trip(GRM_WAV32F, 0.0, 2);
}

static void loud_and_absurd_samples_are_clipped_not_wrapped(void **state) {
    const float samples[] = {1.0f, -1.0f, 1.5f, -7.0f, INFINITY, -INFINITY, NAN, 0.0f};
    const float expected[] = {1, -1, 1, -1, 1, -1, 0, 0};
    const grm_format kinds[] = {GRM_WAV16, GRM_WAV24, GRM_FLAC24};
    for (size_t k = 0; k < GRM_COUNT(kinds); k++) {
        grm_audio *audio, *back;
        assert_int_equal(grm_audio_new(1, GRM_COUNT(samples), 48000, &audio, NULL), GRM_OK);
        memcpy(audio->plane[0], samples, sizeof(samples));
        char *path = write_file("loud", kinds[k], audio);
        assert_int_equal(grm_audio_read(path, 0, &back, NULL), GRM_OK);
        for (size_t i = 0; i < GRM_COUNT(samples); i++)
            assert_true(fabsf(back->plane[0][i] - expected[i]) <= 1.0f / 32768);
        grm_audio_free(audio);
        grm_audio_free(back);
        free(path);
    }
}

static void same_sound_gives_same_bytes(void **state) {
    const grm_format kinds[] = {GRM_WAV16, GRM_WAV24, GRM_WAV32F, GRM_FLAC24, GRM_MP3_320};
    grm_audio *audio = sine(2, 48000, 48000);
    for (size_t k = 0; k < GRM_COUNT(kinds); k++) {
        uint8_t *bytes[2];
        size_t size[2];
        for (int run = 0; run < 2; run++) {
            if (run > 0 && kinds[k] == GRM_WAV32F) sleep(1);  // a time in the header would show
            char *path = write_file(run ? "b" : "a", kinds[k], audio);
            assert_int_equal(grm_file_read(path, 1 << 24, &bytes[run], &size[run], NULL), GRM_OK);
            free(path);
        }
        assert_int_equal(size[0], size[1]);
        assert_memory_equal(bytes[0], bytes[1], size[0]);
        free(bytes[0]);
        free(bytes[1]);
    }
    grm_audio_free(audio);
}

// The bit rate of an MPEG-1 layer III frame is in the upper half of its third byte; 14 means 320 kb/s (ISO 11172-3,
// 2.4.2.3). Every frame of a constant rate says so.
static void mp3_has_320_kilobits_in_every_frame(void **state) {
    grm_audio *audio = sine(2, 3 * 48000, 48000);
    char *path = write_file("x.mp3", GRM_MP3_320, audio);
    uint8_t *bytes;
    size_t size, frames = 0;
    assert_int_equal(grm_file_read(path, 1 << 24, &bytes, &size, NULL), GRM_OK);
    const size_t frame_size = 144 * 320000 / 48000;
    for (size_t i = 0; i + 4 <= size; i += frame_size, frames++) {
        assert_int_equal(bytes[i], 0xff);
        assert_int_equal(bytes[i + 1] & 0xfe, 0xfa);
        assert_int_equal(bytes[i + 2] >> 4, 14);
    }
    assert_true(frames >= 3 * 48000 / 1152);
    free(bytes);
    free(path);
    grm_audio_free(audio);
}

static void mp3_sounds_like_what_was_written(void **state) {
    grm_audio *audio = sine(2, 48000, 48000), *back;
    char *path = write_file("x.mp3", GRM_MP3_320, audio);
    assert_int_equal(grm_audio_read(path, 0, &back, NULL), GRM_OK);
    double signal = 0.0;
    for (size_t i = 4800; i < 43200; i++) signal += (double)back->plane[0][i] * back->plane[0][i];
    assert_true(fabs(10.0 * log10(signal / 38400 / (0.8 * 0.8 / 2))) < 0.1);
    grm_audio_free(audio);
    grm_audio_free(back);
    free(path);
}

static void impossible_forms_are_refused(void **state) {
    grm_writer *writer;
    grm_error err;
    char *path = grm_path_join(folder, "no");
    assert_int_equal(grm_writer_open(path, GRM_MP3_320, 3, 48000, &writer, &err), GRM_USAGE);
    assert_null(writer);
    assert_int_equal(grm_writer_open(path, GRM_WAV24, 0, 48000, &writer, &err), GRM_USAGE);
    assert_int_equal(grm_writer_open(path, GRM_WAV24, 9, 48000, &writer, &err), GRM_USAGE);
    assert_int_equal(grm_writer_open(path, GRM_WAV24, 2, 0, &writer, &err), GRM_USAGE);
    assert_int_equal(grm_writer_open(path, GRM_MP3_320, 2, 47999, &writer, &err), GRM_USAGE);
    assert_int_equal(grm_writer_open("/nowhere/at/all.wav", GRM_WAV24, 2, 48000, &writer, &err), GRM_FAILED);
    assert_non_null(strstr(err.message, "/nowhere/at/all.wav"));
    free(path);
}

static void full_disk_is_an_error_that_names_the_file(void **state) {
    const grm_format kinds[] = {GRM_WAV16, GRM_WAV24, GRM_WAV32F, GRM_FLAC24, GRM_MP3_320};
    if (access("/dev/full", W_OK) != 0) skip();
    grm_audio *noise = sine(2, 48000, 48000);
    for (size_t i = 0; i < noise->frames; i++) noise->plane[0][i] = (float)(i * 7919 % 1000) / 1000.0f - 0.5f;
    for (size_t k = 0; k < GRM_COUNT(kinds); k++) {
        grm_writer *writer;
        grm_error err = {0};
        grm_status status = grm_writer_open("/dev/full", kinds[k], 2, 48000, &writer, &err);
        if (status == GRM_OK) {
            status = grm_writer_write(writer, (const float *const *)noise->plane, noise->frames, &err);
            grm_status closed = grm_writer_close(writer, status == GRM_OK ? &err : NULL);
            if (status == GRM_OK) status = closed;
        }
        assert_int_equal(status, GRM_FAILED);
        assert_non_null(strstr(err.message, "/dev/full"));
        assert_non_null(strstr(err.message, strerror(28)));  // ENOSPC
    }
    grm_audio_free(noise);
}

static void wav_of_more_than_4_gb_is_refused(void **state) {
    // Sound that is asked for but never written: the size is known before.
    static float silence[1];
    const float *planes[GRM_MAX_CHANNELS];
    for (int c = 0; c < GRM_MAX_CHANNELS; c++) planes[c] = silence;
    char *path = grm_path_join(folder, "huge.wav");
    grm_writer *writer;
    grm_error err;
    assert_int_equal(grm_writer_open(path, GRM_WAV24, 8, 48000, &writer, &err), GRM_OK);
    assert_int_equal(grm_writer_write(writer, planes, (size_t)180000000, &err), GRM_FAILED);
    assert_non_null(strstr(err.message, "4 GB"));
    assert_int_equal(grm_writer_close(writer, &err), GRM_OK);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integer_formats_round_to_half_a_step),
        cmocka_unit_test(float_format_keeps_every_bit),
        cmocka_unit_test(loud_and_absurd_samples_are_clipped_not_wrapped),
        cmocka_unit_test(same_sound_gives_same_bytes),
        cmocka_unit_test(mp3_has_320_kilobits_in_every_frame),
        cmocka_unit_test(mp3_sounds_like_what_was_written),
        cmocka_unit_test(impossible_forms_are_refused),
        cmocka_unit_test(full_disk_is_an_error_that_names_the_file),
        cmocka_unit_test(wav_of_more_than_4_gb_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
