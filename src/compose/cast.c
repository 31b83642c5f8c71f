// Casting: which of the style's parts play, on what instrument, in which register. What the brief asks for comes first,
// what it excludes never plays.
#include <stdlib.h>
#include <string.h>

#include "compose/work.h"

enum { MAX_PARTS = 24 };

static bool is_kit(grm_role role) {
    return role == GRM_ROLE_KICK || role == GRM_ROLE_SNARE || role == GRM_ROLE_HATS || role == GRM_ROLE_DRUMS ||
           role == GRM_ROLE_PERCUSSION;
}

// An excluded word is a catalogue id, a family, a role, or "drums" for all that is struck.
static bool excluded(const grm_brief *brief, const grm_instrument *instrument, grm_role role) {
    for (size_t i = 0; i < brief->excluded_instruments.count; i++) {
        const char *word = brief->excluded_instruments.items[i];
        if (instrument && (strcmp(word, instrument->id) == 0 || strcmp(word, instrument->family) == 0)) return true;
        if (strcmp(word, grm_role_name(role)) == 0) return true;
        if ((strcmp(word, "drums") == 0 || strcmp(word, "percussion") == 0) && is_kit(role)) return true;
        if (strcmp(word, "bass") == 0 && role == GRM_ROLE_BASS) return true;
        if (strcmp(word, "melody") == 0 && role == GRM_ROLE_LEAD) return true;
    }
    return false;
}

static bool monophonic(const grm_instrument *instrument) {
    return instrument->polyphony == 1;
}

// How well an instrument that was asked for suits a part; 0: not at all.
static int suits(const grm_instrument *instrument, const grm_style_part *plan) {
    const char *family = instrument->family;
    bool bass = strcmp(family, "bass") == 0, kit = strcmp(family, "drums") == 0 || strcmp(family, "percussion") == 0;
    bool texture = strcmp(family, "texture") == 0 || strcmp(family, "fx") == 0;
    if (grm_plan_has(plan, instrument)) return 10;
    if (kit || is_kit(plan->role))
        return kit && is_kit(plan->role)
                   ? (strcmp(family, "percussion") == 0) == (plan->role == GRM_ROLE_PERCUSSION) ? 6 : 2
                   : 0;
    if (texture || plan->role == GRM_ROLE_TEXTURE || plan->role == GRM_ROLE_FX) return 0;
    if (bass || plan->role == GRM_ROLE_BASS) return bass && plan->role == GRM_ROLE_BASS ? 8 : 0;
    switch (plan->play) {
        case GRM_PLAY_MELODY:
            return monophonic(instrument) ? 7 : 4;
        case GRM_PLAY_COUNTER:
        case GRM_PLAY_SECOND:
            return monophonic(instrument) ? 6 : 3;
        case GRM_PLAY_RIFF:
            return monophonic(instrument) ? 3 : 4;
        case GRM_PLAY_PAD:
            return monophonic(instrument) ? 0 : instrument->sustains ? 7 : 1;
        case GRM_PLAY_STRUM:
            return strcmp(family, "guitar") == 0 || strcmp(family, "plucked") == 0 ? 8 : 0;
        case GRM_PLAY_COMP:
            return monophonic(instrument) ? 0 : strcmp(family, "keys") == 0 || strcmp(family, "guitar") == 0 ? 7 : 4;
        case GRM_PLAY_ARP:
            return monophonic(instrument) ? 1 : instrument->sustains ? 2 : 5;
        default:
            return 0;
    }
}

static const grm_instrument *draw_instrument(const grm_work *work, const grm_style_part *plan,
                                             const grm_style_part *blend) {
    // The parts of one kit draw alike, so that it is one kit.
    bool kit = is_kit(plan->role) && plan->role != GRM_ROLE_PERCUSSION;
    grm_rng all = grm_rng_new(work->seed, "cast"), rng = grm_rng_branch(&all, kit ? "kit" : plan->name, 0);
    bool borrow = grm_rng_chance(&rng, 0.5f);
    const grm_choices *choices = blend && borrow ? &blend->instruments : &plan->instruments;
    for (int tries = 0; tries < 2; tries++, choices = &plan->instruments) {
        float weights[32], sum = 0;
        size_t count = choices->count < 32 ? choices->count : 32;
        for (size_t i = 0; i < count; i++) {
            const grm_instrument *instrument = grm_instrument_find(work->catalogue, choices->items[i].text);
            bool fine = instrument && !excluded(work->brief, instrument, plan->role);
            weights[i] = fine ? choices->items[i].weight : 0;
            sum += weights[i];
        }
        if (sum > 0)
            return grm_instrument_find(work->catalogue, choices->items[grm_rng_weighted(&rng, weights, count)].text);
    }
    return NULL;
}

static const grm_style_part *blend_part(const grm_work *work, const grm_style_part *plan) {
    if (!work->blend || is_kit(plan->role) || plan->play == GRM_PLAY_TEXTURE || plan->play == GRM_PLAY_FX) return NULL;
    for (size_t i = 0; i < work->blend->part_count; i++)
        if (work->blend->parts[i].role == plan->role && work->blend->parts[i].play == plan->play)
            return &work->blend->parts[i];
    return NULL;
}

// The register: the style's, within what the instrument can play; the instrument's own where they don't meet.
static void set_range(grm_writer_part *part) {
    int low = part->plan->low ? part->plan->low : part->instrument->low;
    int high = part->plan->high ? part->plan->high : part->instrument->high;
    if (low < part->instrument->low) low = part->instrument->low;
    if (high > part->instrument->high) high = part->instrument->high;
    if (high - low < 11) {  // move by octaves into the instrument
        low = part->plan->low ? part->plan->low : part->instrument->low;
        int span = part->plan->high > part->plan->low ? part->plan->high - part->plan->low : 24;
        while (low < part->instrument->low) low += 12;
        while (low + 12 > part->instrument->high && low - 12 >= part->instrument->low) low -= 12;
        high = low + span;
        if (low < part->instrument->low) low = part->instrument->low;
        if (high > part->instrument->high) high = part->instrument->high;
    }
    part->low = low, part->high = high;
}

static void add_part(grm_work *work, const grm_style_part *plan, const grm_instrument *instrument, bool always) {
    if (work->part_count >= MAX_PARTS || !instrument) return;
    grm_writer_part *part = &work->parts[work->part_count++];
    *part = (grm_writer_part){.plan = plan, .instrument = instrument, .name = plan->name, .always = always};
    set_range(part);
}

// Whether the style itself gives the part to this instrument as often as to any other.
static bool is_usual(const grm_instrument *instrument, const grm_style_part *plan) {
    float most = 0, own = 0;
    for (size_t i = 0; i < plan->instruments.count; i++) {
        const grm_choice *choice = &plan->instruments.items[i];
        most = choice->weight > most ? choice->weight : most;
        if (strcmp(choice->text, instrument->id) == 0) own = choice->weight;
    }
    return own > 0 && own >= most;
}

// The part, among those that nobody was given yet, that suits the instrument best; -1: none. In a band that plays alone
// a soloist has the tune, and others what they usually play.
static int best_seat(const grm_work *work, const grm_instrument *instrument) {
    const grm_brief *brief = work->brief;
    bool soloist = brief->only_instruments && brief->instruments.count == 1 && monophonic(instrument);
    int best = -1, best_score = 0;
    for (size_t i = 0; i < work->part_count; i++) {
        const grm_style_part *plan = work->parts[i].plan;
        int score = work->parts[i].always ? 0 : suits(instrument, plan);
        if (score && brief->only_instruments && is_usual(instrument, plan)) score += 1;
        if (score && soloist && plan->play == GRM_PLAY_MELODY) score += 10;
        if (score > best_score) best = (int)i, best_score = score;
    }
    return best;
}

// An instrument that suits no part of the style gets one of its own.
static grm_status seat_stranger(grm_work *work, const grm_instrument *instrument, bool right, grm_error *err) {
    grm_style_part *plan = grm_memory_take(work->memory, 1, sizeof *plan);
    if (!plan) return grm_fail_memory(err);
    bool line = monophonic(instrument);
    *plan = (grm_style_part){
        .name = instrument->title,
        .role = line ? GRM_ROLE_COUNTER : GRM_ROLE_PAD,
        .play = line ? GRM_PLAY_COUNTER : GRM_PLAY_PAD,
        .voices = 3,
        .voicing = "open",
        .mix = {.level_db = -5, .pan = right ? 0.35f : -0.35f, .width = 1, .room = 0.2f, .hall = 0.2f}};
    add_part(work, plan, instrument, true);
    return GRM_OK;
}

static grm_status seat(grm_work *work, const grm_instrument *instrument, bool right, grm_error *err) {
    int best = best_seat(work, instrument);
    if (best < 0 && (strcmp(instrument->family, "texture") == 0 || strcmp(instrument->family, "fx") == 0))
        return GRM_OK;
    if (best < 0) return seat_stranger(work, instrument, right, err);
    work->parts[best].instrument = instrument;
    work->parts[best].always = true;
    // A kit that was asked for is played by all of the kit's parts.
    for (size_t i = 0; strcmp(instrument->family, "drums") == 0 && i < work->part_count; i++)
        if (is_kit(work->parts[i].plan->role) && work->parts[i].plan->role != GRM_ROLE_PERCUSSION)
            work->parts[i].instrument = instrument;
    set_range(&work->parts[best]);
    return GRM_OK;
}

// Gives each instrument that was asked for to the part that it suits best. In a band that plays alone those who play
// one note at a time choose first: a cello with a piano has the tune.
static grm_status seat_wanted(grm_work *work, grm_error *err) {
    const grm_words *wanted = &work->brief->instruments;
    grm_status status = GRM_OK;
    bool lines_first = work->brief->only_instruments;
    for (int turn = lines_first ? 0 : 1; turn < 2; turn++)
        for (size_t w = 0; w < wanted->count && status == GRM_OK; w++) {
            const grm_instrument *instrument = grm_instrument_find(work->catalogue, wanted->items[w]);
            if (!instrument || (lines_first && monophonic(instrument) != (turn == 0))) continue;
            status = seat(work, instrument, w % 2, err);
        }
    return status;
}

// How well an instrument of a band would take on a part that nobody was asked to play; below -99: not at all. Who has
// less to do (of the parts before `kept` and those from `next` on that were asked for) is asked first, and who plays
// the bass last.
static int would_take(const grm_work *work, const grm_instrument *instrument, const grm_style_part *plan, size_t kept,
                      size_t next) {
    int fits = suits(instrument, plan), load = 0;
    bool drums = strcmp(instrument->family, "drums") == 0, of_bass = false;
    bool noise = plan->play == GRM_PLAY_TEXTURE || plan->play == GRM_PLAY_FX || is_kit(plan->role);
    bool low = plan->role == GRM_ROLE_BASS && instrument->low <= 43 && !drums;
    if (noise || (fits < 3 && !low)) return -100;
    for (size_t i = 0; i < work->part_count; i++) {
        const grm_writer_part *other = &work->parts[i];
        if (other->instrument != instrument || (i >= kept && (i < next || !other->always))) continue;
        load++;
        of_bass = of_bass || other->plan->role == GRM_ROLE_BASS;
    }
    return (fits > 8 ? 8 : fits) - 3 * load / grm_player_count(work, instrument) -
           (of_bass && plan->role != GRM_ROLE_BASS ? 6 : 0);
}

// Nothing else may play: parts that nobody was asked for pass to the players who are there, or go.
static void pass_on(grm_work *work) {
    const grm_words *wanted = &work->brief->instruments;
    size_t kept = 0;
    for (size_t i = 0; i < work->part_count; i++) {
        grm_writer_part part = work->parts[i];
        const grm_instrument *stand_in = NULL;
        int best = -100;
        bool of_kit = is_kit(part.plan->role) && part.plan->role != GRM_ROLE_PERCUSSION &&
                      strcmp(part.instrument->family, "drums") == 0;
        for (size_t w = 0; !part.always && w < wanted->count; w++) {
            const grm_instrument *instrument = grm_instrument_find(work->catalogue, wanted->items[w]);
            if (!instrument) continue;
            int score =
                of_kit && instrument == part.instrument ? 100 : would_take(work, instrument, part.plan, kept, i);
            if (score > best) best = score, stand_in = instrument;
        }
        if (stand_in) {
            part.instrument = stand_in;
            set_range(&part);
        }
        if (part.always || stand_in) work->parts[kept++] = part;
    }
    work->part_count = kept;
}

static grm_status seat_textures(grm_work *work, grm_error *err) {
    const grm_words *asked = &work->brief->textures;
    for (size_t i = 0; i < asked->count; i++) {
        const grm_instrument *instrument = grm_instrument_find(work->catalogue, asked->items[i]);
        bool there = false;
        for (size_t p = 0; p < work->part_count; p++) there = there || work->parts[p].instrument == instrument;
        if (!instrument || there || excluded(work->brief, instrument, GRM_ROLE_TEXTURE)) continue;
        grm_style_part *plan = grm_memory_take(work->memory, 1, sizeof *plan);
        if (!plan) return grm_fail_memory(err);
        *plan = (grm_style_part){.name = instrument->title,
                                 .role = GRM_ROLE_TEXTURE,
                                 .play = GRM_PLAY_TEXTURE,
                                 .mix = {.level_db = -20, .width = 1}};
        add_part(work, plan, instrument, true);
    }
    return GRM_OK;
}

grm_status grm_cast_parts(grm_work *work, grm_error *err) {
    work->parts = grm_memory_take(work->memory, MAX_PARTS, sizeof *work->parts);
    if (!work->parts) return grm_fail_memory(err);
    for (size_t i = 0; i < work->style->part_count; i++) {
        const grm_style_part *plan = &work->style->parts[i];
        if (excluded(work->brief, NULL, plan->role)) continue;
        if (plan->play == GRM_PLAY_DRUMS && excluded(work->brief, NULL, GRM_ROLE_DRUMS)) continue;
        add_part(work, plan, draw_instrument(work, plan, blend_part(work, plan)), false);
    }
    grm_status status = seat_wanted(work, err);
    if (status == GRM_OK && work->brief->only_instruments && work->brief->instruments.count) pass_on(work);
    if (status == GRM_OK) status = seat_textures(work, err);
    if (status == GRM_OK) status = grm_part_names(work, err);
    if (status == GRM_OK) grm_players_go_on(work);
    return status;
}
