// Towards a reference: filters of mid and side that bring third octaves to where the reference has them.
#include <stdlib.h>

#include "master/internal.h"

enum { ROUNDS = 3 };
static const double sixth = 1.122462048309373;  // half of a third octave: 2^(1/6)

// Sums of power up to each bin, so that any band's power is a difference.
static double *running_sum(const float *power, size_t bins) {
    double *sum = malloc((bins + 1) * sizeof *sum);
    if (!sum) return NULL;
    sum[0] = 0;
    for (size_t k = 0; k < bins; k++) sum[k + 1] = sum[k] + (k > 0 ? (double)power[k] : 0);
    return sum;
}

static double up_to(const double *sum, size_t bins, double place) {
    if (place <= 0) return 0;
    if (place >= (double)bins) return sum[bins];
    size_t k = (size_t)place;
    return sum[k] + (sum[k + 1] - sum[k]) * (place - (double)k);
}

// Power of the third octave around hz; a bin reaches half a step to both sides.
static double third_octave(const double *sum, size_t bins, double step_hz, double hz) {
    return up_to(sum, bins, hz * sixth / step_hz + 0.5) - up_to(sum, bins, hz / sixth / step_hz + 0.5);
}

static double decibels(double power) {
    return power > 1e-20 ? 10 * log10(power) : -200;
}

// ---- how far off ----

// Third octaves from 31.5 Hz to 16 kHz.
enum { THIRDS = 28 };
static double third_hz(size_t i) {
    return 1000 * exp2(((double)i - 15) / 3);
}

void grm_master_unlike(const grm_look *look, const grm_look *reference, double db[2]) {
    double off[2][THIRDS], level = 0;
    db[0] = db[1] = NAN;
    for (int side = 0; side < 2; side++) {
        double *mine = running_sum(side ? look->side : look->mid, look->bins);
        double *other = running_sum(side ? reference->side : reference->mid, reference->bins);
        for (size_t i = 0; mine && other && i < THIRDS; i++) {
            double hz = third_hz(i);
            off[side][i] = fmax(decibels(third_octave(mine, look->bins, look->step_hz, hz)), -100) -
                           fmax(decibels(third_octave(other, reference->bins, reference->step_hz, hz)), -100);
        }
        bool all = mine && other;
        free(other);
        free(mine);
        if (!all) return;
    }
    for (size_t i = 0; i < THIRDS; i++) level += off[0][i] / THIRDS;
    for (int side = 0; side < 2; side++) {
        db[side] = 0;
        for (size_t i = 0; i < THIRDS; i++) db[side] += fabs(off[side][i] - level) / THIRDS;
    }
}

// ---- the filters ----

typedef struct likening {
    const grm_master_likeness *how;
    const grm_look *source, *reference;
    size_t bins;
    double step_hz, level_db;
    float *db[2], *power;  // [bins]: the filters; filtered power
} likening;

// The most that a band may be raised.
static double boost_of(const likening *l, double source_db, double strongest_db) {
    return source_db < strongest_db - l->how->empty_db ? l->how->empty_boost_db : l->how->boost_db;
}

static grm_status bend(likening *l, int side, grm_error *err) {
    const float *power = side ? l->source->side : l->source->mid;
    const float *other = side ? l->reference->side : l->reference->mid;
    for (size_t k = 0; k < l->bins; k++) l->power[k] = power[k] * (float)pow(10, (double)l->db[side][k] / 10);
    double *before = running_sum(power, l->bins), *now = running_sum(l->power, l->bins);
    double *wanted = running_sum(other, l->reference->bins), strongest = -200;
    grm_status status = before && now && wanted ? GRM_OK : grm_fail_memory(err);
    for (size_t k = 1; status == GRM_OK && k < l->bins; k++) {
        double hz = fmax((double)k * l->step_hz, l->how->from_hz);
        strongest = fmax(strongest, decibels(third_octave(before, l->bins, l->step_hz, hz)));
    }
    double highest = fmin(
        l->how->to_hz,
        fmin((double)(l->bins - 1) * l->step_hz, (double)(l->reference->bins - 1) * l->reference->step_hz) / sixth);
    for (size_t k = 1; status == GRM_OK && k < l->bins; k++) {
        double hz = fmin(fmax((double)k * l->step_hz, l->how->from_hz), highest);
        double is = decibels(third_octave(now, l->bins, l->step_hz, hz));
        double should = decibels(third_octave(wanted, l->reference->bins, l->reference->step_hz, hz));
        double db = (double)l->db[side][k] + should - is - l->level_db;
        double most = boost_of(l, decibels(third_octave(before, l->bins, l->step_hz, hz)), strongest);
        l->db[side][k] = (float)fmax(-l->how->cut_db, fmin(most, db));
    }
    if (l->bins > 1) l->db[side][0] = l->db[side][1];
    free(wanted);
    free(now);
    free(before);
    return status;
}

// The reference's level over the source's, mean of the middle's third octaves.
static grm_status find_level(likening *l, grm_error *err) {
    double *mine = running_sum(l->source->mid, l->bins), *other = running_sum(l->reference->mid, l->reference->bins);
    double sum = 0, count = 0;
    for (size_t i = 5; mine && other && i < 23; i++, count++)  // 100 Hz to 5 kHz
        sum += decibels(third_octave(other, l->reference->bins, l->reference->step_hz, third_hz(i))) -
               decibels(third_octave(mine, l->bins, l->step_hz, third_hz(i)));
    grm_status status = mine && other ? GRM_OK : grm_fail_memory(err);
    free(other);
    free(mine);
    l->level_db = count > 0 ? sum / count : 0;
    return status;
}

// What lies above hearing goes here too, as where there is no reference: by a Butterworth filter of order 6.
static void close_top(likening *l, double from_hz) {
    for (int side = 0; side < 2; side++)
        for (size_t k = 0; k < l->bins; k++)
            l->db[side][k] -= (float)(10 * log10(1 + pow((double)k * l->step_hz / from_hz, 12)));
}

grm_status grm_master_liken(grm_master_story *s, double rate_hz, grm_error *err) {
    likening l = {.how = &s->preset->likeness,
                  .source = &s->source,
                  .reference = &s->reference,
                  .bins = s->source.bins,
                  .step_hz = s->source.step_hz};
    grm_master_unlike(&s->source, &s->reference, s->unlike_before_db);
    l.power = grm_floats_new(l.bins);
    for (int side = 0; side < 2; side++) l.db[side] = grm_floats_new(l.bins);
    grm_status status = l.power && l.db[0] && l.db[1] ? find_level(&l, err) : grm_fail_memory(err);
    for (int round = 0; status == GRM_OK && round < ROUNDS; round++)
        for (int side = 0; status == GRM_OK && side < 2; side++) status = bend(&l, side, err);
    if (status == GRM_OK) close_top(&l, (double)s->preset->lowpass_hz);
    if (status == GRM_OK)
        status = grm_firs_new((const float *const[]){l.db[0], l.db[1]}, l.bins, l.step_hz, rate_hz, &s->plan.firs, err);
    for (int side = 0; side < 2; side++) free(l.db[side]);
    free(l.power);
    return status;
}
