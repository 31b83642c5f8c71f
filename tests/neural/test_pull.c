#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <grammy/models.h>

#include "base/base.h"
#include "hub.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define FILES "/a/b/resolve/" COMMIT "/"

enum { WEIGHTS = 100000 };
static uint8_t weights[WEIGHTS];
static const char config[] = "{\"model_type\": \"musicgen\"}", tokenizer[] = "{}";

typedef struct scene {
    hub hub;
    char listing[2048], commit[128], folder[64], weights_path[128], part[160];
    grm_error err;
} scene;

static void add(scene *s, const char *path, const void *bytes, size_t size) {
    s->hub.files[s->hub.count++] = (hub_file){path, bytes, size};
}

// A hub with a model of three files, and an empty folder to pull into. `more` is put into its list of files.
static void open_scene_with(scene *s, const char *more) {
    char sha256[65], ids[2][41];
    *s = (scene){0};
    for (size_t i = 0; i < WEIGHTS; i++) weights[i] = (uint8_t)(i * 2654435761u >> 13);
    grm_sha256_hex(weights, WEIGHTS, sha256);
    grm_git_blob_hex(config, strlen(config), ids[0]);
    grm_git_blob_hex(tokenizer, strlen(tokenizer), ids[1]);
    snprintf(s->commit, sizeof s->commit, "{\"sha\": \"%s\"}", COMMIT);
    snprintf(s->listing, sizeof s->listing,
             "[%s{\"type\": \"file\", \"path\": \"config.json\", \"size\": %zu, \"oid\": \"%s\"},"
             "{\"type\": \"file\", \"path\": \"tokenizer.json\", \"size\": %zu, \"oid\": \"%s\"},"
             "{\"type\": \"file\", \"path\": \"pytorch_model.bin\", \"size\": 9, \"oid\": \"x\"},"
             "{\"type\": \"file\", \"path\": \"model.safetensors\", \"size\": 130, \"oid\": \"%s\","
             " \"lfs\": {\"oid\": \"%s\", \"size\": %d}}]",
             more, strlen(config), ids[0], strlen(tokenizer), ids[1], ids[0], sha256, WEIGHTS);
    add(s, "/api/models/a/b/revision/main", s->commit, strlen(s->commit));
    add(s, "/api/models/a/b/tree/" COMMIT, s->listing, strlen(s->listing));
    add(s, FILES "config.json", config, strlen(config));
    add(s, FILES "tokenizer.json", tokenizer, strlen(tokenizer));
    add(s, FILES "model.safetensors", weights, WEIGHTS);
    hub_open(&s->hub);
    strcpy(s->folder, "/tmp/grammy-pull-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->weights_path, sizeof s->weights_path, "%s/model.safetensors", s->folder);
    snprintf(s->part, sizeof s->part, "%s.part", s->weights_path);
}

static void open_scene(scene *s) {
    open_scene_with(s, "");
}

static void close_scene(scene *s) {
    hub_close(&s->hub);
    grm_folder_remove(s->folder);
}

static grm_status pull(scene *s) {
    const grm_pull_options options = {.hub = s->hub.address, .folder = s->folder, .pause_s = 0.001};
    return grm_model_pull("a/b", &options, NULL, NULL, &s->err);
}

static size_t size_of(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (size_t)info.st_size : 0;
}

static void assert_whole(const scene *s) {
    uint8_t *bytes;
    size_t size;
    assert_int_equal(grm_file_read(s->weights_path, WEIGHTS + 1, &bytes, &size, NULL), GRM_OK);
    assert_int_equal(size, WEIGHTS);
    assert_memory_equal(bytes, weights, WEIGHTS);
    free(bytes);
    assert_int_equal(size_of(s->part), 0);
}

static void assert_refused(scene *s, grm_status status, const char *words) {
    assert_int_equal(pull(s), status);
    if (!strstr(s->err.message, words)) fail_msg("\"%s\" is not in: %s", words, s->err.message);
    assert_int_equal(size_of(s->weights_path), 0);
}

// ---- what goes well ----

static void a_model_is_fetched_whole(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    if (pull(&s)) fail_msg("%s", s.err.message);
    assert_whole(&s);
    char path[128];
    snprintf(path, sizeof path, "%s/pytorch_model.bin", s.folder);
    assert_int_equal(size_of(path), 0);
    snprintf(path, sizeof path, "%s/source.json", s.folder);
    assert_true(size_of(path) > 0);
    close_scene(&s);
}

static void what_is_there_is_not_fetched_again(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(pull(&s), GRM_OK);
    int before = atomic_load(&s.hub.requests);
    assert_int_equal(pull(&s), GRM_OK);
    assert_int_equal(atomic_load(&s.hub.requests), before + 2);  // the commit and the list
    close_scene(&s);
}

static void redirections_are_followed(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    s.hub.redirect = true;
    if (pull(&s)) fail_msg("%s", s.err.message);
    assert_whole(&s);
    close_scene(&s);
}

static void broken_connections_are_taken_up_again(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    s.hub.break_after = 30000;
    if (pull(&s)) fail_msg("%s", s.err.message);
    assert_whole(&s);
    assert_int_equal(atomic_load(&s.hub.ranged), 3);
    close_scene(&s);
}

static void a_part_of_before_is_gone_on_with(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(grm_file_write(s.part, weights, 60000, NULL), GRM_OK);
    if (pull(&s)) fail_msg("%s", s.err.message);
    assert_whole(&s);
    assert_int_equal(atomic_load(&s.hub.ranged), 1);
    close_scene(&s);
}

static void without_ranges_it_starts_anew(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    s.hub.ignore_ranges = true;
    assert_int_equal(grm_file_write(s.part, tokenizer, 2, NULL), GRM_OK);
    if (pull(&s)) fail_msg("%s", s.err.message);
    assert_whole(&s);
    close_scene(&s);
}

// ---- what does not ----

static void wrong_bytes_are_not_kept(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    static uint8_t other[WEIGHTS];
    memcpy(other, weights, WEIGHTS);
    other[77777] ^= 1;
    s.hub.files[4].bytes = other;
    assert_refused(&s, GRM_FAILED, "what came is not the file that the hub lists");
    assert_int_equal(size_of(s.part), 0);
    close_scene(&s);
}

static void a_wrong_part_of_before_is_noticed(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(grm_file_write(s.part, weights + 1, 60000, NULL), GRM_OK);
    assert_refused(&s, GRM_FAILED, "what came is not the file that the hub lists");
    assert_int_equal(pull(&s), GRM_OK);
    assert_whole(&s);
    close_scene(&s);
}

static void small_files_are_checked_too(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    s.hub.files[3].bytes = "[]";
    assert_refused(&s, GRM_FAILED, "tokenizer.json");
    close_scene(&s);
}

static void a_file_longer_than_listed_is_broken_off(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    static uint8_t longer[2 * WEIGHTS];
    memcpy(longer, weights, WEIGHTS);
    s.hub.files[4] = (hub_file){FILES "model.safetensors", longer, sizeof longer};
    assert_refused(&s, GRM_FAILED, "more than the 100000 bytes");
    assert_true(size_of(s.part) <= WEIGHTS);
    close_scene(&s);
}

static void a_file_shorter_than_listed_is_refused(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    s.hub.files[4].size = WEIGHTS / 2;
    assert_refused(&s, GRM_FAILED, "");
    close_scene(&s);
}

static void lengths_that_promise_too_much_end_in_an_error_or_the_file(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    s.hub.claim = 1000;
    grm_status status = pull(&s);
    if (status) assert_int_equal(size_of(s.weights_path), 0);
    if (!status) assert_whole(&s);
    close_scene(&s);
}

static void another_part_than_asked_for_is_refused(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    s.hub.shift_ranges = -1000;
    assert_int_equal(grm_file_write(s.part, weights, 60000, NULL), GRM_OK);
    assert_refused(&s, GRM_FAILED, "sends something else");
    close_scene(&s);
}

static void a_server_that_fails_is_asked_a_few_times(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    s.hub.fail_with = 503;
    assert_refused(&s, GRM_FAILED, "HTTP 503");
    assert_int_equal(atomic_load(&s.hub.requests), 2 + 4);
    close_scene(&s);
}

static void a_model_that_the_hub_lacks_is_missing(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    const grm_pull_options options = {.hub = s.hub.address, .folder = s.folder, .pause_s = 0.001};
    assert_int_equal(grm_model_pull("a/c", &options, NULL, NULL, &s.err), GRM_MISSING);
    assert_int_equal(grm_model_pull("samll", &options, NULL, NULL, &s.err), GRM_USAGE);
    assert_non_null(strstr(s.err.message, "small, medium"));
    static const char *const bad[] = {"", "/", "a/", "/b", "../b", "a/../b", "a/b/c", "a b/c", "a/.b", "a/b?x"};
    for (size_t i = 0; i < GRM_COUNT(bad); i++)
        assert_int_equal(grm_model_pull(bad[i], &options, NULL, NULL, &s.err), GRM_USAGE);
    close_scene(&s);
}

static void a_hub_that_is_not_there_is_an_error(void **state) {
    (void)state;
    grm_error err;
    const grm_pull_options options = {.hub = "http://127.0.0.1:1", .folder = "/nonexistent/x", .pause_s = 0.001};
    assert_int_equal(grm_model_pull("a/b", &options, NULL, NULL, &err), GRM_FAILED);
    const grm_pull_options wrong = {.hub = "file:///etc", .folder = "/nonexistent/x"};
    assert_int_equal(grm_model_pull("a/b", &wrong, NULL, NULL, &err), GRM_USAGE);
}

static void names_in_the_list_never_leave_the_folder(void **state) {
    (void)state;
    scene s;
    open_scene_with(&s, "{\"type\": \"file\", \"path\": \"../config.json\", \"size\": 1, \"oid\": \"" COMMIT
                        "\"},"
                        "{\"type\": \"file\", \"path\": \"model-00001-of-00002.safetensors/../x\", \"size\": 1},");
    if (pull(&s)) fail_msg("%s", s.err.message);
    assert_whole(&s);
    close_scene(&s);
}

static void files_without_size_or_checksum_are_refused(void **state) {
    (void)state;
    static const char *const entries[] = {
        "{\"type\": \"file\", \"path\": \"generation_config.json\", \"size\": -1, \"oid\": \"" COMMIT "\"},",
        "{\"type\": \"file\", \"path\": \"generation_config.json\", \"size\": 5, \"oid\": \"nonsense\"},",
        "{\"type\": \"file\", \"path\": \"generation_config.json\", \"size\": 5},"};
    for (size_t i = 0; i < GRM_COUNT(entries); i++) {
        scene s;
        open_scene_with(&s, entries[i]);
        assert_refused(&s, GRM_FAILED, "generation_config.json");
        close_scene(&s);
    }
}

static void a_cancelled_pull_keeps_what_came(void **state) {
    (void)state;
    scene s;
    open_scene(&s);
    grm_progress *progress;
    assert_int_equal(grm_progress_new(NULL, NULL, &progress, NULL), GRM_OK);
    grm_progress_cancel(progress);
    assert_int_equal(grm_file_write(s.part, weights, 60000, NULL), GRM_OK);
    const grm_pull_options options = {.hub = s.hub.address, .folder = s.folder, .pause_s = 0.001};
    assert_int_equal(grm_model_pull("a/b", &options, progress, NULL, &s.err), GRM_CANCELLED);
    assert_int_equal(size_of(s.part), 60000);
    grm_progress_free(progress);
    close_scene(&s);
}

static void git_names_of_files_are_gits(void **state) {
    (void)state;
    char hex[41];
    grm_git_blob_hex("", 0, hex);  // as `git hash-object` prints them
    assert_string_equal(hex, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    grm_git_blob_hex("what is up, doc?", 16, hex);
    assert_string_equal(hex, "bd9dbf5aae1a3862dd1526723246b20206e5fc37");
}

int main(void) {
    setenv("no_proxy", "*", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_is_fetched_whole),
        cmocka_unit_test(what_is_there_is_not_fetched_again),
        cmocka_unit_test(redirections_are_followed),
        cmocka_unit_test(broken_connections_are_taken_up_again),
        cmocka_unit_test(a_part_of_before_is_gone_on_with),
        cmocka_unit_test(without_ranges_it_starts_anew),
        cmocka_unit_test(wrong_bytes_are_not_kept),
        cmocka_unit_test(a_wrong_part_of_before_is_noticed),
        cmocka_unit_test(small_files_are_checked_too),
        cmocka_unit_test(a_file_longer_than_listed_is_broken_off),
        cmocka_unit_test(a_file_shorter_than_listed_is_refused),
        cmocka_unit_test(lengths_that_promise_too_much_end_in_an_error_or_the_file),
        cmocka_unit_test(another_part_than_asked_for_is_refused),
        cmocka_unit_test(a_server_that_fails_is_asked_a_few_times),
        cmocka_unit_test(a_model_that_the_hub_lacks_is_missing),
        cmocka_unit_test(a_hub_that_is_not_there_is_an_error),
        cmocka_unit_test(names_in_the_list_never_leave_the_folder),
        cmocka_unit_test(files_without_size_or_checksum_are_refused),
        cmocka_unit_test(a_cancelled_pull_keeps_what_came),
        cmocka_unit_test(git_names_of_files_are_gits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
