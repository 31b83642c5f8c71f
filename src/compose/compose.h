// Brief to score.
#ifndef GRM_COMPOSE_H
#define GRM_COMPOSE_H

#include <grammy/score.h>

#include "base/base.h"
#include "style/style.h"

// Composes. The score depends on brief and catalogue alone. Free with grm_score_free.
grm_status grm_compose(const grm_brief *brief, const grm_catalogue *catalogue, grm_score **out, grm_error *err);

#endif
