// The line from a sentence to a release, as stages.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "song/line.h"

// Shares of the progress bar: what the stages of a track of three minutes and eleven parts took, measured with
// `grammy bench`.
static const grm_stage_share shares[GRM_LINE_STAGES] = {
    [GRM_LINE_READ] = {"read", 0.05},     [GRM_LINE_COMPOSE] = {"compose", 0.05},
    [GRM_LINE_COVER] = {"cover", 0.8},    [GRM_LINE_RENDER] = {"render", 5},
    [GRM_LINE_MIX] = {"mix", 6},          [GRM_LINE_MASTER] = {"master", 1.4},
    [GRM_LINE_WAV] = {"write wav", 0.3},  [GRM_LINE_METER] = {"meter", 1.5},
    [GRM_LINE_MP3] = {"write mp3", 2.5},  [GRM_LINE_PICTURES] = {"draw", 1},
    [GRM_LINE_PAGE] = {"describe", 0.05},
};
// The same with MusicGen: 50 steps for each second are by far the most of it.
static const grm_stage_share generated_shares[GRM_LINE_STAGES] = {
    [GRM_LINE_READ] = {"read", 0.05},     [GRM_LINE_COMPOSE] = {"generate", 200},
    [GRM_LINE_COVER] = {"cover", 0.8},    [GRM_LINE_RENDER] = {"extend", 1},
    [GRM_LINE_MIX] = {"mix", 1},          [GRM_LINE_MASTER] = {"master", 1.4},
    [GRM_LINE_WAV] = {"write wav", 0.3},  [GRM_LINE_METER] = {"meter", 1.5},
    [GRM_LINE_MP3] = {"write mp3", 2.5},  [GRM_LINE_PICTURES] = {"draw", 1},
    [GRM_LINE_PAGE] = {"describe", 0.05},
};

static const grm_stage_share *shares_of(const grm_song_options *options) {
    return options->engine == GRM_ENGINE_MUSICGEN ? generated_shares : shares;
}

// ---- time ----

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void grm_line_begin(grm_line *line, grm_line_stage stage) {
    line->times[stage].start = now();
}

void grm_line_end(grm_line *line, grm_line_stage stage) {
    line->times[stage].end = now();
    grm_progress_step(line->run.progress, stage, 1);
}

// ---- side by side ----

enum { MOST_TOGETHER = 4 };

typedef struct together {
    grm_line *line;
    grm_line_fn *const *fns;
    grm_status status[MOST_TOGETHER];
    grm_error errors[MOST_TOGETHER];
} together;

static void run_one(void *context, size_t index) {
    together *t = context;
    t->status[index] = t->fns[index](t->line, &t->errors[index]);
}

grm_status grm_line_together(grm_line *line, grm_line_fn *const *fns, size_t count, grm_error *err) {
    together t = {.line = line, .fns = fns};
    grm_pool_run(line->run.pool, count, run_one, &t);
    for (size_t i = 0; i < count; i++) {
        if (t.status[i] == GRM_OK) continue;
        if (err) *err = t.errors[i];
        return t.status[i];
    }
    return GRM_OK;
}

// ---- the whole ----

static void line_close(grm_line *line) {
    free(line->model_licence);
    free(line->spectrogram.png);
    free(line->waveform.png);
    free(line->small_cover.png);
    free(line->cover.png);
    grm_report_free(line->judgement);
    grm_analysis_free(line->analysis);
    grm_tape_free(line->mastered);
    grm_tape_free(line->mixed);
    grm_stem_files_free(&line->stem_files);
    grm_stems_free(line->stems);
    grm_soundfont_close(line->font);
    grm_score_free(line->score);
    json_decref(line->brief_json);
    json_decref(line->master_json);
    grm_brief_free(line->brief);
    grm_catalogue_free(line->catalogue);
    grm_staging_close(&line->staging);
    grm_pool_free(line->run.pool);
}

static void tell_stages(const grm_line *line, grm_song_result *result) {
    for (size_t i = 0; i < GRM_LINE_STAGES; i++) {
        grm_song_stage *stage = &result->stages[result->stage_count++];
        snprintf(stage->name, sizeof stage->name, "%s", shares_of(line->options)[i].name);
        stage->start_s = line->times[i].start - line->began;
        stage->seconds = line->times[i].end - line->times[i].start;
    }
}

static void tell_result(const grm_line *line, grm_song_result *result) {
    memset(result, 0, sizeof *result);
    snprintf(result->folder, sizeof result->folder, "%s", line->staging.target);
    snprintf(result->title, sizeof result->title, "%s", line->brief->title);
    snprintf(result->style, sizeof result->style, "%s", line->brief->style);
    // What was generated has the key and the tempo that are heard in it.
    bool generated = line->options->engine == GRM_ENGINE_MUSICGEN;
    const grm_features *heard = &line->analysis->features;
    snprintf(result->key, sizeof result->key, "%s", generated ? heard->key : line->key);
    result->seed = line->brief->seed;
    result->duration_s = (double)line->frames / GRM_RATE;
    result->tempo_bpm = generated ? heard->tempo_bpm : line->brief->tempo_bpm;
    result->integrated_lufs = line->levels.integrated_lufs;
    result->true_peak_dbtp = line->levels.true_peak_dbtp;
    result->loudness_range_lu = line->levels.loudness_range_lu;
    result->overall = line->judgement->overall;
    snprintf(result->rating, sizeof result->rating, "%s", line->judgement->rating);
    const char *first = line->brief->notes.count ? line->brief->notes.items[0] : "";
    if (line->brief->misread) snprintf(result->note, sizeof result->note, "%s", first);
    result->stems = (unsigned)line->stem_files.count;
    tell_stages(line, result);
}

static void read_date(grm_line *line) {
    time_t t = time(NULL);
    struct tm day;
    if (line->options->timestamps && gmtime_r(&t, &day)) strftime(line->date, sizeof line->date, "%Y-%m-%d", &day);
}

grm_status grm_song_make(const grm_profile *profile, const char *prompt, const grm_song_options *options,
                         grm_progress *progress, grm_song_result *result, grm_error *err) {
    static const grm_song_options plain = {0};
    static grm_line_fn *const ways[][7] = {
        [GRM_ENGINE_COMPOSER] = {grm_line_read, grm_line_compose, grm_line_render, grm_line_mix, grm_line_master,
                                 grm_line_write, grm_line_describe},
        [GRM_ENGINE_MUSICGEN] = {grm_line_read, grm_line_cover, grm_line_generate, grm_line_mix, grm_line_master,
                                 grm_line_write, grm_line_describe}};
    grm_line line = {.run = {.profile = profile, .progress = progress},
                     .prompt = prompt ? prompt : "",
                     .options = options ? options : &plain,
                     .began = now()};
    read_date(&line);
    grm_line_fn *const *stages = ways[line.options->engine];
    grm_progress_plan(progress, shares_of(line.options), GRM_LINE_STAGES);
    grm_status status = grm_pool_new(profile->threads, &line.run.pool, err);
    for (size_t i = 0; status == GRM_OK && i < GRM_COUNT(ways[0]); i++) {
        status = stages[i](&line, err);
        if (status == GRM_OK) status = grm_run_check(&line.run, err);
    }
    if (status == GRM_OK) status = grm_staging_publish(&line.staging, err);
    if (status == GRM_OK && result) tell_result(&line, result);
    line_close(&line);
    return status;
}
