// grammy mix: a folder of stems to a stereo mix.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const grm_option options[] = {
    {"-o", "FILE", "the mix, .wav or .flac (default: mix.wav); mix.json is written beside it"},
    {"--genre", "NAME", "mix as this style does, as `grammy styles` lists them"},
    {"--session", "mix.json", "obey these decisions, edited or not, instead of making new ones"},
    {"--level", "NAME=dB", "that much louder or softer than decided; NAME is a role or a file without extension"},
    {"--pan", "NAME=X", "place it from -1 (left) to 1 (right)"},
    {"--mute", "NAME", "leave it out"},
    {"--solo", "NAME", "leave out all others"},
    {"--dry", NULL, "the plain sum of the stems, lowered only where it would pass -3 dBFS"},
    {"--skip-broken", NULL, "leave out stems that can't be read"},
    {NULL, NULL, NULL},
};

static const struct {
    const char *option;
    grm_mix_override_kind kind;
} kinds[] = {{"--level", GRM_MIX_LEVEL}, {"--pan", GRM_MIX_PAN}, {"--mute", GRM_MIX_MUTE}, {"--solo", GRM_MIX_SOLO}};

// "NAME=value", or "NAME" where no value belongs to it. The name goes into `name`, which the caller frees.
static grm_status read_override(const char *option, const char *text, grm_mix_override *out, char **name,
                                grm_error *err) {
    bool has_value = out->kind == GRM_MIX_LEVEL || out->kind == GRM_MIX_PAN;
    const char *equals = has_value ? strrchr(text, '=') : NULL;
    if (!*text || (has_value && (!equals || equals == text)))
        return grm_fail(err, GRM_USAGE, "%s %s: give %s", option, text,
                        out->kind == GRM_MIX_LEVEL ? "NAME=dB, such as bass=-3"
                        : out->kind == GRM_MIX_PAN ? "NAME=X, such as keys=-0.3"
                                                   : "the name of a stem or a role");
    *name = strdup(text);
    if (!*name) return grm_fail_memory(err);
    out->name = *name;
    if (!has_value) return GRM_OK;
    (*name)[equals - text] = 0;
    if (!grm_number_read(equals + 1, &out->value))
        return grm_fail(err, GRM_USAGE, "%s %s: \"%s\" is no number", option, text, equals + 1);
    return GRM_OK;
}

typedef struct overrides {
    size_t count;
    grm_mix_override items[GRM_MAX_ARGUMENTS];
    char *names[GRM_MAX_ARGUMENTS];
} overrides;

static grm_status read_overrides(const grm_arguments *arguments, overrides *out, grm_error *err) {
    for (size_t i = 0; i < arguments->option_count; i++)
        for (size_t k = 0; k < GRM_COUNT(kinds); k++) {
            if (strcmp(arguments->options[i].name, kinds[k].option) != 0) continue;
            out->items[out->count].kind = kinds[k].kind;
            grm_status status = read_override(kinds[k].option, arguments->options[i].value, &out->items[out->count],
                                              &out->names[out->count], err);
            out->count++;
            if (status != GRM_OK) return status;
        }
    return GRM_OK;
}

// ---- what is said ----

static double number(const json_t *o, const char *key) {
    return json_number_value(json_object_get(o, key));
}

static void print_stem(const json_t *stem) {
    const char *from = json_string_value(json_object_get(stem, "role_from"));
    char pan[16] = "middle";
    double x = number(stem, "pan"), heard = number(stem, "audible");
    if (fabs(x) >= 0.005) snprintf(pan, sizeof pan, "%s %.0f %%", x < 0 ? "left" : "right", 100 * fabs(x));
    printf("  %-28.28s %-10s %-7s ", json_string_value(json_object_get(stem, "file")),
           json_string_value(json_object_get(stem, "role")), from ? from : "");
    if (json_is_true(json_object_get(stem, "mute"))) {
        const char *why = json_string_value(json_object_get(stem, "mute_why"));
        printf("%8s%s%s\n", "mute", why ? "    " : "", why ? why : "");
        return;
    }
    printf("%+7.1f dB  %-11s", number(stem, "trim_db") + number(stem, "gain_db"), pan);
    if (heard >= 0) printf(" %3.0f %%", 100 * heard);
    putchar('\n');
}

static grm_status print_mix(const char *path, const grm_mix_result *r, grm_error *err) {
    const json_t *buses = json_object_get(r->decisions, "buses");
    printf("%s: %u stems, %.1f s, peak %.1f dBFS\n", path, r->stems, r->duration_s, r->peak_dbfs);
    if (r->skipped) printf("  %u that could not be read left out\n", r->skipped);
    printf("  %-28s %-10s %-7s %10s  %-11s %s\n", "stem", "role", "by its", "gain", "place", "heard");
    size_t i;
    json_t *stem;
    json_array_foreach(json_object_get(r->decisions, "stems"), i, stem) print_stem(stem);
    printf("  all %+.1f dB", number(buses, "gain_db"));
    if (number(buses, "held_back_db") < -0.05)
        printf(", held back by %.1f dB at its highest peaks", -number(buses, "held_back_db"));
    putchar('\n');
    return grm_print_flush(err);
}

static grm_status print_result(const grm_arguments *arguments, const char *path, const grm_mix_result *r,
                               grm_error *err) {
    if (!grm_argument_given(arguments, "--json")) return print_mix(path, r, err);
    json_t *json = json_deep_copy(r->decisions);
    if (!json || json_object_set_new(json, "file", json_string(path)) != 0 ||
        json_object_set_new(json, "duration_s", json_real(r->duration_s)) != 0 ||
        json_object_set_new(json, "peak_dbfs", json_real(floor(r->peak_dbfs * 100 + 0.5) / 100)) != 0 ||
        json_object_set_new(json, "skipped", json_integer(r->skipped)) != 0) {
        json_decref(json);
        return grm_fail_memory(err);
    }
    return grm_print_json(json, err);
}

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    const char *path = grm_argument(arguments, "-o") ? grm_argument(arguments, "-o") : "mix.wav";
    grm_session *session = NULL;
    grm_mix_result result = {0};
    overrides *wanted = calloc(1, sizeof *wanted);
    grm_status status = wanted ? read_overrides(arguments, wanted, err) : grm_fail_memory(err);
    if (status == GRM_OK) status = grm_session_open(arguments, &session, err);
    if (status == GRM_OK) {
        grm_mix_options o = {.genre = grm_argument(arguments, "--genre"),
                             .session = grm_argument(arguments, "--session"),
                             .overrides = wanted->items,
                             .override_count = wanted->count,
                             .dry = grm_argument_given(arguments, "--dry"),
                             .skip_broken = grm_argument_given(arguments, "--skip-broken")};
        status = grm_mix_folder(grm_session_profile(session), arguments->positional[0], path, &o,
                                grm_session_progress(session), &result, err);
    }
    grm_session_close(session);
    if (status == GRM_OK) status = print_result(arguments, path, &result, err);
    grm_mix_result_free(&result);
    for (size_t i = 0; wanted && i < wanted->count; i++) free(wanted->names[i]);
    free(wanted);
    return status;
}

const grm_command grm_command_mix = {
    .name = "mix",
    .usage = "STEMS_DIR [-o mix.wav]",
    .summary = "mix a folder of stems, yours or ours",
    .details =
        "Takes every audio file of the folder, of any rate, mono or stereo, and finds out what each is by its name\n"
        "(\"Bass DI.wav\", \"03_LeadVox.wav\") or else by its sound. What it decides (levels, places, equalisers,\n"
        "compressors, sends, ducking, automation) stands in mix.json; edit it and give it back with --session.\n"
        "--level, --pan, --mute and --solo may be given several times.",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run,
};
