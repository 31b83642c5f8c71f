// A stream at another rate.
#include <soxr.h>
#include <stdlib.h>

#include "meter/pitch.h"

struct grm_thinner {
    soxr_t soxr;
    double ratio;
    float *out;
    size_t room;
};

grm_status grm_thinner_new(unsigned from_hz, unsigned to_hz, grm_thinner **out, grm_error *err) {
    *out = NULL;
    grm_thinner *thinner = calloc(1, sizeof *thinner);
    if (!thinner) return grm_fail_memory(err);
    soxr_error_t problem = NULL;
    soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_MQ, 0);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    thinner->ratio = (double)to_hz / from_hz;
    if (from_hz == to_hz) {
        *out = thinner;
        return GRM_OK;
    }
    thinner->soxr = soxr_create(from_hz, to_hz, 1, &problem, &io, &quality, &runtime);
    if (problem) {
        grm_thinner_free(thinner);
        return grm_fail(err, GRM_FAILED, "cannot convert from %u to %u Hz: %s", from_hz, to_hz, problem);
    }
    *out = thinner;
    return GRM_OK;
}

void grm_thinner_free(grm_thinner *thinner) {
    if (!thinner) return;
    soxr_delete(thinner->soxr);
    free(thinner->out);
    free(thinner);
}

static grm_status make_room(grm_thinner *thinner, size_t need, grm_error *err) {
    if (need <= thinner->room) return GRM_OK;
    float *out = realloc(thinner->out, need * sizeof *out);
    if (!out) return grm_fail_memory(err);
    thinner->out = out;
    thinner->room = need;
    return GRM_OK;
}

grm_status grm_thinner_run(grm_thinner *thinner, const float *x, size_t frames, const float **y, size_t *made,
                           grm_error *err) {
    size_t at = 0, used, got, room;
    *made = 0;
    if (!thinner->soxr) {  // as it is
        *y = x;
        *made = x ? frames : 0;
        return GRM_OK;
    }
    do {
        grm_status status = make_room(thinner, *made + (size_t)((double)(frames - at) * thinner->ratio) + 4096, err);
        if (status) return status;
        room = thinner->room - *made;
        used = got = 0;
        soxr_error_t problem = soxr_process(thinner->soxr, x ? x + at : NULL, x ? frames - at : 0, &used,
                                            thinner->out + *made, room, &got);
        if (problem) return grm_fail(err, GRM_FAILED, "cannot change the rate: %s", problem);
        at += x ? used : 0;
        *made += got;
    } while (x ? at < frames || got == room : got > 0);
    *y = thinner->out;
    return GRM_OK;
}
