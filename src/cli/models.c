// grammy models: the MusicGen models on this machine, and where more come from.
#include <grammy/models.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"

static const grm_option options[] = {
    {"-o", "PATH", "pull: the folder to fetch into (default: the name, among the models); quantize: OUT.grm"},
    {"--precision", "NAME", "quantize: float32, float16, int8 or int4 (default: MODEL_PRECISION)"},
    {"--revision", "NAME", "pull: branch, tag or commit (default: main)"},
    {NULL, NULL, NULL},
};

static const char *const precisions[] = {"float32", "float16", "int8", "int4"};

// "2.36 GB"
static void say_size(uint64_t bytes, char *text, size_t size) {
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < GRM_COUNT(units)) value /= 1000, unit++;
    snprintf(text, size,
             unit && value < 9.995   ? "%.2f %s"
             : unit && value < 99.95 ? "%.1f %s"
                                     : "%.0f %s",
             value, units[unit]);
}

static bool is_noncommercial(const char *licence) {
    return licence && strstr(licence, "-NC-");
}

// ---- list ----

static json_t *model_json(const grm_installed_model *m) {
    return json_pack("{s:s, s:s, s:I, s:b, s:s?}", "name", m->name, "path", m->path, "bytes", (json_int_t)m->bytes,
                     "whole", !m->partial, "licence", m->licence);
}

static grm_status list_json(const char *folder, const grm_installed_model *models, size_t count, grm_error *err) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, model_json(&models[i])) != 0) {
            json_decref(list);
            return grm_fail_memory(err);
        }
    return grm_print_json(json_pack("{s:s, s:o}", "folder", folder, "models", list), err);
}

static grm_status list_text(const char *folder, const grm_installed_model *models, size_t count, grm_error *err) {
    if (!count) printf("No models in %s yet; `grammy models pull small` fetches one.\n", folder);
    for (size_t i = 0; i < count; i++) {
        char size[32];
        say_size(models[i].bytes, size, sizeof size);
        printf("%-20s %10s  %-16s %s%s\n", models[i].name, size,
               models[i].licence ? models[i].licence : "licence unknown", models[i].path,
               models[i].partial ? "  (not whole yet: pull it again to go on)" : "");
    }
    return grm_print_flush(err);
}

static grm_status list(const grm_arguments *arguments, grm_error *err) {
    char *folder = NULL;
    grm_installed_model *models = NULL;
    size_t count = 0;
    if (arguments->count > 1)
        return grm_fail(err, GRM_USAGE, "\"%.60s\" is one argument too many: grammy models list",
                        arguments->positional[1]);
    grm_status status = grm_models_folder(&folder, err);
    if (!status) status = grm_models_list(&models, &count, err);
    if (!status)
        status = grm_argument_given(arguments, "--json") ? list_json(folder, models, count, err)
                                                         : list_text(folder, models, count, err);
    grm_installed_models_free(models, count);
    free(folder);
    return status;
}

// ---- pull ----

static grm_status report(const grm_arguments *arguments, const char *folder, const char *licence, grm_error *err) {
    if (grm_argument_given(arguments, "--json"))
        return grm_print_json(json_pack("{s:s, s:s?}", "folder", folder, "licence", licence), err);
    printf("%s\n", folder);
    if (is_noncommercial(licence))
        printf("Licence %s: what these weights make may be shared with credit, and not be sold.\n", licence);
    return grm_print_flush(err);
}

static grm_status pull(const grm_arguments *arguments, grm_error *err) {
    if (arguments->count != 2)
        return grm_fail(err, GRM_USAGE, "which model? grammy models pull small|medium|large|melody|... or owner/name");
    grm_session *session = NULL;
    char *folder = NULL, *licence = NULL;
    const char *name = arguments->positional[1];
    const grm_pull_options wishes = {.folder = grm_argument(arguments, "-o"),
                                     .revision = grm_argument(arguments, "--revision")};
    grm_status status = grm_session_open(arguments, &session, err);
    if (!status) status = grm_model_pull(name, &wishes, grm_session_progress(session), &folder, err);
    grm_session_close(session);
    if (!status) status = grm_model_licence(folder, &licence, err);
    if (!status) status = report(arguments, folder, licence, err);
    free(licence);
    free(folder);
    return status;
}

// ---- quantize, verify ----

static grm_status read_precision(const grm_arguments *arguments, const grm_profile *profile, grm_precision *out,
                                 grm_error *err) {
    const char *name = grm_argument(arguments, "--precision");
    *out = profile->model_precision;
    for (size_t i = 0; name && i < GRM_COUNT(precisions); i++)
        if (strcmp(name, precisions[i]) == 0) {
            *out = (grm_precision)i;
            return GRM_OK;
        }
    return name ? grm_fail(err, GRM_USAGE, "--precision %.60s: give float32, float16, int8 or int4", name) : GRM_OK;
}

static grm_status quantize(const grm_arguments *arguments, grm_error *err) {
    const char *to = arguments->count > 2 ? arguments->positional[2] : grm_argument(arguments, "-o");
    if (arguments->count < 2 || !to)
        return grm_fail(err, GRM_USAGE, "from which model, to which file? grammy models quantize NAME|DIR OUT.grm");
    grm_session *session = NULL;
    grm_precision precision;
    char *found = NULL;
    struct stat info;
    grm_status status = grm_session_open(arguments, &session, err);
    if (!status) status = read_precision(arguments, grm_session_profile(session), &precision, err);
    if (!status) status = grm_model_find(arguments->positional[1], &found, err);
    if (!status && stat(found, &info) == 0 && !S_ISDIR(info.st_mode))
        status =
            grm_fail(err, GRM_BAD_INPUT, "'%s' is no folder: a model is packed from the weights as they came", found);
    if (!status)
        status =
            grm_model_quantize(found, precision, grm_session_profile(session), grm_session_progress(session), to, err);
    grm_session_close(session);
    free(found);
    if (status) return status;
    long long bytes = stat(to, &info) == 0 ? (long long)info.st_size : 0;
    if (grm_argument_given(arguments, "--json"))
        return grm_print_json(
            json_pack("{s:s, s:s, s:I}", "file", to, "precision", precisions[precision], "bytes", (json_int_t)bytes),
            err);
    char size[32];
    say_size((uint64_t)bytes, size, sizeof size);
    printf("%s: %s, %s\n", to, precisions[precision], size);
    return grm_print_flush(err);
}

static grm_status verify(const grm_arguments *arguments, grm_error *err) {
    if (arguments->count != 2) return grm_fail(err, GRM_USAGE, "which model? grammy models verify NAME|FILE.grm|DIR");
    grm_session *session = NULL;
    grm_precision precision = GRM_FLOAT32;
    char *found = NULL;
    grm_status status = grm_session_open(arguments, &session, err);
    if (!status) status = grm_model_find(arguments->positional[1], &found, err);
    if (!status) status = grm_model_verify(found, grm_session_profile(session), &precision, err);
    if (!status && grm_argument_given(arguments, "--json"))
        status = grm_print_json(
            json_pack("{s:s, s:s, s:b}", "path", found, "precision", precisions[precision], "whole", 1), err);
    else if (!status) {
        printf("%s: whole\n", found);
        status = grm_print_flush(err);
    }
    grm_session_close(session);
    free(found);
    return status;
}

// ---- the command ----

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    static const struct {
        const char *name;
        grm_status (*run)(const grm_arguments *arguments, grm_error *err);
    } actions[] = {{"list", list}, {"pull", pull}, {"quantize", quantize}, {"verify", verify}};
    const char *wanted = arguments->positional[0], *names[GRM_COUNT(actions)];
    for (size_t i = 0; i < GRM_COUNT(actions); i++) {
        names[i] = actions[i].name;
        if (strcmp(wanted, names[i]) == 0) return actions[i].run(arguments, err);
    }
    const char *nearest = grm_nearest_word(wanted, names, GRM_COUNT(names));
    if (nearest) return grm_fail(err, GRM_USAGE, "grammy models \"%.60s\"; did you mean %s?", wanted, nearest);
    return grm_fail(err, GRM_USAGE, "grammy models \"%.60s\" is unknown; list, pull, quantize and verify are known",
                    wanted);
}

const grm_command grm_command_models = {
    .name = "models",
    .usage = "list | pull NAME | quantize NAME|DIR OUT.grm | verify NAME|PATH",
    .summary = "list the MusicGen models that are here; fetch, pack or check one",
    .details =
        "pull NAME fetches small, medium, large, melody, melody-large, stereo-small, ... or a repository owner/name\n"
        "from the hub (GRAMMY_HUB says another), checks every file and goes on where it was interrupted. Models\n"
        "are kept in $XDG_DATA_HOME/grammy/models (~/.local/share/grammy/models), and `grammy generate --model NAME`\n"
        "finds them there.\n"
        "quantize packs a model into one file that opens at once: --precision float32, float16, int8 (a third of\n"
        "float32's bytes) or int4 (a quarter). verify reads all of one and compares it with its checksums.\n"
        "Meta's MusicGen weights are licensed CC-BY-NC 4.0: what they make may not be sold.",
    .least = 1,
    .most = 3,
    .options = options,
    .run = run,
};
