// A parametric equaliser whose bands have the shapes of their analogue models up to near half the rate.
//
// While it glides, the coefficients of each cell go linearly from one design to the next. The state of such a cell
// never grows under its own power (trapezoidal integration keeps the analogue circuit's losses), which holds for all
// mixtures of two sets of coefficients too, so nothing can ring up on the way.
#include <assert.h>
#include <string.h>

#include "dsp/dsp.h"

enum { CELL = 4 };  // frames between two steps of a glide

static void design(const grm_equaliser *e, const grm_eq_band *band, grm_filter *cells) {
    grm_filter_match(band->kind, e->rate_hz, band->hz, band->q, band->db, cells);
}

void grm_equaliser_init(grm_equaliser *e, double rate_hz, const grm_eq_band *bands, size_t count) {
    assert(count <= GRM_EQ_BANDS);
    memset(e, 0, sizeof *e);
    e->rate_hz = rate_hz;
    e->bands = count;
    e->steps = (size_t)(0.02 * rate_hz / CELL) + 1;
    e->step = e->steps;
    for (size_t b = 0; b < count; b++) {
        e->band[b] = bands[b];
        design(e, &bands[b], &e->to[2 * b]);
    }
    grm_cascade_init(&e->cascade, e->to, 2 * count);
}

static grm_filter between(const grm_filter *a, const grm_filter *b, float way) {
    float stay = 1 - way;
    return (grm_filter){stay * a->e1 + way * b->e1, stay * a->c2 + way * b->c2, stay * a->c3 + way * b->c3,
                        stay * a->x0 + way * b->x0, stay * a->x1 + way * b->x1, stay * a->x2 + way * b->x2};
}

static void set_cells(grm_equaliser *e) {
    float way = (float)(int)e->step / (float)(int)e->steps;
    for (size_t i = 0; i < 2 * e->bands; i++) {
        grm_filter cell = e->step < e->steps ? between(&e->from[i], &e->to[i], way) : e->to[i];
        grm_cascade_set(&e->cascade, i, &cell);
    }
}

void grm_equaliser_set(grm_equaliser *e, const grm_eq_band *bands) {
    float way = (float)(int)e->step / (float)(int)e->steps;
    for (size_t b = 0; b < e->bands; b++) {
        for (size_t i = 2 * b; i < 2 * b + 2; i++)
            e->from[i] = e->step < e->steps ? between(&e->from[i], &e->to[i], way) : e->to[i];
        if (memcmp(&e->band[b], &bands[b], sizeof bands[b]) == 0) continue;
        e->band[b] = bands[b];
        design(e, &bands[b], &e->to[2 * b]);
    }
    e->step = 0;
}

bool grm_equaliser_run(grm_equaliser *e, float *left, float *right, size_t frames) {
    if (!grm_planes_check((float *const[]){left, right}, 2, frames)) return false;
    unsigned mode = grm_denormals_flush();
    for (size_t at = 0, count; at < frames; at += count) {
        count = frames - at;
        if (e->step < e->steps) {
            if (e->phase == 0) {
                e->step++;
                set_cells(e);
            }
            if (count > CELL - e->phase) count = CELL - e->phase;
        }
        grm_cascade_run(&e->cascade, left + at, right + at, count);
        e->phase = (e->phase + count) % CELL;
    }
    grm_denormals_restore(mode);
    return true;
}

double grm_equaliser_gain_db(const grm_equaliser *e, double at_hz) {
    double db = 0;
    for (size_t i = 0; i < 2 * e->bands; i++) db += grm_filter_gain_db(&e->to[i], e->rate_hz, at_hz);
    return db;
}
