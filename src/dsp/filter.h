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

// Magnitude of the analogue filter that the cookbook starts from, and one or two cells that have it within 0.1 dB up to
// 0.455 of the rate. Returns how many it takes; the second is always there, and does nothing when it takes one. Takes
// three milliseconds at worst.
double grm_filter_analogue_db(grm_filter_kind kind, double hz, double q, double db, double at_hz);
size_t grm_filter_match(grm_filter_kind kind, double rate_hz, double hz, double q, double db, grm_filter cells[2]);

// Cells one behind the other on two channels at once. Plain data: copy it to copy its state.
enum { GRM_CASCADE_CELLS = 24 };
typedef struct grm_cascade {
    size_t cells;
    bool vectors;  // AVX2 or NEON
    struct {
        float e1[8], c2[8], c3[8], x0[8], x1[8], x2[8];  // lane: 2 * cell + channel
        float s1[8], s2[8];
    } group[GRM_CASCADE_CELLS / 4];
} grm_cascade;

void grm_cascade_init(grm_cascade *cascade, const grm_filter *cells, size_t count);  // count <= GRM_CASCADE_CELLS
void grm_cascade_set(grm_cascade *cascade, size_t cell, const grm_filter *filter);   // the state stays
// In place. `right` may be NULL.
bool grm_cascade_run(grm_cascade *cascade, float *left, float *right, size_t frames);
// The same, to the bit, of several that have nothing to do with each other, in less than half the time: what one waits
// for is worked out for the others. left, right: [count][frames], none NULL.
void grm_cascades_run(grm_cascade *const *cascades, float *const *left, float *const *right, size_t count,
                      size_t frames);
double grm_cascade_gain_db(const grm_cascade *cascade, double rate_hz, double at_hz);

// ---- parametric equaliser ----

typedef struct grm_eq_band {
    grm_filter_kind kind;
    float hz, q, db;
} grm_eq_band;

// Bands in series, each with the magnitude of grm_filter_analogue_db. Plain data.
enum { GRM_EQ_BANDS = GRM_CASCADE_CELLS / 2 };
typedef struct grm_equaliser {
    double rate_hz;
    size_t bands, phase, step, steps;  // step of the glide
    grm_eq_band band[GRM_EQ_BANDS];
    grm_filter from[GRM_CASCADE_CELLS], to[GRM_CASCADE_CELLS];
    grm_cascade cascade;
} grm_equaliser;
void grm_equaliser_init(grm_equaliser *equaliser, double rate_hz, const grm_eq_band *bands, size_t count);
void grm_equaliser_set(grm_equaliser *equaliser, const grm_eq_band *bands);  // as many as before; glides there
bool grm_equaliser_run(grm_equaliser *equaliser, float *left, float *right, size_t frames);  // in place
double grm_equaliser_gain_db(const grm_equaliser *equaliser, double at_hz);                  // of what it glides to

// ---- crossovers ----

// Splits sound into bands by Linkwitz-Riley filters of fourth order whose sum is flat: each band also goes through the
// phase turn of the splits that it did not meet. Plain data.
enum { GRM_BANDS = 5 };
typedef struct grm_crossover {
    size_t bands;
    double rate_hz;
    float from_hz[GRM_BANDS - 1], to_hz[GRM_BANDS - 1];  // splits, and where they glide
    size_t now, glide_end;                               // frames since the start
    grm_cascade low[GRM_BANDS - 1], turn[GRM_BANDS - 1], after[GRM_BANDS - 1];
} grm_crossover;
// hz: [bands - 1] ascending; 1 <= bands <= GRM_BANDS.
void grm_crossover_init(grm_crossover *crossover, double rate_hz, const float *hz, size_t bands);
void grm_crossover_set(grm_crossover *crossover, const float *hz);  // glides there
// in: [2][frames] -> out: [bands][2][frames]. No aliasing.
bool grm_crossover_run(grm_crossover *crossover, const float *const *in, float *(*out)[2], size_t frames);

#endif
