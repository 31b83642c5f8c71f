// Whether lines that never change lie below the music: how much likelier what is left becomes when they are taken out,
// moment by moment, so that the quiet moments speak as loud as the others. Played notes come and go. What machines play
// in step makes lines too, but has them to every side, and between its strokes nothing is left of them.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "meter/hum.h"

// PADDED: bins 0.005 Hz apart. SIDE: bins to either side of 0 Hz that are looked at. STEPS: of 0.002 Hz, by which the
// mains may be off. SMOOTH, WIDE_SMOOTH: points (0.25 s and 0.06 s) of a moment's power. CANDIDATES: the strongest
// lines to be tried out.
enum {
    PADDED = 4096,
    SIDE = 920,
    BINS = 2 * SIDE + 1,
    STEPS = 100,
    SMOOTH = 5,
    WIDE_SMOOTH = 3,
    PARTS = 6,
    CANDIDATES = 40
};
static const double bin_hz = (double)GRM_HUM_RATE / PADDED, step_hz = 0.002;
static const double beside_hz = 0.4, shift_hz = 0.02;
static const float outstanding = 5;  // of a spectral line over the mean around it: worth trying
// Of a line's amplitude in moments of 0.25 s, what is left of it in moments of 0.06 s, in dB: from where a line counts
// to where it counts as a whole. Hum keeps its amplitude within 1 dB, strokes lose 6 to 40 dB.
static const double kept_from_db = -5, kept_whole_db = -2;
static const double worth_comparing = 15;  // a gain below this is no hum, whatever is beside it
static const float least = 1e-3f;          // of the median power: what no moment is quieter than

struct grm_hum_scale {
    grm_fft *fft;
    bool avx2;
    float padded[PADDED], weight[GRM_HUM_CHAPTER], base[GRM_HUM_WIDE_CHAPTER], rest[GRM_HUM_WIDE_CHAPTER];
    float bases[GRM_HUM_LINES][GRM_HUM_CHAPTER], floors[GRM_HUM_LINES];  // the power of moments, by harmonic
    float power[GRM_HUM_WIDE_CHAPTER], re[GRM_HUM_WIDE_CHAPTER], im[GRM_HUM_WIDE_CHAPTER];
    grm_complex bins[2][PADDED / 2 + 1];
    float spectrum[BINS], sorted[GRM_HUM_WIDE_CHAPTER];
    // By harmonic and bin: whether a line stands there, what it would gain if it were steady, its power; and what is
    // gained about it, and by the line of which bin.
    bool stands[GRM_HUM_LINES][BINS];
    float own[GRM_HUM_LINES][BINS], line[GRM_HUM_LINES][BINS], gain[GRM_HUM_LINES][BINS];
    size_t at[GRM_HUM_LINES][BINS];
};

grm_status grm_hum_scale_new(grm_hum_scale **out, grm_error *err) {
    *out = NULL;
    grm_hum_scale *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    s->avx2 = grm_cpu_detect().avx2_fma;
    grm_status status = grm_fft_new(PADDED, &s->fft, err);
    if (status == GRM_OK)
        *out = s;
    else
        free(s);
    return status;
}

void grm_hum_scale_free(grm_hum_scale *s) {
    if (!s) return;
    grm_fft_free(s->fft);
    free(s);
}

// The figure at a place of the sorted order (Hoare's Find); x is left half sorted.
static float find_rank(float *x, ptrdiff_t count, ptrdiff_t place) {
    ptrdiff_t low = 0, high = count - 1;
    while (low < high) {
        float pivot = x[place];
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (pivot < x[j]) j--;
            if (i > j) break;
            float swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        }
        if (j < place) low = i;
        if (place < i) high = j;
    }
    return x[place];
}

static float median_of(grm_hum_scale *s, const float *x, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i += 3) s->sorted[kept++] = x[i];  // neighbours are alike
    return find_rank(s->sorted, (ptrdiff_t)kept, (ptrdiff_t)kept / 2);
}

// The power of moments, never less than `floor`. Width is one of two, so that there is a loop for each.
GRM_INLINE void smooth_by(const float *power, size_t count, size_t width, float floor, float *out) {
    size_t half = width / 2;
    for (size_t i = 0; i < count; i++) {
        if (i == half && count > width) {
            for (; i + half < count; i++) {
                float sum = 0;
                for (size_t k = 0; k < width; k++) sum += power[i - half + k];
                out[i] = sum / (float)width + floor;
            }
        }
        float sum = 0;
        for (size_t k = i < half ? 0 : i - half; k <= i + half && k < count; k++) sum += power[k];
        out[i] = sum / (float)width + floor;
    }
}

GRM_INLINE void smooth(const float *power, size_t count, size_t width, float floor, float *out) {
    if (width == SMOOTH)
        smooth_by(power, count, SMOOTH, floor, out);
    else
        smooth_by(power, count, WIDE_SMOOTH, floor, out);
}

static void powers(const float *re, const float *im, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = re[i] * re[i] + im[i] * im[i];
}

// The spectrum of a line's surroundings, each moment by the inverse of its power: two real transforms make the one.
static void take_spectrum(grm_hum_scale *s, const grm_hum_line *line, size_t count) {
    for (int part = 0; part < 2; part++) {
        const float *x = part ? line->im : line->re;
        for (size_t i = 0; i < count; i++) s->padded[i] = x[i] * s->weight[i];
        memset(s->padded + count, 0, (PADDED - count) * sizeof *s->padded);
        grm_fft_forward(s->fft, s->padded, s->bins[part]);
    }
    for (size_t k = 0; k <= SIDE; k++) {
        grm_complex a = s->bins[0][k], b = s->bins[1][k];
        float above_re = a.re - b.im, above_im = a.im + b.re, below_re = a.re + b.im, below_im = b.re - a.im;
        s->spectrum[SIDE + k] = above_re * above_re + above_im * above_im;
        s->spectrum[SIDE - k] = below_re * below_re + below_im * below_im;
    }
}

// A line at `hz` brought down to 0 Hz. Four turns at a time, each from the one four before.
GRM_INLINE void turn_back(grm_hum_scale *s, const float *from_re, const float *from_im, size_t count, double hz,
                          double rate) {
    double turn = -2 * GRM_PI * hz / rate, c = cos(4 * turn), d = sin(4 * turn), x[4], y[4];
    for (int l = 0; l < 4; l++) x[l] = cos(l * turn), y[l] = sin(l * turn);
    for (size_t i = 0; i < count; i += 4)
        for (size_t l = 0; l < 4; l++) {
            float re = (float)x[l], im = (float)y[l];
            s->re[i + l] = from_re[i + l] * re - from_im[i + l] * im;
            s->im[i + l] = from_re[i + l] * im + from_im[i + l] * re;
            double next = x[l] * c - y[l] * d;
            y[l] = x[l] * d + y[l] * c;
            x[l] = next;
        }
}

GRM_INLINE void without(grm_hum_scale *s, size_t count, float re, float im) {
    for (size_t i = 0; i < count; i++) {
        float a = s->re[i] - re, b = s->im[i] - im;
        s->power[i] = a * a + b * b;
    }
}

// The steady line by least squares, the quiet moments (of what is left) heaviest. Its power. Eight sums side by side.
GRM_INLINE float fit(grm_hum_scale *s, size_t count, size_t width, float floor) {
    enum { LANES = 8 };
    float re = 0, im = 0;
    memcpy(s->rest, s->base, count * sizeof *s->rest);
    for (int turn = 0; turn < 3; turn++) {
        float sum_re[LANES] = {0}, sum_im[LANES] = {0}, weights[LANES] = {0};
        for (size_t i = 0; i + LANES <= count; i += LANES)
            for (size_t l = 0; l < LANES; l++) {
                float w = 1 / s->rest[i + l];
                sum_re[l] += w * s->re[i + l];
                sum_im[l] += w * s->im[i + l];
                weights[l] += w;
            }
        for (size_t l = 1; l < LANES; l++) sum_re[0] += sum_re[l], sum_im[0] += sum_im[l], weights[0] += weights[l];
        re = sum_re[0] / weights[0];
        im = sum_im[0] / weights[0];
        without(s, count, re, im);
        smooth(s->power, count, width, floor, s->rest);
    }
    return re * re + im * im;
}

// Gain of log likelihood over all of the time, the sixth that speaks loudest left out.
GRM_INLINE float gained(const grm_hum_scale *s, size_t count) {
    double sum = 0, most = 0;
    for (size_t part = 0; part < PARTS; part++) {
        size_t from = count * part / PARTS, to = count * (part + 1) / PARTS;
        double gain = 0, product = 1;
        for (size_t i = from; i < to; i++) {
            product *= (double)s->base[i] / (double)s->rest[i];
            if ((i - from) % 8 < 7 && i + 1 < to) continue;
            gain += log(product);
            product = 1;
        }
        sum += gain;
        most = fmax(most, gain);
    }
    return (float)fmax(0, sum - most);
}

static bool stands(const grm_hum_scale *s, size_t k, float limit) {
    return s->spectrum[k] > limit && s->spectrum[k] > s->spectrum[k - 1] && s->spectrum[k] >= s->spectrum[k + 1];
}

// So that as many stand as can be tried out. Those where the hum would be are always tried.
static float limit_of(grm_hum_scale *s) {
    float limit = outstanding * median_of(s, s->spectrum, BINS) / (float)M_LN2;
    size_t count = 0;
    for (size_t k = 1; k + 1 < BINS; k++)
        if (stands(s, k, limit)) s->sorted[count++] = s->spectrum[k];
    if (count <= CANDIDATES) return limit;
    return find_rank(s->sorted, (ptrdiff_t)count, (ptrdiff_t)count - CANDIDATES - 1);
}

static double hz_of(size_t bin) {
    return ((double)bin - SIDE) * bin_hz;
}

// Which lines around a harmonic stand out.
static void look(grm_hum_scale *s, const grm_hum_line *line, size_t harmonic, size_t count) {
    float *base = s->bases[harmonic];
    powers(line->re, line->im, count, s->power);
    float floor = s->floors[harmonic] = least * median_of(s, s->power, count) + 1e-14f;
    smooth(s->power, count, SMOOTH, floor, base);
    for (size_t i = 0; i < count; i++) s->weight[i] = 1 / base[i];
    take_spectrum(s, line, count);
    float limit = limit_of(s);
    for (size_t k = 1; k + 1 < BINS; k++) s->stands[harmonic][k] = stands(s, k, limit);
    memset(s->own[harmonic], 0, sizeof s->own[0]);
}

// A line counts for the bins around it too, as far as the resolution goes.
static void spread(grm_hum_scale *s, size_t harmonic, size_t reach) {
    const float *own = s->own[harmonic];
    float *gain = s->gain[harmonic];
    memset(gain, 0, sizeof s->gain[0]);
    for (size_t k = 0; k < BINS; k++) {
        if (own[k] <= 0) continue;
        for (size_t i = k < reach ? 0 : k - reach; i <= k + reach && i < BINS; i++)
            if (own[k] > gain[i]) gain[i] = own[k], s->at[harmonic][i] = k;
    }
}

// What the line of a bin would gain if it were steady.
GRM_INLINE void try_line(grm_hum_scale *s, const grm_hum_line *line, size_t harmonic, size_t count, size_t bin) {
    turn_back(s, line->re, line->im, count, hz_of(bin), GRM_HUM_RATE);
    s->line[harmonic][bin] = fit(s, count, SMOOTH, s->floors[harmonic]);
    s->own[harmonic][bin] = gained(s, count);
}

static void try_line_plain(grm_hum_scale *s, const grm_hum_line *line, size_t harmonic, size_t count, size_t bin) {
    try_line(s, line, harmonic, count, bin);
}
#if GRM_HAVE_AVX2
GRM_AVX2 static void try_line_avx2(grm_hum_scale *s, const grm_hum_line *line, size_t harmonic, size_t count,
                                   size_t bin) {
    try_line(s, line, harmonic, count, bin);
}
#else
#define try_line_avx2 try_line_plain
#endif

// Tries those lines that stand where a hum may have this harmonic, or those beside.
static void try_lines(grm_hum_scale *s, const grm_hum_line *line, size_t harmonic, size_t count, bool beside) {
    size_t reach = (size_t)((double)(harmonic + 1) * STEPS * step_hz / bin_hz) + 1;
    memcpy(s->base, s->bases[harmonic], count * sizeof *s->base);
    for (size_t k = 1; k + 1 < BINS; k++) {
        bool within = k + reach >= SIDE && k <= SIDE + reach;
        if (!s->stands[harmonic][k] || within == beside) continue;
        (s->avx2 ? try_line_avx2 : try_line_plain)(s, line, harmonic, count, k);
    }
    spread(s, harmonic, (size_t)lround((double)PADDED / (double)count));
}

// The bin of a harmonic where the comb is shifted by `shift` and the mains are off by a step of -STEPS .. STEPS. Even
// the last harmonic of the last shift stays within BINS.
static size_t bin_of(double shift, int step, size_t harmonic) {
    float each = (float)((double)(harmonic + 1) * step_hz / bin_hz), middle = (float)(shift / bin_hz) + SIDE + 0.5f;
    return (size_t)(int)(middle + (float)step * each);
}

// Several harmonics together; one alone says nothing, since synthesisers hold tones too.
static float together(float sum, float most) {
    return fminf(sum, 3 * (sum - most));
}

// The most that a comb of that shift gains, and the step at which it does.
static double best_comb(const grm_hum_scale *s, double shift, int *at) {
    enum { ALL = 2 * STEPS + 1 };
    float sum[ALL] = {0}, most[ALL] = {0}, best = 0;
    for (size_t n = 0; n < GRM_HUM_LINES; n++) {
        const float *gain = s->gain[n];
        for (int i = 0; i < ALL; i++) {
            float g = gain[bin_of(shift, i - STEPS, n)];
            sum[i] += g;
            most[i] = g > most[i] ? g : most[i];
        }
    }
    *at = 0;
    for (int i = 0; i < ALL; i++) {
        float gain = together(sum[i], most[i]);
        if (gain > best) best = gain, *at = i - STEPS;
    }
    return (double)best;
}

// How much of the line is there between the strokes too, 0 to 1.
static double kept(grm_hum_scale *s, const grm_hum_line *line, size_t wide, size_t harmonic, size_t bin) {
    turn_back(s, line->wide_re, line->wide_im, wide, hz_of(bin), GRM_HUM_WIDE_RATE);
    powers(s->re, s->im, wide, s->power);
    float floor = least * median_of(s, s->power, wide) + 1e-14f;
    smooth(s->power, wide, WIDE_SMOOTH, floor, s->base);
    double db = 10 * log10((double)fit(s, wide, WIDE_SMOOTH, floor) / (double)s->line[harmonic][bin] + 1e-9);
    return fmin(1, fmax(0, (db - kept_from_db) / (kept_whole_db - kept_from_db)));
}

// The comb of the hum itself, of which only what is kept counts.
static void weigh_hum(grm_hum_scale *s, const grm_hum_line *lines, size_t wide, grm_hum_evidence *out) {
    float sum = 0, most = 0;
    int step;
    best_comb(s, 0, &step);
    out->power = 0;
    for (size_t n = 0; n < GRM_HUM_LINES; n++) {
        size_t bin = bin_of(0, step, n);
        if (s->gain[n][bin] <= 0) continue;
        size_t at = s->at[n][bin];
        double share = kept(s, &lines[n], wide, n, at);
        float gain = (float)share * s->gain[n][bin];
        sum += gain;
        most = fmaxf(most, gain);
        out->power += share * (double)s->line[n][at];
    }
    out->gain[0] = (double)together(sum, most);
}

bool grm_hum_weigh(grm_hum_scale *s, const grm_hum_line *lines, size_t count, size_t wide, grm_hum_evidence *out) {
    int unused;
    for (size_t n = 0; n < GRM_HUM_LINES; n++) {
        look(s, &lines[n], n, count);
        try_lines(s, &lines[n], n, count, false);
    }
    if (best_comb(s, 0, &unused) < worth_comparing) return false;
    for (size_t n = 0; n < GRM_HUM_LINES; n++) try_lines(s, &lines[n], n, count, true);
    weigh_hum(s, lines, wide, out);
    for (size_t i = 1; i < GRM_HUM_SHIFTS; i++) {
        double shift = beside_hz + shift_hz * (double)((i - 1) / 2);
        out->gain[i] = best_comb(s, i % 2 ? shift : -shift, &unused);
    }
    return true;
}
