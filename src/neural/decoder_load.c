#include "neural/decoder.h"

static grm_norm take_norm(grm_weights *w, size_t width, const char *stem, size_t layer, const char *name) {
    return (grm_norm){grm_weights_floats(w, width, 1, "%s.%zu.%s.weight", stem, layer, name),
                      grm_weights_floats(w, width, 1, "%s.%zu.%s.bias", stem, layer, name)};
}

enum { NAME_SIZE = 128 };
static const char stem[] = "decoder.model.decoder.layers";

// What is to stay halves of a layer whose other layers become bytes.
typedef struct layer_care {
    grm_care attention, up, down;
    bool before;  // and of all layers before it
} layer_care;

static grm_standing look(const grm_weights *w, size_t i, const char *norm, size_t out, size_t in, const char *matrix) {
    char before[NAME_SIZE];
    snprintf(before, sizeof before, "%s.%zu.%s.weight", stem, i, norm ? norm : "");
    return grm_weights_stand_out(w, norm ? before : NULL, out, in, "%s.%zu.%s", stem, i, matrix);
}

// Bytes lose too much where a few columns or rows are far larger than the others, be it
// - of queries and keys, which make scores of which softmax sees the smallest error: where both have such columns, as a
//   norm's weights bring about, everything that was added before matters as well;
// - of fc1 and fc2, which make as much more of what few inputs have lost;
// - rows of what is added to the sum of all layers, which are most of what every norm behind them leaves.
// What attention and fc2 add is most of what is lost (fc1's outputs are many, and small), so these stay halves then.
static layer_care care_of(const grm_decoder_config *c, bool cross, size_t i, const grm_weights *w) {
    static const char before[] = "self_attn_layer_norm", before_cross[] = "encoder_attn_layer_norm";
    const size_t width = c->width;
    grm_standing q = look(w, i, before, width, width, "self_attn.q_proj"), none = {false, false};
    grm_standing k = look(w, i, before, width, width, "self_attn.k_proj");
    grm_standing o = look(w, i, NULL, width, width, "self_attn.out_proj");
    grm_standing cross_q = cross ? look(w, i, before_cross, width, width, "encoder_attn.q_proj") : none;
    grm_standing cross_k = cross ? look(w, i, NULL, width, width, "encoder_attn.k_proj") : none;
    grm_standing cross_o = cross ? look(w, i, NULL, width, width, "encoder_attn.out_proj") : none;
    grm_standing up = look(w, i, "final_layer_norm", c->ffn, width, "fc1");
    grm_standing down = look(w, i, NULL, width, c->ffn, "fc2");
    bool scores = q.columns || q.rows || k.columns || k.rows || cross_q.columns || cross_q.rows || cross_k.columns ||
                  cross_k.rows;
    bool squared = (q.columns && k.columns) || (cross_q.columns && cross_k.columns);
    bool far = scores || up.columns || up.rows || down.columns || o.rows || cross_o.rows || down.rows;
    // 4 bits are too few for the rest of such a layer.
    grm_care least = far ? GRM_CARE_SOME : GRM_CARE_LITTLE;
    return (layer_care){.attention = far ? GRM_CARE_MUCH : least,
                        .up = squared ? GRM_CARE_MUCH : least,
                        .down = far ? GRM_CARE_MUCH : least,
                        .before = squared};
}

// In int4 self attention and what cross attention adds would lose more than all the rest together.
static grm_care more_of(layer_care care) {
    return care.attention > GRM_CARE_SOME ? care.attention : GRM_CARE_SOME;
}

// What keys and values of the text are made by, once a prompt, and norms.
static void load_layer(const grm_decoder_config *c, bool cross, size_t i, layer_care care, grm_decoder_layer *l,
                       grm_weights *w) {
    size_t width = c->width;
    l->self_norm = take_norm(w, width, stem, i, "self_attn_layer_norm");
    if (cross) {
        l->cross_norm = take_norm(w, width, stem, i, "encoder_attn_layer_norm");
        l->cross_k = grm_weights_matrix(w, more_of(care), width, width, "%s.%zu.encoder_attn.k_proj", stem, i);
        l->cross_v = grm_weights_matrix(w, more_of(care), width, width, "%s.%zu.encoder_attn.v_proj", stem, i);
    }
    l->ffn_norm = take_norm(w, width, stem, i, "final_layer_norm");
}

typedef struct slices {
    size_t begin, end, count;
} slices;

static void load_parts(grm_matrix *to, grm_weights *w, grm_care care, slices s, bool columns, size_t out, size_t in,
                       size_t layer, const char *name) {
    for (size_t i = s.begin; i < s.end; i++)
        to[i] = grm_weights_part(w, care, (grm_part){i, s.count, columns}, out, in, "%s.%zu.%s", stem, layer, name);
}

static void load_cross_slices(const grm_decoder_config *c, size_t i, layer_care care, slices s, grm_decoder_layer *l,
                              grm_weights *w) {
    load_parts(l->cross_q, w, care.attention, s, false, c->width, c->width, i, "encoder_attn.q_proj");
    load_parts(l->cross_o, w, more_of(care), s, true, c->width, c->width, i, "encoder_attn.out_proj");
}

static void load_slices(const grm_decoder_config *c, size_t i, layer_care care, slices s, grm_decoder_layer *l,
                        grm_weights *w) {
    static const char *const qkv[] = {"q", "k", "v"};
    size_t width = c->width;
    grm_care more = more_of(care);
    for (size_t k = s.begin; k < s.end; k++)
        l->qkv[k] = grm_weights_stack(w, more, (grm_part){k, s.count, false}, qkv, 3, width / c->heads, width, width,
                                      "%s.%zu.self_attn.*_proj", stem, i);
    load_parts(l->o, w, more, s, true, width, width, i, "self_attn.out_proj");
    load_parts(l->up, w, care.up, s, false, c->ffn, width, i, "fc1");
    load_parts(l->down, w, care.down, s, true, width, c->ffn, i, "fc2");
}

// In the order in which packed models have them: of two threads each reads one run of memory, from the first layer to
// the last. What a text may absorb lies before that, by itself, so that it can be let go of.
static void load_layers(grm_decoder *d, grm_weights *w) {
    size_t count = d->config.layers, together = grm_slices_together(d);
    layer_care *cares = grm_weights_room(w, count, sizeof *cares);
    d->layers = grm_weights_room(w, count, sizeof *d->layers);
    for (size_t i = 0; i < count && !w->status; i++) cares[i] = care_of(&d->config, d->cross, i, w);
    for (size_t i = count; i > 1 && !w->status; i--)
        if (cares[i - 1].before) cares[i - 2] = cares[i - 1];
    for (size_t i = 0; i < count && !w->status; i++) load_layer(&d->config, d->cross, i, cares[i], &d->layers[i], w);
    for (size_t s = 0; s < d->slices && d->cross; s += together)
        for (size_t i = 0; i < count && !w->status; i++)
            load_cross_slices(&d->config, i, cares[i], (slices){s, s + together, d->slices}, &d->layers[i], w);
    for (size_t s = 0; s < d->slices; s += together)
        for (size_t i = 0; i < count && !w->status; i++)
            load_slices(&d->config, i, cares[i], (slices){s, s + together, d->slices}, &d->layers[i], w);
}

void grm_decoder_load(grm_decoder *d, const grm_decoder_config *c, bool cross, grm_weights *w) {
    static const char *const numbers[GRM_MAX_CODEBOOKS] = {"0", "1", "2",  "3",  "4",  "5",  "6",  "7",
                                                           "8", "9", "10", "11", "12", "13", "14", "15"};
    d->config = *c;
    d->cross = cross;
    d->slices = c->heads % GRM_SLICES == 0 && c->ffn % GRM_SLICES == 0 ? GRM_SLICES : 1;
    for (size_t k = 0; k < c->codebooks; k++)
        d->embedding[k] =
            grm_weights_table(w, c->codes + 1, c->width, "decoder.model.decoder.embed_tokens.%zu.weight", k);
    load_layers(d, w);
    d->norm = (grm_norm){grm_weights_floats(w, c->width, 1, "decoder.model.decoder.layer_norm.weight"),
                         grm_weights_floats(w, c->width, 1, "decoder.model.decoder.layer_norm.bias")};
    d->heads = grm_weights_stack(w, GRM_CARE_SOME, (grm_part){0, 1, false}, numbers, c->codebooks, c->codes, c->codes,
                                 c->width, "decoder.lm_heads.*");
}

grm_precision grm_decoder_cache(const grm_decoder *d) {
    grm_precision narrowest = GRM_FLOAT32;
    for (size_t i = 0; i < d->config.layers; i++)
        narrowest = d->layers[i].qkv[0].precision > narrowest ? d->layers[i].qkv[0].precision : narrowest;
    return narrowest < GRM_INT8 ? narrowest : GRM_INT8;
}
