#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "prompt/prompt.h"

static void a_key_is_written_and_read_back(void **state) {
    for (int tonic = 0; tonic < 12; tonic++)
        for (int mode = 0; mode < GRM_MODE_COUNT; mode++)
            for (int flat = 0; flat < 2; flat++) {
                grm_key key = {tonic, (grm_mode)mode, flat}, back;
                char text[16];
                grm_key_name(key, text);
                assert_true(grm_key_parse(text, &back));
                assert_int_equal(back.tonic, tonic);
                assert_int_equal(back.mode, mode);
                assert_true(back.flat == (flat && text[1] == 'b'));
            }
}

static void keys_are_read_as_people_write_them(void **state) {
    const struct {
        const char *text;
        const char *name;
    } cases[] = {{"F#m", "F# minor"},      {"f# minor", "F# minor"},
                 {"Bbmaj", "Bb major"},    {"A", "A major"},
                 {"a", "A major"},         {"am", "A minor"},
                 {"C-minor", "C minor"},   {"E flat major", "Eb major"},
                 {"d DORIAN", "D dorian"}, {"B\xE2\x99\xAD minor", "Bb minor"},
                 {"F sharp", "F# major"},  {"bb", "Bb major"},
                 {"b minor", "B minor"},   {" G  lydian ", "G lydian"},
                 {"Cb", "B major"},        {"FM", "F major"}};
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        grm_key key;
        char name[16];
        if (!grm_key_parse(cases[i].text, &key)) fail_msg("\"%s\" was not read", cases[i].text);
        key.flat = key.flat && strcmp(cases[i].text, "Cb") != 0;
        grm_key_name(key, name);
        assert_string_equal(name, cases[i].name);
    }
}

static void what_is_no_key_is_refused(void **state) {
    const char *cases[] = {"", "H", "minor", "F## minor", "C major minor", "A club", "Cx", "12", "#", "D dorianish!"};
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        grm_key key;
        if (grm_key_parse(cases[i], &key)) fail_msg("\"%s\" was taken for a key", cases[i]);
    }
    assert_false(grm_key_parse(NULL, &(grm_key){0}));
}

static void lengths_are_read(void **state) {
    const struct {
        const char *text;
        double seconds;
    } cases[] = {{"2:30", 150},  {"150", 150},      {"90s", 90},        {"3 min", 180},
                 {"2m30s", 150}, {"1:02:03", 3723}, {"1.5 min", 90},    {"45 seconds", 45},
                 {"-5", -5},     {"0", 0},          {"2 min 5 s", 125}, {"10 h", 36000}};
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        double seconds = -1e9;
        if (!grm_duration_parse(cases[i].text, &seconds)) fail_msg("\"%s\" was not read", cases[i].text);
        assert_true(fabs(seconds - cases[i].seconds) < 1e-9);
    }
    const char *wrong[] = {"",          "long", "2:3",   "2:75",      "nan", "inf",
                           "3 parsecs", "s",    "1:2:3", "5 s 3 min", "1e",  "--5"};
    for (size_t i = 0; i < GRM_COUNT(wrong); i++) {
        double seconds;
        if (grm_duration_parse(wrong[i], &seconds)) fail_msg("\"%s\" was taken for a length", wrong[i]);
    }
}

static void freeing_nothing_is_fine(void **state) {
    grm_brief_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_written_and_read_back), cmocka_unit_test(keys_are_read_as_people_write_them),
        cmocka_unit_test(what_is_no_key_is_refused),      cmocka_unit_test(lengths_are_read),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
