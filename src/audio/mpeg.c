#include "audio/mpeg.h"

#include <lame/lame.h>
#include <mpg123.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Bytes looked through for the next frame behind what is none, broken frames in all, and bytes of the largest tag whose
// texts are read (larger ones hold pictures, and would be read into memory).
enum { MOST_LOST = 1 << 20, MOST_BROKEN = 100000, LARGEST_TAG = 1 << 23 };
enum { TAG_HEADER = 10, PEEK = 12, OLD_TEXT = 2 * 30 + 1 };

struct grm_mpeg {
    mpg123_handle *decoder;
    const grm_byte_source *source;
    const char *name;
    unsigned channels, rate;
    unsigned broken;
    bool other;                         // what comes now is at another rate
    char old[GRM_TAG_COUNT][OLD_TEXT];  // texts of an ID3v1 tag, as UTF-8
};

static ssize_t read_bytes(void *user, void *to, size_t count) {
    const grm_byte_source *source = user;
    return (ssize_t)source->read(source->user, to, (int64_t)count);
}

static off_t seek_bytes(void *user, off_t offset, int whence) {
    const grm_byte_source *source = user;
    return (off_t)source->seek(source->user, offset, whence);
}

// ---- what it is ----

static bool read_at(const grm_byte_source *source, int64_t place, uint8_t bytes[PEEK]) {
    return source->seek(source->user, place, SEEK_SET) == place && source->read(source->user, bytes, PEEK) == PEEK;
}

// ID3v2.4 clause 3.1: the size in four times seven bits, of what follows the header. 0: no tag.
static int64_t tag_size(const uint8_t *bytes) {
    if (memcmp(bytes, "ID3", 3) != 0 || ((bytes[6] | bytes[7] | bytes[8] | bytes[9]) & 0x80)) return 0;
    return TAG_HEADER + ((int64_t)bytes[6] << 21 | bytes[7] << 14 | bytes[8] << 7 | bytes[9]);
}

// ISO 11172-3 clause 2.4.2.3: eleven ones, then version, layer, bit rate and sampling rate, none of them a reserved
// value.
static bool is_frame(const uint8_t *bytes) {
    bool sync = bytes[0] == 0xff && (bytes[1] & 0xe0) == 0xe0;
    unsigned version = bytes[1] >> 3 & 3, layer = bytes[1] >> 1 & 3, bits = bytes[2] >> 4, rate = bytes[2] >> 2 & 3;
    return sync && version != 1 && layer != 0 && bits != 15 && rate != 3;
}

static bool is_other(const uint8_t *bytes) {
    bool adts = bytes[0] == 0xff && (bytes[1] & 0xf6) == 0xf0;
    return adts || memcmp(bytes, "fLaC", 4) == 0 || memcmp(bytes, "OggS", 4) == 0 || memcmp(bytes, "RIFF", 4) == 0;
}

bool grm_mpeg_is(const grm_byte_source *source) {
    uint8_t bytes[PEEK];
    bool is = read_at(source, 0, bytes);
    int64_t tag = is ? tag_size(bytes) : 0;
    if (tag > 0)
        is = read_at(source, tag, bytes) && !is_other(bytes);
    else
        is = is && is_frame(bytes);
    return source->seek(source->user, 0, SEEK_SET) == 0 && is;
}

// ---- texts ----

// Latin-1 without the padding behind it.
static void take_old(char out[OLD_TEXT], const char *text, size_t size) {
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == 0)) size--;
    for (size_t i = 0, at = 0; i < size && text[i]; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80) out[at++] = (char)(0xc0 | c >> 6);
        out[at++] = (char)(c < 0x80 ? c : 0x80 | (c & 0x3f));
    }
}

typedef struct genre_wish {
    int number;
    char *name;
} genre_wish;

static void look_for_genre(int number, const char *name, void *user) {
    genre_wish *wish = user;
    if (number == wish->number) snprintf(wish->name, OLD_TEXT, "%s", name);
}

static void take_old_texts(grm_mpeg *m) {
    mpg123_id3v1 *tag = NULL;
    if (mpg123_id3(m->decoder, &tag, NULL) != MPG123_OK || !tag) return;
    genre_wish wish = {tag->genre, m->old[GRM_TAG_GENRE]};
    id3tag_genre_list(look_for_genre, &wish);
    const unsigned char track = (unsigned char)tag->comment[29];  // ID3v1.1: behind a 0
    if (tag->comment[28] == 0 && track > 0) snprintf(m->old[GRM_TAG_TRACK], OLD_TEXT, "%u", track);
    take_old(m->old[GRM_TAG_TITLE], tag->title, sizeof tag->title);
    take_old(m->old[GRM_TAG_ARTIST], tag->artist, sizeof tag->artist);
    take_old(m->old[GRM_TAG_ALBUM], tag->album, sizeof tag->album);
    take_old(m->old[GRM_TAG_DATE], tag->year, sizeof tag->year);
    take_old(m->old[GRM_TAG_COMMENT], tag->comment, sizeof tag->comment);
}

static const char *text_of(const mpg123_string *text) {
    return text && text->fill > 1 && text->p[0] ? text->p : NULL;
}

const char *grm_mpeg_tag(const grm_mpeg *m, grm_tag tag) {
    static const char ids[GRM_TAG_COUNT][2][5] = {
        // ID3v2.4 frames, clause 4.2, and of 2.3
        [GRM_TAG_TITLE] = {"TIT2"},    [GRM_TAG_ARTIST] = {"TPE1"},       [GRM_TAG_ALBUM] = {"TALB"},
        [GRM_TAG_GENRE] = {"TCON"},    [GRM_TAG_DATE] = {"TDRC", "TYER"}, [GRM_TAG_TRACK] = {"TRCK"},
        [GRM_TAG_COPYRIGHT] = {"TCOP"}};
    mpg123_id3v2 *found = NULL;
    const char *text = NULL;
    if (mpg123_id3(m->decoder, NULL, &found) == MPG123_OK && found) {
        for (size_t k = 0; k < 2; k++)
            for (size_t i = 0; i < found->texts && !text && ids[tag][k][0]; i++)
                if (memcmp(found->text[i].id, ids[tag][k], 4) == 0) text = text_of(&found->text[i].text);
        if (tag == GRM_TAG_COMMENT) text = text_of(found->comment);
    }
    return text ? text : m->old[tag][0] ? m->old[tag] : NULL;
}

// ---- opening ----

void grm_mpeg_close(grm_mpeg *m) {
    if (!m) return;
    mpg123_delete(m->decoder);
    free(m);
}

static long flags_of(const grm_byte_source *source) {
    uint8_t bytes[PEEK];
    long flags = MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_GAPLESS;
    bool large = read_at(source, 0, bytes) && tag_size(bytes) > LARGEST_TAG;
    return large ? flags | MPG123_SKIP_ID3V2 : flags;
}

// All rates, as it would print a complaint about those it must not deliver.
static bool allow_formats(mpg123_handle *decoder, int channels) {
    const long *rates;
    size_t count;
    mpg123_rates(&rates, &count);
    bool good = mpg123_format_none(decoder) == MPG123_OK;
    for (size_t i = 0; i < count; i++)
        good = good && mpg123_format(decoder, rates[i], channels, MPG123_ENC_FLOAT_32) == MPG123_OK;
    return good;
}

// The first frame's form is that of the whole: frames with other channels come in it, those of another rate are none.
static bool open_stream(grm_mpeg *m) {
    long rate;
    int channels, encoding;
    mpg123_handle *decoder = m->decoder;
    bool good = mpg123_param(decoder, MPG123_ADD_FLAGS, flags_of(m->source), 0) == MPG123_OK &&
                mpg123_param(decoder, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 0) == MPG123_OK &&
                mpg123_param(decoder, MPG123_RESYNC_LIMIT, MOST_LOST, 0) == MPG123_OK &&
                mpg123_replace_reader_handle(decoder, read_bytes, seek_bytes, NULL) == MPG123_OK &&
                m->source->seek(m->source->user, 0, SEEK_SET) == 0 &&
                mpg123_open_handle(decoder, (void *)(uintptr_t)m->source) == MPG123_OK &&
                mpg123_getformat(decoder, &rate, &channels, &encoding) == MPG123_OK &&
                encoding == MPG123_ENC_FLOAT_32 && rate > 0 && (channels == 1 || channels == 2) &&
                allow_formats(decoder, channels);
    if (good) m->rate = (unsigned)rate, m->channels = (unsigned)channels;
    return good;
}

grm_status grm_mpeg_open(const grm_byte_source *source, const char *name, grm_mpeg **out, grm_error *err) {
    *out = NULL;
    grm_mpeg *m = calloc(1, sizeof *m);
    if (!m) return grm_fail_memory(err);
    m->source = source;
    m->name = name;
    mpg123_init();  // needed before 1.27; libsndfile calls it too
    m->decoder = mpg123_new(NULL, NULL);
    if (!m->decoder) {
        grm_mpeg_close(m);
        return grm_fail_memory(err);
    }
    if (!open_stream(m)) {
        grm_status status =
            grm_fail(err, GRM_BAD_INPUT, "'%s' is not an MP3 that can be read: %s", name, mpg123_strerror(m->decoder));
        grm_mpeg_close(m);
        return status;
    }
    take_old_texts(m);
    *out = m;
    return GRM_OK;
}

unsigned grm_mpeg_channels(const grm_mpeg *m) {
    return m->channels;
}

unsigned grm_mpeg_rate(const grm_mpeg *m) {
    return m->rate;
}

int64_t grm_mpeg_frames(const grm_mpeg *m) {
    off_t frames = mpg123_length(m->decoder);
    return frames > 0 ? frames : 0;
}

// ---- reading ----

static void look_at_format(grm_mpeg *m) {
    long rate = 0;
    m->other = mpg123_getformat(m->decoder, &rate, NULL, NULL) != MPG123_OK || rate != (long)m->rate;
}

size_t grm_mpeg_read(grm_mpeg *m, float *block, size_t frames) {
    size_t frame = m->channels * sizeof(float), all = frames * frame, got = 0;
    while (got < all && m->broken < MOST_BROKEN) {
        size_t done = 0;
        int result = mpg123_read(m->decoder, (unsigned char *)block + got, all - got, &done);
        if (!m->other) got += done;
        if (result == MPG123_DONE || result == MPG123_NEED_MORE) break;
        if (result == MPG123_NEW_FORMAT) look_at_format(m);
        if (result == MPG123_OK && !m->other) continue;
        if (mpg123_errcode(m->decoder) == MPG123_RESYNC_FAIL) break;
        m->broken++;
    }
    return got / frame;
}
