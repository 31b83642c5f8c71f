// master.json.
#ifndef GRM_MASTER_REPORT_H
#define GRM_MASTER_REPORT_H

#include "master/internal.h"

typedef struct grm_master_story {
    const grm_master_target *target;
    const grm_master_preset *preset;
    grm_master_levels before, after;
    grm_master_spectrum spectrum;
    grm_master_plan plan;
    grm_master_glued glued;
    grm_master_limited limited;
    double trim_db;
    const char *notes[4];
    size_t note_count;
} grm_master_story;

json_t *grm_master_report(const grm_master_story *story);  // NULL when memory runs out

#endif
