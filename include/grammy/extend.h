// Making a recording longer, at its beats.
#ifndef GRAMMY_EXTEND_H
#define GRAMMY_EXTEND_H

#include <grammy/audio.h>
#include <grammy/profile.h>
#include <grammy/progress.h>
#include <grammy/status.h>

#ifdef __cplusplus
extern "C" {
#endif

// `frames` frames of `audio`: where it is too short, it goes back once or several times from one beat to an earlier one
// that sounds alike, so that its beginning and its end stay; where it is too long, it is cut with a fade. A recording
// without beats goes back between places that sound alike. Below a tenth of a second it is repeated as it is. The
// caller frees *out. `progress` may be NULL; only cancelling is asked.
GRM_API grm_status grm_audio_extend(const grm_profile *profile, const grm_audio *audio, size_t frames,
                                    grm_progress *progress, grm_audio **out, grm_error *err);

#ifdef __cplusplus
}
#endif
#endif
