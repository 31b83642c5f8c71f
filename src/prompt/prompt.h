// Words to brief: an offline reader of plain English.
#ifndef GRM_PROMPT_H
#define GRM_PROMPT_H

#include <grammy/brief.h>
#include <jansson.h>

#include "base/base.h"
#include "style/style.h"

// What flags say over the words. NULL, 0 and NaN mean: not given.
typedef struct grm_brief_options {
    const char *genre;  // a style's name, title or synonym
    double tempo_bpm;
    const char *key;  // "F# minor"
    double duration_s;
    const char *metre;        // "3/4"
    const char *instruments;  // comma-separated names
    const char *title;
    bool has_seed;
    uint64_t seed;          // else one is derived from the prompt
    double max_duration_s;  // from the profile; a longer wish is GRM_USAGE
} grm_brief_options;

// GRM_USAGE for an empty prompt and for values that can't be (each named, with what is allowed). Nonsense makes a
// default brief and a note that says so. Free with grm_brief_free.
grm_status grm_brief_read(const char *prompt, const grm_brief_options *options, const grm_catalogue *catalogue,
                          grm_brief **out, grm_error *err);

// The brief as DESIGN.md names its fields; a new reference. Dump it with JSON_REAL_PRECISION(9), so that 0.35 is not
// 0.34999999999999998.
json_t *grm_brief_to_json(const grm_brief *brief);

// "2:30", "150", "90s", "3 min" in seconds; false when it is none.
bool grm_duration_parse(const char *text, double *seconds);

#endif
