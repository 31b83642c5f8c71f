// The chain before the limiter: DC out, tone, width, glue, saturation.
#include <string.h>

#include "master/internal.h"

enum { TILE = 1024 };

typedef struct chain {
    grm_cascade tone, key_tone;
    grm_stereo stereo;
    grm_compressor glue;
    grm_saturator saturator;
    float left[TILE], right[TILE], key_left[TILE], key_right[TILE];
} chain;

static void chain_init(chain *c, const grm_master_plan *plan, double rate_hz) {
    grm_cascade_init(&c->tone, plan->cells, plan->cell_count);
    // The glue does not listen to the bass, which would make it pump.
    grm_filter key = grm_filter_design(GRM_FILTER_HIGHPASS, rate_hz, 100, 0.7071, 0);
    grm_cascade_init(&c->key_tone, &key, 1);
    grm_stereo_init(&c->stereo, rate_hz, plan->width, plan->mono_hz);
    grm_compressor_init(&c->glue, &plan->glue, rate_hz);
    if (plan->drive > 0) grm_saturator_init(&c->saturator, plan->drive);
}

static void chain_run(chain *c, const grm_master_plan *plan, size_t frames) {
    for (size_t i = 0; i < frames; i++) {
        c->left[i] = (c->left[i] - plan->dc[0]) * plan->gain;
        c->right[i] = (c->right[i] - plan->dc[1]) * plan->gain;
    }
    grm_cascade_run(&c->tone, c->left, c->right, frames);
    grm_stereo_run(&c->stereo, c->left, c->right, frames);
    memcpy(c->key_left, c->left, frames * sizeof(float));
    memcpy(c->key_right, c->right, frames * sizeof(float));
    grm_cascade_run(&c->key_tone, c->key_left, c->key_right, frames);
    grm_compressor_run(&c->glue, (float *[]){c->left, c->right}, (const float *[]){c->key_left, c->key_right}, frames);
    if (plan->drive > 0) grm_saturator_run(&c->saturator, c->left, c->right, frames);
}

// Reads run ahead of writes by the chain's latency, so that it works in place.
static void run_tile(chain *c, const grm_master_plan *plan, grm_audio *audio, size_t at, size_t latency) {
    size_t total = audio->frames + latency, count = total - at < TILE ? total - at : TILE;
    size_t have = at >= audio->frames ? 0 : audio->frames - at < count ? audio->frames - at : count;
    float *const tile[2] = {c->left, c->right};
    for (int side = 0; side < 2; side++) {
        memcpy(tile[side], audio->plane[side] + at, have * sizeof(float));
        for (size_t i = have; i < count; i++) tile[side][i] = plan->dc[side];  // silence, once DC is out
    }
    chain_run(c, plan, count);
    size_t skip = at < latency ? latency - at : 0;
    if (skip >= count) return;
    for (int side = 0; side < 2; side++)
        memcpy(audio->plane[side] + at + skip - latency, tile[side] + skip, (count - skip) * sizeof(float));
}

grm_status grm_master_process(const grm_run *run, grm_audio *audio, const grm_master_plan *plan, size_t stage,
                              grm_master_glued *glued, grm_error *err) {
    chain c;
    chain_init(&c, plan, audio->rate_hz);
    size_t latency = plan->drive > 0 ? GRM_SATURATOR_LATENCY : 0, total = audio->frames + latency;
    grm_status status = GRM_OK;
    unsigned mode = grm_denormals_flush();
    for (size_t at = 0, k = 0; at < total && !status; at += TILE, k++) {
        run_tile(&c, plan, audio, at, latency);
        if (k % 256 == 255) {
            grm_progress_step(run->progress, stage, 0.3 + 0.35 * (double)at / (double)total);
            status = grm_run_check(run, err);
        }
    }
    grm_denormals_restore(mode);
    glued->deepest_db = c.glue.deepest_db;
    glued->mean_db = c.glue.hops ? (float)(c.glue.reduction_sum / (double)c.glue.hops) : 0;
    return status;
}
