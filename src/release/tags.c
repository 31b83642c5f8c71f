#include "release/tags.h"

#include <stdlib.h>
#include <string.h>

static const char software[] = "Grammy Engine " GRM_VERSION;

typedef struct buffer {
    uint8_t *bytes;
    size_t size, room;
    bool failed;
} buffer;

static void put(buffer *b, const void *bytes, size_t size) {
    if (b->failed || size == 0) return;
    if (size > b->room - b->size) {
        size_t room = b->room * 2 + size + 256;
        uint8_t *larger = realloc(b->bytes, room);
        if (!larger) {
            b->failed = true;
            return;
        }
        b->bytes = larger, b->room = room;
    }
    memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
}

static void put_byte(buffer *b, unsigned byte) {
    uint8_t one = (uint8_t)byte;
    put(b, &one, 1);
}

static grm_status hand_over(buffer *b, uint8_t **bytes, size_t *size, grm_error *err) {
    if (b->failed) {
        free(b->bytes);
        return grm_fail_memory(err);
    }
    *bytes = b->bytes, *size = b->size;
    return GRM_OK;
}

// ---- RIFF ----

static void put_u32_le(buffer *b, size_t x) {
    for (int i = 0; i < 4; i++) put_byte(b, (unsigned)(x >> (8 * i) & 255));
}

// A text with its zero, padded to an even size.
static void put_info(buffer *b, const char *id, const char *text) {
    if (!text || !text[0]) return;
    size_t size = strlen(text) + 1;
    put(b, id, 4);
    put_u32_le(b, size);
    put(b, text, size);
    if (size % 2) put_byte(b, 0);
}

grm_status grm_tags_info(const grm_tags *tags, uint8_t **bytes, size_t *size, grm_error *err) {
    buffer b = {0};
    put(&b, "LIST\0\0\0\0INFO", 12);
    put_info(&b, "INAM", tags->title);
    put_info(&b, "IART", tags->artist);
    put_info(&b, "IPRD", tags->album);
    put_info(&b, "IGNR", tags->genre);
    put_info(&b, "ICMT", tags->comment);
    put_info(&b, "ICRD", tags->date);
    put_info(&b, "ISFT", software);
    for (int i = 0; !b.failed && i < 4; i++) b.bytes[4 + i] = (uint8_t)((b.size - 8) >> (8 * i));
    return hand_over(&b, bytes, size, err);
}

// ---- ID3 ----

// Seven bits a byte, so that no tag looks like the start of a frame of sound.
static void put_syncsafe(buffer *b, size_t x) {
    for (int i = 3; i >= 0; i--) put_byte(b, (unsigned)(x >> (7 * i) & 127));
}

static void put_frame(buffer *b, const char *id, const void *head, size_t head_size, const void *body, size_t size) {
    put(b, id, 4);
    put_syncsafe(b, head_size + size);
    put(b, "\0\0", 2);
    put(b, head, head_size);
    put(b, body, size);
}

static void put_text(buffer *b, const char *id, const char *text) {
    if (text && text[0]) put_frame(b, id, "\3", 1, text, strlen(text));  // 3: UTF-8
}

static void put_described(buffer *b, const char *name, const char *value) {
    char head[32];
    int length = snprintf(head, sizeof head, "\3%s", name);
    if (value && value[0]) put_frame(b, "TXXX", head, (size_t)length + 1, value, strlen(value));
}

void grm_tags_key(const char *name, char text[4]) {
    static const char *const minor[] = {"min", "dorian", "phrygian", "locrian"};
    size_t length = 0;
    text[length++] = name[0];
    if (name[0] && (name[1] == '#' || name[1] == 'b')) text[length++] = name[1];
    for (size_t i = 0; i < GRM_COUNT(minor); i++)
        if (strstr(name, minor[i])) {
            text[length++] = 'm';
            break;
        }
    text[length] = 0;
}

grm_status grm_tags_id3(const grm_tags *tags, double duration_s, uint8_t **bytes, size_t *size, grm_error *err) {
    static const char comment_head[] = "\3eng";            // with its zero: an empty description
    static const char picture_head[] = "\3image/png\0\3";  // front cover, an empty description
    buffer b = {0};
    char number[32], key[4] = "";
    put(&b, "ID3\4\0\0\0\0\0\0", 10);
    put_text(&b, "TIT2", tags->title);
    put_text(&b, "TPE1", tags->artist);
    put_text(&b, "TALB", tags->album);
    put_text(&b, "TCON", tags->genre);
    put_text(&b, "TDRC", tags->date);
    if (tags->tempo_bpm > 0) {
        snprintf(number, sizeof number, "%.0f", tags->tempo_bpm);
        put_text(&b, "TBPM", number);
    }
    if (tags->key && tags->key[0]) grm_tags_key(tags->key, key);
    put_text(&b, "TKEY", key);
    put_text(&b, "TSRC", tags->isrc);
    snprintf(number, sizeof number, "%.0f", duration_s * 1000);
    put_text(&b, "TLEN", number);
    put_text(&b, "TSSE", software);
    if (tags->comment && tags->comment[0])
        put_frame(&b, "COMM", comment_head, sizeof comment_head, tags->comment, strlen(tags->comment));
    put_described(&b, "KEY", tags->key);
    if (tags->cover_png && tags->cover_size < 16u << 20)
        put_frame(&b, "APIC", picture_head, sizeof picture_head, tags->cover_png, tags->cover_size);
    if (!b.failed)
        for (int i = 0; i < 4; i++) b.bytes[6 + i] = (uint8_t)((b.size - 10) >> (7 * (3 - i)) & 127);
    return hand_over(&b, bytes, size, err);
}
