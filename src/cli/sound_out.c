// Sound to standard output while it is made: WAV in float32, whose header tells the length ahead. Nothing is clipped or
// turned down, as peaks to come aren't known; players take both.
#include "cli/sound_out.h"

#include <errno.h>
#include <string.h>

static void put(uint8_t **at, uint32_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) *(*at)++ = (uint8_t)(value >> 8 * i);
}

static void put_name(uint8_t **at, const char *name) {
    memcpy(*at, name, 4);
    *at += 4;
}

static grm_status write_bytes(const void *bytes, size_t size, grm_error *err) {
    if (fwrite(bytes, 1, size, stdout) == size) return GRM_OK;
    return grm_fail(err, GRM_FAILED, "standard output: %s", strerror(errno));
}

// RIFF with WAVE_FORMAT_IEEE_FLOAT (3), which asks for a fact chunk (Microsoft 1994, "New multimedia data types").
static grm_status write_header(const grm_audio *audio, grm_error *err) {
    uint8_t header[58], *at = header;
    uint32_t frame = 4 * audio->channels, data = (uint32_t)audio->frames * frame;
    put_name(&at, "RIFF"), put(&at, data + sizeof header - 8, 4), put_name(&at, "WAVE");
    put_name(&at, "fmt "), put(&at, 18, 4), put(&at, 3, 2), put(&at, audio->channels, 2);
    put(&at, audio->rate_hz, 4), put(&at, audio->rate_hz * frame, 4), put(&at, frame, 2), put(&at, 32, 2),
        put(&at, 0, 2);
    put_name(&at, "fact"), put(&at, 4, 4), put(&at, (uint32_t)audio->frames, 4);
    put_name(&at, "data"), put(&at, data, 4);
    return write_bytes(header, sizeof header, err);
}

static grm_status write_frames(const grm_audio *audio, size_t from, size_t to, grm_error *err) {
    enum { BLOCK = 1024 };
    uint8_t block[BLOCK * GRM_MAX_CHANNELS * 4];
    for (size_t begin = from; begin < to; begin += BLOCK) {
        size_t end = begin + BLOCK < to ? begin + BLOCK : to;
        uint8_t *at = block;
        for (size_t i = begin; i < end; i++)
            for (unsigned c = 0; c < audio->channels; c++) {
                uint32_t bits;
                memcpy(&bits, &audio->plane[c][i], sizeof bits);
                put(&at, bits, 4);
            }
        grm_status status = write_bytes(block, (size_t)(at - block), err);
        if (status) return status;
    }
    return grm_print_flush(err);
}

grm_status grm_sound_out(void *context, unsigned variation, const grm_audio *audio, size_t from, size_t to,
                         grm_error *err) {
    (void)context;
    (void)variation;  // only one can be piped
    grm_status status = from == 0 ? write_header(audio, err) : GRM_OK;
    return status ? status : write_frames(audio, from, to, err);
}
