// Whether somebody sings or speaks: a small convolutional network over the log spectra of the ear for rhythm, a second
// at a time.
#ifndef GRM_METER_VOICE_H
#define GRM_METER_VOICE_H

#include "meter/meter.h"

// The narrow bands of rhythm_front.c, from the lowest one, of which the network sees BANDS from FIRST on (86 Hz to
// 9.2 kHz).
enum { GRM_VOICE_FIRST = 2, GRM_VOICE_BANDS = 120 };

typedef struct grm_voice grm_voice;
// avx2: whether to use it; the bits are the same.
grm_status grm_voice_new(bool avx2, grm_voice **out, grm_error *err);
void grm_voice_free(grm_voice *voice);
// The log magnitudes of the next hundredth of a second: [GRM_VOICE_FIRST + GRM_VOICE_BANDS], those of a stretch at its
// usual level between 0 and 6 or so.
grm_status grm_voice_hear(grm_voice *voice, const float *bands, grm_error *err);
// Nothing more comes: voice_likeness and voice_share and, if asked for, the likelihood of every second as a series (a
// last one that is half as long or more counts; 0 where nothing sounds).
grm_status grm_voice_finish(grm_voice *voice, bool series, grm_analysis *analysis, grm_error *err);

#endif
