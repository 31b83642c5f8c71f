// What every composed song keeps, in every style: length, ranges, memory, seeds.
#include "songs.h"

static void sections_add_up_and_nothing_sounds_beyond_the_end(void **state) {
    (void)state;
    for (size_t s = 0; s < catalogue->style_count; s++) {
        grm_brief brief = brief_for(&catalogue->styles[s], 3);
        grm_score *score = compose(&brief);
        assert_true(fabs(score->duration_s - brief.duration_s) < 1e-9);
        assert_true(score->section_count > 0);
        assert_int_equal(score->sections[0].start, 0);
        for (size_t i = 1; i < score->section_count; i++)
            assert_int_equal(score->sections[i].start, score->sections[i - 1].end);
        int32_t end = score->sections[score->section_count - 1].end;
        assert_true(fabs(grm_score_seconds(score, end) - brief.duration_s) < 0.01);
        for (size_t p = 0; p < score->part_count; p++)
            for (size_t i = 0; i < score->parts[p].note_count; i++) {
                const grm_note *n = &score->parts[p].notes[i];
                assert_true(n->start >= 0 && n->length > 0 && n->start + n->length <= end + 10);
            }
        grm_score_free(score);
    }
}

static void notes_stay_in_range_and_never_overlap_their_own_key(void **state) {
    (void)state;
    for (size_t s = 0; s < catalogue->style_count; s++) {
        for (uint64_t seed = 0; seed < 3; seed++) {
            grm_brief brief = brief_for(&catalogue->styles[s], seed);
            grm_score *score = compose(&brief);
            for (size_t p = 0; p < score->part_count; p++) {
                const grm_part *part = &score->parts[p];
                const grm_instrument *instrument = grm_instrument_find(catalogue, part->instrument);
                assert_non_null(instrument);
                int32_t sounding_until[128] = {0};
                for (size_t i = 0; i < part->note_count; i++) {
                    const grm_note *n = &part->notes[i];
                    assert_in_range(n->velocity, 1, 127);
                    if (!part->drums && (n->pitch < instrument->low || n->pitch > instrument->high))
                        fail_msg("%s: %s plays %d outside %d..%d", brief.style, part->name, n->pitch, instrument->low,
                                 instrument->high);
                    if (!part->drums && n->start < sounding_until[n->pitch])
                        fail_msg("%s: %s strikes %d at %d while it sounds", brief.style, part->name, n->pitch,
                                 n->start);
                    sounding_until[n->pitch] = n->start + n->length;
                    if (i) assert_true(n->start >= part->notes[i - 1].start);
                }
            }
            grm_score_free(score);
        }
    }
}

static bool same_notes(const grm_part *a, const grm_part *b) {
    if (!a || !b || a->note_count != b->note_count) return false;
    for (size_t i = 0; i < a->note_count; i++) {
        const grm_note *x = &a->notes[i], *y = &b->notes[i];
        if (x->start != y->start || x->length != y->length || x->pitch != y->pitch || x->velocity != y->velocity)
            return false;
    }
    return true;
}

static void the_same_seed_writes_the_same_song_and_another_a_different_one(void **state) {
    (void)state;
    for (size_t s = 0; s < catalogue->style_count; s++) {
        grm_brief brief = brief_for(&catalogue->styles[s], 11), other = brief_for(&catalogue->styles[s], 11);
        other.seed = 12;
        grm_score *a = compose(&brief), *b = compose(&brief), *c = compose(&other);
        assert_int_equal(a->part_count, b->part_count);
        bool differs = a->part_count != c->part_count;
        for (size_t p = 0; p < a->part_count; p++) {
            assert_true(same_notes(&a->parts[p], &b->parts[p]));
            differs = differs || !same_notes(&a->parts[p], &c->parts[p]);
        }
        assert_true(differs);
        const grm_part *tune = part_of(a, GRM_ROLE_LEAD), *other_tune = part_of(c, GRM_ROLE_LEAD);
        if (tune && other_tune) assert_false(same_notes(tune, other_tune));
        grm_score_free(a);
        grm_score_free(b);
        grm_score_free(c);
    }
}

// Share of the tune's notes in `later` that stand at the same place with the same pitch in `first`.
static double share_returned(const grm_part *tune, const grm_section *first, const grm_section *later) {
    int notes = 0, same = 0;
    for (size_t i = 0; i < tune->note_count; i++) {
        int32_t at = tune->notes[i].start - later->start;
        if (tune->notes[i].start < later->start || tune->notes[i].start >= later->end) continue;
        notes++;
        for (size_t j = 0; j < tune->note_count; j++) {
            if (tune->notes[j].start < first->start || tune->notes[j].start >= first->end) continue;
            if (abs(tune->notes[j].start - first->start - at) < 200 && tune->notes[j].pitch == tune->notes[i].pitch) {
                same++;
                break;
            }
        }
    }
    return notes ? (double)same / notes : 1;
}

static void a_chorus_comes_back_recognisably(void **state) {
    (void)state;
    const grm_style *pop = grm_style_find(catalogue, "pop");
    assert_non_null(pop);
    for (uint64_t seed = 0; seed < 5; seed++) {
        grm_brief brief = brief_for(pop, seed);
        brief.duration_s = 200;
        grm_score *score = compose(&brief);
        const grm_part *tune = part_of(score, GRM_ROLE_LEAD);
        const grm_section *first = NULL;
        assert_non_null(tune);
        for (size_t i = 0; i < score->section_count; i++) {
            if (strcmp(score->sections[i].kind, "chorus") != 0) continue;
            if (!first)
                first = &score->sections[i];
            else if (score->sections[i].bars == first->bars)
                assert_true(share_returned(tune, first, &score->sections[i]) > 0.7);
        }
        grm_score_free(score);
    }
}

static void what_is_excluded_does_not_play(void **state) {
    (void)state;
    static const char *const no_drums[] = {"drums"};
    for (size_t s = 0; s < catalogue->style_count; s++) {
        grm_brief brief = brief_for(&catalogue->styles[s], 5);
        brief.excluded_instruments = (grm_words){1, no_drums};
        grm_score *score = compose(&brief);
        for (size_t p = 0; p < score->part_count; p++) assert_false(score->parts[p].drums);
        grm_score_free(score);
    }
}

static void what_is_wanted_plays(void **state) {
    (void)state;
    static const char *const wanted[] = {"flute", "cello"};
    for (size_t s = 0; s < catalogue->style_count; s++) {
        grm_brief brief = brief_for(&catalogue->styles[s], 6);
        brief.instruments = (grm_words){2, wanted};
        grm_score *score = compose(&brief);
        int found = 0;
        for (size_t p = 0; p < score->part_count; p++)
            found +=
                strcmp(score->parts[p].instrument, "flute") == 0 || strcmp(score->parts[p].instrument, "cello") == 0;
        if (found < 2) fail_msg("%s: %d of flute and cello play", brief.style, found);
        brief.only_instruments = true;
        grm_score *only = compose(&brief);
        assert_true(only->part_count >= 1);
        for (size_t p = 0; p < only->part_count; p++)
            assert_true(strcmp(only->parts[p].instrument, "flute") == 0 ||
                        strcmp(only->parts[p].instrument, "cello") == 0);
        grm_score_free(score);
        grm_score_free(only);
    }
}

static void a_kit_that_alone_may_play_plays_whole(void **state) {
    (void)state;
    static const char *const wanted[] = {"808-bass", "kit-trap"};
    grm_brief brief = brief_for(grm_style_find(catalogue, "trap"), 4);
    brief.instruments = (grm_words){2, wanted};
    brief.only_instruments = true;
    grm_score *score = compose(&brief);
    assert_non_null(part_of(score, GRM_ROLE_KICK));
    assert_non_null(part_of(score, GRM_ROLE_SNARE));
    assert_non_null(part_of(score, GRM_ROLE_HATS));
    grm_score_free(score);
}

static void a_kit_that_is_asked_for_beats_in_every_style(void **state) {
    (void)state;
    static const char *const wanted[] = {"standard-kit"};
    for (size_t s = 0; s < catalogue->style_count; s++)
        for (int only = 0; only < 2; only++) {
            grm_brief brief = brief_for(&catalogue->styles[s], 4);
            brief.instruments = (grm_words){1, wanted};
            brief.only_instruments = only;
            grm_score *score = compose(&brief);
            size_t hits = 0;
            for (size_t p = 0; p < score->part_count; p++) {
                if (strcmp(score->parts[p].instrument, "standard-kit") == 0) assert_true(score->parts[p].drums);
                hits += score->parts[p].drums ? score->parts[p].note_count : 0;
            }
            if (hits < 50) fail_msg("%s%s: %zu hits", brief.style, only ? " alone" : "", hits);
            grm_score_free(score);
        }
}

static void any_metre_and_any_length_can_be_composed(void **state) {
    (void)state;
    static const grm_metre metres[] = {{3, 4}, {6, 8}, {7, 8}, {5, 4}, {12, 8}, {2, 4}};
    static const double lengths[] = {5, 8.5, 31, 77.7, 300};
    for (size_t s = 0; s < catalogue->style_count; s++) {
        for (size_t m = 0; m < GRM_COUNT(metres); m++) {
            grm_brief brief = brief_for(&catalogue->styles[s], m);
            brief.metre = metres[m];
            brief.duration_s = lengths[(s + m) % GRM_COUNT(lengths)];
            grm_score *score = compose(&brief);
            assert_true(score->part_count > 0);
            assert_true(fabs(score->duration_s - brief.duration_s) < 1e-9);
            grm_score_free(score);
        }
    }
}

// Whether a note of the part sounds a semitone from `n`, or a minor ninth below or above it, while `n` is held.
static bool clashes(const grm_part *part, const grm_note *n) {
    for (size_t i = 0; i < part->note_count && part->notes[i].start < n->start + n->length - 100; i++) {
        const grm_note *other = &part->notes[i];
        int above = n->pitch - other->pitch;
        if (other->start + other->length <= n->start + 100) continue;
        if (above == 1 || above == 13 || above == 25 || above == -1 || above == -13) return true;
    }
    return false;
}

static void chords_keep_clear_of_the_tune(void **state) {
    (void)state;
    for (size_t s = 0; s < catalogue->style_count; s++) {
        grm_brief brief = brief_for(&catalogue->styles[s], 8);
        grm_score *score = compose(&brief);
        const grm_part *tune = part_of(score, GRM_ROLE_LEAD);
        int held = 0, clashing = 0;
        for (size_t i = 0; tune && i < tune->note_count; i++) {
            if (tune->notes[i].length < GRM_PPQ / 2) continue;
            bool rubs = false;
            for (size_t p = 0; p < score->part_count; p++) {
                grm_role role = score->parts[p].role;
                if (role == GRM_ROLE_CHORDS || role == GRM_ROLE_PAD)
                    rubs = rubs || clashes(&score->parts[p], &tune->notes[i]);
            }
            held++;
            clashing += rubs;
        }
        if (held >= 20 && clashing * 12 > held) fail_msg("%s: %d of %d notes clash", brief.style, clashing, held);
        grm_score_free(score);
    }
}

// Notes of the lead parts that begin in a section; *rest receives the longest silence between them, in ticks.
static int lead_notes(const grm_score *score, const grm_section *section, int32_t *rest) {
    int notes = 0;
    int32_t last = section->start;
    *rest = 0;
    for (size_t p = 0; p < score->part_count; p++) {
        const grm_part *part = &score->parts[p];
        for (size_t i = 0; part->role == GRM_ROLE_LEAD && i < part->note_count; i++) {
            const grm_note *n = &part->notes[i];
            if (n->start < section->start || n->start >= section->end) continue;
            notes++;
            if (n->start - last > *rest) *rest = n->start - last;
            last = n->start + n->length;
        }
    }
    return notes;
}

static void solos_breathe_and_run_denser_than_heads(void **state) {
    (void)state;
    const grm_style *jazz = grm_style_find(catalogue, "jazz-swing");
    double solo_notes = 0, head_notes = 0;
    int solo_bars = 0, head_bars = 0;
    assert_non_null(jazz);
    for (uint64_t seed = 0; seed < 6; seed++) {
        grm_brief brief = brief_for(jazz, seed);
        brief.duration_s = 240;
        grm_score *score = compose(&brief);
        for (size_t i = 0; i < score->section_count; i++) {
            const grm_section *s = &score->sections[i];
            bool solo = strcmp(s->kind, "solo") == 0 || strcmp(s->kind, "blowing") == 0;
            bool head = strcmp(s->kind, "head") == 0 || strcmp(s->kind, "theme") == 0;
            int32_t rest;
            int notes = lead_notes(score, s, &rest);
            if (head) head_notes += notes, head_bars += s->bars;
            if (!solo) continue;
            solo_notes += notes, solo_bars += s->bars;
            if (s->bars >= 8 && rest < GRM_PPQ * 3 / 4)
                fail_msg("seed %d: %s takes no breath (%d)", (int)seed, s->name, rest);
        }
        grm_score_free(score);
    }
    assert_true(solo_bars > 0 && head_bars > 0);
    assert_true(solo_notes / solo_bars > 1.15 * head_notes / head_bars);
}

// Strokes in from..to of all drum parts on the keys that `wanted` names by their first letters: k kick, s snare, h
// hats.
static int strokes(const grm_score *score, int32_t from, int32_t to, char wanted) {
    int count = 0;
    for (size_t p = 0; p < score->part_count; p++) {
        const grm_part *part = &score->parts[p];
        for (size_t i = 0; part->drums && i < part->note_count; i++) {
            int key = part->notes[i].pitch;
            bool kick = key == 35 || key == 36, hat = key == 42 || key == 44 || key == 46;
            bool here = part->notes[i].start >= from - 60 && part->notes[i].start < to - 60;
            count += here && (wanted == 'k' ? kick : wanted == 'h' ? hat : true);
        }
    }
    return count;
}

static void a_verse_that_comes_again_is_busier(void **state) {
    (void)state;
    const grm_style *pop = grm_style_find(catalogue, "pop");
    double first = 0, later = 0;
    int bars_first = 0, bars_later = 0;
    for (uint64_t seed = 0; seed < 10; seed++) {
        grm_brief brief = brief_for(pop, seed);
        brief.duration_s = 200;
        grm_score *score = compose(&brief);
        int seen = 0;
        for (size_t i = 0; i < score->section_count; i++) {
            const grm_section *s = &score->sections[i];
            if (strcmp(s->kind, "verse") != 0) continue;
            int hats = strokes(score, s->start, s->end, 'h');
            if (seen++)
                later += hats, bars_later += s->bars;
            else
                first += hats, bars_first += s->bars;
        }
        grm_score_free(score);
    }
    assert_true(bars_first > 0 && bars_later > 0);
    assert_true(later / bars_later > first / bars_first);
}

static void the_kick_drops_out_before_some_choruses_and_not_before_others(void **state) {
    (void)state;
    const grm_style *pop = grm_style_find(catalogue, "pop");
    int with = 0, without = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
        grm_brief brief = brief_for(pop, seed);
        brief.duration_s = 200;
        grm_score *score = compose(&brief);
        for (size_t i = 1; i < score->section_count; i++) {
            const grm_section *s = &score->sections[i], *before = s - 1;
            int32_t bar = (before->end - before->start) / before->bars;
            if (strcmp(s->kind, "chorus") != 0 || before->bars < 4 || before->energy + 0.1f > s->energy) continue;
            if (strokes(score, before->end - 2 * bar, before->end - bar, 'k') == 0) continue;
            int kicks = strokes(score, before->end - bar, before->end, 'k');
            with += kicks > 0, without += kicks == 0;
        }
        grm_score_free(score);
    }
    assert_true(with > 0 && without > 0);
}

static void the_808_glides_beyond_its_root(void **state) {
    (void)state;
    const grm_style *trap = grm_style_find(catalogue, "trap");
    int octaves = 0, others = 0;
    for (uint64_t seed = 0; seed < 6; seed++) {
        grm_brief brief = brief_for(trap, seed);
        grm_score *score = compose(&brief);
        const grm_part *bass = part_of(score, GRM_ROLE_BASS);
        assert_non_null(bass);
        for (size_t i = 0; i + 1 < bass->note_count; i++) {
            const grm_note *n = &bass->notes[i], *next = n + 1;
            if (n->start + n->length <= next->start) continue;  // an overlap glides
            octaves += next->pitch == n->pitch + 12;
            others += next->pitch != n->pitch && abs(next->pitch - n->pitch) != 12;
        }
        grm_score_free(score);
    }
    assert_true(octaves > 0);
    assert_true(others > 0);
}

// Strokes of the whole hand are root, fifth and octave; what is left out beside the tune is no new chord.
static void power_chords_stand_on_their_root(void **state) {
    (void)state;
    const grm_style *rock = grm_style_find(catalogue, "rock");
    for (uint64_t seed = 0; seed < 6; seed++) {
        grm_brief brief = brief_for(rock, seed);
        grm_score *score = compose(&brief);
        const grm_part *guitar = part_named(score, "Rhythm Guitar");
        int chords = 0, whole = 0, turned = 0;
        for (size_t i = 0; guitar && i + 2 < guitar->note_count; i++) {
            const grm_note *n = &guitar->notes[i];
            bool apart = i == 0 || n->start - n[-1].start > 150;
            if (!apart || n[2].start - n->start > 150) continue;
            int low = 127, high = 0, sum = 0;  // fingers come in any order
            for (int k = 0; k < 3; k++) {
                int pitch = n[k].pitch;
                low = pitch < low ? pitch : low, high = pitch > high ? pitch : high, sum += pitch;
            }
            int middle = sum - low - high - low;
            chords++;
            whole += (middle == 7 || middle == 6) && high - low == 12;
            turned += middle == 5;
        }
        assert_true(chords > 20);
        assert_true(whole * 10 >= chords * 9);
        assert_int_equal(turned, 0);
        grm_score_free(score);
    }
}

static void a_short_song_ends_on_its_chorus_and_never_repeats_it_at_once(void **state) {
    (void)state;
    static const char *const styles[] = {"pop", "rock", "trap", "synthwave", "rnb-soul", "funk"};
    for (size_t s = 0; s < GRM_COUNT(styles); s++) {
        for (uint64_t seed = 0; seed < 6; seed++) {
            grm_brief brief = brief_for(grm_style_find(catalogue, styles[s]), seed);
            brief.duration_s = 28 + 4 * (double)seed;
            grm_score *score = compose(&brief);
            const grm_section *last = &score->sections[score->section_count - 1];
            if (strcmp(last->kind, "outro") == 0 && score->section_count > 1) last--;
            if (strcmp(last->kind, "chorus") != 0)
                fail_msg("%s, %g s: ends on %s", styles[s], brief.duration_s, last->name);
            for (size_t i = 1; i < score->section_count; i++)
                assert_string_not_equal(score->sections[i].kind, score->sections[i - 1].kind);
            grm_score_free(score);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_add_up_and_nothing_sounds_beyond_the_end),
        cmocka_unit_test(notes_stay_in_range_and_never_overlap_their_own_key),
        cmocka_unit_test(the_same_seed_writes_the_same_song_and_another_a_different_one),
        cmocka_unit_test(a_chorus_comes_back_recognisably),
        cmocka_unit_test(chords_keep_clear_of_the_tune),
        cmocka_unit_test(solos_breathe_and_run_denser_than_heads),
        cmocka_unit_test(a_verse_that_comes_again_is_busier),
        cmocka_unit_test(the_kick_drops_out_before_some_choruses_and_not_before_others),
        cmocka_unit_test(the_808_glides_beyond_its_root),
        cmocka_unit_test(power_chords_stand_on_their_root),
        cmocka_unit_test(a_short_song_ends_on_its_chorus_and_never_repeats_it_at_once),
        cmocka_unit_test(what_is_excluded_does_not_play),
        cmocka_unit_test(what_is_wanted_plays),
        cmocka_unit_test(a_kit_that_alone_may_play_plays_whole),
        cmocka_unit_test(a_kit_that_is_asked_for_beats_in_every_style),
        cmocka_unit_test(any_metre_and_any_length_can_be_composed),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
