// The SoundFont sampler's insides: kernels, one sounding region (a sampler voice), what a note needs.
#ifndef GRM_SYNTH_SAMPLER_H
#define GRM_SYNTH_SAMPLER_H

#include "synth/soundfont.h"
#include "synth/voice.h"

// ---- kernels: one table an instruction set ----

enum {
    GRM_SAMPLER_BLOCK = 64,  // frames between two looks at envelopes and oscillators
    GRM_SAMPLER_LANES = 8,
    GRM_SAMPLER_MAX_STEP = 32,  // sample frames an output frame: five octaves up
};

// A two-pole low-pass that makes eight frames at once: the output is a sum of responses, one to each of the eight
// inputs and to the two inputs and outputs before.
typedef struct grm_lowpass {
    float response[16];                        // 7 zeros, then the impulse response's first 8; the last is 0
    float input1[8], input2[8];                // response to x[-1], x[-2]
    float output1[8], output2[8];              // response to y[-1], y[-2]
    float last_x1, last_x2, last_y1, last_y2;  // those
} grm_lowpass;
// Robert Bristow-Johnson, Audio EQ Cookbook, LPF, of gain 1 at 0 Hz. The past is kept.
void grm_lowpass_set(grm_lowpass *filter, float cutoff_hz, float resonance_cb);
void grm_lowpass_reset(grm_lowpass *filter);
// What goes with it: half the resonance less (9.1 of the SoundFont specification).
float grm_lowpass_gain(float resonance_cb);

typedef struct grm_sampler_kernels {
    // Cubic (Catmull-Rom) interpolation. out[i] is the sound at i * step after `fraction` (both in 1/2^32 frames)
    // behind at[0]. Reads at[-1] to two frames beyond the last. count: a multiple of GRM_SAMPLER_LANES.
    void (*interpolate)(const int16_t *at, uint32_t fraction, uint64_t step, size_t count, float *out);
    // In place; x has room for count rounded up to lanes. What lies behind count is finite before, and lost after.
    void (*filter)(grm_lowpass *filter, size_t count, float *x);
    // out[i] += x[i] * (gain + (i + 1) * slope)
    void (*mix)(const float *x, size_t count, float gain, float slope, float *out);
} grm_sampler_kernels;
const grm_sampler_kernels *grm_sampler_kernels_plain(void);
const grm_sampler_kernels *grm_sampler_kernels_avx2(void);  // NULL where there are none
const grm_sampler_kernels *grm_sampler_kernels_best(void);  // for this processor

// ---- envelopes ----

typedef enum grm_envelope_stage {
    GRM_ENVELOPE_DELAY,
    GRM_ENVELOPE_ATTACK,
    GRM_ENVELOPE_HOLD,
    GRM_ENVELOPE_DECAY,
    GRM_ENVELOPE_SUSTAIN,
    GRM_ENVELOPE_RELEASE,
    GRM_ENVELOPE_DONE,
} grm_envelope_stage;

// Delay, attack, hold, decay, sustain, release; value 0..1 runs straight within a stage.
typedef struct grm_envelope {
    grm_envelope_stage stage;
    int64_t at;         // frames into the stage
    int64_t length[6];  // frames of each stage; of sustain: not used
    int64_t full_release;
    float sustain, value, from;  // `from`: the value where the release began
} grm_envelope;
// `first` is the generator of its delay; totals are generators with their modulation.
void grm_envelope_start(grm_envelope *envelope, const float *totals, int first, int key, float least_release);
void grm_envelope_advance(grm_envelope *envelope, int64_t frames);
int64_t grm_envelope_room(const grm_envelope *envelope);  // frames to the end of the stage, INT64_MAX for ever
// Lets go, falling from `value`.
void grm_envelope_release(grm_envelope *envelope, float value);

// ---- one sounding region ----

// What a part's voices share.
typedef struct grm_sampler_channel {
    uint8_t controllers[128];
    int bend;          // -8192..8191
    float bend_range;  // semitones
    bool pedal;
} grm_sampler_channel;

// A key that was struck. `place` moves where its regions stand, in units of the pan generator (-500..500).
typedef struct grm_sampler_press {
    int32_t note;  // index in the part
    int key, velocity;
    float place;
} grm_sampler_press;

typedef struct grm_sampler_voice {
    const grm_region *region;
    int32_t note;  // of the event that began it
    uint8_t key;   // as played
    uint8_t velocity;
    bool released, held;  // held: let go while the pedal is down
    bool done;
    // the sample
    const int16_t *sound;
    uint32_t end, loop_start, loop_end;  // frames; loop_end 0: no loop
    bool loop_on_release, wrapped;
    uint64_t position;  // in 1/2^32 frames
    // pitch
    double base_cents;  // from the sample's own speed at GRM_RATE
    double step_cents;  // that `step` was made for
    uint64_t step;
    // what modulators move
    float place;  // added to the pan generator
    float attenuation, pan_left, pan_right, cutoff, resonance, tune;
    float vib_to_pitch, mod_to_pitch, mod_to_volume, mod_to_filter, env_to_pitch, env_to_filter;
    float vib_delay, vib_rate, mod_delay, mod_rate;  // frames, cycles a frame
    grm_envelope volume, modulation;
    int64_t age;  // frames
    bool started;
    float left, right;  // gains reached
    // the filter
    bool filtering;
    float filter_cutoff, filter_resonance;  // that it is set to
    float filter_gain;
    grm_lowpass filter;
} grm_sampler_voice;

// The region's generators with what the modulators add. totals: [GRM_GEN_COUNT].
void grm_sampler_totals(const grm_region *region, const grm_sampler_channel *channel, int key, int velocity,
                        float *totals);
// False when the region has nothing to play.
bool grm_sampler_voice_start(grm_sampler_voice *voice, const grm_soundfont *font, const grm_region *region,
                             const grm_sampler_channel *channel, const grm_sampler_press *press);
// After a controller moved.
void grm_sampler_voice_control(grm_sampler_voice *voice, const grm_sampler_channel *channel);
void grm_sampler_voice_release(grm_sampler_voice *voice);
void grm_sampler_voice_choke(grm_sampler_voice *voice);  // by another of its exclusive class
// Adds `frames` frames; sets done when nothing more will come.
void grm_sampler_voice_render(grm_sampler_voice *voice, const grm_sampler_kernels *kernels,
                              const grm_sampler_channel *channel, size_t frames, float *left, float *right);

// ---- what a part needs ----

// Raises needs[i] to how many frames of each sample the part's notes can reach. needs: [font->sample_count].
grm_status grm_sampler_needs(grm_soundfont *font, const grm_part *part, const grm_instrument *instrument,
                             const grm_event *events, size_t count, uint32_t *needs, grm_error *err);
// Bank and program that a part begins with.
void grm_sampler_program(const grm_part *part, const grm_instrument *instrument, unsigned *bank, unsigned *program);
bool grm_region_plays(const grm_region *region, int key, int velocity);

#endif
