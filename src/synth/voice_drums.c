// Drum machines: each piece is a few layers of swept tones, shaped noise and metal, struck and left to ring.
#include <stdlib.h>
#include <string.h>

#include "compose/compose.h"
#include "synth/voice_engine.h"

enum { HITS = 24, KEYS = 128 };

typedef struct layer_state {
    bool sounding;
    float level, decay, tail_level, tail_decay;  // levels now, factors a frame
    float attack_step, attack;
    float main, burst_decay;
    int64_t hold;                        // frames left at full level
    int bursts, burst_frames, burst_at;  // strokes left to come, frames between and until the next
    float sweep, sweep_decay, sweep2, sweep2_decay;
    uint32_t phase;
    float hz;
    uint32_t metal_phase[GRM_MAX_PARTIALS], metal_increment[GRM_MAX_PARTIALS];
    const grm_wave_point *metal_wave[GRM_MAX_PARTIALS];
    float cutoff_hz, cutoff, cutoff_decay;
    grm_svf_tuning highpass_tuning;
    grm_svf filter[2], highpass[2];
    grm_hiss noise[2];
    grm_softener softener[2];
} layer_state;

typedef struct hit {
    bool sounding;
    uint64_t age;
    int piece;
    float pan[2];           // with the piece's level
    float fade, fade_step;  // 1, or falling when it was choked
    grm_softener softener[2];
    layer_state layers[GRM_MAX_LAYERS];
} hit;

typedef struct drums {
    grm_engine engine;
    const grm_voice_preset *preset;
    grm_wavetable *tables[GRM_WAVE_SINE + 1];
    grm_rng rng;
    int tonic;   // pitch class of the music's, -1 unknown
    bool minor;  // of the music
    uint64_t presses;
    hit hits[HITS];
} drums;

// ---- the General MIDI percussion map, with the neighbours that share a piece ----

typedef struct key_piece {
    uint8_t key, piece;
    int8_t semitones;
    float decay;
} key_piece;

static const key_piece keys[] = {
    {26, GRM_PIECE_SNAP, 0, 1},       {27, GRM_PIECE_BLOCK, 7, 0.6f},   {28, GRM_PIECE_CLAP, 0, 0.5f},
    {31, GRM_PIECE_RIM, 0, 1},        {32, GRM_PIECE_RIM, 5, 0.7f},     {33, GRM_PIECE_CLAVE, -5, 0.5f},
    {34, GRM_PIECE_BELL, 0, 0.5f},    {35, GRM_PIECE_KICK, 0, 1},       {36, GRM_PIECE_KICK, 0, 1},
    {37, GRM_PIECE_RIM, 0, 1},        {38, GRM_PIECE_SNARE, 0, 1},      {39, GRM_PIECE_CLAP, 0, 1},
    {40, GRM_PIECE_SNARE2, 0, 1},     {41, GRM_PIECE_TOM4, 0, 1},       {42, GRM_PIECE_HAT, 0, 1},
    {43, GRM_PIECE_TOM4, 3, 1},       {44, GRM_PIECE_PEDAL, 0, 1},      {45, GRM_PIECE_TOM3, 0, 1},
    {46, GRM_PIECE_OPEN, 0, 1},       {47, GRM_PIECE_TOM3, 3, 1},       {48, GRM_PIECE_TOM2, 0, 1},
    {49, GRM_PIECE_CRASH, 0, 1},      {50, GRM_PIECE_TOM1, 0, 1},       {51, GRM_PIECE_RIDE, 0, 1},
    {52, GRM_PIECE_CHINA, 0, 1},      {53, GRM_PIECE_BELL, 0, 1},       {54, GRM_PIECE_TAMBOURINE, 0, 1},
    {55, GRM_PIECE_SPLASH, 0, 1},     {56, GRM_PIECE_COWBELL, 0, 1},    {57, GRM_PIECE_CRASH, 2, 1.1f},
    {58, GRM_PIECE_SHAKER, -5, 4},    {59, GRM_PIECE_RIDE, 2, 1},       {60, GRM_PIECE_BONGO, 0, 1},
    {61, GRM_PIECE_BONGO_LOW, 0, 1},  {62, GRM_PIECE_CONGA_MUTE, 0, 1}, {63, GRM_PIECE_CONGA, 0, 1},
    {64, GRM_PIECE_CONGA_LOW, 0, 1},  {65, GRM_PIECE_TOM1, 5, 0.6f},    {66, GRM_PIECE_TOM1, 1, 0.6f},
    {67, GRM_PIECE_COWBELL, 8, 0.8f}, {68, GRM_PIECE_COWBELL, 3, 0.8f}, {69, GRM_PIECE_SHAKER, 3, 1.3f},
    {70, GRM_PIECE_SHAKER, 5, 0.8f},  {73, GRM_PIECE_SHAKER, -2, 1.5f}, {74, GRM_PIECE_SHAKER, -2, 4},
    {75, GRM_PIECE_CLAVE, 0, 1},      {76, GRM_PIECE_BLOCK, 0, 1},      {77, GRM_PIECE_BLOCK, -5, 1},
    {78, GRM_PIECE_CONGA_MUTE, 7, 1}, {79, GRM_PIECE_CONGA, 5, 1},      {80, GRM_PIECE_TRIANGLE, 0, 0.12f},
    {81, GRM_PIECE_TRIANGLE, 0, 1},   {82, GRM_PIECE_SHAKER, 0, 1},     {83, GRM_PIECE_TAMBOURINE, 4, 1.5f},
    {85, GRM_PIECE_CLAVE, -7, 0.6f},  {86, GRM_PIECE_TOM4, -3, 1.2f},   {87, GRM_PIECE_TOM4, -3, 1.6f},
};

static const key_piece *find_key(int key) {
    for (size_t i = 0; i < GRM_COUNT(keys); i++)
        if (keys[i].key == key) return &keys[i];
    return NULL;
}

// ---- striking ----

// How one stroke differs from the last.
typedef struct stroke {
    float velocity;  // 1 at 100
    float tune, decay, octaves, gain;
} stroke;

static float fall_factor(float ms) {
    return 1.0f - grm_fall(ms);
}

static void start_metal(const drums *s, const grm_layer *layer, layer_state *state, grm_rng *rng) {
    for (size_t i = 0; i < layer->partial_count; i++) {
        uint32_t increment = grm_phase_increment(state->hz * layer->partials[i]);
        state->metal_increment[i] = increment;
        state->metal_wave[i] = grm_wavetable_at(s->tables[GRM_WAVE_PULSE], increment);
        state->metal_phase[i] = grm_rng_u32(rng);
    }
}

static void start_layer(const drums *s, const grm_piece *piece, const grm_layer *layer, const stroke *how,
                        layer_state *state, grm_rng *rng) {
    memset(state, 0, sizeof *state);
    state->sounding = true;
    state->level = grm_db_to_gain(layer->level_db) * powf(how->velocity, layer->velocity) * how->gain;
    float longer = piece->decay * how->decay;
    state->decay = fall_factor(layer->decay_ms * longer);
    state->main = 1;
    if (layer->tail_ms > 0) {
        state->tail_level = grm_db_to_gain(layer->tail_db);
        state->tail_decay = fall_factor(layer->tail_ms * longer);
    }
    float attack = layer->attack_ms * (GRM_RATE * 0.001f);
    state->attack_step = attack > 1 ? 1 / attack : 1;
    state->hold = (int64_t)(layer->hold_ms * longer * (GRM_RATE * 0.001f));
    state->bursts = layer->bursts - 1;
    state->burst_frames = state->burst_at =
        (int)(layer->burst_ms * (GRM_RATE * 0.001f) * grm_rng_between(rng, 0.94f, 1.06f));
    state->burst_decay = fall_factor(layer->burst_ms * 2.2f);
    state->hz = layer->hz * how->tune;
    state->sweep = layer->sweep - 1;
    state->sweep_decay = fall_factor(layer->sweep_ms);
    state->sweep2 = layer->sweep2 - 1;
    state->sweep2_decay = fall_factor(layer->sweep2_ms);
    state->cutoff_hz = layer->cutoff_hz * exp2f(how->octaves + piece->brightness);
    state->cutoff = layer->cutoff_sweep - 1;
    state->cutoff_decay = fall_factor(layer->cutoff_ms);
    state->highpass_tuning = grm_svf_tune(layer->highpass_hz * exp2f(piece->brightness), 1.4142136f);
    for (int c = 0; c < 2; c++) {
        state->noise[c] = grm_hiss_new(rng);
        state->softener[c] = grm_softener_new();
    }
    if (layer->source == GRM_LAYER_METAL) start_metal(s, layer, state, rng);
}

static bool is_cymbal(int piece) {
    return piece == GRM_PIECE_RIDE || piece == GRM_PIECE_CRASH || piece == GRM_PIECE_CHINA ||
           piece == GRM_PIECE_SPLASH || piece == GRM_PIECE_BELL || piece == GRM_PIECE_TRIANGLE;
}

static void fade_out(hit *h, float ms) {
    float step = fall_factor(ms);
    if (step < h->fade_step) h->fade_step = step;
}

// A new stroke stops what the same skin still sounds, and closed hats stop open ones.
static void make_room(drums *s, int piece) {
    for (size_t i = 0; i < HITS; i++) {
        hit *h = &s->hits[i];
        if (!h->sounding) continue;
        if (s->preset->pieces[piece].choke && s->preset->pieces[h->piece].choke)
            fade_out(h, 40);
        else if (h->piece == piece)
            fade_out(h, is_cymbal(piece) ? 900 : 60);
    }
}

static hit *take_hit(drums *s) {
    hit *oldest = &s->hits[0];
    for (size_t i = 0; i < HITS; i++) {
        if (!s->hits[i].sounding) return &s->hits[i];
        if (s->hits[i].age < oldest->age) oldest = &s->hits[i];
    }
    return oldest;
}

static float nearest_octave(float semitones) {
    float off = fmodf(semitones, 12);
    return off > 6 ? off - 12 : off < -6 ? off + 12 : off;
}

// Semitones that bring a kick's settled tone to the nearest tonic of the key, since its hum is the lowest note of the
// music, and a foreign one sounds sour under it. Where that is too far, in minor, to the third above, the tonic of the
// relative key. The fifth would lie nearer, but a hum on it makes the dominant the key that is heard.
static float kick_tuning(const drums *s, const grm_piece *piece, int key) {
    const grm_layer *body = &piece->layers[0];
    if (s->tonic < 0 || (key != 35 && key != 36) || body->source != GRM_LAYER_TONE) return 0;
    float pitch = 69 + 12 * log2f(body->hz / 440) + piece->tune, off = nearest_octave((float)s->tonic - pitch);
    return s->minor && fabsf(off) > 4.5f ? nearest_octave((float)s->tonic + 3 - pitch) : off;
}

static void drums_press(grm_engine *engine, const grm_press *press) {
    drums *s = (drums *)engine;
    const key_piece *key = find_key(press->key);
    if (!key) return;
    const grm_piece *piece = &s->preset->pieces[key->piece];
    if (!piece->layer_count) return;
    make_room(s, key->piece);
    grm_rng rng = grm_rng_branch(&s->rng, "stroke", (unsigned)s->presses);
    stroke how = {.velocity = press->velocity * 0.01f};
    float semitones = piece->tune + (float)key->semitones + kick_tuning(s, piece, press->key);
    how.tune = exp2f((semitones + grm_rng_between(&rng, -0.07f, 0.07f)) / 12);
    how.decay = key->decay * (0.8f + 0.2f * how.velocity) * grm_rng_between(&rng, 0.96f, 1.04f);
    how.octaves = 0.9f * (how.velocity - 1) + grm_rng_between(&rng, -0.08f, 0.08f);
    how.gain = grm_db_to_gain(grm_rng_between(&rng, -0.4f, 0.4f));
    hit *h = take_hit(s);
    h->sounding = true;
    h->age = ++s->presses;
    h->piece = key->piece;
    h->fade = h->fade_step = 1;
    grm_pan(piece->pan, &h->pan[0], &h->pan[1]);
    for (int c = 0; c < 2; c++) h->pan[c] *= grm_db_to_gain(piece->level_db);
    for (int c = 0; c < 2; c++) h->softener[c] = grm_softener_new();
    for (size_t i = 0; i < GRM_MAX_LAYERS; i++) h->layers[i].sounding = false;
    for (size_t i = 0; i < piece->layer_count; i++) start_layer(s, piece, &piece->layers[i], &how, &h->layers[i], &rng);
}

static void drums_release(grm_engine *engine, int32_t note) {
    (void)engine;
    (void)note;
}

// ---- sound ----

static void run_tone(const drums *s, const grm_layer *layer, layer_state *state, size_t frames, float *x) {
    // the wave of the highest pitch in this stretch
    float top = state->hz * (1 + (state->sweep > 0 ? state->sweep : 0)) * (1 + (state->sweep2 > 0 ? state->sweep2 : 0));
    const grm_wave_point *wave = grm_wavetable_at(s->tables[layer->shape], grm_phase_increment(top));
    for (size_t i = 0; i < frames; i++) {
        x[i] = grm_wave_read(wave, state->phase);
        float hz = state->hz * (1 + state->sweep) * (1 + state->sweep2);
        state->phase += grm_phase_increment(hz);
        state->sweep *= state->sweep_decay;
        state->sweep2 *= state->sweep2_decay;
    }
    if (fabsf(state->sweep) < 1e-6f) state->sweep = 0;
    if (fabsf(state->sweep2) < 1e-6f) state->sweep2 = 0;
}

static void run_metal(const grm_layer *layer, layer_state *state, size_t frames, float *x) {
    float scale = 1 / sqrtf((float)layer->partial_count + 1e-6f);
    memset(x, 0, frames * sizeof *x);
    size_t step = layer->ring ? 2 : 1;
    for (size_t p = 0; p + step <= layer->partial_count; p += step) {
        uint32_t a = state->metal_phase[p], da = state->metal_increment[p];
        const grm_wave_point *wa = state->metal_wave[p];
        if (layer->ring) {
            uint32_t b = state->metal_phase[p + 1], db = state->metal_increment[p + 1];
            const grm_wave_point *wb = state->metal_wave[p + 1];
            for (size_t i = 0; i < frames; i++, a += da, b += db)
                x[i] += 1.4f * scale * grm_wave_read(wa, a) * grm_wave_read(wb, b);
            state->metal_phase[p + 1] = b;
        } else {
            for (size_t i = 0; i < frames; i++, a += da) x[i] += scale * grm_wave_read(wa, a);
        }
        state->metal_phase[p] = a;
    }
}

static void run_layer_filter(const grm_layer *layer, layer_state *state, const grm_svf_tuning *tuning, int channel,
                             size_t frames, float *x) {
    grm_svf *f = &state->filter[channel];
    for (size_t i = 0; i < frames; i++) {
        grm_svf_out y = grm_svf_next(f, x[i], tuning);
        x[i] = layer->filter == GRM_LAYER_LOWPASS    ? y.low
               : layer->filter == GRM_LAYER_BANDPASS ? y.band * tuning->k
                                                     : y.high;
    }
}

static void run_highpass(layer_state *state, int channel, size_t frames, float *x) {
    for (size_t i = 0; i < frames; i++)
        x[i] = grm_svf_next(&state->highpass[channel], x[i], &state->highpass_tuning).high;
}

// a: [frames], the level of the stroke. Ends the layer when nothing is left.
static void run_level(layer_state *state, size_t frames, float *a) {
    for (size_t i = 0; i < frames; i++) {
        state->attack = state->attack + state->attack_step < 1 ? state->attack + state->attack_step : 1;
        a[i] = state->level * state->attack * (state->main + state->tail_level);
        state->tail_level *= state->tail_decay;
        if (state->bursts > 0) {
            state->main *= state->burst_decay;
            if (--state->burst_at <= 0) {
                state->main = 1;
                state->burst_at = state->burst_frames;
                state->bursts--;
            }
        } else if (state->hold > 0) {
            state->hold--;
        } else {
            state->main *= state->decay;
        }
    }
    if (state->attack >= 1 && state->bursts == 0 && state->main + state->tail_level < 2e-5f) state->sounding = false;
    if (state->tail_level < 1e-7f) state->tail_level = 0;
}

static void make_source(const drums *s, const grm_layer *layer, layer_state *state, size_t frames, float *l, float *r) {
    if (layer->source == GRM_LAYER_TONE) {
        run_tone(s, layer, state, frames, l);
    } else if (layer->source == GRM_LAYER_METAL) {
        run_metal(layer, state, frames, l);
    } else {
        for (size_t i = 0; i < frames; i++) l[i] = grm_hiss_next(&state->noise[0]);
        if (r) {
            float own = sqrtf(layer->width), shared = sqrtf(1 - layer->width);
            for (size_t i = 0; i < frames; i++) r[i] = shared * l[i] + own * grm_hiss_next(&state->noise[1]);
        }
    }
}

static void run_layer(const drums *s, const grm_layer *layer, layer_state *state, size_t frames, float *left,
                      float *right) {
    float l[GRM_STRETCH], r[GRM_STRETCH], a[GRM_STRETCH];
    bool stereo = layer->source == GRM_LAYER_NOISE && layer->width > 0;
    make_source(s, layer, state, frames, l, stereo ? r : NULL);
    grm_svf_tuning tuning = grm_svf_tune(state->cutoff_hz * (1 + state->cutoff), 1 / layer->q);
    for (int c = 0; c < (stereo ? 2 : 1); c++) {
        if (layer->filter != GRM_LAYER_OPEN) run_layer_filter(layer, state, &tuning, c, frames, c ? r : l);
        if (layer->highpass_hz > 0) run_highpass(state, c, frames, c ? r : l);
    }
    for (size_t i = 0; i < frames; i++) state->cutoff *= state->cutoff_decay;
    if (fabsf(state->cutoff) < 1e-5f) state->cutoff = 0;
    run_level(state, frames, a);
    for (int c = 0; c < (stereo ? 2 : 1); c++) {
        float *x = c ? r : l;
        for (size_t i = 0; i < frames; i++) x[i] *= a[i];
        // driven with its level, so that it gets cleaner as it rings out
        if (layer->drive_db > 0) grm_soften(&state->softener[c], grm_db_to_gain(layer->drive_db), frames, x);
    }
    const float *other = stereo ? r : l;
    for (size_t i = 0; i < frames; i++) {
        left[i] += l[i];
        right[i] += other[i];
    }
}

static void run_hit(const drums *s, hit *h, size_t frames, float *left, float *right) {
    const grm_piece *piece = &s->preset->pieces[h->piece];
    float l[GRM_STRETCH] = {0}, r[GRM_STRETCH] = {0};
    bool sounding = false;
    for (size_t i = 0; i < piece->layer_count; i++) {
        if (!h->layers[i].sounding) continue;
        run_layer(s, &piece->layers[i], &h->layers[i], frames, l, r);
        sounding |= h->layers[i].sounding;
    }
    if (piece->drive_db > 0) {
        float drive = grm_db_to_gain(piece->drive_db);
        grm_soften(&h->softener[0], drive, frames, l);
        grm_soften(&h->softener[1], drive, frames, r);
    }
    for (size_t i = 0; i < frames; i++) {
        h->fade *= h->fade_step;
        left[i] += h->fade * h->pan[0] * l[i];
        right[i] += h->fade * h->pan[1] * r[i];
    }
    h->sounding = sounding && h->fade > 1e-4f;
}

static bool drums_render(grm_engine *engine, const grm_expression *x, size_t frames, float *left, float *right) {
    (void)x;
    drums *s = (drums *)engine;
    bool sounded = false;
    for (size_t i = 0; i < HITS; i++) {
        if (!s->hits[i].sounding) continue;
        run_hit(s, &s->hits[i], frames, left, right);
        sounded = true;
    }
    return sounded;
}

static void drums_free(grm_engine *engine) {
    drums *s = (drums *)engine;
    for (size_t i = 0; i < GRM_COUNT(s->tables); i++) grm_wavetable_free(s->tables[i]);
    free(s);
}

grm_status grm_drums_new(const grm_voice_preset *preset, const grm_key *key, const grm_rng *rng, grm_engine **out,
                         grm_error *err) {
    *out = NULL;
    drums *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    s->engine = (grm_engine){drums_press, drums_release, drums_render, drums_free};
    s->preset = preset;
    s->tonic = key ? key->tonic : -1;
    s->minor = key && grm_mode_is_minor(key->mode);
    s->rng = grm_rng_branch(rng, "drums", 0);
    for (int wave = 0; wave < (int)GRM_COUNT(s->tables); wave++) {
        grm_status status = grm_wavetable_new(wave, NULL, 0, &s->tables[wave], err);
        if (status) {
            drums_free(&s->engine);
            return status;
        }
    }
    *out = &s->engine;
    return GRM_OK;
}
