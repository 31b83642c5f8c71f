// Melodic ideas: rhythm first, from the style's own bars of rhythm, with a breath at its end and a shape.
#include <string.h>

#include "compose/tune.h"

// The notes of a rhythm from `from` on, appended so that this place comes to `at`, up to the unit's end.
static void append(grm_idea *idea, const grm_figure *rhythm, int32_t from, int32_t at) {
    for (int i = 0; i < rhythm->count && idea->count < IDEA_NOTES; i++) {
        int32_t place = at + rhythm->strokes[i].at - from, room = idea->ticks - place;
        if (rhythm->strokes[i].at < from || room <= 0) continue;
        idea->at[idea->count] = place;
        idea->length[idea->count++] = rhythm->strokes[i].length < room ? rhythm->strokes[i].length : room;
    }
}

static const grm_figure *draw_rhythm(const grm_work *work, float energy, grm_rng *rng) {
    const grm_choice *choice = grm_choice_draw(work, &work->style->melody.rhythms, energy, rng);
    return choice ? grm_figure_fit(work, choice->text, choice->metre) : NULL;
}

// Removes what begins at or behind `tick`, and, where the phrase should end long, what would crowd its last note; that
// note rings until there.
static void cut_at(const grm_work *work, grm_idea *idea, int32_t tick, bool long_end) {
    int32_t beat = work->beat_ticks, least = !long_end ? 1 : work->beats_per_bar >= 4 ? beat + beat / 2 : beat;
    while (idea->count > 2 && idea->at[idea->count - 1] > tick - least) idea->count--;
    int last = idea->count - 1;
    int32_t room = tick - idea->at[last];
    int32_t wanted = room > 3 * beat ? 3 * beat : room;
    if (wanted > idea->length[last]) idea->length[last] = wanted;
    if (idea->at[last] + idea->length[last] > idea->ticks) idea->length[last] = idea->ticks - idea->at[last];
}

// Pop and its kin arrive early: a note on a beat comes half a beat before, and hangs over.
static void anticipate(const grm_work *work, grm_idea *idea, grm_rng *rng) {
    float chance = work->style->melody.anticipation;
    int32_t early = work->beat_ticks / 2;
    for (int i = 0; i < idea->count; i++) {
        bool draw = grm_rng_chance(rng, chance);
        if (!draw || grm_metric_weight(work, idea->at[i]) < 2) continue;
        int32_t room = i ? idea->at[i] - idea->at[i - 1] : early + 1;
        if (room <= early || (i == 0 && idea->at[i] < early && !grm_rng_chance(rng, 0.5f))) continue;
        idea->at[i] -= early;
        idea->length[i] += early;
        if (i && idea->at[i - 1] + idea->length[i - 1] > idea->at[i])
            idea->length[i - 1] = idea->at[i] - idea->at[i - 1];
    }
}

static void draw_contour(grm_idea *idea, grm_rng *rng) {
    static const float shapes[][3] = {{-2, 3, -1}, {3, 0, -3}, {-3, 0, 3}, {2, -2, 1},
                                      {0, 2, 0},   {4, 1, 2},  {-1, -2, 3}};
    const float *shape = shapes[grm_rng_below(rng, GRM_COUNT(shapes))];
    for (int i = 0; i < 3; i++) idea->contour[i] = 1.5f * shape[i] + grm_rng_between(rng, -1.0f, 1.0f);
}

bool grm_idea_make(const grm_work *work, int bars, float energy, float breath, float long_end, grm_rng *rng,
                   grm_idea *idea) {
    *idea = (grm_idea){.ticks = bars * work->bar_ticks};
    const grm_figure *cell = NULL;
    for (int bar = 0; bar < bars;) {
        // The second bar of an idea is often the first once more: that is what makes it one.
        bool again = cell && cell->bars == 1 && grm_rng_chance(rng, 0.4f);
        if (!again) cell = draw_rhythm(work, energy, rng);
        if (!cell) return false;
        append(idea, cell, 0, bar * work->bar_ticks);
        bar += cell->bars;
    }
    if (idea->count == 0) {
        idea->at[0] = 0;
        idea->length[0] = work->bar_ticks;
        idea->count = 1;
    }
    float share = breath * grm_rng_between(rng, 0.7f, 1.3f);
    int32_t cut = (int32_t)((float)idea->ticks * (1.0f - share) + 0.5f), beat = work->beat_ticks;
    cut = (cut + beat / 2) / beat * beat;  // breathe on a beat
    if (cut < idea->ticks / 2) cut = idea->ticks / 2;
    bool ends_long = grm_rng_chance(rng, long_end);
    if (cut < idea->ticks) cut_at(work, idea, cut, ends_long);
    anticipate(work, idea, rng);
    draw_contour(idea, rng);
    return true;
}

bool grm_idea_new_ending(const grm_work *work, grm_idea *idea, float energy, bool long_end, grm_rng *rng) {
    int32_t bar = work->bar_ticks, from = idea->ticks > bar ? idea->ticks - bar : bar / 2;
    int keep = 0;
    while (keep < idea->count && idea->at[keep] < from) keep++;
    idea->count = keep;
    if (keep && idea->at[keep - 1] + idea->length[keep - 1] > from) idea->length[keep - 1] = from - idea->at[keep - 1];
    const grm_figure *cell = draw_rhythm(work, energy, rng);
    if (!cell) return false;
    append(idea, cell, idea->ticks - from < bar ? bar - (idea->ticks - from) : 0, from);
    if (idea->count == 0) {
        idea->at[0] = 0;
        idea->length[0] = idea->ticks;
        idea->count = 1;
    }
    if (long_end) cut_at(work, idea, from + work->beat_ticks * (grm_rng_chance(rng, 0.5f) ? 3 : 2), true);
    for (int i = keep; i < idea->count; i++) idea->pitch[i] = idea->pitch[keep ? keep - 1 : 0];
    return true;
}
