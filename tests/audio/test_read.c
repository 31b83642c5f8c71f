#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/audio.h"

static char folder[256], path[300];

static int make_folder(void **state) {
    const char *top = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/grammy-test-XXXXXX", top ? top : "/tmp");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof(path), "%s/file", folder);
    return 0;
}

static int remove_folder(void **state) {
    grm_folder_remove(folder);
    return 0;
}

static void write_noise(grm_format format, unsigned channels, size_t frames) {
    grm_audio *audio;
    grm_writer *writer;
    grm_rng rng = grm_rng_new(1, "noise");
    assert_int_equal(grm_audio_new(channels, frames, 48000, &audio, NULL), GRM_OK);
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) audio->plane[c][i] = grm_rng_between(&rng, -0.5f, 0.5f);
    assert_int_equal(grm_writer_open(path, format, channels, 48000, &writer, NULL), GRM_OK);
    assert_int_equal(grm_writer_write(writer, (const float *const *)audio->plane, frames, NULL), GRM_OK);
    assert_int_equal(grm_writer_close(writer, NULL), GRM_OK);
    grm_audio_free(audio);
}

static grm_status read_status(double limit_s, grm_error *err) {
    grm_audio *audio;
    grm_status status = grm_audio_read(path, limit_s, &audio, err);
    assert_int_equal(status == GRM_OK, audio != NULL);
    grm_audio_free(audio);
    return status;
}

static void long_files_come_whole(void **state) {
    grm_audio *audio;
    write_noise(GRM_FLAC24, 2, 1000003);
    assert_int_equal(grm_audio_read(path, 0, &audio, NULL), GRM_OK);
    assert_int_equal(audio->frames, 1000003);
    assert_true(audio->plane[1][1000002] != 0.0f);
    assert_int_equal((uintptr_t)audio->plane[1] % 64, 0);
    assert_null(audio->plane[2]);
    grm_audio_free(audio);
}

// 16 bits have a way of their own: every step is the float that it stands for, in one, two and three channels.
static void words_of_16_bits_are_exact(void **state) {
    (void)state;
    enum { STEPS = 65536 };
    for (unsigned channels = 1; channels <= 3; channels++) {
        for (int flac = 0; flac <= 1; flac++) {
            grm_audio *steps = NULL, *back = NULL;
            assert_int_equal(grm_audio_new(channels, STEPS, 48000, &steps, NULL), GRM_OK);
            for (unsigned c = 0; c < channels; c++)
                for (int i = 0; i < STEPS; i++)
                    steps->plane[c][i] = (float)((i + 7919 * (int)c) % STEPS - 32768) / 32768;
            grm_writer *writer = NULL;
            assert_int_equal(grm_writer_open(path, flac ? GRM_FLAC16 : GRM_WAV16, channels, 48000, &writer, NULL),
                             GRM_OK);
            assert_int_equal(grm_writer_write(writer, (const float *const *)steps->plane, STEPS, NULL), GRM_OK);
            assert_int_equal(grm_writer_close(writer, NULL), GRM_OK);
            assert_int_equal(grm_audio_read(path, 0, &back, NULL), GRM_OK);
            assert_int_equal(back->frames, STEPS);
            for (unsigned c = 0; c < channels; c++)
                assert_memory_equal(back->plane[c], steps->plane[c], STEPS * sizeof(float));
            grm_audio_free(back);
            grm_audio_free(steps);
        }
    }
}

static void the_limit_is_kept_and_named(void **state) {
    grm_error err;
    write_noise(GRM_WAV16, 1, 96000);
    assert_int_equal(read_status(2.0, &err), GRM_OK);
    assert_int_equal(read_status(1.5, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, path));
}

static void no_audio_is_told_by_name(void **state) {
    grm_error err;
    grm_audio *audio;
    assert_int_equal(grm_audio_read("/nowhere/x.wav", 0, &audio, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "/nowhere/x.wav"));
    assert_int_equal(grm_audio_read(folder, 0, &audio, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "folder"));
    assert_int_equal(grm_file_write(path, "", 0, NULL), GRM_OK);
    assert_int_equal(read_status(0, &err), GRM_BAD_INPUT);
    assert_int_equal(grm_file_write(path, "this is no sound at all", 23, NULL), GRM_OK);
    assert_int_equal(read_status(0, &err), GRM_BAD_INPUT);
}

static void a_file_without_sound_is_refused(void **state) {
    grm_error err;
    write_noise(GRM_WAV24, 2, 0);
    assert_int_equal(read_status(0, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "no sound"));
}

static void samples_that_are_no_numbers_are_refused(void **state) {
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < GRM_COUNT(bad); i++) {
        float samples[48000] = {0};
        const float *planes[] = {samples};
        grm_writer *writer;
        grm_error err;
        samples[24000] = bad[i];
        assert_int_equal(grm_writer_open(path, GRM_WAV32F, 1, 48000, &writer, NULL), GRM_OK);
        assert_int_equal(grm_writer_write(writer, planes, 48000, NULL), GRM_OK);
        assert_int_equal(grm_writer_close(writer, NULL), GRM_OK);
        assert_int_equal(read_status(0, &err), GRM_BAD_INPUT);
        assert_non_null(strstr(err.message, "no numbers"));
    }
}

// A file cut anywhere is read up to there, or refused; never more than was written, never a crash.
static void cut_files_are_read_or_refused(void **state) {
    const grm_format formats[] = {GRM_WAV16, GRM_WAV24, GRM_WAV32F, GRM_FLAC24, GRM_MP3_320};
    for (size_t f = 0; f < GRM_COUNT(formats); f++) {
        uint8_t *bytes;
        size_t size;
        write_noise(formats[f], 2, 9000);
        assert_int_equal(grm_file_read(path, 1 << 24, &bytes, &size, NULL), GRM_OK);
        for (size_t cut = 0; cut < size; cut = cut * 5 / 4 + 3) {
            grm_audio *audio;
            grm_error err = {0};
            assert_int_equal(grm_file_write(path, bytes, cut, NULL), GRM_OK);
            grm_status status = grm_audio_read(path, 0, &audio, &err);
            assert_true(status == GRM_OK || status == GRM_BAD_INPUT);
            if (status == GRM_OK) assert_true(audio->frames > 0 && audio->frames <= 9000 + 3 * 1152);
            grm_audio_free(audio);
        }
        free(bytes);
    }
}

// Headers with random bytes changed: sizes, channels and rates become absurd.
static void broken_headers_are_read_or_refused(void **state) {
    const grm_format formats[] = {GRM_WAV24, GRM_FLAC24, GRM_MP3_320};
    grm_rng rng = grm_rng_new(2, "damage");
    for (size_t f = 0; f < GRM_COUNT(formats); f++) {
        uint8_t *bytes;
        size_t size;
        write_noise(formats[f], 2, 2000);
        assert_int_equal(grm_file_read(path, 1 << 24, &bytes, &size, NULL), GRM_OK);
        for (int round = 0; round < 150; round++) {
            uint8_t before[64];
            memcpy(before, bytes, sizeof(before));
            for (unsigned k = 1 + grm_rng_below(&rng, 4); k > 0; k--) {
                unsigned place = grm_rng_below(&rng, sizeof(before));
                bytes[place] = (uint8_t)grm_rng_u32(&rng);
            }
            assert_int_equal(grm_file_write(path, bytes, size, NULL), GRM_OK);
            grm_status status = read_status(600, NULL);
            assert_true(status == GRM_OK || status == GRM_BAD_INPUT);
            memcpy(bytes, before, sizeof(before));
        }
        free(bytes);
    }
}

// What is between is passed over, what follows is read, and nothing is printed about it.
static void mp3_goes_on_behind_junk_without_a_word(void **state) {
    enum { FRAMES = 3 * 48000, JUNK = 20000 };
    uint8_t *bytes, *mixed;
    size_t size;
    char words[320];
    (void)state;
    write_noise(GRM_MP3_320, 2, FRAMES);
    assert_int_equal(grm_file_read(path, 1 << 24, &bytes, &size, NULL), GRM_OK);
    assert_non_null(mixed = malloc(size + JUNK));
    grm_rng rng = grm_rng_new(7, "junk");
    memcpy(mixed, bytes, size / 2);
    for (size_t i = 0; i < JUNK; i++) mixed[size / 2 + i] = (uint8_t)grm_rng_below(&rng, 256);
    memcpy(mixed + size / 2 + JUNK, bytes + size / 2, size - size / 2);
    assert_int_equal(grm_file_write(path, mixed, size + JUNK, NULL), GRM_OK);
    snprintf(words, sizeof words, "%s/words", folder);

    fflush(stderr);
    int stderr_copy = dup(STDERR_FILENO), file = open(words, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(stderr_copy >= 0 && file >= 0);
    dup2(file, STDERR_FILENO);
    grm_audio *audio = NULL;
    grm_status status = grm_audio_read(path, 0, &audio, NULL);
    fflush(stderr);
    dup2(stderr_copy, STDERR_FILENO);
    close(stderr_copy);
    assert_int_equal(status, GRM_OK);
    assert_true(audio->frames > FRAMES - 12 * 1152);
    assert_int_equal(lseek(file, 0, SEEK_END), 0);
    close(file);
    grm_audio_free(audio);
    free(mixed);
    free(bytes);
}

static void mp3_carries_texts(void **state) {
    static const char *const texts[] = {[GRM_TAG_TITLE] = "Na\u00efve \u00a9",
                                        [GRM_TAG_ARTIST] = "A & B",
                                        [GRM_TAG_ALBUM] = "Album",
                                        [GRM_TAG_GENRE] = "Lo-Fi",
                                        [GRM_TAG_DATE] = "2024",
                                        [GRM_TAG_TRACK] = "3",
                                        [GRM_TAG_COMMENT] = "a comment"};
    static float silence[4800];
    const float *planes[] = {silence};
    grm_writer *writer;
    grm_reader *reader;
    (void)state;
    assert_int_equal(grm_writer_open(path, GRM_MP3_320, 1, 48000, &writer, NULL), GRM_OK);
    for (grm_tag tag = 0; tag < GRM_COUNT(texts); tag++) grm_writer_tag(writer, tag, texts[tag]);
    assert_int_equal(grm_writer_write(writer, planes, 4800, NULL), GRM_OK);
    assert_int_equal(grm_writer_close(writer, NULL), GRM_OK);
    assert_int_equal(grm_reader_open(path, &reader, NULL), GRM_OK);
    for (grm_tag tag = 0; tag < GRM_COUNT(texts); tag++) {
        assert_non_null(grm_reader_tag(reader, tag));
        assert_string_equal(grm_reader_tag(reader, tag), texts[tag]);
    }
    assert_null(grm_reader_tag(reader, GRM_TAG_LICENSE));
    grm_reader_close(reader);
}

// The tag that older files have at their end: 128 bytes in Latin-1.
static void mp3_of_old_carries_texts_too(void **state) {
    uint8_t *bytes, tag[128] = "TAGCaf\xe9";
    size_t size;
    grm_reader *reader;
    (void)state;
    memcpy(tag + 33, "Artist  ", 8);
    write_noise(GRM_MP3_320, 1, 9000);
    assert_int_equal(grm_file_read(path, 1 << 24, &bytes, &size, NULL), GRM_OK);
    assert_non_null(bytes = realloc(bytes, size + sizeof tag));
    memcpy(bytes + size, tag, sizeof tag);
    assert_int_equal(grm_reader_open_bytes(bytes, size + sizeof tag, "old", &reader, NULL), GRM_OK);
    assert_string_equal(grm_reader_tag(reader, GRM_TAG_TITLE), "Caf\u00e9");
    assert_string_equal(grm_reader_tag(reader, GRM_TAG_ARTIST), "Artist");
    assert_null(grm_reader_tag(reader, GRM_TAG_ALBUM));
    grm_reader_close(reader);
    free(bytes);
}

// Links of an Ogg file, one behind the other.
static void write_chain(const char *first, const char *second) {
    uint8_t *a, *b, *both;
    size_t size, more;
    assert_int_equal(grm_file_read(first, 1 << 24, &a, &size, NULL), GRM_OK);
    assert_int_equal(grm_file_read(second, 1 << 24, &b, &more, NULL), GRM_OK);
    assert_non_null(both = malloc(size + more));
    memcpy(both, a, size);
    memcpy(both + size, b, more);
    assert_int_equal(grm_file_write(path, both, size + more, NULL), GRM_OK);
    free(both);
    free(b);
    free(a);
}

static void chains_are_read_to_their_end(void **state) {
    const grm_format formats[] = {GRM_OGG, GRM_OPUS};
    char mono[320], stereo[320];
    (void)state;
    snprintf(mono, sizeof mono, "%s/mono", folder);
    snprintf(stereo, sizeof stereo, "%s/stereo", folder);
    for (size_t f = 0; f < GRM_COUNT(formats); f++) {
        grm_audio *audio = NULL, *once = NULL;
        grm_error err = {0};
        write_noise(formats[f], 1, 20000);
        assert_int_equal(rename(path, mono), 0);
        write_noise(formats[f], 2, 30000);
        assert_int_equal(rename(path, stereo), 0);
        assert_int_equal(grm_audio_read(stereo, 0, &once, NULL), GRM_OK);
        assert_int_equal(once->frames, 30000);
        write_chain(stereo, stereo);
        assert_int_equal(grm_audio_read(path, 0, &audio, NULL), GRM_OK);
        assert_int_equal(audio->frames, 60000);
        assert_memory_equal(audio->plane[1], once->plane[1], 30000 * sizeof(float));
        assert_memory_equal(audio->plane[1] + 30000, once->plane[1], 30000 * sizeof(float));
        grm_audio_free(audio);
        grm_audio_free(once);
        write_chain(stereo, mono);
        assert_int_equal(read_status(0, &err), GRM_BAD_INPUT);
        assert_non_null(strstr(err.message, "chain"));
        assert_non_null(strstr(err.message, "0.6 s"));
    }
}

static void standard_input_is_read_as_a_pipe(void **state) {
    uint8_t *bytes;
    size_t size;
    int ends[2], stdin_copy = dup(STDIN_FILENO);
    write_noise(GRM_FLAC24, 1, 5000);
    assert_int_equal(grm_file_read(path, 1 << 20, &bytes, &size, NULL), GRM_OK);
    assert_true(size < 65536);  // what a pipe holds
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, size), size);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    grm_audio *audio;
    grm_status status = grm_audio_read("-", 0, &audio, NULL);
    dup2(stdin_copy, STDIN_FILENO);
    close(stdin_copy);
    assert_int_equal(status, GRM_OK);
    assert_int_equal(audio->frames, 5000);
    grm_audio_free(audio);
    free(bytes);
}

// As a shell's <(COMMAND) is: it has a name, and cannot seek.
static void a_pipe_with_a_name_is_read(void **state) {
    uint8_t *bytes;
    size_t size;
    int ends[2];
    char name[40];
    (void)state;
    write_noise(GRM_FLAC24, 1, 5000);
    assert_int_equal(grm_file_read(path, 1 << 20, &bytes, &size, NULL), GRM_OK);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, size), size);
    close(ends[1]);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    grm_audio *audio = NULL;
    assert_int_equal(grm_audio_read(name, 0, &audio, NULL), GRM_OK);
    assert_int_equal(audio->frames, 5000);
    close(ends[0]);
    grm_audio_free(audio);
    free(bytes);
}

// Half a second of 440 Hz in stereo.
static void aac_is_read_or_its_remedy_is_named(void **state) {
    char file[1024];
    const char *root = getenv("GRAMMY_SOURCE");
    grm_audio *audio;
    grm_error err;
    snprintf(file, sizeof file, "%s/tests/golden/audio/tone.m4a", root ? root : ".");
#if GRM_HAVE_FFMPEG
    assert_int_equal(grm_audio_read(file, 0, &audio, &err), GRM_OK);
    assert_int_equal(audio->rate_hz, 44100);
    assert_int_equal(audio->channels, 2);
    assert_true(audio->frames >= 22050 && audio->frames < 22050 + 2 * 1024);
    unsigned rises = 0;
    for (size_t i = 4411; i <= 17640; i++) rises += audio->plane[1][i - 1] < 0 && audio->plane[1][i] >= 0;
    assert_in_range(rises, 131, 133);  // 440 Hz for 0.3 s
    grm_audio_free(audio);
#else
    assert_int_equal(grm_audio_read(file, 0, &audio, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "AAC"));
    assert_non_null(strstr(err.message, "convert it"));
#endif
}

static void bytes_in_memory_are_a_file_too(void **state) {
    uint8_t *bytes;
    size_t size, got;
    grm_reader *reader;
    grm_error err;
    static float left[3000], right[3000];
    float *planes[] = {left, right};
    write_noise(GRM_WAV32F, 2, 2000);
    assert_int_equal(grm_file_read(path, 1 << 20, &bytes, &size, NULL), GRM_OK);
    assert_int_equal(grm_reader_open_bytes(bytes, size, "bytes", &reader, NULL), GRM_OK);
    assert_int_equal(grm_reader_read(reader, planes, 3000, &got, NULL), GRM_OK);
    assert_int_equal(got, 2000);
    assert_true(right[1999] != 0.0f);
    grm_reader_close(reader);
    assert_int_equal(grm_reader_open_bytes(bytes, 20, "bytes", &reader, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "'bytes'"));
    free(bytes);
}

static void audio_of_absurd_size_is_refused(void **state) {
    grm_audio *audio;
    grm_error err;
    assert_int_equal(grm_audio_new(0, 10, 48000, &audio, &err), GRM_USAGE);
    assert_int_equal(grm_audio_new(GRM_MAX_CHANNELS + 1, 10, 48000, &audio, &err), GRM_USAGE);
    assert_int_equal(grm_audio_new(2, 10, 0, &audio, &err), GRM_USAGE);
    assert_int_equal(grm_audio_new(8, SIZE_MAX / 8, 48000, &audio, &err), GRM_FAILED);
    assert_null(audio);
    assert_int_equal(grm_audio_new(3, 0, 48000, &audio, &err), GRM_OK);
    grm_audio_free(audio);
    grm_audio_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_files_come_whole),
        cmocka_unit_test(words_of_16_bits_are_exact),
        cmocka_unit_test(the_limit_is_kept_and_named),
        cmocka_unit_test(no_audio_is_told_by_name),
        cmocka_unit_test(a_file_without_sound_is_refused),
        cmocka_unit_test(samples_that_are_no_numbers_are_refused),
        cmocka_unit_test(cut_files_are_read_or_refused),
        cmocka_unit_test(broken_headers_are_read_or_refused),
        cmocka_unit_test(mp3_goes_on_behind_junk_without_a_word),
        cmocka_unit_test(mp3_carries_texts),
        cmocka_unit_test(mp3_of_old_carries_texts_too),
        cmocka_unit_test(chains_are_read_to_their_end),
        cmocka_unit_test(standard_input_is_read_as_a_pipe),
        cmocka_unit_test(a_pipe_with_a_name_is_read),
        cmocka_unit_test(aac_is_read_or_its_remedy_is_named),
        cmocka_unit_test(bytes_in_memory_are_a_file_too),
        cmocka_unit_test(audio_of_absurd_size_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
