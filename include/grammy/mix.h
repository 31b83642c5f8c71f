// A folder of stems in, a stereo mix out.
#ifndef GRAMMY_MIX_H
#define GRAMMY_MIX_H

#include <grammy/profile.h>
#include <grammy/progress.h>
#include <grammy/status.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum grm_mix_override_kind {
    GRM_MIX_LEVEL,  // dB up or down from what was decided
    GRM_MIX_PAN,    // -1 left .. 1 right
    GRM_MIX_MUTE,
    GRM_MIX_SOLO,  // only those with a solo are heard
} grm_mix_override_kind;

// What the user wants otherwise. `name` is a role ("bass": all stems of it) or a file's name without its extension.
typedef struct grm_mix_override {
    grm_mix_override_kind kind;
    const char *name;
    double value;
} grm_mix_override;

// Zeroes: decide everything.
typedef struct grm_mix_options {
    const char *genre;          // a style's mix: levels, places, ducking
    const char *styles_folder;  // of the user's own styles; NULL: the usual place
    const char *session;        // a mix.json whose decisions are obeyed; NULL: decide
    const grm_mix_override *overrides;
    size_t override_count;
    bool dry;          // the plain sum of the stems
    bool skip_broken;  // leave out stems that can't be read
} grm_mix_options;

typedef struct grm_mix_result {
    unsigned stems, skipped;
    double duration_s, peak_dbfs;
    json_t *decisions;  // what mix.json holds; free with grm_mix_result_free
} grm_mix_result;

// Mixes every audio file of `folder` (any rate, mono or stereo) to `path`: 48 kHz, 24 bit, WAV or FLAC by its
// extension, with its peak at -3 dBFS at most. What was decided goes into mix.json beside it. Blocks; cancel through
// `progress` (may be NULL). `options` and `result` may be NULL. A stem that can't be read is GRM_BAD_INPUT and named.
GRM_API grm_status grm_mix_folder(const grm_profile *profile, const char *folder, const char *path,
                                  const grm_mix_options *options, grm_progress *progress, grm_mix_result *result,
                                  grm_error *err);
GRM_API void grm_mix_result_free(grm_mix_result *result);

#ifdef __cplusplus
}
#endif
#endif
