// Styles and instruments together: those built in, then the user's own, which add to or replace them.
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "style/read.h"

enum { MAX_STYLES = 512 };

static int by_id(const void *a, const void *b) {
    return strcmp(((const grm_instrument *)a)->id, ((const grm_instrument *)b)->id);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const grm_style *)a)->name, ((const grm_style *)b)->name);
}

const grm_instrument *grm_instrument_find(const grm_catalogue *catalogue, const char *id) {
    size_t low = 0, high = catalogue->instrument_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(id, catalogue->instruments[middle].id);
        if (order == 0) return &catalogue->instruments[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const grm_style *grm_style_find(const grm_catalogue *catalogue, const char *name) {
    for (size_t i = 0; i < catalogue->style_count; i++)
        if (strcmp(catalogue->styles[i].name, name) == 0) return &catalogue->styles[i];
    return NULL;
}

const grm_section_plan *grm_style_section(const grm_style *style, const char *kind) {
    for (size_t i = 0; i < style->section_count; i++)
        if (strcmp(style->sections[i].kind, kind) == 0) return &style->sections[i];
    return NULL;
}

const grm_style_part *grm_style_part_find(const grm_style *style, const char *name) {
    for (size_t i = 0; i < style->part_count; i++)
        if (strcmp(style->parts[i].name, name) == 0) return &style->parts[i];
    return NULL;
}

grm_status grm_style_read(const char *name, const uint8_t *bytes, size_t size, const grm_catalogue *catalogue,
                          grm_memory *memory, grm_style *out, grm_error *err) {
    grm_yaml y;
    *out = (grm_style){0};
    grm_yaml_open(&y, name, bytes, size, memory, err);
    if (y.status == GRM_OK) grm_read_style_document(&y, catalogue, out);
    grm_yaml_close(&y);
    return y.status;
}

static grm_status read_instruments(grm_catalogue *catalogue, grm_error *err) {
    const grm_embedded *file = grm_embedded_find("data/instruments.yaml");
    if (!file) return grm_fail(err, GRM_FAILED, "data/instruments.yaml was not built in");
    grm_yaml y;
    grm_instrument *items = NULL;
    grm_yaml_open(&y, file->path, file->bytes, file->size, catalogue->memory, err);
    if (y.status == GRM_OK) grm_read_instruments_document(&y, &items, &catalogue->instrument_count);
    grm_yaml_close(&y);
    if (y.status != GRM_OK) return y.status;
    qsort(items, catalogue->instrument_count, sizeof *items, by_id);
    catalogue->instruments = items;
    return GRM_OK;
}

static grm_status add_style(grm_catalogue *catalogue, grm_style *styles, const char *name, const uint8_t *bytes,
                            size_t size, grm_error *err) {
    grm_style style;
    grm_status status = grm_style_read(name, bytes, size, catalogue, catalogue->memory, &style, err);
    if (status != GRM_OK) return status;
    size_t at = 0;
    while (at < catalogue->style_count && strcmp(styles[at].name, style.name) != 0) at++;
    if (at == MAX_STYLES) return grm_fail(err, GRM_BAD_INPUT, "%s: more than %d styles", name, MAX_STYLES);
    styles[at] = style;
    if (at == catalogue->style_count) catalogue->style_count++;
    return GRM_OK;
}

static bool is_yaml(const char *name) {
    size_t length = strlen(name);
    return length > 5 && name[0] != '.' && strcmp(name + length - 5, ".yaml") == 0;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static grm_status read_folder(grm_catalogue *catalogue, grm_style *styles, const char *folder, bool must,
                              grm_error *err) {
    grm_status status = GRM_OK;
    char *names[MAX_STYLES];
    size_t count = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return must ? grm_fail(err, GRM_BAD_INPUT, "%s: %s; a folder of styles is wanted", folder, strerror(errno))
                    : GRM_OK;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL && count < MAX_STYLES;)
        if (is_yaml(entry->d_name) && (names[count] = grm_path_join(folder, entry->d_name))) count++;
    closedir(dir);
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++) {
        uint8_t *bytes = NULL;
        size_t size = 0;
        if (status == GRM_OK) status = grm_file_read(names[i], 1 << 20, &bytes, &size, err);
        if (status == GRM_OK) status = add_style(catalogue, styles, names[i], bytes, size, err);
        free(bytes);
        free(names[i]);
    }
    return status;
}

static grm_status read_user_folder(grm_catalogue *catalogue, grm_style *styles, grm_error *err) {
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char *base = config && config[0] ? grm_path_join(config, "grammy/styles")
                 : home              ? grm_path_join(home, ".config/grammy/styles")
                                     : NULL;
    grm_status status = base ? read_folder(catalogue, styles, base, false, err) : GRM_OK;
    free(base);
    return status;
}

grm_status grm_catalogue_new(const char *folder, grm_catalogue **out, grm_error *err) {
    *out = NULL;
    grm_memory *memory = grm_memory_new();
    grm_catalogue *catalogue = memory ? grm_memory_take(memory, 1, sizeof *catalogue) : NULL;
    grm_style *styles = memory ? grm_memory_take(memory, MAX_STYLES + 1, sizeof *styles) : NULL;
    grm_status status = GRM_OK;
    if (!catalogue || !styles) {
        status = grm_fail_memory(err);
        goto done;
    }
    catalogue->memory = memory;
    status = read_instruments(catalogue, err);
    for (size_t i = 0; status == GRM_OK && i < grm_embedded_count; i++) {
        const grm_embedded *file = &grm_embedded_files[i];
        if (strncmp(file->path, "styles/", 7) == 0 && is_yaml(file->path + 7))
            status = add_style(catalogue, styles, file->path, file->bytes, file->size, err);
    }
    if (status == GRM_OK)
        status = folder ? read_folder(catalogue, styles, folder, true, err) : read_user_folder(catalogue, styles, err);
    if (status != GRM_OK) goto done;
    qsort(styles, catalogue->style_count, sizeof *styles, by_name);
    catalogue->styles = styles;
    *out = catalogue;
done:
    if (status != GRM_OK) grm_memory_free(memory);
    return status;
}

void grm_catalogue_free(grm_catalogue *catalogue) {
    if (catalogue) grm_memory_free(catalogue->memory);
}
