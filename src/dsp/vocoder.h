// Windows of a phase vocoder: the sound's spectra laid at other times than they were taken. Of this room alone.
#ifndef GRM_DSP_VOCODER_H
#define GRM_DSP_VOCODER_H

#include "dsp/dsp.h"

typedef struct grm_vocoder {
    size_t channels;         // 2; may be set to 1 before the first step
    size_t size, hop, bins;  // of a window; of what comes out of each; size / 2 + 1
    grm_fft *fft, *coarse;   // coarse: for the envelope
    float *window, *frame, *power, *before_power, *envelope, *cepstrum, *keep;  // keep: of the cepstrum
    grm_complex *now[2], *before[2], *out[2];  // spectra of the window, of the one a hop before, of what came out last
    float *sum[2];                             // [size], what is still to come out
    size_t *peaks;
    bool starts;  // nothing has come out yet
} grm_vocoder;

// window_ms is rounded to a power of two in frames; the hop is an eighth of it.
grm_status grm_vocoder_open(grm_vocoder *v, double window_ms, double rate_hz, grm_error *err);
void grm_vocoder_close(grm_vocoder *v);
void grm_vocoder_reset(grm_vocoder *v);
// now, before: [channels][size], the sound at a place and a hop before it -> out: [channels][hop], the next piece of
// what is laid. Bins from `top` (a part of all bins, 1: all) on are left out. formant > 0: the resonances of what comes
// out lie at `formant` times the frequency.
void grm_vocoder_step(grm_vocoder *v, const float *const *now, const float *const *before, double top, double formant,
                      float *const *out);

#endif
