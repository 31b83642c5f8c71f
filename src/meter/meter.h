// Listening to recordings. A recording goes by in blocks; every ear takes what it needs from each and, at the end, adds
// to the analysis what it heard.
#ifndef GRM_METER_H
#define GRM_METER_H

#include <grammy/meter.h>
#include <jansson.h>

#include "base/base.h"

// What the ears are told before the first block.
typedef struct grm_listening {
    const grm_profile *profile;
    unsigned file_rate_hz, channels;
    unsigned rate_hz, hop;  // of the analysis: the file's own, or the profile's lower one
    bool series;
} grm_listening;

// A stretch of the recording. Samples that are not finite have been refused before.
typedef struct grm_block {
    const float *planes[GRM_MAX_CHANNELS];  // [channels][frames] at the file's rate
    size_t frames;
    const float *mono;  // [mono_frames] mean of the channels at the analysis rate
    size_t mono_frames;
} grm_block;

// Ears are independent of each other while they listen (the pool runs them side by side, each always on one thread at a
// time), and finish one after the other in the order of the list, so that a later one can build on what an earlier one
// has put into the analysis. `finish` may spread its own work over the pool.
typedef struct grm_ear {
    const char *name;
    grm_status (*open)(const grm_listening *listening, void **self, grm_error *err);
    grm_status (*hear)(void *self, const grm_block *block, grm_error *err);
    grm_status (*finish)(void *self, const grm_run *run, grm_analysis *analysis, grm_error *err);
    void (*close)(void *self);
} grm_ear;

// In the order in which they finish.
extern const grm_ear grm_ear_level;     // loudness, peaks, faults, stereo
extern const grm_ear grm_ear_spectrum;  // librosa's series and their means, HPSS
extern const grm_ear grm_ear_rhythm;    // tempo, beats, downbeats, swing
extern const grm_ear grm_ear_harmony;   // key, chords
extern const grm_ear grm_ear_form;      // sections, hook, arc; needs beats, chords and loudness

// report.json as DESIGN.md names its fields; new references, NULL when memory runs out. `report` may be NULL: the
// features alone.
json_t *grm_features_json(const grm_features *features);
json_t *grm_analysis_json(const grm_analysis *analysis, const grm_report *report);

#endif
