// grammy meter: what is in a recording.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/card.h"
#include "cli/cli.h"
#include "meter/meter.h"
#include "release/release.h"

static const grm_option options[] = {
    {"--genre", "NAME", "judge as this style or family of styles"},
    {"--curves", "FILE", "judge by your own curves (see docs/score.md)"},
    {"--explain", "WHAT", "no recording, but the guide: features, or score (of --curves)"},
    {"--features", NULL, "the features alone"},
    {"--series", "DIR", "write the frame series as .npy files (docs/series.md)"},
    {"--html", "FILE", "write a page of it: score, figures, spectrogram, chroma, self-similarity"},
    {NULL, NULL, NULL},
};

static void print_value(const char *name, double value, const char *unit) {
    if (isfinite(value))
        printf("  %-26s %12.6g %s\n", name, value, unit);
    else
        printf("  %-26s %12s\n", name, "-");
}

static void print_list(const char *name, const double *values, size_t count) {
    printf("  %-26s", name);
    for (size_t i = 0; i < count; i++) printf(" %.5g", values[i]);
    putchar('\n');
}

static void print_features(const char *path, const grm_analysis *a) {
    const grm_features *f = &a->features;
    size_t count;
    const grm_feature_info *table = grm_feature_table(&count);
    printf("%s (%s, %u Hz, hop %u)\n", path, a->lightweight ? "lightweight" : "standard", a->analysis_rate_hz, a->hop);
    for (size_t i = 0; i < count; i++)
        print_value(table[i].name, *(const double *)((const char *)f + table[i].offset), table[i].unit);
    printf("  %-26s %12s\n", "key", f->key[0] ? f->key : "-");
    print_list("tonal_balance_db", f->tonal_balance_db, GRM_OCTAVES);
    print_list("tonal_balance_target_db", f->tonal_balance_target_db, GRM_OCTAVES);
    print_list("spectral_contrast_db", f->spectral_contrast_db, GRM_CONTRAST_BANDS);
    print_list("mfcc_mean", f->mfcc_mean, GRM_MFCCS);
    print_list("mfcc_deviation", f->mfcc_deviation, GRM_MFCCS);
    print_list("chroma", f->chroma, GRM_COUNT(f->chroma));
    print_list("tonnetz", f->tonnetz, GRM_COUNT(f->tonnetz));
    print_list("width_by_band", f->width_by_band, GRM_WIDTH_BANDS);
    double others[GRM_TEMPO_ALTERNATIVES];
    for (count = 0; count < GRM_TEMPO_ALTERNATIVES && f->tempo_alternatives[count].bpm > 0; count++)
        others[count] = f->tempo_alternatives[count].bpm;
    print_list("tempo_alternatives", others, count);
}

static grm_status write_npy(const char *folder, const char *name, const char *type, size_t rows, size_t columns,
                            const void *values, grm_error *err) {
    char file[96];
    snprintf(file, sizeof file, "%s.npy", name);
    char *path = grm_path_join(folder, file);
    const size_t shape[] = {rows, columns};
    grm_status status = !path      ? grm_fail_memory(err)
                        : rows > 0 ? grm_npy_write(path, type, 2, shape, values, err)
                                   : grm_npy_write(path, type, 1, shape + 1, values, err);
    free(path);
    return status;
}

static grm_status write_beats(const grm_analysis *a, const char *folder, grm_error *err) {
    int64_t *frames = calloc(a->beat_count + 1, sizeof *frames);
    if (!frames) return grm_fail_memory(err);
    for (size_t i = 0; i < a->beat_count; i++)
        frames[i] = (int64_t)(a->beats_s[i] * a->analysis_rate_hz / a->hop + 0.5);
    grm_status status = write_npy(folder, "beats", "<i8", 0, a->beat_count, frames, err);
    free(frames);
    return status;
}

static grm_status write_series(const grm_analysis *a, const char *folder, grm_error *err) {
    grm_status status = grm_folder_new(folder, err);
    for (size_t i = 0; status == GRM_OK && i < a->series_count; i++) {
        const grm_series *s = &a->series[i];
        status = write_npy(folder, s->name, "<f4", s->flat ? 0 : s->rows, s->frames, s->values, err);
    }
    return status == GRM_OK ? write_beats(a, folder, err) : status;
}

static json_t *analysis_json(const grm_arguments *arguments, const char *path, const grm_analysis *a,
                             const grm_report *report) {
    json_t *json = grm_argument_given(arguments, "--features")
                       ? json_pack("{so}", "features", grm_features_json(&a->features))
                       : grm_analysis_json(a, report);
    if (json && json_object_set_new(json, "file", json_string(path)) != 0) {
        json_decref(json);
        json = NULL;
    }
    return json;
}

// Several files' series go into a folder each, named after the file.
static char *series_folder(const grm_arguments *arguments, const char *path) {
    const char *folder = grm_argument(arguments, "--series"), *slash = strrchr(path, '/');
    if (arguments->count == 1) return strdup(folder);
    return grm_path_join(folder, slash ? slash + 1 : path);
}

static grm_status write_page(const grm_arguments *arguments, const char *path, const grm_analysis *a,
                             const grm_report *report, grm_error *err) {
    const char *slash = strrchr(path, '/');
    json_t *json = grm_analysis_json(a, report);
    if (!json) return grm_fail_memory(err);
    const char *title = strcmp(path, "-") == 0 ? "Standard input" : slash ? slash + 1 : path;
    grm_heard_page page = {title, json, a};
    grm_status status = grm_heard_page_write(NULL, grm_argument(arguments, "--html"), &page, err);
    json_decref(json);
    return status;
}

static grm_status meter(const grm_arguments *arguments, grm_session *session, const char *path, json_t **json,
                        grm_error *err) {
    bool series = grm_argument_given(arguments, "--series"), page = grm_argument_given(arguments, "--html");
    bool features = grm_argument_given(arguments, "--features");
    grm_analysis_options wanted = {.series = series || page};
    grm_analysis *analysis = NULL;
    grm_report *report = NULL;
    grm_status status =
        grm_analyse_file(grm_session_profile(session), path, &wanted, grm_session_progress(session), &analysis, err);
    if (status != GRM_OK) return status;
    if (series) {
        char *folder = series_folder(arguments, path);
        status = folder ? write_series(analysis, folder, err) : grm_fail_memory(err);
        free(folder);
    }
    if (status == GRM_OK && (!features || page))
        status = grm_report_make(analysis, grm_argument(arguments, "--genre"), grm_argument(arguments, "--curves"),
                                 &report, err);
    if (status == GRM_OK && page) status = write_page(arguments, path, analysis, report, err);
    if (status == GRM_OK && json) {
        *json = analysis_json(arguments, path, analysis, report);
    } else if (status == GRM_OK && features) {
        print_features(path, analysis);
    } else if (status == GRM_OK) {
        grm_card_look look = grm_card_look_find();
        grm_card_print(&look, path, analysis, report);
    }
    grm_report_free(report);
    grm_analysis_free(analysis);
    return status;
}

static grm_status explain(const grm_arguments *arguments, grm_error *err) {
    const char *what = grm_argument(arguments, "--explain");
    grm_status status = GRM_OK;
    if (strcmp(what, "features") == 0)
        grm_meter_explain_features(stdout);
    else if (strcmp(what, "score") == 0)
        status = grm_meter_explain_score(stdout, grm_argument(arguments, "--curves"), err);
    else
        status = grm_fail(err, GRM_USAGE, "--explain has features and score, not \"%.40s\"", what);
    return status == GRM_OK ? grm_print_flush(err) : status;
}

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    if (grm_argument_given(arguments, "--explain")) return explain(arguments, err);
    if (arguments->count == 0) return grm_fail(err, GRM_USAGE, "something is missing: grammy meter FILE...");
    bool as_json = grm_argument_given(arguments, "--json");
    json_t *list = as_json ? json_array() : NULL;
    grm_session *session = NULL;
    if (grm_argument_given(arguments, "--html") && arguments->count > 1) {
        json_decref(list);
        return grm_fail(err, GRM_USAGE, "--html writes the page of one recording; %zu were given", arguments->count);
    }
    grm_status status = grm_session_open(arguments, &session, err);
    size_t unheard = 0;
    for (size_t i = 0; status == GRM_OK && i < arguments->count; i++) {
        json_t *one = NULL;
        grm_error why = {0};
        status = meter(arguments, session, arguments->positional[i], as_json ? &one : NULL, &why);
        if (status == GRM_OK && as_json && json_array_append_new(list, one) != 0) status = grm_fail_memory(&why);
        if (status == GRM_BAD_INPUT && arguments->count > 1) {  // the others are heard all the same
            fprintf(stderr, "grammy: %s\n", why.message);
            unheard++;
            status = GRM_OK;
        } else if (status != GRM_OK && err) {
            *err = why;
        }
    }
    grm_session_close(session);
    if (status == GRM_OK && as_json)  // one file: its object; several: a list
        status = grm_print_json(arguments->count == 1 ? json_incref(json_array_get(list, 0)) : json_incref(list), err);
    else if (status == GRM_OK)
        status = grm_print_flush(err);
    json_decref(list);
    if (status == GRM_OK && unheard > 0)
        return grm_fail(err, GRM_BAD_INPUT, "%zu of %zu recordings could not be heard", unheard, arguments->count);
    return status;
}

const grm_command grm_command_meter = {
    .name = "meter",
    .usage = "FILE... [--json]",
    .summary = "hear what is in a recording, and score it",
    .details =
        "Reads WAV, AIFF, FLAC, Ogg, Opus, MP3 and whatever else libsndfile knows, AAC and m4a where the program was\n"
        "built with FFmpeg; - is standard input. Series are shaped and named as librosa's functions are; those of "
        "several\n"
        "recordings go into a folder each.",
    .least = 0,
    .most = GRM_MAX_ARGUMENTS,
    .options = options,
    .run = run,
};
