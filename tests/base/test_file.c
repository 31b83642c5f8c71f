#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

static char folder[256];

static int make_folder(void **state) {
    const char *top = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/grammy-test-XXXXXX", top ? top : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    grm_folder_remove(folder);
    return access(folder, F_OK) == 0 ? -1 : 0;
}

static size_t entries(const char *path) {
    size_t count = 0;
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) count += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    closedir(d);
    return count;
}

static void assert_holds(const char *path, const char *text) {
    uint8_t *bytes;
    size_t size;
    assert_int_equal(grm_file_read(path, 1 << 20, &bytes, &size, NULL), GRM_OK);
    assert_int_equal(size, strlen(text));
    assert_string_equal((char *)bytes, text);  // a zero byte follows
    free(bytes);
}

static void what_is_written_is_read(void **state) {
    char *path = grm_path_join(folder, "file");
    assert_int_equal(grm_file_write(path, "one", 3, NULL), GRM_OK);
    assert_holds(path, "one");
    assert_int_equal(grm_file_write(path, "", 0, NULL), GRM_OK);
    assert_holds(path, "");
    for (size_t size = 65530; size < 65545; size++) {
        char *text = calloc(1, size + 1);
        memset(text, 'x', size);
        assert_int_equal(grm_file_write(path, text, size, NULL), GRM_OK);
        assert_holds(path, text);
        free(text);
    }
    assert_int_equal(entries(folder), 1);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void the_limit_is_kept_to_the_byte(void **state) {
    char *path = grm_path_join(folder, "file");
    uint8_t *bytes;
    size_t size;
    grm_error err;
    assert_int_equal(grm_file_write(path, "12345", 5, NULL), GRM_OK);
    assert_int_equal(grm_file_read(path, 5, &bytes, &size, &err), GRM_OK);
    free(bytes);
    assert_int_equal(grm_file_read(path, 4, &bytes, &size, &err), GRM_BAD_INPUT);
    assert_null(bytes);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(grm_file_read("/dev/zero", 100000, &bytes, &size, &err), GRM_BAD_INPUT);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void a_pipe_is_not_waited_for(void **state) {
    char *path = grm_path_join(folder, "pipe"), *file = grm_path_join(folder, "file");
    uint8_t *bytes;
    size_t size;
    grm_error err = {0};
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(grm_file_read_regular(path, 10, &bytes, &size, &err), GRM_BAD_INPUT);
    assert_null(bytes);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(grm_file_write(file, "12", 2, NULL), GRM_OK);
    assert_int_equal(grm_file_read_regular(file, 10, &bytes, &size, NULL), GRM_OK);
    assert_int_equal(size, 2);
    free(bytes);
    assert_int_equal(unlink(file), 0);
    free(file);
    free(path);
}

static void missing_files_and_folders_are_named(void **state) {
    uint8_t *bytes;
    size_t size;
    grm_error err;
    assert_int_equal(grm_file_read("/nowhere/file", 10, &bytes, &size, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "/nowhere/file"));
    assert_int_equal(grm_file_read(folder, 10, &bytes, &size, &err), GRM_BAD_INPUT);
    assert_int_equal(grm_file_write("/nowhere/file", "x", 1, &err), GRM_FAILED);
    assert_non_null(strstr(err.message, "/nowhere/file"));
    assert_int_equal(grm_file_write(folder, "x", 1, &err), GRM_FAILED);
    assert_int_equal(grm_file_write("", "x", 1, &err), GRM_FAILED);
}

static void a_broken_off_write_leaves_the_old_file_alone(void **state) {
    char *path = grm_path_join(folder, "song.wav"), *temporary;
    assert_int_equal(grm_file_write(path, "old", 3, NULL), GRM_OK);
    assert_int_equal(grm_file_begin(path, &temporary, NULL), GRM_OK);
    assert_string_not_equal(temporary, path);
    assert_int_equal(grm_file_write(temporary, "half", 4, NULL), GRM_OK);
    assert_holds(path, "old");
    grm_file_discard(temporary);
    assert_holds(path, "old");
    assert_int_equal(entries(folder), 1);

    assert_int_equal(grm_file_begin(path, &temporary, NULL), GRM_OK);
    assert_int_equal(grm_file_write(temporary, "new", 3, NULL), GRM_OK);
    assert_int_equal(grm_file_commit(temporary, path, NULL), GRM_OK);
    assert_holds(path, "new");
    assert_int_equal(entries(folder), 1);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void links_are_written_through_and_devices_stay(void **state) {
    char *target = grm_path_join(folder, "target"), *link_path = grm_path_join(folder, "link");
    struct stat info;
    assert_int_equal(grm_file_write(target, "old", 3, NULL), GRM_OK);
    assert_int_equal(symlink("target", link_path), 0);
    assert_int_equal(grm_file_write(link_path, "new", 3, NULL), GRM_OK);
    assert_holds(target, "new");
    assert_int_equal(lstat(link_path, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(grm_file_write("/dev/null", "x", 1, NULL), GRM_OK);
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    unlink(link_path);
    unlink(target);
    free(link_path);
    free(target);
}

static void a_full_disk_is_told(void **state) {
    grm_error err;
    if (access("/dev/full", W_OK) != 0) skip();
    assert_int_equal(grm_file_write("/dev/full", "x", 1, &err), GRM_FAILED);
    assert_non_null(strstr(err.message, strerror(28)));  // ENOSPC
}

static void long_names_still_have_a_temporary_one(void **state) {
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    char *path = grm_path_join(folder, name);
    assert_int_equal(grm_file_write(path, "x", 1, NULL), GRM_OK);
    assert_holds(path, "x");
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void folders_come_with_parents_and_go_with_contents(void **state) {
    char *deep = grm_path_join(folder, "a/b//c/"), *top = grm_path_join(folder, "a");
    char *outside = grm_path_join(folder, "kept"), *link_path = grm_path_join(folder, "a/b/link");
    grm_error err;
    assert_int_equal(grm_folder_new(deep, &err), GRM_OK);
    assert_int_equal(grm_folder_new(deep, &err), GRM_OK);
    assert_int_equal(grm_folder_new(outside, &err), GRM_OK);
    assert_int_equal(symlink("../../kept", link_path), 0);
    char *file = grm_path_join(deep, "file");
    assert_int_equal(grm_file_write(file, "x", 1, NULL), GRM_OK);
    assert_int_equal(grm_folder_new(file, &err), GRM_FAILED);
    assert_non_null(strstr(err.message, "file"));
    assert_int_equal(grm_folder_new("", &err), GRM_FAILED);
    grm_folder_remove(top);
    assert_int_not_equal(access(top, F_OK), 0);
    assert_int_equal(access(outside, F_OK), 0);  // links are not followed
    grm_folder_remove(outside);
    grm_folder_remove("/nowhere/at/all");
    free(file);
    free(deep);
    free(top);
    free(outside);
    free(link_path);
}

static void paths_join_with_one_slash(void **state) {
    const char *cases[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}};
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        char *path = grm_path_join(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
        free(path);
    }
}

static void slugs_are_plain_names(void **state) {
    const char *cases[][2] = {
        {"Rainy Café", "rainy-cafe"},
        {"  ..Neon/../Drive!! ", "neon-drive"},
        {"Don't Stop", "dont-stop"},
        {"Łódź Überjazz ÆØ", "lodz-uberjazz-ao"},
        {"東京 night", "night"},
        {"", "untitled"},
        {"???", "untitled"},
        {"\xc3", "untitled"},
        {"a\xff\xfe"
         "b",
         "a-b"},
    };
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        char *slug = grm_path_slug(cases[i][0]);
        assert_string_equal(slug, cases[i][1]);
        free(slug);
    }
    char long_text[5000];
    memset(long_text, 'w', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    char *slug = grm_path_slug(long_text);
    assert_in_range(strlen(slug), 60, 80);
    free(slug);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_limit_is_kept_to_the_byte),
        cmocka_unit_test(a_pipe_is_not_waited_for),
        cmocka_unit_test(missing_files_and_folders_are_named),
        cmocka_unit_test(a_broken_off_write_leaves_the_old_file_alone),
        cmocka_unit_test(links_are_written_through_and_devices_stay),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(long_names_still_have_a_temporary_one),
        cmocka_unit_test(folders_come_with_parents_and_go_with_contents),
        cmocka_unit_test(paths_join_with_one_slash),
        cmocka_unit_test(slugs_are_plain_names),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
