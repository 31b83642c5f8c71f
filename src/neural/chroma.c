#include "neural/chroma.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"

enum { SIZE = 16384, HOP = 4096, BINS = SIZE / 2 + 1, CLASSES = 12, RATE = 32000, LONGEST_S = 30 };

// Ellis's filters (2007), as librosa.filters.chroma has them: each bin spreads over the classes as a Gaussian of its
// distance to them, as wide as the bin, and counts by how near it is to the fifth octave. bank: [CLASSES][BINS].
static void fill_bank(double *bank) {
    enum { LAST = SIZE - 1 };
    double *place = malloc(SIZE * sizeof *place);
    if (!place) return;
    for (size_t i = 1; i < SIZE; i++) place[i] = CLASSES * log2((double)i * RATE / SIZE / (440.0 / 16));
    place[0] = place[1] - 1.5 * CLASSES;
    for (size_t i = 0; i < BINS; i++) {
        double width = i < LAST ? fmax(place[i + 1] - place[i], 1) : 1, squares = 0, row[CLASSES];
        for (size_t c = 0; c < CLASSES; c++) {
            double distance = fmod(place[i] - (double)c + CLASSES / 2 + 10 * CLASSES, CLASSES);
            if (distance < 0) distance += CLASSES;
            distance -= CLASSES / 2;
            row[c] = exp(-0.5 * pow(2 * distance / width, 2));
            squares += row[c] * row[c];
        }
        double octave = exp(-0.5 * pow((place[i] / CLASSES - 5) / 2, 2));
        for (size_t c = 0; c < CLASSES; c++)  // the first class of the formula is A; C comes first here
            bank[(c + CLASSES - 3) % CLASSES * BINS + i] = row[c] / sqrt(squares) * octave;
    }
    free(place);
}

// Sample i of the signal padded to one window at least and reflected at both ends.
static float padded_at(const float *samples, size_t count, long i) {
    size_t length = count < SIZE ? SIZE : count, lead = count < SIZE ? (SIZE - count) / 2 : 0;
    if (i < 0) i = -i;
    if (i >= (long)length) i = 2 * (long)(length - 1) - i;
    long at = i - (long)lead;
    return at >= 0 && at < (long)count ? samples[at] : 0;
}

static uint8_t hear_frame(grm_stft *stft, const double *bank, const float *x, float *power) {
    grm_stft_power(stft, x, power);
    size_t best = 0;
    double most = -1;
    for (size_t c = 0; c < CLASSES; c++) {
        double sum = 0;
        for (size_t i = 0; i < BINS; i++) sum += bank[c * BINS + i] * (double)power[i];
        if (sum > most) {
            most = sum;
            best = c;
        }
    }
    return (uint8_t)best;
}

grm_status grm_chroma_classes(const float *samples, size_t count, uint8_t **classes, size_t *frames, grm_error *err) {
    if (count > (size_t)RATE * LONGEST_S) count = (size_t)RATE * LONGEST_S;
    *frames = 1 + (count < SIZE ? SIZE : count) / HOP;
    double *bank = malloc(sizeof *bank * CLASSES * BINS);
    float *x = malloc(sizeof *x * (SIZE + BINS));
    grm_stft *stft = NULL;
    *classes = malloc(*frames);
    grm_status status = bank && x && *classes ? grm_stft_new(GRM_WINDOW_HANN, SIZE, &stft, err) : grm_fail_memory(err);
    if (!status) {
        fill_bank(bank);
        for (size_t f = 0; f < *frames; f++) {
            for (size_t i = 0; i < SIZE; i++) x[i] = padded_at(samples, count, (long)(f * HOP + i) - SIZE / 2);
            (*classes)[f] = hear_frame(stft, bank, x, x + SIZE);
        }
    }
    grm_stft_free(stft);
    free(bank);
    free(x);
    if (status) {
        free(*classes);
        *classes = NULL;
    }
    return status;
}
