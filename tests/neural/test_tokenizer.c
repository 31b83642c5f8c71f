#include "neural/charsmap.h"
#include "neural/tokenizer.h"

#include <jansson.h>

#include "npy.h"

static uint8_t *read_golden(const char *name, size_t *size) {
    char *path = golden_path(name);
    uint8_t *bytes;
    assert_int_equal(grm_file_read(path, 1 << 24, &bytes, size, NULL), GRM_OK);
    free(path);
    return bytes;
}

static grm_tokenizer *open_tokenizer(void) {
    size_t size;
    uint8_t *bytes = read_golden("mono/tokenizer.json", &size);
    grm_tokenizer *tokenizer;
    assert_int_equal(grm_tokenizer_new(bytes, size, "tokenizer.json", &tokenizer, NULL), GRM_OK);
    free(bytes);
    return tokenizer;
}

static void gives_the_ids_of_the_reference_on_a_thousand_strings(void **state) {
    size_t size, strings;
    uint8_t *bytes = read_golden("strings.json", &size);
    json_t *all = json_loadb((const char *)bytes, size, JSON_ALLOW_NUL, NULL);
    grm_tokenizer *tokenizer = open_tokenizer();
    strings = json_array_size(all);
    assert_true(strings >= 1000);
    for (size_t i = 0; i < strings; i++) {
        const json_t *text = json_array_get(json_array_get(all, i), 0),
                     *expected = json_array_get(json_array_get(all, i), 1);
        uint32_t *ids;
        size_t count;
        assert_int_equal(
            grm_tokenizer_encode(tokenizer, json_string_value(text), json_string_length(text), &ids, &count, NULL),
            GRM_OK);
        bool same = count == json_array_size(expected);
        for (size_t k = 0; same && k < count; k++) same = ids[k] == json_integer_value(json_array_get(expected, k));
        if (!same) fail_msg("string %zu, \"%s\", gives other ids", i, json_string_value(text));
        free(ids);
    }
    grm_tokenizer_free(tokenizer);
    json_decref(all);
    free(bytes);
}

static void reads_both_spellings_of_the_metaspace(void **state) {
    size_t size, counts[2];
    uint8_t *bytes = read_golden("mono/tokenizer.json", &size);
    uint32_t *ids[2];
    for (int i = 0; i < 2; i++) {
        json_t *root = json_loadb((const char *)bytes, size, 0, NULL);
        json_t *metaspace = json_array_get(json_object_get(json_object_get(root, "pre_tokenizer"), "pretokenizers"), 1);
        assert_string_equal(json_string_value(json_object_get(metaspace, "type")), "Metaspace");
        if (i) {
            json_object_del(metaspace, "prepend_scheme");
            json_object_del(metaspace, "split");
            json_object_set_new(metaspace, "add_prefix_space", json_true());
        }
        char *text = json_dumps(root, 0);
        grm_tokenizer *tokenizer;
        assert_int_equal(grm_tokenizer_new((const uint8_t *)text, strlen(text), "x", &tokenizer, NULL), GRM_OK);
        assert_int_equal(grm_tokenizer_encode(tokenizer, "deep house", 10, &ids[i], &counts[i], NULL), GRM_OK);
        grm_tokenizer_free(tokenizer);
        free(text);
        json_decref(root);
    }
    assert_int_equal(counts[0], counts[1]);
    assert_memory_equal(ids[0], ids[1], counts[0] * sizeof *ids[0]);
    free(ids[0]);
    free(ids[1]);
    free(bytes);
}

static void takes_bytes_that_are_no_text(void **state) {
    grm_tokenizer *tokenizer = open_tokenizer();
    uint32_t *ids;
    size_t count;
    assert_int_equal(grm_tokenizer_encode(tokenizer,
                                          "\xff"
                                          "beat\xfe\x80",
                                          7, &ids, &count, NULL),
                     GRM_OK);
    assert_true(count >= 2);
    assert_int_equal(ids[count - 1], 1);
    free(ids);
    grm_tokenizer_free(tokenizer);
}

static void refuses_what_is_no_t5_tokenizer(void **state) {
    static const char *const broken[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}}",
        "{\"normalizer\":{\"type\":\"NFKC\"},\"model\":{\"type\":\"BPE\"}}"};
    for (size_t i = 0; i < GRM_COUNT(broken); i++) {
        grm_tokenizer *tokenizer;
        grm_error err = {0};
        assert_int_equal(grm_tokenizer_new((const uint8_t *)broken[i], strlen(broken[i]), "t.json", &tokenizer, &err),
                         GRM_BAD_INPUT);
        assert_non_null(strstr(err.message, "t.json"));
    }
}

// Base64 of a trie's size, the trie and the replacements behind it.
static void refuses_lies_about_the_trie(void **state) {
    static const char *const broken[] = {"",
                                         "AAAA",              // shorter than a size
                                         "BAAAAA==",          // a trie of 4 bytes and nothing behind
                                         "AABhAA==",          // one of 6 MB
                                         "BAAAAAAAAAA=",      // no replacements
                                         "/////wAAAAAA",      // 4 GB
                                         "BQAAAAAAAAAAAAAA",  // no whole units
                                         "BAAAAAAAAAAAYQ==",  // replacements without an end
                                         "BAAA!AAAAAAAAA=="};
    for (size_t i = 0; i < GRM_COUNT(broken); i++) {
        grm_charsmap map;
        grm_error err = {0};
        assert_int_equal(grm_charsmap_read(broken[i], &map, &err), GRM_BAD_INPUT);
        assert_non_null(strstr(err.message, "precompiled_charsmap"));
    }
    grm_charsmap map;
    assert_int_equal(grm_charsmap_read("BAAAAAAAAAAA", &map, NULL), GRM_OK);
    assert_int_equal(map.unit_count, 1);
    assert_int_equal(map.pool_size, 1);
    grm_charsmap_clear(&map);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_ids_of_the_reference_on_a_thousand_strings),
        cmocka_unit_test(reads_both_spellings_of_the_metaspace),
        cmocka_unit_test(takes_bytes_that_are_no_text),
        cmocka_unit_test(refuses_what_is_no_t5_tokenizer),
        cmocka_unit_test(refuses_lies_about_the_trie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
