// A step of the decoder: one run of the team, with a barrier only where a member needs what others have made. That is
// behind each part of a layer where members have whole slices, and between its two matrices as well where they have
// not.
#include "neural/decoder.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "neural/absorbed.h"
#include "neural/huge.h"

#define EPSILON 1e-5f
enum { LINE_FLOATS = 16 };

// Keys and values of a layer's heads. What belongs to the heads of one member of the team is a run of memory in the
// order of its attention: keys of [positions / 16][head][row], and values of [positions / 64][head][row].
typedef struct store {
    grm_precision precision;
    size_t key_bytes, value_bytes;  // of 16 and of 64 positions of a head and row
    uint8_t *keys, *values;
} store;

typedef struct range {
    size_t begin, end;
} range;

// Those of all layers.
typedef struct stores {
    store *layer;
    range *share;               // [head], of the heads of the member that it belongs to
    size_t head, rows, blocks;  // of 64 positions
    uint8_t *bytes;
} stores;

struct grm_decoder_state {
    const grm_decoder *decoder;
    const grm_compute *compute;
    size_t rows, conditioned, positions, at, tokens;
    size_t stride;  // floats from a row of x, or of what is added to it, to the next: a line more than there are, as
                    // rows that lie 4 kB apart share their places in the first cache
    grm_precision precision;  // of keys and values, at most
    stores past, text;
    grm_absorbed *absorbed;      // in place of the text's keys and values
    float *frequencies;          // [width / 2]
    float *qkv, *mixed, *up;     // [GRM_ROWS][...], of all members
    float *sums;                 // [2][GRM_SLICES][GRM_ROWS][stride]: what slices add to x, of two parts in turn
    float **own;                 // [member][GRM_ROWS][stride]: what the slices of one add, before it is in sums
    float **residual, **normed;  // [member][GRM_ROWS][stride]: x, as each member adds it up for itself
    float **room_of;             // [member]
    grm_attention **attentions;  // [member][rows * heads]
    float *room;
};

// ---- memory ----

static void stores_clear(stores *s) {
    free(s->layer);
    free(s->share);
    free(s->bytes);
    *s = (stores){0};
}

// As many heads as fill whole panels, or a slice, of matrices in which each has `outputs` outputs.
static range share_of_heads(const grm_decoder *d, size_t outputs, unsigned member, unsigned size) {
    size_t together = 1, slice = d->config.heads / d->slices;
    range share;
    while (together * outputs % GRM_PANEL) together++;
    if (slice % together) together = slice;
    grm_share_out(d->config.heads, together, member, size, &share.begin, &share.end);
    return share;
}

// Zeroed, in one piece, which huge pages are worth while for, and close together: each page of memory that a step needs
// for the first time takes it a while to find. Layers whose weights are wider have wider keys and values.
static bool stores_new(stores *s, const grm_decoder *d, grm_precision precision, size_t outputs, unsigned members,
                       size_t rows, size_t positions) {
    size_t layers = d->config.layers, heads = d->config.heads, head = d->config.width / heads, bytes = 0;
    size_t blocks = (positions + 63) / 64, all = rows * heads * blocks;
    *s = (stores){.head = head, .rows = rows, .blocks = blocks};
    s->layer = calloc(layers, sizeof *s->layer);
    s->share = calloc(heads, sizeof *s->share);
    if (!s->layer || !s->share || blocks > SIZE_MAX / 8192 / 64 / (rows * heads * grm_round_up(head, 16)) / layers)
        return false;
    for (size_t i = 0; i < layers; i++) {
        grm_precision own = d->layers[i].qkv[0].precision, kept = own < precision ? own : precision;
        s->layer[i] = (store){.precision = kept,
                              .key_bytes = grm_keys_bytes(kept, head),
                              .value_bytes = grm_values_bytes(kept, head, positions)};
        bytes += all * (4 * s->layer[i].key_bytes + s->layer[i].value_bytes);
    }
    uint8_t *next = s->bytes = grm_huge_take(bytes);
    if (!next) return false;
    for (size_t i = 0; i < layers; i++) {
        store *l = &s->layer[i];
        l->keys = next, next += all * 4 * l->key_bytes;
        l->values = next, next += all * l->value_bytes;
    }
    for (unsigned m = 0; m < members; m++) {
        range share = share_of_heads(d, outputs, m, members);
        for (size_t h = share.begin; h < share.end; h++) s->share[h] = share;
    }
    return true;
}

static grm_cache cache_of(const stores *s, size_t layer, size_t row, size_t head) {
    const store *l = &s->layer[layer];
    range share = s->share[head];
    size_t before = s->rows * share.begin * s->blocks, index = (head - share.begin) * s->rows + row;
    size_t step = s->rows * (share.end - share.begin);
    return (grm_cache){l->precision,
                       s->head,
                       l->keys + (4 * before + index) * l->key_bytes,
                       l->values + (before + index) * l->value_bytes,
                       step * l->key_bytes,
                       step * l->value_bytes};
}

// Asks for the keys and values of the text, of which there are few.
static void foresee(const stores *s, size_t layer, range share, size_t count) {
    enum { LINES = 32 };  // of a head's keys or values
    const store *l = &s->layer[layer];
    for (size_t h = share.begin; h < share.end; h++) {
        grm_cache c = cache_of(s, layer, 0, h);
        size_t values = grm_values_bytes(l->precision, s->head, 16);  // of 16 positions
        for (size_t t = 0; t < count; t += 16) {
            const uint8_t *k = c.keys + t / 16 * c.key_step,
                          *v = c.values + t / 64 * c.value_step + t % 64 / 16 * values;
            for (size_t i = 0; i < LINES * GRM_LINE && i < l->key_bytes; i += GRM_LINE) GRM_PREFETCH_NEAR(k + i);
            for (size_t i = 0; i < LINES * GRM_LINE && i < values; i += GRM_LINE) GRM_PREFETCH_NEAR(v + i);
        }
    }
}

static bool make_room(grm_decoder_state *s) {
    const grm_decoder_config *c = &s->decoder->config;
    size_t members = grm_team_size(s->compute->team), rows = GRM_ROWS;
    size_t longest = s->positions > s->tokens ? s->positions : s->tokens;
    size_t room = s->rows * c->heads * grm_attention_room(c->width / c->heads, longest);
    size_t width = grm_round_up(c->width, LINE_FLOATS), ffn = grm_round_up(c->ffn, LINE_FLOATS);
    s->stride = width + LINE_FLOATS;
    free(s->room);
    s->room = grm_floats_new(width + rows * (4 * width + 2 * GRM_SLICES * s->stride + ffn) +
                             members * (3 * rows * s->stride + room));
    if (!s->room) return false;
    float *next = s->room;
    s->frequencies = next, next += width;
    s->qkv = next, next += rows * 3 * width;
    s->mixed = next, next += rows * width;
    s->up = next, next += rows * ffn;
    s->sums = next, next += 2 * GRM_SLICES * rows * s->stride;
    for (size_t m = 0; m < members; m++) {
        s->own[m] = next, next += rows * s->stride;
        s->residual[m] = next, next += rows * s->stride;
        s->normed[m] = next, next += rows * s->stride;
        s->room_of[m] = next, next += room;
    }
    size_t half = c->width / 2;
    for (size_t i = 0; i < half; i++)
        s->frequencies[i] = half > 1 ? (float)exp(-(double)i * (log(10000.0) / (double)(half - 1))) : 1;
    return true;
}

static bool make_attentions(grm_decoder_state *s) {
    size_t members = grm_team_size(s->compute->team), each = s->rows * s->decoder->config.heads;
    s->attentions = calloc(members, sizeof *s->attentions);
    if (!s->attentions) return false;
    for (size_t m = 0; m < members; m++) {
        s->attentions[m] = calloc(each, sizeof **s->attentions);
        if (!s->attentions[m]) return false;
    }
    return true;
}

grm_status grm_decoder_state_new(const grm_decoder *decoder, const grm_compute *compute, grm_precision cache,
                                 size_t rows, size_t conditioned, size_t positions, grm_decoder_state **out,
                                 grm_error *err) {
    const grm_decoder_config *c = &decoder->config;
    *out = NULL;
    assert(rows <= GRM_ROWS);
    grm_decoder_state *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    unsigned members = grm_team_size(compute->team);
    s->decoder = decoder;
    s->compute = compute;
    s->rows = rows;
    s->conditioned = conditioned;
    s->positions = positions;
    s->precision = cache;
    s->own = calloc(members, sizeof *s->own);
    s->residual = calloc(members, sizeof *s->residual);
    s->normed = calloc(members, sizeof *s->normed);
    s->room_of = calloc(members, sizeof *s->room_of);
    bool fine = s->own && s->residual && s->normed && s->room_of && make_attentions(s);
    if (!fine || !make_room(s) ||
        !stores_new(&s->past, decoder, cache, 3 * (c->width / c->heads), members, rows, positions)) {
        grm_decoder_state_free(s);
        return grm_fail_memory(err);
    }
    *out = s;
    return GRM_OK;
}

void grm_decoder_state_free(grm_decoder_state *s) {
    if (!s) return;
    stores_clear(&s->past);
    stores_clear(&s->text);
    grm_absorbed_free(s->absorbed);
    free(s->own);
    free(s->residual);
    free(s->normed);
    free(s->room_of);
    for (size_t m = 0; s->attentions && m < grm_team_size(s->compute->team); m++) free(s->attentions[m]);
    free(s->attentions);
    free(s->room);
    free(s);
}

void grm_decoder_state_rewind(grm_decoder_state *s) {
    s->at = 0;
}

size_t grm_decoder_chunk(const grm_decoder_state *s) {
    return GRM_ROWS / s->rows;
}

// ---- before the steps ----

grm_status grm_decoder_read_text(grm_decoder_state *s, const float *text, size_t tokens, const grm_run *run,
                                 grm_error *err) {
    const grm_decoder_config *c = &s->decoder->config;
    size_t width = c->width, head = width / c->heads;
    s->tokens = tokens;
    stores_clear(&s->text);
    grm_absorbed_free(s->absorbed);
    s->absorbed = NULL;
    if (grm_absorbs(s->decoder, tokens))
        return grm_absorbed_new(s->decoder, s->compute, text, tokens, run, &s->absorbed, err);
    float *keys = grm_floats_new(tokens * width), *values = grm_floats_new(tokens * width);
    // Of so few positions halves cost nothing.
    grm_precision precision = s->precision == GRM_FLOAT32 ? GRM_FLOAT32 : GRM_FLOAT16;
    bool fine = keys && values && make_room(s) &&
                stores_new(&s->text, s->decoder, precision, head, grm_team_size(s->compute->team), 1, tokens);
    for (size_t i = 0; i < c->layers && fine; i++) {
        const grm_decoder_layer *l = &s->decoder->layers[i];
        grm_matrix_run(s->compute, &l->cross_k, text, width, tokens, keys, width, GRM_STORE);
        grm_matrix_run(s->compute, &l->cross_v, text, width, tokens, values, width, GRM_STORE);
        for (size_t h = 0; h < c->heads; h++) {
            grm_cache cache = cache_of(&s->text, i, 0, h);
            for (size_t t = 0; t < tokens; t++)
                s->compute->kernels->remember(&cache, t, keys + t * width + h * head, values + t * width + h * head);
        }
    }
    free(keys);
    free(values);
    return fine ? GRM_OK : grm_fail_memory(err);
}

void grm_decoder_embed(const grm_decoder *d, const uint16_t *codes, float *x) {
    grm_table_row(&d->embedding[0], codes[0], x);
    for (size_t k = 1; k < d->config.codebooks; k++) grm_table_add(&d->embedding[k], codes[k], x);
}

// ---- a step, as one member of the team ----

typedef struct step {
    grm_decoder_state *state;
    float *x, *logits;
    size_t count;
    unsigned member, size;
    // What the last part has added to x, which is not there yet, of the first `added_rows` rows. Parts take turns with
    // two sets of sums, as one member may still add up what another has gone on from.
    size_t turn, added_rows;
} step;

static void meet(const step *p) {
    if (p->size > 1) grm_team_wait(p->state->compute->team);
}

// Whether members have whole slices. Then what the first matrix of a part gives and the second takes stays with one.
static bool has_whole_slices(const step *p) {
    return p->state->decoder->slices % p->size == 0;
}

// Where slices are added up: those of the first half apart from those of the second, always in the same order; and each
// by itself where each belongs to another member.
static size_t count_sums(const step *p) {
    size_t slices = p->state->decoder->slices;
    return slices < GRM_SLICES || (p->size > 2 && has_whole_slices(p)) ? slices : GRM_SLICES / 2;
}

static float *sums_of(const step *p, size_t turn, size_t sum) {
    const grm_decoder_state *s = p->state;
    return s->sums + (turn % 2 * GRM_SLICES + sum) * GRM_ROWS * s->stride;
}

// Whether what a member's slices add is one sum, that of its own number: it is added up in memory that nobody else
// reads, and handed to the others as a whole.
static bool hands_over(const step *p) {
    return p->size > 1 && has_whole_slices(p);
}

// Adds what the last part's slices have made to this member's own x, and normalises it.
static const float *normalize(step *p, const grm_norm *norm, size_t rows) {
    grm_decoder_state *s = p->state;
    size_t width = s->decoder->config.width, many = count_sums(p);
    float *x = s->residual[p->member], *to = s->normed[p->member];
    // What is added to and normalised, then what is left of either.
    size_t both = rows < p->added_rows ? rows : p->added_rows, more = p->added_rows > rows ? p->added_rows : rows;
    for (size_t first = 0, end = both; first < more; first = end, end = more) {
        const float *sums[GRM_SLICES];
        size_t at = first * s->stride;
        for (size_t i = 0; i < many; i++)
            sums[i] = (hands_over(p) && i == p->member ? s->own[p->member] : sums_of(p, p->turn, i)) + at;
        s->compute->kernels->layer_norm(x + at, sums, first < p->added_rows ? many : 0, end - first, s->stride,
                                        first < rows ? norm->weight : NULL, norm->bias, width, EPSILON, to + at);
    }
    p->added_rows = 0;
    return to;
}

// y = finish(W x) of the outputs of all slices, [slice][output], those that are this member's: `units` of each slice,
// the share [begin, end) of them all, of `outputs` outputs each.
static void multiply(const step *p, const grm_matrix *slices, const float *x, size_t rows, float *y, grm_finish finish,
                     size_t units, size_t outputs, range share) {
    const grm_compute *c = p->state->compute;
    size_t stride = p->state->decoder->slices * slices->out;
    const grm_matrix *split = NULL;
    for (size_t i = share.begin / units; i * units < share.end; i++) {
        const grm_matrix *m = &slices[i];
        size_t first = i * units, begin = share.begin > first ? share.begin - first : 0;
        size_t end = share.end - first < units ? share.end - first : units;
        if (!split || split->precision != m->precision || split->columns || m->columns)
            grm_matrix_split(c, p->member, m, x, p->state->stride, rows);
        split = m;
        grm_matrix_share(c, p->member, m, x, p->state->stride, rows, y + i * m->out, stride, finish,
                         begin * outputs / GRM_PANEL, grm_matrix_panels(end * outputs));
    }
}

static void multiply_heads(const step *p, const grm_matrix *slices, const float *x, size_t rows, float *y,
                           size_t outputs, range share) {
    const grm_decoder *d = p->state->decoder;
    multiply(p, slices, x, rows, y, GRM_STORE, d->config.heads / d->slices, outputs, share);
}

// Reads what the next norm needs while others are waited for: it is not in any cache.
static void pass(const step *p, const grm_norm *next) {
    grm_team *team = p->state->compute->team;
    if (p->size == 1) return;
    unsigned arrival = grm_team_arrive(team);
    const volatile float *weight = next->weight, *bias = next->bias;
    for (size_t i = 0; i < p->state->decoder->config.width; i += LINE_FLOATS) (void)weight[i], (void)bias[i];
    grm_team_leave(team, arrival);
}

// W x by slices of the inputs, [slice][input], into the sums of this part. `next` is the norm behind it.
static void add_up(step *p, const grm_matrix *slices, const float *x, size_t rows, const grm_norm *next) {
    grm_decoder_state *s = p->state;
    size_t count = s->decoder->slices, width = s->decoder->config.width, together = count / count_sums(p);
    range own = {0, count}, panels = {0, grm_matrix_panels(width)};
    if (has_whole_slices(p)) {
        grm_share_out(count, 1, p->member, p->size, &own.begin, &own.end);
    } else {
        meet(p);
        grm_share_out(panels.end, 1, p->member, p->size, &panels.begin, &panels.end);
    }
    p->turn++;
    for (size_t i = own.begin; i < own.end; i++) {
        const grm_matrix *m = &slices[i];
        float *sum = hands_over(p) ? s->own[p->member] : sums_of(p, p->turn, i / together);
        grm_matrix_split(s->compute, p->member, m, x + i * m->in, count * m->in, rows);
        grm_matrix_share(s->compute, p->member, m, x + i * m->in, count * m->in, rows, sum, s->stride,
                         i % together ? GRM_ADD : GRM_STORE, panels.begin, panels.end);
    }
    if (hands_over(p)) grm_team_hand(sums_of(p, p->turn, p->member), s->own[p->member], rows * s->stride);
    p->added_rows = rows;
    pass(p, next);
}

static void run_self(step *p, size_t layer) {
    grm_decoder_state *s = p->state;
    const grm_decoder_config *c = &s->decoder->config;
    const grm_decoder_layer *l = &s->decoder->layers[layer];
    size_t width = c->width, head = width / c->heads, rows = s->rows * p->count;
    range share = share_of_heads(s->decoder, 3 * head, p->member, p->size);
    multiply_heads(p, l->qkv, normalize(p, &l->self_norm, rows), rows, s->qkv, 3 * head, share);
    for (size_t h = share.begin; h < share.end; h++)
        for (size_t r = 0; r < s->rows; r++) {
            grm_cache cache = cache_of(&s->past, layer, r, h);
            grm_cache_fetch(&cache, s->at);
        }
    for (size_t h = share.begin; h < share.end; h++)
        for (size_t row = 0; row < rows; row++) {
            grm_cache cache = cache_of(&s->past, layer, row / p->count, h);
            const float *query = s->qkv + (row * c->heads + h) * 3 * head;
            s->compute->kernels->remember(&cache, s->at + row % p->count, query + head, query + 2 * head);
        }
    for (size_t i = 0; i < p->count; i++) {
        grm_attention *a = s->attentions[p->member];
        size_t many = 0;
        for (size_t h = share.begin; h < share.end; h++)
            for (size_t r = 0; r < s->rows; r++) {
                size_t row = r * p->count + i;
                a[many++] = (grm_attention){cache_of(&s->past, layer, r, h), s->qkv + (row * c->heads + h) * 3 * head,
                                            s->mixed + row * width + h * head};
            }
        s->compute->kernels->attend(a, many, 1 / sqrtf((float)head), s->at + i + 1, s->room_of[p->member]);
    }
    add_up(p, l->o, s->mixed, rows, s->decoder->cross && s->conditioned ? &l->cross_norm : &l->ffn_norm);
}

static void run_absorbed(step *p, size_t layer) {
    grm_decoder_state *s = p->state;
    const grm_absorbed_layer *l = grm_absorbed_of(s->absorbed, layer);
    size_t heads = s->decoder->config.heads, rows = s->conditioned * p->count;
    range share = share_of_heads(s->decoder, s->tokens, p->member, p->size);
    multiply_heads(p, l->keys, normalize(p, &s->decoder->layers[layer].cross_norm, rows), rows, s->qkv, s->tokens,
                   share);
    for (size_t row = 0; row < rows; row++)
        s->compute->kernels->softmax(s->qkv + (row * heads + share.begin) * s->tokens, s->tokens,
                                     share.end - share.begin);
    add_up(p, l->values, s->qkv, rows, &s->decoder->layers[layer].ffn_norm);
}

static void run_cross(step *p, size_t layer) {
    grm_decoder_state *s = p->state;
    const grm_decoder_config *c = &s->decoder->config;
    const grm_decoder_layer *l = &s->decoder->layers[layer];
    size_t width = c->width, head = width / c->heads, rows = s->conditioned * p->count;
    range share = share_of_heads(s->decoder, head, p->member, p->size);
    foresee(&s->text, layer, share, s->tokens);
    multiply_heads(p, l->cross_q, normalize(p, &l->cross_norm, rows), rows, s->qkv, head, share);
    for (size_t row = 0; row < rows; row++) {
        grm_attention *a = s->attentions[p->member];
        for (size_t h = share.begin; h < share.end; h++)
            a[h - share.begin] = (grm_attention){cache_of(&s->text, layer, 0, h), s->qkv + row * width + h * head,
                                                 s->mixed + row * width + h * head};
        s->compute->kernels->attend(a, share.end - share.begin, 1 / sqrtf((float)head), s->tokens,
                                    s->room_of[p->member]);
    }
    add_up(p, l->cross_o, s->mixed, rows, &l->ffn_norm);
}

static void run_ffn(step *p, size_t layer) {
    grm_decoder_state *s = p->state;
    const grm_decoder_layer *l = &s->decoder->layers[layer];
    size_t rows = s->rows * p->count, panels = grm_matrix_panels(l->up->out);
    bool relu = s->decoder->config.activation == GRM_RELU;
    range share;
    grm_share_out(s->decoder->slices * panels, 1, p->member, p->size, &share.begin, &share.end);
    multiply(p, l->up, normalize(p, &l->ffn_norm, rows), rows, s->up, relu ? GRM_STORE_RELU : GRM_STORE_GELU, panels,
             GRM_PANEL, share);
    const grm_decoder *d = s->decoder;
    add_up(p, l->down, s->up, rows, layer + 1 < d->config.layers ? &d->layers[layer + 1].self_norm : &d->norm);
}

static void run_heads(step *p) {
    grm_decoder_state *s = p->state;
    const grm_matrix *m = &s->decoder->heads;
    const float *x = normalize(p, &s->decoder->norm, s->rows * p->count) + (p->count - 1) * s->stride;
    range share;
    grm_share_out(grm_matrix_panels(m->out), 1, p->member, p->size, &share.begin, &share.end);
    grm_matrix_split(s->compute, p->member, m, x, p->count * s->stride, s->rows);
    grm_matrix_share(s->compute, p->member, m, x, p->count * s->stride, s->rows, p->logits, m->out, GRM_STORE,
                     share.begin, share.end);
}

// Positions as sines: cosines in the first half of the width, sines in the second, in float32 as the reference.
static void add_positions(const step *p) {
    grm_decoder_state *s = p->state;
    size_t width = s->decoder->config.width, half = width / 2, begin, end;
    grm_share_out(half, LINE_FLOATS, p->member, p->size, &begin, &end);
    for (size_t i = 0; i < p->count; i++)
        for (size_t f = begin; f < end; f++) {
            float angle = (float)(s->at + i) * s->frequencies[f];
            float cosine = (float)cos((double)angle), sine = (float)sin((double)angle);
            for (size_t r = 0; r < s->rows; r++) {
                float *x = p->x + (r * p->count + i) * width;
                x[f] += cosine;
                x[half + f] += sine;
            }
        }
    meet(p);
    for (size_t r = 0; r < s->rows * p->count; r++)
        memcpy(s->residual[p->member] + r * s->stride, p->x + r * width, width * sizeof *p->x);
}

static void run_step(void *context, unsigned member, unsigned size) {
    step p = *(const step *)context;
    p.member = member;
    p.size = size;
    add_positions(&p);
    for (size_t i = 0; i < p.state->decoder->config.layers; i++) {
        run_self(&p, i);
        if (p.state->absorbed && p.state->conditioned)
            run_absorbed(&p, i);
        else if (p.state->decoder->cross && p.state->conditioned)
            run_cross(&p, i);
        run_ffn(&p, i);
    }
    if (p.logits) run_heads(&p);
}

void grm_decoder_run(grm_decoder_state *s, float *x, size_t count, float *logits) {
    step p = {.state = s, .x = x, .logits = logits, .count = count};
    enum { WORTH_SPREADING = 1 << 17 };  // multiplications of a stage; the barriers of a small one cost more than it
    const grm_decoder_config *c = &s->decoder->config;
    if (s->rows * count * c->width * c->width < WORTH_SPREADING)
        run_step(&p, 0, 1);
    else
        grm_team_run(s->compute->team, run_step, &p);
    s->at += count;
}
