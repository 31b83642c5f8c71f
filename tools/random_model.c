#include "random_model.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "neural/halves.h"

static const struct {
    const char *name;
    random_model model;
} sizes[] = {
    {"tiny", {64, 2, 4, 128, 64, 4, 1, 40, 2, 4, 8, 64, 400, 16, 4, false, false, 1, 0, false, 0, 1}},
    {"small", {1024, 24, 16, 4096, 2048, 4, 1, 768, 12, 12, 64, 3072, 32128, 128, 64, false, true, 1, 0, false, 0, 1}},
    {"medium", {1536, 48, 24, 6144, 2048, 4, 1, 768, 12, 12, 64, 3072, 32128, 128, 64, false, true, 1, 0, false, 0, 1}},
    {"large", {2048, 48, 32, 8192, 2048, 4, 1, 768, 12, 12, 64, 3072, 32128, 128, 64, false, true, 1, 0, false, 0, 1}},
};

const random_model *random_model_size(const char *name) {
    for (size_t i = 0; i < GRM_COUNT(sizes); i++)
        if (strcmp(sizes[i].name, name) == 0) return &sizes[i].model;
    return NULL;
}

// ---- tensors: listed once for the header, once for the bytes ----

enum { NORMALS = 1 << 16 };

typedef struct writer {
    const random_model *model;
    FILE *file;  // NULL: the header is made
    json_t *header;
    size_t offset;
    const float *normals;
    uint64_t state;
    bool failed;
} writer;

typedef enum look { MATRIX, TABLE, ONES, ZEROS, LENGTH } look;

static float draw(writer *w) {
    w->state ^= w->state << 13;
    w->state ^= w->state >> 7;
    w->state ^= w->state << 17;
    return w->normals[w->state >> 20 & (NORMALS - 1)];
}

// Whether the decoder's weights of this kind have outlying columns.
static bool outlying(const random_model *m, unsigned kind, unsigned layer) {
    if (m->outlying_layer && layer + 1 != m->outlying_layer) return false;
    unsigned all = m->outlying ? m->outlying : RANDOM_VALUES | RANDOM_OUTPUTS | RANDOM_DOWN | RANDOM_FFN_NORMS;
    return (all & kind) != 0;
}

static void put_values(writer *w, look kind, bool outliers, size_t count, size_t row) {
    enum { BLOCK = 4096 };
    float size = kind == MATRIX ? 1.3f / sqrtf((float)row) : kind == TABLE ? 1 / sqrtf((float)row) : 0.1f;
    float base = kind == ONES ? 1 : kind == LENGTH ? sqrtf((float)row) * 0.6f : 0;
    for (size_t at = 0; at < count; at += BLOCK) {
        float values[BLOCK];
        uint16_t halves[BLOCK];
        size_t here = count - at < BLOCK ? count - at : BLOCK;
        for (size_t i = 0; i < here; i++) {
            values[i] = base + size * draw(w);
            size_t place = w->model->outlying_rows && row < count ? (at + i) / row : (at + i) % row;
            if (outliers && place % 97 == 5) values[i] *= w->model->outliers;
            halves[i] = grm_float_to_half(values[i]);
        }
        const void *bytes = w->model->halves ? (const void *)halves : (const void *)values;
        if (fwrite(bytes, w->model->halves ? 2 : 4, here, w->file) != here) w->failed = true;
    }
}

static void tensor(writer *w, look kind, bool outliers, size_t first, size_t second, size_t third, const char *format,
                   ...) GRM_PRINTF(7, 8);
static void tensor(writer *w, look kind, bool outliers, size_t first, size_t second, size_t third, const char *format,
                   ...) {
    size_t count = first * (second ? second : 1) * (third ? third : 1), bytes = count * (w->model->halves ? 2 : 4);
    if (w->file) {
        // Norms of weight norm are lengths of rows, which `second` says.
        put_values(w, kind, outliers, count, kind == LENGTH ? third : second ? count / first : count);
        return;
    }
    char name[256];
    va_list values;
    va_start(values, format);
    vsnprintf(name, sizeof name, format, values);
    va_end(values);
    json_t *shape = json_array();
    json_array_append_new(shape, json_integer((json_int_t)first));
    if (second) json_array_append_new(shape, json_integer((json_int_t)second));
    if (third) json_array_append_new(shape, json_integer((json_int_t)third));
    json_object_set_new(w->header, name,
                        json_pack("{s:s, s:o, s:[I, I]}", "dtype", w->model->halves ? "F16" : "F32", "shape", shape,
                                  "data_offsets", (json_int_t)w->offset, (json_int_t)(w->offset + bytes)));
    w->offset += bytes;
}

static void norm(writer *w, const char *stem, size_t width, bool outliers) {
    tensor(w, ONES, outliers, width, 0, 0, "%s.weight", stem);
    tensor(w, ZEROS, false, width, 0, 0, "%s.bias", stem);
}

static void list_text(writer *w) {
    const random_model *m = w->model;
    size_t width = m->text_width, inner = m->text_heads * m->text_head;
    tensor(w, TABLE, false, m->vocabulary, width, 0, "text_encoder.shared.weight");
    for (unsigned i = 0; i < m->text_layers; i++) {
        static const char *const names[] = {"q", "k", "v"};
        char stem[96];
        snprintf(stem, sizeof stem, "text_encoder.encoder.block.%u.layer", i);
        for (size_t k = 0; k < 3; k++)
            tensor(w, MATRIX, false, inner, width, 0, "%s.0.SelfAttention.%s.weight", stem, names[k]);
        tensor(w, MATRIX, false, width, inner, 0, "%s.0.SelfAttention.o.weight", stem);
        if (i == 0)
            tensor(w, TABLE, false, 32, m->text_heads, 0, "%s.0.SelfAttention.relative_attention_bias.weight", stem);
        tensor(w, ONES, false, width, 0, 0, "%s.0.layer_norm.weight", stem);
        tensor(w, MATRIX, false, m->text_ffn, width, 0, "%s.1.DenseReluDense.wi.weight", stem);
        tensor(w, MATRIX, false, width, m->text_ffn, 0, "%s.1.DenseReluDense.wo.weight", stem);
        tensor(w, ONES, false, width, 0, 0, "%s.1.layer_norm.weight", stem);
    }
    tensor(w, ONES, false, width, 0, 0, "text_encoder.encoder.final_layer_norm.weight");
}

static void attention(writer *w, const char *stem, unsigned layer, size_t width) {
    static const char *const names[] = {"q_proj", "k_proj", "v_proj", "out_proj"};
    for (size_t k = 0; k < 4; k++)
        tensor(w, MATRIX, outlying(w->model, RANDOM_QUERIES << k, layer), width, width, 0, "%s.%u.%s.%s.weight",
               "decoder.model.decoder.layers", layer, stem, names[k]);
}

static void list_decoder(writer *w) {
    const random_model *m = w->model;
    char stem[96];
    for (unsigned k = 0; k < m->codebooks; k++) {
        tensor(w, TABLE, outlying(m, RANDOM_EMBEDDINGS, UINT_MAX - 1), m->codes + 1, m->width, 0,
               "decoder.model.decoder.embed_tokens.%u.weight", k);
        tensor(w, MATRIX, outlying(m, RANDOM_HEADS, UINT_MAX - 1), m->codes, m->width, 0, "decoder.lm_heads.%u.weight",
               k);
    }
    for (unsigned i = 0; i < m->layers; i++) {
        static const char *const norms[] = {"self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm"};
        attention(w, "self_attn", i, m->width);
        if (!m->melody) attention(w, "encoder_attn", i, m->width);
        for (size_t k = 0; k < 3; k++) {
            if (m->melody && k == 1) continue;
            snprintf(stem, sizeof stem, "decoder.model.decoder.layers.%u.%s", i, norms[k]);
            norm(w, stem, m->width, outlying(m, k == 2 ? RANDOM_FFN_NORMS : RANDOM_ATTENTION_NORMS, i));
        }
        tensor(w, MATRIX, outlying(m, RANDOM_UP, i), m->ffn, m->width, 0, "decoder.model.decoder.layers.%u.fc1.weight",
               i);
        tensor(w, MATRIX, outlying(m, RANDOM_DOWN, i), m->width, m->ffn, 0,
               "decoder.model.decoder.layers.%u.fc2.weight", i);
    }
    norm(w, "decoder.model.decoder.layer_norm", m->width, false);
    if (m->text_width != m->width) {
        tensor(w, MATRIX, false, m->width, m->text_width, 0, "enc_to_dec_proj.weight");
        tensor(w, ZEROS, false, m->width, 0, 0, "enc_to_dec_proj.bias");
    }
    if (m->melody) {
        tensor(w, MATRIX, false, m->width, 12, 0, "audio_enc_to_dec_proj.weight");
        tensor(w, ZEROS, false, m->width, 0, 0, "audio_enc_to_dec_proj.bias");
    }
}

static void convolution(writer *w, const char *half, unsigned layer, const char *inner, size_t first, size_t second,
                        size_t kernel, size_t out) {
    char stem[128];
    snprintf(stem, sizeof stem, "audio_encoder.%s.layers.%u.%sconv", half, layer, inner);
    tensor(w, LENGTH, false, first, 1, 1, "%s.parametrizations.weight.original0", stem);
    tensor(w, MATRIX, false, first, second, kernel, "%s.parametrizations.weight.original1", stem);
    tensor(w, ZEROS, false, out, 0, 0, "%s.bias", stem);
}

static void residual(writer *w, const char *half, unsigned layer, size_t channels) {
    convolution(w, half, layer, "block.1.", channels / 2, channels, 3, channels / 2);
    convolution(w, half, layer, "block.3.", channels, channels / 2, 1, channels);
}

static void recurrent(writer *w, const char *half, unsigned layer, size_t width) {
    static const char *const names[] = {"ih", "hh"};
    for (unsigned l = 0; l < 2; l++)
        for (size_t k = 0; k < 2; k++) {
            tensor(w, MATRIX, false, 4 * width, width, 0, "audio_encoder.%s.layers.%u.lstm.weight_%s_l%u", half, layer,
                   names[k], l);
            tensor(w, ZEROS, false, 4 * width, 0, 0, "audio_encoder.%s.layers.%u.lstm.bias_%s_l%u", half, layer,
                   names[k], l);
        }
}

static void list_codec(writer *w) {
    static const size_t ratios[] = {8, 5, 4, 4};
    const random_model *m = w->model;
    size_t channels = (size_t)m->filters << 4;
    unsigned layer = 2;
    for (unsigned k = 0; k < m->codebooks / m->channels; k++)
        tensor(w, TABLE, false, m->codes, m->code_width, 0, "audio_encoder.quantizer.layers.%u.codebook.embed", k);
    convolution(w, "decoder", 0, "", channels, m->code_width, 7, channels);
    recurrent(w, "decoder", 1, channels);
    for (size_t s = 0; s < 4; s++, channels /= 2) {
        convolution(w, "decoder", ++layer, "", channels, channels / 2, 2 * ratios[s], channels / 2);
        residual(w, "decoder", ++layer, channels / 2);
        layer++;
    }
    convolution(w, "decoder", layer + 1, "", 1, channels, 7, 1);
    layer = 0;
    convolution(w, "encoder", layer++, "", channels, 1, 7, channels);
    for (size_t s = 0; s < 4; s++, channels *= 2) {
        residual(w, "encoder", layer++, channels);
        layer++;
        convolution(w, "encoder", layer++, "", 2 * channels, channels, 2 * ratios[3 - s], 2 * channels);
    }
    recurrent(w, "encoder", layer, channels);
    convolution(w, "encoder", layer + 2, "", m->code_width, channels, 7, m->code_width);
}

static void list_all(writer *w) {
    list_text(w);
    list_decoder(w);
    list_codec(w);
}

// ---- files ----

static json_t *make_config(const random_model *m) {
    const char *type = m->melody ? "musicgen_melody" : "musicgen";
    json_t *text = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:s}", "vocab_size", m->vocabulary, "d_model",
                             m->text_width, "d_kv", m->text_head, "d_ff", m->text_ffn, "num_layers", m->text_layers,
                             "num_heads", m->text_heads, "feed_forward_proj", "relu");
    json_t *decoder = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "vocab_size", m->codes, "hidden_size", m->width,
                                "num_hidden_layers", m->layers, "num_attention_heads", m->heads, "ffn_dim", m->ffn,
                                "num_codebooks", m->codebooks, "audio_channels", m->channels);
    // As many bits a second as the codebooks need.
    double bandwidth = 0.05 * ceil(log2(m->codes)) * m->codebooks / m->channels + 1e-4;
    json_t *audio = json_pack("{s:[f], s:i, s:i, s:i, s:i, s:i, s:[i,i,i,i], s:b, s:i, s:i, s:s, s:b}",
                              "target_bandwidths", bandwidth, "sampling_rate", 32000, "audio_channels", 1,
                              "hidden_size", m->code_width, "num_filters", m->filters, "num_residual_layers", 1,
                              "upsampling_ratios", 8, 5, 4, 4, "use_causal_conv", 0, "codebook_size", m->codes,
                              "codebook_dim", m->code_width, "norm_type", "weight_norm", "use_conv_shortcut", 0);
    return json_pack("{s:s, s:o, s:o, s:o, s:i}", "model_type", type, "text_encoder", text, "decoder", decoder,
                     "audio_encoder", audio, "chroma_length", 23);
}

static grm_status write_json(const char *folder, const char *name, json_t *json, grm_error *err) {
    char *path = grm_path_join(folder, name), *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
    grm_status status = path && text ? grm_file_write(path, text, strlen(text), err) : grm_fail_memory(err);
    json_decref(json);
    free(path);
    free(text);
    return status;
}

static grm_status write_weights(const random_model *m, const char *path, grm_error *err) {
    static float normals[NORMALS];
    grm_rng rng = grm_rng_new(m->seed, "random model");
    for (size_t i = 0; i < NORMALS; i++) normals[i] = grm_rng_normal(&rng);
    writer w = {
        .model = m, .header = json_object(), .normals = normals, .state = m->seed * 2654435761u + 88172645463325252u};
    list_all(&w);
    char *header = json_dumps(w.header, JSON_COMPACT);
    w.file = fopen(path, "wb");
    if (header && w.file) {
        uint8_t length[8];
        for (size_t i = 0; i < 8; i++) length[i] = (uint8_t)(strlen(header) >> 8 * i);
        fwrite(length, 1, 8, w.file);
        fwrite(header, 1, strlen(header), w.file);
        list_all(&w);
    }
    bool fine = header && w.file && !w.failed && fclose(w.file) == 0;
    json_decref(w.header);
    free(header);
    return fine ? GRM_OK : grm_fail(err, GRM_FAILED, "cannot write '%s'", path);
}

grm_status random_model_write(const random_model *m, const char *folder, const char *tokenizer, grm_error *err) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    char *path = grm_path_join(folder, "model.safetensors"), *copy = grm_path_join(folder, "tokenizer.json");
    grm_status status = path && copy ? grm_folder_new(folder, err) : grm_fail_memory(err);
    if (!status) status = grm_file_read(tokenizer, 64 << 20, &bytes, &size, err);
    if (!status) status = grm_file_write(copy, bytes, size, err);
    if (!status) status = write_json(folder, "config.json", make_config(m), err);
    if (!status) status = write_weights(m, path, err);
    free(bytes);
    free(path);
    free(copy);
    return status;
}
