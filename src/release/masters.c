// The master as files: WAV with its tags behind the sound, MP3 with its tag before it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "release/mp3.h"
#include "release/tags.h"

enum { BLOCK = 16384 };  // frames between two looks at the clock: 0.1 s of encoding at most

static grm_status write_sound(const grm_run *run, size_t stage, const char *path, grm_format format,
                              const grm_tape *sound, grm_error *err) {
    unsigned channels = grm_tape_channels(sound);
    size_t length = grm_tape_frames(sound);
    grm_writer *writer = NULL;
    float *planes[GRM_MAX_CHANNELS] = {0}, *block = grm_floats_new((size_t)channels * BLOCK);
    for (unsigned c = 0; block && c < channels; c++) planes[c] = block + (size_t)c * BLOCK;
    grm_status status =
        block ? grm_writer_open(path, format, channels, grm_tape_rate(sound), &writer, err) : grm_fail_memory(err);
    for (size_t at = 0; status == GRM_OK && at < length; at += BLOCK) {
        size_t frames = length - at < BLOCK ? length - at : BLOCK;
        status = grm_tape_read(sound, at, frames, planes, err);
        if (status == GRM_OK) status = grm_writer_write(writer, (const float *const *)planes, frames, err);
        if (status != GRM_OK || !run) continue;
        grm_progress_step(run->progress, stage, (double)(at + frames) / (double)length);
        status = grm_run_check(run, err);
    }
    if (writer) {
        grm_status closed = grm_writer_close(writer, status == GRM_OK ? err : NULL);
        if (status == GRM_OK) status = closed;
    }
    free(block);
    return status;
}

// Adds a chunk to the end of a RIFF file and counts it in.
static grm_status append_chunk(const char *path, const uint8_t *chunk, size_t size, grm_error *err) {
    grm_status status = GRM_OK;
    FILE *file = fopen(path, "r+b");
    bool good = file && fseek(file, 0, SEEK_END) == 0 && fwrite(chunk, 1, size, file) == size;
    long end = good ? ftell(file) : -1;
    if (end >= 8) {
        uint8_t riff[4];
        for (int i = 0; i < 4; i++) riff[i] = (uint8_t)((unsigned long)(end - 8) >> (8 * i));
        good = fseek(file, 4, SEEK_SET) == 0 && fwrite(riff, 1, 4, file) == 4;
    }
    if (file && fclose(file) != 0) good = false;
    if (!file || !good || end < 8)
        status = grm_fail(err, GRM_FAILED, "cannot write the tags of '%s': %s", path, strerror(errno));
    return status;
}

grm_status grm_release_write_wav(const grm_run *run, size_t stage, const char *path, const grm_tape *sound,
                                 const grm_tags *tags, grm_error *err) {
    uint8_t *info = NULL;
    size_t size = 0;
    grm_status status = grm_tags_info(tags, &info, &size, err);
    if (status == GRM_OK) status = write_sound(run, stage, path, GRM_WAV24, sound, err);
    if (status == GRM_OK) status = append_chunk(path, info, size, err);
    free(info);
    return status;
}

static grm_status append_bytes(const char *path, const uint8_t *bytes, size_t size, grm_error *err) {
    FILE *file = fopen(path, "ab");
    bool good = file && fwrite(bytes, 1, size, file) == size;
    if (file && fclose(file) != 0) good = false;
    return good ? GRM_OK : grm_fail(err, GRM_FAILED, "cannot write '%s': %s", path, strerror(errno));
}

// The sound of an MP3 file, however it is made.
static grm_status encode_mp3(const grm_run *run, size_t stage, const char *path, const grm_tape *sound, uint8_t **bytes,
                             size_t *size, grm_error *err) {
    if (grm_mp3_divisible(sound)) return grm_mp3_encode(run, stage, sound, bytes, size, err);
    grm_status status = write_sound(run, stage, path, GRM_MP3_320, sound, err);
    return status == GRM_OK ? grm_file_read(path, (size_t)1 << 31, bytes, size, err) : status;
}

grm_status grm_release_write_mp3(const grm_run *run, size_t stage, const char *path, const grm_tape *sound,
                                 const grm_tags *tags, grm_error *err) {
    uint8_t *tag = NULL, *stream = NULL;
    size_t tag_size = 0, size = 0;
    double duration = (double)grm_tape_frames(sound) / grm_tape_rate(sound);
    grm_status status = grm_tags_id3(tags, duration, &tag, &tag_size, err);
    if (status == GRM_OK) status = encode_mp3(run, stage, path, sound, &stream, &size, err);
    if (status == GRM_OK) status = grm_file_write(path, tag, tag_size, err);
    if (status == GRM_OK) status = append_bytes(path, stream, size, err);
    free(stream);
    free(tag);
    return status;
}
