// SHA-1 as FIPS 180-4 has it, sections 5 and 6.1: only to tell whether a file is the one that a hub lists by its git
// name, never against someone who wants to deceive.
#include <string.h>

#include "base/base.h"

static uint32_t rotate(uint32_t x, int bits) {
    return x << bits | x >> (32 - bits);
}

static void compress(uint32_t state[5], const unsigned char *block) {
    static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80];
    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 | (uint32_t)block[4 * t + 2] << 8 |
               block[4 * t + 3];
    for (int t = 16; t < 80; t++) w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int t = 0; t < 80; t++) {
        uint32_t f = t < 20 ? (b & c) | (~b & d) : t >= 40 && t < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
        uint32_t next = rotate(a, 5) + f + e + constants[t / 20] + w[t];
        e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

// The message is `head` and `bytes`, one behind the other, taken a block at a time.
typedef struct feed {
    uint32_t state[5];
    unsigned char block[64];
    size_t filled;
} feed;

static void take(feed *f, const unsigned char *bytes, size_t size) {
    while (size > 0) {
        size_t part = sizeof f->block - f->filled;
        if (part > size) part = size;
        memcpy(f->block + f->filled, bytes, part);
        f->filled += part;
        bytes += part;
        size -= part;
        if (f->filled < sizeof f->block) return;
        compress(f->state, f->block);
        f->filled = 0;
    }
}

void grm_git_blob_hex(const void *bytes, size_t size, char hex[41]) {
    feed f = {.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
    char head[32];
    size_t head_size = (size_t)snprintf(head, sizeof head, "blob %zu", size) + 1;  // the zero byte belongs to it
    take(&f, (const unsigned char *)head, head_size);
    if (size > 0) take(&f, bytes, size);

    // A one bit, zeros, and the length in bits end the last block.
    static const unsigned char padding[64] = {0x80};
    uint64_t bits = (uint64_t)(head_size + size) * 8;
    take(&f, padding, (f.filled < 56 ? 56 : 120) - f.filled);
    unsigned char length[8];
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)(bits >> (56 - 8 * i));
    take(&f, length, sizeof length);

    for (int i = 0; i < 20; i++) {
        unsigned byte = f.state[i / 4] >> (24 - 8 * (i % 4)) & 0xff;
        hex[2 * i] = "0123456789abcdef"[byte >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[byte & 15];
    }
    hex[40] = '\0';
}
