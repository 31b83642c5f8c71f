#include "signals.h"
// behind the headers that cmocka wants
#include "dsp/partitions.h"

enum { TAPS = 20000, FRAMES = 30000 };
static float kernel[2][TAPS], other[2][TAPS], sound[2][FRAMES], dry[2][FRAMES];
static float *const planes[2] = {sound[0], sound[1]};

static bool run(void *block, float *const *p, size_t frames) {
    return grm_convolver_run(block, p, frames);
}

static void fill_kernel(float k[2][TAPS], const char *name) {
    fill_noise(k[0], TAPS, name, 0.05f);
    fill_noise(k[1], TAPS, "side", 0.05f);
}

static double direct(const float *taps, size_t count, const float *x, size_t at) {
    double sum = 0;
    for (size_t k = 0; k < count && k <= at; k++) sum += (double)taps[k] * x[at - k];
    return sum;
}

static grm_convolver *fresh(size_t taps, bool mono) {
    grm_convolver *c;
    assert_int_equal(grm_convolver_new((const float *const[]){kernel[0], mono ? NULL : kernel[1]}, taps, &c, NULL),
                     GRM_OK);
    return c;
}

static void it_is_the_direct_form(void **state) {
    (void)state;
    static const size_t counts[] = {1, 2, 127, 128, 129, 1000, 1024, 1025, 8192, 8193, 9000, TAPS};
    fill_kernel(kernel, "kernel");
    for (size_t i = 0; i < GRM_COUNT(counts); i++)
        for (int mono = 0; mono < 2; mono++) {
            fill_stereo((float *[]){sound[0], sound[1]}, FRAMES, 1);
            memcpy(dry, sound, sizeof dry);
            grm_convolver *c = fresh(counts[i], mono);
            assert_true(grm_convolver_run(c, planes, FRAMES));
            for (size_t at = 0; at < FRAMES; at += at < 300 ? 1 : 211)
                for (int side = 0; side < 2; side++) {
                    double want = direct(kernel[mono ? 0 : side], counts[i], dry[side], at);
                    assert_true(fabs(sound[side][at] - want) < 2e-6 * sqrt((double)counts[i]));
                }
            grm_convolver_free(c);
        }
}

static void the_plain_kernels_give_the_same_bits(void **state) {
    (void)state;
    fill_kernel(kernel, "kernel");
    grm_convolver *a = fresh(TAPS, false), *b = fresh(TAPS, false);
    grm_convolver_plain(b);
    assert_pieces_give_the_same(run, a, b, 40000);
    grm_convolver_free(a);
    grm_convolver_free(b);
}

// Before the fade the old kernel, behind it the new one, between them both; within two blocks of 8192.
static void another_kernel_fades_in(void **state) {
    (void)state;
    fill_kernel(kernel, "kernel");
    fill_kernel(other, "other");
    enum { LONG = 3 * FRAMES };
    static float x[2][LONG], y[2][LONG];
    fill_stereo((float *[]){x[0], x[1]}, LONG, 1);
    memcpy(y, x, sizeof y);
    grm_convolver *c = fresh(TAPS, false);
    assert_true(grm_convolver_run(c, (float *const[]){y[0], y[1]}, 10000));
    assert_int_equal(grm_convolver_set(c, (const float *const[]){other[0], other[1]}, NULL), GRM_OK);
    assert_true(grm_convolver_run(c, (float *const[]){y[0] + 10000, y[1] + 10000}, LONG - 10000));
    for (size_t at = 9000; at < LONG; at += 511) {
        double a = direct(kernel[0], TAPS, x[0], at), b = direct(other[0], TAPS, x[0], at);
        double way = at < 16384 ? 0 : at >= 24576 ? 1 : (double)(at - 16384 + 1) / 8192;
        assert_true(fabs(y[0][at] - (a + (b - a) * way)) < 5e-4);
    }
    grm_convolver_free(c);
}

static void any_block_length_gives_the_same_bits_while_it_fades(void **state) {
    (void)state;
    fill_kernel(kernel, "kernel");
    fill_kernel(other, "other");
    for (size_t taps = 100; taps <= TAPS; taps *= 14) {
        grm_convolver *a = fresh(taps, false), *b = fresh(taps, false);
        for (int round = 0; round < 3; round++) {
            assert_pieces_give_the_same(run, a, b, 9001);
            const float *const next[2] = {round ? kernel[0] : other[0], other[1]};
            assert_int_equal(grm_convolver_set(a, next, NULL), GRM_OK);
            assert_int_equal(grm_convolver_set(b, next, NULL), GRM_OK);
        }
        grm_convolver_reset(a);
        assert_silence_and_nan_are_safe(run, a, 30000);
        grm_convolver_free(a);
        grm_convolver_free(b);
    }
}

static void broken_kernels_are_refused(void **state) {
    (void)state;
    grm_convolver *c;
    grm_error err = {0};
    fill_kernel(kernel, "kernel");
    assert_int_equal(grm_convolver_new((const float *const[]){kernel[0], NULL}, 0, &c, NULL), GRM_USAGE);
    kernel[0][7] = NAN;
    assert_int_equal(grm_convolver_new((const float *const[]){kernel[0], NULL}, 100, &c, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "not numbers"));
    assert_null(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_direct_form),
        cmocka_unit_test(the_plain_kernels_give_the_same_bits),
        cmocka_unit_test(another_kernel_fades_in),
        cmocka_unit_test(any_block_length_gives_the_same_bits_while_it_fades),
        cmocka_unit_test(broken_kernels_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
