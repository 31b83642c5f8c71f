// Oscillators in unison, a filter, two envelopes and an LFO: leads, pads, plucks, basses.
#include <stdlib.h>
#include <string.h>

#include "synth/voice_engine.h"

enum { NOTES = 28, SOUNDING = 16, HELD = 16 };

typedef struct osc_state {
    uint32_t phase[GRM_MAX_UNISON];
    uint32_t increment[GRM_MAX_UNISON];  // where the last stretch ended
    float ratio[GRM_MAX_UNISON];
    float drift_phase[GRM_MAX_UNISON], drift_rate[GRM_MAX_UNISON];
    float level;  // falls where the oscillator has a decay of its own
    uint32_t width[GRM_MAX_UNISON];
    grm_hiss noise;
} osc_state;

typedef struct note_state {
    bool sounding, held, dying, fresh;
    int32_t note;
    uint64_t age;
    int key;
    float velocity;
    float pitch, target;  // in keys: where the glide is, and where it goes
    float drop;           // semitones left of the pitch envelope
    float gain, gain_target;
    float fade;  // 1, or on its way to 0 when the note was stolen
    float lfo_phase, lfo_depth;
    grm_contour amp, filter;
    float level;  // of the note at the end of the last stretch
    grm_vcf vcf;
    grm_softener softener[2];
    float spill[2][GRM_BLEP_TAPS + 1];  // what falls of saws leave to the next stretch
    osc_state osc[GRM_MAX_OSCILLATORS];
} note_state;

typedef struct held_key {
    int32_t note;
    int key;
    float velocity;
} held_key;

typedef struct unison_layout {
    float ratio[GRM_MAX_UNISON], left[GRM_MAX_UNISON], right[GRM_MAX_UNISON];
    float gain;
    bool stereo;
} unison_layout;

typedef struct subtractive {
    grm_engine engine;
    const grm_voice_preset *preset;
    bool mono, stereo;
    float glide_ms, drive;
    grm_rng rng;
    uint64_t presses;
    float vibrato_phase;
    unison_layout layout[GRM_MAX_OSCILLATORS];
    grm_wavetable *tables[GRM_MAX_OSCILLATORS];
    grm_blep *blep;
    note_state notes[NOTES];
    held_key stack[HELD];  // of a mono voice, the last one sounds
    size_t held;
} subtractive;

// ---- unison ----

// Detuning of the seven oscillators of the JP-8000, outermost 1 (A. Szabo, "How to Emulate the Super Saw", KTH 2010).
static const float supersaw_offsets[7] = {-1.0f, -0.5716f, -0.1775f, 0.0f, 0.1810f, 0.5650f, 0.9766f};

static void lay_out(const grm_oscillator *o, unison_layout *u) {
    int count = o->unison;
    float power = 0;
    for (int i = 0; i < count; i++) {
        float place = count > 1 ? 2.0f * (float)i / (float)(count - 1) - 1.0f : 0.0f;
        u->ratio[i] = exp2f(o->detune_cents * (count == 7 ? supersaw_offsets[i] : place) / 1200);
        float level = fabsf(place) < 0.01f ? 1.0f : o->blend;
        // Neighbours go to opposite sides, so that both sides have high and low ones; the upper half mirrors the lower,
        // so that both are as strong.
        int rank = i < count - 1 - i ? i : count - 1 - i;
        grm_pan(place * (rank % 2 ? -o->spread : o->spread), &u->left[i], &u->right[i]);
        u->left[i] *= level;
        u->right[i] *= level;
        power += level * level;
    }
    u->gain = grm_db_to_gain(o->level_db) / sqrtf(power > 0 ? power : 1);
    u->stereo = count > 1 && o->spread > 0;
}

// ---- keys ----

static void start_oscillators(subtractive *s, note_state *n) {
    for (size_t i = 0; i < s->preset->oscillator_count; i++) {
        osc_state *o = &n->osc[i];
        o->level = 1;
        o->noise = grm_hiss_new(&s->rng);
        for (int u = 0; u < s->preset->oscillators[i].unison; u++) {
            uint32_t anywhere = grm_rng_u32(&s->rng);
            o->phase[u] = s->preset->phase < 0 ? anywhere : (uint32_t)(s->preset->phase * 4294967040.0f);
            o->drift_phase[u] = grm_rng_between(&s->rng, -1, 1);
            o->drift_rate[u] = grm_rng_between(&s->rng, 0.15f, 0.7f);
        }
    }
}

static float level_of(const grm_voice_preset *p, float velocity) {
    return powf(velocity * 0.01f, p->velocity);
}

static float accent_of(const grm_voice_preset *p, float velocity) {
    float above = (velocity - 100) / 27;
    return p->filter.accent * (above < 0 ? 0 : above > 1 ? 1 : above);
}

static void strike(subtractive *s, note_state *n, const grm_press *press) {
    const grm_voice_preset *p = s->preset;
    n->velocity = press->velocity;
    grm_contour_start(&n->amp, &p->contour, 1);
    grm_contour_start(&n->filter, &p->filter.contour, 1 - 0.5f * accent_of(p, press->velocity));
    n->drop = p->drop;
    n->lfo_depth = 0;
}

static note_state *take_note(subtractive *s) {
    note_state *free_note = NULL, *oldest = NULL, *oldest_released = NULL, *oldest_dying = NULL;
    int sounding = 0;
    for (size_t i = 0; i < NOTES; i++) {
        note_state *n = &s->notes[i];
        if (!n->sounding) {
            if (!free_note) free_note = n;
        } else if (n->dying) {
            if (!oldest_dying || n->age < oldest_dying->age) oldest_dying = n;
        } else {
            sounding++;
            if (!oldest || n->age < oldest->age) oldest = n;
            if (!n->held && (!oldest_released || n->age < oldest_released->age)) oldest_released = n;
        }
    }
    if (sounding >= SOUNDING) (oldest_released ? oldest_released : oldest)->dying = true;
    return free_note ? free_note : oldest_dying;
}

static note_state *begin(subtractive *s, const grm_press *press) {
    note_state *n = take_note(s);
    memset(n, 0, sizeof *n);
    n->sounding = n->held = n->fresh = true;
    n->note = press->note;
    n->age = ++s->presses;
    n->key = press->key;
    n->pitch = n->target = (float)press->key;
    n->gain = n->gain_target = level_of(s->preset, press->velocity);
    n->fade = 1;
    n->lfo_phase = s->preset->phase < 0 ? grm_rng_float(&s->rng) : 0;
    n->softener[0] = n->softener[1] = grm_softener_new();
    start_oscillators(s, n);
    strike(s, n, press);
    return n;
}

static note_state *current(subtractive *s) {
    for (size_t i = 0; i < NOTES; i++)
        if (s->notes[i].sounding && s->notes[i].held && !s->notes[i].dying) return &s->notes[i];
    return NULL;
}

static void press_mono(subtractive *s, const grm_press *press) {
    if (s->held == HELD) memmove(s->stack, s->stack + 1, --s->held * sizeof *s->stack);
    s->stack[s->held++] = (held_key){.note = press->note, .key = press->key, .velocity = press->velocity};
    note_state *n = current(s);
    if (!n) {
        for (size_t i = 0; i < NOTES; i++) s->notes[i].dying = true;
        begin(s, press);
        return;
    }
    n->note = press->note;
    n->key = press->key;
    n->target = (float)press->key;
    n->gain_target = level_of(s->preset, press->velocity);
    if (s->glide_ms <= 0) n->pitch = n->target;
    if (s->preset->retrigger) strike(s, n, press);
}

static void subtractive_press(grm_engine *engine, const grm_press *press) {
    subtractive *s = (subtractive *)engine;
    if (s->mono)
        press_mono(s, press);
    else
        begin(s, press);
}

static void let_go(note_state *n) {
    n->held = false;
    n->amp.stage = n->filter.stage = 3;
}

static void release_mono(subtractive *s, int32_t note) {
    size_t kept = 0;
    bool was_last = s->held && s->stack[s->held - 1].note == note;
    for (size_t i = 0; i < s->held; i++)
        if (s->stack[i].note != note) s->stack[kept++] = s->stack[i];
    s->held = kept;
    note_state *n = current(s);
    if (!n || !was_last) return;
    if (!kept) {
        let_go(n);
        return;
    }
    n->note = s->stack[kept - 1].note;  // back to the key that is still down
    n->key = s->stack[kept - 1].key;
    n->target = (float)n->key;
    if (s->glide_ms <= 0) n->pitch = n->target;
}

static void subtractive_release(grm_engine *engine, int32_t note) {
    subtractive *s = (subtractive *)engine;
    if (s->mono) {
        release_mono(s, note);
        return;
    }
    for (size_t i = 0; i < NOTES; i++)
        if (s->notes[i].sounding && s->notes[i].held && s->notes[i].note == note) let_go(&s->notes[i]);
}

// ---- oscillators ----

// left, right: [frames], added to; right NULL for one channel. The increment goes in a line to `to`.
static void run_table(const grm_wave_point *wave, uint32_t *phase, uint32_t from, uint32_t to, size_t frames,
                      float gain_l, float gain_r, float *restrict left, float *restrict right) {
    uint32_t at = *phase, step = from;
    uint32_t bend = (uint32_t)(((int64_t)to - (int64_t)from) / (int64_t)frames);
    for (size_t i = 0; i < frames; i++) {
        float v = grm_wave_read(wave, at);
        left[i] += gain_l * v;
        if (right) right[i] += gain_r * v;
        at += step;
        step += bend;
    }
    *phase = at;
}

static void run_noise(osc_state *state, float level, size_t frames, float *left, float *right) {
    for (size_t i = 0; i < frames; i++) {
        float v = level * grm_hiss_next(&state->noise);
        left[i] += v;
        if (right) right[i] += v;
    }
}

// Saws fall, as their Fourier series of sines does. A pulse is two of them apart by its width; while the width moves
// the second one runs a little slower or faster.
static void run_saws(const grm_blep *blep, osc_state *state, int voice, bool pulse, uint32_t step, uint32_t width,
                     size_t frames, float gain_l, float gain_r, float *left, float *right) {
    if (pulse) {
        uint32_t second = state->phase[voice] + state->width[voice];
        uint32_t way = width - state->width[voice];
        uint32_t faster = (uint32_t)((int32_t)way / (int32_t)frames);
        grm_blep_saw(blep, &second, step + faster, frames, gain_l, gain_r, left, right);
        state->width[voice] += faster * (uint32_t)frames;
    }
    grm_blep_saw(blep, &state->phase[voice], step, frames, -gain_l, -gain_r, left, right);
}

// How much faster one of a unison runs, its slow wander included; of the few cents of that e^x is 1 + x.
static float detune(const subtractive *s, size_t index, osc_state *state, int voice, size_t frames) {
    float wander = s->preset->drift_cents * (0.69314718f / 1200);
    if (wander <= 0) return s->layout[index].ratio[voice];
    state->drift_phase[voice] += 2 * state->drift_rate[voice] * (float)frames / GRM_RATE;
    if (state->drift_phase[voice] >= 1) state->drift_phase[voice] -= 2;
    return s->layout[index].ratio[voice] * (1 + wander * grm_sine(state->drift_phase[voice]));
}

static void run_oscillator(subtractive *s, note_state *n, size_t index, float key, float lfo, size_t frames,
                           float *left, float *right) {
    const grm_voice_preset *p = s->preset;
    const grm_oscillator *o = &p->oscillators[index];
    const unison_layout *layout = &s->layout[index];
    osc_state *state = &n->osc[index];
    float level = layout->gain * state->level;
    if (level <= 0) return;
    if (o->decay_ms > 0) state->level *= exp2f(-grm_halvings(o->decay_ms) * (float)frames);
    if (state->level < 1e-5f) state->level = 0;
    if (o->wave == GRM_WAVE_NOISE) {
        run_noise(state, level, frames, left, right);
        return;
    }
    float hz = grm_key_hz(key + o->semitones + o->cents * 0.01f);
    float width = o->width + p->lfo.width * lfo;
    uint32_t width_to = (uint32_t)((width < 0.03f ? 0.03f : width > 0.97f ? 0.97f : width) * 4294967040.0f);
    for (int u = 0; u < o->unison; u++) {
        uint32_t to = grm_phase_increment(hz * detune(s, index, state, u, frames));
        if (n->fresh) {
            state->increment[u] = to;
            state->width[u] = width_to;
        }
        float gain_l = level * layout->left[u], gain_r = level * layout->right[u];
        if (o->wave == GRM_WAVE_SAW || o->wave == GRM_WAVE_PULSE) {
            run_saws(s->blep, state, u, o->wave == GRM_WAVE_PULSE, to, width_to, frames, gain_l, gain_r, left, right);
        } else {
            uint32_t from = state->increment[u];
            const grm_wave_point *wave = grm_wavetable_at(s->tables[index], from > to ? from : to);
            run_table(wave, &state->phase[u], from, to, frames, gain_l, gain_r, left, right);
        }
        state->increment[u] = to;
    }
}

// ---- a note's stretch ----

// Moves what is slow to the end of the stretch and returns the pitch there, in keys.
static float move_pitch(subtractive *s, note_state *n, const grm_expression *x, float lfo, size_t frames) {
    const grm_voice_preset *p = s->preset;
    if (n->pitch != n->target) {
        // 99 % of the way in glide_ms
        float rest = (n->pitch - n->target) * exp2f(-6.644f / (s->glide_ms * (GRM_RATE * 0.001f)) * (float)frames);
        n->pitch = fabsf(rest) < 0.001f ? n->target : n->target + rest;
    }
    float drop = n->drop;
    if (drop != 0) n->drop *= exp2f(-grm_halvings(p->drop_ms) * (float)frames);
    if (fabsf(n->drop) < 1e-4f) n->drop = 0;
    float vibrato = x->modulation * p->vibrato_cents * sinf((float)(2 * GRM_PI) * s->vibrato_phase);
    return n->pitch + (n->fresh ? drop : n->drop) + x->bend + 0.01f * (vibrato + p->lfo.pitch_cents * lfo);
}

static float move_lfo(const grm_voice_preset *p, note_state *n, size_t frames) {
    if (p->lfo.rate_hz <= 0) return 0;
    float seconds = (float)frames / GRM_RATE;
    n->lfo_phase += p->lfo.rate_hz * seconds;
    n->lfo_phase -= floorf(n->lfo_phase);
    float rise = p->lfo.delay_ms > 0 ? 1000 * seconds / p->lfo.delay_ms : 1;
    n->lfo_depth = n->lfo_depth + rise < 1 ? n->lfo_depth + rise : 1;
    return n->lfo_depth * sinf((float)(2 * GRM_PI) * n->lfo_phase);
}

static void shape(subtractive *s, note_state *n, float lfo, size_t frames, float *l, float *r) {
    const grm_voice_preset *p = s->preset;
    float tremolo = p->lfo.level_db > 0 ? grm_db_to_gain(p->lfo.level_db * 0.5f * (lfo - 1)) : 1;
    n->gain += (n->gain_target - n->gain) * (1 - exp2f(-(float)frames / 100));
    if (n->dying) n->fade -= (float)frames / (0.005f * GRM_RATE);
    if (n->fade < 0) n->fade = 0;
    float to = grm_contour_move(&n->amp, frames) * n->gain * tremolo * n->fade;
    float from = n->level, step = (to - from) / (float)frames;
    int count = (int)frames;  // not size_t: so that the loops become vector code
    for (int i = 0; i < count; i++) l[i] *= from + step * (float)(i + 1);
    if (r)
        for (int i = 0; i < count; i++) r[i] *= from + step * (float)(i + 1);
    if (p->drive_db > 0) {
        grm_soften(&n->softener[0], s->drive, frames, l);
        if (r) grm_soften(&n->softener[1], s->drive, frames, r);
    }
    n->level = to;
    if (n->fade <= 0 || n->amp.stage == 0) n->sounding = false;
}

static void run_note(subtractive *s, note_state *n, const grm_expression *x, size_t frames, float *left, float *right) {
    const grm_voice_preset *p = s->preset;
    enum { SPILL = GRM_BLEP_TAPS + 1 };
    float l[GRM_STRETCH + SPILL], r[GRM_STRETCH + SPILL];
    float *other = s->stereo ? r : NULL;
    memcpy(l, n->spill[0], sizeof n->spill[0]);
    memset(l + SPILL, 0, frames * sizeof *l);
    if (s->stereo) {
        memcpy(r, n->spill[1], sizeof n->spill[1]);
        memset(r + SPILL, 0, frames * sizeof *r);
    }
    float lfo = move_lfo(p, n, frames);
    float key = move_pitch(s, n, x, lfo, frames);
    for (size_t i = 0; i < p->oscillator_count; i++) run_oscillator(s, n, i, key, lfo, frames, l, other);
    memcpy(n->spill[0], l + frames, sizeof n->spill[0]);
    if (s->stereo) memcpy(n->spill[1], r + frames, sizeof n->spill[1]);
    float contour = grm_contour_move(&n->filter, frames), accent = accent_of(p, n->velocity);
    float octaves = p->filter.envelope * contour * (1 + accent) + p->filter.velocity * (n->velocity - 100) / 127 +
                    p->filter.key_follow * (key - 60) / 12 + x->brightness + p->modulation * x->modulation +
                    p->lfo.filter * lfo;
    if (p->filter.kind != GRM_VCF_NONE)
        grm_vcf_run(&n->vcf, p->filter.kind, p->filter.cutoff_hz * exp2f(octaves), p->filter.resonance + 0.2f * accent,
                    frames, l, other);
    shape(s, n, lfo, frames, l, other);
    const float *from = s->stereo ? r : l;
    for (size_t i = 0; i < frames; i++) {
        left[i] += l[i];
        right[i] += from[i];
    }
    n->fresh = false;
}

static bool subtractive_render(grm_engine *engine, const grm_expression *x, size_t frames, float *left, float *right) {
    subtractive *s = (subtractive *)engine;
    s->vibrato_phase += s->preset->vibrato_hz * (float)frames / GRM_RATE;
    s->vibrato_phase -= floorf(s->vibrato_phase);
    bool sounded = false;
    for (size_t i = 0; i < NOTES; i++) {
        if (!s->notes[i].sounding) continue;
        run_note(s, &s->notes[i], x, frames, left, right);
        sounded = true;
    }
    return sounded;
}

static void subtractive_free(grm_engine *engine) {
    subtractive *s = (subtractive *)engine;
    for (size_t i = 0; i < GRM_MAX_OSCILLATORS; i++) grm_wavetable_free(s->tables[i]);
    grm_blep_free(s->blep);
    free(s);
}

static grm_status make_tables(subtractive *s, grm_error *err) {
    const grm_voice_preset *p = s->preset;
    for (size_t i = 0; i < p->oscillator_count; i++) {
        const grm_oscillator *o = &p->oscillators[i];
        grm_status status = GRM_OK;
        if (o->wave == GRM_WAVE_SAW || o->wave == GRM_WAVE_PULSE) {
            if (!s->blep) status = grm_blep_new(&s->blep, err);
        } else if (o->wave != GRM_WAVE_NOISE) {
            status = grm_wavetable_new(o->wave, o->harmonics, o->harmonic_count, &s->tables[i], err);
        }
        if (status) return status;
    }
    return GRM_OK;
}

grm_status grm_subtractive_new(const grm_voice_preset *preset, bool mono, float glide_ms, const grm_rng *rng,
                               grm_engine **out, grm_error *err) {
    *out = NULL;
    subtractive *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    s->engine = (grm_engine){subtractive_press, subtractive_release, subtractive_render, subtractive_free};
    s->preset = preset;
    s->mono = mono;
    s->glide_ms = glide_ms;
    s->drive = grm_db_to_gain(preset->drive_db);
    s->rng = grm_rng_branch(rng, "oscillators", 0);
    for (size_t i = 0; i < preset->oscillator_count; i++) {
        lay_out(&preset->oscillators[i], &s->layout[i]);
        s->stereo |= s->layout[i].stereo;
    }
    grm_status status = make_tables(s, err);
    if (status) {
        subtractive_free(&s->engine);
        return status;
    }
    *out = &s->engine;
    return GRM_OK;
}
