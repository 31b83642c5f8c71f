// What a kit plays, bar by bar: a groove a kind of section with a sister for its second half, busier when the section
// comes again, looser in the last chorus; small fills every fourth bar, large ones at seams, which land on a crash, and
// before a lift now and then a build, a bar without the kick, or a stop of the whole band.
#include <string.h>

#include "compose/kit.h"

static const grm_pattern *draw_pattern(const grm_work *work, bool fill, bool large, float energy, grm_rng *rng) {
    enum { LIMIT = 64 };
    float weights[LIMIT];
    const grm_style *style = work->style;
    size_t count = style->pattern_count < LIMIT ? style->pattern_count : LIMIT;
    for (int strict = 2; strict >= 0; strict--) {
        float sum = 0;
        for (size_t i = 0; i < count; i++) {
            const grm_pattern *p = &style->patterns[i];
            bool same_metre = p->metre.beats ? grm_steps_in_bar(p->metre) == work->steps_per_bar : true;
            float off = energy < p->energy_low    ? p->energy_low - energy
                        : energy > p->energy_high ? energy - p->energy_high
                                                  : 0;
            weights[i] = p->fill == fill && (!fill || p->large == large) ? p->weight : 0;
            if (strict >= 1 && !same_metre) weights[i] = 0;
            if (strict == 2 && off > 1e-4f) weights[i] = 0;
            if (strict < 2) weights[i] /= 1 + 20 * off;
            sum += weights[i];
        }
        if (sum > 0) return &style->patterns[grm_rng_weighted(rng, weights, count)];
    }
    return NULL;
}

bool grm_style_crashes(const grm_style *style) {
    for (size_t i = 0; i < style->pattern_count; i++)
        for (size_t l = 0; l < style->patterns[i].lane_count; l++)
            if (strcmp(style->patterns[i].lanes[l].piece, "crash") == 0) return true;
    return false;
}

static int lane_bars(const grm_work *work, const grm_pattern *pattern) {
    int most = 1;
    for (size_t l = 0; l < pattern->lane_count; l++) {
        const grm_figure *lane = grm_figure_fit(work, pattern->lanes[l].hits, pattern->metre);
        if (lane && lane->bars > most) most = lane->bars;
    }
    return most;
}

bool grm_pattern_has(const grm_pattern *pattern, const char *piece) {
    for (size_t l = 0; l < pattern->lane_count; l++)
        if (strcmp(pattern->lanes[l].piece, piece) == 0) return true;
    return false;
}

// The accents of snare, clap and rim in a pattern's first bar, a bit a sixteenth.
static uint32_t backbeat(const grm_work *work, const grm_pattern *pattern) {
    uint32_t bits = 0;
    for (size_t l = 0; l < pattern->lane_count; l++) {
        if (grm_piece_role(pattern->lanes[l].piece) != GRM_ROLE_SNARE) continue;
        const grm_figure *f = grm_figure_fit(work, pattern->lanes[l].hits, pattern->metre);
        for (int i = 0; f && i < f->count && f->strokes[i].at < work->bar_ticks; i++)
            if (f->strokes[i].sign == 'X' && f->strokes[i].at / STEP_TICKS < 32)
                bits |= 1u << f->strokes[i].at / STEP_TICKS;
    }
    return bits;
}

// Another groove of the style with the same backbeat, for the second half of a long section; the first one when there
// is none.
static const grm_pattern *draw_sister(const grm_work *work, const grm_pattern *first, float energy, grm_rng *rng) {
    for (int tries = 0; tries < 4; tries++) {
        const grm_pattern *other = draw_pattern(work, false, false, energy, rng);
        if (other && other != first && backbeat(work, other) == backbeat(work, first)) return other;
    }
    return first;
}

static bool has_drummer(const grm_work *work, const grm_passage *p) {
    int32_t from, to;
    for (size_t i = 0; i < work->part_count; i++)
        if (work->parts[i].plan->play == GRM_PLAY_DRUMS && grm_part_plays(work, &work->parts[i], p, &from, &to) &&
            to == p->end)
            return true;
    return false;
}

// What happens in the last bar before a section that lifts.
static void plan_lift(const grm_work *work, grm_groove *g, grm_passage *p, const grm_passage *next, grm_rng *rng) {
    float dice = grm_rng_float(rng), lift = next ? next->energy - p->energy : 0;
    if (!next || lift < 0.1f || p->bars < 4 || !has_drummer(work, p) || !has_drummer(work, next)) return;
    bool pre = strcmp(p->plan->kind, "pre") == 0;
    if (dice < (pre ? 0.45f : 0.12f))
        g->build = g->first && grm_pattern_has(g->first, "snare");
    else if (dice < 0.62f && dice > 0.42f)
        g->kick_out = true;
    else if (dice > 0.84f)
        p->stop =
            p->end - (dice > 0.93f ? work->bar_ticks / 2 / work->beat_ticks * work->beat_ticks : work->beat_ticks);
}

grm_status grm_groove_plan(grm_work *work, grm_error *err) {
    grm_rng all = grm_rng_new(work->seed, "drums");
    work->grooves = grm_memory_take(work->memory, work->passage_count + 1, sizeof *work->grooves);
    if (!work->grooves) return grm_fail_memory(err);
    for (size_t i = 0; i < work->passage_count; i++) {
        grm_passage *p = &work->passages[i];
        grm_groove *g = &work->grooves[i];
        bool again = p->occurrence > 1 && p->last_of_kind;
        grm_rng rng = grm_rng_branch(&all, p->plan->kind, again);
        grm_rng vary = grm_rng_branch(&all, "vary", (unsigned)i);
        *g = (grm_groove){.first = draw_pattern(work, false, false, p->energy, &rng)};
        g->second = g->first;
        if (!g->first) continue;
        bool turns = grm_rng_chance(&rng, p->bars >= 16 ? 0.7f : 0.35f);
        if (turns && p->bars >= 8) g->second = draw_sister(work, g->first, p->energy, &rng);
        // A section that comes again is busier; the first of a quiet kind plays less.
        float lean = grm_rng_between(&vary, -0.25f, 0.25f);
        g->busy = (p->occurrence > 0 ? 0.45f : p->energy < 0.6f ? -0.25f : 0.0f) + (again ? 0.25f : 0.0f) + lean;
        bool loose = grm_rng_chance(&vary, 0.7f);
        g->loose = loose && p->last_of_kind && p->occurrence > 0 && p->energy >= 0.72f;
        plan_lift(work, g, p, i + 1 < work->passage_count ? p + 1 : NULL, &vary);
    }
    return GRM_OK;
}

const grm_figure *grm_drums_kick(const grm_work *work, const grm_passage *passage) {
    bool drummer = false;
    for (size_t i = 0; i < work->part_count; i++) drummer = drummer || work->parts[i].plan->play == GRM_PLAY_DRUMS;
    const grm_pattern *groove = drummer ? work->grooves[passage - work->passages].first : NULL;
    for (size_t l = 0; groove && l < groove->lane_count; l++)
        if (strcmp(groove->lanes[l].piece, "kick") == 0)
            return grm_figure_fit(work, groove->lanes[l].hits, groove->metre);
    return NULL;
}

// Draws depend on the section and the bar alone, so that all parts of the kit agree.
grm_kit_bar grm_kit_plan_bar(const grm_work *work, size_t passage, int bar) {
    const grm_passage *p = &work->passages[passage];
    const grm_passage *next = passage + 1 < work->passage_count ? p + 1 : NULL, *before = passage ? p - 1 : NULL;
    const grm_groove *g = &work->grooves[passage];
    bool second = bar >= (p->bars >= 16 ? 8 : (p->bars + 1) / 2);
    grm_kit_bar k = {.groove = second ? g->second : g->first, .plan = g, .bar = bar};
    if (k.groove) k.groove_bar = bar % lane_bars(work, k.groove);
    grm_rng all = grm_rng_new(work->seed, "drums");
    grm_rng rng = grm_rng_branch(&all, "bar", (unsigned)(p->first_bar + bar));
    float small = grm_rng_float(&rng), large = grm_rng_float(&rng), crash = grm_rng_float(&rng);
    bool seam = bar + 1 == p->bars;
    k.build = seam && g->build;
    if (seam && !k.build && !p->stop && (next ? large < 0.85f : large < 0.6f))
        k.fill = draw_pattern(work, true, true, p->energy, &rng);
    else if (bar % 4 == 3 && !seam && small < 0.5f)
        k.fill = draw_pattern(work, true, false, p->energy, &rng);
    k.kick_out = seam && g->kick_out;
    bool lifts = !before || p->energy >= before->energy - 0.05f;
    bool lands = bar == 0 && before && grm_kit_plan_bar(work, passage - 1, before->bars - 1).fill;
    if (bar == 0 && p->energy >= 0.4f && (lifts || lands)) k.crash = crash < (lands ? 0.95f : 0.8f);
    // Within a section seldom: a crash says that something new begins.
    if (bar > 0 && bar % 8 == 0 && p->energy > 0.75f) k.crash = crash < 0.25f;
    k.crash = k.crash && grm_style_crashes(work->style);
    return k;
}
