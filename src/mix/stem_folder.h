// A folder of audio files as stems.
#ifndef GRM_MIX_STEM_FOLDER_H
#define GRM_MIX_STEM_FOLDER_H

#include "audio/audio.h"
#include "base/base.h"
#include "synth/synth.h"

typedef struct grm_stem_folder {
    grm_memory *memory;
    size_t count, skipped;
    grm_stem *items;  // name: the file's; stereo tapes at GRM_RATE
} grm_stem_folder;

// Reads every audio file of the folder but `except` (a path; may be NULL), in the order of their names. An empty
// folder, and a file that is broken or empty, are GRM_BAD_INPUT; with skip_broken such files are left out.
grm_status grm_stem_folder_read(const grm_run *run, const char *folder, const char *except, bool skip_broken,
                                size_t stage, grm_stem_folder *out, grm_error *err);
void grm_stem_folder_free(grm_stem_folder *folder);

#endif
