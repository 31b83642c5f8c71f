// Power behind two cells, as those of K-weighting, eight frames at a time.
//
// The cells are one linear system with four states, so what comes out of eight frames is a sum over these frames and
// the states before them, and so are the states behind: nothing waits for the frame before.
#ifndef GRM_DSP_WEIGHTING_H
#define GRM_DSP_WEIGHTING_H

#include "dsp/filter.h"

enum { GRM_WEIGHTING_BLOCK = 8, GRM_WEIGHTING_STATES = 4 };

// Of two channels at once. Lanes of states: those of the left channel, then those of the right one.
typedef struct grm_weighting {
    bool avx2;
    float sound[GRM_WEIGHTING_BLOCK][GRM_WEIGHTING_BLOCK];   // [frame in][frame out]
    float ring[GRM_WEIGHTING_STATES][GRM_WEIGHTING_BLOCK];   // [state before][frame out]
    float charge[GRM_WEIGHTING_BLOCK][GRM_WEIGHTING_BLOCK];  // [frame in][state behind, twice]
    float decay[GRM_WEIGHTING_STATES][GRM_WEIGHTING_BLOCK];  // [state before][state behind, twice]
    float charge_one[GRM_WEIGHTING_BLOCK], decay_one[GRM_WEIGHTING_STATES][GRM_WEIGHTING_BLOCK];  // behind one frame
    float states[2 * GRM_WEIGHTING_STATES];
} grm_weighting;

void grm_weighting_init(grm_weighting *weighting, const grm_filter cells[2]);
// Sum of the squares of what comes out of [blocks * GRM_WEIGHTING_BLOCK] frames, of both channels.
double grm_weighting_blocks(grm_weighting *weighting, const float *left, const float *right, size_t blocks);
// The same of single frames.
double grm_weighting_frames(grm_weighting *weighting, const float *left, const float *right, size_t frames);
// Brings what rings below -400 dB to rest.
void grm_weighting_rest(grm_weighting *weighting);

#endif
