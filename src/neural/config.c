#include "neural/config.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Where figures are read from, and the first complaint.
typedef struct reader {
    const json_t *from;
    const char *path, *section;
    grm_status status;
    grm_error *err;
} reader;

static void complain(reader *r, const char *key, const char *wanted) {
    if (r->status) return;
    r->status = grm_fail(r->err, GRM_BAD_INPUT, "'%s': %s.%s must be %s", r->path, r->section, key, wanted);
}

// Keys that are not there mean the reference class's default.
static size_t read_size(reader *r, const char *key, size_t fallback, size_t least, size_t most) {
    const json_t *value = json_object_get(r->from, key);
    if (!value || json_is_null(value)) return fallback;
    if (json_is_integer(value) && json_integer_value(value) >= (json_int_t)least &&
        json_integer_value(value) <= (json_int_t)most)
        return (size_t)json_integer_value(value);
    char wanted[64];
    snprintf(wanted, sizeof wanted, least < most ? "a whole number from %zu to %zu" : "%zu", least, most);
    complain(r, key, wanted);
    return least;
}

static float read_float(reader *r, const char *key, double fallback, double least, double most) {
    const json_t *value = json_object_get(r->from, key);
    double number = value && !json_is_null(value) ? json_number_value(value) : fallback;
    if (!(number >= least && number <= most) || (value && !json_is_null(value) && !json_is_number(value))) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "a number from %g to %g", least, most);
        complain(r, key, wanted);
    }
    return (float)number;
}

static bool read_bool(reader *r, const char *key, bool fallback) {
    const json_t *value = json_object_get(r->from, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static grm_activation read_activation(reader *r, const char *key, const char *name, bool *gated) {
    static const struct {
        const char *name;
        grm_activation activation;
        bool gated;
    } known[] = {{"relu", GRM_RELU, false},
                 {"gelu", GRM_GELU, false},
                 {"gelu_new", GRM_GELU_TANH, false},
                 {"gated-relu", GRM_RELU, true},
                 {"gated-gelu", GRM_GELU_TANH, true}};  // T5 means its approximation by gated-gelu
    for (size_t i = 0; i < GRM_COUNT(known); i++)
        if (strcmp(known[i].name, name) == 0) {
            *gated = known[i].gated;
            return known[i].activation;
        }
    complain(r, key, "relu, gelu, gelu_new, gated-relu or gated-gelu");
    *gated = false;
    return GRM_RELU;
}

static const char *read_word(const reader *r, const char *key, const char *fallback) {
    const char *word = json_string_value(json_object_get(r->from, key));
    return word ? word : fallback;
}

static void read_text(reader *r, grm_text_config *c) {
    c->vocabulary = read_size(r, "vocab_size", 32128, 4, 1 << 20);
    c->width = read_size(r, "d_model", 512, 1, 1 << 14);
    c->head_width = read_size(r, "d_kv", 64, 1, 1 << 10);
    c->heads = read_size(r, "num_heads", 8, 1, 256);
    c->ffn = read_size(r, "d_ff", 2048, 1, 1 << 16);
    c->layers = read_size(r, "num_layers", 6, 1, 256);
    c->buckets = read_size(r, "relative_attention_num_buckets", 32, 4, 1024);
    c->max_distance = read_size(r, "relative_attention_max_distance", 128, 2, 1 << 20);
    c->epsilon = read_float(r, "layer_norm_epsilon", 1e-6, 0, 1);
    c->activation = read_activation(r, "feed_forward_proj", read_word(r, "feed_forward_proj", "relu"), &c->gated);
}

static void read_decoder(reader *r, grm_decoder_config *c) {
    bool gated;
    c->codes = read_size(r, "vocab_size", 2048, 2, UINT16_MAX);
    c->codebooks = read_size(r, "num_codebooks", 4, 1, GRM_MAX_CODEBOOKS);
    c->channels = read_size(r, "audio_channels", 1, 1, 2);
    c->width = read_size(r, "hidden_size", 1024, 4, 1 << 14);
    c->heads = read_size(r, "num_attention_heads", 16, 1, 256);
    c->ffn = read_size(r, "ffn_dim", 4096, 1, 1 << 16);
    c->layers = read_size(r, "num_hidden_layers", 24, 1, 256);
    c->activation = read_activation(r, "activation_function", read_word(r, "activation_function", "gelu"), &gated);
    if (c->width % c->heads) complain(r, "hidden_size", "a multiple of num_attention_heads");
    if (c->width / c->heads > 1024) complain(r, "num_attention_heads", "enough for heads of at most 1024");
    if (c->width % 2) complain(r, "hidden_size", "even");
    if (c->codebooks % c->channels) complain(r, "num_codebooks", "a multiple of audio_channels");
    if (gated || c->activation == GRM_GELU_TANH) complain(r, "activation_function", "gelu or relu");
}

// How many codebooks a frame's bits pay for.
static size_t codebooks_of(reader *r, const grm_codec_config *c) {
    const json_t *list = json_object_get(r->from, "target_bandwidths");
    double bandwidth = json_is_array(list) ? json_number_value(json_array_get(list, json_array_size(list) - 1)) : 2.2;
    double frames = ceil((double)c->rate_hz / (double)c->hop), bits = ceil(log2((double)c->codes));
    double count = floor(1000 * bandwidth / (frames * bits));
    if (!(count >= 1 && count <= GRM_MAX_CODEBOOKS)) {
        complain(r, "target_bandwidths", "what 1 to 16 codebooks need");
        return 1;
    }
    return (size_t)count;
}

static void read_codec(reader *r, grm_codec_config *c) {
    static const size_t usual[] = {8, 5, 4, 4};
    c->rate_hz = (unsigned)read_size(r, "sampling_rate", 24000, 8000, 192000);
    c->codes = read_size(r, "codebook_size", 1024, 2, UINT16_MAX);
    c->width = read_size(r, "hidden_size", 128, 1, 1 << 12);
    c->code_width = read_size(r, "codebook_dim", c->width, 1, 1 << 12);
    c->filters = read_size(r, "num_filters", 32, 1, 1024);
    c->kernel = read_size(r, "kernel_size", 7, 1, 31);
    c->last_kernel = read_size(r, "last_kernel_size", 7, 1, 31);
    c->residual_kernel = read_size(r, "residual_kernel_size", 3, 1, 31);
    c->residual_layers = read_size(r, "num_residual_layers", 1, 1, 8);
    c->dilation_growth = read_size(r, "dilation_growth_rate", 2, 1, 8);
    c->compress = read_size(r, "compress", 2, 1, 16);
    c->lstm_layers = read_size(r, "num_lstm_layers", 2, 0, 4);
    c->shortcut = read_bool(r, "use_conv_shortcut", true);
    const json_t *ratios = json_object_get(r->from, "upsampling_ratios");
    c->ratio_count = ratios ? json_array_size(ratios) : GRM_COUNT(usual);
    if (c->ratio_count < 1 || c->ratio_count > GRM_MAX_RATIOS) {
        complain(r, "upsampling_ratios", "a list of 1 to 8 whole numbers");
        c->ratio_count = 1;
    }
    c->hop = 1;
    for (size_t i = 0; i < c->ratio_count; i++) {
        json_int_t ratio = ratios ? json_integer_value(json_array_get(ratios, i)) : (json_int_t)usual[i];
        if (ratio < 1 || ratio > 16) {
            complain(r, "upsampling_ratios", "whole numbers from 1 to 16");
            ratio = 1;
        }
        c->ratios[i] = (size_t)ratio;
        c->hop *= (size_t)ratio;
    }
    if (c->hop > 1 << 14) complain(r, "upsampling_ratios", "numbers whose product is at most 16384");
    if (c->filters > (size_t)(1 << 14) >> c->ratio_count)
        complain(r, "num_filters", "smaller: the widest layer would have over 16384 channels");
    if (c->filters / c->compress < 1) complain(r, "compress", "at most num_filters");
    if (c->code_width != c->width) complain(r, "codebook_dim", "equal to hidden_size");
    if (read_bool(r, "use_causal_conv", true)) complain(r, "use_causal_conv", "false");
    if (read_bool(r, "normalize", false)) complain(r, "normalize", "false");
    if (json_is_number(json_object_get(r->from, "chunk_length_s"))) complain(r, "chunk_length_s", "null");
    if (strcmp(read_word(r, "norm_type", "weight_norm"), "weight_norm") != 0) complain(r, "norm_type", "weight_norm");
    if (strcmp(read_word(r, "pad_mode", "reflect"), "reflect") != 0) complain(r, "pad_mode", "reflect");
    if (read_size(r, "audio_channels", 1, 1, 8) != 1)
        complain(r, "audio_channels", "1: stereo models use a mono codec twice");
    c->codebooks = r->status ? 1 : codebooks_of(r, c);
}

static grm_status load(const char *folder, const char *name, bool needed, json_t **out, grm_error *err) {
    enum { MOST = 4 << 20 };
    uint8_t *bytes = NULL;
    size_t size = 0;
    char *path = grm_path_join(folder, name);
    grm_status status =
        path ? grm_file_read_regular(path, MOST, &bytes, &size, needed ? err : NULL) : grm_fail_memory(err);
    if (status == GRM_BAD_INPUT && !needed) status = GRM_OK;  // not there: defaults
    if (!status && bytes) {
        json_error_t problem;
        *out = json_loadb((const char *)bytes, size, 0, &problem);
        if (!json_is_object(*out))
            status = grm_fail(err, GRM_BAD_INPUT, "'%s' is broken in line %d: %s", path, problem.line, problem.text);
    }
    free(bytes);
    free(path);
    return status;
}

grm_status grm_model_config_load(const char *folder, json_t **config, json_t **generation, grm_error *err) {
    *config = *generation = NULL;
    grm_status status = load(folder, "config.json", true, config, err);
    if (!status) status = load(folder, "generation_config.json", false, generation, err);
    return status;
}

static void read_generation(reader *r, grm_model_config *c) {
    c->guidance = read_float(r, "guidance_scale", 3.0, 0, 100);
    c->start_code = read_size(r, "decoder_start_token_id", c->decoder.codes, 0, c->decoder.codes);
}

grm_status grm_model_config_read(const json_t *root, const json_t *generation, const char *name, grm_model_config *out,
                                 grm_error *err) {
    *out = (grm_model_config){0};
    reader r = {root, name, "model", GRM_OK, err};
    const char *type = read_word(&r, "model_type", "");
    out->melody = strcmp(type, "musicgen_melody") == 0;
    if (!out->melody && strcmp(type, "musicgen") != 0) complain(&r, "model_type", "musicgen or musicgen_melody");
    out->chroma_bins = read_size(&r, "num_chroma", 12, 12, 12);  // classes of chroma.c
    out->chroma_length = read_size(&r, "chroma_length", 235, 1, 4096);
    static const char *const sections[] = {"text_encoder", "decoder", "audio_encoder"};
    for (size_t i = 0; i < GRM_COUNT(sections); i++) {
        r.section = sections[i];
        r.from = json_object_get(root, sections[i]);
        if (!json_is_object(r.from)) complain(&r, "*", "a section of the file");
        if (i == 0) read_text(&r, &out->text);
        if (i == 1) read_decoder(&r, &out->decoder);
        if (i == 2) read_codec(&r, &out->codec);
    }
    if (out->codec.codebooks != out->decoder.codebooks / out->decoder.channels ||
        out->codec.codes != out->decoder.codes)
        complain(&r, "codebooks", "as many and as large as the decoder's");
    r.section = "generation";
    r.from = generation;
    read_generation(&r, out);
    return r.status;
}
