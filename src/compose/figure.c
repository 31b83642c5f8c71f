// Patterns of steps: drawing one that fits, and fitting one to the song's metre.
#include <math.h>
#include <string.h>

#include "compose/work.h"

int grm_steps_in_bar(grm_metre metre) {
    return metre.beats * 16 / metre.unit;
}

bool grm_mode_is_minor(grm_mode mode) {
    return mode == GRM_MINOR || mode == GRM_DORIAN || mode == GRM_PHRYGIAN || mode == GRM_LOCRIAN;
}

static grm_metre metre_or_first(const grm_style *style, grm_metre metre) {
    if (metre.beats) return metre;
    int beats = 4, unit = 4;
    if (style->metres.count) {
        const char *text = style->metres.items[0].text, *slash = strchr(text, '/');
        beats = 0;
        for (const char *c = text; *c >= '0' && *c <= '9'; c++) beats = beats * 10 + *c - '0';
        unit = slash && slash[1] == '8' ? 8 : 4;
    }
    return (grm_metre){beats > 0 ? beats : 4, unit};
}

// Whether a choice is for the song's mode. Where there are some for that very mode they are the only ones.
static bool fits_mode(grm_mode mode, const grm_choice *c, bool own_ones) {
    if (own_ones) return c->own_mode == (int)mode;
    return c->own_mode < 0 && (grm_mode_is_minor(mode) ? c->minor : c->major);
}

const grm_choice *grm_choice_draw(const grm_work *work, const grm_choices *choices, float energy, grm_rng *rng) {
    enum { LIMIT = 128 };
    float weights[LIMIT];
    size_t count = choices->count < LIMIT ? choices->count : LIMIT;
    grm_mode mode = work->brief->key.mode;
    bool own_ones = false;
    for (size_t i = 0; i < count; i++) own_ones = own_ones || choices->items[i].own_mode == (int)mode;
    // The strictest wish that something meets: metre and energy, then metre, then the nearest in energy.
    for (int strictness = 2; strictness >= 0; strictness--) {
        float sum = 0;
        for (size_t i = 0; i < count; i++) {
            const grm_choice *c = &choices->items[i];
            grm_metre metre = metre_or_first(work->style, c->metre);
            bool same_metre = grm_steps_in_bar(metre) == work->steps_per_bar && metre.unit == work->brief->metre.unit;
            bool right_energy = energy >= c->energy_low - 1e-4f && energy <= c->energy_high + 1e-4f;
            float distance = energy < c->energy_low    ? c->energy_low - energy
                             : energy > c->energy_high ? energy - c->energy_high
                                                       : 0;
            weights[i] = fits_mode(mode, c, own_ones) ? c->weight : 0;
            if (strictness >= 1 && !same_metre) weights[i] = 0;
            if (strictness == 2 && !right_energy) weights[i] = 0;
            if (strictness < 2) weights[i] *= expf(-8.0f * distance);
            sum += weights[i];
        }
        if (sum > 0) return &choices->items[grm_rng_weighted(rng, weights, count)];
    }
    return NULL;
}

// Which step of a bar in `from` sounds at a step of the song's bar, -1 none. Three in a bar takes the first three
// beats; two groups of three (6/8) take two beats, each stretched to a triplet's first, second and last; odd metres
// take as many steps as they have, wrapping round.
static int source_step(const grm_work *work, grm_metre from, int step) {
    int have = grm_steps_in_bar(from);
    bool compound = work->brief->metre.unit == 8 && work->brief->metre.beats % 3 == 0;
    if (compound && !(from.unit == 8 && from.beats % 3 == 0)) {
        static const int sub[6] = {0, -1, 1, -1, 2, 3};
        int beat = step / 6, within = sub[step % 6];
        return within < 0 ? -1 : (beat * 4 + within) % have;
    }
    return step % have;
}

typedef struct place {  // a sign where it stands, in ticks
    int32_t at, width;
    char sign;
} place;

typedef struct places {
    size_t count;
    place *items;
    int32_t ticks;
} places;

// The signs of a text at their places: steps of a sixteenth, and groups that share theirs evenly.
static bool read_places(const grm_work *work, const char *text, places *out) {
    *out = (places){.items = grm_memory_take(work->memory, strlen(text) + 1, sizeof(place))};
    if (!out->items) return false;
    while (*text) {
        int steps = 1, signs = 1;
        size_t group = grm_step_group(text, &steps, &signs);
        if (!group) steps = signs = 1;
        for (int i = 0; i < signs; i++) {
            int32_t from = steps * STEP_TICKS * i / signs, to = steps * STEP_TICKS * (i + 1) / signs;
            out->items[out->count++] = (place){out->ticks + from, to - from, text[group ? 1 + i : 0]};
        }
        out->ticks += steps * STEP_TICKS;
        text += group ? group : 1;
    }
    return true;
}

// The places of a text written for one metre in a bar of the song's: what `step` sounds, or a hold, or silence.
static void map_step(const grm_work *work, const places *from, grm_metre metre, int bar, int step, places *out) {
    int have = grm_steps_in_bar(metre), source = have == work->steps_per_bar ? step : source_step(work, metre, step);
    int32_t low = (bar * have + source) * STEP_TICKS, here = (bar * work->steps_per_bar + step) * STEP_TICKS;
    if (source < 0 || low >= from->ticks) {
        out->items[out->count++] = (place){here, STEP_TICKS, '-'};
        return;
    }
    for (size_t i = 0; i < from->count; i++) {
        const place *p = &from->items[i];
        if (p->at < low || p->at >= low + STEP_TICKS) continue;
        out->items[out->count++] = (place){here + p->at - low, p->width, p->sign};
    }
}

static bool join_strokes(const grm_work *work, const places *from, grm_figure *figure) {
    grm_stroke *strokes = grm_memory_take(work->memory, from->count + 1, sizeof *strokes);
    if (!strokes) return false;
    bool open = false;
    for (size_t i = 0; i < from->count; i++) {
        const place *p = &from->items[i];
        grm_stroke *last = figure->count ? &strokes[figure->count - 1] : NULL;
        if (p->sign == '-') {
            if (open) last->length = p->at + p->width - last->at;
            continue;
        }
        if (open && last->at + last->length > p->at) last->length = p->at - last->at;
        open = p->sign != '.';
        if (open) strokes[figure->count++] = (grm_stroke){p->at, p->width, p->sign};
    }
    figure->strokes = strokes;
    return true;
}

static grm_figure *make_figure(const grm_work *work, const char *text, grm_metre metre, bool fit) {
    places read, mapped = {0};
    grm_figure *figure = grm_memory_take(work->memory, 1, sizeof *figure);
    if (!figure || !read_places(work, text, &read)) return NULL;
    int32_t bar = grm_steps_in_bar(metre) * STEP_TICKS;
    *figure = (grm_figure){.text = text, .metre = metre, .fitted = fit, .bars = 1, .ticks = read.ticks};
    if (fit) {
        figure->bars = read.ticks > bar ? (int)((read.ticks + bar - 1) / bar) : 1;
        figure->ticks = figure->bars * work->bar_ticks;
        mapped.items = grm_memory_take(
            work->memory, (size_t)figure->bars * (size_t)work->steps_per_bar * 13 + read.count, sizeof(place));
        if (!mapped.items) return NULL;
        for (int b = 0; b < figure->bars; b++)
            for (int s = 0; s < work->steps_per_bar; s++) map_step(work, &read, metre, b, s, &mapped);
    }
    return join_strokes(work, fit ? &mapped : &read, figure) ? figure : NULL;
}

// Figures are read once a song.
static const grm_figure *find_or_make(const grm_work *work, const char *text, grm_metre metre, bool fit) {
    grm_figure **link = work->figures;
    for (; *link; link = &(*link)->next)
        if ((*link)->text == text && (*link)->fitted == fit && (*link)->metre.beats == metre.beats &&
            (*link)->metre.unit == metre.unit)
            return *link;
    *link = make_figure(work, text, metre, fit);
    return *link;
}

const grm_figure *grm_figure_fit(const grm_work *work, const char *text, grm_metre metre) {
    return find_or_make(work, text, metre_or_first(work->style, metre), true);
}

const grm_figure *grm_figure_read(const grm_work *work, const char *text) {
    return find_or_make(work, text, (grm_metre){4, 4}, false);
}

bool grm_figure_next(grm_walk *walk, grm_stroke *stroke) {
    const grm_figure *f = walk->figure;
    while (f && f->count) {
        if (walk->next == f->count) walk->next = 0, walk->origin += f->ticks;
        *stroke = f->strokes[walk->next++];
        stroke->at += walk->origin;
        if (stroke->at >= walk->to) return false;
        if (stroke->at >= walk->from) return true;
    }
    return false;
}

int grm_metric_weight(const grm_work *work, int32_t tick) {
    int32_t within = ((tick % work->bar_ticks) + work->bar_ticks) % work->bar_ticks;
    if (within == 0) return 3;
    if (work->beats_per_bar % 2 == 0 && within * 2 == work->bar_ticks) return 2;
    return within % work->beat_ticks == 0 ? 1 : 0;
}
