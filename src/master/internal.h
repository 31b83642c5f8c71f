// What the files of the master share.
#ifndef GRM_MASTER_INTERNAL_H
#define GRM_MASTER_INTERNAL_H

#include "dsp/dsp.h"
#include "master/master.h"
#include "master/preset.h"

enum { GRM_MASTER_BLOCK = 1 << 15 };  // frames, a multiple of GRM_PEAK_HOP

// ---- look.c: what is there ----

// `analysis` holds the features of level and sides and, where they were asked for, of faults.
typedef struct grm_look {
    grm_analysis *analysis;
    size_t bins;
    double step_hz;
    const float *mid, *side;  // mean power by bin, a full-scale sine 1/2
    const float *dc;          // [2], mean of left and right
} grm_look;
void grm_look_free(grm_look *look);
grm_status grm_look_end(grm_hearing *hearing, grm_look *look, grm_error *err);
// At a whole sound, as part `from`..`to` of the stage.
grm_status grm_look_at(const grm_run *run, const grm_tape *sound, bool faults, size_t stage, double from, double to,
                       grm_look *look, grm_error *err);
void grm_levels_of(const grm_features *features, grm_master_levels *levels);

// ---- spectrum.c: octaves for the house's own taste ----

typedef struct grm_master_spectrum {
    size_t count;
    float hz[GRM_MASTER_BANDS], mid_db[GRM_MASTER_BANDS], side_db[GRM_MASTER_BANDS];  // side_db: side - mid
    float width_db;  // side - mid, mean of the octaves from 500 Hz to 4 kHz
} grm_master_spectrum;
void grm_master_spectrum_of(const grm_look *look, const grm_master_preset *preset, grm_master_spectrum *out);

// ---- firs.c: two filters, of mid and of side ----

// Minimum-phase: nothing sounds before what causes it.
typedef struct grm_firs grm_firs;
// db: [2][bins], at steps of step_hz from 0; level at and beyond the last bin is the last one's.
grm_status grm_firs_new(const float *const db[2], size_t bins, double step_hz, double rate_hz, grm_firs **out,
                        grm_error *err);
void grm_firs_free(grm_firs *firs);
void grm_firs_reset(grm_firs *firs);
void grm_firs_run(grm_firs *firs, float *left, float *right, size_t frames);  // in place, GRM_MASTER_BLOCK at most
double grm_firs_gain_db(const grm_firs *firs, int side, double at_hz);

// ---- what will be done, decided before anything is touched ----

enum { GRM_MOVE_WIDTH = GRM_MASTER_MOVES, GRM_MOVE_RIDE, GRM_MASTER_SIZES };
typedef struct grm_master_plan {
    float dc[2];
    float gain;        // to about the target, linear
    float balance_db;  // right over left, half of it taken from one, half given to the other
    size_t cell_count;
    grm_filter cells[GRM_CASCADE_CELLS];
    float correction_db[GRM_MASTER_BANDS];
    float width, mono_hz, deess_db;
    bool compress;
    grm_compressor_plan glue;
    const char *glue_name;
    float drive;
    float *ride;  // gains by tenths of a second, linear; NULL: none
    size_t ride_count;
    grm_firs *firs;  // NULL: none
    // What was found by ear: the moves' sizes in dB, width as a factor, and how far loudness is evened.
    double sizes[GRM_MASTER_SIZES];
    double hoped;  // production quality that was predicted
} grm_master_plan;
void grm_master_plan_free(grm_master_plan *plan);

// Gains that even out the loudness by `strength`; also for predictions. energy_lufs, gains: [count]
void grm_ride_gains(const grm_master_auto_ride *how, const float *energy_lufs, size_t count, double lufs,
                    double strength, float *gains);

typedef struct grm_master_glued {
    float deepest_db, mean_db;
} grm_master_glued;

// What the chain before the limiter leaves: the sound, and of each hop of GRM_PEAK_HOP frames its true peak (of both
// channels) and its weighted power (sum over channels and frames).
typedef struct grm_wet {
    grm_tape *sound, *peaks, *powers;
    size_t hops;
    grm_master_glued glued;
    float deessed_db;  // most that was taken
} grm_wet;
void grm_wet_free(grm_wet *wet);
grm_status grm_master_process(const grm_run *run, const grm_tape *in, const grm_master_plan *plan,
                              const grm_master_preset *preset, size_t stage, double from, double to, grm_wet *wet,
                              grm_error *err);

typedef struct grm_master_limited {
    double drive_db;   // gain before the limiter
    float deepest_db;  // most reduction
    float mean_db;     // of hops with any
    float share;       // of hops with any
    bool reached;
    double short_db;  // by how much it stopped short, LU
} grm_master_limited;

// The limiter over what is wet.
typedef struct grm_limiting {
    const grm_run *run;
    const grm_wet *wet;
    grm_limiter_plan plan;
    float drive, trim;  // linear
} grm_limiting;
void grm_limiting_init(grm_limiting *limiting, const grm_run *run, const grm_wet *wet, const grm_master_preset *preset,
                       double ceiling_dbtp);
// Finds the drive for the loudness (GRM_SILENT_LUFS: 1) at which all but one in a hundred hops are reduced by most_db
// at most.
grm_status grm_limiting_find(grm_limiting *limiting, double lufs, float most_db, grm_master_limited *limited,
                             grm_error *err);
// Goes through it: `take` gets block after block, planes that it may change.
typedef grm_status grm_limited_fn(void *context, float *const planes[2], size_t frames, grm_error *err);
grm_status grm_limiting_run(const grm_limiting *limiting, size_t stage, double from, double to, grm_limited_fn *take,
                            void *context, grm_error *err);

// ---- the whole ----

enum { GRM_MASTER_NOTES = 12 };
typedef struct grm_master_story {
    const grm_master_options *options;
    const grm_style_mix *style;  // or NULL
    grm_master_target target;
    grm_master_preset *preset;
    const grm_master_place *place;       // NULL: figures were given
    const grm_master_tone *tone;         // NULL: chosen
    const grm_master_glue *compression;  // NULL: chosen
    bool by_ear;                         // nothing tells what to do: the meter's ears do
    grm_appraiser *appraiser;
    grm_look source, outcome, reference;  // reference.analysis NULL: none
    grm_master_levels before, after;
    grm_category quality_before, quality_after;
    grm_master_spectrum spectrum;
    grm_master_plan plan;
    grm_master_glued glued;
    float deessed_db;
    grm_master_limited limited;
    double trim_db;
    double unlike_before_db[2], unlike_after_db[2];  // mean distance of third octaves to the reference, mid and side
    int attempts;
    double strength;  // of what was chosen by ear, 1..0
    bool silent;
    char notes[GRM_MASTER_NOTES][240];
    size_t note_count;
} grm_master_story;
// What is asked for, looked up; close in every case. `options` must outlive it.
grm_status grm_master_story_open(grm_master_story *story, const grm_master_options *options, const grm_style_mix *style,
                                 grm_error *err);
void grm_master_story_close(grm_master_story *story);
float grm_master_most_db(const grm_master_story *story);  // that the limiter may take
void grm_master_note(grm_master_story *story, const char *format, ...) GRM_PRINTF(2, 3);

// A master in the making. Set the first five; close in every case.
typedef struct grm_mastering {
    const grm_run *run;
    const grm_tape *sound;  // at which story->source has looked
    grm_master_story *story;
    size_t stage;
    double from;  // where in the stage it begins
    grm_wet wet;
    grm_limiting limiting;
    double lufs, ceiling_dbtp;  // that are aimed at
} grm_mastering;
// All but handing out what comes of it, which can be done more than once.
grm_status grm_mastering_prepare(grm_mastering *mastering, grm_error *err);
grm_status grm_mastering_deliver(grm_mastering *mastering, grm_limited_fn *take, void *context, grm_error *err);
grm_status grm_mastering_lower(grm_mastering *mastering, double db, grm_error *err);  // the ceiling; the loudness stays
void grm_mastering_close(grm_mastering *mastering);

// Decides with what is chosen by ear at `strength` (1 to 0), processes, and settles.
grm_status grm_mastering_attempt(grm_mastering *mastering, double strength, grm_error *err);
// choose.c: attempts until nothing has become worse by ear.
grm_status grm_mastering_choose(grm_mastering *mastering, grm_error *err);
// rehearse.c: finds the drive for mastering->lufs and hears what comes of it; where hops were too coarse a measure,
// once more.
grm_status grm_mastering_settle(grm_mastering *mastering, grm_error *err);

// file.c: looks at the file that options->reference names, and takes its loudness for the target where none was given.
grm_status grm_master_look_at_reference(const grm_run *run, grm_master_story *story, size_t stage, double from,
                                        double to, grm_error *err);

// decide.c: fills the plan; `strength` 1..0 holds back what is chosen by ear. Loudness to aim at in *lufs.
grm_status grm_master_decide(grm_master_story *story, double rate_hz, double strength, double *lufs, grm_error *err);
// by_ear.c: sizes of moves, width and evenness.
void grm_master_by_ear(grm_master_story *story, double rate_hz, double strength);
// likeness.c: the filters towards the reference; and how far off a look is.
grm_status grm_master_liken(grm_master_story *story, double rate_hz, grm_error *err);
void grm_master_unlike(const grm_look *look, const grm_look *reference, double db[2]);

json_t *grm_master_report(const grm_master_story *story);  // NULL when memory runs out

#endif
