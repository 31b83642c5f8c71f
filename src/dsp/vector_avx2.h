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
#define TARGET GRM_AVX2
#define NAME(name) name##_avx2
