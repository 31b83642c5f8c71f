// What would raise production quality: sizes of a few moves are tried on paper. Each move's effect on the meter's
// figures follows from the long-term spectrum, and the meter's own curves say what that is worth; the moves' costs keep
// them small.
#include <stdlib.h>
#include <string.h>

#include "master/internal.h"

enum { POINTS = 240, BANDS = 7, SIDE_BANDS = GRM_WIDTH_BANDS };
enum { BASS, LOW, MUD, LOW_MIDDLE, MIDDLE, PRESENCE, AIR };
// The bands of the meter's figures (bass_db, mud_db, presence_db, air_db, width_by_band: <grammy/features.h>).
static const double edges_hz[BANDS][2] = {
    [BASS] = {40, 160},     [LOW] = {80, 160},         [MUD] = {200, 400},    [LOW_MIDDLE] = {800, 1600},
    [MIDDLE] = {800, 3200}, [PRESENCE] = {2000, 5000}, [AIR] = {6000, 16000},
};
static const double side_edges_hz[SIDE_BANDS + 1] = {20, 120, 500, 2000, 8000, 24000};
static const double lowest_hz = 20, points_an_octave = 24;

typedef struct trial {
    const grm_master_story *story;
    double rate_hz;
    double hz[POINTS], mid[POINTS], side[POINTS];  // power by point
    double plan[POINTS];                           // gain of what is in the plan already, power
    double gain[GRM_MASTER_MOVES][POINTS];         // of a move at its present size, power
    double low[POINTS];                            // of the mono-maker on the side, power
    double sizes[GRM_MASTER_SIZES];
    float *gains;                     // [energy_count], of the ride
    double *powers;                   // [energy_count], of tenths
    double range_lu, range_strength;  // what the loudness range is at that strength
} trial;

void grm_ride_gains(const grm_master_auto_ride *how, const float *lufs, size_t count, double about, double strength,
                    float *gains) {
    const double quiet = -70;
    long reach = (long)(how->window_s * 5);
    for (int pass = 0; pass < 2; pass++) {  // loudness around each tenth, then a smooth way between the gains
        double sum = 0, before = 0;
        long used = 0, low = 0, high = 0, n = (long)count;
        for (long i = 0; i < n; i++) {
            for (; high < n && high <= i + reach; high++)
                sum += pass ? (double)gains[n + high] : pow(10, fmax((double)lufs[high], quiet) / 10), used++;
            for (; low < i - reach; low++)
                sum -= pass ? (double)gains[n + low] : pow(10, fmax((double)lufs[low], quiet) / 10), used--;
            before = sum / (double)used;
            if (pass) {
                gains[i] = (float)pow(10, before / 20);
                continue;
            }
            // What is far below is a pause or a fade, and stays one.
            double off = about - 10 * log10(fmax(before, 1e-9));
            if (off > 12) off = fmax(0, 24 - off);
            gains[n + i] = (float)fmax(-how->most_db, fmin(how->most_db, strength * off));
        }
    }
}

static size_t band_from(double hz) {
    double at = ceil(log2(hz / lowest_hz) * points_an_octave);
    return at < 0 ? 0 : at > POINTS ? POINTS : (size_t)at;
}

static void gather(trial *t) {
    const grm_look *look = &t->story->source;
    const grm_master_plan *plan = &t->story->plan;
    for (size_t p = 0; p < POINTS; p++) {
        double low = lowest_hz * exp2((double)p / points_an_octave), high = low * exp2(1 / points_an_octave);
        size_t from = (size_t)(low / look->step_hz + 0.5), to = (size_t)(high / look->step_hz + 0.5);
        double share = high > low && from == to ? (high - low) / look->step_hz : 1;  // less than a bin
        if (from == to) to = from + 1;
        for (size_t k = from; k < to && k < look->bins; k++) {
            t->mid[p] += share * (double)look->mid[k];
            t->side[p] += share * (double)look->side[k];
        }
        t->hz[p] = sqrt(low * high);
        t->plan[p] = 1;
        for (size_t i = 0; i < plan->cell_count && t->hz[p] < 0.48 * t->rate_hz; i++)
            t->plan[p] *= pow(10, grm_filter_gain_db(&plan->cells[i], t->rate_hz, t->hz[p]) / 10);
    }
    grm_filter mono = grm_filter_design(GRM_FILTER_HIGHPASS, t->rate_hz, fmaxf(t->story->plan.mono_hz, 1), 0.7071, 0);
    for (size_t p = 0; p < POINTS; p++)
        t->low[p] = t->story->plan.mono_hz > 0 ? pow(10, grm_filter_gain_db(&mono, t->rate_hz, t->hz[p]) / 10) : 1;
}

static void set_size(trial *t, size_t i, double size) {
    t->sizes[i] = size;
    if (i >= t->story->preset->by_ear.moves_count) return;
    const grm_master_move *move = &t->story->preset->by_ear.moves[i];
    grm_filter cell = grm_filter_design(move->kind, t->rate_hz, move->hz, move->q, size);
    for (size_t p = 0; p < POINTS; p++)
        t->gain[i][p] =
            t->hz[p] < 0.48 * t->rate_hz ? pow(10, grm_filter_gain_db(&cell, t->rate_hz, t->hz[p]) / 10) : 1;
}

// Loudness range with the ride; only where its strength has changed.
static double range_of(trial *t) {
    const grm_analysis *a = t->story->source.analysis;
    double strength = t->sizes[GRM_MOVE_RIDE];
    if (strength == t->range_strength) return t->range_lu;
    grm_ride_gains(&t->story->preset->by_ear.ride, a->energy_lufs, a->energy_count, t->story->before.integrated_lufs,
                   strength, t->gains);
    for (size_t i = 0; i < a->energy_count; i++)
        t->powers[i] = pow(10, ((double)a->energy_lufs[i] + 0.691) / 10) * (double)t->gains[i] * (double)t->gains[i];
    t->range_strength = strength;
    return t->range_lu = grm_loudness_tenths_range(t->powers, a->energy_count);
}

static void predict(trial *t, double range_before, grm_features *f) {
    const grm_master_story *s = t->story;
    *f = s->source.analysis->features;
    double all[POINTS], change[BANDS];
    for (size_t p = 0; p < POINTS; p++) {
        all[p] = t->plan[p];
        for (size_t i = 0; i < s->preset->by_ear.moves_count; i++) all[p] *= t->gain[i][p];
    }
    for (size_t b = 0; b < BANDS; b++) {
        double before = 0, after = 0;
        for (size_t p = band_from(edges_hz[b][0]); p < band_from(edges_hz[b][1]); p++) {
            before += t->mid[p];
            after += t->mid[p] * all[p];
        }
        change[b] = before > 0 ? 10 * log10(after / before) : 0;
    }
    f->bass_db += change[BASS] - change[MIDDLE];
    f->mud_db += change[MUD] - 0.6 * change[LOW] - 0.4 * change[LOW_MIDDLE];
    f->presence_db += change[PRESENCE] - change[LOW_MIDDLE];
    f->air_db += change[AIR] - change[MIDDLE];
    double width = t->sizes[GRM_MOVE_WIDTH] * (double)s->plan.width;
    for (size_t b = 0; b < SIDE_BANDS; b++) {
        double mid = 0, side = 0;
        for (size_t p = band_from(side_edges_hz[b]); p < band_from(side_edges_hz[b + 1]); p++) {
            mid += t->mid[p] * all[p];
            side += t->side[p] * all[p] * t->low[p] * width * width;
        }
        f->width_by_band[b] = mid + side > 0 ? side / (mid + side) : 0;
    }
    f->stereo_balance_db -= s->plan.balance_db;
    f->dc_offset = 0;
    if (t->gains && isfinite(f->loudness_range_lu)) f->loudness_range_lu += range_of(t) - range_before;
}

static double cost_of(const trial *t, size_t i) {
    const grm_master_auto *a = &t->story->preset->by_ear;
    double size = t->sizes[i];
    if (i < a->moves_count) {
        double most = size > 0 ? a->moves[i].most_db : a->moves[i].least_db;
        return size == 0 ? 0 : a->moves[i].cost * pow(size / most, 2);
    }
    if (i == GRM_MOVE_WIDTH) return a->width.cost * pow(log(size) / log(size > 1 ? a->width.most : a->width.least), 2);
    if (i == GRM_MOVE_RIDE) return a->ride.cost * pow(size / a->ride.most, 2);
    return 0;
}

// Points of production quality, less what the sizes cost.
static double worth(trial *t, double range_before, double *quality) {
    grm_features f;
    grm_category category;
    predict(t, range_before, &f);
    grm_appraise(t->story->appraiser, &f, &category);
    *quality = category.score;
    double cost = 0;
    for (size_t i = 0; i < GRM_MASTER_SIZES; i++) cost += cost_of(t, i);
    return category.score - cost;
}

// Bounds of a size; false: it is not free.
static bool bounds(const trial *t, size_t i, double *least, double *most) {
    const grm_master_story *s = t->story;
    const grm_master_auto *a = &s->preset->by_ear;
    if (i < a->moves_count && s->tone) return false;
    if (i < a->moves_count) {
        *least = a->moves[i].least_db, *most = a->moves[i].most_db;
    } else if (i == GRM_MOVE_WIDTH && !s->options->has_width && !s->style && !(s->tone && s->tone->width > 0)) {
        *least = a->width.least, *most = a->width.most;
    } else if (i == GRM_MOVE_RIDE && t->gains) {
        *least = 0, *most = a->ride.most;
    } else {
        return false;
    }
    return true;
}

// One size after the other, on a grid that gets finer.
static double search(trial *t, double range_before) {
    double quality, best = worth(t, range_before, &quality), found = quality;
    double step = 0.125;
    for (int round = 0; round < 4; round++, step *= 0.5) {
        for (size_t i = 0; i < GRM_MASTER_SIZES; i++) {
            double least, most, at = t->sizes[i];
            if (!bounds(t, i, &least, &most)) continue;
            for (int k = -8; k <= 8; k++) {
                double size = at + k * step * (most - least);
                if (size < least || size > most || k == 0) continue;
                set_size(t, i, size);
                double now = worth(t, range_before, &quality);
                if (now > best + 1e-6) best = now, at = size, found = quality;
            }
            set_size(t, i, at);
        }
    }
    return found;
}

static void apply(grm_master_story *s, const trial *t, double rate_hz, double strength) {
    const grm_master_auto *a = &s->preset->by_ear;
    grm_master_plan *plan = &s->plan;
    for (size_t i = 0; i < a->moves_count; i++) {
        double db = plan->sizes[i] = strength * t->sizes[i];
        if (fabs(db) >= 0.1 && plan->cell_count < GRM_CASCADE_CELLS)
            plan->cells[plan->cell_count++] =
                grm_filter_design(a->moves[i].kind, rate_hz, a->moves[i].hz, a->moves[i].q, db);
    }
    double width = plan->sizes[GRM_MOVE_WIDTH] = pow(t->sizes[GRM_MOVE_WIDTH], strength);
    if (fabs(width - 1) > 0.02) plan->width *= (float)width;
    double ride = plan->sizes[GRM_MOVE_RIDE] = strength * t->sizes[GRM_MOVE_RIDE];
    const grm_analysis *heard = s->source.analysis;
    if (ride < 0.02 || !t->gains) return;
    plan->ride = grm_floats_new(2 * heard->energy_count);
    if (!plan->ride) return;
    plan->ride_count = heard->energy_count;
    grm_ride_gains(&a->ride, heard->energy_lufs, heard->energy_count, s->before.integrated_lufs, ride, plan->ride);
}

void grm_master_by_ear(grm_master_story *s, double rate_hz, double strength) {
    const grm_analysis *a = s->source.analysis;
    trial *t = calloc(1, sizeof *t);
    if (!t) return;
    *t = (trial){.story = s, .rate_hz = rate_hz, .range_strength = -1};
    if (a->energy_count > 300 && !s->style) {  // half a minute: shorter, there is no range to speak of
        t->gains = grm_floats_new(2 * a->energy_count);
        t->powers = calloc(a->energy_count, sizeof *t->powers);
        if (!t->powers) free(t->gains), t->gains = NULL;
    }
    gather(t);
    for (size_t i = 0; i < GRM_MASTER_SIZES; i++) set_size(t, i, i == GRM_MOVE_WIDTH ? 1 : 0);
    double range_before = t->gains ? range_of(t) : 0, as_it_is;
    worth(t, range_before, &as_it_is);
    double hoped = search(t, range_before);
    if (hoped - as_it_is < (s->style ? s->preset->by_ear.worth_with_style : s->preset->by_ear.worth))
        for (size_t i = 0; i < GRM_MASTER_SIZES; i++) set_size(t, i, i == GRM_MOVE_WIDTH ? 1 : 0);
    worth(t, range_before, &hoped);
    s->plan.hoped = hoped;
    apply(s, t, rate_hz, strength);
    free(t->powers);
    free(t->gains);
    free(t);
}
