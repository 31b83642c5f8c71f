// Levels that gains follow, hop by hop. Of this room alone.
#ifndef GRM_DSP_DETECTOR_H
#define GRM_DSP_DETECTOR_H

#include "dsp/dynamics.h"

#define GRM_HOLD_MS 10.0  // a peak is held once or twice so long: half a period of the lowest bass

// Share of the way that is gone in one hop with this time constant.
static inline float grm_hop_share(double rate_hz, double ms) {
    return ms > 0 ? (float)(1 - exp(-GRM_HOP / (rate_hz * ms * 0.001))) : 1.0f;
}

static inline grm_peak_hold grm_peak_hold_at(double rate_hz) {
    return (grm_peak_hold){.stretch = 1 + (unsigned)(GRM_HOLD_MS * 0.001 * rate_hz / GRM_HOP)};
}
// The held peak after a hop whose largest magnitude was `peak`.
static inline float grm_peak_hold_next(grm_peak_hold *hold, float peak) {
    if (hold->hop == 0) {
        hold->held[1] = hold->held[0];
        hold->held[0] = 0;
    }
    hold->hop = hold->hop + 1 == hold->stretch ? 0 : hold->hop + 1;
    hold->held[0] = fmaxf(hold->held[0], peak);
    return fmaxf(hold->held[0], hold->held[1]);
}

static inline float grm_stereo_peak(float peak, const float *left, const float *right, size_t count) {
    for (size_t i = 0; i < count; i++) peak = fmaxf(peak, fmaxf(fabsf(left[i]), fabsf(right[i])));
    return peak;
}

// Times a gain that goes from one end of a hop to the other; `phase` frames of the hop are gone.
static inline void grm_hop_scale(float *x, size_t count, float from, float to, unsigned phase) {
    float step = (to - from) / GRM_HOP;
    if (from == 1 && to == 1) return;
    for (size_t i = 0; i < count; i++) x[i] *= from + step * (float)(int)(phase + i);
}

#endif
