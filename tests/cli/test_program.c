// The program from outside: what it prints, and its exit codes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>

static char program[1024], folder[] = "/tmp/grammy-cli-XXXXXX";
static char output[1 << 20];

static int enter(void **state) {
    (void)state;
    const char *build = getenv("GRAMMY_BUILD");
    snprintf(program, sizeof program, "%s/grammy", build ? build : "build");
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    return access(program, X_OK) == 0 && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 ? system(command) : -1;
}

// Runs `grammy ARGUMENTS` in a shell; its output, both streams, lies in `output`. Returns the exit code.
static int grammy(const char *arguments) {
    char command[4096];
    snprintf(command, sizeof command, "'%s' %s 2>&1", program, arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t size = fread(output, 1, sizeof output - 1, pipe);
    output[size] = 0;
    int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static json_t *grammy_json(const char *arguments) {
    assert_int_equal(grammy(arguments), 0);
    json_t *json = json_loads(output, 0, NULL);
    assert_non_null(json);
    return json;
}

static void assert_says(const char *words) {
    if (!strstr(output, words)) fail_msg("\"%s\" is not in: %s", words, output);
}

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

enum { RATE = 22050, FRAMES = 8 * RATE };  // of the tune

// Eight seconds of two chords in turn, 16 bits, 22.05 kHz, stereo.
static void write_tune(const char *path) {
    static const double chords[2][3] = {{261.6, 329.6, 392}, {220, 261.6, 329.6}};
    static const uint8_t header[44] =
        "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x22\x56\0\0\x88\x58\x01\0\x04\0\x10\0data";
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    uint32_t size = FRAMES * 4, whole = size + 36;
    fwrite(header, 1, 4, file);
    fwrite(&whole, 4, 1, file);
    fwrite(header + 8, 1, 32, file);
    fwrite(&size, 4, 1, file);
    for (int i = 0; i < FRAMES; i++) {
        double t = (double)i / RATE, sum = 0, beat = fmod(t, 0.5);
        for (int k = 0; k < 3; k++) sum += sin(6.283185307 * chords[(int)t % 2][k] * t);
        int16_t frame[2] = {(int16_t)(6000 * sum * exp(-4 * beat)), (int16_t)(5000 * sum * exp(-5 * beat))};
        fwrite(frame, 2, 2, file);
    }
    fclose(file);
}

static void the_meter_shows_a_card_within_the_width(void **state) {
    (void)state;
    write_tune("tune.wav");
    assert_int_equal(grammy("meter tune.wav --genre pop"), 0);
    assert_says("Production quality");
    assert_says("What would bring how many points");
    assert_says("869 pop songs");
    assert_null(strchr(output, '\033'));  // no colour where there is no terminal
    setenv("COLUMNS", "50", 1);
    assert_int_equal(grammy("meter tune.wav"), 0);
    unsetenv("COLUMNS");
    size_t columns = 0;
    for (const char *c = output; *c; c++) {
        if (*c == '\n') columns = 0;
        columns += *c != '\n' && ((unsigned char)*c & 0xC0) != 0x80;
        assert_true(columns <= 50);
    }
}

static void the_meter_reports_all_of_its_judgement_as_json(void **state) {
    (void)state;
    static const char *const names[] = {"production_quality", "commercial_appeal", "innovation", "emotional_impact",
                                        "radio_readiness"};
    write_tune("tune.wav");
    json_t *json = grammy_json("meter tune.wav --json --genre ambient");
    assert_string_equal(json_string_value(json_object_get(json, "mode")), "standard");
    assert_string_equal(json_string_value(json_object_get(json, "genre")), "ambient");
    assert_true(json_is_number(json_object_get(json, "overall")));
    assert_true(json_is_string(json_object_get(json, "rating")));
    for (size_t i = 0; i < 5; i++) {
        json_t *category = json_object_get(json_object_get(json, "categories"), names[i]);
        assert_true(json_is_object(json_object_get(category, "sub_scores")));
        assert_true(json_is_number(json_object_get(category, "weight")));
    }
    json_t *advice = json_array_get(json_object_get(json, "recommendations"), 0);
    assert_true(json_is_string(json_object_get(advice, "text")));
    assert_true(json_is_string(json_object_get(advice, "sub_score")));
    assert_true(json_number_value(json_object_get(advice, "gain")) > 0);
    assert_true(json_is_array(json_object_get(json, "insights")));
    assert_true(json_is_null(json_object_get(json_object_get(json, "trend"), "score")));
    assert_true(json_is_number(json_object_get(json_object_get(json, "features"), "integrated_lufs")));
    json_decref(json);
}

static void the_meter_refuses_genres_and_curves_it_cannot_read(void **state) {
    (void)state;
    write_tune("tune.wav");
    assert_int_equal(grammy("meter tune.wav --genre yodelling"), 2);
    assert_says("yodelling");
    FILE *file = fopen("curves.yaml", "w");
    fputs("ratings: []\n", file);
    fclose(file);
    assert_int_equal(grammy("meter tune.wav --curves curves.yaml"), 3);
    assert_says("curves.yaml:1:");
    assert_int_equal(grammy("meter tune.wav --curves missing.yaml"), 3);
}

static void assert_npy(const char *path, const char *type, const char *shape) {
    char header[128] = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_true(fread(header, 1, sizeof header - 1, file) > 64);
    fclose(file);
    assert_memory_equal(header, "\x93NUMPY", 6);
    assert_non_null(strstr(header + 10, type));
    assert_non_null(strstr(header + 10, shape));
}

// Frames are 1 + samples / hop, beats whole numbers.
static void the_meter_writes_series_and_a_page(void **state) {
    (void)state;
    char shape[64];
    write_tune("tune.wav");
    assert_int_equal(grammy("meter tune.wav --series series --html page.html --json"), 0);
    snprintf(shape, sizeof shape, "(128, %d)", 1 + FRAMES / 512);
    assert_npy("series/melspectrogram.npy", "'<f4'", shape);
    snprintf(shape, sizeof shape, "(%d,)", 1 + FRAMES / 512);
    assert_npy("series/onset_strength.npy", "'<f4'", shape);
    assert_npy("series/beats.npy", "'<i8'", ",)");
    FILE *page = fopen("page.html", "rb");
    assert_non_null(page);
    fclose(page);
    assert_int_equal(grammy("meter tune.wav tune.wav --html page.html"), 2);
    assert_int_equal(grammy("meter tune.wav --html /nowhere/page.html --json"), 1);
    assert_int_equal(grammy("meter - --json --features < tune.wav"), 0);
}

// One that can't be heard does not keep the others from it.
static void the_meter_tells_which_recording_is_none(void **state) {
    (void)state;
    write_tune("tune.wav");
    FILE *file = fopen("text.wav", "wb");
    fputs("no sound", file);
    fclose(file);
    assert_int_equal(grammy("meter text.wav"), 3);
    assert_says("text.wav");
    assert_int_equal(grammy("meter text.wav tune.wav missing.wav"), 3);
    assert_says("Production quality");
    assert_says("'text.wav' is not an audio file");
    assert_says("missing.wav");
    assert_says("2 of 3");
}

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
        cmocka_unit_test(the_meter_shows_a_card_within_the_width),
        cmocka_unit_test(the_meter_reports_all_of_its_judgement_as_json),
        cmocka_unit_test(the_meter_writes_series_and_a_page),
        cmocka_unit_test(the_meter_tells_which_recording_is_none),
        cmocka_unit_test(the_meter_refuses_genres_and_curves_it_cannot_read),
        cmocka_unit_test(a_master_is_written_in_every_format_with_its_tags_and_its_story),
        cmocka_unit_test(what_cannot_be_mastered_is_refused_and_leaves_nothing),
        cmocka_unit_test(what_a_track_costs_is_measured_in_both_modes),
        cmocka_unit_test(models_are_looked_for_before_work_begins),
        cmocka_unit_test(models_are_packed_checked_and_played),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
