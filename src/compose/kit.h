// Between groove.c and drums.c: what a kit plays in a bar.
#ifndef GRM_COMPOSE_KIT_H
#define GRM_COMPOSE_KIT_H

#include "compose/work.h"

// What a kit plays in a passage.
struct grm_groove {
    const grm_pattern *first, *second;  // of its first half and its second; NULL: the style has none
    float busy;                         // -1 sparser .. 1 busier than the pattern says
    bool loose;                         // open hats on the beats
    bool build, kick_out;               // in its last bar
};

typedef struct grm_kit_bar {
    const grm_groove *plan;
    const grm_pattern *groove;
    int bar, groove_bar;      // of the passage; of the pattern
    const grm_pattern *fill;  // NULL: none
    bool crash;               // on its first beat
    bool build, kick_out;
} grm_kit_bar;

grm_kit_bar grm_kit_plan_bar(const grm_work *work, size_t passage, int bar);
bool grm_style_crashes(const grm_style *style);
bool grm_pattern_has(const grm_pattern *pattern, const char *piece);

#endif
