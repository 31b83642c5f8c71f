// A room that was measured: convolution with its impulse response.
//
// What colours the input (pre-delay, low and high cut) is put into the impulse response once, so it costs nothing
// later.
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "dsp/glide.h"

enum { BLOCK = 256 };

struct grm_space {
    double rate_hz;
    size_t taps;
    grm_convolver *convolver;
    grm_glide wet;
};

// Pre-delay, filters, and a power of one on average of both sides.
static grm_status shape(const grm_space_plan *plan, double rate_hz, const float *const *impulse, size_t frames,
                        size_t predelay, float *const *taps, grm_error *err) {
    grm_filter cells[2];
    size_t count = 0, sides = impulse[1] ? 2 : 1;
    if (plan->low_cut_hz > 0)
        cells[count++] = grm_filter_design(GRM_FILTER_HIGHPASS, rate_hz, plan->low_cut_hz, 0.7071, 0);
    if (plan->high_cut_hz > 0)
        cells[count++] = grm_filter_design(GRM_FILTER_LOWPASS, rate_hz, plan->high_cut_hz, 0.7071, 0);
    double energy = 0;
    for (size_t side = 0; side < sides; side++) {
        grm_cascade tone;
        grm_cascade_init(&tone, cells, count);
        memcpy(taps[side] + predelay, impulse[side], frames * sizeof(float));
        grm_cascade_run(&tone, taps[side] + predelay, NULL, frames);
        energy += grm_power(taps[side] + predelay, frames) * (double)frames / (double)sides;
    }
    if (!(energy > 1e-20)) return grm_fail(err, GRM_BAD_INPUT, "the impulse response is silent");
    for (size_t side = 0; side < sides; side++) grm_scale(taps[side], predelay + frames, (float)(1 / sqrt(energy)));
    return GRM_OK;
}

grm_status grm_space_new(const grm_space_plan *plan, double rate_hz, const float *const *impulse, size_t frames,
                         grm_space **out, grm_error *err) {
    *out = NULL;
    if (!(plan->predelay_ms >= 0 && plan->predelay_ms <= 500) || !(rate_hz >= 8000 && rate_hz <= 400000) ||
        !(frames >= 1 && frames <= (size_t)1 << 23))
        return grm_fail(err, GRM_USAGE,
                        "room of %zu frames with a pre-delay of %g ms: take 1 to 8388608 frames and 0 to 500 ms",
                        frames, (double)plan->predelay_ms);
    size_t predelay = (size_t)lround(plan->predelay_ms * 0.001 * rate_hz), taps = predelay + frames;
    grm_space *space = calloc(1, sizeof *space);
    float *kernel[2] = {grm_floats_new(taps), impulse[1] ? grm_floats_new(taps) : NULL};
    grm_status status = GRM_OK;
    if (!space || !kernel[0] || (impulse[1] && !kernel[1])) {
        status = grm_fail_memory(err);
        goto done;
    }
    space->rate_hz = rate_hz;
    space->taps = taps;
    space->wet = grm_glide_rest(grm_db_to_gain(plan->wet_db));
    for (int side = 0; side < (impulse[1] ? 2 : 1); side++)
        if (!grm_all_sane(impulse[side], frames)) {
            status = grm_fail(err, GRM_BAD_INPUT, "the impulse response holds values that are not numbers");
            goto done;
        }
    status = shape(plan, rate_hz, impulse, frames, predelay, kernel, err);
    if (!status) status = grm_convolver_new((const float *const[]){kernel[0], kernel[1]}, taps, &space->convolver, err);
done:
    free(kernel[1]);
    free(kernel[0]);
    if (status)
        grm_space_free(space);
    else
        *out = space;
    return status;
}

void grm_space_free(grm_space *space) {
    if (!space) return;
    grm_convolver_free(space->convolver);
    free(space);
}

void grm_space_reset(grm_space *space) {
    grm_convolver_reset(space->convolver);
    space->wet = grm_glide_rest(space->wet.to);
}

void grm_space_set(grm_space *space, float wet_db) {
    grm_glide_to(&space->wet, grm_db_to_gain(wet_db), space->rate_hz);
}

bool grm_space_run(grm_space *space, const float *const *in, float *const *out, size_t frames) {
    if (!grm_all_sane(in[0], frames) || !grm_all_sane(in[1], frames)) return false;
    float wet[2][BLOCK];
    for (size_t at = 0; at < frames; at += BLOCK) {
        size_t count = frames - at < BLOCK ? frames - at : BLOCK;
        for (int side = 0; side < 2; side++) memcpy(wet[side], in[side] + at, count * sizeof(float));
        grm_convolver_run(space->convolver, (float *const[]){wet[0], wet[1]}, count);
        for (int side = 0; side < 2; side++) {
            grm_glide_scale(&space->wet, wet[side], count);
            for (size_t i = 0; i < count; i++) out[side][at + i] += wet[side][i];
        }
        grm_glide_pass(&space->wet, count);
    }
    return true;
}

size_t grm_space_tail(const grm_space *space) {
    return space->taps;
}
