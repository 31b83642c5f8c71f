// Chord parts: held pads that move only the voices that must, comping and strumming in a rhythm, broken chords. They
// leave the tune its register.
#include <string.h>

#include "compose/work.h"

typedef struct hand {  // what a chord part remembers from one chord to the next
    grm_voicing voicing;
    const grm_chord *chord;
} hand;

static const grm_voicing *grip(hand *h, const grm_work *work, const grm_writer_part *part, const grm_chord *chord) {
    if (h->chord != chord) {
        grm_tune_window heard = grm_tune_heard(work, chord->start, chord->end);
        h->voicing = grm_voice_chord(work, chord, part, &heard, &h->voicing, h->chord);
        for (int i = 0; i < h->voicing.count; i++) {  // what the instrument can't reach lies an octave in
            int *pitch = &h->voicing.pitch[i];
            while (*pitch < part->instrument->low) *pitch += 12;
            while (*pitch > part->instrument->high) *pitch -= 12;
        }
        h->chord = chord;
    }
    return &h->voicing;
}

// The grip without what would rub against the tune just now; two notes stay.
static grm_voicing beside_tune(const grm_work *work, const grm_voicing *grip, int32_t from, int32_t to) {
    grm_tune_window heard = grm_tune_heard(work, from, to);
    grm_voicing v = {0};
    for (int i = 0; i < grip->count; i++) {
        bool rubs = grm_tune_rub(&heard, grip->pitch[i]).sharp > 0;
        if (!rubs || v.count + grip->count - i <= 2) v.pitch[v.count++] = grip->pitch[i];
    }
    return v;
}

static size_t first_chord(const grm_work *work, int32_t from) {
    size_t i = 0;
    while (i + 1 < work->chord_count && work->chords[i].end <= from) i++;
    return i;
}

// Pads: a note that the next chord keeps is held across; the others change.
static void play_pad(grm_work *work, grm_writer_part *part, hand *h, int32_t from, int32_t to, int velocity) {
    struct {
        int pitch;
        int32_t since;
    } held[GRM_MAX_VOICES];
    int count = 0;
    for (size_t c = first_chord(work, from); c < work->chord_count && work->chords[c].start < to; c++) {
        const grm_chord *chord = &work->chords[c];
        int32_t start = chord->start > from ? chord->start : from;
        const grm_voicing *v = grip(h, work, part, chord);
        int kept = 0;
        for (int i = 0; i < count; i++) {
            bool stays = false;
            for (int j = 0; j < v->count; j++) stays = stays || v->pitch[j] == held[i].pitch;
            // Held for eight bars at most: players breathe and bows turn.
            if (stays && start - held[i].since < 8 * work->bar_ticks)
                held[kept++] = held[i];
            else
                grm_part_note(part, held[i].since, start - held[i].since, held[i].pitch, velocity);
        }
        count = kept;
        for (int j = 0; j < v->count; j++) {
            bool sounds = false;
            for (int i = 0; i < count; i++) sounds = sounds || held[i].pitch == v->pitch[j];
            if (!sounds && count < GRM_MAX_VOICES) held[count].pitch = v->pitch[j], held[count++].since = start;
        }
    }
    for (int i = 0; i < count; i++) grm_part_note(part, held[i].since, to - held[i].since, held[i].pitch, velocity);
}

static int velocity_of(char sign, int base) {
    return sign == 'X' || sign == 'd'   ? base + 12
           : sign == 'o' || sign == 'm' ? base - 18
           : sign == 'u'                ? base - 4
                                        : base;
}

// One sign of a comping, strumming or arpeggio figure at its place.
static void strike(grm_writer_part *part, const grm_voicing *v, char sign, bool accented, int32_t at, int32_t length,
                   int base, double tick_s) {
    int velocity = velocity_of(sign, base) + (accented ? 12 : 0);
    if (sign >= '1' && sign <= '9' && v->count) {
        int index = sign - '1', pitch = v->pitch[index % v->count] + 12 * (index / v->count);
        while (pitch > part->instrument->high && pitch >= 12) pitch -= 12;
        grm_part_note(part, at, length, pitch, velocity);
        return;
    }
    bool up = sign == 'u', muted = sign == 'm';
    int first = sign == 't' ? 1 : up && v->count > 3 ? 1 : 0, last = sign == 'b' ? 1 : v->count;
    if (first >= v->count) first = 0;
    double strum_s = part->instrument->strum_ms * 1e-3 * (muted ? 0.5 : 1.0);
    int32_t spread = (int32_t)(strum_s / tick_s / (v->count > 1 ? v->count - 1 : 1));
    if (muted) length = STEP_TICKS / 3;
    for (int i = first; i < last && i < v->count; i++) {
        int32_t delay = spread * (up ? last - 1 - i : i - first);
        int own = velocity + (i + 1 == v->count ? 4 : i ? -3 : 0);
        grm_part_note(part, at + delay, length - delay > 30 ? length - delay : 30, v->pitch[i], own);
    }
}

static bool tune_speaks(const grm_work *work, int32_t at) {
    for (size_t i = 0; i < work->melody.count && work->melody.notes[i].start <= at; i++)
        if (work->melody.notes[i].start == at) return true;
    return false;
}

static void play_figure(grm_work *work, grm_writer_part *part, hand *h, const grm_passage *p, int32_t from, int32_t to,
                        grm_rng *rng) {
    const grm_choice *choice = grm_choice_draw(work, &part->plan->figures, p->energy, rng);
    int base = 66 + (int)(24 * p->energy);
    const grm_figure *figure = choice ? grm_figure_fit(work, choice->text, choice->metre) : NULL;
    if (!figure) {
        play_pad(work, part, h, from, to, base);
        return;
    }
    grm_stroke stroke;
    for (grm_walk walk = {figure, p->start, from, to, 0}; grm_figure_next(&walk, &stroke);) {
        int32_t at = stroke.at, length = stroke.length;
        int weight = grm_metric_weight(work, at - p->start);
        // A comping hand leaves light off-beats to the tune.
        bool light = part->plan->play == GRM_PLAY_COMP && stroke.sign != 'X' && weight == 0;
        bool yields = light && grm_rng_chance(rng, 0.4f);
        if (yields && tune_speaks(work, at)) continue;
        const grm_chord *chord = grm_chord_at(work, at);
        // A stab just before a chord change that is held over it belongs to the chord that comes.
        const grm_chord *next = grm_chord_at(work, at + length - 1);
        if (next != chord && next->start - at <= work->beat_ticks / 2 &&
            at + length - next->start >= work->beat_ticks / 2)
            chord = next;
        if (chord->end > at && at + length > chord->end) length = chord->end - at;
        if (at + length > to) length = to - at;
        bool accented = stroke.sign >= '1' && stroke.sign <= '9' && weight >= 2;
        const grm_voicing *whole = grip(h, work, part, chord);
        // A broken chord keeps its order of notes; one of them alone does not clash for long.
        grm_voicing v = part->plan->play == GRM_PLAY_ARP ? *whole : beside_tune(work, whole, at, at + length);
        strike(part, &v, stroke.sign, accented, at, length, base, work->tick_s);
    }
}

void grm_chords_play(grm_work *work, grm_writer_part *part) {
    hand h = {0};
    grm_rng all = grm_rng_new(work->seed, "chords"), own = grm_rng_branch(&all, part->plan->name, 0);
    for (size_t i = 0; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i];
        int32_t from, to;
        if (!grm_part_plays(work, part, p, &from, &to)) continue;
        if (part->plan->play == GRM_PLAY_PAD) {
            play_pad(work, part, &h, from, to, 58 + (int)(30 * p->energy));
        } else {
            // The same kind of section plays the same figure; the last of its kind may choose again. A long section
            // may turn to another figure halfway.
            grm_rng rng = grm_rng_branch(&own, p->plan->kind, p->occurrence > 1 && p->last_of_kind);
            grm_rng other = grm_rng_branch(&rng, "turn", 0);
            bool turns = grm_rng_chance(&other, p->bars >= 16 ? 0.6f : 0.35f) && p->bars >= 8;
            int32_t half = p->start + (p->bars >= 16 ? 8 : p->bars / 2) * work->bar_ticks;
            if (!turns || half <= from || half >= to) half = to;
            play_figure(work, part, &h, p, from, half, &rng);
            if (half < to) play_figure(work, part, &h, p, half, to, &other);
        }
        if (i + 1 == work->passage_count && to == p->end) {  // the last chord, ringing
            const grm_voicing *v = grip(&h, work, part, &work->chords[work->chord_count - 1]);
            strike(part, v, 'X', false, work->last_chord, work->end - work->last_chord, 60, work->tick_s);
        }
    }
}
