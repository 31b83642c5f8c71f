// From what each moment allows to a limiter's gain.
#ifndef GRM_DSP_GAIN_PATH_H
#define GRM_DSP_GAIN_PATH_H

#include "dsp/levels.h"

// The mean of the last `width` values; the first stands in for those before it.
typedef struct grm_average {
    float *ring;
    size_t width, at;
    double share, sum;  // share: 1 / width
} grm_average;

// What is allowed goes through a sliding minimum that looks ahead, a release in two speeds (quick after a single peak,
// slow where there are many, so that the gain does not pump), and a smoothing as long as the look-ahead. All values
// that the smoothing averages are at or below what is allowed at its end, so the average is too.
typedef struct grm_gain_path {
    size_t width, count;  // of the look-ahead; points so far
    size_t head, used;    // of a queue of points whose values ascend
    float *values;
    size_t *places;
    float quick, slow, fast_gain, slow_gain;
    grm_average first, second;
} grm_gain_path;

// width >= 1; the release is in points.
grm_status grm_gain_path_open(grm_gain_path *path, size_t width, double release, grm_error *err);
void grm_gain_path_close(grm_gain_path *path);
void grm_gain_path_reset(grm_gain_path *path);
// Takes the most gain at the next point. From the point `width` on, true, and the gain at the point `width` before.
bool grm_gain_path_push(grm_gain_path *path, float allowed, float *gain);

#endif
