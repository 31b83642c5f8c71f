// A feed-forward compressor: log-domain gain computer with a soft knee, then attack and release on the gain
// (Giannoulis, Massberg, Reiss, "Digital Dynamic Range Compressor Design", JAES 2012, eq. 4 and fig. 7c).
#include <string.h>

#include "dsp/detector.h"

#define GLIDE_MS 7.0  // time constant of a change of make-up or dry share

float grm_compressor_static_db(const grm_compressor_plan *plan, float level_db) {
    float over = level_db - plan->threshold_db, slope = 1 / plan->ratio - 1, gain = slope * over;
    if (2 * over <= -plan->knee_db) return 0;
    if (2 * over < plan->knee_db) {
        float x = over + plan->knee_db / 2;
        gain = slope * x * x / (2 * plan->knee_db);
    }
    return plan->range_db > 0 && gain < -plan->range_db ? -plan->range_db : gain;
}

float grm_compressor_makeup_db(const grm_compressor_plan *plan) {
    return plan->makeup_db - (plan->auto_makeup ? 0.5f * grm_compressor_static_db(plan, 0) : 0);
}

void grm_compressor_set(grm_compressor *c, const grm_compressor_plan *plan, double rate_hz) {
    c->plan = *plan;
    if (!(c->plan.ratio > 1)) c->plan.ratio = 1;
    float listen_ms = plan->attack_ms * 0.25f;
    if (listen_ms > 5) listen_ms = 5;
    c->attack = grm_hop_share(rate_hz, plan->attack_ms);
    c->release = grm_hop_share(rate_hz, plan->release_ms);
    c->smooth = grm_hop_share(rate_hz, listen_ms);
    c->glide = grm_hop_share(rate_hz, GLIDE_MS);
}

void grm_compressor_init(grm_compressor *c, const grm_compressor_plan *plan, double rate_hz) {
    memset(c, 0, sizeof *c);
    grm_compressor_set(c, plan, rate_hz);
    c->makeup_db = grm_compressor_makeup_db(&c->plan);
    c->dry = plan->dry;
    c->hold = grm_peak_hold_at(rate_hz);
    c->from = c->to = c->dry + (1 - c->dry) * grm_db_to_gain(c->makeup_db);
}

static float level_db(grm_compressor *c, float mean_square) {
    float peak = grm_peak_hold_next(&c->hold, c->hop_peak);
    c->power += (mean_square - c->power) * c->smooth;
    if (c->power < 1e-20f) c->power = 0;  // before its numbers get too small to be quick
    if (c->plan.detector == GRM_DETECT_PEAK) return grm_gain_to_db(peak);
    return c->power > 1e-12f ? 10 * log10f(c->power) : -200;
}

static float glide(float from, float to, float share) {
    return fabsf(to - from) < 1e-4f ? to : from + (to - from) * share;
}

// The gain for the hop after the one whose mean square has just been found.
static void next_gain(grm_compressor *c, float mean_square) {
    float target = grm_compressor_static_db(&c->plan, level_db(c, mean_square));
    c->reduction_db += (target - c->reduction_db) * (target < c->reduction_db ? c->attack : c->release);
    if (c->reduction_db > -1e-4f) c->reduction_db = 0;
    if (c->reduction_db < c->deepest_db) c->deepest_db = c->reduction_db;
    c->reduction_sum += c->reduction_db;
    c->hops++;
    c->makeup_db = glide(c->makeup_db, grm_compressor_makeup_db(&c->plan), c->glide);
    c->dry = glide(c->dry, c->plan.dry, c->glide);
    c->from = c->to;
    c->to = c->dry + (1 - c->dry) * grm_db_to_gain(c->reduction_db + c->makeup_db);
}

static void listen(grm_compressor *c, const float *left, const float *right, size_t count) {
    for (size_t i = 0; i < count; i++) c->sum += left[i] * left[i] + right[i] * right[i];
    if (c->plan.detector == GRM_DETECT_PEAK) c->hop_peak = grm_stereo_peak(c->hop_peak, left, right, count);
}

bool grm_compressor_run(grm_compressor *c, float *const *planes, const float *const *key, size_t frames) {
    float *left = planes[0], *right = planes[1];
    if (key && !(grm_all_sane(key[0], frames) && grm_all_sane(key[1], frames))) {
        for (int side = 0; side < 2; side++) memset(planes[side], 0, frames * sizeof(float));
        return false;
    }
    if (!grm_planes_check(planes, 2, frames)) return false;
    for (size_t at = 0; at < frames;) {
        size_t count = GRM_HOP - c->phase;
        if (count > frames - at) count = frames - at;
        listen(c, (key ? key[0] : left) + at, (key ? key[1] : right) + at, count);
        grm_hop_scale(left + at, count, c->from, c->to, c->phase);
        grm_hop_scale(right + at, count, c->from, c->to, c->phase);
        at += count;
        c->phase += (unsigned)count;
        if (c->phase == GRM_HOP) {
            next_gain(c, c->sum / (2 * GRM_HOP));
            c->phase = 0;
            c->sum = c->hop_peak = 0;
        }
    }
    return true;
}
