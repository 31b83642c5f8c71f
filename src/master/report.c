#include "master/report.h"

// Figures to a hundredth: what a reader can use, and the same text on every machine.
static json_t *number(double value) {
    return json_real(floor(value * 100 + 0.5) / 100);
}

static json_t *levels_json(const grm_master_levels *l) {
    return json_pack("{so so so so so}", "integrated_lufs", number(l->integrated_lufs), "loudness_range_lu",
                     number(l->loudness_range_lu), "true_peak_dbtp", number(l->true_peak_dbtp), "sample_peak_dbfs",
                     number(l->sample_peak_dbfs), "crest_factor_db", number(l->crest_factor_db));
}

static json_t *tone_json(const grm_master_story *s) {
    json_t *bands = json_array();
    for (size_t b = 0; b < s->spectrum.count; b++)
        json_array_append_new(
            bands, json_pack("{so so so so}", "hz", number(s->spectrum.hz[b]), "before_db",
                             number(s->spectrum.mid_db[b]), "reference_db", number(s->preset->reference[b].db),
                             "correction_db", number(s->plan.correction_db[b])));
    return json_pack("{ss so so so so}", "name", "tone", "highpass_hz", number(s->preset->highpass_hz), "lowpass_hz",
                     number(s->preset->lowpass_hz), "cells", json_integer((json_int_t)s->plan.cell_count), "bands",
                     bands);
}

static json_t *steps_json(const grm_master_story *s) {
    json_t *steps = json_array();
    json_array_append_new(steps, json_pack("{ss so so}", "name", "dc", "left", json_real(s->plan.dc[0]), "right",
                                           json_real(s->plan.dc[1])));
    json_array_append_new(steps,
                          json_pack("{ss so}", "name", "gain", "db", number(20 * log10(fmax(s->plan.gain, 1e-10)))));
    json_array_append_new(steps, tone_json(s));
    json_array_append_new(steps,
                          json_pack("{ss so so so}", "name", "stereo", "width", number(s->plan.width), "mono_below_hz",
                                    number(s->plan.mono_hz), "side_to_mid_db", number(s->spectrum.width_db)));
    json_array_append_new(
        steps, json_pack("{ss so so so so}", "name", "glue", "threshold_db", number(s->plan.glue.threshold_db), "ratio",
                         number(s->plan.glue.ratio), "deepest_db", number(s->glued.deepest_db), "mean_db",
                         number(s->glued.mean_db)));
    json_array_append_new(steps, json_pack("{ss so}", "name", "saturation", "drive", number(s->plan.drive)));
    json_array_append_new(
        steps, json_pack("{ss so so so so}", "name", "limiter", "gain_db", number(s->limited.drive_db), "deepest_db",
                         number(s->limited.deepest_db), "mean_db", number(s->limited.mean_db), "active_share",
                         number(s->limited.share)));
    if (s->trim_db < 0) json_array_append_new(steps, json_pack("{ss so}", "name", "trim", "db", number(s->trim_db)));
    return steps;
}

json_t *grm_master_report(const grm_master_story *s) {
    json_t *notes = json_array();
    for (size_t i = 0; i < s->note_count; i++) json_array_append_new(notes, json_string(s->notes[i]));
    json_t *target = json_pack("{ss? so so}", "name", s->target->name, "lufs", number(s->target->lufs), "ceiling_dbtp",
                               number(s->target->ceiling_dbtp));
    return json_pack("{so so so so so}", "target", target, "before", levels_json(&s->before), "after",
                     levels_json(&s->after), "steps", steps_json(s), "notes", notes);
}
