// The whole of a mix of strangers' stems, where no style says how it should be: parts of one kind share their place,
// low and high octaves stand about where they stand in other people's music, and the sides are used.
#include <stdlib.h>
#include <string.h>

#include "mix/internal.h"

enum { BANDS = GRM_MIX_BANDS };

// ---- parts of one kind ----

static float power_of(const grm_stem_facts *f, size_t look) {
    float sum = 0;
    for (size_t b = 0; b < BANDS; b++) sum += f->look[look * BANDS + b];
    return sum;
}

// How many of its kind play while a stem plays, itself included.
static double company(const grm_stems *stems, const grm_mix_decision *d, const grm_stem_facts *facts, size_t stem) {
    const float sounds = 0.01f;
    double moments = 0, sum = 0;
    for (size_t t = 0; t < facts[stem].looks; t++) {
        if (power_of(&facts[stem], t) < sounds) continue;
        moments++;
        for (size_t i = 0; i < d->count; i++)
            if (stems->items[i].role == stems->items[stem].role && !d->stems[i].mute)
                sum += power_of(&facts[i], t) >= sounds;
    }
    return moments > 0 && sum > moments ? sum / moments : 1;
}

static bool has(const grm_stems *stems, const grm_mix_decision *d, grm_role role) {
    for (size_t i = 0; i < d->count; i++)
        if (stems->items[i].role == role && !d->stems[i].mute) return true;
    return false;
}

// What a stem was sent at, beside the power of all others together, in dB.
static float as_sent(const grm_mix_decision *d, const grm_stem_facts *facts, size_t stem) {
    double others = 1e-12;
    for (size_t i = 0; i < d->count; i++)
        if (i != stem && !d->stems[i].mute) others += pow(10, facts[i].lufs / 10);
    return (float)(facts[stem].lufs - 10 * log10(others));
}

static float level_of_others(const grm_mix_decision *d, size_t stem) {
    double sum = 1e-12;
    for (size_t i = 0; i < d->count; i++)
        if (i != stem && !d->stems[i].mute) sum += pow(10, (double)d->stems[i].level_db / 10);
    return (float)(10 * log10(sum));
}

void grm_mix_share_places(const grm_stems *stems, const grm_stem_facts *facts, grm_mix_decision *d) {
    const float overheads_db = -6;  // what a kit's other microphones hear, where kick and snare have their own
    bool close = has(stems, d, GRM_ROLE_KICK) && has(stems, d, GRM_ROLE_SNARE);
    float *shared = calloc(d->count + 1, sizeof *shared);
    for (size_t i = 0; shared && i < d->count; i++) {
        grm_role role = stems->items[i].role;
        if (d->stems[i].mute || role == GRM_ROLE_FX || role == GRM_ROLE_TEXTURE || role == GRM_ROLE_OTHER) continue;
        shared[i] = -7 * log10f((float)company(stems, d, facts, i));
        if (role == GRM_ROLE_DRUMS && close) shared[i] += overheads_db;
    }
    for (size_t i = 0; shared && i < d->count; i++) d->stems[i].level_db += shared[i];
    // A whole recording stands to the rest as it was sent: whoever made it heard both.
    for (size_t i = 0; i < d->count; i++) {
        grm_stem_plan *p = &d->stems[i];
        if (p->mute || strcmp(p->strip, "whole") != 0 || d->count < 2) continue;
        float level = level_of_others(d, i) + as_sent(d, facts, i);
        p->level_db = level < -9 ? -9 : level > 9 ? 9 : level;
    }
    free(shared);
}

// ---- low and high ----

// What lies beyond the span is moved towards it: dB against the mean of the octaves about 1 and 2 kHz.
typedef struct tone {
    const grm_span *span;  // [BANDS]
    size_t stems;
    double *power;  // [stems][BANDS], equalised, where they stand
    double *move;   // [stems] dB
} tone;

// How far each octave of the whole lies above its span, or below it (negative).
static void octaves_beyond(const tone *t, double out[BANDS]) {
    double sum[BANDS], middle = 1e-12;
    for (size_t b = 0; b < BANDS; b++) {
        sum[b] = 1e-12;
        for (size_t i = 0; i < t->stems; i++) sum[b] += t->power[i * BANDS + b] * pow(10, t->move[i] / 10);
        if (b == 5 || b == 6) middle += sum[b] / 2;
    }
    for (size_t b = 0; b < BANDS; b++) {
        double db = 10 * log10(sum[b] / middle), low = t->span[b].low, high = t->span[b].high;
        out[b] = db < low ? db - low : db > high ? db - high : 0;
    }
}

static double beyond(const tone *t) {
    double out[BANDS], cost = 0;
    octaves_beyond(t, out);
    for (size_t b = 0; b < BANDS; b++) cost += out[b] * out[b];
    for (size_t i = 0; i < t->stems; i++) cost += 0.5 * t->move[i] * t->move[i];
    return cost;
}

// Share of the time that it sounds.
static double presence(const grm_stem_facts *f) {
    size_t moments = 0;
    for (size_t t = 0; t < f->looks; t++) moments += power_of(f, t) > 0;
    return f->looks ? (double)moments / (double)f->looks : 0;
}

// The power of a stem's octaves as it stands in the mix, over all of the time.
static void placed(const grm_stem_plan *p, const grm_stem_facts *f, double *out) {
    double share = presence(f);
    for (size_t b = 0; b < BANDS; b++) {
        double db = f->band_db[b] + p->level_db;
        for (size_t k = 0; k < p->cell_count; k++) {
            const grm_strip_cell *c = &p->cells[k];
            grm_filter cell = grm_filter_design(c->type, GRM_RATE, c->hz, c->q, c->db);
            db += grm_filter_gain_db(&cell, GRM_RATE, grm_mix_band_hz[b]);
        }
        out[b] = p->mute ? 0 : share * pow(10, db / 10);
    }
}

// Each fader by a quarter of a decibel, as long as that helps.
static void move_faders(tone *t, const double *most) {
    const double step = 0.25, down = -2.5;
    for (int round = 0; round < 24; round++) {
        bool moved = false;
        for (size_t i = 0; i < t->stems; i++) {
            if (!(most[i] > 0)) continue;
            double here = t->move[i], best = here, least = beyond(t);
            for (int way = -1; way <= 1; way += 2) {
                t->move[i] = here + way * step;
                double cost = t->move[i] <= most[i] && t->move[i] >= down ? beyond(t) : HUGE_VAL;
                if (cost < least - 1e-9) least = cost, best = t->move[i], moved = true;
            }
            t->move[i] = best;
        }
        if (!moved) break;
    }
}

static void add_cell(grm_stem_plan *p, grm_filter_kind type, float hz, double db, float q, const char *why) {
    if (p->cell_count == GRM_MIX_EQ) return;
    p->cell_why[p->cell_count] = why;
    p->cells[p->cell_count++] = (grm_strip_cell){type, hz, (float)db, q};
}

// What faders could not mend: an octave that all have too much of is cut a little in all that have it.
static void equalise(const tone *t, grm_mix_decision *d) {
    static const size_t crowded[] = {3, 6, 7};
    double out[BANDS];
    octaves_beyond(t, out);
    for (size_t k = 0; k < GRM_COUNT(crowded); k++) {
        size_t b = crowded[k];
        double all = 1e-12, cut = out[b] < 0.7 ? 0 : out[b] * 0.8 > 3 ? 3 : out[b] * 0.8;
        for (size_t i = 0; i < t->stems; i++) all += t->power[i * BANDS + b] * pow(10, t->move[i] / 10);
        for (size_t i = 0; i < t->stems && cut > 0; i++)
            if (t->power[i * BANDS + b] * pow(10, t->move[i] / 10) > 0.05 * all)
                add_cell(&d->stems[i], GRM_FILTER_BELL, grm_mix_band_hz[b], -cut, 1, "too much of it in all");
    }
}

void grm_mix_balance_tone(const grm_stems *stems, const grm_stem_facts *facts, const grm_span *span,
                          grm_mix_decision *d) {
    tone t = {.span = span, .stems = d->count};
    t.power = calloc(d->count * BANDS + 1, sizeof *t.power);
    t.move = calloc(d->count + 1, sizeof *t.move);
    double *most = calloc(d->count + 1, sizeof *most);
    bool whole = false;
    for (size_t i = 0; t.power && t.move && most && i < d->count; i++) {
        grm_role role = stems->items[i].role;
        placed(&d->stems[i], &facts[i], t.power + i * BANDS);
        bool tune = role == GRM_ROLE_LEAD || role == GRM_ROLE_VOCAL;
        bool low = role == GRM_ROLE_BASS || role == GRM_ROLE_KICK || role == GRM_ROLE_DRUMS;
        most[i] = d->stems[i].mute || tune ? 0 : low ? 4.5 : 2.5;  // loudness hardly counts what makes the low end
        whole |= !d->stems[i].mute && strcmp(d->stems[i].strip, "whole") == 0;
    }
    if (t.power && t.move && most && d->count > 1 && !whole) {  // somebody has balanced most of it
        move_faders(&t, most);
        equalise(&t, d);
        for (size_t i = 0; i < d->count; i++) d->stems[i].level_db += (float)t.move[i];
    }
    free(most);
    free(t.move);
    free(t.power);
}

// ---- the sides ----

#define WIDEST 0.85

// Share of the side in a stem's power, where it stands at that pan.
static double side_at(const grm_stem_plan *p, const grm_stem_facts *f, double pan) {
    double angle = (pan + 1) * GRM_PI / 4, left = cos(angle), right = sin(angle);
    double side = f->side * (double)p->width * (double)p->width, mid = 1 - f->side;
    double a = (left + right) * (left + right) / 2, b = (left - right) * (left - right) / 2;
    return (side * a + mid * b) / (side + mid + 1e-12);
}

static double share_of_sides(const grm_mix_decision *d, const grm_stem_facts *facts, const bool *free_side,
                             double more) {
    double side = 0, all = 1e-12, power[BANDS];
    for (size_t i = 0; i < d->count; i++) {
        const grm_stem_plan *p = &d->stems[i];
        double pan = (double)p->pan * (free_side[i] ? more : 1), weight = 0;
        placed(p, &facts[i], power);
        for (size_t b = 4; b < 8; b++) weight += power[b];
        side += weight * side_at(p, &facts[i], pan < -WIDEST ? -WIDEST : pan > WIDEST ? WIDEST : pan);
        all += weight;
    }
    return side / all;
}

// How far the two sides' powers are apart, dB.
static double leaning(const grm_mix_decision *d, const grm_stem_facts *facts, const bool *free_side, double more) {
    double left = 1e-12, right = 1e-12, power[BANDS];
    for (size_t i = 0; i < d->count; i++) {
        double pan = (double)d->stems[i].pan * (free_side[i] ? more : 1), sum = 0;
        pan = pan < -WIDEST ? -WIDEST : pan > WIDEST ? WIDEST : pan;
        placed(&d->stems[i], &facts[i], power);
        for (size_t b = 0; b < BANDS; b++) sum += power[b];
        left += sum * pow(cos((pan + 1) * GRM_PI / 4), 2);
        right += sum * pow(sin((pan + 1) * GRM_PI / 4), 2);
    }
    return fabs(10 * log10(left / right));
}

// Parts in mono at their usual places make a mix that is nearly mono: all go out until the side has its share, as long
// as both sides weigh the same.
void grm_mix_spread(const bool *free_side, const grm_stem_facts *facts, grm_mix_decision *d) {
    const double wanted = 0.08, most = 2.5, aside = 0.5;  // dB that one side may outweigh the other
    double more = 1;
    while (more < most && share_of_sides(d, facts, free_side, more) < wanted &&
           leaning(d, facts, free_side, more + 0.1) < aside)
        more += 0.1;
    for (size_t i = 0; i < d->count; i++) {
        float pan = free_side[i] ? d->stems[i].pan * (float)more : d->stems[i].pan;
        if (free_side[i])
            d->stems[i].pan = pan < -(float)WIDEST ? -(float)WIDEST : pan > (float)WIDEST ? (float)WIDEST : pan;
    }
}
