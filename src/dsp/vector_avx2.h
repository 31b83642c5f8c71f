// The vectors of AVX2; see vector_plain.h.
#include <immintrin.h>
#define VECTOR __m256
#define WIDTH 8
#define LOAD(at) _mm256_loadu_ps(at)
#define STORE(at, x) _mm256_storeu_ps(at, x)
#define ALL(x) _mm256_set1_ps(x)
#define LESS(x, y) _mm256_min_ps(x, y)
#define MORE(x, y) _mm256_max_ps(x, y)
#define PLUS(x, y) _mm256_add_ps(x, y)
#define MINUS(x, y) _mm256_sub_ps(x, y)
#define TIMES(x, y) _mm256_mul_ps(x, y)
#define REVERSED(x) _mm256_permutevar8x32_ps(x, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0))
#define STORE_PAIRS(at, a, b)                                                   \
    do {                                                                        \
        __m256 low = _mm256_unpacklo_ps(a, b), high = _mm256_unpackhi_ps(a, b); \
        _mm256_storeu_ps(at, _mm256_permute2f128_ps(low, high, 0x20));          \
        _mm256_storeu_ps((at) + 8, _mm256_permute2f128_ps(low, high, 0x31));    \
    } while (0)
#define STORE_FOURS(at, a, b, c, d)                                                  \
    do {                                                                             \
        __m256 ac = _mm256_unpacklo_ps(a, c), bd = _mm256_unpacklo_ps(b, d);         \
        __m256 ac2 = _mm256_unpackhi_ps(a, c), bd2 = _mm256_unpackhi_ps(b, d);       \
        __m256 y0 = _mm256_unpacklo_ps(ac, bd), y1 = _mm256_unpackhi_ps(ac, bd);     \
        __m256 y2 = _mm256_unpacklo_ps(ac2, bd2), y3 = _mm256_unpackhi_ps(ac2, bd2); \
        _mm256_storeu_ps(at, _mm256_permute2f128_ps(y0, y1, 0x20));                  \
        _mm256_storeu_ps((at) + 8, _mm256_permute2f128_ps(y2, y3, 0x20));            \
        _mm256_storeu_ps((at) + 16, _mm256_permute2f128_ps(y0, y1, 0x31));           \
        _mm256_storeu_ps((at) + 24, _mm256_permute2f128_ps(y2, y3, 0x31));           \
    } while (0)
#define LOAD_PAIRS(at, a, b)                                                                                \
    do {                                                                                                    \
        __m256 one = _mm256_loadu_ps(at), two = _mm256_loadu_ps((at) + 8);                                  \
        __m256 low = _mm256_permute2f128_ps(one, two, 0x20), high = _mm256_permute2f128_ps(one, two, 0x31); \
        a = _mm256_shuffle_ps(low, high, 0x88), b = _mm256_shuffle_ps(low, high, 0xdd);                     \
    } while (0)
#define TARGET GRM_AVX2
#define NAME(name) name##_avx2
