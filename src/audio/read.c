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
#include "audio/mpeg.h"
#include "audio/ogg.h"
#include "audio/source.h"
#include "audio/tag.h"
#if GRM_HAVE_FFMPEG
#include "audio/ffmpeg.h"
#endif

enum { BLOCK = 16384, HIGHEST_RATE = 768000, MOST_LINKS = 256 };
static const size_t longest_stream = (size_t)1 << 30;  // bytes of standard input

// ---- bytes in memory, or a stretch of a file, as a file: a pipe cannot seek, which most formats need ----

typedef struct span {
    const uint8_t *bytes;  // NULL: of `file`
    int file;
    sf_count_t start, size, place;
} span;

static sf_count_t span_length(void *user) {
    return ((span *)user)->size;
}

static sf_count_t span_seek(sf_count_t offset, int whence, void *user) {
    span *s = user;
    sf_count_t from = whence == SEEK_CUR ? s->place : whence == SEEK_END ? s->size : 0;
    sf_count_t place = offset > 0 && from > s->size - offset ? s->size : from + offset;
    if (place < 0) return -1;
    return s->place = place;
}

static sf_count_t span_read(void *to, sf_count_t count, void *user) {
    span *s = user;
    if (count > s->size - s->place) count = s->size - s->place;
    if (count <= 0) return 0;
    if (s->bytes)
        memcpy(to, s->bytes + s->start + s->place, (size_t)count);
    else
        count = pread(s->file, to, (size_t)count, s->start + s->place);
    if (count > 0) s->place += count;
    return count;
}

static sf_count_t span_write(const void *from, sf_count_t count, void *user) {
    return 0;
}

static sf_count_t span_tell(void *user) {
    return ((span *)user)->place;
}

// ---- opening ----

struct grm_reader {
    char *name;
    SNDFILE *sound;
    SF_INFO info;
    int file;
    uint8_t *bytes;  // of standard input
    span all, link;  // the whole, and of a chained file what is read
    int64_t links[MOST_LINKS];
    size_t link_count, at_link;  // 0: not chained
    grm_byte_source source;
    grm_mpeg *mpeg;  // instead of `sound`
#if GRM_HAVE_FFMPEG
    grm_ffmpeg *ffmpeg;  // instead of both
#endif
    unsigned channels, rate;
    float *block;  // [BLOCK * channels], interleaved
    short *words;  // the same, where the file has 16 bits: several times as quick to make floats of as libsndfile's
    size_t place;  // frames read
};

void grm_reader_close(grm_reader *r) {
    if (!r) return;
    if (r->sound) sf_close(r->sound);
    grm_mpeg_close(r->mpeg);
#if GRM_HAVE_FFMPEG
    grm_ffmpeg_close(r->ffmpeg);
#endif
    if (r->file >= 0) close(r->file);
    free(r->words);
    free(r->block);
    free(r->bytes);
    free(r->name);
    free(r);
}

static grm_status find_file(grm_reader *r, grm_error *err) {
    struct stat info;
    r->file = open(r->name, O_RDONLY | O_CLOEXEC);
    if (r->file < 0 || fstat(r->file, &info) != 0)
        return grm_fail(err, GRM_BAD_INPUT, "cannot open '%s': %s", r->name, strerror(errno));
    if (S_ISDIR(info.st_mode)) return grm_fail(err, GRM_BAD_INPUT, "cannot read '%s': it is a folder", r->name);
    r->all = (span){NULL, r->file, 0, info.st_size, 0};
    return GRM_OK;
}

static int64_t source_read(void *user, void *to, int64_t count) {
    grm_reader *r = user;
    return span_read(to, count, &r->all);
}

static int64_t source_seek(void *user, int64_t offset, int whence) {
    grm_reader *r = user;
    return span_seek(offset, whence, &r->all);
}

static grm_status open_mpeg(grm_reader *r, grm_error *err) {
    grm_status status = grm_mpeg_open(&r->source, r->name, &r->mpeg, err);
    if (status == GRM_OK)
        r->info = (SF_INFO){.frames = grm_mpeg_frames(r->mpeg),
                            .samplerate = (int)grm_mpeg_rate(r->mpeg),
                            .channels = (int)grm_mpeg_channels(r->mpeg)};
    return status;
}

// The whole, or that link of a chained file.
static SNDFILE *open_span(grm_reader *r, size_t link, SF_INFO *info) {
    SF_VIRTUAL_IO io = {span_length, span_seek, span_read, span_write, span_tell};
    sf_count_t start = r->link_count > 1 ? r->links[link] : 0;
    sf_count_t end = link + 1 < r->link_count ? r->links[link + 1] : r->all.size;
    r->link = (span){r->all.bytes, r->file, start, end - start, 0};
    r->at_link = link;
    return sf_open_virtual(&io, SFM_READ, info, &r->link);
}

// What libsndfile knows.
static grm_status open_usual(grm_reader *r, grm_error *err) {
    r->link_count = grm_ogg_links(&r->source, r->links, MOST_LINKS);
    if (r->link_count > 1 || r->file < 0) {
        r->sound = open_span(r, 0, &r->info);
        return GRM_OK;
    }
    // It closes what it was given when that is no sound, even with SF_FALSE: so it gets a descriptor of its own.
    int its = fcntl(r->file, F_DUPFD_CLOEXEC, 0);
    if (its < 0) return grm_fail(err, GRM_FAILED, "cannot open '%s': %s", r->name, strerror(errno));
    r->sound = sf_open_fd(its, SFM_READ, &r->info, SF_TRUE);
    return GRM_OK;
}

#if GRM_HAVE_FFMPEG
static grm_status open_otherwise(grm_reader *r, grm_error *err) {
    if (source_seek(r, 0, SEEK_SET) != 0)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is not an audio file that can be read: %s", r->name,
                        sf_strerror(NULL));
    grm_status status = grm_ffmpeg_open(&r->source, r->name, &r->ffmpeg, err);
    if (status != GRM_OK) return status;
    r->info = (SF_INFO){.frames = grm_ffmpeg_frames(r->ffmpeg),
                        .samplerate = (int)grm_ffmpeg_rate(r->ffmpeg),
                        .channels = (int)grm_ffmpeg_channels(r->ffmpeg)};
    return GRM_OK;
}
#else
// ISO 14496-12 files begin with a box "ftyp"; ISO 13818-7 frames with twelve ones and layer 0.
static bool is_aac(grm_reader *r) {
    uint8_t start[12];
    if (source_seek(r, 0, SEEK_SET) != 0 || source_read(r, start, sizeof start) != sizeof start) return false;
    return memcmp(start + 4, "ftyp", 4) == 0 || (start[0] == 0xff && (start[1] & 0xf6) == 0xf0);
}

static grm_status open_otherwise(grm_reader *r, grm_error *err) {
    const char *why = sf_strerror(NULL);
    if (is_aac(r))
        return grm_fail(
            err, GRM_BAD_INPUT,
            "'%s' is AAC or m4a, for which this program was built without FFmpeg: convert it to WAV or FLAC "
            "(ffmpeg -i IN.m4a OUT.flac)",
            r->name);
    return grm_fail(err, GRM_BAD_INPUT,
                    "'%s' is not an audio file that can be read (WAV, AIFF, FLAC, Ogg, Opus, MP3 can): %s", r->name,
                    why);
}
#endif

// `bytes` NULL: the file of r->name.
static grm_status open_sound(grm_reader *r, const uint8_t *bytes, size_t size, grm_error *err) {
    grm_status status = GRM_OK;
    r->source = (grm_byte_source){r, source_read, source_seek};
    r->all = (span){bytes, -1, 0, (sf_count_t)size, 0};
    if (!bytes) status = find_file(r, err);
    if (status == GRM_OK && grm_mpeg_is(&r->source)) {
        status = open_mpeg(r, err);
    } else if (status == GRM_OK) {
        status = open_usual(r, err);
        if (status == GRM_OK && !r->sound) status = open_otherwise(r, err);
    }
    if (status != GRM_OK) return status;
    if (r->info.channels < 1 || r->info.channels > GRM_MAX_CHANNELS)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has %d channels; 1 to %d can be read", r->name, r->info.channels,
                        GRM_MAX_CHANNELS);
    if (r->info.samplerate < 1 || r->info.samplerate > HIGHEST_RATE)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has a rate of %d Hz; 1 to %d can be read", r->name,
                        r->info.samplerate, HIGHEST_RATE);
    r->channels = (unsigned)r->info.channels;
    r->rate = (unsigned)r->info.samplerate;
    bool words = (r->info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_PCM_16;
    if (words)
        r->words = calloc((size_t)BLOCK * r->channels, sizeof *r->words);
    else
        r->block = grm_floats_new((size_t)BLOCK * r->channels);
    return r->words || r->block ? GRM_OK : grm_fail_memory(err);
}

// `owned`: the reader's from now on, also when it fails.
static grm_status open_reader(const char *name, const uint8_t *bytes, size_t size, uint8_t *owned, grm_reader **out,
                              grm_error *err) {
    grm_reader *r = calloc(1, sizeof(*r));
    if (!r) {
        free(owned);
        return grm_fail_memory(err);
    }
    r->file = -1;
    r->bytes = owned;
    r->name = strdup(name);
    grm_status status = r->name ? open_sound(r, bytes, size, err) : grm_fail_memory(err);
    if (status == GRM_OK)
        *out = r;
    else
        grm_reader_close(r);
    return status;
}

grm_status grm_reader_open_bytes(const uint8_t *bytes, size_t size, const char *name, grm_reader **out,
                                 grm_error *err) {
    *out = NULL;
    return open_reader(name, bytes, size, NULL, out, err);
}

// Standard input or a pipe with a name, as shells make of <(COMMAND).
static bool is_stream(const char *path) {
    struct stat info;
    return strcmp(path, "-") == 0 || (stat(path, &info) == 0 && S_ISFIFO(info.st_mode));
}

grm_status grm_reader_open(const char *path, grm_reader **out, grm_error *err) {
    uint8_t *bytes;
    size_t size;
    *out = NULL;
    if (!is_stream(path)) return open_reader(path, NULL, 0, NULL, out, err);
    grm_status status = grm_file_read(path, longest_stream, &bytes, &size, err);
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    return status == GRM_OK ? open_reader(name, bytes, size, bytes, out, err) : status;
}

unsigned grm_reader_channels(const grm_reader *r) {
    return r->channels;
}

unsigned grm_reader_rate(const grm_reader *r) {
    return r->rate;
}

// Files lie about their length, and some formats only guess. A byte rarely holds more than some frames.
size_t grm_reader_frames_hint(const grm_reader *r) {
    const sf_count_t frames_a_byte = 16;
    sf_count_t bytes = r->all.size;
    sf_count_t most = bytes < INT32_MAX ? bytes * frames_a_byte : INT64_MAX;
    sf_count_t frames = r->info.frames < most ? r->info.frames : most;
    if (r->link_count > 1) frames = (sf_count_t)((double)frames * (double)bytes / (double)r->links[1]);  // all alike
    return frames > 0 ? (size_t)frames : 0;
}

const char *grm_reader_tag(const grm_reader *r, grm_tag tag) {
    if (r->mpeg) return grm_mpeg_tag(r->mpeg, tag);
    const char *text = !r->sound ? NULL : sf_get_string(r->sound, grm_tag_number(tag));
    return text && text[0] ? text : NULL;
}

// ---- reading ----

// The common case, which vectors take.
static void split_two(const float *restrict block, float *restrict left, float *restrict right, size_t frames) {
    for (size_t i = 0; i < frames; i++) {
        left[i] = block[2 * i];
        right[i] = block[2 * i + 1];
    }
}

static void split(const float *block, unsigned channels, float *const *planes, size_t start, size_t frames) {
    if (channels == 2) {
        split_two(block, planes[0] + start, planes[1] + start, frames);
        return;
    }
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) planes[c][start + i] = block[i * channels + c];
}

// As libsndfile makes floats of them. planes: from `start` on.
static void split_words(const short *restrict words, unsigned channels, float *const *planes, size_t start,
                        size_t frames) {
    const float step = 0x1p-15f;
    if (channels == 2) {
        float *restrict left = planes[0] + start, *restrict right = planes[1] + start;
        for (size_t i = 0; i < frames; i++) {
            left[i] = step * (float)words[2 * i];
            right[i] = step * (float)words[2 * i + 1];
        }
        return;
    }
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) planes[c][start + i] = step * (float)words[i * channels + c];
}

static bool all_finite(const float *x, size_t frames) {
    int others = 0;
    for (size_t i = 0; i < frames; i++) others |= !(fabsf(x[i]) <= 3.0e38f);
    return !others;
}

// The next link that can be read, where there is one; `got` frames of this call came before it.
static grm_status next_link(grm_reader *r, size_t got, grm_error *err) {
    SF_INFO info = {0};
    sf_close(r->sound);
    do {
        info = (SF_INFO){0};
        r->sound = open_span(r, r->at_link + 1, &info);
    } while (!r->sound && r->at_link + 1 < r->link_count);
    if (!r->sound || ((unsigned)info.samplerate == r->rate && (unsigned)info.channels == r->channels)) return GRM_OK;
    return grm_fail(
        err, GRM_BAD_INPUT,
        "'%s' is several recordings in a chain, and goes on with %d channels at %d Hz at %.1f s: convert it "
        "to WAV or cut it there",
        r->name, info.channels, info.samplerate, (double)(r->place + got) / r->rate);
}

static grm_status fill(grm_reader *r, float *const *planes, size_t frames, size_t *got, grm_error *err) {
#if GRM_HAVE_FFMPEG
    if (r->ffmpeg) return grm_ffmpeg_read(r->ffmpeg, planes, frames, got, err);
#endif
    while (*got < frames) {
        size_t want = frames - *got < BLOCK ? frames - *got : BLOCK;
        if (!r->mpeg && !r->sound) break;  // behind the last link
        sf_count_t came = r->mpeg    ? (sf_count_t)grm_mpeg_read(r->mpeg, r->block, want)
                          : r->words ? sf_readf_short(r->sound, r->words, (sf_count_t)want)
                                     : sf_readf_float(r->sound, r->block, (sf_count_t)want);
        if (came <= 0 && r->sound && r->at_link + 1 < r->link_count) {
            grm_status status = next_link(r, *got, err);
            if (status != GRM_OK) return status;
            continue;
        }
        if (came <= 0) break;
        if (came > (sf_count_t)want) came = (sf_count_t)want;
        if (r->words)
            split_words(r->words, r->channels, planes, *got, (size_t)came);
        else
            split(r->block, r->channels, planes, *got, (size_t)came);
        *got += (size_t)came;
    }
    return GRM_OK;
}

grm_status grm_reader_read(grm_reader *r, float *const *planes, size_t frames, size_t *got, grm_error *err) {
    *got = 0;
    grm_status status = fill(r, planes, frames, got, err);
    if (status != GRM_OK) return status;
    for (unsigned c = 0; c < r->channels; c++) {
        if (r->words || all_finite(planes[c], *got)) continue;
        size_t i = 0;
        while (fabsf(planes[c][i]) <= 3.0e38f) i++;
        return grm_fail(err, GRM_BAD_INPUT,
                        "'%s' holds samples that are no numbers, the first at %.2f s; export it again", r->name,
                        (double)(r->place + i) / r->rate);
    }
    r->place += *got;
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
                            (double)limit / r->rate);
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
