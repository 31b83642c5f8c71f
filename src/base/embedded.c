#include <string.h>

#include "base/base.h"

const grm_embedded *grm_embedded_find(const char *path) {
    for (size_t i = 0; i < grm_embedded_count; i++)
        if (strcmp(grm_embedded_files[i].path, path) == 0) return &grm_embedded_files[i];
    return NULL;
}
