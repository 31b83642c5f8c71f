// Sound from words: what other rooms use beside the public grammy/generate.h and grammy/models.h.
#ifndef GRM_NEURAL_H
#define GRM_NEURAL_H

#include <grammy/generate.h>
#include <grammy/models.h>

#include "base/base.h"

// grm_generate in a run that has a pool and a plan of progress already, as `stage` of it.
grm_status grm_generate_as_stage(const grm_run *run, size_t stage, const grm_model *model, const char *prompt,
                                 const grm_generate_options *options, grm_audio **out, grm_error *err);

#endif
