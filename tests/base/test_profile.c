#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <grammy/profile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

// Each test starts in an empty folder, as a user without a setting.
static char folder[256];

static int clean(void **state) {
    const char *top = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/grammy-test-XXXXXX", top ? top : "/tmp");
    if (!mkdtemp(folder) || chdir(folder) != 0) return -1;
    for (int i = 0; i < GRM_SETTING_COUNT; i++) unsetenv(grm_setting_name((grm_setting)i));
    return setenv("XDG_CONFIG_HOME", folder, 1);
}

static int leave(void **state) {
    if (chdir("/") != 0) return -1;
    grm_folder_remove(folder);
    return 0;
}

static grm_profile *resolved(void) {
    grm_profile *p;
    grm_error err = {0};
    grm_status status = grm_profile_new(NULL, 0, &p, &err);
    if (status != GRM_OK) fail_msg("%s", err.message);
    return p;
}

static void write_text(const char *path, const char *text) {
    assert_int_equal(grm_file_write(path, text, strlen(text), NULL), GRM_OK);
}

static void write_config(const char *text) {
    assert_int_equal(grm_folder_new("grammy", NULL), GRM_OK);
    write_text("grammy/config.yaml", text);
}

// Setting `name` to `value` is refused, in words that name both.
static void assert_refused(const char *name, const char *value) {
    const grm_setting_value flag = {name, value};
    grm_profile *p;
    grm_error err = {0};
    if (grm_profile_new(&flag, 1, &p, &err) != GRM_USAGE) fail_msg("%s=%s was taken", name, value);
    assert_null(p);
    assert_non_null(strstr(err.message, name));
    assert_non_null(strstr(err.message, value));
}

static void assert_taken(const char *name, const char *value) {
    const grm_setting_value flag = {name, value};
    grm_profile *p;
    grm_error err = {0};
    if (grm_profile_new(&flag, 1, &p, &err) != GRM_OK) fail_msg("%s=%s: %s", name, value, err.message);
    grm_profile_free(p);
}

static void standard_is_as_designed(void **state) {
    setenv("LIGHTWEIGHT_MODE", "false", 1);
    grm_profile *p = resolved();
    assert_false(p->lightweight);
    assert_int_equal(p->model_size, GRM_MODEL_MEDIUM);
    assert_int_equal(p->model_precision, GRM_FLOAT32);
    assert_int_equal(p->audio_buffer_bytes, 8192);
    assert_int_equal(p->analysis_rate_hz, 0);
    assert_int_equal(p->analysis_hop, 512);
    assert_int_equal(p->analysis_stride, 1);
    assert_true(p->full_analysis);
    assert_true(p->stem_separation);
    assert_int_equal(p->worker_concurrency, 2);
    assert_true(p->max_audio_duration_s == 300.0);
    assert_true(p->neural_token_share == 1.0);
    assert_int_equal(p->hall_lines, 16);
    assert_int_equal(p->space_rate_hz, 48000);
    assert_true(p->mp3_joint_stereo);
    assert_null(p->soundfont);
    assert_string_equal(p->soundfont_names[0], "MuseScore_General_Full.sf3");
    assert_in_range(p->threads, 1, 256);
    grm_profile_free(p);
}

static void lightweight_is_as_designed_on_every_machine(void **state) {
    setenv("LIGHTWEIGHT_MODE", "TRUE", 1);
    grm_profile *p = resolved();
    assert_true(p->lightweight);
    assert_int_equal(p->model_size, GRM_MODEL_SMALL);
    assert_int_equal(p->model_precision, GRM_INT8);
    assert_int_equal(p->audio_buffer_bytes, 2048);
    assert_int_equal(p->analysis_rate_hz, 22050);
    assert_int_equal(p->analysis_hop, 1024);
    assert_int_equal(p->analysis_stride, 4);
    assert_false(p->full_analysis);
    assert_false(p->stem_separation);
    assert_int_equal(p->worker_concurrency, 1);
    assert_true(p->max_audio_duration_s == 60.0);
    assert_true(p->neural_token_share == 0.8);
    assert_int_equal(p->hall_lines, 8);
    assert_int_equal(p->space_rate_hz, 24000);
    assert_false(p->mp3_joint_stereo);
    assert_string_equal(p->soundfont_names[0], "FluidR3Mono_GM.sf3");
    assert_non_null(strstr(p->lightweight_reason, "environment"));
    grm_profile_free(p);
}

static void auto_is_lightweight_on_arm_alone(void **state) {
    grm_profile *p = resolved();
    assert_int_equal(p->lightweight, p->is_arm);
    assert_int_equal(p->origins[GRM_SETTING_LIGHTWEIGHT_MODE], GRM_FROM_DEFAULT);
    assert_non_null(strstr(p->lightweight_reason, p->architecture));
#if defined(__aarch64__) || defined(__arm__)
    assert_true(p->is_arm);
#elif defined(__x86_64__)
    assert_false(p->is_arm);
    assert_string_equal(p->architecture, "x86_64");
#endif
    grm_profile_free(p);
}

static void what_is_set_survives_lightweight_mode(void **state) {
    setenv("LIGHTWEIGHT_MODE", "true", 1);
    setenv("MAX_AUDIO_DURATION", "600", 1);
    setenv("MODEL_SIZE", "Large", 1);
    grm_profile *p = resolved();
    assert_true(p->max_audio_duration_s == 600.0);
    assert_int_equal(p->model_size, GRM_MODEL_LARGE);
    grm_profile_free(p);
}

static void each_source_beats_those_below(void **state) {
    write_config("worker_concurrency: 3\nmax_audio_duration: 100.5\nthreads: 4\nmodel_size: large\n");
    write_text(".env", "WORKER_CONCURRENCY=5\nMAX_AUDIO_DURATION=200\nGRAMMY_THREADS=6\n");
    setenv("WORKER_CONCURRENCY", "7", 1);
    setenv("MAX_AUDIO_DURATION", "250", 1);
    const grm_setting_value flags[] = {{"WORKER_CONCURRENCY", "9"}, {"MODEL_SIZE", NULL}};
    grm_profile *p;
    assert_int_equal(grm_profile_new(flags, 2, &p, NULL), GRM_OK);
    assert_int_equal(p->worker_concurrency, 9);
    assert_true(p->max_audio_duration_s == 250.0);
    assert_int_equal(p->threads, 6);
    assert_int_equal(p->model_size, GRM_MODEL_LARGE);
    assert_int_equal(p->origins[GRM_SETTING_WORKER_CONCURRENCY], GRM_FROM_FLAG);
    assert_int_equal(p->origins[GRM_SETTING_MAX_AUDIO_DURATION], GRM_FROM_ENVIRONMENT);
    assert_int_equal(p->origins[GRM_SETTING_THREADS], GRM_FROM_DOTENV);
    assert_int_equal(p->origins[GRM_SETTING_MODEL_SIZE], GRM_FROM_CONFIG_FILE);
    assert_int_equal(p->origins[GRM_SETTING_MODEL_PRECISION], GRM_FROM_DEFAULT);
    grm_profile_free(p);
}

static void nothing_is_not_a_value(void **state) {
    write_text(".env", "MODEL_SIZE=\nWORKER_CONCURRENCY=4\n");
    setenv("WORKER_CONCURRENCY", "", 1);
    grm_profile *p = resolved();
    assert_int_equal(p->worker_concurrency, 4);
    assert_int_equal(p->origins[GRM_SETTING_MODEL_SIZE], GRM_FROM_DEFAULT);
    grm_profile_free(p);
}

static void dotenv_is_read_as_shells_write_it(void **state) {
    write_text(".env",
               "# settings\r\n\r\nDATABASE_URL=postgres://x\nnot a line\n  export GRAMMY_THREADS = 3 # three\r\n"
               "GRAMMY_SOUNDFONT=\"/a folder/with #hash.sf2\"\nMODEL_SIZE='small'\nMODEL_SIZE=large\n"
               "MAX_AUDIO_DURATION=12");
    grm_profile *p = resolved();
    assert_int_equal(p->threads, 3);
    assert_string_equal(p->soundfont, "/a folder/with #hash.sf2");
    assert_int_equal(p->model_size, GRM_MODEL_LARGE);
    assert_true(p->max_audio_duration_s == 12.0);
    grm_profile_free(p);
}

static void dotenv_may_be_a_folder(void **state) {
    assert_int_equal(grm_folder_new(".env", NULL), GRM_OK);
    grm_profile_free(resolved());
}

static void bad_values_are_refused_by_name(void **state) {
    const char *cases[][2] = {
        {"LIGHTWEIGHT_MODE", "maybe"},   {"LIGHTWEIGHT_MODE", "1"},
        {"LIGHTWEIGHT_MODE", "truer"},   {"MODEL_SIZE", "huge"},
        {"MODEL_PRECISION", "float64"},  {"AUDIO_BUFFER_SIZE", "128"},
        {"AUDIO_BUFFER_SIZE", "131072"}, {"AUDIO_BUFFER_SIZE", "5000"},
        {"AUDIO_BUFFER_SIZE", "4096.5"}, {"WORKER_CONCURRENCY", "0"},
        {"WORKER_CONCURRENCY", "65"},    {"WORKER_CONCURRENCY", "1.5"},
        {"WORKER_CONCURRENCY", "-1"},    {"MAX_AUDIO_DURATION", "nan"},
        {"MAX_AUDIO_DURATION", "inf"},   {"MAX_AUDIO_DURATION", "0"},
        {"MAX_AUDIO_DURATION", "0.999"}, {"MAX_AUDIO_DURATION", "36000.1"},
        {"MAX_AUDIO_DURATION", "1e3"},   {"MAX_AUDIO_DURATION", "0x10"},
        {"MAX_AUDIO_DURATION", "60s"},   {"MAX_AUDIO_DURATION", " 60"},
        {"MAX_AUDIO_DURATION", "60."},   {"MAX_AUDIO_DURATION", "99999999999999999999999999"},
        {"GRAMMY_THREADS", "0"},         {"GRAMMY_THREADS", "257"},
        {"GRAMMY_THREADS", "all"},       {"GRAMMY_THREADS", "4294967297"},
    };
    for (size_t i = 0; i < GRM_COUNT(cases); i++) assert_refused(cases[i][0], cases[i][1]);
    assert_refused("GRAMMY_SOUNDFONT", "");
    assert_refused("NO_SUCH_SETTING", "");
}

static void the_ends_of_each_range_are_taken(void **state) {
    const char *cases[][2] = {
        {"AUDIO_BUFFER_SIZE", "256"},      {"AUDIO_BUFFER_SIZE", "65536"}, {"WORKER_CONCURRENCY", "1"},
        {"WORKER_CONCURRENCY", "64"},      {"MAX_AUDIO_DURATION", "1"},    {"MAX_AUDIO_DURATION", "36000"},
        {"MAX_AUDIO_DURATION", "123.456"}, {"GRAMMY_THREADS", "1"},        {"GRAMMY_THREADS", "256"},
        {"LIGHTWEIGHT_MODE", "Auto"},      {"MODEL_PRECISION", "INT4"},    {"MODEL_PRECISION", "float16"},
    };
    for (size_t i = 0; i < GRM_COUNT(cases); i++) assert_taken(cases[i][0], cases[i][1]);
}

static void assert_message_has(const char *a, const char *b) {
    grm_profile *p;
    grm_error err = {0};
    if (grm_profile_new(NULL, 0, &p, &err) != GRM_USAGE) fail_msg("taken where %s should be told", b);
    if (!strstr(err.message, a) || !strstr(err.message, b)) fail_msg("'%s' lacks %s or %s", err.message, a, b);
}

static void messages_say_where_the_value_was_set(void **state) {
    setenv("MODEL_SIZE", "tiny", 1);
    assert_message_has("environment", "small, medium or large");
    unsetenv("MODEL_SIZE");
    write_text(".env", "\nMODEL_SIZE=tiny\n");
    assert_message_has(".env, line 2", "tiny");
    write_text(".env", "MODEL_SIZE=\"tiny\n");
    assert_message_has(".env, line 1", "quote");
    unlink(".env");
    write_config("# mine\nmodel_size: tiny\n");
    assert_message_has("config.yaml, line 2", "tiny");
}

static void a_config_file_must_be_right(void **state) {
    const char *cases[][2] = {
        {"model_size: small\nmodel_sise: small\n", "line 2"},
        {"model_size: small\nmodel_size: large\n", "line 2"},
        {"- model_size\n", "line 1"},
        {"model_size: [small]\n", "line 1"},
        {"model_size: {a: b\n", "line 2"},
        {"threads: 2\n\tmodel_size: small\n", "line 2"},
        {"? [a]\n: b\n", "line 1"},
        {"&a : *a\n", "config.yaml"},
        {"model_size: \xff\n", "config.yaml"},
    };
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        write_config(cases[i][0]);
        assert_message_has("config.yaml", cases[i][1]);
    }
    write_config("# nothing\n");
    grm_profile_free(resolved());
    write_config("GRAMMY_THREADS: 2\nMODEL_SIZE: small\n");
    grm_profile *p = resolved();
    assert_int_equal(p->threads, 2);
    grm_profile_free(p);
}

static void every_setting_and_origin_has_its_name(void **state) {
    for (int i = 0; i < GRM_SETTING_COUNT; i++) assert_true(strlen(grm_setting_name((grm_setting)i)) > 5);
    assert_string_equal(grm_setting_name(GRM_SETTING_THREADS), "GRAMMY_THREADS");
    assert_string_equal(grm_origin_name(GRM_FROM_ENVIRONMENT), "environment");
    assert_string_equal(grm_origin_name(GRM_FROM_DEFAULT), "default");
}

#define IN_CLEAN_FOLDER(test) cmocka_unit_test_setup_teardown(test, clean, leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_CLEAN_FOLDER(standard_is_as_designed),
        IN_CLEAN_FOLDER(lightweight_is_as_designed_on_every_machine),
        IN_CLEAN_FOLDER(auto_is_lightweight_on_arm_alone),
        IN_CLEAN_FOLDER(what_is_set_survives_lightweight_mode),
        IN_CLEAN_FOLDER(each_source_beats_those_below),
        IN_CLEAN_FOLDER(nothing_is_not_a_value),
        IN_CLEAN_FOLDER(dotenv_is_read_as_shells_write_it),
        IN_CLEAN_FOLDER(dotenv_may_be_a_folder),
        IN_CLEAN_FOLDER(bad_values_are_refused_by_name),
        IN_CLEAN_FOLDER(the_ends_of_each_range_are_taken),
        IN_CLEAN_FOLDER(messages_say_where_the_value_was_set),
        IN_CLEAN_FOLDER(a_config_file_must_be_right),
        IN_CLEAN_FOLDER(every_setting_and_origin_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
