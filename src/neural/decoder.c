#include "neural/decoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EPSILON 1e-5f

static grm_norm take_norm(grm_weights *w, size_t width, const char *stem, size_t layer, const char *name) {
    return (grm_norm){grm_weights_take(w, width, 0, "%s.%zu.%s.weight", stem, layer, name),
                      grm_weights_take(w, width, 0, "%s.%zu.%s.bias", stem, layer, name)};
}

void grm_decoder_load(grm_decoder *d, const grm_decoder_config *config, bool cross, grm_weights *w) {
    static const char stem[] = "decoder.model.decoder.layers";
    size_t width = config->width;
    d->config = *config;
    d->cross = cross;
    for (size_t k = 0; k < config->codebooks; k++) {
        d->embedding[k] =
            grm_weights_take(w, config->codes + 1, width, "decoder.model.decoder.embed_tokens.%zu.weight", k);
        d->heads[k] = grm_weights_linear(w, config->codes, width, false, "decoder.lm_heads.%zu", k);
    }
    d->norm = (grm_norm){grm_weights_take(w, width, 0, "decoder.model.decoder.layer_norm.weight"),
                         grm_weights_take(w, width, 0, "decoder.model.decoder.layer_norm.bias")};
    d->layers = w->status ? NULL : grm_memory_take(w->memory, config->layers, sizeof *d->layers);
    if (!d->layers && !w->status) w->status = grm_fail_memory(w->err);
    for (size_t i = 0; i < config->layers && !w->status; i++) {
        grm_decoder_layer *l = &d->layers[i];
        l->self_norm = take_norm(w, width, stem, i, "self_attn_layer_norm");
        l->ffn_norm = take_norm(w, width, stem, i, "final_layer_norm");
        l->q = grm_weights_linear(w, width, width, false, "%s.%zu.self_attn.q_proj", stem, i);
        l->k = grm_weights_linear(w, width, width, false, "%s.%zu.self_attn.k_proj", stem, i);
        l->v = grm_weights_linear(w, width, width, false, "%s.%zu.self_attn.v_proj", stem, i);
        l->o = grm_weights_linear(w, width, width, false, "%s.%zu.self_attn.out_proj", stem, i);
        l->up = grm_weights_linear(w, config->ffn, width, false, "%s.%zu.fc1", stem, i);
        l->down = grm_weights_linear(w, width, config->ffn, false, "%s.%zu.fc2", stem, i);
        if (!cross) continue;
        l->cross_norm = take_norm(w, width, stem, i, "encoder_attn_layer_norm");
        l->cross_q = grm_weights_linear(w, width, width, false, "%s.%zu.encoder_attn.q_proj", stem, i);
        l->cross_k = grm_weights_linear(w, width, width, false, "%s.%zu.encoder_attn.k_proj", stem, i);
        l->cross_v = grm_weights_linear(w, width, width, false, "%s.%zu.encoder_attn.v_proj", stem, i);
        l->cross_o = grm_weights_linear(w, width, width, false, "%s.%zu.encoder_attn.out_proj", stem, i);
    }
}

struct grm_decoder_state {
    const grm_decoder *decoder;
    size_t rows, conditioned, positions, at, tokens;
    float *keys, *values;            // [layer][row][head][position][head width]
    float *text_keys, *text_values;  // [layer][head][token][head width]
    float *scores;                   // [row][head][positions or tokens]
    size_t score_stride;
    // Of one run, grown as needed: [rows * count][...].
    size_t room;
    float *normed, *q, *k, *v, *mixed, *out, *up;
};

grm_status grm_decoder_state_new(const grm_decoder *decoder, size_t rows, size_t conditioned, size_t positions,
                                 grm_decoder_state **out, grm_error *err) {
    const grm_decoder_config *c = &decoder->config;
    *out = NULL;
    grm_decoder_state *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    s->decoder = decoder;
    s->rows = rows;
    s->conditioned = conditioned;
    s->positions = positions;
    if (positions < SIZE_MAX / 16 / (c->layers * rows * c->width)) {
        size_t count = c->layers * rows * positions * c->width;
        s->keys = malloc(count * sizeof *s->keys);
        s->values = malloc(count * sizeof *s->values);
    }
    if (!s->keys || !s->values) {
        grm_decoder_state_free(s);
        return grm_fail_memory(err);
    }
    *out = s;
    return GRM_OK;
}

static void free_room(grm_decoder_state *s) {
    free(s->normed);  // holds them all
    s->normed = NULL;
    s->room = 0;
}

void grm_decoder_state_free(grm_decoder_state *s) {
    if (!s) return;
    free_room(s);
    free(s->keys);
    free(s->values);
    free(s->text_keys);
    free(s->text_values);
    free(s->scores);
    free(s);
}

void grm_decoder_state_rewind(grm_decoder_state *s) {
    s->at = 0;
}

static bool make_scores(grm_decoder_state *s) {
    size_t longest = s->positions > s->tokens ? s->positions : s->tokens;
    if (s->scores && s->score_stride >= longest) return true;
    free(s->scores);
    s->score_stride = longest;
    s->scores = malloc(s->rows * s->decoder->config.heads * longest * sizeof *s->scores);
    return s->scores != NULL;
}

static bool make_room(grm_decoder_state *s, size_t count) {
    const grm_decoder_config *c = &s->decoder->config;
    if (s->room >= count) return true;
    free_room(s);
    float *next = malloc(count * (6 * c->width + c->ffn) * sizeof *next);
    if (!next) return false;
    s->normed = next, next += count * c->width;
    s->q = next, next += count * c->width;
    s->k = next, next += count * c->width;
    s->v = next, next += count * c->width;
    s->mixed = next, next += count * c->width;
    s->out = next, next += count * c->width;
    s->up = next;
    s->room = count;
    return true;
}

// [token][width] -> [head][token][head width].
static void split_heads(const float *x, size_t tokens, size_t heads, size_t head, float *out) {
    for (size_t h = 0; h < heads; h++)
        for (size_t t = 0; t < tokens; t++)
            memcpy(out + (h * tokens + t) * head, x + (t * heads + h) * head, head * sizeof *out);
}

grm_status grm_decoder_read_text(grm_decoder_state *s, const grm_compute *compute, const float *text, size_t tokens,
                                 grm_error *err) {
    const grm_decoder_config *c = &s->decoder->config;
    size_t layer = tokens * c->width;
    free(s->text_keys);
    free(s->text_values);
    s->text_keys = malloc(c->layers * layer * sizeof *text);
    s->text_values = malloc(c->layers * layer * sizeof *text);
    s->tokens = tokens;
    float *raw = malloc(layer * sizeof *raw);
    if (!s->text_keys || !s->text_values || !raw) {
        free(raw);
        return grm_fail_memory(err);
    }
    for (size_t i = 0; i < c->layers; i++) {
        const grm_decoder_layer *l = &s->decoder->layers[i];
        grm_linear_run(compute, &l->cross_k, text, c->width, tokens, raw, c->width);
        split_heads(raw, tokens, c->heads, c->width / c->heads, s->text_keys + i * layer);
        grm_linear_run(compute, &l->cross_v, text, c->width, tokens, raw, c->width);
        split_heads(raw, tokens, c->heads, c->width / c->heads, s->text_values + i * layer);
    }
    free(raw);
    return GRM_OK;
}

void grm_decoder_embed(const grm_decoder *d, const uint16_t *codes, float *x) {
    memcpy(x, d->embedding[0] + codes[0] * d->config.width, d->config.width * sizeof *x);
    for (size_t k = 1; k < d->config.codebooks; k++)
        grm_add(x, d->embedding[k] + codes[k] * d->config.width, d->config.width);
}

// Positions as sines: cosines in the first half of the width, sines in the second, in float32 as the reference.
static void add_position(float *x, size_t width, size_t position) {
    size_t half = width / 2;
    for (size_t i = 0; i < half; i++) {
        float frequency = half > 1 ? (float)exp(-(double)i * (log(10000.0) / (double)(half - 1))) : 1;
        float angle = (float)position * frequency;
        x[i] += (float)cos((double)angle);
        x[half + i] += (float)sin((double)angle);
    }
}

// ---- attention, one head of one row at a time ----

typedef struct attention {
    grm_compute alone;  // no threads inside a head
    const float *q;     // [rows * count][width]
    const float *keys, *values;
    size_t row_stride;  // of keys and values; 0: all rows share them
    size_t head_stride, seen, count, heads, head;
    bool causal;
    float *scores;
    size_t score_stride;
    float *out;  // [rows * count][width]
    float scale;
} attention;

static void attend_head(void *context, size_t index) {
    const attention *a = context;
    size_t row = index / a->heads, h = index % a->heads, width = a->heads * a->head;
    const float *keys = a->keys + row * a->row_stride + h * a->head_stride;
    const float *values = a->values + row * a->row_stride + h * a->head_stride;
    float *scores = a->scores + index * a->score_stride;
    for (size_t i = 0; i < a->count; i++) {
        size_t seen = a->causal ? a->seen - a->count + 1 + i : a->seen;
        const grm_linear all = {seen, a->head, keys, NULL};
        size_t place = (row * a->count + i) * width + h * a->head;
        grm_linear_run(&a->alone, &all, a->q + place, a->head, 1, scores, seen);
        for (size_t t = 0; t < seen; t++) scores[t] *= a->scale;
        grm_softmax(scores, seen);
        memset(a->out + place, 0, a->head * sizeof *a->out);
        for (size_t t = 0; t < seen; t++) grm_axpy(a->out + place, scores[t], values + t * a->head, a->head);
    }
}

static void attend(const grm_compute *compute, attention *a, size_t rows) {
    enum { WORTH_SPREADING = 1 << 15 };
    a->alone = (grm_compute){NULL, compute->dots};
    if (compute->pool && rows * a->heads * a->head * a->seen * a->count >= WORTH_SPREADING)
        grm_pool_run(compute->pool, rows * a->heads, attend_head, a);
    else
        for (size_t i = 0; i < rows * a->heads; i++) attend_head(a, i);
}

static void remember(grm_decoder_state *s, size_t layer, size_t count) {
    const grm_decoder_config *c = &s->decoder->config;
    size_t head = c->width / c->heads;
    for (size_t r = 0; r < s->rows; r++)
        for (size_t i = 0; i < count; i++)
            for (size_t h = 0; h < c->heads; h++) {
                size_t to = (((layer * s->rows + r) * c->heads + h) * s->positions + s->at + i) * head;
                size_t from = (r * count + i) * c->width + h * head;
                memcpy(s->keys + to, s->k + from, head * sizeof *s->k);
                memcpy(s->values + to, s->v + from, head * sizeof *s->v);
            }
}

static void normalize(const grm_norm *norm, const float *x, size_t rows, size_t width, float *y) {
    for (size_t r = 0; r < rows; r++)
        grm_layer_norm(x + r * width, norm->weight, norm->bias, width, EPSILON, y + r * width);
}

static void run_self(grm_decoder_state *s, const grm_compute *compute, size_t layer, float *x, size_t count) {
    const grm_decoder_config *c = &s->decoder->config;
    const grm_decoder_layer *l = &s->decoder->layers[layer];
    size_t width = c->width, rows = s->rows * count, all = s->rows * s->positions * width;
    normalize(&l->self_norm, x, rows, width, s->normed);
    grm_linear_run(compute, &l->q, s->normed, width, rows, s->q, width);
    grm_linear_run(compute, &l->k, s->normed, width, rows, s->k, width);
    grm_linear_run(compute, &l->v, s->normed, width, rows, s->v, width);
    remember(s, layer, count);
    attention a = {.q = s->q,
                   .keys = s->keys + layer * all,
                   .values = s->values + layer * all,
                   .row_stride = s->positions * width,
                   .head_stride = s->positions * (width / c->heads),
                   .seen = s->at + count,
                   .count = count,
                   .heads = c->heads,
                   .head = width / c->heads,
                   .causal = true,
                   .scores = s->scores,
                   .score_stride = s->score_stride,
                   .out = s->mixed,
                   .scale = 1 / sqrtf((float)(width / c->heads))};
    attend(compute, &a, s->rows);
    grm_linear_run(compute, &l->o, s->mixed, width, rows, s->out, width);
    grm_add(x, s->out, rows * width);
}

static void run_cross(grm_decoder_state *s, const grm_compute *compute, size_t layer, float *x, size_t count) {
    const grm_decoder_config *c = &s->decoder->config;
    const grm_decoder_layer *l = &s->decoder->layers[layer];
    size_t width = c->width, rows = s->conditioned * count;
    normalize(&l->cross_norm, x, rows, width, s->normed);
    grm_linear_run(compute, &l->cross_q, s->normed, width, rows, s->q, width);
    attention a = {.q = s->q,
                   .keys = s->text_keys + layer * s->tokens * width,
                   .values = s->text_values + layer * s->tokens * width,
                   .head_stride = s->tokens * (width / c->heads),
                   .seen = s->tokens,
                   .count = count,
                   .heads = c->heads,
                   .head = width / c->heads,
                   .scores = s->scores,
                   .score_stride = s->score_stride,
                   .out = s->mixed,
                   .scale = 1 / sqrtf((float)(width / c->heads))};
    attend(compute, &a, s->conditioned);
    grm_linear_run(compute, &l->cross_o, s->mixed, width, rows, s->out, width);
    grm_add(x, s->out, rows * width);
}

static void activate(grm_activation activation, float *x, size_t count) {
    if (activation == GRM_RELU)
        grm_relu(x, count);
    else
        grm_gelu(x, count);
}

static void run_ffn(grm_decoder_state *s, const grm_compute *compute, size_t layer, float *x, size_t count) {
    const grm_decoder_config *c = &s->decoder->config;
    const grm_decoder_layer *l = &s->decoder->layers[layer];
    size_t rows = s->rows * count;
    normalize(&l->ffn_norm, x, rows, c->width, s->normed);
    grm_linear_run(compute, &l->up, s->normed, c->width, rows, s->up, c->ffn);
    activate(c->activation, s->up, rows * c->ffn);
    grm_linear_run(compute, &l->down, s->up, c->ffn, rows, s->out, c->width);
    grm_add(x, s->out, rows * c->width);
}

grm_status grm_decoder_run(grm_decoder_state *s, const grm_compute *compute, float *x, size_t count, float *logits,
                           grm_error *err) {
    const grm_decoder_config *c = &s->decoder->config;
    if (!make_scores(s) || !make_room(s, s->rows * count)) return grm_fail_memory(err);
    for (size_t r = 0; r < s->rows; r++)
        for (size_t i = 0; i < count; i++) add_position(x + (r * count + i) * c->width, c->width, s->at + i);
    for (size_t i = 0; i < c->layers; i++) {
        run_self(s, compute, i, x, count);
        if (s->decoder->cross && s->conditioned) run_cross(s, compute, i, x, count);
        run_ffn(s, compute, i, x, count);
    }
    s->at += count;
    for (size_t r = 0; r < s->rows && logits; r++)
        normalize(&s->decoder->norm, x + (r * count + count - 1) * c->width, 1, c->width, s->normed + r * c->width);
    for (size_t k = 0; k < c->codebooks && logits; k++)
        grm_linear_run(compute, &s->decoder->heads[k], s->normed, c->width, s->rows, logits + k * c->codes,
                       c->codebooks * c->codes);
    return GRM_OK;
}
