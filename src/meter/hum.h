#ifndef GRM_METER_HUM_H
#define GRM_METER_HUM_H

#include "base/base.h"

// A chapter: about a minute of what lies around each line, brought down to 0 Hz; |z|^2 is the power there. Narrow, 20
// Hz of it, so that notes nearby are left out, and wide, 50 Hz of it, so that moments are told apart.
enum { GRM_HUM_RATE = 20, GRM_HUM_WIDE_RATE = 50, GRM_HUM_CHAPTER_S = 64, GRM_HUM_LINES = 6 };
enum {
    GRM_HUM_CHAPTER = GRM_HUM_CHAPTER_S * GRM_HUM_RATE,
    GRM_HUM_WIDE_CHAPTER = GRM_HUM_CHAPTER_S * GRM_HUM_WIDE_RATE
};

typedef struct grm_hum_line {
    float re[GRM_HUM_CHAPTER], im[GRM_HUM_CHAPTER];
    float wide_re[GRM_HUM_WIDE_CHAPTER], wide_im[GRM_HUM_WIDE_CHAPTER];
} grm_hum_line;

// Shifts by which the comb of lines is set beside itself: what is as strong there is no hum. The first is 0.
enum { GRM_HUM_SHIFTS = 1 + 2 * 141 };

typedef struct grm_hum_evidence {
    double gain[GRM_HUM_SHIFTS];  // of log likelihood that steady lines of that shift bring
    double power;                 // of the lines that are not shifted
} grm_hum_evidence;

// Weighs chapters; holds scratch memory, for one thread.
typedef struct grm_hum_scale grm_hum_scale;
grm_status grm_hum_scale_new(grm_hum_scale **out, grm_error *err);
void grm_hum_scale_free(grm_hum_scale *scale);
// lines: [GRM_HUM_LINES], the harmonics in turn, of which `count` points and `wide` wide ones are there. False: nothing
// speaks for a hum.
bool grm_hum_weigh(grm_hum_scale *scale, const grm_hum_line *lines, size_t count, size_t wide, grm_hum_evidence *out);

#endif
