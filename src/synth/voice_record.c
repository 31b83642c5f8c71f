// What old machines and rooms add: the surface of a record, the hiss of a tape, the air of a room.
#include <stdlib.h>

#include "synth/voice_texture.h"

enum { SCRATCHES = 7 };

typedef struct record {
    grm_texture texture;
    const grm_voice_preset *preset;
    grm_rng rng;
    grm_pink pink[2];
    grm_hiss white[2];
    grm_svf low[2], high[2], hum[2], rumble[2];
    grm_svf_tuning low_tuning, high_tuning, hum_tuning, rumble_tuning;
    grm_pings pings;
    int64_t next_click, next_pop, turn;  // frames until; the place in a revolution
    struct {
        int64_t at;
        float hz, level, pan;
    } scratches[SCRATCHES];  // come round once a turn
    grm_wander drift[3];
    double wow, flutter;
    float level;
} record;

// Frames to the next of events that come at random, `rate` a second on average.
static int64_t wait(grm_rng *rng, float rate) {
    float u = 1 - grm_rng_float(rng);
    return (int64_t)(-logf(u) * GRM_RATE / rate) + 1;
}

static void click(record *r, float quiet_db) {
    float spread = grm_rng_normal(&r->rng);
    float hz = 1500 * exp2f(2.2f * grm_rng_float(&r->rng));
    float ms = grm_rng_between(&r->rng, 0.4f, 2.2f);
    float pan = grm_rng_between(&r->rng, -0.8f, 0.8f);
    float level = grm_db_to_gain(quiet_db + 5.5f * (spread > 1.6f ? 1.6f : spread));
    grm_pings_strike(&r->pings, hz, ms, level, pan);
}

static void pop(record *r) {
    float hz = grm_rng_between(&r->rng, 280, 900);
    float ms = grm_rng_between(&r->rng, 5, 14);
    float level = grm_db_to_gain(grm_rng_between(&r->rng, -27, -19));
    float pan = grm_rng_between(&r->rng, -0.5f, 0.5f);
    grm_pings_strike(&r->pings, hz, ms, level, pan);
    grm_pings_strike(&r->pings, hz * 4.3f, ms * 0.3f, level * 0.7f, pan);
}

static void run_vinyl(record *r, size_t frames, float *left, float *right) {
    const int64_t revolution = (int64_t)(1.8 * GRM_RATE);  // 33 1/3 a minute
    float wear = 0.5f + r->preset->wear;
    r->next_click -= (int64_t)frames;
    while (r->next_click <= 0) {
        click(r, -27);
        r->next_click += wait(&r->rng, 42 * r->preset->density * wear);
    }
    r->next_pop -= (int64_t)frames;
    while (r->next_pop <= 0) {
        pop(r);
        r->next_pop += wait(&r->rng, 0.9f * r->preset->density * wear);
    }
    for (size_t i = 0; i < SCRATCHES; i++) {
        int64_t to = r->scratches[i].at - r->turn;
        if (to >= 0 && to < (int64_t)frames) {
            float level = r->scratches[i].level * grm_rng_between(&r->rng, 0.5f, 1.1f);
            grm_pings_strike(&r->pings, r->scratches[i].hz, 3, level, r->scratches[i].pan);
        }
    }
    r->turn = (r->turn + (int64_t)frames) % revolution;
    grm_pings_render(&r->pings, frames, left, right);
    float swish = 1 + 0.35f * (float)sin(2 * GRM_PI * (double)r->turn / (double)revolution);
    float surface = 0.016f * wear * swish;
    for (size_t i = 0; i < frames; i++) {
        for (int c = 0; c < 2; c++) {
            float p = grm_pink_next(&r->pink[c]);
            float hiss = grm_svf_next(&r->high[c], p, &r->high_tuning).high;
            hiss = grm_svf_next(&r->low[c], hiss, &r->low_tuning).low;
            float rumble = grm_svf_next(&r->rumble[c], p, &r->rumble_tuning).low;
            (c ? right : left)[i] += surface * (hiss + 0.45f * rumble);
        }
    }
}

static void run_tape(record *r, size_t frames, float *left, float *right) {
    double seconds = (double)frames / GRM_RATE;
    float drift = grm_wander_move(&r->drift[0], &r->rng, frames);
    float dropout = grm_wander_move(&r->drift[1], &r->rng, frames);
    r->wow += seconds * (0.45 + 0.3 * (double)drift);
    r->flutter += seconds * 7.3;
    r->wow -= floor(r->wow);
    r->flutter -= floor(r->flutter);
    float wobble =
        (float)(0.6 * sin(2 * GRM_PI * r->wow) + 0.35 * sin(2 * GRM_PI * r->flutter)) * (0.4f + r->preset->wear);
    // the tape lifts from the head now and then: less treble for a moment
    float lift = dropout < 0.25f ? 4 * (0.25f - dropout) : 0;
    grm_svf_tuning low = grm_svf_tune(r->preset->tone_hz * exp2f(0.35f * wobble - 1.2f * lift), 1.41f);
    float to = 0.09f * grm_db_to_gain(1.1f * wobble - 3 * lift), step = (to - r->level) / (float)frames;
    for (size_t i = 0; i < frames; i++, r->level += step) {
        for (int c = 0; c < 2; c++) {
            float x = 0.75f * grm_hiss_next(&r->white[c]) + 0.5f * grm_pink_next(&r->pink[c]);
            x = grm_svf_next(&r->high[c], x, &r->high_tuning).high;
            (c ? right : left)[i] += r->level * grm_svf_next(&r->low[c], x, &low).low;
        }
    }
    r->level = to;
}

static void run_room(record *r, size_t frames, float *left, float *right) {
    float air = grm_wander_move(&r->drift[0], &r->rng, frames);
    float body = grm_wander_move(&r->drift[1], &r->rng, frames);
    grm_svf_tuning tuning = grm_svf_tune(r->preset->tone_hz * exp2f(air - 0.5f), 1.41f);
    float to = 0.5f + 0.5f * body, step = (to - r->level) / (float)frames;
    for (size_t i = 0; i < frames; i++, r->level += step) {
        float shared = grm_pink_next(&r->pink[0]), side = grm_pink_next(&r->pink[1]);
        for (int c = 0; c < 2; c++) {
            float x = shared + (c ? -0.8f : 0.8f) * side;
            float low = grm_svf_next(&r->low[c], x, &tuning).low;
            float mains = grm_svf_next(&r->hum[c], x, &r->hum_tuning).band;
            float breath = grm_svf_next(&r->high[c], grm_hiss_next(&r->white[c]), &r->high_tuning).high;
            (c ? right : left)[i] += 0.16f * r->level * low + 0.02f * mains + 0.0035f * breath;
        }
    }
    r->level = to;
}

static void record_render(grm_texture *texture, size_t frames, float *left, float *right) {
    record *r = (record *)texture;
    if (r->preset->sound == GRM_TEXTURE_VINYL)
        run_vinyl(r, frames, left, right);
    else if (r->preset->sound == GRM_TEXTURE_TAPE)
        run_tape(r, frames, left, right);
    else
        run_room(r, frames, left, right);
}

static void record_free(grm_texture *texture) {
    free(texture);
}

grm_status grm_record_new(const grm_voice_preset *preset, const grm_rng *rng, grm_texture **out, grm_error *err) {
    *out = NULL;
    record *r = calloc(1, sizeof *r);
    if (!r) return grm_fail_memory(err);
    r->texture = (grm_texture){record_render, record_free};
    r->preset = preset;
    r->rng = grm_rng_branch(rng, "texture", 0);
    bool vinyl = preset->sound == GRM_TEXTURE_VINYL, tape = preset->sound == GRM_TEXTURE_TAPE;
    r->high_tuning = grm_svf_tune(vinyl ? 800 : tape ? 300 : 4900, 1.41f);
    r->low_tuning = grm_svf_tune(7000, 1.41f);
    r->rumble_tuning = grm_svf_tune(40, 0.9f);
    r->hum_tuning = grm_svf_tune(120, 0.12f);
    for (int c = 0; c < 2; c++) {
        r->pink[c].noise = grm_hiss_new(&r->rng);
        r->white[c] = grm_hiss_new(&r->rng);
    }
    for (size_t i = 0; i < SCRATCHES; i++) {
        r->scratches[i].at = (int64_t)grm_rng_below(&r->rng, (unsigned)(1.8 * GRM_RATE));
        r->scratches[i].hz = grm_rng_between(&r->rng, 700, 4000);
        r->scratches[i].level = grm_db_to_gain(grm_rng_between(&r->rng, -34, -22));
        r->scratches[i].pan = grm_rng_between(&r->rng, -0.6f, 0.6f);
    }
    for (size_t i = 0; i < GRM_COUNT(r->drift); i++) r->drift[i] = grm_wander_new(&r->rng, 0.6f, 2.5f);
    r->next_click = wait(&r->rng, 20);
    r->next_pop = wait(&r->rng, 1);
    *out = &r->texture;
    return GRM_OK;
}
