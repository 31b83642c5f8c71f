// Stereo to release loudness.
#ifndef GRM_MASTER_H
#define GRM_MASTER_H

#include <grammy/master.h>
#include <jansson.h>

#include "audio/audio.h"
#include "base/base.h"
#include "meter/meter.h"
#include "style/style.h"

enum { GRM_MASTER_LEAST_RATE = 8000, GRM_MASTER_MOST_RATE = 192000 };

typedef struct grm_master_target {
    char name[32];  // "spotify"; "" when figures were given
    double lufs;    // integrated
    double ceiling_dbtp;
} grm_master_target;

typedef grm_master_sound_levels grm_master_levels;

// One of those in data/master.yaml (NULL: spotify). GRM_USAGE when there is none of that name, with the nearest.
grm_status grm_master_target_find(const char *name, grm_master_target *out, grm_error *err);

typedef struct grm_master_request {
    const grm_master_options *options;  // NULL: plain
    const grm_style_mix *style;         // what the style asks for, or NULL
} grm_master_request;

// Masters stereo onto `out`, a new tape of the same rate. `report` (may be NULL) receives master.json's fields. Cuts
// nothing: as many frames as before; the first and last milliseconds are faded, so that nothing clicks. The stage's
// step runs from 0 to 1.
grm_status grm_master_run(const grm_run *run, const grm_tape *in, const grm_master_request *request, size_t stage,
                          grm_tape *out, grm_master_levels *after, json_t **report, grm_error *err);

// grm_master_file as a stage of a plan of progress that is already made, with the report as JSON.
grm_status grm_master_file_run(const grm_run *run, const char *in, const char *out, const grm_master_options *options,
                               size_t stage, grm_master_levels *after, json_t **report, grm_error *err);

#endif
