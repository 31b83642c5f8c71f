// The precompiled normaliser of SentencePiece models (`precompiled_charsmap`), as the tokenizers library applies it.
#ifndef GRM_NEURAL_CHARSMAP_H
#define GRM_NEURAL_CHARSMAP_H

#include "base/base.h"

// A string that grows.
typedef struct grm_text {
    char *bytes;
    size_t size, capacity;
} grm_text;
bool grm_text_add(grm_text *text, const char *bytes, size_t size);  // false when memory runs out

typedef struct grm_charsmap {
    size_t unit_count, pool_size;
    uint32_t *units;  // a darts-clone double array
    char *pool;       // replacements, each ended by a zero
} grm_charsmap;
// From base64. GRM_BAD_INPUT when it is none.
grm_status grm_charsmap_read(const char *base64, grm_charsmap *out, grm_error *err);
void grm_charsmap_clear(grm_charsmap *map);
// Adds the normal form of `size` bytes of UTF-8 to `out`; false when memory runs out.
bool grm_charsmap_apply(const grm_charsmap *map, const char *bytes, size_t size, grm_text *out);

#endif
