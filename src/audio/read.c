// Audio files, read as a stream or whole.
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/audio.h"
#include "audio/tag.h"

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

struct grm_reader {
    char *name;
    SNDFILE *sound;
    SF_INFO info;
    int file;
    uint8_t *bytes;
    memory_file memory;
    float *block;  // [BLOCK * channels], interleaved
    size_t place;  // frames read
};

void grm_reader_close(grm_reader *r) {
    if (!r) return;
    if (r->sound) sf_close(r->sound);
    if (r->file >= 0) close(r->file);
    free(r->block);
    free(r->bytes);
    free(r->name);
    free(r);
}

static grm_status open_stream(grm_reader *r, grm_error *err) {
    size_t size;
    grm_status status = grm_file_read("-", longest_stream, &r->bytes, &size, err);
    if (status != GRM_OK) return status;
    r->memory = (memory_file){r->bytes, (sf_count_t)size, 0};
    SF_VIRTUAL_IO io = {memory_length, memory_seek, memory_read, memory_write, memory_tell};
    r->sound = sf_open_virtual(&io, SFM_READ, &r->info, &r->memory);
    return GRM_OK;
}

static grm_status open_file(grm_reader *r, grm_error *err) {
    struct stat info;
    r->file = open(r->name, O_RDONLY | O_CLOEXEC);
    if (r->file < 0 || fstat(r->file, &info) != 0)
        return grm_fail(err, GRM_BAD_INPUT, "cannot open '%s': %s", r->name, strerror(errno));
    if (S_ISDIR(info.st_mode)) return grm_fail(err, GRM_BAD_INPUT, "cannot read '%s': it is a folder", r->name);
    r->sound = sf_open_fd(r->file, SFM_READ, &r->info, SF_FALSE);
    return GRM_OK;
}

static grm_status open_sound(grm_reader *r, bool stream, grm_error *err) {
    grm_status status = stream ? open_stream(r, err) : open_file(r, err);
    if (status != GRM_OK) return status;
    if (!r->sound)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is not an audio file that can be read: %s", r->name,
                        sf_strerror(NULL));
    if (r->info.channels < 1 || r->info.channels > GRM_MAX_CHANNELS)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has %d channels; 1 to %d can be read", r->name, r->info.channels,
                        GRM_MAX_CHANNELS);
    if (r->info.samplerate < 1 || r->info.samplerate > HIGHEST_RATE)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has a rate of %d Hz; 1 to %d can be read", r->name,
                        r->info.samplerate, HIGHEST_RATE);
    r->block = grm_floats_new((size_t)BLOCK * (size_t)r->info.channels);
    return r->block ? GRM_OK : grm_fail_memory(err);
}

grm_status grm_reader_open(const char *path, grm_reader **out, grm_error *err) {
    *out = NULL;
    bool stream = strcmp(path, "-") == 0;
    grm_reader *r = calloc(1, sizeof(*r));
    if (!r) return grm_fail_memory(err);
    r->file = -1;
    r->name = strdup(stream ? "standard input" : path);
    grm_status status = r->name ? open_sound(r, stream, err) : grm_fail_memory(err);
    if (status == GRM_OK)
        *out = r;
    else
        grm_reader_close(r);
    return status;
}

unsigned grm_reader_channels(const grm_reader *r) {
    return (unsigned)r->info.channels;
}

unsigned grm_reader_rate(const grm_reader *r) {
    return (unsigned)r->info.samplerate;
}

// Files lie about their length, and some formats only guess. A byte rarely holds more than some frames.
size_t grm_reader_frames_hint(const grm_reader *r) {
    const sf_count_t frames_a_byte = 16;
    struct stat info;
    sf_count_t bytes = r->bytes ? r->memory.size : fstat(r->file, &info) == 0 ? info.st_size : 0;
    sf_count_t most = bytes < INT32_MAX ? bytes * frames_a_byte : INT64_MAX;
    sf_count_t frames = r->info.frames < most ? r->info.frames : most;
    return frames > 0 ? (size_t)frames : 0;
}

const char *grm_reader_tag(const grm_reader *r, grm_tag tag) {
    const char *text = sf_get_string(r->sound, grm_tag_number(tag));
    return text && text[0] ? text : NULL;
}

// ---- reading ----

static bool split(const float *block, unsigned channels, float *const *planes, size_t start, size_t frames) {
    bool numbers = true;
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) {
            float x = block[i * channels + c];
            numbers &= fabsf(x) <= 3.0e38f;  // neither NaN nor infinite
            planes[c][start + i] = x;
        }
    return numbers;
}

grm_status grm_reader_read(grm_reader *r, float *const *planes, size_t frames, size_t *got, grm_error *err) {
    *got = 0;
    while (*got < frames) {
        size_t want = frames - *got < BLOCK ? frames - *got : BLOCK;
        sf_count_t came = sf_readf_float(r->sound, r->block, (sf_count_t)want);
        if (came <= 0) break;
        if (!split(r->block, (unsigned)r->info.channels, planes, *got, (size_t)came))
            return grm_fail(err, GRM_BAD_INPUT, "'%s' holds samples that are no numbers near %.1f s", r->name,
                            (double)r->place / r->info.samplerate);
        *got += (size_t)came;
        r->place += (size_t)came;
    }
    return GRM_OK;
}

// ---- the whole ----

static grm_status grow(grm_audio **audio, size_t frames, grm_error *err) {
    grm_audio *old = *audio, *larger;
    grm_status status = grm_audio_new(old->channels, frames, old->rate_hz, &larger, err);
    if (status != GRM_OK) return status;
    for (unsigned c = 0; c < old->channels; c++) memcpy(larger->plane[c], old->plane[c], old->frames * sizeof(float));
    grm_audio_free(old);
    *audio = larger;
    return GRM_OK;
}

// Fills `audio`, which grows, until the sound ends; one frame over the limit is too long.
static grm_status read_all(grm_reader *r, size_t limit, grm_audio **audio, grm_error *err) {
    size_t frames = 0;
    for (;;) {
        float *planes[GRM_MAX_CHANNELS] = {0};
        size_t got, room = (*audio)->frames - frames;
        for (unsigned c = 0; c < (*audio)->channels; c++) planes[c] = (*audio)->plane[c] + frames;
        grm_status status = grm_reader_read(r, planes, room, &got, err);
        if (status != GRM_OK) return status;
        frames += got;
        if (frames > limit)
            return grm_fail(err, GRM_BAD_INPUT, "'%s' is longer than %.0f s, the most that is taken", r->name,
                            (double)limit / r->info.samplerate);
        if (got < room) break;
        status = grow(audio, frames < limit / 2 ? 2 * frames : limit + 1, err);
        if (status != GRM_OK) return status;
    }
    if (frames == 0) return grm_fail(err, GRM_BAD_INPUT, "'%s' holds no sound", r->name);
    (*audio)->frames = frames;
    return GRM_OK;
}

grm_status grm_audio_read(const char *path, double limit_s, grm_audio **out, grm_error *err) {
    grm_audio *audio = NULL;
    grm_reader *r = NULL;
    *out = NULL;
    grm_status status = grm_reader_open(path, &r, err);
    if (status != GRM_OK) return status;

    unsigned rate = grm_reader_rate(r);
    double most = limit_s > 0.0 ? floor(limit_s * rate) + 1.0 : 0x1p40;
    size_t limit = most < (double)(SIZE_MAX / 64) ? (size_t)most : SIZE_MAX / 64;
    size_t room = grm_reader_frames_hint(r);
    if (room > INT32_MAX) room = INT32_MAX;
    if (room < BLOCK) room = BLOCK;
    room = room < limit ? room + 1 : limit + 1;  // one more, so that the end is seen
    status = grm_audio_new(grm_reader_channels(r), room, rate, &audio, err);
    if (status == GRM_OK) status = read_all(r, limit, &audio, err);
    if (status == GRM_OK) {
        *out = audio;
        audio = NULL;
    }
    grm_audio_free(audio);
    grm_reader_close(r);
    return status;
}
