// data/master.yaml, read.
#ifndef GRM_MASTER_PRESET_H
#define GRM_MASTER_PRESET_H

#include "base/base.h"

typedef struct grm_master_band {
    float hz, db;
} grm_master_band;

typedef struct grm_master_match {
    float strength, dead_db, most_db, boost, absent_db;
} grm_master_match;

typedef struct grm_master_width {
    float narrow_db, wide_db, most, least;
} grm_master_width;

typedef struct grm_master_glue {
    float over_db, ratio, knee_db, attack_ms, release_ms, range_db;
} grm_master_glue;

typedef struct grm_master_saturation {
    float least, span;
} grm_master_saturation;

typedef struct grm_master_limiter {
    float lookahead_ms, release_ms, margin_db, most_db;
} grm_master_limiter;

typedef struct grm_master_preset {
    grm_master_band *reference;
    unsigned reference_count;  // at most GRM_MASTER_BANDS
    grm_master_match match;
    grm_master_width width;
    grm_master_glue glue;
    grm_master_saturation saturation;
    grm_master_limiter limiter;
    float highpass_hz, lowpass_hz, mono_below_hz;
    float most_gain_db, fade_in_ms, fade_out_ms;
} grm_master_preset;

enum { GRM_MASTER_BANDS = 10 };

grm_status grm_master_preset_load(grm_master_preset **out, grm_error *err);
void grm_master_preset_free(grm_master_preset *preset);

#endif
