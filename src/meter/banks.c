// The filter banks of librosa 0.11: filters.mel, filters.chroma, the bands of feature.spectral_contrast.
#include <stdlib.h>

#include "meter/spectrum.h"

enum { SIZE = GRM_SPECTRUM_SIZE, BINS = GRM_SPECTRUM_BINS, NODES = GRM_CHROMA_NODES };

// Slaney's scale: linear below 1 kHz, then 27 steps to the factor 6.4.
static double mel_to_hz(double mel) {
    const double hz_a_mel = 200.0 / 3, first_log_mel = 15;
    return mel < first_log_mel ? mel * hz_a_mel : 1000 * exp((mel - first_log_mel) * log(6.4) / 27);
}

static double hz_to_mel(double hz) {
    return hz < 1000 ? hz * 3 / 200 : 15 + log(hz / 1000) * 27 / log(6.4);
}

static bool fill_mel(grm_banks *b, double rate_hz) {
    double edges[GRM_MELS + 2], top = hz_to_mel(rate_hz / 2);
    for (size_t i = 0; i < GRM_COUNT(edges); i++) edges[i] = mel_to_hz(top * (double)i / (GRM_MELS + 1));
    if (!(b->mel_weights = grm_floats_new(3 * BINS))) return false;
    size_t used = 0;
    for (size_t m = 0; m < GRM_MELS; m++) {
        b->mel_offset[m] = used;
        for (size_t k = 0; k < BINS; k++) {
            double hz = rate_hz * (double)k / SIZE;
            double rise = (hz - edges[m]) / (edges[m + 1] - edges[m]);
            double fall = (edges[m + 2] - hz) / (edges[m + 2] - edges[m + 1]), weight = fmin(rise, fall);
            if (!(weight > 0) || used == 3 * BINS) continue;
            if (!b->mel_count[m]++) b->mel_first[m] = k;
            b->mel_weights[used++] = (float)(weight * 2 / (edges[m + 2] - edges[m]));
        }
    }
    return true;
}

// Chebyshev's, on the half semitone to each side that a tuning can be off. What is lost is below 3e-6.
static double node(size_t i) {
    return 0.5 * cos(GRM_PI * ((double)i + 0.5) / NODES);
}

void grm_chroma_interpolation(double tuning, double weights[GRM_CHROMA_NODES]) {
    for (size_t i = 0; i < NODES; i++) {
        weights[i] = 1;
        for (size_t k = 0; k < NODES; k++)
            if (k != i) weights[i] *= (tuning - node(k)) / (node(i) - node(k));
    }
}

// Bumps around each pitch class, two octaves wide about the fifth; after D. Ellis's chroma.
static void fill_chroma_bin(double rate_hz, double tuning, size_t k, float weights[12]) {
    const double centre_octave = 5, octave_width = 2, a0 = 440 * pow(2, tuning / 12) / 16;
    double at = 12 * log2(rate_hz * (double)(k > 0 ? k : 1) / SIZE / a0), width = 18, bump[12], norm = 0;
    if (k > 0)
        width = fmax(12 * log2((double)(k + 1) / (double)k), 1);
    else
        at -= 18;  // by definition
    for (int c = 0; c < 12; c++) {
        double d = fmod(at - c + 6 + 120, 12);
        d = (d < 0 ? d + 12 : d) - 6;
        bump[c] = exp(-0.5 * pow(2 * d / width, 2));
        norm += bump[c] * bump[c];
    }
    double gain = exp(-0.5 * pow((at / 12 - centre_octave) / octave_width, 2)) / sqrt(norm);
    for (int c = 0; c < 12; c++) weights[(c + 9) % 12] = (float)(bump[c] * gain);  // the list of bumps starts with A
}

void grm_chroma_low_bins(double rate_hz, double tuning, float weights[GRM_LOW_BINS * 12]) {
    for (size_t k = 0; k < GRM_LOW_BINS; k++) fill_chroma_bin(rate_hz, tuning, k, weights + k * 12);
}

// Octaves from 200 Hz; each band has one bin more at its lower end, and the two per cent are taken of the bins before
// the last is left out, except in the highest band.
static void fill_contrast(grm_banks *b, double rate_hz) {
    const double lowest = 200, share = 0.02;
    for (size_t band = 0; band < GRM_CONTRAST_BANDS; band++) {
        double low = band == 0 ? 0 : lowest * pow(2, (double)band - 1), high = lowest * pow(2, (double)band);
        bool highest = band == GRM_CONTRAST_BANDS - 1;
        if (low >= rate_hz / 2) break;
        size_t first = (size_t)ceil(low * SIZE / rate_hz), last = (size_t)floor(high * SIZE / rate_hz);
        if (last > BINS - 1 || highest) last = BINS - 1;
        if (band > 0) first--;
        size_t all = last + 1 - first, extreme = (size_t)nearbyint(share * (double)all);
        b->contrast[band].first = first;
        b->contrast[band].count = highest ? all : all - 1;
        b->contrast[band].extreme = extreme > 0 ? extreme : 1;
        b->contrast_bands = band + 1;
    }
}

grm_status grm_banks_new(double rate_hz, bool chroma, grm_banks **out, grm_error *err) {
    grm_banks *b = *out = calloc(1, sizeof *b);
    if (!b) return grm_fail_memory(err);
    bool ok = fill_mel(b, rate_hz);
    if (chroma) ok = ok && (b->chroma_weights = grm_floats_new((size_t)BINS * GRM_CHROMA_ROWS));
    for (size_t k = GRM_LOW_BINS; ok && chroma && k < BINS; k++)
        for (size_t n = 0; n < NODES; n++)
            fill_chroma_bin(rate_hz, node(n), k, b->chroma_weights + (k * NODES + n) * 12);
    fill_contrast(b, rate_hz);
    if (ok) return GRM_OK;
    grm_banks_free(b);
    *out = NULL;
    return grm_fail_memory(err);
}

void grm_banks_free(grm_banks *b) {
    if (!b) return;
    free(b->mel_weights);
    free(b->chroma_weights);
    free(b);
}
