// The tune handed to those who play it, with the loudness of a phrase: up to its peak, down to its end.
#include <stdlib.h>

#include "compose/tune.h"

int grm_tune_octaves(const grm_work *work, const grm_writer_part *part) {
    int best = 0, best_out = -1;
    for (int shift = -36; shift <= 36; shift += 12) {
        int out = 0;
        for (size_t i = 0; i < work->melody.count; i++) {
            int pitch = work->melody.notes[i].pitch + shift;
            out += (pitch < part->low || pitch > part->high) * 16 + (abs(shift) > 0);
        }
        if (best_out < 0 || out < best_out) best_out = out, best = shift;
    }
    return best;
}

int grm_tune_loudness(const grm_work *work, size_t i, float energy) {
    const grm_line *line = &work->melody;
    size_t from = i, to = i;
    while (from > 0 && !line->notes[from].phrase_start) from--;
    while (to + 1 < line->count && !line->notes[to + 1].phrase_start) to++;
    int peak = 0;
    for (size_t k = from; k <= to; k++)
        if (line->notes[k].pitch > peak) peak = line->notes[k].pitch;
    int below = peak - line->notes[i].pitch;
    int velocity = 86 + (int)(16 * energy) - (below > 10 ? 10 : below) + 2 * line->notes[i].accent;
    if (line->notes[i].phrase_end) velocity -= 6;
    return velocity;
}

void grm_melody_play(grm_work *work, grm_writer_part *part) {
    int shift = grm_tune_octaves(work, part), low, high;
    grm_solo_range(part, &low, &high);
    const grm_line *line = &work->melody;
    grm_rng all = grm_rng_new(work->seed, "ornament"), rng = grm_rng_branch(&all, part->plan->name, 0);
    for (size_t p = 0; p < work->passage_count; p++) {
        const grm_passage *passage = &work->passages[p];
        int32_t from, to;
        bool plays = grm_part_plays(work, part, passage, &from, &to);
        // A tune that comes early begins before its section does.
        int32_t early = from > passage->start ? from : from - work->beat_ticks;
        for (size_t i = 0; i < line->count && plays; i++) {
            const grm_line_note *n = &line->notes[i];
            bool pickup = n->start < from && n->start >= early && n->phrase_start && n->start + n->length > from;
            if ((n->start < from && !pickup) || n->start >= to) continue;
            int pitch = n->pitch + shift, velocity = grm_tune_loudness(work, i, passage->energy);
            while (pitch > high && pitch >= 12) pitch -= 12;
            while (pitch < low) pitch += 12;
            bool grace =
                grm_rng_chance(&rng, work->style->melody.ornament) && n->length >= work->beat_ticks && n->accent > 0;
            if (grace) {
                unsigned scale = grm_chord_scale(work, grm_chord_at(work, n->start));
                int from_pitch = pitch + 1;
                while (!(scale >> (from_pitch % 12) & 1)) from_pitch++;
                if (n->start >= 80 && from_pitch <= part->high)
                    grm_part_note(part, n->start - 80, 80, from_pitch, velocity - 16);
            }
            grm_part_note(part, n->start, n->length, pitch, velocity);
        }
        const grm_line_note *last = line->count ? &line->notes[line->count - 1] : NULL;
        if (plays && p + 1 == work->passage_count && to == passage->end && last && last->start == work->last_chord) {
            int pitch = last->pitch + shift;  // home
            while (pitch > high && pitch >= 12) pitch -= 12;
            while (pitch < low) pitch += 12;
            grm_part_note(part, last->start, last->length, pitch, 84);
        }
    }
}
