// Tunes of whole songs: they come back as they were, fill the sections that they are for, and breathe.
#include "songs.h"

typedef struct found {
    int notes, same;
} found;

// How many of the tune's notes in `later` stand at the same place with the same pitch in `first`.
static found compare(const grm_part *tune, const grm_section *first, const grm_section *later) {
    found f = {0};
    for (size_t i = 0; i < tune->note_count; i++) {
        const grm_note *n = &tune->notes[i];
        if (n->start < later->start || n->start >= later->start + later->bars * 4 * GRM_PPQ) continue;
        f.notes++;
        for (size_t j = 0; j < tune->note_count; j++) {
            int32_t off = tune->notes[j].start - first->start - (n->start - later->start);
            if (abs(off) > 200 || tune->notes[j].start < first->start || tune->notes[j].pitch != n->pitch) continue;
            f.same++;
            break;
        }
    }
    return f;
}

// Other statements between them, over other chords, must not leave their marks.
static void the_second_drop_has_the_tune_of_the_first(void **state) {
    (void)state;
    static const char *const styles[] = {"house", "trance", "pop", "tropical-pop", "rock"};
    found all = {0};
    for (size_t s = 0; s < GRM_COUNT(styles); s++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            grm_brief brief = brief_in(styles[s], seed);
            brief.duration_s = 230;
            grm_score *score = compose(&brief);
            const grm_part *tune = part_of(score, GRM_ROLE_LEAD);
            const grm_section *first = NULL;
            for (size_t i = 0; tune && i < score->section_count; i++) {
                const grm_section *now = &score->sections[i];
                bool main = strcmp(now->kind, "drop") == 0 || strcmp(now->kind, "chorus") == 0;
                if (main && first && first->bars == now->bars) {
                    found f = compare(tune, first, now);
                    all.notes += f.notes, all.same += f.same;
                }
                if (main && !first) first = now;
            }
            grm_score_free(score);
        }
    assert_true(all.notes > 500);
    if (all.same * 10 < all.notes * 8) fail_msg("%d of %d notes come back", all.same, all.notes);
}

// Of the four-bar stretches of sections that have the lead from beginning to end, none is without it.
static void a_drop_has_its_tune_to_the_end(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        grm_brief brief = brief_in("house", seed);
        brief.duration_s = 200;
        grm_score *score = compose(&brief);
        const grm_part *tune = part_named(score, "Lead Synth");
        for (size_t i = 0; tune && i < score->section_count; i++) {
            const grm_section *now = &score->sections[i];
            if (strcmp(now->kind, "drop") != 0) continue;
            for (int bar = 0; bar + 8 <= now->bars; bar += 8) {
                int notes = 0;
                int32_t from = now->start + bar * 4 * GRM_PPQ;
                for (size_t n = 0; n < tune->note_count; n++)
                    notes += tune->notes[n].start >= from - 240 && tune->notes[n].start < from + 32 * GRM_PPQ;
                if (notes < 4) fail_msg("seed %d: %s, bar %d: %d notes", (int)seed, now->name, bar, notes);
            }
        }
        grm_score_free(score);
    }
}

static void songs_sing_and_breathe(void **state) {
    (void)state;
    static const char *const styles[] = {"pop", "rock", "folk", "rnb-soul", "classical-piano", "tropical-pop"};
    for (size_t s = 0; s < GRM_COUNT(styles); s++) {
        double notes = 0, beats = 0, silent = 0;
        for (uint64_t seed = 0; seed < 6; seed++) {
            grm_brief brief = brief_in(styles[s], seed);
            grm_score *score = compose(&brief);
            const grm_part *tune = part_of(score, GRM_ROLE_LEAD);
            for (size_t i = 1; tune && i < tune->note_count; i++) {
                const grm_note *before = &tune->notes[i - 1], *n = &tune->notes[i];
                int32_t apart = n->start - before->start, gap = apart - before->length;
                if (apart > 8 * GRM_PPQ) continue;  // another section
                notes++, beats += (double)apart / GRM_PPQ, silent += gap > 0 ? (double)gap / GRM_PPQ : 0;
            }
            grm_score_free(score);
        }
        if (notes / beats < 0.75 || notes / beats > 2.2) fail_msg("%s: %g notes a beat", styles[s], notes / beats);
        if (silent / beats < 0.03 || silent / beats > 0.45) fail_msg("%s: silent for %g", styles[s], silent / beats);
    }
}

// Answers in the gaps of one section are one motif: those that follow begin with the steps of the first.
static void answers_share_a_motif(void **state) {
    (void)state;
    int pairs = 0, alike = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        grm_brief brief = brief_in(seed % 2 ? "pop" : "rnb-soul", seed);
        brief.duration_s = 200;
        grm_score *score = compose(&brief);
        const grm_part *part = part_named(score, "Answer");
        for (size_t s = 0; part && s < score->section_count; s++) {
            const grm_note *first = NULL;
            for (size_t i = 0; i + 1 < part->note_count; i++) {
                const grm_note *n = &part->notes[i];
                bool here = n->start >= score->sections[s].start && n->start < score->sections[s].end;
                bool begins = i == 0 || n->start - n[-1].start - n[-1].length > GRM_PPQ;
                if (!here || !begins || n[1].start - n->start > 2 * GRM_PPQ) continue;
                if (first) {
                    pairs++;
                    alike += abs((n[1].start - n->start) - (first[1].start - first->start)) < 160 &&
                             abs(n->pitch - first->pitch) <= 5;
                } else {
                    first = n;
                }
            }
        }
        grm_score_free(score);
    }
    assert_true(pairs >= 10);
    if (alike * 5 < pairs * 3) fail_msg("%d of %d answers begin alike", alike, pairs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_drop_has_the_tune_of_the_first),
        cmocka_unit_test(a_drop_has_its_tune_to_the_end),
        cmocka_unit_test(songs_sing_and_breathe),
        cmocka_unit_test(answers_share_a_motif),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
