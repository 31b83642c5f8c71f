#include "audio/pcm.h"

#include <math.h>
#include <string.h>

// fmax and fmin by comparison, so that NaN comes out as the low end's twin below and loops stay vectors.
static inline float clip(float x, float low, float high) {
    x = x > low ? x : low;
    return x < high ? x : high;
}

// Rounds half to even, as the default mode of the processor does.
static inline int32_t to_int(float x, float scale, float low, float high) {
    float scaled = x == x ? x * scale : 0.0f;
    return (int32_t)lrintf(clip(scaled, low, high));
}

static inline int32_t to_24(float x) {
    return to_int(x, 0x1p23f, -0x1p23f, 0x1p23f - 1.0f);
}

void grm_pcm_to_16(const float *const *planes, unsigned channels, size_t frames, uint8_t *out) {
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) {
            uint32_t sample = (uint32_t)to_int(planes[c][i], 0x1p15f, -0x1p15f, 0x1p15f - 1.0f);
            uint8_t *to = out + 2 * (i * channels + c);
            to[0] = (uint8_t)sample;
            to[1] = (uint8_t)(sample >> 8);
        }
}

void grm_pcm_to_24(const float *const *planes, unsigned channels, size_t frames, uint8_t *out) {
    // In the order of the file: each sample is stored as four bytes, and the next one overwrites the fourth.
    for (size_t i = 0; i < frames; i++)
        for (unsigned c = 0; c < channels; c++) {
            uint32_t sample = (uint32_t)to_24(planes[c][i]);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            memcpy(out, &sample, 4);
#else
            out[0] = (uint8_t)sample;
            out[1] = (uint8_t)(sample >> 8);
            out[2] = (uint8_t)(sample >> 16);
#endif
            out += 3;
        }
}

void grm_pcm_to_24_high(const float *const *planes, unsigned channels, size_t frames, int32_t *out) {
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) out[i * channels + c] = to_24(planes[c][i]) * 256;
}

void grm_pcm_interleave(const float *const *planes, unsigned channels, size_t frames, float *out) {
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) out[i * channels + c] = planes[c][i];
}

void grm_pcm_interleave_clipped(const float *const *planes, unsigned channels, size_t frames, float *out) {
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) {
            float x = planes[c][i];
            out[i * channels + c] = x == x ? clip(x, -1.0f, 1.0f) : 0.0f;
        }
}
