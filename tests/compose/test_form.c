// Forms: whole phrases that add up to any length, sections in an order that makes sense however long the song.
#include "songs.h"

static bool is(const grm_section *section, const char *kind) {
    return strcmp(section->kind, kind) == 0;
}

static void any_length_tempo_and_metre_adds_up_within_fifty_milliseconds(void **state) {
    (void)state;
    static const double lengths[] = {20, 45, 77, 150, 299}, tempi[] = {63.5, 93.7, 121, 171.3};
    static const grm_metre metres[] = {{4, 4}, {3, 4}, {6, 8}, {7, 8}, {5, 4}};
    for (size_t s = 0; s < catalogue->style_count; s++)
        for (size_t l = 0; l < GRM_COUNT(lengths); l++) {
            grm_brief brief = brief_for(&catalogue->styles[s], l);
            brief.duration_s = lengths[l];
            brief.tempo_bpm = tempi[(s + l) % GRM_COUNT(tempi)];
            brief.metre = metres[(s + 2 * l) % GRM_COUNT(metres)];
            grm_score *score = compose(&brief);
            const grm_section *last = &score->sections[score->section_count - 1];
            if (fabs(grm_score_seconds(score, last->end) - lengths[l]) > 0.05)
                fail_msg("%s, %g s: ends at %g", brief.style, lengths[l], grm_score_seconds(score, last->end));
            int32_t bar = brief.metre.beats * GRM_PPQ * 4 / brief.metre.unit, sounding = 0;
            for (size_t i = 0; i < score->section_count; i++) {
                const grm_section *section = &score->sections[i];
                assert_int_equal(section->start % bar, 0);
                if (i + 1 < score->section_count) assert_int_equal(section->end - section->start, section->bars * bar);
            }
            // The last chord is struck behind the last bar and held into the end.
            int32_t last_chord = last->start + last->bars * bar;
            for (size_t p = 0; p < score->part_count; p++)
                for (size_t i = 0; i < score->parts[p].note_count; i++) {
                    const grm_note *n = &score->parts[p].notes[i];
                    sounding += !score->parts[p].drums && n->start >= last_chord - 120 &&
                                n->start + n->length >= last->end - 60;
                }
            if (sounding == 0 && strcmp(brief.style, "techno") != 0)  // which ends on its drums
                fail_msg("%s, %g s: no last chord", brief.style, lengths[l]);
            grm_score_free(score);
        }
}

// A song that grows gets whole turns of its form, not one pair of sections for ever.
static void what_leads_up_leads_on_from_a_verse_in_long_songs_too(void **state) {
    (void)state;
    static const char *const styles[] = {"pop", "rock", "rnb-soul", "tropical-pop"};
    int pres = 0;
    for (size_t s = 0; s < GRM_COUNT(styles); s++)
        for (uint64_t seed = 0; seed < 8; seed++) {
            grm_brief brief = brief_in(styles[s], seed);
            brief.duration_s = 170 + 15 * (double)seed;
            grm_score *score = compose(&brief);
            for (size_t i = 1; i < score->section_count; i++) {
                const grm_section *now = &score->sections[i], *before = now - 1;
                if (!is(now, "pre")) continue;
                pres++;
                if (is(before, "chorus") || is(before, "drop"))
                    fail_msg("%s, %g s: %s after %s", styles[s], brief.duration_s, now->name, before->name);
            }
            grm_score_free(score);
        }
    assert_true(pres > 20);
}

static void inner_sections_are_whole_phrases(void **state) {
    (void)state;
    for (size_t s = 0; s < catalogue->style_count; s++)
        for (uint64_t seed = 0; seed < 6; seed++) {
            grm_brief brief = brief_for(&catalogue->styles[s], seed);
            brief.duration_s = 110 + 31 * (double)seed;
            grm_score *score = compose(&brief);
            for (size_t i = 1; i + 1 < score->section_count; i++)
                if (score->sections[i].bars % 4)
                    fail_msg("%s, %g s: %s has %d bars", brief.style, brief.duration_s, score->sections[i].name,
                             score->sections[i].bars);
            grm_score_free(score);
        }
}

static void a_long_song_has_something_new_before_its_fourth_chorus(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        grm_brief brief = brief_in("pop", seed);
        brief.duration_s = 260;
        grm_score *score = compose(&brief);
        int choruses = 0;
        bool contrast = false;
        for (size_t i = 0; i < score->section_count; i++) {
            const grm_section *now = &score->sections[i];
            choruses += is(now, "chorus");
            contrast = contrast || is(now, "bridge") || is(now, "solo") || is(now, "break");
        }
        assert_true(choruses >= 3);
        assert_true(contrast);
        grm_score_free(score);
    }
}

static void the_end_of_a_piano_piece_broadens_without_making_it_longer(void **state) {
    (void)state;
    int broadened = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        grm_brief brief = brief_in("classical-piano", seed);
        brief.duration_s = 60 + 11.7 * (double)seed;
        grm_score *score = compose(&brief);
        const grm_section *last = &score->sections[score->section_count - 1];
        broadened += score->tempo_count > 2;
        for (size_t i = 1; i + 1 < score->tempo_count; i++)
            assert_true(score->tempos[i].us_per_quarter > score->tempos[i - 1].us_per_quarter);
        assert_true(fabs(grm_score_seconds(score, last->end) - brief.duration_s) < 0.002);
        assert_true(fabs(grm_score_bpm(score, 0) - brief.tempo_bpm) < 0.01);
        grm_score_free(score);
        brief.form_wishes = (grm_words){1, (const char *const[]){"loop"}};
        score = compose(&brief);
        assert_int_equal(score->tempo_count, 1);
        grm_score_free(score);
    }
    assert_true(broadened >= 6);
    grm_brief brief = brief_in("techno", 1);
    grm_score *score = compose(&brief);
    assert_int_equal(score->tempo_count, 1);
    grm_score_free(score);
}

static void something_rests_between_two_climaxes(void **state) {
    (void)state;
    int climaxes = 0, prepared = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
        grm_brief brief = brief_in("orchestral-cinematic", seed);
        brief.duration_s = 150 + 12 * (double)seed;
        grm_score *score = compose(&brief);
        bool rested = true;
        for (size_t i = 0; i < score->section_count; i++) {
            bool climax = is(&score->sections[i], "chorus");
            climaxes += climax, prepared += climax && rested;
            rested = climax ? false : rested || !is(&score->sections[i], "build");
        }
        grm_score_free(score);
    }
    assert_true(climaxes > 20);
    assert_int_equal(prepared, climaxes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_length_tempo_and_metre_adds_up_within_fifty_milliseconds),
        cmocka_unit_test(what_leads_up_leads_on_from_a_verse_in_long_songs_too),
        cmocka_unit_test(inner_sections_are_whole_phrases),
        cmocka_unit_test(something_rests_between_two_climaxes),
        cmocka_unit_test(the_end_of_a_piano_piece_broadens_without_making_it_longer),
        cmocka_unit_test(a_long_song_has_something_new_before_its_fourth_chorus),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
