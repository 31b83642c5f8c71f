// What the files of the mix share. Levels inside the mix: each stem is first brought to GRM_STEM_LUFS, so that every
// strip works at the same level; then its fader places it.
#ifndef GRM_MIX_INTERNAL_H
#define GRM_MIX_INTERNAL_H

#include "dsp/dsp.h"
#include "mix/mix.h"
#include "mix/strips.h"

enum {
    GRM_MIX_BANDS = 10,     // octaves from 31.5 Hz to 16 kHz
    GRM_MIX_TILE = 1024,    // frames that go through a strip at a time
    GRM_MIX_BLOCK = 32768,  // frames between two meetings of the stems
    GRM_MIX_CELL = 4096,    // frames of a peak cell
    GRM_MIX_LOOK = 16384,   // frames between two looks at the spectrum
    GRM_MIX_BESIDE = 3,     // stems that one thread works on side by side
    GRM_DUCK_HOP = 32,      // frames between two points of the ducking curve
};
#define GRM_STEM_LUFS (-20.0)
#define GRM_NO_NOISE (-200.0f)

extern const float grm_mix_band_hz[GRM_MIX_BANDS];

// ---- measured ----

typedef struct grm_stem_facts {
    double lufs;  // while it plays; GRM_SILENT_LUFS when it never does
    float peak;
    bool one_sound;  // the same left and right
    size_t cells;
    float *cell_peak;              // [cells]
    float hit, low_hit;            // what a strong hit peaks at, in all and below 100 Hz
    size_t looks;                  // GRM_MIX_LOOK frames apart
    float *look;                   // [looks][GRM_MIX_BANDS], power of the octaves at a moment against the mean while
                                   // it plays, in the unit of band_db; 0 where it is silent
    float band_db[GRM_MIX_BANDS];  // power of the octaves against the weighted power of all
    float side;                    // share of left less right in its power, 0..1
    float noise_db;                // weighted power of a channel where nobody plays, GRM_NO_NOISE: none was found
    int twin;                      // an earlier stem that is the same sound, or -1
    bool crossed;                  // that one upside down
} grm_stem_facts;

grm_status grm_stems_measure(const grm_run *run, const grm_stems *stems, size_t frames, size_t stage,
                             grm_stem_facts *facts, grm_error *err);  // facts: [stems], zeroed
void grm_stem_facts_free(grm_stem_facts *facts, size_t count);
// Fills the twins.
grm_status grm_stems_find_twins(const grm_run *run, const grm_stems *stems, size_t frames, grm_stem_facts *facts,
                                grm_error *err);
// From the weighted power of its tenths of a second; the looks must be there.
float grm_stem_noise_db(const grm_stem_facts *facts, const double *tenths, size_t count);

// ---- decided ----

// A bell that goes down by `db` when what it listens to is at its full.
typedef struct grm_dip {
    float hz, db, q;
} grm_dip;

// What is given to attacks and to what follows them; both 0: nothing.
typedef struct grm_snap {
    float attack_db, sustain_db;
} grm_snap;

// Harmonics of what lies above hz; amount 0: none.
typedef struct grm_shine {
    float hz, drive_db, amount;
} grm_shine;

enum { GRM_MIX_EQ = GRM_STRIP_CELLS + 8 };

// What a strip may have or not.
enum { GRM_EXPANDER, GRM_COMPRESSOR, GRM_TRANSIENT, GRM_EXCITER, GRM_VOICE_DIP, GRM_STRIP_BLOCKS };

typedef struct grm_stem_plan {
    const char *strip;  // name; NULL: none
    bool mute, one_sound;
    char mute_why[128];  // empty: nobody said
    float trim_db;       // to GRM_STEM_LUFS
    float fader_db;      // after the strip
    float level_db;      // beside the lead, asked for by the style
    float pan, width;
    size_t cell_count;
    grm_strip_cell cells[GRM_MIX_EQ];
    const char *cell_why[GRM_MIX_EQ];         // NULL: nobody said
    grm_gate_plan expander;                   // ratio 0: none
    grm_compressor_plan compressor;           // ratio 0: none
    const char *block_why[GRM_STRIP_BLOCKS];  // NULL: nobody said
    grm_snap transient;
    grm_shine exciter;
    float drive, wobble, mono_hz;
    grm_dip dip;              // while a voice is heard; db 0: none
    float duck_db, voice_db;  // how far it steps back at most, for the kick and for voices; 0: not at all
    float room, hall, delay;  // sends, linear
    float ride_db;
    float audible;  // share of its loudness that is left in the mix, 0..1; below 0: nobody looked
} grm_stem_plan;

// A stem that others step back for.
typedef struct grm_duck_plan {
    int source;          // stem, or -1: none
    bool low;            // only what lies below 100 Hz is listened to
    float reference_db;  // peak of what takes full effect
    float attack_ms, release_ms;
} grm_duck_plan;

enum { GRM_DUCK_KICK, GRM_DUCK_VOICE, GRM_DUCKS };

typedef struct grm_mix_section {
    double start_s;
    float energy;  // 0..1
} grm_mix_section;
enum { GRM_MIX_SECTIONS = 256 };

// All that a mix does. Plain data, and all of it stands in mix.json: grm_mix_settle rounds it to what is written there.
typedef struct grm_mix_decision {
    size_t count;
    grm_stem_plan *stems;  // [count]
    float gain_db;         // of all, for the peak
    grm_reverb_plan room, hall;
    grm_echo_plan delay;
    double space_rate_hz;  // of those three: GRM_RATE or half of it
    grm_duck_plan duck[GRM_DUCKS];
    double tempo_bpm;
    size_t section_count;
    grm_mix_section sections[GRM_MIX_SECTIONS];
    bool fades;  // what still rings at the end fades in its last moment
} grm_mix_decision;

grm_status grm_mix_decide(const grm_stems *stems, const grm_mix_plan *plan, const grm_stem_facts *facts,
                          const grm_strips *strips, const grm_profile *profile, grm_mix_decision *out, grm_error *err);

// What brings the peaks of all, as they are expected to meet, under the ceiling.
float grm_mix_headroom_db(const grm_mix_decision *decision, const grm_stem_facts *facts);
void grm_mix_settle(grm_mix_decision *decision);
// deepest_fader: how far the mix had to be held back at its peaks, 1: nowhere. NULL when memory runs out.
json_t *grm_mix_decisions_json(const grm_stems *stems, const grm_mix_decision *decision, float deepest_fader);
// The same back from what grm_mix_decisions_json made and people edited; GRM_BAD_INPUT names what is wrong in `name`.
// `out` is filled as grm_mix_decide does it; texts are borrowed from `json`.
grm_status grm_mix_decisions_read(const json_t *json, const char *name, const grm_stems *stems, grm_mix_decision *out,
                                  grm_error *err);

// ---- arranging ----

// Gives the parts whose side is free one: the pan's sign. free_side: [stems].
void grm_mix_choose_sides(const bool *free_side, const grm_stem_facts *facts, grm_mix_decision *decision);
// Fills the sections from where parts come and go.
void grm_mix_find_sections(const grm_stem_facts *facts, grm_mix_decision *decision);

// ---- the whole ----

// Parts of one kind share their place.
void grm_mix_share_places(const grm_stems *stems, const grm_stem_facts *facts, grm_mix_decision *decision);
// Moves faders by 2.5 dB (the low end's up to 4.5 dB up) and then equalises by 3 dB at most, until the octaves of all
// lie within their spans. span: [GRM_MIX_BANDS].
void grm_mix_balance_tone(const grm_stems *stems, const grm_stem_facts *facts, const grm_span *span,
                          grm_mix_decision *decision);
// Further out, where all of it would be narrow.
void grm_mix_spread(const bool *free_side, const grm_stem_facts *facts, grm_mix_decision *decision);

// ---- covering ----

// How much of a stem's loudness is left beside the others, 0..1, at these gains (dB, on top of level_db).
// gains: [count]; out: [count].
void grm_mix_audible(const grm_mix_decision *decision, const grm_stem_facts *facts, const float *gains, float *out);
// Raises what would vanish and makes room by equalisers; dips: for voices, only while they are heard.
void grm_mix_uncover(const grm_stems *stems, const grm_stem_facts *facts, const grm_strips *strips, bool dips,
                     grm_mix_decision *decision);

// ---- over time ----

// Where a moment stands among the sections' energies: -1 at the calmest, 1 at the liveliest, gliding at the seams.
float grm_ride_at(const grm_mix_decision *decision, double seconds);
// The end of a section, where echoes are let out.
bool grm_throw_at(const grm_mix_decision *decision, double seconds);

// The ducking curve: 0 at rest, 1 when the kick is at its full.
typedef struct grm_duck {
    const grm_tape *tape;  // NULL: nothing to listen to
    double rate_hz;
    float reference, envelope, attack, release;
    grm_cascade low;
    bool use_low;
    float *planes[2];  // [GRM_MIX_BLOCK]
} grm_duck;
grm_status grm_duck_init(grm_duck *duck, const grm_stems *stems, const grm_duck_plan *plan, double rate_hz,
                         grm_error *err);
void grm_duck_free(grm_duck *duck);
// curve: [frames / GRM_DUCK_HOP + 1], its first point being the last of the call before.
grm_status grm_duck_run(grm_duck *duck, size_t start, size_t frames, float *curve, grm_error *err);

// One stem's way through the desk.
typedef struct grm_channel grm_channel;
grm_status grm_channel_new(const grm_mix_decision *decision, size_t stem, double rate_hz, grm_channel **out,
                           grm_error *err);
void grm_channel_free(grm_channel *channel);
// Reads `count` stems from `start` and leaves them as mixed in wet [count][2][frames]; count <= GRM_MIX_BESIDE, frames
// <= GRM_MIX_BLOCK. What runs beside a channel does not change a bit of it.
// duck: the curves, each a point every GRM_DUCK_HOP frames.
grm_status grm_channels_run(grm_channel *const *channels, const grm_stem *stems, size_t count, size_t start,
                            size_t frames, const float *const duck[GRM_DUCKS], float *const (*wet)[2], grm_error *err);

#endif
