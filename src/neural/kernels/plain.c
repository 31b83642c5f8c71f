// The kernels in plain C, for any processor and for comparison.
#include <math.h>
#include <string.h>

#include "neural/halves.h"
#include "neural/kernels/matrix.h"

typedef struct vf {
    float x[16];
} vf;
typedef struct vi {
    int32_t x[16];
} vi;
typedef struct vw {
    int8_t x[64];
} vw;

#define EACH(expression)                                   \
    vf y;                                                  \
    for (size_t l = 0; l < 16; l++) y.x[l] = (expression); \
    return y

GRM_INLINE vf vf_set(float a) {
    EACH(a);
}
GRM_INLINE vf vf_load(const float *p) {
    EACH(p[l]);
}
GRM_INLINE void vf_store(float *p, vf a) {
    memcpy(p, a.x, sizeof a.x);
}
GRM_INLINE vf vf_half(const uint16_t *p) {
    EACH(grm_half_to_float(p[l]));
}
GRM_INLINE void vf_store_half(uint16_t *p, vf a) {
    for (size_t l = 0; l < 16; l++) p[l] = grm_float_to_half(a.x[l]);
}
GRM_INLINE vf vf_add(vf a, vf b) {
    EACH(a.x[l] + b.x[l]);
}
GRM_INLINE vf vf_sub(vf a, vf b) {
    EACH(a.x[l] - b.x[l]);
}
GRM_INLINE vf vf_mul(vf a, vf b) {
    EACH(a.x[l] * b.x[l]);
}
GRM_INLINE vf vf_div(vf a, vf b) {
    EACH(a.x[l] / b.x[l]);
}
GRM_INLINE vf vf_fma(vf a, vf b, vf c) {
    EACH(fmaf(a.x[l], b.x[l], c.x[l]));
}
GRM_INLINE vf vf_max(vf a, vf b) {
    EACH(a.x[l] > b.x[l] ? a.x[l] : b.x[l]);
}
GRM_INLINE vf vf_min(vf a, vf b) {
    EACH(a.x[l] < b.x[l] ? a.x[l] : b.x[l]);
}
GRM_INLINE vf vf_abs(vf a) {
    EACH(fabsf(a.x[l]));
}
GRM_INLINE vf vf_round(vf a) {
    EACH(rintf(a.x[l]));
}
GRM_INLINE vf vf_power(vf n) {
    EACH(grm_bits_to_float((uint32_t)((int32_t)n.x[l] + 127) << 23));
}
GRM_INLINE vf vf_less(vf a, vf b, vf x, vf z) {
    EACH(a.x[l] < b.x[l] ? x.x[l] : z.x[l]);
}
// Of both, lanes of one half meet those of the other, until one is left.
GRM_INLINE float vf_total(vf a) {
    for (size_t half = 8; half; half /= 2)
        for (size_t l = 0; l < half; l++) a.x[l] += a.x[l + half];
    return a.x[0];
}
GRM_INLINE float vf_most(vf a) {
    for (size_t half = 8; half; half /= 2)
        for (size_t l = 0; l < half; l++) a.x[l] = a.x[l] > a.x[l + half] ? a.x[l] : a.x[l + half];
    return a.x[0];
}
GRM_INLINE vf vf_whole(vi a) {
    EACH((float)a.x[l]);
}
GRM_INLINE vi vi_set(int32_t a) {
    vi y;
    for (size_t l = 0; l < 16; l++) y.x[l] = a;
    return y;
}
GRM_INLINE vi vi_round(vf a) {
    vi y;
    for (size_t l = 0; l < 16; l++) y.x[l] = (int32_t)rintf(a.x[l]);
    return y;
}
GRM_INLINE void vi_store_bytes(int8_t *p, vi a) {
    for (size_t l = 0; l < 16; l++) p[l] = (int8_t)a.x[l];
}
GRM_INLINE vi vi_add(vi a, vi b) {
    for (size_t l = 0; l < 16; l++) a.x[l] += b.x[l];
    return a;
}
GRM_INLINE vi vi_dot(vi a, vw w, const int8_t *x) {
    for (size_t l = 0; l < 16; l++)
        for (size_t j = 0; j < 4; j++) a.x[l] += w.x[4 * l + j] * x[j];
    return a;
}
GRM_INLINE vw vw_load(const uint8_t *p) {
    vw w;
    for (size_t i = 0; i < 64; i++) w.x[i] = (int8_t)(p[i] - 128);
    return w;
}
GRM_INLINE void vw_halves(const uint8_t *p, vw *low, vw *high) {
    for (size_t i = 0; i < 64; i++) {
        low->x[i] = grm_int4_values[p[i] & 15];
        high->x[i] = grm_int4_values[p[i] >> 4];
    }
}

#define BIAS 0
#define MOST_ROWS 2
#define HOLD(x) ((void)(x))
#define vi_dot_many vi_dot
#define KERNELS grm_kernels_plain
#define KERNELS_NAME "plain C"
#include "neural/kernels/body.h"
