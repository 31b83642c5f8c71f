// Where nobody says it: which side a part stands on, and where the sections of the music lie.
#include <stdlib.h>
#include <string.h>

#include "mix/internal.h"

// ---- sides ----

// How much two parts share their octaves, 0..1.
static double likeness(const grm_stem_facts *a, const grm_stem_facts *b) {
    double both = 0, of_a = 0, of_b = 0;
    for (size_t i = 0; i < GRM_MIX_BANDS; i++) {
        double x = pow(10, (double)a->band_db[i] / 20), y = pow(10, (double)b->band_db[i] / 20);
        both += x * y;
        of_a += x * x;
        of_b += y * y;
    }
    return both / sqrt(of_a * of_b + 1e-20);
}

static size_t loudest_left(const grm_mix_decision *d, const bool *waits) {
    size_t best = d->count;
    for (size_t i = 0; i < d->count; i++)
        if (waits[i] && (best == d->count || d->stems[i].level_db > d->stems[best].level_db)) best = i;
    return best;
}

// The louder ones choose first: away from those that sound alike, and so that the two sides weigh the same.
static void choose_side(grm_mix_decision *d, const grm_stem_facts *facts, const bool *waits, size_t index) {
    grm_stem_plan *p = &d->stems[index];
    double right = 0;
    for (size_t i = 0; i < d->count; i++) {
        const grm_stem_plan *other = &d->stems[i];
        if (i == index || other->mute || waits[i]) continue;
        double weight = (double)other->pan * pow(10, (double)other->level_db / 20);
        right += weight * (0.3 + likeness(&facts[index], &facts[i]));
    }
    p->pan = right > 0 ? -p->pan : p->pan;
}

void grm_mix_choose_sides(const bool *free_side, const grm_stem_facts *facts, grm_mix_decision *d) {
    bool *waits = calloc(d->count + 1, sizeof *waits);
    size_t count = 0;
    for (size_t i = 0; waits && i < d->count; i++) {
        grm_stem_plan *p = &d->stems[i];
        waits[i] = free_side[i] && !p->mute && p->pan != 0;
        if (waits[i] && !facts[i].one_sound) p->pan *= 0.6f;  // it brings a panorama of its own
        count += waits[i];
    }
    for (size_t index; waits && (index = loudest_left(d, waits)) < d->count;) {
        if (count == 1) d->stems[index].pan *= 0.4f;  // nothing stands on the other side
        waits[index] = false;
        choose_side(d, facts, waits, index);
    }
    free(waits);
}

// ---- sections ----

enum { AROUND = 24, APART = 24 };  // looks on either side of a seam, and between two seams

typedef struct course {
    size_t stems, looks;
    double *sum;     // [stems + 1][looks + 1]: how far each is up, 0..1, added up from the start; the last row is all
    double *change;  // [looks]
} course;

static double *row(const course *c, size_t i) {
    return c->sum + i * (c->looks + 1);
}

static double power_at(const grm_stem_facts *f, size_t look) {
    double sum = 0;
    for (size_t b = 2; b < GRM_MIX_BANDS; b++) sum += (double)f->look[look * GRM_MIX_BANDS + b];
    return sum;
}

static bool course_open(course *c, const grm_mix_decision *d, const grm_stem_facts *facts) {
    *c = (course){.stems = d->count, .looks = d->count ? facts[0].looks : 0};
    c->sum = calloc((c->stems + 1) * (c->looks + 1), sizeof *c->sum);
    c->change = calloc(c->looks + 1, sizeof *c->change);
    if (!c->sum || !c->change) return false;
    for (size_t t = 0; t < c->looks; t++) {
        double all = 0;
        for (size_t i = 0; i < c->stems; i++) {
            double power = d->stems[i].mute ? 0 : power_at(&facts[i], t);
            double up = 1 + log10(power + 1e-9) / 3;  // 30 dB under its own mean is nothing
            row(c, i)[t + 1] = row(c, i)[t] + (up < 0 ? 0 : up > 1.2 ? 1.2 : up);
            all += power * pow(10, (double)d->stems[i].level_db / 10);
        }
        row(c, c->stems)[t + 1] = row(c, c->stems)[t] + 10 * log10(all + 1e-4);
    }
    return true;
}

static void course_close(course *c) {
    free(c->change);
    free(c->sum);
}

static double mean(const double *sums, size_t from, size_t to) {
    return to > from ? (sums[to] - sums[from]) / (double)(to - from) : 0;
}

// The mean over the parts of how much each one's presence changes there.
static void find_changes(const course *c, const grm_mix_decision *d) {
    for (size_t t = AROUND / 2; t + AROUND / 2 < c->looks; t++) {
        size_t from = t < AROUND ? 0 : t - AROUND, to = t + AROUND < c->looks ? t + AROUND : c->looks;
        double sum = 0, parts = 1e-9;
        for (size_t i = 0; i < c->stems; i++) {
            if (d->stems[i].mute) continue;
            sum += fabs(mean(row(c, i), t, to) - mean(row(c, i), from, t));
            parts++;
        }
        c->change[t] = sum / parts;
    }
}

static void add_section(grm_mix_decision *d, size_t look) {
    if (d->section_count < GRM_MIX_SECTIONS)
        d->sections[d->section_count++].start_s = (double)look * GRM_MIX_LOOK / GRM_RATE;
}

// Energy: how loud it is against the mean of the whole, 6 dB for the half of the scale.
static void set_energies(const course *c, grm_mix_decision *d) {
    const double *all = row(c, c->stems);
    double middle = mean(all, 0, c->looks);
    for (size_t i = 0; i < d->section_count; i++) {
        size_t from = (size_t)(d->sections[i].start_s * GRM_RATE / GRM_MIX_LOOK + 0.5), to = c->looks;
        if (i + 1 < d->section_count) to = (size_t)(d->sections[i + 1].start_s * GRM_RATE / GRM_MIX_LOOK + 0.5);
        double energy = 0.5 + (mean(all, from, to) - middle) / 12;
        d->sections[i].energy = (float)(energy < 0 ? 0 : energy > 1 ? 1 : energy);
    }
}

void grm_mix_find_sections(const grm_stem_facts *facts, grm_mix_decision *d) {
    const double least = 0.1;
    course c;
    if (course_open(&c, d, facts) && c.looks > 2 * AROUND) {
        find_changes(&c, d);
        add_section(d, 0);
        for (size_t t = 1, last = 0; t + 1 < c.looks; t++) {
            bool highest = c.change[t] > least;
            for (size_t k = t < APART / 2 ? 0 : t - APART / 2; highest && k < t + APART / 2 && k < c.looks; k++)
                highest = c.change[k] < c.change[t] || k == t || (c.change[k] == c.change[t] && k > t);
            if (!highest || t - last < APART) continue;
            add_section(d, t);
            last = t;
        }
        set_energies(&c, d);
    }
    course_close(&c);
}
