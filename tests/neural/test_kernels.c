#include "neural/kernels.h"

#include <math.h>

#include "neural/halves.h"
#include "npy.h"

static void fill(grm_rng *rng, float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = grm_rng_normal(rng);
}

static void gives_the_same_bits_by_every_instruction_set(void **state) {
#if GRM_HAVE_AVX2
    if (!grm_cpu_detect().avx2_fma) skip();
    enum { MOST = 130, STRIDE = 137 };
    grm_rng rng = grm_rng_new(1, "test");
    float w[3 * MOST], x[STRIDE + MOST];
    fill(&rng, w, GRM_COUNT(w));
    fill(&rng, x, GRM_COUNT(x));
    for (size_t count = 1; count <= MOST; count++)
        for (size_t outs = 1; outs <= 3; outs += 2)
            for (size_t rows = 1; rows <= 2; rows++) {
                float plain[6] = {0}, fast[6] = {0};
                grm_dots_plain(w, count, outs, x, STRIDE, rows, plain);
                grm_dots_avx2(w, count, outs, x, STRIDE, rows, fast);
                assert_memory_equal(plain, fast, sizeof plain);
            }
#else
    skip();
#endif
}

static void multiplies_as_sums_in_double_do(void **state) {
    enum { IN = 75, OUT = 11, ROWS = 5, X_STRIDE = 80, Y_STRIDE = 13 };
    grm_rng rng = grm_rng_new(2, "test");
    float w[OUT * IN], b[OUT], x[ROWS * X_STRIDE], y[ROWS * Y_STRIDE];
    fill(&rng, w, GRM_COUNT(w));
    fill(&rng, b, OUT);
    fill(&rng, x, GRM_COUNT(x));
    const grm_linear linear = {OUT, IN, w, b};
    grm_compute compute = grm_compute_on(NULL);
    grm_linear_run(&compute, &linear, x, X_STRIDE, ROWS, y, Y_STRIDE);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t o = 0; o < OUT; o++) {
            double sum = (double)b[o];
            for (size_t i = 0; i < IN; i++) sum += (double)w[o * IN + i] * (double)x[r * X_STRIDE + i];
            assert_true(fabs(sum - (double)y[r * Y_STRIDE + o]) < 1e-4);
        }
}

static void gives_the_same_bits_on_any_number_of_threads(void **state) {
    enum { IN = 300, OUT = 500 };
    grm_rng rng = grm_rng_new(3, "test");
    float *w = malloc(sizeof *w * IN * OUT), x[2 * IN], one[2 * OUT], three[2 * OUT];
    assert_non_null(w);
    fill(&rng, w, (size_t)IN * OUT);
    fill(&rng, x, 2 * IN);
    const grm_linear linear = {OUT, IN, w, NULL};
    grm_pool *pool;
    assert_int_equal(grm_pool_new(3, &pool, NULL), GRM_OK);
    grm_compute alone = grm_compute_on(NULL), spread = grm_compute_on(pool);
    grm_linear_run(&alone, &linear, x, IN, 2, one, OUT);
    grm_linear_run(&spread, &linear, x, IN, 2, three, OUT);
    assert_memory_equal(one, three, sizeof one);
    grm_pool_free(pool);
    free(w);
}

static void computes_functions_as_the_library_does(void **state) {
    for (float x = -20; x < 20; x += 0.0137f) {
        assert_true(fabs((double)grm_exp(x) / exp((double)x) - 1) < 4e-7);
        assert_true(fabs((double)grm_erf(x) - erf((double)x)) < 3e-7);
        assert_true(fabs((double)grm_tanh(x) - tanh((double)x)) < 3e-7);
        assert_true(fabs((double)grm_sigmoid(x) - 1 / (1 + exp(-(double)x))) < 3e-7);
    }
    assert_true(grm_exp(-100) == 0 && isinf(grm_exp(100)) && isnan(grm_exp(NAN)));
}

static void keeps_every_half_float(void **state) {
    for (uint32_t i = 0; i < 65536; i++) {
        float x = grm_half_to_float((uint16_t)i);
        if (isnan(x)) {
            assert_true((i & 0x7c00) == 0x7c00 && (i & 0x3ff));
            continue;
        }
        assert_int_equal(grm_float_to_half(x), i);
    }
    assert_true(grm_half_to_float(0x3c00) == 1 && grm_half_to_float(0x0001) == 0x1p-24f &&
                grm_half_to_float(0xfbff) == -65504);
    assert_int_equal(grm_float_to_half(1 + 0x1p-11f), 0x3c00);  // ties go to even
    assert_int_equal(grm_float_to_half(1 + 0x1.8p-10f), 0x3c02);
    assert_int_equal(grm_float_to_half(70000), 0x7c00);
}

static void makes_shares_of_any_scores(void **state) {
    float x[] = {1000, 999, -1000, 1000};
    grm_softmax(x, 4);
    assert_true(fabs((double)(x[0] + x[1] + x[2] + x[3]) - 1) < 1e-6);
    assert_true(x[0] == x[3] && x[2] == 0 && fabs((double)(x[1] / x[0]) - exp(-1)) < 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_same_bits_by_every_instruction_set),
        cmocka_unit_test(multiplies_as_sums_in_double_do),
        cmocka_unit_test(gives_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(computes_functions_as_the_library_does),
        cmocka_unit_test(keeps_every_half_float),
        cmocka_unit_test(makes_shares_of_any_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
