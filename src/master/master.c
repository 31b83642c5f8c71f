// Stereo to release loudness: look, decide, process, limit, look again, and only then write.
#include "master/master.h"

#include <stdlib.h>
#include <string.h>

#include "master/internal.h"

static void say_what_is_broken(grm_master_story *s) {
    const grm_features *f = &s->source.analysis->features;
    if (f->clipped_samples > 0 || f->flat_tops_ppm > 500)
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
            lufs - s->after.integrated_lufs, lufs, (double)grm_master_most_db(s));
    if (s->options->force_loudness && s->limited.deepest_db < -s->preset->limiter.most_db)
        grm_master_note(s, "Forced: the limiter takes up to %.1f dB.", -(double)s->limited.deepest_db);
}

static grm_status silence(const grm_tape *sound, grm_limited_fn *take, void *context, grm_error *err) {
    float *planes[2] = {grm_floats_new(GRM_MASTER_BLOCK), grm_floats_new(GRM_MASTER_BLOCK)};
    grm_status status = planes[0] && planes[1] ? GRM_OK : grm_fail_memory(err);
    for (size_t at = 0; status == GRM_OK && at < grm_tape_frames(sound); at += GRM_MASTER_BLOCK) {
        size_t left = grm_tape_frames(sound) - at, count = left < GRM_MASTER_BLOCK ? left : GRM_MASTER_BLOCK;
        status = grm_tape_read(sound, at, count, planes, err);
        if (status == GRM_OK) status = take(context, planes, count, err);
    }
    free(planes[1]);
    free(planes[0]);
    return status;
}

grm_status grm_mastering_attempt(grm_mastering *m, double strength, grm_error *err) {
    grm_master_story *s = m->story;
    grm_wet_free(&m->wet);
    grm_master_plan_free(&s->plan);
    s->attempts++;
    s->strength = strength;
    grm_status status = grm_master_decide(s, grm_tape_rate(m->sound), strength, &m->lufs, err);
    if (status == GRM_OK)
        status = grm_master_process(m->run, m->sound, &s->plan, s->preset, m->stage, m->from, 0.55, &m->wet, err);
    if (status != GRM_OK) return status;
    s->glued = m->wet.glued;
    s->deessed_db = m->wet.deessed_db;
    m->ceiling_dbtp = s->target.ceiling_dbtp;
    grm_limiting_init(&m->limiting, m->run, &m->wet, s->preset, m->ceiling_dbtp);
    return grm_mastering_settle(m, err);
}

grm_status grm_mastering_prepare(grm_mastering *m, grm_error *err) {
    grm_master_story *s = m->story;
    grm_levels_of(&s->source.analysis->features, &s->before);
    if (s->before.sample_peak_dbfs < -119) {
        grm_master_note(s, "The source is silent; it was left as it is.");
        s->silent = true;
        s->after = s->before;
        s->plan = (grm_master_plan){.gain = 1, .width = 1};
        return GRM_OK;
    }
    say_what_is_broken(s);
    grm_status status = grm_mastering_choose(m, err);
    if (status != GRM_OK) return status;
    say_what_was_missed(s, m->lufs);
    if (s->reference.analysis) grm_master_unlike(&s->outcome, &s->reference, s->unlike_after_db);
    return GRM_OK;
}

grm_status grm_mastering_lower(grm_mastering *m, double db, grm_error *err) {
    float drive = m->limiting.drive;
    m->ceiling_dbtp -= db;
    grm_limiting_init(&m->limiting, m->run, &m->wet, m->story->preset, m->ceiling_dbtp);
    m->limiting.drive = drive;
    return grm_mastering_settle(m, err);
}

grm_status grm_mastering_deliver(grm_mastering *m, grm_limited_fn *take, void *context, grm_error *err) {
    if (m->story->silent) return silence(m->sound, take, context, err);
    return grm_limiting_run(&m->limiting, m->stage, 0.8, 1, take, context, err);
}

void grm_mastering_close(grm_mastering *m) {
    grm_wet_free(&m->wet);
}

// ---- from tape to tape ----

static grm_status append(void *context, float *const planes[2], size_t frames, grm_error *err) {
    return grm_tape_append(context, (const float *const *)planes, frames, err);
}

grm_status grm_master_run(const grm_run *run, const grm_tape *in, const grm_master_request *request, size_t stage,
                          grm_tape *out, grm_master_levels *after, json_t **report, grm_error *err) {
    static const grm_master_request plain = {0};
    if (!request) request = &plain;
    grm_master_story story = {0};
    if (grm_tape_channels(in) != 2)
        return grm_fail(err, GRM_BAD_INPUT, "mastering takes stereo, this has %u channels", grm_tape_channels(in));
    if (grm_tape_rate(in) < GRM_MASTER_LEAST_RATE || grm_tape_rate(in) > GRM_MASTER_MOST_RATE)
        return grm_fail(err, GRM_BAD_INPUT, "mastering takes %d to %d Hz, this has %u", GRM_MASTER_LEAST_RATE,
                        GRM_MASTER_MOST_RATE, grm_tape_rate(in));
    grm_status status = grm_master_story_open(&story, request->options, request->style, err);
    if (status == GRM_OK && story.options->reference)
        status = grm_master_look_at_reference(run, &story, stage, 0, 0.1, err);
    if (status == GRM_OK) status = grm_look_at(run, in, story.by_ear, stage, 0.1, 0.2, &story.source, err);
    grm_mastering mastering = {.run = run, .sound = in, .story = &story, .stage = stage, .from = 0.2};
    if (status == GRM_OK) status = grm_mastering_prepare(&mastering, err);
    if (status == GRM_OK) status = grm_mastering_deliver(&mastering, append, out, err);
    if (status == GRM_OK && report && !(*report = grm_master_report(&story))) status = grm_fail_memory(err);
    if (status == GRM_OK && after) *after = story.after;
    if (status == GRM_OK) grm_progress_step(run->progress, stage, 1);
    grm_mastering_close(&mastering);
    grm_master_story_close(&story);
    return status;
}
