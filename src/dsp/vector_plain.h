// A kind of vector, for a body that is included once for each: what every processor of the family has.
//   VECTOR, WIDTH (floats in one), LOAD(float *), STORE(float *, VECTOR), ALL(float), LESS, MORE, PLUS, MINUS and TIMES
//   (VECTOR, VECTOR), REVERSED(VECTOR), STORE_PAIRS(float *, a, b): a0 b0 a1 b1 ..., LOAD_PAIRS (its inverse),
//   STORE_FOURS(float *, a, b, c, d): a0 b0 c0 d0 a1 ..., TARGET (the attribute of functions), NAME(name).
#if defined(__SSE2__)
#include <immintrin.h>
#define VECTOR __m128
#define WIDTH 4
#define LOAD(at) _mm_loadu_ps(at)
#define STORE(at, x) _mm_storeu_ps(at, x)
#define ALL(x) _mm_set1_ps(x)
#define LESS(x, y) _mm_min_ps(x, y)
#define MORE(x, y) _mm_max_ps(x, y)
#define PLUS(x, y) _mm_add_ps(x, y)
#define MINUS(x, y) _mm_sub_ps(x, y)
#define TIMES(x, y) _mm_mul_ps(x, y)
#define REVERSED(x) _mm_shuffle_ps(x, x, 0x1b)
#define STORE_PAIRS(at, a, b)                                                                     \
    do {                                                                                          \
        _mm_storeu_ps(at, _mm_unpacklo_ps(a, b)), _mm_storeu_ps((at) + 4, _mm_unpackhi_ps(a, b)); \
    } while (0)
#define LOAD_PAIRS(at, a, b)                                                    \
    do {                                                                        \
        __m128 one = _mm_loadu_ps(at), two = _mm_loadu_ps((at) + 4);            \
        a = _mm_shuffle_ps(one, two, 0x88), b = _mm_shuffle_ps(one, two, 0xdd); \
    } while (0)
#define STORE_FOURS(at, a, b, c, d)                                      \
    do {                                                                 \
        __m128 ac = _mm_unpacklo_ps(a, c), bd = _mm_unpacklo_ps(b, d);   \
        __m128 ac2 = _mm_unpackhi_ps(a, c), bd2 = _mm_unpackhi_ps(b, d); \
        _mm_storeu_ps(at, _mm_unpacklo_ps(ac, bd));                      \
        _mm_storeu_ps((at) + 4, _mm_unpackhi_ps(ac, bd));                \
        _mm_storeu_ps((at) + 8, _mm_unpacklo_ps(ac2, bd2));              \
        _mm_storeu_ps((at) + 12, _mm_unpackhi_ps(ac2, bd2));             \
    } while (0)
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#define VECTOR float32x4_t
#define WIDTH 4
#define LOAD(at) vld1q_f32(at)
#define STORE(at, x) vst1q_f32(at, x)
#define ALL(x) vdupq_n_f32(x)
#define LESS(x, y) vminq_f32(x, y)
#define MORE(x, y) vmaxq_f32(x, y)
#define PLUS(x, y) vaddq_f32(x, y)
#define MINUS(x, y) vsubq_f32(x, y)
#define TIMES(x, y) vmulq_f32(x, y)
#define REVERSED(x) vextq_f32(vrev64q_f32(x), vrev64q_f32(x), 2)
#define STORE_PAIRS(at, a, b) vst2q_f32(at, ((float32x4x2_t){{a, b}}))
#define LOAD_PAIRS(at, a, b)                \
    do {                                    \
        float32x4x2_t both = vld2q_f32(at); \
        a = both.val[0], b = both.val[1];   \
    } while (0)
#define STORE_FOURS(at, a, b, c, d) vst4q_f32(at, ((float32x4x4_t){{a, b, c, d}}))
#else
#define VECTOR float
#define WIDTH 1
#define LOAD(at) (*(at))
#define STORE(at, x) (*(at) = (x))
#define ALL(x) (x)
#define LESS(x, y) ((x) < (y) ? (x) : (y))
#define MORE(x, y) ((x) < (y) ? (y) : (x))
#define PLUS(x, y) ((x) + (y))
#define MINUS(x, y) ((x) - (y))
#define TIMES(x, y) ((x) * (y))
#define REVERSED(x) (x)
#define STORE_PAIRS(at, a, b) ((at)[0] = (a), (at)[1] = (b))
#define LOAD_PAIRS(at, a, b) (a = (at)[0], b = (at)[1])
#define STORE_FOURS(at, a, b, c, d) ((at)[0] = (a), (at)[1] = (b), (at)[2] = (c), (at)[3] = (d))
#endif
#define TARGET
#define NAME(name) name##_plain
