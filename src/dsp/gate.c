// An expander, and with a high ratio a gate: the compressor's gain computer turned over (Giannoulis, Massberg, Reiss
// 2012; Reiss and McPherson, "Audio Effects", 2014, chapter 6), with hold and hysteresis so that it does not chatter.
#include <string.h>

#include "dsp/detector.h"

float grm_gate_static_db(const grm_gate_plan *plan, float level_db) {
    float under = plan->threshold_db - level_db, slope = 1 - plan->ratio, gain = slope * under;
    if (2 * under <= -plan->knee_db) return 0;
    if (2 * under < plan->knee_db) {
        float x = under + plan->knee_db / 2;
        gain = slope * x * x / (2 * plan->knee_db);
    }
    return gain < -plan->range_db ? -plan->range_db : gain;
}

void grm_gate_set(grm_gate *g, const grm_gate_plan *plan, double rate_hz) {
    g->plan = *plan;
    if (!(g->plan.ratio > 1)) g->plan.ratio = 1;
    g->attack = grm_hop_share(rate_hz, plan->attack_ms);
    g->release = grm_hop_share(rate_hz, plan->release_ms);
    g->hold_hops = (size_t)(plan->hold_ms * 0.001 * rate_hz / GRM_HOP);
}

void grm_gate_init(grm_gate *g, const grm_gate_plan *plan, double rate_hz) {
    memset(g, 0, sizeof *g);
    grm_gate_set(g, plan, rate_hz);
    g->hold = grm_peak_hold_at(rate_hz);
    g->gain_db = grm_gate_static_db(&g->plan, -200);
    g->from = g->to = grm_db_to_gain(g->gain_db);
}

static void next_gain(grm_gate *g) {
    float level = grm_gain_to_db(grm_peak_hold_next(&g->hold, g->hop_peak)), target;
    if (level >= g->plan.threshold_db) g->open = true;
    // What has opened closes lower, and later.
    target = grm_gate_static_db(&g->plan, g->open ? level + g->plan.hysteresis_db : level);
    if (target >= g->gain_db) {
        g->waited = 0;
    } else if (g->waited < g->hold_hops) {
        g->waited++;
        target = g->gain_db;
    } else if (level < g->plan.threshold_db) {
        g->open = false;
    }
    g->gain_db += (target - g->gain_db) * (target > g->gain_db ? g->attack : g->release);
    if (g->gain_db > -1e-4f) g->gain_db = 0;
    g->from = g->to;
    g->to = grm_db_to_gain(g->gain_db);
}

bool grm_gate_run(grm_gate *g, float *const *planes, const float *const *key, size_t frames) {
    if (key && !(grm_all_sane(key[0], frames) && grm_all_sane(key[1], frames))) {
        for (int side = 0; side < 2; side++) memset(planes[side], 0, frames * sizeof(float));
        return false;
    }
    if (!grm_planes_check(planes, 2, frames)) return false;
    for (size_t at = 0, count; at < frames; at += count) {
        count = GRM_HOP - g->phase < frames - at ? GRM_HOP - g->phase : frames - at;
        g->hop_peak =
            grm_stereo_peak(g->hop_peak, (key ? key[0] : planes[0]) + at, (key ? key[1] : planes[1]) + at, count);
        for (int side = 0; side < 2; side++) grm_hop_scale(planes[side] + at, count, g->from, g->to, g->phase);
        g->phase += (unsigned)count;
        if (g->phase < GRM_HOP) continue;
        next_gain(g);
        g->phase = 0;
        g->hop_peak = 0;
    }
    return true;
}
