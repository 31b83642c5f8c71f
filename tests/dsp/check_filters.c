// Cascades on this processor's vectors against plain C, bit by bit. It needs nothing but the filters, so that
// script/test-arm can run it for other processors.
//   check_filters [SECONDS]    without comparing: that much stereo through sixteen cells, on vectors, then in plain C
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dsp/dsp.h"

enum { FRAMES = 5000, RATE = 48000 };

static void fill(float *x, size_t count, uint64_t seed) {
    grm_rng rng = grm_rng_new(seed, "noise");
    for (size_t i = 0; i < count; i++) x[i] = 0.3f * grm_rng_normal(&rng);
}

static void make(grm_cascade *c, size_t cells) {
    grm_filter of[GRM_CASCADE_CELLS];
    for (size_t i = 0; i < cells; i++)
        of[i] = grm_filter_design(i % 3 ? GRM_FILTER_BELL : GRM_FILTER_HIGH_SHELF, RATE, 40 * (double)(1 + i * i), 0.9,
                                  (double)(i % 5) - 2);
    grm_cascade_init(c, of, cells);
}

// In blocks of any length, also shorter than the vectors need.
static int check(size_t cells) {
    static float x[2][FRAMES], y[2][FRAMES];
    grm_cascade fast, plain;
    make(&fast, cells);
    plain = fast;
    plain.vectors = false;
    for (size_t side = 0; side < 2; side++) {
        fill(x[side], FRAMES, cells * 2 + side);
        memcpy(y[side], x[side], sizeof y[side]);
    }
    for (size_t at = 0, step = 1; at < FRAMES; at += step, step = step * 7 % 311) {
        size_t count = FRAMES - at < step ? FRAMES - at : step;
        grm_cascade_run(&fast, x[0] + at, x[1] + at, count);
        grm_cascade_run(&plain, y[0] + at, y[1] + at, count);
    }
    return memcmp(x, y, sizeof x) == 0;
}

static double seconds_of(bool vectors, double seconds) {
    static float x[2][FRAMES];
    grm_cascade c;
    make(&c, 16);
    c.vectors = vectors;
    clock_t start = clock();
    for (double at = 0; at < seconds * RATE; at += FRAMES) {
        fill(x[0], 8, 1);
        grm_cascade_run(&c, x[0], x[1], FRAMES);
    }
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        double seconds = atof(argv[1]), fast = seconds_of(true, seconds), plain = seconds_of(false, seconds);
        printf("sixteen cells, %g s of stereo: vectors %.3f s, plain %.3f s\n", seconds, fast, plain);
        return 0;
    }
    for (size_t cells = 1; cells <= GRM_CASCADE_CELLS; cells++)
        if (!check(cells)) {
            printf("FAILED: %zu cells on vectors differ from plain C\n", cells);
            return 1;
        }
    grm_cpu cpu = grm_cpu_detect();
    printf("cascades of 1 to %d cells, %s: the same bits as plain C\n", GRM_CASCADE_CELLS,
           cpu.neon       ? "NEON"
           : cpu.avx2_fma ? "AVX2"
                          : "no vectors");
    return 0;
}
