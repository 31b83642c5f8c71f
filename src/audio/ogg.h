// The same sound, the same bytes: an Ogg stream's number. Of this room alone.
#ifndef GRM_AUDIO_OGG_H
#define GRM_AUDIO_OGG_H

#include <stdbool.h>
#include <stdint.h>

// Gives the pages of a file with one stream the number `serial` instead of the one by chance that libsndfile draws, and
// their checksums (RFC 3533, section 6). False: the file cannot be read or written, or is no Ogg.
bool grm_ogg_renumber(int file, uint32_t serial);

#endif
