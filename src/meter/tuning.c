// librosa.estimate_tuning: peaks of spectra, and where most of them lie between the semitones.
#include <stdlib.h>
#include <string.h>

#include "meter/spectrum.h"

enum { STEPS = 100, BLOCK = 4096, DIGITS = 11 };
static const double lowest_hz = 150, highest_hz = 4000;
static const float quietest = 0.1f;  // of the frame's largest bin

// core.piptrack and the residual of core.pitch_tuning, in float32 where librosa has it.
static float deviation_bin(float hz) {
    float residual = 12.0f * log2f(hz / 27.5f);
    residual -= floorf(residual);
    if (residual >= 0.5f) residual -= 1.0f;
    int bin = (int)floor(((double)residual + 0.5) * STEPS);
    if (bin > 0 && (double)residual < -0.5 + (double)bin / STEPS) bin--;
    if (bin < STEPS - 1 && (double)residual >= -0.5 + (double)(bin + 1) / STEPS) bin++;
    return (float)bin;
}

static void add_peak(grm_group *group, size_t which, float before, float x, float after, double hz_a_bin, size_t k) {
    float a = after + before - 2 * x, b = (after - before) / 2, shift = fabsf(b) >= fabsf(a) ? 0 : -b / a;
    if (group->peak_count[which] == (size_t)GRM_LANES * GRM_MOST_PEAKS) return;
    group->peaks[which][group->peak_count[which]++] =
        (grm_pitch_peak){x + 0.5f * b * shift, deviation_bin((float)(((double)k + (double)shift) * hz_a_bin))};
}

void grm_tuning_peaks(grm_group *group, const grm_spectrum_plan *plan) {
    const double hz_a_bin = plan->rate_hz / GRM_SPECTRUM_SIZE;
    size_t first = (size_t)ceil(lowest_hz / hz_a_bin),
           last = (size_t)ceil(fmin(highest_hz, plan->rate_hz / 2) / hz_a_bin);
    if (last > GRM_SPECTRUM_BINS - 1) last = GRM_SPECTRUM_BINS - 1;
    if (first < 1) first = 1;
    group->peak_count[0] = group->peak_count[1] = 0;
    for (size_t lane = 0; lane < group->count; lane++) {
        const float *row = group->frames + lane * GRM_SPECTRUM_ROWS;
        float most = grm_peak(row, GRM_SPECTRUM_BINS), loud = quietest * most, loud_power = quietest * most * most;
        for (size_t k = first; k < last; k++) {
            float x = row[k], before = row[k - 1], after = row[k + 1];
            // What is below the threshold counts as nothing: both neighbours only matter when they are larger.
            if (!(x > loud && x > before && x >= after)) continue;
            add_peak(group, 1, before, x, after, hz_a_bin, k);
            if (plan->full && x * x > loud_power)
                add_peak(group, 0, before * before, x * x, after * after, hz_a_bin, k);
        }
    }
}

// ---- all peaks of a recording ----

struct grm_tuning {
    grm_tape *tape;  // magnitudes, bins
};

grm_status grm_tuning_new(grm_tuning **out, grm_error *err) {
    grm_tuning *tuning = *out = calloc(1, sizeof *tuning);
    if (!tuning) return grm_fail_memory(err);
    grm_status status = grm_tape_new(2, 1, NULL, &tuning->tape, err);
    if (status == GRM_OK) return GRM_OK;
    free(tuning);
    *out = NULL;
    return status;
}

void grm_tuning_free(grm_tuning *tuning) {
    if (!tuning) return;
    grm_tape_free(tuning->tape);
    free(tuning);
}

grm_status grm_tuning_add(grm_tuning *tuning, const grm_pitch_peak *peaks, size_t count, grm_error *err) {
    float magnitudes[256], bins[256];
    const float *planes[] = {magnitudes, bins};
    for (size_t done = 0; done < count;) {
        size_t n = count - done < GRM_COUNT(bins) ? count - done : GRM_COUNT(bins);
        for (size_t i = 0; i < n; i++) {
            magnitudes[i] = peaks[done + i].magnitude;
            bins[i] = peaks[done + i].bin;
        }
        grm_status status = grm_tape_append(tuning->tape, planes, n, err);
        if (status != GRM_OK) return status;
        done += n;
    }
    return GRM_OK;
}

// Positive floats have the order of their bits.
static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

typedef struct scan {
    uint32_t known, known_bits;  // the upper digits that a value must have to be counted
    unsigned shift;              // of the digit that is counted
    size_t counts[1 << DIGITS];
    float threshold;
    size_t histogram[STEPS];
} scan;

static void count_digits(scan *s, const float *magnitudes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bits_of(magnitudes[i]);
        if ((bits & s->known_bits) == s->known) s->counts[bits >> s->shift & ((1u << DIGITS) - 1)]++;
    }
}

static void count_deviations(scan *s, const float *magnitudes, const float *bins, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (magnitudes[i] >= s->threshold) s->histogram[(size_t)bins[i]]++;
}

static grm_status read_through(const grm_tuning *tuning, scan *s, bool deviations, grm_error *err) {
    float magnitudes[BLOCK], bins[BLOCK], *planes[] = {magnitudes, bins};
    for (size_t at = 0, all = grm_tape_frames(tuning->tape); at < all; at += BLOCK) {
        size_t n = all - at < BLOCK ? all - at : BLOCK;
        grm_status status = grm_tape_read(tuning->tape, at, n, planes, err);
        if (status != GRM_OK) return status;
        if (deviations)
            count_deviations(s, magnitudes, bins, n);
        else
            count_digits(s, magnitudes, n);
    }
    return GRM_OK;
}

// The value of a rank, digit by digit.
static grm_status value_of_rank(const grm_tuning *tuning, scan *s, size_t rank, float *value, grm_error *err) {
    static const unsigned shifts[] = {21, 10, 0};
    s->known = s->known_bits = 0;
    for (size_t i = 0; i < GRM_COUNT(shifts); i++) {
        uint32_t digit = 0, mask = i < 2 ? (1u << DIGITS) - 1 : (1u << 10) - 1;
        s->shift = shifts[i];
        memset(s->counts, 0, sizeof s->counts);
        grm_status status = read_through(tuning, s, false, err);
        if (status != GRM_OK) return status;
        if (i == 2)  // 10 bits are left; the digit's highest is known
            for (uint32_t d = 0; d < 1u << 10; d++) s->counts[d] += s->counts[d | 1u << 10];
        while (digit < mask && rank >= s->counts[digit]) rank -= s->counts[digit++];
        s->known |= digit << s->shift;
        s->known_bits |= mask << s->shift;
    }
    memcpy(value, &s->known, sizeof *value);
    return GRM_OK;
}

grm_status grm_tuning_estimate(const grm_tuning *tuning, double *out, grm_error *err) {
    size_t all = grm_tape_frames(tuning->tape), best = 0;
    *out = 0;
    if (all == 0) return GRM_OK;
    scan *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    float low, high;
    grm_status status = value_of_rank(tuning, s, (all - 1) / 2, &low, err);
    if (status == GRM_OK) status = value_of_rank(tuning, s, all / 2, &high, err);
    if (status == GRM_OK) {
        s->threshold = (low + high) / 2;
        status = read_through(tuning, s, true, err);
    }
    for (size_t i = 1; i < STEPS; i++)
        if (s->histogram[i] > s->histogram[best]) best = i;
    *out = -0.5 + (double)best / STEPS;
    free(s);
    return status;
}
