// A transient shaper: beginnings and endings of notes louder or softer, whatever their level.
//
// Followers of the same held peaks differ only while the level moves: one that rises slowly lags behind one that rises
// quickly in an attack, one that falls slowly stays above one that falls quickly in a decay. Each difference, in
// decibels, is worth the whole of its setting from FULL_DB on (the differential envelopes of SPL's Transient Designer,
// 1998).
#include <string.h>

#include "dsp/detector.h"

#define FULL_DB 12.0f
#define QUICK_MS 1.0
#define LATE_MS 25.0     // of the follower that lags in attacks
#define FALL_MS 40.0     // of the one that falls quickly
#define LINGER_MS 400.0  // of the one that stays above
#define FLOOR_DB (-90.0f)

void grm_transient_init(grm_transient *t, float attack_db, float sustain_db, double rate_hz) {
    memset(t, 0, sizeof *t);
    t->attack_db = t->attack_goal_db = attack_db;
    t->sustain_db = t->sustain_goal_db = sustain_db;
    t->quick = grm_hop_share(rate_hz, QUICK_MS);
    t->late = grm_hop_share(rate_hz, LATE_MS);
    t->fall = grm_hop_share(rate_hz, FALL_MS);
    t->linger = grm_hop_share(rate_hz, LINGER_MS);
    t->glide = grm_hop_share(rate_hz, 7);
    t->hold = grm_peak_hold_at(rate_hz);
    t->quick_db = t->late_db = t->long_db = FLOOR_DB;
    t->from = t->to = 1;
}

void grm_transient_set(grm_transient *t, float attack_db, float sustain_db) {
    t->attack_goal_db = attack_db;
    t->sustain_goal_db = sustain_db;
}

static float follow(float state, float level, float rise, float fall) {
    float next = state + (level - state) * (level > state ? rise : fall);
    return fabsf(next - level) < 1e-3f ? level : next;
}

static float glide(float from, float to, float share) {
    return fabsf(to - from) < 1e-3f ? to : from + (to - from) * share;
}

static void next_gain(grm_transient *t) {
    float level = fmaxf(grm_gain_to_db(grm_peak_hold_next(&t->hold, t->hop_peak)), FLOOR_DB);
    t->quick_db = follow(t->quick_db, level, t->quick, t->fall);
    t->late_db = follow(t->late_db, level, t->late, t->fall);
    t->long_db = follow(t->long_db, level, t->quick, t->linger);
    t->attack_db = glide(t->attack_db, t->attack_goal_db, t->glide);
    t->sustain_db = glide(t->sustain_db, t->sustain_goal_db, t->glide);
    float attack = fminf(fmaxf(t->quick_db - t->late_db, 0) / FULL_DB, 1);
    float sustain = fminf(fmaxf(t->long_db - t->quick_db, 0) / FULL_DB, 1);
    t->from = t->to;
    t->to = grm_db_to_gain(t->attack_db * attack + t->sustain_db * sustain);
}

bool grm_transient_run(grm_transient *t, float *const *planes, size_t frames) {
    if (!grm_planes_check(planes, 2, frames)) return false;
    for (size_t at = 0, count; at < frames; at += count) {
        count = GRM_HOP - t->phase < frames - at ? GRM_HOP - t->phase : frames - at;
        t->hop_peak = grm_stereo_peak(t->hop_peak, planes[0] + at, planes[1] + at, count);
        for (int side = 0; side < 2; side++) grm_hop_scale(planes[side] + at, count, t->from, t->to, t->phase);
        t->phase += (unsigned)count;
        if (t->phase < GRM_HOP) continue;
        next_gain(t);
        t->phase = 0;
        t->hop_peak = 0;
    }
    return true;
}
