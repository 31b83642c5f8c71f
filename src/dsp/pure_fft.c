// Stockham's transform, which sorts as it goes (from one buffer into another at each step), of half the size: even
// samples are real, odd ones imaginary parts, apart in memory. So all but the first steps are loops over many
// neighbours.
#include "dsp/pure_fft.h"

#include <stdlib.h>

#include "dsp/levels.h"

enum {
    MOST_STEPS = 12,
    SMALLEST = 32,
    GAP = 16,  // floats between planes, lest all parts of a step fall into the same sets of the cache
};

struct grm_pure_fft {
    bool avx2;
    size_t half, steps;
    // [step]: for n = half / 4^step, six rows of n / 4: re and im of w, w^2, w^3 with w = exp(-2 pi i p / n)
    float *twiddles[MOST_STEPS];
    float *turns;   // [re, im][half / 2 + 1]: exp(-2 pi i k / size)
    float *buffer;  // [2][re, im][half + GAP]
};

bool grm_pure_fft_takes(size_t size) {
    return size >= SMALLEST && (size & (size - 1)) == 0;
}

void grm_pure_fft_free(grm_pure_fft *fft) {
    if (!fft) return;
    for (size_t i = 0; i < MOST_STEPS; i++) free(fft->twiddles[i]);
    free(fft->turns);
    free(fft->buffer);
    free(fft);
}

static bool fill(grm_pure_fft *fft) {
    for (size_t n = fft->half; n >= 4; n /= 4) {
        size_t quarter = n / 4;
        float *w = fft->twiddles[fft->steps++] = grm_floats_new(6 * quarter);
        for (size_t i = 0; w && i < 3 * quarter; i++) {
            size_t power = i / quarter, p = i % quarter;
            double angle = -2 * GRM_PI * (double)(p * (power + 1)) / (double)n;
            w[2 * power * quarter + p] = (float)cos(angle);
            w[(2 * power + 1) * quarter + p] = (float)sin(angle);
        }
        if (!w) return false;
    }
    size_t turns = fft->half / 2 + 1;
    fft->turns = grm_floats_new(2 * turns);
    fft->buffer = grm_floats_new(4 * (fft->half + GAP));
    for (size_t k = 0; fft->turns && k < turns; k++) {
        fft->turns[k] = (float)cos(GRM_PI * (double)k / (double)fft->half);
        fft->turns[turns + k] = (float)-sin(GRM_PI * (double)k / (double)fft->half);
    }
    return fft->turns && fft->buffer;
}

grm_pure_fft *grm_pure_fft_new(size_t size, bool avx2) {
    grm_pure_fft *fft = calloc(1, sizeof *fft);
    if (!fft) return NULL;
    fft->avx2 = avx2;
    fft->half = size / 2;
    if (fill(fft)) return fft;
    grm_pure_fft_free(fft);
    return NULL;
}

#include "dsp/vector_plain.h"
//
#include "dsp/pure_fft_body.h"

#if GRM_HAVE_AVX2
#include "dsp/vector_avx2.h"
//
#include "dsp/pure_fft_body.h"
#define CHOOSE(avx2, function, ...) ((avx2) ? function##_avx2(__VA_ARGS__) : function##_plain(__VA_ARGS__))
#else
#define CHOOSE(avx2, function, ...) function##_plain(__VA_ARGS__)
#endif

// The bins around the middle, which the vectors leave.
static void split_rest(const grm_pure_fft *fft, const float *zr, const float *zi, size_t k, grm_complex *bins) {
    size_t half = fft->half;
    const float *wr = fft->turns, *wi = fft->turns + half / 2 + 1;
    for (; k <= half / 2; k++) {
        float ar = zr[k], ai = zi[k], br = zr[half - k], bi = zi[half - k];
        float er = 0.5f * (ar + br), ei = 0.5f * (ai - bi), odd_r = 0.5f * (ai + bi), odd_i = 0.5f * (br - ar);
        float tr = wr[k] * odd_r - wi[k] * odd_i, ti = wr[k] * odd_i + wi[k] * odd_r;
        bins[half - k] = (grm_complex){er - tr, ti - ei};
        bins[k] = (grm_complex){er + tr, ei + ti};
    }
    bins[0] = (grm_complex){zr[0] + zi[0], 0};
    bins[half] = (grm_complex){zr[0] - zi[0], 0};
}

typedef struct planes {
    float *re, *im;
} planes;

static void swap(planes *a, planes *b) {
    planes was = *a;
    *a = *b;
    *b = was;
}

void grm_pure_fft_run(grm_pure_fft *fft, const float *x, grm_complex *bins) {
    size_t half = fft->half, n = half, s = 1, step = half + GAP;
    planes from = {fft->buffer, fft->buffer + step}, to = {fft->buffer + 2 * step, fft->buffer + 3 * step};
    for (size_t i = 0; i < half; i++) from.re[i] = x[2 * i];
    for (size_t i = 0; i < half; i++) from.im[i] = x[2 * i + 1];
    for (size_t i = 0; i < fft->steps; i++, n /= 4, s *= 4) {
        const float *w = fft->twiddles[i];
        if (s == 1)
            CHOOSE(fft->avx2 && n >= 32, first_step, from.re, from.im, n, w, to.re, to.im);
        else
            CHOOSE(fft->avx2 && s > 4, later_step, from.re, from.im, n, s, w, to.re, to.im);
        swap(&from, &to);
    }
    if (n == 2) {
        CHOOSE(fft->avx2, last_pairs, from.re, s, to.re);
        CHOOSE(fft->avx2, last_pairs, from.im, s, to.im);
        swap(&from, &to);
    }
    const float *wr = fft->turns, *wi = fft->turns + half / 2 + 1;
    split_rest(fft, from.re, from.im, CHOOSE(fft->avx2, split, from.re, from.im, half, wr, wi, (float *)bins), bins);
}
