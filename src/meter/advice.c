// What stands out, and what would bring how many points: each figure is set to the nearest value that scores well, and
// the whole is judged again.
#include "meter/advice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "meter/remark.h"

static const double good_score = 90;     // where advice leads
static const double worth_saying = 0.5;  // points of the overall score
static const double faulty = 65;         // a figure below this score stands out
static const double praised = 92;        // a figure of this score may be praised

enum { MAX_REMARKS = GRM_CATEGORIES * GRM_MAX_SUB_SCORES * GRM_MAX_TERMS };

typedef struct remark {
    const grm_term *term;
    const char *sub_score;
    double score, good, gain, weight;  // weight: of the sub-score in the whole, to order praise by
} remark;

static int by_gain(const void *a, const void *b) {
    const remark *x = a, *y = b;
    if (x->gain != y->gain) return x->gain < y->gain ? 1 : -1;
    if (x->weight != y->weight) return x->weight < y->weight ? 1 : -1;
    return x < y ? -1 : x > y;
}

static double gain_of(const grm_curves *curves, size_t group, double *values, int figure, double good, double overall) {
    grm_judgement then;
    double now = values[figure];
    values[figure] = good;
    grm_judge(curves, group, values, &then);
    values[figure] = now;
    return then.overall - overall;
}

// A figure may stand under several sub-scores; one remark is kept of it, where it has something to say.
static bool better(const remark *candidate, const remark *kept) {
    const grm_term *a = candidate->term, *b = kept->term;
    bool speaks = a->raise.count || a->lower.count || a->praise.count;
    bool spoke = b->raise.count || b->lower.count || b->praise.count;
    return speaks && !spoke;
}

static size_t collect(const grm_curves *curves, size_t group, double *values, double overall, remark *out) {
    size_t count = 0;
    for (size_t c = 0; c < GRM_CATEGORIES; c++) {
        const grm_category_curves *category = &curves->categories[c];
        for (size_t s = 0; s < category->sub_count; s++)
            for (size_t t = 0; t < category->subs[s].term_count; t++) {
                const grm_term *term = &category->subs[s].terms[t];
                double x = values[term->figure];
                if (isnan(x) || term->weight[group] <= 0) continue;
                remark r = {.term = term,
                            .sub_score = category->subs[s].name,
                            .score = grm_curve_at(term->curve[group], x),
                            .good = grm_curve_good(term->curve[group], x, good_score),
                            .weight = category->weight * category->subs[s].weight};
                r.gain = r.score < good_score ? gain_of(curves, group, values, term->figure, r.good, overall) : 0;
                size_t at = 0;
                while (at < count && out[at].term->figure != term->figure) at++;
                if (at == count)
                    out[count++] = r;
                else if (better(&r, &out[at]))
                    out[at] = r;
            }
    }
    return count;
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

void grm_advise(const grm_curves *curves, size_t group, double values[GRM_FIGURES], const grm_judgement *judgement,
                grm_report *report) {
    static const grm_texts nothing = {0};
    remark remarks[MAX_REMARKS];
    const char *genre = group < curves->group_count ? curves->groups[group].title : "most music";
    size_t count = collect(curves, group, values, judgement->overall, remarks);
    qsort(remarks, count, sizeof *remarks, by_gain);
    add_gate(curves, values, judgement, report);
    for (size_t i = 0; i < count; i++) {
        const remark *r = &remarks[i];
        grm_remark phrase = {values, r->term->figure, r->good, genre};
        bool low = values[r->term->figure] < r->good;
        if (r->gain >= worth_saying) {
            if (r->score < faulty)
                add(report->insights, &report->insight_count, low ? &r->term->low : &r->term->high, &phrase,
                    r->sub_score, r->gain);
            add(report->recommendations, &report->recommendation_count, low ? &r->term->raise : &r->term->lower,
                &phrase, r->sub_score, r->gain);
        } else if (judgement->gate == 1) {
            add(report->insights, &report->insight_count, r->score >= praised ? &r->term->praise : &nothing, &phrase,
                r->sub_score, 0);
        }
    }
}
