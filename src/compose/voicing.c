// Chord notes placed: of all ways to stack a chord in a register, the one that moves least from the chord before, with
// common notes kept and no parallel fifths or octaves between its outer voices and the bass.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose/work.h"

// The chord's notes in order of how much they tell: third, seventh, extensions, root, fifth; the root first for those
// who have no bass under them.
// Pitch classes in `avoid` stay out: the tune has their neighbour. The home chord keeps its root, also in hands that
// leave roots to the bass: without it I maj9 is iii7, and the ear moves house.
static int order_members(const grm_chord *chord, const char *voicing, int wanted, unsigned avoid, int tonic,
                         int out[GRM_MAX_VOICES]) {
    bool rootless = strcmp(voicing, "rootless") == 0 && chord->root != tonic;
    bool triad = strcmp(voicing, "triad") == 0, shell = strcmp(voicing, "shell") == 0;
    static const int telling[] = {3, 4, 2, 5, 10, 11, 9, 14, 13, 15, 0, 7, 6, 8, 17, 18, 21, 20, 19, 16, 12, 1};
    int count = 0;
    bool has_third = chord->members & (1u << 3 | 1u << 4);
    for (size_t i = 0; i < GRM_COUNT(telling) && count < wanted && count < GRM_MAX_VOICES; i++) {
        int member = telling[i];
        bool sixth_for_seventh = member == 9 && chord->members >> 11 & 1 && avoid >> ((chord->root + 11) % 12) & 1;
        if (!(chord->members >> member & 1) && !sixth_for_seventh) continue;
        if (avoid >> ((chord->root + member) % 12) & 1) continue;
        if (member == 0 && rootless) continue;
        if (triad && member > 8) continue;
        if (shell && member != 0 && member != 3 && member != 4 && member < 9) continue;
        if (has_third && member == 5) continue;
        out[count++] = member;
    }
    if (!rootless && wanted >= 3 && !(avoid >> chord->root & 1)) {  // a root in any chord of three and more
        bool there = false;
        for (int i = 0; i < count; i++) there = there || out[i] == 0;
        if (!there && count) out[count - 1] = 0;
    }
    for (int i = 0; count < wanted && count < GRM_MAX_VOICES && count && i < 3; i++) {  // doubled where notes are few
        static const int doubles[3] = {0, 7, 12};
        if (rootless && doubles[i] % 12 == 0) continue;
        if (avoid >> ((chord->root + doubles[i]) % 12) & 1) continue;
        out[count++] = doubles[i] == 12 ? 0 : doubles[i];
    }
    return count;
}

static void sort_pitches(grm_voicing *v) {
    for (int i = 1; i < v->count; i++)
        for (int j = i; j > 0 && v->pitch[j] < v->pitch[j - 1]; j--) {
            int swap = v->pitch[j];
            v->pitch[j] = v->pitch[j - 1], v->pitch[j - 1] = swap;
        }
}

// Stacks the members' pitch classes upward from the one at `turn`, close together, from `bottom` on, leaving one place
// out before voice `skip` (0: none); where there are more voices than pitch classes the stack goes round once more.
static grm_voicing stack(const grm_chord *chord, const int *members, int count, int turn, int bottom, int skip) {
    grm_voicing v = {.count = 0};
    int pcs[GRM_MAX_VOICES], distinct = 0;
    for (int pc = 0; pc < 12; pc++)
        for (int i = 0; i < count; i++)
            if ((chord->root + members[i]) % 12 == pc) {
                pcs[distinct++] = pc;
                break;
            }
    int at = bottom;
    for (int i = 0; i < count; i++) {
        int next = turn + i + (skip && i >= skip);
        if (skip && i == skip)
            while (at % 12 != pcs[(next - 1) % distinct]) at++;
        while (at % 12 != pcs[next % distinct]) at++;
        v.pitch[v.count++] = at++;
    }
    return v;
}

// Whether all of the members' pitch classes sound, as they may not where a place was left out.
static bool is_whole(const grm_voicing *v, const grm_chord *chord, const int *members, int count) {
    unsigned wanted = 0, there = 0;
    for (int i = 0; i < count; i++) wanted |= 1u << (chord->root + members[i]) % 12;
    for (int i = 0; i < v->count; i++) there |= 1u << v->pitch[i] % 12;
    return wanted == there;
}

static void open_up(grm_voicing *v, const char *voicing) {
    if (strcmp(voicing, "drop2") == 0 && v->count >= 3) v->pitch[v->count - 2] -= 12;
    if ((strcmp(voicing, "open") == 0 || strcmp(voicing, "spread") == 0) && v->count >= 3) v->pitch[1] += 12;
    if (strcmp(voicing, "spread") == 0 && v->count >= 4) v->pitch[0] -= 12;
    sort_pitches(v);
}

static bool parallel(int low_from, int high_from, int low_to, int high_to) {
    int before = (high_from - low_from) % 12, after = (high_to - low_to) % 12;
    return before == after && (before == 0 || before == 7) && low_from != low_to && high_from != high_to &&
           (low_to > low_from) == (high_to > high_from);
}

// Voices in parallel octaves are one voice fewer, in parallel fifths a hollow one. Players of an ensemble avoid them; a
// synthesizer's octaves are its sound.
static double parallel_cost(const grm_voicing *v, const grm_voicing *last) {
    double cost = 0;
    for (int i = 0; i < v->count; i++)
        for (int j = i + 1; j < v->count; j++)
            if (parallel(last->pitch[i], last->pitch[j], v->pitch[i], v->pitch[j]))
                cost += i == 0 && j + 1 == v->count ? 40.0 : (v->pitch[j] - v->pitch[i]) % 12 ? 6.0 : 12.0;
    return cost;
}

static double move_cost(const grm_voicing *v, const grm_voicing *last, const grm_chord *chord,
                        const grm_chord *last_chord, bool ensemble) {
    double cost = ensemble && v->count == last->count ? parallel_cost(v, last) : 0;
    for (int i = 0; i < v->count; i++) {  // each new note from its nearest old one
        int nearest = 99;
        for (int j = 0; j < last->count; j++)
            if (abs(v->pitch[i] - last->pitch[j]) < nearest) nearest = abs(v->pitch[i] - last->pitch[j]);
        cost += 1.3 * nearest;
    }
    int top = abs(v->pitch[v->count - 1] - last->pitch[last->count - 1]);
    cost += 0.7 * top + (top > 4 ? 2 : 0);
    if (last_chord) {
        int bass = 36 + chord->bass, last_bass = 36 + last_chord->bass;
        if (parallel(last_bass, last->pitch[last->count - 1], bass, v->pitch[v->count - 1])) cost += 6;
        if (v->count == last->count &&
            parallel(last->pitch[0], last->pitch[last->count - 1], v->pitch[0], v->pitch[v->count - 1]))
            cost += 4;
    }
    return cost;
}

// What it costs beside the tune: sharp rubs most, mild ones little, and lying over a tune that has room below it.
static double tune_cost(const grm_work *work, const grm_voicing *v, const grm_writer_part *part,
                        const grm_tune_window *heard) {
    double cost = 0, beat = work->beat_ticks;
    for (int i = 0; i < v->count; i++) {
        grm_rub rub = grm_tune_rub(heard, v->pitch[i]);
        cost += 10.0 * fmin(rub.sharp / beat, 2.0) + 0.8 * fmin(rub.mild / beat, 2.0);
    }
    int over = v->count ? v->pitch[v->count - 1] - heard->lowest : 0;
    if (over > 0 && heard->count && part->low + 9 <= heard->lowest) cost += 0.3 * over;
    return cost;
}

// What a stack costs by itself: out of its register, off its centre, muddy low down.
static double stack_cost(const grm_voicing *v, int low, int high) {
    double centre = low + (high - low) * 0.45, middle = 0, cost = 0;
    for (int i = 0; i < v->count; i++) middle += (double)v->pitch[i] / v->count;
    if (v->pitch[0] < low) cost += 3.0 * (low - v->pitch[0]);
    if (v->pitch[v->count - 1] > high) cost += 3.0 * (v->pitch[v->count - 1] - high);
    cost += 0.03 * (middle - centre) * (middle - centre);
    for (int i = 0; i + 1 < v->count; i++) {  // seconds low down are mud, at the top they bite
        int gap = v->pitch[i + 1] - v->pitch[i];
        if (gap <= 2 && v->pitch[i] < 52) cost += 4;
        if (gap == 1 && i + 2 == v->count) cost += 2;
        if (gap == 0) cost += 6;  // two players on one note
    }
    return cost;
}

// A power chord: root, fifth and octave in one hand that slides along the neck; never turned over.
static grm_voicing power_chord(const grm_chord *chord, const grm_writer_part *part, int wanted,
                               const grm_voicing *last) {
    int fifth = chord->members >> 6 & 1 && !(chord->members >> 7 & 1) ? 6 : 7;
    int near = last && last->count ? (last->pitch[0] + part->low + 5) / 2 : part->low + 5;
    int root = grm_pitch_near(chord->root, near, part->low, part->low + 12);
    grm_voicing v = {.count = wanted >= 3 && root + 12 <= part->instrument->high ? 3 : 2};
    v.pitch[0] = root, v.pitch[1] = root + fifth, v.pitch[2] = root + 12;
    return v;
}

grm_voicing grm_voice_chord(const grm_work *work, const grm_chord *chord, const grm_writer_part *part,
                            const grm_tune_window *heard, const grm_voicing *last, const grm_chord *last_chord) {
    const char *voicing = part->plan->voicing ? part->plan->voicing : "close";
    int members[GRM_MAX_VOICES], wanted = part->plan->voices ? (int)part->plan->voices : 3;
    int low = part->low, high = part->high, tonic = work->brief->key.tonic;
    if (wanted > GRM_MAX_VOICES) wanted = GRM_MAX_VOICES;
    if (strcmp(voicing, "power") == 0) return power_chord(chord, part, wanted, last);
    int count = order_members(chord, voicing, wanted, grm_tune_avoids(work, heard), tonic, members);
    if (count < 2) count = order_members(chord, voicing, wanted, 0, tonic, members);
    grm_voicing best = {0};
    double best_cost = 1e9;
    // Where voices are written as such: classical music, and choirs in any.
    bool classical = strcmp(work->style->family, "classical") == 0 && !part->instrument->voice;
    bool ensemble = part->plan->play == GRM_PLAY_PAD && (classical || strcmp(part->instrument->family, "choir") == 0);
    for (int turn = 0; turn < count; turn++)
        for (int bottom = low - 2; bottom <= high - 4; bottom++)
            for (int skip = 0; skip < (ensemble ? count : 1); skip++) {
                grm_voicing v = stack(chord, members, count, turn, bottom, skip);
                if (skip && !is_whole(&v, chord, members, count)) continue;
                open_up(&v, voicing);
                double cost = stack_cost(&v, low, high) + tune_cost(work, &v, part, heard) + (skip ? 0.7 : 0);
                if (last && last->count) cost += move_cost(&v, last, chord, last_chord, ensemble);
                if (cost < best_cost) best_cost = cost, best = v;
            }
    return best;
}
