// The ten octaves beside pink noise.
#include <math.h>

#include "meter/faults.h"

static const double range_db = 60;  // what lies farther below the loudest octave is as good as silent

static double decibels(double power) {
    return power > 1e-16 ? 10 * log10(power) : -160;
}

// Octaves that lie above what the rate can hold are not counted.
static size_t sum_octaves(const grm_frame_shape *shape, const double *mean_power, double level[GRM_OCTAVES]) {
    size_t count = 0;
    double loudest = -160;
    for (size_t i = 0; i < GRM_OCTAVES; i++) {
        double from = 31.25 * M_SQRT1_2 * exp2((double)i), to = 2 * from, power = 0;
        if (1.2 * from >= 0.5 * shape->rate_hz) break;
        for (size_t k = (size_t)ceil(from / shape->step_hz); k < shape->bins && (double)k * shape->step_hz < to; k++)
            power += mean_power[k];
        level[count++] = decibels(power);
        loudest = fmax(loudest, level[i]);
    }
    if (loudest <= -160) return 0;
    for (size_t i = 0; i < count; i++) level[i] = fmax(level[i] - loudest, -range_db);
    return count;
}

void grm_octaves_tell(const grm_frame_shape *shape, const double *mean_power, grm_features *out) {
    double level[GRM_OCTAVES], sorted[GRM_OCTAVES], error = 0, slope = 0, spread = 0;
    size_t count = sum_octaves(shape, mean_power, level);
    if (count < 2) return;
    for (size_t i = 0; i < count; i++) sorted[i] = level[i];
    grm_sort_doubles(sorted, count);
    double target = 0.5 * (sorted[(count - 1) / 2] + sorted[count / 2]), middle = 0.5 * (double)(count - 1);
    for (size_t i = 0; i < count; i++) {
        double at = (double)i - middle;
        out->tonal_balance_db[i] = level[i];
        out->tonal_balance_target_db[i] = target;
        error += fabs(level[i] - target) / (double)count;
        slope += at * level[i];
        spread += at * at;
    }
    out->tonal_balance_error_db = error;
    out->spectral_tilt_db = slope / spread;
}

// ---- the wall ----

static const double wall_db = 20, lowest_wall_hz = 2000, audible_db = 90;  // audible: below the loudest bin

// Mean of the bins' levels from `from` to `to` Hz, which single tones hardly raise; NaN when there are none.
static double mean_level(const grm_frame_shape *shape, const double *power, double from, double to) {
    size_t first = (size_t)ceil(from / shape->step_hz), last = (size_t)(to / shape->step_hz);
    double sum = 0;
    if (last >= shape->bins) last = shape->bins - 1;
    for (size_t k = first; k <= last; k++) sum += decibels(power[k]);
    return first <= last ? sum / (double)(last - first + 1) : NAN;
}

// Where, near hz, the level is half way down to `above`.
static double edge_near(const grm_frame_shape *shape, const double *power, double hz, double above) {
    const double step = exp2(1.0 / 48);
    double half = 0.5 * (above + mean_level(shape, power, 0.7 * hz, 0.84 * hz));
    for (double at = 1.06 * hz; at > 0.84 * hz; at /= step)
        if (mean_level(shape, power, at / step, at) >= half) return at;
    return hz;
}

void grm_bandwidth_tell(const grm_frame_shape *shape, const double *mean_power, grm_features *out) {
    const double nyquist = 0.5 * shape->rate_hz, step = exp2(1.0 / 12);
    double above = -160, loudest = 0;  // above: the loudest twelfth of an octave so far
    for (size_t k = 1; k < shape->bins; k++) loudest = fmax(loudest, mean_power[k]);
    double audible = decibels(loudest) - audible_db;
    out->bandwidth_hz = nyquist;
    for (double hz = nyquist / step; hz > lowest_wall_hz; hz /= step) {
        double beyond = mean_level(shape, mean_power, hz * sqrt(step), hz * step * sqrt(step));
        double before = mean_level(shape, mean_power, hz / (step * step * step), hz / sqrt(step));
        above = fmax(above, beyond);
        if (before < audible) continue;
        if (before - above >= wall_db) out->bandwidth_hz = edge_near(shape, mean_power, hz, above);
        return;  // here is sound, so that no wall lies below
    }
}
