// Between melody.c, solo.c, idea.c and line.c: ideas (rhythms with a contour) and the search for their pitches.
#ifndef GRM_COMPOSE_TUNE_H
#define GRM_COMPOSE_TUNE_H

#include "compose/work.h"

enum { IDEA_NOTES = 48 };

// A rhythm of one unit of a phrase plan, and the shape its pitches follow.
typedef struct grm_idea {
    int count;
    int32_t at[IDEA_NOTES];  // ticks from the unit's start, a bar line; the first may be negative (anticipated)
    int32_t length[IDEA_NOTES];
    int32_t ticks;          // of the whole unit
    float contour[3];       // height at start, middle, end, in semitones about the centre
    int pitch[IDEA_NOTES];  // as first sung; what later statements remember
    bool sung;
} grm_idea;

typedef enum grm_ending { GRM_ENDING_NONE, GRM_ENDING_OPEN, GRM_ENDING_CLOSED } grm_ending;

// How freely a unit is sung.
typedef struct grm_singing {
    int32_t start;          // tick of the unit
    int low, high, centre;  // MIDI keys
    const int *memory;      // pitches to come back to, one a note, or NULL
    int memory_shift;       // semitones about which they are moved
    int memory_from_end;    // how many notes at the end are free of memory
    float memory_weight;
    float noise;     // temperature: 0.1 the likeliest line .. 1 as freely as real tunes
    int last_pitch;  // of the note before, -1 none
    grm_ending ending;
    bool pentatonic, blues;
    bool improvised;  // a player's line rather than a singer's: chord notes on the beats, chromatic ones between
} grm_singing;

// ---- idea.c ----
// A rhythm for a unit of `bars` bars, with its breath at the end; `breath` is the share of silence wanted, `long_end`
// the chance that what stands before it is a long note.
bool grm_idea_make(const grm_work *work, int bars, float energy, float breath, float long_end, grm_rng *rng,
                   grm_idea *idea);
// The same beginning, another ending: the last bar gets a rhythm of its own that ends long.
bool grm_idea_new_ending(const grm_work *work, grm_idea *idea, float energy, bool long_end, grm_rng *rng);

// ---- line.c ----
// Finds the pitches of an idea over the chords at `singing->start`: the cheapest path through all pitches, by interval,
// chord, shape, register, memory and ending. Fills pitch[idea->count].
void grm_line_sing(const grm_work *work, const grm_idea *idea, const grm_singing *singing, grm_rng *rng,
                   int pitch[IDEA_NOTES]);

// ---- sing.c ----
// Semitones by which a part moves the tune, by whole octaves, to have it in its range.
int grm_tune_octaves(const grm_work *work, const grm_writer_part *part);
// Of note `i` of the tune: up to its phrase's peak, down to its end.
int grm_tune_loudness(const grm_work *work, size_t i, float energy);

// ---- melody.c ----
bool grm_is_solo(const grm_passage *passage);

// ---- solo.c ----
// A player's improvisation over a passage, added to the song's melody; `quote` is an idea of its theme, or NULL.
// Soloists go a little beyond the register in which tunes lie.
void grm_solo_range(const grm_writer_part *player, int *low, int *high);
grm_status grm_solo_write(grm_work *work, size_t passage, const grm_idea *quote, grm_rng *rng, grm_error *err);

#endif
