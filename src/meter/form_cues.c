// What speaks for a section that begins with a unit: cues of each line between units, which form_cut.c weighs.
// Of the known methods, checkerboard novelty (Foote 2000) finds where the sound changes, and misses a verse that goes
// on into a chorus with the same band; there, stripes beside the diagonal begin and end (the idea of the structure
// features of Serra et al. 2014), which is the strongest cue of all.
#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/form.h"

enum { NEAREST = 4, NEAR = 4, PHRASE = 4, SENTENCE = 8 };  // units

// ---- checkerboards ----

typedef float (*unlike_fn)(const void *context, size_t a, size_t b);

static float unlike_colour(const void *context, size_t a, size_t b) {
    const grm_form_likeness *l = context;
    return -logf(fmaxf(l->colour[a * l->count + b], 1e-9f));
}

// From 15 dB on a jump is a jump: silence must not make all others small.
static float unlike_level(const void *context, size_t a, size_t b) {
    const grm_form_units *u = context;
    return fminf(fabsf(u->level_db[a] - u->level_db[b]), 15);
}

// Mean of all pairs within [from, to).
static float mean_within(unlike_fn unlike, const void *context, size_t from, size_t to) {
    float sum = 0, pairs = 0;
    for (size_t a = from; a < to; a++)
        for (size_t b = a + 1; b < to; b++) sum += unlike(context, a, b), pairs++;
    return sum / fmaxf(pairs, 1);
}

// How unlike `width` units before `at` are those behind it, the nearest counting most, less how unlike they are among
// themselves.
static float checkerboard(unlike_fn unlike, const void *context, size_t at, size_t count, size_t width) {
    size_t before = at < width ? at : width, behind = count - at < width ? count - at : width;
    float across = 0, weight = 0, within = 0, sides = 0;
    for (size_t i = 0; i < before; i++)
        for (size_t k = 0; k < behind; k++) {
            float w = (1 - 0.75f * (float)i / (float)width) * (1 - 0.75f * (float)k / (float)width);
            across += w * unlike(context, at - 1 - i, at + k);
            weight += w;
        }
    if (before > 1) within += mean_within(unlike, context, at - before, at), sides++;
    if (behind > 1) within += mean_within(unlike, context, at, at + behind), sides++;
    return across / weight - within / fmaxf(sides, 1);
}

// ---- stripes ----

// Along the diagonal through (at, other): mean of the units behind less that of those before; false: it has no room.
static bool change_along(const float *x, size_t n, size_t at, size_t other, size_t length, size_t apart, float *out) {
    size_t low = at < other ? at : other, high = at < other ? other : at;
    size_t before = low < length ? low : length, behind = n - high < length ? n - high : length;
    float sum[2] = {0};
    if (high - low < apart || before < 2 || behind < 2) return false;
    for (size_t t = 0; t < before; t++) sum[0] += x[(at - 1 - t) * n + other - 1 - t];
    for (size_t t = 0; t < behind; t++) sum[1] += x[(at + t) * n + other + t];
    *out = fabsf(sum[1] / (float)behind - sum[0] / (float)before);
    return true;
}

// Mean of the largest eighth of the changes. scratch: [n]
static float stripes(const float *x, size_t n, size_t at, size_t length, float *scratch) {
    size_t count = 0, apart = length > NEAREST ? length : NEAREST;
    float sum = 0;
    for (size_t other = 1; other < n; other++)
        if (change_along(x, n, at, other, length, apart, &scratch[count])) count++;
    if (count == 0) return 0;
    grm_sort_floats(scratch, count);
    size_t most = count / 8 > 1 ? count / 8 : 1;
    for (size_t i = 0; i < most; i++) sum += scratch[count - 1 - i] / (float)most;
    return sum;
}

// ---- repetition ----

static float mean_alike(const grm_form_likeness *l) {
    double sum = 0;
    for (size_t a = 1; a < l->count; a++)
        for (size_t b = 0; b < a; b++) sum += (double)grm_form_alike(l, a, b);
    return l->count > 1 ? (float)(2 * sum / ((double)l->count * (double)(l->count - 1))) : 0;
}

// How much more than others the units from `at` on are like those `lag` before.
static float again(const grm_form_likeness *l, size_t at, size_t lag, float usually) {
    float sum = 0;
    size_t count = 0;
    for (size_t t = at; t < at + lag && t < l->count; t++)
        if (t >= lag) sum += grm_form_alike(l, t, t - lag) - usually, count++;
    return count > 1 ? sum / (float)count : 0;
}

// How much the colour of the units from `at` on differs from that of those `lag` before.
static float repainted(const grm_form_likeness *l, size_t at, size_t lag) {
    float sum = 0;
    size_t count = 0;
    for (size_t t = at; t < at + lag && t < l->count; t++)
        if (t >= lag) sum += unlike_colour(l, t, t - lag), count++;
    return count ? sum / (float)count : 0;
}

// ---- accents ----

static float stands_out(const float *x, size_t n, size_t at) {
    float sum = 0, count = 0;
    for (size_t k = at > NEAR ? at - NEAR : 0; k <= at + NEAR && k < n; k++)
        if (k != at) sum += x[k], count++;
    return count > 0 ? fminf(fmaxf(x[at] - sum / count, -6), 12) : 0;
}

grm_status grm_form_cues_measure(const grm_form_units *u, const grm_form_likeness *l, float (*cues)[GRM_FORM_CUES],
                                 grm_error *err) {
    size_t n = u->count;
    const float usually = mean_alike(l);
    float *scratch = grm_floats_new(n);
    if (!scratch) return grm_fail_memory(err);
    for (size_t b = 1; b < n; b++) {
        float *x = cues[b];
        x[GRM_CUE_ACCENT] = stands_out(u->accent_db, n, b);
        x[GRM_CUE_LEVEL_2] = checkerboard(unlike_level, u, b, n, 2);
        x[GRM_CUE_LEVEL_4] = checkerboard(unlike_level, u, b, n, PHRASE);
        x[GRM_CUE_COLOUR_2] = checkerboard(unlike_colour, l, b, n, 2);
        x[GRM_CUE_COLOUR_4] = checkerboard(unlike_colour, l, b, n, PHRASE);
        x[GRM_CUE_STRIPES] = stripes(l->notes, n, b, PHRASE, scratch);
        x[GRM_CUE_LONG_STRIPES] = stripes(l->notes, n, b, SENTENCE, scratch);
        x[GRM_CUE_COLOUR_STRIPES] = stripes(l->colour, n, b, PHRASE, scratch);
        x[GRM_CUE_AGAIN_4] = again(l, b, PHRASE, usually);
        x[GRM_CUE_AGAIN_8] = again(l, b, SENTENCE, usually);
        x[GRM_CUE_REPAINTED] = repainted(l, b, SENTENCE);
    }
    free(scratch);
    return GRM_OK;
}
