// Which of the pulses are beats, and which of the beats begin a bar: hidden states are the half beats of a bar, seen
// through what usually happens there (after the bar pointer of Whiteley, Cemgil and Godsill 2006, on beats instead of
// frames).
#include <stdlib.h>
#include <string.h>

#include "meter/rhythm_bars.h"

float grm_largest_near(const float *x, size_t frames, double t, double reach) {
    ptrdiff_t from = (ptrdiff_t)floor(t - reach), to = (ptrdiff_t)ceil(t + reach);
    if (from < 0) from = 0;
    float top = 0;
    for (ptrdiff_t k = from; k <= to && k < (ptrdiff_t)frames; k++) top = fmaxf(top, x[k]);
    return top;
}

double grm_share_between(const grm_novelty *novelty, const double *pulse, size_t count, double part) {
    enum { NEAR = 2 };
    double on = 0, between = 0;
    for (size_t i = 0; i < count; i++) {
        double step = i + 1 < count ? pulse[i + 1] - pulse[i] : i > 0 ? pulse[i] - pulse[i - 1] : 0;
        on += (double)grm_largest_near(novelty->all, novelty->frames, pulse[i], NEAR);
        between += (double)grm_largest_near(novelty->all, novelty->frames, pulse[i] + part * step, NEAR);
    }
    return between / fmax(on, 0.1 * (double)count);
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
static void standardise(float (*cue)[GRM_BAR_CUES], size_t count, size_t which) {
    double sum = 0, square = 0;
    for (size_t i = 0; i < count; i++) sum += cue[i][which], square += cue[i][which] * cue[i][which];
    double mean = sum / (double)count, variance = square / (double)count - mean * mean;
    for (size_t i = 0; i < count; i++)
        cue[i][which] = variance > 1e-9 ? fminf((float)((cue[i][which] - mean) / sqrt(variance)), 2.5f) : 0;
}

// Keeps what is the largest within three beats and over the mean, the rest becomes 0: changes of chords come on many
// beats, the large ones, between sections too, where a bar begins. They spread to both neighbours, so that they don't
// say which half beats are the beats. scratch: [count]
static void keep_peaks(float (*cue)[GRM_BAR_CUES], size_t count, size_t which, float *scratch) {
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
static void follow(const grm_bar_template *bar, const float (*cue)[GRM_BAR_CUES], size_t cues, size_t count,
                   bool steady, uint8_t *state, uint8_t *from) {
    const size_t states = 2 * bar->beats;
    const float broken = steady ? 40 : 24, turned = steady ? 1e6f : 60, never = 1e6f;
    float best[GRM_MOST_HALVES] = {0}, next[GRM_MOST_HALVES] = {0};
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
            from[i * GRM_MOST_HALVES + s] = (uint8_t)before;
            next[s] = top;
        }
        for (size_t k = 0; k < cues; k++)
            for (size_t s = 0; s < GRM_MOST_HALVES; s++) next[s] += bar->cue[k][s] * cue[i][k];
        for (size_t s = 0; cues == GRM_BAR_CUES && s < states; s++)
            if (state[i] % 2 != s % 2) next[s] -= never;
        memcpy(best, next, sizeof best);
    }
    size_t s = 0;
    for (size_t k = 1; k < states; k++) s = best[k] > best[s] ? k : s;
    for (size_t i = count; i-- > 0;) {
        state[i] = (uint8_t)s;
        s = from[i * GRM_MOST_HALVES + s];
    }
}

// How well the bars fit, the alternation of beats and offbeats apart, which every metre shares: mean of what the cues
// are like at their places, for a template of size 1.
static double fit(const grm_bar_template *bar, const float (*cue)[GRM_BAR_CUES], const uint8_t *state, size_t count) {
    const size_t states = 2 * bar->beats;
    double sum = 0, size = 0;
    for (size_t k = 0; k < GRM_BAR_FITTED; k++) {
        double mean[2] = {0}, own[GRM_MOST_HALVES];
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
                      float (*cue)[GRM_BAR_CUES], float *scratch) {
    const float *curve[3] = {novelty->low, novelty->mid, novelty->all};
    for (size_t i = 0; i < halves; i++) {
        double span = i + 2 < halves ? half[i + 2] - half[i] : half[i] - half[i - 2];
        for (size_t k = 0; k < 3; k++) cue[i][k] = grm_largest_near(curve[k], novelty->frames, half[i], 3);
        for (size_t k = 0; k < 3; k++)  // over one, two and four beats
            cue[i][3 + k] = harmony_change((const float(*)[GRM_RHYTHM_PITCHES])series->sums, series->chroma_frames,
                                           half[i], (double)(1u << k) * span);
        cue[i][6] = cue[i][5];
        cue[i][5] = cue[i][4];
    }
    for (size_t k = 0; k < GRM_BAR_CUES; k++) standardise(cue, halves, k);
    for (size_t k = GRM_BAR_FITTED; k < GRM_BAR_CUES; k++) keep_peaks(cue, halves, k, scratch);
}

grm_status grm_bars_find(const grm_rhythm_series *series, const grm_novelty *novelty, const double *pulse, size_t count,
                         bool steady, grm_bars *bars, grm_error *err) {
    *bars = (grm_bars){0};
    if (count < 4) return GRM_OK;
    const size_t halves = 2 * count;
    float(*cue)[GRM_BAR_CUES] = calloc(halves, sizeof *cue);
    uint8_t *state = calloc(halves, 1), *from = calloc(halves, GRM_MOST_HALVES), *kept = calloc(halves, 1);
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
    size_t templates;
    const grm_bar_template *bar = grm_bar_templates(&templates), *chosen = bar;
    double alike[GRM_ALIKE_LAGS + 1];
    grm_alike_measure((const float(*)[GRM_BAR_CUES])cue, halves, alike);
    double pace = log2(60 * GRM_RHYTHM_FPS * (double)(count - 1) / fmax(pulse[count - 1] - pulse[0], 1) / 120);
    double between = grm_share_between(novelty, pulse, count, 0.5);
    const bool swings = grm_share_between(novelty, pulse, count, 2 / 3.0) > between;
    bars->quality = -INFINITY;
    for (size_t m = 0; m < templates; m++, bar++) {
        if (bar->swings && !swings) continue;
        follow(bar, (const float(*)[GRM_BAR_CUES])cue, GRM_BAR_FITTED, halves, steady, state, from);
        double mark = bar->usual + bar->pace * pace + bar->between * between +
                      bar->fit * fit(bar, (const float(*)[GRM_BAR_CUES])cue, state, halves) +
                      bar->alike * grm_alike_contrast(alike, bar->beats);
        if (mark <= bars->quality) continue;
        bars->quality = mark;
        chosen = bar;
        memcpy(kept, state, halves);
    }
    bars->beats_per_bar = chosen->beats;
    follow(chosen, (const float(*)[GRM_BAR_CUES])cue, GRM_BAR_CUES, halves, steady, kept, from);
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
