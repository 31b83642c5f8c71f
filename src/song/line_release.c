// From a master to the files of a release.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "song/line.h"

static grm_tags tags_of(const grm_line *line) {
    return (grm_tags){.title = line->brief->title,
                      .artist = "Grammy Engine",
                      .album = line->brief->title,
                      .genre = line->style ? line->style->title : line->brief->genre,
                      .comment = line->brief->prompt,
                      .key = line->key,
                      .tempo_bpm = line->options->engine == GRM_ENGINE_MUSICGEN ? 0 : line->brief->tempo_bpm,
                      .date = line->date[0] ? line->date : NULL,
                      .cover_png = line->small_cover.png,
                      .cover_size = line->small_cover.size};
}

static char *path_of(const grm_line *line, const char *name) {
    return grm_path_join(line->staging.folder, name);
}

// ---- masters ----

static grm_status write_wav(grm_line *line, const char *path, grm_error *err) {
    grm_line_begin(line, GRM_LINE_WAV);
    grm_tags tags = tags_of(line);
    grm_status status = grm_release_write_wav(&line->run, GRM_LINE_WAV, path, line->mastered, &tags, err);
    grm_line_end(line, GRM_LINE_WAV);
    return status;
}

// What is told is what was written: the file is read back and heard.
static grm_status meter_file(grm_line *line, const char *path, grm_error *err) {
    grm_line_begin(line, GRM_LINE_METER);
    grm_status status = grm_listen(&line->run, GRM_LINE_METER, path, NULL, NULL, &line->analysis, err);
    if (status == GRM_OK) status = grm_report_make(line->analysis, line->genre, NULL, &line->judgement, err);
    if (status == GRM_OK) {
        const grm_features *f = &line->analysis->features;
        line->levels = (grm_master_levels){f->integrated_lufs, f->loudness_range_lu, f->true_peak_dbtp,
                                           f->sample_peak_dbfs, f->crest_factor_db};
        line->frames = (size_t)lround(f->duration_s * GRM_RATE);
    }
    grm_line_end(line, GRM_LINE_METER);
    return status;
}

static grm_status write_and_meter_wav(grm_line *line, grm_error *err) {
    char *path = path_of(line, "master.wav");
    grm_status status = path ? write_wav(line, path, err) : grm_fail_memory(err);
    if (status == GRM_OK) status = meter_file(line, path, err);
    free(path);
    return status;
}

static grm_status write_mp3(grm_line *line, grm_error *err) {
    grm_line_begin(line, GRM_LINE_MP3);
    grm_tags tags = tags_of(line);
    char *path = path_of(line, "master.mp3");
    grm_status status =
        path ? grm_release_write_mp3(&line->run, GRM_LINE_MP3, path, line->mastered, &tags, err) : grm_fail_memory(err);
    free(path);
    grm_line_end(line, GRM_LINE_MP3);
    return status;
}

// ---- pictures ----

static grm_status write_picture(const grm_line *line, const char *name, const grm_picture *picture, grm_error *err) {
    char *path = path_of(line, name);
    grm_status status = path ? grm_file_write(path, picture->png, picture->size, err) : grm_fail_memory(err);
    free(path);
    return status;
}

static grm_status draw_pictures(grm_line *line, grm_error *err) {
    grm_line_begin(line, GRM_LINE_PICTURES);
    grm_status status = grm_run_check(&line->run, err);
    if (status == GRM_OK)
        status = grm_waveform_draw(&line->run, line->mastered, line->score, line->style, &line->waveform, err);
    if (status == GRM_OK) status = write_picture(line, "waveform.png", &line->waveform, err);
    if (status == GRM_OK) status = grm_spectrogram_draw(&line->run, line->mastered, &line->spectrogram, err);
    if (status == GRM_OK) status = write_picture(line, "spectrogram.png", &line->spectrogram, err);
    grm_line_end(line, GRM_LINE_PICTURES);
    return status;
}

grm_status grm_line_write(grm_line *line, grm_error *err) {
    static grm_line_fn *const work[] = {write_mp3, write_and_meter_wav, draw_pictures};  // the longest first
    return grm_line_together(line, work, GRM_COUNT(work), err);
}

// ---- words about it ----

static grm_status write_json(const grm_line *line, const char *name, const json_t *json, grm_error *err) {
    char *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) : NULL, *path = path_of(line, name);
    size_t length = text ? strlen(text) : 0;
    char *lines = text ? realloc(text, length + 2) : NULL;
    if (lines) text = lines;
    if (!lines || !path) {
        free(path);
        free(text);
        return grm_fail_memory(err);
    }
    memcpy(text + length, "\n", 2);
    grm_status status = grm_file_write(path, text, length + 1, err);
    free(path);
    free(text);
    return status;
}

static grm_status write_page(const grm_line *line, const json_t *report, const json_t *release, grm_error *err) {
    size_t count = line->stem_files.count;
    const char **names = calloc(count + 1, sizeof *names);
    char *path = path_of(line, "report.html");
    grm_status status = GRM_OK;
    if (!names || !path) {
        status = grm_fail_memory(err);
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        names[i] = i < line->score->part_count ? line->score->parts[i].name : line->stem_files.names[i];
    grm_page page = {.brief = line->brief_json,
                     .report = report,
                     .release = release,
                     .cover = line->small_cover,
                     .waveform = line->waveform,
                     .spectrogram = line->spectrogram,
                     .style = line->style,
                     .stem_count = count,
                     .stem_files = (const char *const *)line->stem_files.names,
                     .stem_names = names};
    status = grm_page_write(path, &page, err);
done:
    free(path);
    free(names);
    return status;
}

grm_status grm_line_describe(grm_line *line, grm_error *err) {
    grm_line_begin(line, GRM_LINE_PAGE);
    bool generated = line->options->engine == GRM_ENGINE_MUSICGEN;
    grm_release_facts facts = {.model = generated ? grm_line_model(line) : NULL,
                               .model_licence = line->model_licence,
                               .brief = line->brief,
                               .score = line->score,
                               .profile = line->run.profile,
                               .soundfont_name = line->font ? grm_soundfont_name(line->font) : NULL,
                               .soundfont_sha256 = line->font ? line->soundfont_sha256 : NULL,
                               .target = &line->target,
                               .levels = &line->levels,
                               .analysis = line->analysis,
                               .judgement = line->judgement,
                               .sample_rate_hz = GRM_RATE,
                               .duration_s = (double)line->frames / GRM_RATE,
                               .stem_count = line->stem_files.count,
                               .stem_files = (const char *const *)line->stem_files.names,
                               .date = line->date[0] ? line->date : NULL};
    json_t *report = grm_report_json(&facts), *release = grm_release_json(&facts);
    grm_status status = write_json(line, "brief.json", line->brief_json, err);
    if (status == GRM_OK) status = write_json(line, "report.json", report, err);
    if (status == GRM_OK) status = write_json(line, "master.json", line->master_json, err);
    if (status == GRM_OK) status = write_json(line, "release.json", release, err);
    if (status == GRM_OK) status = write_page(line, report, release, err);
    json_decref(release);
    json_decref(report);
    grm_line_end(line, GRM_LINE_PAGE);
    return status;
}
