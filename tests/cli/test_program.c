// What all commands have in common, and those that are quick to try.
#include "program.h"

static void every_command_has_help(void **state) {
    (void)state;
    static const char *const commands[] = {"make", "enhance", "compose", "render",   "styles", "meter",
                                           "mix",  "master",  "config",  "generate", "models", "bench"};
    assert_int_equal(grammy("--help"), 0);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char words[64];
        assert_says(commands[i]);
        snprintf(words, sizeof words, "%s --help >help.txt", commands[i]);
        assert_int_equal(grammy(words), 0);
        snprintf(words, sizeof words, "help %s", commands[i]);
        assert_int_equal(grammy(words), 0);
        assert_says("--threads");
        assert_int_equal(grammy("--help"), 0);
    }
    assert_int_equal(grammy("version"), 0);
    assert_says("grammy 0.");
}

static void typos_are_answered_with_the_nearest_word(void **state) {
    (void)state;
    assert_int_equal(grammy("mkae \"house\""), 2);
    assert_says("did you mean make?");
    assert_int_equal(grammy("make \"house\" --tepmo 120"), 2);
    assert_says("did you mean --tempo?");
    assert_int_equal(grammy("styles huose"), 2);
    assert_says("did you mean house?");
    assert_int_equal(grammy("models pul small"), 2);
    assert_says("did you mean pull?");
}

static void absurd_values_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "make",
        "make \"\" -o out",
        "make \"house\" extra",
        "make \"house\" --duration 0",
        "make \"house\" --duration=-5",
        "make \"house\" --duration 10h",
        "make \"house\" --tempo 0",
        "make \"house\" --tempo 5000",
        "make \"house\" --tempo nan",
        "make \"house\" --tempo 1e400",
        "make \"house\" --key \"H sharp\"",
        "make \"house\" --metre 4/5",
        "make \"house\" --seed -1",
        "make \"house\" --seed 1.5",
        "make \"house\" --genre polkatronics",
        "make \"house\" --threads 0",
        "make \"house\" --progress xml",
        "make \"house\" --instruments theremoog",
        "make \"house\" --force=yes",
        "enhance \"a track of 10 hours\"",
        "config --max-duration nan",
        "config --lightweight maybe",
        "render",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (grammy(bad[i]) != 2) fail_msg("grammy %s: %s", bad[i], output);
        assert_says("grammy: ");
    }
    struct stat s;
    assert_int_not_equal(stat("out", &s), 0);
}

static void bad_files_are_named(void **state) {
    (void)state;
    assert_int_equal(grammy("render nowhere.mid"), 3);
    assert_says("nowhere.mid");
    FILE *file = fopen("letter.mid", "w");
    fputs("dear sirs", file);
    fclose(file);
    assert_int_equal(grammy("render letter.mid"), 3);
    assert_says("letter.mid");
    assert_int_equal(grammy("styles check letter.mid"), 3);
    assert_says("letter.mid:1:1");
    assert_int_equal(grammy("make \"string quartet, 10 seconds\" --soundfont letter.mid -o none"), 3);
    assert_says("letter.mid");
    struct stat s;
    assert_int_not_equal(stat("none", &s), 0);
}

static void config_says_where_values_come_from(void **state) {
    (void)state;
    json_t *config = grammy_json("config --json --lightweight true --threads 3");
    assert_true(json_is_true(json_object_get(config, "lightweight")));
    json_t *settings = json_object_get(config, "settings");
    json_t *threads = json_object_get(settings, "GRAMMY_THREADS");
    assert_string_equal(json_string_value(json_object_get(threads, "value")), "3");
    assert_string_equal(json_string_value(json_object_get(threads, "from")), "flag");
    json_decref(config);
    setenv("MODEL_SIZE", "huge", 1);
    assert_int_equal(grammy("config"), 2);
    assert_says("MODEL_SIZE");
    assert_says("huge");
    unsetenv("MODEL_SIZE");
}

static void enhance_reads_a_prompt(void **state) {
    (void)state;
    json_t *brief = grammy_json("enhance \"dark trap beat at 140 BPM in C# minor, 2 minutes\"");
    assert_string_equal(json_string_value(json_object_get(brief, "style")), "trap");
    assert_string_equal(json_string_value(json_object_get(brief, "key")), "C# minor");
    assert_true(json_number_value(json_object_get(brief, "tempo_bpm")) == 140);
    assert_true(json_number_value(json_object_get(brief, "duration_s")) == 120);
    json_decref(brief);
}

static void make_says_when_it_understood_nothing(void **state) {
    (void)state;
    assert_int_equal(grammy("make 'asdf qwer zxcv' --duration 5 -o nonsense"), 0);
    assert_says("note      nothing in the prompt was recognised");
    json_t *json = grammy_json("make 'ambient' --duration 5 -o sense --json");
    assert_string_equal(json_string_value(json_object_get(json, "note")), "");
    json_decref(json);
}

static void compose_writes_the_same_midi_for_the_same_seed(void **state) {
    (void)state;
    assert_int_equal(grammy("compose \"pop, 40 seconds\" --seed 5 -o a.mid"), 0);
    assert_int_equal(grammy("compose \"pop, 40 seconds\" --seed 5 -o - > b.mid"), 0);
    assert_int_equal(grammy("compose \"pop, 40 seconds\" --seed 6 -o c.mid"), 0);
    assert_int_equal(system("cmp -s a.mid b.mid"), 0);
    assert_int_not_equal(system("cmp -s a.mid c.mid"), 0);
}

static void styles_are_listed_shown_and_checked(void **state) {
    (void)state;
    json_t *styles = grammy_json("styles --json");
    assert_true(json_array_size(styles) >= 16);
    json_decref(styles);
    assert_int_equal(grammy("styles techno"), 0);
    assert_says("Kick");
    FILE *file = fopen("mine.yaml", "w");
    fputs("name: mine\ntempo: {low: 100, high: 120}\ntypo: 3\n", file);
    fclose(file);
    assert_int_equal(grammy("styles check mine.yaml"), 3);
    assert_says("mine.yaml:3:1");
    assert_says("typo");
}

static void what_a_track_costs_is_measured_in_both_modes(void **state) {
    (void)state;
    json_t *cost = grammy_json("bench \"techno\" --duration 0:05 --json");
    static const char *const modes[] = {"standard", "lightweight"};
    for (size_t i = 0; i < 2; i++) {
        const json_t *mode = json_object_get(cost, modes[i]);
        assert_true(json_number_value(json_object_get(mode, "wall_s")) > 0);
        assert_true(json_number_value(json_object_get(mode, "processor_s")) > 0);
        assert_true(json_number_value(json_object_get(mode, "peak_memory_mb")) > 1);
        assert_true(json_array_size(json_object_get(mode, "stages")) > 5);
    }
    json_decref(cost);
    assert_int_equal(grammy("bench --lightweight true"), 2);
}

static void models_are_looked_for_before_work_begins(void **state) {
    (void)state;
    setenv("XDG_DATA_HOME", "/nonexistent", 1);
    assert_int_equal(grammy("models list"), 0);
    assert_says("No models");
    assert_int_equal(grammy("generate \"a beat\" --model small"), 4);
    assert_says("grammy models pull small");
    assert_int_equal(grammy("make \"a beat\" --engine musicgen -o none"), 4);
    assert_int_equal(access("none", F_OK), -1);
    assert_int_equal(grammy("make \"a beat\" --model small"), 2);
}

static void models_are_packed_checked_and_played(void **state) {
    (void)state;
    const char *source = getenv("GRAMMY_SOURCE");
    char command[2048];
    assert_non_null(source);
    snprintf(command, sizeof command, "models quantize '%s/tests/golden/musicgen/mono' tiny.grm --precision int8",
             source);
    assert_int_equal(grammy(command), 0);
    assert_says("tiny.grm: int8");
    json_t *json = grammy_json("models verify tiny.grm --json");
    assert_string_equal(json_string_value(json_object_get(json, "precision")), "int8");
    json_decref(json);
    assert_int_equal(grammy("generate rain --model tiny.grm --duration 1 -o rain.wav"), 0);
    // What can't be read or written is said before the model is looked at, and leaves nothing.
    assert_int_equal(system("head -c 4000 /dev/zero > no.grm"), 0);
    assert_int_equal(grammy("generate rain --model no.grm --continue nowhere.wav"), 3);
    assert_says("nowhere.wav");
    assert_int_equal(grammy("generate rain --model no.grm -o nowhere/rain.wav"), 1);
    assert_says("nowhere/rain.wav");
    assert_int_equal(grammy("generate rain --model no.grm -o none.wav"), 3);
    assert_int_equal(access("none.wav", F_OK), -1);
    assert_int_equal(system("mkdir half && cp \"$GRAMMY_SOURCE\"/tests/golden/musicgen/mono/*.* half && rm half/tok*"),
                     0);
    assert_int_equal(grammy("generate rain --model half"), 4);
    assert_says("no tokenizer.json");
    // To a pipe as it is made: 58 bytes before 32000 frames of 4.
    assert_int_equal(grammy("generate rain --model tiny.grm --duration 1 -o - > piped.wav"), 0);
    struct stat info;
    assert_int_equal(stat("piped.wav", &info), 0);
    assert_int_equal(info.st_size, 58 + 32000 * 4);
    json = grammy_json("meter piped.wav --features --json");
    assert_int_equal(json_real_value(json_object_get(json_object_get(json, "features"), "duration_s")), 1);
    json_decref(json);
    assert_int_equal(grammy("generate rain --model tiny.grm -o - --variations 2"), 2);
    assert_int_equal(grammy("generate rain --model tiny.grm -o - --json"), 2);
    // Several at once are those of their seeds.
    assert_int_equal(grammy("generate rain --model tiny.grm --duration 1 --variations 3 --seed 7 -o many.wav"), 0);
    assert_int_equal(grammy("generate rain --model tiny.grm --duration 1 --seed 8 -o second.wav"), 0);
    assert_int_equal(system("cmp many-2.wav second.wav && ! cmp -s many-1.wav second.wav"), 0);
    assert_int_equal(access("many-3.wav", F_OK), 0);
    assert_int_not_equal(access("many.wav", F_OK), 0);
    json = grammy_json("generate rain --model tiny.grm --duration 1 --variations 3 --seed 7 --best -o best.wav --json");
    const json_t *tried = json_object_get(json, "candidates");
    json_int_t seed = json_integer_value(json_object_get(json, "seed"));
    assert_int_equal(json_array_size(tried), 3);
    assert_in_range(seed, 7, 9);
    for (size_t i = 0; i < 3; i++)
        assert_true(json_real_value(json_object_get(json_array_get(tried, i), "overall")) <=
                    json_real_value(json_object_get(json_array_get(tried, (size_t)seed - 7), "overall")));
    char same[64];
    snprintf(same, sizeof same, "cmp best.wav many-%d.wav", (int)(seed - 6));
    assert_int_equal(system(same), 0);
    json_decref(json);
    assert_int_equal(grammy("generate rain --model tiny.grm --best"), 2);
    assert_says("--variations");
    assert_int_equal(grammy("models quantize tiny.grm again.grm"), 3);
    assert_says("is no folder");
    assert_int_equal(grammy("models quantize nowhere x.grm"), 4);
    assert_int_equal(grammy("models quantize tiny.grm"), 2);
    assert_int_equal(grammy("models verify rain.wav"), 3);
    snprintf(command, sizeof command, "models quantize '%s/tests/golden/musicgen/mono' x.grm --precision int5", source);
    assert_int_equal(grammy(command), 2);
    assert_says("float32, float16, int8 or int4");
    assert_int_not_equal(access("x.grm", F_OK), 0);
    // One byte of the weights.
    assert_int_equal(system("printf '\\377\\376\\375' | dd of=tiny.grm bs=1 seek=300001 conv=notrunc 2> /dev/null"), 0);
    assert_int_equal(grammy("models verify tiny.grm"), 3);
    assert_says("does not agree with its checksum");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_help),
        cmocka_unit_test(typos_are_answered_with_the_nearest_word),
        cmocka_unit_test(absurd_values_are_refused),
        cmocka_unit_test(bad_files_are_named),
        cmocka_unit_test(config_says_where_values_come_from),
        cmocka_unit_test(enhance_reads_a_prompt),
        cmocka_unit_test(make_says_when_it_understood_nothing),
        cmocka_unit_test(compose_writes_the_same_midi_for_the_same_seed),
        cmocka_unit_test(styles_are_listed_shown_and_checked),
        cmocka_unit_test(what_a_track_costs_is_measured_in_both_modes),
        cmocka_unit_test(models_are_looked_for_before_work_begins),
        cmocka_unit_test(models_are_packed_checked_and_played),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
