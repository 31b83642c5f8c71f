// A phase vocoder with identity phase locking (Laroche and Dolson, "Improved phase vocoder time-scale modification of
// audio", IEEE Trans. Speech Audio Proc. 1999).
//
// Each window is transformed beside the one that lies a hop of the output before it in the input: between the two every
// partial turns as far as it has to turn in the output. So the phase of a peak goes on from where the last output left
// it, without measuring its frequency, and all bins about a peak turn with it, which keeps their places against each
// other. With a hop in that equals the hop out nothing turns, and the input comes out. Both channels turn alike. Where
// a sound begins (much more power than a hop before), nothing turns for one window, so that what begins stays sharp.
//
// The envelope of the spectrum, for formants, is the "true envelope" (Roebel and Rodet, DAFx 2005): cepstral smoothing
// of the spectrum's logarithm, raised to where it was exceeded, a few times over.
#include "dsp/vocoder.h"

#include <stdlib.h>
#include <string.h>

enum { OVERLAP = 8, ENVELOPE_ROUNDS = 4, COARSE = 4, REACH = 2 };
#define LIFTER_S 0.0016     // quefrency up to which the envelope follows
#define ONSET 2.5           // power of the window over that of the one before, from which a sound begins
#define ENVELOPE_MOST 4.0f  // most change of a bin for formants: a factor e^4, 35 dB

grm_status grm_vocoder_open(grm_vocoder *v, double window_ms, double rate_hz, grm_error *err) {
    memset(v, 0, sizeof *v);
    v->size = 256;
    while ((double)v->size * 1.4 < window_ms * 0.001 * rate_hz) v->size *= 2;
    v->hop = v->size / OVERLAP;
    v->bins = v->size / 2 + 1;
    v->channels = 2;
    grm_status status = grm_fft_new(v->size, &v->fft, err);
    if (!status) status = grm_fft_new(v->size / COARSE, &v->coarse, err);
    float **floats[] = {&v->window, &v->frame,    &v->power,  &v->before_power, &v->envelope,
                        &v->keep,   &v->cepstrum, &v->sum[0], &v->sum[1]};
    grm_complex **spectra[] = {&v->now[0], &v->now[1], &v->before[0], &v->before[1], &v->out[0], &v->out[1]};
    for (size_t i = 0; i < GRM_COUNT(floats) && !status; i++)
        if (!(*floats[i] = grm_floats_new(v->size + 2))) status = grm_fail_memory(err);
    for (size_t i = 0; i < GRM_COUNT(spectra) && !status; i++)
        if (!(*spectra[i] = calloc(v->bins, sizeof **spectra[i]))) status = grm_fail_memory(err);
    if (!status && !(v->peaks = calloc(v->bins, sizeof *v->peaks))) status = grm_fail_memory(err);
    if (status) {
        grm_vocoder_close(v);
        return status;
    }
    grm_window_fill(GRM_WINDOW_HANN, true, v->size, v->window);
    for (size_t i = 0; i <= v->size / COARSE / 2; i++) {
        double edge = (double)i / (LIFTER_S * rate_hz);
        v->keep[i] = edge < 1 ? (float)(0.5 + 0.5 * cos(GRM_PI * edge * edge)) : 0;
    }
    grm_vocoder_reset(v);
    return GRM_OK;
}

void grm_vocoder_close(grm_vocoder *v) {
    free(v->peaks);
    for (int c = 0; c < 2; c++) {
        free(v->out[c]);
        free(v->before[c]);
        free(v->now[c]);
        free(v->sum[c]);
    }
    free(v->cepstrum);
    free(v->keep);
    free(v->envelope);
    free(v->before_power);
    free(v->power);
    free(v->frame);
    free(v->window);
    grm_fft_free(v->coarse);
    grm_fft_free(v->fft);
    memset(v, 0, sizeof *v);
}

void grm_vocoder_reset(grm_vocoder *v) {
    for (int c = 0; c < 2; c++) {
        memset(v->sum[c], 0, v->size * sizeof(float));
        memset(v->out[c], 0, v->bins * sizeof **v->out);
    }
    v->starts = true;
}

static void look(grm_vocoder *v, const float *const *x, grm_complex *const *spectrum, float *power) {
    memset(power, 0, v->bins * sizeof *power);
    for (size_t c = 0; c < v->channels; c++) {
        for (size_t i = 0; i < v->size; i++) v->frame[i] = x[c][i] * v->window[i];
        grm_fft_forward(v->fft, v->frame, spectrum[c]);
        for (size_t k = 0; k < v->bins; k++)
            power[k] += spectrum[c][k].re * spectrum[c][k].re + spectrum[c][k].im * spectrum[c][k].im;
    }
}

static bool begins(const grm_vocoder *v) {
    double now = 0, before = 0;
    for (size_t k = 0; k < v->bins; k++) {
        now += v->power[k];
        before += v->before_power[k];
    }
    return v->starts || now > ONSET * before;
}

static size_t find_peaks(grm_vocoder *v) {
    size_t count = 0;
    const float *p = v->power;
    for (size_t k = REACH; k + REACH < v->bins; k++)
        if (p[k] > p[k - 1] && p[k] > p[k - 2] && p[k] >= p[k + 1] && p[k] >= p[k + 2]) v->peaks[count++] = k;
    return count;
}

// How far the bins about a peak turn: from where the window before lay in the input to where the last output left it.
static grm_complex turn(const grm_vocoder *v, size_t k) {
    float re = 0, im = 0;
    for (size_t c = 0; c < v->channels; c++) {
        grm_complex a = v->out[c][k], b = v->before[c][k];
        re += a.re * b.re + a.im * b.im;
        im += a.im * b.re - a.re * b.im;
    }
    float size = sqrtf(re * re + im * im);
    return size > 1e-20f ? (grm_complex){re / size, im / size} : (grm_complex){1, 0};
}

static void turn_bins(grm_vocoder *v, size_t from, size_t to, grm_complex by) {
    for (size_t c = 0; c < v->channels; c++)
        for (size_t k = from; k < to; k++) {
            grm_complex x = v->now[c][k];
            v->now[c][k] = (grm_complex){x.re * by.re - x.im * by.im, x.re * by.im + x.im * by.re};
        }
}

static void lock_phases(grm_vocoder *v) {
    size_t count = find_peaks(v), from = 0;
    for (size_t i = 0; i < count; i++) {
        size_t to = v->bins;
        if (i + 1 < count) {  // up to the deepest bin between two peaks
            to = v->peaks[i] + 1;
            for (size_t k = to; k < v->peaks[i + 1]; k++)
                if (v->power[k] < v->power[to]) to = k;
        }
        turn_bins(v, from, to, turn(v, v->peaks[i]));
        from = to;
    }
}

// ---- formants ----

// The natural logarithm of the power, the greatest of COARSE bins each; below the first partial of weight nothing is
// known, and its own level stands there, or the envelope would dive past it.
static void coarse_logarithm(grm_vocoder *v, float *level) {
    size_t bins = v->size / COARSE / 2 + 1, first = 1;
    float most = 1e-20f;
    for (size_t k = 0; k < bins; k++) {
        size_t from = k ? COARSE * k - COARSE / 2 : 0, to = COARSE * k + COARSE / 2;
        level[k] = 0;
        for (size_t i = from; i < to && i < v->bins; i++) level[k] = fmaxf(level[k], v->power[i]);
        most = fmaxf(most, level[k]);
    }
    while (first + 1 < bins && !(level[first] > 1e-3f * most && level[first] >= level[first + 1])) first++;
    for (size_t k = 0; k < first; k++) level[k] = level[first];
    for (size_t k = 0; k < bins; k++) level[k] = logf(level[k] + 1e-5f * most);
}

// envelope: [bins / COARSE], of the same.
static void find_envelope(grm_vocoder *v) {
    size_t n = v->size / COARSE, bins = n / 2 + 1;
    float *level = v->frame;
    grm_complex *spectrum = v->out[0];  // its phases are in use no longer
    coarse_logarithm(v, level);
    memcpy(v->envelope, level, bins * sizeof(float));
    for (int round = 0; round < ENVELOPE_ROUNDS; round++) {
        for (size_t k = 0; k < bins; k++) spectrum[k] = (grm_complex){fmaxf(level[k], v->envelope[k]), 0};
        grm_fft_inverse(v->coarse, spectrum, v->cepstrum);
        for (size_t i = 1; i <= n / 2; i++) {
            v->cepstrum[i] *= v->keep[i];
            v->cepstrum[n - i] = v->cepstrum[i];
        }
        grm_fft_forward(v->coarse, v->cepstrum, spectrum);
        for (size_t k = 0; k < bins; k++) v->envelope[k] = spectrum[k].re;
    }
}

static float envelope_at(const grm_vocoder *v, double bin) {
    size_t bins = v->size / COARSE / 2 + 1, low = (size_t)(bin / COARSE);
    if (low + 1 >= bins) return v->envelope[bins - 1];
    return v->envelope[low] + (v->envelope[low + 1] - v->envelope[low]) * (float)(bin / COARSE - (double)low);
}

// Bin k will sound at another pitch, where the resonances of bin `formant` k are to be.
static void move_formants(grm_vocoder *v, double formant) {
    find_envelope(v);
    for (size_t k = 0; k < v->bins; k++) {
        float change = 0.5f * (envelope_at(v, (double)k * formant) - envelope_at(v, (double)k));
        float gain = expf(fminf(fmaxf(change, -ENVELOPE_MOST), ENVELOPE_MOST));
        for (size_t c = 0; c < v->channels; c++) {
            v->now[c][k].re *= gain;
            v->now[c][k].im *= gain;
        }
    }
}

// ---- a step ----

static void lay(grm_vocoder *v, size_t c, float *out) {
    const float scale = 1.0f / (OVERLAP * 0.375f);  // the sum of the squared Hann windows at any place
    grm_fft_inverse(v->fft, v->now[c], v->frame);
    for (size_t i = 0; i < v->size; i++) v->sum[c][i] += v->frame[i] * v->window[i] * scale;
    memcpy(out, v->sum[c], v->hop * sizeof *out);
    memmove(v->sum[c], v->sum[c] + v->hop, (v->size - v->hop) * sizeof *out);
    memset(v->sum[c] + v->size - v->hop, 0, v->hop * sizeof *out);
}

void grm_vocoder_step(grm_vocoder *v, const float *const *now, const float *const *before, double top, double formant,
                      float *const *out) {
    look(v, before, v->before, v->before_power);
    look(v, now, v->now, v->power);
    if (!begins(v)) lock_phases(v);
    v->starts = false;
    for (size_t c = 0; c < v->channels; c++) memcpy(v->before[c], v->now[c], v->bins * sizeof **v->now);
    if (formant > 0) move_formants(v, formant);
    for (size_t c = 0; c < v->channels; c++) {
        grm_complex *kept = v->before[c];
        v->before[c] = v->out[c];
        v->out[c] = kept;  // the phases that the next window goes on from
        size_t end = (size_t)(top * (double)v->bins);
        for (size_t k = end < v->bins ? end : v->bins; k < v->bins; k++) v->now[c][k] = (grm_complex){0, 0};
        lay(v, c, out[c]);
    }
}
