// data/curves.yaml, read: how figures become scores, and what is said about them.
#ifndef GRM_METER_CURVES_H
#define GRM_METER_CURVES_H

#include <grammy/brief.h>

#include "meter/curve.h"
#include "meter/figures.h"

enum { GRM_MAX_GROUPS = 24, GRM_MAX_TERMS = 10, GRM_MAX_GATES = 8, GRM_MAX_RATINGS = 12, GRM_MAX_TEXTS = 4 };
enum { GRM_MAX_CAUSES = 24, GRM_MAX_SIGNS = 8 };

// What may be said: the first of the list whose figures are all known, and whose way to go is long enough for the
// figure. See remark.c for the signs within.
typedef struct grm_texts {
    size_t count;
    const char *items[GRM_MAX_TEXTS];
    double up_to[GRM_MAX_TEXTS];  // of the way, INFINITY: any
} grm_texts;

// A group of genres that are judged alike.
typedef struct grm_genre_group {
    const char *name, *title;
    grm_words genres;  // names of styles and families
} grm_genre_group;

// A figure that counts. A merit takes part in its sub-score's weighted geometric mean; a fault multiplies it.
typedef struct grm_term {
    int figure;
    bool fault;
    double weight[GRM_MAX_GROUPS + 1];           // by group, and behind them for no genre; 0: not judged there
    const grm_curve *curve[GRM_MAX_GROUPS + 1];  // figure to 0..100
    int also;                                    // another figure, which moves by `also_by` when this one moves by 1;
    double also_by;                              // -1: none
    const char *about;                           // one line, may be NULL
    grm_texts low, high;                         // insights, where the figure is below or above what is good
    grm_texts raise, lower;                      // recommendations
    grm_texts praise;
} grm_term;

typedef struct grm_sub_curves {
    const char *name, *about;
    double weight;
    size_t term_count;
    grm_term terms[GRM_MAX_TERMS];
} grm_sub_curves;

typedef struct grm_category_curves {
    const char *name, *about;
    double weight;
    size_t sub_count;
    grm_sub_curves subs[GRM_MAX_SUB_SCORES];
} grm_category_curves;

// What is no music at all: the lowest of the gates is a factor on every category.
typedef struct grm_gate {
    const char *name, *about;
    int figure;
    const grm_curve *curve;  // figure to 0..100 (percent)
    grm_texts text;
} grm_gate;

// A sign of a cause: a figure that lies beyond a bound, or scores less than `points` for being too low or too high.
typedef struct grm_sign {
    int figure;
    double below, above;  // NaN: no bound
    double points;        // NaN: none
    bool low;             // on which side of what is good
} grm_sign;

// One cause of several figures: where all its signs are there, they are one remark.
typedef struct grm_cause {
    const char *name;
    size_t sign_count, low_count, high_count;
    grm_sign signs[GRM_MAX_SIGNS];                // texts speak of the first one's figure
    int low[GRM_MAX_SIGNS], high[GRM_MAX_SIGNS];  // figures that it puts below and above what is good
    grm_texts insight, advice;
} grm_cause;

typedef struct grm_curves {
    size_t rating_count, group_count, gate_count, cause_count;
    struct {
        double from;
        const char *name;
    } ratings[GRM_MAX_RATINGS];  // falling
    grm_genre_group groups[GRM_MAX_GROUPS];
    grm_gate gates[GRM_MAX_GATES];
    grm_cause causes[GRM_MAX_CAUSES];  // the first that holds takes its figures
    grm_category_curves categories[GRM_CATEGORIES];
} grm_curves;

// The built-in ones, or those of a file; in `memory`. Mistakes are GRM_BAD_INPUT with line and column.
grm_status grm_curves_load(const char *path, grm_memory *memory, const grm_curves **out, grm_error *err);
grm_status grm_curves_read(const char *name, const uint8_t *bytes, size_t size, grm_memory *memory,
                           const grm_curves **out, grm_error *err);
// The group of a style or family; group_count (which has curves too) for NULL. GRM_USAGE when nothing is known of it.
grm_status grm_curves_group(const grm_curves *curves, const char *genre, size_t *out, grm_error *err);

// Scores, NaN where none of their figures is known; the overall one is then over what is known.
typedef struct grm_judgement {
    double overall, category[GRM_CATEGORIES], sub[GRM_CATEGORIES][GRM_MAX_SUB_SCORES];
    double gate;   // 0..1
    int gated_by;  // -1: by none
} grm_judgement;
void grm_judge(const grm_curves *curves, size_t group, const double values[GRM_FIGURES], grm_judgement *out);
const char *grm_curves_rating(const grm_curves *curves, double overall);

#endif
