#include "meter/curve.h"

#include <math.h>
#include <stdbool.h>

void grm_curve_fit(grm_curve *c) {
    c->slope[0] = c->slope[c->count - 1] = 0;
    for (size_t i = 1; i + 1 < c->count; i++) {
        double before = c->x[i] - c->x[i - 1], after = c->x[i + 1] - c->x[i];
        double rise = (c->y[i] - c->y[i - 1]) / before, next = (c->y[i + 1] - c->y[i]) / after;
        double w1 = 2 * after + before, w2 = after + 2 * before;
        c->slope[i] = rise * next > 0 ? (w1 + w2) / (w1 / rise + w2 / next) : 0;
    }
}

double grm_curve_at(const grm_curve *c, double x) {
    size_t last = c->count - 1, i = 0;
    if (x <= c->x[0]) return c->y[0];
    if (x >= c->x[last]) return c->y[last];
    while (x > c->x[i + 1]) i++;
    double h = c->x[i + 1] - c->x[i], t = (x - c->x[i]) / h, u = 1 - t;
    return u * u * ((1 + 2 * t) * c->y[i] + t * h * c->slope[i]) +
           t * t * ((1 + 2 * u) * c->y[i + 1] - u * h * c->slope[i + 1]);
}

// Where the piece from anchor i to the next one, which rises or falls all through, comes to y.
static double place_of(const grm_curve *c, size_t i, double y) {
    double low = c->x[i], high = c->x[i + 1];
    bool rises = c->y[i + 1] > c->y[i];
    for (int k = 0; k < 60; k++) {
        double middle = 0.5 * (low + high);
        if ((grm_curve_at(c, middle) < y) == rises)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

double grm_curve_good(const grm_curve *c, double x, double enough) {
    double highest = c->y[0], best = c->x[0], nearest = INFINITY;
    for (size_t i = 1; i < c->count; i++) highest = fmax(highest, c->y[i]);
    double wanted = fmin(enough, highest);
    if (grm_curve_at(c, x) >= wanted) return x;
    for (size_t i = 0; i < c->count; i++) {
        bool crosses = i + 1 < c->count && (c->y[i] < wanted) != (c->y[i + 1] < wanted);
        double at = crosses ? place_of(c, i, wanted) : c->x[i];
        if ((crosses || c->y[i] >= wanted) && fabs(at - x) < nearest) nearest = fabs(at - x), best = at;
    }
    return best;
}
