// Golden arrays: NumPy's format, and where they lie.
#ifndef TESTS_NEURAL_NPY_H
#define TESTS_NEURAL_NPY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

typedef struct npy {
    uint8_t *bytes;
    size_t rank, shape[4], count;
    const float *floats;
    const int64_t *ints;
} npy;

static inline char *golden_path(const char *name) {
    const char *root = getenv("GRAMMY_SOURCE");
    size_t size = strlen(root ? root : ".") + strlen(name) + 32;
    char *path = malloc(size);
    assert_non_null(path);
    snprintf(path, size, "%s/tests/golden/musicgen/%s", root ? root : ".", name);
    return path;
}

static inline npy npy_read(const char *path) {
    npy a = {0};
    size_t size;
    grm_error err;
    if (grm_file_read(path, 1 << 24, &a.bytes, &size, &err)) fail_msg("%s", err.message);
    size_t header = (size_t)a.bytes[8] + 256 * a.bytes[9];
    const char *shape = strstr((const char *)a.bytes + 10, "'shape': (") + 10;
    a.count = 1;
    while (*shape >= '0' && *shape <= '9') {
        char *end;
        a.shape[a.rank] = strtoul(shape, &end, 10);
        a.count *= a.shape[a.rank++];
        shape = end + (*end == ',') + (end[*end == ','] == ' ');
    }
    a.floats = (const float *)(const void *)(a.bytes + 10 + header);
    a.ints = (const int64_t *)(const void *)(a.bytes + 10 + header);
    assert_true(size >= 10 + header + a.count * 4);
    return a;
}

static inline npy npy_golden(const char *name) {
    char *path = golden_path(name);
    npy a = npy_read(path);
    free(path);
    return a;
}

// The largest distance of two arrays.
static inline double npy_distance(const float *a, const float *b, size_t count) {
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        double d = (double)a[i] - (double)b[i];
        if (!(d <= most && -d <= most)) most = d < 0 ? -d : d;
    }
    return most;
}

#endif
