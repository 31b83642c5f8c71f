// The ear for rhythm: tempo, beats, bars and what can be said about them.
#include "meter/rhythm.h"

static grm_status rhythm_open(const grm_listening *listening, void **self, grm_error *err) {
    return grm_rhythm_front_new(listening, (grm_rhythm_front **)self, err);
}

static grm_status rhythm_hear(void *self, const grm_block *block, grm_error *err) {
    return block->mono_frames > 0 ? grm_rhythm_front_hear(self, block->mono, block->mono_frames, err) : GRM_OK;
}

static void rhythm_close(void *self) {
    grm_rhythm_front_free(self);
}

static grm_status keep_beats(const grm_bars *bars, grm_analysis *analysis, grm_error *err) {
    double *beats = grm_memory_take(analysis->memory, bars->count + 1, sizeof *beats);
    double *downbeats = grm_memory_take(analysis->memory, bars->count + 1, sizeof *downbeats);
    if (!beats || !downbeats) return grm_fail_memory(err);
    analysis->downbeat_count = 0;
    for (size_t i = 0; i < bars->count; i++) {
        beats[i] = fmax(bars->beats[i] / GRM_RHYTHM_FPS, 0);
        if (bars->position[i] == 0) downbeats[analysis->downbeat_count++] = beats[i];
    }
    analysis->beats_s = beats;
    analysis->beat_count = bars->count;
    analysis->downbeats_s = downbeats;
    return GRM_OK;
}

// They stay the front's.
static grm_status keep_colours(grm_rhythm_front *front, grm_analysis *analysis, grm_error *err) {
    const grm_colour_frame *frames;
    size_t count;
    grm_status status = grm_rhythm_front_colours(front, &frames, &count, err);
    if (status != GRM_OK) return status;
    grm_colour_series *kept = grm_memory_take(analysis->memory, 1, sizeof *kept);
    if (!kept) return grm_fail_memory(err);
    *kept = (grm_colour_series){count, GRM_RHYTHM_CHROMA_HOPS / GRM_RHYTHM_FPS, frames};
    analysis->colours = kept;
    return GRM_OK;
}

// How much of a pulse there is at all, 0..1: of the mean autocorrelation at its multiples.
static double evidence(double quality) {
    return fmin(fmax((quality - 0.05) / 0.35, 0), 1);
}

// Whether anything is struck on the beats, 0..1, from the rise of the log spectrum there. Swells of a pad come to 1,
// bows to 8, drums to 30 and more.
static grm_status audible(const grm_rhythm_series *series, const grm_bars *bars, double *out, grm_error *err) {
    enum { NEAR = 2, ROWS = 2 * NEAR + 1 };
    double mean = 0;
    for (size_t i = 0; i < bars->count; i++) {
        float flux[ROWS][GRM_RHYTHM_BANDS] = {{0}}, *planes[] = {flux[0]}, most = 0;
        ptrdiff_t from = (ptrdiff_t)(bars->beats[i] + 0.5) - NEAR, to = from + ROWS;
        if (from < 0) from = 0;
        if (to > (ptrdiff_t)series->frames) to = (ptrdiff_t)series->frames;
        size_t rows = to > from ? (size_t)(to - from) : 0;
        grm_status status =
            grm_tape_read(series->flux, (size_t)from * GRM_RHYTHM_BANDS, rows * GRM_RHYTHM_BANDS, planes, err);
        if (status != GRM_OK) return status;
        for (size_t r = 0; r < rows; r++) {
            float rise = 0;
            for (size_t b = 0; b < GRM_RHYTHM_BANDS; b++) rise += flux[r][b];
            most = fmaxf(most, rise);
        }
        mean += most / (double)bars->count;
    }
    *out = fmin(fmax((mean - 1) / 3, 0), 1);
    return GRM_OK;
}

// How sure one can be of any pulse: a few beats may be chance.
static double certain(const grm_pulse *pulse, double heard) {
    const double enough = 12;
    return evidence(pulse->quality) * heard * fmin(1, ((double)pulse->bars.count - 1) / enough);
}

static void keep_alternatives(const grm_pulse *pulse, double sure, grm_features *features) {
    bool taken[GRM_MOST_TEMPI] = {false};
    taken[pulse->chosen] = true;
    for (size_t n = 0; n < GRM_TEMPO_ALTERNATIVES; n++) {
        size_t top = GRM_MOST_TEMPI;
        for (size_t i = 0; i < pulse->count; i++)
            if (!taken[i] && (top == GRM_MOST_TEMPI || pulse->tempo[i].share > pulse->tempo[top].share)) top = i;
        if (top == GRM_MOST_TEMPI) break;
        taken[top] = true;
        features->tempo_alternatives[n].bpm = 60 * GRM_RHYTHM_FPS / pulse->tempo[top].period;
        features->tempo_alternatives[n].strength = pulse->tempo[top].share * sure;
    }
}

static grm_status keep_figures(const grm_rhythm_series *series, const grm_novelty *novelty, const grm_pulse *pulse,
                               grm_analysis *analysis, grm_error *err) {
    grm_features *f = &analysis->features;
    const grm_bars *bars = &pulse->bars;
    double sounding = 0;
    for (size_t t = 0; t < novelty->frames; t++) sounding += novelty->sound[t] / GRM_RHYTHM_FPS;
    if (sounding > 0.5) f->onset_rate_hz = novelty->onsets / sounding;
    if (bars->count < 4) return GRM_OK;
    double heard;
    grm_status status = audible(series, bars, &heard, err);
    if (status == GRM_OK) status = keep_beats(bars, analysis, err);
    if (status != GRM_OK) return status;
    f->beats_per_bar = bars->beats_per_bar;
    const double sure = certain(pulse, heard);
    f->beat_confidence = grm_beats_explain(novelty, bars->beats, bars->count) * fmin(1, 3 * sure);
    f->swing_ratio = grm_swing_measure(novelty, bars->beats, bars->count);
    f->syncopation = grm_syncopation_measure(novelty, bars->beats, bars->count);
    f->tempo_confidence = pulse->tempo[pulse->chosen].share * sure;
    keep_alternatives(pulse, sure, f);
    return grm_tempo_measure(analysis->beats_s, bars->count, &f->tempo_bpm, &f->tempo_drift_percent, err);
}

static grm_status rhythm_finish(void *self, const grm_run *run, grm_analysis *analysis, grm_error *err) {
    grm_rhythm_series *series;
    grm_novelty novelty = {0};
    grm_tempogram tempogram = {0};
    grm_pulse pulse = {0};
    grm_features *f = &analysis->features;
    f->tempo_bpm = f->tempo_confidence = f->tempo_drift_percent = f->beat_confidence = f->beats_per_bar = NAN;
    f->onset_rate_hz = f->pulse_clarity = f->swing_ratio = f->syncopation = f->danceability = NAN;
    grm_status status = grm_rhythm_front_end(self, &series, err);
    if (status == GRM_OK) status = grm_rhythm_front_voice(self, analysis, err);
    if (status == GRM_OK) status = grm_danceability_measure(series, &f->danceability, err);
    if (status == GRM_OK) status = grm_speech_measure(series, &f->speech_likeness, err);
    if (status == GRM_OK) status = grm_novelty_make(series, &novelty, err);
    if (status == GRM_OK) status = grm_tempogram_make(&novelty, &tempogram, err);
    if (status == GRM_OK) status = grm_pulse_choose(run, series, &novelty, &tempogram, &pulse, err);
    if (status == GRM_OK) status = keep_figures(series, &novelty, &pulse, analysis, err);
    if (status == GRM_OK) f->pulse_clarity = tempogram.clarity;
    grm_pulse_clear(&pulse);
    grm_tempogram_clear(&tempogram);
    grm_novelty_clear(&novelty);
    return status == GRM_OK ? keep_colours(self, analysis, err) : status;
}

const grm_ear grm_ear_rhythm = {"rhythm", rhythm_open, rhythm_hear, rhythm_finish, rhythm_close};
