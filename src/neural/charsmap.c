#include "neural/charsmap.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

bool grm_text_add(grm_text *text, const char *bytes, size_t size) {
    if (text->capacity - text->size < size) {
        if (size > SIZE_MAX / 4 - text->capacity) return false;
        size_t capacity = 2 * text->capacity + size + 64;
        char *larger = realloc(text->bytes, capacity);
        if (!larger) return false;
        text->bytes = larger;
        text->capacity = capacity;
    }
    if (size) memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    return true;
}

static int value_of(char digit) {
    if (digit >= 'A' && digit <= 'Z') return digit - 'A';
    if (digit >= 'a' && digit <= 'z') return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9') return digit - '0' + 52;
    return digit == '+' ? 62 : digit == '/' ? 63 : -1;
}

// RFC 4648. *size bytes; NULL when it is no base64 or memory runs out.
static uint8_t *decode_base64(const char *text, size_t *size) {
    size_t length = strlen(text), filled = 0;
    uint8_t *bytes = malloc(length / 4 * 3 + 3);
    if (!bytes) return NULL;
    while (length && text[length - 1] == '=') length--;
    uint32_t group = 0;
    for (size_t i = 0; i < length; i++) {
        int value = value_of(text[i]);
        if (value < 0) {
            free(bytes);
            return NULL;
        }
        group = group << 6 | (uint32_t)value;
        if (i % 4) bytes[filled++] = (uint8_t)(group >> (6 - 2 * (i % 4)));
    }
    *size = filled;
    return bytes;
}

static uint32_t little_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

grm_status grm_charsmap_read(const char *base64, grm_charsmap *out, grm_error *err) {
    *out = (grm_charsmap){0};
    size_t size = 0;
    uint8_t *bytes = decode_base64(base64, &size);
    grm_status status = GRM_OK;
    uint32_t trie = bytes && size >= 4 ? little_endian(bytes) : 0;
    // The pool must end with a zero, so that every replacement does.
    if (!bytes || size < 5 || trie % 4 || trie < 4 || trie > size - 5 || bytes[size - 1] != 0)
        status = grm_fail(err, GRM_BAD_INPUT, "the tokenizer's precompiled_charsmap is broken");
    else {
        out->unit_count = trie / 4;
        out->pool_size = size - 4 - trie;
        out->units = malloc(trie);
        out->pool = malloc(out->pool_size);
        if (!out->units || !out->pool) {
            grm_charsmap_clear(out);
            status = grm_fail_memory(err);
        } else {
            for (size_t i = 0; i < out->unit_count; i++) out->units[i] = little_endian(bytes + 4 + 4 * i);
            memcpy(out->pool, bytes + 4 + trie, out->pool_size);
        }
    }
    free(bytes);
    return status;
}

void grm_charsmap_clear(grm_charsmap *map) {
    free(map->units);
    free(map->pool);
    *map = (grm_charsmap){0};
}

// Units of the double array: bit 31 and the lowest 8 are the label, bit 8 says that a value follows, the rest is the
// offset to the children, in units or, with bit 9, in 256s.
static size_t offset_of(uint32_t unit) {
    return (size_t)(unit >> 10) << ((unit & 1u << 9) >> 6);
}

// The replacement of the shortest key that the text begins with; NULL when there is none.
static const char *find_shortest(const grm_charsmap *map, const char *bytes, size_t size) {
    size_t node = offset_of(map->units[0]);
    for (size_t i = 0; i < size && bytes[i]; i++) {
        unsigned char label = (unsigned char)bytes[i];
        node ^= label;
        if (node >= map->unit_count) return NULL;
        uint32_t unit = map->units[node];
        if ((unit & (1u << 31 | 0xff)) != label) return NULL;
        node ^= offset_of(unit);
        if (node >= map->unit_count) return NULL;
        if (unit >> 8 & 1) {
            size_t place = map->units[node] & 0x7fffffff;
            return place < map->pool_size ? map->pool + place : NULL;
        }
    }
    return NULL;
}

// A short cluster of characters is looked up as one; what is not found, character by character.
static bool add_cluster(const grm_charsmap *map, const char *bytes, size_t size, grm_text *out) {
    enum { SHORT = 6 };
    const char *whole = size < SHORT ? find_shortest(map, bytes, size) : NULL;
    if (whole) return grm_text_add(out, whole, strlen(whole));
    for (size_t i = 0; i < size;) {
        utf8proc_int32_t character;
        utf8proc_ssize_t length =
            utf8proc_iterate((const utf8proc_uint8_t *)bytes + i, (utf8proc_ssize_t)(size - i), &character);
        if (length < 1) length = 1;
        const char *other = find_shortest(map, bytes + i, (size_t)length);
        if (!(other ? grm_text_add(out, other, strlen(other)) : grm_text_add(out, bytes + i, (size_t)length)))
            return false;
        i += (size_t)length;
    }
    return true;
}

// Clusters are the extended grapheme clusters of Unicode's annex 29.
bool grm_charsmap_apply(const grm_charsmap *map, const char *bytes, size_t size, grm_text *out) {
    utf8proc_int32_t before = 0, state = 0;
    size_t start = 0;
    for (size_t i = 0; i < size;) {
        utf8proc_int32_t character;
        utf8proc_ssize_t length =
            utf8proc_iterate((const utf8proc_uint8_t *)bytes + i, (utf8proc_ssize_t)(size - i), &character);
        if (length < 1) return false;  // the caller has made it valid
        if (i > 0 && utf8proc_grapheme_break_stateful(before, character, &state)) {
            if (!add_cluster(map, bytes + start, i - start, out)) return false;
            start = i;
        }
        before = character;
        i += (size_t)length;
    }
    return start == size || add_cluster(map, bytes + start, size - start, out);
}
