// What the files about bars share. Internal to the rhythm ear.
#ifndef GRM_METER_RHYTHM_BARS_H
#define GRM_METER_RHYTHM_BARS_H

#include "meter/rhythm.h"

// Cues at the half beats: low, mid, all onsets, change of harmony from beat to beat and over two beats; where the
// change over two and over four beats is the largest of its bar.
enum { GRM_BAR_CUES = 7, GRM_BAR_ONSETS = 3, GRM_BAR_FITTED = 5, GRM_MOST_HALVES = 14 };

// What each cue is like, in deviations from its mean, at the half beats of a bar; and what speaks for such a bar: that
// it is usual, that the beats are quick (an octave of their rate), that something is struck between them
// (grm_share_between), that the template fits, and that what is a bar apart is alike (grm_alike_contrast). Bars that
// swing are tried only where more is struck two thirds of the way from beat to beat than in the middle: there is no
// other place for a swing's offbeats, and straight music has nearly nothing there.
typedef struct grm_bar_template {
    unsigned beats;
    bool swings;
    double usual, pace, between, fit, alike;
    float cue[GRM_BAR_CUES][GRM_MOST_HALVES];
} grm_bar_template;
const grm_bar_template *grm_bar_templates(size_t *count);

// How alike the onsets of beats are that lie 1 to GRM_ALIKE_LAGS beats apart, at most 1 and 0 by chance, over the whole
// recording: autocorrelations at the half beats.
enum { GRM_ALIKE_LAGS = 16 };
void grm_alike_measure(const float (*cue)[GRM_BAR_CUES], size_t halves, double alike[GRM_ALIKE_LAGS + 1]);
// How much more alike beats are that lie whole bars apart than those between.
double grm_alike_contrast(const double alike[GRM_ALIKE_LAGS + 1], unsigned beats);

// Mean onset that part of the way from each pulse to the next, over those on the pulses.
double grm_share_between(const grm_novelty *novelty, const double *pulse, size_t count, double part);
// The largest within `reach` frames of t.
float grm_largest_near(const float *x, size_t frames, double t, double reach);

#endif
