// grammy generate: a sentence to sound, through MusicGen alone.
#include <grammy/generate.h>

#include <grammy/extend.h>
#include <grammy/models.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/audio.h"
#include "cli/cli.h"
#include "cli/sound_out.h"
#include "dsp/dsp.h"

static const grm_option options[] = {
    {"-o", "FILE", "WAV file to write, - for standard output (default: named after the prompt)"},
    {"--model", "NAME|PATH", "a model that `grammy models list` shows, a MusicGen folder, or a packed file"},
    {"--duration", "TIME", "of what is new, \"20\" or \"1:30\" (default: 10 s)"},
    {"--seed", "N", "same seed, same codes (default: 0)"},
    {"--temperature", "X", "how adventurous, above 0 (default: 1)"},
    {"--top-k", "N", "codes to choose from, 0: all (default: 250)"},
    {"--top-p", "X", "share of the probability to choose from (default: 1)"},
    {"--guidance", "X", "how much the words weigh (default: the model's, usually 3)"},
    {"--continue", "FILE", "a recording that the result begins with"},
    {"--melody", "FILE", "a recording whose melody is followed (melody models)"},
    {"--variations", "N", "1 to 8 pieces made side by side, of this seed and the next ones: x-1.wav, x-2.wav ..."},
    {"--best", NULL, "of the variations keep the one that the meter scores highest"},
    {"--greedy", NULL, "always the likeliest code"},
    {"--steps", "N", "decoder steps, in place of a duration"},
    {"--trace", "DIR", "write ids, hidden states, logits, codes and audio as .npy"},
    {NULL, NULL, NULL},
};

static grm_status read_options(const grm_arguments *arguments, grm_generate_options *o, grm_error *err) {
    double temperature = 1, top_k = 250, top_p = 1, guidance = NAN, steps = 0, seed = 0, variations = 1;
    grm_generate_defaults(o);
    const char *duration = grm_argument(arguments, "--duration");
    if (duration && (!grm_duration_parse(duration, &o->duration_s) || !(o->duration_s > 0)))
        return grm_fail(err, GRM_USAGE, "--duration %s: give a time such as 20, 1:30 or 90s", duration);
    grm_status status = grm_argument_number(arguments, "--temperature", 0.001, 100, &temperature, err);
    if (!status) status = grm_argument_number(arguments, "--top-k", 0, 65536, &top_k, err);
    if (!status) status = grm_argument_number(arguments, "--top-p", 0.001, 1, &top_p, err);
    if (!status) status = grm_argument_number(arguments, "--guidance", 0, 100, &guidance, err);
    if (!status) status = grm_argument_number(arguments, "--steps", 1, 20000, &steps, err);
    if (!status) status = grm_argument_number(arguments, "--seed", 0, 9007199254740992.0, &seed, err);
    if (!status) status = grm_argument_number(arguments, "--variations", 1, GRM_MAX_VARIATIONS, &variations, err);
    if (!status &&
        (seed != floor(seed) || top_k != floor(top_k) || steps != floor(steps) || variations != floor(variations)))
        status = grm_fail(err, GRM_USAGE, "--seed, --top-k, --steps and --variations take whole numbers");
    o->temperature = (float)temperature;
    o->top_k = (unsigned)top_k;
    o->top_p = (float)top_p;
    o->guidance = (float)guidance;
    o->steps = (unsigned)steps;
    o->seed = (uint64_t)seed;
    o->variations = (unsigned)variations;
    o->greedy = grm_argument_given(arguments, "--greedy");
    o->continue_path = grm_argument(arguments, "--continue");
    o->melody_path = grm_argument(arguments, "--melody");
    o->trace_folder = grm_argument(arguments, "--trace");
    return status;
}

// Codes may mean more than full scale; a file can't hold it, so all of it is turned down then.
static void fit(grm_audio *audio) {
    const float most = 0.98f;
    float peak = 0;
    for (unsigned c = 0; c < audio->channels; c++) peak = fmaxf(peak, grm_peak(audio->plane[c], audio->frames));
    for (unsigned c = 0; c < audio->channels && peak > most; c++)
        grm_scale(audio->plane[c], audio->frames, most / peak);
}

static grm_status write_sound(const grm_audio *audio, const char *path, grm_error *err) {
    char *temporary = NULL;
    grm_writer *writer = NULL;
    grm_status status = grm_file_begin(path, &temporary, err);
    if (status) return status;
    status = grm_writer_open(temporary, GRM_WAV24, audio->channels, audio->rate_hz, &writer, err);
    if (!status) {
        status = grm_writer_write(writer, (const float *const *)audio->plane, audio->frames, err);
        grm_status closed = grm_writer_close(writer, status ? NULL : err);
        if (!status) status = closed;
    }
    if (status) {
        grm_file_discard(temporary);
        return status;
    }
    return grm_file_commit(temporary, path, err);
}

// One piece's name: "x.wav" and 2 -> "x-2.wav".
static char *number_path(const char *path, unsigned number) {
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    size_t stem = dot ? (size_t)(dot - path) : strlen(path), size = strlen(path) + 16;
    char *numbered = malloc(size);
    if (numbered) snprintf(numbered, size, "%.*s-%u%s", (int)stem, path, number, path + stem);
    return numbered;
}

static char *name_file(const char *prompt) {
    char *slug = grm_path_slug(prompt);
    size_t size = slug ? strlen(slug) + 16 : 0;
    char *path = slug ? malloc(size) : NULL;
    if (path) snprintf(path, size, "%.80s.wav", *slug ? slug : "generated");
    free(slug);
    return path;
}

// What is made, and what the meter says of it.
typedef struct pieces {
    unsigned count;
    grm_audio *audio[GRM_MAX_VARIATIONS];
    grm_report *report[GRM_MAX_VARIATIONS];  // with --best
    unsigned best;
} pieces;

static void pieces_clear(pieces *p) {
    for (unsigned i = 0; i < GRM_MAX_VARIATIONS; i++) {
        grm_audio_free(p->audio[i]);
        grm_report_free(p->report[i]);
    }
}

// The profile's share of the tokens is generated, the rest of the length filled at the beats, which needs the whole.
// What is to be compared with the reference is generated whole.
static grm_status generate(const grm_model *model, grm_session *session, const char *prompt,
                           const grm_generate_options *wishes, bool piped, pieces *out, grm_error *err) {
    const grm_profile *profile = grm_session_profile(session);
    grm_progress *progress = grm_session_progress(session);
    grm_generate_options part = *wishes;
    bool whole = wishes->steps || wishes->trace_folder || profile->neural_token_share >= 1;
    if (!whole) part.duration_s *= profile->neural_token_share;
    if (piped && whole) part.sink = grm_sound_out;
    grm_status status = grm_generate_variations(model, profile, prompt, &part, progress, out->audio, err);
    for (unsigned i = 0; i < part.variations && !whole && !status; i++) {
        grm_audio *audio = out->audio[i];
        size_t missing = (size_t)llround((wishes->duration_s - part.duration_s) * audio->rate_hz);
        out->audio[i] = NULL;
        status = grm_audio_extend(profile, audio, audio->frames + missing, progress, &out->audio[i], err);
        grm_audio_free(audio);
    }
    for (unsigned i = 0; i < part.variations && !piped && !status; i++) fit(out->audio[i]);
    if (!status && piped && !whole) status = grm_sound_out(NULL, 0, out->audio[0], 0, out->audio[0]->frames, err);
    return status;
}

static grm_status judge(grm_session *session, pieces *p, grm_error *err) {
    grm_status status = GRM_OK;
    for (unsigned i = 0; i < p->count && !status; i++) {
        grm_analysis *analysis = NULL;
        status = grm_analyse_audio(grm_session_profile(session), p->audio[i], NULL, NULL, &analysis, err);
        if (!status) status = grm_report_make(analysis, NULL, NULL, &p->report[i], err);
        grm_analysis_free(analysis);
        if (!status && p->report[i]->overall > p->report[p->best]->overall) p->best = i;
    }
    return status;
}

// The category that puts the best ahead of piece `other` by most points of the whole.
static const grm_category *lead(const pieces *p, unsigned other, double *against) {
    const grm_category *best = p->report[p->best]->categories, *rest = p->report[other]->categories, *most = best;
    double largest = -INFINITY;
    for (size_t c = 0; c < GRM_CATEGORIES; c++) {
        double ahead = best[c].weight * (best[c].score - rest[c].score);
        if (!(ahead > largest)) continue;
        largest = ahead;
        most = &best[c];
        *against = rest[c].score;
    }
    return most;
}

static void print_choice(const pieces *p, uint64_t seed) {
    printf("Of %u, number %u (seed %llu) scores highest, %.1f of 100:\n", p->count, p->best + 1,
           (unsigned long long)(seed + p->best), p->report[p->best]->overall);
    for (unsigned i = 0; i < p->count; i++) {
        if (i == p->best) continue;
        double against = 0;
        const grm_category *category = lead(p, i, &against);
        char name[32];
        snprintf(name, sizeof name, "%s", category->name);
        for (char *at = name; (at = strchr(at, '_'));) *at = ' ';
        printf("  number %u: %.1f; ahead of it most in %s, %.0f against %.0f\n", i + 1, p->report[i]->overall, name,
               category->score, against);
    }
}

static json_t *piece_json(const pieces *p, unsigned index, const char *path, uint64_t seed) {
    const grm_audio *audio = p->audio[index];
    return json_pack("{s:s, s:f, s:i, s:i, s:I}", "file", path, "duration_s", (double)audio->frames / audio->rate_hz,
                     "sample_rate_hz", (int)audio->rate_hz, "channels", (int)audio->channels, "seed",
                     (json_int_t)(seed + index));
}

static json_t *scores_json(const pieces *p, uint64_t seed) {
    json_t *list = json_array();
    for (unsigned i = 0; i < p->count; i++) {
        json_t *categories = json_object();
        for (size_t c = 0; c < GRM_CATEGORIES; c++)
            json_object_set_new(categories, p->report[i]->categories[c].name,
                                json_real(p->report[i]->categories[c].score));
        json_array_append_new(list, json_pack("{s:I, s:f, s:o}", "seed", (json_int_t)(seed + i), "overall",
                                              p->report[i]->overall, "categories", categories));
    }
    return list;
}

// Writes a piece and says so.
static grm_status keep(pieces *p, unsigned index, const char *path, uint64_t seed, json_t *list, grm_error *err) {
    const grm_audio *audio = p->audio[index];
    grm_status status = write_sound(audio, path, err);
    if (status) return status;
    if (list) return json_array_append_new(list, piece_json(p, index, path, seed)) ? grm_fail_memory(err) : GRM_OK;
    printf("%s: %.2f s, %u Hz, %s\n", path, (double)audio->frames / audio->rate_hz, audio->rate_hz,
           audio->channels == 2 ? "stereo" : "mono");
    return GRM_OK;
}

static grm_status keep_all(pieces *p, const char *path, uint64_t seed, json_t *list, grm_error *err) {
    grm_status status = GRM_OK;
    for (unsigned i = 0; i < p->count && !status; i++) {
        char *numbered = number_path(path, i + 1);
        status = numbered ? keep(p, i, numbered, seed, list, err) : grm_fail_memory(err);
        free(numbered);
    }
    return status;
}

// The files, and what is said of them: of one piece an object, of several a list.
static grm_status deliver(const grm_arguments *arguments, pieces *p, const char *path, uint64_t seed, grm_error *err) {
    bool best = grm_argument_given(arguments, "--best"), json = grm_argument_given(arguments, "--json");
    json_t *list = json ? json_array() : NULL;
    if (json && !list) return grm_fail_memory(err);
    if (best && !json) print_choice(p, seed);
    grm_status status =
        best || p->count == 1 ? keep(p, p->best, path, seed, list, err) : keep_all(p, path, seed, list, err);
    if (!status && json && best) json_object_set_new(json_array_get(list, 0), "candidates", scores_json(p, seed));
    if (!status && json) {
        json_t *shown = best || p->count == 1 ? json_array_get(list, 0) : list;
        status = grm_print_json(json_incref(shown), err);
    } else if (!status) {
        status = grm_print_flush(err);
    }
    json_decref(list);
    return status;
}

static grm_status check_wishes(const grm_arguments *arguments, const grm_generate_options *wishes, bool piped,
                               grm_error *err) {
    if (!grm_argument(arguments, "--model"))
        return grm_fail(err, GRM_MISSING,
                        "no model: give --model NAME or DIR; `grammy models list` shows those that are "
                        "here, `grammy models pull small` fetches one");
    if (grm_argument_given(arguments, "--best") && wishes->variations < 2)
        return grm_fail(err, GRM_USAGE, "--best chooses among variations: give --variations 2 to %d",
                        GRM_MAX_VARIATIONS);
    if (piped && wishes->variations > 1)
        return grm_fail(err, GRM_USAGE, "-o - writes one piece while it is made; --variations %u needs a file",
                        wishes->variations);
    if (piped && grm_argument_given(arguments, "--json"))
        return grm_fail(err, GRM_USAGE, "-o - writes sound to standard output, where --json would write too");
    if (piped && isatty(STDOUT_FILENO))
        return grm_fail(err, GRM_USAGE, "-o - would write sound to the terminal: pipe it into a player or a file");
    return GRM_OK;
}

// A recording that can't be read, before the model takes its time. What is no file can be read once only.
static grm_status check_recording(const char *path, grm_error *err) {
    struct stat info;
    grm_reader *reader = NULL;
    if (!path || strcmp(path, "-") == 0 || (stat(path, &info) == 0 && !S_ISREG(info.st_mode))) return GRM_OK;
    grm_status status = grm_reader_open(path, &reader, err);
    grm_reader_close(reader);
    return status;
}

// Likewise that the result will have a place.
static grm_status check_files(const grm_generate_options *wishes, const char *path, bool piped, grm_error *err) {
    char *temporary = NULL;
    grm_status status = check_recording(wishes->continue_path, err);
    if (!status) status = check_recording(wishes->melody_path, err);
    if (status || piped) return status;
    status = grm_file_begin(path, &temporary, err);
    if (!status) grm_file_discard(temporary);
    return status;
}

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    grm_session *session = NULL;
    grm_model *model = NULL;
    char *named = NULL, *found = NULL;
    grm_generate_options wishes;
    const char *prompt = arguments->positional[0], *path = grm_argument(arguments, "-o");
    bool piped = path && strcmp(path, "-") == 0;
    grm_status status = read_options(arguments, &wishes, err);
    pieces made = {.count = wishes.variations};
    if (!status) status = check_wishes(arguments, &wishes, piped, err);
    if (!status) status = grm_session_open(arguments, &session, err);
    if (!status && !path) {
        path = named = name_file(prompt);
        if (!path) status = grm_fail_memory(err);
    }
    if (!status) status = grm_model_find(grm_argument(arguments, "--model"), &found, err);
    if (!status) status = check_files(&wishes, path, piped, err);
    if (!status)
        status = grm_model_open(found, grm_session_profile(session), grm_session_progress(session), &model, err);
    if (!status) status = generate(model, session, prompt, &wishes, piped, &made, err);
    if (!status && grm_argument_given(arguments, "--best")) status = judge(session, &made, err);
    if (!status && !piped) status = deliver(arguments, &made, path, wishes.seed, err);
    free(named);
    free(found);
    pieces_clear(&made);
    grm_model_free(model);
    grm_session_close(session);
    return status;
}

const grm_command grm_command_generate = {
    .name = "generate",
    .usage = "\"PROMPT\" --model NAME|PATH [-o x.wav]",
    .summary = "generate sound with MusicGen",
    .details =
        "With -o - sound comes while it is made, as WAV in float32 as the model made it; in lightweight mode at the\n"
        "end, as the part that the model makes is filled up then. Files are 24 bit, turned down where peaks would "
        "clip.\n"
        "Meta's MusicGen weights are licensed CC-BY-NC 4.0: what they make may not be sold.",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run,
};
