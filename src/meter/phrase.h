// Texts of the curves with figures filled in.
#ifndef GRM_METER_PHRASE_H
#define GRM_METER_PHRASE_H

#include "meter/curves.h"

// What a text may speak of. `figure` -1: no value of its own.
typedef struct grm_phrase {
    const double *values;  // [GRM_FIGURES]
    int figure;
    double good;
    const char *genre;
} grm_phrase;

// Writes the first of the texts all of whose figures are known; false: none is.
bool grm_phrase_write(const grm_texts *texts, const grm_phrase *phrase, char *out, size_t size);

#endif
