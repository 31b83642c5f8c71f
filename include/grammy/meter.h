// Hears what is in a recording (features), and judges it (a report of five categories with reasons and advice).
#ifndef GRAMMY_METER_H
#define GRAMMY_METER_H

#include <grammy/audio.h>
#include <grammy/features.h>
#include <grammy/profile.h>
#include <grammy/progress.h>
#include <grammy/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GRM_MFCCS = 20, GRM_OCTAVES = 10, GRM_CONTRAST_BANDS = 7, GRM_TEMPO_ALTERNATIVES = 4, GRM_WIDTH_BANDS = 5 };

// The scalars are those of GRM_FEATURE_LIST, each a double of that name.
typedef struct grm_features {
#define GRM_FEATURE_FIELD(name, unit, low, high, source) double name;
    GRM_FEATURE_LIST(GRM_FEATURE_FIELD)
#undef GRM_FEATURE_FIELD
    char key[16];                                 // "F# minor"; "" when there is none to hear
    double tonal_balance_db[GRM_OCTAVES];         // octaves around 31.5 Hz .. 16 kHz, the loudest at 0
    double tonal_balance_target_db[GRM_OCTAVES];  // pink-weighted
    double spectral_contrast_db[GRM_CONTRAST_BANDS];
    double mfcc_mean[GRM_MFCCS], mfcc_deviation[GRM_MFCCS];
    double chroma[12];  // mean, the largest 1; C first
    double tonnetz[6];
    double width_by_band[GRM_WIDTH_BANDS];  // share of the side in: < 120, 120-500, 500-2k, 2k-8k, > 8k Hz
    struct {
        double bpm, strength;
    } tempo_alternatives[GRM_TEMPO_ALTERNATIVES];  // strongest first; bpm 0: none
} grm_features;

typedef struct grm_chord_span {
    double start_s, end_s;
    char name[12];  // "F#m", "Bb7", "N" where there is none
} grm_chord_span;

typedef struct grm_heard_section {
    double start_s, end_s;
    char label[4];                 // "A", "B", ...: sections that sound alike share it
    double loudness_lufs, energy;  // energy 0..1 within this track
} grm_heard_section;

// Frame series, shaped and named as librosa's: rows x frames, row after row.
typedef struct grm_series {
    const char *name;  // "chroma_stft"
    size_t rows, frames;
    bool flat;  // a vector in librosa's hands, not one row
    const float *values;
} grm_series;

// What was heard. Plain data in one memory; freed as a whole.
typedef struct grm_analysis {
    bool lightweight;
    unsigned analysis_rate_hz, hop;
    grm_features features;
    size_t beat_count, downbeat_count, chord_count, section_count, series_count, energy_count;
    const double *beats_s, *downbeats_s;
    const grm_chord_span *chords;
    const grm_heard_section *sections;
    const float *energy_lufs;  // momentary loudness, ten a second
    const grm_series *series;  // what grm_analysis_options asked for
    // What the ears for rhythm and harmony leave to later ones; NULL once all have finished.
    const struct grm_colour_series *colours;
    const struct grm_pitch_series *notes;
    struct grm_memory *memory;
} grm_analysis;

typedef struct grm_analysis_options {
    bool series;  // keep the frame series (memory grows with the length)
} grm_analysis_options;

// Listens to a file of any length (streamed) or to sound in memory. `options` and `progress` may be NULL. The same
// numbers to the last bit for any number of threads. Free with grm_analysis_free.
GRM_API grm_status grm_analyse_file(const grm_profile *profile, const char *path, const grm_analysis_options *options,
                                    grm_progress *progress, grm_analysis **out, grm_error *err);
GRM_API grm_status grm_analyse_audio(const grm_profile *profile, const grm_audio *audio,
                                     const grm_analysis_options *options, grm_progress *progress, grm_analysis **out,
                                     grm_error *err);
GRM_API void grm_analysis_free(grm_analysis *analysis);

// A table of GRM_FEATURE_LIST, for programs that go by names.
typedef struct grm_feature_info {
    const char *name, *unit, *source;
    double low, high;
    size_t offset;  // of its double in grm_features
} grm_feature_info;
GRM_API const grm_feature_info *grm_feature_table(size_t *count);

// ---- the judgement ----

enum { GRM_CATEGORIES = 5, GRM_MAX_SUB_SCORES = 8, GRM_MAX_ADVICE = 16 };

typedef struct grm_sub_score {
    const char *name;  // "dynamic_range"
    double score;      // 0..100
    double weight;     // within its category; those of a category add up to 1
} grm_sub_score;

typedef struct grm_category {
    const char *name;  // "production_quality"
    double score, weight;
    size_t sub_score_count;
    grm_sub_score sub_scores[GRM_MAX_SUB_SCORES];
} grm_category;

// Text with its figures and places, the sub-score that it is about, and how many points of the overall score following
// it would bring (0 for insights that are praise). NaN: unknown, or nothing to go to.
typedef struct grm_advice {
    char text[320];
    const char *sub_score;
    double before, lifted;  // that sub-score now, and once it is done
    double gain;
    const char *feature;  // or figure of docs/score.md that it speaks of
    double value, goal;   // of that figure
} grm_advice;

typedef struct grm_trend {
    bool known;  // the genre has benchmarks
    double score;
    char genre[32];
    char text[320];
    const char *source;
} grm_trend;

typedef struct grm_report {
    double overall;      // 0..100
    const char *rating;  // "Hit Potential"
    char genre[32];      // whose curves were used; "" when none was told or heard
    grm_category categories[GRM_CATEGORIES];
    size_t insight_count, recommendation_count;
    grm_advice insights[GRM_MAX_ADVICE], recommendations[GRM_MAX_ADVICE];  // most valuable first
    grm_trend trend;
    struct grm_memory *memory;
} grm_report;

// `genre` is a style's or family's name ("ambient") or NULL: not known. `curves_path` replaces the built-in curves
// (NULL: those).
GRM_API grm_status grm_report_make(const grm_analysis *analysis, const char *genre, const char *curves_path,
                                   grm_report **out, grm_error *err);
GRM_API void grm_report_free(grm_report *report);

#ifdef __cplusplus
}
#endif
#endif
