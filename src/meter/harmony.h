// What the harmony ear is made of.
#ifndef GRM_HARMONY_H
#define GRM_HARMONY_H

#include "meter/pitch.h"

enum { GRM_CHORD_NONE = 24, GRM_CHORD_KINDS = 25 };  // 0..11 C..B major, 12..23 minor

typedef struct grm_chord_stretch {
    double start_s, end_s;
    int chord;
} grm_chord_stretch;

// The most likely sequence, one chord a beat at most; without beats every 0.37 s. No two neighbours are alike, and
// together they last `duration_s`. *out is free()d by the caller.
grm_status grm_chords_find(const grm_pitch_series *series, const double *beats_s, size_t beat_count, double duration_s,
                           grm_chord_stretch **out, size_t *count, grm_error *err);
void grm_chord_name(int chord, char name[12]);  // "F#m", "N"

typedef struct grm_key_guess {
    int tonic;  // pitch class, -1: there is no key to hear
    bool minor;
    double confidence;
    double chroma[12];  // mean of the middle, the largest 1
} grm_key_guess;

// Roots of the first and last chord, -1: not known. Tunes end at home, and many begin there.
typedef struct grm_key_ends {
    int first, last;
} grm_key_ends;

grm_key_guess grm_key_guess_make(const grm_pitch_series *series, grm_key_ends ends);
// "F# minor", as keys are mostly spelled; "" when there is none.
void grm_key_guess_name(const grm_key_guess *key, char name[16]);

#endif
