// Digital filters with the magnitude of the analogue ones up to near half the rate.
//
// The bilinear transform presses all frequencies below half the rate, so that what it makes of a bell at 12 kHz is too
// narrow on its upper side. Closed formulas that match a few points (Orfanidis 1997; Vicanek, "Matched second order
// digital filters", 2016) still miss a wide bell at 14 kHz by 1.9 dB at 48 kHz, and one cell of second order can come
// no nearer than 0.27 dB whatever its coefficients. So there are two: the bilinear one, and a second one that takes up
// what is missing. Both are fitted by least squares on decibels (Levenberg and Marquardt) over the band, where the
// derivatives are short formulas; with a bell of 18 dB at any place the rest is below 0.1 dB up to 0.455 of the rate.
#include <string.h>

#include "dsp/dsp.h"

enum { GRID = 64, ABOUT = 24, POINTS = GRID + ABOUT, MOST_STEPS = 60, PER_CELL = 5, PARAMETERS = 2 * PER_CELL };
#define TOP 0.46        // of the rate, where the fit ends
#define ENOUGH_DB 0.01  // error that is left alone
#define DB 8.685889638  // of a factor e

// One cell in the bilinear plane, S = j tan(pi f / rate): (n2 S^2 + n1 S + n0) / (S^2 + d1 S + d0), with the logarithms
// of d0 and d1, which are positive.
typedef struct analogue {
    double log_d0, log_d1, n0, n1, n2;
} analogue;

typedef struct fit {
    size_t points, cells;
    double tan[POINTS], goal_db[POINTS], weight[POINTS];
    bool free[PARAMETERS];
} fit;

// The prototype that grm_filter_design builds on: (high s^2 + band s + low) / (s^2 + k s + 1), s = j f / hz.
static void prototype(grm_filter_kind kind, double q, double db, double *scale, double k_band_high_low[4]) {
    double k = 1 / (q > 0.05 ? q : 0.05), a = pow(10, db / 40), high = 0, band = 0, low = 0;
    *scale = 1;
    switch (kind) {
        case GRM_FILTER_LOWPASS:
            low = 1;
            break;
        case GRM_FILTER_HIGHPASS:
            high = 1;
            break;
        case GRM_FILTER_BANDPASS:
            band = k;
            break;
        case GRM_FILTER_NOTCH:
            high = low = 1;
            break;
        case GRM_FILTER_ALLPASS:
            high = low = 1, band = -k;
            break;
        case GRM_FILTER_BELL:
            high = low = 1, band = k * a, k /= a;
            break;
        case GRM_FILTER_LOW_SHELF:
            high = 1, band = k * a, low = a * a, *scale = 1 / sqrt(a);
            break;
        case GRM_FILTER_HIGH_SHELF:
            high = a * a, band = k * a, low = 1, *scale = sqrt(a);
            break;
    }
    k_band_high_low[0] = k;
    k_band_high_low[1] = band;
    k_band_high_low[2] = high;
    k_band_high_low[3] = low;
}

double grm_filter_analogue_db(grm_filter_kind kind, double hz, double q, double db, double at_hz) {
    double scale, p[4];
    prototype(kind, q, db, &scale, p);
    double w = at_hz / (hz * scale);
    double top = hypot(p[3] - p[2] * w * w, p[1] * w), bottom = hypot(1 - w * w, p[0] * w);
    return top > 1e-10 * bottom ? 20 * log10(top / bottom) : -200;
}

// ---- the fit ----

static double cell_db(const analogue *c, double w) {
    double top = hypot(c->n0 - c->n2 * w * w, c->n1 * w), d0 = exp(c->log_d0), d1 = exp(c->log_d1);
    return 20 * log10((top + 1e-12) / hypot(d0 - w * w, d1 * w));
}

static double error_at(const fit *f, const analogue *cell, size_t i) {
    double db = -f->goal_db[i];
    for (size_t c = 0; c < f->cells; c++) db += cell_db(&cell[c], f->tan[i]);
    return db;
}

static double squares(const fit *f, const analogue *cell, double *worst) {
    double sum = 0;
    *worst = 0;
    for (size_t i = 0; i < f->points; i++) {
        double e = error_at(f, cell, i) * f->weight[i];
        sum += e * e;
        *worst = fmax(*worst, fabs(e));
    }
    return sum;
}

// What a decibel of the response changes by, for each parameter of a cell.
static void slopes(const analogue *c, double w, double *out) {
    double d0 = exp(c->log_d0), d1 = exp(c->log_d1), re = c->n0 - c->n2 * w * w, im = c->n1 * w;
    double top = re * re + im * im + 1e-20, bottom_re = d0 - w * w, bottom_im = d1 * w;
    double bottom = bottom_re * bottom_re + bottom_im * bottom_im;
    out[0] = -DB * bottom_re * d0 / bottom;
    out[1] = -DB * bottom_im * d1 * w / bottom;
    out[2] = DB * re / top;
    out[3] = DB * im * w / top;
    out[4] = -DB * re * w * w / top;
}

// Solves m x = b for symmetric positive m, in place (Cholesky); false where m is not.
static bool solve(double m[PARAMETERS][PARAMETERS], double *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k <= i; k++) {
            double sum = m[i][k];
            for (size_t j = 0; j < k; j++) sum -= m[i][j] * m[k][j];
            if (k < i)
                m[i][k] = sum / m[k][k];
            else if (!(sum > 0))
                return false;
            else
                m[i][i] = sqrt(sum);
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) b[i] -= m[i][j] * b[j];
        b[i] /= m[i][i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++) b[i] -= m[j][i] * b[j];
        b[i] /= m[i][i];
    }
    return true;
}

static bool step(const fit *f, const analogue *cell, double damping, analogue *next) {
    double m[PARAMETERS][PARAMETERS] = {{0}}, b[PARAMETERS] = {0}, slope[PARAMETERS];
    size_t n = f->cells * PER_CELL;
    for (size_t i = 0; i < f->points; i++) {
        double e = error_at(f, cell, i), square = f->weight[i] * f->weight[i];
        for (size_t c = 0; c < f->cells; c++) slopes(&cell[c], f->tan[i], slope + c * PER_CELL);
        for (size_t k = 0; k < n; k++) {
            if (!f->free[k]) continue;
            b[k] -= square * slope[k] * e;
            for (size_t j = 0; j <= k; j++)
                if (f->free[j]) m[k][j] += square * slope[k] * slope[j];
        }
    }
    for (size_t k = 0; k < n; k++) m[k][k] = f->free[k] ? m[k][k] * (1 + damping) + 1e-9 : 1;
    if (!solve(m, b, n)) return false;
    for (size_t c = 0; c < f->cells; c++) {
        const double *d = b + c * PER_CELL;
        next[c] = (analogue){cell[c].log_d0 + d[0], cell[c].log_d1 + d[1], cell[c].n0 + d[2], cell[c].n1 + d[3],
                             cell[c].n2 + d[4]};
    }
    return true;
}

static double descend(const fit *f, analogue *cell) {
    double worst, now = squares(f, cell, &worst), damping = 0.01;
    for (int i = 0; i < MOST_STEPS && worst > ENOUGH_DB; i++) {
        analogue next[2];
        double next_worst, then = step(f, cell, damping, next) ? squares(f, next, &next_worst) : INFINITY;
        if (then < now) {
            memcpy(cell, next, f->cells * sizeof *cell);
            bool still = now - then < 1e-5 * now;
            now = then;
            worst = next_worst;
            damping *= 0.2;
            if (still) break;
        } else {
            damping *= 6;
            if (damping > 1e8) break;
        }
    }
    return worst;
}

// ---- from settings to cells ----

static void add_point(fit *f, double rate_hz, double at_hz, double goal_db, double floor_db) {
    if (!(at_hz > 0 && at_hz < TOP * rate_hz)) return;
    f->tan[f->points] = tan(GRM_PI * at_hz / rate_hz);
    f->goal_db[f->points] = goal_db;
    f->weight[f->points++] = goal_db > floor_db ? 1 : pow(10, (goal_db - floor_db) / 20);
}

static void lay_grid(fit *f, grm_filter_kind kind, double rate_hz, double hz, double q, double db) {
    for (int i = 0; i < GRID; i++) {
        double part = (i + 1.0) / GRID, at_hz = rate_hz * TOP * part * (0.25 + 0.75 * part) * 0.9999;
        add_point(f, rate_hz, at_hz, grm_filter_analogue_db(kind, hz, q, db, at_hz), -30);
    }
    for (int i = 0; i < ABOUT; i++) {
        double away = (i - (ABOUT - 1) / 2.0) / (ABOUT / 4.0), at_hz = hz * pow(2, away / (q > 0.5 ? q : 0.5));
        add_point(f, rate_hz, at_hz, grm_filter_analogue_db(kind, hz, q, db, at_hz), -30);
    }
}

// All zeros to the left half of the plane; the magnitude stays as it is.
static void make_minimum_phase(analogue *c) {
    c->n1 = fabs(c->n1);
    if (c->n2 < 0) c->n0 = -c->n0, c->n2 = -c->n2;
    if (c->n0 >= 0) return;
    double half = c->n1 / (2 * c->n2), root = sqrt(half * half - c->n0 / c->n2);
    c->n1 = c->n2 * 2 * root;
    c->n0 = -c->n0;
}

static grm_filter cell_of(const analogue *c, double rate_hz) {
    double g = exp(c->log_d0 / 2), k = exp(c->log_d1) / g, hz = atan(g) * rate_hz / GRM_PI;
    return grm_filter_prototype(rate_hz, hz, k, c->n2, c->n1 / (k * g), c->n0 / (g * g));
}

size_t grm_filter_match(grm_filter_kind kind, double rate_hz, double hz, double q, double db, grm_filter cells[2]) {
    static const double starts[] = {0.4, 0.46, 0.3};  // of the rate, where the second cell begins
    hz = hz < 1 ? 1 : hz > 0.49 * rate_hz ? 0.49 * rate_hz : hz;
    if (!(q > 0.05)) q = 0.05;
    cells[0] = grm_filter_design(kind, rate_hz, hz, q, db);
    cells[1] = grm_filter_prototype(rate_hz, 0.25 * rate_hz, 1.4, 1, 1, 1);
    fit f = {.cells = 1};
    double scale, p[4];
    lay_grid(&f, kind, rate_hz, hz, q, db);
    prototype(kind, q, db, &scale, p);
    double g = tan(GRM_PI * fmin(hz * scale, 0.48 * rate_hz) / rate_hz);
    const analogue bilinear = {2 * log(g), log(p[0] * g), p[3] * g * g, p[1] * g, p[2]};
    analogue best[2] = {bilinear}, now[2];
    double least, worst;
    squares(&f, best, &least);
    if (kind == GRM_FILTER_ALLPASS || least < ENOUGH_DB) return 1;
    f.cells = 2;
    // What is zero at no frequency, at half the rate's, or at hz, stays so.
    for (size_t i = 0; i < PARAMETERS; i++) f.free[i] = true;
    f.free[2] = kind != GRM_FILTER_HIGHPASS && kind != GRM_FILTER_BANDPASS && kind != GRM_FILTER_NOTCH;
    f.free[3] = kind != GRM_FILTER_HIGHPASS && kind != GRM_FILTER_NOTCH;
    f.free[4] = kind != GRM_FILTER_NOTCH;
    for (size_t i = 0; i < GRM_COUNT(starts) && (i == 0 || least > 0.03); i++) {
        double top = tan(GRM_PI * starts[i]);
        now[0] = bilinear;
        now[1] = (analogue){2 * log(top), log(1.4 * top), top * top, 1.3 * top, 1};
        worst = descend(&f, now);
        if (worst < least || i == 0) {
            least = worst;
            memcpy(best, now, sizeof best);
        }
    }
    for (int c = 0; c < 2; c++) {
        make_minimum_phase(&best[c]);
        cells[c] = cell_of(&best[c], rate_hz);
    }
    return 2;
}
