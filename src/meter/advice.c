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
    const grm_cause *cause;  // of this figure and others; NULL: it stands for itself
    int figure;              // that the texts speak of
    const char *sub_score;
    double score, good, gain, weight;  // weight: of the sub-score in the whole, to order praise by
} remark;

typedef struct adviser {
    const grm_curves *curves;
    size_t group;
    double *values;  // [GRM_FIGURES]
    double overall;
    size_t count;
    remark remarks[MAX_REMARKS];
} adviser;

static int by_gain(const void *a, const void *b) {
    const remark *x = a, *y = b;
    if (x->gain != y->gain) return x->gain < y->gain ? 1 : -1;
    if (x->weight != y->weight) return x->weight < y->weight ? 1 : -1;
    return x->figure - y->figure;
}

// What comes of all these figures being good.
static double gain_of(const adviser *a, const remark *const *members, size_t count) {
    grm_judgement then;
    double values[GRM_FIGURES];
    memcpy(values, a->values, sizeof values);
    for (size_t i = 0; i < count; i++) {
        const remark *r = members[i];
        double way = r->good - a->values[r->figure];
        values[r->figure] += way;
        if (r->term->also >= 0) values[r->term->also] += r->term->also_by * way;
    }
    grm_judge(a->curves, a->group, values, &then);
    return then.overall - a->overall;
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
    const remark *alone = r;
    double goal = r->good, best = goal;
    r->gain = gain_of(a, &alone, 1);
    for (double share = 0.75; r->term->also >= 0 && share > 0.2; share -= 0.25) {
        double gain = r->gain;
        r->good = from + share * (goal - from);
        r->gain = gain_of(a, &alone, 1);
        if (r->gain > gain)
            best = r->good;
        else
            r->gain = gain;
    }
    r->good = best;
}

static void take_term(adviser *a, const grm_term *term, const char *sub_score, double weight) {
    double x = a->values[term->figure];
    if (isnan(x) || term->weight[a->group] <= 0) return;
    remark r = {.term = term,
                .figure = term->figure,
                .sub_score = sub_score,
                .score = grm_curve_at(term->curve[a->group], x),
                .good = grm_curve_good(term->curve[a->group], x, good_score),
                .weight = weight};
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
            for (size_t t = 0; t < category->subs[s].term_count; t++)
                take_term(a, &category->subs[s].terms[t], category->subs[s].name,
                          category->weight * category->subs[s].weight);
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
    double gain = gain_of(a, (const remark *const *)members, count);
    heaviest = members[0];
    for (size_t i = 1; i < count; i++)
        if (members[i]->gain > heaviest->gain) heaviest = members[i];
    int figure = cause->signs[0].figure;
    const remark *first = find(a, figure);
    remark whole = {.cause = cause,
                    .figure = figure,
                    .sub_score = heaviest->sub_score,
                    .score = heaviest->score,
                    .good = first ? first->good : NAN,
                    .gain = gain,
                    .weight = heaviest->weight};
    for (size_t i = 0; i < count; i++) members[i]->cause = cause, members[i]->gain = 0, members[i]->score = NAN;
    *heaviest = whole;
}

static void add(grm_advice *list, size_t *count, const grm_texts *texts, const grm_remark *phrase,
                const char *sub_score, double gain) {
    if (*count == GRM_MAX_ADVICE) return;
    grm_advice *advice = &list[*count];
    if (!grm_remark_write(texts, phrase, advice->text, sizeof advice->text)) return;
    advice->sub_score = sub_score;
    advice->gain = gain;
    ++*count;
}

static void add_gate(const grm_curves *curves, const double *values, const grm_judgement *judgement,
                     grm_report *report) {
    if (judgement->gated_by < 0) return;
    const grm_gate *gate = &curves->gates[judgement->gated_by];
    grm_remark phrase = {values, gate->figure, NAN, ""};
    double lost = judgement->gate > 0 ? judgement->overall / judgement->gate - judgement->overall : 0;
    if (lost >= worth_saying) add(report->insights, &report->insight_count, &gate->text, &phrase, gate->name, lost);
}

static void tell(const adviser *a, const remark *r, const char *genre, bool praise, grm_report *report) {
    static const grm_texts nothing = {0};
    grm_remark phrase = {a->values, r->figure, r->good, genre};
    bool low = a->values[r->figure] < r->good;
    const grm_texts *insight = r->cause ? &r->cause->insight : low ? &r->term->low : &r->term->high;
    const grm_texts *advice = r->cause ? &r->cause->advice : low ? &r->term->raise : &r->term->lower;
    if (r->gain >= worth_saying) {
        if (r->score < faulty) add(report->insights, &report->insight_count, insight, &phrase, r->sub_score, r->gain);
        add(report->recommendations, &report->recommendation_count, advice, &phrase, r->sub_score, r->gain);
    } else if (praise && !r->cause) {
        add(report->insights, &report->insight_count, r->score >= praised ? &r->term->praise : &nothing, &phrase,
            r->sub_score, 0);
    }
}

grm_status grm_advise(const grm_curves *curves, size_t group, double values[GRM_FIGURES],
                      const grm_judgement *judgement, grm_report *report, grm_error *err) {
    adviser *a = calloc(1, sizeof *a);
    if (!a) return grm_fail_memory(err);
    *a = (adviser){.curves = curves, .group = group, .values = values, .overall = judgement->overall};
    collect(a);
    for (size_t i = 0; i < curves->cause_count; i++) join(a, &curves->causes[i]);
    qsort(a->remarks, a->count, sizeof *a->remarks, by_gain);
    add_gate(curves, values, judgement, report);
    const char *genre = group < curves->group_count ? curves->groups[group].title : "most music";
    for (size_t i = 0; i < a->count; i++) tell(a, &a->remarks[i], genre, judgement->gate == 1, report);
    free(a);
    return GRM_OK;
}
