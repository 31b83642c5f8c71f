// Forward: decimation in frequency, radix 4, the spectrum left in the order of reversed base-4 digits; inverse:
// decimation in time from that order. So neither moves data about, and the real transform's last (first) step reads
// (writes) through a table. Both go depth first, so that the parts of a transform stay in the nearest cache.
//
// Forward in double: what lies 120 dB below the loudest bin of a frame counts in features (the valleys of an empty
// band, the spread of a sine), and single precision leaves noise there. Inverse in single precision, for sound.
#include <stdlib.h>

#include "dsp/lanes.h"

enum {
    WIDE = GRM_WIDE_LANES,
    WIDE_ROW = 2 * WIDE,
    ROW = 2 * GRM_LANES,
    MOST_LEVELS = 9
};  // real parts, imaginary ones

struct grm_lane_fft {
    bool avx2;
    size_t half;  // complex points
    size_t levels;
    // [level]: for n = half / 4^level, [n/4][w, w^2, w^3][re, im]
    double *wide_twiddles[MOST_LEVELS];
    float *twiddles[MOST_LEVELS];
    double *wide_split;  // [half/2+1][re, im]: exp(-2 pi i k / size)
    float *split;
    uint32_t *place;  // [half]: where bin k lies
};

void grm_lane_fft_free(grm_lane_fft *fft) {
    if (!fft) return;
    for (size_t i = 0; i < MOST_LEVELS; i++) {
        free(fft->wide_twiddles[i]);
        free(fft->twiddles[i]);
    }
    free(fft->wide_split);
    free(fft->split);
    free(fft->place);
    free(fft);
}

// The same table in both precisions.
static bool both_tables(size_t count, double **wide, float **narrow) {
    *wide = calloc(count, sizeof **wide);
    *narrow = grm_floats_new(count);
    return *wide && *narrow;
}

static void put_turn(double angle, size_t at, double *wide, float *narrow) {
    wide[2 * at] = cos(angle);
    wide[2 * at + 1] = sin(angle);
    for (size_t i = 2 * at; i < 2 * at + 2; i++) narrow[i] = (float)wide[i];
}

static uint32_t reversed(size_t k, size_t levels) {
    size_t place = 0;
    for (size_t i = 0; i < levels; i++, k /= 4) place = place * 4 + k % 4;
    return (uint32_t)place;
}

static bool fill(grm_lane_fft *fft) {
    size_t n = fft->half;
    for (size_t level = 0; level < fft->levels; level++, n /= 4) {
        if (!both_tables(n / 4 * 6, &fft->wide_twiddles[level], &fft->twiddles[level])) return false;
        for (size_t i = 0; i < n / 4 * 3; i++)
            put_turn(-2 * GRM_PI * (double)(i / 3 * (i % 3 + 1)) / (double)n, i, fft->wide_twiddles[level],
                     fft->twiddles[level]);
    }
    fft->place = calloc(fft->half, sizeof *fft->place);
    if (!fft->place || !both_tables(fft->half + 2, &fft->wide_split, &fft->split)) return false;
    for (size_t k = 0; k <= fft->half / 2; k++)
        put_turn(-GRM_PI * (double)k / (double)fft->half, k, fft->wide_split, fft->split);
    for (size_t k = 0; k < fft->half; k++) fft->place[k] = reversed(k, fft->levels);
    return true;
}

grm_status grm_lane_fft_new(size_t size, grm_lane_fft **out, grm_error *err) {
    size_t levels = 1;
    *out = NULL;
    while (levels < MOST_LEVELS - 1 && (size_t)2 << (2 * levels) < size) levels++;
    if ((size_t)2 << (2 * levels) != size)
        return grm_fail(err, GRM_USAGE, "lane FFT size %zu: take 2 * 4^k from 8 to 131072", size);
    grm_lane_fft *fft = calloc(1, sizeof *fft);
    if (!fft) return grm_fail_memory(err);
    fft->avx2 = grm_cpu_detect().avx2_fma;
    fft->half = size / 2;
    fft->levels = levels;
    if (!fill(fft)) {
        grm_lane_fft_free(fft);
        return grm_fail_memory(err);
    }
    *out = fft;
    return GRM_OK;
}

enum { SMALL = 256 };  // points of a transform that goes level by level

static size_t large_levels(const grm_lane_fft *fft) {
    size_t top = 0;
    while (fft->half >> (2 * top) > SMALL) top++;
    return top;
}

// ---- forward ----

// y0 = a + b + c + d, y1 = (a - ib - c + id) w, y2 = (a - b + c - d) w^2, y3 = (a + ib - c - id) w^3
GRM_INLINE void butterfly(double *restrict a, double *restrict b, double *restrict c, double *restrict d,
                          const double *w) {
    const double r1 = w[0], i1 = w[1], r2 = w[2], i2 = w[3], r3 = w[4], i3 = w[5];
    for (size_t l = 0; l < WIDE; l++) {
        double ar = a[l], ai = a[l + WIDE], br = b[l], bi = b[l + WIDE];
        double cr = c[l], ci = c[l + WIDE], dr = d[l], di = d[l + WIDE];
        double sr = ar + cr, si = ai + ci, tr = ar - cr, ti = ai - ci;
        double ur = br + dr, ui = bi + di, vr = bi - di, vi = dr - br;
        a[l] = sr + ur;
        a[l + WIDE] = si + ui;
        double yr = tr + vr, yi = ti + vi;
        b[l] = yr * r1 - yi * i1;
        b[l + WIDE] = yr * i1 + yi * r1;
        yr = sr - ur;
        yi = si - ui;
        c[l] = yr * r2 - yi * i2;
        c[l + WIDE] = yr * i2 + yi * r2;
        yr = tr - vr;
        yi = ti - vi;
        d[l] = yr * r3 - yi * i3;
        d[l + WIDE] = yr * i3 + yi * r3;
    }
}

GRM_INLINE void forward_stage(double *x, size_t n, const double *w) {
    size_t quarter = n / 4 * WIDE_ROW;
    for (size_t j = 0; j < n / 4; j++, x += WIDE_ROW, w += 6)
        butterfly(x, x + quarter, x + 2 * quarter, x + 3 * quarter, w);
}

GRM_INLINE void forward_small(const grm_lane_fft *fft, double *x, size_t top) {
    size_t count = fft->half >> (2 * top);
    for (size_t l = top; l < fft->levels; l++)
        for (size_t at = 0, n = fft->half >> (2 * l); at < count; at += n)
            forward_stage(x + at * WIDE_ROW, n, fft->wide_twiddles[l]);
}

// Z is the transform of even samples as real, odd ones as imaginary parts. With E = (Z[k] + Z*[half - k]) / 2 and
// O = (Z[k] - Z*[half - k]) / 2i, X[k] = E + w^k O and X[half - k] = (E - w^k O)*.
GRM_INLINE void split(const double *restrict z, const double *restrict y, double wr, double wi, float *restrict low,
                      float *restrict high) {
    for (size_t l = 0; l < WIDE; l++) {
        double zr = z[l], zi = z[l + WIDE], yr = y[l], yi = y[l + WIDE];
        double er = 0.5 * (zr + yr), ei = 0.5 * (zi - yi), odd_r = 0.5 * (zi + yi), odd_i = 0.5 * (yr - zr);
        double tr = wr * odd_r - wi * odd_i, ti = wr * odd_i + wi * odd_r;
        low[l] = (float)(er + tr);
        low[l + WIDE] = (float)(ei + ti);
        high[l] = (float)(er - tr);
        high[l + WIDE] = (float)(ti - ei);
    }
}

GRM_INLINE void put_bin(const float *restrict from, float *restrict bin) {
    for (size_t l = 0; l < WIDE; l++) bin[l] = from[l];
    for (size_t l = 0; l < WIDE; l++) bin[GRM_LANES + l] = from[WIDE + l];
}

GRM_INLINE void forward(const grm_lane_fft *fft, double *restrict x, float *restrict bins) {
    size_t half = fft->half, top = large_levels(fft);
    for (size_t l = 0; l < top; l++)
        for (size_t at = 0, n = half >> (2 * l); at < half; at += n)
            forward_stage(x + at * WIDE_ROW, n, fft->wide_twiddles[l]);
    for (size_t at = 0, n = half >> (2 * top); at < half; at += n) forward_small(fft, x + at * WIDE_ROW, top);
    for (size_t l = 0; l < WIDE; l++) {
        bins[l] = (float)(x[l] + x[l + WIDE]);
        bins[half * ROW + l] = (float)(x[l] - x[l + WIDE]);
        bins[l + GRM_LANES] = bins[half * ROW + l + GRM_LANES] = 0;
    }
    for (size_t k = 1; k <= half / 2; k++) {
        float low[WIDE_ROW], high[WIDE_ROW];
        split(x + fft->place[k] * (size_t)WIDE_ROW, x + fft->place[half - k] * (size_t)WIDE_ROW, fft->wide_split[2 * k],
              fft->wide_split[2 * k + 1], low, high);
        put_bin(high, bins + (half - k) * ROW);
        put_bin(low, bins + k * ROW);
    }
}

// ---- inverse ----

// The inverse of the above, times 4.
GRM_INLINE void unbutterfly(float *restrict a, float *restrict b, float *restrict c, float *restrict d,
                            const float *w) {
    const float r1 = w[0], i1 = w[1], r2 = w[2], i2 = w[3], r3 = w[4], i3 = w[5];
    for (size_t l = 0; l < GRM_LANES; l++) {
        float ar = a[l], ai = a[l + GRM_LANES];
        float br = b[l] * r1 + b[l + GRM_LANES] * i1, bi = b[l + GRM_LANES] * r1 - b[l] * i1;
        float cr = c[l] * r2 + c[l + GRM_LANES] * i2, ci = c[l + GRM_LANES] * r2 - c[l] * i2;
        float dr = d[l] * r3 + d[l + GRM_LANES] * i3, di = d[l + GRM_LANES] * r3 - d[l] * i3;
        float sr = ar + cr, si = ai + ci, tr = ar - cr, ti = ai - ci;
        float ur = br + dr, ui = bi + di, vr = bi - di, vi = dr - br;  // v = -i (b - d)
        a[l] = sr + ur;
        a[l + GRM_LANES] = si + ui;
        b[l] = tr - vr;
        b[l + GRM_LANES] = ti - vi;
        c[l] = sr - ur;
        c[l + GRM_LANES] = si - ui;
        d[l] = tr + vr;
        d[l + GRM_LANES] = ti + vi;
    }
}

GRM_INLINE void inverse_stage(float *x, size_t n, const float *w) {
    size_t quarter = n / 4 * ROW;
    for (size_t j = 0; j < n / 4; j++, x += ROW, w += 6)
        unbutterfly(x, x + quarter, x + 2 * quarter, x + 3 * quarter, w);
}

GRM_INLINE void inverse_small(const grm_lane_fft *fft, float *x, size_t top) {
    size_t count = fft->half >> (2 * top);
    for (size_t l = fft->levels; l-- > top;)
        for (size_t at = 0, n = fft->half >> (2 * l); at < count; at += n)
            inverse_stage(x + at * ROW, n, fft->twiddles[l]);
}

GRM_INLINE void unsplit(const float *restrict low, const float *restrict high, float wr, float wi, float scale,
                        float *restrict z, float *restrict y) {
    for (size_t l = 0; l < GRM_LANES; l++) {
        float ar = low[l], ai = low[l + GRM_LANES], br = high[l], bi = high[l + GRM_LANES];
        float er = scale * (ar + br), ei = scale * (ai - bi), tr = scale * (ar - br), ti = scale * (ai + bi);
        float odd_r = wr * tr + wi * ti, odd_i = wr * ti - wi * tr;
        z[l] = er - odd_i;
        z[l + GRM_LANES] = ei + odd_r;
        y[l] = er + odd_i;
        y[l + GRM_LANES] = odd_r - ei;
    }
}

GRM_INLINE void backward(const grm_lane_fft *fft, const float *restrict bins, float *restrict x) {
    size_t half = fft->half, top = large_levels(fft);
    const float scale = 0.5f / (float)half;
    for (size_t l = 0; l < GRM_LANES; l++) {
        x[l] = scale * (bins[l] + bins[half * ROW + l]);
        x[l + GRM_LANES] = scale * (bins[l] - bins[half * ROW + l]);
    }
    for (size_t k = 1; k <= half / 2; k++) {
        float z[ROW], y[ROW];
        unsplit(bins + k * ROW, bins + (half - k) * ROW, fft->split[2 * k], fft->split[2 * k + 1], scale, z, y);
        for (size_t l = 0; l < ROW; l++) x[fft->place[half - k] * (size_t)ROW + l] = y[l];
        for (size_t l = 0; l < ROW; l++) x[fft->place[k] * (size_t)ROW + l] = z[l];
    }
    for (size_t at = 0, n = half >> (2 * top); at < half; at += n) inverse_small(fft, x + at * ROW, top);
    for (size_t l = top; l-- > 0;)
        for (size_t at = 0, n = half >> (2 * l); at < half; at += n) inverse_stage(x + at * ROW, n, fft->twiddles[l]);
}

static void forward_plain(const grm_lane_fft *fft, double *x, float *bins) {
    forward(fft, x, bins);
}

static void inverse_plain(const grm_lane_fft *fft, const float *bins, float *x) {
    backward(fft, bins, x);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void forward_avx2(const grm_lane_fft *fft, double *x, float *bins) {
    forward(fft, x, bins);
}

GRM_AVX2 static void inverse_avx2(const grm_lane_fft *fft, const float *bins, float *x) {
    backward(fft, bins, x);
}
#endif

void grm_lane_fft_forward(const grm_lane_fft *fft, double *x, float *bins) {
#if GRM_HAVE_AVX2
    if (fft->avx2) {
        forward_avx2(fft, x, bins);
        return;
    }
#endif
    forward_plain(fft, x, bins);
}

void grm_lane_fft_inverse(const grm_lane_fft *fft, const float *bins, float *x) {
#if GRM_HAVE_AVX2
    if (fft->avx2) {
        inverse_avx2(fft, bins, x);
        return;
    }
#endif
    inverse_plain(fft, bins, x);
}
