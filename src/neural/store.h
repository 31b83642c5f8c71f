// What a fetched model says of where it came from.
#ifndef GRM_NEURAL_STORE_H
#define GRM_NEURAL_STORE_H

#include <grammy/models.h>

#define GRM_MODEL_SOURCE "source.json"

typedef struct grm_model_source {
    const char *name, *repository, *revision, *hub;
    const char *licence;  // NULL: not known
} grm_model_source;
grm_status grm_model_source_write(const char *folder, const grm_model_source *source, grm_error *err);

#endif
