// The built-in styles, opened for a group of tests.
#ifndef TESTS_CATALOGUE_H
#define TESTS_CATALOGUE_H

#include <stdio.h>
#include <stdlib.h>

#include "style/style.h"

static grm_catalogue *catalogue;

static inline int open_catalogue(void **state) {
    (void)state;
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);  // no styles but the built-in ones
    grm_error err = {0};
    if (grm_catalogue_new(NULL, &catalogue, &err) == GRM_OK) return 0;
    fprintf(stderr, "%s\n", err.message);
    return -1;
}

static inline int close_catalogue(void **state) {
    (void)state;
    grm_catalogue_free(catalogue);
    return 0;
}

#endif
