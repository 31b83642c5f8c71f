// Textures are beds: they fade in while any key is down and out when none is.
#include "synth/voice_texture.h"

#include <stdlib.h>

typedef struct bed {
    grm_engine engine;
    const grm_voice_preset *preset;
    grm_texture *texture;
    int held;
    float level, wanted;
    grm_svf lowpass[2];
} bed;

static void bed_press(grm_engine *engine, const grm_press *press) {
    bed *b = (bed *)engine;
    b->held++;
    b->wanted = powf(press->velocity * 0.01f, b->preset->velocity);
}

static void bed_release(grm_engine *engine, int32_t note) {
    (void)note;
    bed *b = (bed *)engine;
    if (b->held > 0) b->held--;
}

static bool bed_render(grm_engine *engine, const grm_expression *x, size_t frames, float *left, float *right) {
    bed *b = (bed *)engine;
    float to = b->held > 0 ? b->wanted : 0;
    if (to <= 0 && b->level <= 0) return false;
    const grm_adsr *c = &b->preset->contour;
    float ms = to > b->level ? c->attack_ms : c->release_ms;
    float next = b->level + (to - b->level) * (1 - exp2f(-9.9657843f / (ms * (GRM_RATE * 0.001f)) * (float)frames));
    if (fabsf(next - to) < 2e-5f) next = to;
    float l[GRM_STRETCH] = {0}, r[GRM_STRETCH] = {0};
    b->texture->render(b->texture, frames, l, r);
    if (x->brightness < 0) {  // a filter that closes on it
        grm_svf_tuning tuning = grm_svf_tune(18000 * exp2f(2 * x->brightness), 1.4142136f);
        grm_svf_low_pair(b->lowpass, &tuning, frames, l, r);
    }
    float step = (next - b->level) / (float)frames;
    for (size_t i = 0; i < frames; i++) {
        float a = b->level + step * (float)(i + 1);
        left[i] += a * l[i];
        right[i] += a * r[i];
    }
    b->level = next;
    return true;
}

static void bed_free(grm_engine *engine) {
    bed *b = (bed *)engine;
    if (b->texture) b->texture->free(b->texture);
    free(b);
}

grm_status grm_texture_new(const grm_voice_preset *preset, const grm_rng *rng, grm_engine **out, grm_error *err) {
    *out = NULL;
    bed *b = calloc(1, sizeof *b);
    if (!b) return grm_fail_memory(err);
    b->engine = (grm_engine){bed_press, bed_release, bed_render, bed_free};
    b->preset = preset;
    grm_status status;
    switch ((grm_sound_kind)preset->sound) {
        case GRM_TEXTURE_VINYL:
        case GRM_TEXTURE_TAPE:
        case GRM_TEXTURE_ROOM:
            status = grm_record_new(preset, rng, &b->texture, err);
            break;
        case GRM_TEXTURE_CROWD:
            status = grm_crowd_new(preset, rng, &b->texture, err);
            break;
        case GRM_TEXTURE_RAIN:
        case GRM_TEXTURE_WIND:
        case GRM_TEXTURE_OCEAN:
            status = grm_weather_new(preset, rng, &b->texture, err);
            break;
        default:
            status = grm_fail(err, GRM_BAD_INPUT, "data/voices.yaml: a voice of engine texture has the sound of an fx");
            break;
    }
    if (status) {
        bed_free(&b->engine);
        return status;
    }
    *out = &b->engine;
    return GRM_OK;
}
