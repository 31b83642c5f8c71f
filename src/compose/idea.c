// Melodic ideas: rhythm first, from the style's own bars of rhythm, with a breath at its end and a shape.
#include <string.h>

#include "compose/tune.h"

// The steps of a rhythm as notes, appended from `at` on, up to the unit's end.
static void append(grm_idea *idea, const char *steps, int count, int at) {
    for (int s = 0; s < count && at + s < idea->steps; s++) {
        if (steps[s] == 'x' && idea->count < IDEA_NOTES) {
            idea->step[idea->count] = at + s;
            idea->length[idea->count++] = 1;
        } else if (steps[s] == '-' && idea->count &&
                   idea->step[idea->count - 1] + idea->length[idea->count - 1] == at + s) {
            idea->length[idea->count - 1]++;
        }
    }
}

static const char *draw_rhythm(const grm_work *work, float energy, grm_rng *rng, int *bars) {
    const grm_melody_habits *habits = &work->style->melody;
    const grm_choice *choice = grm_choice_draw(work, &habits->rhythms, energy, rng);
    if (!choice) return NULL;
    return grm_figure_fit(work, choice->text, choice->metre, bars);
}

// Removes what begins at or behind `step`, and, where the phrase should end long, what would crowd its last note; that
// note rings until there.
static void cut_at(const grm_work *work, grm_idea *idea, int step, bool long_end) {
    int beat = work->steps_per_beat, least = long_end ? beat + beat / 2 : 1;
    while (idea->count > 2 && idea->step[idea->count - 1] > step - least) idea->count--;
    int last = idea->count - 1, room = step - idea->step[last];
    int wanted = room > 3 * beat ? 3 * beat : room;
    if (wanted > idea->length[last]) idea->length[last] = wanted;
    if (idea->step[last] + idea->length[last] > idea->steps) idea->length[last] = idea->steps - idea->step[last];
}

// Pop and its kin arrive early: a note on a beat comes half a beat before, and hangs over.
static void anticipate(const grm_work *work, grm_idea *idea, grm_rng *rng) {
    float chance = work->style->melody.anticipation;
    int early = work->steps_per_beat / 2;
    for (int i = 0; i < idea->count; i++) {
        bool draw = grm_rng_chance(rng, chance);
        if (!draw || grm_metric_weight(work, idea->step[i]) < 2) continue;
        int room = i ? idea->step[i] - idea->step[i - 1] : early + 1;
        if (room <= early || (i == 0 && idea->step[i] < early && !grm_rng_chance(rng, 0.5f))) continue;
        idea->step[i] -= early;
        idea->length[i] += early;
        if (i && idea->step[i - 1] + idea->length[i - 1] > idea->step[i])
            idea->length[i - 1] = idea->step[i] - idea->step[i - 1];
    }
}

static void draw_contour(grm_idea *idea, grm_rng *rng) {
    static const float shapes[][3] = {{-2, 3, -1}, {3, 0, -3}, {-3, 0, 3}, {2, -2, 1},
                                      {0, 2, 0},   {4, 1, 2},  {-1, -2, 3}};
    const float *shape = shapes[grm_rng_below(rng, GRM_COUNT(shapes))];
    for (int i = 0; i < 3; i++) idea->contour[i] = 1.5f * shape[i] + grm_rng_between(rng, -1.0f, 1.0f);
}

bool grm_idea_make(const grm_work *work, int bars, float energy, float breath, grm_rng *rng, grm_idea *idea) {
    *idea = (grm_idea){.steps = bars * work->steps_per_bar};
    const char *cell = NULL;
    int cell_bars = 1;
    for (int bar = 0; bar < bars;) {
        // The second bar of an idea is often the first once more: that is what makes it one.
        bool again = cell && cell_bars == 1 && grm_rng_chance(rng, 0.4f);
        if (!again) cell = draw_rhythm(work, energy, rng, &cell_bars);
        if (!cell) return false;
        append(idea, cell, cell_bars * work->steps_per_bar, bar * work->steps_per_bar);
        bar += cell_bars;
    }
    if (idea->count == 0) {
        idea->step[0] = 0;
        idea->length[0] = work->steps_per_bar;
        idea->count = 1;
    }
    float share = breath * grm_rng_between(rng, 0.7f, 1.3f);
    int cut = (int)((float)idea->steps * (1.0f - share) + 0.5f), beat = work->steps_per_beat;
    cut = (cut + beat / 2) / beat * beat;  // breathe on a beat
    if (cut < idea->steps / 2) cut = idea->steps / 2;
    bool long_end = grm_rng_chance(rng, 0.6f);
    if (cut < idea->steps) cut_at(work, idea, cut, long_end);
    anticipate(work, idea, rng);
    draw_contour(idea, rng);
    return true;
}

bool grm_idea_new_ending(const grm_work *work, grm_idea *idea, float energy, bool long_end, grm_rng *rng) {
    int from = idea->steps > work->steps_per_bar ? idea->steps - work->steps_per_bar : work->steps_per_bar / 2;
    int keep = 0, bars = 1;
    while (keep < idea->count && idea->step[keep] < from) keep++;
    idea->count = keep;
    if (keep && idea->step[keep - 1] + idea->length[keep - 1] > from)
        idea->length[keep - 1] = from - idea->step[keep - 1];
    const char *cell = draw_rhythm(work, energy, rng, &bars);
    if (!cell) return false;
    append(idea, cell + (idea->steps - from < work->steps_per_bar ? work->steps_per_bar - (idea->steps - from) : 0),
           idea->steps - from, from);
    if (idea->count == 0) {
        idea->step[0] = 0;
        idea->length[0] = idea->steps;
        idea->count = 1;
    }
    if (long_end) cut_at(work, idea, from + work->steps_per_beat * (grm_rng_chance(rng, 0.5f) ? 3 : 2), true);
    for (int i = keep; i < idea->count; i++) idea->pitch[i] = idea->pitch[keep ? keep - 1 : 0];
    return true;
}
