// One group of frames: spectra, and librosa's features of each frame.
#include <stdlib.h>
#include <string.h>

#include "meter/spectrum.h"

enum {
    LANES = GRM_LANES,
    SIZE = GRM_SPECTRUM_SIZE,
    BINS = GRM_SPECTRUM_BINS,
    ROWS = GRM_SPECTRUM_ROWS,
    CHROMA_STRIP = 4,
    LASTING = GRM_LASTING_FRAMES,
};
static const float smallest_power = 1e-10f;  // librosa's amin
static const double split_hz = 5000;         // of what the harmonic ratio is estimated from

#define RECORD_ROW(field) (offsetof(grm_frame_record, field) / sizeof(float) * LANES)

grm_status grm_group_open(grm_group *g, const grm_spectrum_plan *plan, grm_error *err) {
    bool full = plan->full;
    *g = (grm_group){
        .samples = grm_floats_new(plan->hop * plan->columns),
        .wide = calloc(full ? (size_t)SIZE * GRM_WIDE_LANES : 1, sizeof *g->wide),
        .work = grm_floats_new(full ? (size_t)SIZE * LANES : 1),
        .bins = grm_floats_new(full ? (size_t)BINS * 2 * LANES : 1),
        .magnitude = grm_floats_new((size_t)ROWS * LANES),
        .frames = grm_floats_new((size_t)ROWS * LANES),
        .medians = grm_floats_new((size_t)ROWS * LANES * (full ? 2 : 1)),
        .harmonic = grm_floats_new(full ? plan->hop * plan->columns : 1),
        .records = grm_floats_new(plan->record * LANES),
        .record_rows = grm_floats_new(plan->record * LANES),
        .peaks = {calloc((size_t)LANES * GRM_MOST_PEAKS, sizeof *g->peaks[0]),
                  calloc((size_t)LANES * GRM_MOST_PEAKS, sizeof *g->peaks[1])},
    };
    bool ok = g->samples && g->wide && g->work && g->bins && g->magnitude && g->frames && g->medians && g->harmonic &&
              g->records && g->record_rows && g->peaks[0] && g->peaks[1];
    if (!ok) return grm_fail_memory(err);
    return full ? GRM_OK : grm_stft_new(GRM_WINDOW_HANN, SIZE, &g->stft, err);
}

void grm_group_close(grm_group *g) {
    grm_stft_free(g->stft);
    free(g->samples);
    free(g->wide);
    free(g->work);
    free(g->bins);
    free(g->magnitude);
    free(g->frames);
    free(g->medians);
    free(g->harmonic);
    free(g->records);
    free(g->record_rows);
    free(g->peaks[0]);
    free(g->peaks[1]);
}

// ---- spectra ----

// Frames lane .. lane + GRM_WIDE_LANES, windowed.
GRM_INLINE void window_body(const grm_group *g, const grm_spectrum_plan *plan, size_t lane, double *restrict wide) {
    for (size_t m = 0; m < plan->hop; m++)
        for (size_t k = 0; k < plan->overlap; k++) {
            const float *from = g->samples + m * plan->columns + lane + k;
            double w = plan->wide_window[k * plan->hop + m], *to = wide + (k * plan->hop + m) * GRM_WIDE_LANES;
            for (size_t l = 0; l < GRM_WIDE_LANES; l++) to[l] = w * (double)from[l];
        }
}

GRM_INLINE void magnitude_body(const float *restrict bins, float *restrict magnitude, float *restrict power) {
    for (size_t k = 0; k < BINS; k++)
        for (size_t l = 0; l < LANES; l++) {
            float re = bins[2 * k * LANES + l], im = bins[(2 * k + 1) * LANES + l];
            float squared = re * re + im * im;
            power[k * LANES + l] = squared;
            magnitude[k * LANES + l] = sqrtf(squared);
        }
}

GRM_INLINE void roots_body(const float *power, size_t count, float *magnitude) {
    for (size_t i = 0; i < count; i++) magnitude[i] = sqrtf(power[i]);
}

// Powers by bins, and magnitudes by frames.
static void transform_each(grm_group *g, const grm_spectrum_plan *plan, float *power) {
    for (size_t l = 0; l < LANES; l++) grm_stft_power(g->stft, g->plain + l * plan->hop, g->frames + l * ROWS);
    grm_transpose(g->frames, ROWS, LANES, ROWS, power, LANES);
    for (size_t l = 0; l < LANES; l++) roots_body(g->frames + l * ROWS, BINS, g->frames + l * ROWS);
}

// ---- moments ----

typedef struct moments {
    float sum[LANES], weighted[LANES], power[LANES], below[LANES], rise[LANES], lasting[LANES];
    float exponents[LANES], mantissas[LANES];
} moments;

GRM_INLINE void moments_body(const float *restrict magnitude, const float *restrict power, size_t split,
                             moments *restrict s) {
    memset(s, 0, sizeof *s);
    for (size_t k = 0; k < BINS; k++) {
        const float *x = magnitude + k * LANES, *p = power + k * LANES;
        if (k == split) memcpy(s->below, s->power, sizeof s->below);
        for (size_t l = 0; l < LANES; l++) {
            s->sum[l] += x[l];
            s->weighted[l] += (float)k * x[l];
            s->power[l] += p[l];
        }
        for (size_t l = 1; l < LANES; l++) s->rise[l] += x[l] > x[l - 1] ? x[l] - x[l - 1] : 0;
        for (size_t l = LASTING; l < LANES; l++) s->lasting[l] += p[l] < p[l - LASTING] ? p[l] : p[l - LASTING];
    }
    if (split >= BINS) memcpy(s->below, s->power, sizeof s->below);
}

// Second moment about the centroid, and the bin at which 85 % of the sum is reached.
GRM_INLINE void second_body(const float *restrict magnitude, const float *restrict centre, const float *restrict share,
                            float *restrict spread, float *restrict reached) {
    float so_far[LANES] = {0};
    for (size_t l = 0; l < LANES; l++) spread[l] = reached[l] = 0;
    for (size_t k = 0; k < BINS; k++) {
        const float *x = magnitude + k * LANES;
        for (size_t l = 0; l < LANES; l++) {
            float d = (float)k - centre[l];
            spread[l] += x[l] * d * d;
            so_far[l] += x[l];
            reached[l] += so_far[l] < share[l] ? 1.0f : 0.0f;
        }
    }
}

// Sum of the logarithms to base 2 of what is raised to 1e-10: exponents are added, mantissas multiplied.
GRM_INLINE void logarithms_body(const float *restrict power, double *restrict sum, float *restrict raised) {
    enum { PIECE = 64 };  // the product of so many mantissas stays below 2^64
    for (size_t l = 0; l < LANES; l++) sum[l] = raised[l] = 0;
    for (size_t at = 0; at < BINS; at += PIECE) {
        size_t end = at + PIECE < BINS ? at + PIECE : BINS;
        int32_t exponent[LANES] = {0};
        float product[LANES];
        for (size_t l = 0; l < LANES; l++) product[l] = 1;
        for (size_t k = at; k < end; k++)
            for (size_t l = 0; l < LANES; l++) {
                float p = power[k * LANES + l], x = p > smallest_power ? p : smallest_power, mantissa;
                int32_t bits;
                raised[l] += x;
                memcpy(&bits, &x, sizeof bits);
                exponent[l] += (bits >> 23) - 127;
                bits = (bits & 0x7fffff) | 0x3f800000;
                memcpy(&mantissa, &bits, sizeof mantissa);
                product[l] *= mantissa;
            }
        for (size_t l = 0; l < LANES; l++) sum[l] += (double)exponent[l] + log2((double)product[l]);
    }
}

// ---- bands ----

GRM_INLINE void mel_body(const grm_banks *banks, const float *restrict power, float *restrict out) {
    for (size_t m = 0; m < GRM_MELS; m++) {
        const float *w = banks->mel_weights + banks->mel_offset[m], *p = power + banks->mel_first[m] * LANES;
        float sum[LANES] = {0};
        for (size_t k = 0; k < banks->mel_count[m]; k++)
            for (size_t l = 0; l < LANES; l++) sum[l] += w[k] * p[k * LANES + l];
        memcpy(out + m * LANES, sum, sizeof sum);
    }
}

GRM_INLINE void chroma_body(const float *restrict weights, const float *restrict power, float *restrict out) {
    for (size_t r = 0; r < GRM_CHROMA_ROWS; r += CHROMA_STRIP) {
        float a[LANES] = {0}, b[LANES] = {0}, c[LANES] = {0}, d[LANES] = {0};
        for (size_t k = GRM_LOW_BINS; k < BINS; k++) {
            const float *w = weights + k * GRM_CHROMA_ROWS + r, *p = power + k * LANES;
            for (size_t l = 0; l < LANES; l++) {
                a[l] += w[0] * p[l];
                b[l] += w[1] * p[l];
                c[l] += w[2] * p[l];
                d[l] += w[3] * p[l];
            }
        }
        memcpy(out + r * LANES, a, sizeof a);
        memcpy(out + (r + 1) * LANES, b, sizeof b);
        memcpy(out + (r + 2) * LANES, c, sizeof c);
        memcpy(out + (r + 3) * LANES, d, sizeof d);
    }
}

static void contrast(const grm_spectrum_plan *plan, const float *magnitude, float *peaks, float *valleys) {
    const grm_banks *banks = plan->banks;
    for (size_t b = 0; b < banks->contrast_bands; b++)
        grm_lane_extremes(plan->avx2, magnitude + banks->contrast[b].first * LANES, banks->contrast[b].count,
                          banks->contrast[b].extreme, valleys + b * LANES, peaks + b * LANES);
}

// ---- in time ----

static void rms_each(const grm_group *g, const grm_spectrum_plan *plan, float *rms) {
    double hops[2 * LANES + 8];
    for (size_t c = 0; c < LANES + plan->overlap - 1; c++)
        hops[c] = grm_power(g->plain + c * plan->hop, plan->hop) * (double)plan->hop;
    for (size_t l = 0; l < LANES; l++) {
        double sum = 0;
        for (size_t k = 0; k < plan->overlap; k++) sum += hops[l + k];
        rms[l] = (float)sqrt(sum / SIZE);
    }
}

GRM_INLINE void rms_body(const grm_group *g, const grm_spectrum_plan *plan, float *restrict rms) {
    float hops[2 * LANES + 8] = {0};
    for (size_t m = 0; m < plan->hop; m++) {
        const float *x = g->samples + m * plan->columns;
        for (size_t c = 0; c < plan->columns; c++) hops[c] += x[c] * x[c];
    }
    for (size_t l = 0; l < LANES; l++) {
        float sum = 0;
        for (size_t k = 0; k < plan->overlap; k++) sum += hops[l + k];
        rms[l] = sqrtf(sum / SIZE);
    }
}

// ---- all of it ----

GRM_INLINE void measure_body(grm_group *g, const grm_spectrum_plan *plan) {
    float *power = g->medians, *rows = g->record_rows;
    float centre[LANES], share[LANES], spread[LANES], reached[LANES], raised[LANES];
    const float hz_a_bin = (float)(plan->rate_hz / SIZE);
    double logarithms[LANES];
    moments s;
    for (size_t lane = 0; plan->full && lane < LANES; lane += GRM_WIDE_LANES) {
        window_body(g, plan, lane, g->wide);
        grm_lane_fft_forward(plan->fft, g->wide, g->bins + lane);
    }
    if (plan->full)
        magnitude_body(g->bins, g->magnitude, power);
    else
        roots_body(power, (size_t)BINS * LANES, g->magnitude);
    moments_body(g->magnitude, power, (size_t)ceil(split_hz * SIZE / plan->rate_hz), &s);
    for (size_t l = 0; l < LANES; l++) {
        centre[l] = s.sum[l] > 0 ? s.weighted[l] / s.sum[l] : 0;
        share[l] = 0.85f * s.sum[l];
    }
    second_body(g->magnitude, centre, share, spread, reached);
    logarithms_body(power, logarithms, raised);
    mel_body(plan->banks, power, rows + RECORD_ROW(mel_db));
    if (plan->full) memcpy(rows + RECORD_ROW(low), power, sizeof(float) * GRM_LOW_BINS * LANES);
    if (plan->full) chroma_body(plan->banks->chroma_weights, power, rows + RECORD_ROW(chroma));
    contrast(plan, g->magnitude, rows + RECORD_ROW(peak_db), rows + RECORD_ROW(valley_db));
    if (plan->full && plan->series) rms_body(g, plan, rows + RECORD_ROW(rms));
    for (size_t l = 0; l < LANES; l++) {
        rows[RECORD_ROW(centroid) + l] = centre[l] * hz_a_bin;
        rows[RECORD_ROW(bandwidth) + l] = s.sum[l] > 0 ? sqrtf(spread[l] / s.sum[l]) * hz_a_bin : 0;
        rows[RECORD_ROW(rolloff) + l] = reached[l] * hz_a_bin;
        rows[RECORD_ROW(flatness) + l] = (float)(exp2(logarithms[l] / BINS) / ((double)raised[l] / BINS));
        rows[RECORD_ROW(rise) + l] = s.rise[l];
        rows[RECORD_ROW(lasting) + l] = s.lasting[l];
        rows[RECORD_ROW(magnitude) + l] = s.sum[l];
        rows[RECORD_ROW(below_5k) + l] = s.below[l];
        rows[RECORD_ROW(power) + l] = s.power[l];
    }
}

// Of bands, where what is not above `smallest` is as loud as that; of nothing -INFINITY. librosa's own logarithm, of
// whose last digit the small differences between frames are made.
static void decibels_exactly(float *x, size_t count, float smallest) {
    for (size_t i = 0; i < count; i++) x[i] = 10.0f * log10f(x[i] > smallest ? x[i] : smallest);
}

// Within 3e-6 dB.
GRM_INLINE void decibels_body(float *x, size_t count, float smallest) {
    const float a_unit = (float)(10 / M_LN10), least_normal = 1.17549435e-38f;
    for (size_t i = 0; i < count; i++) {
        float power = x[i] > smallest ? x[i] : smallest, db = a_unit * grm_logarithm(power);
        x[i] = power >= least_normal ? db : -INFINITY;
    }
}

GRM_INLINE void all_body(grm_group *g, const grm_spectrum_plan *plan) {
    const size_t mels = (size_t)GRM_MELS * LANES, extremes = (size_t)2 * GRM_CONTRAST_BANDS * LANES;
    float *mel = g->record_rows + RECORD_ROW(mel_db), *extreme = g->record_rows + RECORD_ROW(peak_db);
    measure_body(g, plan);
    if (plan->full) {
        decibels_exactly(mel, mels, 0);
        decibels_exactly(extreme, extremes, smallest_power);
    } else {
        decibels_body(mel, mels, 0);
        decibels_body(extreme, extremes, smallest_power);
    }
}

static void measure_plain(grm_group *g, const grm_spectrum_plan *plan) {
    all_body(g, plan);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void measure_avx2(grm_group *g, const grm_spectrum_plan *plan) {
    all_body(g, plan);
}
#else
#define measure_avx2 measure_plain
#endif

void grm_group_measure(grm_group *g, const grm_spectrum_plan *plan) {
    if (!plan->full) {
        transform_each(g, plan, g->medians);
        if (plan->series) rms_each(g, plan, g->record_rows + RECORD_ROW(rms));
    }
    (plan->avx2 ? measure_avx2 : measure_plain)(g, plan);
    grm_transpose(g->record_rows, LANES, plan->record, LANES, g->records, plan->record);
    if (plan->full) grm_transpose(g->magnitude, LANES, ROWS, LANES, g->frames, ROWS);
    grm_tuning_peaks(g, plan);
}
