// What the compositions of a cover share. A composition fills the square 0..1000 x 0..1000.
#ifndef GRM_RELEASE_ART_H
#define GRM_RELEASE_ART_H

#include <math.h>

#include "dsp/dsp.h"
#include "release/canvas.h"

typedef struct grm_art {
    cairo_t *cr;
    const grm_run *run;  // asked for cancelling by what takes long; may be NULL
    grm_rng rng;
    grm_palette palette;
    double valence, energy;  // -1..1
    bool night;              // a dark ground
} grm_art;

// A composition draws and knows nothing of lettering.
typedef void grm_art_fn(grm_art *art);
grm_art_fn grm_art_sun, grm_art_ridges, grm_art_pulse, grm_art_flow, grm_art_tiles, grm_art_waves, grm_art_halftone,
    grm_art_city, grm_art_strokes, grm_art_stripes, grm_art_rings, grm_art_haze;

// ---- help ----

bool grm_art_stopped(const grm_art *art);  // the picture is not wanted any more
double grm_art_between(grm_art *art, double low, double high);
// Fills the square.
void grm_art_flood(grm_art *art, grm_rgb colour);
void grm_art_gradient(grm_art *art, double y0, grm_rgb top, double y1, grm_rgb bottom);  // between y0 and y1, and out
void grm_art_disc(grm_art *art, double x, double y, double radius, grm_rgb colour, double alpha);
// Light that falls off from alpha to nothing.
void grm_art_glow(grm_art *art, double x, double y, double radius, grm_rgb colour, double alpha);

// Smooth noise in -1..1: gradient noise (Perlin 2002) on a lattice that the seed shuffles, and a sum of octaves.
typedef struct grm_noise {
    uint32_t seed;
} grm_noise;
grm_noise grm_noise_new(grm_rng *rng);
double grm_noise_at(grm_noise noise, double x, double y);
double grm_noise_octaves(grm_noise noise, double x, double y, int octaves);

#endif
