// Sections with bars that add up to the asked length. A form of the style is drawn, then cut or grown by whole
// phrases until it fits; what is left over goes to the ends. The last chord stands after the last whole bar and rings
// out to the very end.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/work.h"

enum { MAX_SECTIONS = 256, MAX_BARS = 4096, MAX_TURN = 8 };

typedef struct slot {
    const grm_section_plan *plan;
    int bars;
} slot;

typedef struct form {
    slot slots[MAX_SECTIONS];
    int count;
} form;

static int total(const form *f) {
    int bars = 0;
    for (int i = 0; i < f->count; i++) bars += f->slots[i].bars;
    return bars;
}

// What a listener would miss least goes first when a form is cut.
static int importance(const char *kind) {
    static const struct {
        const char *kind;
        int value;
    } known[] = {{"chorus", 5}, {"drop", 5},  {"head", 5},    {"theme", 5},  {"groove", 5}, {"verse", 4},
                 {"main", 5},   {"pre", 3},   {"build", 3},   {"bridge", 2}, {"solo", 2},   {"break", 2},
                 {"intro", 1},  {"outro", 1}, {"release", 2}, {"blowing", 2}};
    for (size_t i = 0; i < GRM_COUNT(known); i++)
        if (strcmp(kind, known[i].kind) == 0) return known[i].value;
    return 3;
}

static void remove_slot(form *f, int at) {
    memmove(&f->slots[at], &f->slots[at + 1], (size_t)(f->count - at - 1) * sizeof *f->slots);
    f->count--;
}

static bool insert_slots(form *f, int at, const slot *slots, int count) {
    if (f->count + count > MAX_SECTIONS) return false;
    slot copy[MAX_TURN];
    for (int i = 0; i < count; i++) copy[i] = slots[i];
    memmove(&f->slots[at + count], &f->slots[at], (size_t)(f->count - at) * sizeof *f->slots);
    for (int i = 0; i < count; i++) f->slots[at + i] = copy[i];
    f->count += count;
    return true;
}

// Shortens by `unit` the section that is missed least among those longer than `longer_than` that matter no more than
// `most`; the later of equals.
static bool trim(form *f, int unit, int longer_than, int most) {
    int best = -1;
    for (int i = 0; i < f->count; i++) {
        if (f->slots[i].bars <= longer_than || importance(f->slots[i].plan->kind) > most) continue;
        if (best < 0 || importance(f->slots[i].plan->kind) < importance(f->slots[best].plan->kind) ||
            (importance(f->slots[i].plan->kind) == importance(f->slots[best].plan->kind) &&
             f->slots[i].bars >= f->slots[best].bars))
            best = i;
    }
    if (best < 0) return false;
    f->slots[best].bars -= unit;
    return true;
}

// How much a section would be missed: repeats less than what is heard once, a repeat of its neighbour least; one that
// keeps two alike apart more. A song ends on its main section and begins with no
// bridge: what would trail behind or lead from nowhere goes first.
static int worth(const form *f, int at) {
    const grm_section_plan *plan = f->slots[at].plan;
    int same = 0, value = importance(plan->kind) * 2;
    for (int j = 0; j < f->count; j++) same += f->slots[j].plan == plan;
    bool before = at > 0, after = at + 1 < f->count;
    bool repeats = (before && f->slots[at - 1].plan == plan) || (after && f->slots[at + 1].plan == plan);
    bool parts_alike = before && after && f->slots[at - 1].plan == f->slots[at + 1].plan;
    int last_main = f->count - 1;
    while (last_main > 0 && importance(f->slots[last_main].plan->kind) < 5) last_main--;
    if (at == last_main) value += 3;
    if (at > last_main && importance(plan->kind) > 1) value -= 6;
    bool leads_from_nothing = at == 0 && importance(plan->kind) > 1 && importance(plan->kind) < 4;
    if (leads_from_nothing) value -= 5;
    return value - (same > 1 ? 4 : 0) - (repeats ? 5 : 0) + (parts_alike ? 3 : 0);
}

// Drops what would be missed least, the later of equals; never the only main one.
static bool drop(form *f, int at_most) {
    int best = -1, best_value = 100;
    for (int i = 0; i < f->count; i++) {
        int same = 0;
        for (int j = 0; j < f->count; j++) same += f->slots[j].plan == f->slots[i].plan;
        if (f->slots[i].bars > at_most || f->count < 2 || (same == 1 && importance(f->slots[i].plan->kind) == 5))
            continue;
        int value = worth(f, i);
        if (value <= best_value) best = i, best_value = value;
    }
    if (best < 0) return false;
    remove_slot(f, best);
    // Two alike that now meet become one, the longer of them.
    if (best > 0 && best < f->count && f->slots[best].plan == f->slots[best - 1].plan) {
        if (f->slots[best].bars > f->slots[best - 1].bars) f->slots[best - 1].bars = f->slots[best].bars;
        remove_slot(f, best);
    }
    return true;
}

static void shrink(form *f, int target) {
    for (int excess; (excess = total(f) - target) > 0;) {
        if (excess >= 8 && trim(f, 8, 16, 5)) continue;
        if (excess >= 4 && f->count > 5 && drop(f, excess)) continue;
        // Few whole sections rather than many stumps.
        if (excess >= 4 && f->count > 2 && target < 7 * f->count && drop(f, excess + 4)) continue;
        if (excess >= 4 && trim(f, 4, 4, 5)) continue;
        if (excess >= 4 && drop(f, excess)) continue;
        // An intro of two bars rather than a verse without its last two; else what is cut too much goes to the ends.
        if (excess >= 2 && (trim(f, 2, 2, 1) || trim(f, 4, 4, 5) || trim(f, 2, 2, 5))) continue;
        if (trim(f, 1, 1, 1) || trim(f, 4, 4, 5) || trim(f, 1, 1, 5)) continue;
        remove_slot(f, f->count - 1);
        if (f->count == 0) return;
    }
}

// A stretch of a form that ends on its main section: verse and chorus, break, build and drop.
typedef struct turn {
    int from, count, bars;
} turn;

static int last_main(const form *f) {
    int last = f->count - 1;
    while (last > 0 && importance(f->slots[last].plan->kind) < 5) last--;
    return last;
}

static bool same_turn(const form *f, int a, int b, int count) {
    for (int i = 0; i < count; i++)
        if (b + i >= f->count || f->slots[a + i].plan != f->slots[b + i].plan) return false;
    return true;
}

// The turn that may best come once more within `room` bars: one that came least often, a verse with its chorus or a
// theme with its climax rather than a bridge with one or a build alone, a longer one; the earlier of equals. Count 0
// when there is none.
static turn find_turn(const form *f, int room, int *times) {
    turn best = {0};
    int best_value = 0, from = 0;
    for (int i = 0; i < f->count; i++) {
        int weight = importance(f->slots[i].plan->kind), same = 0;
        if (weight == 1) from = i + 1;
        if (weight < 5) continue;
        turn t = {from, i + 1 - from, 0};
        // What builds up leads on from the theme before it.
        bool goes_on = t.count == 1 && i + 1 < f->count && importance(f->slots[i + 1].plan->kind) == 3;
        if (!goes_on) from = i + 1;
        for (int j = t.from; j <= i; j++) t.bars += f->slots[j].bars;
        for (int j = 0; j < f->count; j++) same += same_turn(f, t.from, j, t.count);
        int first = importance(f->slots[t.from].plan->kind);
        int leads = first >= 4 ? 40 : first == 3 ? 5 : t.count >= 3 ? 30 : 15;
        int value = 100 - 12 * same + leads + (t.bars < 32 ? t.bars : 32) / 4;
        if (t.count < 2 || t.count > MAX_TURN || t.bars > room || value <= best_value) continue;
        best = t, best_value = value, *times = same;
    }
    return best;
}

static bool repeat_turn(form *f, int room) {
    slot copy[MAX_TURN];
    int times = 0;
    turn t = find_turn(f, room, &times);
    if (t.count == 0) return false;
    int at = t.from + t.count, end = last_main(f) + 1;
    // What came three times comes the fourth time together with what follows it to the end of the last turn.
    int count = times >= 3 ? end - (t.from + (times - 1) * t.count) : t.count, bars = 0;
    int from = times >= 3 ? end - count : t.from;
    for (int i = from; i < from + count && i < f->count; i++) bars += f->slots[i].bars;
    if (times >= 3 && count > t.count && count <= MAX_TURN && bars <= room)
        at = end;
    else
        from = t.from, count = t.count;
    memcpy(copy, &f->slots[from], (size_t)count * sizeof *copy);
    return insert_slots(f, at, copy, count);
}

// A section of the style that this form lacks, before what leads to the last main section; where a verse leads there,
// behind it, and the main section once more.
static bool insert_contrast(const grm_style *style, form *f, int bars, int room) {
    static const char *const kinds[] = {"solo", "bridge", "break"};
    for (size_t k = 0; k < GRM_COUNT(kinds) && f->count > 3; k++) {
        const grm_section_plan *plan = grm_style_section(style, kinds[k]);
        int last = last_main(f), at = last;
        bool there = !plan;
        for (int i = 0; i < f->count; i++) there = there || f->slots[i].plan == plan;
        while (at > 1 && importance(f->slots[at - 1].plan->kind) == 3) at--;
        int before = at > 0 ? importance(f->slots[at - 1].plan->kind) : 0;
        slot extra[2] = {{plan, bars}, f->slots[last]};
        if (there || before < 3) continue;
        if (before == 4 && bars + extra[1].bars <= room && insert_slots(f, last + 1, extra, 2)) return true;
        if (before == 5 && insert_slots(f, at, extra, 1)) return true;
    }
    return false;
}

// Lengthens by `unit` one of those that are `bars` long: the last of the kind that matters most.
static bool lengthen(form *f, int bars, int unit, int least, int most) {
    int best = -1, best_value = -1;
    for (int i = 0; i < f->count; i++) {
        int value = importance(f->slots[i].plan->kind);
        if (f->slots[i].bars != bars || value < least || value > most) continue;
        if (value >= best_value) best = i, best_value = value;
    }
    if (best >= 0) f->slots[best].bars += unit;
    return best >= 0;
}

// Eight bars or more are another turn of the form, something new before its end, or a section at its double length;
// four lengthen what is short, the ends first.
static void grow(const grm_style *style, form *f, int target) {
    for (int lack; (lack = target - total(f)) > 0;) {
        if (lack >= 4 && lengthen(f, 4, 4, 4, 5)) continue;
        if (lack >= 24 && f->count > 8 && insert_contrast(style, f, 8, lack)) continue;
        if (lack >= 12 && repeat_turn(f, lack)) continue;
        if (lack >= 8 && insert_contrast(style, f, 8, lack)) continue;
        if (lack >= 8 && (lengthen(f, 8, 8, 5, 5) || lengthen(f, 8, 8, 4, 4) || repeat_turn(f, lack))) continue;
        if (lack >= 4 && (lengthen(f, 4, 4, 1, 1) || lengthen(f, 4, 4, 2, 5) || lengthen(f, 8, 4, 1, 2))) continue;
        if (lack >= 4 && insert_contrast(style, f, 4, lack)) continue;
        if (lack >= 4) {
            int best = 0, best_cost = 1000;
            for (int i = 0; i < f->count; i++) {
                int cost = f->slots[i].bars + 4 * importance(f->slots[i].plan->kind);
                if (cost < best_cost) best = i, best_cost = cost;
            }
            f->slots[best].bars += 4;
            continue;
        }
        // An outro may have any length; an intro keeps nobody waiting, unless two bars make it a phrase.
        bool intro = importance(f->slots[0].plan->kind) == 1, short_intro = intro && (f->slots[0].bars + lack) % 4 == 0;
        bool outro = f->count > 1 && importance(f->slots[f->count - 1].plan->kind) == 1;
        int at = short_intro || (intro && !outro && lack % 2 == 0) ? 0 : f->count - 1;
        f->slots[at].bars += lack;
    }
}

static bool parse_form(const grm_style *style, const char *text, form *f) {
    f->count = 0;
    while (*text && f->count < MAX_SECTIONS) {
        while (*text == ' ') text++;
        size_t length = strcspn(text, ": ");
        char kind[32];
        if (length == 0 || length >= sizeof kind) break;
        memcpy(kind, text, length);
        kind[length] = 0;
        text += length;
        int bars = 8;
        if (*text == ':') bars = (int)strtol(text + 1, (char **)&text, 10);
        const grm_section_plan *plan = grm_style_section(style, kind);
        if (plan && bars > 0 && bars <= 64) f->slots[f->count++] = (slot){plan, bars};
    }
    return f->count > 0;
}

// How long sections of a kind usually are in this style's forms.
static int usual_bars(const grm_style *style, const grm_section_plan *plan) {
    form f;
    for (size_t i = 0; i < style->forms.count; i++) {
        if (!parse_form(style, style->forms.items[i].text, &f)) continue;
        for (int s = 0; s < f.count; s++)
            if (f.slots[s].plan == plan) return f.slots[s].bars;
    }
    return 8;
}

// What cutting left of a section, a stump of one or two bars, is none: its bars go to the end, as a tag.
static void drop_stumps(const grm_style *style, form *f) {
    for (int i = f->count - 2; i > 0; i--) {
        if (f->slots[i].bars > 2 || f->slots[i].bars >= usual_bars(style, f->slots[i].plan)) continue;
        f->slots[f->count - 1].bars += f->slots[i].bars;
        remove_slot(f, i);
    }
}

// The style's own section for a kind that it may know by another name.
static const grm_section_plan *nearest_section(const grm_style *style, const char *kind) {
    static const char *const alike[][6] = {
        {"chorus", "drop", "head", "theme", "groove", NULL},
        {"verse", "theme", "head", "groove", "main", NULL},
        {"drop", "chorus", "groove", "theme", "head", NULL},
        {"bridge", "break", "solo", "verse", "theme", NULL},
        {"pre", "build", "verse", "theme", NULL},
        {"build", "pre", "break", "bridge", NULL},
        {"break", "bridge", "build", "intro", NULL},
        {"solo", "bridge", "head", "chorus", "theme", NULL},
        {"intro", "outro", NULL},
        {"outro", "intro", NULL},
    };
    const grm_section_plan *plan = grm_style_section(style, kind);
    for (size_t i = 0; i < GRM_COUNT(alike) && !plan; i++) {
        if (strcmp(alike[i][0], kind) != 0) continue;
        for (int j = 1; alike[i][j] && !plan; j++) plan = grm_style_section(style, alike[i][j]);
    }
    return plan ? plan : &style->sections[0];
}

static bool wishes(const grm_brief *brief, const char *wish) {
    for (size_t i = 0; i < brief->form_wishes.count; i++)
        if (strcmp(brief->form_wishes.items[i], wish) == 0) return true;
    return false;
}

static void apply_wishes(const grm_work *work, form *f) {
    const grm_brief *brief = work->brief;
    const grm_style *style = work->style;
    bool loop = wishes(brief, "loop");
    for (int i = f->count - 1; i >= 0; i--) {
        const char *kind = f->slots[i].plan->kind;
        bool end = strcmp(kind, "intro") == 0 || strcmp(kind, "outro") == 0;
        bool unwanted = i == 0 ? wishes(brief, "no-intro") : wishes(brief, "no-outro");
        if (f->count > 1 && end && (loop || unwanted)) remove_slot(f, i);
    }
    if (strcmp(f->slots[0].plan->kind, "intro") == 0) {
        if (wishes(brief, "long-intro")) f->slots[0].bars *= 2;
        if (wishes(brief, "short-intro")) f->slots[0].bars = f->slots[0].bars > 4 ? 4 : 2;
    }
    if (strcmp(f->slots[f->count - 1].plan->kind, "outro") == 0 && wishes(brief, "long-outro"))
        f->slots[f->count - 1].bars *= 2;
    const char *wanted[] = {"bridge", "build", "solo", "break"};
    for (size_t w = 0; w < GRM_COUNT(wanted); w++) {
        bool build = strcmp(wanted[w], "build") == 0;
        if (!wishes(brief, wanted[w]) && !(build && wishes(brief, "big-drop"))) continue;
        const grm_section_plan *plan = nearest_section(style, wanted[w]);
        bool there = false;
        for (int i = 0; i < f->count; i++) there = there || f->slots[i].plan == plan;
        slot extra = {plan, build ? 4 : 8};
        if (!there) insert_slots(f, last_main(f), &extra, 1);
    }
}

static bool draw_form(const grm_work *work, form *f) {
    const grm_style *style = work->style;
    const grm_words *asked = &work->brief->sections;
    if (asked->count) {
        f->count = 0;
        for (size_t i = 0; i < asked->count && f->count < MAX_SECTIONS; i++) {
            const grm_section_plan *plan = nearest_section(style, asked->items[i]);
            f->slots[f->count++] = (slot){plan, usual_bars(style, plan)};
        }
        return true;
    }
    grm_rng rng = grm_rng_new(work->seed, "form");
    float weights[64];
    size_t count = style->forms.count < 64 ? style->forms.count : 64;
    for (size_t i = 0; i < count; i++) {
        form candidate;
        weights[i] = 0;
        if (!parse_form(style, style->forms.items[i].text, &candidate)) continue;
        // A form that needs little cutting or growing is likelier.
        float misfit = fabsf(logf((float)total(&candidate) / (float)work->bars));
        weights[i] = style->forms.items[i].weight * expf(-2.0f * misfit) + 1e-6f;
    }
    if (count == 0) return false;
    return parse_form(style, style->forms.items[grm_rng_weighted(&rng, weights, count)].text, f);
}

static grm_status make_passages(grm_work *work, const form *f, grm_error *err) {
    work->passages = grm_memory_take(work->memory, (size_t)f->count, sizeof *work->passages);
    if (!work->passages) return grm_fail_memory(err);
    int bar = 0;
    for (int i = 0; i < f->count; i++) {
        grm_passage *p = &work->passages[work->passage_count++];
        const grm_section_plan *plan = f->slots[i].plan;
        int same = 0, later = 0;
        for (int j = 0; j < f->count; j++) {
            same += j < i && f->slots[j].plan == plan;
            later += j > i && f->slots[j].plan == plan;
        }
        *p = (grm_passage){.plan = plan,
                           .occurrence = same,
                           .bars = f->slots[i].bars,
                           .first_bar = bar,
                           .tune = plan->tune,
                           .last_of_kind = later == 0};
        p->start = bar * work->bar_ticks;
        bar += p->bars;
        p->end = bar * work->bar_ticks;
        size_t e = plan->energy_count ? (size_t)same < plan->energy_count ? (size_t)same : plan->energy_count - 1 : 0;
        p->energy = plan->energy_count ? plan->energy[e] : 0.5f;
        p->energy += 0.08f * (float)work->brief->energy;
        bool big = wishes(work->brief, "big-drop") || wishes(work->brief, "big-chorus");
        if (big && importance(plan->kind) == 5) p->energy += 0.15f;
        p->energy = fminf(fmaxf(p->energy, 0.0f), 1.0f);
        size_t w =
            plan->players.count ? (size_t)same < plan->players.count ? (size_t)same : plan->players.count - 1 : 0;
        p->players = plan->players.count ? plan->players.items[w] : "";
        const char *title = plan->title ? plan->title : plan->kind;
        p->name = same + later ? grm_memory_format(work->memory, "%s %d", title, same + 1) : title;
        if (!p->name) return grm_fail_memory(err);
    }
    if (wishes(work->brief, "key-change") && work->passage_count > 2) {
        size_t from = work->passage_count - 1;
        while (from > 1 && importance(work->passages[from].plan->kind) < 5) from--;
        for (size_t i = from; i < work->passage_count; i++) work->passages[i].transpose = 2;
    }
    return GRM_OK;
}

grm_status grm_form_plan(grm_work *work, grm_error *err) {
    double bar_s = work->bar_ticks * work->tick_s, whole = work->brief->duration_s / bar_s;
    // The last chord gets at least a second and a half and most of a bar, so that it can ring.
    double ring = fmax(0.75, 1.5 / bar_s);
    if (grm_ends_broadly(work->style)) ring += 1.1 / work->beats_per_bar;  // which a ritardando will take
    if (wishes(work->brief, "loop")) ring = fmin(0.5, 0.75 / bar_s);
    work->bars = (int)floor(whole - ring);
    if (work->bars < 1) work->bars = whole >= 1 ? 1 : 0;
    if (work->bars > MAX_BARS)
        return grm_fail(err, GRM_USAGE, "%.0f s at %g beats a minute are %d bars; at most %d can be composed",
                        work->brief->duration_s, work->brief->tempo_bpm, work->bars, MAX_BARS);
    form *f = grm_memory_take(work->memory, 1, sizeof *f);
    if (!f) return grm_fail_memory(err);
    if (!draw_form(work, f))
        return grm_fail(err, GRM_BAD_INPUT, "style %s has no form that can be used", work->style->name);
    if (!work->brief->sections.count) apply_wishes(work, f);
    if (work->bars == 0) {
        f->count = 0;
    } else if (work->bars < 12 && !work->brief->sections.count) {  // a loop or a jingle: its main idea alone
        int main = 0;
        for (int i = 0; i < f->count; i++)
            if (importance(f->slots[i].plan->kind) > importance(f->slots[main].plan->kind)) main = i;
        f->slots[0] = (slot){f->slots[main].plan, work->bars};
        f->count = 1;
    } else {
        shrink(f, work->bars);
        drop_stumps(work->style, f);
        grow(work->style, f, work->bars);
    }
    work->last_chord = work->bars * work->bar_ticks;
    work->end = (int32_t)lround(work->brief->duration_s / work->tick_s);
    return make_passages(work, f, err);
}
