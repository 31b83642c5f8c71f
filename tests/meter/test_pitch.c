// Peaks of long spectra, and the notes whose partials they are.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the four above first
#include <cmocka.h>

#include "meter/pitch_peaks.h"
#include "meter/pitch_split.h"

enum { NOTES = GRM_SPLIT_NOTES, LANES = GRM_SPLIT_LANES };

static float drawn(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1 << 24);
}

// The main lobe of a Hann window, as its logarithm is near its top: a parabola.
static void add_tone(float *power, double hz, double level) {
    double at = hz * GRM_PITCH_SIZE / GRM_PITCH_RATE;
    for (int k = (int)at - 2; k <= (int)at + 3; k++) power[k] += (float)(level * exp(-1.2 * (k - at) * (k - at)));
}

static void peaks_lie_where_the_tones_are(void **state) {
    static const double hz[] = {110, 440, 1234.5, 3000};
    grm_peak_finder *finder = calloc(1, sizeof *finder);
    float power[GRM_PITCH_BINS];
    grm_note_peak peaks[GRM_PITCH_PEAKS];
    assert_non_null(finder);
    grm_peak_finder_init(finder);
    for (size_t k = 0; k < GRM_PITCH_BINS; k++) power[k] = 1e-12f;
    for (size_t i = 0; i < 4; i++) add_tone(power, hz[i], 1);
    assert_int_equal(grm_peak_finder_run(finder, power, peaks), 4);
    for (size_t i = 0; i < 4; i++) assert_float_equal(peaks[i].note, 69 + 12 * log2(hz[i] / 440), 0.01);
    free(finder);
}

static void vectors_find_the_same_peaks(void **state) {
    grm_peak_finder *finder = calloc(1, sizeof *finder);
    uint32_t seed = 1;
    assert_non_null(finder);
    grm_peak_finder_init(finder);
    const bool avx2 = finder->avx2;
    for (int round = 0; round < 50; round++) {
        float power[GRM_PITCH_BINS];
        grm_note_peak one[GRM_PITCH_PEAKS], other[GRM_PITCH_PEAKS];
        float steep = 1 + 8 * drawn(&seed);  // from few that stand out to more than there is room for
        for (size_t k = 0; k < GRM_PITCH_BINS; k++) power[k] = powf(drawn(&seed), steep) / (float)(k + 1);
        finder->avx2 = false;
        size_t count = grm_peak_finder_run(finder, power, one);
        finder->avx2 = avx2;
        assert_int_equal(grm_peak_finder_run(finder, power, other), count);
        assert_true(count > 0 && count <= GRM_PITCH_PEAKS);
        assert_memory_equal(one, other, count * sizeof *one);
    }
    free(finder);
}

static void a_note_explains_its_partials(void **state) {
    grm_note_split split;
    float keys[NOTES][LANES] = {{0}}, notes[NOTES][LANES];
    grm_note_split_init(&split);
    for (int l = 0; l < LANES; l++)  // in each frame another note
        for (int h = 0; h < GRM_SPLIT_PARTIALS && 5 + l + split.offset[h] < NOTES; h++)
            keys[5 + l + split.offset[h]][l] = split.strength[h];
    grm_note_split_run(&split, keys, notes);
    for (int l = 0; l < LANES; l++)
        for (int n = 0; n < NOTES; n++) assert_float_equal(notes[n][l], n == 5 + l ? 1 : 0, 0.06);
}

static void frames_side_by_side_are_as_if_alone(void **state) {
    grm_note_split split;
    float keys[NOTES][LANES], notes[NOTES][LANES];
    uint32_t seed = 2;
    grm_note_split_init(&split);
    const bool avx2 = split.avx2;
    for (int round = 0; round < 20; round++) {
        for (int n = 0; n < NOTES; n++)
            for (int l = 0; l < LANES; l++) keys[n][l] = drawn(&seed) < 0.3f ? drawn(&seed) : 0;
        split.avx2 = avx2;
        grm_note_split_run(&split, keys, notes);
        split.avx2 = false;
        for (int l = 0; l < LANES; l++) {
            float alone[NOTES][LANES] = {{0}}, found[NOTES][LANES];
            for (int n = 0; n < NOTES; n++) alone[n][0] = keys[n][l];
            grm_note_split_run(&split, alone, found);
            for (int n = 0; n < NOTES; n++) assert_true(found[n][0] == notes[n][l]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peaks_lie_where_the_tones_are),
        cmocka_unit_test(vectors_find_the_same_peaks),
        cmocka_unit_test(a_note_explains_its_partials),
        cmocka_unit_test(frames_side_by_side_are_as_if_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
