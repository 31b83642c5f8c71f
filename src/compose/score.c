// The score's own memory, and time through its tempo map.
#include <grammy/score.h>
#include <string.h>

#include "base/base.h"

static const char *const role_names[GRM_ROLE_COUNT] = {
    "lead", "counter", "chords",     "pad",     "arp", "bass",  "kick",  "snare",
    "hats", "drums",   "percussion", "texture", "fx",  "vocal", "other",
};

const char *grm_role_name(grm_role role) {
    return (unsigned)role < GRM_ROLE_COUNT ? role_names[role] : "other";
}

bool grm_role_parse(const char *name, grm_role *role) {
    for (int i = 0; i < GRM_ROLE_COUNT; i++) {
        if (strcmp(name, role_names[i]) == 0) {
            *role = (grm_role)i;
            return true;
        }
    }
    return false;
}

void grm_score_free(grm_score *score) {
    if (score) grm_memory_free(score->memory);
}

double grm_score_seconds(const grm_score *score, double tick) {
    double seconds = 0;
    if (tick < 0) return tick * score->tempos[0].us_per_quarter * 1e-6 / GRM_PPQ;
    for (size_t i = 0; i < score->tempo_count; i++) {
        double from = i ? score->tempos[i].tick : 0;
        bool last = i + 1 == score->tempo_count || tick <= score->tempos[i + 1].tick;
        double to = last ? tick : score->tempos[i + 1].tick;
        seconds += (to - from) * score->tempos[i].us_per_quarter * 1e-6 / GRM_PPQ;
        if (last) break;
    }
    return seconds;
}

double grm_score_bpm(const grm_score *score, int32_t tick) {
    size_t i = score->tempo_count - 1;
    while (i > 0 && score->tempos[i].tick > tick) i--;
    size_t m = score->metre_count - 1;
    while (m > 0 && score->metres[m].tick > tick) m--;
    grm_metre metre = score->metres[m].metre;
    bool compound = metre.unit == 8 && metre.beats % 3 == 0;
    return 60e6 / score->tempos[i].us_per_quarter / (compound ? 1.5 : 1.0);
}
