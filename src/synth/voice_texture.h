// Parts that the textures share.
#ifndef GRM_SYNTH_VOICE_TEXTURE_H
#define GRM_SYNTH_VOICE_TEXTURE_H

#include "synth/voice_engine.h"

// A source of sound that goes on: adds its stretch.
typedef struct grm_texture grm_texture;
struct grm_texture {
    void (*render)(grm_texture *self, size_t frames, float *left, float *right);
    void (*free)(grm_texture *self);
};

grm_status grm_crowd_new(const grm_voice_preset *preset, const grm_rng *rng, grm_texture **out, grm_error *err);
grm_status grm_weather_new(const grm_voice_preset *preset, const grm_rng *rng, grm_texture **out, grm_error *err);
grm_status grm_record_new(const grm_voice_preset *preset, const grm_rng *rng, grm_texture **out, grm_error *err);

// A value that goes from one chance target to the next, smoothly; 0..1.
typedef struct grm_wander {
    float value, speed, target;  // speed: smoothed value of the way there
    float low_s, high_s;         // between targets
    int64_t left;
} grm_wander;
static inline grm_wander grm_wander_new(grm_rng *rng, float low_s, float high_s) {
    float start = grm_rng_float(rng);
    return (grm_wander){.value = start, .speed = start, .target = start, .low_s = low_s, .high_s = high_s};
}
// Two one-poles in a row: no corners.
static inline float grm_wander_move(grm_wander *w, grm_rng *rng, size_t frames) {
    w->left -= (int64_t)frames;
    if (w->left <= 0) {
        w->target = grm_rng_float(rng);
        w->left = (int64_t)(grm_rng_between(rng, w->low_s, w->high_s) * GRM_RATE);
    }
    float share = 1 - expf(-3.5f * (float)frames / (0.5f * (w->low_s + w->high_s) * GRM_RATE));
    w->speed += share * (w->target - w->speed);
    w->value += share * (w->speed - w->value);
    return w->value;
}

// Pink noise: white through three one-poles (P. Kellet, "economy" coefficients, 1999), about ±1.
typedef struct grm_pink {
    grm_hiss noise;
    float a, b, c;
} grm_pink;
static inline float grm_pink_next(grm_pink *p) {
    float w = grm_hiss_next(&p->noise);
    p->a = 0.99765f * p->a + w * 0.0990460f;
    p->b = 0.96300f * p->b + w * 0.2965164f;
    p->c = 0.57000f * p->c + w * 1.0526913f;
    return 0.25f * (p->a + p->b + p->c + w * 0.1848f);
}

// Short ringing strokes: clicks of a record, drops of rain.
enum { GRM_PINGS = 48 };
typedef struct grm_ping {
    float y1, y2, c1, c2, left, right;
    int32_t frames;  // left to ring
} grm_ping;
typedef struct grm_pings {
    grm_ping ping[GRM_PINGS];
    size_t next;
} grm_pings;
static inline void grm_pings_strike(grm_pings *p, float hz, float ms, float level, float pan) {
    grm_ping *ping = &p->ping[p->next++ % GRM_PINGS];
    float r = expf(-6.9078f / (ms * (GRM_RATE * 0.001f))), w = (float)(2 * GRM_PI) * hz / GRM_RATE;
    *ping = (grm_ping){.y1 = level * sinf(w), .c1 = 2 * r * cosf(w), .c2 = -r * r};
    grm_pan(pan, &ping->left, &ping->right);
    ping->frames = (int32_t)(1.4f * ms * (GRM_RATE * 0.001f)) + 1;
}
static inline void grm_pings_render(grm_pings *p, size_t frames, float *left, float *right) {
    for (size_t k = 0; k < GRM_PINGS; k++) {
        grm_ping *ping = &p->ping[k];
        if (ping->frames <= 0) continue;
        for (size_t i = 0; i < frames; i++) {
            float y = ping->y1;
            float next = ping->c1 * ping->y1 + ping->c2 * ping->y2;
            ping->y2 = ping->y1;
            ping->y1 = next;
            left[i] += ping->left * y;
            right[i] += ping->right * y;
        }
        ping->frames -= (int32_t)frames;
    }
}

#endif
