// Pair kerning from a font's GPOS table, which FreeType does not read.
#ifndef GRM_RELEASE_KERNING_H
#define GRM_RELEASE_KERNING_H

#include <stddef.h>
#include <stdint.h>

typedef struct grm_kerning {
    const uint8_t *bytes;  // the GPOS table
    size_t size;
} grm_kerning;
// Change of the left glyph's advance in font units; 0 when the table is silent or broken.
int grm_kerning_pair(const grm_kerning *kerning, unsigned left, unsigned right);

#endif
