// How far the meter's ears are followed: what was decided is done, heard and compared with what was there, and held
// back until nothing has become worse.
#include "master/internal.h"

static const double measured = 0.005;  // points: what rounding to bits may change

static double gained(const grm_master_story *s) {
    return s->quality_after.score - s->quality_before.score;
}

static bool moves_anything(const grm_master_plan *plan) {
    for (size_t i = 0; i < GRM_MASTER_SIZES; i++)
        if (plan->sizes[i] != (i == GRM_MOVE_WIDTH ? 1 : 0)) return true;
    return false;
}

// At full size, at half of it, and without any of it, until something is gained (or, without it, nothing is lost); else
// what loses least.
static grm_status try_sizes(grm_mastering *m, grm_error *err) {
    static const double strengths[] = {1, 0.5, 0};
    grm_master_story *s = m->story;
    double quality[GRM_COUNT(strengths)], worth = s->preset->by_ear.gained;
    size_t best = 0, last = GRM_COUNT(strengths) - 1;
    for (size_t i = 0; i <= last; i++) {
        grm_status status = grm_mastering_attempt(m, strengths[i], err);
        if (status != GRM_OK || gained(s) >= (i < last ? worth : -measured)) return status;
        quality[i] = s->quality_after.score;
        if (quality[i] > quality[best] - (i == last ? worth : 0)) best = i;  // of equals the gentler
        if (i == 0 && !moves_anything(&s->plan)) quality[++i] = quality[0];
    }
    return best == last ? GRM_OK : grm_mastering_attempt(m, strengths[best], err);
}

// The level alone, as far as the limiter has nothing to do.
static grm_status only_level(grm_mastering *m, double wanted, grm_error *err) {
    const grm_master_story *s = m->story;
    double room = s->target.ceiling_dbtp - s->preset->limiter.margin_db - 0.05 - s->before.true_peak_dbtp;
    grm_status status = grm_mastering_attempt(m, 0, err);
    if (status != GRM_OK) return status;
    m->lufs = fmin(wanted, s->before.integrated_lufs + room);
    return grm_mastering_settle(m, err);
}

// A loudness that nobody asked for by name yields to quality. The wet sound stays; the limiter gets less to do, by
// steps that double.
static grm_status yield(grm_mastering *m, grm_error *err) {
    grm_master_story *s = m->story;
    const grm_master_auto *how = &s->preset->by_ear;
    double wanted = m->lufs, dear = -gained(s);
    grm_status status = GRM_OK;
    for (double less = how->yield_step_db;
         status == GRM_OK && gained(s) < -measured && less <= how->yield_most_db && s->limited.deepest_db < -0.1f;
         less *= 2) {
        m->lufs = wanted - less;
        status = grm_mastering_settle(m, err);
    }
    if (status == GRM_OK && gained(s) < -measured) status = only_level(m, wanted, err);
    if (status == GRM_OK && s->after.integrated_lufs < wanted - 0.1)
        grm_master_note(
            s,
            "Stopped %.1f dB short of %.1f LUFS: what the limiter would have to do for it costs %.1f points "
            "of production quality; --lufs %g goes there all the same.",
            wanted - s->after.integrated_lufs, wanted, dear, wanted);
    return status;
}

// With a style, which decides: the moves are left out where they have not helped.
static grm_status try_with_style(grm_mastering *m, grm_error *err) {
    grm_status status = grm_mastering_attempt(m, 1, err);
    bool helped = !moves_anything(&m->story->plan) || gained(m->story) >= 0;
    return status != GRM_OK || helped ? status : grm_mastering_attempt(m, 0, err);
}

grm_status grm_mastering_choose(grm_mastering *m, grm_error *err) {
    grm_master_story *s = m->story;
    const grm_master_options *o = s->options;
    if (s->by_ear) grm_appraise(s->appraiser, &s->source.analysis->features, &s->quality_before);
    bool heard = s->by_ear && s->before.integrated_lufs > GRM_SILENT_LUFS && isfinite(s->quality_before.score);
    if (!heard) return grm_mastering_attempt(m, 1, err);
    if (s->style) return try_with_style(m, err);
    grm_status status = try_sizes(m, err);
    bool asked = o->target || o->has_lufs || o->force_loudness;
    if (status == GRM_OK && !asked && gained(s) < -measured) status = yield(m, err);
    if (status == GRM_OK && gained(s) < -0.05)
        grm_master_note(s, "What was asked for costs %.1f points of production quality.", -gained(s));
    else if (status == GRM_OK && s->strength == 0)
        grm_master_note(
            s, "Nothing that was tried by ear would have gained anything: only %s.",
            s->tone || s->compression || o->has_width ? "what was asked for was done" : "the level was set");
    return status;
}
