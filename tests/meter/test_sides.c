// How wide the bands are, through the hearing that brings its own blocks.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants those before it
#include <cmocka.h>

#include "meter/meter.h"

enum { RATE = 44100, FRAMES = 4 * RATE };

// A sine in each band of width_by_band, each with its share in the sides.
static void tones(const double *shares, float *left, float *right) {
    static const double hz[GRM_WIDTH_BANDS] = {60, 300, 1000, 4000, 12000};
    for (size_t i = 0; i < FRAMES; i++)
        for (size_t b = 0; b < GRM_WIDTH_BANDS; b++) {
            double x = 0.1 * sin(6.283185307179586 * hz[b] * (double)i / RATE);
            left[i] += (float)(x * (sqrt(1 - shares[b]) + sqrt(shares[b])));
            right[i] += (float)(x * (sqrt(1 - shares[b]) - sqrt(shares[b])));
        }
}

static grm_features heard(const float *left, const float *right, size_t frames, size_t block) {
    static const grm_ear *const ears[] = {&grm_ear_sides};
    grm_run run = {0};
    grm_hearing *hearing;
    grm_analysis *a;
    assert_int_equal(grm_hearing_open(&run, ears, 1, right ? 2 : 1, RATE, &hearing, NULL), GRM_OK);
    for (size_t at = 0; at < frames; at += block) {
        const float *planes[2] = {left + at, right ? right + at : NULL};
        size_t count = frames - at < block ? frames - at : block;
        assert_int_equal(grm_hearing_take(hearing, planes, count, NULL), GRM_OK);
    }
    assert_int_equal(grm_hearing_end(hearing, &a, NULL), GRM_OK);
    grm_features f = a->features;
    grm_analysis_free(a);
    grm_hearing_free(hearing);
    return f;
}

static void each_band_has_its_own_width(void **state) {
    (void)state;
    static const double shares[GRM_WIDTH_BANDS] = {0, 0.1, 0.5, 0.3, 1};
    float *left = grm_floats_new(FRAMES), *right = grm_floats_new(FRAMES);
    tones(shares, left, right);
    grm_features f = heard(left, right, FRAMES, 65536), g = heard(left, right, FRAMES, 777);
    for (size_t b = 0; b < GRM_WIDTH_BANDS; b++) {
        assert_true(fabs(f.width_by_band[b] - shares[b]) < 0.001);
        assert_true(f.width_by_band[b] == g.width_by_band[b]);
    }
    assert_true(fabs(f.low_end_mono - 1) < 0.001);
    free(right);
    free(left);
}

static void one_channel_and_what_is_shorter_than_a_frame_have_no_sides(void **state) {
    (void)state;
    static const double shares[GRM_WIDTH_BANDS] = {0};
    float *left = grm_floats_new(FRAMES), *right = grm_floats_new(FRAMES);
    tones(shares, left, right);
    grm_features f = heard(left, NULL, FRAMES, 65536), g = heard(left, right, 100, 65536);
    for (size_t b = 0; b < GRM_WIDTH_BANDS; b++) assert_true(f.width_by_band[b] == 0 && g.width_by_band[b] == 0);
    assert_true(f.low_end_mono == 1);
    free(right);
    free(left);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_band_has_its_own_width),
        cmocka_unit_test(one_channel_and_what_is_shorter_than_a_frame_have_no_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
