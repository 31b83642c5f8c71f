// MP3 at a constant 320 kb/s, in pieces that threads encode side by side.
#ifndef GRM_RELEASE_MP3_H
#define GRM_RELEASE_MP3_H

#include "release/release.h"

// Whether the pieces can be: one or two channels, at a rate whose frames all have the same size (48 or 32 kHz).
bool grm_mp3_divisible(const grm_tape *sound);
// The stream, an Info frame with delay and padding before it, so that players cut it to the sample. The same bytes for
// any number of threads. free().
grm_status grm_mp3_encode(const grm_run *run, size_t stage, const grm_tape *sound, uint8_t **bytes, size_t *size,
                          grm_error *err);

#endif
