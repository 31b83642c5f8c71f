#include "meter/level_channel.h"

#include <stdlib.h>
#include <string.h>

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

enum { TILE = GRM_LEVEL_TILE, CONTEXT = GRM_LEVEL_CONTEXT, SHORTEST_CLIP = 3 };
static const float clip_level = 0.98f, silence_level = 1e-3f;

void grm_level_channel_init(grm_level_channel *c, size_t second) {
    *c = (grm_level_channel){.second = second};
}

void grm_level_channel_free(grm_level_channel *c) {
    free(c->true_peaks);
}

static bool grow(grm_level_channel *c, size_t seconds) {
    if (seconds > c->room) {
        size_t room = c->room ? 2 * c->room : 1024;
        if (room < seconds) room = seconds;
        float *larger = realloc(c->true_peaks, room * sizeof *larger);
        if (!larger) return false;
        c->true_peaks = larger;
        c->room = room;
    }
    while (c->seconds < seconds) c->true_peaks[c->seconds++] = 0;
    return true;
}

// x: [TILE] with GRM_PEAK_MARGIN frames around that go through the meter.
static bool take_peaks(grm_level_channel *c, const grm_peak_meter *meter, const float *x) {
    if (!grow(c, (c->peaked + TILE - 1) / c->second + 1)) return false;
    for (size_t at = 0; at < TILE;) {
        size_t now = (c->peaked + at) / c->second, left = (now + 1) * c->second - c->peaked - at;
        size_t hops = (left + GRM_PEAK_HOP - 1) / GRM_PEAK_HOP;
        if (hops > (TILE - at) / GRM_PEAK_HOP) hops = (TILE - at) / GRM_PEAK_HOP;
        grm_peak_meter_raise(meter, x + at, hops, &c->true_peaks[now]);
        at += hops * GRM_PEAK_HOP;
    }
    c->peaked += TILE;
    return true;
}

// The tile is full: what goes through the meter is GRM_PEAK_MARGIN frames old.
static bool end_tile(grm_level_channel *c, const grm_peak_meter *meter) {
    bool ok = take_peaks(c, meter, c->tile + GRM_PEAK_MARGIN);
    memmove(c->tile, c->tile + TILE, CONTEXT * sizeof *c->tile);
    c->filled = 0;
    return ok;
}

static void end_run(grm_level_channel *c) {
    if (c->run >= SHORTEST_CLIP) c->clipped += c->run;
    c->run = 0;
}

static void look_for_clips(grm_level_channel *c, const float *x, size_t frames) {
    enum { STRETCH = 32 };
    for (size_t i = 0; i < frames; i++) {
        if (!c->run && i % STRETCH == 0 && i + STRETCH <= frames && grm_peak(x + i, STRETCH) < clip_level) {
            i += STRETCH - 1;  // nothing begins here
            continue;
        }
        if (c->run && x[i] != c->extreme) end_run(c);
        if (fabsf(x[i]) >= clip_level) {
            c->extreme = x[i];
            c->run++;
        }
    }
}

static void look_for_silence(grm_level_channel *c, const float *x, size_t frames) {
    size_t i = frames;
    while (!(fabsf(x[i - 1]) > silence_level)) i--;
    c->last = c->frames + i;
    if (c->first) return;
    for (i = 0; !(fabsf(x[i]) > silence_level);) i++;
    c->first = c->frames + i + 1;
}

// Of a tile: the largest magnitude, the sum and that of the squares, and what a 24-bit integer would hold.
typedef struct figures {
    float peak;
    double sum, power;
    uint32_t bits;
    bool beyond_24;
} figures;

enum { SUMS = 8, SQUARES = 16 };  // that are made side by side

// The frames behind the last whole SQUARES, and what was made of those before.
static void add_rest(const float *x, size_t frames, const float sums[SUMS], const float squares[SQUARES],
                     uint32_t beyond, figures *f) {
    for (size_t i = frames / SQUARES * SQUARES; i < frames; i++) {
        float scaled = x[i] * 0x1p23f;
        scaled = scaled > 0x1p30f ? 0.5f : scaled < -0x1p30f ? 0.5f : scaled;  // too large: not held either
        int32_t whole = (int32_t)scaled;
        f->peak = fabsf(x[i]) > f->peak ? fabsf(x[i]) : f->peak;
        f->sum += (double)x[i];
        f->power += (double)x[i] * (double)x[i];
        f->bits |= (uint32_t)whole;
        beyond |= (float)whole != scaled;
    }
    for (size_t k = 0; k < SUMS; k++) f->sum += (double)sums[k];
    for (size_t k = 0; k < SQUARES; k++) f->power += (double)squares[k];
    f->beyond_24 = beyond != 0;
}

static void measure_plain(const float *x, size_t frames, figures *f) {
    float sums[SUMS] = {0}, squares[SQUARES] = {0};
    uint32_t beyond = 0;
    for (size_t i = 0; i + SQUARES <= frames; i += SQUARES)
        for (size_t k = 0; k < SQUARES; k++) {
            float now = x[i + k], scaled = now * 0x1p23f;
            scaled = scaled > 0x1p30f ? 0.5f : scaled < -0x1p30f ? 0.5f : scaled;
            int32_t whole = (int32_t)scaled;
            f->peak = fabsf(now) > f->peak ? fabsf(now) : f->peak;
            sums[k % SUMS] += now;
            squares[k] += now * now;
            f->bits |= (uint32_t)whole;
            beyond |= (float)whole != scaled;
        }
    add_rest(x, frames, sums, squares, beyond, f);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void measure_avx2(const float *x, size_t frames, figures *f) {
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff)), full = _mm256_set1_ps(0x1p23f);
    __m256 sum = _mm256_setzero_ps(), square[2] = {sum, sum}, most = sum, beyond = sum;
    __m256i bits = _mm256_setzero_si256();
    for (size_t i = 0; i + SQUARES <= frames; i += SQUARES)
        for (size_t k = 0; k < 2; k++) {
            __m256 now = _mm256_loadu_ps(x + i + 8 * k), scaled = _mm256_mul_ps(now, full);
            __m256i whole = _mm256_cvttps_epi32(scaled);  // INT32_MIN of what is too large, which is not held
            most = _mm256_max_ps(most, _mm256_and_ps(now, magnitude));
            sum = _mm256_add_ps(sum, now);
            square[k] = _mm256_add_ps(square[k], _mm256_mul_ps(now, now));
            bits = _mm256_or_si256(bits, whole);
            beyond = _mm256_or_ps(beyond, _mm256_cmp_ps(_mm256_cvtepi32_ps(whole), scaled, _CMP_NEQ_UQ));
        }
    float sums[SUMS], squares[SQUARES], peaks[8];
    uint32_t each[8];
    _mm256_storeu_ps(sums, sum);
    _mm256_storeu_ps(squares, square[0]);
    _mm256_storeu_ps(squares + 8, square[1]);
    _mm256_storeu_ps(peaks, most);
    _mm256_storeu_si256((__m256i *)(void *)each, bits);
    for (size_t k = 0; k < 8; k++) f->peak = peaks[k] > f->peak ? peaks[k] : f->peak;
    for (size_t k = 0; k < 8; k++) f->bits |= each[k];
    add_rest(x, frames, sums, squares, (uint32_t)_mm256_movemask_ps(beyond), f);
    f->beyond_24 |= f->peak > 0x1p7f;
}
#else
#define measure_avx2 measure_plain
#endif

static void hear_tile(grm_level_channel *c, const grm_peak_meter *meter, const float *x, size_t frames) {
    figures f = {0};
    (meter->avx2 ? measure_avx2 : measure_plain)(x, frames, &f);
    c->sum += f.sum;
    c->power += f.power;
    c->bits |= f.bits;
    c->beyond_24 |= f.beyond_24;
    if (f.peak > c->peak) c->peak = f.peak;
    if (f.peak >= clip_level)
        look_for_clips(c, x, frames);
    else
        end_run(c);
    if (f.peak > silence_level) look_for_silence(c, x, frames);
    c->frames += frames;
}

bool grm_level_channel_hear(grm_level_channel *c, const grm_peak_meter *meter, const float *x, size_t frames) {
    for (size_t at = 0; at < frames;) {
        size_t count = TILE - c->filled < frames - at ? TILE - c->filled : frames - at;
        hear_tile(c, meter, x + at, count);
        if (at >= CONTEXT && count == TILE) {  // all of it lies in the block
            const float *behind = x + at + TILE - CONTEXT;
            if (!take_peaks(c, meter, x + at + GRM_PEAK_MARGIN - CONTEXT)) return false;
            memcpy(c->tile, behind, CONTEXT * sizeof *behind);
        } else {
            memcpy(c->tile + CONTEXT + c->filled, x + at, count * sizeof *x);
            c->filled += count;
            if (c->filled == TILE && !end_tile(c, meter)) return false;
        }
        at += count;
    }
    return true;
}

bool grm_level_channel_end(grm_level_channel *c, const grm_peak_meter *meter) {
    end_run(c);
    for (int rest = 0; rest < 2; rest++) {  // the second for what the meter still holds
        memset(c->tile + CONTEXT + c->filled, 0, (TILE - c->filled) * sizeof *c->tile);
        if (!end_tile(c, meter)) return false;
    }
    return true;
}

unsigned grm_level_channel_bits(const grm_level_channel *c) {
    if (c->beyond_24) return 32;
    unsigned bits = 24;
    while (bits > 1 && !(c->bits >> (24 - bits) & 1)) bits--;
    return bits;
}
