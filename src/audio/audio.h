// Files, rates and tapes.
#ifndef GRM_AUDIO_ROOM_H
#define GRM_AUDIO_ROOM_H

#include <grammy/audio.h>
#include <stdint.h>

#include "base/base.h"

// ---- tape: a recording of any length that does not sit in memory ----

// Planar float32 frames appended in order and read at random, kept in an unlinked scratch file; silent stretches
// take no room. One writer; after the last append any number of readers.
typedef struct grm_tape grm_tape;
// `folder` holds the scratch file: the release's staging folder, or NULL for $TMPDIR or /tmp.
grm_status grm_tape_new(unsigned channels, unsigned rate_hz, const char *folder, grm_tape **out, grm_error *err);
void grm_tape_free(grm_tape *tape);
grm_status grm_tape_append(grm_tape *tape, const float *const *planes, size_t frames, grm_error *err);
// Frames beyond the end read as silence.
grm_status grm_tape_read(const grm_tape *tape, size_t start, size_t frames, float *const *planes, grm_error *err);
size_t grm_tape_frames(const grm_tape *tape);
unsigned grm_tape_channels(const grm_tape *tape);
unsigned grm_tape_rate(const grm_tape *tape);

// ---- files ----

typedef enum grm_format {
    GRM_WAV16,
    GRM_WAV24,
    GRM_WAV32F,
    GRM_FLAC16,
    GRM_FLAC24,
    GRM_MP3_320,
    GRM_OGG,   // Vorbis, about 256 kb/s
    GRM_OPUS,  // about 256 kb/s
} grm_format;

// Texts that files carry, UTF-8.
typedef enum grm_tag {
    GRM_TAG_TITLE,
    GRM_TAG_ARTIST,
    GRM_TAG_ALBUM,
    GRM_TAG_GENRE,
    GRM_TAG_DATE,
    GRM_TAG_TRACK,
    GRM_TAG_COMMENT,
    GRM_TAG_COPYRIGHT,
    GRM_TAG_LICENSE,
    GRM_TAG_COUNT,
} grm_tag;
const char *grm_tag_name(grm_tag tag);  // "title"

// Writes a stream to `path` as it comes (use grm_file_begin for a safe name). Samples beyond ±1 are clipped in the
// integer formats. Close reports what could not be written; it frees the writer in every case.
typedef struct grm_writer grm_writer;
grm_status grm_writer_open(const char *path, grm_format format, unsigned channels, unsigned rate_hz, grm_writer **out,
                           grm_error *err);
void grm_writer_tag(grm_writer *writer, grm_tag tag, const char *text);  // before the first frame
grm_status grm_writer_write(grm_writer *writer, const float *const *planes, size_t frames, grm_error *err);
grm_status grm_writer_close(grm_writer *writer, grm_error *err);
// All of a tape. `run` (may be NULL) is asked for cancelling and stepped at `stage`.
grm_status grm_tape_write(const grm_run *run, size_t stage, const grm_tape *tape, const char *path, grm_format format,
                          grm_error *err);

// Reads a file as it comes: MPEG audio, anything else libsndfile knows, and AAC where the program was built with
// FFmpeg; "-": standard input.
typedef struct grm_reader grm_reader;
grm_status grm_reader_open(const char *path, grm_reader **out, grm_error *err);
// The same from memory, which must outlive the reader; `name` stands in messages.
grm_status grm_reader_open_bytes(const uint8_t *bytes, size_t size, const char *name, grm_reader **out, grm_error *err);
void grm_reader_close(grm_reader *reader);
unsigned grm_reader_channels(const grm_reader *reader);  // 1..GRM_MAX_CHANNELS
unsigned grm_reader_rate(const grm_reader *reader);
// What the header says, within reason; the file may hold more or less.
size_t grm_reader_frames_hint(const grm_reader *reader);
const char *grm_reader_tag(const grm_reader *reader, grm_tag tag);  // NULL: none
// Fills planes with up to `frames` frames; fewer come only at the end. Samples that are not finite are GRM_BAD_INPUT.
grm_status grm_reader_read(grm_reader *reader, float *const *planes, size_t frames, size_t *got, grm_error *err);

// Reads a whole file (anything libsndfile knows) of at most limit_s seconds (0: no limit).
grm_status grm_audio_read(const char *path, double limit_s, grm_audio **out, grm_error *err);
// soxr, high quality.
grm_status grm_audio_resample(const grm_audio *in, unsigned rate_hz, grm_audio **out, grm_error *err);

// The same for a stream: whatever the blocks, the same samples come out, aligned with those that went in.
typedef struct grm_resampler grm_resampler;
grm_status grm_resampler_new(unsigned channels, unsigned from_hz, unsigned to_hz, grm_resampler **out, grm_error *err);
void grm_resampler_free(grm_resampler *resampler);
// Most frames that one call makes of `frames`; for the end, of 0.
size_t grm_resampler_room(const grm_resampler *resampler, size_t frames);
// planes NULL: the end, what is left comes out.
grm_status grm_resampler_run(grm_resampler *resampler, const float *const *planes, size_t frames, float *const *out,
                             size_t *made, grm_error *err);

#endif
