// A brief with the memory it lives in.
#ifndef GRM_PROMPT_HOLDER_H
#define GRM_PROMPT_HOLDER_H

#include <grammy/brief.h>

#include "base/base.h"

typedef struct grm_brief_holder {
    grm_brief brief;  // first, so that one is the other
    grm_memory *memory;
} grm_brief_holder;

#endif
