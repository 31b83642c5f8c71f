// Film grain, which hides the steps of gradients and takes the machine out of flat colour.
#ifndef GRM_RELEASE_GRAIN_H
#define GRM_RELEASE_GRAIN_H

#include "release/canvas.h"

// Adds grain of about `strength` steps of 255 to all channels alike. Grains are 2x2 pixels: a pixel's worth would not
// show on a picture this large, and would not pack.
void grm_canvas_grain(grm_canvas *canvas, uint32_t seed, float strength);

#endif
