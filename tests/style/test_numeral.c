// Chord symbols and the pieces of a kit.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "style/style.h"

#define N(n) (1u << (n))

typedef struct expected {
    const char *symbol;
    int root, bass;
    unsigned members;
    char function;
} expected;

static void symbols_are_read(void **state) {
    (void)state;
    static const expected table[] = {
        {"I", 0, 0, N(0) | N(4) | N(7), 'T'},
        {"i", 0, 0, N(0) | N(3) | N(7), 'T'},
        {"bVI", 8, 8, N(0) | N(4) | N(7), 'S'},
        {"bvi", 8, 8, N(0) | N(3) | N(7), 'S'},
        {"#ivdim", 6, 6, N(0) | N(3) | N(6), 'S'},
        {"V7", 7, 7, N(0) | N(4) | N(7) | N(10), 'D'},
        {"viidim7", 11, 11, N(0) | N(3) | N(6) | N(9), 'D'},
        {"Imaj9", 0, 0, N(0) | N(4) | N(7) | N(11) | N(14), 'T'},
        {"ii9", 2, 2, N(0) | N(3) | N(7) | N(10) | N(14), 'S'},
        {"iim7b5", 2, 2, N(0) | N(3) | N(6) | N(10), 'S'},
        {"Vsus4", 7, 7, N(0) | N(5) | N(7), 'D'},
        {"IV^3", 5, 9, N(0) | N(4) | N(7), 'S'},
        {"iv^3", 5, 8, N(0) | N(3) | N(7), 'S'},
        {"V7^7", 7, 5, N(0) | N(4) | N(7) | N(10), 'D'},
        {"iidim^5", 2, 8, N(0) | N(3) | N(6), 'S'},
        {"V7/ii", 9, 9, N(0) | N(4) | N(7) | N(10), 'D'},
        {"V/bIII", 10, 10, N(0) | N(4) | N(7), 'D'},
        {"V7/vi^3", 4, 8, N(0) | N(4) | N(7) | N(10), 'D'},
        {"IV>1", 5, 0, N(0) | N(4) | N(7), 'S'},
        {"I>b7", 0, 10, N(0) | N(4) | N(7), 'T'},
        {"bII7", 1, 1, N(0) | N(4) | N(7) | N(10), 'D'},
        {"VI7b9", 9, 9, N(0) | N(4) | N(7) | N(10) | N(13), 'D'},
        {"IV7", 5, 5, N(0) | N(4) | N(7) | N(10), 'S'},
        {"I5", 0, 0, N(0) | N(7), 'T'},
    };
    for (size_t i = 0; i < GRM_COUNT(table); i++) {
        grm_numeral n;
        if (!grm_numeral_parse(table[i].symbol, strlen(table[i].symbol), &n)) fail_msg("%s", table[i].symbol);
        if (n.root != table[i].root || n.bass != table[i].bass || n.members != table[i].members ||
            n.function != table[i].function)
            fail_msg("%s: root %d bass %d members %x function %c", table[i].symbol, n.root, n.bass, n.members,
                     n.function);
    }
}

static void what_is_no_symbol_is_refused(void **state) {
    (void)state;
    static const char *const table[] = {"",    "H",     "VIII",  "Iv",  "I7th", "V7/",   "V7/x",
                                        "I^2", "I^7",   "I^",    "IV>", "IV>8", "IV>1x", "C major",
                                        "bb",  "I^3^5", "V/V/V", "5",   "Imaj", "%",     "$verse"};
    for (size_t i = 0; i < GRM_COUNT(table); i++) {
        grm_numeral n;
        if (grm_numeral_parse(table[i], strlen(table[i]), &n)) fail_msg("\"%s\" was read", table[i]);
    }
}

static void only_the_given_length_is_read(void **state) {
    (void)state;
    grm_numeral n;
    assert_true(grm_numeral_parse("V7 | I", 2, &n));
    assert_int_equal(n.root, 7);
    assert_true(n.members & N(10));
    assert_true(grm_numeral_parse("V7", 1, &n));
    assert_false(n.members & N(10));
}

static void a_seventh_in_the_bass_is_the_chords_own(void **state) {
    (void)state;
    grm_numeral n;
    assert_true(grm_numeral_parse("Imaj7^7", 7, &n));
    assert_int_equal(n.bass, 11);
    assert_true(grm_numeral_parse("i7^7", 4, &n));
    assert_int_equal(n.bass, 10);
}

static void pieces_have_keys_and_players(void **state) {
    (void)state;
    assert_int_equal(grm_piece_key("kick"), 36);
    assert_int_equal(grm_piece_key("snare"), 38);
    assert_int_equal(grm_piece_key("hat"), 42);
    assert_int_equal(grm_piece_key("snap"), 26);
    assert_int_equal(grm_piece_key("spoon"), -1);
    assert_int_equal(grm_piece_role("clap"), GRM_ROLE_SNARE);
    assert_int_equal(grm_piece_role("ride"), GRM_ROLE_HATS);
    assert_int_equal(grm_piece_role("shaker"), GRM_ROLE_PERCUSSION);
    assert_true(grm_piece_key("tom1") > grm_piece_key("tom2"));
    assert_true(grm_piece_key("tom3") > grm_piece_key("tom4"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_are_read),
        cmocka_unit_test(what_is_no_symbol_is_refused),
        cmocka_unit_test(only_the_given_length_is_read),
        cmocka_unit_test(a_seventh_in_the_bass_is_the_chords_own),
        cmocka_unit_test(pieces_have_keys_and_players),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
