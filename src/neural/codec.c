#include "neural/codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "neural/signal.h"

// Who computes a stretch of sound: the whole team, or one member, while others have stretches of their own.
typedef struct worker {
    const grm_compute *compute;
    bool alone;
    grm_shelf *shelf;  // NULL: memory goes back to the system at once
} worker;

static void multiply(const worker *w, const grm_matrix *m, const float *x, size_t x_stride, size_t rows, float *y,
                     size_t y_stride, grm_finish finish) {
    if (w->alone)
        grm_matrix_alone(w->compute, m, x, x_stride, rows, y, y_stride, finish);
    else
        grm_matrix_run(w->compute, m, x, x_stride, rows, y, y_stride, finish);
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
static bool pad(const worker *w, const grm_signal *in, const grm_convolution *c, grm_signal *out) {
    size_t total = (c->kernel - 1) * c->dilation + 1 - c->stride, right = total / 2, left = total - right;
    size_t steps = (in->time + c->stride - 1) / c->stride, extra = steps * c->stride - in->time;
    right += extra;
    if (!grm_signal_new(w->shelf, left + in->time + right, in->channels, out)) return false;
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
static bool gather(const worker *w, const grm_signal *padded, const grm_convolution *c, size_t steps, grm_signal *out) {
    if (!grm_signal_new(w->shelf, steps, c->kernel * c->in, out)) return false;
    for (size_t t = 0; t < steps; t++)
        for (size_t k = 0; k < c->kernel; k++)
            memcpy(out->x + (t * c->kernel + k) * c->in, padded->x + (t * c->stride + k * c->dilation) * c->in,
                   c->in * sizeof *out->x);
    return true;
}

// One output: a panel of 32 would be computed for it.
static bool convolve_to_one(const worker *w, const grm_convolution *c, const grm_signal *padded, grm_signal *out) {
    float *weights = malloc(c->matrix.in * sizeof *weights);
    if (!weights) return false;
    grm_matrix_unpack(&c->matrix, 0, weights);
    w->compute->kernels->dots(weights, c->matrix.in, padded->x, c->stride * c->in, out->time, out->x);
    for (size_t t = 0; t < out->time; t++) out->x[t] += c->bias[0];
    free(weights);
    return true;
}

// activate: of elu(in). *out is made, but where it is to be added to, it is there.
static grm_status convolve(const worker *w, const grm_convolution *c, const grm_signal *in, bool activate,
                           grm_finish finish, grm_signal *out, grm_error *err) {
    grm_signal padded = {0}, windows = {0};
    size_t steps = (in->time + c->stride - 1) / c->stride;
    bool plain = c->kernel == 1 && c->stride == 1 && !activate;
    if (finish == GRM_STORE) *out = (grm_signal){0};
    bool fine =
        (plain || pad(w, in, c, &padded)) && (finish == GRM_ADD || grm_signal_new(w->shelf, steps, c->out, out));
    if (fine && activate) w->compute->kernels->elu(padded.x, padded.time * padded.channels);
    if (fine && c->dilation > 1) fine = gather(w, &padded, c, steps, &windows);
    if (fine && c->out == 1 && c->dilation == 1 && finish == GRM_STORE) {
        fine = convolve_to_one(w, c, &padded, out);
    } else if (fine) {
        const grm_signal *from = plain ? in : c->dilation == 1 ? &padded : &windows;
        size_t stride = c->dilation == 1 ? c->stride * c->in : c->kernel * c->in;
        multiply(w, &c->matrix, from->x, stride, steps, out->x, c->out, finish);
    }
    grm_signal_drop(w->shelf, &padded);
    grm_signal_drop(w->shelf, &windows);
    if (fine) return GRM_OK;
    if (finish == GRM_STORE) grm_signal_drop(w->shelf, out);
    return grm_fail_memory(err);
}

// Where halves of the kernel are no whole strips of panels.
static grm_status convolve_up_any(const worker *w, const grm_convolution *c, const grm_signal *in, grm_signal *out,
                                  grm_error *err) {
    size_t left = c->stride - c->stride / 2, length = in->time * c->stride;
    grm_signal parts = {0};
    *out = (grm_signal){0};
    if (!grm_signal_new(w->shelf, in->time, c->kernel * c->out, &parts) ||
        !grm_signal_new(w->shelf, length, c->out, out)) {
        grm_signal_drop(w->shelf, &parts);
        return grm_fail_memory(err);
    }
    multiply(w, &c->matrix, in->x, c->in, in->time, parts.x, parts.channels, GRM_STORE);
    for (size_t t = 0; t < length; t++) memcpy(out->x + t * c->out, c->bias, c->out * sizeof *out->x);
    for (size_t t = 0; t < in->time; t++)
        for (size_t k = 0; k < c->kernel; k++) {
            size_t place = t * c->stride + k;
            if (place < left || place - left >= length) continue;
            grm_add(out->x + (place - left) * c->out, parts.x + (t * c->kernel + k) * c->out, c->out);
        }
    grm_signal_drop(w->shelf, &parts);
    return GRM_OK;
}

// The transposed one: every step adds `kernel` steps to the output, which is then cut to time * stride, the larger half
// of what is too much on the left. The kernel is two strides long, so that all first halves lie side by side, and all
// second halves one stride later: two products that add to what is there, which begins with the bias.
static grm_status convolve_up(const worker *w, const grm_convolution *c, const grm_signal *in, grm_signal *out,
                              grm_error *err) {
    size_t left = c->stride - c->stride / 2, row = c->stride * c->out, length = (in->time + 1) * c->stride;
    size_t strip = grm_matrix_blocks(c->matrix.precision, c->matrix.in).strip;
    if (row % (strip * GRM_PANEL)) return convolve_up_any(w, c, in, out, err);
    if (!grm_signal_new(w->shelf, length, c->out, out)) return grm_fail_memory(err);
    for (size_t t = 0; t < length; t++) memcpy(out->x + t * c->out, c->bias, c->out * sizeof *out->x);
    for (size_t half = 0; half < 2; half++) {
        grm_matrix m = c->matrix;
        m.out = row;
        m.panels += half * row / GRM_PANEL * grm_panel_bytes(m.precision, m.in);
        multiply(w, &m, in->x, c->in, in->time, out->x + half * row, row, GRM_ADD);
    }
    out->x += left * c->out;
    out->time = in->time * c->stride;
    return GRM_OK;
}

static grm_status run_residual(const worker *w, const grm_residual *r, grm_signal *s, grm_error *err) {
    grm_signal inner, beside;
    grm_status status = convolve(w, &r->narrow, s, true, GRM_STORE, &inner, err);
    if (status) return status;
    w->compute->kernels->elu(inner.x, inner.time * inner.channels);
    if (r->beside.out) {
        status = convolve(w, &r->beside, s, false, GRM_STORE, &beside, err);
        if (!status) grm_signal_replace(w->shelf, s, beside);
    }
    if (!status) status = convolve(w, &r->wide, &inner, false, GRM_ADD, s, err);
    grm_signal_drop(w->shelf, &inner);
    return status;
}

// ---- the recurrent layers ----

// Long short-term memory (Hochreiter and Schmidhuber 1997) of tracks side by side, [track][time]: the stack's input is
// added to its output. `memory` holds each layer's states and cells, [layers][2][track][width], and goes from a stretch
// of the signal to the next.
static grm_status run_lstm(const worker *w, const grm_lstm *lstm, float *memory, size_t tracks, grm_signal *s,
                           grm_error *err) {
    size_t width = lstm->width, time = s->time / tracks;
    grm_signal x = {0}, gates = {0};
    if (!grm_signal_new(w->shelf, s->time, width, &x) || !grm_signal_new(w->shelf, s->time, 4 * width, &gates)) {
        grm_signal_drop(w->shelf, &x);
        return grm_fail_memory(err);
    }
    memcpy(x.x, s->x, s->time * width * sizeof *x.x);
    for (size_t l = 0; l < lstm->layers; l++) {
        float *states = memory + l * 2 * tracks * width, *cells = states + tracks * width;
        multiply(w, &lstm->layer[l].input, x.x, width, s->time, gates.x, 4 * width, GRM_STORE);
        for (size_t t = 0; t < time; t++) {
            float *now = gates.x + t * 4 * width, *out = x.x + t * width;
            multiply(w, &lstm->layer[l].state, states, width, tracks, now, time * 4 * width, GRM_ADD);
            for (size_t i = 0; i < tracks; i++) {
                float *state = states + i * width;
                w->compute->kernels->cell(now + i * time * 4 * width, width, cells + i * width, state);
                memcpy(out + i * time * width, state, width * sizeof *state);
            }
        }
    }
    grm_add(s->x, x.x, s->time * width);
    grm_signal_drop(w->shelf, &x);
    grm_signal_drop(w->shelf, &gates);
    return GRM_OK;
}

// ---- decoding ----

static grm_status run_up(const grm_codec *codec, const worker *w, grm_signal *s, grm_error *err) {
    const grm_codec_config *c = &codec->config;
    grm_signal next;
    for (size_t i = 0; i < c->ratio_count; i++) {
        const grm_codec_stage *stage = &codec->decoder.stage[i];
        w->compute->kernels->elu(s->x, s->time * s->channels);
        grm_status status = convolve_up(w, &stage->resample, s, &next, err);
        if (status) return status;
        grm_signal_replace(w->shelf, s, next);
        for (size_t r = 0; r < c->residual_layers; r++) {
            status = run_residual(w, &stage->residual[r], s, err);
            if (status) return status;
        }
    }
    grm_status status = convolve(w, &codec->decoder.last, s, true, GRM_STORE, &next, err);
    if (!status) grm_signal_replace(w->shelf, s, next);
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

// Frames of a piece; members that decode beside each other, each of which needs memory for its piece; and the fewest
// frames that are worth the margins of a member of its own.
enum { PIECE = 50, MOST_PIECES = 4, LEAST_FRAMES = 20 };

// What is before the recurrent layers sees a few codes, what is behind them a few frames; they themselves go forward
// alone. So sound is made piece by piece, whenever the codes are there, and needs little memory.
struct grm_codec_stream {
    const grm_codec *codec;
    const grm_compute *compute;
    grm_codec_track *tracks;
    size_t count, code_stride, frames, reach;
    size_t done;         // frames decoded
    float *memory;       // of the recurrent layers
    size_t first, last;  // what they gave: frames [first, last)
    grm_signal latent;   // [track][room]
    size_t room;
    grm_shelf shelves[MOST_PIECES];  // [member]
};

grm_status grm_codec_stream_new(const grm_codec *codec, const grm_compute *compute, const grm_codec_track *tracks,
                                size_t count, size_t code_stride, size_t frames, grm_codec_stream **out,
                                grm_error *err) {
    *out = NULL;
    grm_codec_stream *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    *s = (grm_codec_stream){.codec = codec,
                            .compute = compute,
                            .count = count,
                            .code_stride = code_stride,
                            .frames = frames,
                            .reach = reach_of(&codec->config)};
    s->room = MOST_PIECES * PIECE + 2 * s->reach;
    s->tracks = malloc(count * sizeof *s->tracks);
    s->memory = calloc(2 * count * codec->decoder.lstm.width * codec->decoder.lstm.layers + 1, sizeof *s->memory);
    if (!s->tracks || !s->memory || !grm_signal_new(NULL, count * s->room, codec->decoder.first.out, &s->latent)) {
        grm_codec_stream_free(s);
        return grm_fail_memory(err);
    }
    memcpy(s->tracks, tracks, count * sizeof *tracks);
    *out = s;
    return GRM_OK;
}

void grm_codec_stream_free(grm_codec_stream *s) {
    if (!s) return;
    free(s->tracks);
    free(s->memory);
    grm_signal_drop(NULL, &s->latent);
    for (size_t i = 0; i < MOST_PIECES; i++) grm_shelf_clear(&s->shelves[i]);
    free(s);
}

// The sums of the codebooks' rows, frames [from, to).
static grm_status look_up(const worker *w, const grm_codec_stream *s, size_t track, size_t from, size_t to,
                          grm_signal *out, grm_error *err) {
    const grm_codec_config *c = &s->codec->config;
    if (!grm_signal_new(w->shelf, to - from, c->width, out)) return grm_fail_memory(err);
    memset(out->x, 0, out->time * c->width * sizeof *out->x);
    for (size_t k = 0; k < c->codebooks; k++)
        for (size_t t = from; t < to; t++) {
            size_t code = s->tracks[track].codes[k * s->code_stride + t];
            if (code >= c->codes)
                return grm_fail(err, GRM_BAD_INPUT, "code %zu at frame %zu; the codebook has %zu", code, t, c->codes);
            grm_add(out->x + (t - from) * c->width, s->codec->codebook[k] + code * c->code_width, c->code_width);
        }
    return GRM_OK;
}

// Frames that the first convolution sees to either side, or more.
static size_t margin_of(const grm_codec *codec) {
    return codec->decoder.first.kernel - 1;
}

// What goes into the recurrent layers, frames [begin, end) of a track.
static grm_status enter(const worker *w, const grm_codec_stream *s, size_t track, size_t begin, size_t end, float *to,
                        grm_error *err) {
    size_t margin = margin_of(s->codec), from = begin > margin ? begin - margin : 0;
    size_t channels = s->latent.channels;
    grm_signal sums = {0}, first = {0};
    grm_status status = look_up(w, s, track, from, end + margin < s->frames ? end + margin : s->frames, &sums, err);
    if (!status) status = convolve(w, &s->codec->decoder.first, &sums, false, GRM_STORE, &first, err);
    if (!status) memcpy(to, first.x + (begin - from) * channels, (end - begin) * channels * sizeof *to);
    grm_signal_drop(w->shelf, &sums);
    grm_signal_drop(w->shelf, &first);
    return status;
}

// Brings the recurrent layers to frame `to`, and lets go of what is before `from`.
static grm_status go_on(grm_codec_stream *s, size_t from, size_t to, grm_error *err) {
    const worker all = {s->compute, false, &s->shelves[0]};
    size_t begin = s->last, time = to - begin, kept = begin - from, channels = s->latent.channels;
    grm_signal next = {0};
    grm_status status = GRM_OK;
    if (!grm_signal_new(all.shelf, s->count * time, channels, &next)) status = grm_fail_memory(err);
    for (size_t i = 0; i < s->count && time > 0 && !status; i++)
        status = enter(&all, s, i, begin, to, next.x + i * time * channels, err);
    if (s->codec->config.lstm_layers && time > 0 && !status)
        status = run_lstm(&all, &s->codec->decoder.lstm, s->memory, s->count, &next, err);
    for (size_t i = 0; i < s->count && !status; i++) {
        float *latent = s->latent.x + i * s->room * channels;
        memmove(latent, latent + (from - s->first) * channels, kept * channels * sizeof *latent);
        memcpy(latent + kept * channels, next.x + i * time * channels, time * channels * sizeof *latent);
    }
    if (!status) s->first = from, s->last = to;
    grm_signal_drop(all.shelf, &next);
    return status;
}

// Frames [begin, end) of a track's sound, from what the recurrent layers gave.
static grm_status make_sound(const worker *w, const grm_codec_stream *s, size_t track, size_t begin, size_t end,
                             grm_error *err) {
    size_t hop = s->codec->config.hop, from = begin > s->reach ? begin - s->reach : 0;
    size_t to = end + s->reach < s->frames ? end + s->reach : s->frames, channels = s->latent.channels;
    const float *latent = s->latent.x + (track * s->room + from - s->first) * channels;
    grm_signal piece;
    if (!grm_signal_new(w->shelf, to - from, channels, &piece)) return grm_fail_memory(err);
    memcpy(piece.x, latent, piece.time * channels * sizeof *piece.x);
    grm_status status = run_up(s->codec, w, &piece, err);
    if (!status)
        memcpy(s->tracks[track].samples + begin * hop, piece.x + (begin - from) * hop,
               (end - begin) * hop * sizeof *piece.x);
    grm_signal_drop(w->shelf, &piece);
    return status;
}

typedef struct shared_piece {
    grm_codec_stream *stream;
    size_t end;
    unsigned parts;  // of each track
    unsigned members;
    grm_status status[MOST_PIECES];
} shared_piece;

static void make_parts(void *context, unsigned member, unsigned size) {
    shared_piece *p = context;
    grm_codec_stream *s = p->stream;
    (void)size;
    if (member >= p->members) return;
    const worker alone = {s->compute, true, &s->shelves[member]};
    for (size_t i = member; i < s->count * p->parts && !p->status[member]; i += p->members) {
        size_t begin, end;
        grm_share_out(p->end - s->done, 1, (unsigned)(i % p->parts), p->parts, &begin, &end);
        p->status[member] = make_sound(&alone, s, i / p->parts, s->done + begin, s->done + end, NULL);
    }
}

static unsigned most_members(const grm_codec_stream *s) {
    unsigned size = grm_team_size(s->compute->team);
    return size < MOST_PIECES ? size : MOST_PIECES;
}

// Tracks are shared out whole where none is left over.
static unsigned parts_for(const grm_codec_stream *s, size_t frames) {
    unsigned most = most_members(s);
    size_t worth = frames / LEAST_FRAMES;
    if (s->count % most == 0 || worth < 1) return 1;
    return worth < most ? (unsigned)worth : most;
}

static grm_status make_piece(grm_codec_stream *s, size_t end, grm_error *err) {
    size_t from = s->done > s->reach ? s->done - s->reach : 0;
    shared_piece p = {.stream = s, .end = end, .parts = parts_for(s, end - s->done), .members = most_members(s)};
    grm_status status = go_on(s, from, end + s->reach < s->frames ? end + s->reach : s->frames, err);
    if (status) return status;
    grm_team_run(s->compute->team, make_parts, &p);
    for (unsigned i = 0; i < p.members; i++)
        if (p.status[i]) return grm_fail_memory(err);  // nothing else can go wrong there
    s->done = end;
    return GRM_OK;
}

// The end of the next piece that `ready` codes are enough for, of all members' pieces if they are; else 0.
static size_t next_end(const grm_codec_stream *s, size_t ready) {
    for (size_t count = parts_for(s, SIZE_MAX); count > 0; count--) {
        size_t end = s->done + count * PIECE < s->frames ? s->done + count * PIECE : s->frames;
        size_t needed = end + s->reach + margin_of(s->codec);
        if (ready >= (needed < s->frames ? needed : s->frames)) return end;
    }
    return 0;
}

grm_status grm_codec_stream_run(grm_codec_stream *s, size_t ready, size_t *samples, grm_error *err) {
    grm_status status = GRM_OK;
    for (size_t end; s->done < s->frames && !status && (end = next_end(s, ready)) > 0;)
        status = make_piece(s, end, err);
    *samples = s->done * s->codec->config.hop;
    return status;
}

grm_status grm_codec_decode(const grm_codec *codec, const grm_compute *compute, const uint16_t *codes,
                            size_t code_stride, size_t frames, float *samples, grm_error *err) {
    grm_codec_stream *stream;
    size_t made;
    const grm_codec_track track = {codes, samples};
    grm_status status = grm_codec_stream_new(codec, compute, &track, 1, code_stride, frames, &stream, err);
    if (!status) status = grm_codec_stream_run(stream, frames, &made, err);
    grm_codec_stream_free(stream);
    return status;
}

// ---- encoding ----

size_t grm_codec_frames(const grm_codec *codec, size_t samples) {
    return (samples + codec->config.hop - 1) / codec->config.hop;
}

// The nearest entry of each codebook to what the ones before have left over.
static void quantize(const grm_codec *codec, const grm_signal *latent, uint16_t *codes, size_t code_stride) {
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
    grm_signal s = {0}, next, input = {count, 1, (float *)samples, NULL};
    const worker all = {compute, false, NULL};
    if (count == 0) return grm_fail(err, GRM_BAD_INPUT, "there is no sound to encode");
    grm_status status = convolve(&all, &half->first, &input, false, GRM_STORE, &s, err);
    if (status) return status;
    for (size_t i = 0; i < c->ratio_count; i++) {
        for (size_t r = 0; r < c->residual_layers; r++) {
            status = run_residual(&all, &half->stage[i].residual[r], &s, err);
            if (status) goto done;
        }
        status = convolve(&all, &half->stage[i].resample, &s, true, GRM_STORE, &next, err);
        if (status) goto done;
        grm_signal_replace(all.shelf, &s, next);
    }
    if (c->lstm_layers) {
        float *memory = calloc(2 * half->lstm.width * half->lstm.layers, sizeof *memory);
        status = memory ? run_lstm(&all, &half->lstm, memory, 1, &s, err) : grm_fail_memory(err);
        free(memory);
    }
    if (status) goto done;
    status = convolve(&all, &half->last, &s, true, GRM_STORE, &next, err);
    if (status) goto done;
    grm_signal_replace(all.shelf, &s, next);
    quantize(codec, &s, codes, code_stride);
done:
    grm_signal_drop(all.shelf, &s);
    return status;
}
