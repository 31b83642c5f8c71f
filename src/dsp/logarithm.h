// A logarithm for loops over vectors: no call, no branch.
#ifndef GRM_DSP_LOGARITHM_H
#define GRM_DSP_LOGARITHM_H

#include <string.h>

#include "base/base.h"

// Natural logarithm of a positive normal number, within 8e-8 of it. x = 2^e (1 + m), sqrt(1/2) <= 1 + m < sqrt(2), and
// log(1 + m) = m - m^2 / 2 + m^3 P(m), P fitted to the least largest error.
GRM_INLINE float grm_logarithm(float x) {
    static const int32_t root_half = 0x3f3504f3;
    int32_t bits, rest;
    float m;
    memcpy(&bits, &x, sizeof bits);
    bits -= root_half;
    rest = (bits & 0x7fffff) + root_half;
    memcpy(&m, &rest, sizeof m);
    m -= 1;
    float e = (float)(bits >> 23), square = m * m;
    float p = -0.07634256780147552f;
    p = p * m + 0.12761473655700684f;
    p = p * m - 0.1316022425889969f;
    p = p * m + 0.14201775193214417f;
    p = p * m - 0.16623353958129883f;
    p = p * m + 0.20001226663589478f;
    p = p * m - 0.250008225440979f;
    p = p * m + 0.3333333134651184f;
    // log(2) in two parts, of which e times the first is exact
    return m + (p * m * square - e * 2.12194440e-4f - 0.5f * square) + e * 0.693359375f;
}

#endif
