// A parameter on its way, so that changing it does not click.
#ifndef GRM_DSP_GLIDE_H
#define GRM_DSP_GLIDE_H

#include <stdbool.h>
#include <stddef.h>

#define GRM_GLIDE_S 0.02  // seconds that a change takes

// Linear from one value to the next; it hangs on the frames since the change alone, so on no block length.
typedef struct grm_glide {
    float from, to;
    size_t at, length;  // frames
} grm_glide;

static inline grm_glide grm_glide_rest(float value) {
    return (grm_glide){value, value, 1, 1};
}
static inline bool grm_glide_moves(const grm_glide *g) {
    return g->at < g->length;
}
// The value `frames` from now.
static inline float grm_glide_ahead(const grm_glide *g, size_t frames) {
    size_t at = g->at + frames;
    return at >= g->length ? g->to : g->from + (g->to - g->from) * ((float)(int)at / (float)(int)g->length);
}
static inline float grm_glide_now(const grm_glide *g) {
    return grm_glide_ahead(g, 0);
}
static inline void grm_glide_to(grm_glide *g, float value, double rate_hz) {
    if (value == g->to) return;
    *g = (grm_glide){grm_glide_now(g), value, 0, (size_t)(GRM_GLIDE_S * rate_hz) + 1};
}
static inline void grm_glide_pass(grm_glide *g, size_t frames) {
    g->at = g->at + frames < g->length ? g->at + frames : g->length;
}
// x: [frames], in place; does not pass.
static inline void grm_glide_scale(const grm_glide *g, float *x, size_t frames) {
    if (!grm_glide_moves(g)) {
        if (g->to != 1)
            for (size_t i = 0; i < frames; i++) x[i] *= g->to;
        return;
    }
    for (size_t i = 0; i < frames; i++) x[i] *= grm_glide_ahead(g, i);
}

#endif
