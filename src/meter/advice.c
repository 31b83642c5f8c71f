// What stands out, and what would bring how many points: each figure is set to the nearest value that scores well, and
// the whole is judged again.
#include "meter/advice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "meter/remark.h"

static const double good_score = 85;     // where advice leads
static const double worth_saying = 0.3;  // points of the overall score
static const double faulty = 65;         // a figure below this score stands out
static const double praised = 92;        // a figure of this score may be praised

enum { MAX_REMARKS = GRM_CATEGORIES * GRM_MAX_SUB_SCORES * GRM_MAX_TERMS };

typedef struct remark {
    const grm_term *term;
    const grm_cause *cause;      // of this figure and others; NULL: it stands for itself
    int figure;                  // that the texts speak of
    size_t category, sub;        // the sub-score that it is about
    double score, good, weight;  // weight: of the sub-score in the whole, to order praise by
    double gain, lifted;         // points of the whole; what the sub-score would be
} remark;

typedef struct adviser {
    const grm_curves *curves;
    size_t group;
    double *values;  // [GRM_FIGURES]
    const grm_judgement *now;
    size_t count;
    remark remarks[MAX_REMARKS];
} adviser;

static int by_gain(const void *a, const void *b) {
    const remark *x = a, *y = b;
    if (x->gain != y->gain) return x->gain < y->gain ? 1 : -1;
    if (x->weight != y->weight) return x->weight < y->weight ? 1 : -1;
    return x->figure - y->figure;
}

// Loudness and peaks hang together: what is raised may have its peaks raised up to the ceiling, and is limited beyond
// that; where the ceiling is lowered, peaks are lost. A median of windows loses half of what the highest peak does.
static void follow_level(const double *before, double *values, const bool *moved) {
    const double ceiling_dbtp = -1, of_windows = 0.5;
    double *loudness = &values[GRM_FIGURE_integrated_lufs], *peak = &values[GRM_FIGURE_true_peak_dbtp];
    double louder = *loudness - before[GRM_FIGURE_integrated_lufs], higher = *peak - before[GRM_FIGURE_true_peak_dbtp];
    double lost = 0;
    if (moved[GRM_FIGURE_plr_db] || moved[GRM_FIGURE_psr_db] || isnan(louder) || isnan(higher)) return;
    if (louder > 0) {
        double allowed = fmin(louder, fmax(0, ceiling_dbtp - before[GRM_FIGURE_true_peak_dbtp]));
        *peak = before[GRM_FIGURE_true_peak_dbtp] + allowed;
        lost = louder - allowed;
    } else if (!moved[GRM_FIGURE_integrated_lufs] && higher > 0) {
        *loudness += higher;
    } else if (!moved[GRM_FIGURE_integrated_lufs]) {
        lost = -higher;
    }
    values[GRM_FIGURE_plr_db] -= lost;
    values[GRM_FIGURE_psr_db] -= of_windows * lost;
}

// What comes of all these figures being good, into `of`.
static void find_gain(const adviser *a, const remark *const *members, size_t count, remark *of) {
    grm_judgement then;
    double values[GRM_FIGURES];
    bool moved[GRM_FIGURES] = {false};
    memcpy(values, a->values, sizeof values);
    for (size_t i = 0; i < count; i++) {
        const remark *r = members[i];
        double way = r->good - a->values[r->figure];
        values[r->figure] += way;
        moved[r->figure] = true;
        if (r->term->also >= 0) values[r->term->also] += r->term->also_by * way;
    }
    follow_level(a->values, values, moved);
    grm_judge(a->curves, a->group, values, &then);
    of->gain = then.overall - a->now->overall;
    of->lifted = then.sub[of->category][of->sub];
}

// A figure may stand under several sub-scores; one remark is kept of it, where it has something to say.
static bool better(const remark *candidate, const remark *kept) {
    const grm_term *a = candidate->term, *b = kept->term;
    bool speaks = a->raise.count || a->lower.count || a->praise.count;
    bool spoke = b->raise.count || b->lower.count || b->praise.count;
    return speaks && !spoke;
}

// What it costs others may make half of the way the better one.
static void go(const adviser *a, remark *r, double from) {
    remark best = *r, part = *r;
    const remark *alone = &part;
    find_gain(a, &alone, 1, &best);
    const bool costs = r->term->also >= 0 || r->figure == GRM_FIGURE_integrated_lufs;
    for (double share = 0.75; costs && share > 0.2; share -= 0.25) {
        part.good = from + share * (r->good - from);
        find_gain(a, &alone, 1, &part);
        if (part.gain > best.gain) best = part;
    }
    *r = best;
}

static const grm_sub_curves *sub_of(const adviser *a, const remark *r) {
    return &a->curves->categories[r->category].subs[r->sub];
}

static void take_term(adviser *a, const grm_term *term, size_t category, size_t sub) {
    double x = a->values[term->figure];
    if (isnan(x) || term->weight[a->group] <= 0) return;
    remark r = {.term = term,
                .figure = term->figure,
                .category = category,
                .sub = sub,
                .score = grm_curve_at(term->curve[a->group], x),
                .good = grm_curve_good(term->curve[a->group], x, good_score),
                .weight = a->curves->categories[category].weight};
    r.weight *= sub_of(a, &r)->weight;
    if (r.score < good_score) go(a, &r, x);
    size_t at = 0;
    while (at < a->count && a->remarks[at].figure != r.figure) at++;
    if (at == a->count)
        a->remarks[a->count++] = r;
    else if (better(&r, &a->remarks[at]))
        a->remarks[at] = r;
}

static void collect(adviser *a) {
    for (size_t c = 0; c < GRM_CATEGORIES; c++) {
        const grm_category_curves *category = &a->curves->categories[c];
        for (size_t s = 0; s < category->sub_count; s++)
            for (size_t t = 0; t < category->subs[s].term_count; t++) take_term(a, &category->subs[s].terms[t], c, s);
    }
}

// ---- causes ----

static remark *find(adviser *a, int figure) {
    for (size_t i = 0; i < a->count; i++)
        if (a->remarks[i].figure == figure && !a->remarks[i].cause) return &a->remarks[i];
    return NULL;
}

static bool is_low(const adviser *a, const remark *r) {
    return a->values[r->figure] < r->good;
}

static bool shows(adviser *a, const grm_sign *sign) {
    double x = a->values[sign->figure];
    if (!isnan(sign->points)) {
        const remark *r = find(a, sign->figure);
        return r && r->score < sign->points && is_low(a, r) == sign->low;
    }
    return (isnan(sign->below) || x < sign->below) && (isnan(sign->above) || x > sign->above);
}

// Those of the figures that suffer on that side and that no other cause has taken.
static size_t take_members(adviser *a, const int *figures, size_t count, bool low, remark **out) {
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        remark *r = find(a, figures[i]);
        if (r && r->score < good_score && is_low(a, r) == low) out[taken++] = r;
    }
    return taken;
}

// Puts one remark in the place of all that come of the cause.
static void join(adviser *a, const grm_cause *cause) {
    remark *members[2 * GRM_MAX_SIGNS], *heaviest;
    for (size_t i = 0; i < cause->sign_count; i++)
        if (!shows(a, &cause->signs[i])) return;
    size_t count = take_members(a, cause->low, cause->low_count, true, members);
    count += take_members(a, cause->high, cause->high_count, false, members + count);
    if (count < 2) return;
    heaviest = members[0];
    for (size_t i = 1; i < count; i++)
        if (members[i]->gain > heaviest->gain) heaviest = members[i];
    int figure = cause->signs[0].figure;
    const remark *first = find(a, figure);
    remark whole = {.cause = cause,
                    .figure = figure,
                    .category = heaviest->category,
                    .sub = heaviest->sub,
                    .score = heaviest->score,
                    .good = first ? first->good : NAN,
                    .weight = heaviest->weight};
    find_gain(a, (const remark *const *)members, count, &whole);
    for (size_t i = 0; i < count; i++) members[i]->cause = cause, members[i]->gain = 0, members[i]->score = NAN;
    *heaviest = whole;
}

// The next place of a list once the text is written there; NULL: nothing to say, or the list is full.
static grm_advice *add(grm_advice *list, size_t *count, const grm_texts *texts, const grm_remark *phrase) {
    if (*count == GRM_MAX_ADVICE) return NULL;
    grm_advice *advice = &list[*count];
    if (!grm_remark_write(texts, phrase, advice->text, sizeof advice->text)) return NULL;
    ++*count;
    advice->feature = grm_meter_figure_name(phrase->figure);
    advice->value = phrase->values[phrase->figure];
    advice->goal = advice->before = advice->lifted = NAN;
    return advice;
}

static void add_gate(const grm_curves *curves, const double *values, const grm_judgement *judgement,
                     grm_report *report) {
    if (judgement->gated_by < 0) return;
    const grm_gate *gate = &curves->gates[judgement->gated_by];
    grm_remark phrase = {values, gate->figure, NAN, ""};
    double lost = judgement->gate > 0 ? judgement->overall / judgement->gate - judgement->overall : 0;
    grm_advice *said =
        lost >= worth_saying ? add(report->insights, &report->insight_count, &gate->text, &phrase) : NULL;
    if (said) said->sub_score = gate->name, said->gain = lost;
}

static void say(const adviser *a, const remark *r, const grm_texts *texts, const char *genre, bool praise,
                grm_advice *list, size_t *count) {
    grm_remark phrase = {a->values, r->figure, r->good, genre};
    grm_advice *said = add(list, count, texts, &phrase);
    if (!said) return;
    said->sub_score = sub_of(a, r)->name;
    said->before = a->now->sub[r->category][r->sub];
    if (praise) return;
    said->gain = r->gain;
    said->goal = r->good;
    said->lifted = r->lifted;
}

static void tell(const adviser *a, const remark *r, const char *genre, bool praise, grm_report *report) {
    bool low = a->values[r->figure] < r->good;
    const grm_texts *insight = r->cause ? &r->cause->insight : low ? &r->term->low : &r->term->high;
    const grm_texts *advice = r->cause ? &r->cause->advice : low ? &r->term->raise : &r->term->lower;
    if (r->gain >= worth_saying) {
        if (r->score < faulty) say(a, r, insight, genre, false, report->insights, &report->insight_count);
        say(a, r, advice, genre, false, report->recommendations, &report->recommendation_count);
    } else if (praise && !r->cause && r->score >= praised) {
        say(a, r, &r->term->praise, genre, true, report->insights, &report->insight_count);
    }
}

grm_status grm_advise(const grm_curves *curves, size_t group, double values[GRM_FIGURES],
                      const grm_judgement *judgement, grm_report *report, grm_error *err) {
    adviser *a = calloc(1, sizeof *a);
    if (!a) return grm_fail_memory(err);
    *a = (adviser){.curves = curves, .group = group, .values = values, .now = judgement};
    collect(a);
    for (size_t i = 0; i < curves->cause_count; i++) join(a, &curves->causes[i]);
    qsort(a->remarks, a->count, sizeof *a->remarks, by_gain);
    add_gate(curves, values, judgement, report);
    const char *genre = group < curves->group_count ? curves->groups[group].title : "most music";
    for (size_t i = 0; i < a->count; i++) tell(a, &a->remarks[i], genre, judgement->gate == 1, report);
    free(a);
    return GRM_OK;
}
