// A kind of vector, for a body that is included once for each: what every processor of the family has.
//   VECTOR, WIDTH (floats in one), LOAD(float *), STORE(float *, VECTOR), ALL(float), LESS(VECTOR, VECTOR),
//   MORE(VECTOR, VECTOR), PLUS(VECTOR, VECTOR), TARGET (the attribute of functions), NAME(name).
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
#else
#define VECTOR float
#define WIDTH 1
#define LOAD(at) (*(at))
#define STORE(at, x) (*(at) = (x))
#define ALL(x) (x)
#define LESS(x, y) ((x) < (y) ? (x) : (y))
#define MORE(x, y) ((x) < (y) ? (y) : (x))
#define PLUS(x, y) ((x) + (y))
#endif
#define TARGET
#define NAME(name) name##_plain
