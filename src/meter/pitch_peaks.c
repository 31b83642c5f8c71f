#include "meter/pitch_peaks.h"

#include "dsp/dsp.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

enum { BINS = GRM_PITCH_BINS, LOW_BIN = GRM_PITCH_LOW_BIN, HIGH_BIN = GRM_PITCH_HIGH_BIN, PEAKS = GRM_PITCH_PEAKS };
static const double least_deviations = 0.5;  // that a peak stands out by

void grm_peak_finder_init(grm_peak_finder *f) {
    f->avx2 = grm_cpu_detect().avx2_fma;
    for (unsigned bits = 0; bits < 256; bits++)
        for (unsigned bit = 0, count = 0; bit < 8; bit++)
            if (bits >> bit & 1) f->places[bits][count++] = (uint8_t)bit;
    for (size_t k = 0; k < HIGH_BIN; k++) {
        size_t half = k / 3 > 8 ? k / 3 : 8;
        f->around[k].from = (uint16_t)(k > half ? k - half : 0);
        f->around[k].to = (uint16_t)(k + half + 1 < BINS ? k + half + 1 : BINS);
    }
}

// ---- sums ----

// Of magnitudes and powers, so that any stretch of bins has its mean and deviation at once. Each four are summed by
// themselves, in pairs, and then on top of what was before.
static void sum_up_plain(const float *power, double (*to)[2]) {
    double before[2] = {0};
    to[0][0] = to[0][1] = 0;
    for (size_t k = 0; k + 4 <= BINS; k += 4)
        for (size_t kind = 0; kind < 2; kind++) {
            double x[4], pair, was = before[kind];
            for (size_t i = 0; i < 4; i++) x[i] = (double)(kind ? power[k + i] : sqrtf(power[k + i]));
            pair = x[0] + x[1];
            to[k + 1][kind] = was + x[0];
            to[k + 2][kind] = was + pair;
            to[k + 3][kind] = was + (pair + x[2]);
            before[kind] = to[k + 4][kind] = was + (pair + (x[2] + x[3]));
        }
    for (size_t k = BINS / 4 * 4; k < BINS; k++) {
        to[k + 1][0] = to[k][0] + (double)sqrtf(power[k]);
        to[k + 1][1] = to[k][1] + (double)power[k];
    }
}

// Bins that are larger than both neighbours and at least `least`; without branches, which nobody could foresee.
static size_t list_tops(const float *p, size_t from, float least, uint16_t *tops) {
    size_t count = 0;
    for (size_t k = from; k < HIGH_BIN; k++) {
        tops[count] = (uint16_t)k;
        count += (size_t)((p[k] > p[k - 1]) & (p[k] >= p[k + 1]) & (p[k] >= least));
    }
    return count;
}

static size_t tops_plain(grm_peak_finder *f, const float *p, float least) {
    return list_tops(p, LOW_BIN, least, f->tops);
}

// How far bin k stands out of its surroundings, in deviations of these, is over / sqrt(spread); kept where that is
// enough.
static size_t choose_one(grm_peak_finder *f, const float *power, size_t k, size_t count) {
    const double *to = f->sums[f->around[k].to], *from = f->sums[f->around[k].from];
    double n = (double)(f->around[k].to - f->around[k].from), sum = to[0] - from[0];
    double over = n * (double)sqrtf(power[k]) - sum, spread = n * (to[1] - from[1]) - sum * sum;
    if (!(spread > 0) || over <= 0 || over * over < least_deviations * least_deviations * spread) return count;
    f->bins[count] = (uint16_t)k;
    f->stands_out[count] = (float)(over / sqrt(spread));
    return count + 1;
}

static size_t choose_plain(grm_peak_finder *f, const float *power, size_t tops) {
    size_t count = 0;
    for (size_t i = 0; i < tops && count < PEAKS; i++) count = choose_one(f, power, f->tops[i], count);
    return count;
}

#if GRM_HAVE_AVX2
// a, a + b, a + b + c, a + b + c + d
GRM_AVX2 static __m256d running(__m256d now) {
    const __m256d nothing = _mm256_setzero_pd();
    __m256d pairs = _mm256_add_pd(now, _mm256_unpacklo_pd(nothing, now));  // a, a + b, c, c + d
    __m256d low = _mm256_permute4x64_pd(pairs, 0x50);                      // a, a, a + b, a + b
    return _mm256_add_pd(_mm256_blend_pd(nothing, low, 0x8 | 0x4), pairs);
}

GRM_AVX2 static void sum_up_avx2(const float *power, double (*to)[2]) {
    __m256d magnitudes = _mm256_setzero_pd(), powers = magnitudes;  // of all before, in every lane
    to[0][0] = to[0][1] = 0;
    for (size_t k = 0; k + 4 <= BINS; k += 4) {
        __m128 now = _mm_loadu_ps(power + k);
        __m256d m = running(_mm256_cvtps_pd(_mm_sqrt_ps(now))), p = running(_mm256_cvtps_pd(now));
        __m256d sum_m = _mm256_add_pd(magnitudes, m), sum_p = _mm256_add_pd(powers, p);
        __m256d first = _mm256_unpacklo_pd(sum_m, sum_p), second = _mm256_unpackhi_pd(sum_m, sum_p);
        _mm256_storeu_pd(to[k + 1], _mm256_permute2f128_pd(first, second, 0x20));
        _mm256_storeu_pd(to[k + 3], _mm256_permute2f128_pd(first, second, 0x31));
        magnitudes = _mm256_add_pd(magnitudes, _mm256_permute4x64_pd(m, 0xff));
        powers = _mm256_add_pd(powers, _mm256_permute4x64_pd(p, 0xff));
    }
    for (size_t k = BINS / 4 * 4; k < BINS; k++) {
        to[k + 1][0] = to[k][0] + (double)sqrtf(power[k]);
        to[k + 1][1] = to[k][1] + (double)power[k];
    }
}

GRM_AVX2 static size_t tops_avx2(grm_peak_finder *f, const float *p, float least) {
    const __m256 lowest = _mm256_set1_ps(least);
    size_t count = 0, k = LOW_BIN;
    for (; k + 8 <= HIGH_BIN; k += 8) {
        __m256 now = _mm256_loadu_ps(p + k), higher = _mm256_cmp_ps(now, _mm256_loadu_ps(p + k - 1), _CMP_GT_OQ);
        __m256 held = _mm256_and_ps(_mm256_cmp_ps(now, _mm256_loadu_ps(p + k + 1), _CMP_GE_OQ),
                                    _mm256_cmp_ps(now, lowest, _CMP_GE_OQ));
        unsigned bits = (unsigned)_mm256_movemask_ps(_mm256_and_ps(higher, held));
        __m128i places = _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)f->places[bits]));
        _mm_storeu_si128((__m128i *)(void *)(f->tops + count), _mm_add_epi16(places, _mm_set1_epi16((short)k)));
        count += (size_t)__builtin_popcount(bits);
    }
    return count + list_tops(p, k, least, f->tops + count);
}

GRM_AVX2 static __m128d stretch(const grm_peak_finder *f, size_t k) {
    return _mm_sub_pd(_mm_loadu_pd(f->sums[f->around[k].to]), _mm_loadu_pd(f->sums[f->around[k].from]));
}

// Four tops at once, without branches.
GRM_AVX2 static size_t choose_avx2(grm_peak_finder *f, const float *power, size_t tops) {
    const __m256d nothing = _mm256_setzero_pd(), least = _mm256_set1_pd(least_deviations * least_deviations);
    size_t count = 0, i = 0;
    for (; i + 4 <= tops && count < PEAKS; i += 4) {
        const uint16_t *k = f->tops + i;
        float at[4];
        int32_t width[4];
        __m256d lower = _mm256_set_m128d(stretch(f, k[2]), stretch(f, k[0]));
        __m256d upper = _mm256_set_m128d(stretch(f, k[3]), stretch(f, k[1]));
        for (size_t l = 0; l < 4; l++) {
            at[l] = power[k[l]];
            width[l] = f->around[k[l]].to - f->around[k[l]].from;
        }
        __m256d n = _mm256_cvtepi32_pd(_mm_loadu_si128((const __m128i *)(const void *)width));
        __m256d sum = _mm256_unpacklo_pd(lower, upper), squares = _mm256_unpackhi_pd(lower, upper);
        __m256d magnitude = _mm256_cvtps_pd(_mm_sqrt_ps(_mm_loadu_ps(at)));
        __m256d over = _mm256_sub_pd(_mm256_mul_pd(n, magnitude), sum);
        __m256d spread = _mm256_sub_pd(_mm256_mul_pd(n, squares), _mm256_mul_pd(sum, sum));
        __m256d enough = _mm256_cmp_pd(_mm256_mul_pd(over, over), _mm256_mul_pd(least, spread), _CMP_GE_OQ);
        enough = _mm256_and_pd(enough, _mm256_cmp_pd(spread, nothing, _CMP_GT_OQ));
        enough = _mm256_and_pd(enough, _mm256_cmp_pd(over, nothing, _CMP_GT_OQ));
        unsigned bits = (unsigned)_mm256_movemask_pd(enough);
        _mm_storeu_ps(at, _mm256_cvtpd_ps(_mm256_div_pd(over, _mm256_sqrt_pd(spread))));
        for (size_t l = 0; l < 4; l++) {
            f->bins[count] = k[l];
            f->stands_out[count] = at[l];
            count += bits >> l & 1;
        }
    }
    for (; i < tops && count < PEAKS; i++) count = choose_one(f, power, f->tops[i], count);
    return count < PEAKS ? count : PEAKS;
}
#else
#define sum_up_avx2 sum_up_plain
#define tops_avx2 tops_plain
#define choose_avx2 choose_plain
#endif

// ---- where they are ----

// Parabola through the logarithms of three bins: its vertex is where the peak lies, -0.5..0.5 of a bin beside.
GRM_INLINE void place_body(grm_peak_finder *f, const float *power, size_t count, grm_note_peak *peaks) {
    for (size_t side = 0; side < 3; side++) {
        float *to = f->logarithms[side];
        for (size_t i = 0; i < count; i++) to[i] = power[f->bins[i] + side - 1];
        for (size_t i = 0; i < count; i++) to[i] = grm_logarithm(to[i] + 1e-30f);
    }
    float *hz = f->logarithms[0];
    for (size_t i = 0; i < count; i++) {
        double a = (double)f->logarithms[0][i], b = (double)f->logarithms[1][i], c = (double)f->logarithms[2][i];
        double bend = a - 2 * b + c, at = 0.5 * (a - c) / bend;
        at = at < -0.5 ? -0.5 : at > 0.5 ? 0.5 : at;
        at = bend >= 0 ? 0 : at;
        hz[i] = (float)(((double)f->bins[i] + at) * GRM_PITCH_RATE / GRM_PITCH_SIZE / 440);
    }
    for (size_t i = 0; i < count; i++) {
        peaks[i].note = 69 + (float)(12 / M_LN2) * grm_logarithm(hz[i]);
        peaks[i].weight = sqrtf(f->stands_out[i]);
    }
}

static void place_plain(grm_peak_finder *f, const float *power, size_t count, grm_note_peak *peaks) {
    place_body(f, power, count, peaks);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void place_avx2(grm_peak_finder *f, const float *power, size_t count, grm_note_peak *peaks) {
    place_body(f, power, count, peaks);
}
#else
#define place_avx2 place_plain
#endif

size_t grm_peak_finder_run(grm_peak_finder *f, const float *power, grm_note_peak *peaks) {
    const float least = 1e-6f * grm_peak(power + LOW_BIN, HIGH_BIN - LOW_BIN);
    size_t tops = (f->avx2 ? tops_avx2 : tops_plain)(f, power, least);
    (f->avx2 ? sum_up_avx2 : sum_up_plain)(power, f->sums);
    size_t count = (f->avx2 ? choose_avx2 : choose_plain)(f, power, tops);
    (f->avx2 ? place_avx2 : place_plain)(f, power, count, peaks);
    return count;
}
