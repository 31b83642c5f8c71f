// Drums: a groove a kind of section, dice for its ghosts, a small fill every fourth bar, a large one at a seam and a
// crash behind it. All parts of a kit draw the same groove and fill; each plays the lanes that are its own.
#include <string.h>

#include "compose/work.h"

typedef struct kit_bar {  // what one bar of the kit is made of
    const grm_pattern *groove;
    int groove_bar;
    const grm_pattern *fill;  // NULL: none
    bool crash;               // on its first beat
} kit_bar;

static bool is_drum_role(grm_role role) {
    return role == GRM_ROLE_KICK || role == GRM_ROLE_SNARE || role == GRM_ROLE_HATS || role == GRM_ROLE_DRUMS ||
           role == GRM_ROLE_PERCUSSION;
}

// A lane belongs to the part with its piece's role; to the kit at large where the style has no such part.
static bool owns(const grm_work *work, const grm_writer_part *part, const char *piece) {
    grm_role role = grm_piece_role(piece);
    if (role == part->plan->role) return true;
    for (size_t i = 0; i < work->part_count; i++)
        if (work->parts[i].plan->role == role) return false;
    if (part->plan->role == GRM_ROLE_DRUMS) return true;
    for (size_t i = 0; i < work->part_count; i++)
        if (work->parts[i].plan->role == GRM_ROLE_DRUMS) return false;
    // A kit in pieces without a player for toms or hand drums: the snare's takes the sticks, the percussion's the rest.
    bool percussion = false;
    for (size_t i = 0; i < work->part_count; i++)
        percussion = percussion || work->parts[i].plan->role == GRM_ROLE_PERCUSSION;
    if (role == GRM_ROLE_KICK || role == GRM_ROLE_SNARE || role == GRM_ROLE_HATS) return false;
    return part->plan->role == (role == GRM_ROLE_DRUMS || !percussion ? GRM_ROLE_SNARE : GRM_ROLE_PERCUSSION);
}

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

static bool style_has_crash(const grm_style *style) {
    for (size_t i = 0; i < style->pattern_count; i++)
        for (size_t l = 0; l < style->patterns[i].lane_count; l++)
            if (strcmp(style->patterns[i].lanes[l].piece, "crash") == 0) return true;
    return false;
}

static int lane_bars(const grm_work *work, const grm_pattern *pattern) {
    int most = 1;
    for (size_t l = 0; l < pattern->lane_count; l++) {
        int bars = 1;
        if (grm_figure_fit(work, pattern->lanes[l].hits, pattern->metre, &bars) && bars > most) most = bars;
    }
    return most;
}

static const grm_pattern *groove_of(const grm_work *work, const grm_passage *p, const grm_rng *all) {
    grm_rng rng = grm_rng_branch(all, p->plan->kind, p->occurrence > 1 && p->last_of_kind);
    return draw_pattern(work, false, false, p->energy, &rng);
}

const char *grm_drums_kick(const grm_work *work, const grm_passage *passage, int *bars) {
    grm_rng all = grm_rng_new(work->seed, "drums");
    bool drummer = false;
    for (size_t i = 0; i < work->part_count; i++) drummer = drummer || work->parts[i].plan->play == GRM_PLAY_DRUMS;
    const grm_pattern *groove = drummer ? groove_of(work, passage, &all) : NULL;
    for (size_t l = 0; groove && l < groove->lane_count; l++)
        if (strcmp(groove->lanes[l].piece, "kick") == 0)
            return grm_figure_fit(work, groove->lanes[l].hits, groove->metre, bars);
    return NULL;
}

// Fixes groove, fills and crashes of a bar. Draws depend on the section and the bar alone, so that all parts agree.
static kit_bar plan_bar(const grm_work *work, size_t passage, int bar, const grm_rng *all) {
    const grm_passage *p = &work->passages[passage];
    const grm_passage *next = passage + 1 < work->passage_count ? p + 1 : NULL, *before = passage ? p - 1 : NULL;
    kit_bar k = {.groove = groove_of(work, p, all)};
    if (k.groove) k.groove_bar = bar % lane_bars(work, k.groove);
    grm_rng rng = grm_rng_branch(all, "bar", (unsigned)(p->first_bar + bar));
    float small = grm_rng_float(&rng), large = grm_rng_float(&rng), crash = grm_rng_float(&rng);
    bool seam = bar + 1 == p->bars;
    if (seam && (next ? large < 0.85f : large < 0.6f))
        k.fill = draw_pattern(work, true, true, p->energy, &rng);
    else if (bar % 4 == 3 && !seam && small < 0.5f)
        k.fill = draw_pattern(work, true, false, p->energy, &rng);
    bool lifts = !before || p->energy >= before->energy - 0.05f;
    if (bar == 0 && p->energy >= 0.45f && lifts) k.crash = crash < 0.8f;
    if (bar > 0 && bar % 8 == 0 && p->energy > 0.75f) k.crash = crash < 0.5f;
    k.crash = k.crash && style_has_crash(work->style);
    return k;
}

static int32_t length_of(const char *piece) {
    if (strcmp(piece, "crash") == 0 || strcmp(piece, "china") == 0 || strcmp(piece, "splash") == 0)
        return 8 * STEP_TICKS;
    if (strcmp(piece, "open") == 0 || strcmp(piece, "ride") == 0 || strcmp(piece, "bell") == 0) return 2 * STEP_TICKS;
    return STEP_TICKS;
}

static void hit(const grm_work *work, grm_writer_part *part, const char *piece, char sign, int32_t at, int step,
                float energy, grm_rng *rng) {
    int key = grm_piece_key(piece);
    float dice = grm_rng_float(rng), touch = grm_rng_between(rng, -4.0f, 4.0f);
    if (key < 0 || (sign == '?' && dice > 0.4f)) return;
    bool hat = grm_piece_role(piece) == GRM_ROLE_HATS;
    int velocity = sign == 'X' ? 110 : sign == 'o' ? 42 : sign == '?' ? 48 : hat ? 84 : 94;
    velocity += (int)((energy - 0.5f) * 22 + touch);
    int weight = grm_metric_weight(work, step);
    if (hat && sign != 'X') velocity += weight >= 1 ? 6 : step % 2 == 0 ? -6 : -16;  // hats breathe with the beat
    int repeats = sign == 'r' ? 2 : sign == 't' ? 3 : 1;
    for (int i = 0; i < repeats; i++) {
        int32_t place = at + i * STEP_TICKS / repeats;
        grm_part_note(part, place, repeats > 1 ? STEP_TICKS / repeats : length_of(piece), key,
                      velocity - (repeats > 1 ? 14 - 5 * i : 0));
    }
}

static bool fill_has(const grm_pattern *fill, const char *piece) {
    for (size_t l = 0; l < fill->lane_count; l++)
        if (strcmp(fill->lanes[l].piece, piece) == 0) return true;
    return false;
}

// The first step of the bar that the fill takes over.
static int fill_start(const grm_work *work, const grm_pattern *fill) {
    int longest = 0;
    for (size_t l = 0; l < fill->lane_count; l++) {
        int length = (int)strlen(fill->lanes[l].hits);
        if (length > longest) longest = length;
    }
    return longest >= work->steps_per_bar ? 0 : work->steps_per_bar - longest;
}

static void play_bar(const grm_work *work, grm_writer_part *part, const grm_passage *p, const kit_bar *k, int32_t start,
                     int32_t from, int32_t to, grm_rng *rng) {
    int taken = k->fill ? fill_start(work, k->fill) : work->steps_per_bar;
    bool whole_kit = part->plan->role == GRM_ROLE_DRUMS;
    for (size_t l = 0; k->groove && l < k->groove->lane_count; l++) {
        const grm_lane *lane = &k->groove->lanes[l];
        int bars = 1;
        const char *hits =
            owns(work, part, lane->piece) ? grm_figure_fit(work, lane->hits, k->groove->metre, &bars) : NULL;
        if (!hits) continue;
        const char *bar = hits + k->groove_bar % bars * work->steps_per_bar;
        for (int s = 0; s < work->steps_per_bar; s++) {
            int32_t at = start + s * STEP_TICKS;
            if (bar[s] == '.' || bar[s] == '-' || at < from || at >= to) continue;
            if (s >= taken && (whole_kit || fill_has(k->fill, lane->piece))) continue;
            if (s == 0 && k->crash && grm_piece_role(lane->piece) == GRM_ROLE_HATS) continue;  // two hands
            hit(work, part, lane->piece, bar[s], at, s, p->energy, rng);
        }
    }
    for (size_t l = 0; k->fill && l < k->fill->lane_count; l++) {
        const grm_lane *lane = &k->fill->lanes[l];
        if (!owns(work, part, lane->piece)) continue;
        int length = (int)strlen(lane->hits), skip = length > work->steps_per_bar ? length - work->steps_per_bar : 0;
        for (int s = skip; s < length; s++) {
            int step = work->steps_per_bar - length + s;
            int32_t at = start + step * STEP_TICKS;
            if (lane->hits[s] == '.' || lane->hits[s] == '-' || at < from || at >= to) continue;
            hit(work, part, lane->piece, lane->hits[s], at, step, p->energy, rng);
        }
    }
    if (k->crash && owns(work, part, "crash") && start >= from && start < to)
        hit(work, part, "crash", 'x', start, 0, p->energy, rng);
}

void grm_drums_play(grm_work *work, grm_writer_part *part) {
    grm_rng all = grm_rng_new(work->seed, "drums"), own = grm_rng_branch(&all, part->plan->name, 0);
    for (size_t i = 0; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i];
        int32_t from, to;
        if (!is_drum_role(part->plan->role) || !grm_part_plays(work, part, p, &from, &to)) continue;
        for (int b = 0; b < p->bars; b++) {
            int32_t start = p->start + b * work->bar_ticks;
            if (start + work->bar_ticks <= from || start >= to) continue;
            kit_bar k = plan_bar(work, i, b, &all);
            play_bar(work, part, p, &k, start, from, to, &own);
        }
        if (i + 1 == work->passage_count && to == p->end) {  // the last stroke
            if (owns(work, part, "kick")) hit(work, part, "kick", 'x', work->last_chord, 0, 0.5f, &own);
            if (style_has_crash(work->style) && p->energy > 0.35f && owns(work, part, "crash"))
                hit(work, part, "crash", 'x', work->last_chord, 0, p->energy, &own);
        }
    }
}
