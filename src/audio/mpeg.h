// MPEG audio (MP3, layers 1 and 2) through libmpg123, which libsndfile would use as well: asked directly it is quiet
// about what is broken, and finds on behind it. Of this room alone.
#ifndef GRM_AUDIO_MPEG_H
#define GRM_AUDIO_MPEG_H

#include "audio/audio.h"
#include "audio/source.h"

typedef struct grm_mpeg grm_mpeg;
// Whether the bytes look like it: a frame's header, or an ID3v2 tag that no other format follows. Leaves the source
// at its beginning.
bool grm_mpeg_is(const grm_byte_source *source);
// `source` must outlive it, and stand at its beginning.
grm_status grm_mpeg_open(const grm_byte_source *source, const char *name, grm_mpeg **out, grm_error *err);
void grm_mpeg_close(grm_mpeg *mpeg);
unsigned grm_mpeg_channels(const grm_mpeg *mpeg);
unsigned grm_mpeg_rate(const grm_mpeg *mpeg);
int64_t grm_mpeg_frames(const grm_mpeg *mpeg);                // as the header or the size say; 0: unknown
const char *grm_mpeg_tag(const grm_mpeg *mpeg, grm_tag tag);  // NULL: none
// Up to `frames` of them, interleaved; fewer come only at the end. What cannot be decoded is passed over.
size_t grm_mpeg_read(grm_mpeg *mpeg, float *block, size_t frames);

#endif
