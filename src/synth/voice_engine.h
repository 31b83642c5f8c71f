// What a voice is made of: an engine that turns key presses into sound, fed by the player in voice_player.c.
#ifndef GRM_SYNTH_VOICE_ENGINE_H
#define GRM_SYNTH_VOICE_ENGINE_H

#include "dsp/dsp.h"
#include "synth/voice.h"
#include "synth/voice_preset.h"

// Engines work in stretches of at most that many frames; what moves slowly (pitch, cutoff, levels of controllers) is
// worked out once a stretch and goes in a straight line between. Stretches begin at multiples of it and at events,
// never where the caller happened to cut.
enum { GRM_STRETCH = 32 };

typedef struct grm_press {
    int32_t note;  // index in the part
    int key;
    float velocity;  // 1..127
    int64_t frames;  // until it is let go
} grm_press;

// Where the controllers stand at the end of a stretch, smoothed.
typedef struct grm_expression {
    float bend;        // semitones
    float modulation;  // 0..1
    float brightness;  // octaves
} grm_expression;

typedef struct grm_engine grm_engine;
struct grm_engine {
    void (*press)(grm_engine *self, const grm_press *press);
    void (*release)(grm_engine *self, int32_t note);
    // Adds frames <= GRM_STRETCH. False when it is silent, from now on until the next press, and has added nothing.
    bool (*render)(grm_engine *self, const grm_expression *x, size_t frames, float *left, float *right);
    void (*free)(grm_engine *self);
};

// The preset is borrowed. `rng` is the part's.
grm_status grm_subtractive_new(const grm_voice_preset *preset, bool mono, float glide_ms, const grm_rng *rng,
                               grm_engine **out, grm_error *err);
grm_status grm_fm_new(const grm_voice_preset *preset, const grm_rng *rng, grm_engine **out, grm_error *err);
// `key` (may be NULL) is what its kick is tuned to.
grm_status grm_drums_new(const grm_voice_preset *preset, const grm_key *key, const grm_rng *rng, grm_engine **out,
                         grm_error *err);
grm_status grm_texture_new(const grm_voice_preset *preset, const grm_rng *rng, grm_engine **out, grm_error *err);
grm_status grm_fx_new(const grm_voice_preset *preset, const grm_rng *rng, grm_engine **out, grm_error *err);

// What the whole part goes through after its engine: in place, any number of frames.
typedef struct grm_bus grm_bus;
grm_status grm_bus_new(const grm_bus_preset *preset, grm_bus **out, grm_error *err);
void grm_bus_free(grm_bus *bus);
void grm_bus_process(grm_bus *bus, size_t frames, float *left, float *right);
// Frames after which nothing is heard any more once its input is silent.
size_t grm_bus_tail(const grm_bus *bus);

// ---- wavetables ----

// One period at several numbers of harmonics, half an octave apart, so that no harmonic passes half the sample rate.
// Each entry has the way to the next beside it: {value, next - value}.
enum { GRM_WAVE_BITS = 11, GRM_WAVE_SIZE = 1 << GRM_WAVE_BITS };
typedef struct grm_wave_point {
    float value, step;
} grm_wave_point;
typedef struct grm_wavetable grm_wavetable;
// Amplitudes of sines from the first harmonic up; odd ones alone for a square. Not normalised.
grm_status grm_wavetable_new(int wave, const float *harmonics, size_t count, grm_wavetable **out, grm_error *err);
void grm_wavetable_free(grm_wavetable *table);
// The fullest period without aliases at `increment` (of a 32-bit phase, a frame).
const grm_wave_point *grm_wavetable_at(const grm_wavetable *table, uint32_t increment);

static inline float grm_wave_read(const grm_wave_point *wave, uint32_t phase) {
    const grm_wave_point *p = &wave[phase >> (32 - GRM_WAVE_BITS)];
    return p->value + p->step * (float)(int32_t)(phase << GRM_WAVE_BITS >> 1) * 0x1p-31f;
}

// ---- saws ----

enum { GRM_BLEP_TAPS = 32 };
typedef struct grm_blep grm_blep;
grm_status grm_blep_new(grm_blep **out, grm_error *err);
void grm_blep_free(grm_blep *blep);
// Adds a rising saw of `frames` frames, ±gain, falling where the phase wraps. left, right (may be NULL):
// [frames + 1 + GRM_BLEP_TAPS]; what lies beyond `frames` is the end of the last falls and belongs to the next stretch.
void grm_blep_saw(const grm_blep *blep, uint32_t *phase, uint32_t increment, size_t frames, float gain_l, float gain_r,
                  float *restrict left, float *restrict right);

// ---- sines ----

// sin(pi x), x in [-1, 1], within 1.3e-7: x(1-x²) times a polynomial fitted by least squares.
static inline float grm_sine(float x) {
    float s = x * x;
    float p = ((((0.005990608f * s - 0.074491917f) * s + 0.523800737f) * s - 2.026088488f) * s + 3.141591604f);
    return x * (1 - s) * p;
}

// Of a 32-bit phase; clamped below half the sample rate.
static inline uint32_t grm_phase_increment(float hz) {
    float turns = hz * (1.0f / GRM_RATE);
    return (uint32_t)((turns < 0.49f ? turns > 0 ? turns : 0 : 0.49f) * 4294967296.0f);
}

static inline float grm_key_hz(float key) {
    return 440.0f * exp2f((key - 69.0f) / 12.0f);
}

// ---- small parts ----

// The share of the way that a one-pole goes in a frame when it falls by 60 dB in ms: 1 - 10^(-3/n).
static inline float grm_fall(float ms) {
    float frames = ms * (GRM_RATE * 0.001f);
    return frames > 1 ? 1.0f - exp2f(-9.9657843f / frames) : 1.0f;
}

typedef struct grm_contour {
    float rise, decay, sustain, release;  // level a frame; powers of two a frame
    float value;
    int stage;  // 0 off, 1 attack, 2 decay, 3 release
} grm_contour;

// Powers of two a frame to fall by 60 dB in ms.
static inline float grm_halvings(float ms) {
    float frames = ms * (GRM_RATE * 0.001f);
    return 9.9657843f / (frames > 1 ? frames : 1);
}

// Begins at the value it has; no attack at all begins at the top.
static inline void grm_contour_start(grm_contour *e, const grm_adsr *shape, float decay_factor) {
    float frames = shape->attack_ms * (GRM_RATE * 0.001f);
    e->rise = frames > 1 ? 1.0f / frames : 1.0f;
    e->decay = grm_halvings(shape->decay_ms * decay_factor);
    e->sustain = shape->sustain;
    e->release = grm_halvings(shape->release_ms);
    e->stage = 1;
    if (frames <= 1) {
        e->value = 1;
        e->stage = 2;
    }
}

// Moves on by `frames` (at most GRM_STRETCH) and returns the level there; between, a straight line will do.
static inline float grm_contour_move(grm_contour *e, size_t frames) {
    float left = (float)frames;
    if (e->stage == 1) {
        float way = (1 - e->value) / e->rise;
        if (way > left) return e->value += e->rise * left;
        left -= way;
        e->value = 1;
        e->stage = 2;
    }
    if (e->stage == 2) {
        e->value = e->sustain + (e->value - e->sustain) * exp2f(-e->decay * left);
        if (e->value < 1e-4f && e->sustain <= 0) e->stage = 0;
    } else if (e->stage == 3) {
        e->value *= exp2f(-e->release * left);
        if (e->value < 1e-4f) e->stage = 0;
    }
    if (e->stage == 0) e->value = 0;
    return e->value;
}

// State-variable filter with trapezoidal integrators (A. Simper, "Linear Trapezoidal Integrated SVF", Cytomic 2013),
// its two states stepped directly: with g = tan(pi f / rate) and k = 1/Q, d = 1/(1 + g(g + k)),
//   a = 2d - 1, b = 2gd, c = 2g²d; one' = a one + b (x - two), two' = two + b one + c (x - two),
// band and low are the means of a state and its next.
typedef struct grm_svf {
    float one, two;
} grm_svf;
typedef struct grm_svf_tuning {
    float a, b, c, k;
} grm_svf_tuning;
typedef struct grm_svf_out {
    float low, band, high;
} grm_svf_out;

static inline float grm_svf_g(float hz) {
    float limited = hz < 21000 ? hz > 10 ? hz : 10 : 21000;
    return tanf((float)GRM_PI / GRM_RATE * limited);
}

static inline grm_svf_tuning grm_svf_tune(float hz, float k) {
    float g = grm_svf_g(hz), d = 1 / (1 + g * (g + k));
    return (grm_svf_tuning){2 * d - 1, 2 * g * d, 2 * g * g * d, k};
}

static inline grm_svf_out grm_svf_next(grm_svf *s, float x, const grm_svf_tuning *t) {
    float way = x - s->two;
    float one = t->a * s->one + t->b * way, two = s->two + t->b * s->one + t->c * way;
    float band = 0.5f * (s->one + one), low = 0.5f * (s->two + two);
    s->one = one;
    s->two = two;
    return (grm_svf_out){.low = low, .band = band, .high = x - t->k * band - low};
}

// Two channels in place; they run side by side.
static inline void grm_svf_low_pair(grm_svf s[2], const grm_svf_tuning *t, size_t frames, float *left, float *right) {
    for (size_t i = 0; i < frames; i++) {
        left[i] = grm_svf_next(&s[0], left[i], t).low;
        right[i] = grm_svf_next(&s[1], right[i], t).low;
    }
}
static inline void grm_svf_high_pair(grm_svf s[2], const grm_svf_tuning *t, size_t frames, float *left, float *right) {
    for (size_t i = 0; i < frames; i++) {
        left[i] = grm_svf_next(&s[0], left[i], t).high;
        right[i] = grm_svf_next(&s[1], right[i], t).high;
    }
}

// The filter of a note, its coefficients gone in a line through each stretch. All zero at first.
typedef struct grm_vcf {
    bool running;
    grm_svf_tuning tuning[2];  // at the end of the last stretch; [section]
    grm_svf svf[2][2];         // [section][channel]
    float g, k, ladder[2][4];  // [channel][pole]
} grm_vcf;
// kind: grm_vcf_kind but none; resonance 0..1. In place; right may be NULL.
void grm_vcf_run(grm_vcf *vcf, int kind, float hz, float resonance, size_t frames, float *left, float *right);

// Soft limiting x/sqrt(1+x²), averaged over the way from the last sample to this one (first-order antiderivative
// anti-aliasing, Parker, Zavalishin and Le Bivic, DAFx 2016). Its antiderivative is sqrt(1+x²), so that the quotient
// of differences becomes a sum over a sum, with nothing to divide by zero.
typedef struct grm_softener {
    float last, root;
} grm_softener;
// x: [frames <= GRM_STRETCH], in place, times gain before.
static inline void grm_soften(grm_softener *s, float gain, size_t frames, float *x) {
    float in[GRM_STRETCH + 1], root[GRM_STRETCH + 1];
    in[0] = s->last;
    root[0] = s->root;
    for (size_t i = 0; i < frames; i++) {
        in[i + 1] = gain * x[i];
        root[i + 1] = sqrtf(1.0f + in[i + 1] * in[i + 1]);
    }
    for (size_t i = 0; i < frames; i++) x[i] = (in[i + 1] + in[i]) / (root[i + 1] + root[i]);
    s->last = in[frames];
    s->root = root[frames];
}
static inline grm_softener grm_softener_new(void) {
    return (grm_softener){.last = 0, .root = 1};
}

// White noise, uniform in ±1: the top bits of a 64-bit linear congruence, cheap enough for every sample.
typedef struct grm_hiss {
    uint64_t state;
} grm_hiss;
static inline grm_hiss grm_hiss_new(grm_rng *rng) {
    uint64_t high = grm_rng_u32(rng);
    uint64_t low = grm_rng_u32(rng);
    return (grm_hiss){.state = high << 32 | low};
}
static inline float grm_hiss_next(grm_hiss *n) {
    n->state = n->state * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(n->state >> 32) * 0x1p-31f;
}

// Equal-power pan, 1 on both sides in the middle; -1..1.
static inline void grm_pan(float pan, float *left, float *right) {
    float angle = (pan + 1) * (float)(GRM_PI / 4);
    *left = cosf(angle) * 1.41421356f;
    *right = sinf(angle) * 1.41421356f;
}

#endif
