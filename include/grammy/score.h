// Notes: parts, sections, tempo map. What a composer hands to a player, and what a MIDI file holds.
#ifndef GRAMMY_SCORE_H
#define GRAMMY_SCORE_H

#include <grammy/brief.h>
#include <grammy/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GRM_PPQ = 960 };  // ticks in a quarter note, in every score

// What a part does in the music; mixing and arranging go by it.
typedef enum grm_role {
    GRM_ROLE_LEAD,
    GRM_ROLE_COUNTER,  // second melody, answers, riffs
    GRM_ROLE_CHORDS,
    GRM_ROLE_PAD,
    GRM_ROLE_ARP,
    GRM_ROLE_BASS,
    GRM_ROLE_KICK,
    GRM_ROLE_SNARE,  // snare, clap, rim
    GRM_ROLE_HATS,   // hats and cymbals
    GRM_ROLE_DRUMS,  // a whole kit, or what is left of it
    GRM_ROLE_PERCUSSION,
    GRM_ROLE_TEXTURE,  // crackle, rain, room
    GRM_ROLE_FX,       // risers, impacts, sweeps
    GRM_ROLE_VOCAL,
    GRM_ROLE_OTHER,
    GRM_ROLE_COUNT,
} grm_role;

GRM_API const char *grm_role_name(grm_role role);  // "lead", "kick", ...
GRM_API bool grm_role_parse(const char *name, grm_role *role);

typedef struct grm_note {
    int32_t start;     // ticks, human timing included
    int32_t length;    // ticks, > 0
    uint8_t pitch;     // MIDI key 0..127; percussion key in drum parts
    uint8_t velocity;  // 1..127
} grm_note;

// A controller change or a pitch bend, at a tick.
typedef struct grm_control {
    int32_t tick;
    uint8_t number;  // MIDI controller 0..127 (1 modulation, 7 volume, 11 expression, 64 sustain, 74 brightness), or
                     // GRM_CONTROL_BEND, or GRM_CONTROL_PROGRAM
    int16_t value;   // 0..127; a bend -8192..8191 over the part's bend range; a program 0..127
} grm_control;
enum { GRM_CONTROL_BEND = 128, GRM_CONTROL_PROGRAM = 129 };

typedef struct grm_part {
    const char *name;        // "Lead", "Kick", shown in DAWs and file names
    const char *instrument;  // catalogue id ("grand-piano"); NULL in MIDI of others: program and bank decide
    grm_role role;
    bool drums;             // percussion keys
    uint8_t program, bank;  // General MIDI, for players that do not know the instrument
    uint8_t channel;        // 0..15; 9 for drums
    float bend_range;       // semitones, 2 unless told
    size_t note_count, control_count;
    grm_note *notes;        // sorted by start, then pitch
    grm_control *controls;  // sorted by tick
} grm_part;

typedef struct grm_section {
    const char *name;    // as shown: "Verse 2"
    const char *kind;    // "intro", "verse", "chorus", "drop", ...
    int32_t start, end;  // ticks
    int bars;
    float energy;  // 0..1
} grm_section;

typedef struct grm_tempo_change {
    int32_t tick;
    uint32_t us_per_quarter;  // as MIDI stores it
} grm_tempo_change;

typedef struct grm_metre_change {
    int32_t tick;
    grm_metre metre;
} grm_metre_change;

// Everything hangs in the score's own memory, freed as a whole.
typedef struct grm_score {
    const char *title;
    const char *style;  // name of the style that it was composed in, or NULL
    grm_key key;
    bool has_key;
    double duration_s;  // of the finished audio, ring-out included
    size_t part_count, section_count, tempo_count, metre_count;
    grm_part *parts;
    grm_section *sections;
    grm_tempo_change *tempos;   // at least one, the first at tick 0
    grm_metre_change *metres;   // at least one, the first at tick 0
    struct grm_memory *memory;  // the arena all of this lives in
} grm_score;

GRM_API void grm_score_free(grm_score *score);

// Seconds of a tick through the tempo map (ticks below 0 count at the first tempo), and beats a minute at a tick.
GRM_API double grm_score_seconds(const grm_score *score, double tick);
GRM_API double grm_score_bpm(const grm_score *score, int32_t tick);

// Reads a Standard MIDI File (types 0 and 1, any division, running status, sysex and unknown events skipped) into
// parts, one for each track and channel that has notes. Times are rescaled to GRM_PPQ. GRM_BAD_INPUT when it is
// none or broken, naming the place. `name` is for messages.
GRM_API grm_status grm_score_read_midi(const uint8_t *bytes, size_t size, const char *name, grm_score **out,
                                       grm_error *err);
// Writes a type 1 file: a conductor track with tempo, key, metre and section markers, then a named track a part,
// with its catalogue instrument as Instrument Name. Caller frees *bytes with free().
GRM_API grm_status grm_score_write_midi(const grm_score *score, uint8_t **bytes, size_t *size, grm_error *err);

#ifdef __cplusplus
}
#endif
#endif
