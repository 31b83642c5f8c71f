// The ear for key and chords.
#include "meter/harmony.h"

#include <math.h>
#include <stdlib.h>

typedef struct harmony {
    grm_thinner *thinner;
    grm_pitch *pitch;
} harmony;

static void harmony_close(void *self) {
    harmony *h = self;
    if (!h) return;
    grm_pitch_free(h->pitch);
    grm_thinner_free(h->thinner);
    free(h);
}

static grm_status harmony_open(const grm_listening *listening, void **self, grm_error *err) {
    *self = NULL;
    harmony *h = calloc(1, sizeof *h);
    if (!h) return grm_fail_memory(err);
    grm_status status = grm_thinner_new(listening->rate_hz, GRM_PITCH_RATE, 0, &h->thinner, err);
    if (!status) status = grm_pitch_new(&h->pitch, err);
    if (status)
        harmony_close(h);
    else
        *self = h;
    return status;
}

static grm_status hear(harmony *h, const float *x, size_t frames, grm_error *err) {
    const float *thin;
    size_t made;
    grm_status status = grm_thinner_run(h->thinner, x, frames, &thin, &made, err);
    return status ? status : grm_pitch_hear(h->pitch, thin, made, err);
}

static grm_status harmony_hear(void *self, const grm_block *block, grm_error *err) {
    return block->mono_frames ? hear(self, block->mono, block->mono_frames, err) : GRM_OK;
}

// Of a distribution, over that of `count` equal shares.
static double entropy(const double *share, size_t count) {
    double sum = 0, h = 0;
    for (size_t i = 0; i < count; i++) sum += share[i];
    if (!(sum > 0)) return NAN;
    for (size_t i = 0; i < count; i++)
        if (share[i] > 0) h -= share[i] / sum * log(share[i] / sum);
    return h / log((double)count);
}

static double mean_consonance(const grm_pitch_series *series) {
    double sum = 0, weight = 0;
    for (size_t i = 0; i < series->count; i++) {
        sum += (double)series->frames[i].consonance * (double)series->frames[i].pairs;
        weight += (double)series->frames[i].pairs;
    }
    return weight > 0 ? sum / weight : NAN;
}

// Later ears read the frames, which stay the pitch's.
static grm_status keep_notes(const grm_pitch_series *series, grm_analysis *analysis, grm_error *err) {
    grm_pitch_series *kept = grm_memory_take(analysis->memory, 1, sizeof *kept);
    if (!kept) return grm_fail_memory(err);
    *kept = *series;
    analysis->notes = kept;
    return GRM_OK;
}

static grm_status keep_chords(const grm_chord_stretch *chords, size_t count, grm_analysis *analysis, grm_error *err) {
    grm_chord_span *spans = grm_memory_take(analysis->memory, count, sizeof *spans);
    if (!spans) return grm_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        spans[i].start_s = chords[i].start_s;
        spans[i].end_s = chords[i].end_s;
        grm_chord_name(chords[i].chord, spans[i].name);
    }
    analysis->chords = spans;
    analysis->chord_count = count;
    return GRM_OK;
}

static void rate_chords(const grm_chord_stretch *chords, size_t count, grm_features *features) {
    double seconds[24] = {0}, sounding = 0;
    size_t changes = 0;
    int last = GRM_CHORD_NONE;
    for (size_t i = 0; i < count; i++) {
        if (chords[i].chord == GRM_CHORD_NONE) continue;
        double length = chords[i].end_s - chords[i].start_s;
        seconds[chords[i].chord] += length;
        sounding += length;
        changes += last != GRM_CHORD_NONE && last != chords[i].chord;
        last = chords[i].chord;
    }
    features->harmonic_complexity = entropy(seconds, 24);
    features->chord_change_rate_hz = sounding > 0 ? (double)changes / sounding : NAN;
}

static grm_key_ends find_ends(const grm_chord_stretch *chords, size_t count) {
    grm_key_ends ends = {-1, -1};
    for (size_t i = 0; i < count; i++) {
        if (chords[i].chord == GRM_CHORD_NONE) continue;
        ends.last = chords[i].chord % 12;
        if (ends.first < 0) ends.first = ends.last;
    }
    return ends;
}

static grm_status hear_chords(const grm_pitch_series *series, grm_analysis *analysis, grm_key_ends *ends,
                              grm_error *err) {
    double duration_s = (double)series->count * GRM_PITCH_FRAME_S;
    if (analysis->features.duration_s > 0) duration_s = analysis->features.duration_s;
    grm_chord_stretch *chords;
    size_t count;
    grm_status status =
        grm_chords_find(series, analysis->beats_s, analysis->beat_count, duration_s, &chords, &count, err);
    if (status) return status;
    status = keep_chords(chords, count, analysis, err);
    rate_chords(chords, count, &analysis->features);
    *ends = find_ends(chords, count);
    free(chords);
    return status;
}

static grm_status harmony_finish(void *self, const grm_run *run, grm_analysis *analysis, grm_error *err) {
    harmony *h = self;
    grm_pitch_series series;
    grm_key_ends ends = {-1, -1};
    grm_status status = hear(h, NULL, 0, err);
    if (!status) status = grm_pitch_finish(h->pitch, &series, err);
    if (!status) status = grm_run_check(run, err);
    if (!status) status = keep_notes(&series, analysis, err);
    if (!status) status = hear_chords(&series, analysis, &ends, err);
    if (status) return status;
    grm_key_guess key = grm_key_guess_make(&series, ends);
    grm_features *f = &analysis->features;
    grm_key_guess_name(&key, f->key);
    f->key_confidence = key.tonic < 0 ? 0 : key.confidence;
    f->chroma_entropy = entropy(key.chroma, 12);
    f->consonance = mean_consonance(&series);
    return GRM_OK;
}

const grm_ear grm_ear_harmony = {"harmony", harmony_open, harmony_hear, harmony_finish, harmony_close};
