// What would come out, heard before it is written.
#include "master/internal.h"

static grm_status hear_block(void *hearing, float *const planes[2], size_t frames, grm_error *err) {
    return grm_hearing_take(hearing, (const float *const *)planes, frames, err);
}

static grm_status rehearse(grm_mastering *m, grm_error *err) {
    static const grm_ear *const ears[] = {&grm_ear_level, &grm_ear_sides, &grm_ear_faults};
    grm_master_story *s = m->story;
    grm_hearing *hearing = NULL;
    grm_look_free(&s->outcome);
    grm_status status =
        grm_hearing_open(m->run, ears, s->by_ear ? 3 : 2, 2, grm_tape_rate(m->wet.sound), &hearing, err);
    if (status == GRM_OK) status = grm_limiting_run(&m->limiting, m->stage, 0.6, 0.8, hear_block, hearing, err);
    if (status == GRM_OK) status = grm_look_end(hearing, &s->outcome, err);
    grm_hearing_free(hearing);
    return status;
}

// What rounding, other meters or the hops' coarseness leave is taken off, or put on, everything.
static void trim(grm_mastering *m) {
    grm_master_story *s = m->story;
    double room = m->ceiling_dbtp - 0.02 - s->after.true_peak_dbtp, db = 0;
    if (s->limited.reached && m->lufs > GRM_SILENT_LUFS) db = fmax(-0.3, fmin(0.3, m->lufs - s->after.integrated_lufs));
    s->trim_db = db = fmin(db, room);
    m->limiting.trim = grm_db_to_gain((float)db);
    s->after.true_peak_dbtp += db;
    s->after.sample_peak_dbfs += db;
    if (s->after.integrated_lufs > GRM_SILENT_LUFS) s->after.integrated_lufs += db;
}

grm_status grm_mastering_settle(grm_mastering *m, grm_error *err) {
    grm_master_story *s = m->story;
    float most_db = grm_master_most_db(s);
    double aim = m->lufs;
    grm_status status = GRM_OK;
    for (int i = 0; i < 2 && status == GRM_OK; i++) {
        m->limiting.trim = 1;
        status = grm_limiting_find(&m->limiting, aim, most_db, &s->limited, err);
        if (status == GRM_OK) status = rehearse(m, err);
        if (status != GRM_OK) return status;
        grm_levels_of(&s->outcome.analysis->features, &s->after);
        trim(m);
        double missing = m->lufs - s->after.integrated_lufs;
        if (m->lufs <= GRM_SILENT_LUFS || !s->limited.reached || fabs(missing) < 0.08) break;
        aim += missing;
    }
    if (s->by_ear) grm_appraise(s->appraiser, &s->outcome.analysis->features, &s->quality_after);
    return status;
}
