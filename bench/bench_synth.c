// Score to stems: how fast, on one thread and on all. With a MIDI file, that; else three minutes of ten dense parts.
//   bench_synth [SOUNDFONT [SONG.mid]]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "synth/synth.h"

enum { PARTS = 10, SECONDS = 180, CHORDS = SECONDS * 2, KEYS = 3 };

static double peak_mb(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_maxrss / 1024;
}

// Three notes twice a second in each of nine parts, and drums.
static grm_score *make_score(void) {
    static const uint8_t programs[PARTS] = {0, 4, 25, 33, 48, 52, 61, 73, 81, 0};
    static const uint8_t shape[KEYS] = {0, 4, 7}, kit[KEYS] = {36, 38, 42};
    static grm_note notes[PARTS][CHORDS * KEYS];
    static grm_part parts[PARTS];
    static grm_tempo_change tempo = {0, 500000};
    static grm_metre_change metre = {0, {4, 4}};
    static grm_score score;
    for (int p = 0; p < PARTS; p++) {
        for (int i = 0; i < CHORDS * KEYS; i++) {
            int chord = i / KEYS, root = 45 + (chord / 4 * 5 + p * 3) % 24;
            notes[p][i] = (grm_note){.start = chord * GRM_PPQ,
                                     .length = GRM_PPQ * 9 / 10,
                                     .pitch = (uint8_t)(p == PARTS - 1 ? kit[i % KEYS] : root + shape[i % KEYS]),
                                     .velocity = (uint8_t)(60 + chord * 7 % 50)};
        }
        parts[p] = (grm_part){.name = "part", .program = programs[p], .drums = p == PARTS - 1, .bend_range = 2};
        parts[p].notes = notes[p];
        parts[p].note_count = CHORDS * KEYS;
    }
    score = (grm_score){.duration_s = SECONDS, .part_count = PARTS, .tempo_count = 1, .metre_count = 1};
    score.parts = parts;
    score.tempos = &tempo;
    score.metres = &metre;
    return &score;
}

static grm_status measure(const grm_profile *profile, const grm_score *score, unsigned threads, grm_error *err) {
    grm_soundfont *font = NULL;
    grm_pool *pool = NULL;
    grm_stems *stems = NULL;
    double start = bench_wall_s(), used = bench_cpu_s();
    grm_status status;
    if ((status = grm_soundfont_open(profile, &font, err)) || (status = grm_pool_new(threads, &pool, err))) goto done;
    double opened = bench_wall_s();
    grm_run run = {.profile = profile, .pool = pool};
    if ((status = grm_synth_render(&run, score, NULL, font, 1, NULL, 0, &stems, err))) goto done;
    double end = bench_wall_s();
    printf("%u thread%s: open %.3f s, render %.2f s (CPU %.2f s), %.0fx real time, peak %.0f MB\n", threads,
           threads == 1 ? "" : "s", opened - start, end - opened, bench_cpu_s() - used,
           score->duration_s / (end - opened), peak_mb());

done:
    grm_stems_free(stems);
    grm_pool_free(pool);
    grm_soundfont_close(font);
    return status;
}

int main(int argc, char **argv) {
    static const char *const names[] = {"MuseScore_General_Full.sf3", "MuseScore_General.sf3", "FluidR3Mono_GM.sf3",
                                        NULL};
    grm_profile profile = {.soundfont = argc > 1 ? argv[1] : NULL, .soundfont_names = names};
    grm_error err = {0};
    grm_score *read = NULL;
    grm_status status = GRM_OK;
    if (argc > 2) {
        uint8_t *bytes = NULL;
        size_t size = 0;
        status = grm_file_read(argv[2], 1 << 24, &bytes, &size, &err);
        if (status == GRM_OK) status = grm_score_read_midi(bytes, size, argv[2], &read, &err);
        free(bytes);
    }
    const grm_score *score = read ? read : make_score();
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (status == GRM_OK) {
        size_t notes = 0;
        for (size_t i = 0; i < score->part_count; i++) notes += score->parts[i].note_count;
        printf("%zu parts, %zu notes, %.0f s\n", score->part_count, notes, score->duration_s);
        status = measure(&profile, score, 1, &err);
    }
    if (status == GRM_OK && cores > 1) status = measure(&profile, score, (unsigned)cores, &err);
    if (status != GRM_OK) fprintf(stderr, "%s\n", err.message);
    grm_score_free(read);
    return status;
}
