#include "neural/kernels.h"

#include <math.h>

#include "neural/halves.h"
#include "npy.h"

static void fill(grm_rng *rng, float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = grm_rng_normal(rng);
}

static void gives_the_same_bits_on_any_number_of_threads(void **state) {
    enum { IN = 300, OUT = 500, ROWS = 200, Y_STRIDE = 503 };
    grm_rng rng = grm_rng_new(3, "test");
    float *w = malloc(sizeof *w * IN * OUT), *x = malloc(sizeof *x * ROWS * IN), columns[2 * IN];
    float *y[2] = {calloc(ROWS * Y_STRIDE, sizeof(float)), calloc(ROWS * Y_STRIDE, sizeof(float))};
    assert_true(w && x && y[0] && y[1]);
    fill(&rng, w, (size_t)IN * OUT);
    fill(&rng, x, (size_t)ROWS * IN);
    grm_compute *compute[2];
    assert_int_equal(grm_compute_new(1, IN, &compute[0], NULL), GRM_OK);
    assert_int_equal(grm_compute_new(3, IN, &compute[1], NULL), GRM_OK);
    for (int precision = GRM_FLOAT32; precision <= GRM_INT4; precision++) {
        uint8_t *panels = aligned_alloc(64, grm_matrix_bytes((grm_precision)precision, OUT, IN));
        assert_non_null(panels);
        grm_matrix_survey look = grm_matrix_look((grm_precision)precision, OUT, IN, w, columns);
        grm_matrix_pack((grm_precision)precision, OUT, IN, w, look.unit, NULL, 0, grm_matrix_panels(OUT), panels);
        const grm_matrix m = {(grm_precision)precision, OUT, IN, panels, look.unit, NULL, NULL};
        for (size_t rows = 1; rows <= ROWS; rows = rows * 3 + 1) {
            for (size_t i = 0; i < 2; i++) grm_matrix_run(compute[i], &m, x, IN, rows, y[i], Y_STRIDE, GRM_STORE);
            assert_memory_equal(y[0], y[1], rows * Y_STRIDE * sizeof(float));
        }
        free(panels);
    }
    for (size_t i = 0; i < 2; i++) {
        grm_compute_free(compute[i]);
        free(y[i]);
    }
    free(w);
    free(x);
}

static void computes_functions_as_the_library_does(void **state) {
    for (float x = -20; x < 20; x += 0.0137f) {
        assert_true(fabs((double)grm_exp(x) / exp((double)x) - 1) < 4e-7);
        assert_true(fabs((double)grm_tanh(x) - tanh((double)x)) < 3e-7);
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

// Weights next to nothing: their scales round to nothing, or are so small that 1 / scale is no number.
static void packs_weights_next_to_nothing(void **state) {
    enum { IN = 64, OUT = 32 };
    for (int precision = GRM_FLOAT16; precision <= GRM_INT4; precision++)
        for (int power = -149; power < -60; power++) {
            float w[OUT * IN] = {0}, columns[2 * IN], row[IN];
            w[5] = ldexpf(1, power);
            bool grouped = precision != GRM_FLOAT16;
            uint8_t *panels = aligned_alloc(64, grm_matrix_bytes((grm_precision)precision, OUT, IN));
            assert_non_null(panels);
            grm_matrix_survey look = grm_matrix_look((grm_precision)precision, OUT, IN, w, grouped ? columns : NULL);
            grm_matrix_pack((grm_precision)precision, OUT, IN, w, look.unit, grouped ? columns : NULL, 0, 1, panels);
            const grm_matrix m = {
                (grm_precision)precision, OUT, IN, panels, look.unit, grouped && look.uneven ? columns : NULL, NULL};
            grm_matrix_unpack(&m, 0, row);
            for (size_t i = 0; i < IN; i++)
                if (!(fabsf(row[i] - w[i]) <= w[5]))
                    fail_msg("precision %d, 2^%d: weight %zu is %g, not %g", precision, power, i, (double)row[i],
                             (double)w[i]);
            free(panels);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(computes_functions_as_the_library_does),
        cmocka_unit_test(keeps_every_half_float),
        cmocka_unit_test(packs_weights_next_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
