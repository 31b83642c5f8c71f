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
    for (size_t i = 0; i < plan->instruments.count; i++)
        if (strcmp(plan->instruments.items[i].text, instrument->id) == 0) return 10;
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

// Gives each instrument that was asked for to the part that it suits best; one that suits none gets a part of its own.
static grm_status seat_wanted(grm_work *work, grm_error *err) {
    const grm_words *wanted = &work->brief->instruments;
    bool taken[MAX_PARTS] = {false};
    for (size_t w = 0; w < wanted->count; w++) {
        const grm_instrument *instrument = grm_instrument_find(work->catalogue, wanted->items[w]);
        if (!instrument) continue;
        int best = -1, best_score = 0;
        for (size_t i = 0; i < work->part_count && i < MAX_PARTS; i++) {
            int score = taken[i] ? 0 : suits(instrument, work->parts[i].plan);
            if (score > best_score) best = (int)i, best_score = score;
        }
        if (best < 0 && (strcmp(instrument->family, "texture") == 0 || strcmp(instrument->family, "fx") == 0)) continue;
        if (best < 0) {
            grm_style_part *plan = grm_memory_take(work->memory, 1, sizeof *plan);
            if (!plan) return grm_fail_memory(err);
            bool line = monophonic(instrument);
            *plan = (grm_style_part){
                .name = instrument->title,
                .role = line ? GRM_ROLE_COUNTER : GRM_ROLE_PAD,
                .play = line ? GRM_PLAY_COUNTER : GRM_PLAY_PAD,
                .voices = 3,
                .voicing = "open",
                .mix = {.level_db = -5, .pan = w % 2 ? 0.35f : -0.35f, .width = 1, .room = 0.2f, .hall = 0.2f}};
            add_part(work, plan, instrument, true);
            continue;
        }
        taken[best] = true;
        work->parts[best].instrument = instrument;
        work->parts[best].always = true;
        // A kit that was asked for is played by all of the kit's parts.
        for (size_t i = 0; strcmp(instrument->family, "drums") == 0 && i < work->part_count; i++)
            if (is_kit(work->parts[i].plan->role) && work->parts[i].plan->role != GRM_ROLE_PERCUSSION)
                work->parts[i].instrument = instrument;
        set_range(&work->parts[best]);
    }
    if (!work->brief->only_instruments || wanted->count == 0) return GRM_OK;
    // Nothing else may play: parts nobody was asked for go, or pass to the instruments that are there.
    size_t kept = 0;
    for (size_t i = 0; i < work->part_count; i++) {
        grm_writer_part part = work->parts[i];
        const grm_instrument *stand_in = NULL;
        for (size_t w = 0; !part.always && !stand_in && w < wanted->count; w++) {
            const grm_instrument *instrument = grm_instrument_find(work->catalogue, wanted->items[w]);
            bool texture =
                part.plan->play == GRM_PLAY_TEXTURE || part.plan->play == GRM_PLAY_FX || is_kit(part.plan->role);
            bool low = part.plan->role == GRM_ROLE_BASS && instrument && instrument->low <= 43 &&
                       strcmp(instrument->family, "drums") != 0;
            bool of_kit = instrument && part.instrument == instrument && strcmp(instrument->family, "drums") == 0 &&
                          is_kit(part.plan->role) && part.plan->role != GRM_ROLE_PERCUSSION;
            if (of_kit || (instrument && !texture && (suits(instrument, part.plan) >= 3 || low))) stand_in = instrument;
        }
        if (stand_in) {
            part.instrument = stand_in;
            set_range(&part);
        }
        if (part.always || stand_in) work->parts[kept++] = part;
    }
    work->part_count = kept;
    return GRM_OK;
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
    if (status == GRM_OK) status = seat_textures(work, err);
    return status;
}

// The longest part name that stands at `text`, 0 when none does.
static size_t name_length(const grm_work *work, const char *text) {
    size_t longest = 0;
    for (size_t i = 0; i < work->style->part_count; i++) {
        size_t length = strlen(work->style->parts[i].name);
        char after = strncmp(text, work->style->parts[i].name, length) == 0 ? text[length] : 'x';
        if ((after == 0 || after == ' ' || after == '@' || after == '<') && length > longest) longest = length;
    }
    return longest;
}

static bool is_seated(const grm_work *work, const grm_writer_part *part, const grm_passage *p, int32_t *from,
                      int32_t *to) {
    *from = p->start;
    *to = p->end;
    const char *text = p->players;
    while (*text) {
        size_t length = name_length(work, text);
        if (length == 0) {
            text++;
            continue;
        }
        bool mine = strlen(part->plan->name) == length && strncmp(text, part->plan->name, length) == 0;
        text += length;
        while (*text == '@' || *text == '<') {
            bool enters = *text == '@';
            long bar = strtol(text + 1, (char **)&text, 10);
            if (bar < 0 || bar >= p->bars) bar = enters ? 0 : p->bars;
            if (mine && enters) *from = p->start + (int32_t)bar * work->bar_ticks;
            if (mine && !enters) *to = p->start + (int32_t)bar * work->bar_ticks;
        }
        if (mine) return *from < *to;
    }
    // What was asked for plays wherever there is more than the quietest of sections.
    return part->always && (p->energy >= 0.3f || part->plan->role == GRM_ROLE_TEXTURE || work->brief->only_instruments);
}

// Before a stop's silence only lines, pads and sounds go on.
static bool stops(grm_play play) {
    return play == GRM_PLAY_COMP || play == GRM_PLAY_STRUM || play == GRM_PLAY_ARP || play == GRM_PLAY_RIFF ||
           play == GRM_PLAY_BASS || play == GRM_PLAY_WALK || play == GRM_PLAY_DRUMS;
}

bool grm_part_plays(const grm_work *work, const grm_writer_part *part, const grm_passage *p, int32_t *from,
                    int32_t *to) {
    if (!is_seated(work, part, p, from, to)) return false;
    if (p->stop && *to > p->stop && stops(part->plan->play)) *to = p->stop;
    return *from < *to;
}
