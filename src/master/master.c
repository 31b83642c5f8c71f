// Stereo to release loudness: look, decide, process, limit, look again, and only then write.
#include "master/master.h"

#include <stdlib.h>
#include <string.h>

#include "master/internal.h"

// ---- looking at what would come out ----

typedef struct rehearsal {
    grm_hearing *hearing;
} rehearsal;

static grm_status hear_block(void *context, float *const planes[2], size_t frames, grm_error *err) {
    rehearsal *r = context;
    return grm_hearing_take(r->hearing, (const float *const *)planes, frames, err);
}

static grm_status rehearse(const grm_limiting *limiting, bool faults, size_t stage, double from, double to,
                           grm_look *look, grm_error *err) {
    static const grm_ear *const ears[] = {&grm_ear_level, &grm_ear_sides, &grm_ear_faults};
    rehearsal r = {0};
    grm_look_free(look);
    grm_status status =
        grm_hearing_open(limiting->run, ears, faults ? 3 : 2, 2, grm_tape_rate(limiting->wet->sound), &r.hearing, err);
    if (status == GRM_OK) status = grm_limiting_run(limiting, stage, from, to, hear_block, &r, err);
    if (status == GRM_OK) status = grm_look_end(r.hearing, look, err);
    grm_hearing_free(r.hearing);
    return status;
}

// What rounding, other meters or the hops' coarseness leave is taken off, or put on, everything.
static void trim(grm_master_story *s, grm_limiting *limiting, double lufs) {
    double room = s->target.ceiling_dbtp - 0.02 - s->after.true_peak_dbtp, db = 0;
    if (s->limited.reached && lufs > GRM_SILENT_LUFS) db = fmax(-0.3, fmin(0.3, lufs - s->after.integrated_lufs));
    s->trim_db = db = fmin(db, room);
    limiting->trim = grm_db_to_gain((float)db);
    s->after.true_peak_dbtp += db;
    s->after.sample_peak_dbfs += db;
    if (s->after.integrated_lufs > GRM_SILENT_LUFS) s->after.integrated_lufs += db;
}

// Finds the drive and hears what comes of it; where hops were too coarse a measure, once more.
static grm_status settle(grm_master_story *s, grm_limiting *limiting, double lufs, size_t stage, grm_error *err) {
    float most_db = s->options->force_loudness ? 60 : s->preset->limiter.most_db;
    double aim = lufs;
    grm_status status = GRM_OK;
    for (int i = 0; i < 2 && status == GRM_OK; i++) {
        status = grm_limiting_find(limiting, aim, most_db, &s->limited, err);
        if (status == GRM_OK) status = rehearse(limiting, s->by_ear, stage, 0.6, 0.8, &s->outcome, err);
        if (status != GRM_OK) return status;
        grm_levels_of(&s->outcome.analysis->features, &s->after);
        trim(s, limiting, lufs);
        double missing = lufs - s->after.integrated_lufs;
        if (lufs <= GRM_SILENT_LUFS || !s->limited.reached || fabs(missing) < 0.08) break;
        aim += missing;
    }
    return status;
}

// ---- the whole ----

// What by-ear choices came to, at their full size, at half of it, and without them.
typedef struct trials {
    int count;
    double strength[3], quality[3];
    bool settled;
} trials;

// False: it has become worse by ear, and is to be tried with less. Where even nothing is worse (the target, or what was
// asked for, costs it), the best of all is done again.
static bool good_enough(grm_master_story *s, trials *t, double *strength) {
    if (!s->by_ear || s->before.integrated_lufs <= GRM_SILENT_LUFS) return true;
    grm_appraise(s->appraiser, &s->source.analysis->features, &s->quality_before);
    grm_appraise(s->appraiser, &s->outcome.analysis->features, &s->quality_after);
    double cost = s->quality_before.score - s->quality_after.score;
    if (t->settled || cost < 0.05) return true;
    t->strength[t->count] = *strength;
    t->quality[t->count++] = s->quality_after.score;
    *strength = *strength > 0.6 ? 0.5 : 0;
    if (t->count < 3) return false;
    t->settled = true;
    size_t best = 2;
    for (size_t i = 0; i < 2; i++)
        if (t->quality[i] > t->quality[best] + 0.05) best = i;
    *strength = t->strength[best];
    return best == 2;
}

static double cost_of(grm_master_story *s) {
    grm_appraise(s->appraiser, &s->outcome.analysis->features, &s->quality_after);
    return s->quality_before.score - s->quality_after.score;
}

// A loudness that nobody asked for by name yields to quality: what the limiter would have to take to reach it costs
// more than it is worth. The wet sound stays; only the limiter gets less to do.
static grm_status yield(grm_master_story *s, grm_limiting *limiting, double *lufs, size_t stage, grm_error *err) {
    const grm_master_options *o = s->options;
    const grm_master_auto *how = &s->preset->by_ear;
    grm_status status = GRM_OK;
    double wanted = *lufs, cost = 0, dear = 0;
    if (!s->by_ear || o->target || o->has_lufs || o->force_loudness || wanted <= GRM_SILENT_LUFS) return GRM_OK;
    if (!isfinite(s->quality_before.score) || (cost = dear = cost_of(s)) <= how->yield) return GRM_OK;
    for (double less = how->yield_step_db; status == GRM_OK && less <= how->yield_most_db && cost > how->yield;
         less += how->yield_step_db) {
        if (wanted - less < s->before.integrated_lufs) break;
        *lufs = wanted - less;
        status = settle(s, limiting, *lufs, stage, err);
        if (status == GRM_OK) cost = cost_of(s);
    }
    if (status == GRM_OK && *lufs < wanted)
        grm_master_note(
            s,
            "Stopped %.1f dB short of %.1f LUFS: what the limiter would have to do for it costs %.1f points "
            "of production quality; --lufs %g goes there all the same.",
            wanted - s->after.integrated_lufs, wanted, dear, wanted);
    return status;
}

static void say_what_is_broken(grm_master_story *s) {
    const grm_features *f = &s->source.analysis->features;
    if (f->clipped_samples > 0 || f->flat_tops_ppm > 30)
        grm_master_note(s,
                        "The source is clipped: %.0f samples at full scale, %.0f in a million on flat tops. No master "
                        "can give back what was cut; master the mix as it was before its limiter or converter.",
                        f->clipped_samples, isfinite(f->flat_tops_ppm) ? f->flat_tops_ppm : 0);
    if (f->hiss_db > -12) grm_master_note(s, "The source hisses: steady noise %.0f dB under the treble.", -f->hiss_db);
    if (f->pitch_wander_cents > 20)
        grm_master_note(s, "The pitch of the source wanders by %.0f cents.", f->pitch_wander_cents);
}

static void say_what_was_missed(grm_master_story *s, double lufs) {
    if (lufs > GRM_SILENT_LUFS && !s->limited.reached)
        grm_master_note(
            s,
            "Stopped %.1f dB short of %.1f LUFS: the peaks stand so far above the rest that the limiter "
            "would have to take more than %.0f dB off too many of them; --force-loudness goes there all the same.",
            lufs - s->after.integrated_lufs, lufs, (double)s->preset->limiter.most_db);
    if (s->options->force_loudness && s->limited.deepest_db < -s->preset->limiter.most_db)
        grm_master_note(s, "Forced: the limiter takes up to %.1f dB.", -(double)s->limited.deepest_db);
}

static grm_status silence(const grm_sound *sound, grm_master_story *s, grm_limited_fn *take, void *context,
                          grm_error *err) {
    float *planes[2] = {grm_floats_new(GRM_MASTER_BLOCK), grm_floats_new(GRM_MASTER_BLOCK)};
    grm_status status = planes[0] && planes[1] ? GRM_OK : grm_fail_memory(err);
    grm_master_note(s, "The source is silent; it was left as it is.");
    s->silent = true;
    s->after = s->before;
    s->plan = (grm_master_plan){.gain = 1, .width = 1};
    for (size_t at = 0; status == GRM_OK && at < grm_sound_frames(sound); at += GRM_MASTER_BLOCK) {
        size_t left = grm_sound_frames(sound) - at, count = left < GRM_MASTER_BLOCK ? left : GRM_MASTER_BLOCK;
        status = grm_sound_read(sound, at, count, planes, err);
        if (status == GRM_OK) status = take(context, planes, count, err);
    }
    free(planes[1]);
    free(planes[0]);
    return status;
}

grm_status grm_master_work(const grm_run *run, const grm_sound *sound, grm_master_story *s, size_t stage, double from,
                           grm_limited_fn *take, void *context, grm_error *err) {
    double strength = 1, lufs = 0;
    trials tried = {0};
    grm_wet wet = {0};
    grm_limiting limiting;
    grm_levels_of(&s->source.analysis->features, &s->before);
    if (s->before.sample_peak_dbfs < -119) return silence(sound, s, take, context, err);
    say_what_is_broken(s);
    grm_status status = GRM_OK;
    for (bool more = true; more && status == GRM_OK; more = status == GRM_OK && !good_enough(s, &tried, &strength)) {
        grm_wet_free(&wet);
        grm_master_plan_free(&s->plan);
        s->attempts++;
        status = grm_master_decide(s, grm_sound_rate(sound), strength, &lufs, err);
        if (status == GRM_OK)
            status = grm_master_process(run, sound, &s->plan, s->preset, stage, from, 0.55, &wet, err);
        if (status != GRM_OK) break;
        s->glued = wet.glued;
        s->deessed_db = wet.deessed_db;
        grm_limiting_init(&limiting, run, &wet, s->preset, s->target.ceiling_dbtp);
        status = settle(s, &limiting, lufs, stage, err);
    }
    if (status == GRM_OK) status = yield(s, &limiting, &lufs, stage, err);
    if (status == GRM_OK && s->by_ear && isfinite(s->quality_before.score) && cost_of(s) > 0.05)
        grm_master_note(s, "What was asked for costs %.1f points of production quality.", cost_of(s));
    if (status == GRM_OK) {
        say_what_was_missed(s, lufs);
        if (s->reference.analysis) grm_master_unlike(&s->outcome, &s->reference, s->unlike_after_db);
        status = grm_limiting_run(&limiting, stage, 0.8, 1, take, context, err);
    }
    grm_wet_free(&wet);
    return status;
}

// ---- from tape to tape ----

static grm_status append(void *context, float *const planes[2], size_t frames, grm_error *err) {
    return grm_tape_append(context, (const float *const *)planes, frames, err);
}

grm_status grm_master_run(const grm_run *run, const grm_tape *in, const grm_master_request *request, size_t stage,
                          grm_tape *out, grm_master_levels *after, json_t **report, grm_error *err) {
    static const grm_master_request plain = {0};
    if (!request) request = &plain;
    grm_sound sound = {.tape = in};
    grm_master_story story = {0};
    if (grm_tape_channels(in) != 2)
        return grm_fail(err, GRM_BAD_INPUT, "mastering takes stereo, this has %u channels", grm_tape_channels(in));
    if (grm_tape_rate(in) < GRM_MASTER_LEAST_RATE || grm_tape_rate(in) > GRM_MASTER_MOST_RATE)
        return grm_fail(err, GRM_BAD_INPUT, "mastering takes %d to %d Hz, this has %u", GRM_MASTER_LEAST_RATE,
                        GRM_MASTER_MOST_RATE, grm_tape_rate(in));
    grm_status status = grm_master_story_open(&story, request->options, request->style, err);
    if (status == GRM_OK && story.options->reference)
        status = grm_master_look_at_reference(run, &story, stage, 0, 0.1, err);
    if (status == GRM_OK) status = grm_look_at(run, &sound, story.by_ear, stage, 0.1, 0.2, &story.source, err);
    if (status == GRM_OK) status = grm_master_work(run, &sound, &story, stage, 0.2, append, out, err);
    if (status == GRM_OK && report && !(*report = grm_master_report(&story))) status = grm_fail_memory(err);
    if (status == GRM_OK && after) *after = story.after;
    if (status == GRM_OK) grm_progress_step(run->progress, stage, 1);
    grm_master_story_close(&story);
    return status;
}
