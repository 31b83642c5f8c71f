// The pitches of a unit of a tune, drawn from a hidden Markov model over (pitch, direction): forward filtering,
// backward sampling (Rabiner 1989; Scott 2002). What is likely is what singers do: steps more than leaps, chord notes
// where it counts, other notes left by step, a shape, an ending. Costs are natural logarithms of how often real tunes
// do a thing, give or take; the temperature says how freely the line is drawn about the likeliest.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose/tune.h"

enum { PITCHES = 40, DIRECTIONS = 3 };

static float interval_cost(const grm_work *work, int semitones) {
    const grm_melody_habits *habits = &work->style->melody;
    float leap = fminf(fmaxf(habits->leap, 0.01f), 0.5f), repeat = fminf(fmaxf(habits->repeat, 0.01f), 0.6f);
    switch (abs(semitones)) {
        case 0:
            return -logf(repeat);
        case 1:
            return -logf(0.22f);
        case 2:
            return -logf(0.25f);
        case 3:
            return -logf(0.12f);
        case 4:
            return -logf(0.10f);
        case 5:
            return -logf(leap * 0.30f);
        case 7:
            return -logf(leap * 0.22f);
        case 6:
            return -logf(leap * 0.02f);
        case 8:
        case 9:
            return -logf(leap * 0.07f);
        case 12:
            return -logf(leap * 0.08f);
        case 10:
            return -logf(leap * 0.02f);
        default:
            return abs(semitones) < 12 ? 7.0f : 12.0f;
    }
}

// Players' lines run: repeated notes are few, semitones, steps and the thirds of broken chords many.
static float solo_interval_cost(int semitones) {
    static const float share[13] = {0.03f, 0.27f, 0.30f, 0.15f,  0.09f,  0.045f, 0.008f,
                                    0.02f, 0.01f, 0.01f, 0.002f, 0.001f, 0.006f};
    return abs(semitones) <= 12 ? -logf(share[abs(semitones)]) : 12.0f;
}

typedef struct place {  // a note of the idea in its surroundings
    const grm_chord *chord;
    unsigned scale;
    int weight;  // metric, of the beat it belongs to
    bool heavy;  // long or on a strong beat: it should fit
} place;

static place place_of(const grm_work *work, const grm_idea *idea, const grm_singing *singing, int i) {
    int32_t at = idea->at[i], beat = work->beat_ticks, next_beat = (at + beat) / beat * beat;
    if (at < 0) next_beat = at + beat > 0 ? 0 : -beat;
    // A note that comes early and hangs over the beat belongs to that beat, and to its chord.
    bool early = at % beat != 0 && idea->length[i] > next_beat - at && next_beat - at <= beat / 2;
    int32_t belongs = early ? next_beat : at;
    place p = {.chord = grm_chord_at(work, singing->start + belongs)};
    p.weight = grm_metric_weight(work, belongs);
    p.heavy = p.weight >= 2 || idea->length[i] >= beat || (p.weight == 1 && idea->length[i] * 2 > beat);
    unsigned scale = grm_chord_scale(work, p.chord);
    if (singing->pentatonic || singing->blues) {  // the scale without its semitones, and the chord
        int tonic = work->brief->key.tonic;
        bool minor = grm_mode_is_minor(work->brief->key.mode);
        unsigned five = minor ? 0x4a9u : 0x295u;  // 0 3 5 7 10, 0 2 4 7 9
        if (singing->blues) five |= minor ? 1u << 6 : 1u << 3;
        five = ((five << tonic) | (five >> (12 - tonic))) & 0xfff;
        scale = (five & (singing->blues ? 0xfffu : scale)) | p.chord->pcs;
    }
    p.scale = scale;
    return p;
}

static float harmony_cost(const place *p, int pitch) {
    int pc = pitch % 12;
    if (!(p->scale >> pc & 1)) return 9.0f;
    int above = ((pc - p->chord->root) % 12 + 12) % 12;
    bool rubs = p->chord->pcs >> ((pc + 11) % 12) & 1;  // a semitone above a chord note
    bool leans = p->chord->pcs >> ((pc + 1) % 12) & 1;  // a semitone below one: a colour that is soon too much
    if (p->chord->pcs >> pc & 1) {
        float cost = above == 0 ? 0.15f : above == 7 ? 0.1f : above == 3 || above == 4 ? 0.0f : 0.3f;
        // The root over a major seventh, the minor third over a ninth: a minor ninth above what the hand plays.
        if (rubs) cost += 0.8f;
        if (leans) cost += 0.5f;
        return p->heavy ? cost : rubs ? 0.3f : 0;
    }
    if (p->heavy) return 1.5f + (rubs ? 1.5f : leans ? 0.5f : 0) - (p->weight == 3 ? 0 : 0.3f);
    return rubs ? 0.7f : 0.35f;
}

// Players' lines over changes: guide tones where it counts, any of the chord on other beats, the scale between, and
// notes outside it that lead on by a semitone.
static float solo_cost(const place *p, int pitch) {
    int pc = pitch % 12, above = ((pc - p->chord->root) % 12 + 12) % 12;
    bool rubs = p->chord->pcs >> ((pc + 11) % 12) & 1;
    bool heavy = p->heavy || p->weight >= 1;
    if (!(p->scale >> pc & 1)) return heavy ? 6.0f : 2.2f;
    if (p->chord->pcs >> pc & 1) {
        bool guide = above == 3 || above == 4 || above == 10 || above == 11;
        return heavy ? (guide ? 0 : above == 0 ? 0.7f : 0.4f) + (rubs && p->heavy ? 0.8f : 0) : 0.1f;
    }
    return heavy ? (p->heavy ? 1.7f : 1.1f) + (rubs ? 1.5f : 0) : 0.15f;
}

static float ending_cost(const grm_work *work, const grm_singing *singing, const place *p, int pitch) {
    int degree = ((pitch - work->brief->key.tonic) % 12 + 12) % 12;
    float fit = p->chord->pcs >> (pitch % 12) & 1 ? 0 : 1.5f;
    if (singing->ending == GRM_ENDING_CLOSED)
        return fit + (degree == 0 ? 0 : degree == 3 || degree == 4 ? 0.9f : degree == 7 ? 1.2f : 2.5f);
    if (singing->ending == GRM_ENDING_OPEN) return fit + (degree == 2 || degree == 7 ? 0 : degree == 0 ? 1.6f : 0.5f);
    return 0;
}

static float shape_at(const grm_idea *idea, int i) {
    float t = idea->count > 1 ? (float)i / (float)(idea->count - 1) : 0;
    return t < 0.5f ? idea->contour[0] + (idea->contour[1] - idea->contour[0]) * 2 * t
                    : idea->contour[1] + (idea->contour[2] - idea->contour[1]) * (2 * t - 1);
}

static float note_cost(const grm_work *work, const grm_idea *idea, const grm_singing *s, const place *p, int i,
                       int pitch) {
    float off = (float)(pitch - s->centre) - shape_at(idea, i), far = (float)(pitch - s->centre) / 7.0f;
    float cost = (s->improvised ? solo_cost(p, pitch) : harmony_cost(p, pitch)) + fminf(0.035f * off * off, 2.2f) +
                 0.4f * far * far;
    if (s->memory && i < idea->count - s->memory_from_end) {
        int away = abs(pitch - s->memory[i] - s->memory_shift);
        cost += s->memory_weight * (float)(away > 5 ? 5 : away);
    }
    if (i == idea->count - 1) cost += ending_cost(work, s, p, pitch);
    return cost;
}

typedef enum last_move { WAS_STEP, WAS_LEAP, WAS_REPEAT, LAST_MOVES } last_move;

static bool is_foreign(const place *p, int pitch) {
    return !(p->chord->pcs >> (pitch % 12) & 1);
}

// What a singer does with a note outside the chord: leaves it by step, or holds on until the harmony has come to it.
static float leaving_cost(const place *before, const place *now, int from, int move) {
    if (!is_foreign(before, from) || abs(move) == 1 || abs(move) == 2) return 0;
    if (move == 0) return is_foreign(now, from) ? (before->heavy ? 1.8f : 0.6f) : 0;
    return before->heavy ? 2.4f : 0.8f;
}

// A tune that keeps its octave or fifth from a bass that moves is one voice with it: forbidden where voices are strict,
// a shade thin elsewhere.
static float parallel_cost(const grm_work *work, const place *before, const place *now, int from, int to) {
    int bass = before->chord->bass, next = now->chord->bass, above = ((from - bass) % 12 + 12) % 12;
    if (bass == next || from == to || (above != 0 && above != 7) || ((to - next) % 12 + 12) % 12 != above) return 0;
    const char *family = work->style->family;
    return family && strcmp(family, "classical") == 0 ? 4.0f : 0.8f;
}

static float move_cost(const float intervals[PITCHES], int from, int to, int direction, last_move last,
                       const place *before, const place *now, bool improvised) {
    int move = to - from, sign = (move > 0) - (move < 0);
    float cost = intervals[abs(move)];
    if (direction && sign) {
        bool turns = sign != direction;
        if (last == WAS_LEAP)
            cost += turns ? 0 : 0.5f;
        else if (abs(move) <= 2)
            cost += turns ? 0.25f : 0;
        if (!turns && abs(move) > 4 && last == WAS_LEAP) cost += 2.0f;  // two leaps on end make a chord, not a tune
    }
    if (improvised) {  // runs go on, and go down in steps after going up in thirds; what leads must arrive
        if (direction && sign && sign != direction) cost += 0.3f;
        if (abs(move) >= 3 && move < 0) cost += 0.3f;
        if (!(before->scale >> (from % 12) & 1) && abs(move) != 1) cost += 5.0f;
        return cost;
    }
    if (move == 0 && last == WAS_REPEAT) cost += 0.45f;  // a note that comes a third time stands still
    return cost + leaving_cost(before, now, from, move);
}

enum { STATES = PITCHES * DIRECTIONS * LAST_MOVES };

// A state: pitch, direction of the last move that was one (0 down, 1 none yet, 2 up), what the last one was.
static int state_of(int pitch, int direction, last_move last) {
    return (pitch * DIRECTIONS + direction) * LAST_MOVES + (int)last;
}

static int pitch_of(int state) {
    return state / LAST_MOVES / DIRECTIONS;
}

// Likelihood of moving into pitch `to` out of a state; *next receives the state that it leads to.
static float likelihood(const grm_work *work, const float intervals[PITCHES], int state, int to, int low,
                        const place *before, const place *now, const grm_singing *s, int *next) {
    last_move last = (last_move)(state % LAST_MOVES);
    int direction = state / LAST_MOVES % DIRECTIONS, from = pitch_of(state);
    int move = to - from, sign = (move > 0) - (move < 0) + 1;
    // A repeated note keeps the direction in mind.
    *next = state_of(to, sign == 1 ? direction : sign, abs(move) >= 5 ? WAS_LEAP : move ? WAS_STEP : WAS_REPEAT);
    float cost = move_cost(intervals, low + from, low + to, direction - 1, last, before, now, s->improvised);
    if (!s->improvised) cost += parallel_cost(work, before, now, low + from, low + to);
    return expf(-cost / fmaxf(s->noise, 0.05f));
}

// From the last note of the unit before.
static float entry_cost(const grm_work *work, const grm_singing *s, const place *first, int32_t at, int pitch) {
    int32_t earlier = s->start + (at < 0 ? at : 0) - 1;
    place before = {.chord = grm_chord_at(work, earlier > 0 ? earlier : 0)};
    float parallel = s->improvised ? 0 : parallel_cost(work, &before, first, s->last_pitch, pitch);
    return 0.4f * fminf(interval_cost(work, pitch - s->last_pitch), 8.0f) + parallel;
}

static int draw(grm_rng *rng, const float *weights, int count) {
    return (int)grm_rng_weighted(rng, weights, (size_t)count);
}

void grm_line_sing(const grm_work *work, const grm_idea *idea, const grm_singing *s, grm_rng *rng,
                   int pitch[IDEA_NOTES]) {
    int low = s->low, span = s->high - s->low + 1;
    if (span > PITCHES) low += (span - PITCHES) / 2, span = PITCHES;
    if (span < 1) span = 1;
    float intervals[PITCHES], temperature = fmaxf(s->noise, 0.05f);
    for (int i = 0; i < PITCHES; i++)
        intervals[i] = temperature * (s->improvised ? solo_interval_cost(i) : interval_cost(work, i));
    // (times the temperature: moves keep their natural shares)
    static const float nothing = 1e-30f;
    float forward[IDEA_NOTES][STATES] = {{0}};
    place places[IDEA_NOTES];
    for (int i = 0; i < idea->count; i++) {
        places[i] = place_of(work, idea, s, i);
        float total = 0, own[PITCHES];
        for (int q = 0; q < span; q++)
            own[q] = expf(-note_cost(work, idea, s, &places[i], i, low + q) / temperature) + nothing;
        for (int q = 0; q < span; q++) {
            if (i == 0) {
                float enter = s->last_pitch >= 0 ? entry_cost(work, s, &places[0], idea->at[0], low + q) : 0;
                forward[0][state_of(q, 1, WAS_STEP)] = own[q] * expf(-enter / temperature);
                total += forward[0][state_of(q, 1, WAS_STEP)];
                continue;
            }
            for (int from = 0; from < span * DIRECTIONS * LAST_MOVES; from++) {
                if (forward[i - 1][from] <= 0) continue;
                int next;
                float weight = forward[i - 1][from] * own[q] *
                               likelihood(work, intervals, from, q, low, &places[i - 1], &places[i], s, &next);
                forward[i][next] += weight;
                total += weight;
            }
        }
        for (int k = 0; k < STATES; k++) forward[i][k] = total > 0 ? forward[i][k] / total : 0;
    }
    int state = draw(rng, forward[idea->count - 1], span * DIRECTIONS * LAST_MOVES);
    for (int i = idea->count - 1; i >= 0; i--) {
        int q = pitch_of(state);
        pitch[i] = low + q;
        if (i == 0) break;
        float weights[STATES] = {0};
        for (int from = 0; from < span * DIRECTIONS * LAST_MOVES; from++) {
            int next;
            float weight =
                forward[i - 1][from] * likelihood(work, intervals, from, q, low, &places[i - 1], &places[i], s, &next);
            weights[from] = next == state ? weight : 0;
        }
        state = draw(rng, weights, span * DIRECTIONS * LAST_MOVES);
    }
}
