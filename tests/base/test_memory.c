#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static void pieces_are_zero_aligned_and_apart(void **state) {
    grm_memory *memory = grm_memory_new();
    unsigned char *pieces[3000];
    for (size_t i = 0; i < GRM_COUNT(pieces); i++) {
        size_t size = i % 97;
        pieces[i] = grm_memory_take(memory, size, 1);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t k = 0; k < size; k++) assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < GRM_COUNT(pieces); i++)
        for (size_t k = 0; k < i % 97; k++) assert_int_equal(pieces[i][k], i % 251);
    grm_memory_free(memory);
}

static void large_pieces_fit_between_small_ones(void **state) {
    grm_memory *memory = grm_memory_new();
    char *before = grm_memory_string(memory, "before");
    unsigned char *large = grm_memory_take(memory, 5000, 1000);
    char *after = grm_memory_string(memory, "after");
    assert_non_null(large);
    memset(large, 0xff, 5000000);
    assert_string_equal(before, "before");
    assert_string_equal(after, "after");
    grm_memory_free(memory);
}

static void sizes_that_overflow_are_refused(void **state) {
    grm_memory *memory = grm_memory_new();
    assert_null(grm_memory_take(memory, SIZE_MAX, 2));
    assert_null(grm_memory_take(memory, SIZE_MAX / 2 + 1, 2));
    assert_null(grm_memory_take(memory, 1, SIZE_MAX));
    assert_null(grm_memory_take(memory, SIZE_MAX - 15, 1));
    assert_non_null(grm_memory_take(memory, 0, SIZE_MAX));
    assert_null(grm_floats_new(SIZE_MAX));
    assert_null(grm_floats_new(SIZE_MAX / sizeof(float)));
    grm_memory_free(memory);
    grm_memory_free(NULL);
}

static void text_is_formatted_whole(void **state) {
    grm_memory *memory = grm_memory_new();
    char *text = grm_memory_format(memory, "%s-%05d-%.2f", "abc", 42, 1.5);
    assert_string_equal(text, "abc-00042-1.50");
    char *long_text = grm_memory_format(memory, "%010000d", 7);
    assert_int_equal(strlen(long_text), 10000);
    grm_memory_free(memory);
}

static void float_vectors_are_zero_and_aligned(void **state) {
    for (size_t count = 0; count < 200; count++) {
        float *floats = grm_floats_new(count);
        assert_non_null(floats);
        assert_int_equal((uintptr_t)floats % 64, 0);
        for (size_t i = 0; i < count; i++) assert_true(floats[i] == 0.0f);
        free(floats);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zero_aligned_and_apart),  cmocka_unit_test(large_pieces_fit_between_small_ones),
        cmocka_unit_test(sizes_that_overflow_are_refused),    cmocka_unit_test(text_is_formatted_whole),
        cmocka_unit_test(float_vectors_are_zero_and_aligned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
