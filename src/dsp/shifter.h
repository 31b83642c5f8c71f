// A pitch shifter whose pitch something else decides, window by window. Of this room alone.
#ifndef GRM_DSP_SHIFTER_H
#define GRM_DSP_SHIFTER_H

#include "dsp/dsp.h"

// The ratio of pitches for a window of the sound, [2][size] ([1][size] of a mono one); held within 0.5..2.
typedef double grm_shift_fn(void *context, const float *const *window, size_t size);
void grm_shifter_follow(grm_shifter *shifter, grm_shift_fn *fn, void *context);
// Half the work; a shifter that ran so stays mono. x is sane.
void grm_shifter_run_mono(grm_shifter *shifter, float *x, size_t frames);
// Leaves the vector unit alone (same result).
void grm_shifter_plain(grm_shifter *shifter);
size_t grm_shifter_window(const grm_shifter *shifter);  // frames

#endif
