// Harmony: modes that sound as they are named, songs that come home, sections with chords of their own.
#include "songs.h"

typedef struct colour {
    grm_mode mode;
    int own,
        foreign;  // the degree that makes the mode, and the one that would make it another, semitones from the tonic
} colour;

static const colour colours[] = {{GRM_DORIAN, 9, 8},   {GRM_MIXOLYDIAN, 10, 11}, {GRM_LYDIAN, 6, 5},
                                 {GRM_PHRYGIAN, 1, 2}, {GRM_MAJOR, 4, 3},        {GRM_MINOR, 3, 4}};

static void modes_sound_as_they_are_named(void **state) {
    (void)state;
    static const char *const styles[] = {"pop",   "rock", "folk", "synthwave", "ambient", "orchestral-cinematic",
                                         "trance"};
    for (size_t s = 0; s < GRM_COUNT(styles); s++)
        for (size_t c = 0; c < GRM_COUNT(colours); c++) {
            double own = 0, foreign = 0;
            for (uint64_t seed = 0; seed < 3; seed++) {
                grm_brief brief = brief_in(styles[s], seed);
                brief.key.mode = colours[c].mode;
                brief.from[GRM_BRIEF_KEY].source = GRM_FROM_PROMPT;
                grm_score *score = compose(&brief);
                for (size_t p = 0; p < score->part_count; p++) {
                    const grm_part *part = &score->parts[p];
                    bool pitched = !part->drums && part->role != GRM_ROLE_TEXTURE && part->role != GRM_ROLE_FX;
                    for (size_t i = 0; pitched && i < part->note_count; i++) {
                        int degree = (part->notes[i].pitch - brief.key.tonic + 120) % 12;
                        own += degree == colours[c].own ? part->notes[i].length : 0;
                        foreign += degree == colours[c].foreign ? part->notes[i].length : 0;
                    }
                }
                grm_score_free(score);
            }
            if (own < 2 * foreign)
                fail_msg("%s, mode %d: %g ticks of its colour, %g against it", styles[s], colours[c].mode, own,
                         foreign);
        }
}

static void songs_come_home(void **state) {
    (void)state;
    for (size_t s = 0; s < catalogue->style_count; s++)
        for (uint64_t seed = 0; seed < 3; seed++) {
            grm_brief brief = brief_for(&catalogue->styles[s], seed);
            grm_score *score = compose(&brief);
            const grm_part *bass = part_of(score, GRM_ROLE_BASS);
            const grm_section *last = &score->sections[score->section_count - 1];
            int32_t chord = last->start + last->bars * brief.metre.beats * GRM_PPQ * 4 / brief.metre.unit;
            const grm_note *n = bass && bass->note_count ? &bass->notes[bass->note_count - 1] : NULL;
            if (n && n->start > chord - GRM_PPQ / 4 && n->pitch % 12 != brief.key.tonic)
                fail_msg("%s ends on %d in %d", brief.style, n->pitch % 12, brief.key.tonic);
            grm_score_free(score);
        }
}

// The pitch classes that sound in each half bar of a section, of the parts that play chords.
static void half_bars(const grm_score *score, const grm_section *section, unsigned *out, int count) {
    memset(out, 0, sizeof *out * (size_t)count);
    for (size_t p = 0; p < score->part_count; p++) {
        grm_role role = score->parts[p].role;
        if (role != GRM_ROLE_CHORDS && role != GRM_ROLE_PAD) continue;
        for (size_t i = 0; i < score->parts[p].note_count; i++) {
            const grm_note *n = &score->parts[p].notes[i];
            int from = (n->start - section->start + GRM_PPQ / 2) / (2 * GRM_PPQ);
            int to = (n->start + n->length - section->start - GRM_PPQ / 2) / (2 * GRM_PPQ);
            for (int b = from > 0 ? from : 0; n->start >= section->start - 240 && b <= to && b < count; b++)
                out[b] |= 1u << n->pitch % 12;
        }
    }
}

static void verse_chorus_and_bridge_have_chords_of_their_own(void **state) {
    (void)state;
    enum { HALVES = 16 };
    int pairs = 0, alike = 0;
    for (uint64_t seed = 0; seed < 10; seed++) {
        grm_brief brief = brief_in("pop", seed);
        brief.duration_s = 200;
        grm_score *score = compose(&brief);
        const char *const kinds[] = {"verse", "chorus", "bridge"};
        unsigned chords[3][HALVES];
        bool found[3] = {false};
        for (size_t s = 0; s < score->section_count; s++)
            for (int k = 0; k < 3; k++)
                if (!found[k] && strcmp(score->sections[s].kind, kinds[k]) == 0 && score->sections[s].bars >= 8) {
                    half_bars(score, &score->sections[s], chords[k], HALVES);
                    found[k] = true;
                }
        for (int a = 0; a < 3; a++)
            for (int b = a + 1; b < 3; b++) {
                if (!found[a] || !found[b]) continue;
                int same = 0;
                for (int h = 0; h < HALVES; h++) same += chords[a][h] == chords[b][h];
                pairs++;
                alike += same > HALVES * 3 / 4;
            }
        grm_score_free(score);
    }
    assert_true(pairs > 15);
    if (alike * 8 > pairs) fail_msg("%d of %d pairs of sections share their chords", alike, pairs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_sound_as_they_are_named),
        cmocka_unit_test(songs_come_home),
        cmocka_unit_test(verse_chorus_and_bridge_have_chords_of_their_own),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
