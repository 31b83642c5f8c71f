// Width, and a low end in the middle.
#include "dsp/dsp.h"

void grm_stereo_init(grm_stereo *stereo, double rate_hz, float width, float mono_hz) {
    stereo->width = width;
    grm_filter cell = grm_filter_design(GRM_FILTER_HIGHPASS, rate_hz, mono_hz, 0.7071, 0);
    grm_cascade_init(&stereo->side, &cell, mono_hz > 0 ? 1 : 0);
}

bool grm_stereo_run(grm_stereo *stereo, float *left, float *right, size_t frames) {
    if (!grm_planes_check((float *const[]){left, right}, 2, frames)) return false;
    if (stereo->width == 1 && stereo->side.cells == 0) return true;
    float mid[256], side[256], half_width = 0.5f * stereo->width;
    for (size_t at = 0; at < frames; at += GRM_COUNT(mid)) {
        size_t count = frames - at < GRM_COUNT(mid) ? frames - at : GRM_COUNT(mid);
        float *l = left + at, *r = right + at;
        for (size_t i = 0; i < count; i++) {
            mid[i] = 0.5f * (l[i] + r[i]);
            side[i] = half_width * (l[i] - r[i]);
        }
        grm_cascade_run(&stereo->side, side, NULL, count);
        for (size_t i = 0; i < count; i++) {
            l[i] = mid[i] + side[i];
            r[i] = mid[i] - side[i];
        }
    }
    return true;
}
