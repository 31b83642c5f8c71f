// T5's tokenizer, as tokenizer.json describes it: a unigram model (Kudo 2018) behind a precompiled normaliser.
#ifndef GRM_NEURAL_TOKENIZER_H
#define GRM_NEURAL_TOKENIZER_H

#include "base/base.h"

typedef struct grm_tokenizer grm_tokenizer;
// bytes: tokenizer.json; `name` is for messages. GRM_BAD_INPUT when it is broken or of another kind. Immutable.
grm_status grm_tokenizer_new(const uint8_t *bytes, size_t size, const char *name, grm_tokenizer **out, grm_error *err);
void grm_tokenizer_free(grm_tokenizer *tokenizer);

// Ids of a text of `size` bytes (UTF-8; bytes that are none count as U+FFFD), the end token last. *ids: [*count],
// free().
grm_status grm_tokenizer_encode(const grm_tokenizer *tokenizer, const char *text, size_t size, uint32_t **ids,
                                size_t *count, grm_error *err);
size_t grm_tokenizer_size(const grm_tokenizer *tokenizer);  // one more than the largest id

#endif
