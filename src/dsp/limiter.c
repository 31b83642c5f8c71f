// The gain of a look-ahead limiter over a whole recording, worked out on hops.
#include "dsp/dsp.h"

grm_status grm_limiter_curve(const grm_limiter_plan *plan, const float *peaks, size_t hops, float drive, float *gain,
                             grm_error *err) {
    double hops_ahead = plan->lookahead_ms * 0.001 * plan->hop_hz;
    size_t width = hops_ahead > 1 ? (size_t)lround(hops_ahead) : 1, made = 0;
    grm_gain_path path;
    grm_status status = grm_gain_path_open(&path, width, plan->release_ms * 0.001 * plan->hop_hz, err);
    if (status) return status;
    // The most gain at the start of hop h: it touches the hops on both of its sides. Nothing comes behind the last.
    float before = 1;
    for (size_t h = 0; made <= hops; h++) {
        float peak = h < hops ? peaks[h] * drive : 0, allow = peak > plan->ceiling ? plan->ceiling / peak : 1;
        made += grm_gain_path_push(&path, allow < before ? allow : before, &gain[made]);
        before = allow;
    }
    grm_gain_path_close(&path);
    return GRM_OK;
}
