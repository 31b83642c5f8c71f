// From nominal places to played ones: swing, a pulse that drifts slowly rather than shakes, players who lay back, and
// loudness that wanders with them. Drummers' offsets carry over from hit to hit at about 0.7 (Groove MIDI Dataset), so
// the drift is a first-order autoregression with a small dice on top.
#include <math.h>
#include <stdlib.h>

#include "compose/work.h"

enum { SHORTEST = 10 };  // ticks of a note

static int32_t swung(const grm_feel *feel, int32_t tick) {
    if (feel->swing <= 0.5f || feel->swing >= 0.9f) return tick;
    int32_t pair = feel->swing_unit == 8 ? GRM_PPQ : GRM_PPQ / 2, half = pair / 2;
    int32_t within = ((tick % pair) + pair) % pair, base = tick - within;
    bool triplet = within % (pair / 6) == 0 && within % half != 0;
    if (triplet) return tick;  // triplets are even in any feel
    double off = feel->swing * pair;
    double moved = within <= half ? within * off / half : off + (within - half) * (pair - off) / half;
    return base + (int32_t)lround(moved);
}

static int compare_notes(const void *a, const void *b) {
    const grm_note *x = a, *y = b;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    if (x->pitch != y->pitch) return x->pitch < y->pitch ? -1 : 1;
    return (x->length > y->length) - (x->length < y->length);
}

static double looseness(grm_role role) {
    switch (role) {
        case GRM_ROLE_KICK:
            return 0.4;
        case GRM_ROLE_TEXTURE:
        case GRM_ROLE_FX:
        case GRM_ROLE_PAD:
            return 0;
        case GRM_ROLE_ARP:
            return 0.5;
        default:
            return 1;
    }
}

// Ends of notes: no key is struck while it still sounds, one voice holds one note, lines are tied where they join.
static void tidy(grm_work *work, grm_writer_part *part) {
    bool mono = part->instrument->polyphony == 1 && part->plan->play != GRM_PLAY_DRUMS;
    bool legato = mono && part->instrument->sustains;
    size_t kept = 0;
    for (size_t i = 0; i < part->note_count; i++) {
        grm_note *n = &part->notes[i];
        if (mono && kept && part->notes[kept - 1].start == n->start) {  // of two at once the higher stays
            part->notes[kept - 1] = *n;
            continue;
        }
        bool twice = false;  // the same key again at once, as when two hands meet
        for (size_t k = kept; k-- > 0 && n->start - part->notes[k].start < SHORTEST + 8;)
            twice = twice || part->notes[k].pitch == n->pitch;
        if (!twice) part->notes[kept++] = *n;
    }
    part->note_count = kept;
    for (size_t i = 0; i < kept; i++) {
        grm_note *n = &part->notes[i];
        for (size_t j = i + 1; j < kept && part->notes[j].start < n->start + n->length + STEP_TICKS / 2; j++) {
            const grm_note *next = &part->notes[j];
            if (next->start <= n->start) continue;
            int32_t gap = next->start - n->start - n->length;
            if (next->pitch == n->pitch) {
                if (gap < 8) n->length = next->start - n->start - 8;
                break;
            }
            if (!mono) continue;
            bool gliding = part->instrument->glide_ms > 0 && gap < 0;
            // A glide needs an overlap, but one that ends before the note it reaches into does.
            int32_t overlap = gliding ? (-gap < next->length / 2 ? -gap : next->length / 2) : 0;
            if (gap < 0) n->length = next->start - n->start + overlap;
            if (legato && gap >= 0 && gap < STEP_TICKS / 2) n->length = next->start - n->start + 12;
            break;
        }
        if (n->length < SHORTEST) n->length = SHORTEST;
        if (n->start + n->length > work->end)
            n->length = work->end - n->start > SHORTEST ? work->end - n->start : SHORTEST;
    }
}

// How late a piece of a kit stands, in shares of the style's lateness and looseness. Beside the kick, drummers'
// backbeats come 0 to 9 ms late, their ghost notes between the eighths 5 ms more, their hats on the eighths between the
// beats 1 to 6 ms early (Groove MIDI Dataset); the rest of a late sixteenth is swing.
static double habit_ms(const grm_work *work, const grm_note *n, int32_t nominal) {
    const grm_feel *feel = &work->style->feel;
    bool snare = n->pitch >= 37 && n->pitch <= 40, hat = n->pitch == 42 || n->pitch == 44 || n->pitch == 46;
    bool eighth = nominal % (GRM_PPQ / 2) == 0, beat = nominal % GRM_PPQ == 0;
    if (snare) return feel->late_ms + (eighth ? 0 : 0.5 * feel->timing_ms);
    return hat && eighth && !beat ? -0.35 * feel->timing_ms : 0;
}

void grm_feel_apply(grm_work *work, grm_writer_part *part) {
    const grm_feel *feel = &work->style->feel;
    grm_rng all = grm_rng_new(work->seed, "feel"), rng = grm_rng_branch(&all, part->plan->name, 0);
    if (part->note_count) qsort(part->notes, part->note_count, sizeof *part->notes, compare_notes);
    double ticks_per_ms = 1e-3 / work->tick_s, drift = 0, loud = 0, dice = 0;
    double spread = feel->timing_ms * ticks_per_ms * looseness(part->plan->role);
    bool backs = part->plan->role == GRM_ROLE_SNARE || part->plan->role == GRM_ROLE_BASS ||
                 part->plan->role == GRM_ROLE_LEAD || part->plan->role == GRM_ROLE_CHORDS;
    int32_t last = INT32_MIN;
    for (size_t i = 0; i < part->note_count; i++) {
        grm_note *n = &part->notes[i];
        if (n->start != last) {
            last = n->start;
            float a = grm_rng_normal(&rng), b = grm_rng_normal(&rng), c = grm_rng_normal(&rng);
            drift = 0.72 * drift + 0.69 * spread * 0.8 * fmin(fmax(a, -2.5), 2.5);
            dice = spread * 0.35 * fmin(fmax(b, -2.5), 2.5);
            loud = 0.5 * loud + 0.87 * feel->velocity * fmin(fmax(c, -2.5), 2.5);
        }
        int32_t end = swung(feel, n->start + n->length), start = swung(feel, n->start);
        bool drummer = part->plan->play == GRM_PLAY_DRUMS && !part->instrument->voice;
        double late_ms = drummer ? habit_ms(work, n, n->start) : backs ? feel->late_ms : 0;
        double offset = drift + dice + late_ms * ticks_per_ms;
        // The kit as a whole keeps its kick on the grid; its other pieces move about it.
        bool kick = part->plan->play == GRM_PLAY_DRUMS && (n->pitch == 35 || n->pitch == 36);
        if (kick) offset = 0.4 * (drift + dice);
        start += (int32_t)lround(offset);
        if (start < 0) start = 0;
        if (start >= work->end) start = work->end - SHORTEST;
        n->start = start;
        n->length = end - start > SHORTEST ? end - start : SHORTEST;
        int velocity = n->velocity + (int)lround(loud);
        n->velocity = (uint8_t)(velocity < 1 ? 1 : velocity > 127 ? 127 : velocity);
    }
    if (part->note_count) qsort(part->notes, part->note_count, sizeof *part->notes, compare_notes);
    tidy(work, part);
}
