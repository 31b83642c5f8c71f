#include "neural/codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// [time][channels].
typedef struct signal {
    size_t time, channels;
    float *x;
} signal;

static bool make_signal(signal *s, size_t time, size_t channels) {
    *s = (signal){time, channels, NULL};
    if (channels && time > SIZE_MAX / 8 / channels) return false;
    s->x = malloc((time * channels + 1) * sizeof *s->x);
    return s->x != NULL;
}

static void replace(signal *s, signal by) {
    free(s->x);
    *s = by;
}

// ---- convolutions ----

// The source of padded time t: reflected at both ends. A signal that is not longer than the larger side gets zeros
// behind it first (the reference pads, reflects, and cuts them off again).
static long reflect(long t, size_t time, size_t larger) {
    size_t length = time > larger ? time : larger + 1;
    if (t < 0) t = -t;
    if (t >= (long)length) t = 2 * (long)(length - 1) - t;
    return t >= 0 && t < (long)time ? t : -1;
}

// What stands before and behind the signal, so that it can be cut into whole windows: (k - 1) dilation + 1 - stride in
// all, the larger half on the left, and on the right what fills the last stride.
static bool pad(const signal *in, const grm_convolution *c, signal *out) {
    size_t total = (c->kernel - 1) * c->dilation + 1 - c->stride, right = total / 2, left = total - right;
    size_t steps = (in->time + c->stride - 1) / c->stride, extra = steps * c->stride - in->time;
    right += extra;
    if (!make_signal(out, left + in->time + right, in->channels)) return false;
    size_t row = in->channels * sizeof *in->x, larger = left > right ? left : right;
    for (size_t t = 0; t < left + right; t++) {
        size_t place = t < left ? t : in->time + t;
        long from = reflect((long)place - (long)left, in->time, larger);
        if (from < 0)
            memset(out->x + place * in->channels, 0, row);
        else
            memcpy(out->x + place * in->channels, in->x + (size_t)from * in->channels, row);
    }
    memcpy(out->x + left * in->channels, in->x, in->time * row);
    return true;
}

// Windows of a dilated convolution, gathered; for dilation 1 they lie in the signal as they are.
static bool gather(const signal *padded, const grm_convolution *c, size_t steps, signal *out) {
    if (!make_signal(out, steps, c->kernel * c->in)) return false;
    for (size_t t = 0; t < steps; t++)
        for (size_t k = 0; k < c->kernel; k++)
            memcpy(out->x + (t * c->kernel + k) * c->in, padded->x + (t * c->stride + k * c->dilation) * c->in,
                   c->in * sizeof *out->x);
    return true;
}

static grm_status convolve(const grm_compute *compute, const grm_convolution *c, const signal *in, signal *out,
                           grm_error *err) {
    signal padded = {0}, windows = {0};
    size_t steps = (in->time + c->stride - 1) / c->stride;
    *out = (signal){0};
    bool fine = pad(in, c, &padded) && make_signal(out, steps, c->out) &&
                (c->dilation == 1 || gather(&padded, c, steps, &windows));
    if (fine) {
        const signal *from = c->dilation == 1 ? &padded : &windows;
        size_t stride = c->dilation == 1 ? c->stride * c->in : c->kernel * c->in;
        grm_matrix_run(compute, &c->matrix, from->x, stride, steps, out->x, c->out, GRM_STORE);
    }
    free(padded.x);
    free(windows.x);
    if (fine) return GRM_OK;
    replace(out, (signal){0});
    return grm_fail_memory(err);
}

// The transposed one: every step adds `kernel` steps to the output, which is then cut to time * stride, the larger half
// of what is too much on the left.
static grm_status convolve_up(const grm_compute *compute, const grm_convolution *c, const signal *in, signal *out,
                              grm_error *err) {
    size_t surplus = c->kernel - c->stride, left = surplus - surplus / 2, length = in->time * c->stride;
    signal parts = {0};
    *out = (signal){0};
    if (!make_signal(&parts, in->time, c->kernel * c->out) || !make_signal(out, length, c->out)) {
        free(parts.x);
        return grm_fail_memory(err);
    }
    grm_matrix_run(compute, &c->matrix, in->x, c->in, in->time, parts.x, parts.channels, GRM_STORE);
    for (size_t t = 0; t < length; t++) memcpy(out->x + t * c->out, c->bias, c->out * sizeof *out->x);
    for (size_t t = 0; t < in->time; t++)
        for (size_t k = 0; k < c->kernel; k++) {
            size_t place = t * c->stride + k;
            if (place < left || place - left >= length) continue;
            grm_add(out->x + (place - left) * c->out, parts.x + (t * c->kernel + k) * c->out, c->out);
        }
    free(parts.x);
    return GRM_OK;
}

static grm_status run_residual(const grm_compute *compute, const grm_residual *r, signal *s, grm_error *err) {
    signal a = {0}, b = {0}, c = {0};
    grm_status status = GRM_OK;
    if (!make_signal(&a, s->time, s->channels)) return grm_fail_memory(err);
    memcpy(a.x, s->x, s->time * s->channels * sizeof *a.x);
    compute->kernels->elu(a.x, a.time * a.channels);
    status = convolve(compute, &r->narrow, &a, &b, err);
    if (status) goto done;
    compute->kernels->elu(b.x, b.time * b.channels);
    status = convolve(compute, &r->wide, &b, &c, err);
    if (status) goto done;
    if (r->beside.out) {
        signal d;
        status = convolve(compute, &r->beside, s, &d, err);
        if (status) goto done;
        replace(s, d);
    }
    grm_add(s->x, c.x, s->time * s->channels);
done:
    free(a.x);
    free(b.x);
    free(c.x);
    return status;
}

// ---- the recurrent layers ----

// Long short-term memory (Hochreiter and Schmidhuber 1997): the stack's input is added to its output.
static grm_status run_lstm(const grm_compute *compute, const grm_lstm *lstm, signal *s, grm_error *err) {
    size_t width = lstm->width;
    signal x = {0}, gates = {0};
    float *state = calloc(2 * width, sizeof *state), *cell = state ? state + width : NULL;
    if (!state || !make_signal(&x, s->time, width) || !make_signal(&gates, s->time, 4 * width)) {
        free(state);
        free(x.x);
        return grm_fail_memory(err);
    }
    memcpy(x.x, s->x, s->time * width * sizeof *x.x);
    for (size_t l = 0; l < lstm->layers; l++) {
        grm_matrix_run(compute, &lstm->layer[l].input, x.x, width, s->time, gates.x, 4 * width, GRM_STORE);
        memset(state, 0, 2 * width * sizeof *state);
        for (size_t t = 0; t < s->time; t++) {
            float *now = gates.x + t * 4 * width;
            grm_matrix_run(compute, &lstm->layer[l].state, state, width, 1, now, 4 * width, GRM_ADD);
            compute->kernels->cell(now, width, cell, state);
            memcpy(x.x + t * width, state, width * sizeof *state);
        }
    }
    grm_add(s->x, x.x, s->time * width);
    free(state);
    free(x.x);
    free(gates.x);
    return GRM_OK;
}

// ---- decoding ----

static grm_status run_up(const grm_codec *codec, const grm_compute *compute, signal *s, grm_error *err) {
    const grm_codec_config *c = &codec->config;
    signal next;
    for (size_t i = 0; i < c->ratio_count; i++) {
        const grm_codec_stage *stage = &codec->decoder.stage[i];
        compute->kernels->elu(s->x, s->time * s->channels);
        grm_status status = convolve_up(compute, &stage->resample, s, &next, err);
        if (status) return status;
        replace(s, next);
        for (size_t r = 0; r < c->residual_layers; r++) {
            status = run_residual(compute, &stage->residual[r], s, err);
            if (status) return status;
        }
    }
    compute->kernels->elu(s->x, s->time * s->channels);
    grm_status status = convolve(compute, &codec->decoder.last, s, &next, err);
    if (!status) replace(s, next);
    return status;
}

// How far the layers behind the recurrent ones reach to either side, in frames.
static size_t reach_of(const grm_codec_config *c) {
    double samples = 1, reach = 0;  // steps so far in a frame; how many frames they see
    for (size_t i = 0; i < c->ratio_count; i++) {
        reach += 2.0 / samples;
        samples *= (double)c->ratios[i];
        double dilation = 1;
        for (size_t r = 0; r < c->residual_layers; r++) {
            reach += dilation * (double)c->residual_kernel / samples;
            dilation *= (double)c->dilation_growth;
        }
    }
    return (size_t)ceil(reach + (double)c->last_kernel / samples);
}

// What follows the recurrent layers sees only a few frames, so it runs piece by piece and needs little memory.
static grm_status decode_pieces(const grm_codec *codec, const grm_compute *compute, const signal *latent,
                                float *samples, grm_error *err) {
    enum { PIECE = 50 };
    size_t hop = codec->config.hop, reach = reach_of(&codec->config);
    for (size_t start = 0; start < latent->time; start += PIECE) {
        size_t end = start + PIECE < latent->time ? start + PIECE : latent->time;
        size_t from = start > reach ? start - reach : 0, to = end + reach < latent->time ? end + reach : latent->time;
        signal piece;
        if (!make_signal(&piece, to - from, latent->channels)) return grm_fail_memory(err);
        memcpy(piece.x, latent->x + from * latent->channels, piece.time * piece.channels * sizeof *piece.x);
        grm_status status = run_up(codec, compute, &piece, err);
        if (!status)
            memcpy(samples + start * hop, piece.x + (start - from) * hop, (end - start) * hop * sizeof *samples);
        free(piece.x);
        if (status) return status;
    }
    return GRM_OK;
}

grm_status grm_codec_decode(const grm_codec *codec, const grm_compute *compute, const uint16_t *codes,
                            size_t code_stride, size_t frames, float *samples, grm_error *err) {
    const grm_codec_config *c = &codec->config;
    signal s = {0}, next;
    if (!make_signal(&s, frames, c->width)) return grm_fail_memory(err);
    memset(s.x, 0, frames * c->width * sizeof *s.x);
    grm_status status = GRM_OK;
    for (size_t k = 0; k < c->codebooks; k++)
        for (size_t t = 0; t < frames; t++) {
            size_t code = codes[k * code_stride + t];
            if (code >= c->codes) {
                status = grm_fail(err, GRM_BAD_INPUT, "code %zu at frame %zu; the codebook has %zu", code, t, c->codes);
                goto done;
            }
            grm_add(s.x + t * c->width, codec->codebook[k] + code * c->code_width, c->code_width);
        }
    status = convolve(compute, &codec->decoder.first, &s, &next, err);
    if (status) goto done;
    replace(&s, next);
    if (c->lstm_layers) status = run_lstm(compute, &codec->decoder.lstm, &s, err);
    if (!status) status = decode_pieces(codec, compute, &s, samples, err);
done:
    free(s.x);
    return status;
}

// ---- encoding ----

size_t grm_codec_frames(const grm_codec *codec, size_t samples) {
    return (samples + codec->config.hop - 1) / codec->config.hop;
}

// The nearest entry of each codebook to what the ones before have left over.
static void quantize(const grm_codec *codec, const signal *latent, uint16_t *codes, size_t code_stride) {
    const grm_codec_config *c = &codec->config;
    for (size_t t = 0; t < latent->time; t++) {
        float *rest = latent->x + t * c->code_width;
        for (size_t k = 0; k < c->codebooks; k++) {
            size_t best = 0;
            double least = INFINITY;
            for (size_t i = 0; i < c->codes; i++) {
                const float *entry = codec->codebook[k] + i * c->code_width;
                double distance = 0;
                for (size_t d = 0; d < c->code_width; d++)
                    distance += (double)(rest[d] - entry[d]) * (double)(rest[d] - entry[d]);
                if (distance < least) {
                    least = distance;
                    best = i;
                }
            }
            codes[k * code_stride + t] = (uint16_t)best;
            grm_axpy(rest, -1, codec->codebook[k] + best * c->code_width, c->code_width);
        }
    }
}

grm_status grm_codec_encode(const grm_codec *codec, const grm_compute *compute, const float *samples, size_t count,
                            uint16_t *codes, size_t code_stride, grm_error *err) {
    const grm_codec_config *c = &codec->config;
    const grm_codec_half *half = &codec->encoder;
    signal s = {0}, next, input = {count, 1, (float *)samples};
    if (count == 0) return grm_fail(err, GRM_BAD_INPUT, "there is no sound to encode");
    grm_status status = convolve(compute, &half->first, &input, &s, err);
    if (status) return status;
    for (size_t i = 0; i < c->ratio_count; i++) {
        for (size_t r = 0; r < c->residual_layers; r++) {
            status = run_residual(compute, &half->stage[i].residual[r], &s, err);
            if (status) goto done;
        }
        compute->kernels->elu(s.x, s.time * s.channels);
        status = convolve(compute, &half->stage[i].resample, &s, &next, err);
        if (status) goto done;
        replace(&s, next);
    }
    if (c->lstm_layers) status = run_lstm(compute, &half->lstm, &s, err);
    if (status) goto done;
    compute->kernels->elu(s.x, s.time * s.channels);
    status = convolve(compute, &half->last, &s, &next, err);
    if (status) goto done;
    replace(&s, next);
    quantize(codec, &s, codes, code_stride);
done:
    free(s.x);
    return status;
}
