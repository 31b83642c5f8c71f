// librosa.effects.hpss on groups of frames: medians along time and frequency, soft masks, the inverse STFT.
#include <string.h>

#include "meter/spectrum.h"

enum { BINS = GRM_SPECTRUM_BINS, ROWS = GRM_SPECTRUM_ROWS, REACH = GRM_MEDIAN / 2 };

// scipy.ndimage's "reflect": d c b a | a b c d | d c b a.
static size_t reflected(ptrdiff_t i, size_t size) {
    ptrdiff_t period = 2 * (ptrdiff_t)size;
    i %= period;
    if (i < 0) i += period;
    return (size_t)(i < (ptrdiff_t)size ? i : period - 1 - i);
}

static void medians_in_time(grm_group *group, const grm_group *before, const grm_group *after, size_t frames,
                            const grm_spectrum_plan *plan, float *out) {
    const float *in[GRM_MEDIAN_ROWS];
    float *to[GRM_MEDIAN_TILE];
    for (size_t r = 0; r < GRM_MEDIAN_ROWS; r++) {
        size_t frame = reflected((ptrdiff_t)(group->first + r) - REACH, frames);
        const grm_group *from = frame < group->first ? before : frame < group->first + GRM_LANES ? group : after;
        // Beyond the last frame only lanes that are not there would look.
        if (!from || frame < from->first || frame >= from->first + GRM_LANES) from = group, frame = group->first;
        in[r] = from->frames + (frame - from->first) * ROWS;
    }
    for (size_t r = 0; r < GRM_MEDIAN_TILE; r++) to[r] = out + r * ROWS;
    grm_median_tile(plan->avx2, in, ROWS, to);
}

static void medians_in_frequency(const grm_group *group, const grm_spectrum_plan *plan, float *out) {
    for (size_t bin = 0; bin < ROWS; bin += GRM_MEDIAN_TILE) {
        const float *in[GRM_MEDIAN_ROWS];
        float *to[GRM_MEDIAN_TILE];
        for (size_t r = 0; r < GRM_MEDIAN_ROWS; r++)
            in[r] = group->magnitude + reflected((ptrdiff_t)(bin + r) - REACH, BINS) * GRM_LANES;
        for (size_t r = 0; r < GRM_MEDIAN_TILE; r++) to[r] = out + (bin + r) * GRM_LANES;
        grm_median_tile(plan->avx2, in, GRM_LANES, to);
    }
}

// util.softmask with power 2; what both medians leave silent is split evenly.
GRM_INLINE void mask_body(float *restrict bins, const float *restrict harmonic, const float *restrict percussive,
                          const float *restrict present) {
    for (size_t k = 0; k < BINS; k++)
        for (size_t l = 0; l < GRM_LANES; l++) {
            float h = harmonic[k * GRM_LANES + l], p = percussive[k * GRM_LANES + l];
            float hh = h * h, all = hh + p * p;
            float mask = (all > 1e-36f ? hh / all : 0.5f) * present[l];
            bins[2 * k * GRM_LANES + l] *= mask;
            bins[(2 * k + 1) * GRM_LANES + l] *= mask;
        }
}

// Windowed frames over each other: hop k of frame f belongs to hop f + k of the group.
GRM_INLINE void overlap_body(const float *restrict x, const grm_spectrum_plan *plan, float *restrict out) {
    memset(out, 0, plan->hop * plan->columns * sizeof *out);
    for (size_t m = 0; m < plan->hop; m++)
        for (size_t k = 0; k < plan->overlap; k++) {
            float w = plan->window[k * plan->hop + m], *to = out + m * plan->columns + k;
            const float *from = x + (k * plan->hop + m) * GRM_LANES;
            for (size_t l = 0; l < GRM_LANES; l++) to[l] += w * from[l];
        }
}

static void mask_plain(float *bins, const float *harmonic, const float *percussive, const float *present) {
    mask_body(bins, harmonic, percussive, present);
}

static void overlap_plain(const float *x, const grm_spectrum_plan *plan, float *out) {
    overlap_body(x, plan, out);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void mask_avx2(float *bins, const float *harmonic, const float *percussive, const float *present) {
    mask_body(bins, harmonic, percussive, present);
}

GRM_AVX2 static void overlap_avx2(const float *x, const grm_spectrum_plan *plan, float *out) {
    overlap_body(x, plan, out);
}
#else
#define mask_avx2 mask_plain
#define overlap_avx2 overlap_plain
#endif

void grm_hpss_group(grm_group *group, const grm_group *before, const grm_group *after, size_t frames,
                    const grm_spectrum_plan *plan) {
    float *percussive = group->medians, *harmonic = group->medians + (size_t)ROWS * GRM_LANES, present[GRM_LANES];
    for (size_t l = 0; l < GRM_LANES; l++) present[l] = l < group->count ? 1 : 0;
    medians_in_time(group, before, after, frames, plan, percussive);
    grm_transpose(percussive, ROWS, GRM_LANES, ROWS, harmonic, GRM_LANES);
    medians_in_frequency(group, plan, percussive);
    (plan->avx2 ? mask_avx2 : mask_plain)(group->bins, harmonic, percussive, present);
    grm_lane_fft_inverse(plan->fft, group->bins, group->work);
    (plan->avx2 ? overlap_avx2 : overlap_plain)(group->work, plan, group->harmonic);
}
