// Stems to stereo.
#ifndef GRM_MIX_H
#define GRM_MIX_H

#include <grammy/score.h>
#include <jansson.h>

#include "audio/audio.h"
#include "base/base.h"
#include "style/style.h"
#include "synth/synth.h"

// What somebody wants otherwise than it was decided.
typedef struct grm_mix_change {
    float level_db;  // up or down
    bool has_pan, mute;
    bool solo;  // it is heard, even where it is a copy of another
    float pan;  // -1..1
} grm_mix_change;

// What the mix goes by beside the sound itself. Plain data, borrowed for the call.
typedef struct grm_mix_plan {
    const grm_part_mix *parts;  // [stems], intentions from the style
    grm_style_mix style;
    double tempo_bpm;  // for the delay
    size_t section_count;
    const double *section_start_s;  // [section_count], for automation
    const float *section_energy;    // [section_count], 0..1
    bool find_sections;             // nobody knows them: they are heard from the parts
    const bool *free_side;          // [stems], those whose pan's side is the mix's choice; NULL: none
    bool foreign;                   // stems of others: twice there, noisy, or all of one kind
    bool balance;                   // no style says where low and high stand
    const grm_mix_change *changes;  // [stems], or NULL
    const json_t *session;          // decisions to obey, as grm_mix_run hands them out; NULL: decide
    const char *session_name;       // the file's, for complaints
    bool dry;                       // no decisions but changes: the plain sum, lowered only where it would be too loud
} grm_mix_plan;

// Takes the stems as they sound in the mix, with their effects; called in time order for each stem, never for one stem
// from two threads at once. planes: [2][frames].
// The mix itself comes as stem `count`.
typedef grm_status grm_mix_sink(void *context, size_t stem, const float *const *planes, size_t frames, grm_error *err);

// Mixes to stereo at the stems' rate: the sum of the stems that the sink gets, sample by sample. `decisions` (may be
// NULL) receives what was decided, as mix.json has it. The peak is at most -3 dBFS.
grm_status grm_mix_run(const grm_run *run, const grm_stems *stems, const grm_mix_plan *plan, grm_mix_sink *sink,
                       void *sink_context, size_t stage, json_t **decisions, grm_error *err);

#endif
