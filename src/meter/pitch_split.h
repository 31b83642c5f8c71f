// Which notes make the partials that fall on keys: non-negative least squares, for some frames side by side.
#ifndef GRM_PITCH_SPLIT_H
#define GRM_PITCH_SPLIT_H

#include "base/base.h"

enum { GRM_SPLIT_NOTES = 72, GRM_SPLIT_LANES = 8, GRM_SPLIT_PARTIALS = 10 };

// The notes whose partials fall on keys on which those of one note fall, and by how much.
typedef struct grm_note_overlaps {
    int count, note[GRM_SPLIT_NOTES];
    float amount[GRM_SPLIT_NOTES];
} grm_note_overlaps;

typedef struct grm_note_split {
    bool avx2;
    // how the partials of a note fall on keys, and the products of that matrix with itself
    int offset[GRM_SPLIT_PARTIALS];
    float strength[GRM_SPLIT_PARTIALS];
    grm_note_overlaps overlap[GRM_SPLIT_NOTES];
    float share[GRM_SPLIT_NOTES];  // 1 over the overlap with itself
} grm_note_split;

void grm_note_split_init(grm_note_split *split);
// keys, notes: [GRM_SPLIT_NOTES] amounts by frame
void grm_note_split_run(const grm_note_split *split, float (*keys)[GRM_SPLIT_LANES], float (*notes)[GRM_SPLIT_LANES]);

#endif
