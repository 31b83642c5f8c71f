#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/faults.h"

enum { BANDS = 7, OCTAVES = 10, LEVELS = 800, STRETCH_TENTHS = 60 };
enum { BASS, LOW, MUD, LOW_MIDDLE, MIDDLE, PRESENCE, AIR };
// The middle, which the others are measured against, begins where a boost of the low middle no longer reaches.
static const double edges[BANDS][2] = {
    [BASS] = {40, 160},     [LOW] = {80, 160},         [MUD] = {200, 400},    [LOW_MIDDLE] = {800, 1600},
    [MIDDLE] = {800, 3200}, [PRESENCE] = {2000, 5000}, [AIR] = {6000, 16000},
};
// A band's edges are ramps over a third of an octave, so that a tone that drifts past one does not jump.
static const double ramp_octaves = 1.0 / 3;
static const double floor_db = -120;

// Levels in steps of 0.25 dB from -160 dB.
typedef struct histogram {
    uint32_t count[LEVELS];
} histogram;

struct grm_balance {
    grm_frame_shape shape;
    size_t band_from[BANDS], band_to[BANDS], octave_from[OCTAVES], octave_to[OCTAVES];
    float *share[BANDS];  // [band_to - band_from] of a bin's power that counts; all in one piece of memory
    double band_power[BANDS];
    histogram middle, air;
    double *mean_power;  // [bins], sum over the frames
    size_t frames;
    // Stretches: power by octave of the one that runs; count, mean and squared deviation of the levels of those before.
    size_t stretch_frames, in_stretch, stretches;
    double octave_power[OCTAVES], mean[OCTAVES], squares[OCTAVES];
};

// How far f lies within a ramp about the edge: 0 before it, 1 behind it.
static double ramp_at(double hz, double edge_hz) {
    double at = log2(hz / edge_hz) / ramp_octaves + 0.5;
    return at <= 0 ? 0 : at >= 1 ? 1 : 0.5 - 0.5 * cos(GRM_PI * at);
}

static size_t bin_at(const grm_frame_shape *shape, double hz) {
    double at = ceil(hz / shape->step_hz);
    return at < (double)shape->bins ? (size_t)at : shape->bins;
}

static bool set_bands(grm_balance *b) {
    const double wider = exp2(0.5 * ramp_octaves);
    size_t bins = 0;
    for (size_t i = 0; i < BANDS; i++) {
        b->band_from[i] = bin_at(&b->shape, edges[i][0] / wider);
        b->band_to[i] = bin_at(&b->shape, edges[i][1] * wider);
        bins += b->band_to[i] - b->band_from[i];
    }
    b->share[0] = grm_floats_new(bins + 1);
    for (size_t i = 1; b->share[0] && i < BANDS; i++)
        b->share[i] = b->share[i - 1] + (b->band_to[i - 1] - b->band_from[i - 1]);
    for (size_t i = 0; b->share[0] && i < BANDS; i++)
        for (size_t k = b->band_from[i]; k < b->band_to[i]; k++) {
            double hz = (double)k * b->shape.step_hz;
            b->share[i][k - b->band_from[i]] = (float)(ramp_at(hz, edges[i][0]) * (1 - ramp_at(hz, edges[i][1])));
        }
    return b->share[0] && b->mean_power;
}

grm_balance *grm_balance_new(const grm_frame_shape *shape) {
    grm_balance *b = calloc(1, sizeof *b);
    if (!b) return NULL;
    b->shape = *shape;
    b->mean_power = calloc(shape->bins, sizeof *b->mean_power);
    if (!set_bands(b)) {
        grm_balance_free(b);
        return NULL;
    }
    for (size_t i = 0; i < OCTAVES; i++) {
        b->octave_from[i] = bin_at(shape, 31.25 * M_SQRT1_2 * exp2((double)i));
        b->octave_to[i] = bin_at(shape, 31.25 * M_SQRT2 * exp2((double)i));
    }
    b->stretch_frames = (size_t)fmax(1, round(STRETCH_TENTHS * 0.1 * shape->rate_hz / (double)shape->hop));
    return b;
}

void grm_balance_free(grm_balance *b) {
    if (!b) return;
    free(b->share[0]);
    free(b->mean_power);
    free(b);
}

static double decibels(double power) {
    return power > 1e-16 ? 10 * log10(power) : -160;
}

static void count_level(histogram *h, double power) {
    double at = (decibels(power) + 160) * 4;
    h->count[at < 0 ? 0 : at >= LEVELS ? LEVELS - 1 : (size_t)at]++;
}

// The level that the loudest tenth of the frames reaches, on the way through the step that it falls into.
static double loud_level(const histogram *h, size_t frames) {
    double wanted = 0.1 * (double)frames, above = 0;
    size_t i = LEVELS;
    while (i > 0 && above + h->count[i - 1] < wanted) above += h->count[--i];
    double share = i > 0 && h->count[i - 1] > 0 ? (wanted - above) / h->count[i - 1] : 0;
    return -160 + 0.25 * ((double)i - share);
}

// Of a stretch, the levels of the octaves beside their mean; what is 60 dB below is as good as silent.
static void end_stretch(grm_balance *b) {
    double level[OCTAVES], mean = 0, loudest = -160;
    for (size_t i = 0; i < OCTAVES; i++) {
        level[i] = decibels(b->octave_power[i] / (double)b->in_stretch);
        loudest = fmax(loudest, level[i]);
    }
    for (size_t i = 0; i < OCTAVES; i++) {
        level[i] = fmax(level[i], loudest - 60);
        mean += level[i] / OCTAVES;
        b->octave_power[i] = 0;
    }
    b->in_stretch = 0;
    if (loudest < -90) return;
    b->stretches++;
    for (size_t i = 0; i < OCTAVES; i++) {  // Welford
        double off = level[i] - mean - b->mean[i];
        b->mean[i] += off / (double)b->stretches;
        b->squares[i] += off * (level[i] - mean - b->mean[i]);
    }
}

static double share_of(const grm_balance *b, size_t band, const float *power) {
    const float *share = b->share[band], *from = power + b->band_from[band];
    double sum = 0;
    for (size_t k = 0; k < b->band_to[band] - b->band_from[band]; k++) sum += (double)(share[k] * from[k]);
    return sum;
}

void grm_balance_add(grm_balance *b, const float *power) {
    double bands[BANDS];
    for (size_t i = 0; i < BANDS; i++) {
        bands[i] = share_of(b, i, power);
        b->band_power[i] += bands[i];
    }
    count_level(&b->middle, bands[MIDDLE]);
    count_level(&b->air, bands[AIR]);
    for (size_t k = 0; k < b->shape.bins; k++) b->mean_power[k] += (double)power[k];
    for (size_t i = 0; i < OCTAVES; i++)
        b->octave_power[i] += grm_sum(power + b->octave_from[i], b->octave_to[i] - b->octave_from[i]);
    b->frames++;
    if (++b->in_stretch == b->stretch_frames) end_stretch(b);
}

// An octave of pink noise has as much power as any other.
static double octaves_db(size_t band) {
    return decibels(log2(edges[band][1] / edges[band][0]));
}

static double level_of(const grm_balance *b, size_t band) {
    return fmax(floor_db, decibels(b->band_power[band] / (double)b->frames) - octaves_db(band));
}

// The ear hears little of what is deep, so the strongest tone is looked for with 12 dB an octave less below 200 Hz.
static double tone_share(const grm_balance *b) {
    double all = 0, peak = 0, share = 0;
    size_t at = 0;
    for (size_t k = 1; k < b->shape.bins; k++) {
        double f = (double)k * b->shape.step_hz, g = f * f / (f * f + 200.0 * 200.0);
        double p = b->mean_power[k] * g * g;
        all += p;
        if (p > peak) peak = p, at = k;
    }
    if (!(all > 0)) return NAN;
    double reach = fmax(2, (double)at * (exp2(0.5 / 12) - 1));  // half a semitone, or the width of the window's peak
    for (size_t k = at - (size_t)fmin(reach, (double)at - 1); k <= at + (size_t)reach && k < b->shape.bins; k++) {
        double f = (double)k * b->shape.step_hz, g = f * f / (f * f + 200.0 * 200.0);
        share += b->mean_power[k] * g * g / all;
    }
    return share;
}

void grm_balance_tell(const grm_balance *b, grm_features *out) {
    double middle = b->frames ? level_of(b, MIDDLE) : floor_db, change = 0;
    if (b->frames == 0) return;
    out->tone_share = tone_share(b);
    grm_octaves_tell(&b->shape, b->mean_power, out);
    grm_bandwidth_tell(&b->shape, b->mean_power, out);
    if (middle > floor_db + 20) {
        out->bass_db = level_of(b, BASS) - middle;
        // on a scale of octaves the low middle lies 0.4 of the way from the one neighbour to the other
        out->mud_db = level_of(b, MUD) - 0.6 * level_of(b, LOW) - 0.4 * level_of(b, LOW_MIDDLE);
        out->presence_db = level_of(b, PRESENCE) - level_of(b, LOW_MIDDLE);
        out->air_db = fmax(floor_db, loud_level(&b->air, b->frames) - octaves_db(AIR) -
                                         loud_level(&b->middle, b->frames) + octaves_db(MIDDLE));
    }
    if (b->stretches < 3) return;
    for (size_t i = 0; i < OCTAVES; i++) change += sqrt(b->squares[i] / (double)b->stretches) / OCTAVES;
    out->timbre_change_db = change;
}
