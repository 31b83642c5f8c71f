// What will be done.
#include <stdlib.h>

#include "master/internal.h"

static float within(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}

static void add_cell(grm_master_plan *plan, double rate_hz, grm_filter_kind kind, float hz, float q, float db) {
    if (fabsf(db) < 0.2f || plan->cell_count == GRM_CASCADE_CELLS) return;
    plan->cells[plan->cell_count++] = grm_filter_design(kind, rate_hz, hz, q, db);
}

// Sub-sound out, and, by a Butterworth filter of order 6, what lies above hearing: right below half the rate no filter
// of finite length sees the peaks between the samples.
static void decide_ends(grm_master_plan *plan, const grm_master_preset *preset, double rate_hz, bool low) {
    static const double q[] = {0.5176, 0.7071, 1.9319};
    if (low)
        plan->cells[plan->cell_count++] =
            grm_filter_design(GRM_FILTER_HIGHPASS, rate_hz, preset->highpass_hz, 0.7071, 0);
    for (size_t i = 0; i < GRM_COUNT(q) && preset->lowpass_hz < 0.46 * rate_hz; i++)
        plan->cells[plan->cell_count++] = grm_filter_design(GRM_FILTER_LOWPASS, rate_hz, preset->lowpass_hz, q[i], 0);
}

// What the style asks for: a shelf of bass, and a tilt about 1 kHz.
static void decide_wishes(grm_master_plan *plan, const grm_style_mix *style, double rate_hz) {
    if (!style) return;
    float bass = within(style->bass_db, -4, 4), tilt = within(style->brightness_db, -5, 5);
    add_cell(plan, rate_hz, GRM_FILTER_LOW_SHELF, 100, 0.7071f, bass);
    add_cell(plan, rate_hz, GRM_FILTER_LOW_SHELF, 350, 0.6f, -tilt / 2);
    add_cell(plan, rate_hz, GRM_FILTER_HIGH_SHELF, 2800, 0.6f, tilt / 2);
}

// Towards the house's reference, which leans as far as the style's wishes do, so that a dark style is not brightened
// again; nor is a top that tape has closed.
static void decide_match(grm_master_story *s, double rate_hz, size_t first_wish, bool closed_top) {
    const grm_master_match *match = &s->preset->match;
    const grm_master_spectrum *now = &s->spectrum;
    grm_master_plan *plan = &s->plan;
    size_t count = now->count, wish_cells = plan->cell_count;
    float off[GRM_MASTER_BANDS], middle = 0, middles = 0;
    for (size_t b = 0; b < count; b++) {
        double wish = 0;
        for (size_t i = first_wish; i < wish_cells; i++)
            wish += grm_filter_gain_db(&plan->cells[i], rate_hz, now->hz[b]);
        off[b] = s->preset->reference[b].db + (float)wish - now->mid_db[b];
        if (off[b] > match->absent_db) continue;
        if (now->hz[b] >= 100 && now->hz[b] <= 5000) {
            middle += off[b];
            middles++;
        }
    }
    if (middles > 0) middle /= middles;
    for (size_t b = 0; b < count; b++) {
        float before = off[b ? b - 1 : b], behind = off[b + 1 < count ? b + 1 : b];
        float smooth = 0.2f * before + 0.6f * off[b] + 0.2f * behind - middle;
        float beyond = fabsf(smooth) - match->dead_db;
        if (off[b] - middle > match->absent_db || beyond <= 0) continue;
        float db = within(match->strength * (smooth > 0 ? beyond : -beyond), -match->most_db, match->most_db);
        if (db > 0) db *= closed_top && now->hz[b] > 6000 ? 0 : match->boost;
        plan->correction_db[b] = db;
        // Neighbouring bells add up, so each is a little less than what is asked for.
        if (b == 0)
            add_cell(plan, rate_hz, GRM_FILTER_LOW_SHELF, now->hz[b] * 1.4f, 0.7071f, db);
        else if (b + 1 == count)
            add_cell(plan, rate_hz, GRM_FILTER_HIGH_SHELF, now->hz[b] * 0.7f, 0.7071f, db);
        else
            add_cell(plan, rate_hz, GRM_FILTER_BELL, now->hz[b], 1.2f, 0.85f * db);
    }
}

static void decide_tone(grm_master_story *s, double rate_hz) {
    grm_master_plan *plan = &s->plan;
    size_t ends = plan->cell_count;
    if (s->tone) {
        for (unsigned i = 0; i < s->tone->cells_count; i++) {
            const grm_master_cell *cell = &s->tone->cells[i];
            add_cell(plan, rate_hz, cell->kind, cell->hz, cell->q, cell->db);
        }
        if (s->tone->match > 0) decide_match(s, rate_hz, plan->cell_count, false);
        plan->drive = s->tone->drive;
    } else if (s->style) {
        decide_wishes(plan, s->style, rate_hz);
        decide_match(s, rate_hz, ends, s->style->lofi > 0.1f);
        plan->drive = s->preset->saturation.least + s->preset->saturation.span * within(s->style->warmth, 0, 1);
    }
}

static float style_width(const grm_master_story *s) {
    const grm_master_width *w = &s->preset->width;
    float width = s->style->width > 0 ? s->style->width : 1, now = s->spectrum.width_db;
    bool stereo = now > -40;
    if (stereo && now + grm_gain_to_db(width) < w->narrow_db) width = grm_db_to_gain(w->narrow_db - now);
    if (now + grm_gain_to_db(width) > w->wide_db) width = grm_db_to_gain(w->wide_db - now);
    return within(width, w->least, w->most);
}

static void decide_width(grm_master_story *s, bool chosen) {
    grm_master_plan *plan = &s->plan;
    bool alike = s->reference.analysis != NULL;  // then the filters do it
    plan->mono_hz = s->place && s->place->mono_below_hz > 0 ? s->place->mono_below_hz
                    : alike || !chosen                      ? 0
                                                            : s->preset->mono_below_hz;
    plan->width = 1;
    if (s->options->has_width)
        plan->width = (float)s->options->width;
    else if (s->tone && s->tone->width > 0)
        plan->width = s->tone->width;
    else if (s->style && !s->tone && !alike)
        plan->width = style_width(s);
}

// Threshold: loudness is a sum over both channels, the compressor's level their mean: 3 dB, less the -0.7 of the
// weighting.
static void set_glue(grm_master_plan *plan, const grm_master_glue *glue, double lufs, float range_db) {
    plan->compress = true;
    plan->glue_name = glue->name ? glue->name : "glue";
    plan->glue = (grm_compressor_plan){
        .threshold_db = (float)lufs - 2.3f + glue->over_db,
        .ratio = glue->ratio,
        .knee_db = glue->knee_db,
        .attack_ms = glue->attack_ms,
        .release_ms = glue->release_ms,
        .range_db = range_db,
    };
}

// The glue takes a little off the peaks that the limiter would have to take off whole.
static void decide_glue(grm_master_story *s, double lufs, bool chosen) {
    const grm_master_glue *glue = &s->preset->glue;
    double over = s->before.true_peak_dbtp + lufs - s->before.integrated_lufs - s->target.ceiling_dbtp;
    if (s->compression)
        set_glue(&s->plan, s->compression, lufs, s->compression->range_db);
    else if (s->reference.analysis && over > 2)
        set_glue(&s->plan, glue, lufs, within((float)over / 2, 1, 6));
    else if (s->style || (!s->reference.analysis && chosen && over > s->preset->by_ear.glue_from_db))
        set_glue(&s->plan, glue, lufs, glue->range_db);
    // Nor do the highest peaks of all come to the limiter as they were: a soft curve rounds them first.
    if (s->by_ear && !s->style && chosen && over > s->preset->by_ear.glue_from_db && s->plan.drive == 0)
        s->plan.drive = s->preset->saturation.least;
}

static void decide_balance(grm_master_story *s) {
    const grm_master_auto_balance *b = &s->preset->by_ear.balance;
    float off = (float)s->source.analysis->features.stereo_balance_db;
    if (isfinite(off) && fabsf(off) > b->dead_db) s->plan.balance_db = within(off, -b->most_db, b->most_db);
}

// Loudness to aim at and the gain that gets near it.
static double decide_gain(grm_master_story *s) {
    double before = s->before.integrated_lufs, lufs = s->target.lufs, most = s->preset->most_gain_db;
    if (before <= GRM_SILENT_LUFS) {
        double room = s->target.ceiling_dbtp - 1 - s->before.true_peak_dbtp;
        s->plan.gain = grm_db_to_gain((float)fmin(room, most));
        grm_master_note(s, "Too short or too quiet for its loudness to be measured; only the peak was set.");
        return GRM_SILENT_LUFS;
    }
    if (lufs - before > most) {
        lufs = before + most;
        grm_master_note(s, "The source is too quiet to be brought to the target; it was raised as far as is sensible.");
    }
    s->plan.gain = grm_db_to_gain((float)(lufs - before));
    return lufs;
}

void grm_master_plan_free(grm_master_plan *plan) {
    grm_firs_free(plan->firs);
    free(plan->ride);
    *plan = (grm_master_plan){0};
}

grm_status grm_master_decide(grm_master_story *s, double rate_hz, double strength, double *lufs, grm_error *err) {
    grm_status status = GRM_OK;
    s->plan = (grm_master_plan){.width = 1};
    grm_master_spectrum_of(&s->source, s->preset, &s->spectrum);
    *lufs = decide_gain(s);
    if (*lufs <= GRM_SILENT_LUFS) return GRM_OK;
    for (int side = 0; side < 2; side++) s->plan.dc[side] = s->source.dc[side];
    bool chosen = !s->by_ear || s->style || strength > 0;  // else what was asked for, and no more
    bool limits = s->before.true_peak_dbtp + *lufs - s->before.integrated_lufs > s->target.ceiling_dbtp - 1;
    if (!s->reference.analysis && (chosen || limits)) decide_ends(&s->plan, s->preset, rate_hz, chosen);
    decide_tone(s, rate_hz);
    decide_width(s, chosen);
    decide_glue(s, *lufs, chosen);
    s->plan.deess_db = s->place ? s->place->deess_db : 0;
    if (s->reference.analysis) status = grm_master_liken(s, rate_hz, err);
    s->plan.sizes[GRM_MOVE_WIDTH] = 1;
    if (s->by_ear && chosen && !s->style) decide_balance(s);
    if (s->by_ear && strength > 0) grm_master_by_ear(s, rate_hz, strength);
    return status;
}
