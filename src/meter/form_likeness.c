// Self-similarity (Foote 2000): each unit against each other, by its notes in their order and by its colour.
#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/form.h"

static const float colour_distance = 5;  // at which likeness is 1/e
static const float colour_share =
    0.3f;  // beside notes; fitted, with the threshold of labels, on tracks whose sections are known

static float cosine(const float *a, const float *b) {
    float lane[8] = {0}, sum = 0;
    for (size_t i = 0; i < GRM_FORM_NOTES; i += 8)
        for (size_t k = 0; k < 8; k++) lane[k] += a[i + k] * b[i + k];
    for (size_t k = 0; k < 8; k++) sum += lane[k];
    return sum;
}

static float distance(const float *a, const float *b) {
    float sum = 0;
    for (size_t k = 0; k < GRM_FORM_COLOURS; k++) sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sqrtf(sum);
}

grm_status grm_form_likeness_make(const grm_form_units *u, grm_form_likeness *out, grm_error *err) {
    size_t n = u->count;
    *out = (grm_form_likeness){n, grm_floats_new(n * n), grm_floats_new(n * n)};
    if (!out->notes || !out->colour) {
        grm_form_likeness_clear(out);
        return grm_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++) {
            float notes = cosine(u->notes[i], u->notes[k]);
            float colour = expf(-distance(u->colour[i], u->colour[k]) / colour_distance);
            out->notes[i * n + k] = out->notes[k * n + i] = notes;
            out->colour[i * n + k] = out->colour[k * n + i] = colour;
        }
    return GRM_OK;
}

void grm_form_likeness_clear(grm_form_likeness *likeness) {
    free(likeness->notes);
    free(likeness->colour);
    *likeness = (grm_form_likeness){0};
}

float grm_form_alike(const grm_form_likeness *l, size_t a, size_t b) {
    return (l->notes[a * l->count + b] + colour_share * l->colour[a * l->count + b]) / (1 + colour_share);
}
