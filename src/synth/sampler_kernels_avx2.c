// The sampler's inner loops for AVX2 and FMA, eight frames at a time.
#include "synth/sampler.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>

// Four neighbours of one frame: before, here, next, after.
GRM_AVX2 static inline __m128i load_four(const int16_t *at, uint64_t position) {
    return _mm_loadl_epi64((const __m128i *)(const void *)(at + (position >> 32) - 1));
}

GRM_AVX2 static inline __m256 to_floats(__m128i eight) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(eight));
}

// Eight loads and a transposition: twice as fast as gathering (AMD Zen 3 and 4).
GRM_AVX2 static void interpolate(const int16_t *at, uint32_t fraction, uint64_t step, size_t count, float *out) {
    const __m256i spread =
        _mm256_mullo_epi32(_mm256_set1_epi32((int)(uint32_t)step), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    const __m256 scale = _mm256_set1_ps(1.0f / 16777216), half = _mm256_set1_ps(0.5f), two = _mm256_set1_ps(2.0f);
    const __m256 one_half = _mm256_set1_ps(1.5f), two_half = _mm256_set1_ps(2.5f);
    uint64_t p = fraction;
    for (size_t i = 0; i < count; i += 8, p += 8 * step) {
        __m256i low = _mm256_add_epi32(_mm256_set1_epi32((int)(uint32_t)p), spread);
        __m256 t = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(low, 8)), scale);
        __m128i ab = _mm_unpacklo_epi16(load_four(at, p), load_four(at, p + step));
        __m128i cd = _mm_unpacklo_epi16(load_four(at, p + 2 * step), load_four(at, p + 3 * step));
        __m128i ef = _mm_unpacklo_epi16(load_four(at, p + 4 * step), load_four(at, p + 5 * step));
        __m128i gh = _mm_unpacklo_epi16(load_four(at, p + 6 * step), load_four(at, p + 7 * step));
        __m128i first = _mm_unpacklo_epi32(ab, cd), second = _mm_unpacklo_epi32(ef, gh);
        __m128i third = _mm_unpackhi_epi32(ab, cd), fourth = _mm_unpackhi_epi32(ef, gh);
        __m256 before = to_floats(_mm_unpacklo_epi64(first, second));
        __m256 here = to_floats(_mm_unpackhi_epi64(first, second));
        __m256 next = to_floats(_mm_unpacklo_epi64(third, fourth));
        __m256 after = to_floats(_mm_unpackhi_epi64(third, fourth));
        __m256 c1 = _mm256_mul_ps(half, _mm256_sub_ps(next, before));
        __m256 c2 = _mm256_fmadd_ps(two, next, _mm256_fnmadd_ps(two_half, here, before));
        c2 = _mm256_fnmadd_ps(half, after, c2);
        __m256 c3 = _mm256_mul_ps(half, _mm256_sub_ps(after, before));
        c3 = _mm256_fmadd_ps(one_half, _mm256_sub_ps(here, next), c3);
        __m256 y = _mm256_fmadd_ps(c3, t, c2);
        y = _mm256_fmadd_ps(y, t, c1);
        y = _mm256_fmadd_ps(y, t, here);
        _mm256_storeu_ps(out + i, y);
    }
}

GRM_AVX2 static void filter_block(grm_lowpass *filter, size_t count, float *x) {
    if (count == 0) return;
    const float *r = filter->response;
    const __m256 r0 = _mm256_loadu_ps(r + 7), r1 = _mm256_loadu_ps(r + 6), r2 = _mm256_loadu_ps(r + 5),
                 r3 = _mm256_loadu_ps(r + 4), r4 = _mm256_loadu_ps(r + 3), r5 = _mm256_loadu_ps(r + 2),
                 r6 = _mm256_loadu_ps(r + 1), r7 = _mm256_loadu_ps(r);
    const __m256 in1 = _mm256_loadu_ps(filter->input1), in2 = _mm256_loadu_ps(filter->input2);
    const __m256 out1 = _mm256_loadu_ps(filter->output1), out2 = _mm256_loadu_ps(filter->output2);
    const __m256i lane7 = _mm256_set1_epi32(7), lane6 = _mm256_set1_epi32(6);
    __m256 x1 = _mm256_set1_ps(filter->last_x1), x2 = _mm256_set1_ps(filter->last_x2);
    __m256 y1 = _mm256_set1_ps(filter->last_y1), y2 = _mm256_set1_ps(filter->last_y2);
    size_t last = (count - 1) % 8;  // place of the last frame in the last eight
    float *end = x + (count - 1 - last);
    float kept_x1 = end[last], kept_x2 = 0, kept_y2 = 0;
    if (count > 1) kept_x2 = x[count - 2];
    for (;; x += 8) {
        // Two sums side by side; what hangs on the last outputs comes last, and stays in registers.
        __m256 a = _mm256_mul_ps(in1, x1), b = _mm256_mul_ps(in2, x2);
        a = _mm256_fmadd_ps(r0, _mm256_broadcast_ss(x), a);
        b = _mm256_fmadd_ps(r1, _mm256_broadcast_ss(x + 1), b);
        a = _mm256_fmadd_ps(r2, _mm256_broadcast_ss(x + 2), a);
        b = _mm256_fmadd_ps(r3, _mm256_broadcast_ss(x + 3), b);
        a = _mm256_fmadd_ps(r4, _mm256_broadcast_ss(x + 4), a);
        b = _mm256_fmadd_ps(r5, _mm256_broadcast_ss(x + 5), b);
        a = _mm256_fmadd_ps(r6, _mm256_broadcast_ss(x + 6), a);
        b = _mm256_fmadd_ps(r7, _mm256_broadcast_ss(x + 7), b);
        a = _mm256_add_ps(a, b);
        a = _mm256_fmadd_ps(out2, y2, a);
        if (x == end && last == 0) kept_y2 = _mm256_cvtss_f32(y1);
        a = _mm256_fmadd_ps(out1, y1, a);
        x1 = _mm256_broadcast_ss(x + 7);
        x2 = _mm256_broadcast_ss(x + 6);
        y1 = _mm256_permutevar8x32_ps(a, lane7);
        y2 = _mm256_permutevar8x32_ps(a, lane6);
        _mm256_storeu_ps(x, a);
        if (x == end) break;
    }
    filter->last_x2 = count > 1 ? kept_x2 : filter->last_x1;
    filter->last_x1 = kept_x1;
    filter->last_y1 = end[last];
    filter->last_y2 = last > 0 ? end[last - 1] : kept_y2;
}

GRM_AVX2 static void mix(const float *x, size_t count, float gain, float slope, float *out) {
    __m256 place = _mm256_setr_ps(1, 2, 3, 4, 5, 6, 7, 8);
    const __m256 eight = _mm256_set1_ps(8), start = _mm256_set1_ps(gain), rise = _mm256_set1_ps(slope);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256 g = _mm256_fmadd_ps(place, rise, start);
        _mm256_storeu_ps(out + i, _mm256_fmadd_ps(_mm256_loadu_ps(x + i), g, _mm256_loadu_ps(out + i)));
        place = _mm256_add_ps(place, eight);
    }
    for (; i < count; i++) out[i] += x[i] * (gain + (float)(i + 1) * slope);
}

const grm_sampler_kernels *grm_sampler_kernels_avx2(void) {
    static const grm_sampler_kernels table = {interpolate, filter_block, mix};
    return &table;
}

#else

const grm_sampler_kernels *grm_sampler_kernels_avx2(void) {
    return NULL;
}

#endif
