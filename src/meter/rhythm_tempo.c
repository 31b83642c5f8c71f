// Tempo over time: autocorrelations of the onset strength, read at the multiples of a period.
#include <stdlib.h>
#include <string.h>

#include "meter/rhythm.h"

enum {
    LAGS = 720,  // 7.2 s
    WINDOW = 5,  // columns to either side
    RING = 2 * WINDOW + 1,
    MULTIPLES = 4,
};
static const double shortest = 20, step = 0.015;  // 300 beats a minute; 1.5 % from one tempo to the next
static const float multiple_weight[MULTIPLES] = {1, 1, 0.7f, 0.9f};

double grm_tempo_period(double index) {
    return shortest * exp(step * index);
}
double grm_tempo_index(double period) {
    return log(period / shortest) / step;
}

// Adds x[t] x[t - lag] of the frames [from, to) to acf: [LAGS]. back: x from its end to its start, [frames], so that
// growing lags lie behind each other. Four frames at a time go through the sums.
GRM_INLINE void correlate_body(const float *restrict x, const float *restrict back, size_t frames, size_t from,
                               size_t to, float *restrict acf) {
    size_t t = from;
    for (; t < to && (t < LAGS || (to - t) % 4); t++) {
        const size_t lags = t + 1 < LAGS ? t + 1 : LAGS;
        const float now = x[t], *then = back + (frames - 1 - t);
        for (size_t lag = 0; lag < lags; lag++) acf[lag] += now * then[lag];
    }
    for (; t < to; t += 4) {
        const float a = x[t], b = x[t + 1], c = x[t + 2], d = x[t + 3], *then = back + (frames - 4 - t);
        if (a == 0 && b == 0 && c == 0 && d == 0) continue;
        for (size_t lag = 0; lag < LAGS; lag++)
            acf[lag] = (((acf[lag] + a * then[lag + 3]) + b * then[lag + 2]) + c * then[lag + 1]) + d * then[lag];
    }
}

static void correlate_plain(const float *x, const float *back, size_t frames, size_t from, size_t to, float *acf) {
    correlate_body(x, back, frames, from, to, acf);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void correlate_avx2(const float *x, const float *back, size_t frames, size_t from, size_t to,
                                    float *acf) {
    correlate_body(x, back, frames, from, to, acf);
}
#else
#define correlate_avx2 correlate_plain
#endif

static float read_at(const float *x, double at) {
    size_t i = (size_t)at;
    if (i + 1 >= LAGS) return 0;
    float part = (float)(at - (double)i);
    return x[i] + part * (x[i + 1] - x[i]);
}

// acf: [LAGS], normalised so that lag 0 is 1 and chance is 0
static void weigh(const float *acf, float *strength) {
    for (size_t i = 0; i < GRM_TEMPI; i++) {
        double period = grm_tempo_period((double)i);
        float sum = 0, weight = 0;
        for (size_t m = 0; m < MULTIPLES; m++) {
            double lag = period * (double)(m + 1);
            if (lag + 1 >= LAGS) break;
            sum += multiple_weight[m] * read_at(acf, lag);
            weight += multiple_weight[m];
        }
        strength[i] = weight > 0 ? sum / weight : 0;
    }
}

// A Gaussian of 15 ms, so that players' spread does not count as another tempo; less the mean of 2 s around.
static void soften(const float *x, size_t frames, float *y) {
    static const float tap[5] = {0.27f, 0.21f, 0.11f, 0.036f, 0.008f};
    const size_t near = (size_t)GRM_RHYTHM_FPS;
    for (size_t t = 0; t < frames; t++) {
        float sum = tap[0] * x[t];
        for (size_t k = 1; k < 5; k++) sum += tap[k] * ((t >= k ? x[t - k] : 0) + (t + k < frames ? x[t + k] : 0));
        y[t] = sum;
    }
    double sum = 0;
    float *mean = grm_floats_new(frames);
    if (!mean) return;
    size_t from = 0, to = 0;
    for (size_t t = 0; t < frames; t++) {
        while (to < frames && to <= t + near) sum += y[to++];
        while (from + near < t) sum -= y[from++];
        mean[t] = (float)(sum / (double)(to - from));
    }
    for (size_t t = 0; t < frames; t++) y[t] = x[t] == 0 && y[t] == 0 && mean[t] < 1e-3f ? 0 : y[t] - mean[t];
    free(mean);
}

grm_status grm_tempogram_make(const grm_novelty *novelty, grm_tempogram *tempogram, grm_error *err) {
    const size_t frames = novelty->frames, second = (size_t)GRM_RHYTHM_FPS;
    const size_t columns = frames / second + 1;
    *tempogram = (grm_tempogram){.columns = columns};
    grm_status status = GRM_OK;
    float *x = grm_floats_new(frames), *block = grm_floats_new((size_t)RING * LAGS), *acf = grm_floats_new(LAGS);
    float *back = grm_floats_new(frames);
    if (x) soften(novelty->all, frames, x);
    for (size_t t = 0; x && back && t < frames; t++) back[frames - 1 - t] = x[t];
    tempogram->strength = grm_floats_new(columns * GRM_TEMPI);
    if (!x || !back || !block || !acf || !tempogram->strength) {
        status = grm_fail_memory(err);
        goto done;
    }
    double sounding = 0;
    size_t ready = 0;  // columns whose products are in the ring, or were
    for (size_t c = 0; c < columns; c++) {
        for (; ready < columns && ready <= c + WINDOW; ready++) {
            size_t to = (ready + 1) * second;
            memset(block + ready % RING * LAGS, 0, LAGS * sizeof *block);
            (novelty->avx2 ? correlate_avx2 : correlate_plain)(x, back, frames, ready * second,
                                                               to < frames ? to : frames, block + ready % RING * LAGS);
        }
        memset(acf, 0, LAGS * sizeof *acf);
        size_t from = c > WINDOW ? c - WINDOW : 0, to = c + WINDOW < columns ? c + WINDOW + 1 : columns;
        for (size_t k = from; k < to; k++)
            for (size_t lag = 0; lag < LAGS; lag++) acf[lag] += block[k % RING * LAGS + lag];
        float *strength = tempogram->strength + c * GRM_TEMPI;
        if (acf[0] <= 1e-6f) continue;
        float largest = 0, energy = acf[0] / (float)((to - from) * second);
        for (size_t lag = LAGS; lag-- > 0;) acf[lag] /= acf[0];
        for (size_t lag = 25; lag < 200; lag++) largest = fmaxf(largest, acf[lag]);
        weigh(acf, strength);
        for (size_t i = 0; i < GRM_TEMPI; i++) tempogram->mean[i] += strength[i];
        // a few onsets in the window are no pulse, however alike they are
        tempogram->clarity += largest * fminf(1, energy / 0.1f);
        sounding++;
    }
    if (sounding > 0) {
        for (size_t i = 0; i < GRM_TEMPI; i++) tempogram->mean[i] /= sounding;
        tempogram->clarity /= (float)sounding;
    }
done:
    free(back);
    free(acf);
    free(block);
    free(x);
    if (status != GRM_OK) grm_tempogram_clear(tempogram);
    return status;
}

static double likely(double index) {
    double octaves = log2(grm_tempo_period(index) * 110 / (60 * GRM_RHYTHM_FPS));
    return exp(-0.5 * octaves * octaves);
}

size_t grm_tempo_candidates(const grm_tempogram *tempogram, double *index, size_t room) {
    double value[GRM_TEMPI];
    size_t count = 0, peaks = 0;
    for (size_t i = 0; i < GRM_TEMPI; i++) value[i] = tempogram->mean[i] * likely((double)i);
    while (peaks < 4 && count + 3 <= room) {
        size_t top = 0;
        for (size_t i = 1; i + 1 < GRM_TEMPI; i++)
            if (value[i] > value[top] && tempogram->mean[i] >= tempogram->mean[i - 1] &&
                tempogram->mean[i] >= tempogram->mean[i + 1])
                top = i;
        if (value[top] <= 0) break;
        peaks++;
        static const double relative[3] = {1, 0.5, 2};
        for (size_t r = 0; r < 3; r++) {
            double other = grm_tempo_index(grm_tempo_period((double)top) * relative[r]);
            bool known = other < 3 || other > GRM_TEMPI - 20;
            for (size_t k = 0; k < count; k++) known = known || fabs(index[k] - other) < 4;
            if (!known) index[count++] = other;
        }
        for (size_t i = 0; i < GRM_TEMPI; i++)
            if (i + 4 > top && i < top + 4) value[i] = 0;
    }
    return count;
}

void grm_tempogram_clear(grm_tempogram *tempogram) {
    free(tempogram->strength);
    tempogram->strength = NULL;
}

// Viterbi (1967) over the columns: the tempo may move by a few steps a second, at a price.
enum { REACH = 6, SPAN = 14 };  // steps a second; to either side of where the search began: +-23 %
static const float step_price = 0.02f;

grm_status grm_tempogram_path(const grm_tempogram *tempogram, double index, float *path, double *quality,
                              grm_error *err) {
    enum { STATES = 2 * SPAN + 1 };
    const size_t columns = tempogram->columns;
    const ptrdiff_t base = (ptrdiff_t)floor(index + 0.5) - SPAN;
    int8_t *from = calloc(columns * STATES, 1);
    if (!from) return grm_fail_memory(err);
    float best[STATES], next[STATES];
    for (int s = 0; s < STATES; s++) best[s] = -0.002f * (float)abs(s - SPAN);
    for (size_t c = 0; c < columns; c++) {
        const float *strength = tempogram->strength + c * GRM_TEMPI;
        for (int s = 0; s < STATES; s++) {
            ptrdiff_t i = base + s;
            float here = i >= 0 && i < GRM_TEMPI ? strength[i] - 0.002f * (float)abs(s - SPAN) : -1, top = -1e30f;
            for (int d = -REACH; d <= REACH; d++) {
                if (s + d < 0 || s + d >= STATES) continue;
                float value = best[s + d] - step_price * (float)abs(d);
                if (value > top) {
                    top = value;
                    from[c * STATES + (size_t)s] = (int8_t)d;
                }
            }
            next[s] = top + here;
        }
        memcpy(best, next, sizeof best);
    }
    int s = 0;
    for (int k = 1; k < STATES; k++)
        if (best[k] > best[s]) s = k;
    *quality = best[s] / (double)(columns ? columns : 1);
    for (size_t c = columns; c-- > 0;) {
        path[c] = (float)grm_tempo_period((double)(base + s));
        s += from[c * STATES + (size_t)s];
    }
    free(from);
    return GRM_OK;
}
