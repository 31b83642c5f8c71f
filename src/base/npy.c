// The .npy format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

grm_status grm_npy_write(const char *path, const char *type, unsigned rank, const size_t *shape, const void *values,
                         grm_error *err) {
    enum { LEAD = 10, HEADER = 192 };  // magic and lengths; a multiple of 64 in all
    size_t size = (size_t)strtoul(type + 2, NULL, 10);
    char sides[120] = "";
    for (unsigned i = 0; i < rank; i++) {
        size_t at = strlen(sides);
        snprintf(sides + at, sizeof sides - at, rank == 1 ? "%zu," : i + 1 < rank ? "%zu, " : "%zu", shape[i]);
        size *= shape[i];
    }
    char *bytes = malloc(HEADER + size);
    if (!bytes) return grm_fail_memory(err);
    memset(bytes, ' ', HEADER);
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (char)(HEADER - LEAD);
    bytes[9] = 0;
    int length =
        snprintf(bytes + LEAD, HEADER - LEAD, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, sides);
    bytes[LEAD + length] = ' ';
    bytes[HEADER - 1] = '\n';
    if (size) memcpy(bytes + HEADER, values, size);
    grm_status status = grm_file_write(path, bytes, HEADER + size, err);
    free(bytes);
    return status;
}
