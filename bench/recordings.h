// One recording after the other, for programs that hear them.
#ifndef GRM_BENCH_RECORDINGS_H
#define GRM_BENCH_RECORDINGS_H

#include <stdio.h>

#include "base/base.h"

typedef grm_status bench_hear(const char *path, void *context, const grm_run *run, grm_error *err);

// Each of paths[0 .. count) in turn, by one thread, until one fails, which is told on stderr. What main returns.
static inline int bench_each_file(const char *program, char **paths, int count, bench_hear *hear, void *context) {
    grm_error err = {0};
    grm_profile *profile = NULL;
    grm_run run = {0};
    grm_status status = grm_profile_new(NULL, 0, &profile, &err);
    run.profile = profile;
    if (status == GRM_OK) status = grm_pool_new(1, &run.pool, &err);
    for (int i = 0; i < count && status == GRM_OK; i++) status = hear(paths[i], context, &run, &err);
    if (status != GRM_OK) fprintf(stderr, "%s: %s\n", program, err.message);
    grm_pool_free(run.pool);
    grm_profile_free(profile);
    return status == GRM_OK ? 0 : 1;
}

#endif
