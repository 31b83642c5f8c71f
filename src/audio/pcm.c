#include "audio/pcm.h"

#include <math.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { PIECE = 256 };  // frames converted at once

static inline float clip(float x, float low, float high) {
    x = x > low ? x : low;
    return x < high ? x : high;
}

// Rounds half to even, as the vector instruction does; `full` is the step count of full scale.
static inline int32_t to_step(float x, float full) {
    return x == x ? (int32_t)lrintf(clip(x * full, -full, full - 1.0f)) : 0;
}

static void to_steps(const float *in, size_t count, float full, int32_t *out) {
    size_t i = 0;
#if defined(__SSE2__)  // all of x86-64; compilers leave lrintf alone
    const __m128 scale = _mm_set1_ps(full), low = _mm_set1_ps(-full), high = _mm_set1_ps(full - 1.0f);
    for (; i + 4 <= count; i += 4) {
        __m128 x = _mm_loadu_ps(in + i);
        x = _mm_and_ps(x, _mm_cmpord_ps(x, x));
        x = _mm_min_ps(_mm_max_ps(_mm_mul_ps(x, scale), low), high);
        _mm_storeu_si128((__m128i *)(void *)(out + i), _mm_cvtps_epi32(x));
    }
#endif
    for (; i < count; i++) out[i] = to_step(in[i], full);
}

static inline void store_little(uint8_t *out, uint32_t sample) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(out, &sample, 4);
#else
    for (int i = 0; i < 4; i++) out[i] = (uint8_t)(sample >> (8 * i));
#endif
}

// Packs `bytes` a sample. Samples are stored four bytes wide in the order of the file; the next one overwrites what is
// too much.
static void pack(const float *const *planes, unsigned channels, size_t frames, unsigned bytes, uint8_t *out) {
    int32_t steps[8][PIECE];
    const float full = bytes == 2 ? 0x1p15f : 0x1p23f;
    for (size_t done = 0; done < frames;) {
        size_t count = frames - done < PIECE ? frames - done : PIECE;
        for (unsigned c = 0; c < channels; c++) to_steps(planes[c] + done, count, full, steps[c]);
        for (size_t i = 0; i < count; i++)
            for (unsigned c = 0; c < channels; c++, out += bytes) store_little(out, (uint32_t)steps[c][i]);
        done += count;
    }
}

void grm_pcm_to_16(const float *const *planes, unsigned channels, size_t frames, uint8_t *out) {
    pack(planes, channels, frames, 2, out);
}

void grm_pcm_to_24(const float *const *planes, unsigned channels, size_t frames, uint8_t *out) {
    pack(planes, channels, frames, 3, out);
}

void grm_pcm_to_24_high(const float *const *planes, unsigned channels, size_t frames, int32_t *out) {
    int32_t steps[PIECE];
    for (unsigned c = 0; c < channels; c++)
        for (size_t done = 0; done < frames; done += PIECE) {
            size_t count = frames - done < PIECE ? frames - done : PIECE;
            to_steps(planes[c] + done, count, 0x1p23f, steps);
            for (size_t i = 0; i < count; i++) out[(done + i) * channels + c] = steps[i] * 256;
        }
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
