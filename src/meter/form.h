// What the files of the form ear share. Internal to the room.
//
// The ear hears nothing itself: it reads what the ears for rhythm and harmony have left, which is the same in standard
// and lightweight, bar by bar. Bars beyond GRM_FORM_MOST are joined, so that memory has a bound.
#ifndef GRM_METER_FORM_H
#define GRM_METER_FORM_H

#include "meter/colour.h"
#include "meter/pitch.h"

#define GRM_FORM_SILENT_LUFS (-70.0)
enum {
    GRM_FORM_MOST = 1024,
    GRM_FORM_QUARTERS = 4,                        // of a unit, whose notes are kept apart: the order of chords counts
    GRM_FORM_NOTES = GRM_FORM_QUARTERS * 3 * 12,  // bass, middle, top
    GRM_FORM_COLOURS = GRM_COLOURS + GRM_RHYTHM_BANDS,
};

// Bars, or where there are none stretches of two seconds.
typedef struct grm_form_units {
    size_t count;
    unsigned joined;                    // bars in a unit
    double *at;                         // [count + 1] seconds
    float (*notes)[GRM_FORM_NOTES];     // [count] of length 1, or 0 where nothing sounds
    float (*colour)[GRM_FORM_COLOURS];  // [count] levels in 6 dB, and flux over its mean
    float *level_db;                    // [count]
    float *accent_db;                   // [count] treble where the unit begins
} grm_form_units;
grm_status grm_form_units_make(const grm_analysis *analysis, grm_form_units *units, grm_error *err);
void grm_form_units_clear(grm_form_units *units);

// How alike each two units are: [count][count], 0..1.
typedef struct grm_form_likeness {
    size_t count;
    float *notes;   // cosine
    float *colour;  // exp(-distance)
} grm_form_likeness;
grm_status grm_form_likeness_make(const grm_form_units *units, grm_form_likeness *likeness, grm_error *err);
void grm_form_likeness_clear(grm_form_likeness *likeness);
// Both together, as a listener would say that material comes again.
float grm_form_alike(const grm_form_likeness *likeness, size_t a, size_t b);

// What is heard of each unit that speaks for a section that begins with it.
enum {
    GRM_CUE_ACCENT,    // treble where the unit begins, over its neighbours, dB
    GRM_CUE_LEVEL_2,   // level, two units before against two behind, dB
    GRM_CUE_LEVEL_4,   // four
    GRM_CUE_COLOUR_2,  // colour, the same
    GRM_CUE_COLOUR_4,
    GRM_CUE_STRIPES,         // stripes of notes that begin or end, four units each
    GRM_CUE_LONG_STRIPES,    // eight
    GRM_CUE_COLOUR_STRIPES,  // stripes of colour
    GRM_CUE_AGAIN_4,         // what follows repeats the four units before: a phrase goes on
    GRM_CUE_AGAIN_8,         // or the eight before
    GRM_CUE_REPAINTED,       // and differs from those in colour
    GRM_FORM_CUES
};
// cues: [units->count], the first of them stays as it is
grm_status grm_form_cues_measure(const grm_form_units *units, const grm_form_likeness *likeness,
                                 float (*cues)[GRM_FORM_CUES], grm_error *err);

// Where sections begin: starts[0] is 0. starts: [units->count]
grm_status grm_form_cut(const grm_form_units *units, const grm_form_likeness *likeness, size_t *starts, size_t *count,
                        grm_error *err);
// kinds: [count], numbered as they come. `end` is units->count.
grm_status grm_form_label(const grm_form_likeness *likeness, const size_t *starts, size_t count, size_t end,
                          size_t *kinds, grm_error *err);

typedef struct grm_form_hook {
    double repetition;  // share of the units that come again
    bool found;         // else nothing comes again
    size_t first;       // unit in which it first comes
    double strength;    // how often and how soon what comes again does, 0..1
} grm_form_hook;
// starts: [count], where sections begin.
grm_status grm_form_hook_find(const grm_form_units *units, const grm_form_likeness *likeness, const size_t *starts,
                              size_t count, grm_form_hook *hook, grm_error *err);

#endif
