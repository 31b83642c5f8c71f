// The network of voice.c: eight-bit weights, which times their output's scale are the fitted ones.
#ifndef GRM_METER_VOICE_WEIGHTS_H
#define GRM_METER_VOICE_WEIGHTS_H

#include <stdint.h>

#include "meter/voice.h"

enum {
    GRM_VOICE_A_TIME = 3,
    GRM_VOICE_A_BANDS = 5,
    GRM_VOICE_A_OUT = 8,
    GRM_VOICE_B_OUT = 16,
    GRM_VOICE_B_PLACES = 19,
    GRM_VOICE_C_OUT = 16,
    GRM_VOICE_A_INPUTS = GRM_VOICE_A_TIME * GRM_VOICE_A_BANDS,
    GRM_VOICE_B_INPUTS = 3 * 3 * GRM_VOICE_A_OUT,
    GRM_VOICE_C_INPUTS = GRM_VOICE_B_PLACES * GRM_VOICE_B_OUT,
};

// What the input is measured from, and by: (x - mean) * scale.
extern const float grm_voice_mean[GRM_VOICE_BANDS], grm_voice_scale;
// [time][band], then [time][place][output before], then [place][output before]
extern const int8_t grm_voice_a[GRM_VOICE_A_INPUTS][GRM_VOICE_A_OUT];
extern const int8_t grm_voice_b[GRM_VOICE_B_INPUTS][GRM_VOICE_B_OUT];
extern const int8_t grm_voice_c[GRM_VOICE_C_INPUTS][GRM_VOICE_C_OUT];
extern const float grm_voice_a_scale[GRM_VOICE_A_OUT], grm_voice_a_bias[GRM_VOICE_A_OUT];
extern const float grm_voice_b_scale[GRM_VOICE_B_OUT], grm_voice_b_bias[GRM_VOICE_B_OUT];
extern const float grm_voice_c_scale[GRM_VOICE_C_OUT], grm_voice_c_bias[GRM_VOICE_C_OUT];
// of the second before, the second, the one behind; mean and largest of each output
extern const float grm_voice_head[3][2 * GRM_VOICE_C_OUT], grm_voice_head_bias;

#endif
