// Presets of our own voices, as data/voices.yaml holds them. Its head documents the fields; units are in the names.
#ifndef GRM_SYNTH_VOICE_PRESET_H
#define GRM_SYNTH_VOICE_PRESET_H

#include "base/base.h"

typedef enum grm_engine_kind {
    GRM_ENGINE_SUBTRACTIVE,
    GRM_ENGINE_FM,
    GRM_ENGINE_DRUMS,
    GRM_ENGINE_TEXTURE,
    GRM_ENGINE_FX,
} grm_engine_kind;

// Decay and release are the times to fall by 60 dB, attack the time to rise.
typedef struct grm_adsr {
    float attack_ms, decay_ms, sustain, release_ms;
} grm_adsr;

typedef enum grm_wave {
    GRM_WAVE_SAW,
    GRM_WAVE_PULSE,
    GRM_WAVE_TRIANGLE,
    GRM_WAVE_SINE,
    GRM_WAVE_HARMONICS,
    GRM_WAVE_NOISE
} grm_wave;

enum { GRM_MAX_UNISON = 9, GRM_MAX_OSCILLATORS = 4, GRM_MAX_HARMONICS = 32, GRM_MAX_OPERATORS = 6 };

typedef struct grm_oscillator {
    int wave;  // grm_wave
    size_t harmonic_count;
    float harmonics[GRM_MAX_HARMONICS];  // amplitudes from the first up, of GRM_WAVE_HARMONICS
    int unison;
    float detune_cents;  // of the outermost of the unison
    float blend;         // level of the side oscillators beside the middle one
    float spread;        // of the unison over the stereo field, 0..1
    float semitones, cents;
    float level_db;
    float width;     // of the pulse, 0..1
    float decay_ms;  // a level of its own that falls; 0: follows the note
} grm_oscillator;

typedef enum grm_vcf_kind {
    GRM_VCF_NONE,
    GRM_VCF_LP12,
    GRM_VCF_LP24,
    GRM_VCF_LADDER,
    GRM_VCF_BP12,
    GRM_VCF_HP12,
} grm_vcf_kind;

typedef struct grm_vcf_preset {
    int kind;  // grm_vcf_kind
    float cutoff_hz;
    float resonance;   // 0..1
    float envelope;    // octaves at its peak
    float velocity;    // octaves between velocity 1 and 127
    float key_follow;  // octaves an octave
    float accent;      // resonance and envelope that velocities above 100 add, 0..1
    grm_adsr contour;
} grm_vcf_preset;

typedef struct grm_lfo_preset {
    float rate_hz, delay_ms;
    float pitch_cents, filter, width, level_db;  // filter: octaves
} grm_lfo_preset;

typedef struct grm_operator {
    float ratio, cents, fixed_hz;
    float level;     // peak phase deviation in radians where it modulates, amplitude where it is heard
    int to;          // number of the operator it modulates, from 1; 0: heard
    float feedback;  // radians
    float velocity;  // how strongly the level follows velocity, 0..2
    float key_fade;  // dB an octave that the level loses above C4
    float pan;
    grm_adsr contour;
} grm_operator;

typedef enum grm_chorus_kind { GRM_CHORUS_NONE, GRM_CHORUS_STEREO, GRM_CHORUS_ENSEMBLE } grm_chorus_kind;

typedef struct grm_chorus_preset {
    int kind;  // grm_chorus_kind
    float rate_hz, depth_ms, mix;
} grm_chorus_preset;

enum { GRM_MAX_FORMANTS = 5 };
typedef struct grm_formant {
    float hz, bandwidth_hz, level_db;
} grm_formant;

// What a whole part goes through.
typedef struct grm_bus_preset {
    float highpass_hz, lowpass_hz;  // 0: none
    float bits, hold_hz;            // a coarse converter: word length and rate; 0: none
    float drive_db;
    float tremolo_hz, tremolo_db, tremolo_pan;
    float room_db, room_ms;  // a small room's answer beside the dry sound, and its time to fall by 60 dB; 0 ms: none
    size_t formant_count;
    grm_formant formants[GRM_MAX_FORMANTS];
    float formant_mix;
    grm_chorus_preset chorus;
} grm_bus_preset;

// ---- drums ----

typedef enum grm_layer_source { GRM_LAYER_TONE, GRM_LAYER_NOISE, GRM_LAYER_METAL } grm_layer_source;
typedef enum grm_layer_filter {
    GRM_LAYER_OPEN,
    GRM_LAYER_LOWPASS,
    GRM_LAYER_BANDPASS,
    GRM_LAYER_HIGHPASS
} grm_layer_filter;
enum { GRM_MAX_LAYERS = 6, GRM_MAX_PARTIALS = 12 };

typedef struct grm_layer {
    int source;  // grm_layer_source
    int shape;   // of a tone: grm_wave
    float level_db;
    float hz;
    float sweep, sweep_ms;    // the pitch starts that many times higher and falls by 60 dB in that time
    float sweep2, sweep2_ms;  // a second fall on top
    float attack_ms, hold_ms, decay_ms;
    float tail_db, tail_ms;  // a second, slower decay that far below the first; 0 ms: none
    int bursts;              // of a clap: the envelope starts over that many times
    float burst_ms;
    int filter;  // grm_layer_filter
    float cutoff_hz, q;
    float cutoff_sweep, cutoff_ms;  // as sweep
    float highpass_hz;
    float drive_db;
    float width;     // 0: the same noise left and right, 1: two of them
    float velocity;  // level follows velocity to that power
    size_t partial_count;
    float partials[GRM_MAX_PARTIALS];  // of metal: multiples of hz
    bool ring;                         // neighbours are multiplied
} grm_layer;

typedef enum grm_piece_kind {
    GRM_PIECE_KICK,
    GRM_PIECE_SNARE,
    GRM_PIECE_SNARE2,
    GRM_PIECE_CLAP,
    GRM_PIECE_RIM,
    GRM_PIECE_HAT,
    GRM_PIECE_PEDAL,
    GRM_PIECE_OPEN,
    GRM_PIECE_RIDE,
    GRM_PIECE_BELL,
    GRM_PIECE_CRASH,
    GRM_PIECE_CHINA,
    GRM_PIECE_SPLASH,
    GRM_PIECE_TOM1,
    GRM_PIECE_TOM2,
    GRM_PIECE_TOM3,
    GRM_PIECE_TOM4,
    GRM_PIECE_TAMBOURINE,
    GRM_PIECE_SHAKER,
    GRM_PIECE_COWBELL,
    GRM_PIECE_CONGA,
    GRM_PIECE_CONGA_MUTE,
    GRM_PIECE_CONGA_LOW,
    GRM_PIECE_BONGO,
    GRM_PIECE_BONGO_LOW,
    GRM_PIECE_BLOCK,
    GRM_PIECE_TRIANGLE,
    GRM_PIECE_CLAVE,
    GRM_PIECE_SNAP,
    GRM_PIECE_COUNT,
} grm_piece_kind;

typedef struct grm_piece {
    size_t layer_count;
    grm_layer layers[GRM_MAX_LAYERS];
    float level_db, pan, drive_db;
    float tune;        // semitones on all layers
    float decay;       // factor on all decays
    float brightness;  // octaves on all cutoffs
    bool choke;        // silenced by, and silences, the other pieces that choke
} grm_piece;

// ---- the whole ----

typedef struct grm_voice_preset {
    int engine;  // grm_engine_kind
    float gain_db;
    float velocity;  // level follows velocity to that power
    bool mono;
    float glide_ms;
    float vibrato_cents, vibrato_hz;  // at full modulation
    float modulation;                 // octaves that full modulation opens the filter, or share of FM depth
    float bend_ms;

    size_t oscillator_count;
    grm_oscillator oscillators[GRM_MAX_OSCILLATORS];
    grm_vcf_preset filter;
    grm_adsr contour;
    float drop, drop_ms;  // pitch envelope: semitones above at the start, time to fall by 60 dB
    grm_lfo_preset lfo;
    float drift_cents;  // slow wander of each oscillator
    float phase;        // all start at this phase (0..1); negative: anywhere
    float drive_db;
    bool retrigger;  // mono: overlapping notes start the envelopes over

    size_t operator_count;
    grm_operator operators[GRM_MAX_OPERATORS];

    grm_piece pieces[GRM_PIECE_COUNT];

    int sound;  // grm_texture_kind or grm_fx_kind
    float density, tone_hz, wear;

    grm_bus_preset bus;
} grm_voice_preset;

typedef enum grm_texture_kind {
    GRM_TEXTURE_VINYL,
    GRM_TEXTURE_TAPE,
    GRM_TEXTURE_RAIN,
    GRM_TEXTURE_ROOM,
    GRM_TEXTURE_CROWD,
    GRM_TEXTURE_WIND,
    GRM_TEXTURE_OCEAN,
    GRM_FX_RISER,
    GRM_FX_DOWNLIFTER,
    GRM_FX_IMPACT,
    GRM_FX_REVERSE_CYMBAL,
    GRM_FX_SWEEP,
} grm_sound_kind;

// Reads the preset `name`, with what it is based on. GRM_MISSING when there is none; GRM_BAD_INPUT with line and
// column when the text is wrong. Free with free().
grm_status grm_voice_preset_new(const char *name, grm_voice_preset **out, grm_error *err);
// The same from any text, for tests.
grm_status grm_voice_preset_read(const unsigned char *bytes, size_t size, const char *name, grm_voice_preset **out,
                                 grm_error *err);

// The rig of that name, through which a sampled instrument is heard. GRM_MISSING when there is none.
grm_status grm_rig_read(const char *name, grm_bus_preset *out, grm_error *err);

#endif
