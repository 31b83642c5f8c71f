// Settings, and the one immutable profile they resolve to together with what the processor is. Nothing else in the
// program asks "are we lightweight?" or "is this ARM?": it reads the field it needs.
#ifndef GRAMMY_PROFILE_H
#define GRAMMY_PROFILE_H

#include <grammy/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum grm_model_size { GRM_MODEL_SMALL, GRM_MODEL_MEDIUM, GRM_MODEL_LARGE } grm_model_size;
typedef enum grm_precision { GRM_FLOAT32, GRM_FLOAT16, GRM_INT8, GRM_INT4 } grm_precision;

// Where a value came from, in order of precedence.
typedef enum grm_origin {
    GRM_FROM_FLAG,
    GRM_FROM_ENVIRONMENT,
    GRM_FROM_DOTENV,       // .env in the working folder
    GRM_FROM_CONFIG_FILE,  // $XDG_CONFIG_HOME/grammy/config.yaml
    GRM_FROM_DEFAULT,
} grm_origin;

typedef enum grm_setting {
    GRM_SETTING_LIGHTWEIGHT_MODE,
    GRM_SETTING_MODEL_SIZE,
    GRM_SETTING_MODEL_PRECISION,
    GRM_SETTING_AUDIO_BUFFER_SIZE,
    GRM_SETTING_WORKER_CONCURRENCY,
    GRM_SETTING_MAX_AUDIO_DURATION,
    GRM_SETTING_THREADS,    // GRAMMY_THREADS
    GRM_SETTING_SOUNDFONT,  // GRAMMY_SOUNDFONT
    GRM_SETTING_COUNT,
} grm_setting;

typedef struct grm_profile {
    const char *architecture;  // "x86_64", "aarch64", "arm", ...
    bool is_arm;
    bool lightweight;
    char lightweight_reason[96];
    unsigned threads;  // 1..256

    grm_model_size model_size;
    grm_precision model_precision;
    unsigned audio_buffer_bytes;
    unsigned worker_concurrency;
    double max_audio_duration_s;

    unsigned analysis_rate_hz;  // 0: the file's own
    unsigned analysis_hop;
    unsigned analysis_stride;  // of long frames that are heard in the mean (balance, noise, sides): 4: a quarter
    bool full_analysis;        // HPSS, MFCC and chroma are computed
    bool stem_separation;      // of finished audio
    double neural_token_share;
    unsigned hall_lines;                 // of the mix's halls: 16 or 8
    unsigned space_rate_hz;              // that reverbs and echoes run at: 48000 or 24000
    bool mp3_joint_stereo;               // the encoder weighs middle and sides against left and right, frame by frame
    const char *soundfont;               // path asked for, or NULL: the first installed of soundfont_names
    const char *const *soundfont_names;  // file names in order of preference, NULL-terminated

    grm_origin origins[GRM_SETTING_COUNT];
} grm_profile;

// One "NAME", "value" pair that a flag gave; the names are those of the environment.
typedef struct grm_setting_value {
    const char *name;
    const char *value;
} grm_setting_value;

// Resolves flags, environment, .env, config file and defaults, in this order. A bad value is GRM_USAGE and names
// the variable, the value, where it was set and what is allowed. A variable that is set to nothing counts as not set,
// and a flag's value may be NULL: not given. The config file has one setting a line, in small letters, without
// "GRAMMY_": `max_audio_duration: 600`. The profile is immutable and may be shared by threads.
//   LIGHTWEIGHT_MODE     auto, true, false
//   MODEL_SIZE           small, medium, large
//   MODEL_PRECISION      float32, float16, int8, int4
//   AUDIO_BUFFER_SIZE    bytes, a power of two, 256..65536
//   WORKER_CONCURRENCY   1..64
//   MAX_AUDIO_DURATION   seconds, 1..36000
//   GRAMMY_THREADS       1..256; default: all processors
//   GRAMMY_SOUNDFONT     path of an SF2 or SF3 file
GRM_API grm_status grm_profile_new(const grm_setting_value *flags, size_t flag_count, grm_profile **out,
                                   grm_error *err);
GRM_API void grm_profile_free(grm_profile *profile);

GRM_API const char *grm_setting_name(grm_setting setting);  // "LIGHTWEIGHT_MODE"
GRM_API const char *grm_origin_name(grm_origin origin);     // "environment"

#ifdef __cplusplus
}
#endif
#endif
