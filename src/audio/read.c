// Audio files, read whole.
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/audio.h"

enum { BLOCK = 16384, HIGHEST_RATE = 768000 };
static const size_t longest_stream = (size_t)1 << 30;  // bytes of standard input

// ---- bytes in memory as a file: a pipe cannot seek, which most formats need ----

typedef struct memory_file {
    const uint8_t *bytes;
    sf_count_t size, place;
} memory_file;

static sf_count_t memory_length(void *user) {
    return ((memory_file *)user)->size;
}

static sf_count_t memory_seek(sf_count_t offset, int whence, void *user) {
    memory_file *file = user;
    sf_count_t from = whence == SEEK_CUR ? file->place : whence == SEEK_END ? file->size : 0;
    sf_count_t place = offset > 0 && from > file->size - offset ? file->size : from + offset;
    if (place < 0) return -1;
    return file->place = place;
}

static sf_count_t memory_read(void *to, sf_count_t count, void *user) {
    memory_file *file = user;
    if (count > file->size - file->place) count = file->size - file->place;
    if (count <= 0) return 0;
    memcpy(to, file->bytes + file->place, (size_t)count);
    file->place += count;
    return count;
}

static sf_count_t memory_write(const void *from, sf_count_t count, void *user) {
    return 0;
}

static sf_count_t memory_tell(void *user) {
    return ((memory_file *)user)->place;
}

// ---- opening ----

typedef struct source {
    const char *name;
    SNDFILE *sound;
    SF_INFO info;
    int file;
    uint8_t *bytes;
    memory_file memory;
} source;

static void source_close(source *s) {
    if (s->sound) sf_close(s->sound);
    if (s->file >= 0) close(s->file);
    free(s->bytes);
}

static grm_status open_stream(source *s, grm_error *err) {
    size_t size;
    grm_status status = grm_file_read("-", longest_stream, &s->bytes, &size, err);
    if (status != GRM_OK) return status;
    s->memory = (memory_file){s->bytes, (sf_count_t)size, 0};
    SF_VIRTUAL_IO io = {memory_length, memory_seek, memory_read, memory_write, memory_tell};
    s->sound = sf_open_virtual(&io, SFM_READ, &s->info, &s->memory);
    return GRM_OK;
}

static grm_status open_file(source *s, grm_error *err) {
    struct stat info;
    s->file = open(s->name, O_RDONLY | O_CLOEXEC);
    if (s->file < 0 || fstat(s->file, &info) != 0)
        return grm_fail(err, GRM_BAD_INPUT, "cannot open '%s': %s", s->name, strerror(errno));
    if (S_ISDIR(info.st_mode)) return grm_fail(err, GRM_BAD_INPUT, "cannot read '%s': it is a folder", s->name);
    s->sound = sf_open_fd(s->file, SFM_READ, &s->info, SF_FALSE);
    return GRM_OK;
}

static grm_status source_open(const char *path, source *s, grm_error *err) {
    bool stream = strcmp(path, "-") == 0;
    *s = (source){.name = stream ? "standard input" : path, .file = -1};
    grm_status status = stream ? open_stream(s, err) : open_file(s, err);
    if (status != GRM_OK) return status;
    if (!s->sound)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is not an audio file that can be read: %s", s->name,
                        sf_strerror(NULL));
    if (s->info.channels < 1 || s->info.channels > GRM_MAX_CHANNELS)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has %d channels; 1 to %d can be read", s->name, s->info.channels,
                        GRM_MAX_CHANNELS);
    if (s->info.samplerate < 1 || s->info.samplerate > HIGHEST_RATE)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has a rate of %d Hz; 1 to %d can be read", s->name,
                        s->info.samplerate, HIGHEST_RATE);
    return GRM_OK;
}

// ---- reading ----

// The header's length is a hint: files lie, and some formats only guess. A byte rarely holds more than some frames.
static size_t first_capacity(const source *s, size_t limit) {
    const sf_count_t frames_a_byte = 16;
    struct stat info;
    sf_count_t bytes = s->bytes ? s->memory.size : fstat(s->file, &info) == 0 ? info.st_size : 0;
    sf_count_t frames = s->info.frames, most = bytes < INT32_MAX ? bytes * frames_a_byte : INT32_MAX;
    if (frames > most) frames = most;
    if (frames < BLOCK) frames = BLOCK;
    return (size_t)frames < limit ? (size_t)frames : limit;
}

static grm_status grow(grm_audio **audio, size_t frames, grm_error *err) {
    grm_audio *old = *audio, *larger;
    grm_status status = grm_audio_new(old->channels, frames, old->rate_hz, &larger, err);
    if (status != GRM_OK) return status;
    for (unsigned c = 0; c < old->channels; c++) memcpy(larger->plane[c], old->plane[c], old->frames * sizeof(float));
    grm_audio_free(old);
    *audio = larger;
    return GRM_OK;
}

static bool split(const float *block, grm_audio *audio, size_t start, size_t frames) {
    bool numbers = true;
    for (unsigned c = 0; c < audio->channels; c++)
        for (size_t i = 0; i < frames; i++) {
            float x = block[i * audio->channels + c];
            numbers &= fabsf(x) <= 3.0e38f;  // neither NaN nor infinite
            audio->plane[c][start + i] = x;
        }
    return numbers;
}

static grm_status read_blocks(source *s, float *block, size_t limit, grm_audio **audio, grm_error *err) {
    size_t frames = 0;
    for (sf_count_t got; (got = sf_readf_float(s->sound, block, BLOCK)) > 0;) {
        size_t count = (size_t)got;
        if (count > limit - frames)
            return grm_fail(err, GRM_BAD_INPUT, "'%s' is longer than %.0f s, the most that is taken", s->name,
                            (double)limit / s->info.samplerate);
        if (count > (*audio)->frames - frames) {
            size_t capacity = (*audio)->frames < limit / 2 ? 2 * (*audio)->frames : limit;
            if (capacity < frames + count) capacity = frames + count;
            grm_status status = grow(audio, capacity, err);
            if (status != GRM_OK) return status;
        }
        if (!split(block, *audio, frames, count))
            return grm_fail(err, GRM_BAD_INPUT, "'%s' holds samples that are no numbers near %.1f s", s->name,
                            (double)frames / s->info.samplerate);
        frames += count;
    }
    if (frames == 0) return grm_fail(err, GRM_BAD_INPUT, "'%s' holds no sound", s->name);
    (*audio)->frames = frames;
    return GRM_OK;
}

grm_status grm_audio_read(const char *path, double limit_s, grm_audio **out, grm_error *err) {
    grm_audio *audio = NULL;
    float *block = NULL;
    source s;
    *out = NULL;
    grm_status status = source_open(path, &s, err);
    if (status != GRM_OK) goto done;

    unsigned rate = (unsigned)s.info.samplerate, channels = (unsigned)s.info.channels;
    double most = limit_s > 0.0 ? floor(limit_s * rate) + 1.0 : 0x1p40;
    size_t limit = most < (double)(SIZE_MAX / 64) ? (size_t)most : SIZE_MAX / 64;
    status = grm_audio_new(channels, first_capacity(&s, limit), rate, &audio, err);
    if (status != GRM_OK) goto done;
    block = grm_floats_new((size_t)BLOCK * channels);
    status = block ? read_blocks(&s, block, limit, &audio, err) : grm_fail_memory(err);
    if (status != GRM_OK) goto done;
    *out = audio;
    audio = NULL;
done:
    free(block);
    grm_audio_free(audio);
    source_close(&s);
    return status;
}
