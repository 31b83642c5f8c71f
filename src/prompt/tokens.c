#include "prompt/tokens.h"

#include <stdlib.h>
#include <string.h>

// Decodes one code point at *at and moves on; 0xFFFD for a byte that is no UTF-8 (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
static uint32_t decode(const unsigned char **at) {
    const unsigned char *p = *at;
    uint32_t c = p[0];
    int more = c < 0x80 ? 0 : c >= 0xC2 && c < 0xE0 ? 1 : c >= 0xE0 && c < 0xF0 ? 2 : c >= 0xF0 && c < 0xF5 ? 3 : -1;
    *at = p + 1;
    if (more == 0) return c;
    if (more < 0) return 0xFFFD;
    c &= 0x3Fu >> more;
    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0xFFFD;
        c = c << 6 | (p[i] & 0x3F);
    }
    if ((more == 2 && (c < 0x800 || (c >= 0xD800 && c < 0xE000))) || (more == 3 && (c < 0x10000 || c > 0x10FFFF)))
        return 0xFFFD;
    *at = p + 1 + more;
    return c;
}

char *grm_text_clean(const char *text, grm_memory *memory) {
    size_t length = strlen(text);
    char *clean = grm_memory_take(memory, length * 3 + 1, 1);  // a bad byte becomes three
    if (!clean) return NULL;
    char *to = clean;
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const unsigned char *from = p;
        bool bad = decode(&p) == 0xFFFD && p - from == 1;
        if (bad) {
            memcpy(to, "\xEF\xBF\xBD", 3);
            to += 3;
        } else {
            memcpy(to, from, (size_t)(p - from));
            to += p - from;
        }
    }
    *to = 0;
    return clean;
}

// Latin letters with accents to their base letters, typographic signs to plain ones; a blank for everything else.
static const char *fold(uint32_t c, char one[2]) {
    static const char latin1[] = "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty";
    static const struct {
        uint32_t code;
        const char *text;
    } signs[] = {{0x2018, "'"},  {0x2019, "'"}, {0x02BC, "'"},       {0x2032, "'"},      {0x201C, "\""},
                 {0x201D, "\""}, {0x2010, "-"}, {0x2011, "-"},       {0x2012, "-"},      {0x2013, "-"},
                 {0x2014, ", "}, {0x2212, "-"}, {0x266F, "#"},       {0x266D, " flat "}, {0x00BD, " and a half "},
                 {0x2026, ". "}, {0x2192, ">"}, {0x2248, " about "}, {0x0152, "OE"},     {0x0153, "oe"}};
    one[1] = 0;
    if (c < 0x80) {
        one[0] = (char)(c < 0x20 && c != '\n' ? ' ' : c);
        return one;
    }
    if (c >= 0xC0 && c <= 0xFF) {
        one[0] = latin1[c - 0xC0];
        return one;
    }
    for (size_t i = 0; i < GRM_COUNT(signs); i++)
        if (signs[i].code == c) return signs[i].text;
    return " ";
}

// The whole prompt as ASCII.
static char *fold_text(const char *text, grm_memory *memory) {
    size_t size = 1;  // the longest fold, of "½", has twelve letters for two bytes
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) size += *p < 0x80 ? 1 : 6;
    char *folded = grm_memory_take(memory, size, 1);
    if (!folded) return NULL;
    char *to = folded, one[2];
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const char *piece = fold(decode(&p), one);
        size_t length = strlen(piece);
        memcpy(to, piece, length);
        to += length;
    }
    *to = 0;
    return folded;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Digits with at most one point; a comma between groups of three ("1,200") is passed over.
static size_t number_length(const char *p) {
    size_t n = 0;
    while (is_digit(p[n])) n++;
    while (p[n] == ',' && is_digit(p[n + 1]) && is_digit(p[n + 2]) && is_digit(p[n + 3]) && !is_digit(p[n + 4])) n += 4;
    if (p[n] == '.' && is_digit(p[n + 1])) {
        n++;
        while (is_digit(p[n])) n++;
    }
    return n;
}

static size_t word_length(const char *p) {
    size_t n = 0;
    while (is_letter(p[n]) || (p[n] == '\'' && n > 0 && is_letter(p[n + 1]))) n++;
    return n;
}

static double number_value(const char *p, size_t length) {
    char digits[32];
    size_t n = 0;
    for (size_t i = 0; i < length && n + 1 < sizeof(digits); i++)
        if (p[i] != ',') digits[n++] = p[i];
    digits[n] = 0;
    return strtod(digits, NULL);
}

static bool fill(grm_token *t, const char *p, size_t length, grm_memory *memory) {
    char *raw = grm_memory_take(memory, length + 1, 1), *text = grm_memory_take(memory, length + 1, 1);
    if (!raw || !text) return false;
    memcpy(raw, p, length);
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (p[i] == '\'' && t->kind == GRM_TOKEN_WORD) continue;
        text[n++] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + 32) : p[i];
    }
    t->raw = raw;
    t->text = text;
    t->confidence = 1;
    if (t->kind == GRM_TOKEN_NUMBER) t->value = number_value(p, length);
    return true;
}

// How many bytes the token at p takes.
static size_t token_length(const char *p, bool glued) {
    if (is_digit(*p)) return number_length(p);
    bool with = (*p == 'w' || *p == 'W') && p[1] == '/' && !glued;
    if (with) return (p[2] == 'o' || p[2] == 'O') && !is_letter(p[3]) ? 3 : 2;
    return is_letter(*p) ? word_length(p) : 1;
}

static bool cut_one(grm_token *t, const char *p, size_t length, grm_memory *memory) {
    t->kind = is_digit(*p) ? GRM_TOKEN_NUMBER : is_letter(*p) ? GRM_TOKEN_WORD : GRM_TOKEN_SIGN;
    if (t->kind == GRM_TOKEN_WORD && length > 1 && p[1] == '/')  // "w/" and "w/o" are words
        return length == 3 ? fill(t, "without", 7, memory) : fill(t, "with", 4, memory);
    return fill(t, p, length, memory);
}

bool grm_tokens_cut(const char *text, grm_memory *memory, grm_tokens *out) {
    char *folded = fold_text(text, memory);
    if (!folded) return false;
    size_t count = 0;
    out->items = NULL;
    for (int pass = 0; pass < 2; pass++) {  // counts, then cuts
        bool glued = false;
        out->count = count = 0;
        for (const char *p = folded; *p;) {
            if (*p == ' ') {
                glued = false;
                p++;
                continue;
            }
            size_t length = token_length(p, glued);
            if (out->items) {
                out->items[count].glued = glued;
                if (!cut_one(&out->items[count], p, length, memory)) return false;
            }
            glued = !(is_letter(*p) && length > 1 && p[1] == '/');
            count++;
            p += length;
        }
        if (!out->items) out->items = grm_memory_take(memory, count + 1, sizeof(*out->items));
        if (!out->items) return false;
    }
    out->count = count;
    return true;
}

bool grm_token_is(const grm_tokens *tokens, size_t at, const char *text) {
    return at < tokens->count && strcmp(tokens->items[at].text, text) == 0;
}

bool grm_token_among(const grm_tokens *tokens, size_t at, const char *texts) {
    if (at >= tokens->count) return false;
    const char *word = tokens->items[at].text;
    size_t length = strlen(word);
    for (const char *p = texts; *p;) {
        size_t n = strcspn(p, " ");
        if (n == length && memcmp(p, word, n) == 0) return true;
        p += n;
        while (*p == ' ') p++;
    }
    return false;
}

bool grm_token_closes(const grm_tokens *tokens, size_t at) {
    return at >= tokens->count || grm_token_among(tokens, at, ". , ; : ! ? ( ) \n");
}
