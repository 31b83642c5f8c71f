#include "neural/kernels_dot.h"

#include <math.h>
#include <string.h>

#include "base/base.h"

static float add_lanes(float lanes[16]) {
    for (size_t half = 8; half; half /= 2)
        for (size_t l = 0; l < half; l++) lanes[l] += lanes[l + half];
    return lanes[0];
}

void grm_dots_plain(const float *w, size_t count, size_t outs, const float *x, size_t x_stride, size_t rows,
                    float sums[6]) {
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < outs; o++) {
            const float *a = w + o * count, *b = x + r * x_stride;
            float lanes[16] = {0};
            size_t i = 0;
            for (; i + 16 <= count; i += 16)
                for (size_t l = 0; l < 16; l++) lanes[l] = fmaf(a[i + l], b[i + l], lanes[l]);
            for (size_t l = 0; i + l < count; l++) lanes[l] = fmaf(a[i + l], b[i + l], lanes[l]);
            sums[3 * r + o] = add_lanes(lanes);
        }
}

#if GRM_HAVE_AVX2
#include <immintrin.h>

GRM_AVX2 GRM_INLINE float add_registers(__m256 low, __m256 high) {
    __m256 eight = _mm256_add_ps(low, high);
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

// A last, incomplete group of 16 is padded with zeros, which add nothing.
GRM_AVX2 GRM_INLINE void dots_tile(const float *w, size_t count, size_t outs, const float *x, size_t x_stride,
                                   size_t rows, float sums[6]) {
    __m256 sum[2][3][2];
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < outs; o++) sum[r][o][0] = sum[r][o][1] = _mm256_setzero_ps();
    size_t whole = count & ~(size_t)15;
    for (size_t i = 0; i < whole; i += 16)
        for (size_t h = 0; h < 2; h++) {
            __m256 b[2];
            for (size_t r = 0; r < rows; r++) b[r] = _mm256_loadu_ps(x + r * x_stride + i + 8 * h);
            for (size_t o = 0; o < outs; o++) {
                __m256 a = _mm256_loadu_ps(w + o * count + i + 8 * h);
                for (size_t r = 0; r < rows; r++) sum[r][o][h] = _mm256_fmadd_ps(a, b[r], sum[r][o][h]);
            }
        }
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < outs; o++) {
            if (whole < count) {
                float a[16] = {0}, b[16] = {0};
                memcpy(a, w + o * count + whole, (count - whole) * sizeof *a);
                memcpy(b, x + r * x_stride + whole, (count - whole) * sizeof *b);
                for (size_t h = 0; h < 2; h++)
                    sum[r][o][h] =
                        _mm256_fmadd_ps(_mm256_loadu_ps(a + 8 * h), _mm256_loadu_ps(b + 8 * h), sum[r][o][h]);
            }
            sums[3 * r + o] = add_registers(sum[r][o][0], sum[r][o][1]);
        }
}

GRM_AVX2 void grm_dots_avx2(const float *w, size_t count, size_t outs, const float *x, size_t x_stride, size_t rows,
                            float sums[6]) {
    if (outs == 3 && rows == 2)
        dots_tile(w, count, 3, x, x_stride, 2, sums);
    else if (outs == 3)
        dots_tile(w, count, 3, x, x_stride, 1, sums);
    else if (rows == 2)
        dots_tile(w, count, 1, x, x_stride, 2, sums);
    else
        dots_tile(w, count, 1, x, x_stride, 1, sums);
}
#endif

grm_dots_fn *grm_dots_best(void) {
#if GRM_HAVE_AVX2
    if (grm_cpu_detect().avx2_fma) return grm_dots_avx2;
#endif
    return grm_dots_plain;
}
