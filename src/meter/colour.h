// What it sounds like from tenth to tenth of a second: coarse spectra, which the ear for rhythm leaves to later ones.
#ifndef GRM_METER_COLOUR_H
#define GRM_METER_COLOUR_H

#include <stddef.h>

enum {
    GRM_COLOURS = 20,      // bands of equal width in mel, 40 Hz to 10 kHz
    GRM_RHYTHM_BANDS = 5,  // of the flux
};

// Means over the frame.
typedef struct grm_colour_frame {
    float power[GRM_COLOURS];      // a full-scale sine comes to about 1
    float flux[GRM_RHYTHM_BANDS];  // rise of the log spectrum
} grm_colour_frame;

typedef struct grm_colour_series {
    size_t count;
    double frame_s;  // frame i begins at i times this
    const grm_colour_frame *frames;
} grm_colour_series;

#endif
