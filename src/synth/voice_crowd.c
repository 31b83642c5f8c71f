// A room full of talk: a few voices of buzz and formants that say nothing in particular, near and far.
#include <stdlib.h>

#include "synth/voice_texture.h"

enum { TALKERS = 18, FORMANTS = 3 };

typedef struct talker {
    float base_hz, level, pan[2], tract;  // tract: formants of this throat beside an average one
    int64_t syllable, length, pause;      // frames into the syllable, its length; frames of silence left
    int syllables;                        // until the next breath
    float stress, hz, target_hz;
    float formant[FORMANTS], target[FORMANTS];
    float breath;  // share of noise in this syllable's start
    uint32_t phase;
    float gain;
    grm_svf band[FORMANTS], hiss;
} talker;

typedef struct crowd {
    grm_texture texture;
    grm_rng rng;
    grm_wavetable *saw;
    grm_hiss noise;
    grm_pink murmur[2];
    grm_svf low[2];
    grm_svf_tuning low_tuning, hiss_tuning;
    talker talkers[TALKERS];
} crowd;

// First two formants of vowels, Hz (Peterson and Barney 1952, men), rounded.
static const float vowels[][2] = {{270, 2290}, {390, 1990}, {530, 1840}, {660, 1720}, {730, 1090},
                                  {570, 840},  {440, 1020}, {300, 870},  {640, 1190}, {490, 1350}};

static void next_syllable(crowd *c, talker *t) {
    grm_rng *rng = &c->rng;
    if (--t->syllables <= 0) {
        t->syllables = 4 + (int)grm_rng_below(rng, 14);
        t->pause = (int64_t)(grm_rng_between(rng, 0.2f, 2.4f) * GRM_RATE);
    }
    const float *vowel = vowels[grm_rng_below(rng, GRM_COUNT(vowels))];
    t->target[0] = vowel[0] * t->tract;
    t->target[1] = vowel[1] * t->tract;
    t->target[2] = 2600 * t->tract;
    t->syllable = 0;
    t->length = (int64_t)(grm_rng_between(rng, 0.13f, 0.27f) * GRM_RATE);
    t->stress = grm_db_to_gain(grm_rng_between(rng, -9, 0));
    t->breath = grm_rng_chance(rng, 0.4f) ? 1 : 0.1f;
    // speech falls towards the breath
    float place = (float)(t->syllables > 10 ? 10 : t->syllables) / 10 - 0.4f;
    t->target_hz = t->base_hz * exp2f(0.45f * place + 0.12f * grm_rng_normal(rng));
}

static void run_talker(crowd *c, talker *t, size_t frames, float *left, float *right) {
    if (t->pause > 0) {
        t->pause -= (int64_t)frames;
        if (t->gain < 1e-4f) return;
    } else {
        t->syllable += (int64_t)frames;
        if (t->syllable >= t->length) next_syllable(c, t);
    }
    float place = (float)t->syllable / (float)t->length;
    float open = t->pause > 0 ? 0 : sinf((float)GRM_PI * (place > 1 ? 1 : place));
    float to = t->stress * sqrtf(open > 0 ? open : 0), hiss = t->pause > 0 || place > 0.3f ? 0 : t->breath * t->stress;
    float share = 1 - expf(-(float)frames / (0.03f * GRM_RATE));
    t->hz += share * (t->target_hz - t->hz);
    static const float k[FORMANTS] = {0.16f, 0.09f, 0.08f}, gain[FORMANTS] = {1, 0.95f, 0.6f};
    grm_svf_tuning tuning[FORMANTS];
    for (int f = 0; f < FORMANTS; f++) {
        t->formant[f] += share * (t->target[f] - t->formant[f]);
        tuning[f] = grm_svf_tune(t->formant[f], k[f]);
    }
    uint32_t increment = grm_phase_increment(t->hz);
    const grm_wave_point *wave = grm_wavetable_at(c->saw, increment);
    float step = (to - t->gain) / (float)frames;
    for (size_t i = 0; i < frames; i++) {
        float x = grm_wave_read(wave, t->phase) * t->gain, noise = 0.12f * hiss * grm_hiss_next(&c->noise);
        t->phase += increment;
        t->gain += step;
        float y = 0.8f * grm_svf_next(&t->hiss, noise, &c->hiss_tuning).high;  // s and t
        for (int f = 0; f < FORMANTS; f++)
            y += gain[f] * k[f] * grm_svf_next(&t->band[f], x + 0.1f * noise, &tuning[f]).band;
        left[i] += t->level * t->pan[0] * y;
        right[i] += t->level * t->pan[1] * y;
    }
    t->gain = to;
}

static void crowd_render(grm_texture *texture, size_t frames, float *left, float *right) {
    crowd *c = (crowd *)texture;
    for (int i = 0; i < TALKERS; i++) run_talker(c, &c->talkers[i], frames, left, right);
    for (size_t i = 0; i < frames; i++)
        for (int side = 0; side < 2; side++)
            (side ? right : left)[i] +=
                0.012f * grm_svf_next(&c->low[side], grm_pink_next(&c->murmur[side]), &c->low_tuning).low;
}

static void crowd_free(grm_texture *texture) {
    crowd *c = (crowd *)texture;
    grm_wavetable_free(c->saw);
    free(c);
}

grm_status grm_crowd_new(const grm_voice_preset *preset, const grm_rng *rng, grm_texture **out, grm_error *err) {
    (void)preset;
    *out = NULL;
    crowd *c = calloc(1, sizeof *c);
    if (!c) return grm_fail_memory(err);
    c->texture = (grm_texture){crowd_render, crowd_free};
    c->rng = grm_rng_branch(rng, "texture", 0);
    c->noise = grm_hiss_new(&c->rng);
    c->low_tuning = grm_svf_tune(610, 1);
    c->hiss_tuning = grm_svf_tune(3000, 1);
    for (int side = 0; side < 2; side++) c->murmur[side].noise = grm_hiss_new(&c->rng);
    for (int i = 0; i < TALKERS; i++) {
        talker *t = &c->talkers[i];
        bool high = i % 2;
        t->base_hz = high ? grm_rng_between(&c->rng, 165, 240) : grm_rng_between(&c->rng, 88, 140);
        t->tract = high ? grm_rng_between(&c->rng, 1.1f, 1.22f) : grm_rng_between(&c->rng, 0.94f, 1.05f);
        t->level = grm_db_to_gain(grm_rng_between(&c->rng, -16, -2));
        grm_pan(1.8f * ((float)i + 0.5f) / TALKERS - 0.9f, &t->pan[0], &t->pan[1]);
        t->syllables = (int)grm_rng_below(&c->rng, 12);
        next_syllable(c, t);
        t->syllable = t->length / 2;
        t->pause = (int64_t)(grm_rng_between(&c->rng, 0, 1.5f) * GRM_RATE);
        t->hz = t->target_hz;
        for (int f = 0; f < FORMANTS; f++) t->formant[f] = t->target[f];
    }
    grm_status status = grm_wavetable_new(GRM_WAVE_SAW, NULL, 0, &c->saw, err);
    if (status) {
        crowd_free(&c->texture);
        return status;
    }
    *out = &c->texture;
    return GRM_OK;
}
