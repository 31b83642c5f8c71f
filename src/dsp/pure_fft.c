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

#if GRM_HAVE_AVX2
// later_step where s is 4: a vector holds two neighbouring p.
GRM_AVX2 static void fours_avx2(const float *re, const float *im, size_t n, const float *w, float *yr, float *yi) {
    size_t quarter = n / 4;
    for (size_t p = 0; p < quarter; p += 2) {
        __m256 turn[6], r[4], i[4];
        for (size_t k = 0; k < 6; k++) {
            const float *at = w + k * quarter + p;
            turn[k] = _mm256_set_m128(_mm_set1_ps(at[1]), _mm_set1_ps(at[0]));
        }
        point_avx2(re + 4 * p, im + 4 * p, 4 * quarter, turn, r, i);
        float *to_r = yr + 16 * p, *to_i = yi + 16 * p;
        _mm256_storeu_ps(to_r, _mm256_permute2f128_ps(r[0], r[1], 0x20));
        _mm256_storeu_ps(to_r + 8, _mm256_permute2f128_ps(r[2], r[3], 0x20));
        _mm256_storeu_ps(to_r + 16, _mm256_permute2f128_ps(r[0], r[1], 0x31));
        _mm256_storeu_ps(to_r + 24, _mm256_permute2f128_ps(r[2], r[3], 0x31));
        _mm256_storeu_ps(to_i, _mm256_permute2f128_ps(i[0], i[1], 0x20));
        _mm256_storeu_ps(to_i + 8, _mm256_permute2f128_ps(i[2], i[3], 0x20));
        _mm256_storeu_ps(to_i + 16, _mm256_permute2f128_ps(i[0], i[1], 0x31));
        _mm256_storeu_ps(to_i + 24, _mm256_permute2f128_ps(i[2], i[3], 0x31));
    }
}
#else
#define fours_avx2(re, im, n, w, yr, yi) later_step_plain(re, im, n, 4, w, yr, yi)
#endif

// Bins k and half - k, for those around the middle, which the vectors leave.
static void split_one(const grm_pure_fft *fft, const float *zr, const float *zi, size_t k, grm_complex *low,
                      grm_complex *high) {
    size_t half = fft->half;
    const float *wr = fft->turns, *wi = fft->turns + half / 2 + 1;
    float ar = zr[k], ai = zi[k], br = zr[half - k], bi = zi[half - k];
    float er = 0.5f * (ar + br), ei = 0.5f * (ai - bi), odd_r = 0.5f * (ai + bi), odd_i = 0.5f * (br - ar);
    float tr = wr[k] * odd_r - wi[k] * odd_i, ti = wr[k] * odd_i + wi[k] * odd_r;
    *high = (grm_complex){er - tr, ti - ei};
    *low = (grm_complex){er + tr, ei + ti};
}

typedef struct planes {
    float *re, *im;
} planes;

static void swap(planes *a, planes *b) {
    planes was = *a;
    *a = *b;
    *b = was;
}

// The transform of even samples as real, odd ones as imaginary parts. window: as grm_pure_fft_power has it, or NULL
static planes transform(grm_pure_fft *fft, const float *x, const float *window) {
    size_t half = fft->half, n = half, s = 1, step = half + GAP;
    planes from = {fft->buffer, fft->buffer + step}, to = {fft->buffer + 2 * step, fft->buffer + 3 * step};
    if (window)
        CHOOSE(fft->avx2, part_windowed, x, window, half, from.re, from.im);
    else
        CHOOSE(fft->avx2, part, x, half, from.re, from.im);
    for (size_t i = 0; i < fft->steps; i++, n /= 4, s *= 4) {
        const float *w = fft->twiddles[i];
        if (n == 8 && s > 4) {
            CHOOSE(fft->avx2, last_eights, from.re, from.im, s, w, to.re, to.im);
            return to;
        }
        if (s == 1)
            CHOOSE(fft->avx2 && n >= 32, first_step, from.re, from.im, n, w, to.re, to.im);
        else if (s == 4 && n >= 8 && fft->avx2)
            fours_avx2(from.re, from.im, n, w, to.re, to.im);
        else
            CHOOSE(fft->avx2 && s > 4, later_step, from.re, from.im, n, s, w, to.re, to.im);
        swap(&from, &to);
    }
    if (n == 2) {
        CHOOSE(fft->avx2, last_pairs, from.re, s, to.re);
        CHOOSE(fft->avx2, last_pairs, from.im, s, to.im);
        swap(&from, &to);
    }
    return from;
}

void grm_pure_fft_run(grm_pure_fft *fft, const float *x, grm_complex *bins) {
    size_t half = fft->half;
    planes z = transform(fft, x, NULL);
    const float *wr = fft->turns, *wi = fft->turns + half / 2 + 1;
    size_t k = CHOOSE(fft->avx2, split, z.re, z.im, half, wr, wi, (float *)bins);
    for (; k <= half / 2; k++) split_one(fft, z.re, z.im, k, &bins[k], &bins[half - k]);
    bins[0] = (grm_complex){z.re[0] + z.im[0], 0};
    bins[half] = (grm_complex){z.re[0] - z.im[0], 0};
}

static float power_of(grm_complex bin) {
    return bin.re * bin.re + bin.im * bin.im;
}

void grm_pure_fft_power(grm_pure_fft *fft, const float *x, const float *window, float *power) {
    size_t half = fft->half;
    planes z = transform(fft, x, window);
    const float *wr = fft->turns, *wi = fft->turns + half / 2 + 1;
    size_t k = CHOOSE(fft->avx2, split_power, z.re, z.im, half, wr, wi, power);
    for (; k <= half / 2; k++) {
        grm_complex low, high;
        split_one(fft, z.re, z.im, k, &low, &high);
        power[half - k] = power_of(high);
        power[k] = power_of(low);
    }
    power[0] = power_of((grm_complex){z.re[0] + z.im[0], 0});
    power[half] = power_of((grm_complex){z.re[0] - z.im[0], 0});
}
