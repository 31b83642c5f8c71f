// The master as files: WAV with its tags behind the sound, MP3 with its tag before it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "release/mp3.h"
#include "release/tags.h"

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
    if (status == GRM_OK) status = grm_tape_write(run, stage, sound, path, GRM_WAV24, err);
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
    grm_status status = grm_tape_write(run, stage, sound, path, GRM_MP3_320, err);
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
