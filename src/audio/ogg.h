// The same sound, the same bytes: an Ogg stream's number. Of this room alone.
#ifndef GRM_AUDIO_OGG_H
#define GRM_AUDIO_OGG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/source.h"

// Gives the pages of a file with one stream the number `serial` instead of the one by chance that libsndfile draws, and
// their checksums (RFC 3533, section 6). False: the file cannot be read or written, or is no Ogg.
bool grm_ogg_renumber(int file, uint32_t serial);

// Where the streams of a chained file begin, one behind the other, as of a radio that was recorded: up to `most`
// places. 0: no Ogg. Whatever comes behind what is no page is left out.
size_t grm_ogg_links(const grm_byte_source *source, int64_t *starts, size_t most);

#endif
