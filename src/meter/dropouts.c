// Gaps: the sound stops at once, there is nothing for a moment, and it goes on as loud. What fades out is no gap.
#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/faults.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

static const double piece_s = 0.0007, longest_s = 0.3, memory_s = 0.05;
static const float nothing = 6.2e-5f;  // two steps of 16 bits: a gap may be dithered
static const float quiet = 0.003f;     // around it there must be more than -50 dBFS
static const float abrupt = 0.18f;     // what its edges have of the level before, -15 dB
enum { FEWEST = 2 };                   // pieces of a gap

struct grm_dropouts {
    size_t piece, filled;  // frames
    float highest;         // peak of the recording
    float peak;            // of the piece that runs, over the channels
    float latest, level;   // of the piece before it; level: falls slowly from the peaks
    float fall;
    float before;         // the level when the gap began; 0: there is none, or it faded in
    unsigned gap, after;  // pieces of nothing, and pieces since
    unsigned longest;
    bool avx2;  // and pieces are of 32 frames
    double count;
};

grm_dropouts *grm_dropouts_new(unsigned rate_hz) {
    grm_dropouts *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    d->piece = (size_t)fmax(8, round(piece_s * rate_hz));
    if (d->piece >= 24) d->piece = (d->piece + 8) / 16 * 16;  // which vectors take
    d->avx2 = d->piece == 32 && grm_cpu_detect().avx2_fma;
    d->longest = (unsigned)(longest_s * rate_hz / (double)d->piece);
    d->fall = (float)exp(-(double)d->piece / (memory_s * rate_hz));
    return d;
}

void grm_dropouts_free(grm_dropouts *d) {
    free(d);
}

// After a gap, within two pieces: the first one may hold only the end of it.
static void come_back(grm_dropouts *d, float peak) {
    if (peak >= abrupt * d->before) {
        d->count++;
        d->before = 0;
    } else if (++d->after == 2) {
        d->before = 0;
    }
}

static void take_piece(grm_dropouts *d, float peak) {
    if (peak <= nothing) {
        // The piece in which the gap begins still has a part of what was there, if it stopped at once.
        if (d->gap == 0) d->before = d->latest >= abrupt * d->level && d->level >= quiet ? d->level : 0;
        d->gap++;
        d->after = 0;
        if (d->gap > d->longest) d->before = 0;
    } else {
        if (d->before > 0 && d->gap >= FEWEST)
            come_back(d, peak);
        else
            d->before = 0;
        if (d->before == 0) d->gap = 0;
        d->level = peak > d->level ? peak : d->level;
    }
    d->latest = peak;
    d->level *= d->fall;
}

// Pieces of 32 frames, the length at 44.1 and 48 kHz, of two channels: as many as are whole. Returns their frames.
#if GRM_HAVE_AVX2
GRM_AVX2 static size_t take_pieces(grm_dropouts *d, const float *x, const float *y, size_t frames) {
    enum { PIECE = 32 };
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    size_t at = 0;
    for (; at + PIECE <= frames; at += PIECE) {
        __m256 most = _mm256_setzero_ps();
        for (size_t i = at; i < at + PIECE; i += 8) {
            most = _mm256_max_ps(most, _mm256_and_ps(_mm256_loadu_ps(x + i), magnitude));
            most = _mm256_max_ps(most, _mm256_and_ps(_mm256_loadu_ps(y + i), magnitude));
        }
        __m128 four = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps(most, 1));
        four = _mm_max_ps(four, _mm_movehl_ps(four, four));
        float peak = _mm_cvtss_f32(_mm_max_ss(four, _mm_shuffle_ps(four, four, 1)));
        if (peak > d->highest) d->highest = peak;
        take_piece(d, peak);
    }
    return at;
}
#else
#define take_pieces(d, x, y, frames) 0
#endif

void grm_dropouts_add(grm_dropouts *d, const float *const *planes, unsigned channels, size_t frames) {
    for (size_t at = 0; at < frames;) {
        if (d->avx2 && channels == 2 && d->filled == 0)
            at += take_pieces(d, planes[0] + at, planes[1] + at, frames - at);
        size_t count = d->piece - d->filled < frames - at ? d->piece - d->filled : frames - at;
        for (unsigned c = 0; c < channels; c++) {
            float peak = grm_peak(planes[c] + at, count);
            if (peak > d->peak) d->peak = peak;
        }
        if (d->peak > d->highest) d->highest = d->peak;
        d->filled += count;
        at += count;
        if (d->filled < d->piece) break;
        take_piece(d, d->peak);
        d->filled = 0;
        d->peak = 0;
    }
}

float grm_dropouts_peak(const grm_dropouts *d) {
    return d->highest;
}

void grm_dropouts_tell(const grm_dropouts *d, grm_features *out) {
    out->dropouts = d->count;
}
