// Weight files of others: whatever they say of themselves, nothing outside them is read.
#include <stdlib.h>

#include "neural/tensors.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    // In memory of exactly this size, so that a read beyond it is seen.
    uint8_t *copy = malloc(size + 1);
    if (!copy) return 0;
    for (size_t i = 0; i < size; i++) copy[i] = bytes[i];
    uint8_t *exact = realloc(copy, size ? size : 1);
    grm_tensors *tensors = NULL;
    if (exact && grm_tensors_read(exact, size, "fuzz", &tensors, NULL) == GRM_OK) {
        const grm_tensor *a = grm_tensors_find(tensors, "a");
        float last;
        if (a && a->count && a->dtype != GRM_DTYPE_OTHER) grm_tensor_floats(a, a->count - 1, 1, &last);
    }
    grm_tensors_free(tensors);
    free(exact);
    return 0;
}
