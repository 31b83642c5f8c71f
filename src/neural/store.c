// The models' folder: what is in it, and which of it a name means.
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "neural/known_models.h"
#include "neural/packed.h"
#include "neural/store.h"

// A relative XDG_DATA_HOME is to be ignored (XDG Base Directory Specification 0.8).
grm_status grm_models_folder(char **out, grm_error *err) {
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    *out = NULL;
    if (data && data[0] == '/')
        *out = grm_path_join(data, "grammy/models");
    else if (home && home[0] == '/')
        *out = grm_path_join(home, ".local/share/grammy/models");
    else
        return grm_fail(err, GRM_FAILED, "neither XDG_DATA_HOME nor HOME says where models are kept");
    return *out ? GRM_OK : grm_fail_memory(err);
}

// With what can be done about it: fetched by its name, by the name that was meant, or not at all.
static grm_status fail_unknown(const char *name, const char *folder, grm_error *err) {
    grm_known_models *known = NULL;
    grm_status status = grm_known_models_load(&known, err);
    if (status) return status;
    const char *near = grm_known_models_find(known, name) ? name : grm_known_models_nearest(known, name);
    if (near == name)
        status = grm_fail(err, GRM_MISSING,
                          "there is no model \"%s\", neither here nor in '%s'; `grammy models pull %s` fetches it",
                          name, folder, name);
    else if (near)
        status =
            grm_fail(err, GRM_MISSING,
                     "there is no model \"%.60s\", neither here nor in '%s'; did you mean %s? `grammy models pull %s` "
                     "fetches that one",
                     name, folder, near, near);
    else
        status = grm_fail(err, GRM_MISSING,
                          "there is no model \"%.60s\", neither here nor in '%s'; `grammy models list` shows what is "
                          "there, `grammy models pull small` fetches one",
                          name, folder);
    grm_known_models_free(known);
    return status;
}

grm_status grm_model_find(const char *name, char **path, grm_error *err) {
    struct stat info;
    *path = NULL;
    if (stat(name, &info) == 0) {
        *path = strdup(name);
        return *path ? GRM_OK : grm_fail_memory(err);
    }
    char *folder = NULL, *inside = NULL;
    bool plain = name[0] && name[0] != '.' && !strchr(name, '/');
    grm_status status = plain ? grm_models_folder(&folder, err) : GRM_OK;
    if (status) return status;
    if (plain && !(inside = grm_path_join(folder, name))) status = grm_fail_memory(err);
    if (!status && inside && stat(inside, &info) == 0) {
        *path = inside;
        inside = NULL;
    } else if (!status && plain) {
        status = fail_unknown(name, folder, err);
    } else if (!status) {
        status = grm_fail(err, GRM_MISSING, "there is no model '%s': %s", name, strerror(ENOENT));
    }
    free(inside);
    free(folder);
    return status;
}

// ---- what a model came from ----

grm_status grm_model_source_write(const char *folder, const grm_model_source *source, grm_error *err) {
    char *path = grm_path_join(folder, GRM_MODEL_SOURCE);
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s?}", "name", source->name, "repository", source->repository,
                             "revision", source->revision, "hub", source->hub, "licence", source->licence);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    grm_status status = path && text ? grm_file_write(path, text, strlen(text), err) : grm_fail_memory(err);
    free(text);
    json_decref(json);
    free(path);
    return status;
}

// A packed model carries the licence in itself.
static grm_status packed_licence(const char *path, char **licence, grm_error *err) {
    grm_packed *packed = NULL;
    grm_status status = GRM_OK;
    // What is wrong with a broken file is said where it is opened.
    if (grm_packed_open(path, &packed, NULL) == GRM_OK && grm_packed_licence(packed) &&
        !(*licence = strdup(grm_packed_licence(packed))))
        status = grm_fail_memory(err);
    grm_packed_free(packed);
    return status;
}

grm_status grm_model_licence(const char *folder, char **licence, grm_error *err) {
    struct stat info;
    if (stat(folder, &info) == 0 && S_ISREG(info.st_mode)) {
        *licence = NULL;
        return packed_licence(folder, licence, err);
    }
    enum { MOST = 65536 };
    char *path = grm_path_join(folder, GRM_MODEL_SOURCE);
    uint8_t *bytes = NULL;
    size_t size = 0;
    grm_status status = path ? GRM_OK : grm_fail_memory(err);
    *licence = NULL;
    // A folder that was put there by hand has no such file.
    if (!status && grm_file_read_regular(path, MOST, &bytes, &size, NULL) == GRM_OK) {
        json_t *json = json_loadb((const char *)bytes, size, 0, NULL);
        const char *text = json_string_value(json_object_get(json, "licence"));
        if (text && !(*licence = strdup(text))) status = grm_fail_memory(err);
        json_decref(json);
    }
    free(bytes);
    free(path);
    return status;
}

// ---- the list ----

// Bytes of the files in it, and whether one of them is half of what is being fetched.
static uint64_t size_of_folder(const char *path, bool *partial) {
    DIR *dir = opendir(path);
    uint64_t sum = 0;
    struct stat info;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char *file = grm_path_join(path, entry->d_name);
        size_t length = strlen(entry->d_name);
        if (file && stat(file, &info) == 0 && S_ISREG(info.st_mode)) sum += (uint64_t)info.st_size;
        if (length > 5 && strcmp(entry->d_name + length - 5, ".part") == 0) *partial = true;
        free(file);
    }
    if (dir) closedir(dir);
    return sum;
}

static void clear(grm_installed_model *model) {
    free(model->name);
    free(model->path);
    free(model->licence);
}

// Whether the entry is a model: a packed file, or a folder with a configuration.
static bool read_entry(const char *folder, const char *name, grm_installed_model *out) {
    struct stat info;
    size_t length = strlen(name);
    *out = (grm_installed_model){.path = grm_path_join(folder, name)};
    bool model = false;
    if (out->path && stat(out->path, &info) == 0 && S_ISDIR(info.st_mode)) {
        char *config = grm_path_join(out->path, "config.json");
        struct stat found;
        model = config && stat(config, &found) == 0;
        free(config);
        if (model) {
            out->bytes = size_of_folder(out->path, &out->partial);
            grm_model_licence(out->path, &out->licence, NULL);
        }
    } else if (out->path && length > 4 && strcmp(name + length - 4, ".grm") == 0) {
        model = S_ISREG(info.st_mode);
        out->bytes = (uint64_t)info.st_size;
        if (model) packed_licence(out->path, &out->licence, NULL);
    }
    if (model) out->name = strdup(name);
    if (model && out->name) return true;
    clear(out);
    return false;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const grm_installed_model *)a)->name, ((const grm_installed_model *)b)->name);
}

grm_status grm_models_list(grm_installed_model **out, size_t *count, grm_error *err) {
    char *folder;
    *out = NULL;
    *count = 0;
    grm_status status = grm_models_folder(&folder, err);
    if (status) return status;
    DIR *dir = opendir(folder);
    if (!dir && errno != ENOENT) status = grm_fail(err, GRM_FAILED, "cannot read '%s': %s", folder, strerror(errno));
    for (struct dirent *entry; dir && !status && (entry = readdir(dir));) {
        grm_installed_model found, *larger;
        if (entry->d_name[0] == '.' || !read_entry(folder, entry->d_name, &found)) continue;
        larger = realloc(*out, (*count + 1) * sizeof **out);
        if (!larger) {
            clear(&found);
            status = grm_fail_memory(err);
            break;
        }
        *out = larger;
        (*out)[(*count)++] = found;
    }
    if (dir) closedir(dir);
    if (*count) qsort(*out, *count, sizeof **out, by_name);
    free(folder);
    if (status) {
        grm_installed_models_free(*out, *count);
        *out = NULL;
        *count = 0;
    }
    return status;
}

void grm_installed_models_free(grm_installed_model *models, size_t count) {
    for (size_t i = 0; i < count; i++) clear(&models[i]);
    free(models);
}
