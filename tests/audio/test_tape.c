#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/audio.h"

enum { FRAMES = 100003 };

// What the tape should hold at a frame: long silences and sound in turn, different in each channel, then the same in
// all.
static float sample_at(unsigned channel, size_t frame) {
    if (frame / 20000 % 2 == 1) return 0.0f;
    if (frame / 20000 % 4 == 2) channel = 0;
    return (float)((frame * 31 + channel * 7) % 1009) / 1009.0f - 0.5f;
}

static grm_tape *recorded(size_t piece) {
    grm_tape *tape;
    grm_audio *audio;
    assert_int_equal(grm_tape_new(2, 48000, NULL, &tape, NULL), GRM_OK);
    assert_int_equal(grm_audio_new(2, FRAMES, 48000, &audio, NULL), GRM_OK);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < FRAMES; i++) audio->plane[c][i] = sample_at(c, i);
    for (size_t done = 0; done < FRAMES; done += piece) {
        size_t count = FRAMES - done < piece ? FRAMES - done : piece;
        const float *planes[] = {audio->plane[0] + done, audio->plane[1] + done};
        assert_int_equal(grm_tape_append(tape, planes, count, NULL), GRM_OK);
    }
    grm_audio_free(audio);
    return tape;
}

// Not cmocka's asserts: it is called on other threads.
static bool holds(const grm_tape *tape, size_t start, size_t frames) {
    float *left = grm_floats_new(frames), *right = grm_floats_new(frames);
    float *planes[] = {left, right};
    bool same = grm_tape_read(tape, start, frames, planes, NULL) == GRM_OK;
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < frames; i++) {
            float expected = start + i < FRAMES ? sample_at(c, start + i) : 0.0f;
            same = same && memcmp(&planes[c][i], &expected, sizeof(float)) == 0;
        }
    free(left);
    free(right);
    return same;
}

static void holds_what_was_appended_in_any_pieces(void **state) {
    const size_t pieces[] = {1000, 8191, 8192, 8193, FRAMES};
    for (size_t p = 0; p < GRM_COUNT(pieces); p++) {
        grm_tape *tape = recorded(pieces[p]);
        assert_int_equal(grm_tape_frames(tape), FRAMES);
        assert_int_equal(grm_tape_channels(tape), 2);
        assert_int_equal(grm_tape_rate(tape), 48000);
        assert_true(holds(tape, 0, FRAMES));
        assert_true(holds(tape, 8190, 5));
        assert_true(holds(tape, 12345, 54321));
        grm_tape_free(tape);
    }
}

static void is_silent_beyond_its_end(void **state) {
    grm_tape *tape = recorded(4096);
    assert_true(holds(tape, FRAMES - 10, 100));
    assert_true(holds(tape, FRAMES, 10));
    assert_true(holds(tape, SIZE_MAX - 5, 3));
    grm_tape_free(tape);
}

typedef struct readers {
    const grm_tape *tape;
    bool same[64];
} readers;

static void read_some(void *context, size_t index) {
    readers *r = context;
    r->same[index] = holds(r->tape, index * 1501, 20000);
}

static void many_threads_read_at_once(void **state) {
    grm_pool *pool;
    grm_tape *tape = recorded(5000);
    readers r = {.tape = tape};
    assert_int_equal(grm_pool_new(4, &pool, NULL), GRM_OK);
    grm_pool_run(pool, GRM_COUNT(r.same), read_some, &r);
    for (size_t i = 0; i < GRM_COUNT(r.same); i++) assert_true(r.same[i]);
    grm_pool_free(pool);
    grm_tape_free(tape);
}

static void leaves_no_file_behind(void **state) {
    char folder[] = "/tmp/grammy-test-XXXXXX";
    grm_tape *tape;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(grm_tape_new(1, 48000, folder, &tape, NULL), GRM_OK);
    assert_int_equal(rmdir(folder), 0);  // even while it is in use
    grm_tape_free(tape);
}

// With the size of files limited, as on a full disk: sound fails, silence takes no room.
static void full_disk_is_an_error_and_silence_takes_no_room(void **state) {
    struct rlimit before, small = {.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    grm_error err = {0};
    grm_tape *tape;
    static float quiet[65536], loud[65536];
    const float *silence[] = {quiet, quiet}, *sound[] = {quiet, loud};
    loud[100] = 0.1f;
    loud[50000] = 0.1f;
    assert_int_equal(grm_tape_new(2, 48000, NULL, &tape, &err), GRM_OK);
    for (int i = 0; i < 100; i++) assert_int_equal(grm_tape_append(tape, silence, 65536, &err), GRM_OK);
    grm_status status = GRM_OK;
    for (int i = 0; i < 100 && status == GRM_OK; i++) status = grm_tape_append(tape, sound, 65536, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, GRM_FAILED);
    assert_non_null(strstr(err.message, "TMPDIR"));
    grm_tape_free(tape);
}

static void impossible_tapes_are_refused(void **state) {
    grm_tape *tape;
    grm_error err;
    assert_int_equal(grm_tape_new(0, 48000, NULL, &tape, &err), GRM_USAGE);
    assert_int_equal(grm_tape_new(9, 48000, NULL, &tape, &err), GRM_USAGE);
    assert_int_equal(grm_tape_new(2, 48000, "/nowhere/at/all", &tape, &err), GRM_FAILED);
    assert_non_null(strstr(err.message, "/nowhere/at/all"));
    assert_null(tape);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_was_appended_in_any_pieces),
        cmocka_unit_test(is_silent_beyond_its_end),
        cmocka_unit_test(many_threads_read_at_once),
        cmocka_unit_test(leaves_no_file_behind),
        cmocka_unit_test(full_disk_is_an_error_and_silence_takes_no_room),
        cmocka_unit_test(impossible_tapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
