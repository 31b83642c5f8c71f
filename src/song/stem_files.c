#include "song/stem_files.h"

#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 2 };

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

grm_status grm_stem_files_write_dry(const grm_run *run, const grm_stems *stems, const grm_stem_files *files,
                                    const char *folder, grm_error *err) {
    grm_status status = make_folder(folder, "stems/dry", err);
    for (size_t i = 0; i < stems->count && status == GRM_OK; i++) {
        char *dry = grm_path_join(folder, "stems/dry"), *path = NULL;
        if (dry) path = grm_path_join(dry, files->names[i] + strlen("stems/"));
        status = path ? grm_tape_write(run, SIZE_MAX, stems->items[i].dry, path, GRM_WAV24, err) : grm_fail_memory(err);
        free(path);
        free(dry);
    }
    return status;
}
