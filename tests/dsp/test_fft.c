#include "signals.h"

#include "dsp/pure_fft.h"

static void a_cosine_lands_on_its_bin(void **state) {
    (void)state;
    enum { SIZE = 512, BIN = 37 };
    grm_fft *fft;
    assert_int_equal(grm_fft_new(SIZE, &fft, NULL), GRM_OK);
    float x[SIZE];
    grm_complex bins[SIZE / 2 + 1];
    fill_sine(x, SIZE, SIZE, BIN, 1, GRM_PI / 2);
    grm_fft_forward(fft, x, bins);
    for (size_t i = 0; i <= SIZE / 2; i++) {
        assert_true(fabsf(bins[i].re - (i == BIN ? SIZE / 2.0f : 0)) < 1e-3f);
        assert_true(fabsf(bins[i].im) < 1e-3f);
    }
    grm_fft_free(fft);
}

// Against sums in double, and every kind of vector to the same bits.
static void powers_of_two_are_transformed_alike(void **state) {
    (void)state;
    assert_false(grm_pure_fft_takes(16) || grm_pure_fft_takes(48) || grm_pure_fft_takes(0));
    for (size_t size = 32; size <= 2048; size *= 2) {
        float *x = grm_floats_new(size);
        grm_complex *bins[2];
        assert_true(grm_pure_fft_takes(size));
        fill_noise(x, size, "pure", 1);
        for (int fast = 0; fast < 2; fast++) {
            grm_pure_fft *fft = grm_pure_fft_new(size, fast && grm_cpu_detect().avx2_fma);
            bins[fast] = calloc(size / 2 + 1, sizeof *bins[fast]);
            assert_true(fft && bins[fast]);
            grm_pure_fft_run(fft, x, bins[fast]);
            grm_pure_fft_free(fft);
        }
        assert_memory_equal(bins[0], bins[1], (size / 2 + 1) * sizeof *bins[0]);
        for (size_t k = 0; k <= size / 2; k += 1 + size / 256) {
            double re = 0, im = 0, tolerance = 1e-6 * sqrt((double)size);
            for (size_t i = 0; i < size; i++) {
                re += (double)x[i] * cos(2 * GRM_PI * (double)(i * k % size) / (double)size);
                im -= (double)x[i] * sin(2 * GRM_PI * (double)(i * k % size) / (double)size);
            }
            assert_true(fabs((double)bins[0][k].re - re) < tolerance && fabs((double)bins[0][k].im - im) < tolerance);
        }
        for (int fast = 0; fast < 2; fast++) free(bins[fast]);
        free(x);
    }
}

static void inverse_undoes_forward(void **state) {
    (void)state;
    static const size_t sizes[] = {2, 30, 256, 2048, 4410};
    for (size_t s = 0; s < GRM_COUNT(sizes); s++) {
        size_t size = sizes[s];
        grm_fft *fft;
        assert_int_equal(grm_fft_new(size, &fft, NULL), GRM_OK);
        assert_int_equal(grm_fft_size(fft), size);
        float *x = grm_floats_new(size), *y = grm_floats_new(size);
        grm_complex *bins = calloc(size / 2 + 1, sizeof *bins);
        fill_noise(x, size, "fft", 1);
        grm_fft_forward(fft, x, bins);
        grm_fft_inverse(fft, bins, y);
        assert_true(largest_difference(x, y, size) < 2e-6f);
        free(bins);
        free(y);
        free(x);
        grm_fft_free(fft);
    }
}

static void odd_and_huge_sizes_are_refused(void **state) {
    (void)state;
    grm_fft *fft;
    grm_error err;
    assert_int_equal(grm_fft_new(0, &fft, &err), GRM_USAGE);
    assert_int_equal(grm_fft_new(31, &fft, &err), GRM_USAGE);
    assert_int_equal(grm_fft_new((size_t)1 << 40, &fft, &err), GRM_USAGE);
    assert_non_null(strstr(err.message, "FFT size"));
}

static void periodic_hann_windows_add_up(void **state) {
    (void)state;
    float w[64];
    grm_window_fill(GRM_WINDOW_HANN, true, 64, w);
    for (size_t i = 0; i < 32; i++) assert_true(fabsf(w[i] + w[i + 32] - 1) < 1e-6f);
    grm_window_fill(GRM_WINDOW_HANN, false, 64, w);
    for (size_t i = 0; i < 32; i++) assert_true(fabsf(w[i] - w[63 - i]) < 1e-6f);
}

static void a_frame_has_the_power_of_its_window(void **state) {
    (void)state;
    enum { SIZE = 1024 };
    grm_stft *stft;
    assert_int_equal(grm_stft_new(GRM_WINDOW_HANN, SIZE, &stft, NULL), GRM_OK);
    assert_int_equal(grm_stft_bins(stft), SIZE / 2 + 1);
    float x[SIZE], power[SIZE / 2 + 1];
    fill_sine(x, SIZE, SIZE, 100, 1, 0.3);
    grm_stft_power(stft, x, power);
    // a full-scale sine under a Hann window: SIZE/2 of amplitude, half of it in the window's mean
    assert_true(fabs(10 * log10(power[100]) - 20 * log10(SIZE / 4.0)) < 0.01);
    assert_true(power[110] < 1e-6f * power[100]);
    grm_stft_free(stft);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cosine_lands_on_its_bin),    cmocka_unit_test(powers_of_two_are_transformed_alike),
        cmocka_unit_test(inverse_undoes_forward),       cmocka_unit_test(odd_and_huge_sizes_are_refused),
        cmocka_unit_test(periodic_hann_windows_add_up), cmocka_unit_test(a_frame_has_the_power_of_its_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
