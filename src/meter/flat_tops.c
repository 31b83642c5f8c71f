#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "meter/faults.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

// A wave is looked at where it stands near its channel's peak. The top of such an excursion is flat when it stays no
// more than `rough` of its height below its maximum for long enough and then, within half its width on either side,
// falls by `steep` times as much again: a parabola falls by 3 times as much. Runs of samples that are alike are gone
// after a filter, a change of speed, noise or hum; these tops are still there.
//
// Tiles of TILE frames are scanned MARGIN frames late, so that a whole excursion and its flanks lie around its start.
enum { PIECE = 64, TILE = 8192, MOST = 2048, BEFORE = MOST / 2, AFTER = MOST + MOST / 2, MARGIN = BEFORE + AFTER };
enum { BINS = 400, ZERO = 320 };  // steps of 0.25 dB below full scale and somewhat above
static const float reach = 0.7f;  // of the channel's peak, from where on it is looked at
static const float rough = 0.04f, steep = 5, least_height = 0.01f;
static const double least_s = 7.0 / 44100;

typedef struct channel {
    float peak;            // so far
    size_t filled, begin;  // of kept; where in it the next excursion may begin
    uint64_t samples, flat[BINS];
    float kept[MARGIN + TILE];
} channel;

struct grm_flat_tops {
    bool avx2;
    size_t least;  // frames of a flat top
    unsigned run;  // so many beyond low are looked for, no more than `least`
    unsigned channels;
    channel channel[];
};

grm_flat_tops *grm_flat_tops_new(unsigned channels, unsigned rate_hz) {
    grm_flat_tops *t = calloc(1, sizeof *t + channels * sizeof *t->channel);
    if (!t) return NULL;
    t->channels = channels;
    t->least = (size_t)fmax(4, round(least_s * rate_hz));
    t->run = t->least < 7 ? 4 : 7;
    t->avx2 = grm_cpu_detect().avx2_fma;
    for (unsigned c = 0; c < channels; c++) {
        t->channel[c].filled = MARGIN;
        t->channel[c].begin = BEFORE;
    }
    return t;
}

void grm_flat_tops_free(grm_flat_tops *t) {
    free(t);
}

static size_t bin_of(float magnitude) {
    double at = ZERO + 80 * log10((double)magnitude);
    return at < 0 ? 0 : at >= BINS ? BINS - 1 : (size_t)at;
}

// Largest magnitudes of `count` pieces.
static void peaks_plain(const float *x, size_t count, float *peaks) {
    for (size_t i = 0; i < count; i++) peaks[i] = grm_peak(x + i * PIECE, PIECE);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void peaks_avx2(const float *x, size_t count, float *peaks) {
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    for (size_t i = 0; i < count; i++, x += PIECE) {
        __m256 a = _mm256_setzero_ps(), b = a;
        for (size_t k = 0; k < PIECE; k += 16) {
            a = _mm256_max_ps(a, _mm256_and_ps(_mm256_loadu_ps(x + k), magnitude));
            b = _mm256_max_ps(b, _mm256_and_ps(_mm256_loadu_ps(x + k + 8), magnitude));
        }
        a = _mm256_max_ps(a, b);
        __m128 most = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
        most = _mm_max_ps(most, _mm_movehl_ps(most, most));
        peaks[i] = _mm_cvtss_f32(_mm_max_ss(most, _mm_shuffle_ps(most, most, 1)));
    }
}
#else
#define peaks_avx2 peaks_plain
#endif

// Which of PIECE samples stand beyond low, above and below.
typedef struct beyond {
    uint64_t above, below;
} beyond;

static beyond beyond_plain(const float *x, float low) {
    beyond b = {0};
    for (size_t i = 0; i < PIECE; i++) {
        b.above |= (uint64_t)(x[i] >= low) << i;
        b.below |= (uint64_t)(x[i] <= -low) << i;
    }
    return b;
}

#if GRM_HAVE_AVX2
GRM_AVX2 static beyond beyond_avx2(const float *x, float low) {
    const __m256 upper = _mm256_set1_ps(low), lower = _mm256_set1_ps(-low);
    beyond b = {0};
    for (size_t i = 0; i < PIECE; i += 8) {
        __m256 now = _mm256_loadu_ps(x + i);
        b.above |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(now, upper, _CMP_GE_OQ)) << i;
        b.below |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(now, lower, _CMP_LE_OQ)) << i;
    }
    return b;
}
#else
#define beyond_avx2 beyond_plain
#endif

// Bits from which on `run` in a row are set; next: the bits behind.
static uint64_t runs_of(uint64_t bits, uint64_t next, unsigned run) {
    uint64_t runs = bits;
    for (unsigned k = 1; k < run && runs; k++) runs &= bits >> k | next << (PIECE - k);
    return runs;
}

// The top x[from .. to) of a wave on the side of `sign`, which lies above (1 - rough) * height.
static void take_top(const grm_flat_tops *t, channel *c, const float *x, size_t from, size_t to, float sign,
                     float height) {
    size_t width = to - from, half = (width + 1) / 2;
    float fallen = (1 - (1 + steep) * rough) * height;
    if (width < t->least || sign * x[from - half] > fallen || sign * x[to - 1 + half] > fallen) return;
    c->flat[bin_of(height)] += width;
}

// An excursion beyond `low` begins at x[from]; where it ends.
static size_t take_excursion(const grm_flat_tops *t, channel *c, const float *x, size_t from, float low) {
    float sign = x[from] > 0 ? 1 : -1, height = 0;
    size_t to = from;
    for (; to - from < MOST && sign * x[to] >= low; to++) height = fmaxf(height, sign * x[to]);
    float top = (1 - rough) * height;
    for (size_t i = from; to - from < MOST && i < to; i++) {
        if (sign * x[i] < top) continue;
        size_t first = i;
        while (i < to && sign * x[i] >= top) i++;
        take_top(t, c, x, first, i, sign, height);
    }
    return to;
}

// Excursions that begin in the piece x[from .. from + PIECE), none before x[i]; where the last one ends.
static size_t take_piece(const grm_flat_tops *t, channel *c, const float *x, size_t from, size_t i, float low) {
    beyond now = (t->avx2 ? beyond_avx2 : beyond_plain)(x + from, low);
    beyond next = (t->avx2 ? beyond_avx2 : beyond_plain)(x + from + PIECE, low);
    uint64_t starts = runs_of(now.above, next.above, t->run) | runs_of(now.below, next.below, t->run);
    for (size_t k = 0; starts >> k; k++) {
        if (!(starts >> k & 1)) continue;
        if (from + k >= i) i = take_excursion(t, c, x, from + k, low);
        k = i > from + k ? i - from - 1 : k;
        if (k + 1 >= PIECE) break;
    }
    return i;
}

// x: [MARGIN + TILE]; excursions that begin in [BEFORE, BEFORE + TILE).
static void scan(const grm_flat_tops *t, channel *c, const float *x) {
    float peaks[TILE / PIECE];
    (t->avx2 ? peaks_avx2 : peaks_plain)(x + BEFORE, TILE / PIECE, peaks);
    for (size_t p = 0; p < TILE / PIECE; p++) c->peak = fmaxf(c->peak, peaks[p]);
    float low = fmaxf(reach * c->peak, least_height);
    size_t i = c->begin;
    for (size_t p = 0; p < TILE / PIECE; p++)
        if (peaks[p] >= low) i = take_piece(t, c, x, BEFORE + p * PIECE, i, low);
    c->begin = i > BEFORE + TILE ? i - TILE : BEFORE;
}

void grm_flat_tops_add(grm_flat_tops *t, unsigned index, const float *x, size_t frames) {
    channel *c = &t->channel[index];
    c->samples += frames;
    for (size_t at = 0; at < frames;) {
        if (at >= MARGIN && c->filled == MARGIN && frames - at >= TILE) {  // all of it lies in the block
            scan(t, c, x + at - MARGIN);
            memcpy(c->kept, x + at + TILE - MARGIN, MARGIN * sizeof *x);
            at += TILE;
            continue;
        }
        size_t room = MARGIN + TILE - c->filled, count = room < frames - at ? room : frames - at;
        memcpy(c->kept + c->filled, x + at, count * sizeof *x);
        c->filled += count;
        at += count;
        if (c->filled < MARGIN + TILE) continue;
        scan(t, c, c->kept);
        memmove(c->kept, c->kept + TILE, MARGIN * sizeof *x);
        c->filled = MARGIN;
    }
}

// Silence behind the end, until the last frame has been scanned.
static void end_channel(const grm_flat_tops *t, channel *c) {
    for (int rest = 0; rest < 2; rest++) {
        memset(c->kept + c->filled, 0, (MARGIN + TILE - c->filled) * sizeof *c->kept);
        scan(t, c, c->kept);
        memmove(c->kept, c->kept + TILE, MARGIN * sizeof *c->kept);
        c->filled = MARGIN;
    }
}

void grm_flat_tops_tell(grm_flat_tops *t, grm_features *out) {
    double flat = 0, samples = 0;
    for (unsigned i = 0; i < t->channels; i++) {
        channel *c = &t->channel[i];
        end_channel(t, c);
        samples += (double)c->samples;
        for (size_t k = bin_of(reach * c->peak); k < BINS; k++) flat += (double)c->flat[k];
    }
    if (samples > 0) out->flat_tops_ppm = 1e6 * flat / samples;
}
