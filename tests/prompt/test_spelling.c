#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "prompt/lexicon.h"

static void one_slip_is_a_distance_of_one(void **state) {
    const char *slips[][2] = {{"techno", "tehcno"}, {"techno", "techn"}, {"techno", "ttechno"}, {"techno", "texhno"},
                              {"house", "ohuse"},   {"piano", "pianoo"}, {"ab", "ba"},          {"", "a"}};
    for (size_t i = 0; i < GRM_COUNT(slips); i++) {
        assert_int_equal(grm_spelling_distance(slips[i][0], slips[i][1], 2), 1);
        assert_int_equal(grm_spelling_distance(slips[i][1], slips[i][0], 2), 1);
    }
}

static void further_words_are_further(void **state) {
    assert_int_equal(grm_spelling_distance("house", "house", 1), 0);
    assert_int_equal(grm_spelling_distance("kitten", "sitting", 3), 3);
    assert_int_equal(grm_spelling_distance("kitten", "sitting", 1), 2);  // beyond the limit
    assert_int_equal(grm_spelling_distance("ca", "abc", 3), 3);          // alignment: no letter is moved twice
    assert_int_equal(grm_spelling_distance("a", "abcdefghijklmnopqrstuvwxyz", 30), 31);  // beyond what is looked at
}

static void plain_words_are_known(void **state) {
    const char *plain[] = {"horse", "trace", "swine", "petal"};
    const char *none[] = {"", "tehcno", "zzzz", "hous", "\n", "horse\nhose"};
    for (size_t i = 0; i < GRM_COUNT(plain); i++) assert_true(grm_spelling_is_plain(plain[i]));
    for (size_t i = 0; i < GRM_COUNT(none); i++) assert_false(grm_spelling_is_plain(none[i]));
}

// The list is searched by halves: it must be sorted, and its ends be found.
static void the_whole_list_is_found(void **state) {
    const grm_embedded *file = grm_embedded_find("data/plain_words.txt");
    assert_non_null(file);
    const char *p = (const char *)file->bytes, *end = p + file->size;
    char word[64], last[64] = "";
    while (p < end) {
        size_t n = strcspn(p, "\n");
        assert_true(n > 0 && n < sizeof(word));
        memcpy(word, p, n);
        word[n] = 0;
        assert_true(strcmp(last, word) < 0);
        assert_true(grm_spelling_is_plain(word));
        strcpy(last, word);
        p += n + 1;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_slip_is_a_distance_of_one),
        cmocka_unit_test(further_words_are_further),
        cmocka_unit_test(plain_words_are_known),
        cmocka_unit_test(the_whole_list_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
