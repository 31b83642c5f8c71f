#include "audio/ogg.h"

#include <string.h>
#include <unistd.h>

enum { HEADER = 27, MOST_SEGMENTS = 255, MOST_PAGE = HEADER + MOST_SEGMENTS + MOST_SEGMENTS * 255 };
enum { KIND = 5, SERIAL = 14, CHECKSUM = 22, SEGMENTS = 26 };  // places in a page's header

// Polynomial 0x04c11db7, highest bit first, nothing inverted.
static uint32_t checksum(const uint32_t table[256], const uint8_t *bytes, size_t size) {
    uint32_t crc = 0;
    for (size_t i = 0; i < size; i++) crc = crc << 8 ^ table[crc >> 24 ^ bytes[i]];
    return crc;
}

static void fill_table(uint32_t table[256]) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i << 24;
        for (int bit = 0; bit < 8; bit++) crc = crc & 0x80000000u ? crc << 1 ^ 0x04c11db7u : crc << 1;
        table[i] = crc;
    }
}

static void put_le(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (8 * i));
}

size_t grm_ogg_links(const grm_byte_source *source, int64_t *starts, size_t most) {
    const uint8_t begins = 2;  // of the kinds of pages: the first one of a stream (RFC 3533, clause 6)
    uint8_t page[HEADER + MOST_SEGMENTS];
    size_t count = 0;
    bool before = false;  // streams of one link begin together
    for (int64_t place = 0; count < most;) {
        if (source->seek(source->user, place, SEEK_SET) != place) break;
        int64_t got = source->read(source->user, page, sizeof page);
        if (got < HEADER || memcmp(page, "OggS", 4) != 0 || got < HEADER + page[SEGMENTS]) break;
        bool begin = page[KIND] & begins;
        if (begin && !before) starts[count++] = place;
        before = begin;
        place += HEADER + page[SEGMENTS];
        for (size_t i = 0; i < page[SEGMENTS]; i++) place += page[HEADER + i];
    }
    return count;
}

bool grm_ogg_renumber(int file, uint32_t serial) {
    uint8_t page[MOST_PAGE];
    uint32_t table[256];
    fill_table(table);
    for (off_t place = 0;;) {
        ssize_t got = pread(file, page, sizeof page, place);
        if (got == 0) return place > 0;
        if (got < HEADER || memcmp(page, "OggS", 4) != 0) return false;
        size_t size = HEADER + (size_t)page[SEGMENTS];
        if ((size_t)got < size) return false;
        for (size_t i = 0; i < page[SEGMENTS]; i++) size += page[HEADER + i];
        if ((size_t)got < size) return false;
        put_le(page + SERIAL, serial);
        put_le(page + CHECKSUM, 0);
        put_le(page + CHECKSUM, checksum(table, page, size));
        if (pwrite(file, page, HEADER, place) != HEADER) return false;
        place += (off_t)size;
    }
}
