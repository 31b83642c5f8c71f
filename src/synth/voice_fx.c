// Effects that fill one held note: what rises to its end, falls from its start, or strikes and rings.
#include <stdlib.h>
#include <string.h>

#include "synth/voice_engine.h"

enum { INSTANCES = 6, SAWS = 5, METALS = 12 };

typedef struct instance {
    bool sounding;
    uint64_t age;
    int64_t at, length;
    float key, level;
    grm_hiss noise[2];
    grm_svf band[2], band2[2], tone[2], high[2];
    uint32_t saw[SAWS], saw_increment[SAWS], sine, sine_increment, metal[METALS], metal_increment[METALS];
    float noise_level, tone_level, sine_level, metal_level;  // at the end of the last stretch
    bool fresh;
} instance;

// Where an effect stands at the end of a stretch. Frequencies in Hz, levels are gains.
typedef struct place {
    float noise_hz, noise_k, noise_level;
    bool noise_high;  // high-pass instead of band-pass
    float saw_key, saw_hz, saw_level;
    float sine_hz, sine_level;
    float metal_level;
    float pan;
} place;

typedef struct fx {
    grm_engine engine;
    const grm_voice_preset *preset;
    grm_wavetable *saw, *square, *sine;
    grm_rng rng;
    uint64_t presses;
    instance instances[INSTANCES];
} fx;

static const float metal_hz[METALS] = {317, 411, 523, 587, 661, 739, 853, 947, 1103, 1259, 1423, 1601};

static float gain_of(float db) {
    return db > -90 ? grm_db_to_gain(db) : 0;
}

// t: seconds since the start, u: share of the note, left: seconds to its end (negative after it).
static void place_riser(const instance *n, float t, float u, float left, place *p) {
    float after = left < 0 ? gain_of(60 * left / 0.12f) : 1;
    float up = u < 1 ? u : 1;
    p->noise_hz = 350 * exp2f(4.6f * up);
    p->noise_k = 0.9f;
    p->noise_level = 0.30f * after * gain_of(-34 * (1 - up) * (1 - 0.25f * up));
    // a tremolo that quickens: 2 to 14 a second
    float turns = t * (2 + 6 * up);
    float pulse = 1 - 0.45f * up * (0.5f + 0.5f * cosf((float)(2 * GRM_PI) * turns));
    p->noise_level *= pulse;
    p->saw_key = n->key - 12 + 24 * up * up;
    p->saw_hz = 250 * exp2f(5.2f * up);
    p->saw_level = 0.22f * after * gain_of(-26 * (1 - up)) * pulse;
    p->pan = 0.35f * sinf(t * (2 + 5 * up));
}

static void place_downlifter(const instance *n, float t, float u, float left, place *p) {
    float down = u < 1 ? u : 1, start = t < 0.03f ? t / 0.03f : 1;
    float after = left < 0 ? gain_of(60 * left / 0.4f) : 1;
    p->noise_hz = 9000 * exp2f(-5.6f * sqrtf(down));
    p->noise_k = 0.8f;
    p->noise_level = 0.34f * start * after * gain_of(-30 * down);
    p->saw_key = n->key + 12 - 36 * sqrtf(down);
    p->saw_hz = 5000 * exp2f(-5 * down);
    p->saw_level = 0.16f * start * after * gain_of(-34 * down);
    p->pan = -0.3f * sinf(t * 3);
}

static void place_impact(const instance *n, float t, float u, float left, place *p) {
    (void)u;
    (void)left;
    (void)n;
    float start = t < 0.002f ? t / 0.002f : 1;
    p->sine_hz = 36 + 60 * expf(-t / 0.09f) + 160 * expf(-t / 0.012f);
    p->sine_level = 0.62f * start * gain_of(-60 * t / 2.6f);
    p->noise_hz = 220 + 5200 * expf(-t / 0.14f);
    p->noise_k = 1.1f;
    p->noise_level = 0.5f * start * (gain_of(-60 * t / 0.35f) + 0.16f * gain_of(-60 * t / 3.2f));
    p->metal_level = 0.05f * start * gain_of(-60 * t / 1.4f);
}

static void place_reverse(const instance *n, float t, float u, float left, place *p) {
    (void)n;
    (void)t;
    float up = u < 1 ? u : 1;
    float after = left < 0 ? gain_of(60 * left / 0.06f) : 1;
    // a cymbal backwards: its ring comes first, over at most four seconds
    float before = left > 0 ? left : 0;
    float span = 60 * before / (before > 4 ? before : 4);
    float fade_in = t < 0.05f ? t / 0.05f : 1;
    p->noise_high = true;
    p->noise_hz = 7500 * exp2f(-1.7f * up * up);
    p->noise_k = 1.2f;
    p->noise_level = 0.26f * fade_in * after * gain_of(-0.75f * span);
    p->metal_level = 0.30f * fade_in * after * gain_of(-0.85f * span);
}

static void place_sweep(const instance *n, float t, float u, float left, place *p) {
    (void)n;
    float over = u < 1 ? u : 1;
    float arch = sinf((float)GRM_PI * over);
    p->noise_hz = 280 * exp2f(4.8f * arch * arch * (0.6f + 0.4f * over));
    p->noise_k = 0.35f;
    p->noise_level = left < 0 ? 0 : 0.55f * arch * arch;
    p->pan = 0.8f * cosf((float)GRM_PI * over) + 0.1f * sinf(7 * t);
}

static place find_place(const fx *s, const instance *n, int64_t at) {
    place p = {.noise_hz = 1000, .noise_k = 1, .saw_hz = 1000, .sine_hz = 50};
    float t = (float)at / GRM_RATE, u = (float)((double)at / (double)n->length);
    float left = (float)(n->length - at) / GRM_RATE;
    switch ((grm_sound_kind)s->preset->sound) {
        case GRM_FX_RISER:
            place_riser(n, t, u, left, &p);
            break;
        case GRM_FX_DOWNLIFTER:
            place_downlifter(n, t, u, left, &p);
            break;
        case GRM_FX_IMPACT:
            place_impact(n, t, u, left, &p);
            break;
        case GRM_FX_REVERSE_CYMBAL:
            place_reverse(n, t, u, left, &p);
            break;
        default:
            place_sweep(n, t, u, left, &p);
            break;
    }
    return p;
}

static void fx_press(grm_engine *engine, const grm_press *press) {
    fx *s = (fx *)engine;
    instance *n = &s->instances[0];
    for (size_t i = 0; i < INSTANCES; i++) {
        instance *other = &s->instances[i];
        if (!other->sounding) {
            n = other;
            break;
        }
        if (other->age < n->age) n = other;
    }
    memset(n, 0, sizeof *n);
    n->sounding = n->fresh = true;
    n->age = ++s->presses;
    n->length = press->frames > GRM_RATE / 10 ? press->frames : GRM_RATE / 10;
    n->key = (float)press->key;
    n->level = powf(press->velocity * 0.01f, s->preset->velocity);
    for (int c = 0; c < 2; c++) n->noise[c] = grm_hiss_new(&s->rng);
    for (int i = 0; i < SAWS; i++) n->saw[i] = grm_rng_u32(&s->rng);
    for (int i = 0; i < METALS; i++) {
        n->metal[i] = grm_rng_u32(&s->rng);
        n->metal_increment[i] = grm_phase_increment(metal_hz[i] * grm_rng_between(&s->rng, 0.99f, 1.01f));
    }
}

// Length is known at the press; a pedal may hold the note, not the effect.
static void fx_release(grm_engine *engine, int32_t note) {
    (void)engine;
    (void)note;
}

static void run_noise(instance *n, const place *p, size_t frames, float *l, float *r) {
    float step = (p->noise_level - n->noise_level) / (float)frames, pan[2];
    grm_svf_tuning tuning = grm_svf_tune(p->noise_hz, p->noise_k);
    grm_svf_tuning second = grm_svf_tune(p->noise_high ? 1800 : p->noise_hz, 1.41f);
    grm_pan(p->pan, &pan[0], &pan[1]);
    for (int c = 0; c < 2; c++) {
        float a = n->noise_level, *out = c ? r : l;
        for (size_t i = 0; i < frames; i++, a += step) {
            float x = grm_hiss_next(&n->noise[c]);
            grm_svf_out y = grm_svf_next(&n->band[c], x, &tuning);
            float once = p->noise_high ? y.high : 2 * y.band;
            y = grm_svf_next(&n->band2[c], once, &second);
            out[i] += pan[c] * a * (p->noise_high ? y.high : 0.6f * y.low + 0.5f * once);
        }
    }
}

static void run_saws(const fx *s, instance *n, const place *p, size_t frames, float *l, float *r) {
    if (p->saw_level <= 0 && n->tone_level <= 0) return;
    float sides[2][GRM_STRETCH] = {{0}};
    for (int k = 0; k < SAWS; k++) {
        float spread = 2.0f * (float)k / (SAWS - 1) - 1, pan[2];
        uint32_t to = grm_phase_increment(grm_key_hz(p->saw_key + 0.18f * spread));
        if (n->fresh) n->saw_increment[k] = to;
        uint32_t step = n->saw_increment[k], at = n->saw[k];
        uint32_t bend = (uint32_t)(((int64_t)to - (int64_t)step) / (int64_t)frames);
        const grm_wave_point *wave = grm_wavetable_at(s->saw, to > step ? to : step);
        grm_pan(k % 2 ? -spread : spread, &pan[0], &pan[1]);
        for (size_t i = 0; i < frames; i++, at += step, step += bend) {
            float v = 0.45f * grm_wave_read(wave, at);
            sides[0][i] += pan[0] * v;
            sides[1][i] += pan[1] * v;
        }
        n->saw[k] = at;
        n->saw_increment[k] = to;
    }
    float level_step = (p->saw_level - n->tone_level) / (float)frames;
    grm_svf_tuning tuning = grm_svf_tune(p->saw_hz, 0.9f);
    for (int c = 0; c < 2; c++) {
        float a = n->tone_level, *out = c ? r : l;
        for (size_t i = 0; i < frames; i++, a += level_step)
            out[i] += a * grm_svf_next(&n->tone[c], sides[c][i], &tuning).low;
    }
}

static void run_boom(const fx *s, instance *n, const place *p, size_t frames, float *l, float *r) {
    if (p->sine_level <= 0 && n->sine_level <= 0) return;
    uint32_t to = grm_phase_increment(p->sine_hz);
    if (n->fresh) n->sine_increment = to;
    uint32_t step = n->sine_increment;
    uint32_t bend = (uint32_t)(((int64_t)to - (int64_t)step) / (int64_t)frames);
    const grm_wave_point *wave = grm_wavetable_at(s->sine, 0);
    float a = n->sine_level, level_step = (p->sine_level - a) / (float)frames;
    for (size_t i = 0; i < frames; i++, a += level_step, n->sine += step, step += bend) {
        float x = 2.2f * a * grm_wave_read(wave, n->sine);
        float y = 0.62f * x / sqrtf(1 + x * x);  // a little bent, so that small speakers have it too
        l[i] += y;
        r[i] += y;
    }
    n->sine_increment = to;
}

static void run_metal(const fx *s, instance *n, const place *p, size_t frames, float *l, float *r) {
    if (p->metal_level <= 0 && n->metal_level <= 0) return;
    float x[2][GRM_STRETCH] = {{0}};
    for (int k = 0; k < METALS; k += 2) {
        uint32_t a = n->metal[k], b = n->metal[k + 1], da = n->metal_increment[k], db = n->metal_increment[k + 1];
        const grm_wave_point *wa = grm_wavetable_at(s->square, da), *wb = grm_wavetable_at(s->square, db);
        float *side = x[k / 2 % 2];
        for (size_t i = 0; i < frames; i++, a += da, b += db) side[i] += grm_wave_read(wa, a) * grm_wave_read(wb, b);
        n->metal[k] = a;
        n->metal[k + 1] = b;
    }
    float step = (p->metal_level - n->metal_level) / (float)frames;
    grm_svf_tuning tuning = grm_svf_tune(4700, 1.2f);
    for (int c = 0; c < 2; c++) {
        float a = n->metal_level, *out = c ? r : l;
        for (size_t i = 0; i < frames; i++, a += step)
            out[i] += a * grm_svf_next(&n->high[c], 0.8f * x[c][i] + 0.35f * x[1 - c][i], &tuning).high;
    }
}

static void run_instance(const fx *s, instance *n, size_t frames, float *left, float *right) {
    n->at += (int64_t)frames;
    place p = find_place(s, n, n->at);
    float l[GRM_STRETCH] = {0}, r[GRM_STRETCH] = {0};
    run_noise(n, &p, frames, l, r);
    run_saws(s, n, &p, frames, l, r);
    run_boom(s, n, &p, frames, l, r);
    run_metal(s, n, &p, frames, l, r);
    for (size_t i = 0; i < frames; i++) {
        left[i] += n->level * l[i];
        right[i] += n->level * r[i];
    }
    n->noise_level = p.noise_level;
    n->tone_level = p.saw_level;
    n->sine_level = p.sine_level;
    n->metal_level = p.metal_level;
    n->fresh = false;
    bool over = n->at > n->length && p.noise_level + p.saw_level + p.sine_level + p.metal_level < 1e-5f;
    if (over || n->at > n->length + 8 * GRM_RATE) n->sounding = false;
}

static bool fx_render(grm_engine *engine, const grm_expression *x, size_t frames, float *left, float *right) {
    (void)x;
    fx *s = (fx *)engine;
    bool sounded = false;
    for (size_t i = 0; i < INSTANCES; i++) {
        if (!s->instances[i].sounding) continue;
        run_instance(s, &s->instances[i], frames, left, right);
        sounded = true;
    }
    return sounded;
}

static void fx_free(grm_engine *engine) {
    fx *s = (fx *)engine;
    grm_wavetable_free(s->saw);
    grm_wavetable_free(s->square);
    grm_wavetable_free(s->sine);
    free(s);
}

grm_status grm_fx_new(const grm_voice_preset *preset, const grm_rng *rng, grm_engine **out, grm_error *err) {
    *out = NULL;
    if (preset->sound < GRM_FX_RISER)
        return grm_fail(err, GRM_BAD_INPUT, "data/voices.yaml: a voice of engine fx has the sound of a texture");
    fx *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    s->engine = (grm_engine){fx_press, fx_release, fx_render, fx_free};
    s->preset = preset;
    s->rng = grm_rng_branch(rng, "fx", 0);
    grm_status status = grm_wavetable_new(GRM_WAVE_SAW, NULL, 0, &s->saw, err);
    if (!status) status = grm_wavetable_new(GRM_WAVE_PULSE, NULL, 0, &s->square, err);
    if (!status) status = grm_wavetable_new(GRM_WAVE_SINE, NULL, 0, &s->sine, err);
    if (status) {
        fx_free(&s->engine);
        return status;
    }
    *out = &s->engine;
    return GRM_OK;
}
