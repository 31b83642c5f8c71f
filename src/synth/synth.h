// Score to stems: each part played by a SoundFont or by a voice of our own, dry, on a tape.
#ifndef GRM_SYNTH_H
#define GRM_SYNTH_H

#include <grammy/score.h>

#include "audio/audio.h"
#include "base/base.h"
#include "style/style.h"

enum { GRM_RATE = 48000 };  // of everything we render

typedef struct grm_stem {
    const char *name;  // the part's
    const char *instrument;
    grm_role role;
    grm_tape *dry;  // stereo, GRM_RATE, as long as the score's duration
} grm_stem;

typedef struct grm_stems {
    size_t count;
    grm_stem *items;
    double duration_s;
    grm_memory *memory;  // names and items
} grm_stems;
void grm_stems_free(grm_stems *stems);  // with its tapes

// An opened SoundFont (SF2, SF3). Samples are decoded when a part needs them, once; safe to share by threads.
typedef struct grm_soundfont grm_soundfont;
// Looks at profile->soundfont, then for the profile's soundfont_names where systems keep them. GRM_MISSING with the
// remedy when there is none, GRM_BAD_INPUT when the file is broken.
grm_status grm_soundfont_open(const grm_profile *profile, grm_soundfont **out, grm_error *err);
void grm_soundfont_close(grm_soundfont *font);
const char *grm_soundfont_name(const grm_soundfont *font);  // file name
const char *grm_soundfont_sha256(grm_soundfont *font);      // of the whole file, worked out once

// Renders all parts side by side, `scratch` being the folder of the tapes. `font` may be NULL when no part needs it.
// `stage` is the progress stage to step.
grm_status grm_synth_render(const grm_run *run, const grm_score *score, const grm_catalogue *catalogue,
                            grm_soundfont *font, uint64_t seed, const char *scratch, size_t stage, grm_stems **out,
                            grm_error *err);
// Whether any part of the score wants a SoundFont.
bool grm_synth_needs_soundfont(const grm_score *score, const grm_catalogue *catalogue);

#endif
