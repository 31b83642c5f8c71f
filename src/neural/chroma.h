// What melody models listen to: the strongest pitch class of every 4096 samples.
#ifndef GRM_NEURAL_CHROMA_H
#define GRM_NEURAL_CHROMA_H

#include "base/base.h"

// samples: [count] at 32 kHz, at most 30 s of which are heard -> *classes [*frames], each 0..11 (C first); free().
grm_status grm_chroma_classes(const float *samples, size_t count, uint8_t **classes, size_t *frames, grm_error *err);

#endif
