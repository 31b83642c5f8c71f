// The gain of a look-ahead limiter, point by point.
#include "dsp/dsp.h"

#include <stdlib.h>
#include <string.h>

grm_status grm_gain_path_open(grm_gain_path *p, size_t width, double release, grm_error *err) {
    memset(p, 0, sizeof *p);
    p->width = width;
    p->quick = (float)(1 - exp(-1 / release));
    p->slow = (float)(1 - exp(-1 / (8 * release)));
    p->first.width = width / 2 + 1;
    p->second.width = width - width / 2 + 1;
    p->values = grm_floats_new(width + 1);
    p->places = calloc(width + 1, sizeof *p->places);
    p->first.ring = grm_floats_new(p->first.width);
    p->second.ring = grm_floats_new(p->second.width);
    if (p->values && p->places && p->first.ring && p->second.ring) return GRM_OK;
    grm_gain_path_close(p);
    return grm_fail_memory(err);
}

void grm_gain_path_close(grm_gain_path *p) {
    free(p->second.ring);
    free(p->first.ring);
    free(p->places);
    free(p->values);
    memset(p, 0, sizeof *p);
}

void grm_gain_path_reset(grm_gain_path *p) {
    p->count = p->head = p->used = 0;
}

static size_t ring_place(const grm_gain_path *p, size_t i) {
    size_t at = p->head + i;
    return at > p->width ? at - p->width - 1 : at;
}

// The least of the last width + 1 points.
static float minimum(grm_gain_path *p, float x) {
    if (p->used && p->places[p->head] + p->width < p->count) {
        p->head = ring_place(p, 1);
        p->used--;
    }
    while (p->used && p->values[ring_place(p, p->used - 1)] >= x) p->used--;
    p->values[ring_place(p, p->used)] = x;
    p->places[ring_place(p, p->used)] = p->count;
    p->used++;
    return p->values[p->head];
}

static void average_start(grm_average *a, float x) {
    for (size_t i = 0; i < a->width; i++) a->ring[i] = x;
    a->share = 1 / (double)a->width;
    a->sum = (double)x * (double)a->width;
    a->at = 0;
}

static float average(grm_average *a, float x) {
    a->sum += (double)x - a->ring[a->at];
    a->ring[a->at] = x;
    a->at = a->at + 1 == a->width ? 0 : a->at + 1;
    return (float)(a->sum * a->share);
}

bool grm_gain_path_push(grm_gain_path *p, float allowed, float *gain) {
    float x = minimum(p, allowed);
    if (p->count++ < p->width) return false;
    if (p->count == p->width + 1) {
        p->fast_gain = p->slow_gain = x;
        average_start(&p->first, x);
    }
    p->fast_gain = x < p->fast_gain ? x : p->fast_gain + (x - p->fast_gain) * p->quick;
    p->slow_gain += (p->fast_gain - p->slow_gain) * p->slow;
    x = average(&p->first, p->fast_gain < p->slow_gain ? p->fast_gain : p->slow_gain);
    if (p->count == p->width + 1) average_start(&p->second, x);
    *gain = average(&p->second, x);
    return true;
}
