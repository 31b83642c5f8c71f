// What a model's name means, and what is said of a name that means none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <grammy/models.h>

#include "base/base.h"

static char home[] = "/tmp/grammy-store-XXXXXX";

static int make_home(void **state) {
    (void)state;
    if (!mkdtemp(home)) return -1;
    return setenv("XDG_DATA_HOME", home, 1);
}

static int remove_home(void **state) {
    (void)state;
    grm_folder_remove(home);
    return 0;
}

static void assert_missing(const char *name, const char *said, const char *not_said) {
    char *path = NULL;
    grm_error err = {0};
    assert_int_equal(grm_model_find(name, &path, &err), GRM_MISSING);
    assert_null(path);
    assert_non_null(strstr(err.message, name));
    assert_non_null(strstr(err.message, said));
    if (not_said) assert_null(strstr(err.message, not_said));
}

// Only what there is to be fetched is offered.
static void says_how_to_have_a_model(void **state) {
    (void)state;
    assert_missing("stereo-small", "`grammy models pull stereo-small` fetches it", "did you mean");
    assert_missing("smal", "did you mean small?", "pull smal`");
    assert_missing("my-own", "`grammy models list` shows what is there", "pull my-own");
    assert_missing("/nowhere/x.grm", "No such file", "pull");
}

static void write_file(const char *folder, const char *name) {
    char *path = grm_path_join(folder, name);
    assert_int_equal(grm_file_write(path, (const uint8_t *)"{}", 2, NULL), GRM_OK);
    free(path);
}

static void tells_half_of_a_model_from_a_whole_one(void **state) {
    (void)state;
    char *folder = NULL, *whole = NULL, *half = NULL;
    grm_installed_model *models = NULL;
    size_t count = 0;
    assert_int_equal(grm_models_folder(&folder, NULL), GRM_OK);
    whole = grm_path_join(folder, "all");
    half = grm_path_join(folder, "half");
    assert_int_equal(grm_folder_new(whole, NULL), GRM_OK);
    assert_int_equal(grm_folder_new(half, NULL), GRM_OK);
    write_file(whole, "config.json");
    write_file(half, "config.json");
    write_file(half, "model.safetensors.part");
    assert_int_equal(grm_models_list(&models, &count, NULL), GRM_OK);
    assert_int_equal(count, 2);
    assert_string_equal(models[0].name, "all");
    assert_false(models[0].partial);
    assert_true(models[1].partial);
    assert_int_equal(models[1].bytes, 4);
    grm_installed_models_free(models, count);
    free(half);
    free(whole);
    free(folder);
}

static void finds_what_is_in_the_folder(void **state) {
    (void)state;
    char *folder = NULL, *inside = NULL, *path = NULL;
    assert_int_equal(grm_models_folder(&folder, NULL), GRM_OK);
    inside = grm_path_join(folder, "small");
    assert_int_equal(grm_folder_new(inside, NULL), GRM_OK);
    assert_int_equal(grm_model_find("small", &path, NULL), GRM_OK);
    assert_string_equal(path, inside);
    free(path);
    free(inside);
    free(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_how_to_have_a_model),
        cmocka_unit_test(tells_half_of_a_model_from_a_whole_one),
        cmocka_unit_test(finds_what_is_in_the_folder),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
