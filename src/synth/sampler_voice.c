// One region sounding: the sample at a speed, through the filter, at a level; controls every block.
#include <math.h>
#include <string.h>

#include "synth/sampler.h"

// What full scale of a sample comes to at velocity 127 and full controllers; makes a part at velocity 100 land about
// -18 dBFS RMS.
static const float output_gain = 2.0f;

static const float floor_cb = 900;         // a voice below -90 dB has ended
static const float envelope_cb = 960;      // how far an envelope falls
static const float open_filter = 13300;    // cents; above, the filter takes nothing that is there
static const float least_release = -7200;  // timecents, 16 ms: shorter ones click
static const float choke_release = -200;   // timecents, 0.9 s all the way down; FluidSynth's, found on hi-hats

static float clamp(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}

static float cents_hz(float cents) {  // absolute cents: 0 is 8.176 Hz, MIDI key 0
    return 8.175798916f * exp2f(cents / 1200);
}

static float amplitude(float cb) {
    return exp2f(cb * -0.0166096404744f);  // 10^(-cb / 200)
}

// ---- starting ----

static uint32_t moved(uint32_t from, const float *totals, int fine, int coarse, uint32_t limit) {
    double at = from + trunc((double)totals[fine]) + 32768 * trunc((double)totals[coarse]);
    return at < 0 ? 0 : at > limit ? limit : (uint32_t)at;
}

static bool place_sample(grm_sampler_voice *voice, const grm_font_sample *sample, const float *totals) {
    const grm_pcm *pcm = atomic_load_explicit((_Atomic(grm_pcm *) *)&sample->pcm, memory_order_acquire);
    if (!pcm || pcm->frames == 0) return false;
    // A decoding that stops early holds all that the part was found to reach.
    uint32_t limit = pcm->whole ? pcm->frames : UINT32_MAX / 2;
    uint32_t start = moved(0, totals, GRM_GEN_START_OFFSET, GRM_GEN_START_COARSE, limit);
    voice->sound = pcm->data;
    voice->end = pcm->frames;
    if (pcm->whole) voice->end = moved(pcm->frames, totals, GRM_GEN_END_OFFSET, GRM_GEN_END_COARSE, pcm->frames);
    if (start >= voice->end) return false;
    voice->position = (uint64_t)start << 32;

    int mode = voice->region->generators[GRM_GEN_LOOP_MODE] & 3;
    voice->loop_end = 0;
    if (mode == 1 || mode == 3) {
        uint32_t from = moved(sample->loop_start, totals, GRM_GEN_LOOP_START_OFFSET, GRM_GEN_LOOP_START_COARSE, limit);
        uint32_t to = moved(sample->loop_end, totals, GRM_GEN_LOOP_END_OFFSET, GRM_GEN_LOOP_END_COARSE, limit);
        if (to <= pcm->frames && from + 2 <= to) {
            voice->loop_start = from;
            voice->loop_end = to;
            voice->loop_on_release = mode == 1;
        }
    }
    return true;
}

static void start_pitch(grm_sampler_voice *voice, const grm_font_sample *sample, int key) {
    const int32_t *of = voice->region->generators;
    int root = of[GRM_GEN_ROOT_KEY] >= 0 ? of[GRM_GEN_ROOT_KEY] : sample->root_key;
    double above = key * 100.0 - (root * 100.0 - sample->correction);
    voice->base_cents = above * of[GRM_GEN_SCALE_TUNING] / 100.0 + 1200 * log2((double)sample->rate_hz / GRM_RATE);
    voice->step_cents = NAN;
}

static void start_oscillators(grm_sampler_voice *voice, const float *totals) {
    float vib = clamp(totals[GRM_GEN_VIB_LFO_DELAY], -32768, 5000),
          mod = clamp(totals[GRM_GEN_MOD_LFO_DELAY], -32768, 5000);
    voice->vib_delay = vib > -12000 ? exp2f(vib / 1200) * GRM_RATE : 0;
    voice->mod_delay = mod > -12000 ? exp2f(mod / 1200) * GRM_RATE : 0;
    voice->vib_rate = cents_hz(clamp(totals[GRM_GEN_VIB_LFO_RATE], -16000, 4500)) / GRM_RATE;
    voice->mod_rate = cents_hz(clamp(totals[GRM_GEN_MOD_LFO_RATE], -16000, 4500)) / GRM_RATE;
}

// What a voice follows while it sounds.
static void take_totals(grm_sampler_voice *voice, const float *totals) {
    static const float quarter_turn = 1.57079632679f;
    float pan = clamp(totals[GRM_GEN_PAN] + voice->place, -500, 500) / 1000 + 0.5f;
    voice->attenuation = clamp(totals[GRM_GEN_ATTENUATION], 0, 1440);
    voice->pan_left = pan >= 1 ? 0 : cosf(pan * quarter_turn);
    voice->pan_right = sinf(pan * quarter_turn);
    voice->cutoff = clamp(totals[GRM_GEN_FILTER_CUTOFF], -24000, 24000);
    voice->resonance = clamp(totals[GRM_GEN_FILTER_Q], 0, 960);
    voice->tune = 100 * totals[GRM_GEN_COARSE_TUNE] + totals[GRM_GEN_FINE_TUNE];
    voice->vib_to_pitch = clamp(totals[GRM_GEN_VIB_LFO_TO_PITCH], -12000, 12000);
    voice->mod_to_pitch = clamp(totals[GRM_GEN_MOD_LFO_TO_PITCH], -12000, 12000);
    voice->mod_to_volume = clamp(totals[GRM_GEN_MOD_LFO_TO_VOLUME], -960, 960);
    voice->mod_to_filter = clamp(totals[GRM_GEN_MOD_LFO_TO_FILTER], -12000, 12000);
    voice->env_to_pitch = clamp(totals[GRM_GEN_MOD_ENV_TO_PITCH], -12000, 12000);
    voice->env_to_filter = clamp(totals[GRM_GEN_MOD_ENV_TO_FILTER], -12000, 12000);
}

// The key and velocity that generators and modulators go by, which a region may force.
static int region_key(const grm_region *region, int key) {
    int forced = region->generators[GRM_GEN_KEY];
    return forced >= 0 && forced < 128 ? forced : key;
}

static int region_velocity(const grm_region *region, int velocity) {
    int forced = region->generators[GRM_GEN_VELOCITY];
    return forced > 0 && forced < 128 ? forced : velocity;
}

bool grm_sampler_voice_start(grm_sampler_voice *voice, const grm_soundfont *font, const grm_region *region,
                             const grm_sampler_channel *channel, const grm_sampler_press *press) {
    float totals[GRM_GEN_COUNT];
    const grm_font_sample *sample = &font->samples[region->sample];
    memset(voice, 0, sizeof *voice);
    voice->region = region;
    voice->note = press->note;
    voice->key = (uint8_t)press->key;
    voice->velocity = (uint8_t)region_velocity(region, press->velocity);
    voice->place = press->place;
    int sounding = region_key(region, press->key);
    grm_sampler_totals(region, channel, sounding, voice->velocity, totals);
    if (!place_sample(voice, sample, totals)) return false;
    take_totals(voice, totals);
    start_pitch(voice, sample, sounding);
    start_oscillators(voice, totals);
    grm_envelope_start(&voice->volume, totals, GRM_GEN_VOL_DELAY, sounding, least_release);
    grm_envelope_start(&voice->modulation, totals, GRM_GEN_MOD_DELAY, sounding, -32768);
    return true;
}

void grm_sampler_voice_control(grm_sampler_voice *voice, const grm_sampler_channel *channel) {
    float totals[GRM_GEN_COUNT];
    grm_sampler_totals(voice->region, channel, region_key(voice->region, voice->key), voice->velocity, totals);
    take_totals(voice, totals);
}

// ---- ending ----

// A convex attack, 8.1.2 generator 26.
static float modulation_value(const grm_envelope *envelope) {
    if (envelope->stage != GRM_ENVELOPE_ATTACK) return envelope->value;
    float x = envelope->value > 0 ? 1 + 400 / envelope_cb * log10f(envelope->value) : 0;
    return x > 0 ? x : 0;
}

// The attack runs straight in amplitude, all else straight in decibels: let go in the attack, the fall begins at the
// decibels reached.
static void release_volume(grm_sampler_voice *voice) {
    grm_envelope *volume = &voice->volume;
    float value = volume->value;
    if (volume->stage <= GRM_ENVELOPE_ATTACK) value = value > 0 ? 1 + 200 * log10f(value) / envelope_cb : 0;
    grm_envelope_release(volume, value);
}

void grm_sampler_voice_release(grm_sampler_voice *voice) {
    voice->held = false;
    if (voice->released) return;
    voice->released = true;
    release_volume(voice);
    grm_envelope_release(&voice->modulation, modulation_value(&voice->modulation));
}

void grm_sampler_voice_choke(grm_sampler_voice *voice) {
    int64_t quick = llround(exp2(choke_release / 1200) * GRM_RATE);
    if (voice->volume.full_release > quick) voice->volume.full_release = quick;
    if (voice->released) release_volume(voice);
    grm_sampler_voice_release(voice);
}

// ---- a block ----

static bool loops(const grm_sampler_voice *voice) {
    return voice->loop_end > 0 && (voice->loop_on_release || !voice->released);
}

// A triangle, 0 at first, rising.
static float oscillator(const grm_sampler_voice *voice, float delay, float rate) {
    float t = (float)voice->age - delay;
    if (!(t > 0)) return 0;
    float turns = t * rate;
    turns -= floorf(turns);
    return turns < 0.25f ? 4 * turns : turns < 0.75f ? 2 - 4 * turns : 4 * turns - 4;
}

// The sample around the position, in one piece: frame 0 is at [1]. Wraps where the loop ends.
static void copy_around(const grm_sampler_voice *voice, size_t count, int16_t *out) {
    bool wraps = loops(voice);
    uint32_t at = (uint32_t)(voice->position >> 32);
    uint32_t limit = wraps ? voice->loop_end : voice->end;
    out[0] = wraps && voice->wrapped && at == voice->loop_start ? voice->sound[voice->loop_end - 1]
             : at > 0                                           ? voice->sound[at - 1]
                                                                : 0;
    for (size_t i = 1; i < count;) {
        if (at >= limit) {
            if (!wraps) {
                memset(out + i, 0, (count - i) * sizeof *out);
                return;
            }
            at = voice->loop_start;
        }
        size_t run = limit - at < count - i ? limit - at : count - i;
        memcpy(out + i, voice->sound + at, run * sizeof *out);
        i += run;
        at += (uint32_t)run;
    }
}

static void advance(grm_sampler_voice *voice, size_t frames) {
    voice->position += voice->step * frames;
    if (!loops(voice)) return;
    uint64_t end = (uint64_t)voice->loop_end << 32;
    if (voice->position < end) return;
    uint64_t start = (uint64_t)voice->loop_start << 32;
    voice->position = start + (voice->position - end) % (end - start);
    voice->wrapped = true;
}

// The next `count` frames of the sample; fewer when it ends.
static size_t read_sample(grm_sampler_voice *voice, const grm_sampler_kernels *kernels, size_t count, float *out) {
    int16_t around[GRM_SAMPLER_BLOCK * GRM_SAMPLER_MAX_STEP + 8];
    uint32_t at = (uint32_t)(voice->position >> 32), fraction = (uint32_t)voice->position;
    bool wraps = loops(voice);
    uint32_t limit = wraps ? voice->loop_end : voice->end;
    if (!wraps) {
        uint64_t end = (uint64_t)limit << 32;
        if (voice->position >= end) return 0;
        uint64_t left = (end - voice->position - 1) / voice->step + 1;
        if (left < count) count = (size_t)left;
    }
    size_t lanes = (count + GRM_SAMPLER_LANES - 1) / GRM_SAMPLER_LANES * GRM_SAMPLER_LANES;
    size_t reach = (size_t)((fraction + (lanes - 1) * voice->step) >> 32) + 3;  // frames at and after `at`
    const int16_t *from = voice->sound + at;
    if (at >= limit || reach > limit - at || (wraps && voice->wrapped && at == voice->loop_start)) {
        copy_around(voice, reach + 1, around);
        from = around + 1;
    }
    kernels->interpolate(from, fraction, voice->step, lanes, out);
    advance(voice, count);
    return count;
}

static void set_step(grm_sampler_voice *voice, double cents) {
    if (cents == voice->step_cents) return;
    double step = exp2(cents / 1200);
    if (!(step > 1e-6)) step = 1e-6;
    if (step > GRM_SAMPLER_MAX_STEP - 0.001) step = GRM_SAMPLER_MAX_STEP - 0.001;
    voice->step = (uint64_t)llround(step * 4294967296.0);
    voice->step_cents = cents;
}

// Sets the filter for this block. An open one is left out, until it has run once.
static void set_filter(grm_sampler_voice *voice, float cutoff) {
    if (!voice->started || voice->resonance != voice->filter_resonance) {
        voice->filter_gain = grm_lowpass_gain(voice->resonance);
    } else if (voice->filtering && fabsf(cutoff - voice->filter_cutoff) < 3) {
        return;
    }
    voice->filter_resonance = voice->resonance;
    if (!voice->filtering && cutoff >= open_filter && voice->resonance <= 0) return;
    if (!voice->filtering) grm_lowpass_reset(&voice->filter);
    grm_lowpass_set(&voice->filter, clamp(cents_hz(cutoff), 5, 0.45f * GRM_RATE), voice->resonance);
    voice->filter_cutoff = cutoff;
    voice->filtering = true;
}

static float level(const grm_sampler_voice *voice, float oscillation) {
    float cb = voice->attenuation - oscillation * voice->mod_to_volume;
    const grm_envelope *volume = &voice->volume;
    if (volume->stage == GRM_ENVELOPE_DELAY || volume->stage == GRM_ENVELOPE_DONE) return 0;
    if (volume->stage == GRM_ENVELOPE_ATTACK) return volume->value * amplitude(cb);
    return amplitude(cb + envelope_cb * (1 - volume->value));
}

static bool has_ended(const grm_sampler_voice *voice) {
    const grm_envelope *volume = &voice->volume;
    if (volume->stage == GRM_ENVELOPE_DONE) return true;
    if (volume->stage < GRM_ENVELOPE_DECAY) return false;
    float cb = envelope_cb * (1 - volume->value);
    // Expression may come back up while the key is down, so that only the envelope counts.
    if (volume->stage == GRM_ENVELOPE_RELEASE) cb += voice->attenuation;
    return cb >= floor_cb;
}

// Whether the modulation envelope moves the cutoff by more than a quarter tone in a block.
static bool is_sweeping(const grm_sampler_voice *voice) {
    const grm_envelope *envelope = &voice->modulation;
    if (voice->env_to_filter == 0 || envelope->stage >= GRM_ENVELOPE_DONE) return false;
    if (envelope->stage == GRM_ENVELOPE_HOLD || envelope->stage == GRM_ENVELOPE_SUSTAIN) return false;
    return fabsf(voice->env_to_filter) * GRM_SAMPLER_BLOCK > 50 * (float)envelope->length[envelope->stage];
}

static size_t block_length(const grm_sampler_voice *voice, size_t frames) {
    size_t count = is_sweeping(voice) ? GRM_SAMPLER_BLOCK / 2 : GRM_SAMPLER_BLOCK;
    if (count > frames) count = frames;
    int64_t room = grm_envelope_room(&voice->volume);
    return (int64_t)count > room ? (size_t)room : count;
}

static void mix_side(const grm_sampler_kernels *kernels, const float *x, size_t made, size_t count, float from,
                     float to, float *out) {
    if (from == 0 && to == 0) return;
    kernels->mix(x, made, from, (to - from) / (float)count, out);
}

static void sound_block(grm_sampler_voice *voice, const grm_sampler_kernels *kernels,
                        const grm_sampler_channel *channel, size_t count, float *left, float *right) {
    _Alignas(32) float x[GRM_SAMPLER_BLOCK + GRM_SAMPLER_LANES];
    float mod = voice->mod_to_pitch != 0 || voice->mod_to_filter != 0 || voice->mod_to_volume != 0
                    ? oscillator(voice, voice->mod_delay, voice->mod_rate)
                    : 0;
    float vib = voice->vib_to_pitch != 0 ? oscillator(voice, voice->vib_delay, voice->vib_rate) : 0;
    float env = modulation_value(&voice->modulation);
    float bend = (float)channel->bend / 8192 * channel->bend_range * 100;
    float moving = mod * voice->mod_to_pitch + vib * voice->vib_to_pitch + env * voice->env_to_pitch;
    set_step(voice, voice->base_cents + voice->tune + bend + moving);
    set_filter(voice, voice->cutoff + mod * voice->mod_to_filter + env * voice->env_to_filter);
    float gain = voice->filter_gain * output_gain / 32768;

    if (!voice->started) {
        float first = gain * level(voice, mod);
        voice->left = first * voice->pan_left;
        voice->right = first * voice->pan_right;
        voice->started = true;
    }
    size_t made = read_sample(voice, kernels, count, x);
    if (made < count) voice->done = true;
    if (made == 0) return;
    if (voice->filtering) kernels->filter(&voice->filter, made, x);

    grm_envelope_advance(&voice->volume, (int64_t)count);
    grm_envelope_advance(&voice->modulation, (int64_t)count);
    float reached = gain * level(voice, mod);
    mix_side(kernels, x, made, count, voice->left, reached * voice->pan_left, left);
    mix_side(kernels, x, made, count, voice->right, reached * voice->pan_right, right);
    voice->left = reached * voice->pan_left;
    voice->right = reached * voice->pan_right;
}

void grm_sampler_voice_render(grm_sampler_voice *voice, const grm_sampler_kernels *kernels,
                              const grm_sampler_channel *channel, size_t frames, float *left, float *right) {
    size_t at = 0;
    while (at < frames && !voice->done) {
        if (has_ended(voice)) {
            voice->done = true;
            return;
        }
        size_t count = block_length(voice, frames - at);
        if (voice->volume.stage == GRM_ENVELOPE_DELAY) {
            grm_envelope_advance(&voice->volume, (int64_t)count);
            grm_envelope_advance(&voice->modulation, (int64_t)count);
        } else {
            sound_block(voice, kernels, channel, count, left + at, right + at);
        }
        voice->age += (int64_t)count;
        at += count;
    }
}
