// LAME takes three seconds for three minutes, on one thread: the longest stretch of the line that nothing else could
// share. Without a bit reservoir, frames depend on each other only through the overlap of transforms and the encoder's
// short memory. So the sound is cut into pieces of whole frames; the encoder of each begins a few frames early, and
// what it makes of those is dropped. The pieces are the same for any number of threads.
#include "release/mp3.h"

#include <lame/lame.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAME = 1152,  // samples
    PIECE = 600,   // frames: 14 s at 48 kHz
    WARM_UP = 16,  // frames that let an encoder's memory settle
    KBPS = 320,
    ENCODER_DELAY = 576,  // samples of silence that LAME puts before the sound
    DECODER_DELAY = 529,  // and every decoder, which cuts it away by the Info frame
};

typedef struct encoding {
    const grm_run *run;
    size_t stage;
    const grm_tape *sound;
    size_t frames, frame_bytes;
    uint8_t *out;  // [1 + frames][frame_bytes]; the first is the Info frame
    atomic_size_t done;
    atomic_int status;  // of the first piece that failed
} encoding;

bool grm_mp3_divisible(const grm_tape *sound) {
    unsigned rate_hz = grm_tape_rate(sound);
    return grm_tape_channels(sound) <= 2 && (rate_hz == 48000 || rate_hz == 32000);
}

static void say_nothing(const char *format, va_list arguments) {
    (void)format, (void)arguments;
}

static lame_t open_encoder(const grm_tape *sound, bool joint_stereo) {
    lame_t lame = lame_init();
    if (!lame) return NULL;
    lame_set_errorf(lame, say_nothing);
    lame_set_msgf(lame, say_nothing);
    lame_set_debugf(lame, say_nothing);
    lame_set_in_samplerate(lame, (int)grm_tape_rate(sound));
    lame_set_out_samplerate(lame, (int)grm_tape_rate(sound));
    lame_set_num_channels(lame, (int)grm_tape_channels(sound));
    lame_set_mode(lame, grm_tape_channels(sound) == 1 ? MONO : joint_stereo ? JOINT_STEREO : STEREO);
    lame_set_VBR(lame, vbr_off);
    lame_set_brate(lame, KBPS);
    // At this rate the search for the best noise shaping has nothing left to find: without it the noise lies as low in
    // the median of all bands up to 16 kHz within 2 dB, and 14 dB or more under the music in 19 of 20 frames of each
    // band up to 12 kHz, for half the time.
    lame_set_quality(lame, 7);
    lame_set_disable_reservoir(lame, 1);
    lame_set_bWriteVbrTag(lame, 0);
    lame_set_write_id3tag_automatic(lame, 0);
    if (lame_init_params(lame) < 0) {
        lame_close(lame);
        return NULL;
    }
    return lame;
}

// A frame's worth from `start`: two planes, the same where there is one channel; silence beyond the end, nothing
// outside full scale.
static grm_status gather(const grm_tape *sound, size_t start, float *const x[2]) {
    grm_status status = grm_tape_read(sound, start, FRAME, x, NULL);
    if (grm_tape_channels(sound) == 1) memcpy(x[1], x[0], FRAME * sizeof(float));
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < FRAME; i++) x[side][i] = fminf(1, fmaxf(-1, x[side][i]));
    return status;
}

// Encodes frames first..first+count into their places. `scratch` takes what the encoder gives out at once.
static grm_status encode_frames(encoding *e, lame_t lame, size_t first, size_t count, uint8_t *scratch, size_t room) {
    float left[FRAME], right[FRAME], *const planes[2] = {left, right};
    size_t lead = first < WARM_UP ? first : WARM_UP, drop = lead * e->frame_bytes, want = count * e->frame_bytes;
    uint8_t *out = e->out + (1 + first) * e->frame_bytes;
    // The encoder holds some frames back; silence beyond the end pushes the last ones out.
    for (size_t frame = first - lead; want > 0; frame++) {
        if (frame > first + count + 64) return GRM_FAILED;
        if (gather(e->sound, frame * FRAME, planes)) return GRM_FAILED;
        int got = lame_encode_buffer_ieee_float(lame, left, right, FRAME, scratch, (int)room);
        if (got < 0) return GRM_FAILED;
        size_t skip = (size_t)got < drop ? (size_t)got : drop, take = (size_t)got - skip;
        if (take > want) take = want;
        memcpy(out, scratch + skip, take);
        drop -= skip, want -= take, out += take;
        if (frame % 32 == 0 && grm_run_check(e->run, NULL) != GRM_OK) return GRM_CANCELLED;
    }
    return GRM_OK;
}

static void encode_piece(void *context, size_t index) {
    encoding *e = context;
    size_t first = index * PIECE, count = e->frames - first < PIECE ? e->frames - first : PIECE;
    size_t room = 4 * e->frame_bytes + 7200;  // lame.h: 1.25 times the samples, and 7200
    uint8_t *scratch = malloc(room);
    bool joint_stereo = !e->run || !e->run->profile || e->run->profile->mp3_joint_stereo;
    lame_t lame = scratch && atomic_load(&e->status) == GRM_OK ? open_encoder(e->sound, joint_stereo) : NULL;
    grm_status status = lame ? encode_frames(e, lame, first, count, scratch, room) : GRM_FAILED;
    int none = GRM_OK;
    if (status != GRM_OK) atomic_compare_exchange_strong(&e->status, &none, (int)status);
    if (lame) lame_close(lame);
    free(scratch);
    size_t done = atomic_fetch_add(&e->done, count) + count;
    if (e->run) grm_progress_step(e->run->progress, e->stage, (double)done / (double)e->frames);
}

// ---- the Info frame (Gabriel Bouvigne, "Mp3 info tag, revision 1", and LAME's VbrTag.c) ----

static void put_be(uint8_t *at, size_t value, int bytes) {
    for (int i = bytes; i-- > 0; value >>= 8) at[i] = (uint8_t)value;
}

// CRC-16/ARC, a bit at a time as the table is made.
static uint16_t crc16(const uint8_t *bytes, size_t size) {
    uint16_t table[256], crc = 0;
    for (unsigned i = 0; i < 256; i++) {
        table[i] = (uint16_t)i;
        for (int bit = 0; bit < 8; bit++) table[i] = (uint16_t)(table[i] & 1 ? table[i] >> 1 ^ 0xa001 : table[i] >> 1);
    }
    for (size_t i = 0; i < size; i++) crc = (uint16_t)(table[(crc ^ bytes[i]) & 255] ^ crc >> 8);
    return crc;
}

static void write_info(encoding *e) {
    uint8_t *frame = e->out, *tag = frame + 4 + (grm_tape_channels(e->sound) == 1 ? 17 : 32);
    size_t size = (1 + e->frames) * e->frame_bytes;
    size_t padding = e->frames * FRAME - ENCODER_DELAY - grm_tape_frames(e->sound);
    memset(frame, 0, e->frame_bytes);
    memcpy(frame, frame + e->frame_bytes, 4);  // the header of any other frame
    memcpy(tag, "Info", 4);
    put_be(tag + 4, 15, 4);  // frames, bytes, contents, quality follow
    put_be(tag + 8, e->frames, 4);
    put_be(tag + 12, size, 4);
    for (unsigned i = 0; i < 100; i++) tag[16 + i] = (uint8_t)(i * 256 / 100);
    put_be(tag + 116, 100, 4);
    memcpy(tag + 120, "LAME3.100", 9);
    tag[129] = 1;    // constant rate
    tag[130] = 201;  // the lowpass at 320 kb/s, 100 Hz
    tag[140] = 255;  // kb/s, 255 and above
    put_be(tag + 141, (size_t)ENCODER_DELAY << 12 | (padding < 4095 ? padding : 4095), 3);
    put_be(tag + 148, size, 4);
    put_be(tag + 152, crc16(frame + e->frame_bytes, size - e->frame_bytes), 2);
    put_be(tag + 154, crc16(frame, (size_t)(tag + 154 - frame)), 2);
}

grm_status grm_mp3_encode(const grm_run *run, size_t stage, const grm_tape *sound, uint8_t **bytes, size_t *size,
                          grm_error *err) {
    encoding e = {.run = run, .stage = stage, .sound = sound};
    e.frames = (grm_tape_frames(sound) + ENCODER_DELAY + DECODER_DELAY + FRAME - 1) / FRAME;
    e.frame_bytes = (size_t)KBPS * 1000 * FRAME / 8 / grm_tape_rate(sound);
    e.out = malloc((1 + e.frames) * e.frame_bytes);
    if (!e.out) return grm_fail_memory(err);
    size_t pieces = (e.frames + PIECE - 1) / PIECE;
    if (run)
        grm_pool_run(run->pool, pieces, encode_piece, &e);
    else
        for (size_t i = 0; i < pieces; i++) encode_piece(&e, i);
    grm_status status = (grm_status)atomic_load(&e.status);
    if (status != GRM_OK) {
        free(e.out);
        if (status == GRM_CANCELLED) return grm_run_check(run, err);
        return grm_fail(err, GRM_FAILED, "cannot encode MP3: LAME gave up, perhaps for want of memory");
    }
    write_info(&e);
    *bytes = e.out;
    *size = (1 + e.frames) * e.frame_bytes;
    return GRM_OK;
}
