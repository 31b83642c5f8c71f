#include "neural/decoder.h"

static grm_norm take_norm(grm_weights *w, size_t width, const char *stem, size_t layer, const char *name) {
    return (grm_norm){grm_weights_floats(w, width, 1, "%s.%zu.%s.weight", stem, layer, name),
                      grm_weights_floats(w, width, 1, "%s.%zu.%s.bias", stem, layer, name)};
}

static void load_layer(const grm_decoder_config *c, bool cross, size_t i, grm_decoder_layer *l, grm_weights *w) {
    static const char stem[] = "decoder.model.decoder.layers", *const qkv[] = {"q", "k", "v"};
    size_t width = c->width;
    l->self_norm = take_norm(w, width, stem, i, "self_attn_layer_norm");
    l->qkv = grm_weights_stack(w, GRM_CARE_LITTLE, qkv, 3, width / c->heads, width, width, "%s.%zu.self_attn.*_proj",
                               stem, i);
    l->o = grm_weights_matrix(w, GRM_CARE_LITTLE, width, width, "%s.%zu.self_attn.out_proj", stem, i);
    if (cross) {
        l->cross_norm = take_norm(w, width, stem, i, "encoder_attn_layer_norm");
        l->cross_q = grm_weights_matrix(w, GRM_CARE_LITTLE, width, width, "%s.%zu.encoder_attn.q_proj", stem, i);
        l->cross_o = grm_weights_matrix(w, GRM_CARE_LITTLE, width, width, "%s.%zu.encoder_attn.out_proj", stem, i);
        l->cross_k = grm_weights_matrix(w, GRM_CARE_SOME, width, width, "%s.%zu.encoder_attn.k_proj", stem, i);
        l->cross_v = grm_weights_matrix(w, GRM_CARE_SOME, width, width, "%s.%zu.encoder_attn.v_proj", stem, i);
    }
    l->ffn_norm = take_norm(w, width, stem, i, "final_layer_norm");
    l->up = grm_weights_matrix(w, GRM_CARE_LITTLE, c->ffn, width, "%s.%zu.fc1", stem, i);
    l->down = grm_weights_matrix(w, GRM_CARE_LITTLE, width, c->ffn, "%s.%zu.fc2", stem, i);
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
