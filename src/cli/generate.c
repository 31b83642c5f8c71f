// grammy generate: a sentence to sound, through MusicGen alone.
#include <grammy/generate.h>

#include <grammy/extend.h>
#include <grammy/models.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/audio.h"
#include "cli/cli.h"
#include "dsp/dsp.h"

static const grm_option options[] = {
    {"-o", "FILE", "WAV file to write (default: named after the prompt)"},
    {"--model", "NAME|PATH", "a model that `grammy models list` shows, a MusicGen folder, or a packed file"},
    {"--duration", "TIME", "of what is new, \"20\" or \"1:30\" (default: 10 s)"},
    {"--seed", "N", "same seed, same codes (default: 0)"},
    {"--temperature", "X", "how adventurous, above 0 (default: 1)"},
    {"--top-k", "N", "codes to choose from, 0: all (default: 250)"},
    {"--top-p", "X", "share of the probability to choose from (default: 1)"},
    {"--guidance", "X", "how much the words weigh (default: the model's, usually 3)"},
    {"--continue", "FILE", "a recording that the result begins with"},
    {"--melody", "FILE", "a recording whose melody is followed (melody models)"},
    {"--greedy", NULL, "always the likeliest code"},
    {"--steps", "N", "decoder steps, in place of a duration"},
    {"--trace", "DIR", "write ids, hidden states, logits, codes and audio as .npy"},
    {NULL, NULL, NULL},
};

static grm_status read_options(const grm_arguments *arguments, grm_generate_options *o, grm_error *err) {
    double temperature = 1, top_k = 250, top_p = 1, guidance = NAN, steps = 0, seed = 0;
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
    if (!status && (seed != floor(seed) || top_k != floor(top_k) || steps != floor(steps)))
        status = grm_fail(err, GRM_USAGE, "--seed, --top-k and --steps take whole numbers");
    o->temperature = (float)temperature;
    o->top_k = (unsigned)top_k;
    o->top_p = (float)top_p;
    o->guidance = (float)guidance;
    o->steps = (unsigned)steps;
    o->seed = (uint64_t)seed;
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

// The profile's share of the tokens is generated, the rest of the length filled at the beats. What is to be compared
// with the reference is generated whole.
static grm_status generate(const grm_model *model, grm_session *session, const char *prompt,
                           const grm_generate_options *wishes, grm_audio **out, grm_error *err) {
    const grm_profile *profile = grm_session_profile(session);
    grm_progress *progress = grm_session_progress(session);
    grm_generate_options part = *wishes;
    grm_audio *audio = NULL;
    bool whole = wishes->steps || wishes->trace_folder || profile->neural_token_share >= 1;
    if (!whole) part.duration_s *= profile->neural_token_share;
    grm_status status = grm_generate(model, profile, prompt, &part, progress, &audio, err);
    if (!status && !whole) {
        size_t missing = (size_t)llround((wishes->duration_s - part.duration_s) * audio->rate_hz);
        status = grm_audio_extend(profile, audio, audio->frames + missing, progress, out, err);
        grm_audio_free(audio);
    } else {
        *out = audio;
    }
    return status;
}

static grm_status name_file(const char *prompt, char **path, grm_error *err) {
    char *slug = grm_path_slug(prompt);
    size_t size = slug ? strlen(slug) + 16 : 0;
    *path = slug ? malloc(size) : NULL;
    if (*path) snprintf(*path, size, "%.80s.wav", *slug ? slug : "generated");
    free(slug);
    return *path ? GRM_OK : grm_fail_memory(err);
}

static grm_status report(const grm_arguments *arguments, const grm_audio *audio, const char *path, uint64_t seed,
                         grm_error *err) {
    double seconds = (double)audio->frames / audio->rate_hz;
    if (grm_argument_given(arguments, "--json"))
        return grm_print_json(
            json_pack("{s:s, s:f, s:i, s:i, s:I}", "file", path, "duration_s", seconds, "sample_rate_hz",
                      (int)audio->rate_hz, "channels", (int)audio->channels, "seed", (json_int_t)seed),
            err);
    printf("%s: %.2f s, %u Hz, %s\n", path, seconds, audio->rate_hz, audio->channels == 2 ? "stereo" : "mono");
    return grm_print_flush(err);
}

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    grm_session *session = NULL;
    grm_model *model = NULL;
    grm_audio *audio = NULL;
    char *named = NULL, *found = NULL;
    grm_generate_options wishes;
    const char *prompt = arguments->positional[0], *folder = grm_argument(arguments, "--model");
    const char *path = grm_argument(arguments, "-o");
    grm_status status = read_options(arguments, &wishes, err);
    if (!status && !folder)
        status = grm_fail(err, GRM_MISSING,
                          "no model: give --model NAME or DIR; `grammy models list` shows those that are "
                          "here, `grammy models pull small` fetches one");
    if (!status) status = grm_session_open(arguments, &session, err);
    if (!status && !path) {
        status = name_file(prompt, &named, err);
        path = named;
    }
    if (!status) status = grm_model_find(folder, &found, err);
    if (!status) status = grm_model_open(found, grm_session_profile(session), &model, err);
    if (!status) status = generate(model, session, prompt, &wishes, &audio, err);
    if (status) goto done;
    fit(audio);
    status = write_sound(audio, path, err);
    if (!status) status = report(arguments, audio, path, wishes.seed, err);
done:
    free(named);
    free(found);
    grm_audio_free(audio);
    grm_model_free(model);
    grm_session_close(session);
    return status;
}

const grm_command grm_command_generate = {
    .name = "generate",
    .usage = "\"PROMPT\" --model NAME|PATH [-o x.wav]",
    .summary = "generate sound with MusicGen",
    .details = "Meta's MusicGen weights are licensed CC-BY-NC 4.0: what they make may not be sold.",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run,
};
