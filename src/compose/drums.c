// Drums: each part of a kit plays the lanes of the planned bars that are its own, with the small changes that make a
// drummer's bar differ from the last.
#include <string.h>

#include "compose/kit.h"

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

static int32_t length_of(const char *piece) {
    if (strcmp(piece, "crash") == 0 || strcmp(piece, "china") == 0 || strcmp(piece, "splash") == 0)
        return 8 * STEP_TICKS;
    if (strcmp(piece, "open") == 0 || strcmp(piece, "ride") == 0 || strcmp(piece, "bell") == 0) return 2 * STEP_TICKS;
    return STEP_TICKS;
}

// Hats breathe with the beat, a drummer's deeper than a machine's: in pop, funk and soul beats come at 95 to 105, the
// eighths between at 40 to 70, sixteenths at 35 to 55; kicks between the eighths at two thirds of the others (Groove
// MIDI Dataset, CC BY 4.0). Between a machine's figures and those, so that quiet strokes stay in the mix.
static int accent(const grm_work *work, const grm_writer_part *part, const char *piece, char sign, int32_t within) {
    bool machine = part->instrument->voice, beat = grm_metric_weight(work, within) >= 1;
    bool eighth = within % (2 * STEP_TICKS) == 0;
    if (sign == 'X' || sign == 'o' || sign == '?') return 0;
    if (grm_piece_role(piece) == GRM_ROLE_HATS)
        return beat ? (machine ? 7 : 12) : eighth ? (machine ? -11 : -20) : machine ? -20 : -32;
    return strcmp(piece, "kick") == 0 && !beat && !eighth && !machine ? -10 : 0;
}

static void hit(const grm_work *work, grm_writer_part *part, const char *piece, char sign, int32_t at, int32_t within,
                int32_t room, float energy, grm_rng *rng) {
    // Sampled kits have no snap: hands clap instead.
    bool no_snap = strcmp(piece, "snap") == 0 && !part->instrument->voice;
    int key = grm_piece_key(no_snap ? "clap" : piece);
    float dice = grm_rng_float(rng), touch = grm_rng_between(rng, -4.0f, 4.0f);
    if (key < 0 || (sign == '?' && dice > 0.4f)) return;
    bool hat = grm_piece_role(piece) == GRM_ROLE_HATS;
    int velocity = sign == 'X' ? 110 : sign == 'o' ? 42 : sign == '?' ? 48 : hat ? 84 : 94;
    velocity += (int)((energy - 0.5f) * 22 + touch) + accent(work, part, piece, sign, within);
    int repeats = sign == 'r' ? 2 : sign == 't' ? 3 : 1;
    for (int i = 0; i < repeats; i++) {
        int32_t place = at + i * room / repeats;
        grm_part_note(part, place, repeats > 1 ? room / repeats : length_of(piece), key,
                      velocity - (repeats > 1 ? 14 - 5 * i : 0));
    }
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

// A share of 0..1 that belongs to a place of a two-bar pattern in this passage: a groove's changes come back.
static float place_dice(const grm_work *work, const grm_kit_bar *k, const char *piece, int32_t within) {
    grm_rng all = grm_rng_new(work->seed, "drum places");
    grm_rng rng = grm_rng_branch(&all, piece, (unsigned)(k->plan - work->grooves));
    grm_rng own = grm_rng_branch(&rng, "place", (unsigned)(k->bar % 2 * work->bar_ticks + within));
    return grm_rng_float(&own);
}

// The piece that a stroke of the groove falls on in this bar, NULL when it is left out.
static const char *vary_piece(const grm_work *work, const grm_kit_bar *k, const char *piece, int32_t within) {
    bool kick = strcmp(piece, "kick") == 0, hat = strcmp(piece, "hat") == 0, on_beat = within % work->beat_ticks == 0;
    if (kick && k->kick_out) return NULL;
    // Sparser: sixteenths of the hat and light kicks go first.
    bool light = within % (2 * STEP_TICKS) != 0;
    if (k->plan->busy < -0.15f && light && (hat || kick))
        return place_dice(work, k, piece, within) < -1.2f * k->plan->busy ? NULL : piece;
    bool can_open = hat && !grm_pattern_has(k->groove, "open") && !grm_pattern_has(k->groove, "ride");
    if (!can_open) return piece;
    if (k->plan->loose) return on_beat ? "open" : light ? NULL : piece;
    bool lets_go = k->bar % 4 == 3 || (k->plan->busy > 0.5f && k->bar % 2);
    bool last_eighth = within == work->bar_ticks - 2 * STEP_TICKS;
    return lets_go && last_eighth && place_dice(work, k, "open", 0) < 0.6f ? "open" : piece;
}

// A busier groove has hats between those that stand an eighth apart ...
static void add_hats(const grm_work *work, grm_writer_part *part, const grm_kit_bar *k, const bar_place *b,
                     const grm_lane *lane, const grm_figure *f, int32_t first, int32_t taken, float energy,
                     grm_rng *rng) {
    bool hat = strcmp(lane->piece, "hat") == 0 || strcmp(lane->piece, "shaker") == 0;
    bool time_for_it = work->beat_ticks * work->tick_s > 0.44;
    for (int i = 0; hat && time_for_it && !k->plan->loose && i < f->count; i++) {
        int32_t within = f->strokes[i].at - first, middle = within + STEP_TICKS;
        bool alone = i + 1 == f->count || f->strokes[i + 1].at - f->strokes[i].at >= 2 * STEP_TICKS;
        if (!alone || within < 0 || middle >= taken || within % (2 * STEP_TICKS) || !sounds(b, middle)) continue;
        if (place_dice(work, k, lane->piece, middle) < 0.45f * (k->plan->busy - 0.2f))
            hit(work, part, lane->piece, 'o', b->start + middle, middle, STEP_TICKS, energy, rng);
    }
}

// ... and a kick that leads on, late in every other bar, unless it stands on all beats or late already.
static void add_kick(const grm_work *work, grm_writer_part *part, const grm_kit_bar *k, const bar_place *b,
                     const grm_lane *lane, const grm_figure *f, int32_t first, int32_t taken, float energy,
                     grm_rng *rng) {
    if (strcmp(lane->piece, "kick") != 0 || k->kick_out || k->bar % 2 == 0) return;
    int32_t at = work->bar_ticks - (k->bar % 4 == 3 ? STEP_TICKS : 2 * STEP_TICKS);
    int beats = 0;
    for (int i = 0; i < f->count; i++) {
        int32_t within = f->strokes[i].at - first;
        if (within < 0 || within >= work->bar_ticks) continue;
        if (within >= at - STEP_TICKS) return;
        beats += within % work->beat_ticks == 0;
    }
    if (beats == work->beats_per_bar || at >= taken || !sounds(b, at)) return;
    if (place_dice(work, k, "pickup", 0) < 0.3f + 0.5f * k->plan->busy)
        hit(work, part, "kick", 'x', b->start + at, at, STEP_TICKS, energy - 0.2f, rng);
}

static void play_lane(const grm_work *work, grm_writer_part *part, const grm_kit_bar *k, const bar_place *b,
                      const grm_lane *lane, float energy, grm_rng *rng) {
    const grm_figure *f = grm_figure_fit(work, lane->hits, k->groove->metre);
    if (!f) return;
    int32_t first = k->groove_bar % f->bars * work->bar_ticks, taken = work->bar_ticks;
    grm_role role = grm_piece_role(lane->piece);
    if (k->fill && (part->plan->role == GRM_ROLE_DRUMS || grm_pattern_has(k->fill, lane->piece)))
        taken = fill_start(work, k->fill);
    if (k->build && role == GRM_ROLE_SNARE) return;
    for (int i = 0; i < f->count; i++) {
        const grm_stroke *stroke = &f->strokes[i];
        int32_t within = stroke->at - first;
        const char *piece = vary_piece(work, k, lane->piece, within);
        if (!piece || within < 0 || within >= taken || !sounds(b, within)) continue;
        if (within == 0 && k->crash && role == GRM_ROLE_HATS) continue;  // two hands
        hit(work, part, piece, stroke->sign, b->start + within, within, stroke->length, energy, rng);
    }
    add_hats(work, part, k, b, lane, f, first, taken, energy, rng);
    add_kick(work, part, k, b, lane, f, first, taken, energy, rng);
}

static void play_groove(const grm_work *work, grm_writer_part *part, const grm_kit_bar *k, const bar_place *b,
                        float energy, grm_rng *rng) {
    for (size_t l = 0; k->groove && l < k->groove->lane_count; l++)
        if (owns(work, part, k->groove->lanes[l].piece)) play_lane(work, part, k, b, &k->groove->lanes[l], energy, rng);
}

// Snare strokes that grow through the bar: eighths, then sixteenths.
static void play_build(const grm_work *work, grm_writer_part *part, const bar_place *b, float energy, grm_rng *rng) {
    if (!owns(work, part, "snare")) return;
    int32_t half = work->bar_ticks / 2;
    for (int32_t within = 0; within < work->bar_ticks; within += within < half ? 2 * STEP_TICKS : STEP_TICKS) {
        char sign = within < half ? 'o' : within < work->bar_ticks - work->beat_ticks ? 'x' : 'X';
        if (sounds(b, within)) hit(work, part, "snare", sign, b->start + within, within, STEP_TICKS, energy, rng);
    }
}

static void play_fill(const grm_work *work, grm_writer_part *part, const grm_kit_bar *k, const bar_place *b,
                      float energy, grm_rng *rng) {
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

static void play_bar(const grm_work *work, grm_writer_part *part, const grm_passage *p, const grm_kit_bar *k,
                     const bar_place *b, grm_rng *rng) {
    play_groove(work, part, k, b, p->energy, rng);
    if (k->build) play_build(work, part, b, p->energy, rng);
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
            grm_kit_bar k = grm_kit_plan_bar(work, i, b);
            play_bar(work, part, p, &k, &(bar_place){start, from, to}, &own);
        }
        if (i + 1 == work->passage_count && to == p->end) {  // the last stroke
            if (owns(work, part, "kick")) hit(work, part, "kick", 'x', work->last_chord, 0, STEP_TICKS, 0.5f, &own);
            if (grm_style_crashes(work->style) && p->energy > 0.35f && owns(work, part, "crash"))
                hit(work, part, "crash", 'x', work->last_chord, 0, STEP_TICKS, p->energy, &own);
        }
    }
}
