// What is there, as the meter hears it.
#include <stdlib.h>
#include <string.h>

#include "master/internal.h"

void grm_look_free(grm_look *look) {
    grm_analysis_free(look->analysis);
    *look = (grm_look){0};
}

grm_status grm_look_end(grm_hearing *hearing, grm_look *look, grm_error *err) {
    *look = (grm_look){0};
    grm_status status = grm_hearing_end(hearing, &look->analysis, err);
    if (status != GRM_OK) return status;
    const grm_analysis *a = look->analysis;
    for (size_t i = 0; i < a->series_count; i++) {
        const grm_series *s = &a->series[i];
        if (strcmp(s->name, "mid_spectrum") == 0) look->mid = s->values, look->bins = s->frames;
        if (strcmp(s->name, "channel_means") == 0) look->dc = s->values;
        if (strcmp(s->name, "side_spectrum") == 0) look->side = s->values;
    }
    look->step_hz = a->features.sample_rate_hz / (2.0 * (double)(look->bins - 1));
    return GRM_OK;
}

grm_status grm_look_at(const grm_run *run, const grm_tape *sound, bool faults, size_t stage, double from, double to,
                       grm_look *look, grm_error *err) {
    static const grm_ear *const ears[] = {&grm_ear_level, &grm_ear_sides, &grm_ear_faults};
    grm_hearing *hearing = NULL;
    float *planes[2] = {grm_floats_new(GRM_MASTER_BLOCK), grm_floats_new(GRM_MASTER_BLOCK)};
    size_t frames = grm_tape_frames(sound);
    grm_status status = planes[0] && planes[1] ? GRM_OK : grm_fail_memory(err);
    if (status == GRM_OK) status = grm_hearing_open(run, ears, faults ? 3 : 2, 2, grm_tape_rate(sound), &hearing, err);
    for (size_t at = 0; status == GRM_OK && at < frames; at += GRM_MASTER_BLOCK) {
        size_t count = frames - at < GRM_MASTER_BLOCK ? frames - at : GRM_MASTER_BLOCK;
        status = grm_tape_read(sound, at, count, planes, err);
        if (status == GRM_OK && (!grm_all_finite(planes[0], count) || !grm_all_finite(planes[1], count)))
            status = grm_fail(err, GRM_BAD_INPUT, "the sound holds values that are not numbers (NaN or infinity)");
        if (status == GRM_OK) status = grm_hearing_take(hearing, (const float *const *)planes, count, err);
        if (status == GRM_OK) status = grm_run_check(run, err);
        grm_progress_step(run->progress, stage, from + (to - from) * (double)at / (double)frames);
    }
    if (status == GRM_OK) status = grm_look_end(hearing, look, err);
    grm_hearing_free(hearing);
    free(planes[1]);
    free(planes[0]);
    return status;
}

void grm_levels_of(const grm_features *f, grm_master_levels *out) {
    *out = (grm_master_levels){
        .integrated_lufs = isfinite(f->integrated_lufs) ? f->integrated_lufs : GRM_SILENT_LUFS,
        .loudness_range_lu = isfinite(f->loudness_range_lu) ? f->loudness_range_lu : 0,
        .true_peak_dbtp = f->true_peak_dbtp,
        .sample_peak_dbfs = f->sample_peak_dbfs,
        .crest_factor_db = isfinite(f->crest_factor_db) ? f->crest_factor_db : 0,
    };
}
