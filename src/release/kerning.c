// OpenType 1.9, "GPOS": feature 'kern', lookup type 2 (pair adjustment, formats 1 and 2), also through type 9
// (extension). Reads beyond the table give 0.
#include "release/kerning.h"

#include <stdbool.h>

static unsigned u16(const grm_kerning *k, size_t at) {
    return at + 2 <= k->size ? (unsigned)(k->bytes[at] << 8 | k->bytes[at + 1]) : 0;
}

static int s16(const grm_kerning *k, size_t at) {
    return (int16_t)u16(k, at);
}

static size_t u32(const grm_kerning *k, size_t at) {
    return (size_t)u16(k, at) << 16 | u16(k, at + 2);
}

// Place of a glyph in a coverage table, -1 when it is not in it.
static int coverage_index(const grm_kerning *k, size_t at, unsigned glyph) {
    unsigned format = u16(k, at), count = u16(k, at + 2);
    for (unsigned i = 0; i < count; i++) {
        if (format == 1) {
            if (u16(k, at + 4 + 2 * i) == glyph) return (int)i;
        } else {
            size_t range = at + 4 + 6 * i;
            if (glyph >= u16(k, range) && glyph <= u16(k, range + 2))
                return (int)(u16(k, range + 4) + glyph - u16(k, range));
        }
    }
    return -1;
}

static unsigned class_of(const grm_kerning *k, size_t at, unsigned glyph) {
    if (u16(k, at) == 1) {
        unsigned first = u16(k, at + 2), count = u16(k, at + 4);
        return glyph >= first && glyph - first < count ? u16(k, at + 6 + 2 * (glyph - first)) : 0;
    }
    unsigned count = u16(k, at + 2);
    for (unsigned i = 0; i < count; i++) {
        size_t range = at + 4 + 6 * i;
        if (glyph >= u16(k, range) && glyph <= u16(k, range + 2)) return u16(k, range + 4);
    }
    return 0;
}

static unsigned bits(unsigned x) {
    unsigned count = 0;
    for (; x; x &= x - 1) count++;
    return count;
}

// The advance within a value record, whose fields are those of `format`, in order.
static int advance_of(const grm_kerning *k, size_t record, unsigned format) {
    return format & 4 ? s16(k, record + 2 * bits(format & 3)) : 0;
}

// True when the subtable settles the pair.
static bool pair_adjustment(const grm_kerning *k, size_t at, unsigned left, unsigned right, int *advance) {
    int covered = coverage_index(k, at + u16(k, at + 2), left);
    if (covered < 0) return false;
    unsigned first = u16(k, at + 4), second = u16(k, at + 6);
    size_t record = 2 * (size_t)(bits(first) + bits(second));
    if (u16(k, at) == 1) {
        size_t set = at + u16(k, at + 10 + 2 * (size_t)covered);
        unsigned count = u16(k, set);
        for (unsigned i = 0; i < count; i++) {
            size_t pair = set + 2 + i * (record + 2);
            if (u16(k, pair) != right) continue;
            *advance = advance_of(k, pair + 2, first);
            return true;
        }
        return false;
    }
    if (u16(k, at) != 2) return false;
    unsigned row = class_of(k, at + u16(k, at + 8), left), column = class_of(k, at + u16(k, at + 10), right);
    unsigned rows = u16(k, at + 12), columns = u16(k, at + 14);
    if (row >= rows || column >= columns) return false;
    *advance = advance_of(k, at + 16 + ((size_t)row * columns + column) * record, first);
    return true;
}

static bool lookup_pair(const grm_kerning *k, size_t lookup, unsigned left, unsigned right, int *advance) {
    unsigned type = u16(k, lookup), count = u16(k, lookup + 4);
    for (unsigned i = 0; i < count; i++) {
        size_t subtable = lookup + u16(k, lookup + 6 + 2 * i);
        unsigned kind = type;
        if (kind == 9) {
            kind = u16(k, subtable + 2);
            subtable += u32(k, subtable + 4);
        }
        if (kind == 2 && pair_adjustment(k, subtable, left, right, advance)) return true;
    }
    return false;
}

int grm_kerning_pair(const grm_kerning *k, unsigned left, unsigned right) {
    if (!k->bytes) return 0;
    size_t features = u16(k, 6), lookups = u16(k, 8);
    unsigned feature_count = u16(k, features);
    for (unsigned i = 0; i < feature_count; i++) {
        size_t record = features + 2 + 6 * (size_t)i;
        if (u32(k, record) != 0x6b65726e) continue;  // 'kern'
        size_t feature = features + u16(k, record + 4);
        unsigned count = u16(k, feature + 2);
        for (unsigned n = 0; n < count; n++) {
            int advance = 0;
            size_t lookup = lookups + u16(k, lookups + 2 + 2 * (size_t)u16(k, feature + 4 + 2 * n));
            if (lookup_pair(k, lookup, left, right, &advance)) return advance;
        }
        return 0;
    }
    return 0;
}
