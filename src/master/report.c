// master.json.
#include <string.h>

#include "master/internal.h"

// Figures to a hundredth: what a reader can use, and the same text on every machine.
static json_t *number(double value) {
    return isfinite(value) ? json_real(floor(value * 100 + 0.5) / 100) : json_null();
}

static json_t *levels_json(const grm_master_levels *l, const grm_category *quality) {
    json_t *levels =
        json_pack("{so so so so so}", "integrated_lufs", number(l->integrated_lufs), "loudness_range_lu",
                  number(l->loudness_range_lu), "true_peak_dbtp", number(l->true_peak_dbtp), "sample_peak_dbfs",
                  number(l->sample_peak_dbfs), "crest_factor_db", number(l->crest_factor_db));
    if (quality->name) json_object_set_new(levels, "production_quality", number(quality->score));
    return levels;
}

// What was heard, by the meter's names, and how its parts of production quality were and have become.
static json_t *found_json(const grm_master_story *s) {
    const grm_features *f = &s->source.analysis->features;
    json_t *found = json_pack("{so so so so so so so so so so}", "bass_db", number(f->bass_db), "mud_db",
                              number(f->mud_db), "presence_db", number(f->presence_db), "air_db", number(f->air_db),
                              "psr_db", number(f->psr_db), "stereo_balance_db", number(f->stereo_balance_db),
                              "side_share_500_8000_hz", number(0.5 * (f->width_by_band[2] + f->width_by_band[3])),
                              "side_share_below_120_hz", number(f->width_by_band[0]), "clipped_samples",
                              number(f->clipped_samples), "flat_tops_ppm", number(f->flat_tops_ppm));
    json_t *scores = json_object();
    for (size_t i = 0; i < s->quality_before.sub_score_count; i++)
        json_object_set_new(scores, s->quality_before.sub_scores[i].name,
                            json_pack("{so so}", "before", number(s->quality_before.sub_scores[i].score), "after",
                                      number(s->quality_after.sub_scores[i].score)));
    json_object_set_new(found, "sub_scores", scores);
    return found;
}

static void add(json_t *steps, json_t *step) {
    json_array_append_new(steps, step);
}

static void add_tone(json_t *steps, const grm_master_story *s) {
    const grm_master_plan *plan = &s->plan;
    json_t *bands = json_array();
    for (size_t b = 0; b < s->spectrum.count; b++)
        if (plan->correction_db[b] != 0)
            add(bands, json_pack("{so so so so}", "hz", number(s->spectrum.hz[b]), "before_db",
                                 number(s->spectrum.mid_db[b]), "reference_db", number(s->preset->reference[b].db),
                                 "correction_db", number(plan->correction_db[b])));
    json_t *moves = json_array();
    for (size_t i = 0; i < s->preset->by_ear.moves_count; i++)
        if (fabs(plan->sizes[i]) >= 0.1)
            add(moves, json_pack("{ss so so so}", "name", s->preset->by_ear.moves[i].name, "hz",
                                 number(s->preset->by_ear.moves[i].hz), "q", number(s->preset->by_ear.moves[i].q), "db",
                                 number(plan->sizes[i])));
    add(steps, json_pack("{ss ss so so so so}", "name", "tone", "choice",
                         s->tone                 ? s->tone->name
                         : s->style              ? "style"
                         : s->reference.analysis ? "reference"
                                                 : "auto",
                         "highpass_hz", plan->cell_count ? number(s->preset->highpass_hz) : json_null(), "cells",
                         json_integer((json_int_t)plan->cell_count), "bands", bands, "moves", moves));
}

static json_t *steps_json(const grm_master_story *s) {
    const grm_master_plan *plan = &s->plan;
    json_t *steps = json_array();
    add(steps, json_pack("{ss so so}", "name", "dc", "left", json_real(plan->dc[0]), "right", json_real(plan->dc[1])));
    add(steps, json_pack("{ss so}", "name", "gain", "db", number(20 * log10(fmax(plan->gain, 1e-10)))));
    if (plan->balance_db != 0)
        add(steps, json_pack("{ss so}", "name", "balance", "left_db", number(0.5 * (double)plan->balance_db)));
    if (s->reference.analysis)
        add(steps, json_pack("{ss so so so so so so}", "name", "likeness", "mid_distance_before_db",
                             number(s->unlike_before_db[0]), "mid_distance_after_db", number(s->unlike_after_db[0]),
                             "side_distance_before_db", number(s->unlike_before_db[1]), "side_distance_after_db",
                             number(s->unlike_after_db[1]), "reference_lufs",
                             number(s->reference.analysis->features.integrated_lufs), "reference_crest_factor_db",
                             number(s->reference.analysis->features.crest_factor_db)));
    add_tone(steps, s);
    if (plan->ride)
        add(steps, json_pack("{ss so so}", "name", "ride", "strength", number(plan->sizes[GRM_MOVE_RIDE]), "window_s",
                             number(s->preset->by_ear.ride.window_s)));
    add(steps, json_pack("{ss so so so}", "name", "stereo", "width", number(plan->width), "mono_below_hz",
                         number(plan->mono_hz), "side_to_mid_db", number(s->spectrum.width_db)));
    if (plan->deess_db > 0)
        add(steps, json_pack("{ss so so}", "name", "de-esser", "above_hz", number(s->preset->deess.hz), "deepest_db",
                             number(s->deessed_db)));
    if (plan->compress)
        add(steps, json_pack("{ss ss so so so so}", "name", "compressor", "choice", plan->glue_name, "threshold_db",
                             number(plan->glue.threshold_db), "ratio", number(plan->glue.ratio), "deepest_db",
                             number(s->glued.deepest_db), "mean_db", number(s->glued.mean_db)));
    if (plan->drive > 0) add(steps, json_pack("{ss so}", "name", "saturation", "drive", number(plan->drive)));
    add(steps, json_pack("{ss so so so so}", "name", "limiter", "gain_db", number(s->limited.drive_db), "deepest_db",
                         number(s->limited.deepest_db), "mean_db", number(s->limited.mean_db), "active_share",
                         number(s->limited.share)));
    if (fabs(s->trim_db) >= 0.005) add(steps, json_pack("{ss so}", "name", "trim", "db", number(s->trim_db)));
    return steps;
}

json_t *grm_master_report(const grm_master_story *s) {
    json_t *notes = json_array();
    for (size_t i = 0; i < s->note_count; i++) add(notes, json_string(s->notes[i]));
    json_t *target = json_pack("{ss so so}", "name", s->target.name[0] ? s->target.name : "custom", "lufs",
                               number(s->target.lufs), "ceiling_dbtp", number(s->target.ceiling_dbtp));
    json_t *report = json_pack(
        "{so so so so so}", "target", target, "before", levels_json(&s->before, &s->quality_before), "after",
        levels_json(&s->after, &s->quality_after), "steps", s->silent ? json_array() : steps_json(s), "notes", notes);
    if (report && s->by_ear && !s->silent) {
        json_object_set_new(report, "found", found_json(s));
        json_object_set_new(report, "by_ear",
                            json_pack("{so si}", "strength", number(s->strength), "attempts", s->attempts));
    }
    return report;
}
