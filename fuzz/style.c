// Any bytes are a style that is read and checked, or refused with its line and column.
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "fuzz.h"
#include "style/style.h"

static grm_catalogue *catalogue;  // the instruments that a style may name; lives as long as the process

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    return grm_catalogue_new(NULL, &catalogue, NULL) == GRM_OK ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    grm_style style = {0};
    grm_error err = {0};
    grm_memory *memory = grm_memory_new();
    grm_status status = grm_style_read("fuzz", bytes, size, catalogue, memory, &style, &err);
    if (status != GRM_OK && !strchr(err.message, ':')) abort();  // a failure must say where
    grm_memory_free(memory);
    return 0;
}
