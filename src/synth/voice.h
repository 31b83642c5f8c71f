// What plays one part: the SoundFont sampler, or a voice of our own. Shared by the files of this room alone.
#ifndef GRM_SYNTH_VOICE_H
#define GRM_SYNTH_VOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "synth/synth.h"

// ---- events ----

// At one frame events come in this order: keys are let go, controls move, then keys are struck.
typedef enum grm_event_kind {
    GRM_EVENT_NOTE_OFF,
    GRM_EVENT_PROGRAM,  // value: 0..127
    GRM_EVENT_CONTROL,  // number: MIDI controller; value: 0..127
    GRM_EVENT_BEND,     // value: -8192..8191 over the part's bend_range
    GRM_EVENT_NOTE_ON,  // number: MIDI key; value: velocity 1..127
} grm_event_kind;

// Something that happens in a part, to the sample: the score's tick through its tempo map, at GRM_RATE.
typedef struct grm_event {
    int64_t frame;   // >= 0
    int32_t note;    // of NOTE_ON and NOTE_OFF: index into the part's notes, the same for both; else -1
    int16_t value;   // see the kinds; of NOTE_OFF: the note's velocity
    uint8_t kind;    // grm_event_kind
    uint8_t number;  // key or controller; of NOTE_OFF: the key
} grm_event;

// The events of a part, sorted by frame, kind, then the order in the part. Every NOTE_ON has its NOTE_OFF at least one
// frame later. Free with free(). *count may come out 0, with *out NULL.
grm_status grm_events_new(const grm_score *score, const grm_part *part, grm_event **out, size_t *count, grm_error *err);

// ---- players ----

// Begin your own struct with a grm_player and fill both functions in. One thread at a time uses a player; different
// players run side by side, so what they share is read only. A part at velocity about 100 lands about -18 dBFS RMS
// while it plays; grm_synth_render then applies the instrument's level_db, so players don't.
typedef struct grm_player grm_player;
struct grm_player {
    // Adds the next `frames` frames to left and right (which come zeroed). Calls are consecutive: start_frame is where
    // the last one ended, 0 at first. The output must not depend on how the calls cut time up, to the bit.
    grm_status (*render)(grm_player *self, size_t start_frame, size_t frames, float *left, float *right,
                         grm_error *err);
    void (*free)(grm_player *self);
};

// `part`, `instrument` (which may be NULL) and `events` are borrowed and outlive the player.
grm_status grm_soundfont_player_new(grm_soundfont *font, const grm_part *part, const grm_instrument *instrument,
                                    const grm_event *events, size_t count, grm_player **out, grm_error *err);

// `voice` is a preset of data/voices.yaml. Everything random derives from `seed` and the part's name. Kick drums are
// tuned to `key`, the music's (NULL: as the preset has them).
grm_status grm_voice_player_new(const char *voice, const grm_part *part, const grm_instrument *instrument,
                                const grm_key *key, const grm_event *events, size_t count, uint64_t seed,
                                grm_player **out, grm_error *err);
bool grm_voice_exists(const char *voice);  // false for NULL

#endif
