#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "meter/faults.h"

// Half octaves from 100 Hz. Powers are counted by the upper bits of their float: eight steps an octave of power, linear
// within each, 0.4 dB apart.
enum { BANDS = 15, HISS = 7, STEPS = 2048, SHIFT = 20 };  // HISS: the first band of hiss, from 1.1 kHz
static const double lowest_hz = 100, quantile = 0.01, silence = 1e-8;

struct grm_hiss {
    grm_frame_shape shape;
    size_t from[BANDS], to[BANDS];
    double whole, treble;  // sums over the frames; treble: over the bands of hiss
    size_t frames;
    uint32_t count[BANDS][STEPS];
};

grm_hiss *grm_hiss_new(const grm_frame_shape *shape) {
    grm_hiss *n = calloc(1, sizeof *n);
    if (!n) return NULL;
    n->shape = *shape;
    for (size_t i = 0; i < BANDS; i++) {
        double from = ceil(lowest_hz * exp2(0.5 * (double)i) / shape->step_hz);
        double to = ceil(lowest_hz * exp2(0.5 * (double)(i + 1)) / shape->step_hz);
        double end = 0.9 * (double)shape->bins;  // filters of converters and encoders reach down to here
        n->from[i] = (size_t)fmin(from, end);
        n->to[i] = (size_t)fmin(to, end);
    }
    return n;
}

void grm_hiss_free(grm_hiss *n) {
    free(n);
}

void grm_hiss_add(grm_hiss *n, const float *power) {
    double sum = 0;
    for (size_t k = n->from[0]; k < n->to[BANDS - 1]; k++) sum += (double)power[k];
    if (sum < silence) return;
    n->whole += sum;
    for (size_t k = n->from[HISS]; k < n->to[BANDS - 1]; k++) n->treble += (double)power[k];
    n->frames++;
    for (size_t i = 0; i < BANDS; i++)
        for (size_t k = n->from[i]; k < n->to[i]; k++) {
            uint32_t bits;
            memcpy(&bits, &power[k], sizeof bits);
            n->count[i][bits >> SHIFT & (STEPS - 1)]++;
        }
}

static double power_at(size_t step) {
    uint32_t bits = (uint32_t)step << SHIFT;
    float power;
    memcpy(&power, &bits, sizeof power);
    return (double)power;
}

static double quantile_of(const uint32_t *count, double points) {
    double wanted = quantile * points, below = 0;
    for (size_t i = 0; i + 1 < STEPS; i++) {
        if (below + count[i] >= wanted && count[i] > 0) {
            double low = power_at(i), high = power_at(i + 1);
            return low + (high - low) * (wanted - below) / count[i];
        }
        below += count[i];
    }
    return 0;
}

static double against(double power, double whole) {
    double share = whole > 0 ? power / whole : 0;
    return share > 1e-12 ? fmin(0, 10 * log10(share)) : -120;
}

void grm_hiss_tell(const grm_hiss *n, grm_features *out) {
    double sum = 0, hiss = 0;
    if (n->frames == 0) return;
    // The power of noise is distributed exponentially: below its p-th part lies -ln(1 - p) of the mean.
    for (size_t i = 0; i < BANDS; i++) {
        double width = (double)(n->to[i] - n->from[i]);
        double power = width * quantile_of(n->count[i], width * (double)n->frames) / -log1p(-quantile);
        sum += power;
        if (i >= HISS) hiss += power;
    }
    out->noise_db = against(sum * (double)n->frames, n->whole);
    out->hiss_db = against(hiss * (double)n->frames, n->treble);
}
