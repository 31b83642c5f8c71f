// The master as files: WAV with its tags behind the sound, MP3 with its tag before it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "release/mp3.h"
#include "release/tags.h"

enum { BLOCK = 16384 };  // frames between two looks at the clock: 0.1 s of encoding at most

static grm_status write_sound(const grm_run *run, size_t stage, const char *path, grm_format format,
                              const grm_audio *audio, grm_error *err) {
    grm_writer *writer = NULL;
    grm_status status = grm_writer_open(path, format, audio->channels, audio->rate_hz, &writer, err);
    if (status != GRM_OK) return status;
    for (size_t at = 0; status == GRM_OK && at < audio->frames; at += BLOCK) {
        const float *planes[GRM_MAX_CHANNELS] = {0};
        size_t frames = audio->frames - at < BLOCK ? audio->frames - at : BLOCK;
        for (unsigned c = 0; c < audio->channels; c++) planes[c] = audio->plane[c] + at;
        status = grm_writer_write(writer, planes, frames, err);
        if (status != GRM_OK || !run) continue;
        grm_progress_step(run->progress, stage, (double)(at + frames) / (double)audio->frames);
        status = grm_run_check(run, err);
    }
    grm_status closed = grm_writer_close(writer, status == GRM_OK ? err : NULL);
    return status == GRM_OK ? closed : status;
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

grm_status grm_release_write_wav(const grm_run *run, size_t stage, const char *path, const grm_audio *audio,
                                 const grm_tags *tags, grm_error *err) {
    uint8_t *info = NULL;
    size_t size = 0;
    grm_status status = grm_tags_info(tags, &info, &size, err);
    if (status == GRM_OK) status = write_sound(run, stage, path, GRM_WAV24, audio, err);
    if (status == GRM_OK) status = append_chunk(path, info, size, err);
    free(info);
    return status;
}

// The sound of an MP3 file, however it is made.
static grm_status encode_mp3(const grm_run *run, size_t stage, const char *path, const grm_audio *audio,
                             uint8_t **bytes, size_t *size, grm_error *err) {
    if (grm_mp3_divisible(audio)) return grm_mp3_encode(run, stage, audio, bytes, size, err);
    grm_status status = write_sound(run, stage, path, GRM_MP3_320, audio, err);
    return status == GRM_OK ? grm_file_read(path, (size_t)1 << 31, bytes, size, err) : status;
}

grm_status grm_release_write_mp3(const grm_run *run, size_t stage, const char *path, const grm_audio *audio,
                                 const grm_tags *tags, grm_error *err) {
    uint8_t *tag = NULL, *sound = NULL, *whole = NULL;
    size_t tag_size = 0, sound_size = 0;
    double duration = (double)audio->frames / audio->rate_hz;
    grm_status status = grm_tags_id3(tags, duration, &tag, &tag_size, err);
    if (status == GRM_OK) status = encode_mp3(run, stage, path, audio, &sound, &sound_size, err);
    if (status != GRM_OK) goto done;
    whole = malloc(tag_size + sound_size);
    if (!whole) {
        status = grm_fail_memory(err);
        goto done;
    }
    memcpy(whole, tag, tag_size);
    memcpy(whole + tag_size, sound, sound_size);
    status = grm_file_write(path, whole, tag_size + sound_size, err);
done:
    free(whole);
    free(sound);
    free(tag);
    return status;
}
