// The whole line: a sentence in, a release folder out.
#ifndef GRAMMY_SONG_H
#define GRAMMY_SONG_H

#include <grammy/profile.h>
#include <grammy/progress.h>
#include <grammy/status.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What makes the sound. Composing needs no model, and what comes out is the user's own; MusicGen's weights are licensed
// CC-BY-NC 4.0.
typedef enum grm_engine { GRM_ENGINE_COMPOSER, GRM_ENGINE_MUSICGEN } grm_engine;

// NULL, 0 and NaN mean: as the words, the style and the seed say.
typedef struct grm_song_options {
    const char *folder;  // where to; NULL: named after the title, in the working folder
    bool force;          // replace a folder that is there
    bool dry_stems;      // also stems/dry/
    grm_engine engine;
    const char *model;  // of MusicGen: a name or a path (grm_model_find); NULL: the profile's size
    bool has_seed;
    uint64_t seed;
    const char *genre, *key, *metre, *instruments, *title;
    double tempo_bpm, duration_s;
    const char *styles_folder;  // of the user's own styles; NULL: the usual place
    bool timestamps;            // write the date into metadata (files then differ from run to run)
} grm_song_options;

// How long a stage took, by the clock.
enum { GRM_SONG_MAX_STAGES = 16 };
typedef struct grm_song_stage {
    char name[16];
    double start_s, seconds;
} grm_song_stage;

// What came out, measured on the files. Plain data.
typedef struct grm_song_result {
    char folder[1024];
    char title[128], style[64], key[16];
    uint64_t seed;
    double duration_s, tempo_bpm, integrated_lufs, true_peak_dbtp, loudness_range_lu;
    double overall;   // the meter's score, 0..100
    char rating[32];  // "Hit Potential"
    char note[200];   // on a prompt in which nothing was recognised, else ""
    unsigned stems;
    unsigned stage_count;
    grm_song_stage stages[GRM_SONG_MAX_STAGES];  // in the order in which they began; some run side by side
} grm_song_result;

// Makes the track; all of the folder or nothing of it. Blocks; cancel from another thread or a signal handler through
// `progress` (may be NULL). `options` and `result` may be NULL.
GRM_API grm_status grm_song_make(const grm_profile *profile, const char *prompt, const grm_song_options *options,
                                 grm_progress *progress, grm_song_result *result, grm_error *err);

#ifdef __cplusplus
}
#endif
#endif
