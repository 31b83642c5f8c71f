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
    uint32_t width;
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
    float tremolo;
    grm_contour amp, filter;
    float g, k;          // filter coefficients at the end of the last stretch
    grm_svf svf[2][2];   // [channel][stage]
    float ladder[2][4];  // [channel][pole]
    grm_softener softener[2];
    osc_state osc[GRM_MAX_OSCILLATORS];
} note_state;

typedef struct held_key {
    int32_t note;
    int key;
    float velocity;
} held_key;

typedef struct unison_layout {
    float cents[GRM_MAX_UNISON], left[GRM_MAX_UNISON], right[GRM_MAX_UNISON];
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
        u->cents[i] = o->detune_cents * (count == 7 ? supersaw_offsets[i] : place);
        float level = fabsf(place) < 0.01f ? 1.0f : o->blend;
        // neighbours go to opposite sides, so that both sides have high and low ones
        grm_pan(place * (i % 2 ? -o->spread : o->spread), &u->left[i], &u->right[i]);
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
            o->drift_phase[u] = grm_rng_float(&s->rng);
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
    grm_contour_set(&n->amp, &p->contour, 1);
    grm_contour_set(&n->filter, &p->filter.contour, 1 - 0.5f * accent_of(p, press->velocity));
    n->amp.stage = n->filter.stage = 1;
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
    n->fade = n->tremolo = 1;
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

// left, right: [frames], added to; right NULL for one channel. The increment goes in a line to `end`.
static void run_wave(const grm_wave_point *wave, uint32_t *phase, uint32_t from, uint32_t to, size_t frames,
                     float gain_l, float gain_r, float *restrict left, float *restrict right) {
    uint32_t at = *phase, step = from;
    uint32_t bend = (uint32_t)(((int64_t)to - (int64_t)from) / (int64_t)frames);
    if (right) {
        for (size_t i = 0; i < frames; i++) {
            float v = grm_wave_read(wave, at);
            left[i] += gain_l * v;
            right[i] += gain_r * v;
            at += step;
            step += bend;
        }
    } else {
        for (size_t i = 0; i < frames; i++) {
            left[i] += gain_l * grm_wave_read(wave, at);
            at += step;
            step += bend;
        }
    }
    *phase = at;
}

// A pulse of any width: two saws apart by that width.
static void run_pulse(const grm_wave_point *saw, uint32_t *phase, uint32_t from, uint32_t to, uint32_t width_from,
                      uint32_t width_to, size_t frames, float gain_l, float gain_r, float *restrict left,
                      float *restrict right) {
    uint32_t at = *phase, step = from, width = width_from;
    uint32_t bend = (uint32_t)(((int64_t)to - (int64_t)from) / (int64_t)frames);
    uint32_t widen = (uint32_t)(((int64_t)width_to - (int64_t)width_from) / (int64_t)frames);
    for (size_t i = 0; i < frames; i++) {
        float v = grm_wave_read(saw, at) - grm_wave_read(saw, at + width);
        left[i] += gain_l * v;
        if (right) right[i] += gain_r * v;
        at += step;
        step += bend;
        width += widen;
    }
    *phase = at;
}

static bool is_pwm(const grm_voice_preset *p, const grm_oscillator *o) {
    return o->wave == GRM_WAVE_PULSE && (o->width != 0.5f || p->lfo.width > 0);
}

static void run_oscillator(subtractive *s, note_state *n, size_t index, float key, float lfo, size_t frames,
                           float *left, float *right) {
    const grm_voice_preset *p = s->preset;
    const grm_oscillator *o = &p->oscillators[index];
    const unison_layout *layout = &s->layout[index];
    osc_state *state = &n->osc[index];
    float level = layout->gain * state->level;
    if (o->decay_ms > 0) state->level *= exp2f(-9.9657843f / (o->decay_ms * (GRM_RATE * 0.001f)) * (float)frames);
    if (state->level < 1e-5f) state->level = 0;
    if (level <= 0) return;
    if (o->wave == GRM_WAVE_NOISE) {
        for (size_t i = 0; i < frames; i++) {
            float v = level * grm_hiss_next(&state->noise);
            left[i] += v;
            if (right) right[i] += v;
        }
        return;
    }
    float hz = grm_key_hz(key + o->semitones + o->cents * 0.01f);
    float width = o->width + p->lfo.width * lfo;
    uint32_t width_to = (uint32_t)((width < 0.03f ? 0.03f : width > 0.97f ? 0.97f : width) * 4294967040.0f);
    if (n->fresh) state->width = width_to;
    for (int u = 0; u < o->unison; u++) {
        float cents = layout->cents[u];
        if (p->drift_cents > 0) {
            cents += p->drift_cents * sinf((float)(2 * GRM_PI) * state->drift_phase[u]);
            state->drift_phase[u] += state->drift_rate[u] * (float)frames / GRM_RATE;
            state->drift_phase[u] -= floorf(state->drift_phase[u]);
        }
        uint32_t to = grm_phase_increment(cents != 0 ? hz * exp2f(cents / 1200) : hz);
        uint32_t from = n->fresh ? to : state->increment[u];
        const grm_wave_point *wave = grm_wavetable_at(s->tables[index], from > to ? from : to);
        float gain_l = level * layout->left[u], gain_r = level * layout->right[u];
        if (is_pwm(p, o))
            run_pulse(wave, &state->phase[u], from, to, state->width, width_to, frames, gain_l, gain_r, left, right);
        else
            run_wave(wave, &state->phase[u], from, to, frames, gain_l, gain_r, left, right);
        state->increment[u] = to;
    }
    state->width = width_to;
}

// ---- filters ----

typedef struct filter_line {
    float g, k, g_step, k_step;
} filter_line;

static void run_svf(int kind, grm_svf *s, filter_line f, size_t frames, float *x) {
    for (size_t i = 0; i < frames; i++) {
        grm_svf_out y = grm_svf_next(&s[0], x[i], f.g, f.k);
        x[i] = kind == GRM_VCF_BP12 ? y.band * f.k : kind == GRM_VCF_HP12 ? y.high : y.low;
        f.g += f.g_step;
        f.k += f.k_step;
    }
}

// Two second-order sections: a Butterworth pair at no resonance, of which the sharper one rings.
static void run_lp24(grm_svf *s, filter_line f, size_t frames, float *x) {
    for (size_t i = 0; i < frames; i++) {
        float y = grm_svf_next(&s[0], x[i], f.g, 1.8478f).low;
        x[i] = grm_svf_next(&s[1], y, f.g, f.k).low;
        f.g += f.g_step;
        f.k += f.k_step;
    }
}

// Four one-poles in a loop without delay (V. Zavalishin, "The Art of VA Filter Design", 5.3), the loop's input softly
// limited: the linear loop is solved, then its input bent.
static void run_ladder(float *s, filter_line f, size_t frames, float *x) {
    for (size_t i = 0; i < frames; i++) {
        float d = 1.0f / (1.0f + f.g), gain = f.g * d;
        float g2 = gain * gain, g4 = g2 * g2;
        float sum = d * (g2 * gain * s[0] + g2 * s[1] + gain * s[2] + s[3]);
        float input = x[i] * (1.0f + 0.6f * f.k);  // what resonance takes from the bass comes back in part
        float out = (g4 * input + sum) / (1.0f + f.k * g4);
        float u = input - f.k * out;
        u = u / sqrtf(1.0f + 0.15f * u * u);
        for (int pole = 0; pole < 4; pole++) {
            float v = (u - s[pole]) * gain;
            u = v + s[pole];
            s[pole] = u + v;
        }
        x[i] = u;
        f.g += f.g_step;
        f.k += f.k_step;
    }
}

static float resonance_to_k(int kind, float resonance) {
    if (resonance > 1) resonance = 1;
    if (kind == GRM_VCF_LADDER) return 3.95f * resonance;
    if (kind == GRM_VCF_LP24) return 0.7654f * (1 - 0.97f * resonance);
    return 1.4142f * (1 - 0.97f * resonance);
}

static void run_filter(subtractive *s, note_state *n, float octaves, float accent, size_t frames, float *left,
                       float *right) {
    const grm_vcf_preset *f = &s->preset->filter;
    if (f->kind == GRM_VCF_NONE) return;
    float g = grm_svf_g(f->cutoff_hz * exp2f(octaves));
    float k = resonance_to_k(f->kind, f->resonance + 0.2f * accent);
    if (n->fresh) {
        n->g = g;
        n->k = k;
    }
    filter_line line = {n->g, n->k, (g - n->g) / (float)frames, (k - n->k) / (float)frames};
    for (int channel = 0; channel < (right ? 2 : 1); channel++) {
        float *x = channel ? right : left;
        if (f->kind == GRM_VCF_LADDER)
            run_ladder(n->ladder[channel], line, frames, x);
        else if (f->kind == GRM_VCF_LP24)
            run_lp24(n->svf[channel], line, frames, x);
        else
            run_svf(f->kind, n->svf[channel], line, frames, x);
    }
    n->g = g;
    n->k = k;
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
    if (drop != 0) n->drop *= exp2f(-9.9657843f / (p->drop_ms * (GRM_RATE * 0.001f)) * (float)frames);
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
    float gain_to = n->gain + (n->gain_target - n->gain) * (1 - exp2f(-(float)frames / 100));
    float level = n->gain * n->tremolo, step = (gain_to * tremolo - level) / (float)frames;
    float make_up = p->drive_db > 0 ? s->drive : 1;
    for (size_t i = 0; i < frames; i++) {
        float a = grm_contour_next(&n->amp) * level;
        if (n->dying) {
            n->fade -= 1.0f / (0.005f * GRM_RATE);
            if (n->fade <= 0) n->fade = 0;
        }
        a *= n->fade;
        level += step;
        l[i] *= a;
        if (r) r[i] *= a;
        if (p->drive_db > 0) {
            l[i] = grm_soften(&n->softener[0], l[i] * make_up);
            if (r) r[i] = grm_soften(&n->softener[1], r[i] * make_up);
        }
    }
    n->gain = gain_to;
    n->tremolo = tremolo;
    if (n->fade <= 0 || n->amp.stage == 0) n->sounding = false;
}

static void run_note(subtractive *s, note_state *n, const grm_expression *x, size_t frames, float *left, float *right) {
    const grm_voice_preset *p = s->preset;
    float l[GRM_STRETCH] = {0}, r[GRM_STRETCH] = {0};
    float lfo = move_lfo(p, n, frames);
    float key = move_pitch(s, n, x, lfo, frames);
    for (size_t i = 0; i < p->oscillator_count; i++) run_oscillator(s, n, i, key, lfo, frames, l, s->stereo ? r : NULL);
    float contour = 0;
    for (size_t i = 0; i < frames; i++) contour = grm_contour_next(&n->filter);
    float accent = accent_of(p, n->velocity);
    float octaves = p->filter.envelope * contour * (1 + accent) + p->filter.velocity * (n->velocity - 100) / 127 +
                    p->filter.key_follow * (key - 60) / 12 + x->brightness + p->modulation * x->modulation +
                    p->lfo.filter * lfo;
    run_filter(s, n, octaves, accent, frames, l, s->stereo ? r : NULL);
    shape(s, n, lfo, frames, l, s->stereo ? r : NULL);
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
    for (size_t i = 0; i < GRM_MAX_OSCILLATORS; i++) {
        bool shared = false;
        for (size_t j = 0; j < i; j++) shared |= s->tables[j] == s->tables[i];
        if (!shared) grm_wavetable_free(s->tables[i]);
    }
    free(s);
}

static grm_status make_tables(subtractive *s, grm_error *err) {
    const grm_voice_preset *p = s->preset;
    int kinds[GRM_MAX_OSCILLATORS];
    for (size_t i = 0; i < p->oscillator_count; i++) {
        const grm_oscillator *o = &p->oscillators[i];
        kinds[i] = is_pwm(p, o) ? GRM_WAVE_SAW : o->wave;
        for (size_t j = 0; j < i && kinds[i] != GRM_WAVE_HARMONICS; j++)
            if (kinds[j] == kinds[i]) s->tables[i] = s->tables[j];
        if (s->tables[i] || kinds[i] == GRM_WAVE_NOISE) continue;
        grm_status status = grm_wavetable_new(kinds[i], o->harmonics, o->harmonic_count, &s->tables[i], err);
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
