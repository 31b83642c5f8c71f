// The folder that a release grows in, beside the place where it will stand: all of it appears at once, or nothing.
#ifndef GRM_SONG_STAGING_H
#define GRM_SONG_STAGING_H

#include "base/base.h"

typedef struct grm_staging {
    char *target;   // where the release goes
    char *folder;   // where it is made
    char *parent;   // of both
    size_t made;    // length of the first folder of `parent` that had to be made, 0: it was there
    bool replaces;  // the target is there and will be replaced
} grm_staging;

// GRM_USAGE when the target is there without `force`, or holds what no release has: nothing of the user's is deleted.
grm_status grm_staging_open(const char *target, bool force, grm_staging *staging, grm_error *err);
// Moves the folder to its place.
grm_status grm_staging_publish(grm_staging *staging, grm_error *err);
// Removes what was not published; also of a zeroed one.
void grm_staging_close(grm_staging *staging);

#endif
