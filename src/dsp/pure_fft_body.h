// The steps of the transform for one kind of vector (vector_plain.h, vector_avx2.h); included once for each.

// y0 = a + b + c + d, y1 = (a - ib - c + id) w, y2 = (a - b + c - d) w^2, y3 = (a + ib - c - id) w^3; `w`: re and im of
// the three.
TARGET GRM_INLINE void NAME(point)(const float *re, const float *im, size_t quarter, const VECTOR w[6], VECTOR yr[4],
                                   VECTOR yi[4]) {
    VECTOR ar = LOAD(re), br = LOAD(re + quarter), cr = LOAD(re + 2 * quarter), dr = LOAD(re + 3 * quarter);
    VECTOR ai = LOAD(im), bi = LOAD(im + quarter), ci = LOAD(im + 2 * quarter), di = LOAD(im + 3 * quarter);
    VECTOR sr = PLUS(ar, cr), si = PLUS(ai, ci), tr = MINUS(ar, cr), ti = MINUS(ai, ci);
    VECTOR ur = PLUS(br, dr), ui = PLUS(bi, di), vr = MINUS(bi, di), vi = MINUS(dr, br);
    VECTOR r[3] = {PLUS(tr, vr), MINUS(sr, ur), MINUS(tr, vr)}, i[3] = {PLUS(ti, vi), MINUS(si, ui), MINUS(ti, vi)};
    yr[0] = PLUS(sr, ur);
    yi[0] = PLUS(si, ui);
    for (size_t k = 0; k < 3; k++) {
        yr[k + 1] = MINUS(TIMES(r[k], w[2 * k]), TIMES(i[k], w[2 * k + 1]));
        yi[k + 1] = PLUS(TIMES(r[k], w[2 * k + 1]), TIMES(i[k], w[2 * k]));
    }
}

// Even samples and odd ones apart, as far as whole vectors go: the first is next.
TARGET static size_t NAME(part)(const float *x, size_t half, float *re, float *im) {
    size_t i = 0;
    for (; i + WIDTH <= half; i += WIDTH) {
        VECTOR even, odd;
        LOAD_PAIRS(x + 2 * i, even, odd);
        STORE(re + i, even);
        STORE(im + i, odd);
    }
    return i;
}

// w: [2][half], the window of even samples and that of odd ones
TARGET static size_t NAME(part_windowed)(const float *x, const float *w, size_t half, float *re, float *im) {
    size_t i = 0;
    for (; i + WIDTH <= half; i += WIDTH) {
        VECTOR even, odd;
        LOAD_PAIRS(x + 2 * i, even, odd);
        STORE(re + i, TIMES(even, LOAD(w + i)));
        STORE(im + i, TIMES(odd, LOAD(w + half + i)));
    }
    return i;
}

// Neighbours are points of one transform; the results of each lie beside each other.
TARGET static void NAME(first_step)(const float *re, const float *im, size_t n, const float *w, float *yr, float *yi) {
    size_t quarter = n / 4;
    for (size_t p = 0; p < quarter; p += WIDTH) {
        VECTOR turn[6], r[4], i[4];
        for (size_t k = 0; k < 6; k++) turn[k] = LOAD(w + k * quarter + p);
        NAME(point)(re + p, im + p, quarter, turn, r, i);
        STORE_FOURS(yr + 4 * p, r[0], r[1], r[2], r[3]);
        STORE_FOURS(yi + 4 * p, i[0], i[1], i[2], i[3]);
    }
}

// Neighbours are `s` transforms of n points, interleaved.
TARGET static void NAME(later_step)(const float *re, const float *im, size_t n, size_t s, const float *w, float *yr,
                                    float *yi) {
    size_t quarter = n / 4;
    for (size_t p = 0; p < quarter; p++) {
        VECTOR turn[6];
        for (size_t k = 0; k < 6; k++) turn[k] = ALL(w[k * quarter + p]);
        for (size_t q = 0; q < s; q += WIDTH) {
            VECTOR r[4], i[4];
            NAME(point)(re + s * p + q, im + s * p + q, s * quarter, turn, r, i);
            for (size_t k = 0; k < 4; k++) STORE(yr + 4 * s * p + k * s + q, r[k]);
            for (size_t k = 0; k < 4; k++) STORE(yi + 4 * s * p + k * s + q, i[k]);
        }
    }
}

// later_step of eight points, and the pairs that are left behind it.
TARGET static void NAME(last_eights)(const float *re, const float *im, size_t s, const float *w, float *yr, float *yi) {
    for (size_t q = 0; q < s; q += WIDTH) {
        VECTOR turn[6], r[2][4], i[2][4];
        for (size_t p = 0; p < 2; p++) {
            for (size_t k = 0; k < 6; k++) turn[k] = ALL(w[2 * k + p]);
            NAME(point)(re + s * p + q, im + s * p + q, 2 * s, turn, r[p], i[p]);
        }
        for (size_t k = 0; k < 4; k++) {
            STORE(yr + k * s + q, PLUS(r[0][k], r[1][k]));
            STORE(yi + k * s + q, PLUS(i[0][k], i[1][k]));
            STORE(yr + (4 + k) * s + q, MINUS(r[0][k], r[1][k]));
            STORE(yi + (4 + k) * s + q, MINUS(i[0][k], i[1][k]));
        }
    }
}

TARGET static void NAME(last_pairs)(const float *x, size_t s, float *y) {
    for (size_t q = 0; q < s; q += WIDTH) {
        VECTOR a = LOAD(x + q), b = LOAD(x + s + q);
        STORE(y + q, PLUS(a, b));
        STORE(y + s + q, MINUS(a, b));
    }
}

// With E = (Z[k] + Z*[half - k]) / 2 and O = (Z[k] - Z*[half - k]) / 2i: X[k] = E + w^k O, X[half - k] = (E - w^k O)*.
// The bins from k and those from `mirror` on, these from the last to the first.
TARGET GRM_INLINE void NAME(turn)(const float *zr, const float *zi, size_t k, size_t mirror, const float *wr,
                                  const float *wi, VECTOR low[2], VECTOR high[2]) {
    const VECTOR one_half = ALL(0.5f);
    VECTOR ar = LOAD(zr + k), ai = LOAD(zi + k), br = LOAD(zr + mirror), bi = LOAD(zi + mirror);
    br = REVERSED(br);
    bi = REVERSED(bi);
    VECTOR er = TIMES(one_half, PLUS(ar, br)), ei = TIMES(one_half, MINUS(ai, bi));
    VECTOR odd_r = TIMES(one_half, PLUS(ai, bi)), odd_i = TIMES(one_half, MINUS(br, ar));
    VECTOR w = LOAD(wr + k), v = LOAD(wi + k);
    VECTOR tr = MINUS(TIMES(w, odd_r), TIMES(v, odd_i)), ti = PLUS(TIMES(w, odd_i), TIMES(v, odd_r));
    high[0] = MINUS(er, tr), high[1] = MINUS(ti, ei), low[0] = PLUS(er, tr), low[1] = PLUS(ei, ti);
}

// From k = 1, as far as whole vectors go. Gives the k that is next.
TARGET static size_t NAME(split)(const float *zr, const float *zi, size_t half, const float *wr, const float *wi,
                                 float *bins) {
    size_t k = 1;
    for (; k + WIDTH <= half / 2; k += WIDTH) {
        size_t mirror = half - k - (WIDTH - 1);
        VECTOR below[2], above[2];
        NAME(turn)(zr, zi, k, mirror, wr, wi, below, above);
        above[0] = REVERSED(above[0]);
        above[1] = REVERSED(above[1]);
        STORE_PAIRS(bins + 2 * k, below[0], below[1]);
        STORE_PAIRS(bins + 2 * mirror, above[0], above[1]);
    }
    return k;
}

TARGET static size_t NAME(split_power)(const float *zr, const float *zi, size_t half, const float *wr, const float *wi,
                                       float *power) {
    size_t k = 1;
    for (; k + WIDTH <= half / 2; k += WIDTH) {
        size_t mirror = half - k - (WIDTH - 1);
        VECTOR below[2], above[2];
        NAME(turn)(zr, zi, k, mirror, wr, wi, below, above);
        VECTOR squared = PLUS(TIMES(above[0], above[0]), TIMES(above[1], above[1]));
        squared = REVERSED(squared);
        STORE(power + k, PLUS(TIMES(below[0], below[0]), TIMES(below[1], below[1])));
        STORE(power + mirror, squared);
    }
    return k;
}

#include "dsp/vector_end.h"
