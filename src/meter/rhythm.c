// The ear for rhythm: tempo, beats, bars and what can be said about them.
#include "meter/rhythm.h"

static grm_status rhythm_open(const grm_listening *listening, void **self, grm_error *err) {
    return grm_rhythm_front_new(listening->rate_hz, (grm_rhythm_front **)self, err);
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

// They stay the front's. The last frame, which is short, is left out.
static grm_status keep_colours(const grm_rhythm_series *series, grm_analysis *analysis, grm_error *err) {
    size_t count = series->frames / GRM_RHYTHM_CHROMA_HOPS;
    grm_colour_series *kept = grm_memory_take(analysis->memory, 1, sizeof *kept);
    if (!kept) return grm_fail_memory(err);
    *kept = (grm_colour_series){count, GRM_RHYTHM_CHROMA_HOPS / GRM_RHYTHM_FPS, series->colours};
    analysis->colours = kept;
    return GRM_OK;
}

// How much of a pulse there is at all, 0..1: of the mean autocorrelation at its multiples.
static double evidence(double quality) {
    return fmin(fmax((quality - 0.05) / 0.35, 0), 1);
}

// Whether anything is struck on the beats, 0..1, from the rise of the log spectrum there. Swells of a pad come to 1,
// bows to 8, drums to 30 and more.
static double audible(const grm_rhythm_series *series, const grm_bars *bars) {
    enum { NEAR = 2 };
    double mean = 0;
    for (size_t i = 0; i < bars->count; i++) {
        float most = 0;
        for (ptrdiff_t t = (ptrdiff_t)(bars->beats[i] + 0.5) - NEAR, to = t + 2 * NEAR; t <= to; t++) {
            float rise = 0;
            for (size_t b = 0; t >= 0 && t < (ptrdiff_t)series->frames && b < GRM_RHYTHM_BANDS; b++)
                rise += series->flux[t][b];
            most = fmaxf(most, rise);
        }
        mean += most / (double)bars->count;
    }
    return fmin(fmax((mean - 1) / 3, 0), 1);
}

// How sure one can be of any pulse: a few beats may be chance.
static double certain(const grm_rhythm_series *series, const grm_pulse *pulse) {
    const double enough = 12;
    return evidence(pulse->quality) * audible(series, &pulse->bars) * fmin(1, ((double)pulse->bars.count - 1) / enough);
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
    if (sounding > 0.5) f->onset_rate_hz = grm_onsets_count(novelty) / sounding;
    grm_status status = grm_danceability_measure(series, &f->danceability, err);
    if (status == GRM_OK) status = grm_speech_measure(series, &f->speech_likeness, err);
    if (status != GRM_OK || bars->count < 4) return status;
    status = keep_beats(bars, analysis, err);
    if (status != GRM_OK) return status;
    f->beats_per_bar = bars->beats_per_bar;
    const double sure = certain(series, pulse);
    f->beat_confidence = grm_beats_explain(novelty, bars->beats, bars->count) * fmin(1, 3 * sure);
    f->swing_ratio = grm_swing_measure(novelty, bars->beats, bars->count);
    f->syncopation = grm_syncopation_measure(novelty, bars->beats, bars->count);
    f->tempo_confidence = pulse->tempo[pulse->chosen].share * sure;
    keep_alternatives(pulse, sure, f);
    return grm_tempo_measure(analysis->beats_s, bars->count, &f->tempo_bpm, &f->tempo_drift_percent, err);
}

static grm_status rhythm_finish(void *self, const grm_run *run, grm_analysis *analysis, grm_error *err) {
    const grm_rhythm_series *series;
    grm_novelty novelty = {0};
    grm_tempogram tempogram = {0};
    grm_pulse pulse = {0};
    grm_features *f = &analysis->features;
    f->tempo_bpm = f->tempo_confidence = f->tempo_drift_percent = f->beat_confidence = f->beats_per_bar = NAN;
    f->onset_rate_hz = f->pulse_clarity = f->swing_ratio = f->syncopation = f->danceability = NAN;
    grm_status status = grm_rhythm_front_end(self, &series, err);
    if (status == GRM_OK) status = keep_colours(series, analysis, err);
    if (status == GRM_OK) status = grm_novelty_make(series, &novelty, err);
    if (status == GRM_OK) status = grm_tempogram_make(&novelty, &tempogram, err);
    if (status == GRM_OK) status = grm_pulse_choose(run, series, &novelty, &tempogram, &pulse, err);
    if (status == GRM_OK) status = keep_figures(series, &novelty, &pulse, analysis, err);
    if (status == GRM_OK) f->pulse_clarity = tempogram.clarity;
    grm_pulse_clear(&pulse);
    grm_tempogram_clear(&tempogram);
    grm_novelty_clear(&novelty);
    return status;
}

const grm_ear grm_ear_rhythm = {"rhythm", rhythm_open, rhythm_hear, rhythm_finish, rhythm_close};
