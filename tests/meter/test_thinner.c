// A stream at a lower rate.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the four above first
#include <cmocka.h>

#include "dsp/dsp.h"
#include "meter/pitch.h"

enum { FRAMES = 40000 };

// Everything that comes out of x, heard in pieces of `piece` frames; [room] of y.
static size_t thin(unsigned from_hz, unsigned to_hz, double top_hz, const float *x, size_t piece, float *y,
                   size_t room) {
    grm_thinner *thinner;
    const float *made;
    size_t count, all = 0;
    assert_int_equal(grm_thinner_new(from_hz, to_hz, top_hz, &thinner, NULL), GRM_OK);
    for (size_t at = 0; at <= FRAMES; at += piece) {
        bool end = at + piece > FRAMES;
        size_t frames = end ? FRAMES - at : piece;
        assert_int_equal(grm_thinner_run(thinner, x + at, frames, &made, &count, NULL), GRM_OK);
        assert_true(all + count <= room);
        if (count) memcpy(y + all, made, count * sizeof *y);
        all += count;
    }
    assert_int_equal(grm_thinner_run(thinner, NULL, 0, &made, &count, NULL), GRM_OK);
    assert_true(all + count <= room);
    if (count) memcpy(y + all, made, count * sizeof *y);
    grm_thinner_free(thinner);
    return all + count;
}

// The largest difference from a sine of `level`, ends apart.
static float off(const float *y, size_t count, double rate_hz, double hz, double level) {
    float most = 0;
    for (size_t i = 200; i + 200 < count; i++)
        most = fmaxf(most, fabsf(y[i] - (float)(level * sin(2 * GRM_PI * hz * (double)i / rate_hz))));
    return most;
}

static void sines_below_stay_and_those_above_go(void **state) {
    (void)state;
    static const struct {
        unsigned from_hz, to_hz;
        double hz, level, top_hz;  // level: that is left
    } cases[] = {
        {44100, 22050, 440, 0.5, 0},
        {44100, 22050, 9700, 0.5, 0},
        {44100, 22050, 12500, 0, 0},
        {44100, 11025, 4800, 0.5, 0},
        {44100, 11025, 6300, 0, 0},
        {48000, 22050, 8000, 0.5, 0},
        {48000, 22050, 13500, 0, 0},
        {44100, 1000, 180, 0.5, 0},
        {44100, 1000, 900, 0, 0},
        {96000, 22050, 5000, 0.5, 0},
        {96000, 22050, 30000, 0, 0},
        {22050, 11025, 3000, 0.5, 0},
        {22050, 22050, 3000, 0.5, 0},
        // cheap filters: right below what matters, and all that would fall there is gone
        {44100, 1000, 300, 0.5, 363},
        {44100, 1000, 360, 0.5, 363},
        {22050, 1000, 180, 0.5, 363},
        {44100, 1000, 21700, 0, 363},
        {44100, 1000, 10800, 0, 363},
        {44100, 1000, 5300, 0, 363},
        {22050, 1000, 2500, 0, 363},
        {44100, 1000, 1050, 0, 363},
        {48000, 1000, 11700, 0, 363},
    };
    static float x[FRAMES], y[FRAMES + 1];
    for (size_t c = 0; c < GRM_COUNT(cases); c++) {
        for (size_t i = 0; i < FRAMES; i++)
            x[i] = 0.5f * (float)sin(2 * GRM_PI * cases[c].hz * (double)i / cases[c].from_hz);
        size_t count = thin(cases[c].from_hz, cases[c].to_hz, cases[c].top_hz, x, 7777, y, GRM_COUNT(y));
        double expected = (double)FRAMES * cases[c].to_hz / cases[c].from_hz;
        assert_true(fabs((double)count - expected) <= 1.5);
        assert_true(off(y, count, cases[c].to_hz, cases[c].hz, cases[c].level) < 3e-4f);
    }
}

static void samples_do_not_depend_on_how_sound_is_cut(void **state) {
    (void)state;
    static const unsigned to_hz[] = {22050, 11025};
    static float x[FRAMES], whole[FRAMES], cut[FRAMES];
    grm_rng rng = grm_rng_new(3, "cut");
    for (size_t i = 0; i < FRAMES; i++) x[i] = grm_rng_between(&rng, -1, 1);
    for (size_t t = 0; t < GRM_COUNT(to_hz); t++) {
        size_t count = thin(44100, to_hz[t], 0, x, FRAMES, whole, FRAMES);
        static const size_t pieces[] = {1, 3, 1000, 4097};
        for (size_t p = 0; p < GRM_COUNT(pieces); p++) {
            assert_int_equal(thin(44100, to_hz[t], 0, x, pieces[p], cut, FRAMES), count);
            assert_memory_equal(whole, cut, count * sizeof *cut);
        }
    }
}

static void what_came_out_outlasts_two_more_calls(void **state) {
    (void)state;
    static float x[FRAMES], before[FRAMES];
    static const unsigned to_hz[] = {22050, 16000};
    grm_rng rng = grm_rng_new(4, "last");
    for (size_t i = 0; i < FRAMES; i++) x[i] = grm_rng_between(&rng, -1, 1);
    for (size_t t = 0; t < GRM_COUNT(to_hz); t++) {
        grm_thinner *thinner;
        const float *first, *other;
        size_t count, more;
        assert_int_equal(grm_thinner_new(44100, to_hz[t], 0, &thinner, NULL), GRM_OK);
        assert_int_equal(grm_thinner_run(thinner, x, FRAMES / 2, &first, &count, NULL), GRM_OK);
        assert_true(count > 1000);
        memcpy(before, first, count * sizeof *first);
        assert_int_equal(grm_thinner_run(thinner, x + FRAMES / 2, FRAMES / 2, &other, &more, NULL), GRM_OK);
        assert_int_equal(grm_thinner_run(thinner, NULL, 0, &other, &more, NULL), GRM_OK);
        assert_memory_equal(before, first, count * sizeof *first);
        grm_thinner_free(thinner);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sines_below_stay_and_those_above_go),
        cmocka_unit_test(samples_do_not_depend_on_how_sound_is_cut),
        cmocka_unit_test(what_came_out_outlasts_two_more_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
