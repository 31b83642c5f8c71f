// What changes over time: rides by the sections' energy, echoes let out at their ends, ducking.
#include <stdlib.h>

#include "mix/internal.h"

static double section_end(const grm_mix_plan *plan, size_t i) {
    return i + 1 < plan->section_count ? plan->section_start_s[i + 1] : HUGE_VAL;
}

// A section's energy against the mean of all, -1..1.
static float standing(const grm_mix_plan *plan, size_t section) {
    float mean = 0;
    for (size_t i = 0; i < plan->section_count; i++) mean += plan->section_energy[i] / (float)plan->section_count;
    float x = 2.5f * (plan->section_energy[section] - mean);
    return x < -1 ? -1 : x > 1 ? 1 : x;
}

float grm_ride_at(const grm_mix_plan *plan, double seconds) {
    const double glide = 0.5;  // ends at the seam
    if (plan->section_count == 0) return 0;
    size_t i = 0;
    while (i + 1 < plan->section_count && plan->section_start_s[i + 1] <= seconds) i++;
    float here = standing(plan, i);
    double left = section_end(plan, i) - seconds;
    if (i + 1 == plan->section_count || left >= glide) return here;
    double t = 1 - left / glide;
    return here + (standing(plan, i + 1) - here) * (float)(t * t * (3 - 2 * t));
}

bool grm_throw_at(const grm_mix_plan *plan, double seconds) {
    double beats = 2 * 60 / (plan->tempo_bpm > 20 ? plan->tempo_bpm : 120);
    for (size_t i = 1; i < plan->section_count; i++) {
        double left = plan->section_start_s[i] - seconds;
        if (left >= 0 && left < beats) return true;
    }
    return false;
}

grm_status grm_duck_init(grm_duck *duck, const grm_stems *stems, const grm_mix_decision *decision, double rate_hz,
                         grm_error *err) {
    *duck = (grm_duck){.rate_hz = rate_hz};
    if (decision->duck_source < 0 || !(decision->duck_reference > 0)) return GRM_OK;
    duck->tape = stems->items[decision->duck_source].dry;
    duck->reference = decision->duck_reference;
    duck->use_low = decision->duck_low;
    double hop_ms = GRM_DUCK_HOP * 1000 / rate_hz;
    duck->attack = (float)(1 - exp(-hop_ms / 1.5));
    duck->release = (float)exp(-hop_ms * 2.3 / decision->duck_release_ms);  // a tenth is left after the release
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
