// Second-order filters and cascades of them.
#ifndef GRM_DSP_FILTER_H
#define GRM_DSP_FILTER_H

#include "dsp/levels.h"

typedef enum grm_filter_kind {
    GRM_FILTER_LOWPASS,
    GRM_FILTER_HIGHPASS,
    GRM_FILTER_BANDPASS,  // 0 dB at its centre
    GRM_FILTER_NOTCH,
    GRM_FILTER_ALLPASS,
    GRM_FILTER_BELL,
    GRM_FILTER_LOW_SHELF,  // free of resonance at q 0.71
    GRM_FILTER_HIGH_SHELF,
} grm_filter_kind;

// One second-order cell: a trapezoidal state-variable filter (Simper 2013) with the responses of the RBJ cookbook. In
// float it keeps a 25 Hz highpass exact, where a direct form loses a tenth of a dB to the rounding of coefficients.
//   v3 = x - s2;  d1 = e1 s1 + c2 v3;  d2 = c2 s1 + c3 v3;  y = x0 x + x1 s1 + x2 s2;  s1 += d1;  s2 += d2
typedef struct grm_filter {
    float e1, c2, c3, x0, x1, x2;
} grm_filter;

// hz is held within 1 Hz and 0.49 of the rate, q above 0.05; db counts for bells and shelves.
grm_filter grm_filter_design(grm_filter_kind kind, double rate_hz, double hz, double q, double db);
// From the analogue prototype (m0 s^2 + m1 k s + m2) / (s^2 + k s + 1) at hz.
grm_filter grm_filter_prototype(double rate_hz, double hz, double k, double high, double band, double low);
double grm_filter_gain_db(const grm_filter *filter, double rate_hz, double at_hz);

// Cells one behind the other on two channels at once. Plain data: copy it to copy its state.
enum { GRM_CASCADE_CELLS = 16 };
typedef struct grm_cascade {
    size_t cells;
    bool avx2;
    struct {
        float e1[8], c2[8], c3[8], x0[8], x1[8], x2[8];  // lane: 2 * cell + channel
        float s1[8], s2[8];
    } group[GRM_CASCADE_CELLS / 4];
} grm_cascade;

void grm_cascade_init(grm_cascade *cascade, const grm_filter *cells, size_t count);  // count <= GRM_CASCADE_CELLS
void grm_cascade_set(grm_cascade *cascade, size_t cell, const grm_filter *filter);   // the state stays
// In place. `right` may be NULL.
void grm_cascade_run(grm_cascade *cascade, float *left, float *right, size_t frames);
double grm_cascade_gain_db(const grm_cascade *cascade, double rate_hz, double at_hz);

#endif
