// data/master.yaml, read.
#ifndef GRM_MASTER_PRESET_H
#define GRM_MASTER_PRESET_H

#include "base/base.h"
#include "dsp/dsp.h"

typedef struct grm_master_band {
    float hz, db;
} grm_master_band;

typedef struct grm_master_place {
    char *name;
    float lufs, ceiling_dbtp;
    float mono_below_hz;  // 0: the preset's
    float deess_db;       // 0: none
} grm_master_place;

typedef struct grm_master_cell {
    grm_filter_kind kind;
    float hz, q, db;
} grm_master_cell;

typedef struct grm_master_tone {
    char *name;
    float match, drive, width;  // width 0: as it is
    grm_master_cell *cells;
    unsigned cells_count;
} grm_master_tone;

typedef struct grm_master_glue {
    char *name;  // of a compression; NULL: the glue
    float over_db, ratio, knee_db, attack_ms, release_ms, range_db;
} grm_master_glue;

typedef struct grm_master_move {
    char *name;
    grm_filter_kind kind;
    float hz, q, least_db, most_db, cost;
} grm_master_move;

typedef struct grm_master_auto_width {
    float least, most, cost;
} grm_master_auto_width;

typedef struct grm_master_auto_ride {
    float most, cost, window_s, most_db;
} grm_master_auto_ride;

typedef struct grm_master_auto_balance {
    float dead_db, most_db;
} grm_master_auto_balance;

typedef struct grm_master_auto {
    grm_master_move *moves;
    unsigned moves_count;  // at most GRM_MASTER_MOVES
    grm_master_auto_width width;
    grm_master_auto_ride ride;
    grm_master_auto_balance balance;
    float worth, worth_with_style, gained, yield_step_db, yield_most_db, glue_from_db;
} grm_master_auto;

typedef struct grm_master_match {
    float strength, dead_db, most_db, boost, absent_db;
} grm_master_match;

typedef struct grm_master_likeness {
    float boost_db, empty_boost_db, empty_db, cut_db, least_ceiling_dbtp, most_ceiling_dbtp, from_hz, to_hz, most_db;
} grm_master_likeness;

typedef struct grm_master_width {
    float narrow_db, wide_db, most, least;
} grm_master_width;

typedef struct grm_master_deess {
    float hz, share_db, ratio, attack_ms, release_ms;
} grm_master_deess;

typedef struct grm_master_saturation {
    float least, span;
} grm_master_saturation;

typedef struct grm_master_limiter {
    float lookahead_ms, release_ms, margin_db, most_db;
} grm_master_limiter;

typedef struct grm_master_codec {
    float room_db;
} grm_master_codec;

typedef struct grm_master_preset {
    grm_master_place *targets;
    grm_master_tone *tones;
    grm_master_glue *compressions;
    grm_master_band *reference;
    unsigned targets_count, tones_count, compressions_count;
    unsigned reference_count;  // at most GRM_MASTER_BANDS
    grm_master_auto by_ear;
    grm_master_match match;
    grm_master_likeness likeness;
    grm_master_width width;
    grm_master_glue glue;
    grm_master_deess deess;
    grm_master_saturation saturation;
    grm_master_limiter limiter;
    grm_master_codec codec;
    float highpass_hz, lowpass_hz, mono_below_hz;
    float most_gain_db, fade_in_ms, fade_out_ms;
} grm_master_preset;

enum { GRM_MASTER_BANDS = 10, GRM_MASTER_MOVES = 6 };

grm_status grm_master_preset_load(grm_master_preset **out, grm_error *err);
void grm_master_preset_free(grm_master_preset *preset);

#endif
