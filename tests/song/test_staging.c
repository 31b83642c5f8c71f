#include "song/staging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
// cmocka wants those before it
#include <cmocka.h>

typedef struct place {
    char root[128], target[160];
} place;

static int set_up(void **state) {
    place *p = calloc(1, sizeof *p);
    const char *folder = getenv("TMPDIR");
    if (!p) return -1;
    snprintf(p->root, sizeof p->root, "%.90s/grammy-staging-XXXXXX", folder ? folder : "/tmp");
    if (!mkdtemp(p->root)) return -1;
    snprintf(p->target, sizeof p->target, "%s/track", p->root);
    *state = p;
    return 0;
}

static int tear_down(void **state) {
    grm_folder_remove(((place *)*state)->root);
    free(*state);
    return 0;
}

static void put_file(const char *folder, const char *name, const char *text) {
    char *path = grm_path_join(folder, name);
    assert_int_equal(grm_file_write(path, text, strlen(text), NULL), GRM_OK);
    free(path);
}

static bool is_there(const char *folder, const char *name) {
    char *path = grm_path_join(folder, name);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

// How many names a folder has.
static size_t count_entries(const char *folder) {
    struct stat info;
    char command[300], line[32] = "";
    assert_int_equal(stat(folder, &info), 0);
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
    FILE *out = popen(command, "r");
    assert_non_null(fgets(line, sizeof line, out));
    pclose(out);
    return strtoul(line, NULL, 10);
}

static void a_release_appears_whole(void **state) {
    place *p = *state;
    grm_staging s;
    assert_int_equal(grm_staging_open(p->target, false, &s, NULL), GRM_OK);
    put_file(s.folder, "master.wav", "sound");
    assert_false(is_there(p->root, "track"));
    assert_int_equal(grm_staging_publish(&s, NULL), GRM_OK);
    grm_staging_close(&s);
    assert_true(is_there(p->target, "master.wav"));
    assert_int_equal(count_entries(p->root), 1);
}

static void a_failure_leaves_nothing(void **state) {
    place *p = *state;
    grm_staging s;
    char deep[200];
    snprintf(deep, sizeof deep, "%s/a/b/track/", p->root);
    assert_int_equal(grm_staging_open(deep, false, &s, NULL), GRM_OK);
    put_file(s.folder, "master.wav", "sound");
    assert_true(is_there(p->root, "a"));
    grm_staging_close(&s);
    assert_int_equal(count_entries(p->root), 0);  // nor the folders on the way
}

static void parents_stay_when_it_worked(void **state) {
    place *p = *state;
    grm_staging s;
    char deep[200];
    snprintf(deep, sizeof deep, "%s/a/b/track", p->root);
    assert_int_equal(grm_staging_open(deep, false, &s, NULL), GRM_OK);
    put_file(s.folder, "master.wav", "sound");
    assert_int_equal(grm_staging_publish(&s, NULL), GRM_OK);
    grm_staging_close(&s);
    assert_true(is_there(deep, "master.wav"));
}

static void a_folder_that_is_there_is_refused(void **state) {
    place *p = *state;
    grm_staging s;
    grm_error err = {0};
    assert_int_equal(mkdir(p->target, 0777), 0);
    assert_int_equal(grm_staging_open(p->target, false, &s, &err), GRM_USAGE);
    assert_non_null(strstr(err.message, "--force"));
    assert_int_equal(count_entries(p->root), 1);
}

static void force_replaces_a_release(void **state) {
    place *p = *state;
    grm_staging s;
    assert_int_equal(mkdir(p->target, 0777), 0);
    put_file(p->target, "master.wav", "old");
    put_file(p->target, "cover.png", "old");
    assert_int_equal(grm_staging_open(p->target, true, &s, NULL), GRM_OK);
    put_file(s.folder, "master.wav", "new");
    assert_true(is_there(p->target, "cover.png"));  // the old one stands until the new one is whole
    assert_int_equal(grm_staging_publish(&s, NULL), GRM_OK);
    grm_staging_close(&s);
    assert_true(is_there(p->target, "master.wav"));
    assert_false(is_there(p->target, "cover.png"));
    assert_int_equal(count_entries(p->root), 1);
}

static void force_spares_what_is_no_release(void **state) {
    place *p = *state;
    grm_staging s;
    grm_error err = {0};
    assert_int_equal(mkdir(p->target, 0777), 0);
    put_file(p->target, "master.wav", "old");
    put_file(p->target, "thesis.txt", "years of work");
    assert_int_equal(grm_staging_open(p->target, true, &s, &err), GRM_USAGE);
    assert_non_null(strstr(err.message, "thesis.txt"));
    assert_true(is_there(p->target, "thesis.txt"));
    assert_int_equal(count_entries(p->root), 1);
}

static void force_spares_what_came_meanwhile(void **state) {
    place *p = *state;
    grm_staging s;
    assert_int_equal(mkdir(p->target, 0777), 0);
    assert_int_equal(grm_staging_open(p->target, true, &s, NULL), GRM_OK);
    put_file(p->target, "thesis.txt", "years of work");
    assert_int_equal(grm_staging_publish(&s, NULL), GRM_USAGE);
    grm_staging_close(&s);
    assert_true(is_there(p->target, "thesis.txt"));
    assert_int_equal(count_entries(p->root), 1);
}

static void files_and_dots_are_no_place(void **state) {
    place *p = *state;
    static const char *const names[] = {".", "..", "/", "", "./.."};
    grm_staging s;
    put_file(p->root, "track", "a file");
    assert_int_equal(grm_staging_open(p->target, true, &s, NULL), GRM_USAGE);
    assert_true(is_there(p->root, "track"));
    for (size_t i = 0; i < GRM_COUNT(names); i++)
        assert_int_equal(grm_staging_open(names[i], true, &s, NULL), GRM_USAGE);
}

int main(void) {
#define with_place(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_place(a_release_appears_whole),          with_place(a_failure_leaves_nothing),
        with_place(parents_stay_when_it_worked),      with_place(a_folder_that_is_there_is_refused),
        with_place(force_replaces_a_release),         with_place(force_spares_what_is_no_release),
        with_place(force_spares_what_came_meanwhile), with_place(files_and_dots_are_no_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
