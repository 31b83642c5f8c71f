#include "meter/hum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "meter/faults.h"
#include "meter/pitch.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

// What lies around 50 and 60 Hz and their harmonics is brought down to 0 Hz and weighed minute by minute.
enum { RATE = 1000, TAPS = 401, WIDE_TAPS = 101, MAINS = 2, BLOCK = 4000, LANES = 8 };
enum { HOP = RATE / GRM_HUM_RATE, WIDE_HOP = RATE / GRM_HUM_WIDE_RATE, STEP = 10 };  // STEP divides both
enum { SHORTEST = 8 * GRM_HUM_RATE, WORTH_WEIGHING = GRM_HUM_CHAPTER / 2 };
static const double mains_hz[MAINS] = {50, 60};
enum { PERIOD_50 = 20, PERIOD_60 = 50 };  // samples after which all harmonics begin anew
static const size_t periods[MAINS] = {PERIOD_50, PERIOD_60};
// Half of what is let through; narrow, nothing is left at 10 Hz, where it would fold back.
static const double band_hz = 5, wide_band_hz = 13, beta = 6, wide_beta = 4;
static const double least_gain = 70;  // of log likelihood, times the root of the chapters
// How far the evidence stands over that for any comb beside, from where it counts to where it is sure.
static const double counts_from = 1.4, sure_from = 1.75;

typedef struct mains {
    grm_hum_line lines[GRM_HUM_LINES];
    double gain[GRM_HUM_SHIFTS], power, points;
} mains;

struct grm_hum {
    bool avx2;
    grm_thinner *thinner;
    grm_hum_scale *scale;
    float x[TAPS - 1 + BLOCK];
    float taps[TAPS], wide_taps[WIDE_TAPS];
    float re[MAINS][PERIOD_60][LANES], im[MAINS][PERIOD_60][LANES];  // of the harmonics, sample by sample
    size_t filled, at, points, wide, chapters;                       // at: the sample of the chapter that x begins at
    double sum, heard;                                               // of squares, and samples
    mains mains[MAINS];
};

// A lowpass, by sqrt 2 more, so that the power of a line that was turned down to 0 Hz comes out.
static void fill_taps(double half_band_hz, double kaiser_beta, int count, float *taps) {
    double window[TAPS], sum = 0;
    for (int k = 0; k < count; k++) {
        double t = k - count / 2, place = t / (count / 2), turn = 2 * half_band_hz / RATE * GRM_PI * t;
        window[k] = (k == count / 2 ? 1 : sin(turn) / turn) * grm_bessel_i0(kaiser_beta * sqrt(1 - place * place));
        sum += window[k];
    }
    for (int k = 0; k < count; k++) taps[k] = (float)(M_SQRT2 * window[k] / sum);
}

static void fill_tables(grm_hum *h) {
    fill_taps(band_hz, beta, TAPS, h->taps);
    fill_taps(wide_band_hz, wide_beta, WIDE_TAPS, h->wide_taps);
    for (size_t m = 0; m < MAINS; m++)
        for (size_t k = 0; k < periods[m]; k++)
            for (size_t n = 0; n < GRM_HUM_LINES; n++) {
                double turn = -2 * GRM_PI * mains_hz[m] * (double)((n + 1) * k) / RATE;
                h->re[m][k][n] = (float)cos(turn);
                h->im[m][k][n] = (float)sin(turn);
            }
}

grm_status grm_hum_new(unsigned rate_hz, grm_hum **out, grm_error *err) {
    *out = NULL;
    grm_hum *h = calloc(1, sizeof *h);
    if (!h) return grm_fail_memory(err);
    h->avx2 = grm_cpu_detect().avx2_fma;
    fill_tables(h);
    grm_status status =
        grm_thinner_new(rate_hz, RATE, mains_hz[MAINS - 1] * GRM_HUM_LINES + wide_band_hz, &h->thinner, err);
    if (status == GRM_OK) status = grm_hum_scale_new(&h->scale, err);
    if (status == GRM_OK)
        *out = h;
    else
        grm_hum_free(h);
    return status;
}

void grm_hum_free(grm_hum *h) {
    if (!h) return;
    grm_thinner_free(h->thinner);
    grm_hum_scale_free(h->scale);
    free(h);
}

static void end_chapter(grm_hum *h) {
    for (size_t m = 0; m < MAINS; m++) {
        mains *to = &h->mains[m];
        grm_hum_evidence found;
        if (!grm_hum_weigh(h->scale, to->lines, h->points, h->wide, &found)) continue;
        for (size_t i = 0; i < GRM_HUM_SHIFTS; i++) to->gain[i] += found.gain[i];
        to->power += found.power * (double)h->points;
    }
    for (size_t m = 0; m < MAINS; m++) h->mains[m].points += (double)h->points;
    h->chapters++;
    h->points = h->wide = h->at = 0;
}

// ---- what passes the lowpass, folded by the mains' period, and turned down to 0 Hz by each harmonic: one transform of
// a few figures in place of a filter a line ----

// x[0 .. count) times taps, [PERIOD_60] sums of it by the place in the period; `place`: that of the first.
static void fold_plain(const float *x, const float *taps, size_t count, size_t period, size_t place, float *folded) {
    memset(folded, 0, period * sizeof *folded);
    for (size_t k = 0; k < count; k++) {
        folded[place] += x[k] * taps[k];
        place = place + 1 < period ? place + 1 : 0;
    }
}

// re, im: [LANES] of the harmonics
static void turn_plain(const float *folded, size_t period, const float (*by_re)[LANES], const float (*by_im)[LANES],
                       float *re, float *im) {
    for (size_t n = 0; n < LANES; n++) re[n] = im[n] = 0;
    for (size_t k = 0; k < period; k++)
        for (size_t n = 0; n < LANES; n++) {
            re[n] += folded[k] * by_re[k][n];
            im[n] += folded[k] * by_im[k][n];
        }
}

#if GRM_HAVE_AVX2
// `vectors` hold a period, and of what lies behind it what nobody reads.
GRM_AVX2 GRM_INLINE void fold_vectors(const float *x, const float *taps, size_t count, size_t period, size_t place,
                                      float *folded, size_t vectors) {
    enum { MOST = PERIOD_60 / LANES + 1 };
    __m256 sum[MOST];
    float padded[MOST * LANES] = {0};
    size_t k = period - place < count ? period - place : count;
    for (size_t i = 0; i < k; i++) padded[place + i] += x[i] * taps[i];
    for (size_t v = 0; v < vectors; v++) sum[v] = _mm256_loadu_ps(padded + v * LANES);
    for (; k + vectors * LANES <= count; k += period)
        for (size_t v = 0; v < vectors; v++)
            sum[v] = _mm256_add_ps(
                sum[v], _mm256_mul_ps(_mm256_loadu_ps(x + k + v * LANES), _mm256_loadu_ps(taps + k + v * LANES)));
    for (size_t v = 0; v < vectors; v++) _mm256_storeu_ps(padded + v * LANES, sum[v]);
    for (size_t at = 0; k < count; k++) {
        padded[at] += x[k] * taps[k];
        at = at + 1 < period ? at + 1 : 0;
    }
    memcpy(folded, padded, period * sizeof *folded);
}

GRM_AVX2 static void fold_avx2(const float *x, const float *taps, size_t count, size_t period, size_t place,
                               float *folded) {
    if (period == PERIOD_50)
        fold_vectors(x, taps, count, PERIOD_50, place, folded, PERIOD_50 / LANES + 1);
    else
        fold_vectors(x, taps, count, PERIOD_60, place, folded, PERIOD_60 / LANES + 1);
}

GRM_AVX2 static void turn_avx2(const float *folded, size_t period, const float (*by_re)[LANES],
                               const float (*by_im)[LANES], float *re, float *im) {
    __m256 sum_re = _mm256_setzero_ps(), sum_im = sum_re;
    for (size_t k = 0; k < period; k++) {
        __m256 x = _mm256_broadcast_ss(folded + k);
        sum_re = _mm256_add_ps(sum_re, _mm256_mul_ps(x, _mm256_loadu_ps(by_re[k])));
        sum_im = _mm256_add_ps(sum_im, _mm256_mul_ps(x, _mm256_loadu_ps(by_im[k])));
    }
    _mm256_storeu_ps(re, sum_re);
    _mm256_storeu_ps(im, sum_im);
}
#else
#define fold_avx2 fold_plain
#define turn_avx2 turn_plain
#endif

// A point of every line; x: [TAPS] from the sample `at` on.
static void take_point(grm_hum *h, const float *x, bool wide) {
    const size_t count = wide ? WIDE_TAPS : TAPS, to = wide ? h->wide : h->points;
    const float *taps = wide ? h->wide_taps : h->taps;
    float folded[PERIOD_60], re[LANES], im[LANES];
    x += (TAPS - count) / 2;
    for (size_t m = 0; m < MAINS; m++) {
        (h->avx2 ? fold_avx2 : fold_plain)(x, taps, count, periods[m], h->at % periods[m], folded);
        (h->avx2 ? turn_avx2 : turn_plain)(folded, periods[m], (const float(*)[LANES])h->re[m],
                                           (const float(*)[LANES])h->im[m], re, im);
        for (size_t n = 0; n < GRM_HUM_LINES; n++) {
            grm_hum_line *line = &h->mains[m].lines[n];
            (wide ? line->wide_re : line->re)[to] = re[n];
            (wide ? line->wide_im : line->im)[to] = im[n];
        }
    }
}

// Narrow and wide points whose turn it is.
static void take_points(grm_hum *h, const float *x) {
    if (h->at % HOP == 0 && h->points < GRM_HUM_CHAPTER) {
        take_point(h, x, false);
        h->points++;
    }
    if (h->at % WIDE_HOP == 0) {
        take_point(h, x, true);
        h->wide++;
    }
}

static const size_t chapter_samples = (size_t)GRM_HUM_CHAPTER_S * RATE;

grm_status grm_hum_hear(grm_hum *h, const float *mono, size_t frames, grm_error *err) {
    const float *thin;
    size_t made;
    if (mono) {
        h->sum += grm_power(mono, frames) * (double)frames;
        h->heard += (double)frames;
    }
    grm_status status = grm_thinner_run(h->thinner, mono, frames, &thin, &made, err);
    while (status == GRM_OK && made > 0) {
        size_t take = GRM_COUNT(h->x) - h->filled < made ? GRM_COUNT(h->x) - h->filled : made, at = 0;
        memcpy(h->x + h->filled, thin, take * sizeof *thin);
        h->filled += take;
        thin += take;
        made -= take;
        for (; at + TAPS <= h->filled; at += STEP) {
            take_points(h, h->x + at);
            h->at += STEP;
            if (h->at == chapter_samples) end_chapter(h);
        }
        memmove(h->x, h->x + at, (h->filled - at) * sizeof *h->x);
        h->filled -= at;
    }
    return status;
}

// 0 to 1: how sure it is that the lines are hum. The cube keeps what is hardly sure from costing anything.
static double sureness(const mains *m, size_t chapters) {
    double beside = 0;
    for (size_t i = 1; i < GRM_HUM_SHIFTS; i++) beside = fmax(beside, m->gain[i]);
    if (m->gain[0] < least_gain * sqrt((double)chapters)) return 0;
    double over = m->gain[0] / (beside + 1e-9);
    double sure = fmin(1, fmax(0, (over - counts_from) / (sure_from - counts_from)));
    return sure * sure * sure;
}

void grm_hum_tell(grm_hum *h, grm_features *out) {
    double most = 0;
    if (h->points >= (h->chapters ? WORTH_WEIGHING : SHORTEST)) end_chapter(h);
    if (!(h->sum > 0)) return;
    for (size_t m = 0; m < MAINS && h->chapters > 0; m++) {
        const mains *at = &h->mains[m];
        double power = sureness(at, h->chapters) * at->power / at->points;
        if (power > most) most = power, out->hum_hz = mains_hz[m];
    }
    double share = most * h->heard / h->sum;
    out->hum_db = share > 1e-12 ? fmin(10 * log10(share), 0) : -120;
    if (share <= 1e-12) out->hum_hz = NAN;
}
