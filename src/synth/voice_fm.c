// Operators that bend one another's phase: electric pianos, bells, hard basses.
#include <stdlib.h>
#include <string.h>

#include "synth/voice_engine.h"

enum { NOTES = 28, SOUNDING = 16 };

typedef struct operator_state {
    uint32_t phase, increment;
    float level;    // with velocity and key
    float last[2];  // outputs that feed back
    grm_contour envelope;
} operator_state;

typedef struct note_state {
    bool sounding, held, dying;
    int32_t note;
    uint64_t age;
    int key;
    float gain, fade;
    operator_state operators[GRM_MAX_OPERATORS];
} note_state;

typedef struct fm {
    grm_engine engine;
    const grm_voice_preset *preset;
    grm_wavetable *sine;
    const grm_wave_point *wave;
    float pan[GRM_MAX_OPERATORS][2];
    grm_rng rng;
    uint64_t presses;
    float vibrato_phase;
    note_state notes[NOTES];
} fm;

static note_state *take_note(fm *s) {
    note_state *free_note = NULL, *oldest = NULL, *dying = NULL;
    int sounding = 0;
    for (size_t i = 0; i < NOTES; i++) {
        note_state *n = &s->notes[i];
        if (!n->sounding) {
            if (!free_note) free_note = n;
        } else if (n->dying) {
            if (!dying || n->age < dying->age) dying = n;
        } else {
            sounding++;
            // those let go first, then the oldest
            if (!oldest || (oldest->held && !n->held) || (oldest->held == n->held && n->age < oldest->age)) oldest = n;
        }
    }
    if (sounding >= SOUNDING) oldest->dying = true;
    return free_note ? free_note : dying;
}

static void fm_press(grm_engine *engine, const grm_press *press) {
    fm *s = (fm *)engine;
    const grm_voice_preset *p = s->preset;
    note_state *n = take_note(s);
    memset(n, 0, sizeof *n);
    n->sounding = n->held = true;
    n->note = press->note;
    n->age = ++s->presses;
    n->key = press->key;
    n->gain = powf(press->velocity * 0.01f, p->velocity);
    n->fade = 1;
    // no two strokes of a hammer are the same
    float touch = grm_rng_between(&s->rng, 0.95f, 1.05f);
    float octaves = ((float)press->key - 60) / 12;
    for (size_t i = 0; i < p->operator_count; i++) {
        const grm_operator *o = &p->operators[i];
        operator_state *state = &n->operators[i];
        state->level = o->level * powf(press->velocity * 0.01f, o->velocity) *
                       grm_db_to_gain(-o->key_fade * (octaves > 0 ? octaves : 0)) * (o->to ? touch : 1);
        // high strings are short
        grm_contour_set(&state->envelope, &o->contour, exp2f(-0.5f * octaves));
        state->envelope.stage = 1;
    }
}

static void fm_release(grm_engine *engine, int32_t note) {
    fm *s = (fm *)engine;
    for (size_t i = 0; i < NOTES; i++) {
        note_state *n = &s->notes[i];
        if (!n->sounding || !n->held || n->note != note) continue;
        n->held = false;
        for (size_t o = 0; o < s->preset->operator_count; o++) n->operators[o].envelope.stage = 3;
    }
}

// One operator over a stretch; `in` is its phase modulation in radians. Writes its output.
static void run_operator(const fm *s, const grm_operator *o, operator_state *state, uint32_t to, size_t frames,
                         float depth, const float *in, float *out) {
    const float turns = 1.0f / (float)(2 * GRM_PI);
    uint32_t step = state->increment;
    uint32_t bend = (uint32_t)(((int64_t)to - (int64_t)step) / (int64_t)frames);
    for (size_t i = 0; i < frames; i++) {
        float radians = in[i] + o->feedback * 0.5f * (state->last[0] + state->last[1]);
        uint32_t phase = state->phase + (uint32_t)(int64_t)(radians * turns * 4294967296.0f);
        float y = grm_wave_read(s->wave, phase) * grm_contour_next(&state->envelope);
        state->last[1] = state->last[0];
        state->last[0] = y;
        out[i] = y * state->level * depth;
        state->phase += step;
        step += bend;
    }
    state->increment = to;
}

static void run_note(fm *s, note_state *n, float bend, const grm_expression *x, size_t frames, float *left,
                     float *right) {
    const grm_voice_preset *p = s->preset;
    float modulation[GRM_MAX_OPERATORS][GRM_STRETCH] = {{0}};
    float l[GRM_STRETCH] = {0}, r[GRM_STRETCH] = {0};
    float depth = exp2f(0.5f * (x->brightness + p->modulation * x->modulation));
    bool heard = false;
    // an operator modulates one with a lower number, so the last goes first
    for (size_t k = p->operator_count; k-- > 0;) {
        const grm_operator *o = &p->operators[k];
        operator_state *state = &n->operators[k];
        float hz = o->fixed_hz > 0 ? o->fixed_hz : grm_key_hz((float)n->key + bend + o->cents * 0.01f) * o->ratio;
        uint32_t to = grm_phase_increment(hz);
        if (state->increment == 0) state->increment = to;
        float out[GRM_STRETCH];
        run_operator(s, o, state, to, frames, o->to ? depth : 1, modulation[k], out);
        if (o->to > 0 && (size_t)o->to <= k) {
            for (size_t i = 0; i < frames; i++) modulation[o->to - 1][i] += out[i];
        } else {
            heard |= state->envelope.stage != 0;
            for (size_t i = 0; i < frames; i++) {
                l[i] += s->pan[k][0] * out[i];
                r[i] += s->pan[k][1] * out[i];
            }
        }
    }
    for (size_t i = 0; i < frames; i++) {
        if (n->dying) n->fade = n->fade > 1.0f / 240 ? n->fade - 1.0f / 240 : 0;
        left[i] += n->gain * n->fade * l[i];
        right[i] += n->gain * n->fade * r[i];
    }
    if (!heard || n->fade <= 0) n->sounding = false;
}

static bool fm_render(grm_engine *engine, const grm_expression *x, size_t frames, float *left, float *right) {
    fm *s = (fm *)engine;
    s->vibrato_phase += s->preset->vibrato_hz * (float)frames / GRM_RATE;
    s->vibrato_phase -= floorf(s->vibrato_phase);
    float vibrato = 0.01f * x->modulation * s->preset->vibrato_cents * sinf((float)(2 * GRM_PI) * s->vibrato_phase);
    bool sounded = false;
    for (size_t i = 0; i < NOTES; i++) {
        if (!s->notes[i].sounding) continue;
        run_note(s, &s->notes[i], x->bend + vibrato, x, frames, left, right);
        sounded = true;
    }
    return sounded;
}

static void fm_free(grm_engine *engine) {
    fm *s = (fm *)engine;
    grm_wavetable_free(s->sine);
    free(s);
}

grm_status grm_fm_new(const grm_voice_preset *preset, const grm_rng *rng, grm_engine **out, grm_error *err) {
    *out = NULL;
    fm *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    s->engine = (grm_engine){fm_press, fm_release, fm_render, fm_free};
    s->preset = preset;
    s->rng = grm_rng_branch(rng, "hammer", 0);
    for (size_t i = 0; i < preset->operator_count; i++) grm_pan(preset->operators[i].pan, &s->pan[i][0], &s->pan[i][1]);
    grm_status status = grm_wavetable_new(GRM_WAVE_SINE, NULL, 0, &s->sine, err);
    if (status) {
        fm_free(&s->engine);
        return status;
    }
    s->wave = grm_wavetable_at(s->sine, 0);
    *out = &s->engine;
    return GRM_OK;
}
