#include "song/stem_files.h"

#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 2, BLOCK = 16384 };

static grm_status make_folder(const char *folder, const char *name, grm_error *err) {
    char *path = grm_path_join(folder, name);
    grm_status status = path ? grm_folder_new(path, err) : grm_fail_memory(err);
    free(path);
    return status;
}

static char *name_stem(const grm_stems *stems, size_t i) {
    char *slug = grm_path_slug(stems->items[i].name ? stems->items[i].name : "part");
    size_t size = slug ? strlen(slug) + 32 : 0;
    char *name = slug ? malloc(size) : NULL;
    if (name) snprintf(name, size, "stems/%02zu-%s.wav", i + 1, slug);
    free(slug);
    return name;
}

grm_status grm_stem_files_open(const grm_stems *stems, const char *folder, grm_stem_files *out, grm_error *err) {
    memset(out, 0, sizeof *out);
    grm_status status = make_folder(folder, "stems", err);
    if (status != GRM_OK) return status;
    out->writers = calloc(stems->count + 1, sizeof *out->writers);
    out->names = calloc(stems->count + 1, sizeof *out->names);
    if (!out->writers || !out->names) {
        status = grm_fail_memory(err);
        goto done;
    }
    out->count = stems->count;
    for (size_t i = 0; i < stems->count && status == GRM_OK; i++) {
        out->names[i] = name_stem(stems, i);
        char *path = out->names[i] ? grm_path_join(folder, out->names[i]) : NULL;
        status =
            path ? grm_writer_open(path, GRM_WAV24, CHANNELS, GRM_RATE, &out->writers[i], err) : grm_fail_memory(err);
        free(path);
    }
done:
    if (status != GRM_OK) grm_stem_files_free(out);
    return status;
}

grm_status grm_stem_files_sink(void *context, size_t stem, const float *const *planes, size_t frames, grm_error *err) {
    grm_stem_files *files = context;
    return grm_writer_write(files->writers[stem], planes, frames, err);
}

grm_status grm_stem_files_finish(grm_stem_files *files, grm_error *err) {
    grm_status status = GRM_OK;
    for (size_t i = 0; i < files->count; i++) {
        if (!files->writers[i]) continue;
        grm_status closed = grm_writer_close(files->writers[i], status == GRM_OK ? err : NULL);
        files->writers[i] = NULL;
        if (status == GRM_OK) status = closed;
    }
    return status;
}

void grm_stem_files_free(grm_stem_files *files) {
    if (files->writers) grm_stem_files_finish(files, NULL);
    for (size_t i = 0; files->names && i < files->count; i++) free(files->names[i]);
    free(files->names);
    free(files->writers);
    memset(files, 0, sizeof *files);
}

// ---- dry stems ----

static grm_status copy_tape(const grm_run *run, const grm_tape *tape, const char *path, grm_error *err) {
    grm_writer *writer = NULL;
    float *planes[CHANNELS] = {grm_floats_new(BLOCK), grm_floats_new(BLOCK)};
    grm_status status = planes[0] && planes[1] ? grm_writer_open(path, GRM_WAV24, CHANNELS, GRM_RATE, &writer, err)
                                               : grm_fail_memory(err);
    size_t length = grm_tape_frames(tape);
    for (size_t at = 0; status == GRM_OK && at < length; at += BLOCK) {
        size_t frames = length - at < BLOCK ? length - at : BLOCK;
        status = grm_tape_read(tape, at, frames, planes, err);
        if (status == GRM_OK) status = grm_writer_write(writer, (const float *const *)planes, frames, err);
        if (status == GRM_OK) status = grm_run_check(run, err);
    }
    if (writer) {
        grm_status closed = grm_writer_close(writer, status == GRM_OK ? err : NULL);
        if (status == GRM_OK) status = closed;
    }
    free(planes[1]);
    free(planes[0]);
    return status;
}

grm_status grm_stem_files_write_dry(const grm_run *run, const grm_stems *stems, const grm_stem_files *files,
                                    const char *folder, grm_error *err) {
    grm_status status = make_folder(folder, "stems/dry", err);
    for (size_t i = 0; i < stems->count && status == GRM_OK; i++) {
        char *dry = grm_path_join(folder, "stems/dry"), *path = NULL;
        if (dry) path = grm_path_join(dry, files->names[i] + strlen("stems/"));
        status = path ? copy_tape(run, stems->items[i].dry, path, err) : grm_fail_memory(err);
        free(path);
        free(dry);
    }
    return status;
}
