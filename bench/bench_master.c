// Time of mastering three minutes of stereo at 48 kHz: a median, and how many times real time that is.
// bench_master [THREADS [RUNS]]
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "dsp/dsp.h"
#include "master/master.h"

enum { RATE = 48000, SECONDS = 180, MOST_RUNS = 99 };

// A beat, a bass, and noise in bands that comes and goes: as dynamic as a mix.
static void fill(grm_audio *a) {
    grm_rng rng = grm_rng_new(1, "bench");
    for (size_t i = 0; i < a->frames; i++) {
        double t = (double)i / RATE, beat = t * 2 - floor(t * 2), section = t < 60 ? 0.5 : 1;
        double kick = sin(40 * exp(-beat * 12) + 300 * beat) * exp(-beat * 8), bass = sin(2 * GRM_PI * 55 * t);
        for (int side = 0; side < 2; side++) {
            double noise = grm_rng_normal(&rng) * exp(-fmod(t * 4, 1) * 6);
            a->plane[side][i] = (float)(section * (0.3 * kick + 0.15 * bass + 0.05 * noise));
        }
    }
}

static int by_value(const void *a, const void *b) {
    return *(const double *)a < *(const double *)b ? -1 : 1;
}

int main(int argc, char **argv) {
    unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    int runs = argc > 2 ? atoi(argv[2]) : 5;
    if (runs < 1 || runs > MOST_RUNS) runs = 5;
    grm_run run = {0};
    grm_error err = {0};
    const grm_style_mix style = {.warmth = 0.5f, .brightness_db = 1, .bass_db = 1, .width = 1.1f};
    const grm_master_request request = {.style = &style};
    double wall[MOST_RUNS], cpu[MOST_RUNS];
    grm_master_levels after = {0};
    if (grm_pool_new(threads, &run.pool, &err)) goto failed;
    for (int i = 0; i < runs; i++) {
        grm_audio *audio;
        grm_tape *in, *out;
        if (grm_audio_new(2, (size_t)RATE * SECONDS, RATE, &audio, &err)) goto failed;
        fill(audio);
        if (grm_tape_new(2, RATE, NULL, &in, &err) || grm_tape_new(2, RATE, NULL, &out, &err)) goto failed;
        if (grm_tape_append(in, (const float *const *)audio->plane, audio->frames, &err)) goto failed;
        double start = bench_wall_s(), cpu_start = bench_cpu_s();
        if (grm_master_run(&run, in, &request, 0, out, &after, NULL, &err)) goto failed;
        wall[i] = bench_wall_s() - start;
        cpu[i] = bench_cpu_s() - cpu_start;
        grm_tape_free(out);
        grm_tape_free(in);
        grm_audio_free(audio);
    }
    qsort(wall, (size_t)runs, sizeof *wall, by_value);
    qsort(cpu, (size_t)runs, sizeof *cpu, by_value);
    printf("master, %d s, %u thread%s: median %.3f s wall (%.0fx real time), %.3f s CPU; %.2f LUFS, %.2f dBTP\n",
           SECONDS, threads, threads == 1 ? "" : "s", wall[runs / 2], SECONDS / wall[runs / 2], cpu[runs / 2],
           after.integrated_lufs, after.true_peak_dbtp);
    grm_pool_free(run.pool);
    return 0;
failed:
    fprintf(stderr, "bench_master: %s\n", err.message);
    return 1;
}
