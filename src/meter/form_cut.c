// Where sections begin. Each bar line has a mark from seven cues, weighed by logistic regression, and the best cut of
// the whole is found by dynamic programming with what lengths sections usually have (as McFee and Ellis, "Learning to
// segment songs with ordinal linear discriminant analysis", ICASSP 2014, learn a feature space and cut it so).
// Of the known methods, checkerboard novelty (Foote 2000) finds where the sound changes, and misses a verse that goes
// on into a chorus with the same band; there, stripes beside the diagonal begin and end (the idea of the structure
// features of Serra et al. 2014), which is the strongest cue of all.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "meter/form.h"

enum { CUES = 7, LONGEST = 48, STRIPE = 4, NEAREST = 4, NEAR = 4, AGAIN = 8 };  // units

// Weights of the cues in deviations of this recording, fitted on 21 renderings in 20 styles, whose sections were known,
// and tested on styles left out. `least` is the deviation that a cue must have to count in full, so that nothing
// becomes something.
static const struct {
    float weight, least;
} cue[CUES] = {
    {0.53f, 1.0f},    // treble where the bar begins, over its neighbours
    {0.48f, 0.3f},    // level, two bars before against two behind
    {0.60f, 0.06f},   // colour, the same
    {0.87f, 0.02f},   // stripes of notes that begin or end
    {0.20f, 0.02f},   // stripes of colour
    {-0.22f, 0.04f},  // what follows repeats the four bars before: a phrase goes on
    {-0.09f, 0.04f},  // or the eight bars before
};
static const float bias = -5.74f;

// What lengths, in bars, speak for a section. What sounds in the last few bars belongs to what was before.
static const float silent_db = -60;
static float usual(size_t bars, bool first, bool last, bool sounds) {
    float mark = bars % 2 ? -2.2f : bars % 4 ? -1.7f : -0.5f;
    if (bars == 4) mark = -1.4f;
    if (bars == 8) mark = 1.1f;
    if (bars == 12) mark = 0.3f;
    if (bars == 16) mark = 1.5f;
    if (bars < 4) mark -= 3;
    if (first || last) mark *= 0.5f;  // a pickup before, a held chord behind
    return last && sounds && bars < 4 ? mark - 3 : mark;
}

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

// How unlike two units before `at` are those behind it, less how unlike they are among themselves.
static float checkerboard(unlike_fn unlike, const void *context, size_t at, size_t count) {
    static const float taper[2] = {0.93f, 0.53f};
    size_t before = at < 2 ? at : 2, behind = count - at < 2 ? count - at : 2;
    float across = 0, weight = 0, within = 0, pairs = 0;
    for (size_t i = 0; i < before; i++)
        for (size_t k = 0; k < behind; k++) {
            float w = taper[i] * taper[k];
            across += w * unlike(context, at - 1 - i, at + k);
            weight += w;
        }
    if (before == 2) within += unlike(context, at - 1, at - 2), pairs++;
    if (behind == 2) within += unlike(context, at, at + 1), pairs++;
    return across / weight - (pairs > 0 ? within / pairs : 0);
}

// ---- stripes ----

static int falling(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

// Along the diagonal through (at, other): mean of the units behind less that of those before; false: it has no room.
static bool change_along(const float *x, size_t n, size_t at, size_t other, float *out) {
    size_t low = at < other ? at : other, high = at < other ? other : at;
    size_t before = low < STRIPE ? low : STRIPE, behind = n - high < STRIPE ? n - high : STRIPE;
    float sum[2] = {0};
    if (high - low < NEAREST || before < 2 || behind < 2) return false;
    for (size_t t = 0; t < before; t++) sum[0] += x[(at - 1 - t) * n + other - 1 - t];
    for (size_t t = 0; t < behind; t++) sum[1] += x[(at + t) * n + other + t];
    *out = fabsf(sum[1] / (float)behind - sum[0] / (float)before);
    return true;
}

// Mean of the largest eighth of the changes. scratch: [n]
static float stripes(const float *x, size_t n, size_t at, float *scratch) {
    size_t count = 0;
    float sum = 0;
    for (size_t other = 1; other < n; other++)
        if (change_along(x, n, at, other, &scratch[count])) count++;
    if (count == 0) return 0;
    qsort(scratch, count, sizeof *scratch, falling);
    size_t most = count / 8 > 1 ? count / 8 : 1;
    for (size_t i = 0; i < most; i++) sum += scratch[i] / (float)most;
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

// ---- marks ----

static float stands_out(const float *x, size_t n, size_t at) {
    float sum = 0, count = 0;
    for (size_t k = at > NEAR ? at - NEAR : 0; k <= at + NEAR && k < n; k++)
        if (k != at) sum += x[k], count++;
    return count > 0 ? fminf(fmaxf(x[at] - sum / count, -6), 12) : 0;
}

static float deviation(const float *x, size_t count, size_t step) {
    double sum = 0, square = 0, n = (double)count;
    for (size_t i = 0; i < count; i++) sum += (double)x[i * step], square += (double)x[i * step] * (double)x[i * step];
    return (float)sqrt(fmax(square / n - sum * sum / (n * n), 0));
}

// mark: [n], of a section that begins with that unit
static grm_status mark_lines(const grm_form_units *u, const grm_form_likeness *l, float *mark, grm_error *err) {
    size_t n = u->count;
    const float usually = mean_alike(l);
    float(*x)[CUES] = calloc(n, sizeof *x), *scratch = grm_floats_new(n);
    grm_status status = x && scratch ? GRM_OK : grm_fail_memory(err);
    for (size_t b = 1; status == GRM_OK && b < n; b++) {
        x[b][0] = stands_out(u->accent_db, n, b);
        x[b][1] = checkerboard(unlike_level, u, b, n);
        x[b][2] = checkerboard(unlike_colour, l, b, n);
        x[b][3] = stripes(l->notes, n, b, scratch);
        x[b][4] = stripes(l->colour, n, b, scratch);
        x[b][5] = again(l, b, AGAIN / 2, usually);
        x[b][6] = again(l, b, AGAIN, usually);
    }
    for (size_t k = 0; status == GRM_OK && k < CUES; k++) {
        float scale = cue[k].weight / fmaxf(deviation(&x[1][k], n - 1, CUES), cue[k].least);
        for (size_t b = 1; b < n; b++) mark[b] += scale * x[b][k];
    }
    for (size_t b = 1; b < n; b++) mark[b] += bias;
    free(scratch);
    free(x);
    return status;
}

grm_status grm_form_cut(const grm_form_units *u, const grm_form_likeness *l, size_t *starts, size_t *count,
                        grm_error *err) {
    size_t n = u->count, at = n;
    const bool sounds = n > 0 && u->level_db[n - 1] > silent_db;
    float *mark = grm_floats_new(n), *best = grm_floats_new(n + 1);
    size_t *from = calloc(n + 1, sizeof *from);
    grm_status status = mark && best && from ? GRM_OK : grm_fail_memory(err);
    *count = 0;
    if (status == GRM_OK && n > 1) status = mark_lines(u, l, mark, err);
    if (status != GRM_OK) goto done;
    for (size_t end = 1; end <= n; end++) {
        best[end] = -INFINITY;
        for (size_t start = 0; start < end; start++) {
            float value = best[start] + (end < n ? mark[end] : 0);
            if (u->joined == 1 && end - start <= LONGEST) value += usual(end - start, start == 0, end == n, sounds);
            if (value > best[end]) best[end] = value, from[end] = start;
        }
    }
    for (; at > 0; at = from[at]) ++*count;
    at = n;
    for (size_t i = *count; i-- > 0;) starts[i] = at = from[at];
done:
    free(from);
    free(best);
    free(mark);
    return status;
}
