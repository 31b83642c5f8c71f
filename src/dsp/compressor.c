// A feed-forward compressor: log-domain gain computer with a soft knee, then attack and release on the gain
// (Giannoulis, Massberg, Reiss, "Digital Dynamic Range Compressor Design", JAES 2012, eq. 4 and fig. 7c).
#include <string.h>

#include "dsp/dsp.h"

float grm_compressor_static_db(const grm_compressor_plan *plan, float level_db) {
    float over = level_db - plan->threshold_db, slope = 1 / plan->ratio - 1, gain = slope * over;
    if (2 * over <= -plan->knee_db) return 0;
    if (2 * over < plan->knee_db) {
        float x = over + plan->knee_db / 2;
        gain = slope * x * x / (2 * plan->knee_db);
    }
    return plan->range_db > 0 && gain < -plan->range_db ? -plan->range_db : gain;
}

// Share of the way that is gone in one hop with this time constant.
static float hop_share(double rate_hz, double ms) {
    return ms > 0 ? (float)(1 - exp(-GRM_HOP / (rate_hz * ms * 0.001))) : 1.0f;
}

void grm_compressor_init(grm_compressor *c, const grm_compressor_plan *plan, double rate_hz) {
    memset(c, 0, sizeof *c);
    c->plan = *plan;
    if (!(c->plan.ratio > 1)) c->plan.ratio = 1;
    float listen_ms = plan->attack_ms * 0.25f;
    if (listen_ms > 5) listen_ms = 5;
    c->attack = hop_share(rate_hz, plan->attack_ms);
    c->release = hop_share(rate_hz, plan->release_ms);
    c->smooth = hop_share(rate_hz, listen_ms);
    c->from = c->to = grm_db_to_gain(plan->makeup_db);
}

// The gain for the hop after the one whose mean square has just been found.
static void next_gain(grm_compressor *c, float mean_square) {
    c->power += (mean_square - c->power) * c->smooth;
    float target = c->power > 1e-12f ? grm_compressor_static_db(&c->plan, 10 * log10f(c->power)) : 0;
    c->reduction_db += (target - c->reduction_db) * (target < c->reduction_db ? c->attack : c->release);
    if (c->reduction_db > -1e-4f) c->reduction_db = 0;
    if (c->reduction_db < c->deepest_db) c->deepest_db = c->reduction_db;
    c->reduction_sum += c->reduction_db;
    c->hops++;
    c->from = c->to;
    c->to = grm_db_to_gain(c->reduction_db + c->plan.makeup_db);
}

void grm_compressor_run(grm_compressor *c, float *const *planes, const float *const *key, size_t frames) {
    float *left = planes[0], *right = planes[1];
    const float *key_left = key ? key[0] : left, *key_right = key ? key[1] : right;
    for (size_t at = 0; at < frames;) {
        size_t count = GRM_HOP - c->phase;
        if (count > frames - at) count = frames - at;
        for (size_t i = at; i < at + count; i++) c->sum += key_left[i] * key_left[i] + key_right[i] * key_right[i];
        float step = (c->to - c->from) / GRM_HOP;
        if (c->from != 1 || c->to != 1)
            for (size_t i = 0; i < count; i++) {
                float gain = c->from + step * (float)(int)(c->phase + i);
                left[at + i] *= gain;
                right[at + i] *= gain;
            }
        at += count;
        c->phase += (unsigned)count;
        if (c->phase == GRM_HOP) {
            next_gain(c, c->sum / (2 * GRM_HOP));
            c->phase = 0;
            c->sum = 0;
        }
    }
}
