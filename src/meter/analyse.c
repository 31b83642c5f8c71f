// The listening loop: a recording goes by in blocks; while the ears hear one, the next is read.
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "audio/audio.h"
#include "dsp/dsp.h"
#include "meter/meter.h"
#include "meter/pitch.h"

static const grm_ear *const ears[] = {
    &grm_ear_level, &grm_ear_spectrum, &grm_ear_rhythm, &grm_ear_harmony,
    &grm_ear_form,  &grm_ear_faults,   &grm_ear_sides,
};

enum { EARS = GRM_COUNT(ears), BLOCK = 1 << 16, MOST_SERIES = 32 };
static const float loudest_sample = 1e6f;  // +120 dB: beyond, powers of spectra overflow

// ---- where sound comes from ----

typedef struct sound {
    float *planes[GRM_MAX_CHANNELS];  // own memory, when it is read from a file
    float *mixed;                     // [BLOCK], mean of the channels
    float *end;                       // of the recording, at the analysis rate
    grm_block block;
    bool last;
} sound;

typedef struct source {
    const char *name;
    grm_reader *reader;      // a file, or
    const grm_audio *audio;  // sound in memory
    grm_thinner *thinner;
    unsigned channels, rate_hz;
    size_t place, expected;  // frames
} source;

static grm_status open_source(source *s, const char *path, const grm_audio *audio, grm_error *err) {
    *s = (source){.name = path ? path : "the recording", .audio = audio};
    if (path) {
        grm_status status = grm_reader_open(path, &s->reader, err);
        if (status != GRM_OK) return status;
        s->channels = grm_reader_channels(s->reader);
        s->rate_hz = grm_reader_rate(s->reader);
        s->expected = grm_reader_frames_hint(s->reader);
    } else {
        s->channels = audio->channels;
        s->rate_hz = audio->rate_hz;
        s->expected = audio->frames;
    }
    if (s->rate_hz < GRM_METER_LOWEST_RATE || s->rate_hz > GRM_METER_HIGHEST_RATE)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has a rate of %u Hz; %d to %d Hz can be analysed", s->name,
                        s->rate_hz, GRM_METER_LOWEST_RATE, GRM_METER_HIGHEST_RATE);
    return GRM_OK;
}

static void close_source(source *s) {
    grm_thinner_free(s->thinner);
    grm_reader_close(s->reader);
}

static grm_status open_sound(sound *out, const source *s, grm_error *err) {
    for (unsigned c = 0; s->reader && c < s->channels; c++)
        if (!(out->planes[c] = grm_floats_new(BLOCK))) return grm_fail_memory(err);
    out->mixed = grm_floats_new(BLOCK);
    return out->mixed ? GRM_OK : grm_fail_memory(err);
}

static void close_sound(sound *s) {
    for (size_t c = 0; c < GRM_MAX_CHANNELS; c++) free(s->planes[c]);
    free(s->mixed);
    free(s->end);
}

// The mean as NumPy (and so librosa) has it: added in order, eight channels in pairs, then divided.
static void mix_down(const grm_block *block, unsigned channels, float *mono) {
    const float *const *x = block->planes;
    if (channels == 2) {
        grm_middle(x[0], x[1], block->frames, mono);
        return;
    }
    memcpy(mono, x[0], block->frames * sizeof *mono);
    if (channels == 8)
        for (size_t i = 0; i < block->frames; i++)
            mono[i] = ((x[0][i] + x[1][i]) + (x[2][i] + x[3][i])) + ((x[4][i] + x[5][i]) + (x[6][i] + x[7][i]));
    else
        for (unsigned c = 1; c < channels; c++)
            for (size_t i = 0; i < block->frames; i++) mono[i] += x[c][i];
    if (channels > 1)
        for (size_t i = 0; i < block->frames; i++) mono[i] /= (float)channels;
}

// The block and, at the end, what the thinner still holds, which goes behind it.
static grm_status thin(source *s, sound *to, grm_error *err) {
    const float *made, *rest;
    size_t count;
    grm_status status = grm_thinner_run(s->thinner, to->mixed, to->block.frames, &made, &to->block.mono_frames, err);
    to->block.mono = made;
    if (status != GRM_OK || !to->last) return status;
    status = grm_thinner_run(s->thinner, NULL, 0, &rest, &count, err);
    if (status != GRM_OK) return status;
    to->end = grm_floats_new(to->block.mono_frames + count);
    if (!to->end) return grm_fail_memory(err);
    if (to->block.mono_frames) memcpy(to->end, made, to->block.mono_frames * sizeof *made);
    if (count) memcpy(to->end + to->block.mono_frames, rest, count * sizeof *rest);
    to->block.mono = to->end;
    to->block.mono_frames += count;
    return GRM_OK;
}

static grm_status fetch(source *s, sound *to, grm_error *err) {
    size_t frames = 0;
    if (s->reader) {
        grm_status status = grm_reader_read(s->reader, to->planes, BLOCK, &frames, err);
        if (status != GRM_OK) return status;
        for (unsigned c = 0; c < s->channels; c++) to->block.planes[c] = to->planes[c];
    } else {
        frames = s->audio->frames - s->place < BLOCK ? s->audio->frames - s->place : BLOCK;
        for (unsigned c = 0; c < s->channels; c++) to->block.planes[c] = s->audio->plane[c] + s->place;
    }
    for (unsigned c = 0; c < s->channels; c++) {
        if (s->audio && !grm_all_finite(to->block.planes[c], frames))  // a reader has looked
            return grm_fail(err, GRM_BAD_INPUT, "'%s' holds samples that are no numbers near %.1f s", s->name,
                            (double)s->place / s->rate_hz);
        if (grm_peak(to->block.planes[c], frames) > loudest_sample)
            return grm_fail(err, GRM_BAD_INPUT, "'%s' holds samples beyond %.0f times full scale near %.1f s: no sound",
                            s->name, (double)loudest_sample, (double)s->place / s->rate_hz);
    }
    to->block.frames = frames;
    to->last = frames < BLOCK;
    s->place += frames;
    mix_down(&to->block, s->channels, to->mixed);
    to->block.mono = to->mixed;
    to->block.mono_frames = frames;
    return s->thinner ? thin(s, to, err) : GRM_OK;
}

// ---- listening ----

typedef struct listener {
    void *self;
    grm_status status;
    grm_error err;
} listener;

typedef struct hall {
    const grm_listening *listening;
    grm_analysis *analysis;
    source source;
    sound sounds[2];  // the one that is heard, and the one that is read meanwhile
    unsigned heard;
    pthread_t caller;
    atomic_size_t front, back;     // of the turns that nobody has taken
    listener listeners[EARS + 1];  // the last one is who reads
} hall;

// Who hears the channels, whoever reads on (EARS) among them, then who hears their mean. The thread that called takes
// from the back, all others from the front: so the channels, most of the sound, stay near one processor. The spectrum,
// the most by far in standard mode, is the caller's: others help with what it shares once they have no more.
_Static_assert(EARS == 7, "turns and chains name every ear");
static const unsigned turns[EARS + 1] = {EARS, 5, 0, 6, 4, 3, 2, 1};

// As many claims as there are turns: the two ends meet.
static unsigned claim(hall *h) {
    if (pthread_equal(pthread_self(), h->caller)) return turns[atomic_fetch_sub(&h->back, 1) - 1];
    return turns[atomic_fetch_add(&h->front, 1)];
}

static void do_item(void *context, size_t index) {
    hall *h = context;
    sound *now = &h->sounds[h->heard], *next = &h->sounds[1 - h->heard];
    const unsigned turn = claim(h);
    listener *l = &h->listeners[turn];
    if (turn < EARS)
        l->status = ears[turn]->hear(l->self, &now->block, &l->err);
    else if (!now->last)
        l->status = fetch(&h->source, next, &l->err);
}

// The first of the list that failed, so that the message does not depend on the threads.
static grm_status worst(const hall *h, grm_error *err) {
    for (size_t i = 0; i < GRM_COUNT(h->listeners); i++)
        if (h->listeners[i].status != GRM_OK) {
            if (err) *err = h->listeners[i].err;
            return h->listeners[i].status;
        }
    return GRM_OK;
}

static void open_ear(void *context, size_t index) {
    hall *h = context;
    listener *l = &h->listeners[turns[index]];
    if (turns[index] < EARS) l->status = ears[turns[index]]->open(h->listening, &l->self, &l->err);
}

static grm_status open_ears(hall *h, const grm_run *run, const grm_listening *listening, grm_error *err) {
    h->listening = listening;
    grm_pool_run(run->pool, EARS + 1, open_ear, h);
    return worst(h, err);
}

static grm_status hear_all(hall *h, const grm_run *run, size_t stage, grm_error *err) {
    grm_status status = fetch(&h->source, &h->sounds[0], err);
    if (status != GRM_OK) return status;
    if (h->sounds[0].block.frames == 0) return grm_fail(err, GRM_BAD_INPUT, "'%s' holds no sound", h->source.name);
    h->caller = pthread_self();
    for (h->heard = 0;; h->heard = 1 - h->heard) {
        atomic_store(&h->front, 0);
        atomic_store(&h->back, EARS + 1);
        grm_pool_run(run->pool, EARS + 1, do_item, h);
        status = worst(h, err);
        if (status == GRM_OK) status = grm_run_check(run, err);
        if (status != GRM_OK || h->sounds[h->heard].last) return status;
        if (h->source.expected > 0)
            grm_progress_step(run->progress, stage, 0.95 * (double)h->source.place / (double)h->source.expected);
    }
}

grm_analysis *grm_analysis_new(const grm_listening *listening) {
    grm_memory *memory = grm_memory_new();
    grm_analysis *a = memory ? grm_memory_take(memory, 1, sizeof *a) : NULL;
    if (!a) {
        grm_memory_free(memory);
        return NULL;
    }
    a->memory = memory;
    a->lightweight = listening->profile && listening->profile->lightweight;
    a->analysis_rate_hz = listening->rate_hz;
    a->hop = listening->hop;
#define UNKNOWN(name, unit, low, high, source) a->features.name = NAN;
    GRM_FEATURE_LIST(UNKNOWN)
#undef UNKNOWN
    grm_features *f = &a->features;
    for (size_t i = 0; i < GRM_OCTAVES; i++) f->tonal_balance_db[i] = f->tonal_balance_target_db[i] = NAN;
    for (size_t i = 0; i < GRM_CONTRAST_BANDS; i++) f->spectral_contrast_db[i] = NAN;
    for (size_t i = 0; i < GRM_MFCCS; i++) f->mfcc_mean[i] = f->mfcc_deviation[i] = NAN;
    for (size_t i = 0; i < GRM_COUNT(f->chroma); i++) f->chroma[i] = NAN;
    for (size_t i = 0; i < GRM_COUNT(f->tonnetz); i++) f->tonnetz[i] = NAN;
    for (size_t i = 0; i < GRM_WIDTH_BANDS; i++) f->width_by_band[i] = NAN;
    return a;
}

void grm_analysis_free(grm_analysis *analysis) {
    if (analysis) grm_memory_free(analysis->memory);
}

float *grm_analysis_add_series(grm_analysis *analysis, const char *name, size_t rows, size_t frames) {
    grm_series *list = (grm_series *)analysis->series;  // made here, constant for readers
    if (!list) analysis->series = list = grm_memory_take(analysis->memory, MOST_SERIES, sizeof *list);
    if (!list || analysis->series_count == MOST_SERIES || (frames && rows > SIZE_MAX / frames)) return NULL;
    float *values = grm_memory_take(analysis->memory, (rows ? rows : 1) * frames, sizeof *values);
    if (values) list[analysis->series_count++] = (grm_series){name, rows ? rows : 1, frames, rows == 0, values};
    return values;
}

// Ears that build on one another, in their order, and those that build on nothing: both finish at once, where only the
// first put anything into the analysis's memory.
typedef struct chain {
    size_t count;
    unsigned ears[EARS];
} chain;

static const chain chains[] = {{4, {0, 2, 3, 4}}, {3, {1, 5, 6}}};

static void finish_chain(void *context, size_t index) {
    hall *h = context;
    for (size_t i = 0; i < chains[index].count; i++) {
        const unsigned ear = chains[index].ears[i];
        listener *l = &h->listeners[ear];
        l->status = ears[ear]->finish(l->self, h->listening->run, h->analysis, &l->err);
        if (l->status == GRM_OK) l->status = grm_run_check(h->listening->run, &l->err);
        if (l->status != GRM_OK) return;
    }
}

static grm_status finish_all(hall *h, grm_analysis *a, grm_error *err) {
    const bool shared = h->listening->series || h->listening->spectra;
    a->features.duration_s = (double)h->source.place / h->source.rate_hz;
    a->features.sample_rate_hz = h->source.rate_hz;
    a->features.channels = h->source.channels;
    h->analysis = a;
    grm_pool_run(shared ? NULL : h->listening->run->pool, GRM_COUNT(chains), finish_chain, h);
    a->colours = NULL;  // what the ears left to each other goes with them
    a->notes = NULL;
    return worst(h, err);
}

// Of a short recording more of the long frames are heard, so that their mean holds as well.
static unsigned stride_of(const grm_profile *profile, const source *s) {
    const double enough_s = 40;  // so long a recording for each step of the stride
    double steps = (double)s->expected / s->rate_hz / enough_s;
    bool few = s->expected > 0 && steps < profile->analysis_stride;
    return few ? (unsigned)fmax(1, steps) : profile->analysis_stride;
}

grm_status grm_listen(const grm_run *run, size_t stage, const char *path, const grm_audio *audio,
                      const grm_analysis_options *options, grm_analysis **out, grm_error *err) {
    const grm_profile *profile = run->profile;
    grm_analysis *analysis = NULL;
    *out = NULL;
    hall *h = calloc(1, sizeof *h);
    if (!h) return grm_fail_memory(err);
    grm_status status = open_source(&h->source, path, audio, err);
    if (status != GRM_OK) goto done;
    grm_listening listening = {.profile = profile,
                               .file_rate_hz = h->source.rate_hz,
                               .channels = h->source.channels,
                               .rate_hz = h->source.rate_hz,
                               .hop = profile->analysis_hop,
                               .stride = stride_of(profile, &h->source),
                               .series = options && options->series,
                               .run = run};
    if (profile->analysis_rate_hz && profile->analysis_rate_hz < listening.rate_hz) {
        listening.rate_hz = profile->analysis_rate_hz;
        status = grm_thinner_new(h->source.rate_hz, listening.rate_hz, 0, &h->source.thinner, err);
    }
    for (size_t i = 0; status == GRM_OK && i < 2; i++) status = open_sound(&h->sounds[i], &h->source, err);
    if (status == GRM_OK) status = open_ears(h, run, &listening, err);
    if (status == GRM_OK) status = hear_all(h, run, stage, err);
    if (status == GRM_OK && !(analysis = grm_analysis_new(&listening))) status = grm_fail_memory(err);
    if (status == GRM_OK) status = finish_all(h, analysis, err);
    if (status == GRM_OK) {
        grm_progress_step(run->progress, stage, 1);
        *out = analysis;
        analysis = NULL;
    }
done:
    grm_analysis_free(analysis);
    for (size_t i = 0; i < EARS; i++)
        if (h->listeners[i].self) ears[i]->close(h->listeners[i].self);
    for (size_t i = 0; i < 2; i++) close_sound(&h->sounds[i]);
    close_source(&h->source);
    free(h);
    return status;
}

static grm_status analyse(const grm_profile *profile, const char *path, const grm_audio *audio,
                          const grm_analysis_options *options, grm_progress *progress, grm_analysis **out,
                          grm_error *err) {
    static const grm_stage_share stages[] = {{"listen", 1}};
    grm_run run = {.profile = profile, .progress = progress};
    *out = NULL;
    grm_status status = grm_pool_new(profile->threads, &run.pool, err);
    if (status != GRM_OK) return status;
    grm_progress_plan(progress, stages, GRM_COUNT(stages));
    status = grm_listen(&run, 0, path, audio, options, out, err);
    grm_pool_free(run.pool);
    return status;
}

grm_status grm_analyse_file(const grm_profile *profile, const char *path, const grm_analysis_options *options,
                            grm_progress *progress, grm_analysis **out, grm_error *err) {
    return analyse(profile, path, NULL, options, progress, out, err);
}

grm_status grm_analyse_audio(const grm_profile *profile, const grm_audio *audio, const grm_analysis_options *options,
                             grm_progress *progress, grm_analysis **out, grm_error *err) {
    return analyse(profile, NULL, audio, options, progress, out, err);
}
