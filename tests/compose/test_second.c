// The second voice: with the tune, in thirds and sixths, in notes that fit.
#include "songs.h"

typedef struct voice {
    const char *style, *tune, *second;
} voice;

static const voice voices[] = {{"pop", "Lead Melody", "Second Voice"},
                               {"folk", "Lead Melody", "Second Voice"},
                               {"rnb-soul", "Lead Melody", "Backing Voices"},
                               {"jazz-swing", "Lead Melody", "Harmony Horn"},
                               {"classical-piano", "Right Hand Melody", "Right Hand in Thirds"}};

// The note of the part that begins within a thirtieth of a second or so of `at`.
static const grm_note *begins_at(const grm_part *part, int32_t at) {
    const grm_note *best = NULL;
    for (size_t i = 0; i < part->note_count; i++) {
        int32_t off = abs(part->notes[i].start - at);
        if (off < 90 && (!best || off < abs(best->start - at))) best = &part->notes[i];
    }
    return best;
}

static void it_sings_with_the_tune_in_thirds_and_sixths(void **state) {
    (void)state;
    for (size_t v = 0; v < GRM_COUNT(voices); v++) {
        int notes = 0, together = 0, sweet = 0, harsh = 0;
        for (uint64_t seed = 0; seed < 6; seed++) {
            grm_brief brief = brief_in(voices[v].style, seed);
            brief.duration_s = 200;
            grm_score *score = compose(&brief);
            const grm_part *tune = part_named(score, voices[v].tune), *second = part_named(score, voices[v].second);
            for (size_t i = 0; tune && second && i < second->note_count; i++) {
                const grm_note *n = &second->notes[i], *with = begins_at(tune, n->start);
                notes++;
                if (!with) continue;
                int below = ((with->pitch - n->pitch) % 12 + 12) % 12;
                together++;
                sweet += below == 3 || below == 4 || below == 8 || below == 9;
                harsh += below == 0 || below == 1 || below == 2 || below == 6 || below == 11;
            }
            grm_score_free(score);
        }
        if (notes < 60) fail_msg("%s: %d notes", voices[v].style, notes);
        if (together * 10 < notes * 8) fail_msg("%s: %d of %d with the tune", voices[v].style, together, notes);
        if (sweet * 10 < together * 7) fail_msg("%s: %d of %d thirds and sixths", voices[v].style, sweet, together);
        if (harsh * 14 > together) fail_msg("%s: %d of %d harsh", voices[v].style, harsh, together);
    }
}

// It enters when its section has been heard.
static void the_first_chorus_is_sung_alone(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        grm_brief brief = brief_in("pop", seed);
        brief.duration_s = 200;
        grm_score *score = compose(&brief);
        const grm_part *second = part_named(score, "Second Voice");
        for (size_t s = 0; second && s < score->section_count; s++)
            if (strcmp(score->sections[s].name, "Chorus 1") == 0)
                assert_true(second->notes[0].start >= score->sections[s].end - GRM_PPQ);
        grm_score_free(score);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_sings_with_the_tune_in_thirds_and_sixths),
        cmocka_unit_test(the_first_chorus_is_sung_alone),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
