// The kit over a whole song.
#include "songs.h"

enum { CRASH = 49 };

static bool crash_at(const grm_score *score, int32_t tick) {
    for (size_t p = 0; p < score->part_count; p++)
        for (size_t i = 0; score->parts[p].drums && i < score->parts[p].note_count; i++)
            if (score->parts[p].notes[i].pitch == CRASH && abs(score->parts[p].notes[i].start - tick) < GRM_PPQ / 8)
                return true;
    return false;
}

// Where large fills land, also where what follows is softer.
static void crashes_tell_where_sections_begin(void **state) {
    (void)state;
    int seams = 0, landed = 0, softer = 0, softly = 0;
    for (uint64_t seed = 0; seed < 16; seed++) {
        grm_brief brief = brief_in("rock", seed);
        brief.metre = (grm_metre){4, 4};
        grm_score *score = compose(&brief);
        for (size_t i = 1; i < score->section_count; i++) {
            const grm_section *s = &score->sections[i];
            bool there = crash_at(score, s->start);
            if (s->energy < 0.5f) continue;
            seams++, landed += there;
            if (s->energy < s[-1].energy - 0.06f) softer++, softly += there;
        }
        grm_score_free(score);
    }
    assert_true(softer > 20);
    assert_true(landed * 10 > seams * 7);
    assert_true(softly * 10 > softer * 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crashes_tell_where_sections_begin),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
