// What the harmony ear is made of.
#ifndef GRM_HARMONY_H
#define GRM_HARMONY_H

#include "meter/pitch.h"

typedef struct grm_key_guess {
    int tonic;  // pitch class, -1: there is no key to hear
    bool minor;
    double confidence;
    double chroma[12];  // mean of the middle, the largest 1
} grm_key_guess;

grm_key_guess grm_key_guess_make(const grm_pitch_series *series);
// "F# minor", as keys are mostly spelled; "" when there is none.
void grm_key_guess_name(const grm_key_guess *key, char name[16]);

#endif
