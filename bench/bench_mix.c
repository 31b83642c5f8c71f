// Time of mixing ten stems of three minutes with all of their effects, and its share of real time.
// bench_mix [THREADS [RUNS]]
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "dsp/dsp.h"
#include "mix/mix.h"

enum { SECONDS = 180, STEMS = 10, BLOCK = 48000, MOST_RUNS = 99 };

static const struct {
    const char *name;
    grm_role role;
    grm_part_mix mix;
} cast[STEMS] = {
    {"Kick", GRM_ROLE_KICK, {.level_db = -1, .width = 1, .room = 0.08f}},
    {"Snare", GRM_ROLE_SNARE, {.level_db = -3, .width = 1, .room = 0.2f, .hall = 0.1f}},
    {"Hats", GRM_ROLE_HATS, {.level_db = -10, .pan = 0.2f, .width = 1, .room = 0.1f}},
    {"Percussion", GRM_ROLE_PERCUSSION, {.level_db = -12, .pan = -0.4f, .width = 1, .room = 0.2f}},
    {"Bass", GRM_ROLE_BASS, {.level_db = -2, .width = 1}},
    {"Chords", GRM_ROLE_CHORDS, {.level_db = -6, .pan = 0.1f, .width = 1, .room = 0.2f, .hall = 0.1f}},
    {"Pad", GRM_ROLE_PAD, {.level_db = -10, .width = 1.2f, .hall = 0.3f}},
    {"Arp", GRM_ROLE_ARP, {.level_db = -9, .pan = -0.3f, .width = 1, .hall = 0.2f, .delay = 0.3f}},
    {"Lead", GRM_ROLE_LEAD, {.width = 1, .room = 0.1f, .hall = 0.2f, .delay = 0.2f}},
    {"Rain", GRM_ROLE_TEXTURE, {.level_db = -22, .width = 1}},
};

// Notes that come and go; each stem is silent for a fifth of the song.
static grm_status record(size_t stem, grm_tape *tape, grm_error *err) {
    grm_rng rng = grm_rng_branch(&(grm_rng){1, 1}, "bench", (unsigned)stem);
    static float x[2][BLOCK];
    for (int block = 0; block < SECONDS; block++) {
        double hz = 50 * pow(1.5, (double)stem) * (1 + 0.25 * grm_rng_below(&rng, 4));
        bool silent = (block / 9 + (int)stem) % 5 == 0;
        for (size_t i = 0; i < BLOCK; i++) {
            double t = (double)i / BLOCK, note = t * 2 - floor(t * 2);
            double tone = silent ? 0 : sin(2 * GRM_PI * hz * t) * exp(-note * 3);
            float air = silent ? 0 : 0.02f * grm_rng_between(&rng, -1, 1);
            x[0][i] = (float)(0.3 * tone) + air;
            x[1][i] = (float)(0.3 * tone) - air;
        }
        grm_status status = grm_tape_append(tape, (const float *const[]){x[0], x[1]}, BLOCK, err);
        if (status) return status;
    }
    return GRM_OK;
}

static grm_status ignore(void *context, size_t stem, const float *const *planes, size_t frames, grm_error *err) {
    (void)context, (void)stem, (void)planes, (void)frames, (void)err;
    return GRM_OK;
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
    grm_stem items[STEMS];
    grm_part_mix parts[STEMS];
    const double starts[] = {0, 30, 60, 90, 120, 150};
    const float energies[] = {0.2f, 0.5f, 0.9f, 0.5f, 1, 0.3f};
    grm_stems stems = {.count = STEMS, .items = items, .duration_s = SECONDS};
    grm_mix_plan plan = {
        .parts = parts,
        .style = {.duck_db = 5, .duck_release_ms = 160, .room_s = 0.4f, .hall_s = 2.2f, .delay_beats = 0.75f},
        .tempo_bpm = 120,
        .section_count = GRM_COUNT(starts),
        .section_start_s = starts,
        .section_energy = energies};
    plan.style.lofi = argc > 3 ? (float)atof(argv[3]) : 0;
    double wall[MOST_RUNS], cpu[MOST_RUNS];
    if (grm_pool_new(threads, &run.pool, &err)) goto failed;
    for (size_t i = 0; i < STEMS; i++) {
        items[i] = (grm_stem){.name = cast[i].name, .instrument = cast[i].name, .role = cast[i].role};
        parts[i] = cast[i].mix;
        if (grm_tape_new(2, GRM_RATE, NULL, &items[i].dry, &err) || record(i, items[i].dry, &err)) goto failed;
    }
    for (int i = 0; i < runs; i++) {
        double start = bench_wall_s(), cpu_start = bench_cpu_s();
        if (grm_mix_run(&run, &stems, &plan, ignore, NULL, 0, NULL, &err)) goto failed;
        wall[i] = bench_wall_s() - start;
        cpu[i] = bench_cpu_s() - cpu_start;
    }
    qsort(wall, (size_t)runs, sizeof *wall, by_value);
    qsort(cpu, (size_t)runs, sizeof *cpu, by_value);
    printf("mix, %d stems of %d s, %u thread%s: median %.3f s wall (%.0fx real time), %.3f s CPU\n", STEMS, SECONDS,
           threads, threads == 1 ? "" : "s", wall[runs / 2], SECONDS / wall[runs / 2], cpu[runs / 2]);
    for (size_t i = 0; i < STEMS; i++) grm_tape_free(items[i].dry);
    grm_pool_free(run.pool);
    return 0;
failed:
    fprintf(stderr, "bench_mix: %s\n", err.message);
    return 1;
}
