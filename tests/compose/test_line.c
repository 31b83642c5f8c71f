// The search for pitches: what singers do, measured over many lines on four plain chords.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/tune.h"

enum { BARS = 4, NOTES = 32, LINES = 150, LOW = 60, HIGH = 81 };

typedef struct song {
    grm_work work;
    grm_style style;
    grm_brief brief;
    grm_chord chords[BARS];
    grm_idea idea;  // eighths without end
} song;

static unsigned triad(int root, bool minor) {
    return 1u << root | 1u << (root + (minor ? 3 : 4)) % 12 | 1u << (root + 7) % 12;
}

static int open_song(void **state) {
    static song s;
    static const int roots[BARS] = {0, 9, 5, 7};  // C Am F G
    s = (song){.brief = {.metre = {4, 4}, .key = {0, GRM_MAJOR, false}},
               .style.melody = {.scale = "diatonic", .leap = 0.12f, .repeat = 0.2f}};
    for (int i = 0; i < BARS; i++)
        s.chords[i] = (grm_chord){.start = i * 4 * GRM_PPQ,
                                  .end = (i + 1) * 4 * GRM_PPQ,
                                  .root = roots[i],
                                  .bass = roots[i],
                                  .pcs = triad(roots[i], i == 1),
                                  .members = 1u | 1u << (i == 1 ? 3 : 4) | 1u << 7};
    s.work = (grm_work){.brief = &s.brief,
                        .style = &s.style,
                        .chords = s.chords,
                        .chord_count = BARS,
                        .scale = grm_mode_scale(GRM_MAJOR, 0),
                        .steps_per_bar = 16,
                        .steps_per_beat = 4,
                        .beats_per_bar = 4,
                        .bar_ticks = 4 * GRM_PPQ,
                        .beat_ticks = GRM_PPQ};
    s.idea = (grm_idea){.count = NOTES, .ticks = BARS * 4 * GRM_PPQ};
    for (int i = 0; i < NOTES; i++) s.idea.at[i] = i * GRM_PPQ / 2, s.idea.length[i] = GRM_PPQ / 2;
    *state = &s;
    return 0;
}

static void sing(const song *s, unsigned seed, grm_ending ending, const int *memory, int pitch[IDEA_NOTES]) {
    grm_rng rng = grm_rng_new(seed, "line");
    grm_singing singing = {.low = LOW,
                           .high = HIGH,
                           .centre = 70,
                           .last_pitch = -1,
                           .noise = memory ? 0.3f : 0.6f,
                           .memory = memory,
                           .memory_weight = 1.4f,
                           .ending = ending};
    grm_line_sing(&s->work, &s->idea, &singing, &rng, pitch);
}

static bool fits(const song *s, int i, int pitch) {
    return s->chords[i / 8].pcs >> (pitch % 12) & 1;
}

static void lines_stay_in_their_range_and_key(void **state) {
    const song *s = *state;
    int pitch[IDEA_NOTES];
    for (unsigned seed = 0; seed < LINES; seed++) {
        sing(s, seed, GRM_ENDING_NONE, NULL, pitch);
        for (int i = 0; i < NOTES; i++) {
            assert_in_range(pitch[i], LOW, HIGH);
            assert_true(s->work.scale >> (pitch[i] % 12) & 1);
        }
    }
}

static void chord_notes_carry_the_beats_and_others_leave_by_step(void **state) {
    const song *s = *state;
    int pitch[IDEA_NOTES], strong = 0, fitting = 0, foreign = 0, resolved = 0;
    for (unsigned seed = 0; seed < LINES; seed++) {
        sing(s, seed, GRM_ENDING_NONE, NULL, pitch);
        for (int i = 0; i + 1 < NOTES; i += 2) {
            strong++;
            fitting += fits(s, i, pitch[i]);
            if (fits(s, i, pitch[i])) continue;
            int move = abs(pitch[i + 1] - pitch[i]);
            foreign++;
            resolved += move == 1 || move == 2 || (move == 0 && fits(s, i + 1, pitch[i + 1]));
        }
    }
    assert_true(fitting * 4 > strong * 3);
    assert_true(fitting < strong);  // or nothing would lean
    assert_true(resolved * 10 > foreign * 7);
}

static void steps_lead_leaps_are_rare_and_nothing_stands_still(void **state) {
    const song *s = *state;
    int pitch[IDEA_NOTES], moves = 0, steps = 0, leaps = 0, beyond = 0, still = 0;
    for (unsigned seed = 0; seed < LINES; seed++) {
        sing(s, seed, GRM_ENDING_NONE, NULL, pitch);
        for (int i = 1; i < NOTES; i++) {
            int move = abs(pitch[i] - pitch[i - 1]);
            moves++;
            steps += move <= 2;
            leaps += move >= 5;
            beyond += move > 12;
            still += i > 1 && move == 0 && pitch[i - 1] == pitch[i - 2];
        }
    }
    assert_true(steps * 2 > moves);
    assert_in_range(leaps, moves / 40, moves / 5);
    assert_int_equal(beyond, 0);
    assert_true(still * 14 < moves);
}

static void questions_end_open_and_answers_on_the_tonic(void **state) {
    const song *s = *state;
    song home = *s;  // whose last bar is the tonic chord
    home.chords[3] = home.chords[0];
    home.chords[3].start = 12 * GRM_PPQ, home.chords[3].end = 16 * GRM_PPQ;
    home.work.chords = home.chords;
    int pitch[IDEA_NOTES], closed = 0, open = 0;
    for (unsigned seed = 0; seed < LINES; seed++) {
        sing(&home, seed, GRM_ENDING_CLOSED, NULL, pitch);
        closed += pitch[NOTES - 1] % 12 == 0;
        sing(s, seed, GRM_ENDING_OPEN, NULL, pitch);
        open += pitch[NOTES - 1] % 12 != 0 && fits(s, NOTES - 1, pitch[NOTES - 1]);
    }
    assert_true(closed * 10 > LINES * 6);
    assert_true(open * 10 > LINES * 8);
}

static void what_was_sung_comes_back(void **state) {
    const song *s = *state;
    int first[IDEA_NOTES], again[IDEA_NOTES], same = 0;
    for (unsigned seed = 0; seed < LINES; seed++) {
        sing(s, seed, GRM_ENDING_NONE, NULL, first);
        sing(s, seed + 1000, GRM_ENDING_NONE, first, again);
        for (int i = 0; i < NOTES; i++) same += first[i] == again[i];
    }
    assert_true(same * 10 > LINES * NOTES * 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_stay_in_their_range_and_key),
        cmocka_unit_test(chord_notes_carry_the_beats_and_others_leave_by_step),
        cmocka_unit_test(steps_lead_leaps_are_rare_and_nothing_stands_still),
        cmocka_unit_test(questions_end_open_and_answers_on_the_tonic),
        cmocka_unit_test(what_was_sung_comes_back),
    };
    return cmocka_run_group_tests(tests, open_song, NULL);
}
