#include "neural/decoder.h"

static grm_norm take_norm(grm_weights *w, size_t width, const char *stem, size_t layer, const char *name) {
    return (grm_norm){grm_weights_floats(w, width, 1, "%s.%zu.%s.weight", stem, layer, name),
                      grm_weights_floats(w, width, 1, "%s.%zu.%s.bias", stem, layer, name)};
}

enum { NAME_SIZE = 128 };
static const char stem[] = "decoder.model.decoder.layers";

// Queries and keys whose inputs' columns stand out make scores of which softmax sees the smallest error; those of fc2
// go into everything behind it.
static grm_care care_of(const grm_weights *w, size_t i, const char *norm, size_t out, size_t in, const char *one,
                        const char *other) {
    char before[NAME_SIZE];
    snprintf(before, sizeof before, "%s.%zu.%s.weight", stem, i, norm ? norm : "");
    bool far = grm_weights_stand_out(w, norm ? before : NULL, out, in, "%s.%zu.%s", stem, i, one);
    far = far || (other && grm_weights_stand_out(w, norm ? before : NULL, out, in, "%s.%zu.%s", stem, i, other));
    return far ? GRM_CARE_MUCH : GRM_CARE_LITTLE;
}

static void load_layer(const grm_decoder_config *c, bool cross, size_t i, grm_decoder_layer *l, grm_weights *w) {
    static const char *const qkv[] = {"q", "k", "v"};
    size_t width = c->width;
    grm_care care = care_of(w, i, "self_attn_layer_norm", width, width, "self_attn.q_proj", "self_attn.k_proj");
    l->self_norm = take_norm(w, width, stem, i, "self_attn_layer_norm");
    l->qkv = grm_weights_stack(w, care, qkv, 3, width / c->heads, width, width, "%s.%zu.self_attn.*_proj", stem, i);
    l->o = grm_weights_matrix(w, GRM_CARE_LITTLE, width, width, "%s.%zu.self_attn.out_proj", stem, i);
    if (cross) {
        l->cross_norm = take_norm(w, width, stem, i, "encoder_attn_layer_norm");
        care = care_of(w, i, "encoder_attn_layer_norm", width, width, "encoder_attn.q_proj", NULL);
        l->cross_q = grm_weights_matrix(w, care, width, width, "%s.%zu.encoder_attn.q_proj", stem, i);
        l->cross_o = grm_weights_matrix(w, GRM_CARE_LITTLE, width, width, "%s.%zu.encoder_attn.out_proj", stem, i);
        care = care_of(w, i, NULL, width, width, "encoder_attn.k_proj", NULL);
        l->cross_k = grm_weights_matrix(w, care == GRM_CARE_LITTLE ? GRM_CARE_SOME : care, width, width,
                                        "%s.%zu.encoder_attn.k_proj", stem, i);
        l->cross_v = grm_weights_matrix(w, GRM_CARE_SOME, width, width, "%s.%zu.encoder_attn.v_proj", stem, i);
    }
    l->ffn_norm = take_norm(w, width, stem, i, "final_layer_norm");
    l->up = grm_weights_matrix(w, GRM_CARE_LITTLE, c->ffn, width, "%s.%zu.fc1", stem, i);
    care = care_of(w, i, NULL, width, c->ffn, "fc2", NULL);
    l->down = grm_weights_matrix(w, care, width, c->ffn, "%s.%zu.fc2", stem, i);
}

void grm_decoder_load(grm_decoder *d, const grm_decoder_config *c, bool cross, grm_weights *w) {
    static const char *const numbers[GRM_MAX_CODEBOOKS] = {"0", "1", "2",  "3",  "4",  "5",  "6",  "7",
                                                           "8", "9", "10", "11", "12", "13", "14", "15"};
    d->config = *c;
    d->cross = cross;
    for (size_t k = 0; k < c->codebooks; k++)
        d->embedding[k] =
            grm_weights_table(w, c->codes + 1, c->width, "decoder.model.decoder.embed_tokens.%zu.weight", k);
    d->layers = grm_weights_room(w, c->layers, sizeof *d->layers);
    for (size_t i = 0; i < c->layers && !w->status; i++) load_layer(c, cross, i, &d->layers[i], w);
    d->norm = (grm_norm){grm_weights_floats(w, c->width, 1, "decoder.model.decoder.layer_norm.weight"),
                         grm_weights_floats(w, c->width, 1, "decoder.model.decoder.layer_norm.bias")};
    d->heads =
        grm_weights_stack(w, GRM_CARE_SOME, numbers, c->codebooks, c->codes, c->codes, c->width, "decoder.lm_heads.*");
}

grm_precision grm_decoder_cache(const grm_decoder *d) {
    grm_precision widest = GRM_INT8;
    for (size_t i = 0; i < d->config.layers; i++)
        widest = d->layers[i].qkv.precision < widest ? d->layers[i].qkv.precision : widest;
    return widest;
}
