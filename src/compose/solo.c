// Solos: lines made up over the changes. Phrases of two to four bars with breaths between them, which grow denser and
// higher as the solo goes; chord notes on the beats, scale and chromatic notes on the way, enclosures before the notes
// that count, a triplet here and there; now and then the phrase before comes back, or a bit of the song's own theme.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose/tune.h"

typedef struct cell {  // two beats of rhythm
    const char *steps;
    float density;  // how busy a solo is that likes it, 0..1
    float weight;
    bool fine;  // has sixteenths
} cell;

// As common as they are in transcriptions: lines of eighths, gaps on the beat, notes that come early.
static const cell cells[] = {
    {"x-x-x-x-", 0.85f, 6, false}, {"x-x-x---", 0.45f, 3, false}, {"..x-x-x-", 0.60f, 3, false},
    {"x---x-x-", 0.45f, 2, false}, {"x-----x-", 0.15f, 2, false}, {"..x---x-", 0.25f, 2, false},
    {"x-x---x-", 0.40f, 2, false}, {"x-------", 0.00f, 1, false}, {"....x-x-", 0.30f, 2, false},
    {"xxx-x-x-", 0.75f, 3, true},  {"x-x-xxx-", 0.70f, 3, true},  {"x--x--x-", 0.40f, 3, true},
    {"..xxx-x-", 0.55f, 2, true},  {"x-xxx---", 0.45f, 2, true},  {"xxxxxxxx", 1.00f, 4, true},
    {"x--xx-x-", 0.60f, 2, true},  {"xxxxx---", 0.80f, 2, true},
};
// Beats of six sixteenths, and of two.
static const cell triple[] = {{"x-x-x-", 0.8f, 4, false},
                              {"x---x-", 0.4f, 3, false},
                              {"x-----", 0.1f, 1, false},
                              {"..x-x-", 0.5f, 2, false},
                              {"xxx-x-", 0.9f, 1, false}};
static const cell pair[] = {{"x-", 0.8f, 3, false}, {"--", 0.3f, 1, false}, {"xx", 1, 1, true}};

static const cell *draw_cell(const grm_work *work, float density, bool fine, grm_rng *rng) {
    const cell *list = work->steps_per_beat == 4 ? cells : work->steps_per_beat == 6 ? triple : pair;
    size_t count = work->steps_per_beat == 4   ? GRM_COUNT(cells)
                   : work->steps_per_beat == 6 ? GRM_COUNT(triple)
                                               : GRM_COUNT(pair);
    float weights[GRM_COUNT(cells)];
    for (size_t i = 0; i < count; i++) {
        float off = (list[i].density - density) / 0.28f;
        weights[i] = list[i].fine && !fine ? 0 : list[i].weight * expf(-off * off) + 1e-4f;
        if (list[i].fine != fine && fine) weights[i] *= 0.6f;
    }
    return &list[grm_rng_weighted(rng, weights, count)];
}

// A phrase's rhythm: cells from one tick until another, the last note long or cut short.
static void make_rhythm(const grm_work *work, grm_idea *idea, int32_t from, int32_t until, float density, bool fine,
                        grm_rng *rng) {
    idea->count = 0;
    bool joined = false;
    for (int32_t at = from; at < until;) {
        const char *c = draw_cell(work, density, fine, rng)->steps;
        int length = (int)strlen(c);
        if (work->beats_per_bar % 2 && length == 8) length = 4;  // three beats in a bar: by single beats
        for (int s = 0; s < length && at < until; s++, at += STEP_TICKS) {
            bool begins = c[s] == 'x' && idea->count < IDEA_NOTES - 1;
            joined = begins || (c[s] == '-' && joined && idea->count);
            if (begins) {
                idea->at[idea->count] = at;
                idea->length[idea->count++] = STEP_TICKS;
            } else if (joined) {
                idea->length[idea->count - 1] += STEP_TICKS;
            }
        }
    }
    if (idea->count == 0) {
        idea->at[0] = from, idea->length[0] = work->beat_ticks;
        idea->count = 1;
    }
    int last = idea->count - 1;
    bool held = grm_rng_chance(rng, 0.55f - 0.2f * density);
    int32_t room = idea->ticks - idea->at[last] - work->beat_ticks, least = 2 * STEP_TICKS;
    int32_t wanted = held ? work->beat_ticks * 3 / 2 : least;
    idea->length[last] = wanted < room ? wanted : room > least ? room : least;
}

typedef struct solo {
    const grm_idea *quote;  // of the song's theme, NULL: none
    const grm_writer_part *player;
    int low, high, last_pitch;
    grm_idea before;  // the phrase before
    int phrases;
    bool recalled;  // the phrase before was no new one: the next one is
} solo;

static void draw_arc(grm_idea *idea, float density, grm_rng *rng) {
    static const float arcs[][3] = {{-3, 4, -3}, {5, 0, -5}, {-5, 0, 4}, {4, -4, 2}, {-2, 5, 1}, {6, -2, -4}};
    const float *arc = arcs[grm_rng_below(rng, GRM_COUNT(arcs))];
    for (int i = 0; i < 3; i++) idea->contour[i] = arc[i] * (0.7f + 0.8f * density);
}

// Ticks of nominal places: a triplet's second and third stand at 320 and 640 of a quarter, which no swing moves.
static void add_note(grm_line *line, grm_line_note note, bool *fine) {
    if (line->count) {
        grm_line_note *before = &line->notes[line->count - 1];
        if (before->start >= note.start) return;
        if (before->start + before->length > note.start) before->length = note.start - before->start;
    }
    *fine = *fine && grm_line_add(line, note);
}

static int scale_step(const grm_work *work, int32_t at, int pitch, int direction) {
    unsigned scale = grm_chord_scale(work, grm_chord_at(work, at));
    do pitch += direction;
    while (!(scale >> (((pitch % 12) + 12) % 12) & 1));
    return pitch;
}

// Two short notes before a chord note on a beat close in on it: the scale's note above, the semitone below.
static void enclose(const grm_work *work, const grm_idea *idea, int32_t start, int pitch[IDEA_NOTES], grm_rng *rng) {
    for (int i = 3; i < idea->count; i++) {
        bool wants = grm_rng_chance(rng, work->style->melody.chromatic);
        int32_t eighth = 2 * STEP_TICKS, at = start + idea->at[i];
        bool short_before = idea->length[i - 1] <= eighth && idea->length[i - 2] <= eighth &&
                            idea->at[i] - idea->at[i - 2] <= 2 * eighth;
        bool lands = grm_metric_weight(work, idea->at[i]) >= 1 && grm_chord_at(work, at)->pcs >> (pitch[i] % 12) & 1;
        int above = lands ? scale_step(work, at, pitch[i], 1) : 0;
        if (!wants || !short_before || !lands || abs(above - pitch[i - 3]) > 5 || above == pitch[i - 3]) continue;
        pitch[i - 2] = above;
        pitch[i - 1] = pitch[i] - 1;
    }
}

// Whether the note and the one behind it fill a beat as two eighths, which a triplet may replace.
static bool is_pair(const grm_work *work, const grm_idea *idea, int i) {
    return work->beat_ticks == GRM_PPQ && i + 2 < idea->count && idea->at[i] >= 0 && idea->at[i] % GRM_PPQ == 0 &&
           idea->at[i + 1] == idea->at[i] + GRM_PPQ / 2 && idea->at[i + 2] == idea->at[i] + GRM_PPQ;
}

static bool lay_phrase(grm_work *work, const grm_idea *idea, int32_t start, int32_t cut, float density, grm_rng *rng) {
    bool fine = true;
    for (int i = 0; i < idea->count; i++) {
        grm_line_note note = {.start = start + idea->at[i],
                              .length = idea->length[i],
                              .pitch = idea->pitch[i],
                              .accent = (uint8_t)grm_metric_weight(work, idea->at[i]),
                              .phrase_start = i == 0,
                              .phrase_end = i + 1 == idea->count};
        bool turn = grm_rng_chance(rng, 0.05f + 0.12f * density);
        if (note.start < 0 || note.start >= cut) continue;
        if (note.start + note.length > cut) note.length = cut - note.start;
        if (!turn || !is_pair(work, idea, i) || note.start + GRM_PPQ > cut) {
            add_note(&work->melody, note, &fine);
            continue;
        }
        // Down: over the upper neighbour. Up: through the scale between.
        int first = idea->pitch[i], second = idea->pitch[i + 1];
        int middle = scale_step(work, note.start, first, second > first + 2 || second <= first ? 1 : -1);
        int triplet[3] = {first, middle, second};
        for (int k = 0; k < 3; k++) {
            note.pitch = triplet[k], note.length = GRM_PPQ / 3;
            add_note(&work->melody, note, &fine);
            note.start += GRM_PPQ / 3, note.phrase_start = false, note.accent = 0;
        }
        i++;
    }
    return fine;
}

static bool likes(const grm_work *work, const char *scale) {
    return work->style->melody.scale && strcmp(work->style->melody.scale, scale) == 0;
}

// What is recalled leaves a beat for breath behind it, as what is new does.
static bool recall(const grm_work *work, const grm_idea *from, grm_idea *idea) {
    *idea = *from;
    int32_t until = idea->ticks - work->beat_ticks;
    while (idea->count > 2 && idea->at[idea->count - 1] >= until) idea->count--;
    int last = idea->count - 1;
    if (idea->at[last] + idea->length[last] > until && until - idea->at[last] > STEP_TICKS)
        idea->length[last] = until - idea->at[last];
    return true;
}

// Rhythm and shape of the next phrase: the theme's, the last phrase's once more, or new.
static bool think_of(const grm_work *work, solo *s, grm_idea *idea, int bars, float t, float density, grm_rng *rng) {
    bool quote = grm_rng_chance(rng, s->phrases == 0 ? 0.35f : 0.07f) && !s->recalled;
    bool again = grm_rng_chance(rng, 0.4f - 0.2f * t) && !s->recalled;
    int32_t ticks = bars * work->bar_ticks, half = work->beat_ticks / 2;
    if (quote && s->quote && s->quote->ticks <= ticks) return recall(work, s->quote, idea);
    if (again && s->phrases && s->before.ticks == ticks) return recall(work, &s->before, idea);
    *idea = (grm_idea){.ticks = ticks};
    float breath = (1.15f - 0.8f * density) * grm_rng_between(rng, 0.6f, 1.3f);
    int32_t silence = (int32_t)(breath * (float)work->bar_ticks * (bars > 1 ? 0.75f : 0.4f)) / half * half;
    if (bars > 1 && silence < 4 * half) silence = 4 * half;
    int32_t from = ((int32_t)grm_rng_below(rng, 5) - 1) * half;
    if (from < 0 && s->phrases == 0) from = half;
    // Sixteenths where a beat has the time for them.
    double beat_s = work->beat_ticks * work->tick_s;
    bool sixteenths = work->style->feel.swing_unit == 16 || work->style->feel.swing <= 0.52f;
    bool fine = sixteenths ? beat_s > 0.42 : beat_s > 0.46 && grm_rng_chance(rng, 0.35f * t);
    make_rhythm(work, idea, from, ticks - silence, density, fine, rng);
    draw_arc(idea, density, rng);
    return false;
}

static bool play_phrase(grm_work *work, solo *s, const grm_passage *p, int bar, int bars, float t, grm_rng *rng) {
    grm_idea idea;
    float density = fminf(0.4f + 0.5f * t + 0.3f * (p->energy - 0.4f) + grm_rng_between(rng, -0.12f, 0.12f), 0.95f);
    bool remembered = think_of(work, s, &idea, bars, t, density, rng);
    int room = s->high - s->low - 12, memory[IDEA_NOTES], top = 0;
    // The solo climbs to its peak at about four fifths, and comes down.
    float height = t < 0.8f ? 0.25f + 0.65f * t / 0.8f : 0.9f - 2.0f * (t - 0.8f);
    grm_singing singing = {.start = p->start + bar * work->bar_ticks,
                           .low = s->low,
                           .high = s->high,
                           .centre = s->low + 6 + (int)((float)(room > 0 ? room : 0) * height),
                           .last_pitch = s->last_pitch,
                           .ending = bar + bars == p->bars ? GRM_ENDING_CLOSED : GRM_ENDING_NONE,
                           .noise = 0.6f,
                           .improvised = true,
                           .pentatonic = likes(work, "pentatonic"),
                           .blues = likes(work, "blues")};
    if (remembered) {
        memcpy(memory, idea.pitch, sizeof memory);
        singing.memory = memory, singing.memory_weight = 0.6f;
        singing.memory_from_end = idea.count > 4 ? 2 : 1;
        for (int i = 0; i < idea.count; i++) top += memory[i];
        int away = singing.centre - top / idea.count;  // the theme where the solo has got to, by octaves
        singing.memory_shift = away > 8 ? 12 : away < -8 ? -12 : 0;
    }
    grm_line_sing(work, &idea, &singing, rng, idea.pitch);
    s->recalled = remembered;
    s->before = idea;
    s->phrases++;
    s->last_pitch = idea.pitch[idea.count - 1];
    enclose(work, &idea, singing.start, idea.pitch, rng);
    return lay_phrase(work, &idea, singing.start, p->end, density, rng);
}

static const grm_writer_part *player_of(const grm_work *work, const grm_passage *p) {
    int32_t from, to;
    for (size_t i = 0; i < work->part_count; i++)
        if (work->parts[i].plan->play == GRM_PLAY_MELODY && grm_part_plays(work, &work->parts[i], p, &from, &to))
            return &work->parts[i];
    return NULL;
}

static bool improvises(const grm_work *work, size_t passage) {
    return passage < work->passage_count && work->passages[passage].tune &&
           strcmp(work->passages[passage].tune, "solo") == 0;
}

// The passages that one player has in a row are one solo, which this one is `*before` bars into, of `*all`.
static void place_in_solo(const grm_work *work, size_t passage, int *before, int *all) {
    const grm_writer_part *player = player_of(work, &work->passages[passage]);
    *before = 0, *all = work->passages[passage].bars;
    for (size_t i = passage; i-- > 0 && improvises(work, i) && player_of(work, &work->passages[i]) == player;)
        *before += work->passages[i].bars;
    for (size_t i = passage + 1; improvises(work, i) && player_of(work, &work->passages[i]) == player; i++)
        *all += work->passages[i].bars;
    *all += *before;
}

void grm_solo_range(const grm_writer_part *player, int *low, int *high) {
    *low = player->low - 2 > player->instrument->low ? player->low - 2 : player->instrument->low;
    *high = player->high + 5 < player->instrument->high ? player->high + 5 : player->instrument->high;
}

grm_status grm_solo_write(grm_work *work, size_t passage, const grm_idea *quote, grm_rng *rng, grm_error *err) {
    const grm_passage *p = &work->passages[passage];
    solo s = {.quote = quote, .player = player_of(work, p), .low = 60, .high = 81, .last_pitch = -1};
    if (s.player) grm_solo_range(s.player, &s.low, &s.high);
    if (s.high - s.low > 26) {  // one voice's worth of a piano
        int middle = (s.low + s.high) / 2 + 2;
        s.low = middle - 13, s.high = middle + 13;
    }
    int before, all;
    place_in_solo(work, passage, &before, &all);
    s.phrases = before;
    bool slow = work->bar_ticks * work->tick_s > 2.3;
    for (int bar = 0; bar < p->bars;) {
        static const float usual[4] = {0, 4, 1.5f, 4}, when_slow[4] = {2, 5, 0, 0};
        int bars = 1 + (int)grm_rng_weighted(rng, slow ? when_slow : usual, 4);
        while (bars * work->steps_per_bar > 2 * IDEA_NOTES && bars > 1) bars--;
        if (bar + bars > p->bars) bars = p->bars - bar;
        float t = all > 1 ? (float)(before + bar) / (float)all : 0;
        if (!play_phrase(work, &s, p, bar, bars, t, rng)) return grm_fail_memory(err);
        bar += bars;
    }
    return GRM_OK;
}
