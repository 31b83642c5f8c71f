// The words of kernels/body.h for 64-bit ARM: four registers stand for 16 lanes. The file that includes this says how
// bytes are multiplied (NEON_DOT); all else is part of the base architecture.
#include <arm_neon.h>

typedef struct vf {
    float32x4_t x[4];
} vf;
typedef struct vi {
    int32x4_t x[4];
} vi;

#define EACH(expression)                                  \
    vf y;                                                 \
    for (size_t q = 0; q < 4; q++) y.x[q] = (expression); \
    return y

GRM_INLINE vf vf_set(float a) {
    EACH(vdupq_n_f32(a));
}
GRM_INLINE vf vf_load(const float *p) {
    EACH(vld1q_f32(p + 4 * q));
}
GRM_INLINE void vf_store(float *p, vf a) {
    for (size_t q = 0; q < 4; q++) vst1q_f32(p + 4 * q, a.x[q]);
}
GRM_INLINE vf vf_half(const uint16_t *p) {
    EACH(vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + 4 * q))));
}
GRM_INLINE void vf_store_half(uint16_t *p, vf a) {
    for (size_t q = 0; q < 4; q++) vst1_u16(p + 4 * q, vreinterpret_u16_f16(vcvt_f16_f32(a.x[q])));
}
GRM_INLINE vf vf_add(vf a, vf b) {
    EACH(vaddq_f32(a.x[q], b.x[q]));
}
GRM_INLINE vf vf_sub(vf a, vf b) {
    EACH(vsubq_f32(a.x[q], b.x[q]));
}
GRM_INLINE vf vf_mul(vf a, vf b) {
    EACH(vmulq_f32(a.x[q], b.x[q]));
}
GRM_INLINE vf vf_div(vf a, vf b) {
    EACH(vdivq_f32(a.x[q], b.x[q]));
}
GRM_INLINE vf vf_fma(vf a, vf b, vf c) {
    EACH(vfmaq_f32(c.x[q], a.x[q], b.x[q]));
}
GRM_INLINE vf vf_max(vf a, vf b) {  // b when one is no number, as elsewhere
    EACH(vbslq_f32(vcgtq_f32(a.x[q], b.x[q]), a.x[q], b.x[q]));
}
GRM_INLINE vf vf_min(vf a, vf b) {
    EACH(vbslq_f32(vcltq_f32(a.x[q], b.x[q]), a.x[q], b.x[q]));
}
GRM_INLINE vf vf_abs(vf a) {
    EACH(vabsq_f32(a.x[q]));
}
GRM_INLINE vf vf_round(vf a) {
    EACH(vrndnq_f32(a.x[q]));
}
GRM_INLINE vf vf_power(vf n) {
    EACH(vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n.x[q]), vdupq_n_s32(127)), 23)));
}
GRM_INLINE vf vf_less(vf a, vf b, vf yes, vf no) {
    EACH(vbslq_f32(vcltq_f32(a.x[q], b.x[q]), yes.x[q], no.x[q]));
}
// Of both, lanes of one half meet those of the other, until one is left.
GRM_INLINE float vf_total(vf a) {
    float32x4_t x = vaddq_f32(vaddq_f32(a.x[0], a.x[2]), vaddq_f32(a.x[1], a.x[3]));
    float32x2_t y = vadd_f32(vget_low_f32(x), vget_high_f32(x));
    return vget_lane_f32(y, 0) + vget_lane_f32(y, 1);
}
GRM_INLINE float32x4_t larger(float32x4_t a, float32x4_t b) {
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}
GRM_INLINE float vf_most(vf a) {
    float32x4_t x = larger(larger(a.x[0], a.x[2]), larger(a.x[1], a.x[3]));
    x = larger(x, vextq_f32(x, x, 2));
    float y = vgetq_lane_f32(x, 0), z = vgetq_lane_f32(x, 1);
    return y > z ? y : z;
}
GRM_INLINE vf vf_whole(vi a) {
    EACH(vcvtq_f32_s32(a.x[q]));
}
GRM_INLINE vi vi_set(int32_t a) {
    return (vi){{vdupq_n_s32(a), vdupq_n_s32(a), vdupq_n_s32(a), vdupq_n_s32(a)}};
}

GRM_INLINE vi vi_round(vf a) {
    vi y;
    for (size_t q = 0; q < 4; q++) y.x[q] = vcvtnq_s32_f32(a.x[q]);
    return y;
}
GRM_INLINE void vi_store_bytes(int8_t *p, vi a) {
    int16x8_t low = vcombine_s16(vmovn_s32(a.x[0]), vmovn_s32(a.x[1]));
    int16x8_t high = vcombine_s16(vmovn_s32(a.x[2]), vmovn_s32(a.x[3]));
    vst1q_s8(p, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
}
GRM_INLINE vi vi_add(vi a, vi b) {
    for (size_t q = 0; q < 4; q++) a.x[q] = vaddq_s32(a.x[q], b.x[q]);
    return a;
}

GRM_INLINE int8x16_t four_bytes(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

#if NEON_UNSIGNED  // weights stay as they are stored, 128 too large
typedef struct vw {
    uint8x16_t x[4];
} vw;
GRM_INLINE vw vw_load(const uint8_t *p) {
    return (vw){{vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48)}};
}
GRM_INLINE void vw_halves(const uint8_t *p, vw *low, vw *high) {
    uint8x16_t values = veorq_u8(vreinterpretq_u8_s8(vld1q_s8(grm_int4_values)), vdupq_n_u8(128));
    for (size_t q = 0; q < 4; q++) {
        uint8x16_t both = vld1q_u8(p + 16 * q);
        low->x[q] = vqtbl1q_u8(values, vandq_u8(both, vdupq_n_u8(15)));
        high->x[q] = vqtbl1q_u8(values, vshrq_n_u8(both, 4));
    }
}
#define BIAS 128
#else
typedef struct vw {
    int8x16_t x[4];
} vw;
GRM_INLINE vw vw_load(const uint8_t *p) {
    vw w;
    for (size_t q = 0; q < 4; q++) w.x[q] = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(p + 16 * q), vdupq_n_u8(128)));
    return w;
}
GRM_INLINE void vw_halves(const uint8_t *p, vw *low, vw *high) {
    int8x16_t values = vld1q_s8(grm_int4_values);
    for (size_t q = 0; q < 4; q++) {
        uint8x16_t both = vld1q_u8(p + 16 * q);
        low->x[q] = vqtbl1q_s8(values, vandq_u8(both, vdupq_n_u8(15)));
        high->x[q] = vqtbl1q_s8(values, vshrq_n_u8(both, 4));
    }
}
#define BIAS 0
#endif

GRM_INLINE vi vi_dot(vi sums, vw w, const int8_t *x) {
    int8x16_t all = four_bytes(x);
    for (size_t q = 0; q < 4; q++) sums.x[q] = NEON_DOT(sums.x[q], w.x[q], all);
    return sums;
}

#define vi_dot_many vi_dot
#define MOST_ROWS 2
#define HOLD(x) ((void)(x))
#include "neural/kernels/body.h"
