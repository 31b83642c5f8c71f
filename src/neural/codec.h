// EnCodec (Défossez et al. 2022), the 32 kHz kind that MusicGen speaks: codes <-> samples of one channel.
#ifndef GRM_NEURAL_CODEC_H
#define GRM_NEURAL_CODEC_H

#include "neural/config.h"
#include "neural/kernels.h"
#include "neural/weights.h"

// A convolution over time. Signals are [time][channels], so that a window of `kernel` steps is one contiguous row of
// kernel * channels figures and the convolution a matrix over overlapping rows.
typedef struct grm_convolution {
    size_t in, out, kernel, stride, dilation;
    grm_matrix matrix;  // [out][kernel * in]; of a transposed one [kernel * out][in]
    const float *bias;  // [out]
} grm_convolution;

typedef struct grm_residual {
    grm_convolution narrow, wide, beside;  // beside.out 0: the input itself
} grm_residual;

typedef struct grm_lstm_layer {
    grm_matrix input, state;  // [4 width][width], gates i f g o
} grm_lstm_layer;

typedef struct grm_lstm {
    size_t width, layers;
    grm_lstm_layer layer[4];
} grm_lstm;

// One step in rate: of the decoder up, of the encoder down. Residual blocks stand behind the one, before the other.
typedef struct grm_codec_stage {
    grm_convolution resample;
    grm_residual residual[8];
} grm_codec_stage;

typedef struct grm_codec_half {
    grm_convolution first, last;
    grm_lstm lstm;
    grm_codec_stage stage[GRM_MAX_RATIOS];
} grm_codec_half;

typedef struct grm_codec {
    grm_codec_config config;
    grm_codec_half decoder, encoder;
    const float *codebook[GRM_MAX_CODEBOOKS];  // [codes][code_width]
} grm_codec;

void grm_codec_load(grm_codec *codec, const grm_codec_config *config, grm_weights *weights);

// codes: [codebooks][frames], rows code_stride apart -> samples: [frames * hop]. Long ones are decoded piece by piece;
// the result is the same. Codes outside the codebook are GRM_BAD_INPUT.
grm_status grm_codec_decode(const grm_codec *codec, const grm_compute *compute, const uint16_t *codes,
                            size_t code_stride, size_t frames, float *samples, grm_error *err);
// The same while codes come, of `count` tracks side by side, so that the weights of the recurrent layers are read once
// for all: channels of pieces that are equally long. Codes and samples stay the caller's until the stream is freed.
typedef struct grm_codec_track {
    const uint16_t *codes;  // [codebooks][frames], rows code_stride apart
    float *samples;         // [frames * hop]
} grm_codec_track;
typedef struct grm_codec_stream grm_codec_stream;
grm_status grm_codec_stream_new(const grm_codec *codec, const grm_compute *compute, const grm_codec_track *tracks,
                                size_t count, size_t code_stride, size_t frames, grm_codec_stream **out,
                                grm_error *err);
void grm_codec_stream_free(grm_codec_stream *stream);
// Of the codes the first `ready` frames are there. *samples: how many samples of each track are there now.
grm_status grm_codec_stream_run(grm_codec_stream *stream, size_t ready, size_t *samples, grm_error *err);
// samples: [count] -> codes: [codebooks][frames], frames = count / hop rounded up.
grm_status grm_codec_encode(const grm_codec *codec, const grm_compute *compute, const float *samples, size_t count,
                            uint16_t *codes, size_t code_stride, grm_error *err);
size_t grm_codec_frames(const grm_codec *codec, size_t samples);

#endif
