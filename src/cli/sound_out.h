// Sound to standard output.
#ifndef GRM_CLI_SOUND_OUT_H
#define GRM_CLI_SOUND_OUT_H

#include "cli/cli.h"

// A grm_generate_sink: writes frames [from, to) as WAV in float32 and flushes; with frame 0 its header, too.
grm_status grm_sound_out(void *context, unsigned variation, const grm_audio *audio, size_t from, size_t to,
                         grm_error *err);

#endif
