// What the user set and where, before anyone asks what it means.
#ifndef GRM_BASE_SETTINGS_H
#define GRM_BASE_SETTINGS_H

#include "base/base.h"

typedef struct grm_given {
    const char *text;  // NULL: not set; lives in the arena, or as long as the flags and the environment
    grm_origin origin;
    const char *place;  // "/home/me/.config/grammy/config.yaml, line 3"; NULL where the origin says it all
} grm_given;

// Fills given[GRM_SETTING_COUNT] from flags, environment, .env and config file; the first of them that has a value
// counts. An empty variable is one that is not set.
grm_status grm_settings_gather(const grm_setting_value *flags, size_t flag_count, grm_memory *memory, grm_given *given,
                               grm_error *err);

#endif
