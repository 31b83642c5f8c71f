// From words to a master: reading, composing, rendering, mixing, mastering.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "song/line.h"

// ---- words ----

static grm_status open_folder(grm_line *line, grm_error *err) {
    if (line->options->folder)
        return grm_staging_open(line->options->folder, line->options->force, &line->staging, err);
    char *slug = grm_path_slug(line->brief->title);
    if (!slug) return grm_fail_memory(err);
    grm_status status = grm_staging_open(slug, line->options->force, &line->staging, err);
    free(slug);
    return status;
}

grm_status grm_line_read(grm_line *line, grm_error *err) {
    const grm_song_options *o = line->options;
    grm_brief_options options = {.genre = o->genre,
                                 .tempo_bpm = o->tempo_bpm,
                                 .key = o->key,
                                 .duration_s = o->duration_s,
                                 .metre = o->metre,
                                 .instruments = o->instruments,
                                 .title = o->title,
                                 .has_seed = o->has_seed,
                                 .seed = o->seed,
                                 .max_duration_s = line->run.profile->max_audio_duration_s};
    grm_line_begin(line, GRM_LINE_READ);
    grm_status status = grm_catalogue_new(o->styles_folder, &line->catalogue, err);
    if (status == GRM_OK) status = grm_brief_read(line->prompt, &options, line->catalogue, &line->brief, err);
    if (status != GRM_OK) return status;
    line->brief_json = grm_brief_to_json(line->brief);
    if (!line->brief_json) return grm_fail_memory(err);
    line->style = grm_style_find(line->catalogue, line->brief->style);
    status = open_folder(line, err);
    grm_line_end(line, GRM_LINE_READ);
    return status;
}

// ---- notes ----

static grm_status write_midi(grm_line *line, grm_error *err) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    char *path = grm_path_join(line->staging.folder, "song.mid");
    grm_status status = path ? grm_score_write_midi(line->score, &bytes, &size, err) : grm_fail_memory(err);
    if (status == GRM_OK) status = grm_file_write(path, bytes, size, err);
    free(bytes);
    free(path);
    return status;
}

grm_status grm_line_compose(grm_line *line, grm_error *err) {
    grm_line_begin(line, GRM_LINE_COMPOSE);
    grm_status status = grm_compose(line->brief, line->catalogue, &line->score, err);
    if (status != GRM_OK) return status;
    if (line->score->has_key) grm_key_name(line->score->key, line->key);
    status = write_midi(line, err);
    // Whether it can be played is known before anything is.
    if (status == GRM_OK && grm_synth_needs_soundfont(line->score, line->catalogue))
        status = grm_soundfont_open(line->run.profile, &line->font, err);
    grm_line_end(line, GRM_LINE_COMPOSE);
    return status;
}

// ---- sound ----

static grm_status render_stems(grm_line *line, grm_error *err) {
    grm_line_begin(line, GRM_LINE_RENDER);
    grm_status status = grm_synth_render(&line->run, line->score, line->catalogue, line->font, line->brief->seed,
                                         line->staging.folder, GRM_LINE_RENDER, &line->stems, err);
    grm_line_end(line, GRM_LINE_RENDER);
    return status;
}

grm_status grm_line_cover(grm_line *line, grm_error *err) {
    grm_line_begin(line, GRM_LINE_COVER);
    char *path = grm_path_join(line->staging.folder, "cover.png");
    grm_status status = path ? grm_run_check(&line->run, err) : grm_fail_memory(err);
    if (status == GRM_OK)
        status = grm_cover_draw(&line->run, line->brief, line->style, line->options->engine == GRM_ENGINE_COMPOSER,
                                &line->cover, &line->small_cover, err);
    if (status == GRM_OK) status = grm_file_write(path, line->cover.png, line->cover.size, err);
    free(line->cover.png);  // only the small one goes into other files
    line->cover = (grm_picture){0};
    free(path);
    grm_line_end(line, GRM_LINE_COVER);
    return status;
}

static grm_status name_soundfont(grm_line *line, grm_error *err) {
    (void)err;
    if (line->font)
        snprintf(line->soundfont_sha256, sizeof line->soundfont_sha256, "%s", grm_soundfont_sha256(line->font));
    return GRM_OK;
}

grm_status grm_line_render(grm_line *line, grm_error *err) {
    static grm_line_fn *const work[] = {render_stems, grm_line_cover, name_soundfont};
    return grm_line_together(line, work, GRM_COUNT(work), err);
}

// ---- mix ----

// The place of parts that the style does not know: textures and instruments that the words asked for, or all of it.
static grm_part_mix unplanned_mix(grm_role role, size_t index) {
    if (role == GRM_ROLE_OTHER) return (grm_part_mix){.width = 1, .strip = "generated"};
    if (role == GRM_ROLE_TEXTURE) return (grm_part_mix){.level_db = -20, .width = 1};
    return (grm_part_mix){.level_db = -5, .pan = index % 2 ? 0.35f : -0.35f, .width = 1, .room = 0.2f, .hall = 0.2f};
}

static grm_status plan_mix(const grm_line *line, grm_memory *memory, grm_mix_plan *plan, grm_error *err) {
    const grm_score *score = line->score;
    size_t stems = line->stems->count;
    grm_part_mix *parts = grm_memory_take(memory, stems + 1, sizeof *parts);
    double *starts = grm_memory_take(memory, score->section_count + 1, sizeof *starts);
    float *energies = grm_memory_take(memory, score->section_count + 1, sizeof *energies);
    if (!parts || !starts || !energies) return grm_fail_memory(err);
    for (size_t i = 0; i < stems; i++) {
        const grm_stem *stem = &line->stems->items[i];
        const grm_style_part *known = line->style ? grm_style_part_find(line->style, stem->name) : NULL;
        parts[i] = known ? known->mix : unplanned_mix(stem->role, i);
    }
    for (size_t i = 0; i < score->section_count; i++) {
        starts[i] = grm_score_seconds(score, score->sections[i].start);
        energies[i] = score->sections[i].energy;
    }
    *plan = (grm_mix_plan){.parts = parts,
                           .tempo_bpm = line->brief->tempo_bpm,
                           .section_count = score->section_count,
                           .section_start_s = starts,
                           .section_energy = energies};
    if (line->style) plan->style = line->style->mix;
    return GRM_OK;
}

// The sum comes behind the stems.
static grm_status take_mixed(void *context, size_t stem, const float *const *planes, size_t frames, grm_error *err) {
    grm_line *line = context;
    if (stem == line->stems->count) return grm_tape_append(line->mixed, planes, frames, err);
    return grm_stem_files_sink(&line->stem_files, stem, planes, frames, err);
}

grm_status grm_line_mix(grm_line *line, grm_error *err) {
    grm_line_begin(line, GRM_LINE_MIX);
    grm_mix_plan plan;
    grm_memory *memory = grm_memory_new();
    grm_status status = memory ? plan_mix(line, memory, &plan, err) : grm_fail_memory(err);
    if (status == GRM_OK) status = grm_stem_files_open(line->stems, line->staging.folder, &line->stem_files, err);
    if (status == GRM_OK) status = grm_tape_new(2, GRM_RATE, line->staging.folder, &line->mixed, err);
    if (status == GRM_OK)
        status = grm_mix_run(&line->run, line->stems, &plan, take_mixed, line, GRM_LINE_MIX, NULL, err);
    if (status == GRM_OK) status = grm_stem_files_finish(&line->stem_files, err);
    if (status == GRM_OK && line->options->dry_stems)
        status = grm_stem_files_write_dry(&line->run, line->stems, &line->stem_files, line->staging.folder, err);
    grm_stems_free(line->stems);  // the tapes are large
    line->stems = NULL;
    grm_memory_free(memory);
    grm_line_end(line, GRM_LINE_MIX);
    return status;
}

// By the curves of the style, else of its family; a user's own style may have neither.
static const char *genre_of(const grm_line *line) {
    const char *genres[] = {line->brief->style, line->style ? line->style->family : NULL};
    for (size_t i = 0; i < GRM_COUNT(genres); i++) {
        grm_appraiser *appraiser = NULL;
        bool known = genres[i] && grm_appraiser_new(genres[i], &appraiser, NULL) == GRM_OK;
        grm_appraiser_free(appraiser);
        if (known) return genres[i];
    }
    return NULL;
}

grm_status grm_line_master(grm_line *line, grm_error *err) {
    grm_line_begin(line, GRM_LINE_MASTER);
    line->genre = genre_of(line);
    const grm_master_options options = {.genre = line->genre};
    const grm_master_request request = {.options = &options, .style = line->style ? &line->style->mix : NULL};
    grm_status status = grm_master_target_find(NULL, &line->target, err);
    if (status == GRM_OK) status = grm_tape_new(2, GRM_RATE, line->staging.folder, &line->mastered, err);
    if (status == GRM_OK)
        status = grm_master_run(&line->run, line->mixed, &request, GRM_LINE_MASTER, line->mastered, NULL,
                                &line->master_json, err);
    grm_tape_free(line->mixed);
    line->mixed = NULL;
    grm_line_end(line, GRM_LINE_MASTER);
    return status;
}
