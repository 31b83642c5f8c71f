#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "meter/faults.h"
#include "meter/pitch.h"

// Windows of 8.2 s at 1 kHz, each a quarter of a window after the one before: a note is spread over many bins, a hum is
// a line.
enum { RATE = 1000, SIZE = 8192, HOP = SIZE / 4, BINS = SIZE / 2 + 1, MAINS = 2, HARMONICS = 6 };
static const double mains_hz[MAINS] = {50, 60};
static const double reach_hz = 0.3;                            // of a harmonic: mains keep to 0.2 Hz
static const double beside_from_hz = 0.7, beside_to_hz = 2.6;  // where the lines of a steady beat are as strong
// Power of a hum over the strongest beside it: of one line alone, and of several each.
static const float stands_out = 10, stand_out = 5;
static const double quantile = 0.05;  // of the windows, for drop-outs
static const double quiet = 1e-10;    // windows below -100 dBFS say nothing

// Of one window: at each harmonic the power of the line that would be hum, and of the strongest bin beside it.
typedef struct hum_window {
    float line[MAINS][HARMONICS], beside[MAINS][HARMONICS];
} hum_window;

struct grm_hum {
    grm_thinner *thinner;
    grm_stft *stft;
    float x[SIZE], power[BINS];
    size_t filled;
    double sum, heard;  // of squares, and samples
    hum_window *windows;
    size_t count, room;
};

grm_status grm_hum_new(unsigned rate_hz, grm_hum **out, grm_error *err) {
    *out = NULL;
    grm_hum *h = calloc(1, sizeof *h);
    if (!h) return grm_fail_memory(err);
    grm_status status =
        grm_thinner_new(rate_hz, RATE, mains_hz[MAINS - 1] * HARMONICS + beside_to_hz, &h->thinner, err);
    if (status == GRM_OK) status = grm_stft_new(GRM_WINDOW_HANN, SIZE, &h->stft, err);
    if (status == GRM_OK)
        *out = h;
    else
        grm_hum_free(h);
    return status;
}

void grm_hum_free(grm_hum *h) {
    if (!h) return;
    grm_thinner_free(h->thinner);
    grm_stft_free(h->stft);
    free(h->windows);
    free(h);
}

// The strongest bin within [from, to] Hz.
static size_t strongest(const grm_hum *h, double from, double to) {
    const double step = (double)RATE / SIZE;
    size_t top = (size_t)ceil(from / step);
    for (size_t k = top; (double)k * step <= to && k + 1 < BINS; k++)
        if (h->power[k] > h->power[top]) top = k;
    return top;
}

static void take_line(const grm_hum *h, double hz, float *line, float *beside) {
    // the squares of a Hann window add up to 3/8 of its length; a full-scale sine has the power 1/2
    const float scale = (float)(2 / (0.375 * SIZE * (double)SIZE));
    size_t top = strongest(h, hz - reach_hz, hz + reach_hz);
    *line = scale * (h->power[top - 1] + h->power[top] + h->power[top + 1]);
    *beside = 2 * scale *
              fmaxf(h->power[strongest(h, hz - beside_to_hz, hz - beside_from_hz)],
                    h->power[strongest(h, hz + beside_from_hz, hz + beside_to_hz)]);
}

static grm_status take_window(grm_hum *h, grm_error *err) {
    if (grm_power(h->x, SIZE) < quiet) return GRM_OK;
    if (h->count == h->room) {
        size_t room = h->room ? 2 * h->room : 64;
        hum_window *more = realloc(h->windows, room * sizeof *more);
        if (!more) return grm_fail_memory(err);
        h->windows = more;
        h->room = room;
    }
    hum_window *w = &h->windows[h->count++];
    grm_stft_power(h->stft, h->x, h->power);
    for (size_t m = 0; m < MAINS; m++)
        for (size_t n = 0; n < HARMONICS; n++)
            take_line(h, mains_hz[m] * (double)(n + 1), &w->line[m][n], &w->beside[m][n]);
    return GRM_OK;
}

grm_status grm_hum_hear(grm_hum *h, const float *mono, size_t frames, grm_error *err) {
    const float *thin;
    size_t made;
    if (mono) {
        h->sum += grm_power(mono, frames) * (double)frames;
        h->heard += (double)frames;
    }
    grm_status status = grm_thinner_run(h->thinner, mono, frames, &thin, &made, err);
    while (status == GRM_OK && made > 0) {
        size_t take = SIZE - h->filled < made ? SIZE - h->filled : made;
        memcpy(h->x + h->filled, thin, take * sizeof *thin);
        h->filled += take;
        thin += take;
        made -= take;
        if (h->filled < SIZE) break;
        status = take_window(h, err);
        memmove(h->x, h->x + HOP, (SIZE - HOP) * sizeof *h->x);
        h->filled -= HOP;
    }
    return status;
}

static int rising(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// A line that is always there, and how far it stands out of what is beside it where nothing else is on it.
typedef struct hum_line {
    double power;
    float over;
} hum_line;

static hum_line steady(const grm_hum *h, size_t mains, size_t harmonic, float *sorted) {
    hum_line out = {0, 0};
    for (size_t i = 0; i < h->count; i++) sorted[i] = h->windows[i].line[mains][harmonic];
    qsort(sorted, h->count, sizeof *sorted, rising);
    float least = sorted[(size_t)(quantile * (double)h->count)];
    out.power = (double)least;
    for (size_t i = 0; i < h->count; i++) {
        float line = h->windows[i].line[mains][harmonic], beside = h->windows[i].beside[mains][harmonic];
        if (line < 2 * least && line > out.over * beside) out.over = beside > 0 ? line / beside : INFINITY;
    }
    return out;
}

static double power_of(const grm_hum *h, size_t mains, float *sorted) {
    double alone = 0, together = 0;
    size_t lines = 0;
    for (size_t n = 0; n < HARMONICS; n++) {
        hum_line line = steady(h, mains, n, sorted);
        if (line.over > stands_out) alone += line.power;
        if (line.over > stand_out) together += line.power, lines++;
    }
    return lines >= 2 ? together : alone;
}

grm_status grm_hum_tell(const grm_hum *h, grm_features *out, grm_error *err) {
    double most = 0;
    if (h->count == 0 || !(h->sum > 0)) return GRM_OK;
    float *sorted = grm_floats_new(h->count);
    if (!sorted) return grm_fail_memory(err);
    for (size_t m = 0; m < MAINS; m++) most = fmax(most, power_of(h, m, sorted));
    double share = most * h->heard / h->sum;
    out->hum_db = share > 1e-12 ? fmin(10 * log10(share), 0) : -120;
    free(sorted);
    return GRM_OK;
}
