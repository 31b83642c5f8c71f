// A band that was named and plays alone: who has what, how much of it at a time, and what it is called.
#include "songs.h"

typedef struct band {
    const char *style;
    grm_words players;
} band;

#define PLAYERS(...)                                                                    \
    {                                                                                   \
        sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *const[]) { \
            __VA_ARGS__                                                                 \
        }                                                                               \
    }

static const band bands[] = {
    {"classical-chamber", PLAYERS("violin", "violin", "viola", "cello")},
    {"classical-chamber", PLAYERS("grand-piano", "violin", "cello")},
    {"classical-chamber", PLAYERS("cello", "cello")},
    {"classical-chamber", PLAYERS("violin")},
    {"jazz-swing", PLAYERS("grand-piano", "upright-bass", "jazz-kit")},
    {"classical-piano", PLAYERS("grand-piano", "cello")},
    {"folk", PLAYERS("steel-guitar", "fiddle")},
    {"orchestral-cinematic", PLAYERS("violin", "viola", "cello")},
};

static grm_score *play(const band *b, uint64_t seed) {
    grm_brief brief = brief_in(b->style, seed);
    brief.duration_s = 90;
    brief.instruments = b->players;
    brief.only_instruments = true;
    return compose(&brief);
}

static size_t count_of(const band *b, const char *instrument) {
    size_t count = 0;
    for (size_t i = 0; i < b->players.count; i++) count += strcmp(b->players.items[i], instrument) == 0;
    return count;
}

static bool sounds(const grm_part *part, int32_t at) {
    for (size_t i = 0; i < part->note_count; i++)
        if (part->notes[i].start <= at && at < part->notes[i].start + part->notes[i].length) return true;
    return false;
}

// Notes of a line may touch, and players breathe in and out by some hundredths of a second: so in the middle of
// sixteenths.
static void nobody_plays_two_parts_at_a_time_on_what_sounds_one_note(void **state) {
    (void)state;
    for (size_t b = 0; b < GRM_COUNT(bands); b++)
        for (uint64_t seed = 1; seed <= 4; seed++) {
            grm_score *score = play(&bands[b], seed);
            int over = 0, moments = 0;
            for (int32_t at = GRM_PPQ / 8; at < score->sections[score->section_count - 1].end;
                 at += GRM_PPQ / 2, moments++)
                for (size_t w = 0; w < bands[b].players.count; w++) {
                    const char *id = bands[b].players.items[w];
                    size_t at_once = 0;
                    if (grm_instrument_find(catalogue, id)->polyphony != 1) continue;
                    for (size_t p = 0; p < score->part_count; p++)
                        at_once += strcmp(score->parts[p].instrument, id) == 0 && sounds(&score->parts[p], at);
                    over += at_once > count_of(&bands[b], id);
                }
            if (over * 50 > moments)
                fail_msg("band %zu, seed %d: %d of %d moments with too many parts", b, (int)seed, over, moments);
            grm_score_free(score);
        }
}

static void somebody_always_plays(void **state) {
    (void)state;
    for (size_t b = 0; b < GRM_COUNT(bands); b++)
        for (uint64_t seed = 1; seed <= 4; seed++) {
            grm_score *score = play(&bands[b], seed);
            int silent = 0, bars = 0;
            for (size_t s = 0; s < score->section_count; s++) {
                int32_t from = score->sections[s].start, to = score->sections[s].end, bar = 4 * GRM_PPQ;
                for (; from + bar <= to; from += bar, bars++) {
                    bool begins = false;
                    for (size_t p = 0; p < score->part_count && !begins; p++)
                        for (size_t i = 0; i < score->parts[p].note_count && !begins; i++)
                            begins = score->parts[p].notes[i].start < from + bar &&
                                     score->parts[p].notes[i].start + score->parts[p].notes[i].length > from;
                    silent += !begins;
                }
            }
            if (silent * 8 > bars) fail_msg("band %zu, seed %d: %d of %d bars are silent", b, (int)seed, silent, bars);
            grm_score_free(score);
        }
}

// Soloists have nobody to bridge an introduction or a build.
static void a_soloist_plays_on_in_every_style(void **state) {
    (void)state;
    static const char *const clarinet[] = {"clarinet"};
    for (size_t s = 0; s < catalogue->style_count; s++) {
        grm_brief brief = brief_for(&catalogue->styles[s], s);
        brief.instruments = (grm_words){1, clarinet};
        brief.only_instruments = true;
        brief.duration_s = s % 2 ? 20 : 60;
        grm_score *score = compose(&brief);
        assert_true(score->part_count >= 1);
        for (size_t i = 0; i < score->section_count; i++) {
            const grm_section *section = &score->sections[i];
            int32_t bars = (section->end - section->start) / (4 * GRM_PPQ);
            size_t notes = 0;
            for (size_t k = 0; k < score->parts[0].note_count; k++)
                notes += score->parts[0].notes[k].start >= section->start - GRM_PPQ &&
                         score->parts[0].notes[k].start < section->end;
            if (bars >= 4 && notes < 2) fail_msg("%s: %zu notes in %s", brief.style, notes, section->name);
        }
        grm_score_free(score);
    }
}

static bool has_notes(const grm_score *score, const char *instrument, grm_role role) {
    for (size_t p = 0; p < score->part_count; p++)
        if (strcmp(score->parts[p].instrument, instrument) == 0 && score->parts[p].role == role &&
            score->parts[p].note_count > 20)
            return true;
    return false;
}

static void a_cello_has_the_tune_over_a_piano_and_the_bass_under_violins(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        grm_score *duo = play(&bands[5], seed), *quartet = play(&bands[0], seed);
        assert_true(has_notes(duo, "cello", GRM_ROLE_LEAD));
        assert_false(has_notes(duo, "grand-piano", GRM_ROLE_LEAD));
        assert_true(has_notes(quartet, "violin", GRM_ROLE_LEAD));
        assert_true(has_notes(quartet, "cello", GRM_ROLE_BASS));
        assert_false(has_notes(quartet, "cello", GRM_ROLE_LEAD));
        grm_score_free(duo);
        grm_score_free(quartet);
    }
}

// The style calls its parts after those who usually play them: "Wind Melody", "Second Horn", "Contrabass".
static void parts_are_called_after_those_who_play_them(void **state) {
    (void)state;
    static const char *const others[] = {"Wind", "Horn", "Contrabass", "Guitar", "Brass", "Oboe", "Flute"};
    for (uint64_t seed = 1; seed <= 4; seed++)
        for (size_t b = 0; b < 6; b++) {
            grm_score *score = play(&bands[b], seed);
            for (size_t p = 0; p < score->part_count; p++) {
                for (size_t i = 0; i < GRM_COUNT(others); i++)
                    if (strstr(score->parts[p].name, others[i]))
                        fail_msg("band %zu: %s is played on %s", b, score->parts[p].name, score->parts[p].instrument);
                for (size_t q = 0; q < p; q++) assert_string_not_equal(score->parts[p].name, score->parts[q].name);
            }
            grm_score_free(score);
        }
    grm_brief brief = brief_in("classical-chamber", 3);
    static const char *const flute[] = {"flute"};
    brief.instruments = (grm_words){1, flute};
    brief.only_instruments = true;
    grm_score *score = compose(&brief);
    assert_non_null(part_named(score, "Flute Melody"));
    grm_score_free(score);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_plays_two_parts_at_a_time_on_what_sounds_one_note),
        cmocka_unit_test(somebody_always_plays),
        cmocka_unit_test(a_soloist_plays_on_in_every_style),
        cmocka_unit_test(a_cello_has_the_tune_over_a_piano_and_the_bass_under_violins),
        cmocka_unit_test(parts_are_called_after_those_who_play_them),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
