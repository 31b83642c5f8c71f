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
        cmocka_unit_test(finds_what_is_in_the_folder),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
