// Octave levels of mid and side, dB against the power of the whole mid signal; and side against mid.
#include "master/internal.h"

static float decibels(double power) {
    return power > 1e-20 ? (float)(10 * log10(power)) : -200;
}

void grm_master_spectrum_of(const grm_look *look, const grm_master_preset *preset, grm_master_spectrum *out) {
    *out = (grm_master_spectrum){.count = preset->reference_count};
    double whole = 0, width = 0, octaves = 0;
    for (size_t i = 1; i < look->bins; i++) whole += (double)look->mid[i];
    for (size_t b = 0; b < out->count; b++) {
        double centre = preset->reference[b].hz, mid = 0, side = 0;
        size_t low = (size_t)(centre / sqrt(2) / look->step_hz + 0.5);
        size_t high = (size_t)(centre * sqrt(2) / look->step_hz + 0.5);
        for (size_t i = low ? low : 1; i < high && i < look->bins; i++) {
            mid += (double)look->mid[i];
            side += (double)look->side[i];
        }
        out->hz[b] = preset->reference[b].hz;
        out->mid_db[b] = whole > 0 ? decibels(mid / whole) : -200;
        out->side_db[b] = mid > 0 ? decibels(side / mid) : -200;
        if (out->hz[b] < 500 || out->hz[b] > 4000) continue;
        width += (double)fmaxf(out->side_db[b], -60);
        octaves++;
    }
    out->width_db = octaves > 0 ? (float)(width / octaves) : 0;
}
