// The models that have a name, as data/models.yaml lists them.
#ifndef GRM_NEURAL_KNOWN_MODELS_H
#define GRM_NEURAL_KNOWN_MODELS_H

#include "base/base.h"

typedef struct grm_known_model {
    const char *name, *repository, *licence;
} grm_known_model;

typedef struct grm_known_models {
    char *hub;  // base address
    grm_known_model *models;
    unsigned count;
} grm_known_models;

grm_status grm_known_models_load(grm_known_models **out, grm_error *err);
void grm_known_models_free(grm_known_models *known);
const grm_known_model *grm_known_models_find(const grm_known_models *known, const char *name);  // NULL: none
// The name that may have been meant; NULL: none is near.
const char *grm_known_models_nearest(const grm_known_models *known, const char *name);

#endif
