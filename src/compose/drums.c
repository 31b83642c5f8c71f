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
        const grm_figure *lane = grm_figure_fit(work, pattern->lanes[l].hits, pattern->metre);
        if (lane && lane->bars > most) most = lane->bars;
    }
    return most;
}

static const grm_pattern *groove_of(const grm_work *work, const grm_passage *p, const grm_rng *all) {
    grm_rng rng = grm_rng_branch(all, p->plan->kind, p->occurrence > 1 && p->last_of_kind);
    return draw_pattern(work, false, false, p->energy, &rng);
}

const grm_figure *grm_drums_kick(const grm_work *work, const grm_passage *passage) {
    grm_rng all = grm_rng_new(work->seed, "drums");
    bool drummer = false;
    for (size_t i = 0; i < work->part_count; i++) drummer = drummer || work->parts[i].plan->play == GRM_PLAY_DRUMS;
    const grm_pattern *groove = drummer ? groove_of(work, passage, &all) : NULL;
    for (size_t l = 0; groove && l < groove->lane_count; l++)
        if (strcmp(groove->lanes[l].piece, "kick") == 0)
            return grm_figure_fit(work, groove->lanes[l].hits, groove->metre);
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

static void hit(const grm_work *work, grm_writer_part *part, const char *piece, char sign, int32_t at, int32_t within,
                int32_t room, float energy, grm_rng *rng) {
    int key = grm_piece_key(piece);
    float dice = grm_rng_float(rng), touch = grm_rng_between(rng, -4.0f, 4.0f);
    if (key < 0 || (sign == '?' && dice > 0.4f)) return;
    bool hat = grm_piece_role(piece) == GRM_ROLE_HATS;
    int velocity = sign == 'X' ? 110 : sign == 'o' ? 42 : sign == '?' ? 48 : hat ? 84 : 94;
    velocity += (int)((energy - 0.5f) * 22 + touch);
    int weight = grm_metric_weight(work, within);
    // Hats breathe with the beat; a roll leads up to what follows.
    if (hat && sign != 'X') velocity += weight >= 1 ? 6 : within % (2 * STEP_TICKS) == 0 ? -6 : -16;
    int repeats = sign == 'r' ? 2 : sign == 't' ? 3 : 1;
    for (int i = 0; i < repeats; i++) {
        int32_t place = at + i * room / repeats;
        grm_part_note(part, place, repeats > 1 ? room / repeats : length_of(piece), key,
                      velocity - (repeats > 1 ? 14 - 5 * i : 0));
    }
}

static bool fill_has(const grm_pattern *fill, const char *piece) {
    for (size_t l = 0; l < fill->lane_count; l++)
        if (strcmp(fill->lanes[l].piece, piece) == 0) return true;
    return false;
}

// Ticks of the bar that the fill leaves to the groove.
static int32_t fill_start(const grm_work *work, const grm_pattern *fill) {
    int32_t longest = 0;
    for (size_t l = 0; l < fill->lane_count; l++) {
        const grm_figure *lane = grm_figure_read(work, fill->lanes[l].hits);
        if (lane && lane->ticks > longest) longest = lane->ticks;
    }
    return longest >= work->bar_ticks ? 0 : work->bar_ticks - longest;
}

typedef struct bar_place {  // a bar of the song and the stretch in which the part plays
    int32_t start, from, to;
} bar_place;

static bool sounds(const bar_place *b, int32_t within) {
    return b->start + within >= b->from && b->start + within < b->to;
}

static void play_groove(const grm_work *work, grm_writer_part *part, const kit_bar *k, const bar_place *b, float energy,
                        grm_rng *rng) {
    int32_t taken = k->fill ? fill_start(work, k->fill) : work->bar_ticks;
    bool whole_kit = part->plan->role == GRM_ROLE_DRUMS;
    for (size_t l = 0; k->groove && l < k->groove->lane_count; l++) {
        const grm_lane *lane = &k->groove->lanes[l];
        if (!owns(work, part, lane->piece)) continue;
        const grm_figure *f = grm_figure_fit(work, lane->hits, k->groove->metre);
        int32_t first = f ? k->groove_bar % f->bars * work->bar_ticks : 0;
        for (int i = 0; f && i < f->count; i++) {
            int32_t within = f->strokes[i].at - first;
            if (within < 0 || within >= work->bar_ticks || !sounds(b, within)) continue;
            if (within >= taken && (whole_kit || fill_has(k->fill, lane->piece))) continue;
            if (within == 0 && k->crash && grm_piece_role(lane->piece) == GRM_ROLE_HATS) continue;  // two hands
            hit(work, part, lane->piece, f->strokes[i].sign, b->start + within, within, f->strokes[i].length, energy,
                rng);
        }
    }
}

static void play_fill(const grm_work *work, grm_writer_part *part, const kit_bar *k, const bar_place *b, float energy,
                      grm_rng *rng) {
    for (size_t l = 0; k->fill && l < k->fill->lane_count; l++) {
        const grm_lane *lane = &k->fill->lanes[l];
        const grm_figure *f = owns(work, part, lane->piece) ? grm_figure_read(work, lane->hits) : NULL;
        for (int i = 0; f && i < f->count; i++) {
            int32_t within = work->bar_ticks - f->ticks + f->strokes[i].at;
            if (within < 0 || !sounds(b, within)) continue;
            hit(work, part, lane->piece, f->strokes[i].sign, b->start + within, within, f->strokes[i].length, energy,
                rng);
        }
    }
}

static void play_bar(const grm_work *work, grm_writer_part *part, const grm_passage *p, const kit_bar *k,
                     const bar_place *b, grm_rng *rng) {
    play_groove(work, part, k, b, p->energy, rng);
    play_fill(work, part, k, b, p->energy, rng);
    if (k->crash && owns(work, part, "crash") && sounds(b, 0))
        hit(work, part, "crash", 'x', b->start, 0, STEP_TICKS, p->energy, rng);
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
            play_bar(work, part, p, &k, &(bar_place){start, from, to}, &own);
        }
        if (i + 1 == work->passage_count && to == p->end) {  // the last stroke
            if (owns(work, part, "kick")) hit(work, part, "kick", 'x', work->last_chord, 0, STEP_TICKS, 0.5f, &own);
            if (style_has_crash(work->style) && p->energy > 0.35f && owns(work, part, "crash"))
                hit(work, part, "crash", 'x', work->last_chord, 0, STEP_TICKS, p->energy, &own);
        }
    }
}
