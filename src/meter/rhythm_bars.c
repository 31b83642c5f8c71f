// Which of the pulses are beats, and which of the beats begin a bar: hidden states are the half beats of a bar, seen
// through what usually happens there (after the bar pointer of Whiteley, Cemgil and Godsill 2006, on beats instead of
// frames).
#include <stdlib.h>
#include <string.h>

#include "meter/rhythm.h"

// low, mid, all, change of harmony from beat to beat and over two beats; where the change over two and over four beats
// is the largest of its bar
enum { CUES = 7, FITTED = 5, MOST_HALVES = 14 };

// What each cue is like, in deviations from its mean, at the half beats of a bar.
typedef struct bar_template {
    unsigned beats;
    float price;  // for being rare
    float cue[CUES][MOST_HALVES];
} bar_template;

static const bar_template templates[] = {
    {4,
     0,
     {{0.69f, -0.16f, -0.22f, -0.18f, 0, -0.02f, -0.04f, -0.06f},
      {-0.29f, -0.62f, 0.49f, -0.04f, -0.09f, 0.32f, 0.60f, -0.37f},
      {-0.22f, -0.26f, -0.20f, 0.06f, 0.35f, 0.10f, 0.11f, 0.05f},
      {0.57f, 0.19f, -0.59f, 0.02f, 0.78f, -0.10f, -0.31f, -0.58f},
      {-0.15f, 0.54f, -0.18f, -0.42f, -0.62f, -0.48f, 0.17f, 1.14f},
      {0.70f, 0.30f, -0.14f, -0.17f, -0.13f, -0.17f, -0.14f, 0.30f},
      {1.20f, 0.50f, -0.22f, -0.27f, -0.24f, -0.27f, -0.22f, 0.50f}}},
    {3,
     0.03f,
     {{1.05f, -0.30f, -0.12f, -0.24f, -0.07f, -0.32f},
      {0.09f, -0.34f, 0.40f, -0.26f, 0.41f, -0.30f},
      {0.61f, -0.43f, 0.28f, -0.35f, 0.32f, -0.42f},
      {1.54f, -0.38f, -0.13f, -0.43f, -0.10f, -0.48f},
      {0.47f, 0.16f, -0.27f, -0.30f, -0.25f, 0.19f},
      {0.70f, 0.30f, -0.21f, -0.25f, -0.21f, 0.30f},
      {1.20f, 0.50f, -0.36f, -0.45f, -0.36f, 0.50f}}},
};
enum { TEMPLATES = sizeof templates / sizeof *templates };

static float largest_near(const float *x, size_t frames, double t, double reach) {
    ptrdiff_t from = (ptrdiff_t)floor(t - reach), to = (ptrdiff_t)ceil(t + reach);
    if (from < 0) from = 0;
    float top = 0;
    for (ptrdiff_t k = from; k <= to && k < (ptrdiff_t)frames; k++) top = fmaxf(top, x[k]);
    return top;
}

static size_t chroma_index(double frame, size_t count) {
    double at = frame / GRM_RHYTHM_CHROMA_HOPS + 0.5;
    return at <= 0 ? 0 : at >= (double)count ? count : (size_t)at;
}

// 1 - cosine between what sounds in the span before t and in the one behind it, bass and the rest apart.
static float harmony_change(const float (*sums)[GRM_RHYTHM_PITCHES], size_t count, double t, double span) {
    size_t a = chroma_index(t - span, count), b = chroma_index(t, count), c = chroma_index(t + span, count);
    if (b <= a || c <= b) return 0;
    float change = 0;
    for (size_t part = 0; part < 2; part++) {
        double xy = 0, xx = 0, yy = 0, mean_x = 0, mean_y = 0;
        for (size_t p = 12 * part; p < 12 * part + 12; p++) {
            mean_x += (sums[b][p] - sums[a][p]) / 12;
            mean_y += (sums[c][p] - sums[b][p]) / 12;
        }
        for (size_t p = 12 * part; p < 12 * part + 12; p++) {
            double x = sums[b][p] - sums[a][p] - 0.7 * mean_x, y = sums[c][p] - sums[b][p] - 0.7 * mean_y;
            xy += x * y, xx += x * x, yy += y * y;
        }
        if (xx > 0 && yy > 0) change += (float)(1 - xy / sqrt(xx * yy));
    }
    return change;
}

// To mean 0 and deviation 1, outliers held.
static void standardise(float (*cue)[CUES], size_t count, size_t which) {
    double sum = 0, square = 0;
    for (size_t i = 0; i < count; i++) sum += cue[i][which], square += cue[i][which] * cue[i][which];
    double mean = sum / (double)count, variance = square / (double)count - mean * mean;
    for (size_t i = 0; i < count; i++)
        cue[i][which] = variance > 1e-9 ? fminf((float)((cue[i][which] - mean) / sqrt(variance)), 2.5f) : 0;
}

// Keeps what is the largest within three beats and over the mean, the rest becomes 0: changes of chords come on many
// beats, the large ones, between sections too, where a bar begins. They spread to both neighbours, so that they don't
// say which half beats are the beats. scratch: [count]
static void keep_peaks(float (*cue)[CUES], size_t count, size_t which, float *scratch) {
    enum { NEAR = 6 };  // half beats
    const float least = 0.5f, gain = 2;
    for (size_t i = 0; i < count; i++) scratch[i] = cue[i][which], cue[i][which] = 0;
    for (size_t i = 0; i < count; i++) {
        bool peak = scratch[i] > least;
        for (size_t k = i > NEAR ? i - NEAR : 0; peak && k <= i + NEAR && k < count; k++)
            peak = scratch[k] <= scratch[i];
        for (size_t k = i > 0 ? i - 1 : 0; peak && k <= i + 1 && k < count; k++)
            cue[k][which] = gain * (scratch[i] - least);
    }
}

// Viterbi over the half beats; a bar that is not whole costs `broken`, more when the beat itself turns, which it never
// does where a machine keeps it. With the first `cues` of them; with all, what `state` says of beats and offbeats
// stays.
static double follow(const bar_template *bar, const float (*cue)[CUES], size_t cues, size_t count, bool steady,
                     uint8_t *state, uint8_t *from) {
    const size_t states = 2 * bar->beats;
    const float broken = steady ? 40 : 24, turned = steady ? 1e6f : 60, never = 1e6f;
    float best[MOST_HALVES] = {0}, next[MOST_HALVES];
    for (size_t i = 0; i < count; i++) {
        size_t even = 0, odd = 1;
        for (size_t s = 0; s < states; s += 2) even = best[s] > best[even] ? s : even;
        for (size_t s = 1; s < states; s += 2) odd = best[s] > best[odd] ? s : odd;
        for (size_t s = 0; s < states; s++) {
            size_t before = i == 0 ? s : (s + states - 1) % states;
            float top = best[before];
            size_t same = s % 2 ? even : odd, other = s % 2 ? odd : even;  // the state before is of the other parity
            if (i > 0 && best[same] - broken > top) top = best[same] - broken, before = same;
            if (i > 0 && best[other] - turned > top) top = best[other] - turned, before = other;
            from[i * MOST_HALVES + s] = (uint8_t)before;
            for (size_t k = 0; k < cues; k++) top += bar->cue[k][s] * cue[i][k];
            next[s] = cues == CUES && state[i] % 2 != s % 2 ? top - never : top;
        }
        memcpy(best, next, sizeof best);
    }
    size_t s = 0;
    for (size_t k = 1; k < states; k++) s = best[k] > best[s] ? k : s;
    double score = best[s];
    for (size_t i = count; i-- > 0;) {
        state[i] = (uint8_t)s;
        s = from[i * MOST_HALVES + s];
    }
    return score / (double)count;
}

// How well the bars fit, the alternation of beats and offbeats apart, which every metre shares: mean of what the cues
// are like at their places, for a template of size 1.
static double fit(const bar_template *bar, const float (*cue)[CUES], const uint8_t *state, size_t count) {
    const size_t states = 2 * bar->beats;
    double sum = 0, size = 0;
    for (size_t k = 0; k < FITTED; k++) {
        double mean[2] = {0}, own[MOST_HALVES];
        for (size_t s = 0; s < states; s++) mean[s % 2] += bar->cue[k][s] / bar->beats;
        for (size_t s = 0; s < states; s++) {
            own[s] = bar->cue[k][s] - mean[s % 2];
            size += own[s] * own[s] / (double)states;
        }
        for (size_t i = 0; i < count; i++) sum += own[state[i]] * cue[i][k];
    }
    return sum / sqrt(size) / (double)count;
}

// Between each two pulses, where the onset in their middle third is; that of the last one behind it.
static void halve(const grm_novelty *novelty, const double *pulse, size_t count, double *half) {
    for (size_t i = 0; i < count; i++) {
        double step = i + 1 < count ? pulse[i + 1] - pulse[i] : pulse[i] - pulse[i - 1];
        double middle = pulse[i] + 0.5 * step;
        half[2 * i] = pulse[i];
        size_t top = (size_t)middle;
        for (size_t k = (size_t)(middle - 0.12 * step); k <= (size_t)(middle + 0.18 * step); k++)
            if (k < novelty->frames && novelty->all[k] > (top < novelty->frames ? novelty->all[top] : 0)) top = k;
        half[2 * i + 1] = top < novelty->frames && novelty->all[top] > 0.3f ? (double)top : middle;
    }
}

// What is heard at the half beats. scratch: [halves]
static void take_cues(const grm_rhythm_series *series, const grm_novelty *novelty, const double *half, size_t halves,
                      float (*cue)[CUES], float *scratch) {
    const float *curve[3] = {novelty->low, novelty->mid, novelty->all};
    for (size_t i = 0; i < halves; i++) {
        double span = i + 2 < halves ? half[i + 2] - half[i] : half[i] - half[i - 2];
        for (size_t k = 0; k < 3; k++) cue[i][k] = largest_near(curve[k], novelty->frames, half[i], 3);
        for (size_t k = 0; k < 3; k++)  // over one, two and four beats
            cue[i][3 + k] = harmony_change((const float(*)[GRM_RHYTHM_PITCHES])series->sums, series->chroma_frames,
                                           half[i], (double)(1u << k) * span);
        cue[i][6] = cue[i][5];
        cue[i][5] = cue[i][4];
    }
    for (size_t k = 0; k < CUES; k++) standardise(cue, halves, k);
    for (size_t k = FITTED; k < CUES; k++) keep_peaks(cue, halves, k, scratch);
}

grm_status grm_bars_find(const grm_rhythm_series *series, const grm_novelty *novelty, const double *pulse, size_t count,
                         bool steady, grm_bars *bars, grm_error *err) {
    *bars = (grm_bars){0};
    if (count < 4) return GRM_OK;
    const size_t halves = 2 * count;
    float(*cue)[CUES] = calloc(halves, sizeof *cue);
    uint8_t *state = calloc(halves, 1), *from = calloc(halves, MOST_HALVES), *kept = calloc(halves, 1);
    double *half = calloc(halves, sizeof *half);
    float *scratch = grm_floats_new(halves);
    bars->beats = calloc(halves, sizeof *bars->beats);
    bars->position = calloc(halves, 1);
    grm_status status = cue && state && from && kept && half && scratch && bars->beats && bars->position
                            ? GRM_OK
                            : grm_fail_memory(err);
    if (status != GRM_OK) goto done;
    halve(novelty, pulse, count, half);
    take_cues(series, novelty, half, halves, cue, scratch);
    double best = -1e30;
    size_t chosen = 0;
    for (size_t m = 0; m < TEMPLATES; m++) {
        double score = follow(&templates[m], (const float(*)[CUES])cue, FITTED, halves, steady, state, from);
        double mark = fit(&templates[m], (const float(*)[CUES])cue, state, halves) - templates[m].price;
        if (mark <= best) continue;
        best = mark;
        bars->quality = mark;
        bars->score = score;
        bars->beats_per_bar = templates[m].beats;
        chosen = m;
        memcpy(kept, state, halves);
    }
    follow(&templates[chosen], (const float(*)[CUES])cue, CUES, halves, steady, kept, from);
    for (size_t i = 0; i < halves; i++) {
        if (kept[i] % 2) continue;
        if (i > 0 && kept[i - 1] % 2 == 0) continue;  // the beat turns: the one before stays
        // a machine's beat is in the middle of two others, whatever swings there
        bars->beats[bars->count] = steady && i % 2 && i + 1 < halves ? 0.5 * (half[i - 1] + half[i + 1]) : half[i];
        bars->position[bars->count++] = kept[i] / 2;
    }
done:
    free(scratch);
    free(half);
    free(kept);
    free(from);
    free(state);
    free(cue);
    if (status != GRM_OK) grm_bars_clear(bars);
    return status;
}

void grm_bars_clear(grm_bars *bars) {
    free(bars->beats);
    free(bars->position);
    *bars = (grm_bars){0};
}
