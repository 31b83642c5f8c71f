// A half-band filter's odd taps, and the loop over them. It leaves every second sample as it is; the others are a
// 16-tap half-sample interpolation. Of this room alone.
#ifndef GRM_DSP_HALF_BAND_H
#define GRM_DSP_HALF_BAND_H

#include "base/compiler.h"

enum { GRM_HALF_TAPS = 16 };

// sinc(k - 7.5) under a Kaiser window (beta 6), normalised; symmetric, so the first half is enough. Between 24
// and 48 kHz it is flat within 0.1 dB up to 9.5 kHz and lets nothing through from 15 kHz on (-68 dB).
static const float grm_half_band[GRM_HALF_TAPS / 2] = {-0.00153154972f, 0.00536597323f, -0.0132781206f, 0.0276828986f,
                                                       -0.052563523f,   0.0969012269f,  -0.192664536f,  0.630087631f};

// y[i] is the value half a sample after x[i + 7]; x: [count + 15]. No aliasing.
GRM_INLINE void grm_half_between(const float *restrict x, float *restrict y, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float sum = 0;
        for (int k = 0; k < GRM_HALF_TAPS / 2; k++)
            sum += grm_half_band[k] * (x[i + (size_t)k] + x[i + GRM_HALF_TAPS - 1 - (size_t)k]);
        y[i] = sum;
    }
}

#endif
