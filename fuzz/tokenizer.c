// Tokenizer files of others, and texts of anyone: the input's first line is the text, the rest the file.
#include <stdlib.h>
#include <string.h>

#include "neural/tokenizer.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const uint8_t *line = size ? memchr(bytes, '\n', size) : NULL;
    if (!line) return 0;
    size_t text = (size_t)(line - bytes);
    grm_tokenizer *tokenizer = NULL;
    uint32_t *ids = NULL;
    size_t count;
    if (grm_tokenizer_new(line + 1, size - text - 1, "fuzz", &tokenizer, NULL) == GRM_OK)
        grm_tokenizer_encode(tokenizer, (const char *)bytes, text, &ids, &count, NULL);
    free(ids);
    grm_tokenizer_free(tokenizer);
    return 0;
}
