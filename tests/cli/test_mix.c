// grammy mix from outside: what it prints, and its exit codes.
#include "program.h"

// Mono, 16 bit, a note every half second.
static void write_wav(const char *path, unsigned rate, double seconds, double hz) {
    uint32_t frames = (uint32_t)(seconds * rate), bytes = 2 * frames;
    uint32_t head[11] = {0x46464952, 36 + bytes, 0x45564157, 0x20746d66, 16,   0x00010001,
                         rate,       2 * rate,   0x00100002, 0x61746164, bytes};
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(head, sizeof head, 1, file), 1);
    for (uint32_t i = 0; i < frames; i++) {
        double t = (double)i / rate;
        int16_t x = (int16_t)(8000 * sin(2 * 3.14159265 * hz * t) * exp(-fmod(t, 0.5) * 4));
        assert_int_equal(fwrite(&x, 2, 1, file), 1);
    }
    assert_int_equal(fclose(file), 0);
}

static int enter_with_stems(void **state) {
    if (enter(state) != 0 || mkdir("stems", 0777) != 0 || mkdir("empty", 0777) != 0) return -1;
    write_wav("stems/01-Bass DI.wav", 48000, 2, 55);
    write_wav("stems/lead_vox.wav", 44100, 1.5, 440);
    write_wav("stems/keys.wav", 22050, 1, 330);
    return 0;
}

static void a_folder_becomes_a_file_and_its_decisions(void **state) {
    (void)state;
    static const char *const fields[] = {"file", "role",       "gain_db", "pan",       "mute",
                                         "eq",   "compressor", "sends",   "automation"};
    if (grammy("mix stems -o out.wav --json") != 0) fail_msg("%s", output);
    json_t *said = json_loads(output, 0, NULL), *written = json_load_file("mix.json", 0, NULL);
    assert_non_null(said);
    assert_non_null(written);
    assert_true(json_number_value(json_object_get(said, "peak_dbfs")) <= -3);
    assert_true(json_number_value(json_object_get(said, "duration_s")) == 2);
    json_t *stems = json_object_get(written, "stems");
    assert_true(json_equal(stems, json_object_get(said, "stems")));
    assert_int_equal(json_array_size(stems), 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
            assert_non_null(json_object_get(json_array_get(stems, i), fields[k]));
    assert_non_null(json_object_get(written, "buses"));
    assert_non_null(json_object_get(written, "ducking"));
    json_decref(written);
    json_decref(said);
    assert_int_equal(grammy("mix stems -o out.wav"), 0);
    assert_says("01-Bass DI.wav");
    assert_says("vocal");
}

static void edited_decisions_are_obeyed(void **state) {
    (void)state;
    assert_int_equal(grammy("mix stems -o a.wav"), 0);
    assert_int_equal(system("cp mix.json session.json"), 0);
    assert_int_equal(grammy("mix stems -o b.wav --session session.json --threads 1"), 0);
    assert_int_equal(system("cmp -s a.wav b.wav && cmp -s mix.json session.json"), 0);
    assert_int_equal(grammy("mix stems -o b.wav --session session.json --level 'lead_vox=-3' --pan keys=0.5"), 0);
    assert_int_not_equal(system("cmp -s a.wav b.wav"), 0);
    assert_int_equal(grammy("mix stems -o c.wav --level bass=+3 --level vocal=-3 --mute keys --genre house"), 0);
    assert_says("mute");
    assert_int_equal(grammy("mix stems -o c.wav --solo 'bass di' --dry"), 0);
}

static void wrong_words_and_files_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *arguments, *words;
        int code;
    } bad[] = {
        {"mix", "STEMS_DIR", 2},
        {"mix nowhere", "nowhere", 3},
        {"mix empty", "no audio files", 3},
        {"mix stems --level vocl=-3", "did you mean vocal?", 2},
        {"mix stems --mute keyz", "did you mean keys?", 2},
        {"mix stems --level bass", "NAME=dB", 2},
        {"mix stems --level bass=loud", "no number", 2},
        {"mix stems --level bass=nan", "no number", 2},
        {"mix stems --pan bass=2", "-1 (left) to 1", 2},
        {"mix stems --genre polkatronics", "polkatronics", 2},
        {"mix stems --session nothing.json", "nothing.json", 3},
        {"mix stems -o mix.mp3", ".wav or .flac", 2},
        {"mix stems -o no/such/mix.wav", "no/such", 1},
        {"mix stems --solos bass", "did you mean --solo?", 2},
    };
    assert_int_equal(unlink("mix.json"), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int code = grammy(bad[i].arguments);
        if (code != bad[i].code) fail_msg("grammy %s: %d, %s", bad[i].arguments, code, output);
        assert_says(bad[i].words);
    }
    assert_int_equal(system("head -c 3000 /dev/urandom >stems/zzz.wav"), 0);
    assert_int_equal(grammy("mix stems"), 3);
    assert_says("zzz.wav");
    struct stat s;
    assert_int_not_equal(stat("mix.wav", &s), 0);
    assert_int_not_equal(stat("mix.json", &s), 0);
    assert_int_equal(grammy("mix stems --skip-broken"), 0);
    assert_says("left out");
    assert_int_equal(stat("mix.wav", &s), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_becomes_a_file_and_its_decisions),
        cmocka_unit_test(edited_decisions_are_obeyed),
        cmocka_unit_test(wrong_words_and_files_are_refused),
    };
    return cmocka_run_group_tests(tests, enter_with_stems, leave);
}
