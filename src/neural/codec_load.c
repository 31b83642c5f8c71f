// The codec's weights, put into the layout of its convolutions.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "neural/codec.h"

// Weight norm (Salimans and Kingma 2016): w = g v / |v|, the norm over all axes but the first; or a plain weight.
// `v` is [first][rest] at `out`.
static void take_normed(grm_weights *w, const char *stem, size_t first, size_t second, size_t kernel, float *out) {
    char scale[256], direction[256];
    const size_t shape[] = {first, second, kernel}, one[] = {first};
    snprintf(scale, sizeof scale, "%s.parametrizations.weight.original0", stem);
    snprintf(direction, sizeof direction, "%s.parametrizations.weight.original1", stem);
    if (!grm_weights_have(w, "%s", direction)) {
        snprintf(scale, sizeof scale, "%s.weight_g", stem);
        snprintf(direction, sizeof direction, "%s.weight_v", stem);
    }
    const grm_tensor *g = grm_weights_tensor(w, scale, 1, one), *v = grm_weights_tensor(w, direction, 3, shape);
    if (!g || !v) return;
    size_t rest = second * kernel;
    grm_tensor_floats(v, 0, first * rest, out);
    for (size_t i = 0; i < first; i++) {
        double squares = 0;
        float length;
        grm_tensor_floats(g, i, 1, &length);
        for (size_t k = 0; k < rest; k++) squares += (double)out[i * rest + k] * (double)out[i * rest + k];
        float factor = squares > 0 ? (float)((double)length / sqrt(squares)) : 0;
        for (size_t k = 0; k < rest; k++) out[i * rest + k] *= factor;
    }
}

static void load_convolution(grm_weights *w, const char *stem, bool transposed, grm_convolution *c) {
    size_t count = c->in * c->out * c->kernel;
    float *matrix = grm_weights_floats(w, count, 1), *raw = w->status ? NULL : malloc(count * sizeof *raw);
    c->bias = grm_weights_take(w, c->out, 0, "%s.bias", stem);
    if (!raw && !w->status) w->status = grm_fail_memory(w->err);
    if (w->status) {
        free(raw);
        return;
    }
    if (transposed) {  // [in][out][kernel] -> [kernel][out][in]
        take_normed(w, stem, c->in, c->out, c->kernel, raw);
        for (size_t i = 0; i < c->in; i++)
            for (size_t o = 0; o < c->out; o++)
                for (size_t k = 0; k < c->kernel; k++)
                    matrix[(k * c->out + o) * c->in + i] = raw[(i * c->out + o) * c->kernel + k];
        c->matrix = (grm_linear){c->kernel * c->out, c->in, matrix, NULL};
    } else {  // [out][in][kernel] -> [out][kernel][in]
        take_normed(w, stem, c->out, c->in, c->kernel, raw);
        for (size_t o = 0; o < c->out; o++)
            for (size_t i = 0; i < c->in; i++)
                for (size_t k = 0; k < c->kernel; k++)
                    matrix[(o * c->kernel + k) * c->in + i] = raw[(o * c->in + i) * c->kernel + k];
        c->matrix = (grm_linear){c->out, c->kernel * c->in, matrix, c->bias};
    }
    free(raw);
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
        grm_linear *linears[] = {&lstm->layer[i].input, &lstm->layer[i].state};
        for (size_t k = 0; k < 2; k++)
            *linears[k] =
                (grm_linear){4 * width, width,
                             grm_weights_take(w, 4 * width, width, "audio_encoder.%s.layers.%zu.lstm.weight_%s_l%zu",
                                              half, layer, kinds[k], i),
                             grm_weights_take(w, 4 * width, 0, "audio_encoder.%s.layers.%zu.lstm.bias_%s_l%zu", half,
                                              layer, kinds[k], i)};
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
        codec->codebook[i] = grm_weights_take(weights, config->codes, config->code_width,
                                              "audio_encoder.quantizer.layers.%zu.codebook.embed", i);
    load_decoder(weights, config, &codec->decoder);
    load_encoder(weights, config, &codec->encoder);
}
