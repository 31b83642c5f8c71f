// Audio files, written as they come. libsndfile makes the formats; the bytes pass through our own hands, since a full
// disk must be noticed and named, which its own writing does not do for compressed formats.
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/audio.h"
#include "audio/ogg.h"
#include "audio/pcm.h"
#include "audio/tag.h"

enum { BLOCK = 4096 };  // frames converted at once

typedef struct format_info {
    const char *name;
    int sndfile;
    unsigned bytes;  // a sample, where files of that format are limited in size; else 0
    unsigned most_channels;
} format_info;

static const format_info formats[] = {
    [GRM_WAV16] = {"WAV", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2, GRM_MAX_CHANNELS},
    [GRM_WAV24] = {"WAV", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 3, GRM_MAX_CHANNELS},
    [GRM_WAV32F] = {"WAV", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 4, GRM_MAX_CHANNELS},
    [GRM_FLAC16] = {"FLAC", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 0, GRM_MAX_CHANNELS},
    [GRM_FLAC24] = {"FLAC", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 0, GRM_MAX_CHANNELS},
    [GRM_MP3_320] = {"MP3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 0, 2},
    [GRM_OGG] = {"Ogg Vorbis", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0, 2},
    [GRM_OPUS] = {"Opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 0, 2},
};

struct grm_writer {
    grm_format format;
    unsigned channels;
    int file;
    int problem;  // the first errno of the file, 0: none
    SNDFILE *sound;
    uint64_t frames;
    char *path;
    uint8_t *block;  // one block in the file's own samples, 4 bytes each at most
};

// ---- the file under libsndfile ----

static sf_count_t file_length(void *user) {
    struct stat info;
    return fstat(((grm_writer *)user)->file, &info) == 0 ? info.st_size : -1;
}

static sf_count_t file_seek(sf_count_t offset, int whence, void *user) {
    return lseek(((grm_writer *)user)->file, offset, whence);
}

static sf_count_t file_read(void *to, sf_count_t count, void *user) {
    return read(((grm_writer *)user)->file, to, (size_t)count);
}

static sf_count_t file_write(const void *from, sf_count_t count, void *user) {
    grm_writer *writer = user;
    sf_count_t done = 0;
    while (done < count && writer->problem == 0) {
        ssize_t put = write(writer->file, (const char *)from + done, (size_t)(count - done));
        if (put > 0)
            done += put;
        else if (put == 0 || errno != EINTR)
            writer->problem = put == 0 ? ENOSPC : errno;
    }
    return done;
}

static sf_count_t file_tell(void *user) {
    return lseek(((grm_writer *)user)->file, 0, SEEK_CUR);
}

// ---- opening ----

static grm_status fail(const grm_writer *writer, grm_error *err) {
    const char *reason = writer->problem ? strerror(writer->problem) : sf_strerror(writer->sound);
    return grm_fail(err, GRM_FAILED, "cannot write '%s': %s", writer->path, reason);
}

static void writer_free(grm_writer *writer) {
    if (writer->sound) sf_close(writer->sound);
    if (writer->file >= 0) close(writer->file);
    free(writer->block);
    free(writer->path);
    free(writer);
}

// Constant 320 kb/s: level 0 of libsndfile's scale is the top of the constant rates.
static bool set_mp3_rate(SNDFILE *sound) {
    int mode = SF_BITRATE_MODE_CONSTANT;
    double level = 0.0;
    sf_command(sound, SFC_SET_BITRATE_MODE, &mode, sizeof(mode));
    return sf_command(sound, SFC_GET_BITRATE_MODE, NULL, 0) == SF_BITRATE_MODE_CONSTANT &&
           sf_command(sound, SFC_SET_COMPRESSION_LEVEL, &level, sizeof(level)) == SF_TRUE;
}

static grm_status open_sound(grm_writer *writer, unsigned rate_hz, grm_error *err) {
    const format_info *format = &formats[writer->format];
    SF_VIRTUAL_IO io = {file_length, file_seek, file_read, file_write, file_tell};
    SF_INFO info = {.samplerate = (int)rate_hz, .channels = (int)writer->channels, .format = format->sndfile};
    writer->file = open(writer->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (writer->file < 0) {
        writer->problem = errno;
        return fail(writer, err);
    }
    if (!sf_format_check(&info))
        return grm_fail(err, GRM_FAILED, "cannot write '%s': %s has no form of %u channels at %u Hz", writer->path,
                        format->name, writer->channels, rate_hz);
    writer->sound = sf_open_virtual(&io, SFM_WRITE, &info, writer);
    if (!writer->sound) return fail(writer, err);
    // The PEAK chunk holds the time of writing.
    if (writer->format == GRM_WAV32F) sf_command(writer->sound, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    if (writer->format == GRM_MP3_320 && !set_mp3_rate(writer->sound))
        return grm_fail(err, GRM_FAILED, "cannot write '%s': this libsndfile does not make 320 kb/s MP3", writer->path);
    if (writer->format == GRM_OGG || writer->format == GRM_OPUS) {
        double quality = 0.8;
        sf_command(writer->sound, SFC_SET_VBR_ENCODING_QUALITY, &quality, sizeof(quality));
    }
    return GRM_OK;
}

grm_status grm_writer_open(const char *path, grm_format format, unsigned channels, unsigned rate_hz, grm_writer **out,
                           grm_error *err) {
    *out = NULL;
    if (channels < 1 || channels > formats[format].most_channels)
        return grm_fail(err, GRM_USAGE, "cannot write '%s': %u channels; %s takes 1 to %u", path, channels,
                        formats[format].name, formats[format].most_channels);
    if (rate_hz < 1 || rate_hz > 768000)
        return grm_fail(err, GRM_USAGE, "cannot write '%s': a rate of %u Hz; 1 to 768000 are possible", path, rate_hz);
    // The rates of MPEG-1, whose highest bit rate this is; the lower rates of MPEG-2 end at 160 kb/s (ISO 13818-3).
    if (format == GRM_MP3_320 && rate_hz != 32000 && rate_hz != 44100 && rate_hz != 48000)
        return grm_fail(err, GRM_USAGE, "cannot write '%s': MP3 at 320 kb/s takes 32000, 44100 or 48000 Hz, not %u",
                        path, rate_hz);
    grm_writer *writer = calloc(1, sizeof(*writer));
    if (!writer) return grm_fail_memory(err);
    writer->file = -1;
    writer->format = format;
    writer->channels = channels;
    writer->path = strdup(path);
    writer->block = malloc((size_t)BLOCK * channels * 4 + 4);
    grm_status status = writer->path && writer->block ? open_sound(writer, rate_hz, err) : grm_fail_memory(err);
    if (status == GRM_OK)
        *out = writer;
    else
        writer_free(writer);
    return status;
}

// In place, where every letter is of Latin-1; false: some are not, and nothing is changed.
static bool to_latin1(char *text) {
    const unsigned char *from = (const unsigned char *)text;
    for (const unsigned char *c = from; *c; c++)
        if (*c >= 0x80 && ((*c & 0xfe) != 0xc2 || (*++c & 0xc0) != 0x80)) return false;
    for (; *from; from++) {
        unsigned char c = *from;
        if (c >= 0x80) c = (unsigned char)((c & 3) << 6 | (*++from & 0x3f));
        *text++ = (char)c;
    }
    *text = 0;
    return true;
}

// libsndfile marks the texts of an MP3 as Latin-1, whatever they are.
void grm_writer_tag(grm_writer *writer, grm_tag tag, const char *text) {
    if (!text || !text[0]) return;
    char *latin1 = writer->format == GRM_MP3_320 ? strdup(text) : NULL;
    sf_set_string(writer->sound, grm_tag_number(tag), latin1 && to_latin1(latin1) ? latin1 : text);
    free(latin1);
}

// ---- writing ----

static bool write_block(grm_writer *writer, const float *const *planes, size_t frames) {
    void *block = writer->block;
    sf_count_t count = (sf_count_t)frames;
    sf_count_t size = count * (sf_count_t)writer->channels * (sf_count_t)formats[writer->format].bytes;
    switch (writer->format) {
        case GRM_WAV16:
            grm_pcm_to_16(planes, writer->channels, frames, block);
            return sf_write_raw(writer->sound, block, size) == size;
        case GRM_WAV24:
            grm_pcm_to_24(planes, writer->channels, frames, block);
            return sf_write_raw(writer->sound, block, size) == size;
        case GRM_FLAC16:
        case GRM_FLAC24:
            grm_pcm_to_24_high(planes, writer->channels, frames, block);
            return sf_writef_int(writer->sound, block, count) == count;
        case GRM_WAV32F:
            grm_pcm_interleave(planes, writer->channels, frames, block);
            return sf_writef_float(writer->sound, block, count) == count;
        case GRM_MP3_320:
        case GRM_OGG:
        case GRM_OPUS:
            grm_pcm_interleave_clipped(planes, writer->channels, frames, block);
            return sf_writef_float(writer->sound, block, count) == count;
    }
    return false;
}

grm_status grm_writer_write(grm_writer *writer, const float *const *planes, size_t frames, grm_error *err) {
    const uint64_t most_bytes = UINT32_MAX - 65536;  // the sizes in a WAV file have 32 bits; headers take some
    const format_info *format = &formats[writer->format];
    if (format->bytes && (writer->frames + frames) * format->bytes * writer->channels > most_bytes)
        return grm_fail(err, GRM_FAILED, "cannot write '%s': a WAV file holds at most 4 GB; write FLAC", writer->path);
    const float *at[GRM_MAX_CHANNELS];
    for (size_t done = 0; done < frames;) {
        size_t count = frames - done < BLOCK ? frames - done : BLOCK;
        for (unsigned c = 0; c < writer->channels; c++) at[c] = planes[c] + done;
        if (!write_block(writer, at, count) || writer->problem) return fail(writer, err);
        done += count;
        writer->frames += count;
    }
    return GRM_OK;
}

grm_status grm_writer_close(grm_writer *writer, grm_error *err) {
    if (!writer) return GRM_OK;
    int failed = sf_close(writer->sound);
    writer->sound = NULL;
    bool ogg = writer->format == GRM_OGG || writer->format == GRM_OPUS;
    if (ogg && !failed && !writer->problem && !grm_ogg_renumber(writer->file, 1)) writer->problem = EIO;
    if (close(writer->file) != 0 && writer->problem == 0) writer->problem = errno;
    writer->file = -1;
    grm_status status = failed || writer->problem ? fail(writer, err) : GRM_OK;
    writer_free(writer);
    return status;
}
