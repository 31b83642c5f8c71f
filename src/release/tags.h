// Tags as bytes.
#ifndef GRM_RELEASE_TAGS_H
#define GRM_RELEASE_TAGS_H

#include "release/release.h"

// The tags as a RIFF chunk "LIST" of type INFO, and as an ID3v2.4 tag (id3.org, "ID3 tag version 2.4.0"). free().
grm_status grm_tags_info(const grm_tags *tags, uint8_t **bytes, size_t *size, grm_error *err);
grm_status grm_tags_id3(const grm_tags *tags, double duration_s, uint8_t **bytes, size_t *size, grm_error *err);

// A key's name in ID3's three letters: "F# minor" -> "F#m", "D dorian" -> "Dm", "C major" -> "C".
void grm_tags_key(const char *name, char text[4]);

#endif
