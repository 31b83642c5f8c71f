// Brief to score.
#ifndef GRM_COMPOSE_H
#define GRM_COMPOSE_H

#include <grammy/score.h>

#include "base/base.h"
#include "style/style.h"

// Whether the mode has a minor third, and so takes the charts, figures and signature of minor.
bool grm_mode_is_minor(grm_mode mode);

// Composes. The score depends on brief and catalogue alone. Free with grm_score_free.
grm_status grm_compose(const grm_brief *brief, const grm_catalogue *catalogue, grm_score **out, grm_error *err);

#endif
