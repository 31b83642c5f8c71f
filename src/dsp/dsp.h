// Blocks of signal processing: float buffers in, float buffers out. No files, no threads. Objects belong to one thread
// at a time; processing allocates nothing and gives the same output however the input is cut into blocks. Settings that
// change while sound runs glide to their new values.
//
// A run function that returns bool looks at its input first. Where that holds a value that is not a number (or is
// beyond GRM_LOUDEST), it returns false, leaves its state as it was and puts out silence: nothing wrong ever gets into
// a filter's memory, and the caller, who knows where the sound came from, says so to the user.
#ifndef GRM_DSP_H
#define GRM_DSP_H

#include "dsp/colour.h"
#include "dsp/convolution.h"
#include "dsp/dynamics.h"
#include "dsp/filter.h"
#include "dsp/gain_path.h"
#include "dsp/lanes.h"
#include "dsp/levels.h"
#include "dsp/logarithm.h"
#include "dsp/loudness.h"
#include "dsp/pitch.h"
#include "dsp/space.h"
#include "dsp/spectrum.h"
#include "dsp/stereo.h"
#include "dsp/weighting.h"

#endif
