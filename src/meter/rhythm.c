// The ear for rhythm: tempo, beats, bars and what can be said about them.
#include "meter/rhythm.h"

#include <stdlib.h>

static grm_status rhythm_open(const grm_listening *listening, void **self, grm_error *err) {
    return grm_rhythm_front_new(listening->rate_hz, (grm_rhythm_front **)self, err);
}

static grm_status rhythm_hear(void *self, const grm_block *block, grm_error *err) {
    return block->mono_frames > 0 ? grm_rhythm_front_hear(self, block->mono, block->mono_frames, err) : GRM_OK;
}

static void rhythm_close(void *self) {
    grm_rhythm_front_free(self);
}

// Beats a minute of the tempo that most of the recording keeps: the median over spans of eight beats says which, and a
// straight line through the beats of each stretch that keeps it says exactly.
static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, size_t count) {
    qsort(x, count, sizeof *x, rising);
    return count % 2 ? x[count / 2] : 0.5 * (x[count / 2 - 1] + x[count / 2]);
}

static double slope(const double *y, size_t count) {
    double sum = 0, weight = 0, middle = 0.5 * (double)(count - 1);
    for (size_t i = 0; i < count; i++) {
        sum += ((double)i - middle) * y[i];
        weight += ((double)i - middle) * ((double)i - middle);
    }
    return sum / weight;
}

enum { SPAN = 8 };
static grm_status find_tempo(const double *beats, size_t count, double *bpm, grm_error *err) {
    *bpm = NAN;
    if (count < SPAN + 1) return GRM_OK;
    size_t spans = count - SPAN;
    double *local = calloc(2 * spans, sizeof *local), *sorted = local + spans;
    if (!local) return grm_fail_memory(err);
    for (size_t i = 0; i < spans; i++) sorted[i] = local[i] = slope(beats + i, SPAN + 1);
    double middle = median(sorted, spans), sum = 0, weight = 0;
    for (size_t i = 0; i < spans;) {
        size_t to = i;
        while (to < spans && fabs(local[to] / middle - 1) < 0.025) to++;
        if (to == i) {
            i++;
            continue;
        }
        double beats_here = (double)(to - i + SPAN), w = beats_here * beats_here * beats_here;
        sum += w * slope(beats + i, to - i + SPAN);
        weight += w;
        i = to;
    }
    *bpm = 60 / (weight > 0 ? sum / weight : middle);
    free(local);
    return GRM_OK;
}

static grm_status rhythm_finish(void *self, const grm_run *run, grm_analysis *analysis, grm_error *err) {
    const grm_rhythm_series *series;
    grm_novelty novelty = {0};
    grm_tempogram tempogram = {0};
    grm_bars bars = {0};
    float *path = NULL;
    double *pulse = NULL;
    size_t count = 0;
    (void)run;
    grm_features *f = &analysis->features;
    f->tempo_bpm = f->tempo_confidence = f->tempo_drift_percent = f->beat_confidence = f->beats_per_bar = NAN;
    f->onset_rate_hz = f->pulse_clarity = f->swing_ratio = f->syncopation = f->danceability = NAN;
    grm_status status = grm_rhythm_front_end(self, &series, err);
    if (status == GRM_OK) status = grm_novelty_make(series, &novelty, err);
    if (status == GRM_OK) status = grm_tempogram_make(&novelty, &tempogram, err);
    if (status != GRM_OK) goto done;
    path = grm_floats_new(tempogram.columns);
    pulse = calloc(series->frames / 15 + 1, sizeof *pulse);
    if (!path || !pulse) {
        status = grm_fail_memory(err);
        goto done;
    }
    size_t top = 0;
    double best = 0;
    for (size_t i = 0; i < GRM_TEMPI; i++) {
        double octaves = log2(grm_tempo_period((double)i) / (60 / 115.0 * GRM_RHYTHM_FPS));
        double v = tempogram.mean[i] * exp(-0.5 * octaves * octaves / (0.7 * 0.7));
        if (v > best) best = v, top = i;
    }
    double quality;
    status = grm_tempogram_path(&tempogram, (double)top, path, &quality, err);
    if (status == GRM_OK)
        status = grm_beats_track(&novelty, path, tempogram.columns, pulse, series->frames / 15, &count, err);
    if (status == GRM_OK) status = grm_bars_find(series, &novelty, pulse, count, &bars, err);
    if (status != GRM_OK) goto done;
    double *beats = grm_memory_take(analysis->memory, bars.count + 1, sizeof *beats);
    double *downbeats = grm_memory_take(analysis->memory, bars.count + 1, sizeof *downbeats);
    if (!beats || !downbeats) {
        status = grm_fail_memory(err);
        goto done;
    }
    for (size_t i = 0; i < bars.count; i++) {
        beats[i] = bars.beats[i] / GRM_RHYTHM_FPS;
        if (bars.position[i] == 0) downbeats[analysis->downbeat_count++] = beats[i];
    }
    analysis->beats_s = beats;
    analysis->beat_count = bars.count;
    analysis->downbeats_s = downbeats;
    f->pulse_clarity = tempogram.clarity;
    if (bars.count > 0) f->beats_per_bar = bars.beats_per_bar;
    status = find_tempo(beats, bars.count, &f->tempo_bpm, err);
done:
    grm_bars_clear(&bars);
    free(pulse);
    free(path);
    grm_tempogram_clear(&tempogram);
    grm_novelty_clear(&novelty);
    return status;
}

const grm_ear grm_ear_rhythm = {"rhythm", rhythm_open, rhythm_hear, rhythm_finish, rhythm_close};
