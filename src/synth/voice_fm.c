// Operators that bend one another's phase: electric pianos, bells, hard basses.
#include <stdlib.h>
#include <string.h>

#include "synth/voice_engine.h"

enum { NOTES = 28, SOUNDING = 16 };

typedef struct operator_state {
    uint32_t phase;
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
    float ratio[GRM_MAX_OPERATORS];  // cents included
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
        grm_contour_start(&state->envelope, &o->contour, exp2f(-0.5f * octaves));
    }
}

static void fm_release(grm_engine *engine, int32_t note) {
    fm *s = (fm *)engine;
    for (size_t i = 0; i < NOTES; i++) {
        note_state *n = &s->notes[i];
        if (!n->sounding || !n->held || n->note != note) continue;
        n->held = false;
        for (size_t o = 0; o < s->preset->operator_count; o++)
            if (n->operators[o].envelope.stage) n->operators[o].envelope.stage = 3;
    }
}

// Of a phase in radians, as turns of a 32-bit phase; up to eight turns either way.
static inline uint32_t to_phase(float radians) {
    float turns = radians * (1.0f / (float)(2 * GRM_PI));
    turns = turns > 7.9f ? 7.9f : turns < -7.9f ? -7.9f : turns;
    return (uint32_t)(int32_t)(turns * 268435456.0f) << 4;
}

// An operator that modulates itself with the mean of its last two values, which keeps it from hunting.
static void run_feedback(const grm_operator *o, operator_state *state, uint32_t step, size_t frames, float from,
                         float to, const float *in, float *out) {
    float slope = (to - from) / (float)frames;
    for (size_t i = 0; i < frames; i++) {
        uint32_t phase = state->phase + to_phase(in[i] + 0.5f * o->feedback * (state->last[0] + state->last[1]));
        float y = grm_sine((float)(int32_t)phase * 0x1p-31f) * (from + slope * (float)i);
        state->last[1] = state->last[0];
        state->last[0] = y;
        out[i] = y;
        state->phase += step;
    }
}

// One operator over a stretch; `in` is its phase modulation in radians. Writes its output.
static void run_operator(const grm_operator *o, operator_state *state, uint32_t step, size_t frames, const float *in,
                         float *out) {
    float from = state->envelope.value, to = grm_contour_move(&state->envelope, frames);
    if (o->feedback > 0) {
        run_feedback(o, state, step, frames, from, to, in, out);
        return;
    }
    float slope = (to - from) / (float)frames;
    uint32_t start = state->phase;
    int count = (int)frames;  // not size_t: so that the loop becomes vector code
    for (int i = 0; i < count; i++) {
        uint32_t phase = start + (uint32_t)i * step + to_phase(in[i]);
        out[i] = grm_sine((float)(int32_t)phase * 0x1p-31f) * (from + slope * (float)i);
    }
    state->phase = start + (uint32_t)frames * step;
}

static void run_note(fm *s, note_state *n, float bend, const grm_expression *x, size_t frames, float *left,
                     float *right) {
    const grm_voice_preset *p = s->preset;
    float modulation[GRM_MAX_OPERATORS][GRM_STRETCH] = {{0}};
    float l[GRM_STRETCH] = {0}, r[GRM_STRETCH] = {0};
    float depth = exp2f(0.5f * (x->brightness + p->modulation * x->modulation));
    float hz = grm_key_hz((float)n->key + bend);
    bool heard = false;
    // an operator modulates one with a lower number, so the last goes first
    for (size_t k = p->operator_count; k-- > 0;) {
        const grm_operator *o = &p->operators[k];
        operator_state *state = &n->operators[k];
        if (state->envelope.stage == 0) continue;
        uint32_t step = grm_phase_increment(o->fixed_hz > 0 ? o->fixed_hz : hz * s->ratio[k]);
        float out[GRM_STRETCH];
        run_operator(o, state, step, frames, modulation[k], out);
        bool modulates = o->to > 0 && (size_t)o->to <= k;
        float level = modulates ? depth * state->level : state->level;
        if (modulates) {
            for (size_t i = 0; i < frames; i++) modulation[o->to - 1][i] += level * out[i];
        } else {
            heard |= state->envelope.stage != 0;
            for (size_t i = 0; i < frames; i++) {
                l[i] += s->pan[k][0] * level * out[i];
                r[i] += s->pan[k][1] * level * out[i];
            }
        }
    }
    float fade_to = n->dying ? n->fade - (float)frames / (0.005f * GRM_RATE) : n->fade;
    if (fade_to < 0) fade_to = 0;
    float slope = (fade_to - n->fade) / (float)frames;
    int count = (int)frames;
    for (int i = 0; i < count; i++) {
        float a = n->gain * (n->fade + slope * (float)i);
        left[i] += a * l[i];
        right[i] += a * r[i];
    }
    n->fade = fade_to;
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
    free((fm *)engine);
}

grm_status grm_fm_new(const grm_voice_preset *preset, const grm_rng *rng, grm_engine **out, grm_error *err) {
    *out = NULL;
    fm *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    s->engine = (grm_engine){fm_press, fm_release, fm_render, fm_free};
    s->preset = preset;
    s->rng = grm_rng_branch(rng, "hammer", 0);
    for (size_t i = 0; i < preset->operator_count; i++) {
        const grm_operator *o = &preset->operators[i];
        grm_pan(o->pan, &s->pan[i][0], &s->pan[i][1]);
        s->ratio[i] = o->ratio * exp2f(o->cents / 1200);
    }
    *out = &s->engine;
    return GRM_OK;
}
