// Six-stage envelopes, to the frame (8.1.2 of the SoundFont specification, generators 25 to 40).
#include <math.h>

#include "synth/sampler.h"

// Timecents to frames. What is at or below `instant` takes no time.
static double frames_of(double timecents, double instant, double most) {
    if (!(timecents > instant)) return 0;
    if (timecents > most) timecents = most;
    if (timecents < -12000) timecents = -12000;
    return exp2(timecents / 1200) * GRM_RATE;
}

// Enters the next stages until there is one with time left.
static void settle(grm_envelope *envelope) {
    while (envelope->stage < GRM_ENVELOPE_DONE && envelope->stage != GRM_ENVELOPE_SUSTAIN &&
           envelope->at >= envelope->length[envelope->stage]) {
        envelope->at -= envelope->length[envelope->stage];
        envelope->stage++;
        if (envelope->stage == GRM_ENVELOPE_SUSTAIN) envelope->at = 0;
    }
}

static float value_now(const grm_envelope *envelope) {
    float share = 0;
    if (envelope->stage < GRM_ENVELOPE_DONE && envelope->length[envelope->stage] > 0) {
        share = (float)((double)envelope->at / (double)envelope->length[envelope->stage]);
    }
    switch (envelope->stage) {
        case GRM_ENVELOPE_ATTACK:
            return share;
        case GRM_ENVELOPE_HOLD:
            return 1;
        case GRM_ENVELOPE_DECAY:
            return 1 - share * (1 - envelope->sustain);
        case GRM_ENVELOPE_SUSTAIN:
            return envelope->sustain;
        case GRM_ENVELOPE_RELEASE:
            return envelope->from * (1 - share);
        default:
            return 0;
    }
}

void grm_envelope_start(grm_envelope *envelope, const float *totals, int first, int key, float least_release) {
    const float *of = totals + first;  // delay, attack, hold, decay, sustain, release, key to hold, key to decay
    float release = of[5] > least_release ? of[5] : least_release;
    double hold = of[2] + of[6] * (float)(60 - key), decay = of[3] + of[7] * (float)(60 - key);
    float sustain = 1 - of[4] * 0.001f;
    envelope->sustain = sustain < 0 ? 0 : sustain > 1 ? 1 : sustain;
    envelope->length[GRM_ENVELOPE_DELAY] = llround(frames_of(of[0], -12000, 5000));
    envelope->length[GRM_ENVELOPE_ATTACK] = llround(frames_of(of[1], -32768, 8000));
    envelope->length[GRM_ENVELOPE_HOLD] = llround(frames_of(hold, -12000, 5000));
    // The time is for the whole way down; sustain stops it on the way.
    envelope->length[GRM_ENVELOPE_DECAY] = llround(frames_of(decay, -12000, 8000) * (1 - envelope->sustain));
    envelope->length[GRM_ENVELOPE_SUSTAIN] = 0;
    envelope->length[GRM_ENVELOPE_RELEASE] = 0;
    envelope->full_release = llround(frames_of(release, -32768, 8000));
    envelope->stage = GRM_ENVELOPE_DELAY;
    envelope->at = 0;
    settle(envelope);
    envelope->value = value_now(envelope);
}

void grm_envelope_advance(grm_envelope *envelope, int64_t frames) {
    envelope->at += frames;
    settle(envelope);
    envelope->value = value_now(envelope);
}

int64_t grm_envelope_room(const grm_envelope *envelope) {
    if (envelope->stage >= GRM_ENVELOPE_DONE || envelope->stage == GRM_ENVELOPE_SUSTAIN) return INT64_MAX;
    return envelope->length[envelope->stage] - envelope->at;
}

void grm_envelope_release(grm_envelope *envelope, float value) {
    if (envelope->stage >= GRM_ENVELOPE_DONE) return;
    envelope->from = value < 0 ? 0 : value > 1 ? 1 : value;
    envelope->length[GRM_ENVELOPE_RELEASE] = llround((double)envelope->full_release * envelope->from);
    envelope->stage = GRM_ENVELOPE_RELEASE;
    envelope->at = 0;
    settle(envelope);
    envelope->value = value_now(envelope);
}
