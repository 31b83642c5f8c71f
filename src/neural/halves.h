// 16-bit floats: IEEE 754 binary16 and bfloat16, rounded to nearest even.
#ifndef GRM_NEURAL_HALVES_H
#define GRM_NEURAL_HALVES_H

#include <stdint.h>
#include <string.h>

static inline float grm_bits_to_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static inline uint32_t grm_float_to_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float grm_bfloat_to_float(uint16_t half) {
    return grm_bits_to_float((uint32_t)half << 16);
}

static inline float grm_half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = half & 0x7fff;
    if (rest >= 0x7c00) return grm_bits_to_float(sign | 0x7f800000 | (rest & 0x3ff) << 13);  // infinity, NaN
    // Exponents 15 - 127 apart; multiplying by 2^112 puts denormals right too.
    float x = grm_bits_to_float(rest << 13) * 0x1p112f;
    return grm_bits_to_float(grm_float_to_bits(x) | sign);
}

static inline uint16_t grm_float_to_half(float x) {
    uint32_t bits = grm_float_to_bits(x), sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
    if (rest > 0x7f800000) return (uint16_t)(sign | 0x7e00);
    if (rest >= 0x47800000) return (uint16_t)(sign | 0x7c00);  // 65536 and beyond
    if (rest < 0x38800000) {                                   // a denormal: let the adder round at 2^-24
        float shifted = grm_bits_to_float(rest) + 0.5f;
        return (uint16_t)(sign | (grm_float_to_bits(shifted) - 0x3f000000));
    }
    rest += 0xfff + (rest >> 13 & 1);
    return (uint16_t)(sign | (rest - 0x38000000) >> 13);
}

#endif
