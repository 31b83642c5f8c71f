// A smooth curve through anchors.
#ifndef GRM_METER_CURVE_H
#define GRM_METER_CURVE_H

#include <stddef.h>

enum { GRM_MAX_ANCHORS = 16 };

// Cubic Hermite pieces through (x, y), x rising; slopes by Fritsch and Butland (SIAM J. Sci. Stat. Comput. 5, 1984),
// so that it never leaves the range of neighbouring anchors and turns only at anchors; flat beyond the ends, where
// the slope is 0.
typedef struct grm_curve {
    size_t count;  // 2..GRM_MAX_ANCHORS
    double x[GRM_MAX_ANCHORS], y[GRM_MAX_ANCHORS], slope[GRM_MAX_ANCHORS];
} grm_curve;

void grm_curve_fit(grm_curve *curve);  // the slopes
double grm_curve_at(const grm_curve *curve, double x);
// Where one should go from x: the nearest place of at least `enough`, or of the highest there is below that.
double grm_curve_good(const grm_curve *curve, double x, double enough);

#endif
