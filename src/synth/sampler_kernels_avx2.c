// The sampler's inner loops for AVX2 and FMA, eight frames at a time.
#include "synth/sampler.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>

GRM_AVX2 static void interpolate(const int16_t *at, uint32_t fraction, uint64_t step, size_t count, float *out) {
    // Positions of frames 0 1 4 5 and 2 3 6 7: so shuffled, the halves of both come out in order.
    uint64_t p = fraction;
    __m256i even =
        _mm256_setr_epi64x((long long)p, (long long)(p + step), (long long)(p + 4 * step), (long long)(p + 5 * step));
    __m256i odd = _mm256_setr_epi64x((long long)(p + 2 * step), (long long)(p + 3 * step), (long long)(p + 6 * step),
                                     (long long)(p + 7 * step));
    const __m256i eight = _mm256_set1_epi64x((long long)(8 * step));
    const __m256 scale = _mm256_set1_ps(1.0f / 16777216), half = _mm256_set1_ps(0.5f), two = _mm256_set1_ps(2.0f);
    const __m256 one_half = _mm256_set1_ps(1.5f), two_half = _mm256_set1_ps(2.5f);
    for (size_t i = 0; i < count; i += 8) {
        __m256 a = _mm256_castsi256_ps(even), b = _mm256_castsi256_ps(odd);
        __m256i low = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88));
        __m256i index = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd));
        __m256 t = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(low, 8)), scale);
        // Two neighbours of 16 bits in each 32.
        __m256i left = _mm256_i32gather_epi32((const int *)(const void *)(at - 1), index, 2);
        __m256i right = _mm256_i32gather_epi32((const int *)(const void *)(at + 1), index, 2);
        __m256 before = _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(left, 16), 16));
        __m256 here = _mm256_cvtepi32_ps(_mm256_srai_epi32(left, 16));
        __m256 next = _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(right, 16), 16));
        __m256 after = _mm256_cvtepi32_ps(_mm256_srai_epi32(right, 16));
        __m256 c1 = _mm256_mul_ps(half, _mm256_sub_ps(next, before));
        __m256 c2 = _mm256_fmadd_ps(two, next, _mm256_fnmadd_ps(two_half, here, before));
        c2 = _mm256_fnmadd_ps(half, after, c2);
        __m256 c3 =
            _mm256_fmadd_ps(one_half, _mm256_sub_ps(here, next), _mm256_mul_ps(half, _mm256_sub_ps(after, before)));
        __m256 y = _mm256_fmadd_ps(c3, t, c2);
        y = _mm256_fmadd_ps(y, t, c1);
        y = _mm256_fmadd_ps(y, t, here);
        _mm256_storeu_ps(out + i, y);
        even = _mm256_add_epi64(even, eight);
        odd = _mm256_add_epi64(odd, eight);
    }
}

GRM_AVX2 static void filter_block(grm_lowpass *filter, size_t count, float *x) {
    const float *r = filter->response;
    const __m256 r0 = _mm256_loadu_ps(r + 7), r1 = _mm256_loadu_ps(r + 6), r2 = _mm256_loadu_ps(r + 5),
                 r3 = _mm256_loadu_ps(r + 4), r4 = _mm256_loadu_ps(r + 3), r5 = _mm256_loadu_ps(r + 2),
                 r6 = _mm256_loadu_ps(r + 1), r7 = _mm256_loadu_ps(r);
    const __m256 in1 = _mm256_loadu_ps(filter->input1), in2 = _mm256_loadu_ps(filter->input2);
    const __m256 out1 = _mm256_loadu_ps(filter->output1), out2 = _mm256_loadu_ps(filter->output2);
    float x1 = filter->last_x1, x2 = filter->last_x2, y1 = filter->last_y1, y2 = filter->last_y2;
    for (size_t i = 0; i < count; i += 8, x += 8) {
        size_t now = count - i < 8 ? count - i : 8;
        // Two sums side by side; what hangs on the last outputs comes last.
        __m256 a = _mm256_mul_ps(in1, _mm256_set1_ps(x1)), b = _mm256_mul_ps(in2, _mm256_set1_ps(x2));
        a = _mm256_fmadd_ps(r0, _mm256_broadcast_ss(x), a);
        b = _mm256_fmadd_ps(r1, _mm256_broadcast_ss(x + 1), b);
        a = _mm256_fmadd_ps(r2, _mm256_broadcast_ss(x + 2), a);
        b = _mm256_fmadd_ps(r3, _mm256_broadcast_ss(x + 3), b);
        a = _mm256_fmadd_ps(r4, _mm256_broadcast_ss(x + 4), a);
        b = _mm256_fmadd_ps(r5, _mm256_broadcast_ss(x + 5), b);
        a = _mm256_fmadd_ps(r6, _mm256_broadcast_ss(x + 6), a);
        b = _mm256_fmadd_ps(r7, _mm256_broadcast_ss(x + 7), b);
        a = _mm256_add_ps(a, b);
        a = _mm256_fmadd_ps(out2, _mm256_set1_ps(y2), a);
        a = _mm256_fmadd_ps(out1, _mm256_set1_ps(y1), a);
        float next_x2 = now > 1 ? x[now - 2] : x1, next_y2 = y1;
        x1 = x[now - 1];
        x2 = next_x2;
        _mm256_storeu_ps(x, a);
        y1 = x[now - 1];
        y2 = now > 1 ? x[now - 2] : next_y2;
    }
    filter->last_x1 = x1;
    filter->last_x2 = x2;
    filter->last_y1 = y1;
    filter->last_y2 = y2;
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
