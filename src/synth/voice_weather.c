// Rain, wind and the sea.
#include <stdlib.h>

#include "synth/voice_texture.h"

enum { WAVES = 3, GUSTS = 3 };

// One wave that rolls in, breaks and runs out.
typedef struct breaker {
    float phase, seconds, strength, pan;
    grm_svf low[2], high[2];
    float level;
} breaker;

typedef struct gust {
    grm_wander pitch, strength, place;
    grm_svf band[2];
    float level[2];
} gust;

typedef struct weather {
    grm_texture texture;
    const grm_voice_preset *preset;
    grm_rng rng;
    grm_pink pink[2];
    grm_hiss white[2];
    grm_svf low[2], high[2], body[2];
    grm_svf_tuning low_tuning, high_tuning, body_tuning, rumble_tuning;
    grm_pings pings;
    int64_t next_drop;
    grm_wander strength;
    float level;
    breaker waves[WAVES];
    gust gusts[GUSTS];
} weather;

// A drop: mostly small and high, now and then a fat one on something hollow.
static void drop(weather *w) {
    float size = grm_rng_float(&w->rng);
    float hz = 1100 + 5200 * grm_rng_float(&w->rng);
    float ms = grm_rng_between(&w->rng, 2, 9);
    float spread = grm_rng_normal(&w->rng);
    float pan = grm_rng_between(&w->rng, -1, 1);
    if (size > 0.93f) {
        hz *= 0.25f;
        ms *= 2.5f;
    }
    grm_pings_strike(&w->pings, hz, ms, grm_db_to_gain(-30 + 6 * (spread > 2 ? 2 : spread)), pan);
}

static void run_rain(weather *w, size_t frames, float *left, float *right) {
    float strength = grm_wander_move(&w->strength, &w->rng, frames);
    w->next_drop -= (int64_t)frames;
    while (w->next_drop <= 0) {
        drop(w);
        float u = 1 - grm_rng_float(&w->rng);
        w->next_drop += (int64_t)(-logf(u) * GRM_RATE / (170 * w->preset->density * (0.6f + 0.8f * strength))) + 1;
    }
    grm_pings_render(&w->pings, frames, left, right);
    float to = 0.035f * grm_db_to_gain(5 * (strength - 0.5f)), step = (to - w->level) / (float)frames;
    for (size_t i = 0; i < frames; i++, w->level += step)
        for (int c = 0; c < 2; c++) {
            float x = grm_hiss_next(&w->white[c]);
            float hiss = grm_svf_next(&w->high[c], x, &w->high_tuning).high;
            hiss = grm_svf_next(&w->low[c], hiss, &w->low_tuning).low;
            float body = grm_svf_next(&w->body[c], grm_pink_next(&w->pink[c]), &w->body_tuning).low;
            (c ? right : left)[i] += w->level * (hiss + 0.45f * body);
        }
    w->level = to;
}

static void run_wind(weather *w, size_t frames, float *left, float *right) {
    float whole = grm_wander_move(&w->strength, &w->rng, frames);
    float noise[2][GRM_STRETCH];
    for (size_t i = 0; i < frames; i++) {
        noise[0][i] = grm_pink_next(&w->pink[0]);
        noise[1][i] = grm_pink_next(&w->pink[1]);
    }
    static const float hz[GUSTS] = {180, 420, 850}, k[GUSTS] = {1.1f, 0.35f, 0.12f}, gain[GUSTS] = {1, 0.8f, 0.5f};
    for (int n = 0; n < GUSTS; n++) {
        gust *u = &w->gusts[n];
        float pitch = grm_wander_move(&u->pitch, &w->rng, frames);
        float strength = grm_wander_move(&u->strength, &w->rng, frames);
        float place = grm_wander_move(&u->place, &w->rng, frames);
        // a stronger wind whistles higher
        float octaves = 1.3f * (pitch - 0.5f) + 1.1f * (whole - 0.5f);
        grm_svf_tuning tuning = grm_svf_tune(hz[n] * w->preset->tone_hz / 1000 * exp2f(octaves), k[n]);
        float level = 0.35f * gain[n] * grm_db_to_gain(26 * (0.55f * strength + 0.45f * whole) - 18);
        float pan[2];
        grm_pan(1.2f * (place - 0.5f), &pan[0], &pan[1]);
        for (int c = 0; c < 2; c++) {
            float to = level * pan[c], step = (to - u->level[c]) / (float)frames;
            float a = u->level[c];
            for (size_t i = 0; i < frames; i++, a += step)
                (c ? right : left)[i] += a * sqrtf(k[n]) * grm_svf_next(&u->band[c], noise[c][i], &tuning).band;
            u->level[c] = to;
        }
    }
}

static void begin_wave(weather *w, breaker *b) {
    b->phase -= floorf(b->phase);
    b->seconds = grm_rng_between(&w->rng, 6.5f, 11);
    b->strength = grm_rng_between(&w->rng, -7, 0);
    b->pan = grm_rng_between(&w->rng, -0.6f, 0.6f);
}

static void run_wave(weather *w, breaker *b, size_t frames, float *left, float *right) {
    b->phase += (float)frames / GRM_RATE / b->seconds;
    if (b->phase >= 1) begin_wave(w, b);
    // swells for 45 % of its time, breaks, and drains away
    float p = b->phase, rise = p / 0.45f;
    float shape = p < 0.45f ? rise * rise * rise : expf(-4.2f * (p - 0.45f) / 0.55f) * (1 - p) / 0.55f;
    float open = p < 0.45f ? rise * rise : 1 - 0.75f * (p - 0.45f) / 0.55f;
    grm_svf_tuning tuning = grm_svf_tune(260 * exp2f(4.3f * open), 1.3f);
    float to = 0.42f * shape * grm_db_to_gain(b->strength), step = (to - b->level) / (float)frames;
    float pan[2];
    grm_pan(b->pan * (1 - p), &pan[0], &pan[1]);
    for (int c = 0; c < 2; c++) {
        float a = b->level;
        for (size_t i = 0; i < frames; i++, a += step) {
            float x = 0.7f * grm_pink_next(&w->pink[c]) + 0.18f * grm_hiss_next(&w->white[c]);
            float y = grm_svf_next(&b->low[c], x, &tuning).low;
            (c ? right : left)[i] += a * pan[c] * grm_svf_next(&b->high[c], y, &w->rumble_tuning).high;
        }
    }
    b->level = to;
}

static void run_ocean(weather *w, size_t frames, float *left, float *right) {
    for (int n = 0; n < WAVES; n++) run_wave(w, &w->waves[n], frames, left, right);
    for (size_t i = 0; i < frames; i++)
        for (int c = 0; c < 2; c++) {
            float x = grm_pink_next(&w->pink[c]);
            float far = grm_svf_next(&w->body[c], x, &w->body_tuning).low;  // the surf far out
            (c ? right : left)[i] += 0.035f * far + 0.004f * x;
        }
}

static void weather_render(grm_texture *texture, size_t frames, float *left, float *right) {
    weather *w = (weather *)texture;
    if (w->preset->sound == GRM_TEXTURE_RAIN)
        run_rain(w, frames, left, right);
    else if (w->preset->sound == GRM_TEXTURE_WIND)
        run_wind(w, frames, left, right);
    else
        run_ocean(w, frames, left, right);
}

static void weather_free(grm_texture *texture) {
    free(texture);
}

grm_status grm_weather_new(const grm_voice_preset *preset, const grm_rng *rng, grm_texture **out, grm_error *err) {
    *out = NULL;
    weather *w = calloc(1, sizeof *w);
    if (!w) return grm_fail_memory(err);
    w->texture = (grm_texture){weather_render, weather_free};
    w->preset = preset;
    w->rng = grm_rng_branch(rng, "texture", 0);
    w->low_tuning = grm_svf_tune(preset->tone_hz, 1.41f);
    w->high_tuning = grm_svf_tune(1000, 1.2f);
    w->body_tuning = grm_svf_tune(380, 1.1f);
    w->rumble_tuning = grm_svf_tune(70, 1.41f);
    for (int c = 0; c < 2; c++) {
        w->pink[c].noise = grm_hiss_new(&w->rng);
        w->white[c] = grm_hiss_new(&w->rng);
    }
    w->strength = grm_wander_new(&w->rng, 2, 6);
    for (int n = 0; n < GUSTS; n++) {
        w->gusts[n].pitch = grm_wander_new(&w->rng, 0.8f, 3);
        w->gusts[n].strength = grm_wander_new(&w->rng, 0.7f, 3);
        w->gusts[n].place = grm_wander_new(&w->rng, 1, 4);
    }
    for (int n = 0; n < WAVES; n++) {
        begin_wave(w, &w->waves[n]);
        w->waves[n].phase = ((float)n + 0.35f) / WAVES;
    }
    *out = &w->texture;
    return GRM_OK;
}
