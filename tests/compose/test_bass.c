// The bass: on the roots, with the kick, and on its way to the next chord.
#include "songs.h"

static bool is_kick(const grm_note *n) {
    return n->pitch == 35 || n->pitch == 36;
}

static bool kick_at(const grm_score *score, int32_t tick, int32_t near) {
    for (size_t p = 0; p < score->part_count; p++)
        for (size_t i = 0; score->parts[p].drums && i < score->parts[p].note_count; i++) {
            const grm_note *n = &score->parts[p].notes[i];
            if (is_kick(n) && abs(n->start - tick) < near) return true;
        }
    return false;
}

static const grm_note *bass_at(const grm_part *bass, int32_t tick, int32_t near) {
    for (size_t i = 0; bass && i < bass->note_count; i++)
        if (abs(bass->notes[i].start - tick) < near) return &bass->notes[i];
    return NULL;
}

// Where both play: of the kicks on a downbeat nearly all have a bass note; of the bass notes far more than chance
// (the kick fills a fifth of the sixteenths) have a kick.
static void the_bass_locks_to_the_kick(void **state) {
    (void)state;
    static const char *const styles[] = {"pop", "rock", "funk", "boom-bap", "rnb-soul"};
    for (size_t s = 0; s < GRM_COUNT(styles); s++) {
        int notes = 0, on_kick = 0, downbeats = 0, met = 0;
        for (uint64_t seed = 0; seed < 4; seed++) {
            grm_brief brief = brief_in(styles[s], seed);
            grm_score *score = compose(&brief);
            const grm_part *bass = part_of(score, GRM_ROLE_BASS);
            assert_non_null(bass);
            for (size_t i = 0; i < bass->note_count; i++) {
                int32_t bar = bass->notes[i].start / (4 * GRM_PPQ) * 4 * GRM_PPQ;
                bool drums = false;
                for (int32_t at = bar; at < bar + 4 * GRM_PPQ && !drums; at += GRM_PPQ / 4)
                    drums = kick_at(score, at, GRM_PPQ / 8);
                notes += drums;
                on_kick += drums && kick_at(score, bass->notes[i].start, GRM_PPQ / 8);
            }
            const grm_section *last = &score->sections[score->section_count - 1];
            for (int32_t bar = 0; bar < last->start; bar += 4 * GRM_PPQ)
                if (kick_at(score, bar, GRM_PPQ / 8) && bass_at(bass, bar + 2 * GRM_PPQ, 2 * GRM_PPQ)) {
                    downbeats++;
                    met += bass_at(bass, bar, GRM_PPQ / 8) != NULL;
                }
            grm_score_free(score);
        }
        assert_true(notes > 100);
        if (on_kick * 100 < notes * 38) fail_msg("%s: %d of %d bass notes on a kick", styles[s], on_kick, notes);
        if (met * 10 < downbeats * 8) fail_msg("%s: bass on %d of %d downbeats", styles[s], met, downbeats);
    }
}

static void some_seams_have_a_run_into_the_next_root(void **state) {
    (void)state;
    int runs = 0, seams = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        grm_brief brief = brief_in("rock", seed);
        grm_score *score = compose(&brief);
        const grm_part *bass = part_of(score, GRM_ROLE_BASS);
        for (size_t s = 0; bass && s + 1 < score->section_count; s++) {
            int32_t end = score->sections[s].end;
            const grm_note *n[4];
            for (int i = 0; i < 4; i++) n[i] = bass_at(bass, end - (3 - i) * GRM_PPQ / 2, GRM_PPQ / 8);
            seams++;
            if (!n[0] || !n[1] || !n[2] || !n[3]) continue;
            int a = n[1]->pitch - n[0]->pitch, b = n[2]->pitch - n[1]->pitch, c = n[3]->pitch - n[2]->pitch;
            runs += a && abs(a) <= 2 && abs(b) <= 2 && abs(c) <= 2 && a * b > 0 && b * c > 0;
        }
        grm_score_free(score);
    }
    if (runs < 4 || runs * 3 > 2 * seams) fail_msg("%d runs at %d seams", runs, seams);
}

// A walking bass plays every beat, mostly by steps and thirds, and has the root where the chord begins.
static void a_walking_bass_walks(void **state) {
    (void)state;
    int moves = 0, small = 0, still = 0, beats = 0;
    for (uint64_t seed = 0; seed < 4; seed++) {
        grm_brief brief = brief_in("jazz-swing", seed);
        grm_score *score = compose(&brief);
        const grm_part *bass = part_named(score, "Bass");
        for (size_t i = 1; bass && i < bass->note_count; i++) {
            int32_t apart = bass->notes[i].start - bass->notes[i - 1].start;
            if (apart < GRM_PPQ * 3 / 4 || apart > GRM_PPQ * 5 / 4) continue;
            int move = abs(bass->notes[i].pitch - bass->notes[i - 1].pitch);
            beats++;
            moves++;
            small += move <= 5;
            still += move == 0;
        }
        grm_score_free(score);
    }
    assert_true(beats > 300);
    assert_true(small * 10 > moves * 8);
    assert_true(still * 6 < moves);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bass_locks_to_the_kick),
        cmocka_unit_test(some_seams_have_a_run_into_the_next_root),
        cmocka_unit_test(a_walking_bass_walks),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
