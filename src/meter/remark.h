// Texts of the curves with figures filled in.
#ifndef GRM_METER_REMARK_H
#define GRM_METER_REMARK_H

#include "meter/curves.h"

// What a text may speak of. `figure` -1: no value of its own.
typedef struct grm_remark {
    const double *values;  // [GRM_FIGURES]
    int figure;
    double good;
    const char *genre;
} grm_remark;

// Writes the first of the texts all of whose figures are known; false: none is.
bool grm_remark_write(const grm_texts *texts, const grm_remark *phrase, char *out, size_t size);

#endif
