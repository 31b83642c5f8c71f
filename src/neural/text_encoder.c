#include "neural/text_encoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void grm_text_encoder_load(grm_text_encoder *e, const grm_text_config *config, grm_weights *w) {
    static const char block[] = "text_encoder.encoder.block";
    size_t width = config->width, inner = config->heads * config->head_width;
    e->config = *config;
    const char *embedding = grm_weights_have(w, "text_encoder.shared.weight")
                                ? "text_encoder.shared.weight"
                                : "text_encoder.encoder.embed_tokens.weight";
    e->embedding = grm_weights_table(w, config->vocabulary, width, "%s", embedding);
    e->bias = grm_weights_floats(w, config->buckets, config->heads,
                                 "%s.0.layer.0.SelfAttention.relative_attention_bias.weight", block);
    e->norm = grm_weights_floats(w, width, 1, "text_encoder.encoder.final_layer_norm.weight");
    e->layers = grm_weights_room(w, config->layers, sizeof *e->layers);
    for (size_t i = 0; i < config->layers && !w->status; i++) {
        grm_text_layer *l = &e->layers[i];
        l->attention_norm = grm_weights_floats(w, width, 1, "%s.%zu.layer.0.layer_norm.weight", block, i);
        l->q = grm_weights_matrix(w, GRM_CARE_MUCH, inner, width, "%s.%zu.layer.0.SelfAttention.q", block, i);
        l->k = grm_weights_matrix(w, GRM_CARE_MUCH, inner, width, "%s.%zu.layer.0.SelfAttention.k", block, i);
        l->v = grm_weights_matrix(w, GRM_CARE_MUCH, inner, width, "%s.%zu.layer.0.SelfAttention.v", block, i);
        l->o = grm_weights_matrix(w, GRM_CARE_MUCH, width, inner, "%s.%zu.layer.0.SelfAttention.o", block, i);
        l->ffn_norm = grm_weights_floats(w, width, 1, "%s.%zu.layer.1.layer_norm.weight", block, i);
        if (config->gated)
            l->gate = grm_weights_matrix(w, GRM_CARE_MUCH, config->ffn, width, "%s.%zu.layer.1.DenseReluDense.wi_0",
                                         block, i);
        l->up = grm_weights_matrix(w, GRM_CARE_MUCH, config->ffn, width, "%s.%zu.layer.1.DenseReluDense.%s", block, i,
                                   config->gated ? "wi_1" : "wi");
        l->down =
            grm_weights_matrix(w, GRM_CARE_MUCH, width, config->ffn, "%s.%zu.layer.1.DenseReluDense.wo", block, i);
    }
}

// Half of the buckets for keys behind the query; of each half, the first half is one a position, the rest grows with
// the logarithm (in float32, as the reference computes it).
size_t grm_text_bucket(long relative, size_t buckets, size_t max_distance) {
    size_t half = buckets / 2, exact = half / 2, base = relative > 0 ? half : 0;
    size_t distance = (size_t)(relative < 0 ? -relative : relative);
    if (distance < exact) return base + distance;
    float octaves = logf((float)distance / (float)exact) / (float)log((double)max_distance / (double)exact);
    size_t place = exact + (size_t)(octaves * (float)(half - exact));
    return base + (place < half ? place : half - 1);
}

// Room for one run.
typedef struct room {
    float *normed, *q, *k, *v, *heads, *out, *gate, *up;  // [count][...]
    float *scores;                                        // [count]
    float *bias;                                          // [heads][2 * count - 1], by key - query + count - 1
} room;

static void attend(const grm_text_encoder *e, const grm_compute *compute, room *r, size_t count) {
    size_t width = e->config.head_width, inner = e->config.heads * width;
    memset(r->heads, 0, count * inner * sizeof *r->heads);
    for (size_t h = 0; h < e->config.heads; h++) {
        const float *bias = r->bias + h * (2 * count - 1);
        for (size_t i = 0; i < count; i++) {
            for (size_t j = 0; j < count; j++)  // not divided by the root of the width
                r->scores[j] = grm_dot(r->q + i * inner + h * width, r->k + j * inner + h * width, width) +
                               bias[j + count - 1 - i];
            compute->kernels->softmax(r->scores, count, 1);
            for (size_t j = 0; j < count; j++)
                grm_axpy(r->heads + i * inner + h * width, r->scores[j], r->v + j * inner + h * width, width);
        }
    }
}

// GPT-2's approximation of GELU, which T5 v1.1 was trained with.
static void gelu_tanh(float *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        x[i] = 0.5f * x[i] * (1.0f + grm_tanh(0.797884561f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
}

static void activate(const grm_compute *compute, grm_activation activation, float *x, size_t count) {
    if (activation == GRM_RELU)
        grm_relu(x, count);
    else if (activation == GRM_GELU)
        compute->kernels->gelu(x, count);
    else
        gelu_tanh(x, count);
}

static void run_layer(const grm_text_encoder *e, const grm_compute *compute, const grm_text_layer *l, room *r, float *x,
                      size_t count) {
    size_t width = e->config.width, inner = e->config.heads * e->config.head_width, ffn = e->config.ffn;
    for (size_t i = 0; i < count; i++)
        grm_rms_norm(x + i * width, l->attention_norm, width, e->config.epsilon, r->normed + i * width);
    grm_matrix_run(compute, &l->q, r->normed, width, count, r->q, inner, GRM_STORE);
    grm_matrix_run(compute, &l->k, r->normed, width, count, r->k, inner, GRM_STORE);
    grm_matrix_run(compute, &l->v, r->normed, width, count, r->v, inner, GRM_STORE);
    attend(e, compute, r, count);
    grm_matrix_run(compute, &l->o, r->heads, inner, count, r->out, width, GRM_STORE);
    grm_add(x, r->out, count * width);

    for (size_t i = 0; i < count; i++)
        grm_rms_norm(x + i * width, l->ffn_norm, width, e->config.epsilon, r->normed + i * width);
    grm_matrix_run(compute, &l->up, r->normed, width, count, r->up, ffn, GRM_STORE);
    if (e->config.gated) {
        grm_matrix_run(compute, &l->gate, r->normed, width, count, r->gate, ffn, GRM_STORE);
        activate(compute, e->config.activation, r->gate, count * ffn);
        for (size_t i = 0; i < count * ffn; i++) r->up[i] *= r->gate[i];
    } else {
        activate(compute, e->config.activation, r->up, count * ffn);
    }
    grm_matrix_run(compute, &l->down, r->up, ffn, count, r->out, width, GRM_STORE);
    grm_add(x, r->out, count * width);
}

static bool make_room(const grm_text_config *c, size_t count, room *r, float **all) {
    size_t inner = c->heads * c->head_width;
    size_t total = count * (2 * c->width + 4 * inner + 2 * c->ffn) + count + c->heads * 2 * count;
    float *next = *all = malloc(total * sizeof *next);
    if (!next) return false;
    r->normed = next, next += count * c->width;
    r->out = next, next += count * c->width;
    r->q = next, next += count * inner;
    r->k = next, next += count * inner;
    r->v = next, next += count * inner;
    r->heads = next, next += count * inner;
    r->gate = next, next += count * c->ffn;
    r->up = next, next += count * c->ffn;
    r->scores = next, next += count;
    r->bias = next;
    return true;
}

grm_status grm_text_encoder_run(const grm_text_encoder *e, const grm_compute *compute, const uint32_t *ids,
                                size_t count, float *hidden, grm_error *err) {
    enum { MOST = 4096 };
    const grm_text_config *c = &e->config;
    if (count < 1 || count > MOST)
        return grm_fail(err, GRM_USAGE, "the prompt has %zu tokens; %d are possible: shorten it", count, MOST);
    for (size_t i = 0; i < count; i++)
        if (ids[i] >= c->vocabulary)
            return grm_fail(err, GRM_BAD_INPUT, "the tokenizer gives id %u, but the text encoder knows %zu only",
                            ids[i], c->vocabulary);
    room r;
    float *all;
    if (!make_room(c, count, &r, &all)) return grm_fail_memory(err);
    for (size_t h = 0; h < c->heads; h++)
        for (size_t d = 0; d < 2 * count - 1; d++) {
            size_t bucket = grm_text_bucket((long)d - (long)(count - 1), c->buckets, c->max_distance);
            r.bias[h * (2 * count - 1) + d] = e->bias[bucket * c->heads + h];
        }
    for (size_t i = 0; i < count; i++) grm_table_row(&e->embedding, ids[i], hidden + i * c->width);
    for (size_t i = 0; i < c->layers; i++) run_layer(e, compute, &e->layers[i], &r, hidden, count);
    for (size_t i = 0; i < count; i++)
        grm_rms_norm(hidden + i * c->width, e->norm, c->width, c->epsilon, hidden + i * c->width);
    free(all);
    return GRM_OK;
}
