// Tempo, beats and downbeats of recordings, one line of JSON each, and the time that hearing them took.
// bench_rhythm [--rate HZ] FILE...
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/audio.h"
#include "clock.h"
#include "meter/meter.h"
#include "recordings.h"

static grm_status listen(const grm_audio *audio, const grm_run *run, grm_analysis *analysis, grm_error *err) {
    grm_listening listening = {.file_rate_hz = audio->rate_hz, .channels = 1, .rate_hz = audio->rate_hz, .hop = 512};
    void *self = NULL;
    grm_status status = grm_ear_rhythm.open(&listening, &self, err);
    for (size_t at = 0; status == GRM_OK && at < audio->frames; at += 8192) {
        size_t frames = audio->frames - at < 8192 ? audio->frames - at : 8192;
        grm_block block = {.mono = audio->plane[0] + at, .mono_frames = frames};
        status = grm_ear_rhythm.hear(self, &block, err);
    }
    if (status == GRM_OK) status = grm_ear_rhythm.finish(self, run, analysis, err);
    grm_ear_rhythm.close(self);
    return status;
}

static void print_times(const char *name, const double *times, size_t count) {
    printf(", \"%s\": [", name);
    for (size_t i = 0; i < count; i++) printf("%s%.4f", i ? ", " : "", times[i]);
    printf("]");
}

static void print(const char *name, double value) {
    if (isfinite(value))
        printf(", \"%s\": %.6g", name, value);
    else
        printf(", \"%s\": null", name);
}

static grm_status hear_file(const char *path, void *context, const grm_run *run, grm_error *err) {
    const unsigned rate_hz = *(const unsigned *)context;
    grm_audio *audio = NULL, *other = NULL;
    grm_analysis analysis = {.memory = grm_memory_new()};
    grm_status status = grm_audio_read(path, 36000, &audio, err);
    if (status != GRM_OK) goto done;
    for (unsigned c = 1; c < audio->channels; c++)
        for (size_t i = 0; i < audio->frames; i++) audio->plane[0][i] += audio->plane[c][i];
    for (size_t i = 0; i < audio->frames; i++) audio->plane[0][i] /= (float)audio->channels;
    if (rate_hz) {
        status = grm_audio_resample(audio, rate_hz, &other, err);
        if (status != GRM_OK) goto done;
        grm_audio_free(audio);
        audio = other;
    }
    double start = bench_cpu_s();
    status = listen(audio, run, &analysis, err);
    if (status != GRM_OK) goto done;
    const grm_features *f = &analysis.features;
    printf("{\"file\": \"%s\", \"cpu_s\": %.4f", path, bench_cpu_s() - start);
#define PRINT(field) print(#field, f->field)
    PRINT(tempo_bpm), PRINT(tempo_confidence), PRINT(tempo_drift_percent), PRINT(beat_confidence);
    PRINT(beats_per_bar), PRINT(onset_rate_hz), PRINT(pulse_clarity), PRINT(swing_ratio), PRINT(syncopation);
    PRINT(danceability);
    printf(", \"alternatives\": [");
    for (size_t i = 0; i < GRM_TEMPO_ALTERNATIVES; i++)
        printf("%s[%.2f, %.3f]", i ? ", " : "", f->tempo_alternatives[i].bpm, f->tempo_alternatives[i].strength);
    printf("]");
    print_times("beats", analysis.beats_s, analysis.beat_count);
    print_times("downbeats", analysis.downbeats_s, analysis.downbeat_count);
    printf("}\n");
done:
    grm_memory_free(analysis.memory);
    grm_audio_free(audio);
    return status;
}

int main(int argc, char **argv) {
    unsigned rate_hz = 0;
    int first = 1;
    if (argc > 2 && !strcmp(argv[1], "--rate")) {
        rate_hz = (unsigned)strtoul(argv[2], NULL, 10);
        first = 3;
    }
    return bench_each_file("bench_rhythm", argv + first, argc > first ? argc - first : 0, hear_file, &rate_hz);
}
