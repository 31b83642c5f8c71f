// Command lines read against a table of options.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const grm_option common[] = {
    {"--help", NULL, "show this"},
    {"--threads", "N", "worker threads (default: all cores; GRAMMY_THREADS)"},
    {"--quiet", NULL, "no progress"},
    {"--progress", "json", "progress as lines of JSON on standard error"},
    {"--json", NULL, "report as JSON"},
    {"--lightweight", "true|false|auto", "LIGHTWEIGHT_MODE"},
    {"--max-duration", "SECONDS", "MAX_AUDIO_DURATION: the longest track allowed"},
    {"--soundfont", "FILE", "SF2 or SF3 file to play sampled instruments with (GRAMMY_SOUNDFONT)"},
    {NULL, NULL, NULL},
};

const grm_option grm_brief_option_list[] = {
    {"--genre", "NAME", "style, as `grammy styles` lists them"},
    {"--tempo", "BPM", "beats a minute, 20 to 400"},
    {"--key", "KEY", "\"F# minor\", \"D dorian\", \"Bb\""},
    {"--duration", "TIME", "\"2:30\", \"150\", \"90s\""},
    {"--metre", "N/M", "\"3/4\""},
    {"--instruments", "LIST", "comma-separated names"},
    {"--title", "TEXT", "title of the track"},
    {"--seed", "N", "another seed, another track; the same seed, the same bytes"},
    {NULL, NULL, NULL},
};

static const grm_option *find(const grm_option *list, const char *name) {
    for (; list && list->name; list++)
        if (strcmp(list->name, name) == 0) return list;
    return NULL;
}

static const grm_option *find_option(const grm_command *command, const char *name) {
    if (strcmp(name, "-h") == 0) name = "--help";
    const grm_option *option = find(command->options, name);
    if (!option) option = find(command->shared, name);
    return option ? option : find(common, name);
}

static grm_status unknown_option(const grm_command *command, const char *name, grm_error *err) {
    const char *names[64];
    size_t count = 0;
    const grm_option *lists[] = {command->options, command->shared, common};
    for (size_t l = 0; l < GRM_COUNT(lists); l++)
        for (const grm_option *o = lists[l]; o && o->name && count < GRM_COUNT(names); o++) names[count++] = o->name;
    const char *nearest = grm_nearest_word(name, names, count);
    if (nearest) return grm_fail(err, GRM_USAGE, "unknown option %s; did you mean %s?", name, nearest);
    return grm_fail(err, GRM_USAGE, "unknown option %s; see `grammy %s --help`", name, command->name);
}

static grm_status read_option(const grm_command *command, int argc, char **argv, int *at, grm_arguments *out,
                              grm_error *err) {
    const char *word = argv[*at], *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    char name[64];
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    if (length >= sizeof name) return grm_fail(err, GRM_USAGE, "unknown option %.60s...", word);
    memcpy(name, word, length);
    name[length] = 0;
    const grm_option *option = find_option(command, name);
    if (!option) return unknown_option(command, name, err);
    const char *value = "";
    if (option->value) {
        value = equals ? equals + 1 : *at + 1 < argc ? argv[++*at] : NULL;
        if (!value) return grm_fail(err, GRM_USAGE, "%s needs a value: %s", option->name, option->value);
    } else if (equals) {
        return grm_fail(err, GRM_USAGE, "%s takes no value", option->name);
    }
    if (out->option_count == GRM_MAX_ARGUMENTS) return grm_fail(err, GRM_USAGE, "too many options");
    out->options[out->option_count].name = option->name;
    out->options[out->option_count++].value = value;
    return GRM_OK;
}

grm_status grm_arguments_read(const grm_command *command, int argc, char **argv, grm_arguments *out, grm_error *err) {
    *out = (grm_arguments){0};
    bool only_words = false;
    for (int at = 0; at < argc; at++) {
        const char *word = argv[at];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && word[0] == '-' && word[1]) {
            grm_status status = read_option(command, argc, argv, &at, out, err);
            if (status != GRM_OK) return status;
        } else {
            if (out->count == GRM_MAX_ARGUMENTS) return grm_fail(err, GRM_USAGE, "too many arguments");
            out->positional[out->count++] = word;
        }
    }
    if (grm_argument_given(out, "--help")) return GRM_OK;
    if (out->count < command->least)
        return grm_fail(err, GRM_USAGE, "something is missing: grammy %s %s", command->name, command->usage);
    if (out->count > command->most)
        return grm_fail(
            err, GRM_USAGE, "\"%.60s\" is one argument too many%s: grammy %s %s", out->positional[command->most],
            strstr(command->usage, "PROMPT") ? "; a prompt goes into quotes" : "", command->name, command->usage);
    const char *progress = grm_argument(out, "--progress");
    if (progress && strcmp(progress, "json") != 0)
        return grm_fail(err, GRM_USAGE, "--progress %s: only json is known", progress);
    return GRM_OK;
}

const char *grm_argument(const grm_arguments *arguments, const char *name) {
    for (size_t i = arguments->option_count; i-- > 0;)  // the last one given counts
        if (strcmp(arguments->options[i].name, name) == 0) return arguments->options[i].value;
    return NULL;
}

bool grm_argument_given(const grm_arguments *arguments, const char *name) {
    return grm_argument(arguments, name) != NULL;
}

grm_status grm_argument_number(const grm_arguments *arguments, const char *name, double low, double high, double *out,
                               grm_error *err) {
    const char *text = grm_argument(arguments, name);
    if (!text) return GRM_OK;
    double value;
    if (!grm_number_read(text, &value) || value < low || value > high)
        return grm_fail(err, GRM_USAGE, "%s %s: give a number from %.16g to %.16g", name, text, low, high);
    *out = value;
    return GRM_OK;
}

grm_status grm_arguments_brief(const grm_arguments *arguments, const grm_profile *profile, grm_brief_options *out,
                               grm_error *err) {
    *out = (grm_brief_options){.genre = grm_argument(arguments, "--genre"),
                               .key = grm_argument(arguments, "--key"),
                               .metre = grm_argument(arguments, "--metre"),
                               .title = grm_argument(arguments, "--title"),
                               .instruments = grm_argument(arguments, "--instruments"),
                               .max_duration_s = profile->max_audio_duration_s};
    grm_status status = grm_argument_number(arguments, "--tempo", 20, 400, &out->tempo_bpm, err);
    if (status != GRM_OK) return status;
    const char *duration = grm_argument(arguments, "--duration"), *seed = grm_argument(arguments, "--seed");
    if (duration && (!grm_duration_parse(duration, &out->duration_s) || !isfinite(out->duration_s) ||
                     out->duration_s < 5 || out->duration_s > profile->max_audio_duration_s))
        return grm_fail(
            err, GRM_USAGE,
            "--duration %s: give a time such as 2:30 or 90s, from 5 s to %g s (MAX_AUDIO_DURATION, --max-duration)",
            duration, profile->max_audio_duration_s);
    if (seed) {
        char *end;
        unsigned long long value = strtoull(seed, &end, 10);
        if (seed[0] < '0' || seed[0] > '9' || *end || value > (1ull << 53))
            return grm_fail(err, GRM_USAGE, "--seed %s: give a whole number from 0 to 9007199254740992", seed);
        out->has_seed = true;
        out->seed = value;
    }
    return GRM_OK;
}

static void print_options(const grm_option *list, FILE *out) {
    for (; list && list->name; list++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", list->name, list->value ? " " : "", list->value ? list->value : "");
        fprintf(out, "  %-30s %s\n", left, list->help);
    }
}

void grm_command_help(const grm_command *command, FILE *out) {
    fprintf(out, "grammy %s %s\n\n%s\n", command->name, command->usage, command->summary);
    if (command->details) fprintf(out, "\n%s\n", command->details);
    if (command->options || command->shared) {
        fprintf(out, "\nOptions:\n");
        print_options(command->options, out);
        print_options(command->shared, out);
    }
    fprintf(out, "\nOptions of every command:\n");
    print_options(common, out);
}
