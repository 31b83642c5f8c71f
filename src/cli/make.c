// grammy make: a sentence to a release folder.
#include <string.h>

#include "cli/cli.h"

static const grm_option options[] = {
    {"-o", "DIR", "folder to make (default: named after the title)"},
    {"--force", NULL, "replace the folder if it is there"},
    {"--dry-stems", NULL, "also write the stems without effects"},
    {"--timestamps", NULL, "write the date into the metadata"},
    {"--engine", "composer|musicgen", "what makes the sound (default: composer)"},
    {"--model", "NAME|DIR", "of MusicGen (default: MODEL_SIZE, as `grammy models pull` fetches it)"},
    {"--styles", "DIR", "folder of your own styles"},
    {NULL, NULL, NULL},
};

static json_t *result_json(const grm_song_result *r) {
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:s, s:i, s:s}", "folder", r->folder,
                     "title", r->title, "style", r->style, "key", r->key, "seed", (json_int_t)r->seed, "duration_s",
                     r->duration_s, "tempo_bpm", r->tempo_bpm, "integrated_lufs", r->integrated_lufs, "true_peak_dbtp",
                     r->true_peak_dbtp, "loudness_range_lu", r->loudness_range_lu, "overall", r->overall, "rating",
                     r->rating, "stems", (int)r->stems, "note", r->note);
}

static void print_result(const grm_song_result *r) {
    int seconds = (int)(r->duration_s + 0.5);
    printf("%s\n", r->title);
    printf("  style     %s, %s%s%.4g BPM, %d:%02d\n", r->style, r->key, r->key[0] ? ", " : "", r->tempo_bpm,
           seconds / 60, seconds % 60);
    printf("  master    %.1f LUFS, true peak %.1f dBTP, range %.1f LU\n", r->integrated_lufs, r->true_peak_dbtp,
           r->loudness_range_lu);
    printf("  score     %.0f of 100, %s\n", r->overall, r->rating);
    printf("  stems     %u\n  seed      %llu\n", r->stems, (unsigned long long)r->seed);
    printf("  folder    %s\n", r->folder);
    if (r->note[0]) printf("  note      %s\n", r->note);
}

static grm_status read_engine(const grm_arguments *arguments, grm_song_options *song, grm_error *err) {
    static const char *const names[] = {[GRM_ENGINE_COMPOSER] = "composer", [GRM_ENGINE_MUSICGEN] = "musicgen"};
    const char *wanted = grm_argument(arguments, "--engine");
    song->model = grm_argument(arguments, "--model");
    for (size_t i = 0; wanted && i < GRM_COUNT(names); i++)
        if (strcmp(wanted, names[i]) == 0) {
            song->engine = (grm_engine)i;
            wanted = NULL;
        }
    if (wanted) return grm_fail(err, GRM_USAGE, "--engine %s: composer and musicgen are known", wanted);
    if (song->model && song->engine != GRM_ENGINE_MUSICGEN)
        return grm_fail(err, GRM_USAGE, "--model goes with --engine musicgen; the composer needs no model");
    return GRM_OK;
}

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    grm_session *session = NULL;
    grm_brief_options brief;
    grm_song_result result;
    grm_status status = grm_session_open(arguments, &session, err);
    if (status != GRM_OK) goto done;
    const grm_profile *profile = grm_session_profile(session);
    status = grm_arguments_brief(arguments, profile, &brief, err);
    if (status != GRM_OK) goto done;
    grm_song_options song = {.folder = grm_argument(arguments, "-o"),
                             .force = grm_argument_given(arguments, "--force"),
                             .dry_stems = grm_argument_given(arguments, "--dry-stems"),
                             .has_seed = brief.has_seed,
                             .seed = brief.seed,
                             .genre = brief.genre,
                             .key = brief.key,
                             .metre = brief.metre,
                             .instruments = brief.instruments,
                             .title = brief.title,
                             .tempo_bpm = brief.tempo_bpm,
                             .duration_s = brief.duration_s,
                             .styles_folder = grm_argument(arguments, "--styles"),
                             .timestamps = grm_argument_given(arguments, "--timestamps")};
    status = read_engine(arguments, &song, err);
    if (status != GRM_OK) goto done;
    status = grm_song_make(profile, arguments->positional[0], &song, grm_session_progress(session), &result, err);
done:
    grm_session_close(session);
    if (status != GRM_OK) return status;
    if (grm_argument_given(arguments, "--json")) return grm_print_json(result_json(&result), err);
    print_result(&result);
    return grm_print_flush(err);
}

const grm_command grm_command_make = {
    .name = "make",
    .usage = "\"PROMPT\" [-o DIR]",
    .summary = "make a finished track from a sentence",
    .details =
        "The folder holds master.wav, master.mp3, stems/, song.mid, cover.png, report.html and the metadata.\n"
        "What the words leave open is chosen by the style and the seed; options override the words.\n"
        "--engine musicgen generates the sound in place of composing it: one stem, no song.mid, and by the licence of\n"
        "Meta's weights (CC-BY-NC 4.0) not to be sold.",
    .least = 1,
    .most = 1,
    .options = options,
    .shared = grm_brief_option_list,
    .run = run,
};
