// grammy render: a MIDI file to stems.
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "synth/synth.h"

enum { BLOCK = 65536, MAX_MIDI_BYTES = 64 << 20 };

static const grm_option options[] = {
    {"-o", "DIR", "folder of the stems to make (default: the file's name)"},
    {"--force", NULL, "replace the stems in a folder that is there"},
    {"--seed", "N", "seed of our own voices' noise"},
    {NULL, NULL, NULL},
};

static grm_status write_stem(const grm_run *run, const grm_stem *stem, const char *path, grm_error *err) {
    grm_writer *writer = NULL;
    float *planes[2] = {grm_floats_new(BLOCK), grm_floats_new(BLOCK)};
    grm_status status =
        planes[0] && planes[1] ? grm_writer_open(path, GRM_WAV24, 2, GRM_RATE, &writer, err) : grm_fail_memory(err);
    size_t frames = grm_tape_frames(stem->dry);
    for (size_t at = 0; status == GRM_OK && at < frames; at += BLOCK) {
        size_t count = frames - at < BLOCK ? frames - at : BLOCK;
        status = grm_run_check(run, err);
        if (status == GRM_OK) status = grm_tape_read(stem->dry, at, count, planes, err);
        if (status == GRM_OK) status = grm_writer_write(writer, (const float *const *)planes, count, err);
    }
    if (writer) {
        grm_status closed = grm_writer_close(writer, status == GRM_OK ? err : NULL);
        if (status == GRM_OK) status = closed;
    }
    free(planes[0]);
    free(planes[1]);
    return status;
}

// Renders into a folder beside the target, which takes its name when all of it is there.
static grm_status render_into(const grm_run *run, const grm_score *score, const grm_catalogue *catalogue, uint64_t seed,
                              const char *staging, size_t *count, grm_error *err) {
    grm_soundfont *font = NULL;
    grm_stems *stems = NULL;
    grm_status status = GRM_OK;
    if (grm_synth_needs_soundfont(score, catalogue)) status = grm_soundfont_open(run->profile, &font, err);
    if (status == GRM_OK) status = grm_synth_render(run, score, catalogue, font, seed, staging, 0, &stems, err);
    for (size_t i = 0; status == GRM_OK && i < stems->count; i++) {
        char *slug = grm_path_slug(stems->items[i].name), name[96];
        if (slug) snprintf(name, sizeof name, "%02zu-%.70s.wav", i + 1, slug);
        char *path = slug ? grm_path_join(staging, name) : NULL;
        status = path ? write_stem(run, &stems->items[i], path, err) : grm_fail_memory(err);
        free(path);
        free(slug);
    }
    *count = stems ? stems->count : 0;
    grm_stems_free(stems);
    grm_soundfont_close(font);
    return status;
}

static bool exists(const char *path) {
    struct stat s;
    return stat(path, &s) == 0;
}

static grm_status move(const char *from, const char *to, grm_error *err) {
    if (rename(from, to) == 0) return GRM_OK;
    return grm_fail(err, GRM_FAILED, "%s can't be named %s: %s", from, to, strerror(errno));
}

// Into a folder that is there: what has the same name is replaced, whatever else it holds stays.
static grm_status move_stems(const char *staging, const char *folder, grm_error *err) {
    grm_status status = GRM_OK;
    DIR *dir = opendir(staging);
    if (!dir) return grm_fail(err, GRM_FAILED, "%s: %s", staging, strerror(errno));
    for (struct dirent *entry; status == GRM_OK && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        char *from = grm_path_join(staging, entry->d_name), *to = grm_path_join(folder, entry->d_name);
        status = from && to ? move(from, to, err) : grm_fail_memory(err);
        free(from);
        free(to);
    }
    closedir(dir);
    return status;
}

static char *default_folder(const char *input) {
    const char *slash = strrchr(input, '/'), *base = slash ? slash + 1 : input, *dot = strrchr(base, '.');
    size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    char *name = malloc(length + 8);
    if (name) snprintf(name, length + 8, "%.*s-stems", (int)length, base);
    return name;
}

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    const char *input = arguments->positional[0];
    grm_session *session = NULL;
    grm_catalogue *catalogue = NULL;
    grm_score *score = NULL;
    grm_pool *pool = NULL;
    uint8_t *bytes = NULL;
    char *staging = NULL, *named = NULL;
    size_t size = 0, count = 0;
    double seed = 0;
    grm_status status = grm_session_open(arguments, &session, err);
    if (status == GRM_OK) status = grm_argument_number(arguments, "--seed", 0, 9007199254740992.0, &seed, err);
    if (status == GRM_OK) status = grm_file_read(input, MAX_MIDI_BYTES, &bytes, &size, err);
    if (status == GRM_OK) status = grm_score_read_midi(bytes, size, input, &score, err);
    if (status == GRM_OK) status = grm_catalogue_new(NULL, &catalogue, err);
    if (status == GRM_OK) status = grm_pool_new(grm_session_profile(session)->threads, &pool, err);
    const char *folder = grm_argument(arguments, "-o");
    if (status == GRM_OK && !folder && !(folder = named = default_folder(input))) status = grm_fail_memory(err);
    if (status == GRM_OK && exists(folder) && !grm_argument_given(arguments, "--force"))
        status = grm_fail(err, GRM_USAGE,
                          "%s is there already; choose another folder with -o, or --force to replace it", folder);
    if (status != GRM_OK) goto done;
    size_t length = strlen(folder) + 32;
    staging = malloc(length);
    if (!staging) {
        status = grm_fail_memory(err);
        goto done;
    }
    snprintf(staging, length, "%s.partial-%ld", folder, (long)getpid());
    status = grm_folder_new(staging, err);
    if (status != GRM_OK) goto done;
    grm_run work = {grm_session_profile(session), pool, grm_session_progress(session)};
    static const grm_stage_share stages[] = {{"render", 1}};
    grm_progress_plan(work.progress, stages, 1);
    status = render_into(&work, score, catalogue, (uint64_t)seed, staging, &count, err);
    if (status == GRM_OK) status = exists(folder) ? move_stems(staging, folder, err) : move(staging, folder, err);
    grm_folder_remove(staging);
done:
    grm_session_close(session);
    if (status == GRM_OK) {
        if (grm_argument_given(arguments, "--json")) {
            status = grm_print_json(
                json_pack("{s:s, s:i, s:f}", "folder", folder, "stems", (int)count, "duration_s", score->duration_s),
                err);
        } else {
            printf("%s: %zu stems, %.1f s\n", folder, count, score->duration_s);
            status = grm_print_flush(err);
        }
    }
    free(staging);
    free(named);
    free(bytes);
    grm_pool_free(pool);
    grm_score_free(score);
    grm_catalogue_free(catalogue);
    return status;
}

const grm_command grm_command_render = {
    .name = "render",
    .usage = "song.mid [-o DIR]",
    .summary = "play any MIDI file into stems, one WAV a part",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run,
};
