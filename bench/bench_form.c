// What the ear for form weighs, a line of JSON a recording: where units begin, and the cues of each (for
// bench/peers/form_fit.py); and the processor time that the ear took behind those for rhythm and harmony.
// bench_form FILE...
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "audio/audio.h"
#include "clock.h"
#include "meter/form.h"
#include "recordings.h"

enum { EARS = 4 };
static const grm_ear *const ears[EARS] = {&grm_ear_level, &grm_ear_rhythm, &grm_ear_harmony, &grm_ear_form};

// One ear after the other. selves: to be closed by the caller.
static grm_status listen(const grm_audio *audio, float *mono, const grm_run *run, void *selves[EARS],
                         grm_analysis *analysis, double *form_s, grm_error *err) {
    grm_listening listening = {.profile = run->profile,
                               .file_rate_hz = audio->rate_hz,
                               .channels = audio->channels,
                               .rate_hz = audio->rate_hz,
                               .hop = 512,
                               .run = run};
    grm_status status = GRM_OK;
    for (size_t e = 0; status == GRM_OK && e < EARS; e++) {
        status = ears[e]->open(&listening, &selves[e], err);
        for (size_t at = 0; status == GRM_OK && at < audio->frames; at += 8192) {
            size_t frames = audio->frames - at < 8192 ? audio->frames - at : 8192;
            grm_block block = {.frames = frames, .mono = mono + at, .mono_frames = frames};
            for (unsigned c = 0; c < audio->channels; c++) block.planes[c] = audio->plane[c] + at;
            status = ears[e]->hear(selves[e], &block, err);
        }
        double start = bench_cpu_s();
        if (status == GRM_OK) status = ears[e]->finish(selves[e], run, analysis, err);
        *form_s = bench_cpu_s() - start;
    }
    return status;
}

static grm_status print_cues(const char *path, const grm_analysis *analysis, double form_s, grm_error *err) {
    grm_form_units units = {0};
    grm_form_likeness likeness = {0};
    float(*cues)[GRM_FORM_CUES] = NULL;
    grm_status status = grm_form_units_make(analysis, &units, err);
    if (status == GRM_OK) status = grm_form_likeness_make(&units, &likeness, err);
    if (status == GRM_OK && !(cues = calloc(units.count, sizeof *cues))) status = grm_fail_memory(err);
    if (status == GRM_OK) status = grm_form_cues_measure(&units, &likeness, cues, err);
    if (status == GRM_OK) {
        printf("{\"file\": \"%s\", \"form_s\": %.5f, \"at\": [", path, form_s);
        for (size_t i = 0; i <= units.count; i++) printf("%s%.4f", i ? ", " : "", units.at[i]);
        printf("], \"starts\": [");
        for (size_t i = 0; i < analysis->section_count; i++)
            printf("%s%.4f", i ? ", " : "", analysis->sections[i].start_s);
        printf("], \"cues\": [");
        for (size_t i = 0; i < units.count; i++)
            for (size_t k = 0; k < GRM_FORM_CUES; k++)
                printf("%s%.5g%s", k ? ", " : i ? ", [" : "[", (double)cues[i][k], k + 1 == GRM_FORM_CUES ? "]" : "");
        printf("]}\n");
    }
    free(cues);
    grm_form_likeness_clear(&likeness);
    grm_form_units_clear(&units);
    return status;
}

static grm_status hear_file(const char *path, void *context, const grm_run *run, grm_error *err) {
    grm_audio *audio = NULL;
    grm_analysis analysis = {.memory = grm_memory_new()};
    void *selves[EARS] = {NULL};
    float *mono = NULL;
    double form_s = 0;
    grm_status status = grm_audio_read(path, 36000, &audio, err);
    if (status != GRM_OK) goto done;
    mono = calloc(audio->frames + 1, sizeof *mono);
    if (!mono) {
        status = grm_fail_memory(err);
        goto done;
    }
    for (unsigned c = 0; c < audio->channels; c++)
        for (size_t i = 0; i < audio->frames; i++) mono[i] += audio->plane[c][i] / (float)audio->channels;
    analysis.features.duration_s = (double)audio->frames / audio->rate_hz;
    status = listen(audio, mono, run, selves, &analysis, &form_s, err);
    if (status == GRM_OK) status = print_cues(path, &analysis, form_s, err);
done:
    for (size_t e = 0; e < EARS; e++) ears[e]->close(selves[e]);
    free(mono);
    grm_memory_free(analysis.memory);
    grm_audio_free(audio);
    return status;
}

int main(int argc, char **argv) {
    return bench_each_file("bench_form", argv + 1, argc - 1, hear_file, NULL);
}
