// What a stem sounds like: the figures from which its role is told when its name does not say.
#ifndef GRM_MIX_HEAR_H
#define GRM_MIX_HEAR_H

#include "audio/audio.h"
#include "base/base.h"

enum { GRM_HEAR_HOP = 1024, GRM_HEAR_SECONDS = 60 };  // of sound that is listened to at most

typedef enum grm_trait {
    GRM_TRAIT_LOW,       // dB of the power below 150 Hz in all
    GRM_TRAIT_HIGH,      // the same above 5 kHz
    GRM_TRAIT_CENTRE,    // octaves that the centroid of power lies above 1 kHz
    GRM_TRAIT_FLATNESS,  // dB, geometric against arithmetic mean of power, 200 Hz to 8 kHz
    GRM_TRAIT_ONSETS,    // log2 of onsets a second while it plays
    GRM_TRAIT_PUNCH,     // dB of its strong frames over its middle ones
    GRM_TRAIT_PLAYS,     // share of the frames that sound
    GRM_TRAIT_TONE,      // 0..1, how well a frame repeats itself after its period
    GRM_TRAIT_PITCH,     // octaves above 220 Hz, the median
    GRM_TRAIT_RANGE,     // octaves from the low tenth of pitches to the high one
    GRM_TRAIT_STEADY,    // share of neighbouring frames whose pitches agree within 40 cents
    GRM_TRAIT_SPREAD,    // octaves of the spectrum's deviation about its centroid
    GRM_TRAIT_COUNT,
} grm_trait;

typedef struct grm_sound {
    bool silent;
    float trait[GRM_TRAIT_COUNT];
    size_t frames;  // looks, GRM_HEAR_HOP apart, from the start of the tape
    float *flux;    // [frames], how much louder the spectrum grows
} grm_sound;

extern const char *const grm_trait_names[GRM_TRAIT_COUNT];

grm_status grm_sound_hear(const grm_run *run, const grm_tape *tape, grm_sound *out, grm_error *err);
void grm_sound_free(grm_sound *sound);
// Beats a minute that the sum of `count` fluxes repeats at, 70 to 180; 0 when they have none in common.
double grm_sounds_tempo(const grm_sound *sounds, size_t count, double rate_hz);

#endif
