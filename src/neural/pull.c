// A model from a hub that speaks as Hugging Face's does:
//   HUB/api/models/OWNER/NAME/revision/REVISION  -> {"sha": commit}
//   HUB/api/models/OWNER/NAME/tree/COMMIT        -> [{"type", "path", "size", "oid", "lfs": {"oid", "size"}}]
//   HUB/OWNER/NAME/resolve/COMMIT/FILE           -> the file
// All that it says is checked: names before they become paths, sizes and checksums before a file gets its name.
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "neural/download.h"
#include "neural/known_models.h"
#include "neural/store.h"

enum { MOST_FILES = 64, MOST_LISTING = 4 << 20 };
#define MOST_BYTES ((json_int_t)1 << 40)

typedef struct remote_file {
    char name[80];
    uint64_t size;
    char sha256[65], git_id[41];  // "" where the hub does not list it
} remote_file;

typedef struct pull {
    const char *hub, *repository, *revision;
    grm_progress *progress;
    double pause_s;
    char commit[41];
    size_t count;
    remote_file files[MOST_FILES];
    grm_memory *memory;
    grm_http *http;
} pull;

// ---- what the hub says ----

static bool is_hex(const char *text, size_t digits) {
    if (!text || strlen(text) != digits) return false;
    for (; *text; text++)
        if (!isxdigit((unsigned char)*text)) return false;
    return true;
}

// One path segment or two with a slash between, of letters, digits and - _ . that none begins with a dot.
static bool is_repository(const char *text) {
    size_t slashes = 0;
    for (const char *c = text; *c; c++) {
        if (*c == '/')
            slashes++;
        else if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_' && *c != '.')
            return false;
        if ((c == text || c[-1] == '/') && (*c == '.' || *c == '/')) return false;
    }
    return slashes == 1 && text[strlen(text) - 1] != '/' && strlen(text) < 200;
}

static grm_status ask(const pull *p, const char *url, json_t **out, grm_error *err) {
    char *text = NULL;
    *out = NULL;
    if (!url) return grm_fail_memory(err);
    grm_status status = grm_download_text(p->http, url, MOST_LISTING, p->pause_s, p->progress, &text, err);
    if (!status) {
        json_error_t problem;
        *out = json_loads(text, 0, &problem);
        if (!*out) status = grm_fail(err, GRM_FAILED, "%s: this is no JSON: %s", url, problem.text);
    }
    free(text);
    return status;
}

static grm_status find_commit(pull *p, grm_error *err) {
    json_t *answer;
    const char *url = grm_memory_format(p->memory, "%s/api/models/%s/revision/%s", p->hub, p->repository, p->revision);
    grm_status status = ask(p, url, &answer, err);
    const char *sha = json_string_value(json_object_get(answer, "sha"));
    if (!status && !is_hex(sha, 40)) status = grm_fail(err, GRM_FAILED, "%s: it names no commit (sha)", url);
    if (!status) snprintf(p->commit, sizeof p->commit, "%s", sha);
    json_decref(answer);
    return status;
}

// model.safetensors, a shard of it, its index, or one of the small files beside it.
static bool is_wanted(const char *name) {
    static const char *const small[] = {"config.json", "generation_config.json", "tokenizer.json", "model.safetensors",
                                        "model.safetensors.index.json"};
    for (size_t i = 0; i < GRM_COUNT(small); i++)
        if (strcmp(name, small[i]) == 0) return true;
    unsigned part, parts;
    char rest[40], again[80];
    if (sscanf(name, "model-%5u-of-%5u%39s", &part, &parts, rest) != 3 || part < 1 || part > parts) return false;
    snprintf(again, sizeof again, "model-%05u-of-%05u.safetensors", part, parts);
    return strcmp(name, again) == 0;
}

static grm_status read_file_entry(pull *p, const json_t *entry, grm_error *err) {
    const char *type = json_string_value(json_object_get(entry, "type"));
    const char *name = json_string_value(json_object_get(entry, "path"));
    if (!name || !type || strcmp(type, "file") != 0 || !is_wanted(name)) return GRM_OK;
    const json_t *lfs = json_object_get(entry, "lfs");
    const json_t *size = json_object_get(lfs ? lfs : entry, "size");
    const char *sha256 = json_string_value(json_object_get(lfs, "oid"));
    const char *git_id = json_string_value(json_object_get(entry, "oid"));
    if (!json_is_integer(size) || json_integer_value(size) < 1 || json_integer_value(size) > MOST_BYTES)
        return grm_fail(err, GRM_FAILED, "%s/%s: the hub lists no sensible size of %s", p->hub, p->repository, name);
    if (lfs ? !is_hex(sha256, 64) : !is_hex(git_id, 40))
        return grm_fail(err, GRM_FAILED, "%s/%s: the hub lists no checksum of %s", p->hub, p->repository, name);
    if (p->count == MOST_FILES)
        return grm_fail(err, GRM_FAILED, "%s/%s has more than %d files of weights", p->hub, p->repository, MOST_FILES);
    remote_file *f = &p->files[p->count++];
    snprintf(f->name, sizeof f->name, "%s", name);
    f->size = (uint64_t)json_integer_value(size);
    if (lfs)
        snprintf(f->sha256, sizeof f->sha256, "%s", sha256);
    else
        snprintf(f->git_id, sizeof f->git_id, "%s", git_id);
    return GRM_OK;
}

static remote_file *find_file(pull *p, const char *name) {
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->files[i].name, name) == 0) return &p->files[i];
    return NULL;
}

// Where the weights lie whole, their shards are not fetched too.
static void drop_shards(pull *p) {
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        const char *name = p->files[i].name;
        bool shard = strncmp(name, "model-", 6) == 0 || strcmp(name, "model.safetensors.index.json") == 0;
        if (!shard) p->files[kept++] = p->files[i];
    }
    p->count = kept;
}

static grm_status list_files(pull *p, grm_error *err) {
    json_t *answer;
    const char *url = grm_memory_format(p->memory, "%s/api/models/%s/tree/%s", p->hub, p->repository, p->commit);
    grm_status status = ask(p, url, &answer, err);
    if (!status && !json_is_array(answer)) status = grm_fail(err, GRM_FAILED, "%s: this is no list of files", url);
    for (size_t i = 0; i < json_array_size(answer) && !status; i++)
        status = read_file_entry(p, json_array_get(answer, i), err);
    json_decref(answer);
    if (status) return status;
    static const char *const needed[] = {"config.json", "tokenizer.json"};
    for (size_t i = 0; i < GRM_COUNT(needed); i++)
        if (!find_file(p, needed[i]))
            return grm_fail(err, GRM_MISSING, "%s/%s has no %s: it is no MusicGen model as transformers keeps it",
                            p->hub, p->repository, needed[i]);
    if (find_file(p, "model.safetensors"))
        drop_shards(p);
    else if (!find_file(p, "model.safetensors.index.json"))
        return grm_fail(err, GRM_MISSING, "%s/%s has no model.safetensors: its weights are in another format", p->hub,
                        p->repository);
    return GRM_OK;
}

// ---- fetching ----

static int by_size(const void *a, const void *b) {
    const remote_file *x = a, *y = b;
    if (x->size != y->size) return x->size < y->size ? -1 : 1;
    return strcmp(x->name, y->name);
}

// Small files first: they say soonest what is wrong.
static grm_status fetch_files(pull *p, const char *folder, grm_error *err) {
    grm_stage_share shares[MOST_FILES];
    qsort(p->files, p->count, sizeof *p->files, by_size);
    for (size_t i = 0; i < p->count; i++) shares[i] = (grm_stage_share){p->files[i].name, (double)p->files[i].size};
    grm_progress_plan(p->progress, shares, p->count);
    grm_status status = GRM_OK;
    for (size_t i = 0; i < p->count && !status; i++) {
        const remote_file *f = &p->files[i];
        char *path = grm_path_join(folder, f->name);
        const char *url =
            grm_memory_format(p->memory, "%s/%s/resolve/%s/%s", p->hub, p->repository, p->commit, f->name);
        const grm_download download = {.url = url,
                                       .path = path,
                                       .size = f->size,
                                       .sha256 = f->sha256[0] ? f->sha256 : NULL,
                                       .git_id = f->git_id[0] ? f->git_id : NULL,
                                       .pause_s = p->pause_s,
                                       .progress = p->progress,
                                       .stage = i};
        status = path && url ? grm_download_file(p->http, &download, err) : grm_fail_memory(err);
        free(path);
    }
    return status;
}

// The folder that a name gets: the name itself, or the last part of a repository's.
static grm_status name_folder(const char *name, const grm_pull_options *options, char **out, grm_error *err) {
    if (options->folder) {
        *out = strdup(options->folder);
        return *out ? GRM_OK : grm_fail_memory(err);
    }
    char *models;
    grm_status status = grm_models_folder(&models, err);
    if (status) return status;
    const char *slash = strrchr(name, '/');
    *out = grm_path_join(models, slash ? slash + 1 : name);
    free(models);
    return *out ? GRM_OK : grm_fail_memory(err);
}

static grm_status check_address(pull *p, grm_error *err) {
    bool web = strncmp(p->hub, "http://", 7) == 0 || strncmp(p->hub, "https://", 8) == 0;
    size_t length = strlen(p->hub);
    if (!web || strpbrk(p->hub, " \t\r\n?#"))
        return grm_fail(err, GRM_USAGE, "GRAMMY_HUB is \"%s\": an address such as https://example.org is wanted",
                        p->hub);
    while (length > 0 && p->hub[length - 1] == '/') length--;
    p->hub = grm_memory_format(p->memory, "%.*s", (int)length, p->hub);
    for (const char *c = p->revision; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
            return grm_fail(err, GRM_USAGE, "revision \"%s\": a branch, tag or commit is wanted", p->revision);
    return p->hub ? GRM_OK : grm_fail_memory(err);
}

static grm_status unknown_name(const grm_known_models *known, const char *name, grm_error *err) {
    char list[240] = "";
    for (unsigned i = 0; i < known->count; i++) {
        size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, "%s%s", i ? ", " : "", known->models[i].name);
    }
    return grm_fail(err, GRM_USAGE, "there is no model called \"%s\"; there are %s, and any repository as owner/name",
                    name, list);
}

grm_status grm_model_pull(const char *name, const grm_pull_options *options, grm_progress *progress, char **folder,
                          grm_error *err) {
    static const grm_pull_options defaults = {0};
    if (!options) options = &defaults;
    if (folder) *folder = NULL;
    grm_known_models *known = NULL;
    char *into = NULL;
    const char *from_environment = getenv("GRAMMY_HUB");
    pull *p = calloc(1, sizeof *p);
    if (!p || !(p->memory = grm_memory_new())) {
        free(p);
        return grm_fail_memory(err);
    }
    grm_status status = grm_known_models_load(&known, err);
    if (status) goto done;
    const grm_known_model *model = grm_known_models_find(known, name);
    if (!model && !is_repository(name)) {
        status = unknown_name(known, name, err);
        goto done;
    }
    p->progress = progress;
    p->hub = options->hub ? options->hub : from_environment && from_environment[0] ? from_environment : known->hub;
    p->repository = model ? model->repository : name;
    p->revision = options->revision ? options->revision : "main";
    p->pause_s = options->pause_s > 0 ? options->pause_s : 1;
    status = check_address(p, err);
    if (!status) status = grm_http_open(&p->http, err);
    if (!status) status = name_folder(name, options, &into, err);
    if (!status) status = find_commit(p, err);
    if (!status) status = list_files(p, err);
    if (!status) status = grm_folder_new(into, err);
    if (!status) status = fetch_files(p, into, err);
    if (!status) {
        const grm_model_source source = {name, p->repository, p->commit, p->hub, model ? model->licence : NULL};
        status = grm_model_source_write(into, &source, err);
    }
    if (!status && folder) {
        *folder = into;
        into = NULL;
    }
done:
    free(into);
    grm_known_models_free(known);
    grm_http_close(p->http);
    grm_memory_free(p->memory);
    free(p);
    return status;
}
