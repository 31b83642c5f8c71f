// Pictures from the frame series of an analysis.
#ifndef GRM_RELEASE_HEARD_PICTURES_H
#define GRM_RELEASE_HEARD_PICTURES_H

#include "release/release.h"

// Each leaves `out` empty (png NULL) when its series is not there.
grm_status grm_mel_draw(const grm_run *run, const grm_analysis *analysis, grm_picture *out, grm_error *err);
grm_status grm_chroma_draw(const grm_run *run, const grm_analysis *analysis, grm_picture *out, grm_error *err);
grm_status grm_similarity_draw(const grm_run *run, const grm_analysis *analysis, grm_picture *out, grm_error *err);

#endif
