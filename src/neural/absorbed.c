#include "neural/absorbed.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "neural/huge.h"

struct grm_absorbed {
    grm_absorbed_layer *layers;
    uint8_t *panels;
    float *columns;  // [layer][slice]: of keys [2 * width], of values [2 * heads of the slice * tokens]
};

// What it is made of, of one layer.
typedef struct absorption {
    const grm_kernels *kernels;
    const grm_decoder *decoder;
    const grm_decoder_layer *layer;
    size_t tokens, heads;        // of a slice
    const float *keys, *values;  // [token][width]
    grm_absorbed_layer *to;
    uint8_t *panels;  // of all layers
    float *columns;   // [slice][2 * (width + heads * tokens)]
    atomic_bool out_of_memory;
} absorption;

static grm_precision width_of(const grm_matrix *m) {
    return m->precision == GRM_INT4 ? GRM_INT8 : m->precision;
}

static size_t keys_bytes(const grm_decoder *d, const grm_decoder_layer *l, size_t tokens) {
    return grm_matrix_bytes(width_of(l->cross_q), d->config.heads / d->slices * tokens, d->config.width);
}

static size_t values_bytes(const grm_decoder *d, const grm_decoder_layer *l, size_t tokens) {
    return grm_matrix_bytes(width_of(l->cross_o), d->config.width, d->config.heads / d->slices * tokens);
}

size_t grm_absorbed_bytes(const grm_decoder *d, size_t tokens) {
    size_t bytes = 0;
    for (size_t i = 0; i < d->config.layers; i++)
        bytes += d->slices * (keys_bytes(d, &d->layers[i], tokens) + values_bytes(d, &d->layers[i], tokens));
    return bytes;
}

size_t grm_absorbing_bytes(const grm_decoder *d) {
    size_t bytes = 0;
    for (size_t i = 0; i < d->config.layers; i++) {
        const grm_matrix *q = d->layers[i].cross_q, *o = d->layers[i].cross_o;
        bytes +=
            d->slices * (grm_matrix_bytes(q->precision, q->out, q->in) + grm_matrix_bytes(o->precision, o->out, o->in));
    }
    return bytes;
}

bool grm_absorbs(const grm_decoder *d, size_t tokens) {
    return d->cross && tokens < d->config.width / d->config.heads &&
           grm_absorbed_bytes(d, tokens) < grm_absorbing_bytes(d) / 8 * 7;
}

// ---- working it out ----

// What a damaged file makes infinite is left out: no rounding of it is defined.
static void pack(const absorption *a, float *weights, float *columns, grm_matrix *m) {
    bool grouped = grm_matrix_group(m->precision) > 0;
    for (size_t i = 0; i < m->out * m->in; i++)
        if (!isfinite(weights[i])) weights[i] = 0;
    grm_matrix_survey look = grm_matrix_look(m->precision, m->out, m->in, weights, grouped ? columns : NULL);
    m->unit = look.unit;
    m->columns = look.uneven ? columns : NULL;
    grm_matrix_pack(m->precision, m->out, m->in, weights, look.unit, grouped ? columns : NULL, 0,
                    grm_matrix_panels(m->out), a->panels + (m->panels - a->panels));
}

// weights: [head of the slice][token][width], zeroed; row: [width]
static void absorb_queries(const absorption *a, size_t slice, float *weights, float *row) {
    size_t width = a->decoder->config.width, head = width / a->decoder->config.heads;
    float scale = 1 / sqrtf((float)head);
    for (size_t h = 0; h < a->heads; h++)
        for (size_t j = 0; j < head; j++) {
            grm_matrix_unpack(&a->layer->cross_q[slice], h * head + j, row);
            const float *key = a->keys + (slice * a->heads + h) * head + j;
            for (size_t t = 0; t < a->tokens; t++)
                grm_axpy(weights + (h * a->tokens + t) * width, scale * key[t * width], row, width);
        }
}

// weights: [width][head of the slice][token]; row: [heads of the slice * head width]
static void absorb_outputs(const absorption *a, size_t slice, float *weights, float *row) {
    size_t width = a->decoder->config.width, head = width / a->decoder->config.heads;
    for (size_t o = 0; o < width; o++) {
        grm_matrix_unpack(&a->layer->cross_o[slice], o, row);
        for (size_t h = 0; h < a->heads; h++)
            a->kernels->dots(row + h * head, head, a->values + (slice * a->heads + h) * head, width, a->tokens,
                             weights + (o * a->heads + h) * a->tokens);
    }
}

static void absorb_share(void *context, unsigned member, unsigned size) {
    absorption *a = context;
    size_t width = a->decoder->config.width, rows = a->heads * a->tokens;
    float *room = malloc((rows + 1) * width * sizeof *room);
    if (!room) atomic_store(&a->out_of_memory, true);
    for (size_t s = member; s < a->decoder->slices && room; s += size) {
        float *columns = a->columns + 2 * s * (width + rows), *row = room + rows * width;
        memset(room, 0, rows * width * sizeof *room);
        absorb_queries(a, s, room, row);
        pack(a, room, columns, &a->to->keys[s]);
        absorb_outputs(a, s, room, row);
        pack(a, room, columns + 2 * width, &a->to->values[s]);
    }
    free(room);
}

// ---- the whole ----

// One run of memory for each of two threads, as packed models have it.
static bool place(grm_absorbed *a, const grm_decoder *d, size_t tokens) {
    size_t layers = d->config.layers, width = d->config.width, rows = d->config.heads / d->slices * tokens;
    size_t together = grm_slices_together(d);
    a->layers = calloc(layers, sizeof *a->layers);
    a->columns = malloc(2 * layers * d->slices * (width + rows) * sizeof *a->columns);
    uint8_t *next = a->panels = grm_huge_take(grm_absorbed_bytes(d, tokens));
    if (!a->layers || !a->columns || !a->panels) return false;
    for (size_t first = 0; first < d->slices; first += together)
        for (size_t i = 0; i < layers; i++) {
            const grm_decoder_layer *l = &d->layers[i];
            grm_absorbed_layer *to = &a->layers[i];
            for (size_t s = first; s < first + together; s++, next += keys_bytes(d, l, tokens))
                to->keys[s] = (grm_matrix){width_of(l->cross_q), rows, width, next, 1, NULL, NULL};
            for (size_t s = first; s < first + together; s++, next += values_bytes(d, l, tokens))
                to->values[s] = (grm_matrix){width_of(l->cross_o), width, rows, next, 1, NULL, NULL};
        }
    return true;
}

grm_status grm_absorbed_new(const grm_decoder *d, const grm_compute *compute, const float *text, size_t tokens,
                            const grm_run *run, grm_absorbed **out, grm_error *err) {
    size_t width = d->config.width, heads = d->config.heads / d->slices;
    grm_absorbed *a = calloc(1, sizeof *a);
    float *keys = grm_floats_new(tokens * width), *values = grm_floats_new(tokens * width);
    grm_status status = a && keys && values && place(a, d, tokens) ? GRM_OK : grm_fail_memory(err);
    for (size_t i = 0; i < d->config.layers && !status; i++) {
        const grm_decoder_layer *l = &d->layers[i];
        absorption job = {.kernels = compute->kernels,
                          .decoder = d,
                          .layer = l,
                          .tokens = tokens,
                          .heads = heads,
                          .keys = keys,
                          .values = values,
                          .to = &a->layers[i],
                          .panels = a->panels,
                          .columns = a->columns + 2 * i * d->slices * (width + heads * tokens)};
        atomic_init(&job.out_of_memory, false);
        grm_matrix_run(compute, &l->cross_k, text, width, tokens, keys, width, GRM_STORE);
        grm_matrix_run(compute, &l->cross_v, text, width, tokens, values, width, GRM_STORE);
        grm_team_run(compute->team, absorb_share, &job);
        status = atomic_load(&job.out_of_memory) ? grm_fail_memory(err) : grm_run_check(run, err);
    }
    free(keys);
    free(values);
    if (status) {
        grm_absorbed_free(a);
        a = NULL;
    }
    *out = a;
    return status;
}

void grm_absorbed_free(grm_absorbed *a) {
    if (!a) return;
    free(a->layers);
    free(a->columns);
    free(a->panels);
    free(a);
}

const grm_absorbed_layer *grm_absorbed_of(const grm_absorbed *a, size_t layer) {
    return &a->layers[layer];
}
