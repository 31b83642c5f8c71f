// Sound through FFmpeg's libraries; only where the program was built with them (GRM_HAVE_FFMPEG).
#ifndef GRM_AUDIO_FFMPEG_H
#define GRM_AUDIO_FFMPEG_H

#include "audio/audio.h"
#include "audio/source.h"

typedef struct grm_ffmpeg grm_ffmpeg;
// `source` must outlive it; nothing else is opened, whatever the file refers to.
grm_status grm_ffmpeg_open(const grm_byte_source *source, const char *name, grm_ffmpeg **out, grm_error *err);
void grm_ffmpeg_close(grm_ffmpeg *ffmpeg);
unsigned grm_ffmpeg_channels(const grm_ffmpeg *ffmpeg);
unsigned grm_ffmpeg_rate(const grm_ffmpeg *ffmpeg);
int64_t grm_ffmpeg_frames(const grm_ffmpeg *ffmpeg);  // as the header says; 0: unknown
// Fewer than `frames` come only at the end. A broken packet is passed over.
grm_status grm_ffmpeg_read(grm_ffmpeg *ffmpeg, float *const *planes, size_t frames, size_t *got, grm_error *err);

#endif
