// The bass: figures of chord members that agree with the kick, walking lines, drones.
#include <math.h>
#include <stdlib.h>

#include "compose/work.h"

// Roots are placed so that the line moves little but stays down; the first one low.
static int root_near(const grm_writer_part *part, int pitch_class, int last) {
    int near = last >= 0 ? last : part->low + 7;
    int centre = part->low + 9;
    near = (near + centre) / 2;
    return grm_pitch_near(pitch_class, near, part->low, part->low + 16 < part->high ? part->low + 16 : part->high);
}

static int member(const grm_chord *chord, unsigned first, unsigned second, int otherwise) {
    return chord->members >> first & 1 ? (int)first : chord->members >> second & 1 ? (int)second : otherwise;
}

// Just outside the next root: a semitone below or above, or the scale's own step.
static int approach(const grm_work *work, const grm_chord *chord, int target, grm_rng *rng) {
    unsigned scale = grm_chord_scale(work, chord);
    int kind = (int)grm_rng_below(rng, 4);
    if (kind == 0) return target - 1;
    if (kind == 1) return target + 1;
    int step = kind == 2 ? -1 : 1, pitch = target + step;
    while (!(scale >> (((pitch % 12) + 12) % 12) & 1)) pitch += step;
    return abs(pitch - target) <= 2 ? pitch : target - 1;
}

static int into_range(const grm_writer_part *part, int pitch) {
    while (pitch > part->high) pitch -= 12;
    while (pitch < part->low) pitch += 12;
    return pitch > part->high ? part->high : pitch;
}

static const grm_chord *next_chord(const grm_work *work, const grm_chord *chord, int32_t at) {
    return chord->end > at && chord->end < work->end ? grm_chord_at(work, chord->end) : chord;
}

static int figure_pitch(const grm_work *work, const grm_writer_part *part, const grm_chord *chord, char sign, int root,
                        int32_t at, grm_rng *rng) {
    switch (sign) {
        case '8':
            return root + 12 <= part->high ? root + 12 : root;
        case '5': {
            int fifth = member(chord, 7, 6, 7);
            if (chord->members >> 8 & 1 && !(chord->members >> 7 & 1)) fifth = 8;
            return root + fifth <= part->low + 19 && root + fifth <= part->high ? root + fifth
                   : root + fifth - 12 >= part->low                             ? root + fifth - 12
                                                                                : root;
        }
        case '3':
            return into_range(part, root + member(chord, 3, 4, chord->members >> 5 & 1 ? 5 : 7));
        case '7':
            return into_range(part, root + member(chord, 10, 11, 9) - (root + 10 > part->low + 19 ? 12 : 0));
        case 's': {
            int pitch = root + 1;
            while (!(grm_chord_scale(work, chord) >> (pitch % 12) & 1)) pitch++;
            return into_range(part, pitch);
        }
        case 'a':
            return into_range(part,
                              approach(work, chord, root_near(part, next_chord(work, chord, at)->bass, root), rng));
        case 'n':
            return root_near(part, next_chord(work, chord, at)->bass, root);
        case 'G':
            return root + 12 <= part->instrument->high ? root + 12 : root;
        default:
            return root;
    }
}

// Share of a figure's notes that fall on a kick.
static float agreement(const grm_work *work, const grm_choice *choice, const grm_figure *kick) {
    const grm_figure *figure = grm_figure_fit(work, choice->text, choice->metre);
    int together = 0;
    for (int i = 0; figure && i < figure->count; i++)
        for (int k = 0; k < kick->count; k++)
            if (kick->strokes[k].at == figure->strokes[i].at % kick->ticks) {
                together++;
                break;
            }
    return figure && figure->count ? (float)together / (float)figure->count : 0;
}

// Draws a figure, those that agree with the kick being likelier.
static const grm_choice *draw_with_kick(const grm_work *work, const grm_choices *figures, const grm_passage *p,
                                        grm_rng *rng) {
    enum { LIMIT = 64 };
    grm_choice weighed[LIMIT];
    const grm_figure *kick = grm_drums_kick(work, p);
    size_t count = figures->count < LIMIT ? figures->count : LIMIT;
    if (!kick) return grm_choice_draw(work, figures, p->energy, rng);
    for (size_t i = 0; i < count; i++) {
        weighed[i] = figures->items[i];
        weighed[i].weight *= expf(3.0f * agreement(work, &weighed[i], kick));
    }
    grm_choices list = {count, weighed};
    const grm_choice *drawn = grm_choice_draw(work, &list, p->energy, rng);
    return drawn ? &figures->items[drawn - weighed] : NULL;
}

// The note before reaches into the one at `at`: the voice glides.
static void reach_into(grm_writer_part *part, int32_t at) {
    if (!part->note_count) return;
    grm_note *before = &part->notes[part->note_count - 1];
    if (before->start < at) before->length = at + STEP_TICKS / 4 - before->start;
}

// Where a player leaves the figure for a run into the next section, `to` when he doesn't: two beats before it, over one
// chord, now and then.
static int32_t run_start(const grm_work *work, const grm_writer_part *part, const grm_passage *p, int32_t to) {
    bool more = p + 1 < work->passages + work->passage_count, plucked = !part->instrument->voice;
    int32_t start = p->end - 2 * work->beat_ticks;
    grm_rng all = grm_rng_new(work->seed, "bass run");
    grm_rng rng = grm_rng_branch(&all, part->plan->name, (unsigned)(p - work->passages));
    bool wants = grm_rng_chance(&rng, 0.3f + 0.25f * p->energy);
    bool simple = work->beat_ticks == GRM_PPQ && p->bars >= 4 && p->energy >= 0.35f;
    return wants && more && plucked && simple && to == p->end && grm_chord_at(work, start) == grm_chord_at(work, to - 1)
               ? start
               : to;
}

// The root, then three steps of the scale that lead to the next section's.
static void run(grm_work *work, grm_writer_part *part, int32_t start, int32_t to, int root, int velocity) {
    const grm_chord *chord = grm_chord_at(work, start);
    int target = root_near(part, grm_chord_at(work, to)->bass, root), steps[3];
    int direction = target - 5 >= part->low && (target > root || root - target > 7 || target + 5 > part->high) ? -1 : 1;
    unsigned scale = grm_chord_scale(work, chord);
    for (int i = 2, pitch = target; i >= 0; i--) {
        do pitch += direction;
        while (!(scale >> (((pitch % 12) + 12) % 12) & 1));
        steps[i] = into_range(part, pitch);
    }
    int32_t eighth = work->beat_ticks / 2;
    grm_part_note(part, start, eighth, root, velocity + 4);
    for (int i = 0; i < 3; i++) grm_part_note(part, start + (i + 1) * eighth, eighth, steps[i], velocity + 3 * i);
}

static void play_figure(grm_work *work, grm_writer_part *part, const grm_passage *p, int32_t from, int32_t until,
                        int *last, grm_rng *rng) {
    int32_t to = run_start(work, part, p, until);
    const grm_choice *choice = draw_with_kick(work, &part->plan->figures, p, rng);
    int base = 80 + (int)(16 * p->energy), root = *last;
    const grm_chord *rooted = NULL;
    grm_stroke stroke;
    grm_walk walk = {choice ? grm_figure_fit(work, choice->text, choice->metre) : NULL, p->start, from, to, 0};
    while (grm_figure_next(&walk, &stroke)) {
        int32_t at = stroke.at, ticks = stroke.length;
        char sign = stroke.sign;
        const grm_chord *chord = grm_chord_at(work, at);
        if (chord != rooted) root = root_near(part, chord->bass, root), rooted = chord;
        if (at + ticks > to) ticks = to - at;
        int pitch = figure_pitch(work, part, chord, sign, root, at, rng);
        int velocity = base + (sign == 'R' ? 10 : sign == 'o' ? -30 : sign == 'r' ? 0 : -2);
        if (sign == 'o') ticks = STEP_TICKS / 2;
        if (sign == 'g' || sign == 'G' || sign == 'n') reach_into(part, at);
        // A long note ends where the chord does and is struck again on the new root.
        int32_t first = chord->end - at < ticks ? chord->end - at : ticks;
        grm_part_note(part, at, first, pitch, velocity);
        if (ticks - first < STEP_TICKS) continue;
        chord = rooted = grm_chord_at(work, at + first);
        root = root_near(part, chord->bass, root);
        int32_t second = chord->end - at - first < ticks - first ? chord->end - at - first : ticks - first;
        grm_part_note(part, at + first, second, root, velocity - 4);
    }
    if (to < until) {
        root = root_near(part, grm_chord_at(work, to)->bass, root);
        run(work, part, to, until, root, base);
    }
    *last = root;
}

// Walking: the chord's root on its first beat, then chord and scale notes in the direction of the next root, and a
// step outside it on the last beat before it.
static void walk(grm_work *work, grm_writer_part *part, const grm_passage *p, int32_t from, int32_t to, int *last,
                 grm_rng *rng) {
    int pitch = *last >= 0 ? *last : part->low + 9, direction = 1;
    for (int32_t at = from; at < to; at += work->beat_ticks) {
        const grm_chord *chord = grm_chord_at(work, at),
                        *next = grm_chord_at(work, chord->end < work->end ? chord->end : at);
        bool first = at == chord->start || at == from,
             before_change = at + work->beat_ticks >= chord->end && next != chord;
        bool downbeat = (at - p->start) % work->bar_ticks == 0;
        int target = grm_pitch_near(next->bass, pitch + 2 * direction, part->low, part->high);
        if (pitch > part->low + 17) direction = -1;
        if (pitch < part->low + 5) direction = 1;
        if (first || (downbeat && grm_rng_chance(rng, 0.5f))) {
            pitch = grm_pitch_near(chord->bass, pitch + direction, part->low, part->high);
        } else if (before_change) {
            pitch = into_range(part, approach(work, chord, target, rng));
        } else {
            unsigned scale = grm_rng_chance(rng, 0.55f) ? chord->pcs : grm_chord_scale(work, chord);
            int wanted = pitch + direction;
            for (int tries = 0; tries < 12 && !(scale >> (((wanted % 12) + 12) % 12) & 1); tries++) wanted += direction;
            pitch = into_range(part, wanted);
        }
        int velocity = 84 + (int)(14 * p->energy) + (downbeat ? 3 : 0);
        grm_part_note(part, at, work->beat_ticks * 9 / 10, pitch, velocity);
        bool skip = grm_rng_chance(rng, 0.08f);  // a dead note on the last third now and then
        if (skip) grm_part_note(part, at + work->beat_ticks / 2, STEP_TICKS, pitch, velocity - 28);
    }
    *last = pitch;
}

static void drone(grm_work *work, grm_writer_part *part, const grm_passage *p, int32_t from, int32_t to) {
    int tonic = (work->brief->key.tonic + p->transpose) % 12;
    int root = grm_pitch_near(tonic, part->low + 6, part->low, part->high), velocity = 60 + (int)(24 * p->energy);
    grm_part_note(part, from, to - from, root, velocity);
    if (part->plan->voices > 1 && root + 7 <= part->high) grm_part_note(part, from, to - from, root + 7, velocity - 8);
}

void grm_bass_play(grm_work *work, grm_writer_part *part) {
    int last = -1;
    grm_rng all = grm_rng_new(work->seed, "bass"), own = grm_rng_branch(&all, part->plan->name, 0);
    for (size_t i = 0; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i];
        int32_t from, to;
        if (!grm_part_plays(work, part, p, &from, &to)) continue;
        grm_rng rng = grm_rng_branch(&own, p->plan->kind, p->occurrence > 1 && p->last_of_kind);
        if (part->plan->play == GRM_PLAY_WALK)
            walk(work, part, p, from, to, &last, &rng);
        else if (part->plan->play == GRM_PLAY_DRONE)
            drone(work, part, p, from, to);
        else
            play_figure(work, part, p, from, to, &last, &rng);
        if (i + 1 == work->passage_count && to == p->end) {
            const grm_chord *chord = &work->chords[work->chord_count - 1];
            grm_part_note(part, work->last_chord, work->end - work->last_chord, root_near(part, chord->bass, last), 84);
        }
    }
}
