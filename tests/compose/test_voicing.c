// Chords as voices: how they move in the styles that care.
#include "songs.h"

enum { MOST = 8 };

typedef struct chord {
    int count, pitch[MOST];
} chord;

// What of the part sounds at a tick, sorted.
static chord sounding(const grm_part *part, int32_t tick) {
    chord c = {0};
    for (size_t i = 0; i < part->note_count && c.count < MOST; i++) {
        const grm_note *n = &part->notes[i];
        if (n->start > tick || n->start + n->length <= tick) continue;
        int at = c.count++;
        for (; at > 0 && c.pitch[at - 1] > n->pitch; at--) c.pitch[at] = c.pitch[at - 1];
        c.pitch[at] = n->pitch;
    }
    return c;
}

static bool same(const chord *a, const chord *b) {
    return a->count == b->count && memcmp(a->pitch, b->pitch, sizeof(int) * (size_t)a->count) == 0;
}

typedef struct motion {
    int moves, outer_parallels, inner_parallels, voices, semitones, held;
} motion;

static void move(motion *m, const chord *a, const chord *b) {
    m->moves++;
    for (int i = 0; i < a->count; i++) {
        m->voices++;
        m->semitones += abs(a->pitch[i] - b->pitch[i]);
        m->held += a->pitch[i] == b->pitch[i];
        for (int j = i + 1; j < a->count; j++) {
            int low = b->pitch[i] - a->pitch[i], high = b->pitch[j] - a->pitch[j],
                gap = (a->pitch[j] - a->pitch[i]) % 12;
            if (low == 0 || low != high || (gap != 0 && gap != 7)) continue;
            if (i == 0 && j + 1 == a->count)
                m->outer_parallels++;
            else
                m->inner_parallels++;
        }
    }
}

static void listen(motion *m, const grm_score *score, const grm_part *part) {
    chord last = {0};
    int32_t end = score->sections[score->section_count - 1].end;
    for (int32_t tick = GRM_PPQ / 4; tick < end; tick += GRM_PPQ / 2) {
        chord now = sounding(part, tick);
        if (now.count >= 3 && now.count == last.count && !same(&now, &last)) move(m, &last, &now);
        last = now;
    }
}

static void ensembles_move_little_and_never_in_parallel(void **state) {
    (void)state;
    static const char *const styles[] = {"orchestral-cinematic", "classical-chamber", "classical-piano"};
    motion m = {0};
    for (size_t s = 0; s < GRM_COUNT(styles); s++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            grm_brief brief = brief_in(styles[s], seed);
            grm_score *score = compose(&brief);
            for (size_t p = 0; p < score->part_count; p++)
                if (score->parts[p].role == GRM_ROLE_PAD) listen(&m, score, &score->parts[p]);
            grm_score_free(score);
        }
    assert_true(m.moves > 200);
    if (m.outer_parallels) fail_msg("%d parallels of outer voices in %d moves", m.outer_parallels, m.moves);
    if (m.inner_parallels * 25 > m.moves) fail_msg("%d inner parallels in %d moves", m.inner_parallels, m.moves);
    assert_true(m.semitones < 2 * m.voices);
    assert_true(m.held * 5 > m.voices);
}

// Between the tune and the bass of a piano piece, within phrases, where both move.
static void tune_and_bass_of_classical_pieces_seldom_move_in_parallel(void **state) {
    (void)state;
    int moves = 0, parallels = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        grm_brief brief = brief_in("classical-piano", seed);
        grm_score *score = compose(&brief);
        const grm_part *tune = part_of(score, GRM_ROLE_LEAD), *bass = part_of(score, GRM_ROLE_BASS);
        int last_top = 0, last_low = 0;
        for (size_t i = 0; tune && bass && i < tune->note_count; i++) {
            chord low = sounding(bass, tune->notes[i].start + 120);
            int top = tune->notes[i].pitch;
            if (low.count == 0) continue;
            bool joined =
                i && tune->notes[i].start - tune->notes[i - 1].start - tune->notes[i - 1].length < GRM_PPQ / 2;
            bool both = joined && last_top && top != last_top && low.pitch[0] != last_low;
            moves += both;
            int gap = (top - low.pitch[0]) % 12;
            parallels += both && (gap == 0 || gap == 7) && (last_top - last_low) % 12 == gap &&
                         (top > last_top) == (low.pitch[0] > last_low);
            last_top = top, last_low = low.pitch[0];
        }
        grm_score_free(score);
    }
    assert_true(moves > 100);
    if (parallels * 22 > moves) fail_msg("%d parallels in %d moves", parallels, moves);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ensembles_move_little_and_never_in_parallel),
        cmocka_unit_test(tune_and_bass_of_classical_pieces_seldom_move_in_parallel),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
