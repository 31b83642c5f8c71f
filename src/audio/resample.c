#include <math.h>
#include <soxr.h>
#include <stdlib.h>
#include <string.h>

#include "audio/audio.h"

static grm_status convert(const grm_audio *in, grm_audio *out, grm_error *err) {
    soxr_error_t problem = NULL;
    soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_S, SOXR_FLOAT32_S);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    soxr_t soxr = soxr_create(in->rate_hz, out->rate_hz, in->channels, &problem, &io, &quality, &runtime);
    size_t used = 0, made = 0, flushed = 0;
    float *rest[GRM_MAX_CHANNELS];
    if (!problem) problem = soxr_process(soxr, in->plane, in->frames, &used, out->plane, out->frames, &made);
    for (unsigned c = 0; c < out->channels; c++) rest[c] = out->plane[c] + made;
    if (!problem && made < out->frames) problem = soxr_process(soxr, NULL, 0, NULL, rest, out->frames - made, &flushed);
    soxr_delete(soxr);
    if (problem)
        return grm_fail(err, GRM_FAILED, "cannot convert from %u to %u Hz: %s", in->rate_hz, out->rate_hz, problem);
    return GRM_OK;  // a frame that is missing at the end for rounding is silent
}

grm_status grm_audio_resample(const grm_audio *in, unsigned rate_hz, grm_audio **out, grm_error *err) {
    *out = NULL;
    if (rate_hz < 1 || rate_hz > 768000)
        return grm_fail(err, GRM_USAGE, "cannot convert to %u Hz; 1 to 768000 are possible", rate_hz);
    double frames = floor((double)in->frames * rate_hz / in->rate_hz + 0.5);
    if (frames >= 0x1p40) return grm_fail_memory(err);
    grm_audio *audio;
    grm_status status = grm_audio_new(in->channels, (size_t)frames, rate_hz, &audio, err);
    if (status != GRM_OK) return status;
    if (in->rate_hz == rate_hz)
        for (unsigned c = 0; c < in->channels; c++) memcpy(audio->plane[c], in->plane[c], in->frames * sizeof(float));
    else if (audio->frames > 0)
        status = convert(in, audio, err);
    if (status == GRM_OK)
        *out = audio;
    else
        grm_audio_free(audio);
    return status;
}

struct grm_resampler {
    soxr_t soxr;
    unsigned channels, from_hz, to_hz;
    uint64_t heard, made;  // frames so far
};

grm_status grm_resampler_new(unsigned channels, unsigned from_hz, unsigned to_hz, grm_resampler **out, grm_error *err) {
    *out = NULL;
    grm_resampler *r = calloc(1, sizeof(*r));
    if (!r) return grm_fail_memory(err);
    soxr_error_t problem = NULL;
    soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_S, SOXR_FLOAT32_S);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    *r = (grm_resampler){.channels = channels, .from_hz = from_hz, .to_hz = to_hz};
    r->soxr = soxr_create(from_hz, to_hz, channels, &problem, &io, &quality, &runtime);
    if (problem || !r->soxr) {
        grm_resampler_free(r);
        return grm_fail(err, GRM_FAILED, "cannot convert from %u to %u Hz: %s", from_hz, to_hz, problem);
    }
    *out = r;
    return GRM_OK;
}

void grm_resampler_free(grm_resampler *r) {
    if (!r) return;
    soxr_delete(r->soxr);
    free(r);
}

// soxr holds back some thousand frames and may give them all at once.
static uint64_t frames_due(const grm_resampler *r, uint64_t heard) {
    return (uint64_t)((double)heard * r->to_hz / r->from_hz + 0.5);
}

size_t grm_resampler_room(const grm_resampler *r, size_t frames) {
    return (size_t)(frames_due(r, r->heard + frames) - r->made) + 16;
}

grm_status grm_resampler_run(grm_resampler *r, const float *const *planes, size_t frames, float *const *out,
                             size_t *made, grm_error *err) {
    size_t room = grm_resampler_room(r, frames), used = 0;
    float *to[GRM_MAX_CHANNELS];
    for (unsigned c = 0; c < r->channels; c++) to[c] = out[c];
    soxr_error_t problem = soxr_process(r->soxr, planes, planes ? frames : 0, &used, to, room, made);
    r->heard += frames;
    r->made += *made;
    if (problem || (planes && used < frames))
        return grm_fail(err, GRM_FAILED, "cannot convert from %u to %u Hz: %s", r->from_hz, r->to_hz,
                        problem ? problem : "samples were left over");
    return GRM_OK;
}
