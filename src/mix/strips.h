// data/mix.yaml, read: the channel strips.
#ifndef GRM_MIX_STRIPS_H
#define GRM_MIX_STRIPS_H

#include "base/base.h"
#include "dsp/dsp.h"

enum { GRM_STRIP_CELLS = 6 };

typedef struct grm_strip_cell {
    grm_filter_kind type;
    float hz, db, q;
} grm_strip_cell;

typedef struct grm_strip_compressor {
    float threshold_db;  // above the stem's own loudness
    float ratio;         // 0: no compressor
    float attack_ms, release_ms, knee_db;
} grm_strip_compressor;

typedef struct grm_strip {
    char *name;
    float loudness_db;
    grm_strip_cell *eq;
    unsigned eq_count;
    grm_strip_compressor compressor;
    float drive, mono_below, duck, room_for, mud, tame, ride, lofi, heard;
    float width;  // times the style's; 0: 1
} grm_strip;

// Where an octave of a whole mix may stand, dB against the mean of those about 1 and 2 kHz.
typedef struct grm_span {
    float low, high;
} grm_span;
enum { GRM_SPANS = 10 };  // octaves from 31.5 Hz to 16 kHz

typedef struct grm_strips {
    grm_strip *strips;
    unsigned strips_count;
    grm_span *balance;
    unsigned balance_count;
} grm_strips;

grm_status grm_strips_load(grm_strips **out, grm_error *err);
void grm_strips_free(grm_strips *strips);
// The strip of that name, else that of the role, else "other"; never NULL.
const grm_strip *grm_strips_find(const grm_strips *strips, const char *name, const char *role);
const char *grm_filter_kind_name(grm_filter_kind kind);               // as data/mix.yaml has it
bool grm_filter_kind_parse(const char *name, grm_filter_kind *kind);  // NULL is none

#endif
