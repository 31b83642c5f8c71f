// Means of the few smallest and the few largest of many, for lanes side by side: each value sinks through what is kept
// so far, in order. Without branches, so the work is the same for all lanes.
#include <assert.h>
#include <math.h>

#include "dsp/lanes.h"
#include "dsp/vector_plain.h"
//
#include "dsp/extremes_body.h"

#if GRM_HAVE_AVX2
#include "dsp/vector_avx2.h"
//
#include "dsp/extremes_body.h"
#endif

void grm_lane_extremes(bool avx2, const float *x, size_t count, size_t extreme, float low_mean[GRM_LANES],
                       float high_mean[GRM_LANES]) {
    assert(extreme >= 1 && extreme <= GRM_MOST_EXTREME && extreme <= count);
#if GRM_HAVE_AVX2
    if (avx2)
        extremes_avx2(x, count, extreme, low_mean, high_mean);
    else
#endif
        extremes_plain(x, count, extreme, low_mean, high_mean);
    for (size_t l = 0; l < GRM_LANES; l++) {
        low_mean[l] /= (float)extreme;
        high_mean[l] /= (float)extreme;
    }
}
