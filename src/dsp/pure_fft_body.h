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

TARGET static void NAME(last_pairs)(const float *x, size_t s, float *y) {
    for (size_t q = 0; q < s; q += WIDTH) {
        VECTOR a = LOAD(x + q), b = LOAD(x + s + q);
        STORE(y + q, PLUS(a, b));
        STORE(y + s + q, MINUS(a, b));
    }
}

// With E = (Z[k] + Z*[half - k]) / 2 and O = (Z[k] - Z*[half - k]) / 2i: X[k] = E + w^k O, X[half - k] = (E - w^k O)*;
// from k = 1, as far as whole vectors go. Gives the k that is next.
TARGET static size_t NAME(split)(const float *zr, const float *zi, size_t half, const float *wr, const float *wi,
                                 float *bins) {
    const VECTOR one_half = ALL(0.5f);
    size_t k = 1;
    for (; k + WIDTH <= half / 2; k += WIDTH) {
        size_t mirror = half - k - (WIDTH - 1);
        VECTOR ar = LOAD(zr + k), ai = LOAD(zi + k), br = LOAD(zr + mirror), bi = LOAD(zi + mirror);
        br = REVERSED(br);
        bi = REVERSED(bi);
        VECTOR er = TIMES(one_half, PLUS(ar, br)), ei = TIMES(one_half, MINUS(ai, bi));
        VECTOR odd_r = TIMES(one_half, PLUS(ai, bi)), odd_i = TIMES(one_half, MINUS(br, ar));
        VECTOR w = LOAD(wr + k), v = LOAD(wi + k);
        VECTOR tr = MINUS(TIMES(w, odd_r), TIMES(v, odd_i)), ti = PLUS(TIMES(w, odd_i), TIMES(v, odd_r));
        VECTOR high_r = MINUS(er, tr), high_i = MINUS(ti, ei), low_r = PLUS(er, tr), low_i = PLUS(ei, ti);
        high_r = REVERSED(high_r);
        high_i = REVERSED(high_i);
        STORE_PAIRS(bins + 2 * k, low_r, low_i);
        STORE_PAIRS(bins + 2 * mirror, high_r, high_i);
    }
    return k;
}

#include "dsp/vector_end.h"
