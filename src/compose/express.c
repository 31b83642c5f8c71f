// Controllers: expression that swells with phrases, vibrato on what is held, the sustain pedal, filters that open
// toward a drop, a fade where one was asked for.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose/work.h"

static const double pi = 3.14159265358979323846;

enum { MODULATION = 1, VOLUME = 7, EXPRESSION = 11, PEDAL = 64, BRIGHTNESS = 74 };

// Each held note of a line swells to its middle; notes of a moment keep the level of their phrase.
static void swell_line(const grm_work *work, grm_writer_part *part) {
    for (size_t i = 0; i < part->note_count; i++) {
        const grm_note *n = &part->notes[i];
        int steps = n->length >= 2 * work->beat_ticks ? 8 : n->length >= work->beat_ticks ? 4 : 1;
        for (int s = 0; s < steps; s++) {
            double t = (s + 0.5) / steps, arch = sin(pi * fmin(t * 1.15, 1.0));
            int value = steps == 1 ? 104 : (int)(88 + 30 * arch);
            grm_part_control(part, n->start + (int32_t)(n->length * (double)s / steps), EXPRESSION, value);
        }
    }
}

// Pads breathe over two bars, and lean into the section that follows when it is louder.
static void swell_pad(grm_work *work, grm_writer_part *part) {
    for (size_t i = 0; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i];
        bool lifts = i + 1 < work->passage_count && p[1].energy > p->energy + 0.1f;
        int32_t from, to;
        if (!grm_part_plays(work, part, p, &from, &to)) continue;
        for (int32_t at = from; at < to; at += work->beat_ticks) {
            double phase = (double)(at - p->start) / (2 * work->bar_ticks), wave = 0.5 - 0.5 * cos(2 * pi * phase);
            double value = 88 + 22 * wave;
            if (lifts && at >= p->end - 2 * work->bar_ticks)
                value = fmin(127, value + 24.0 * (at - (p->end - 2 * work->bar_ticks)) / (2 * work->bar_ticks));
            grm_part_control(part, at, EXPRESSION, (int)value);
        }
    }
    grm_part_control(part, work->last_chord, EXPRESSION, 108);
}

// A player lets a long note speak first, then vibrates.
static void vibrate(const grm_work *work, grm_writer_part *part) {
    for (size_t i = 0; i < part->note_count; i++) {
        const grm_note *n = &part->notes[i];
        if (n->length < work->beat_ticks) continue;
        int32_t wait = n->length / 3 > work->beat_ticks / 2 ? work->beat_ticks / 2 : n->length / 3;
        grm_part_control(part, n->start, MODULATION, 0);
        for (int s = 1; s <= 4; s++) grm_part_control(part, n->start + wait + s * 60, MODULATION, s * 11);
    }
}

static void pedal(const grm_work *work, grm_writer_part *part) {
    for (size_t c = 0; c < work->chord_count; c++) {
        const grm_chord *chord = &work->chords[c];
        grm_part_control(part, chord->start > 30 ? chord->start - 20 : 0, PEDAL, 0);
        grm_part_control(part, chord->start + 60, PEDAL, 127);
    }
    grm_part_control(part, work->end - 20, PEDAL, 0);
}

// Builds and intros open the filter of synthetic parts; sections set it by their energy.
static void open_filter(grm_work *work, grm_writer_part *part) {
    for (size_t i = 0; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i];
        int32_t from, to;
        if (!grm_part_plays(work, part, p, &from, &to)) continue;
        bool opens = (strcmp(p->plan->kind, "build") == 0 || strcmp(p->plan->kind, "intro") == 0 ||
                      strcmp(p->plan->kind, "pre") == 0 || strcmp(p->plan->kind, "break") == 0) &&
                     i + 1 < work->passage_count;
        double home = 52 + 24 * p->energy, start = opens ? home - 26 : home, end = opens ? 52 + 24 * p[1].energy : home;
        int32_t step = opens ? work->beat_ticks : 4 * work->bar_ticks;
        for (int32_t at = from; at < to; at += step) {
            double t = (double)(at - p->start) / (p->end - p->start);
            grm_part_control(part, at, BRIGHTNESS, (int)(start + (end - start) * t));
        }
    }
}

static void fade_out(grm_work *work, grm_writer_part *part) {
    int32_t from = work->end - 8 * work->bar_ticks;
    if (from < work->end / 2) from = work->end / 2;
    for (int s = 0; s <= 40; s++)
        grm_part_control(part, from + (int32_t)((double)(work->end - from) * s / 41), VOLUME, 100 - s * 100 / 41);
}

static int compare_controls(const void *a, const void *b) {
    const grm_control *x = a, *y = b;
    if (x->tick != y->tick) return x->tick < y->tick ? -1 : 1;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

void grm_express(grm_work *work, grm_writer_part *part) {
    const grm_instrument *instrument = part->instrument;
    grm_play play = part->plan->play;
    if (play == GRM_PLAY_DRUMS || play == GRM_PLAY_TEXTURE || play == GRM_PLAY_FX) {
        // Percussion has its dynamics in its strokes.
    } else {
        bool line = play == GRM_PLAY_MELODY || play == GRM_PLAY_COUNTER || play == GRM_PLAY_SECOND;
        bool chords = play == GRM_PLAY_PAD || play == GRM_PLAY_COMP || play == GRM_PLAY_ARP;
        if (instrument->swells && line) swell_line(work, part);
        if (instrument->swells && play == GRM_PLAY_PAD) swell_pad(work, part);
        if (instrument->vibrato && line) vibrate(work, part);
        if (instrument->sustain_pedal && chords) pedal(work, part);
        if (instrument->voice && (chords || play == GRM_PLAY_RIFF)) open_filter(work, part);
    }
    for (size_t i = 0; i < work->brief->form_wishes.count; i++)
        if (strcmp(work->brief->form_wishes.items[i], "fade-out") == 0) fade_out(work, part);
    if (part->control_count) qsort(part->controls, part->control_count, sizeof *part->controls, compare_controls);
}
