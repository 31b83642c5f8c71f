// Where sections begin: the best cut of the whole by dynamic programming, with the cues of each line between units and
// what lengths sections usually have (after McFee and Ellis, "Learning to segment songs with ordinal linear
// discriminant analysis", ICASSP 2014, who learn a feature space and cut it so). All weights are those of a semi-Markov
// conditional random field (Sarawagi and Cohen, NIPS 2004), fitted by bench/peers/form_fit.py on renderings whose
// sections were known.
#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/form.h"

// Weights of the cues in deviations of this recording from their means in it. `least` is the deviation that a cue must
// have to count in full, so that nothing becomes something.
static const struct {
    float weight, least;
} cue[GRM_FORM_CUES] = {
    [GRM_CUE_ACCENT] = {0.59f, 1.0f},        [GRM_CUE_LEVEL_2] = {0.32f, 0.3f},
    [GRM_CUE_LEVEL_4] = {0.33f, 0.3f},       [GRM_CUE_COLOUR_2] = {0.08f, 0.3f},
    [GRM_CUE_COLOUR_4] = {0.69f, 0.3f},      [GRM_CUE_STRIPES] = {0.02f, 0.02f},
    [GRM_CUE_LONG_STRIPES] = {0.68f, 0.02f}, [GRM_CUE_COLOUR_STRIPES] = {0.01f, 0.02f},
    [GRM_CUE_AGAIN_4] = {-0.48f, 0.04f},     [GRM_CUE_AGAIN_8] = {-1.01f, 0.04f},
    [GRM_CUE_REPAINTED] = {-1.09f, 0.3f},
};
static const float bias = -1.27f;

// What speaks for a section of so many bars; half of it where one begins or ends the recording, which may begin with a
// pickup and end on a held chord.
static const float of_bars[17] = {0,      0.26f,  -0.13f, -0.35f, 0.70f,  -0.74f, -0.77f, -0.71f, 1.73f,
                                  -1.08f, -0.65f, -1.08f, -0.01f, -1.08f, -0.65f, -1.08f, 1.77f};
static const float of_24 = -0.22f, of_32 = 0.42f, of_fours = -0.29f, of_even = -0.65f, of_odd = -1.08f,
                   of_eight_beyond_16 = -0.32f;
// And for its length in octaves of 16 seconds, and its square.
static const float of_octaves = 1.51f, of_squares = -0.38f;
// Of the last one's bars in eights, up to 16, and that it has fewer than four: what sounds there belongs to what was
// before.
static const float of_last = 0.60f, of_rest = -0.57f, silent_db = -60;

static float usual_bars(size_t bars) {
    if (bars <= 16) return of_bars[bars];
    return (bars == 24 ? of_24 : bars == 32 ? of_32 : bars % 4 == 0 ? of_fours : bars % 2 == 0 ? of_even : of_odd);
}

// What speaks for the units [start, end) as a section.
static float usual(const grm_form_units *u, size_t start, size_t end, bool sounds) {
    size_t bars = (end - start) * u->joined;
    const bool last = end == u->count;
    float seconds = (float)(u->at[end] - u->at[start]), octaves = log2f(fmaxf(seconds, 0.1f) / 16);
    float mark = usual_bars(bars) * (start == 0 || last ? 0.5f : 1);
    if (bars > 16) mark += of_eight_beyond_16 * (float)(bars - 16) / 8;
    mark += of_octaves * octaves + of_squares * octaves * octaves;
    if (last) mark += of_last * fminf((float)bars, 16) / 8;
    return last && sounds && bars < 4 ? mark + of_rest : mark;
}

static float deviation(const float *x, size_t count, size_t step, float *mean) {
    double sum = 0, square = 0, n = (double)count;
    for (size_t i = 0; i < count; i++) sum += (double)x[i * step], square += (double)x[i * step] * (double)x[i * step];
    *mean = (float)(sum / n);
    return (float)sqrt(fmax(square / n - sum * sum / (n * n), 0));
}

// mark: [n], of a section that begins with that unit
static grm_status mark_lines(const grm_form_units *u, const grm_form_likeness *l, float *mark, grm_error *err) {
    size_t n = u->count;
    float(*x)[GRM_FORM_CUES] = calloc(n, sizeof *x);
    grm_status status = x ? grm_form_cues_measure(u, l, x, err) : grm_fail_memory(err);
    for (size_t k = 0; status == GRM_OK && k < GRM_FORM_CUES; k++) {
        float mean, scale = cue[k].weight / fmaxf(deviation(&x[1][k], n - 1, GRM_FORM_CUES, &mean), cue[k].least);
        for (size_t b = 1; b < n; b++) mark[b] += scale * (x[b][k] - mean);
    }
    for (size_t b = 1; b < n; b++) mark[b] += bias;
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
            value += usual(u, start, end, sounds);
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
