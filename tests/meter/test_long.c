// What grows with the length of a recording.
#include <sys/resource.h>

#include "hearing.h"

enum { RATE = 22050, MINUTES = 60 };

#if defined(__SANITIZE_ADDRESS__) || !defined(__linux__)
#define MEASURED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define MEASURED 0
#endif
#endif
#ifndef MEASURED
#define MEASURED 1  // sanitizers keep what was freed
#endif

static double peak_mb(void) {
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (double)usage.ru_maxrss / 1024;
}

// A beat that is 118 a minute, so that the minutes are alike, and a chord that changes every four.
static sound make_minute(void) {
    sound s = sound_new(RATE, 60);
    for (int beat = 0; beat < 118; beat++) {
        double at = beat * 60.0 / 118;
        add_noise(&s, at, 0.05, beat % 4 ? 0.2 : 0.5);
        if (beat % 4 == 0) add_chord(&s, at, 4 * 60.0 / 118, 7 * (beat / 4 % 2), false, 0);
    }
    return s;
}

static void an_hour_of_beats_and_notes_takes_little_memory(void **state) {
    (void)state;
    static const grm_ear *const ears[] = {&grm_ear_rhythm, &grm_ear_harmony};
    enum { EARS = sizeof ears / sizeof *ears };
    hearing h;
    hearing_begin(&h, 1);
    h.analysis.features.duration_s = 60.0 * MINUTES;
    const grm_listening listening = {
        .profile = &h.profile, .file_rate_hz = RATE, .channels = 1, .rate_hz = RATE, .hop = 512, .run = &h.run};
    sound minute = make_minute();
    void *selves[EARS];
    for (size_t e = 0; e < EARS; e++) assert_int_equal(ears[e]->open(&listening, &selves[e], NULL), GRM_OK);
    double before = 0;
    for (size_t m = 0; m < MINUTES; m++) {
        const grm_block b = {
            .planes = {minute.x}, .frames = minute.frames, .mono = minute.x, .mono_frames = minute.frames};
        for (size_t e = 0; e < EARS; e++) assert_int_equal(ears[e]->hear(selves[e], &b, NULL), GRM_OK);
        if (m == 0) before = peak_mb();
    }
    for (size_t e = 0; e < EARS; e++) assert_int_equal(ears[e]->finish(selves[e], &h.run, &h.analysis, NULL), GRM_OK);
    const double grown = peak_mb() - before;
    assert_true(fabs(h.analysis.features.tempo_bpm - 118) < 0.1);
    assert_true(h.analysis.beat_count > 118 * (MINUTES - 1));
    for (size_t e = 0; e < EARS; e++)
        if (selves[e]) ears[e]->close(selves[e]);
    free(minute.x);
    hearing_end(&h);
    if (MEASURED) assert_true(grown < 25);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_hour_of_beats_and_notes_takes_little_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
