// Stems as files, written while the mix runs.
#ifndef GRM_SONG_STEM_FILES_H
#define GRM_SONG_STEM_FILES_H

#include "audio/audio.h"
#include "mix/mix.h"

typedef struct grm_stem_files {
    size_t count;
    grm_writer **writers;  // [count]
    char **names;          // [count], "stems/01-kick.wav"
} grm_stem_files;

// Opens stems/NN-name.wav below `folder`, one for each stem, 24 bits.
grm_status grm_stem_files_open(const grm_stems *stems, const char *folder, grm_stem_files *out, grm_error *err);
grm_mix_sink grm_stem_files_sink;                                         // its context is the grm_stem_files
grm_status grm_stem_files_finish(grm_stem_files *files, grm_error *err);  // closes the files
void grm_stem_files_free(grm_stem_files *files);                          // also of a zeroed one

// The unprocessed stems, to stems/dry/ under the same names.
grm_status grm_stem_files_write_dry(const grm_run *run, const grm_stems *stems, const grm_stem_files *files,
                                    const char *folder, grm_error *err);

#endif
