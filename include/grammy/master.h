// Masters a recording: a mix in, a release out, at a loudness and under a ceiling.
#ifndef GRAMMY_MASTER_H
#define GRAMMY_MASTER_H

#include <grammy/profile.h>
#include <grammy/progress.h>
#include <grammy/status.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

// NULL and 0 mean: chosen by ear, or as it is.
typedef struct grm_master_options {
    const char *target;  // "spotify" (the default), "apple", "youtube", "soundcloud", "cd", "radio", "film", "vinyl"
    bool has_lufs;       // figures instead of, or on top of, a name
    double lufs;         // integrated, -30..-6
    bool has_ceiling;
    double ceiling_dbtp;      // -20..0
    const char *reference;    // a recording to come near to; with no target, its loudness is the target
    const char *tone;         // "balanced", "bright", "warm", "bass-boost", "vintage"
    const char *compression;  // "light", "medium", "heavy", "limiting"
    bool has_width;
    double width;             // of the side signal, 0..2
    bool force_loudness;      // however much the limiter has to take
    const char *genre;        // what the meter judges it as
    unsigned bits;            // of WAV and FLAC: 16, 24 (the default) or 32 (float, WAV)
    unsigned rate_hz;         // of the file; 0: the input's
    const char *const *tags;  // "title=...", "artist=...": set over those that the input has; NULL-terminated, or NULL
} grm_master_options;

typedef struct grm_master_sound_levels {
    double integrated_lufs, loudness_range_lu, true_peak_dbtp, sample_peak_dbfs, crest_factor_db;
} grm_master_sound_levels;

// What came of it. Free with grm_master_result_free.
typedef struct grm_master_result {
    grm_master_sound_levels before, after;
    char *json;  // all of master.json
} grm_master_result;

// Masters the file `in` (mono or stereo, any length, anything libsndfile knows) to `out`, whose name tells the format:
// .wav, .flac, .ogg, .opus, .mp3. `out` may be `in`. Loudness within 0.1 LU of the target, true peak (at eight points a
// sample) never above the ceiling in the samples that are written; what a lossy format makes of them is measured too.
// `options`, `progress` and `result` may be NULL.
GRM_API grm_status grm_master_file(const grm_profile *profile, const char *in, const char *out,
                                   const grm_master_options *options, grm_progress *progress, grm_master_result *result,
                                   grm_error *err);
GRM_API void grm_master_result_free(grm_master_result *result);

#ifdef __cplusplus
}
#endif
#endif
