// From file to file: in onto a tape while the meter's ears listen, out through dither and writer.
#include <stdlib.h>
#include <string.h>

#include "master/file.h"

enum { BLOCK = GRM_MASTER_BLOCK };
static const float loudest_sample = 1e6f;  // +120 dB: beyond, powers of spectra overflow

// ---- in ----

typedef struct intake {
    const char *path;
    grm_reader *reader;
    grm_resampler *resampler;
    unsigned channels, rate_hz;  // of the file
    size_t expected, place, told;
    float *read[2];  // [BLOCK]
    struct half {
        float *planes[2];  // [room]
        size_t room, frames;
        bool last;
    } halves[2];  // the one that is heard, and the one that is read meanwhile
    unsigned heard;
    grm_hearing *hearing;
    grm_status status[2];
    grm_error errors[2];
} intake;

static void intake_close(intake *in) {
    grm_hearing_free(in->hearing);
    for (int i = 0; i < 2; i++) {
        for (int side = 0; side < 2; side++) free(in->halves[i].planes[side]);
        free(in->read[i]);
    }
    grm_resampler_free(in->resampler);
    grm_reader_close(in->reader);
}

static grm_status intake_open(intake *in, const char *path, grm_error *err) {
    *in = (intake){.path = path};
    grm_status status = grm_reader_open(path, &in->reader, err);
    if (status != GRM_OK) return status;
    in->channels = grm_reader_channels(in->reader);
    in->rate_hz = grm_reader_rate(in->reader);
    in->expected = grm_reader_frames_hint(in->reader);
    if (in->channels > 2)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has %u channels; mono and stereo can be mastered: mix it down first",
                        path, in->channels);
    for (int i = 0; i < 2; i++)
        if (!(in->read[i] = grm_floats_new(BLOCK))) return grm_fail_memory(err);
    return GRM_OK;
}

static grm_status make_room(struct half *h, size_t room, grm_error *err) {
    if (room <= h->room) return GRM_OK;
    h->room = 0;
    for (int side = 0; side < 2; side++) {
        free(h->planes[side]);
        h->planes[side] = grm_floats_new(room);
    }
    if (!h->planes[0] || !h->planes[1]) return grm_fail_memory(err);
    h->room = room;
    return GRM_OK;
}

static grm_status check(const intake *in, size_t frames, grm_error *err) {
    for (unsigned c = 0; c < in->channels; c++)
        if (grm_peak(in->read[c], frames) > loudest_sample)
            return grm_fail(err, GRM_BAD_INPUT, "'%s' holds samples beyond %.0f times full scale near %.1f s: no sound",
                            in->path, (double)loudest_sample, (double)in->place / in->rate_hz);
    return GRM_OK;
}

static grm_status fetch(intake *in, struct half *to, grm_error *err) {
    size_t frames = 0, made = 0, rest = 0;
    grm_status status = grm_reader_read(in->reader, in->read, BLOCK, &frames, err);
    if (status == GRM_OK) status = check(in, frames, err);
    if (status != GRM_OK) return status;
    in->place += frames;
    to->last = frames < BLOCK;
    if (in->channels == 1) memcpy(in->read[1], in->read[0], frames * sizeof *in->read[0]);
    if (!in->resampler) {
        status = make_room(to, BLOCK, err);
        for (int side = 0; status == GRM_OK && side < 2; side++)
            memcpy(to->planes[side], in->read[side], frames * sizeof *in->read[side]);
        to->frames = frames;
        return status;
    }
    status = make_room(to, grm_resampler_room(in->resampler, frames) + BLOCK, err);
    if (status == GRM_OK)
        status = grm_resampler_run(in->resampler, (const float *const *)in->read, frames, to->planes, &made, err);
    if (status == GRM_OK && to->last) {
        float *const end[2] = {to->planes[0] + made, to->planes[1] + made};
        status = grm_resampler_run(in->resampler, NULL, 0, end, &rest, err);
    }
    to->frames = made + rest;
    return status;
}

static void do_item(void *context, size_t index) {
    intake *in = context;
    struct half *now = &in->halves[in->heard], *next = &in->halves[1 - in->heard];
    if (index == 1)
        in->status[1] = grm_hearing_take(in->hearing, (const float *const *)now->planes, now->frames, &in->errors[1]);
    else if (!now->last)
        in->status[0] = fetch(in, next, &in->errors[0]);
}

// All of the file; `tape` may be NULL: only heard.
static grm_status take_in(const grm_run *run, intake *in, unsigned rate_hz, bool faults, grm_tape *tape, size_t stage,
                          double from, double to, grm_look *look, grm_error *err) {
    static const grm_ear *const ears[] = {&grm_ear_level, &grm_ear_sides, &grm_ear_faults};
    grm_status status = grm_hearing_open(run, ears, faults ? 3 : 2, 2, rate_hz, &in->hearing, err);
    if (status == GRM_OK && rate_hz != in->rate_hz)
        status = grm_resampler_new(2, in->rate_hz, rate_hz, &in->resampler, err);
    if (status == GRM_OK) status = fetch(in, &in->halves[0], err);
    if (status == GRM_OK && in->place == 0) status = grm_fail(err, GRM_BAD_INPUT, "'%s' holds no sound", in->path);
    for (bool last = false; status == GRM_OK && !last; in->heard = 1 - in->heard) {
        struct half *now = &in->halves[in->heard];
        grm_pool_run(run->pool, 2, do_item, in);
        for (int i = 0; i < 2 && status == GRM_OK; i++)
            if ((status = in->status[i]) != GRM_OK && err) *err = in->errors[i];
        if (status == GRM_OK && tape)
            status = grm_tape_append(tape, (const float *const *)now->planes, now->frames, err);
        if (status == GRM_OK) status = grm_run_check(run, err);
        double done = in->expected ? fmin(1, (double)in->place / (double)in->expected) : 1;
        grm_progress_step(run->progress, stage, from + (to - from) * done);
        last = now->last;
    }
    return status == GRM_OK ? grm_look_end(in->hearing, look, err) : status;
}

grm_status grm_master_look_at_reference(const grm_run *run, grm_master_story *s, size_t stage, double from, double to,
                                        grm_error *err) {
    const grm_master_likeness *how = &s->preset->likeness;
    const grm_master_options *o = s->options;
    intake in;
    grm_status status = intake_open(&in, o->reference, err);
    unsigned rate = in.rate_hz;
    if (rate > GRM_METER_HIGHEST_RATE) rate = 192000;
    if (rate < GRM_METER_LOWEST_RATE) rate = 44100;
    if (status == GRM_OK) status = take_in(run, &in, rate, false, NULL, stage, from, to, &s->reference, err);
    intake_close(&in);
    if (status != GRM_OK) return status;
    const grm_features *f = &s->reference.analysis->features;
    if (!isfinite(f->integrated_lufs))
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is silent or shorter than 0.4 s: there is nothing to come near to",
                        o->reference);
    if (o->target || o->has_lufs) return GRM_OK;
    snprintf(s->target.name, sizeof s->target.name, "reference");
    s->place = NULL;
    s->target.lufs = fmax(-30, fmin(-6, f->integrated_lufs));
    if (!o->has_ceiling)
        s->target.ceiling_dbtp = fmax(how->least_ceiling_dbtp, fmin(how->most_ceiling_dbtp, f->true_peak_dbtp));
    return GRM_OK;
}

// ---- out ----

typedef struct outlet {
    grm_writer *writer;
    bool dithered;
    grm_dither dither;
} outlet;

static grm_status put_block(void *context, float *const planes[2], size_t frames, grm_error *err) {
    outlet *out = context;
    if (out->dithered && !grm_dither_run(&out->dither, planes, frames))
        return grm_fail(err, GRM_FAILED, "the master holds values that are not numbers");
    return grm_writer_write(out->writer, (const float *const *)planes, frames, err);
}

// The input's tags, and those that are asked for over them.
static grm_status put_tags(grm_writer *writer, const grm_reader *reader, const char *const *wanted, grm_error *err) {
    for (unsigned tag = 0; tag < GRM_TAG_COUNT; tag++) {
        const char *name = grm_tag_name(tag), *text = grm_reader_tag(reader, tag);
        for (size_t i = 0; wanted && wanted[i]; i++) {
            size_t length = strlen(name);
            if (strncmp(wanted[i], name, length) == 0 && wanted[i][length] == '=') text = wanted[i] + length + 1;
        }
        grm_writer_tag(writer, tag, text);
    }
    return GRM_OK;
}

static grm_status check_tags(const char *const *wanted, grm_error *err) {
    const char *names[GRM_TAG_COUNT];
    for (unsigned tag = 0; tag < GRM_TAG_COUNT; tag++) names[tag] = grm_tag_name(tag);
    for (size_t i = 0; wanted && wanted[i]; i++) {
        const char *equals = strchr(wanted[i], '=');
        char name[32];
        snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - wanted[i]) : 31, wanted[i]);
        size_t tag = 0;
        while (tag < GRM_TAG_COUNT && strcmp(names[tag], name) != 0) tag++;
        if (equals && tag < GRM_TAG_COUNT) continue;
        const char *nearest = grm_nearest_word(name, names, GRM_TAG_COUNT);
        if (equals && nearest)
            return grm_fail(err, GRM_USAGE, "there is no tag \"%s\"; did you mean %s?", name, nearest);
        return grm_fail(err, GRM_USAGE,
                        "the tag \"%.60s\": give NAME=TEXT, with title, artist, album, genre, date, track, comment, "
                        "copyright or license for the name",
                        wanted[i]);
    }
    return GRM_OK;
}

static grm_status write_out(grm_mastering *m, const grm_master_form *form, const grm_reader *reader, const char *path,
                            grm_error *err) {
    outlet out = {.dithered = form->bits == 16 || form->bits == 24};
    if (out.dithered) grm_dither_init(&out.dither, form->bits, form->bits == 16, form->rate_hz, 1);
    grm_status status = grm_writer_open(path, form->format, 2, form->rate_hz, &out.writer, err);
    if (status != GRM_OK) return status;
    status = put_tags(out.writer, reader, m->story->options->tags, err);
    if (status == GRM_OK) status = grm_mastering_deliver(m, put_block, &out, err);
    grm_status closed = grm_writer_close(out.writer, status == GRM_OK ? err : NULL);
    return status == GRM_OK ? closed : status;
}

// What a decoder makes of a lossy file: its peaks are not those that were written.
static grm_status hear_decoded(const grm_mastering *m, const char *path, grm_master_levels *decoded, grm_error *err) {
    intake in;
    grm_look look = {0};
    grm_status status = intake_open(&in, path, err);
    if (status == GRM_OK) status = take_in(m->run, &in, in.rate_hz, false, NULL, m->stage, 1, 1, &look, err);
    if (status == GRM_OK) grm_levels_of(&look.analysis->features, decoded);
    grm_look_free(&look);
    intake_close(&in);
    return status;
}

static double up_to_a_tenth(double db) {
    return ceil(db * 10) / 10;
}

static void say_what_the_codec_did(grm_mastering *m, const grm_master_form *form, const grm_master_levels *decoded) {
    grm_master_story *s = m->story;
    double lowered = s->target.ceiling_dbtp - m->ceiling_dbtp, over = decoded->true_peak_dbtp - s->target.ceiling_dbtp;
    if (lowered > 0)
        grm_master_note(s,
                        "%s moves the peaks: the limiter worked %.1f dB lower, so that they %s %.1f dBTP when decoded.",
                        form->name, lowered, over > 0 ? "come nearer to" : "stay under", s->target.ceiling_dbtp);
    if (over > 0)
        grm_master_note(s,
                        "Decoded, the peaks reach %.2f dBTP. The ceiling of %.1f holds for what was encoded; a ceiling "
                        "lower by %.1f dB may keep the decoded ones under it.",
                        decoded->true_peak_dbtp, s->target.ceiling_dbtp, up_to_a_tenth(over));
    double off = decoded->integrated_lufs - s->after.integrated_lufs;
    if (fabs(off) > 0.1 && s->after.integrated_lufs > GRM_SILENT_LUFS)
        grm_master_note(s, "%s changes the loudness by %+.1f LU: decoded, it is %.1f LUFS.", form->name, off,
                        decoded->integrated_lufs);
}

// A lossy file's peaks are kept under the ceiling too: where a decoder finds them over it, the limiter works lower by
// that much, and the file is written again; but not for codecs that stray too far.
static grm_status write_lossy(grm_mastering *m, const grm_master_form *form, const grm_reader *reader, const char *path,
                              grm_master_levels *decoded, grm_error *err) {
    const grm_master_codec *how = &m->story->preset->codec;
    double ceiling = m->story->target.ceiling_dbtp;
    for (int i = 0;; i++) {
        grm_status status = write_out(m, form, reader, path, err);
        if (status == GRM_OK) status = hear_decoded(m, path, decoded, err);
        if (status != GRM_OK) return status;
        double over = decoded->true_peak_dbtp - ceiling, lowered = ceiling - m->ceiling_dbtp;
        double lower = up_to_a_tenth(fmax(0, over) + 0.05);
        if (m->story->silent || over <= 0 || i == 2 || lowered + lower > how->room_db) break;
        if ((status = grm_mastering_lower(m, lower, err)) != GRM_OK) return status;
    }
    if (!m->story->silent) say_what_the_codec_did(m, form, decoded);
    return GRM_OK;
}

// ---- the whole ----

static double hundredth(double value) {
    return floor(value * 100 + 0.5) / 100;
}

static json_t *tell(const grm_master_story *s, const char *in, const char *out, const grm_master_form *form,
                    const grm_master_levels *decoded) {
    json_t *report = grm_master_report(s);
    if (!report) return NULL;
    json_object_set_new(report, "source", json_string(in));
    json_t *file = json_pack("{ss ss si}", "path", out, "format", form->name, "sample_rate_hz", (int)form->rate_hz);
    if (form->bits) json_object_set_new(file, "bits", json_integer(form->bits));
    if (form->lossy)
        json_object_set_new(file, "decoded",
                            json_pack("{sf sf}", "integrated_lufs", hundredth(decoded->integrated_lufs),
                                      "true_peak_dbtp", hundredth(decoded->true_peak_dbtp)));
    json_object_set_new(report, "file", file);
    return report;
}

static void say_what_was_changed(grm_master_story *s, const intake *in, const grm_master_form *form) {
    if (in->channels == 1) grm_master_note(s, "The source is mono: the master has the same on both sides.");
    if (form->rate_hz != in->rate_hz && !s->options->rate_hz)
        grm_master_note(s, "%s does not take the source's %u Hz: the master has %u.", form->name, in->rate_hz,
                        form->rate_hz);
}

grm_status grm_master_file_run(const grm_run *run, const char *in_path, const char *out_path,
                               const grm_master_options *options, size_t stage, grm_master_levels *after,
                               json_t **report, grm_error *err) {
    grm_master_form form;
    grm_master_story story;
    grm_master_levels decoded = {0};
    intake in = {0};
    grm_tape *tape = NULL;
    char *temporary = NULL;
    grm_mastering mastering = {.run = run, .story = &story, .stage = stage, .from = 0.2};
    grm_status status = grm_master_story_open(&story, options, NULL, err);
    const grm_master_options *o = story.options;
    if (status == GRM_OK) status = grm_master_form_find(out_path, o->bits, &form, err);
    if (status == GRM_OK) status = check_tags(o->tags, err);
    if (status == GRM_OK) status = intake_open(&in, in_path, err);
    if (status == GRM_OK) status = grm_master_form_rate(&form, in_path, in.rate_hz, o->rate_hz, err);
    if (status == GRM_OK) status = grm_file_begin(out_path, &temporary, err);
    if (status == GRM_OK && o->reference) status = grm_master_look_at_reference(run, &story, stage, 0, 0.1, err);
    if (status == GRM_OK) status = grm_tape_new(2, form.rate_hz, NULL, &tape, err);
    if (status == GRM_OK)
        status =
            take_in(run, &in, form.rate_hz, story.by_ear, tape, stage, o->reference ? 0.1 : 0, 0.2, &story.source, err);
    if (status != GRM_OK) goto done;
    say_what_was_changed(&story, &in, &form);
    mastering.sound = tape;
    status = grm_mastering_prepare(&mastering, err);
    if (status == GRM_OK && form.lossy)
        status = write_lossy(&mastering, &form, in.reader, temporary, &decoded, err);
    else if (status == GRM_OK)
        status = write_out(&mastering, &form, in.reader, temporary, err);
    if (status == GRM_OK && report && !(*report = tell(&story, in_path, out_path, &form, &decoded)))
        status = grm_fail_memory(err);
    if (status != GRM_OK) goto done;
    status = grm_file_commit(temporary, out_path, err);
    temporary = NULL;
    if (status == GRM_OK && after) *after = story.after;
    grm_progress_step(run->progress, stage, 1);
done:
    if (temporary) grm_file_discard(temporary);
    grm_mastering_close(&mastering);
    grm_tape_free(tape);
    intake_close(&in);
    grm_master_story_close(&story);
    return status;
}

static const double levels_of_nothing = -120;

static void result_of(const json_t *report, const grm_master_levels *after, grm_master_result *out) {
    static const char *const names[] = {"integrated_lufs", "loudness_range_lu", "true_peak_dbtp", "sample_peak_dbfs",
                                        "crest_factor_db"};
    const json_t *before = json_object_get(report, "before");
    double values[GRM_COUNT(names)];
    for (size_t i = 0; i < GRM_COUNT(names); i++) {
        const json_t *value = json_object_get(before, names[i]);
        values[i] = json_is_number(value) ? json_number_value(value) : levels_of_nothing;
    }
    out->before = (grm_master_levels){values[0], values[1], values[2], values[3], values[4]};
    out->after = *after;
    out->json = json_dumps(report, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
}

grm_status grm_master_file(const grm_profile *profile, const char *in, const char *out,
                           const grm_master_options *options, grm_progress *progress, grm_master_result *result,
                           grm_error *err) {
    static const grm_stage_share stages[] = {{"master", 1}};
    grm_run run = {.profile = profile, .progress = progress};
    grm_master_levels after;
    json_t *report = NULL;
    grm_status status = grm_pool_new(profile->threads, &run.pool, err);
    if (status != GRM_OK) return status;
    grm_progress_plan(progress, stages, GRM_COUNT(stages));
    status = grm_master_file_run(&run, in, out, options, 0, &after, result ? &report : NULL, err);
    if (status == GRM_OK && result) {
        result_of(report, &after, result);
        if (!result->json) status = grm_fail_memory(err);
    }
    json_decref(report);
    grm_pool_free(run.pool);
    return status;
}

void grm_master_result_free(grm_master_result *result) {
    if (result) free(result->json);
}
