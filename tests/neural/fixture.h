// The tiny models of tests/golden/musicgen, as folders that open: stereo and melody borrow mono's tokenizer.
#ifndef TESTS_NEURAL_FIXTURE_H
#define TESTS_NEURAL_FIXTURE_H

#include <dirent.h>
#include <grammy/generate.h>
#include <unistd.h>

#include "npy.h"

static inline char *make_folder(void) {
    char *folder = strdup("/tmp/grammy-model-XXXXXX");
    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static inline void link_into(const char *folder, const char *from, const char *name) {
    char *to = grm_path_join(folder, name);
    assert_non_null(to);
    assert_int_equal(symlink(from, to), 0);
    free(to);
}

static inline grm_profile *make_profile(const char *threads, const char *precision) {
    const grm_setting_value flags[] = {{"GRAMMY_THREADS", threads}, {"MODEL_PRECISION", precision}};
    grm_profile *profile;
    assert_int_equal(grm_profile_new(flags, 2, &profile, NULL), GRM_OK);
    return profile;
}

// A folder that opens, of links.
static inline char *link_model(const char *kind) {
    char *source = golden_path(kind), *tokenizer = golden_path("mono/tokenizer.json"), *folder = make_folder();
    DIR *listing = opendir(source);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing));) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "tokenizer.json") == 0) continue;
        char *from = grm_path_join(source, entry->d_name);
        link_into(folder, from, entry->d_name);
        free(from);
    }
    closedir(listing);
    link_into(folder, tokenizer, "tokenizer.json");
    free(source);
    free(tokenizer);
    return folder;
}

static inline grm_model *open_model(const char *kind, const char *precision) {
    char *folder = link_model(kind);
    grm_profile *profile = make_profile("2", precision);
    grm_model *model;
    grm_error err;
    if (grm_model_open(folder, profile, NULL, &model, &err)) fail_msg("%s", err.message);
    grm_folder_remove(folder);
    grm_profile_free(profile);
    free(folder);
    return model;
}

#endif
