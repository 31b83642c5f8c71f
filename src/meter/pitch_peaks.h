// Peaks of a long spectrum: what stands out of its surroundings, as keys.
#ifndef GRM_PITCH_PEAKS_H
#define GRM_PITCH_PEAKS_H

#include "meter/pitch.h"

enum {
    GRM_PITCH_BINS = GRM_PITCH_SIZE / 2 + 1,
    GRM_PITCH_LOW_BIN = 13,     // 35 Hz
    GRM_PITCH_HIGH_BIN = 1820,  // 4.9 kHz
    GRM_PITCH_PEAKS = 96,       // most in a frame, the lowest ones
};

typedef struct grm_note_peak {
    float note, weight;  // MIDI key, fraction included
} grm_note_peak;

// Tables, and a place to work, for one thread.
typedef struct grm_peak_finder {
    bool avx2;
    uint8_t places[256][8];  // of the bits that are set, lowest first
    struct {
        uint16_t from, to;  // what lies around a bin, an octave wide (at least 16 bins)
    } around[GRM_PITCH_HIGH_BIN];
    double sums[GRM_PITCH_BINS + 1][2];     // of magnitudes and of powers: of the bins before
    uint16_t tops[GRM_PITCH_HIGH_BIN + 8];  // bins larger than both neighbours
    uint16_t bins[GRM_PITCH_PEAKS + 4];     // those that stand out,
    float stands_out[GRM_PITCH_PEAKS + 4];  // by so many deviations
    float logarithms[3][GRM_PITCH_PEAKS];   // of the powers before, at and behind
} grm_peak_finder;

void grm_peak_finder_init(grm_peak_finder *finder);
// power: [GRM_PITCH_BINS]; peaks: [GRM_PITCH_PEAKS]. Gives their number.
size_t grm_peak_finder_run(grm_peak_finder *finder, const float *power, grm_note_peak *peaks);

#endif
