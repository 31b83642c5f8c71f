// What changes over time: rides by the sections' energy, echoes let out at their ends, ducking.
#include <stdlib.h>

#include "mix/internal.h"

static double section_end(const grm_mix_decision *d, size_t i) {
    return i + 1 < d->section_count ? d->sections[i + 1].start_s : HUGE_VAL;
}

// A section's energy against the mean of all, -1..1.
static float standing(const grm_mix_decision *d, size_t section) {
    float mean = 0;
    for (size_t i = 0; i < d->section_count; i++) mean += d->sections[i].energy / (float)d->section_count;
    float x = 2.5f * (d->sections[section].energy - mean);
    return x < -1 ? -1 : x > 1 ? 1 : x;
}

float grm_ride_at(const grm_mix_decision *d, double seconds) {
    const double glide = 0.5;  // ends at the seam
    if (d->section_count == 0) return 0;
    size_t i = 0;
    while (i + 1 < d->section_count && d->sections[i + 1].start_s <= seconds) i++;
    float here = standing(d, i);
    double left = section_end(d, i) - seconds;
    if (i + 1 == d->section_count || left >= glide) return here;
    double t = 1 - left / glide;
    return here + (standing(d, i + 1) - here) * (float)(t * t * (3 - 2 * t));
}

bool grm_throw_at(const grm_mix_decision *d, double seconds) {
    double beats = 2 * 60 / (d->tempo_bpm > 20 ? d->tempo_bpm : 120);
    for (size_t i = 1; i < d->section_count; i++) {
        double left = d->sections[i].start_s - seconds;
        if (left >= 0 && left < beats) return true;
    }
    return false;
}

grm_status grm_duck_init(grm_duck *duck, const grm_stems *stems, const grm_duck_plan *plan, double rate_hz,
                         grm_error *err) {
    *duck = (grm_duck){.rate_hz = rate_hz};
    if (plan->source < 0) return GRM_OK;
    duck->tape = stems->items[plan->source].dry;
    duck->reference = grm_db_to_gain(plan->reference_db);
    duck->use_low = plan->low;
    double hop_ms = GRM_DUCK_HOP * 1000 / rate_hz;
    duck->attack = (float)(1 - exp(-hop_ms / plan->attack_ms));
    duck->release = (float)exp(-hop_ms * 2.3 / plan->release_ms);  // a tenth is left after the release
    grm_filter cell = grm_filter_design(GRM_FILTER_LOWPASS, rate_hz, 100, 0.7071, 0);
    grm_cascade_init(&duck->low, (grm_filter[]){cell, cell}, 2);
    for (int side = 0; side < 2; side++) duck->planes[side] = grm_floats_new(GRM_MIX_BLOCK);
    return duck->planes[0] && duck->planes[1] ? GRM_OK : grm_fail_memory(err);
}

void grm_duck_free(grm_duck *duck) {
    free(duck->planes[1]);
    free(duck->planes[0]);
}

grm_status grm_duck_run(grm_duck *duck, size_t start, size_t frames, float *curve, grm_error *err) {
    size_t hops = (frames + GRM_DUCK_HOP - 1) / GRM_DUCK_HOP;
    curve[0] = duck->envelope;
    if (!duck->tape) {
        for (size_t h = 1; h <= hops; h++) curve[h] = 0;
        return GRM_OK;
    }
    // Heard a little early, so that the bass is out of the way when the kick comes.
    size_t ahead = (size_t)(0.004 * duck->rate_hz);
    grm_status status = grm_tape_read(duck->tape, start + ahead, frames, duck->planes, err);
    if (status) return status;
    if (duck->use_low) grm_cascade_run(&duck->low, duck->planes[0], duck->planes[1], frames);
    for (size_t h = 0; h < hops; h++) {
        size_t at = h * GRM_DUCK_HOP, count = frames - at < GRM_DUCK_HOP ? frames - at : GRM_DUCK_HOP;
        float peak = fmaxf(grm_peak(duck->planes[0] + at, count), grm_peak(duck->planes[1] + at, count));
        float depth = (peak / duck->reference - 0.2f) / 0.6f;
        depth = depth < 0 ? 0 : depth > 1 ? 1 : depth;
        float fallen = duck->envelope * duck->release;
        duck->envelope =
            depth > fallen ? fmaxf(fallen, duck->envelope + (depth - duck->envelope) * duck->attack) : fallen;
        curve[h + 1] = duck->envelope;
    }
    return GRM_OK;
}
