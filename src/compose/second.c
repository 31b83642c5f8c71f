// The second voice: the tune once more, mostly a third or a sixth below, in notes that fit the chords. Its intervals
// are the cheapest path through all that lie under the tune: parallel where that sounds well, stepping aside where a
// chord would be hurt.
#include <math.h>
#include <stdlib.h>

#include "compose/tune.h"

enum { CLOSEST = 3, WIDEST = 9, INTERVALS = WIDEST - CLOSEST + 1 };

// In order from three to nine semitones: thirds and sixths are sweet, a fourth is a colour, a tritone a mistake.
static const float sourness[INTERVALS] = {0.0f, 0.0f, 0.9f, 3.0f, 1.6f, 0.25f, 0.25f};

static float place_cost(const grm_work *work, const grm_line_note *n, int below) {
    int pitch = n->pitch - below;
    const grm_chord *chord = grm_chord_at(work, n->start);
    bool heavy = n->accent >= 1 || n->length >= work->beat_ticks, fits = chord->pcs >> (pitch % 12) & 1;
    bool rubs = chord->pcs >> ((pitch + 11) % 12) & 1;
    float cost = sourness[below - CLOSEST];
    if (!(grm_chord_scale(work, chord) >> (pitch % 12) & 1)) return cost + 6.0f;
    return fits ? cost : cost + (heavy ? 1.4f : 0.3f) + (heavy && rubs ? 1.5f : 0);
}

// From one interval to the next: to keep it, or third for third, is what makes two voices one thing.
static float change_cost(const grm_line_note *a, const grm_line_note *b, int from, int to) {
    int move = (b->pitch - to) - (a->pitch - from), above = b->pitch - a->pitch;
    bool same_kind = (from <= 4 && to <= 4) || (from >= 8 && to >= 8);
    bool fifths = from == 7 && to == 7 && above;
    bool stands = above == 0 && move != 0;  // the lower voice moves under a note that is repeated
    return (same_kind ? 0 : 0.7f) + 0.08f * (float)abs(move - above) + (fifths ? 2.0f : 0) + (stands ? 0.6f : 0) +
           (abs(move) > 5 ? 0.4f : 0);
}

// How far below each of the notes first..end the second voice goes; `below` is as long.
static bool find_path(const grm_work *work, const grm_line_note *notes, size_t count, int *below) {
    float(*cost)[INTERVALS] = malloc(count * sizeof *cost);
    uint8_t(*from)[INTERVALS] = malloc(count * sizeof *from);
    if (cost && from) {
        for (size_t i = 0; i < count; i++)
            for (int to = 0; to < INTERVALS; to++) {
                float own = place_cost(work, &notes[i], CLOSEST + to), best = INFINITY;
                from[i][to] = 0;
                for (int k = 0; i && k < INTERVALS; k++) {
                    float now = cost[i - 1][k] + change_cost(&notes[i - 1], &notes[i], CLOSEST + k, CLOSEST + to);
                    if (now < best) best = now, from[i][to] = (uint8_t)k;
                }
                cost[i][to] = own + (i ? best : 0);
            }
        int at = 0;
        for (int k = 1; k < INTERVALS; k++)
            if (cost[count - 1][k] < cost[count - 1][at]) at = k;
        for (size_t i = count; i-- > 0; at = from[i][at]) below[i] = CLOSEST + at;
    }
    bool fine = cost && from;
    free(cost);
    free(from);
    return fine;
}

// Octaves that bring the voice as a whole into the part's range, from where the tune is played.
static int shift_for(const grm_writer_part *part, const grm_line_note *notes, const int *below, size_t count,
                     int tune_shift) {
    int best = tune_shift, best_out = -1;
    for (int shift = -36; shift <= 36; shift += 12) {
        int out = 4 * abs(shift - tune_shift) / 12;
        for (size_t i = 0; i < count; i++) {
            int pitch = notes[i].pitch - below[i] + shift;
            out += (pitch < part->low || pitch > part->high) * 16;
        }
        if (best_out < 0 || out < best_out) best_out = out, best = shift;
    }
    return best;
}

static int tune_shift(const grm_work *work, const grm_passage *p) {
    int32_t from, to;
    for (size_t i = 0; i < work->part_count; i++)
        if (work->parts[i].plan->play == GRM_PLAY_MELODY && grm_part_plays(work, &work->parts[i], p, &from, &to))
            return grm_tune_octaves(work, &work->parts[i]);
    return 0;
}

static bool play_passage(grm_work *work, grm_writer_part *part, const grm_passage *p, int32_t from, int32_t to) {
    const grm_line *line = &work->melody;
    size_t first = 0, end;
    int32_t early = from > p->start ? from : from - work->beat_ticks;  // a tune may begin before its section
    while (first < line->count &&
           (line->notes[first].start < early || (line->notes[first].start < from && !line->notes[first].phrase_start)))
        first++;
    for (end = first; end < line->count && line->notes[end].start < to;) end++;
    bool home = p + 1 == work->passages + work->passage_count && to == p->end && end < line->count;
    size_t count = end + home - first;
    if (count == 0) return true;
    int *below = malloc(count * sizeof *below);
    if (!below || !find_path(work, line->notes + first, count, below)) {
        free(below);
        return false;
    }
    int shift = shift_for(part, line->notes + first, below, count, tune_shift(work, p));
    for (size_t i = 0; i < count; i++) {
        const grm_line_note *n = &line->notes[first + i];
        int pitch = n->pitch - below[i] + shift;
        if (pitch < part->instrument->low || pitch > part->instrument->high) continue;
        grm_part_note(part, n->start, n->length, pitch, grm_tune_loudness(work, first + i, p->energy) - 10);
    }
    free(below);
    return true;
}

void grm_second_play(grm_work *work, grm_writer_part *part) {
    for (size_t i = 0; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i];
        int32_t from, to;
        bool sung = p->tune && p->tune[0] != '-' && !grm_is_solo(p);
        if (!sung || !grm_part_plays(work, part, p, &from, &to)) continue;
        if (!play_passage(work, part, p, from, to)) part->failed = true;
    }
}
