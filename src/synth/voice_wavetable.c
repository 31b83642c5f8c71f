// Band-limited periods, summed from their Fourier series.
#include <stdlib.h>
#include <string.h>

#include "synth/voice_engine.h"

// Harmonic counts from 1 to 1000, at most half an octave apart: at any pitch the top harmonic lies between 16 and
// 23 kHz (or is the table's last).
static const int harmonic_limits[] = {1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1000};
enum { LEVELS = GRM_COUNT(harmonic_limits) };

struct grm_wavetable {
    grm_wave_point points[LEVELS][GRM_WAVE_SIZE];
};

static float amplitude(int wave, const float *harmonics, size_t count, int h) {
    switch (wave) {
        case GRM_WAVE_SAW:
            return (float)(2 / GRM_PI) / (float)h;
        case GRM_WAVE_PULSE:  // the square
            return h % 2 ? (float)(4 / GRM_PI) / (float)h : 0;
        case GRM_WAVE_TRIANGLE:
            return h % 2 ? (float)(8 / (GRM_PI * GRM_PI)) / (float)(h * h) * (h % 4 == 1 ? 1.0f : -1.0f) : 0;
        case GRM_WAVE_HARMONICS:
            return (size_t)h <= count ? harmonics[h - 1] : 0;
        default:
            return h == 1 ? 1 : 0;
    }
}

grm_status grm_wavetable_new(int wave, const float *harmonics, size_t count, grm_wavetable **out, grm_error *err) {
    *out = NULL;
    grm_status status = GRM_OK;
    grm_fft *fft = NULL;
    float *period = grm_floats_new(GRM_WAVE_SIZE);
    grm_complex *bins = calloc(GRM_WAVE_SIZE / 2 + 1, sizeof *bins);
    grm_wavetable *table = malloc(sizeof *table);
    if (!period || !bins || !table) {
        status = grm_fail_memory(err);
        goto done;
    }
    status = grm_fft_new(GRM_WAVE_SIZE, &fft, err);
    if (status) goto done;
    for (size_t level = 0; level < LEVELS; level++) {
        // a sine of amplitude a is -i a N/2 in its bin; the inverse divides by N
        for (int h = 1; h < GRM_WAVE_SIZE / 2; h++)
            bins[h].im = h <= harmonic_limits[level] ? -0.5f * GRM_WAVE_SIZE * amplitude(wave, harmonics, count, h) : 0;
        grm_fft_inverse(fft, bins, period);
        for (size_t i = 0; i < GRM_WAVE_SIZE; i++)
            table->points[level][i] = (grm_wave_point){period[i], period[(i + 1) % GRM_WAVE_SIZE] - period[i]};
    }
    *out = table;
    table = NULL;
done:
    grm_fft_free(fft);
    free(table);
    free(bins);
    free(period);
    return status;
}

void grm_wavetable_free(grm_wavetable *table) {
    free(table);
}

const grm_wave_point *grm_wavetable_at(const grm_wavetable *table, uint32_t increment) {
    // the top harmonic stays below 0.48 of the rate
    uint32_t room = increment ? (uint32_t)(0.48 * 4294967296.0) / increment : 1000;
    size_t level = LEVELS - 1;
    while (level > 0 && (uint32_t)harmonic_limits[level] > room) level--;
    return table->points[level];
}
