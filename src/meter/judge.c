// From figures to scores.
#include <math.h>

#include "meter/curves.h"

// Scores below this count as this much, so that one of 0 does not hide everything else.
static const double least = 1;

// The merits' weighted geometric mean times the faults: 100 * prod (score / 100)^weight, the merits' weights brought to
// a sum of 1. NaN when nothing is known.
static double judge_sub(const grm_sub_curves *sub, size_t group, const double *values) {
    double merits = 0, weights = 0, faults = 0;
    bool known = false;
    for (size_t i = 0; i < sub->term_count; i++) {
        const grm_term *term = &sub->terms[i];
        double x = values[term->figure], weight = term->weight[group];
        if (isnan(x) || weight <= 0) continue;
        double part = log(fmax(grm_curve_at(term->curve[group], x), least) / 100);
        known = true;
        if (term->fault)
            faults += weight * part;
        else
            merits += weight * part, weights += weight;
    }
    return known ? fmin(100, 100 * exp(faults + (weights > 0 ? merits / weights : 0))) : NAN;
}

static double judge_category(const grm_category_curves *category, size_t group, const double *values, double *subs) {
    double sum = 0, weights = 0;
    for (size_t i = 0; i < category->sub_count; i++) {
        subs[i] = judge_sub(&category->subs[i], group, values);
        if (isnan(subs[i])) continue;
        sum += category->subs[i].weight * log(fmax(subs[i], least));
        weights += category->subs[i].weight;
    }
    return weights > 0 ? fmin(100, exp(sum / weights)) : NAN;
}

static void judge_gates(const grm_curves *curves, const double *values, grm_judgement *out) {
    out->gate = 1;
    out->gated_by = -1;
    for (size_t i = 0; i < curves->gate_count; i++) {
        double x = values[curves->gates[i].figure];
        double factor = isnan(x) ? 1 : grm_curve_at(curves->gates[i].curve, x) / 100;
        if (factor < out->gate) out->gate = factor, out->gated_by = (int)i;
    }
}

void grm_judge(const grm_curves *curves, size_t group, const double values[GRM_FIGURES], grm_judgement *out) {
    double sum = 0, weights = 0;
    judge_gates(curves, values, out);
    for (size_t i = 0; i < GRM_CATEGORIES; i++) {
        const grm_category_curves *category = &curves->categories[i];
        double score = judge_category(category, group, values, out->sub[i]);
        out->category[i] = score * out->gate;
        if (isnan(score)) continue;
        sum += category->weight * out->category[i];
        weights += category->weight;
    }
    out->overall = weights > 0 ? sum / weights : NAN;
}

const char *grm_curves_rating(const grm_curves *curves, double overall) {
    size_t i = 0;
    while (i + 1 < curves->rating_count && !(overall >= curves->ratings[i].from)) i++;
    return curves->ratings[i].name;
}
