#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <grammy/grammy.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/sha256.h"

// The examples of FIPS 180-4's validation (NIST CSRC, SHA-256 example values).
static void hashes_are_those_of_the_standard(void **state) {
    const char *cases[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char hex[65];
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        grm_sha256_hex(cases[i][0], strlen(cases[i][0]), hex);
        assert_string_equal(hex, cases[i][1]);
    }
    char *million = malloc(1000000);
    memset(million, 'a', 1000000);
    grm_sha256_hex(million, 1000000, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

// 55, 56 and 64 bytes are where the padding needs another block.
static void hashes_of_all_short_lengths_differ(void **state) {
    char hexes[130][65];
    char zeros[130] = {0};
    for (size_t i = 0; i < 130; i++) {
        grm_sha256_hex(zeros, i, hexes[i]);
        assert_int_equal(strlen(hexes[i]), 64);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(hexes[i], hexes[k]);
    }
    assert_string_equal(hexes[64], "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
}

#if GRM_HAVE_AVX2
static void both_ways_of_hashing_agree(void **state) {
    if (!grm_cpu_detect().sha) skip();
    unsigned char blocks[64 * 20];
    grm_rng rng = grm_rng_new(1, "hash");
    for (size_t i = 0; i < sizeof(blocks); i++) blocks[i] = (unsigned char)grm_rng_u32(&rng);
    for (size_t count = 0; count <= 20; count++) {
        uint32_t plain[8], fast[8];
        for (int i = 0; i < 8; i++) plain[i] = fast[i] = grm_rng_u32(&rng);
        grm_sha256_blocks_plain(plain, blocks, count);
        grm_sha256_blocks_x86(fast, blocks, count);
        assert_memory_equal(plain, fast, sizeof(plain));
    }
}
#endif

static void messages_are_cut_not_overrun(void **state) {
    grm_error err;
    assert_int_equal(grm_fail(&err, GRM_USAGE, "%01000d", 1), GRM_USAGE);
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
    assert_int_equal(err.status, GRM_USAGE);
    assert_int_equal(grm_fail(NULL, GRM_FAILED, "x"), GRM_FAILED);
    assert_int_equal(grm_fail_memory(&err), GRM_FAILED);
}

static void data_is_known_by_its_place_in_the_source(void **state) {
    const grm_embedded *mix = grm_embedded_find("data/mix.yaml");
    assert_non_null(mix);
    assert_true(mix->size > 0);
    assert_int_equal(mix->bytes[mix->size], 0);
    assert_null(grm_embedded_find("data/none.yaml"));
    for (size_t i = 0; i < grm_embedded_count; i++) {
        const char *path = grm_embedded_files[i].path;
        assert_true(strncmp(path, "data/", 5) == 0 || strncmp(path, "styles/", 7) == 0 ||
                    strncmp(path, "system/", 7) == 0);
    }
}

static void the_processor_is_consistent(void **state) {
    grm_cpu cpu = grm_cpu_detect();
    assert_true(!cpu.avx512 || cpu.avx2_fma);
    assert_false(cpu.neon && cpu.avx2_fma);
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    assert_int_equal(cpu.avx2_fma, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
#endif
}

static void the_version_has_three_numbers(void **state) {
    int major, minor, patch;
    assert_int_equal(sscanf(grm_version(), "%d.%d.%d", &major, &minor, &patch), 3);
}

static void numbers_are_read_as_people_write_them(void **state) {
    const struct {
        const char *text;
        double value;
    } fine[] = {{"0", 0},
                {"80", 80},
                {"-3", -3},
                {"+2.5", 2.5},
                {"120.1", 120.1},
                {"007", 7},
                {"-0.3", -0.3},
                {"123456789012345", 123456789012345.0},
                {"0.1000000000000000000000000000000000000001", 0.1},
                {"0.0000000000000000000001", 0}};
    for (size_t i = 0; i < GRM_COUNT(fine); i++) {
        double value = 99;
        assert_true(grm_number_read(fine[i].text, &value));
        assert_true(value == fine[i].value);  // rounded as the compiler rounds it
    }
    const char *wrong[] = {"",    " 80", "80 ",   "80bpm",           "0x50", "1e2", "nan", "inf", "-", ".5", "5.",
                           "1,5", "--1", "1.2.3", "1234567890123456"};
    for (size_t i = 0; i < GRM_COUNT(wrong); i++) {
        double value = 99;
        assert_false(grm_number_read(wrong[i], &value));
        assert_true(value == 99);
    }
    (void)state;
}

static void numbers_are_put_in_order(void **state) {
    enum { COUNT = 501 };
    float floats[COUNT];
    double doubles[COUNT], sum = 0;
    grm_rng rng = grm_rng_new(7, "order");
    for (size_t i = 0; i < COUNT; i++) {
        floats[i] = (float)grm_rng_below(&rng, 200) - 100;
        doubles[i] = (double)floats[i] * 1e-300;
        sum += (double)floats[i];
    }
    grm_sort_floats(floats, COUNT);
    grm_sort_doubles(doubles, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(i == 0 || (floats[i - 1] <= floats[i] && doubles[i - 1] <= doubles[i]));
        assert_true(doubles[i] == (double)floats[i] * 1e-300);
        sum -= (double)floats[i];
    }
    assert_true(sum == 0);
    grm_sort_floats(NULL, 0);
    (void)state;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_the_standard),
        cmocka_unit_test(hashes_of_all_short_lengths_differ),
#if GRM_HAVE_AVX2
        cmocka_unit_test(both_ways_of_hashing_agree),
#endif
        cmocka_unit_test(messages_are_cut_not_overrun),
        cmocka_unit_test(data_is_known_by_its_place_in_the_source),
        cmocka_unit_test(the_processor_is_consistent),
        cmocka_unit_test(the_version_has_three_numbers),
        cmocka_unit_test(numbers_are_read_as_people_write_them),
        cmocka_unit_test(numbers_are_put_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
