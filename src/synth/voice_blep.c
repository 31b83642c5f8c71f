// Saws without aliases: a straight ramp, and at each fall the difference between a step that a low-pass of least phase
// has rounded and a hard one (E. Brandt, "Hard Sync Without Aliasing", ICMC 2001). The ramp is cheap, falls are rare.
#include <stdlib.h>
#include <string.h>

#include "synth/voice_engine.h"

enum { PHASES = 64, LENGTH = GRM_BLEP_TAPS * PHASES, FFT_SIZE = 16384 };

struct grm_blep {
    float rest[PHASES + 1][GRM_BLEP_TAPS];  // rounded step minus step, at (row / PHASES + column) frames after it
    float delay;                            // of the low-pass at 0 Hz, frames
};

// Low-pass at 0.44 of the rate, Kaiser 8: -3 dB at 21 kHz, -70 dB above 25.
static void fill_low_pass(float *h) {
    for (int i = 0; i < LENGTH; i++) {
        double t = (i - 0.5 * (LENGTH - 1)) / PHASES, x = 2 * 0.44 * GRM_PI * t;
        double place = 2.0 * i / (LENGTH - 1) - 1;
        h[i] =
            (float)((fabs(x) < 1e-9 ? 1 : sin(x) / x) * grm_bessel_i0(8 * sqrt(1 - place * place)) / grm_bessel_i0(8));
    }
}

// The same magnitude with the least phase: the cepstrum folded onto its causal half (Oppenheim and Schafer, 12.3).
static void make_least_phase(grm_fft *fft, float *h, grm_complex *bins) {
    grm_fft_forward(fft, h, bins);
    float most = 0;
    for (size_t i = 0; i <= FFT_SIZE / 2; i++) {
        bins[i] = (grm_complex){hypotf(bins[i].re, bins[i].im), 0};
        if (bins[i].re > most) most = bins[i].re;
    }
    for (size_t i = 0; i <= FFT_SIZE / 2; i++) bins[i].re = logf(bins[i].re > 1e-5f * most ? bins[i].re : 1e-5f * most);
    grm_fft_inverse(fft, bins, h);
    for (size_t i = 1; i < FFT_SIZE / 2; i++) h[i] *= 2;
    memset(h + FFT_SIZE / 2 + 1, 0, (FFT_SIZE / 2 - 1) * sizeof *h);
    grm_fft_forward(fft, h, bins);
    for (size_t i = 0; i <= FFT_SIZE / 2; i++) {
        float size = expf(bins[i].re), angle = bins[i].im;
        bins[i] = (grm_complex){size * cosf(angle), size * sinf(angle)};
    }
    grm_fft_inverse(fft, bins, h);
}

static void fill_rests(grm_blep *b, const float *h) {
    double total = 0, sum = 0, late = 0;
    for (int i = 0; i < LENGTH; i++) total += (double)h[i];
    for (int i = 0; i <= LENGTH; i++) {
        float rest = (float)(sum / total - 1);
        if (i < LENGTH) late -= (double)rest / PHASES;
        int row = i % PHASES, column = i / PHASES;
        if (column < GRM_BLEP_TAPS) b->rest[row][column] = rest;
        if (row == 0 && column > 0) b->rest[PHASES][column - 1] = rest;
        if (i < LENGTH) sum += (double)h[i];
    }
    b->delay = (float)late;
}

grm_status grm_blep_new(grm_blep **out, grm_error *err) {
    *out = NULL;
    grm_status status = GRM_OK;
    grm_fft *fft = NULL;
    grm_blep *b = calloc(1, sizeof *b);
    float *h = grm_floats_new(FFT_SIZE);
    grm_complex *bins = calloc(FFT_SIZE / 2 + 1, sizeof *bins);
    if (!b || !h || !bins) {
        status = grm_fail_memory(err);
        goto done;
    }
    status = grm_fft_new(FFT_SIZE, &fft, err);
    if (status) goto done;
    fill_low_pass(h);
    make_least_phase(fft, h, bins);
    fill_rests(b, h);
    *out = b;
    b = NULL;
done:
    grm_fft_free(fft);
    free(bins);
    free(h);
    free(b);
    return status;
}

void grm_blep_free(grm_blep *blep) {
    free(blep);
}

// x[0..GRM_BLEP_TAPS) gets gain times the rest of a step `late` frames (0..1) before x[0].
static void add_rest(const grm_blep *b, float late, float gain, float *restrict x) {
    float place = late * PHASES;
    int row = (int)place;
    if (row > PHASES - 1) row = PHASES - 1;
    float far = (place - (float)row) * gain, near = gain - far;
    const float *p = b->rest[row], *q = b->rest[row + 1];
    for (size_t k = 0; k < GRM_BLEP_TAPS; k++) x[k] += near * p[k] + far * q[k];
}

void grm_blep_saw(const grm_blep *b, uint32_t *phase, uint32_t increment, size_t frames, float gain_l, float gain_r,
                  float *restrict left, float *restrict right) {
    int count = (int)frames;  // not size_t: so that the loops become vector code
    uint32_t start = *phase ^ 0x80000000u;
    // the low-pass delays the ramp too
    float lift = -2 * b->delay * (float)increment * 0x1p-32f;
    float unit_l = gain_l * 0x1p-31f, lift_l = gain_l * lift;
    for (int i = 0; i < count; i++) left[i] += unit_l * (float)(int32_t)(start + (uint32_t)i * increment) + lift_l;
    if (right) {
        float unit_r = gain_r * 0x1p-31f, lift_r = gain_r * lift;
        for (int i = 0; i < count; i++) right[i] += unit_r * (float)(int32_t)(start + (uint32_t)i * increment) + lift_r;
    }
    uint64_t end = *phase + (uint64_t)increment * frames;
    for (uint64_t wrap = (uint64_t)1 << 32; wrap <= end; wrap += (uint64_t)1 << 32) {
        uint64_t way = wrap - *phase, frame = (way + increment - 1) / increment;
        float late = (float)(frame * increment - way) / (float)increment;
        add_rest(b, late, -2 * gain_l, left + frame);
        if (right) add_rest(b, late, -2 * gain_r, right + frame);
    }
    *phase = (uint32_t)end;
}
