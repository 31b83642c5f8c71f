// A prompt cut into words, numbers and signs. Bytes are hostile: whatever is no UTF-8 counts as a blank.
#ifndef GRM_PROMPT_TOKENS_H
#define GRM_PROMPT_TOKENS_H

#include "base/base.h"

typedef enum grm_token_kind { GRM_TOKEN_WORD, GRM_TOKEN_NUMBER, GRM_TOKEN_SIGN } grm_token_kind;

typedef struct grm_token {
    grm_token_kind kind;
    const char *text;  // lower-case ASCII without apostrophes ("rock'n'roll" -> "rocknroll"); the sign itself
    const char *raw;   // as written, folded to ASCII
    double value;      // of a number
    bool glued;        // nothing stands between it and the token before
    bool used;         // a reader has taken it for itself
    bool known;        // a word of the lexicon or a plain English one
    float confidence;  // under 1 when its spelling was corrected
} grm_token;

typedef struct grm_tokens {
    grm_token *items;
    size_t count;
} grm_tokens;

// False when memory runs out.
bool grm_tokens_cut(const char *text, grm_memory *memory, grm_tokens *out);
// The text with U+FFFD in the place of bytes that are no UTF-8, so that it can stand in JSON.
char *grm_text_clean(const char *text, grm_memory *memory);

// Whether the token at an index (which may be out of range) is this word or sign.
bool grm_token_is(const grm_tokens *tokens, size_t at, const char *text);
// Whether it is one of several, given with blanks between.
bool grm_token_among(const grm_tokens *tokens, size_t at, const char *texts);
// The end of the prompt, or a sign that closes a clause: . , ; : ! ? ( )
bool grm_token_closes(const grm_tokens *tokens, size_t at);

#endif
