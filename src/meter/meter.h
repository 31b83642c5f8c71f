// Listening to recordings. A recording goes by in blocks; every ear takes what it needs from each and, at the end, adds
// to the analysis what it heard.
#ifndef GRM_METER_H
#define GRM_METER_H

#include <grammy/meter.h>
#include <jansson.h>
#include <stdio.h>

#include "base/base.h"

// What the ears are told before the first block.
typedef struct grm_listening {
    const grm_profile *profile;
    unsigned file_rate_hz, channels;
    unsigned rate_hz, hop;  // of the analysis: the file's own, or the profile's lower one
    unsigned stride;        // ears for the mean of long frames (balance, sides) hear every stride-th of them; 0: all
    bool series;
    bool spectra;        // as series: mid_spectrum, side_spectrum, channel_means
    const grm_run *run;  // its pool may be used in `hear` too
} grm_listening;

// A stretch of the recording. Samples that are not finite have been refused before.
typedef struct grm_block {
    const float *planes[GRM_MAX_CHANNELS];  // [channels][frames] at the file's rate
    size_t frames;
    const float *mono;  // [mono_frames] mean of the channels at the analysis rate
    size_t mono_frames;
} grm_block;

// The file's rates that can be analysed.
enum { GRM_METER_LOWEST_RATE = 8000, GRM_METER_HIGHEST_RATE = 384000 };

// Ears are independent of each other while they listen (the pool runs them side by side, each always on one thread at a
// time), and finish one after the other, so that a later one can build on what an earlier one
// has put into the analysis: level, rhythm, harmony, form; beside them spectrum, faults and sides, which build on
// nothing. What they only leave to each other (notes, colours) stays their own until they are closed. `finish` may
// spread its own work over the pool.
typedef struct grm_ear {
    const char *name;
    grm_status (*open)(const grm_listening *listening, void **self, grm_error *err);
    grm_status (*hear)(void *self, const grm_block *block, grm_error *err);
    grm_status (*finish)(void *self, const grm_run *run, grm_analysis *analysis, grm_error *err);
    void (*close)(void *self);
} grm_ear;

extern const grm_ear grm_ear_level;     // loudness, peaks, faults, stereo
extern const grm_ear grm_ear_spectrum;  // librosa's series and their means, HPSS
extern const grm_ear grm_ear_rhythm;    // tempo, beats, downbeats, swing
extern const grm_ear grm_ear_harmony;   // key, chords
extern const grm_ear grm_ear_form;      // sections, repetition, hook
extern const grm_ear grm_ear_faults;    // balance of the bands, noise, clipping, wandering pitch
extern const grm_ear grm_ear_sides;     // width by bands; as series, mean power by bin of mid and side

// grm_analyse_file (`path`) or grm_analyse_audio (`audio`, with `path` NULL) as `stage` of a plan of progress that is
// already made.
grm_status grm_listen(const grm_run *run, size_t stage, const char *path, const grm_audio *audio,
                      const grm_analysis_options *options, grm_analysis **out, grm_error *err);

// For those who have their own blocks and need only some of the ears (those that use `mono` cannot be among them):
// opens them, hands them block after block, and takes down what they heard. `run` must outlive it. Samples have to be
// finite.
typedef struct grm_hearing grm_hearing;
grm_status grm_hearing_open(const grm_run *run, const grm_ear *const *ears, size_t count, unsigned channels,
                            unsigned rate_hz, grm_hearing **out, grm_error *err);
grm_status grm_hearing_take(grm_hearing *hearing, const float *const *planes, size_t frames, grm_error *err);
grm_status grm_hearing_end(grm_hearing *hearing, grm_analysis **out, grm_error *err);  // free the hearing all the same
void grm_hearing_free(grm_hearing *hearing);

// Production quality alone, again and again: for those who look for what would raise it.
typedef struct grm_appraiser grm_appraiser;
grm_status grm_appraiser_new(const char *genre, grm_appraiser **out, grm_error *err);  // `genre` as in grm_report_make
void grm_appraiser_free(grm_appraiser *appraiser);
void grm_appraise(const grm_appraiser *appraiser, const grm_features *features, grm_category *production);

// An analysis in which nothing is measured yet; NULL when memory runs out.
grm_analysis *grm_analysis_new(const grm_listening *listening);

// The guides docs/features.md and docs/score.md, as Markdown; of the built-in curves where the path is NULL.
void grm_meter_explain_features(FILE *out);
grm_status grm_meter_explain_score(FILE *out, const char *curves_path, grm_error *err);

// For ears: adds a series of rows x frames (rows 0: a vector) to the analysis, to be filled. `name` must outlive it.
// NULL when memory runs out.
float *grm_analysis_add_series(grm_analysis *analysis, const char *name, size_t rows, size_t frames);

// report.json as DESIGN.md names its fields; new references, NULL when memory runs out. `report` may be NULL: the
// features alone.
// Numbers have six significant digits: more is noise, and differs between processors.
json_t *grm_number_json(double value);  // null when it is not finite
json_t *grm_numbers_json(const double *values, size_t count);
json_t *grm_features_json(const grm_features *features);
json_t *grm_analysis_json(const grm_analysis *analysis, const grm_report *report);

#endif
