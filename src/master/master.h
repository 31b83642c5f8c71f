// Stereo to release loudness.
#ifndef GRM_MASTER_H
#define GRM_MASTER_H

#include <jansson.h>

#include "audio/audio.h"
#include "base/base.h"
#include "style/style.h"

typedef struct grm_master_target {
    const char *name;  // "spotify"
    double lufs;       // integrated
    double ceiling_dbtp;
} grm_master_target;

typedef struct grm_master_levels {
    double integrated_lufs, loudness_range_lu, true_peak_dbtp, sample_peak_dbfs, crest_factor_db;
} grm_master_levels;

// Integrated loudness and range as EBU R128 has them (libebur128), true peak at 4x or more.
grm_status grm_levels_measure(const grm_run *run, const grm_audio *audio, grm_master_levels *out, grm_error *err);

// Masters in place to the target: loudness within 0.1 LU, true peak never above the ceiling, also after rounding to 24
// bits. `style` (may be NULL) gives tilt, bass, width and warmth. Fades the first and last milliseconds, so that
// nothing clicks. `report` (may be NULL) receives master.json's fields.
grm_status grm_master_run(const grm_run *run, grm_audio *audio, const grm_master_target *target,
                          const grm_style_mix *style, size_t stage, grm_master_levels *after, json_t **report,
                          grm_error *err);

#endif
