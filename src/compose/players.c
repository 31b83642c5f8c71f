// Who plays when: whom a section seats, and how much of it the players of a named band can do at a time.
#include <stdlib.h>
#include <string.h>

#include "compose/work.h"

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

// ---- what a band can play at a time ----

bool grm_plan_has(const grm_style_part *plan, const grm_instrument *instrument) {
    for (size_t i = 0; i < plan->instruments.count; i++)
        if (strcmp(plan->instruments.items[i].text, instrument->id) == 0) return true;
    return false;
}

int grm_player_count(const grm_work *work, const grm_instrument *instrument) {
    int count = 0;
    for (size_t i = 0; i < work->brief->instruments.count; i++)
        count += strcmp(work->brief->instruments.items[i], instrument->id) == 0;
    return count ? count : 1;
}

// A section of players, a kit and machines have as many hands as are wanted.
static bool has_hands_enough(const grm_instrument *instrument) {
    static const char *const played[] = {"keys", "guitar", "plucked", "mallet"};
    if (instrument->polyphony == 1) return false;
    for (size_t i = 0; i < GRM_COUNT(played); i++)
        if (strcmp(instrument->family, played[i]) == 0) return false;
    return true;
}

static bool is_line(grm_play play) {
    return play == GRM_PLAY_MELODY || play == GRM_PLAY_SECOND || play == GRM_PLAY_COUNTER;
}

// What a player leaves last: who was asked for the bass, that bass; else the tune. A second bass can be done without.
static int urgency(const grm_work *work, const grm_writer_part *part) {
    if (part->plan->role == GRM_ROLE_BASS) {
        if (part->always) return 0;
        for (size_t i = 0; i < work->part_count; i++) {
            const grm_writer_part *other = &work->parts[i];
            bool rival = other->instrument == part->instrument && other->plan->role == GRM_ROLE_BASS;
            if (rival && (other->always || other < part)) return 7;
        }
        return 2;
    }
    switch (part->plan->play) {
        case GRM_PLAY_MELODY:
            return 1;
        case GRM_PLAY_COUNTER:
            return 5;
        case GRM_PLAY_SECOND:
            return 4;
        case GRM_PLAY_PAD:
        case GRM_PLAY_DRONE:
            return 6;
        default:
            return 3;
    }
}

static bool precedes(const grm_work *work, const grm_writer_part *a, const grm_writer_part *b) {
    int x = urgency(work, a), y = urgency(work, b);
    return x < y || (x == y && a < b);
}

// Whether a player of a named band is free for it. One note at a time is one part at a time. Hands that play chords may
// do all that the style has for them, and with it one line and one of all else.
static bool is_free(const grm_work *work, const grm_writer_part *part, const grm_passage *p, int32_t from, int32_t to) {
    if (!work->brief->only_instruments || has_hands_enough(part->instrument)) return true;
    bool single = part->instrument->polyphony == 1;
    if (!single && grm_plan_has(part->plan, part->instrument)) return true;
    int busy = 0;
    for (size_t i = 0; i < work->part_count; i++) {
        const grm_writer_part *other = &work->parts[i];
        int32_t other_from, other_to;
        if (other == part || other->instrument != part->instrument) continue;
        bool first = precedes(work, other, part) || (!single && grm_plan_has(other->plan, other->instrument));
        if (!first || (!single && is_line(other->plan->play) != is_line(part->plan->play))) continue;
        if (!is_seated(work, other, p, &other_from, &other_to) || other_from >= to || from >= other_to) continue;
        busy += is_free(work, other, p, other_from, other_to);
    }
    return busy < grm_player_count(work, part->instrument);
}

bool grm_part_plays(const grm_work *work, const grm_writer_part *part, const grm_passage *p, int32_t *from,
                    int32_t *to) {
    if (!is_seated(work, part, p, from, to) || !is_free(work, part, p, *from, *to)) return false;
    if (p->stop && *to > p->stop && stops(part->plan->play)) *to = p->stop;
    return *from < *to;
}

static bool has_tune(const char *tune) {
    return tune && strcmp(tune, "-") != 0 && strcmp(tune, "solo") != 0;
}

static const char *main_tune(const grm_work *work) {
    for (size_t i = 0; i < work->passage_count; i++)
        if (has_tune(work->passages[i].tune)) return work->passages[i].tune;
    for (size_t i = 0; i < work->style->section_count; i++)
        if (has_tune(work->style->sections[i].tune)) return work->style->sections[i].tune;
    return NULL;
}

void grm_players_go_on(grm_work *work) {
    const char *tune = main_tune(work);
    for (size_t i = 0; i < work->passage_count && tune && work->brief->only_instruments; i++) {
        grm_passage *p = &work->passages[i];
        bool filled = p->tune && strcmp(p->tune, "-") != 0;
        for (size_t k = 0; k < work->part_count && !filled; k++) {
            grm_play play = work->parts[k].plan->play;
            int32_t from, to;
            filled = !is_line(play) && play != GRM_PLAY_TEXTURE && play != GRM_PLAY_FX &&
                     grm_part_plays(work, &work->parts[k], p, &from, &to);
        }
        if (!filled) p->tune = tune;
    }
}
