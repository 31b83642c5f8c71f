// Tunes: a theme for each letter that the sections ask for, built of ideas by the style's phrase plans, stated
// literally wherever its section returns over the same chords, and with a new ending when it has been heard.
#include <stdlib.h>
#include <string.h>

#include "compose/tune.h"

enum { MAX_IDEAS = 8, MAX_UNITS = 64, MAX_THEMES = 16 };

typedef struct unit {
    char letter;  // '.' rests
    bool varied;  // new ending
    int shift;    // scale steps of a sequence
} unit;

// Where a theme breathes: behind each of its units, or more behind every four bars and little or nothing between.
typedef enum breathing { BREATHES_EVENLY, BREATHES_BY_PAIRS, FLOWS, BREATHINGS } breathing;

typedef struct theme {
    const char *tune;
    breathing breathing;
    int unit_bars, unit_count;
    unit units[MAX_UNITS];
    grm_idea ideas[MAX_IDEAS];  // by letter a..h
    grm_idea sung[MAX_UNITS];   // what each unit became, with its pitches
} theme;

static int parse_plan(const char *text, unit units[MAX_UNITS]) {
    int count = 0;
    for (; *text && count < MAX_UNITS; text++) {
        if (*text == ' ') continue;
        if (*text == '\'' && count)
            units[count - 1].varied = true;
        else if (*text == '^' && count)
            units[count - 1].shift++;
        else if (*text == 'v' && count)
            units[count - 1].shift--;
        else if (*text == '.' || (*text >= 'a' && *text < 'a' + MAX_IDEAS))
            units[count++] = (unit){.letter = *text};
    }
    return count;
}

static void lay_out(const grm_work *work, theme *t, int bars, float energy, grm_rng *rng) {
    const grm_choice *plan = grm_choice_draw(work, &work->style->melody.phrases, energy, rng);
    unit units[MAX_UNITS];
    int count = parse_plan(plan ? plan->text : "a a' b a'", units);
    if (count == 0) count = parse_plan("a a' b a'", units);
    t->unit_bars = count >= 8 ? 1 : count >= 3 ? 2 : 4;
    t->unit_count = (bars + t->unit_bars - 1) / t->unit_bars;
    if (t->unit_count > MAX_UNITS) t->unit_count = MAX_UNITS;
    for (int i = 0; i < t->unit_count; i++) {
        t->units[i] = units[i % count];
        if (i >= count && i % count == count - 1) t->units[i].varied = true;  // the second time round ends otherwise
    }
    if (t->unit_count < count && t->units[t->unit_count - 1].letter != '.') t->units[t->unit_count - 1].varied = true;
    static const float usual[BREATHINGS] = {0.3f, 0.4f, 0.3f};
    grm_rng breath = grm_rng_branch(rng, "breathing", 0);
    t->breathing = (breathing)grm_rng_weighted(&breath, usual, BREATHINGS);
}

// Units of the theme that a passage has room for.
static int units_in(const theme *t, const grm_passage *p) {
    int count = (p->bars + t->unit_bars - 1) / t->unit_bars;
    return count < t->unit_count ? count : t->unit_count;
}

// Where a statement of `count` units rests after its unit `i`.
static grm_ending ending_of(const theme *t, int count, int i) {
    int per_half = 4 / t->unit_bars > 0 ? 4 / t->unit_bars : 1, per_whole = 8 / t->unit_bars > 0 ? 8 / t->unit_bars : 1;
    if (i + 1 == count || (i + 1) % per_whole == 0) return GRM_ENDING_CLOSED;
    if ((i + 1) % per_half == 0) return GRM_ENDING_OPEN;
    return GRM_ENDING_NONE;
}

typedef struct range {
    int low, high, centre;
} range;

// Where this section's tune lies: choruses higher than verses.
static range range_of(const grm_work *work, const grm_passage *p) {
    int low = 60, high = 81;
    for (size_t i = 0; i < work->part_count; i++) {
        if (work->parts[i].plan->play != GRM_PLAY_MELODY) continue;
        low = work->parts[i].low, high = work->parts[i].high;
        break;
    }
    if (high - low > 22) {  // an instrument may; a tune does not wander over three octaves
        int middle = (low + high) / 2;
        low = middle - 11, high = middle + 11;
    }
    int room = high - low - 12;
    int centre = low + 6 + (int)((float)(room > 0 ? room : 0) * (0.15f + 0.75f * p->energy) + 0.5f);
    return (range){low, high, centre};
}

static bool scale_is(const grm_work *work, const char *name) {
    return work->style->melody.scale && strcmp(work->style->melody.scale, name) == 0;
}

// How much of the style's breath a unit takes, and how likely it ends on a long note.
static float breath_of(const theme *t, int i, float *long_end) {
    static const float within[BREATHINGS] = {1.0f, 0.4f, 0.0f}, at_end[BREATHINGS] = {1.0f, 1.5f, 1.3f};
    static const float held[BREATHINGS] = {0.5f, 0.25f, 0.1f};
    bool ends = ending_of(t, t->unit_count, i) != GRM_ENDING_NONE;
    *long_end = ends ? 0.65f : held[t->breathing];
    return ends ? at_end[t->breathing] : within[t->breathing];
}

static bool make_ideas(const grm_work *work, theme *t, float energy, grm_rng *rng) {
    for (int i = 0; i < t->unit_count; i++) {
        char letter = t->units[i].letter;
        if (letter == '.' || t->ideas[letter - 'a'].ticks) continue;
        grm_rng own = grm_rng_branch(rng, "idea", (unsigned)(letter - 'a'));
        float long_end, breath = work->style->melody.breath * breath_of(t, i, &long_end);
        if (!grm_idea_make(work, t->unit_bars, energy, breath, long_end, &own, &t->ideas[letter - 'a'])) return false;
        if (letter != 'a') {  // what answers lies elsewhere
            float lift = grm_rng_between(&own, 0.0f, 1.0f) < 0.65f ? 2.5f : -2.0f;
            for (int c = 0; c < 3; c++) t->ideas[letter - 'a'].contour[c] += lift;
        }
    }
    return true;
}

// Sings the theme over a passage's chords, as much of it as there is room for. `last_pitch` is that of the note before,
// -1 for a statement that shall not depend on where it stands.
static bool sing_theme(const grm_work *work, theme *t, const grm_passage *p, int last_pitch, grm_rng *rng) {
    range r = range_of(work, p);
    int count = units_in(t, p);
    for (int i = 0; i < count; i++) {
        const unit *u = &t->units[i];
        if (u->letter == '.') continue;
        grm_idea *idea = &t->ideas[u->letter - 'a'], now = *idea;
        grm_rng own = grm_rng_branch(rng, "unit", (unsigned)i);
        grm_ending ending = ending_of(t, count, i);
        if (u->varied && !grm_idea_new_ending(work, &now, p->energy, ending != GRM_ENDING_NONE, &own)) return false;
        grm_singing singing = {.start = p->start + i * t->unit_bars * work->bar_ticks,
                               .low = r.low,
                               .high = r.high,
                               .centre = r.centre,
                               .last_pitch = last_pitch,
                               .ending = ending,
                               .noise = 0.6f,
                               .pentatonic = scale_is(work, "pentatonic"),
                               .blues = scale_is(work, "blues")};
        int remembered[IDEA_NOTES];
        if (idea->sung) {
            memcpy(remembered, idea->pitch, sizeof remembered);
            singing.memory = remembered;
            singing.memory_shift = u->shift * 2;
            singing.memory_weight = u->shift ? 0.7f : 1.4f;
            singing.noise *= 0.5f;
            if (u->varied) singing.memory_from_end = now.count > 3 ? now.count / 2 : 1;
            if (ending == GRM_ENDING_CLOSED && !u->varied) singing.memory_from_end = 1;
        }
        grm_line_sing(work, &now, &singing, &own, now.pitch);
        if (!idea->sung && !u->varied) {
            memcpy(idea->pitch, now.pitch, sizeof idea->pitch);
            idea->sung = true;
        }
        last_pitch = now.pitch[now.count - 1];
        t->sung[i] = now;
    }
    return true;
}

static bool same_harmony(const grm_passage *a, const grm_passage *b) {
    if (a->bars != b->bars || a->transpose != b->transpose) return false;
    size_t most = a->chord_count < b->chord_count ? a->chord_count : b->chord_count;
    size_t differing = 0;
    for (size_t i = 0; i < most; i++) {
        if (a->chords[i].start - a->start != b->chords[i].start - b->start) return false;
        differing += a->chords[i].pcs != b->chords[i].pcs;
    }
    return differing <= 1;  // the seam's turn may differ
}

// Lays a sung theme down as notes of the song.
static bool state(grm_work *work, const theme *t, const grm_passage *p) {
    int32_t cut = p->end;
    int count = units_in(t, p);
    for (int i = 0; i < count; i++) {
        if (t->units[i].letter == '.') continue;
        const grm_idea *idea = &t->sung[i];
        int32_t start = p->start + i * t->unit_bars * work->bar_ticks;
        for (int n = 0; n < idea->count; n++) {
            grm_line_note note = {.start = start + idea->at[n],
                                  .length = idea->length[n],
                                  .pitch = idea->pitch[n],
                                  .phrase_start = n == 0,
                                  .phrase_end = n + 1 == idea->count && ending_of(t, count, i) != GRM_ENDING_NONE};
            if (note.start < 0 || note.start >= cut) continue;
            if (note.start + note.length > cut) note.length = cut - note.start;
            note.accent = (uint8_t)grm_metric_weight(work, idea->at[n]);
            grm_line *line = &work->melody;
            if (line->count) {  // the note before gives way to one that comes early
                grm_line_note *before = &line->notes[line->count - 1];
                if (before->start >= note.start) continue;
                if (before->start + before->length > note.start) before->length = note.start - before->start;
            }
            if (!grm_line_add(line, note)) return false;
        }
    }
    return true;
}

// A later verse keeps its tune and changes how it ends.
static bool vary_ending(const grm_work *work, theme *t, const grm_passage *p, grm_rng *rng) {
    int last = units_in(t, p) - 1;
    while (last > 0 && t->units[last].letter == '.') last--;
    grm_idea *now = &t->sung[last];
    if (t->units[last].letter == '.' || now->count < 3) return true;
    const grm_idea *before = last && t->sung[last - 1].count ? &t->sung[last - 1] : NULL;
    range r = range_of(work, p);
    int remembered[IDEA_NOTES];
    memcpy(remembered, now->pitch, sizeof remembered);
    if (!grm_idea_new_ending(work, now, p->energy, true, rng)) return false;
    grm_singing singing = {.start = p->start + last * t->unit_bars * work->bar_ticks,
                           .low = r.low,
                           .high = r.high,
                           .centre = r.centre,
                           .last_pitch = before ? before->pitch[before->count - 1] : -1,
                           .ending = GRM_ENDING_CLOSED,
                           .noise = 0.5f,
                           .memory = remembered,
                           .memory_weight = 1.4f,
                           .memory_from_end = now->count / 2,
                           .pentatonic = scale_is(work, "pentatonic"),
                           .blues = scale_is(work, "blues")};
    grm_line_sing(work, now, &singing, rng, now->pitch);
    return true;
}

bool grm_is_solo(const grm_passage *p) {
    return strcmp(p->tune, "solo") == 0;
}

// What a solo may quote: the theme's first idea as it was sung.
static const grm_idea *first_idea(const theme *t) {
    for (int i = 0; i < t->unit_count; i++)
        if (t->units[i].letter != '.' && t->sung[i].count) return &t->sung[i];
    return NULL;
}

// Weak short notes before a strong chord note become its chromatic neighbour now and then.
static void add_chromatics(grm_work *work, grm_rng *rng) {
    grm_line *line = &work->melody;
    for (size_t i = 1; i + 1 < line->count; i++) {
        grm_line_note *n = &line->notes[i], *to = &line->notes[i + 1];
        bool draw = grm_rng_chance(rng, work->style->melody.chromatic);
        if (!draw || n->accent > 0 || n->length > work->beat_ticks / 2 || to->start - n->start > work->beat_ticks)
            continue;
        if (abs(to->pitch - n->pitch) == 2 && line->notes[i - 1].pitch != to->pitch - 1)
            n->pitch = (n->pitch + to->pitch) / 2;
    }
}

// A song that ends with its tune comes home on the root of its last chord, near where it was.
static bool come_home(grm_work *work) {
    const grm_passage *last = work->passage_count ? &work->passages[work->passage_count - 1] : NULL;
    const grm_line *line = &work->melody;
    if (!last || !last->tune || strcmp(last->tune, "-") == 0 || line->count == 0) return true;
    const grm_line_note *before = &line->notes[line->count - 1];
    if (before->start < last->start) return true;
    const grm_chord *chord = &work->chords[work->chord_count - 1];
    range r = range_of(work, last);
    grm_line_note home = {.start = work->last_chord,
                          .length = work->end - work->last_chord,
                          .pitch = grm_pitch_near(chord->root, before->pitch, r.low, r.high),
                          .accent = 3,
                          .phrase_start = true,
                          .phrase_end = true};
    return grm_line_add(&work->melody, home);
}

static theme *copy_of(const grm_work *work, const theme *t) {
    theme *copy = grm_memory_take(work->memory, 1, sizeof *copy);
    if (copy) *copy = *t;
    return copy;
}

grm_status grm_melody_plan(grm_work *work, grm_error *err) {
    theme *themes = grm_memory_take(work->memory, MAX_THEMES, sizeof *themes);
    const grm_passage *home[MAX_THEMES] = {0};
    size_t count = 0;
    if (!themes) return grm_fail_memory(err);
    grm_rng all = grm_rng_new(work->seed, "melody");
    for (size_t i = 0; i < work->passage_count; i++) {
        grm_passage *p = &work->passages[i];
        if (!p->tune || strcmp(p->tune, "-") == 0 || p->bars == 0) continue;
        if (grm_is_solo(p)) {
            grm_rng own = grm_rng_branch(&all, "solo", (unsigned)i);
            grm_status status = grm_solo_write(work, i, count ? first_idea(&themes[0]) : NULL, &own, err);
            if (status != GRM_OK) return status;
            continue;
        }
        size_t at = 0;
        while (at < count && strcmp(themes[at].tune, p->tune) != 0) at++;
        if (at == MAX_THEMES) at = MAX_THEMES - 1;
        theme *t = &themes[at];
        grm_rng own = grm_rng_branch(&all, p->tune, 0);
        bool fine = true;
        if (at == count) {
            count++;
            *t = (theme){.tune = p->tune};
            home[at] = p;
            int bars = p->bars;
            for (size_t j = i; j < work->passage_count; j++)  // as long as its longest statement
                if (work->passages[j].tune && strcmp(work->passages[j].tune, p->tune) == 0 &&
                    work->passages[j].bars > bars)
                    bars = work->passages[j].bars;
            lay_out(work, t, bars, p->energy, &own);
            int before = work->melody.count ? work->melody.notes[work->melody.count - 1].pitch : -1;
            fine = make_ideas(work, t, p->energy, &own) && sing_theme(work, t, p, before, &own);
        } else if (!same_harmony(p, home[at])) {  // the tune as it was heard, over other chords
            if (p->bars > home[at]->bars)
                home[at] = p;  // the fullest statement is what later ones repeat
            else if (!(t = copy_of(work, t)))
                return grm_fail_memory(err);
            fine = sing_theme(work, t, p, -1, &own);
        } else if (p->occurrence % 2 == 1 && p->energy < 0.7f) {
            grm_rng vary = grm_rng_branch(&own, "vary", (unsigned)p->occurrence);
            if (!(t = copy_of(work, t))) return grm_fail_memory(err);
            fine = vary_ending(work, t, p, &vary);
        }
        if (!fine || !state(work, t, p)) return grm_fail_memory(err);
    }
    grm_rng chromatic = grm_rng_branch(&all, "chromatic", 0);
    add_chromatics(work, &chromatic);
    return come_home(work) ? GRM_OK : grm_fail_memory(err);
}
