// Chords under each section, from the style's chord grammar: weighted charts that may stand inside one another. All
// sections of a kind share their chords; the last bar before a return is bent toward it.
#include <string.h>

#include "compose/work.h"

enum { MAX_CHART_BARS = 64, MAX_PER_BAR = 4, MAX_DEPTH = 8, MAX_KINDS = 64 };

typedef struct chart_bar {
    int count;
    grm_numeral chords[MAX_PER_BAR];
} chart_bar;

typedef struct chart {
    int bars;
    chart_bar bar[MAX_CHART_BARS];
} chart;

static const unsigned mode_scales[GRM_MODE_COUNT] = {
    0xab5,  // major    0 2 4 5 7 9 11
    0x5ad,  // minor    0 2 3 5 7 8 10
    0x6ad,  // dorian   0 2 3 5 7 9 10
    0x5ab,  // phrygian 0 1 3 5 7 8 10
    0xad5,  // lydian   0 2 4 6 7 9 11
    0x6b5,  // mixolydian 0 2 4 5 7 9 10
    0x56b,  // locrian  0 1 3 5 6 8 10
};

static unsigned rotate(unsigned pcs, int by) {
    by = ((by % 12) + 12) % 12;
    return ((pcs << by) | (pcs >> (12 - by))) & 0xfff;
}

unsigned grm_mode_scale(grm_mode mode, int tonic) {
    return rotate(mode_scales[mode], tonic);
}

static unsigned fold(unsigned members) {  // members above an octave onto pitch classes
    return (members | members >> 12) & 0xfff;
}

const grm_chord *grm_chord_at(const grm_work *work, int32_t tick) {
    size_t low = 0, high = work->chord_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (work->chords[middle].start <= tick)
            low = middle;
        else
            high = middle;
    }
    return &work->chords[low];
}

unsigned grm_chord_scale(const grm_work *work, const grm_chord *chord) {
    unsigned scale = work->scale;
    for (size_t i = 0; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i];
        if (p->transpose && chord->start >= p->start) scale = rotate(work->scale, p->transpose);
    }
    unsigned foreign = chord->pcs & ~scale;
    // A foreign chord note takes the place of its chromatic neighbour, unless that sounds in the chord too.
    unsigned neighbours = (rotate(foreign, 1) | rotate(foreign, -1)) & ~chord->pcs;
    return (scale & ~neighbours) | chord->pcs;
}

static const grm_rule *find_rule(const grm_style *style, const char *symbol, size_t length) {
    for (size_t i = 0; i < style->rule_count; i++)
        if (strlen(style->rules[i].symbol) == length && memcmp(style->rules[i].symbol, symbol, length) == 0)
            return &style->rules[i];
    return NULL;
}

// In a mode beyond major and minor, a chord that is diatonic to those but not to the mode is built anew on the mode's
// own degree, with as many thirds: iv in dorian becomes IV.
static void bend_to_mode(grm_mode mode, grm_numeral *n) {
    if (mode == GRM_MAJOR || mode == GRM_MINOR) return;
    bool minor = mode != GRM_LYDIAN && mode != GRM_MIXOLYDIAN;
    unsigned plain = mode_scales[minor ? GRM_MINOR : GRM_MAJOR], scale = mode_scales[mode];
    unsigned pcs = rotate(fold(n->members), n->root);
    if (n->root == 7 && n->members >> 4 & 1 && !(scale >> 11 & 1)) {
        // A dominant's leading note would make it minor or major: the mode's own way home is bII or bVII.
        bool low_second = scale >> 1 & 1, seventh = n->members >> 10 & 1;
        *n = (grm_numeral){.function = 'D', .members = 1u | 1u << 4 | 1u << 7 | (seventh ? 1u << 11 : 0)};
        n->root = n->bass = low_second ? 1 : 10;
        return;
    }
    if ((pcs & ~plain) || !(pcs & ~scale)) return;
    int degrees[7], count = 0, index = -1, notes = 0;
    for (int pc = 0; pc < 12; pc++)
        if (scale >> pc & 1) degrees[count++] = pc;
    count = 0;
    for (int pc = 0; pc < 12; pc++) {
        if (!(plain >> pc & 1)) continue;
        if (pc == n->root) index = count;
        count++;
    }
    if (index < 0) return;
    // The mode's diminished chord is no place to rest: a third lower stands the major chord that holds it, the mode's
    // own colour (II in lydian, IV in dorian, bIII in phrygian).
    if ((degrees[(index + 4) % 7] - degrees[index] + 12) % 12 == 6) index = (index + 5) % 7;
    for (unsigned m = n->members; m; m &= m - 1) notes++;
    bool on_root = n->bass == n->root;
    n->root = degrees[index];
    n->members = 0;
    for (int i = 0; i < notes && i < 7; i++) {
        int degree = index + 2 * i, semitones = degrees[degree % 7] + 12 * (degree / 7) - n->root;
        if (semitones <= 21) n->members |= 1u << semitones;
    }
    if (on_root || !(scale >> n->bass & 1)) n->bass = n->root;
}

static bool expand(const grm_work *work, const char *text, chart *out, grm_rng *rng, int depth);

// How much of a chart's first four bars is home, plus a quarter for a home at its end.
static float home_share(const char *text) {
    int bars = 0, home = 0;
    bool last = false, now = false;
    for (;;) {
        size_t length = strcspn(text, " |");
        grm_numeral n;
        if (length && text[0] != '%') now = grm_numeral_parse(text, length, &n) && n.root == 0 && n.function == 'T';
        text += length;
        if (*text == '|' || *text == 0) {
            if (bars++ < 4) home += now;
            last = now;
        }
        if (*text == 0) break;
        text++;
    }
    return (float)home / (float)(bars < 4 ? bars : 4) + (last ? 0.25f : 0);
}

// A song whose key was asked for says so: charts that are at home are likelier.
static const grm_choice *draw_chart(const grm_work *work, const grm_choices *charts, grm_rng *rng) {
    enum { LIMIT = 128 };
    grm_choice weighed[LIMIT];
    grm_source source = work->brief->from[GRM_BRIEF_KEY].source;
    size_t count = charts->count < LIMIT ? charts->count : LIMIT;
    if (source != GRM_FROM_PROMPT && source != GRM_FROM_OPTION) return grm_choice_draw(work, charts, 0.5f, rng);
    for (size_t i = 0; i < count; i++) {
        weighed[i] = charts->items[i];
        weighed[i].weight *= 0.1f + home_share(weighed[i].text);
    }
    const grm_choice *drawn = grm_choice_draw(work, &(grm_choices){count, weighed}, 0.5f, rng);
    return drawn ? &charts->items[drawn - weighed] : NULL;
}

static void expand_symbol(const grm_work *work, const char *symbol, size_t length, chart *out, grm_rng *rng,
                          int depth) {
    const grm_rule *rule = find_rule(work->style, symbol, length);
    const grm_choice *choice = rule ? draw_chart(work, &rule->charts, rng) : NULL;
    if (choice && depth < MAX_DEPTH) expand(work, choice->text, out, rng, depth + 1);
}

// Appends a chart's bars. False when it has no chord at all.
static bool expand(const grm_work *work, const char *text, chart *out, grm_rng *rng, int depth) {
    int before = out->bars;
    chart_bar bar = {0};
    for (;; text++) {
        size_t length = strcspn(text, " |");
        if (length && text[0] == '$') {
            expand_symbol(work, text + 1, length - 1, out, rng, depth);
        } else if (length == 1 && text[0] == '%') {
            if (bar.count == 0 && out->bars > 0 && out->bars < MAX_CHART_BARS) {
                out->bar[out->bars] = out->bar[out->bars - 1];
                out->bars++;
            } else if (bar.count && bar.count < MAX_PER_BAR) {
                bar.chords[bar.count] = bar.chords[bar.count - 1];
                bar.count++;
            }
        } else if (length && bar.count < MAX_PER_BAR && grm_numeral_parse(text, length, &bar.chords[bar.count])) {
            bend_to_mode(work->brief->key.mode, &bar.chords[bar.count]);
            bar.count++;
        }
        text += length;
        if (*text == '|' || *text == 0) {
            if (bar.count && out->bars < MAX_CHART_BARS) out->bar[out->bars++] = bar;
            bar = (chart_bar){0};
        }
        if (*text == 0) break;
    }
    return out->bars > before;
}

// The chart of a kind of section, as long as its longest instance: one expansion, or two in turn.
static void write_chart(const grm_work *work, const grm_section_plan *plan, int bars, chart *out) {
    const char *symbol = plan->chart ? plan->chart : plan->kind;
    grm_rng all = grm_rng_new(work->seed, "harmony"), rng = grm_rng_branch(&all, symbol, 0);
    chart *a = out;
    expand_symbol(work, symbol, strlen(symbol), a, &rng, 0);
    if (a->bars == 0) {
        grm_numeral tonic = {0};
        bool minor = grm_mode_is_minor(work->brief->key.mode);
        grm_numeral_parse(minor ? "i" : "I", 1, &tonic);
        a->bar[0] = (chart_bar){1, {tonic}};
        a->bars = 1;
    }
    int length = a->bars;
    if (length < bars && length <= 8 && grm_rng_chance(&rng, 0.4f)) {  // an answer of its own
        int before = a->bars;
        expand_symbol(work, symbol, strlen(symbol), a, &rng, 0);
        if (a->bars - before != before) a->bars = before;
    }
    for (int period = a->bars; a->bars < bars && a->bars < MAX_CHART_BARS; a->bars++)
        a->bar[a->bars] = a->bar[a->bars - period];
}

static grm_chord make_chord(const grm_work *work, const grm_numeral *n, int transpose, int32_t start, int32_t end) {
    int tonic = work->brief->key.tonic + transpose;
    grm_chord c = {.start = start, .end = end, .members = n->members, .function = n->function};
    c.root = (tonic + n->root) % 12;
    c.bass = (tonic + n->bass) % 12;
    c.pcs = rotate(fold(n->members), c.root) | 1u << c.bass;
    return c;
}

// The style's own dominant, as its charts write it: the commonest chord on V that has a leading note. False when the
// style lives without one.
static bool find_dominant(const grm_work *work, grm_numeral *out) {
    grm_mode mode = work->brief->key.mode;
    if (mode != GRM_MAJOR && mode != GRM_MINOR) return false;  // a leading note is what makes them modes no more
    for (size_t r = 0; r < work->style->rule_count; r++) {
        const grm_choices *charts = &work->style->rules[r].charts;
        for (size_t i = 0; i < charts->count; i++) {
            const char *text = charts->items[i].text;
            if (!(mode == GRM_MINOR ? charts->items[i].minor : charts->items[i].major)) continue;
            while (*text) {
                size_t length = strcspn(text, " |");
                grm_numeral n;
                if (length && text[0] == 'V' && grm_numeral_parse(text, length, &n) && n.root == 7 &&
                    (n.members >> 4 & 1)) {
                    *out = n;
                    return true;
                }
                text += length;
                text += strspn(text, " |");
            }
        }
    }
    return false;
}

static bool same_chord(const grm_chord *a, const grm_chord *b) {
    return a->root == b->root && a->pcs == b->pcs && a->bass == b->bass;
}

// A passage that ends on the chord with which the next begins turns to the dominant in its last half bar.
static void bend_seam(grm_work *work, grm_passage *p, const grm_passage *next, const grm_numeral *dominant) {
    grm_chord *last = &p->chords[p->chord_count - 1];
    const grm_chord *first = &next->chords[0];
    int32_t half = work->beats_per_bar % 2 == 0 ? work->bar_ticks / 2 : work->bar_ticks - work->beat_ticks;
    if (!same_chord(last, first) || last->function != 'T' || last->end - last->start < work->bar_ticks) return;
    grm_chord turn = make_chord(work, dominant, next->transpose, last->end - (work->bar_ticks - half), last->end);
    last->end = turn.start;
    p->chords[p->chord_count++] = turn;
}

static grm_status fill_passage(grm_work *work, grm_passage *p, const chart *c, grm_error *err) {
    size_t most = (size_t)p->bars * MAX_PER_BAR + 1;
    p->chords = grm_memory_take(work->memory, most, sizeof *p->chords);
    if (!p->chords) return grm_fail_memory(err);
    for (int b = 0; b < p->bars; b++) {
        const chart_bar *bar = &c->bar[b % c->bars];
        int32_t start = p->start + b * work->bar_ticks;
        for (int i = 0; i < bar->count; i++) {
            // Chords share the bar by whole beats: two in three beats stand 2 + 1.
            int32_t from = (work->beats_per_bar * i + bar->count - 1) / bar->count * work->beat_ticks;
            int32_t to = i + 1 == bar->count
                             ? work->bar_ticks
                             : (work->beats_per_bar * (i + 1) + bar->count - 1) / bar->count * work->beat_ticks;
            if (to <= from) continue;
            grm_chord chord = make_chord(work, &bar->chords[i], p->transpose, start + from, start + to);
            grm_chord *before = p->chord_count ? &p->chords[p->chord_count - 1] : NULL;
            if (before && same_chord(before, &chord))
                before->end = chord.end;
            else
                p->chords[p->chord_count++] = chord;
        }
    }
    return GRM_OK;
}

static void last_chord(grm_work *work, grm_chord *out) {
    const grm_passage *last = work->passage_count ? &work->passages[work->passage_count - 1] : NULL;
    int transpose = last ? last->transpose : 0, tonic = (work->brief->key.tonic + transpose) % 12;
    bool minor = grm_mode_is_minor(work->brief->key.mode);
    grm_numeral plain = {.function = 'T', .members = minor ? 1u | 1u << 3 | 1u << 7 : 1u | 1u << 4 | 1u << 7};
    *out = make_chord(work, &plain, transpose, work->last_chord, work->end);
    for (size_t i = work->passage_count; i-- > 0;) {  // the colour that the song gave its tonic
        for (size_t c = work->passages[i].chord_count; c-- > 0;) {
            const grm_chord *chord = &work->passages[i].chords[c];
            bool third = chord->members >> (minor ? 3 : 4) & 1;
            if (chord->root != tonic || !third) continue;
            out->members = chord->members;
            out->pcs = rotate(fold(chord->members), tonic);
            out->bass = out->root = tonic;
            return;
        }
    }
}

grm_status grm_harmony_plan(grm_work *work, grm_error *err) {
    work->scale = grm_mode_scale(work->brief->key.mode, work->brief->key.tonic);
    grm_status status = GRM_OK;
    chart *c = grm_memory_take(work->memory, 1, sizeof *c);
    if (!c) return grm_fail_memory(err);
    for (size_t i = 0; i < work->passage_count; i++) {
        grm_passage *p = &work->passages[i];
        int longest = 0;
        for (size_t j = 0; j < work->passage_count; j++)
            if (work->passages[j].plan == p->plan && work->passages[j].bars > longest) longest = work->passages[j].bars;
        *c = (chart){0};
        write_chart(work, p->plan, longest, c);
        status = fill_passage(work, p, c, err);
        if (status != GRM_OK) return status;
    }
    grm_numeral dominant;
    if (find_dominant(work, &dominant))
        for (size_t i = 0; i + 1 < work->passage_count; i++)
            bend_seam(work, &work->passages[i], &work->passages[i + 1], &dominant);
    size_t count = 1;
    for (size_t i = 0; i < work->passage_count; i++) count += work->passages[i].chord_count;
    work->chords = grm_memory_take(work->memory, count, sizeof *work->chords);
    if (!work->chords) return grm_fail_memory(err);
    for (size_t i = 0; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i];
        memcpy(work->chords + work->chord_count, p->chords, p->chord_count * sizeof *p->chords);
        work->chord_count += p->chord_count;
    }
    last_chord(work, &work->chords[work->chord_count++]);
    return GRM_OK;
}
