// The pitch of the voice in a window of stereo sound. Of this room alone.
#ifndef GRM_DSP_VOICE_EAR_H
#define GRM_DSP_VOICE_EAR_H

#include "dsp/dsp.h"

typedef struct grm_voice_ear {
    grm_pitch_tracker *tracker;
    float *mono;
} grm_voice_ear;
// A range of zeros stands for 70 to 1100 Hz.
grm_status grm_voice_ear_open(grm_voice_ear *ear, const grm_pitch_plan *range, double rate_hz, grm_error *err);
void grm_voice_ear_close(grm_voice_ear *ear);
double grm_voice_ear_window_ms(const grm_voice_ear *ear,
                               double rate_hz);  // of a shifter that is wide enough to hear in
// Of the middle of the window; 0: none. window: [2][size]
double grm_voice_ear_hear(grm_voice_ear *ear, const float *const *window, size_t size);

#endif
