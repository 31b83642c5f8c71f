// The kernels for AVX2 with fused multiply-adds and half floats: pairs of registers stand for 16 lanes.
#include <math.h>
#include <string.h>

#include "neural/kernels/table.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif

typedef struct vf {
    __m256 a, b;
} vf;
typedef struct vi {
    __m256i a, b;
} vi;
typedef vi vw;

#define BOTH(expression_a, expression_b) \
    return (vf) {                        \
        expression_a, expression_b       \
    }

GRM_INLINE vf vf_set(float x) {
    BOTH(_mm256_set1_ps(x), _mm256_set1_ps(x));
}
GRM_INLINE vf vf_load(const float *p) {
    BOTH(_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8));
}
GRM_INLINE void vf_store(float *p, vf x) {
    _mm256_storeu_ps(p, x.a);
    _mm256_storeu_ps(p + 8, x.b);
}
GRM_INLINE vf vf_half(const uint16_t *p) {
    const __m128i *halves = (const __m128i *)(const void *)p;
    BOTH(_mm256_cvtph_ps(_mm_loadu_si128(halves)), _mm256_cvtph_ps(_mm_loadu_si128(halves + 1)));
}
GRM_INLINE void vf_store_half(uint16_t *p, vf x) {
    __m128i *halves = (__m128i *)(void *)p;
    _mm_storeu_si128(halves, _mm256_cvtps_ph(x.a, _MM_FROUND_TO_NEAREST_INT));
    _mm_storeu_si128(halves + 1, _mm256_cvtps_ph(x.b, _MM_FROUND_TO_NEAREST_INT));
}
GRM_INLINE vf vf_add(vf x, vf y) {
    BOTH(_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b));
}
GRM_INLINE vf vf_sub(vf x, vf y) {
    BOTH(_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b));
}
GRM_INLINE vf vf_mul(vf x, vf y) {
    BOTH(_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b));
}
GRM_INLINE vf vf_div(vf x, vf y) {
    BOTH(_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b));
}
GRM_INLINE vf vf_fma(vf x, vf y, vf z) {
    BOTH(_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b));
}
GRM_INLINE vf vf_max(vf x, vf y) {
    BOTH(_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b));
}
GRM_INLINE vf vf_min(vf x, vf y) {
    BOTH(_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b));
}
GRM_INLINE vf vf_abs(vf x) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    BOTH(_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b));
}
GRM_INLINE vf vf_round(vf x) {
    BOTH(_mm256_round_ps(x.a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
         _mm256_round_ps(x.b, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
GRM_INLINE __m256 power_of(__m256 n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
GRM_INLINE vf vf_power(vf n) {
    BOTH(power_of(n.a), power_of(n.b));
}
GRM_INLINE vf vf_less(vf x, vf y, vf yes, vf no) {
    BOTH(_mm256_blendv_ps(no.a, yes.a, _mm256_cmp_ps(x.a, y.a, _CMP_LT_OQ)),
         _mm256_blendv_ps(no.b, yes.b, _mm256_cmp_ps(x.b, y.b, _CMP_LT_OQ)));
}
// Of both, lanes of one half meet those of the other, until one is left.
GRM_INLINE float vf_total(vf x) {
    __m256 half = _mm256_add_ps(x.a, x.b);
    __m128 y = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    y = _mm_add_ps(y, _mm_movehl_ps(y, y));
    return _mm_cvtss_f32(_mm_add_ss(y, _mm_movehdup_ps(y)));
}
GRM_INLINE float vf_most(vf x) {
    __m256 half = _mm256_max_ps(x.a, x.b);
    __m128 y = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    y = _mm_max_ps(y, _mm_movehl_ps(y, y));
    return _mm_cvtss_f32(_mm_max_ss(y, _mm_movehdup_ps(y)));
}
GRM_INLINE vf vf_whole(vi x) {
    BOTH(_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b));
}
GRM_INLINE vi vi_set(int32_t x) {
    return (vi){_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
}
GRM_INLINE vi vi_round(vf x) {
    return (vi){_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)};
}
GRM_INLINE void vi_store_bytes(int8_t *p, vi x) {
    __m256i words = _mm256_packs_epi32(x.a, x.b);  // halves of a and b in turn
    words = _mm256_permute4x64_epi64(words, _MM_SHUFFLE(3, 1, 2, 0));
    __m128i low = _mm256_castsi256_si128(words), high = _mm256_extracti128_si256(words, 1);
    _mm_storeu_si128((__m128i *)(void *)p, _mm_packs_epi16(low, high));
}
GRM_INLINE vi vi_add(vi x, vi y) {
    return (vi){_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)};
}
// Products of bytes without and with sign are added in pairs to 16 bits: |w| and x with w's sign stay below 2^15.
GRM_INLINE __m256i dot_of(__m256i sums, __m256i w, __m256i x) {
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
GRM_INLINE vi vi_dot(vi sums, vw w, const int8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    __m256i all = _mm256_set1_epi32(four);
    return (vi){dot_of(sums.a, w.a, all), dot_of(sums.b, w.b, all)};
}
GRM_INLINE vw vw_load(const uint8_t *p) {
    const __m256i *bytes = (const __m256i *)(const void *)p, bias = _mm256_set1_epi8((char)-128);
    return (vw){_mm256_xor_si256(_mm256_loadu_si256(bytes), bias),
                _mm256_xor_si256(_mm256_loadu_si256(bytes + 1), bias)};
}
GRM_INLINE void vw_halves(const uint8_t *p, vw *low, vw *high) {
    const __m256i *bytes = (const __m256i *)(const void *)p, half = _mm256_set1_epi8(15);
    const __m256i values = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)grm_int4_values));
    __m256i a = _mm256_loadu_si256(bytes), b = _mm256_loadu_si256(bytes + 1);
    *low = (vw){_mm256_shuffle_epi8(values, _mm256_and_si256(a, half)),
                _mm256_shuffle_epi8(values, _mm256_and_si256(b, half))};
    *high = (vw){_mm256_shuffle_epi8(values, _mm256_and_si256(_mm256_srli_epi16(a, 4), half)),
                 _mm256_shuffle_epi8(values, _mm256_and_si256(_mm256_srli_epi16(b, 4), half))};
}

#define BIAS 0
#define MOST_ROWS 2
#define HOLD(x) ((void)(x))
#define vi_dot_many vi_dot
#define KERNELS grm_kernels_avx2
#define KERNELS_NAME "AVX2"
#include "neural/kernels/body.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
