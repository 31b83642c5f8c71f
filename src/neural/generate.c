// From a prompt to sound: windows of codes, then the codec.
#include <grammy/generate.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/audio.h"
#include "neural/absorbed.h"
#include "neural/melody.h"
#include "neural/model.h"
#include "neural/neural.h"
#include "neural/pattern.h"
#include "neural/sample.h"
#include "neural/trace.h"

// A window is what the model was trained on; the next one continues its end (audiocraft's 12 s of 30).
enum { WINDOW_S = 30, OVERLAP_S = 12 };
_Static_assert(2 * GRM_MAX_VARIATIONS <= GRM_ROWS, "a step has a row with words and one without for each");
// What the parts of the work take of it.
typedef enum work_part { WORDS, CODES, SOUND, WORK_PARTS } work_part;
static const grm_stage_share shares[WORK_PARTS] = {{"words", 1}, {"codes", 85}, {"sound", 14}};

#define OWN_PLAN SIZE_MAX

typedef struct job {
    const grm_model *model;
    const grm_generate_options *options;
    grm_run run;
    size_t stage;  // of the caller's plan; OWN_PLAN: the parts are the plan
    grm_compute *compute;
    grm_prompt_states prompt;
    float guidance;
    size_t pieces, rows;  // with guidance twice as many rows: first all pieces' with words, then those without
    grm_decoder_state *state;
    size_t prefix;               // positions of melody models before the codes
    float *conditions;           // [rows][prefix][width]
    grm_audio *melody;           // one channel, or NULL
    uint16_t *codes;             // [piece][codebooks][frames]
    size_t frames, known;        // in all; so far
    size_t sounding;             // samples that the sink has
    grm_audio **audio;           // [piece]
    grm_codec_stream *stream;    // of all pieces' channels
    float *x, *logits, *guided;  // guided: [piece][codebooks][codes]
    grm_draw *draws;             // [pieces * codebooks]
    grm_candidate *candidates;   // [member][2][codes]
    grm_rng rng[GRM_MAX_VARIATIONS];
    grm_trace trace;
} job;

static void tell(const job *j, work_part part, double done) {
    double before = 0, all = 0;
    for (size_t i = 0; i < WORK_PARTS; i++) {
        if (i < part) before += shares[i].share;
        all += shares[i].share;
    }
    if (j->stage == OWN_PLAN)
        grm_progress_step(j->run.progress, part, done);
    else
        grm_progress_step(j->run.progress, j->stage, (before + done * shares[part].share) / all);
}

void grm_generate_defaults(grm_generate_options *options) {
    *options = (grm_generate_options){
        .duration_s = 10, .temperature = 1, .top_k = 250, .top_p = 1, .guidance = NAN, .variations = 1};
}

static uint16_t *codes_of(const job *j, size_t piece) {
    return j->codes + piece * j->model->config.decoder.codebooks * j->frames;
}

static grm_status check_options(const grm_model *model, const grm_profile *profile, const grm_generate_options *o,
                                grm_error *err) {
    double most = fmin(GRM_MAX_GENERATED_S, profile->max_audio_duration_s);
    if (!o->steps && !(o->duration_s >= 0.02 && o->duration_s <= most))
        return grm_fail(err, GRM_USAGE, "a duration of %g s; 0.02 to %g are possible (MAX_AUDIO_DURATION)",
                        o->duration_s, most);
    if (!(o->temperature > 0 && o->temperature <= 100))
        return grm_fail(err, GRM_USAGE,
                        "a temperature of %g; above 0, to 100, is possible (--greedy takes the likeliest)",
                        (double)o->temperature);
    if (!(o->top_p > 0 && o->top_p <= 1))
        return grm_fail(err, GRM_USAGE, "top-p of %g; above 0, to 1, is possible", (double)o->top_p);
    if (!isnan(o->guidance) && !(o->guidance >= 0 && o->guidance <= 100))
        return grm_fail(err, GRM_USAGE, "guidance of %g; 0 to 100 is possible", (double)o->guidance);
    size_t least = model->config.decoder.codebooks / model->config.decoder.channels;
    if (o->steps && (o->steps < least || o->steps > 20000))
        return grm_fail(err, GRM_USAGE, "%u steps; %zu to 20000 are possible", o->steps, least);
    if (o->variations < 1 || o->variations > GRM_MAX_VARIATIONS)
        return grm_fail(err, GRM_USAGE, "%u variations; 1 to %d are possible", o->variations, GRM_MAX_VARIATIONS);
    if (o->variations > 1 && o->trace_folder)
        return grm_fail(err, GRM_USAGE, "a trace of %u variations; only one piece can be traced", o->variations);
    if (o->melody_path && !model->config.melody)
        return grm_fail(err, GRM_USAGE, "the model follows no melody: --melody needs a MusicGen melody model");
    return GRM_OK;
}

// ---- what it listens to ----

// A file at the model's rate.
static grm_status load_sound(const job *j, const char *path, double limit_s, grm_audio **out, grm_error *err) {
    grm_audio *raw = NULL;
    grm_status status = grm_audio_read(path, limit_s, &raw, err);
    if (!status) status = grm_audio_resample(raw, j->model->config.codec.rate_hz, out, err);
    grm_audio_free(raw);
    return status;
}

static void mix_to_mono(grm_audio *audio) {
    for (unsigned c = 1; c < audio->channels; c++) grm_add(audio->plane[0], audio->plane[c], audio->frames);
    for (size_t i = 0; i < audio->frames; i++) audio->plane[0][i] /= (float)audio->channels;
}

// The start of the piece: each channel goes through the mono codec, interleaved in the codes.
static grm_status encode_start(job *j, const grm_audio *audio, grm_error *err) {
    size_t channels = j->model->config.decoder.channels, codebooks = j->model->config.codec.codebooks;
    uint16_t *codes = malloc(codebooks * j->known * sizeof *codes);
    grm_status status = codes ? GRM_OK : grm_fail_memory(err);
    for (size_t c = 0; c < channels && !status; c++) {
        const float *plane = audio->plane[c < audio->channels ? c : 0];
        status = grm_codec_encode(&j->model->codec, j->compute, plane, audio->frames, codes, j->known, err);
        for (size_t k = 0; k < codebooks && !status; k++)
            for (size_t i = 0; i < j->pieces; i++)
                memcpy(codes_of(j, i) + (k * channels + c) * j->frames, codes + k * j->known, j->known * sizeof *codes);
    }
    free(codes);
    return status;
}

// As much of a file as all windows hear together, at the model's rate.
static grm_status load_beginning(const job *j, const char *path, double most_s, grm_audio **out, grm_error *err) {
    grm_reader *reader = NULL;
    grm_audio *raw = NULL;
    grm_status status = grm_reader_open(path, &reader, err);
    if (status) return status;
    unsigned rate = grm_reader_rate(reader);
    size_t count = (size_t)(most_s * rate), hint = grm_reader_frames_hint(reader), got = 0;
    if (hint > 0 && 2 * hint + rate < count) count = 2 * hint + rate;  // a header may be wrong
    status = grm_audio_new(grm_reader_channels(reader), count, rate, &raw, err);
    if (!status) status = grm_reader_read(reader, raw->plane, count, &got, err);
    if (!status) raw->frames = got;
    if (!status && !got) status = grm_fail(err, GRM_BAD_INPUT, "'%s' holds no sound", path);
    if (!status) status = grm_audio_resample(raw, j->model->config.codec.rate_hz, out, err);
    if (!status && !(*out)->frames) status = grm_fail(err, GRM_BAD_INPUT, "'%s' holds no sound", path);
    grm_audio_free(raw);
    grm_reader_close(reader);
    return status;
}

static grm_status load_melody(job *j, grm_error *err) {
    j->prefix = grm_melody_length(j->model, &j->prompt);
    j->conditions = malloc(j->rows * j->prefix * j->model->config.decoder.width * sizeof *j->conditions);
    if (!j->conditions) return grm_fail_memory(err);
    if (!j->options->melody_path) return GRM_OK;
    grm_status status = load_beginning(j, j->options->melody_path, GRM_MAX_GENERATED_S + WINDOW_S, &j->melody, err);
    if (!status) mix_to_mono(j->melody);
    return status;
}

// ---- codes ----

// Melody models begin with their conditions, a few positions at a time.
static grm_status start_window(job *j, size_t first, size_t frames, grm_error *err) {
    grm_decoder_state_rewind(j->state);
    if (!j->prefix) return GRM_OK;
    size_t width = j->model->config.decoder.width, chunk = grm_decoder_chunk(j->state);
    grm_status status = grm_melody_rows(j->model, j->melody, frames == j->frames, first * j->model->config.codec.hop,
                                        &j->prompt, j->pieces, j->rows, j->conditions, err);
    if (status) return status;
    for (size_t at = 0; at < j->prefix; at += chunk) {
        size_t count = j->prefix - at < chunk ? j->prefix - at : chunk;
        status = grm_run_check(&j->run, err);
        if (status) return status;
        for (size_t r = 0; r < j->rows; r++)
            memcpy(j->x + r * count * width, j->conditions + (r * j->prefix + at) * width,
                   count * width * sizeof *j->x);
        grm_decoder_run(j->state, j->x, count, NULL);
    }
    return GRM_OK;
}

// Codes of one column of a piece's grid; what is no frame's is padding.
static void read_column(const job *j, const grm_pattern *p, size_t piece, size_t first, size_t column,
                        uint16_t *codes) {
    const uint16_t *from = codes_of(j, piece);
    for (size_t k = 0; k < p->codebooks; k++) {
        size_t frame;
        codes[k] = grm_pattern_cell(p, k, column, &frame) ? from[k * j->frames + first + frame]
                                                          : (uint16_t)j->model->config.start_code;
    }
}

// Feeds columns [from, to) of the grid to all rows at once.
static void feed(job *j, const grm_pattern *p, size_t first, size_t from, size_t to) {
    size_t width = j->model->config.decoder.width, count = to - from, piece = count * width;
    uint16_t codes[GRM_MAX_CODEBOOKS];
    for (size_t v = 0; v < j->pieces; v++)
        for (size_t i = 0; i < count; i++) {
            read_column(j, p, v, first, from + i, codes);
            grm_decoder_embed(&j->model->decoder, codes, j->x + v * piece + i * width);
        }
    for (size_t r = j->pieces; r < j->rows; r++)
        memcpy(j->x + r * piece, j->x + (r - j->pieces) * piece, piece * sizeof *j->x);
    grm_decoder_run(j->state, j->x, count, j->logits);
}

// Classifier-free guidance (Ho and Salimans 2022) on raw logits.
static const float *guide(job *j, size_t piece, size_t count) {
    const float *words = j->logits + piece * count, *none = words + j->pieces * count;
    if (j->rows == j->pieces) return words;
    float *guided = j->guided + piece * count;
    for (size_t i = 0; i < count; i++) {
        float with = words[i], without = none[i];
        guided[i] = without + (with - without) * j->guidance;
    }
    return guided;
}

// What is to be drawn for a piece's column, behind `many` others -> how many then. `given` frames of the window are not
// predicted.
static size_t plan_column(job *j, const grm_pattern *p, size_t piece, size_t first, size_t given, size_t column,
                          const float *logits, size_t many) {
    size_t codes = j->model->config.decoder.codes;
    for (size_t k = 0; k < p->codebooks; k++) {
        size_t frame;
        if (!grm_pattern_cell(p, k, column, &frame) || frame < given) continue;
        float drawn = j->options->greedy ? 0 : grm_rng_float(&j->rng[piece]);
        j->draws[many++] = (grm_draw){logits + k * codes, drawn, codes_of(j, piece) + k * j->frames + first + frame};
    }
    return many;
}

// Makes the sound of the first `ready` frames, as far as those tell, and hands it on.
static grm_status sound_out(job *j, size_t ready, grm_error *err) {
    const grm_generate_options *o = j->options;
    size_t made = j->sounding;
    grm_status status = grm_codec_stream_run(j->stream, ready, &made, err);
    for (size_t i = 0; i < j->pieces && o->sink && made > j->sounding && !status; i++)
        status = o->sink(o->sink_context, (unsigned)i, j->audio[i], j->sounding, made, err);
    j->sounding = made;
    return status;
}

// The sound of all that has not been made while codes came.
static grm_status sound_rest(job *j, grm_error *err) {
    enum { AT_ONCE = 100 };  // frames; a cancel waits for them
    size_t hop = j->model->config.codec.hop;
    grm_status status = GRM_OK;
    for (size_t ready = j->sounding / hop; ready < j->frames && !status;) {
        ready = j->frames - ready > AT_ONCE ? ready + AT_ONCE : j->frames;
        status = grm_run_check(&j->run, err);
        if (!status) status = sound_out(j, ready, err);
        if (!status) tell(j, SOUND, (double)ready / (double)j->frames);
    }
    return status;
}

// Frames [first, first + frames) of the pieces, of which `given` are there.
static grm_status run_window(job *j, size_t first, size_t frames, size_t given, grm_error *err) {
    const grm_decoder_config *c = &j->model->config.decoder;
    const grm_pattern p = {c->codebooks, c->channels, frames};
    const grm_generate_options *o = j->options;
    const grm_sampling sampling = {o->greedy, o->temperature, o->top_k, o->top_p};
    size_t columns = grm_pattern_columns(&p), count = c->codebooks * c->codes, chunk = grm_decoder_chunk(j->state);
    grm_status status = start_window(j, first, frames, err);
    for (size_t fed = 0; fed + 1 < columns && !status;) {
        // Columns that are known run together; from `given` on, one after the other.
        size_t end = fed < given ? (given + 1 - fed > chunk ? fed + chunk : given + 1) : fed + 1;
        status = grm_run_check(&j->run, err);
        if (status) break;
        feed(j, &p, first, fed, end);
        fed = end;
        if (fed <= given) continue;
        size_t many = 0;
        for (size_t i = 0; i < j->pieces && !status; i++) {
            const float *logits = guide(j, i, count);
            if (j->trace.folder) status = grm_trace_add(&j->trace, logits, count, err);
            many = plan_column(j, &p, i, first, given, fed, logits, many);
        }
        grm_sample_all(j->compute->team, &sampling, j->draws, many, c->codes, j->candidates);
        tell(j, CODES, (double)(j->known + (fed < frames ? fed : frames) - given) / (double)j->frames);
        // A frame is there with the code of its last codebook.
        size_t delay = grm_pattern_delay(&p, c->codebooks - 1), whole = fed > delay ? fed - delay : 0;
        if (!status && j->options->sink) status = sound_out(j, first + (whole > given ? whole : given), err);
    }
    if (!status) j->known += frames - given;
    return status;
}

static grm_status make_codes(job *j, grm_error *err) {
    const grm_codec_config *c = &j->model->config.codec;
    size_t rate = c->rate_hz / c->hop, window = WINDOW_S * rate, overlap = OVERLAP_S * rate;
    size_t longest = j->options->steps ? j->frames : window < j->frames ? window : j->frames;
    size_t positions = j->prefix + longest + j->model->config.decoder.codebooks + 1;
    grm_status status =
        grm_decoder_state_new(&j->model->decoder, j->compute, grm_decoder_cache(&j->model->decoder), j->rows,
                              j->model->config.melody ? 0 : j->pieces, positions, &j->state, err);
    if (!status && !j->model->config.melody)
        status = grm_decoder_read_text(j->state, j->prompt.projected, j->prompt.count, &j->run, err);
    grm_packed_release(j->model->packed, ".encoder_attn.k_proj.");  // were needed once
    grm_packed_release(j->model->packed, ".encoder_attn.v_proj.");
    if (grm_absorbs(&j->model->decoder, j->prompt.count)) {
        grm_packed_release(j->model->packed, ".encoder_attn.q_proj.");
        grm_packed_release(j->model->packed, ".encoder_attn.out_proj.");
    }
    while (!status && j->known < j->frames) {
        // A beginning that a window holds is read whole, as audiocraft does; of more, the end.
        size_t given = j->known < longest ? j->known : overlap;
        size_t first = j->known - given, left = j->frames - first;
        status = run_window(j, first, left < longest ? left : longest, given, err);
    }
    return status;
}

// ---- sound ----

static grm_status start_sound(job *j, grm_error *err) {
    const grm_model *m = j->model;
    size_t channels = m->config.decoder.channels;
    grm_codec_track tracks[GRM_MAX_VARIATIONS * GRM_MAX_CHANNELS];  // [piece][channel]
    grm_status status = GRM_OK;
    for (size_t i = 0; i < j->pieces && !status; i++) {
        status = grm_audio_new((unsigned)channels, j->frames * m->config.codec.hop, m->config.codec.rate_hz,
                               &j->audio[i], err);
        // Stereo interleaves its codebooks.
        for (size_t c = 0; c < channels && !status; c++)
            tracks[i * channels + c] = (grm_codec_track){codes_of(j, i) + c * j->frames, j->audio[i]->plane[c]};
    }
    if (status) return status;
    return grm_codec_stream_new(&m->codec, j->compute, tracks, j->pieces * channels, channels * j->frames, j->frames,
                                &j->stream, err);
}

// ---- the whole ----

static grm_status make_room(job *j, size_t known, grm_error *err) {
    const grm_decoder_config *c = &j->model->config.decoder;
    size_t per_frame = c->codebooks / c->channels, rate = j->model->config.codec.rate_hz / j->model->config.codec.hop;
    size_t fresh = j->options->steps ? j->options->steps - per_frame + 1
                                     : (size_t)ceil(j->options->duration_s * (double)rate - 1e-6);
    j->known = known;
    j->frames = known + fresh;
    j->codes = calloc(j->pieces * c->codebooks * j->frames, sizeof *j->codes);
    j->x = malloc(GRM_ROWS * c->width * sizeof *j->x);
    j->logits = malloc(j->rows * c->codebooks * c->codes * sizeof *j->logits);
    j->guided = malloc(j->pieces * c->codebooks * c->codes * sizeof *j->guided);
    j->draws = malloc(j->pieces * c->codebooks * sizeof *j->draws);
    j->candidates = malloc(grm_team_size(j->compute->team) * 2 * c->codes * sizeof *j->candidates);
    bool fine = j->codes && j->x && j->logits && j->guided && j->draws && j->candidates;
    return fine ? GRM_OK : grm_fail_memory(err);
}

static grm_status run_job(job *j, const char *prompt, grm_error *err) {
    grm_audio *start = NULL;
    grm_status status = grm_model_read_prompt(j->model, j->compute, prompt, &j->prompt, err);
    if (!status && j->model->config.melody) status = load_melody(j, err);
    if (!status && j->options->continue_path) {
        status = load_sound(j, j->options->continue_path, GRM_MAX_GENERATED_S, &start, err);
        if (!status && !start->frames)
            status = grm_fail(err, GRM_BAD_INPUT, "'%s' holds no sound", j->options->continue_path);
        if (!status && j->model->config.decoder.channels == 1) mix_to_mono(start);
    }
    if (!status) status = make_room(j, start ? grm_codec_frames(&j->model->codec, start->frames) : 0, err);
    if (!status && start) status = encode_start(j, start, err);
    grm_audio_free(start);
    grm_packed_release(j->model->packed, "text_encoder.");
    grm_packed_release(j->model->packed, "audio_encoder.encoder.");
    tell(j, WORDS, 1);
    if (!status) status = start_sound(j, err);
    if (!status) status = make_codes(j, err);
    grm_decoder_state_free(j->state);
    j->state = NULL;
    grm_packed_release(j->model->packed, "decoder.model.");
    if (!status) status = sound_rest(j, err);
    if (!status && j->trace.folder)
        status = grm_trace_write(&j->trace, j->model, &j->prompt, j->codes, j->frames, j->frames, j->audio[0], err);
    return status;
}

// out: [variations], all NULL unless all is well.
static grm_status generate(const grm_run *run, size_t stage, const grm_model *model, const char *prompt,
                           const grm_generate_options *options, grm_audio **out, grm_error *err) {
    grm_status status = check_options(model, run->profile, options, err);
    if (status) return status;
    job j = {.model = model,
             .options = options,
             .run = *run,
             .stage = stage,
             .pieces = options->variations,
             .audio = out,
             .trace = {.folder = options->trace_folder}};
    for (size_t i = 0; i < j.pieces; i++) out[i] = NULL;
    status = grm_compute_new(run->profile->threads, grm_model_widest(model), &j.compute, err);
    if (status) return status;
    j.guidance = isnan(options->guidance) ? model->config.guidance : options->guidance;
    j.rows = j.guidance > 1 ? 2 * j.pieces : j.pieces;
    for (size_t i = 0; i < j.pieces; i++) j.rng[i] = grm_rng_new(options->seed + i, "codes");
    status = run_job(&j, prompt, err);
    grm_trace_clear(&j.trace);
    grm_decoder_state_free(j.state);
    grm_prompt_states_clear(&j.prompt);
    grm_codec_stream_free(j.stream);
    for (size_t i = 0; i < j.pieces && status; i++) {
        grm_audio_free(out[i]);
        out[i] = NULL;
    }
    grm_audio_free(j.melody);
    free(j.conditions);
    free(j.codes);
    free(j.x);
    free(j.logits);
    free(j.guided);
    free(j.draws);
    free(j.candidates);
    grm_compute_free(j.compute);
    return status;
}

grm_status grm_generate_as_stage(const grm_run *run, size_t stage, const grm_model *model, const char *prompt,
                                 const grm_generate_options *options, grm_audio **out, grm_error *err) {
    *out = NULL;
    if (options->variations != 1)
        return grm_fail(err, GRM_USAGE, "%u variations; grm_generate makes 1", options->variations);
    return generate(run, stage, model, prompt, options, out, err);
}

grm_status grm_generate(const grm_model *model, const grm_profile *profile, const char *prompt,
                        const grm_generate_options *options, grm_progress *progress, grm_audio **out, grm_error *err) {
    const grm_run run = {.profile = profile, .progress = progress};
    *out = NULL;
    if (progress) grm_progress_plan(progress, shares, WORK_PARTS);
    return grm_generate_as_stage(&run, OWN_PLAN, model, prompt, options, out, err);
}

grm_status grm_generate_variations(const grm_model *model, const grm_profile *profile, const char *prompt,
                                   const grm_generate_options *options, grm_progress *progress, grm_audio **out,
                                   grm_error *err) {
    const grm_run run = {.profile = profile, .progress = progress};
    if (progress) grm_progress_plan(progress, shares, WORK_PARTS);
    return generate(&run, OWN_PLAN, model, prompt, options, out, err);
}
