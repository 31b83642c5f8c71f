// Soft and loud: between sections, and on the way from one to the next.
#include "songs.h"

// Mean velocity of the notes that start in a stretch; 0 when there are none.
static double loudness(const grm_score *score, int32_t from, int32_t to) {
    double sum = 0, count = 0;
    for (size_t p = 0; p < score->part_count; p++)
        for (size_t i = 0; i < score->parts[p].note_count; i++) {
            const grm_note *n = &score->parts[p].notes[i];
            if (n->start < from || n->start >= to) continue;
            sum += n->velocity;
            count++;
        }
    return count > 0 ? sum / count : 0;
}

static double spread(const char *style, uint64_t seed) {
    grm_brief brief = brief_in(style, seed);
    brief.duration_s = 150;
    grm_score *score = compose(&brief);
    double softest = 127, loudest = 0;
    for (size_t s = 0; s < score->section_count; s++) {
        double v = loudness(score, score->sections[s].start, score->sections[s].end);
        if (v <= 0) continue;
        softest = fmin(softest, v);
        loudest = fmax(loudest, v);
    }
    grm_score_free(score);
    return 40 * log10(loudest / softest);
}

// In dB of a SoundFont's velocities.
static void chamber_players_and_pianists_play_soft_and_loud(void **state) {
    (void)state;
    static const char *const wide[] = {"classical-chamber", "classical-piano", "orchestral-cinematic"};
    for (size_t i = 0; i < GRM_COUNT(wide); i++) {
        double sum = 0;
        for (uint64_t seed = 1; seed <= 4; seed++) sum += spread(wide[i], seed) / 4;
        if (sum < 7) fail_msg("%s: %.1f dB between its softest and its loudest section", wide[i], sum);
    }
    double house = 0;
    for (uint64_t seed = 1; seed <= 4; seed++) house += spread("house", seed) / 4;
    if (house > 5) fail_msg("house: %.1f dB", house);
}

static void players_swell_into_what_is_louder(void **state) {
    (void)state;
    int risen = 0, seen = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        grm_brief brief = brief_in("classical-piano", seed);
        brief.metre = (grm_metre){4, 4};
        brief.duration_s = 150;
        grm_score *score = compose(&brief);
        int32_t bar = 4 * GRM_PPQ;
        for (size_t s = 0; s + 1 < score->section_count; s++) {
            const grm_section *now = &score->sections[s], *next = &score->sections[s + 1];
            if (now->end - now->start < 8 * bar || next->energy < now->energy + 0.2f) continue;
            seen++;
            risen +=
                loudness(score, now->end - bar, now->end) > loudness(score, now->end - 5 * bar, now->end - 2 * bar) + 2;
        }
        grm_score_free(score);
    }
    if (seen < 6 || risen * 10 < seen * 7) fail_msg("%d of %d", risen, seen);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chamber_players_and_pianists_play_soft_and_loud),
        cmocka_unit_test(players_swell_into_what_is_louder),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
