#include <math.h>
#include <soxr.h>
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
