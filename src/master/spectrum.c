// Octave levels of mid and side.
#include <stdlib.h>

#include "master/internal.h"

enum { SIZE = 4096, MOST_FRAMES = 1200 };

static void add_power(const float *power, double bin_hz, const grm_master_preset *preset, double *bands,
                      double *whole) {
    for (size_t i = 1; i <= SIZE / 2; i++) *whole += power[i];
    for (size_t b = 0; b < preset->reference_count; b++) {
        double centre = preset->reference[b].hz;
        size_t low = (size_t)(centre / sqrt(2) / bin_hz + 0.5), high = (size_t)(centre * sqrt(2) / bin_hz + 0.5);
        for (size_t i = low ? low : 1; i < high && i <= SIZE / 2; i++) bands[b] += power[i];
    }
}

static float decibels(double power) {
    return power > 1e-20 ? (float)(10 * log10(power)) : -200;
}

grm_status grm_master_spectrum_measure(const grm_run *run, const grm_audio *audio, const grm_master_preset *preset,
                                       grm_master_spectrum *out, grm_error *err) {
    *out = (grm_master_spectrum){.count = preset->reference_count};
    grm_stft *stft = NULL;
    float *x = grm_floats_new(SIZE), *power = grm_floats_new(SIZE / 2 + 1);
    double bands[2][GRM_MASTER_BANDS] = {{0}}, whole[2] = {0};
    grm_status status = x && power ? grm_stft_new(GRM_WINDOW_HANN, SIZE, &stft, err) : grm_fail_memory(err);
    if (status) goto done;
    double bin_hz = (double)audio->rate_hz / SIZE;
    size_t hop = audio->frames / MOST_FRAMES > SIZE / 2 ? audio->frames / MOST_FRAMES : SIZE / 2;
    for (size_t at = 0, k = 0; at < audio->frames; at += hop, k++) {
        if (k % 64 == 0 && (status = grm_run_check(run, err))) goto done;
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < SIZE; i++) {
                float l = at + i < audio->frames ? audio->plane[0][at + i] : 0;
                float r = at + i < audio->frames ? audio->plane[1][at + i] : 0;
                x[i] = side ? 0.5f * (l - r) : 0.5f * (l + r);
            }
            grm_stft_power(stft, x, power);
            add_power(power, bin_hz, preset, bands[side], &whole[side]);
        }
    }
    double width = 0, octaves = 0;
    for (size_t b = 0; b < out->count; b++) {
        out->hz[b] = preset->reference[b].hz;
        out->mid_db[b] = whole[0] > 0 ? decibels(bands[0][b] / whole[0]) : -200;
        out->side_db[b] = bands[0][b] > 0 ? decibels(bands[1][b] / bands[0][b]) : -200;
        if (out->hz[b] < 500 || out->hz[b] > 4000) continue;
        width += out->side_db[b] < -60 ? -60 : out->side_db[b];
        octaves++;
    }
    out->width_db = octaves > 0 ? (float)(width / octaves) : 0;
done:
    grm_stft_free(stft);
    free(power);
    free(x);
    return status;
}
