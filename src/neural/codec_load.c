// The codec's weights, put into the layout of its convolutions.
#include <stdio.h>

#include "neural/codec.h"

static void load_convolution(grm_weights *w, const char *stem, bool transposed, grm_convolution *c) {
    c->matrix = grm_weights_convolution(w, transposed, c->out, c->in, c->kernel, "%s", stem);
    c->bias = grm_weights_floats(w, c->out, 1, "%s.bias", stem);
    // Transposed ones add to what is there, which begins with the bias.
    if (!transposed) c->matrix.bias = c->bias;
}

static void load_residual(grm_weights *w, const grm_codec_config *config, const char *half, size_t layer,
                          size_t channels, size_t index, grm_residual *r) {
    char stem[128];
    size_t dilation = 1, narrow = channels / config->compress;
    for (size_t i = 0; i < index; i++) dilation *= config->dilation_growth;
    r->narrow = (grm_convolution){channels, narrow, config->residual_kernel, 1, dilation, {0}, NULL};
    r->wide = (grm_convolution){narrow, channels, 1, 1, 1, {0}, NULL};
    snprintf(stem, sizeof stem, "audio_encoder.%s.layers.%zu.block.1.conv", half, layer);
    load_convolution(w, stem, false, &r->narrow);
    snprintf(stem, sizeof stem, "audio_encoder.%s.layers.%zu.block.3.conv", half, layer);
    load_convolution(w, stem, false, &r->wide);
    if (!config->shortcut) return;
    r->beside = (grm_convolution){channels, channels, 1, 1, 1, {0}, NULL};
    snprintf(stem, sizeof stem, "audio_encoder.%s.layers.%zu.shortcut.conv", half, layer);
    load_convolution(w, stem, false, &r->beside);
}

static void load_lstm(grm_weights *w, const char *half, size_t layer, size_t width, size_t layers, grm_lstm *lstm) {
    lstm->width = width;
    lstm->layers = layers;
    for (size_t i = 0; i < layers; i++) {
        static const char *const kinds[] = {"ih", "hh"};
        grm_matrix *matrices[] = {&lstm->layer[i].input, &lstm->layer[i].state};
        for (size_t k = 0; k < 2; k++) {
            *matrices[k] = grm_weights_lstm(w, 4 * width, width, "audio_encoder.%s.layers.%zu.lstm.weight_%s_l%zu",
                                            half, layer, kinds[k], i);
            matrices[k]->bias = grm_weights_floats(w, 4 * width, 1, "audio_encoder.%s.layers.%zu.lstm.bias_%s_l%zu",
                                                   half, layer, kinds[k], i);
        }
    }
}

// The layers are numbered as the reference stacks them: activations count.
static void load_decoder(grm_weights *w, const grm_codec_config *c, grm_codec_half *half) {
    char stem[128];
    size_t layer = 0, channels = c->filters << c->ratio_count;
    half->first = (grm_convolution){c->width, channels, c->kernel, 1, 1, {0}, NULL};
    load_convolution(w, "audio_encoder.decoder.layers.0.conv", false, &half->first);
    layer++;
    if (c->lstm_layers) load_lstm(w, "decoder", layer++, channels, c->lstm_layers, &half->lstm);
    for (size_t s = 0; s < c->ratio_count && !w->status; s++) {
        grm_codec_stage *stage = &half->stage[s];
        layer++;  // ELU
        stage->resample = (grm_convolution){channels, channels / 2, 2 * c->ratios[s], c->ratios[s], 1, {0}, NULL};
        snprintf(stem, sizeof stem, "audio_encoder.decoder.layers.%zu.conv", layer++);
        load_convolution(w, stem, true, &stage->resample);
        channels /= 2;
        for (size_t i = 0; i < c->residual_layers; i++)
            load_residual(w, c, "decoder", layer++, channels, i, &stage->residual[i]);
    }
    layer++;
    half->last = (grm_convolution){channels, 1, c->last_kernel, 1, 1, {0}, NULL};
    snprintf(stem, sizeof stem, "audio_encoder.decoder.layers.%zu.conv", layer);
    load_convolution(w, stem, false, &half->last);
}

static void load_encoder(grm_weights *w, const grm_codec_config *c, grm_codec_half *half) {
    char stem[128];
    size_t layer = 1, channels = c->filters;
    half->first = (grm_convolution){1, channels, c->kernel, 1, 1, {0}, NULL};
    load_convolution(w, "audio_encoder.encoder.layers.0.conv", false, &half->first);
    for (size_t s = 0; s < c->ratio_count && !w->status; s++) {
        grm_codec_stage *stage = &half->stage[s];
        size_t ratio = c->ratios[c->ratio_count - 1 - s];
        for (size_t i = 0; i < c->residual_layers; i++)
            load_residual(w, c, "encoder", layer++, channels, i, &stage->residual[i]);
        layer++;  // ELU
        stage->resample = (grm_convolution){channels, 2 * channels, 2 * ratio, ratio, 1, {0}, NULL};
        snprintf(stem, sizeof stem, "audio_encoder.encoder.layers.%zu.conv", layer++);
        load_convolution(w, stem, false, &stage->resample);
        channels *= 2;
    }
    if (c->lstm_layers) load_lstm(w, "encoder", layer++, channels, c->lstm_layers, &half->lstm);
    layer++;
    half->last = (grm_convolution){channels, c->width, c->last_kernel, 1, 1, {0}, NULL};
    snprintf(stem, sizeof stem, "audio_encoder.encoder.layers.%zu.conv", layer);
    load_convolution(w, stem, false, &half->last);
}

void grm_codec_load(grm_codec *codec, const grm_codec_config *config, grm_weights *weights) {
    codec->config = *config;
    for (size_t i = 0; i < config->codebooks; i++)
        codec->codebook[i] = grm_weights_floats(weights, config->codes, config->code_width,
                                                "audio_encoder.quantizer.layers.%zu.codebook.embed", i);
    load_decoder(weights, config, &codec->decoder);
    load_encoder(weights, config, &codec->encoder);
}
