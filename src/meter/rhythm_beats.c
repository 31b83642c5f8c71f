// Beats by dynamic programming (Ellis 2007) along the course of the tempo.
#include <stdlib.h>
#include <string.h>

#include "meter/rhythm.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

static const float tightness = 400;  // price of a beat that comes at another time than the tempo says, per log^2

static float period_at(const float *path, size_t columns, size_t t) {
    double at = (double)t / GRM_RHYTHM_FPS - 0.5;
    if (at < 0) at = 0;
    size_t c = (size_t)at;
    if (c + 1 >= columns) return path[columns - 1];
    return path[c] + (float)(at - (double)c) * (path[c + 1] - path[c]);
}

// Where the peak next to `t` really is, by a parabola through its neighbours.
static double refine(const float *x, size_t frames, size_t t) {
    size_t top = t;
    for (size_t k = t > 2 ? t - 2 : 0; k <= t + 2 && k < frames; k++)
        if (x[k] > x[top]) top = k;
    if (top == 0 || top + 1 >= frames || x[top] <= 0) return (double)t;
    double a = x[top - 1], b = x[top], c = x[top + 1], bend = a - 2 * b + c;
    return bend < 0 && b >= a && b >= c ? (double)top + 0.5 * (a - c) / bend : (double)top;
}

// What it costs that a beat comes so many frames after the last one, from `nearest` on.
typedef struct prices {
    bool avx2;
    float period, *lag;  // [count] of the period's lags, the longest first
    size_t nearest, count, most;
    double *logs;  // [most + 1] of lags
} prices;

static void prices_clear(prices *p) {
    free(p->logs);
    free(p->lag);
}

static grm_status prices_make(bool avx2, const float *path, size_t columns, prices *p, grm_error *err) {
    float longest = 1;
    for (size_t c = 0; c < columns; c++) longest = path[c] > longest ? path[c] : longest;
    size_t most = (size_t)(longest * 1.34f) + 2;
    *p = (prices){
        .avx2 = avx2, .most = most, .lag = grm_floats_new(most + 1), .logs = calloc(most + 1, sizeof *p->logs)};
    for (size_t i = 1; p->logs && i <= most; i++) p->logs[i] = log((double)i);
    return p->lag && p->logs ? GRM_OK : grm_fail_memory(err);
}

// The period hardly ever changes from frame to frame.
static void prices_set(prices *p, float period) {
    if (period == p->period) return;
    size_t farthest = (size_t)(period * 1.34f) + 1;
    double middle = log((double)period);
    p->period = period;
    p->nearest = (size_t)(period * 0.75f);
    p->count = farthest + 1 - p->nearest;
    for (size_t i = 0; i < p->count; i++) {
        float off = (float)(p->logs[farthest - i] - middle);
        p->lag[i] = tightness * off * off;
    }
}

// Which of `count` scores is worth most after its price, the last of equals; below 0 there is none.
static ptrdiff_t best_plain(const float *score, const float *price, size_t count, float *best) {
    ptrdiff_t place = -1;
    *best = 0;
    for (size_t i = 0; i < count; i++) {
        float value = score[i] - price[i];
        if (value < *best || !(value > 0)) continue;
        *best = value;
        place = (ptrdiff_t)i;
    }
    return place;
}

#if GRM_HAVE_AVX2
GRM_AVX2 static ptrdiff_t best_avx2(const float *score, const float *price, size_t count, float *best) {
    enum { LANES = 8 };
    const __m256 nothing = _mm256_setzero_ps();
    __m256 most = nothing;
    __m256i places = _mm256_set1_epi32(-1), now = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        __m256 value = _mm256_sub_ps(_mm256_loadu_ps(score + i), _mm256_loadu_ps(price + i));
        __m256 better =
            _mm256_and_ps(_mm256_cmp_ps(value, most, _CMP_GE_OQ), _mm256_cmp_ps(value, nothing, _CMP_GT_OQ));
        most = _mm256_blendv_ps(most, value, better);
        places = _mm256_blendv_epi8(places, now, _mm256_castps_si256(better));
        now = _mm256_add_epi32(now, _mm256_set1_epi32(LANES));
    }
    float value[LANES], behind;
    int32_t place[LANES];
    ptrdiff_t found = -1, rest = best_plain(score + i, price + i, count - i, &behind);
    _mm256_storeu_ps(value, most);
    _mm256_storeu_si256((__m256i *)(void *)place, places);
    *best = 0;
    for (size_t l = 0; l < LANES; l++)
        if (value[l] > *best || (value[l] == *best && place[l] > found)) *best = value[l], found = place[l];
    if (rest < 0 || behind < *best) return found;
    *best = behind;
    return (ptrdiff_t)i + rest;
}
#else
#define best_avx2 best_plain
#endif

// How many frames before the one at `now` the last beat was, and how good that is; 0: none is better than to begin
// here. known: frames before `now`.
static uint16_t best_before(const float *now, size_t known, const prices *p, float *best) {
    *best = 0;
    const size_t farthest = p->nearest + p->count - 1, skipped = farthest > known ? farthest - known : 0;
    if (skipped >= p->count) return 0;
    const float *from = now - (farthest - skipped);
    ptrdiff_t place = (p->avx2 ? best_avx2 : best_plain)(from, p->lag + skipped, p->count - skipped, best);
    return place < 0 ? 0 : (uint16_t)(farthest - skipped - (size_t)place);
}

// Of the scores only as many are kept as lags reach back, and a piece more, so that they seldom move.
enum { PIECE = 4096 };

// back: [frames] how far the beat before lies. Returns where the last beat is: the best end within the last beat and a
// half.
static size_t go_through(const grm_novelty *novelty, const float *path, size_t columns, prices *price, float *score,
                         uint16_t *back) {
    const size_t frames = novelty->frames;
    size_t first = 0;  // the frame of score[0]
    for (size_t t = 0; t < frames; t++) {
        float best;
        if (t - first == price->most + PIECE) {
            memmove(score, score + PIECE, price->most * sizeof *score);
            first += PIECE;
        }
        prices_set(price, period_at(path, columns, t));
        back[t] = best_before(score + (t - first), t, price, &best);
        score[t - first] = best + novelty->soft[t];
    }
    size_t last = frames - 1, span = (size_t)(1.2f * path[columns - 1]);
    for (size_t t = frames > span ? frames - span : 0; t < frames; t++)
        if (score[t - first] > score[last - first]) last = t;
    return last;
}

grm_status grm_beats_track(const grm_novelty *novelty, const float *path, size_t columns, double *beats, size_t room,
                           size_t *count, grm_error *err) {
    const size_t frames = novelty->frames;
    *count = 0;
    if (frames == 0) return GRM_OK;
    prices price = {0};
    float *score = NULL;
    uint16_t *back = calloc(frames, sizeof *back);
    grm_status status = back ? prices_make(novelty->avx2, path, columns, &price, err) : grm_fail_memory(err);
    if (status == GRM_OK && !(score = grm_floats_new(price.most + PIECE))) status = grm_fail_memory(err);
    if (status != GRM_OK) goto done;
    const size_t last = go_through(novelty, path, columns, &price, score, back);
    size_t found = 1;
    for (size_t t = last; back[t] > 0; t -= back[t]) found++;
    if (found > room) found = room;
    *count = found;
    for (size_t t = last; found > 0; t -= back[t]) beats[--found] = refine(novelty->soft, frames, t);
done:
    prices_clear(&price);
    free(back);
    free(score);
    return status;
}
