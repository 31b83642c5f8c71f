// Patterns of steps: drawing one that fits, and fitting one to the song's metre.
#include <math.h>
#include <string.h>

#include "compose/work.h"

int grm_steps_in_bar(grm_metre metre) {
    return metre.beats * 16 / metre.unit;
}

bool grm_mode_is_minor(grm_mode mode) {
    return mode == GRM_MINOR || mode == GRM_DORIAN || mode == GRM_PHRYGIAN || mode == GRM_LOCRIAN;
}

static grm_metre metre_or_first(const grm_style *style, grm_metre metre) {
    if (metre.beats) return metre;
    int beats = 4, unit = 4;
    if (style->metres.count) {
        const char *text = style->metres.items[0].text, *slash = strchr(text, '/');
        beats = 0;
        for (const char *c = text; *c >= '0' && *c <= '9'; c++) beats = beats * 10 + *c - '0';
        unit = slash && slash[1] == '8' ? 8 : 4;
    }
    return (grm_metre){beats > 0 ? beats : 4, unit};
}

// Whether a choice is for the song's mode. Where there are some for that very mode they are the only ones.
static bool fits_mode(grm_mode mode, const grm_choice *c, bool own_ones) {
    if (own_ones) return c->own_mode == (int)mode;
    return c->own_mode < 0 && (grm_mode_is_minor(mode) ? c->minor : c->major);
}

const grm_choice *grm_choice_draw(const grm_work *work, const grm_choices *choices, float energy, grm_rng *rng) {
    enum { LIMIT = 128 };
    float weights[LIMIT];
    size_t count = choices->count < LIMIT ? choices->count : LIMIT;
    grm_mode mode = work->brief->key.mode;
    bool own_ones = false;
    for (size_t i = 0; i < count; i++) own_ones = own_ones || choices->items[i].own_mode == (int)mode;
    // The strictest wish that something meets: metre and energy, then metre, then the nearest in energy.
    for (int strictness = 2; strictness >= 0; strictness--) {
        float sum = 0;
        for (size_t i = 0; i < count; i++) {
            const grm_choice *c = &choices->items[i];
            grm_metre metre = metre_or_first(work->style, c->metre);
            bool same_metre = grm_steps_in_bar(metre) == work->steps_per_bar && metre.unit == work->brief->metre.unit;
            bool right_energy = energy >= c->energy_low - 1e-4f && energy <= c->energy_high + 1e-4f;
            float distance = energy < c->energy_low    ? c->energy_low - energy
                             : energy > c->energy_high ? energy - c->energy_high
                                                       : 0;
            weights[i] = fits_mode(mode, c, own_ones) ? c->weight : 0;
            if (strictness >= 1 && !same_metre) weights[i] = 0;
            if (strictness == 2 && !right_energy) weights[i] = 0;
            if (strictness < 2) weights[i] *= expf(-8.0f * distance);
            sum += weights[i];
        }
        if (sum > 0) return &choices->items[grm_rng_weighted(rng, weights, count)];
    }
    return NULL;
}

// Which step of a bar in `from` sounds at a step of the song's bar, -1 none. Three in a bar takes the first three
// beats; two groups of three (6/8) take two beats, each stretched to a triplet's first, second and last; odd metres
// take as many steps as they have, wrapping round.
static int source_step(const grm_work *work, grm_metre from, int step) {
    int have = grm_steps_in_bar(from);
    bool compound = work->brief->metre.unit == 8 && work->brief->metre.beats % 3 == 0;
    if (compound && !(from.unit == 8 && from.beats % 3 == 0)) {
        static const int sub[6] = {0, -1, 1, -1, 2, 3};
        int beat = step / 6, within = sub[step % 6];
        return within < 0 ? -1 : (beat * 4 + within) % have;
    }
    return step % have;
}

const char *grm_figure_fit(const grm_work *work, const char *steps, grm_metre metre, int *bars) {
    metre = metre_or_first(work->style, metre);
    int have = grm_steps_in_bar(metre), want = work->steps_per_bar;
    int length = (int)strlen(steps), count = (length + have - 1) / have;
    *bars = count > 0 ? count : 1;
    char *fitted = grm_memory_take(work->memory, (size_t)(*bars * want) + 1, 1);
    if (!fitted) return NULL;
    char held = '.';
    for (int b = 0; b < *bars; b++) {
        for (int s = 0; s < want; s++) {
            int from = have == want ? s : source_step(work, metre, s);
            char sign = from < 0 || b * have + from >= length ? (held == '-' ? '-' : '.') : steps[b * have + from];
            fitted[b * want + s] = sign;
            held = sign == '.' ? '.' : '-';
        }
    }
    return fitted;
}

int grm_metric_weight(const grm_work *work, int step) {
    int within = ((step % work->steps_per_bar) + work->steps_per_bar) % work->steps_per_bar;
    if (within == 0) return 3;
    if (work->beats_per_bar % 2 == 0 && within * 2 == work->steps_per_bar) return 2;
    return within % work->steps_per_beat == 0 ? 1 : 0;
}
