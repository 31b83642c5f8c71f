// Blocks of signal processing: float buffers in, float buffers out. No files, no threads. Objects belong to one thread
// at a time; processing allocates nothing and gives the same output however the input is cut into blocks.
#ifndef GRM_DSP_H
#define GRM_DSP_H

#include "dsp/colour.h"
#include "dsp/dynamics.h"
#include "dsp/filter.h"
#include "dsp/lanes.h"
#include "dsp/levels.h"
#include "dsp/loudness.h"
#include "dsp/space.h"
#include "dsp/spectrum.h"
#include "dsp/stereo.h"

#endif
