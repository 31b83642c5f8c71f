// The kernels for AVX-512 with VNNI.
#include <math.h>
#include <string.h>

#include "neural/kernels/table.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,prefer-vector-width=512")
#endif

typedef __m512 vf;
typedef __m512i vi, vw;

GRM_INLINE vf vf_set(float a) {
    return _mm512_set1_ps(a);
}
GRM_INLINE vf vf_load(const float *p) {
    return _mm512_loadu_ps(p);
}
GRM_INLINE void vf_store(float *p, vf a) {
    _mm512_storeu_ps(p, a);
}
GRM_INLINE vf vf_half(const uint16_t *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
GRM_INLINE void vf_store_half(uint16_t *p, vf a) {
    _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}
GRM_INLINE vf vf_add(vf a, vf b) {
    return _mm512_add_ps(a, b);
}
GRM_INLINE vf vf_sub(vf a, vf b) {
    return _mm512_sub_ps(a, b);
}
GRM_INLINE vf vf_mul(vf a, vf b) {
    return _mm512_mul_ps(a, b);
}
GRM_INLINE vf vf_div(vf a, vf b) {
    return _mm512_div_ps(a, b);
}
GRM_INLINE vf vf_fma(vf a, vf b, vf c) {
    return _mm512_fmadd_ps(a, b, c);
}
GRM_INLINE vf vf_max(vf a, vf b) {
    return _mm512_max_ps(a, b);
}
GRM_INLINE vf vf_min(vf a, vf b) {
    return _mm512_min_ps(a, b);
}
GRM_INLINE vf vf_abs(vf a) {
    return _mm512_abs_ps(a);
}
GRM_INLINE vf vf_round(vf a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
GRM_INLINE vf vf_power(vf n) {
    __m512i exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
}
GRM_INLINE vf vf_less(vf a, vf b, vf x, vf y) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
// Of both, lanes of one half meet those of the other, until one is left.
GRM_INLINE float vf_total(vf a) {
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 x = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
}
GRM_INLINE float vf_most(vf a) {
    __m256 half = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 x = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
}
// Of 16 vectors at once, in four turns that each add halves of two: 8, 4, 2 and 1 lanes apart, as vf_total does.
#define SIDE_BY_SIDE
#define FOLD(name, op)                                                                                                \
    GRM_INLINE vf name(const vf *a) {                                                                                 \
        vf b[8], c[4], d[2];                                                                                          \
        for (size_t i = 0; i < 8; i++)                                                                                \
            b[i] = op(_mm512_shuffle_f32x4(a[2 * i], a[2 * i + 1], 0x44),                                             \
                      _mm512_shuffle_f32x4(a[2 * i], a[2 * i + 1], 0xee));                                            \
        for (size_t i = 0; i < 4; i++)                                                                                \
            c[i] = op(_mm512_shuffle_f32x4(b[2 * i], b[2 * i + 1], 0x88),                                             \
                      _mm512_shuffle_f32x4(b[2 * i], b[2 * i + 1], 0xdd));                                            \
        for (size_t i = 0; i < 2; i++)                                                                                \
            d[i] =                                                                                                    \
                op(_mm512_shuffle_ps(c[2 * i], c[2 * i + 1], 0x44), _mm512_shuffle_ps(c[2 * i], c[2 * i + 1], 0xee)); \
        vf e = op(_mm512_shuffle_ps(d[0], d[1], 0x88), _mm512_shuffle_ps(d[0], d[1], 0xdd));                          \
        const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);                \
        return _mm512_permutexvar_ps(order, e);                                                                       \
    }
FOLD(vf_totals, _mm512_add_ps)
FOLD(vf_mosts, _mm512_max_ps)
GRM_INLINE vf vf_whole(vi a) {
    return _mm512_cvtepi32_ps(a);
}
GRM_INLINE vi vi_set(int32_t a) {
    return _mm512_set1_epi32(a);
}
GRM_INLINE vi vi_round(vf a) {
    return _mm512_cvtps_epi32(a);
}
GRM_INLINE void vi_store_bytes(int8_t *p, vi a) {
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(a));
}
GRM_INLINE vi vi_add(vi a, vi b) {
    return _mm512_add_epi32(a, b);
}
GRM_INLINE vi vi_dot(vi a, vw w, const int8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm512_dpbusd_epi32(a, w, _mm512_set1_epi32(four));
}
#if defined(__clang__)
#define vi_dot_many vi_dot
#else  // GCC copies each sum back and forth, and runs out of registers over it
GRM_INLINE vi vi_dot_many(vi a, vw w, const int8_t *x) {
    __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(a) : "v"(w), "m"(*(const int8_t(*)[4])x));
    return a;
}
#endif
GRM_INLINE vw vw_load(const uint8_t *p) {
    return _mm512_loadu_si512(p);
}
GRM_INLINE void vw_halves(const uint8_t *p, vw *low, vw *high) {
    const __m512i half = _mm512_set1_epi8(15);
    const __m512i values =
        _mm512_xor_si512(_mm512_set1_epi8((char)-128),
                         _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)grm_int4_values)));
    __m512i both = _mm512_loadu_si512(p);
    *low = _mm512_shuffle_epi8(values, _mm512_and_si512(both, half));
    *high = _mm512_shuffle_epi8(values, _mm512_and_si512(_mm512_srli_epi16(both, 4), half));
}

#define HOLD(x) __asm__ volatile("" : "+v"(x))
#define BIAS 128
#define MOST_ROWS 8
#define KERNELS grm_kernels_avx512
#define KERNELS_NAME "AVX-512 VNNI"
#include "neural/kernels/body.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
