// grammy master from outside.
#include "program.h"

static double number_at(const json_t *json, const char *part, const char *name) {
    const json_t *value = json_object_get(json_object_get(json, part), name);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void a_master_is_written_in_every_format_with_its_tags_and_its_story(void **state) {
    (void)state;
    static const char *const names[] = {"m.wav", "m.flac", "m.ogg", "m.opus", "m.mp3"};
    write_tune("tune.wav");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char words[200];
        snprintf(words, sizeof words, "master tune.wav -o %s --tag title=One --json %s", names[i],
                 i == 4 ? "--rate 44100" : "");
        json_t *json = grammy_json(words);
        assert_true(fabs(number_at(json, "after", "integrated_lufs") + 14) < 0.1);
        assert_true(number_at(json, "after", "true_peak_dbtp") <= -1);
        json_t *beside = json_load_file("master.json", 0, NULL);
        assert_true(json_equal(json, beside));
        json_decref(beside);
        json_decref(json);
        snprintf(words, sizeof words, "meter %s --json --features", names[i]);
        json = grammy_json(words);
        assert_true(fabs(number_at(json, "features", "integrated_lufs") + 14) < (i < 2 ? 0.1 : 0.3));
        json_decref(json);
        snprintf(words, sizeof words, "cp %s before.copy", names[i]);
        assert_int_equal(system(words), 0);
        snprintf(words, sizeof words, "master tune.wav -o %s --tag title=One --threads 1 %s", names[i],
                 i == 4 ? "--rate 44100" : "");
        assert_int_equal(grammy(words), 0);
        snprintf(words, sizeof words, "cmp -s %s before.copy", names[i]);
        assert_int_equal(system(words), 0);
    }
    assert_int_equal(grammy("master m.ogg -o m.flac"), 0);  // tags go from file to file
    assert_int_equal(system("grep -aqi title=One m.flac"), 0);
    assert_int_equal(system("cp tune.wav same.wav"), 0);
    assert_int_equal(grammy("master same.wav -o same.wav --bits 16 --target apple"), 0);
    assert_says("apple");
    assert_int_not_equal(system("cmp -s tune.wav same.wav"), 0);
}

static void what_cannot_be_mastered_is_refused_and_leaves_nothing(void **state) {
    (void)state;
    static const struct {
        const char *words, *says;
        int code;
    } bad[] = {
        {"master nowhere.wav -o none.wav", "nowhere.wav", 3},
        {"master . -o none.wav", "folder", 3},
        {"master letter.txt -o none.wav", "letter.txt", 3},
        {"master tune.wav", "-o OUT", 2},
        {"master tune.wav -o none.xyz", "none.xyz", 2},
        {"master tune.wav -o none.wav --target spotfy", "did you mean spotify", 2},
        {"master tune.wav -o none.wav --tone worm", "did you mean warm", 2},
        {"master tune.wav -o none.wav --compression lite", "light", 2},
        {"master tune.wav -o none.wav --lufs -2", "-30", 2},
        {"master tune.wav -o none.wav --ceiling 1", "-20", 2},
        {"master tune.wav -o none.wav --width 3", "0 to 2", 2},
        {"master tune.wav -o none.wav --bits 20", "16, 24 or 32f", 2},
        {"master tune.wav -o none.mp3 --bits 16", "MP3", 2},
        {"master tune.wav -o none.flac --bits 32f", "FLAC", 2},
        {"master tune.wav -o none.opus --rate 44100", "48000", 2},
        {"master tune.wav -o none.wav --tag titel=One", "did you mean title", 2},
        {"master tune.wav -o none.wav --reference nowhere.wav", "nowhere.wav", 3},
        {"master tune.wav -o none.wav --genre polkatronics", "polkatronics", 2},
    };
    write_tune("tune.wav");
    FILE *file = fopen("letter.txt", "w");
    fputs("dear sirs", file);
    fclose(file);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (grammy(bad[i].words) != bad[i].code) fail_msg("grammy %s: %s", bad[i].words, output);
        assert_says(bad[i].says);
        assert_int_not_equal(system("ls none* 2>/dev/null | grep -q ."), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_master_is_written_in_every_format_with_its_tags_and_its_story),
        cmocka_unit_test(what_cannot_be_mastered_is_refused_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
