// Packed models of others: whatever the directory says, nothing outside the file is read. The input is the directory; a
// header with its checksum is made for it here, as no fuzzer would find that.
#include <stdlib.h>
#include <string.h>

#include "neural/packed.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    enum { DATA = 4096 };
    char hex[65];
    size_t whole = GRM_PACKED_HEADER + DATA + size;
    uint8_t *all = aligned_alloc(64, (whole + 63) / 64 * 64);
    if (!all) return 0;
    memset(all, 0, GRM_PACKED_HEADER + DATA);
    memcpy(all, "GRMMODEL", 8);
    all[8] = GRM_PACKED_FORMAT;
    for (size_t i = 0; i < 8; i++) {
        all[16 + i] = (uint8_t)((size_t)(GRM_PACKED_HEADER + DATA) >> 8 * i);
        all[24 + i] = (uint8_t)(size >> 8 * i);
    }
    memcpy(all + GRM_PACKED_HEADER + DATA, bytes, size);
    grm_sha256_hex(bytes, size, hex);
    for (size_t i = 0; i < 32; i++) {
        unsigned byte = 0;
        sscanf(hex + 2 * i, "%2x", &byte);
        all[32 + i] = (uint8_t)byte;
    }
    grm_packed *packed = NULL;
    if (grm_packed_read(all, whole, false, "fuzz", &packed, NULL) == GRM_OK) {
        grm_packed_verify(packed, NULL, NULL);
        for (size_t i = 0; i < grm_packed_count(packed); i++) {
            const grm_entry *e = grm_packed_entry(packed, i);
            if (grm_packed_find(packed, e->name) != e) abort();
            if (e->kind != GRM_ENTRY_MATRIX) continue;
            bool uneven = e->uneven && grm_matrix_group(e->precision);
            float *row = malloc(e->in * sizeof *row), *columns = malloc(e->in * sizeof *columns);
            const uint8_t *panels = grm_packed_bytes(packed, e) + grm_entry_columns(e->precision, e->in);
            const grm_matrix m = {e->precision, e->out, e->in, panels, 1, uneven ? columns : NULL, NULL};
            if (columns && uneven) grm_packed_columns(packed, e, columns);
            if (row && columns) grm_matrix_unpack(&m, e->out - 1, row);
            free(row);
            free(columns);
        }
    }
    grm_packed_free(packed);
    free(all);
    return 0;
}
