// Second lines: riffs of scale degrees that bend to the chords, and counter-melodies that hold guide tones under the
// tune and speak where it breathes.
#include <stdlib.h>
#include <string.h>

#include "compose/tune.h"

// The pitch of a scale degree (0 below the tonic .. 9) near `near`; a degree that rubs against the chord gives way to
// the nearest chord note.
static int degree_pitch(const grm_work *work, const grm_writer_part *part, const grm_chord *chord, int degree,
                        int tonic) {
    unsigned scale = grm_chord_scale(work, chord);
    int base = grm_pitch_near(tonic, (part->low + part->high) / 2 - 4, part->low, part->high), pitch = base;
    if (degree == 0) {
        pitch = base - 1;
        while (!(scale >> (((pitch % 12) + 12) % 12) & 1)) pitch--;
    }
    for (int i = 1; i < degree; i++) {
        pitch++;
        while (!(scale >> (pitch % 12) & 1)) pitch++;
    }
    if (!(chord->pcs >> (pitch % 12) & 1)) {
        bool rubs = chord->pcs >> ((pitch + 11) % 12) & 1 || chord->pcs >> ((pitch + 1) % 12) & 1;
        for (int off = 1; rubs && off <= 2; off++) {
            if (chord->pcs >> ((pitch + 12 - off) % 12) & 1) return pitch - off;
            if (chord->pcs >> ((pitch + off) % 12) & 1) return pitch + off;
        }
    }
    return pitch;
}

void grm_riff_play(grm_work *work, grm_writer_part *part) {
    grm_rng all = grm_rng_new(work->seed, "riff"), own = grm_rng_branch(&all, part->plan->name, 0);
    for (size_t i = 0; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i];
        int32_t from, to;
        if (!grm_part_plays(work, part, p, &from, &to)) continue;
        grm_rng rng = grm_rng_branch(&own, p->plan->kind, 0);
        const grm_choice *choice = grm_choice_draw(work, &part->plan->figures, p->energy, &rng);
        int base = 74 + (int)(20 * p->energy), tonic = (work->brief->key.tonic + p->transpose) % 12;
        grm_stroke stroke;
        grm_walk walk = {choice ? grm_figure_fit(work, choice->text, choice->metre) : NULL, p->start, from, to, 0};
        while (grm_figure_next(&walk, &stroke)) {
            if (stroke.sign < '0' || stroke.sign > '9') continue;
            int32_t ticks = stroke.length < to - stroke.at ? stroke.length : to - stroke.at;
            int pitch = degree_pitch(work, part, grm_chord_at(work, stroke.at), stroke.sign - '0', tonic);
            grm_part_note(part, stroke.at, ticks, pitch, base + 4 * grm_metric_weight(work, stroke.at - p->start));
        }
        if (i + 1 == work->passage_count && to == p->end)
            grm_part_note(part, work->last_chord, work->end - work->last_chord,
                          degree_pitch(work, part, &work->chords[work->chord_count - 1], 1, tonic), base);
    }
}

// The next stretch of silence in the tune, or of a held note, of at least `least` ticks, in from..to.
static bool next_gap(const grm_work *work, int32_t from, int32_t to, int32_t least, int32_t *start, int32_t *end) {
    int32_t at = from;
    for (size_t i = 0; i < work->melody.count; i++) {
        const grm_line_note *n = &work->melody.notes[i];
        if (n->start + n->length <= at) continue;
        if (n->start >= to) break;
        if (n->start - at >= least) break;
        // A long note counts as room once it has been heard for a beat.
        int32_t free_from = n->start + (n->length >= 2 * work->beat_ticks ? work->beat_ticks : n->length);
        if (free_from > at) at = free_from;
        if (n->start + n->length - at >= least) break;
        if (n->start + n->length > at && n->length < 2 * work->beat_ticks) at = n->start + n->length;
    }
    int32_t until = to;
    for (size_t i = 0; i < work->melody.count; i++)
        if (work->melody.notes[i].start >= at + STEP_TICKS && work->melody.notes[i].start < until) {
            until = work->melody.notes[i].start;
            break;
        }
    *start = at, *end = until;
    return at < to && until - at >= least;
}

// The rhythm of an answer in a gap from `at` on: a few notes, the last one long.
static void think_of_answer(const grm_work *work, grm_idea *idea, int32_t at, int32_t end, grm_rng *rng) {
    int32_t grid = work->beat_ticks / 2;
    int most = 3 + (int)grm_rng_below(rng, 3);
    while (idea->count < most && at + grid <= end) {
        int32_t length = grm_rng_chance(rng, 0.65f) ? grid : work->beat_ticks;
        if (idea->count + 1 == most) length = work->beat_ticks + grid;
        if (length > end - at) length = end - at;
        idea->at[idea->count] = at;
        idea->length[idea->count++] = length;
        at += length;
    }
    float fall = grm_rng_chance(rng, 0.5f) ? 2.0f : -2.0f;
    idea->contour[0] = fall, idea->contour[2] = -fall;
}

// An answer in a gap, ending before the tune comes back: the section's first one, as far as it has room and as the
// chords allow, so that the second voice has a motif too; `motif` holds it once it was played, its places from its
// start.
static void answer(grm_work *work, grm_writer_part *part, const grm_passage *p, int32_t start, int32_t end, int *last,
                   grm_idea *motif, grm_rng *rng) {
    int32_t grid = work->beat_ticks / 2, at = (start + grid - 1) / grid * grid;
    int32_t bar = p->start + (at - p->start) / work->bar_ticks * work->bar_ticks;  // metric weights count from here
    grm_idea idea = {.ticks = end - bar};
    bool again = motif->count && grm_rng_chance(rng, 0.75f);
    for (int i = 0; again && i < motif->count && at + motif->at[i] + grid <= end; i++) {
        idea.at[i] = at - bar + motif->at[i];
        idea.length[i] = motif->length[i] < end - at - motif->at[i] ? motif->length[i] : end - at - motif->at[i];
        idea.count = i + 1;
    }
    memcpy(idea.contour, motif->contour, sizeof idea.contour);
    if (!again) think_of_answer(work, &idea, at - bar, end - bar, rng);
    if (idea.count < 2) return;
    grm_singing s = {.start = bar,
                     .low = part->low,
                     .high = part->high,
                     .centre = (part->low + part->high) / 2,
                     .last_pitch = *last,
                     .memory = again ? motif->pitch : NULL,
                     .memory_weight = 0.9f,
                     .noise = again ? 0.35f : 0.6f};
    grm_line_sing(work, &idea, &s, rng, idea.pitch);
    for (int i = 0; i < idea.count; i++)
        grm_part_note(part, bar + idea.at[i], idea.length[i], idea.pitch[i], 64 + (int)(18 * p->energy));
    *last = idea.pitch[idea.count - 1];
    if (motif->count) return;
    *motif = idea;
    for (int i = 0; i < idea.count; i++) motif->at[i] -= at - bar;
}

// Guide tones: the third or seventh of each chord, led by step, one long note a chord.
static void guide(grm_work *work, grm_writer_part *part, const grm_passage *p, int32_t from, int32_t to, int *last) {
    for (int32_t at = from; at < to;) {
        const grm_chord *chord = grm_chord_at(work, at);
        int32_t end = chord->end < to ? chord->end : to;
        int near = *last >= 0 ? *last : (part->low + part->high) / 2, best = -1;
        for (int pitch = part->low; pitch <= part->high; pitch++) {
            int above = ((pitch - chord->root) % 12 + 12) % 12;
            if (!(chord->pcs >> (pitch % 12) & 1)) continue;
            int cost = abs(pitch - near) * 2 + (above == 0 ? 3 : above == 7 ? 2 : 0);
            if (best < 0 || cost < abs(best - near) * 2 + (((best - chord->root) % 12 + 12) % 12 == 0 ? 3 : 0))
                best = pitch;
        }
        if (best < 0) best = near;
        grm_part_note(part, at, end - at, best, 60 + (int)(20 * p->energy));
        *last = best;
        at = end > at ? end : to;
    }
}

void grm_counter_play(grm_work *work, grm_writer_part *part) {
    grm_rng all = grm_rng_new(work->seed, "counter"), own = grm_rng_branch(&all, part->plan->name, 0);
    int last = -1;
    for (size_t i = 0; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i];
        int32_t from, to, start, end;
        if (!grm_part_plays(work, part, p, &from, &to)) continue;
        bool tune = p->tune && p->tune[0] != '-';
        grm_rng rng = grm_rng_branch(&own, p->plan->kind, 0);
        grm_idea motif = {0};
        // Where instruments can hold notes, long ones under the tune in even turns; else answers alone.
        if (part->instrument->sustains && (!tune || p->energy > 0.6f)) {
            guide(work, part, p, from, to, &last);
        } else {
            for (int32_t at = from; next_gap(work, at, to, work->beat_ticks + work->beat_ticks / 2, &start, &end);
                 at = end) {
                int32_t room = 2 * work->bar_ticks;
                if (!tune && end - start > room) end = start + room;
                bool speak = grm_rng_chance(&rng, 0.75f);
                if (speak) answer(work, part, p, start, end, &last, &motif, &rng);
            }
        }
        if (i + 1 == work->passage_count && to == p->end && last >= 0) {
            const grm_chord *chord = &work->chords[work->chord_count - 1];
            grm_part_note(part, work->last_chord, work->end - work->last_chord,
                          grm_pitch_near(chord->root, last, part->low, part->high), 66);
        }
    }
}
