// From words to sound through MusicGen, in place of notes and players.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "song/line.h"

enum { CHANNELS = 2, BLOCK = 16384 };

const char *grm_line_model(const grm_line *line) {
    static const char *const sizes[] = {"small", "medium", "large"};
    return line->options->model ? line->options->model : sizes[line->run.profile->model_size];
}

// A score that has no parts: what the later stages ask of length, tempo and metre.
static grm_status make_score(grm_line *line, grm_error *err) {
    grm_memory *memory = grm_memory_new();
    grm_score *score = memory ? grm_memory_take(memory, 1, sizeof *score) : NULL;
    if (score) {
        score->memory = memory;
        score->duration_s = line->brief->duration_s;
        score->title = grm_memory_string(memory, line->brief->title);
        score->tempos = grm_memory_take(memory, 1, sizeof *score->tempos);
        score->metres = grm_memory_take(memory, 1, sizeof *score->metres);
    }
    if (!score || !score->title || !score->tempos || !score->metres) {
        grm_memory_free(memory);
        return grm_fail_memory(err);
    }
    score->tempo_count = score->metre_count = 1;
    score->tempos[0].us_per_quarter = (uint32_t)lround(60e6 / line->brief->tempo_bpm);
    score->metres[0].metre = line->brief->metre;
    line->score = score;
    return GRM_OK;
}

// The model makes as much as the profile's share of tokens pays for.
static grm_status generate(grm_line *line, grm_audio **out, grm_error *err) {
    char *path = NULL;
    grm_model *model = NULL;
    grm_generate_options wishes;
    grm_generate_defaults(&wishes);
    wishes.duration_s = line->brief->duration_s * line->run.profile->neural_token_share;
    wishes.seed = line->brief->seed;
    grm_status status = grm_model_find(grm_line_model(line), &path, err);
    if (!status) status = grm_model_licence(path, &line->model_licence, err);
    if (!status) status = grm_model_open(path, line->run.profile, line->run.progress, &model, err);
    if (!status)
        status =
            grm_generate_as_stage(&line->run, GRM_LINE_COMPOSE, model, line->brief->enriched_prompt, &wishes, out, err);
    grm_model_free(model);
    free(path);
    return status;
}

static grm_status put_on_tape(const grm_line *line, const grm_audio *audio, grm_tape *tape, grm_error *err) {
    grm_status status = GRM_OK;
    for (size_t at = 0; at < audio->frames && !status; at += BLOCK) {
        size_t frames = audio->frames - at < BLOCK ? audio->frames - at : BLOCK;
        const float *planes[CHANNELS] = {audio->plane[0] + at, audio->plane[audio->channels > 1 ? 1 : 0] + at};
        status = grm_tape_append(tape, planes, frames, err);
        if (!status) status = grm_run_check(&line->run, err);
    }
    return status;
}

// The one stem there is.
static grm_status make_stems(grm_line *line, const grm_audio *audio, grm_error *err) {
    grm_memory *memory = grm_memory_new();
    grm_stems *stems = memory ? grm_memory_take(memory, 1, sizeof *stems) : NULL;
    if (!stems || !(stems->items = grm_memory_take(memory, 1, sizeof *stems->items))) {
        grm_memory_free(memory);
        return grm_fail_memory(err);
    }
    stems->memory = memory;
    stems->duration_s = line->brief->duration_s;
    stems->count = 1;
    stems->items[0] = (grm_stem){.name = "MusicGen", .role = GRM_ROLE_OTHER};
    line->stems = stems;
    grm_status status = grm_tape_new(CHANNELS, GRM_RATE, line->staging.folder, &stems->items[0].dry, err);
    return status ? status : put_on_tape(line, audio, stems->items[0].dry, err);
}

grm_status grm_line_generate(grm_line *line, grm_error *err) {
    grm_audio *sound = NULL, *whole = NULL, *resampled = NULL;
    grm_line_begin(line, GRM_LINE_COMPOSE);
    grm_status status = make_score(line, err);
    if (!status) status = generate(line, &sound, err);
    grm_line_end(line, GRM_LINE_COMPOSE);
    if (status) goto done;
    grm_line_begin(line, GRM_LINE_RENDER);
    size_t frames = (size_t)lround(line->brief->duration_s * sound->rate_hz);
    status = grm_extend_in_run(&line->run, sound, frames, &whole, err);
    if (!status) status = grm_audio_resample(whole, GRM_RATE, &resampled, err);
    if (!status) status = make_stems(line, resampled, err);
    grm_line_end(line, GRM_LINE_RENDER);
done:
    grm_audio_free(resampled);
    grm_audio_free(whole);
    grm_audio_free(sound);
    return status;
}
