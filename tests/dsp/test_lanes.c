// Work on frames side by side against the same on one frame.
#include "signals.h"

#include "dsp/lanes.h"

static void lane_transforms_equal_single_ones(void **state) {
    (void)state;
    static const size_t sizes[] = {8, 32, 128, 2048, 8192};
    for (size_t s = 0; s < GRM_COUNT(sizes); s++) {
        size_t size = sizes[s];
        grm_lane_fft *lanes;
        grm_fft *one;
        assert_int_equal(grm_lane_fft_new(size, &lanes, NULL), GRM_OK);
        assert_int_equal(grm_fft_new(size, &one, NULL), GRM_OK);
        float *x = grm_floats_new(size * GRM_LANES), *y = grm_floats_new(size * GRM_LANES),
              *frame = grm_floats_new(size);
        float *bins = grm_floats_new((size / 2 + 1) * 2 * GRM_LANES);
        grm_complex *expected = calloc(size / 2 + 1, sizeof *expected);
        fill_noise(x, size * GRM_LANES, "lanes", 1);
        double *wide = calloc(size * GRM_WIDE_LANES, sizeof *wide);
        for (size_t lane = 0; lane < GRM_LANES; lane += GRM_WIDE_LANES) {
            for (size_t i = 0; i < size * GRM_WIDE_LANES; i++)
                wide[i] = (double)x[i / GRM_WIDE_LANES * GRM_LANES + lane + i % GRM_WIDE_LANES];
            grm_lane_fft_forward(lanes, wide, bins + lane);
        }
        for (size_t l = 0; l < GRM_LANES; l++) {
            for (size_t i = 0; i < size; i++) frame[i] = x[i * GRM_LANES + l];
            grm_fft_forward(one, frame, expected);
            float tolerance = 1e-6f * sqrtf((float)size);
            for (size_t k = 0; k <= size / 2; k++) {
                assert_true(fabsf(bins[2 * k * GRM_LANES + l] - expected[k].re) < tolerance);
                assert_true(fabsf(bins[(2 * k + 1) * GRM_LANES + l] - expected[k].im) < tolerance);
            }
        }
        grm_lane_fft_inverse(lanes, bins, y);
        assert_true(largest_difference(x, y, size * GRM_LANES) < 2e-6f);
        free(wide);
        free(expected);
        free(bins);
        free(frame);
        free(y);
        free(x);
        grm_fft_free(one);
        grm_lane_fft_free(lanes);
    }
}

static void lane_transforms_have_sizes_of_their_own(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 16, 2047, 4096, (size_t)1 << 40};
    grm_lane_fft *fft;
    for (size_t i = 0; i < GRM_COUNT(sizes); i++) assert_int_equal(grm_lane_fft_new(sizes[i], &fft, NULL), GRM_USAGE);
    grm_lane_fft_free(NULL);
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// With many ties, and on both kinds of processor.
static void running_medians_are_those_of_sorting(void **state) {
    (void)state;
    enum { COLUMNS = 48 };
    static float in[GRM_MEDIAN_ROWS][COLUMNS], out[GRM_MEDIAN_TILE][COLUMNS];
    const float *from[GRM_MEDIAN_ROWS];
    float *to[GRM_MEDIAN_TILE];
    grm_rng rng = grm_rng_new(1, "medians");
    for (unsigned kinds = 2; kinds < 2000; kinds = kinds * 3 + 1)
        for (int fast = 0; fast <= (int)grm_cpu_detect().avx2_fma; fast++) {
            for (size_t r = 0; r < GRM_MEDIAN_ROWS; r++) {
                from[r] = in[r];
                for (size_t c = 0; c < COLUMNS; c++) in[r][c] = (float)grm_rng_below(&rng, kinds) / 7 - 1;
            }
            for (size_t r = 0; r < GRM_MEDIAN_TILE; r++) to[r] = out[r];
            grm_median_tile(fast, from, COLUMNS, to);
            for (size_t r = 0; r < GRM_MEDIAN_TILE; r++)
                for (size_t c = 0; c < COLUMNS; c++) {
                    float window[GRM_MEDIAN];
                    for (size_t i = 0; i < GRM_MEDIAN; i++) window[i] = in[r + i][c];
                    qsort(window, GRM_MEDIAN, sizeof *window, by_value);
                    assert_true(out[r][c] == window[GRM_MEDIAN / 2]);
                }
        }
}

static void extremes_are_those_of_sorting(void **state) {
    (void)state;
    enum { ROWS = 61 };
    static float x[ROWS][GRM_LANES];
    float low[GRM_LANES], high[GRM_LANES], sorted[ROWS];
    fill_noise(x[0], (size_t)ROWS * GRM_LANES, "extremes", 1);
    for (size_t count = 1; count <= ROWS; count += 3)
        for (size_t extreme = 1; extreme <= count && extreme <= GRM_MOST_EXTREME; extreme += 4)
            for (int fast = 0; fast <= (int)grm_cpu_detect().avx2_fma; fast++) {
                grm_lane_extremes(fast, x[0], count, extreme, low, high);
                for (size_t l = 0; l < GRM_LANES; l++) {
                    float lows = 0, highs = 0;
                    for (size_t i = 0; i < count; i++) sorted[i] = x[i][l];
                    qsort(sorted, count, sizeof *sorted, by_value);
                    for (size_t i = 0; i < extreme; i++) lows += sorted[i], highs += sorted[count - 1 - i];
                    assert_true(low[l] == lows / (float)extreme && high[l] == highs / (float)extreme);
                }
            }
}

static void transposing_twice_gives_the_same(void **state) {
    (void)state;
    enum { ROWS = 37, COLUMNS = 50 };
    static float x[ROWS][COLUMNS], y[COLUMNS][ROWS + 3], z[ROWS][COLUMNS];
    fill_noise(x[0], (size_t)ROWS * COLUMNS, "transpose", 1);
    grm_transpose(x[0], COLUMNS, ROWS, COLUMNS, y[0], ROWS + 3);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t c = 0; c < COLUMNS; c++) assert_true(y[c][r] == x[r][c]);
    grm_transpose(y[0], ROWS + 3, COLUMNS, ROWS, z[0], COLUMNS);
    assert_memory_equal(x, z, sizeof x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lane_transforms_equal_single_ones),
        cmocka_unit_test(lane_transforms_have_sizes_of_their_own),
        cmocka_unit_test(running_medians_are_those_of_sorting),
        cmocka_unit_test(extremes_are_those_of_sorting),
        cmocka_unit_test(transposing_twice_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
