#include "audio/ffmpeg.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswresample/swresample.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 1 << 16, MOST_BROKEN = 1000 };
// What the other library reads, it reads; these are left, and none of them refers to other files or the network.
static const char formats[] = "mov,aac,matroska,asf";

struct grm_ffmpeg {
    const char *name;
    const grm_byte_source *source;
    AVIOContext *io;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    SwrContext *convert;  // to planar float
    int stream;
    size_t left, place;  // frames of `frame` that wait, and where they begin
    float *planes[GRM_MAX_CHANNELS];
    size_t room;
    unsigned broken;  // packets
    bool drained;     // the last packet went into the codec
};

static int read_bytes(void *user, uint8_t *to, int count) {
    const grm_byte_source *source = user;
    int64_t got = source->read(source->user, to, count);
    return got > 0 ? (int)got : got == 0 ? AVERROR_EOF : AVERROR(EIO);
}

static int64_t seek_bytes(void *user, int64_t offset, int whence) {
    const grm_byte_source *source = user;
    if (!(whence & AVSEEK_SIZE)) return source->seek(source->user, offset, whence & ~AVSEEK_FORCE);
    int64_t place = source->seek(source->user, 0, SEEK_CUR), size = source->seek(source->user, 0, SEEK_END);
    return source->seek(source->user, place, SEEK_SET) < 0 ? -1 : size;
}

void grm_ffmpeg_close(grm_ffmpeg *f) {
    if (!f) return;
    swr_free(&f->convert);
    av_frame_free(&f->frame);
    av_packet_free(&f->packet);
    avcodec_free_context(&f->codec);
    avformat_close_input(&f->format);
    if (f->io) av_freep(&f->io->buffer);
    avio_context_free(&f->io);
    for (size_t c = 0; c < GRM_MAX_CHANNELS; c++) free(f->planes[c]);
    free(f);
}

// Also when it ran out of memory: it says so of sizes that only a broken file has.
static grm_status refuse(const grm_ffmpeg *f, int problem, grm_error *err) {
    char why[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(problem, why, sizeof why);
    return grm_fail(err, GRM_BAD_INPUT, "'%s' is not an audio file that can be read: %s", f->name, why);
}

static grm_status open_format(grm_ffmpeg *f, grm_error *err) {
    AVDictionary *options = NULL;
    unsigned char *buffer = av_malloc(BUFFER);
    if (!buffer) return grm_fail_memory(err);
    f->io = avio_alloc_context(buffer, BUFFER, 0, (void *)(uintptr_t)f->source, read_bytes, NULL, seek_bytes);
    f->format = avformat_alloc_context();
    if (!f->io || !f->format) {
        if (!f->io) av_free(buffer);
        return grm_fail_memory(err);
    }
    f->format->pb = f->io;
    f->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    int problem = av_dict_set(&options, "format_whitelist", formats, 0);
    if (problem >= 0) problem = av_dict_set(&options, "protocol_whitelist", "", 0);
    if (problem >= 0) problem = avformat_open_input(&f->format, NULL, NULL, &options);
    av_dict_free(&options);
    if (problem >= 0) problem = avformat_find_stream_info(f->format, NULL);
    return problem >= 0 ? GRM_OK : refuse(f, problem, err);
}

static grm_status open_codec(grm_ffmpeg *f, grm_error *err) {
    const AVCodec *codec = NULL;
    f->stream = av_find_best_stream(f->format, AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0);
    if (f->stream < 0) return refuse(f, f->stream, err);
    f->codec = avcodec_alloc_context3(codec);
    f->packet = av_packet_alloc();
    f->frame = av_frame_alloc();
    if (!f->codec || !f->packet || !f->frame) return grm_fail_memory(err);
    int problem = avcodec_parameters_to_context(f->codec, f->format->streams[f->stream]->codecpar);
    if (problem >= 0) problem = avcodec_open2(f->codec, codec, NULL);
    return problem >= 0 ? GRM_OK : refuse(f, problem, err);
}

grm_status grm_ffmpeg_open(const grm_byte_source *source, const char *name, grm_ffmpeg **out, grm_error *err) {
    *out = NULL;
    grm_ffmpeg *f = calloc(1, sizeof *f);
    if (!f) return grm_fail_memory(err);
    f->name = name;
    f->source = source;
    av_log_set_level(AV_LOG_QUIET);
    grm_status status = open_format(f, err);
    if (status == GRM_OK) status = open_codec(f, err);
    if (status == GRM_OK)
        *out = f;
    else
        grm_ffmpeg_close(f);
    return status;
}

unsigned grm_ffmpeg_channels(const grm_ffmpeg *f) {
    int channels = f->codec->ch_layout.nb_channels;
    return channels > 0 ? (unsigned)channels : 0;
}

unsigned grm_ffmpeg_rate(const grm_ffmpeg *f) {
    return f->codec->sample_rate > 0 ? (unsigned)f->codec->sample_rate : 0;
}

int64_t grm_ffmpeg_frames(const grm_ffmpeg *f) {
    const AVStream *stream = f->format->streams[f->stream];
    if (stream->duration <= 0 || f->codec->sample_rate <= 0) return 0;
    return av_rescale_q(stream->duration, stream->time_base, (AVRational){1, f->codec->sample_rate});
}

// ---- reading ----

static grm_status make_room(grm_ffmpeg *f, size_t frames, grm_error *err) {
    if (frames <= f->room) return GRM_OK;
    f->room = 0;
    for (unsigned c = 0; c < grm_ffmpeg_channels(f); c++) {
        free(f->planes[c]);
        if (!(f->planes[c] = grm_floats_new(frames))) return grm_fail_memory(err);
    }
    f->room = frames;
    return GRM_OK;
}

// `frame` as planar float; a stream whose form changes on the way is none that we read.
static grm_status convert(grm_ffmpeg *f, grm_error *err) {
    AVFrame *frame = f->frame;
    unsigned channels = grm_ffmpeg_channels(f);
    if (frame->sample_rate != f->codec->sample_rate || frame->ch_layout.nb_channels != (int)channels)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' changes its rate or channels on the way; convert it to WAV", f->name);
    grm_status status = make_room(f, (size_t)frame->nb_samples, err);
    if (status != GRM_OK) return status;
    if (!f->convert) {
        int problem = swr_alloc_set_opts2(&f->convert, &frame->ch_layout, AV_SAMPLE_FMT_FLTP, frame->sample_rate,
                                          &frame->ch_layout, frame->format, frame->sample_rate, 0, NULL);
        if (problem >= 0) problem = swr_init(f->convert);
        if (problem < 0) return refuse(f, problem, err);
    }
    int made = swr_convert(f->convert, (uint8_t **)f->planes, frame->nb_samples, (const uint8_t **)frame->extended_data,
                           frame->nb_samples);
    if (made < 0) return refuse(f, made, err);
    f->left = (size_t)made;
    f->place = 0;
    return GRM_OK;
}

// The next packet of our stream goes into the codec; at the end, that there is no more.
static int feed(grm_ffmpeg *f) {
    for (;;) {
        int problem = av_read_frame(f->format, f->packet);
        if (problem < 0) {
            f->drained = true;
            return avcodec_send_packet(f->codec, NULL);
        }
        bool ours = f->packet->stream_index == f->stream;
        if (ours) problem = avcodec_send_packet(f->codec, f->packet);
        av_packet_unref(f->packet);
        if (ours) return problem;
    }
}

// One frame more, with f->left > 0; or none, at the end.
static grm_status decode(grm_ffmpeg *f, grm_error *err) {
    while (f->left == 0) {
        int problem = avcodec_receive_frame(f->codec, f->frame);
        if (problem >= 0) {
            grm_status status = f->frame->nb_samples > 0 ? convert(f, err) : GRM_OK;
            av_frame_unref(f->frame);
            if (status != GRM_OK) return status;
            continue;
        }
        if (f->drained) return GRM_OK;
        if (problem == AVERROR(EAGAIN)) problem = feed(f);
        if (problem < 0 && problem != AVERROR_EOF && ++f->broken > MOST_BROKEN) return refuse(f, problem, err);
    }
    return GRM_OK;
}

grm_status grm_ffmpeg_read(grm_ffmpeg *f, float *const *planes, size_t frames, size_t *got, grm_error *err) {
    *got = 0;
    while (*got < frames) {
        grm_status status = decode(f, err);
        if (status != GRM_OK) return status;
        if (f->left == 0) break;
        size_t count = f->left < frames - *got ? f->left : frames - *got;
        for (unsigned c = 0; c < grm_ffmpeg_channels(f); c++)
            memcpy(planes[c] + *got, f->planes[c] + f->place, count * sizeof(float));
        *got += count;
        f->place += count;
        f->left -= count;
    }
    return GRM_OK;
}
