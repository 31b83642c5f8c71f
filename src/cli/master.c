// grammy master: a mix in, a master out.
#include "master/master.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const grm_option options[] = {
    {"-o", "OUT", "what to write; its ending tells the format: .wav .flac .ogg .opus .mp3; may be IN"},
    {"--target", "NAME", "spotify (default) apple youtube soundcloud cd radio film vinyl"},
    {"--lufs", "X", "integrated loudness instead, -30 to -6 LUFS"},
    {"--ceiling", "Y", "true peak never to be passed, -20 to 0 dBTP"},
    {"--reference", "FILE", "come near to this recording: spectrum of middle and sides, width, density, loudness"},
    {"--tone", "NAME", "balanced bright warm bass-boost vintage (default: by ear)"},
    {"--compression", "NAME", "light (2:1) medium (4:1) heavy (8:1) limiting (20:1) (default: by ear)"},
    {"--width", "W", "of the sides, 0 (mono) to 2 (default: by ear)"},
    {"--genre", "NAME", "judge as this style or family of styles, when going by ear"},
    {"--force-loudness", NULL, "reach the loudness however much the limiter takes"},
    {"--bits", "16|24|32f", "of WAV and FLAC (default: 24)"},
    {"--rate", "HZ", "of the file (default: the input's)"},
    {"--tag", "NAME=TEXT", "title, artist, album, genre, date, track, comment, copyright, license; may be repeated"},
    {NULL, NULL, NULL},
};

static grm_status read_bits(const grm_arguments *arguments, unsigned *bits, grm_error *err) {
    static const struct {
        const char *text;
        unsigned bits;
    } known[] = {{"16", 16}, {"24", 24}, {"32f", 32}, {"32", 32}};
    const char *text = grm_argument(arguments, "--bits");
    for (size_t i = 0; text && i < GRM_COUNT(known); i++)
        if (strcmp(text, known[i].text) == 0) *bits = known[i].bits;
    return text && !*bits ? grm_fail(err, GRM_USAGE, "--bits %s: give 16, 24 or 32f", text) : GRM_OK;
}

static grm_status read_options(const grm_arguments *a, grm_master_options *out, const char **tags, grm_error *err) {
    double rate = 0;
    *out = (grm_master_options){.target = grm_argument(a, "--target"),
                                .has_lufs = grm_argument_given(a, "--lufs"),
                                .has_ceiling = grm_argument_given(a, "--ceiling"),
                                .reference = grm_argument(a, "--reference"),
                                .tone = grm_argument(a, "--tone"),
                                .compression = grm_argument(a, "--compression"),
                                .has_width = grm_argument_given(a, "--width"),
                                .force_loudness = grm_argument_given(a, "--force-loudness"),
                                .genre = grm_argument(a, "--genre")};
    if (!grm_argument_given(a, "-o")) return grm_fail(err, GRM_USAGE, "something is missing: grammy master IN -o OUT");
    grm_status status = read_bits(a, &out->bits, err);
    if (status == GRM_OK) status = grm_argument_number(a, "--lufs", -30, -6, &out->lufs, err);
    if (status == GRM_OK) status = grm_argument_number(a, "--ceiling", -20, 0, &out->ceiling_dbtp, err);
    if (status == GRM_OK) status = grm_argument_number(a, "--width", 0, 2, &out->width, err);
    if (status == GRM_OK)
        status = grm_argument_number(a, "--rate", GRM_MASTER_LEAST_RATE, GRM_MASTER_MOST_RATE, &rate, err);
    if (status == GRM_OK && rate != floor(rate))
        status = grm_fail(err, GRM_USAGE, "--rate %s: give a whole number of Hz", grm_argument(a, "--rate"));
    out->rate_hz = (unsigned)rate;
    size_t count = 0;
    for (size_t i = 0; i < a->option_count; i++)
        if (strcmp(a->options[i].name, "--tag") == 0) tags[count++] = a->options[i].value;
    tags[count] = NULL;
    out->tags = count ? tags : NULL;
    return status;
}

// master.json stands beside what was written.
static grm_status write_report(const char *out, const json_t *report, grm_error *err) {
    const char *slash = strrchr(out, '/');
    size_t length = slash ? (size_t)(slash - out) + 1 : 0;
    char *path = malloc(length + 16), *text = json_dumps(report, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    grm_status status = path && text ? GRM_OK : grm_fail_memory(err);
    if (status == GRM_OK) {
        snprintf(path, length + 16, "%.*smaster.json", (int)length, out);
        status = grm_file_write(path, text, strlen(text), err);
    }
    free(text);
    free(path);
    return status;
}

static double number(const json_t *report, const char *part, const char *name) {
    const json_t *value = json_object_get(json_object_get(report, part), name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void print_line(const json_t *report, const char *what, const char *name, const char *unit) {
    double before = number(report, "before", name), after = number(report, "after", name);
    if (isfinite(before) && isfinite(after)) printf("  %-18s %8.2f -> %7.2f %s\n", what, before, after, unit);
}

// "deepest_db": -8.38 as "deepest -8.38 dB".
static void print_figure(const char *key, double value) {
    static const char *const units[] = {"db", "hz", "ms"}, *const written[] = {"dB", "Hz", "ms"};
    const char *last = strrchr(key, '_'), *unit = last ? last + 1 : key;
    for (size_t i = 0; i < GRM_COUNT(units); i++) {
        if (strcmp(unit, units[i]) != 0) continue;
        int length = last ? (int)(last - key) : 0;
        printf("%.*s%s", length, key, length ? " " : "");
        printf(i == 0 ? "%+g %s" : "%g %s", value, written[i]);
        return;
    }
    printf("%s %g", key, value);
}

static void print_step(const json_t *step) {
    const char *name = json_string_value(json_object_get(step, "name")), *key, *comma = "";
    if (!name || strcmp(name, "dc") == 0) return;
    printf("  %-18s ", name);
    json_t *value, *move;
    size_t i;
    json_object_foreach((json_t *)step, key, value) {
        if (strcmp(key, "name") == 0) continue;
        if (json_is_number(value) && json_number_value(value) != 0) {
            printf("%s", comma);
            print_figure(key, json_number_value(value));
            comma = ", ";
        } else if (json_is_string(value)) {
            printf("%s%s", comma, json_string_value(value));
            comma = ", ";
        }
        json_array_foreach(value, i, move) {
            if (!json_object_get(move, "db")) continue;
            printf("%s%s %+g dB", comma, json_string_value(json_object_get(move, "name")),
                   json_number_value(json_object_get(move, "db")));
            comma = ", ";
        }
    }
    putchar('\n');
}

static void print_report(const char *out, const json_t *report) {
    const json_t *target = json_object_get(report, "target");
    size_t i;
    json_t *item;
    printf("%s: %s, %.1f LUFS, %.1f dBTP\n", out, json_string_value(json_object_get(target, "name")),
           json_number_value(json_object_get(target, "lufs")),
           json_number_value(json_object_get(target, "ceiling_dbtp")));
    print_line(report, "loudness", "integrated_lufs", "LUFS");
    print_line(report, "true peak", "true_peak_dbtp", "dBTP");
    print_line(report, "range", "loudness_range_lu", "LU");
    print_line(report, "crest", "crest_factor_db", "dB");
    print_line(report, "production quality", "production_quality", "of 100");
    json_array_foreach(json_object_get(report, "steps"), i, item) print_step(item);
    json_array_foreach(json_object_get(report, "notes"), i, item) printf("  note: %s\n", json_string_value(item));
}

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    static const grm_stage_share stages[] = {{"master", 1}};
    const char *in = arguments->positional[0], *out = grm_argument(arguments, "-o"), *tags[GRM_MAX_ARGUMENTS + 1];
    grm_session *session = NULL;
    grm_pool *pool = NULL;
    json_t *report = NULL;
    grm_master_options wanted;
    grm_status status = grm_session_open(arguments, &session, err);
    if (status == GRM_OK) status = read_options(arguments, &wanted, tags, err);
    if (status == GRM_OK) status = grm_pool_new(grm_session_profile(session)->threads, &pool, err);
    if (status == GRM_OK) {
        grm_run work = {grm_session_profile(session), pool, grm_session_progress(session)};
        grm_progress_plan(work.progress, stages, 1);
        status = grm_master_file_run(&work, in, out, &wanted, 0, NULL, &report, err);
    }
    grm_pool_free(pool);
    grm_session_close(session);
    if (status == GRM_OK) status = write_report(out, report, err);
    if (status == GRM_OK && grm_argument_given(arguments, "--json")) return grm_print_json(report, err);
    if (status == GRM_OK) {
        print_report(out, report);
        status = grm_print_flush(err);
    }
    json_decref(report);
    return status;
}

const grm_command grm_command_master = {
    .name = "master",
    .usage = "IN -o OUT [--target NAME] [--reference FILE]",
    .summary = "bring a mix to release loudness, by ear, by presets, or like a reference",
    .details =
        "IN is mono or stereo, of any length and format; its tags are kept. What was found and done stands in\n"
        "master.json beside OUT. The ceiling is the true peak of the samples that are written; for .ogg, .opus and\n"
        ".mp3 the report also says what a decoder makes of them.",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run,
};
