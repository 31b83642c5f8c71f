// The spectrum ear: librosa's frame features and HPSS of a stream, in groups of frames that go over the pool. What must
// wait for the end (80 dB below the loudest, the tuning) waits in a tape.
#include <stdlib.h>
#include <string.h>

#include "meter/spectrum.h"

enum { MOST_BATCH = 8, HALF = GRM_SPECTRUM_SIZE / 2 };
static const size_t endless = SIZE_MAX / 8;

typedef struct spectrum {
    grm_listening listening;
    grm_spectrum_plan plan;
    grm_group ring[MOST_BATCH + 2];  // group g of the recording is ring[g % ring_size]
    size_t ring_size, batch;         // batch: groups that are worked on at once
    // samples from `start` on (a multiple of the hop, less half a frame), as they came
    float *samples;
    size_t start, count, room;
    size_t heard, crossings_until;
    size_t measured, separated;  // groups
    size_t frames;               // of the recording, when it is over
    grm_tape *records;
    grm_tuning *tunings[2];
    grm_spectrum_peaks peaks;
    double rise, magnitude, power, below_5k;  // sums over the frames
    double lasting, compared;                 // power that lasts, of the power of frames that have one to compare with
    float *last;                              // magnitudes of the last frame
    bool has_last;
    float *carry;  // [hop][overlap - 1] of the harmonic part, beyond the last group
    double harmonic_energy, rest_energy;
} spectrum;

static void spectrum_close(void *self) {
    spectrum *s = self;
    for (size_t i = 0; i < s->ring_size; i++) grm_group_close(&s->ring[i]);
    for (size_t i = 0; i < 2; i++) grm_tuning_free(s->tunings[i]);
    grm_tape_free(s->records);
    grm_lane_fft_free(s->plan.fft);
    grm_banks_free(s->plan.banks);
    free(s->plan.wide_window);
    free(s->plan.window);
    free(s->samples);
    free(s->last);
    free(s->carry);
    free(s);
}

static grm_status open_plan(spectrum *s, grm_error *err) {
    grm_spectrum_plan *p = &s->plan;
    p->rate_hz = s->listening.rate_hz;
    p->hop = s->listening.hop;
    p->overlap = GRM_SPECTRUM_SIZE / p->hop;
    p->columns = GRM_LANES + p->overlap;
    p->full = s->listening.profile->full_analysis;
    p->record = p->full ? GRM_RECORD : GRM_SHORT_RECORD;
    p->series = s->listening.series;
    p->avx2 = grm_cpu_detect().avx2_fma;
    p->wide_window = calloc(GRM_SPECTRUM_SIZE, sizeof *p->wide_window);
    p->window = grm_floats_new(GRM_SPECTRUM_SIZE);
    s->last = grm_floats_new((size_t)GRM_LASTING_FRAMES * GRM_SPECTRUM_BINS);
    s->carry = grm_floats_new(p->hop * p->overlap);
    if (!p->wide_window || !p->window || !s->last || !s->carry) return grm_fail_memory(err);
    for (size_t i = 0; i < GRM_SPECTRUM_SIZE; i++)
        p->wide_window[i] = 0.5 - 0.5 * cos(2 * GRM_PI * (double)i / GRM_SPECTRUM_SIZE);
    for (size_t i = 0; i < GRM_SPECTRUM_SIZE; i++) p->window[i] = (float)p->wide_window[i];
    grm_status status = p->full ? grm_lane_fft_new(GRM_SPECTRUM_SIZE, &p->fft, err) : GRM_OK;
    return status == GRM_OK ? grm_banks_new(p->rate_hz, p->full, &p->banks, err) : status;
}

// HPSS looks at the groups to either side too. In lightweight mode nothing does, so there are no more than keep the
// threads busy, which the caches hold.
static void choose_batch(spectrum *s, unsigned threads) {
    const size_t some = 2 * (size_t)threads;
    s->batch = !s->plan.full && some < MOST_BATCH ? some : MOST_BATCH;
    s->ring_size = s->plan.full ? s->batch + 2 : s->batch;
}

static grm_status spectrum_open(const grm_listening *listening, void **self, grm_error *err) {
    if (listening->hop < 128 || GRM_SPECTRUM_SIZE % listening->hop)
        return grm_fail(err, GRM_USAGE, "a hop of %u frames; the meter takes 128, 256, 512, 1024 or 2048",
                        listening->hop);
    spectrum *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    s->listening = *listening;
    s->peaks = (grm_spectrum_peaks){-100, -100, -100};  // amin in dB
    grm_status status = open_plan(s, err);
    choose_batch(s, grm_pool_threads(listening->run->pool));
    for (size_t i = 0; status == GRM_OK && i < s->ring_size; i++) status = grm_group_open(&s->ring[i], &s->plan, err);
    for (size_t i = s->plan.full ? 0 : 1; status == GRM_OK && i < 2; i++) status = grm_tuning_new(&s->tunings[i], err);
    if (status == GRM_OK) status = grm_tape_new(1, s->listening.rate_hz, NULL, &s->records, err);
    if (status == GRM_OK)
        *self = s;
    else
        spectrum_close(s);
    return status;
}

// ---- groups ----

// Sample i of the recording; silence before its start and after its end.
static float sample_at(const spectrum *s, ptrdiff_t i) {
    return i < 0 || (size_t)i >= s->heard ? 0 : s->samples[(size_t)i - s->start];
}

static void lay_out(const spectrum *s, grm_group *g) {
    const grm_spectrum_plan *p = &s->plan;
    ptrdiff_t first = (ptrdiff_t)(g->first * p->hop) - HALF;
    size_t needed = (p->columns - 1) * p->hop;
    if (first >= (ptrdiff_t)s->start && (size_t)first + needed <= s->heard) {
        const float *from = s->samples + ((size_t)first - s->start);
        g->plain = from;
        if (p->full) grm_transpose(from, p->hop, p->columns - 1, p->hop, g->samples, p->columns);
        return;
    }
    g->plain = g->samples;
    for (size_t c = 0; c < p->columns - 1; c++)
        for (size_t m = 0; m < p->hop; m++) {
            float *to = g->samples + (p->full ? m * p->columns + c : c * p->hop + m);
            *to = sample_at(s, first + (ptrdiff_t)(c * p->hop + m));
        }
}

// librosa pads with the edge's value: no sign changes there. What is no more than 1e-10 counts as positive.
static bool crosses(const spectrum *s, ptrdiff_t i) {
    if (i < 1 || (size_t)i >= s->heard) return false;
    return (sample_at(s, i) < -1e-10f) != (sample_at(s, i - 1) < -1e-10f);
}

static void count_crossings(const spectrum *s, grm_group *g) {
    size_t hop = s->plan.hop;
    uint32_t counts[2 * GRM_LANES + 8] = {0};
    ptrdiff_t first = (ptrdiff_t)(g->first * hop) - HALF;
    for (size_t c = 0; c < GRM_LANES + s->plan.overlap - 1; c++) {
        ptrdiff_t from = first + (ptrdiff_t)(c * hop), i = from, end = from + (ptrdiff_t)hop;
        if (i < 1) i = 1;
        if (end > (ptrdiff_t)s->heard) end = (ptrdiff_t)s->heard;
        const float *x = s->samples - s->start;
        for (; i < end; i++) counts[c] += (uint32_t)((x[i] < -1e-10f) ^ (x[i - 1] < -1e-10f));
    }
    for (size_t l = 0; l < GRM_LANES; l++) {
        size_t sum = 0;
        for (size_t k = 0; k < s->plan.overlap; k++) sum += counts[l + k];
        sum -= crosses(s, first + (ptrdiff_t)(l * hop));  // the first sample of a frame has none before it
        ((grm_frame_record *)(g->records + l * s->plan.record))->zero_crossing_rate = (float)sum / GRM_SPECTRUM_SIZE;
    }
}

static void measure_group(void *context, size_t index) {
    spectrum *s = context;
    grm_group *g = &s->ring[(s->measured + index) % s->ring_size];
    g->first = (s->measured + index) * GRM_LANES;
    g->count = s->frames - g->first < GRM_LANES ? s->frames - g->first : GRM_LANES;
    lay_out(s, g);
    grm_group_measure(g, &s->plan);
    count_crossings(s, g);
}

static void separate_group(void *context, size_t index) {
    spectrum *s = context;
    size_t at = s->separated + index;
    const grm_group *before = at > 0 ? &s->ring[(at - 1) % s->ring_size] : NULL;
    const grm_group *after = at + 1 < s->measured ? &s->ring[(at + 1) % s->ring_size] : NULL;
    grm_hpss_group(&s->ring[at % s->ring_size], before, after, s->frames, &s->plan);
}

// ---- what goes from group to group ----

// What the first frames of a group have from the last ones of the group before.
static void compare_with_last(spectrum *s, const grm_group *g) {
    const float *newest = s->last + (GRM_LASTING_FRAMES - 1) * GRM_SPECTRUM_BINS;
    float rise = 0;
    for (size_t k = 0; k < GRM_SPECTRUM_BINS; k++) rise += g->frames[k] > newest[k] ? g->frames[k] - newest[k] : 0;
    s->rise += (double)rise;
    for (size_t l = 0; l < GRM_LASTING_FRAMES && l < g->count; l++) {
        const float *now = g->frames + l * GRM_SPECTRUM_ROWS, *then = s->last + l * GRM_SPECTRUM_BINS;
        float lasting = 0;
        for (size_t k = 0; k < GRM_SPECTRUM_BINS; k++) {
            float less = now[k] < then[k] ? now[k] : then[k];
            lasting += less * less;
        }
        s->lasting += (double)lasting;
    }
}

static grm_status file_records(spectrum *s, grm_group *g, grm_error *err) {
    for (size_t l = 0; l < g->count; l++) {
        const grm_frame_record *r = (const grm_frame_record *)(g->records + l * s->plan.record);
        for (size_t i = 0; i < GRM_MELS; i++)
            if (r->mel_db[i] > s->peaks.mel_db) s->peaks.mel_db = r->mel_db[i];
        for (size_t i = 0; i < s->plan.banks->contrast_bands; i++) {
            if (r->peak_db[i] > s->peaks.peak_db) s->peaks.peak_db = r->peak_db[i];
            if (r->valley_db[i] > s->peaks.valley_db) s->peaks.valley_db = r->valley_db[i];
        }
        s->magnitude += (double)r->magnitude;
        s->power += (double)r->power;
        s->below_5k += (double)r->below_5k;
        if (l > 0) s->rise += (double)r->rise;
        s->lasting += (double)r->lasting;
        if (l >= GRM_LASTING_FRAMES || s->has_last) s->compared += (double)r->power;
    }
    if (s->has_last) compare_with_last(s, g);
    for (size_t l = 0; l < GRM_LASTING_FRAMES && g->count == GRM_LANES; l++)  // else there is no next group
        memcpy(s->last + l * GRM_SPECTRUM_BINS, g->frames + (GRM_LANES - GRM_LASTING_FRAMES + l) * GRM_SPECTRUM_ROWS,
               GRM_SPECTRUM_BINS * sizeof *s->last);
    s->has_last = true;
    grm_status status = GRM_OK;
    for (size_t i = s->plan.full ? 0 : 1; status == GRM_OK && i < 2; i++)
        status = grm_tuning_add(s->tunings[i], g->peaks[i], g->peak_count[i], err);
    const float *records[] = {g->records};
    return status == GRM_OK ? grm_tape_append(s->records, records, g->count * s->plan.record, err) : status;
}

// Sum of the squared windows over hop `hop` of the recording, sample m of it; all frames of 0..frames-1 that reach it.
static double window_power(const spectrum *s, size_t hop, size_t m) {
    double sum = 0;
    for (size_t k = 0; k < s->plan.overlap; k++)
        if (hop >= k && hop - k < s->frames) {
            double w = (double)s->plan.window[k * s->plan.hop + m];
            sum += w * w;
        }
    return sum;
}

// Hops first .. first + count of the group's harmonic part are complete: their energy, and that of the rest.
static void add_energy(spectrum *s, const grm_group *g, size_t first, size_t count, size_t length) {
    const grm_spectrum_plan *p = &s->plan;
    bool inside = g->first + first >= p->overlap && g->first + first + count + p->overlap < s->frames &&
                  (g->first + first + count) * p->hop < length + HALF;
    for (size_t m = 0; m < p->hop; m++) {
        const float *h = g->harmonic + m * p->columns + first, *y = g->samples + m * p->columns + first;
        double power = inside ? window_power(s, g->first + first, m) : 0;
        float scale = inside ? (float)(1 / power) : 0, harmonic = 0, rest = 0;
        for (size_t c = 0; c < count; c++) {
            if (!inside) {
                size_t at = (g->first + first + c) * p->hop + m;
                if (at < HALF || at - HALF >= length) continue;
                power = window_power(s, g->first + first + c, m);
                scale = power > 1e-30 ? (float)(1 / power) : 1;
            }
            float x = h[c] * scale, d = y[c] - x;
            harmonic += x * x;
            rest += d * d;
        }
        s->harmonic_energy += (double)harmonic;
        s->rest_energy += (double)rest;
    }
}

static void join(spectrum *s, grm_group *g, bool last) {
    const grm_spectrum_plan *p = &s->plan;
    size_t over = p->overlap - 1, length = s->frames == endless ? endless : s->heard;
    for (size_t m = 0; m < p->hop; m++)
        for (size_t c = 0; c < over; c++) {
            g->harmonic[m * p->columns + c] += s->carry[m * over + c];
            s->carry[m * over + c] = g->harmonic[m * p->columns + GRM_LANES + c];
        }
    if (over > GRM_LANES) return;  // not with hops of 128 and more
    add_energy(s, g, 0, GRM_LANES, length);
    if (last) add_energy(s, g, GRM_LANES, over, length);
}

static grm_status advance(spectrum *s, size_t groups, bool last, grm_error *err) {
    grm_pool *pool = s->listening.run->pool;
    grm_pool_run(pool, groups, measure_group, s);
    for (size_t i = 0; i < groups; i++) {
        grm_status status = file_records(s, &s->ring[(s->measured + i) % s->ring_size], err);
        if (status != GRM_OK) return status;
    }
    s->measured += groups;
    size_t ready = s->measured - s->separated - (last || s->measured == s->separated ? 0 : 1);
    if (!s->plan.full) {
        s->separated = s->measured;
        return GRM_OK;
    }
    grm_pool_run(pool, ready, separate_group, s);
    for (size_t i = 0; i < ready; i++) join(s, &s->ring[(s->separated + i) % s->ring_size], last && i + 1 == ready);
    s->separated += ready;
    return GRM_OK;
}

// ---- listening ----

static grm_status append(spectrum *s, const grm_block *block, grm_error *err) {
    // What the next group does not need any more goes.
    size_t first = s->measured * GRM_LANES * s->plan.hop, keep = first > HALF + 1 ? first - HALF - 1 : 0;
    if (keep > s->start) {
        memmove(s->samples, s->samples + (keep - s->start), (s->count - (keep - s->start)) * sizeof *s->samples);
        s->count -= keep - s->start;
        s->start = keep;
    }
    if (s->count + block->mono_frames > s->room) {
        size_t room = 2 * (s->count + block->mono_frames);
        float *larger = realloc(s->samples, room * sizeof *larger);
        if (!larger) return grm_fail_memory(err);
        s->samples = larger;
        s->room = room;
    }
    if (block->mono_frames) memcpy(s->samples + s->count, block->mono, block->mono_frames * sizeof *s->samples);
    s->count += block->mono_frames;
    s->heard += block->mono_frames;
    return GRM_OK;
}

static grm_status spectrum_hear(void *self, const grm_block *block, grm_error *err) {
    spectrum *s = self;
    s->frames = endless;
    grm_status status = append(s, block, err);
    while (status == GRM_OK) {
        // The last frame of group g ends half a frame behind its centre.
        size_t whole = s->heard < HALF ? 0 : ((s->heard - HALF) / s->plan.hop + 1) / GRM_LANES,
               ready = whole - s->measured;
        if (ready == 0) break;
        status = advance(s, ready < s->batch ? ready : s->batch, false, err);
    }
    return status;
}

static grm_status spectrum_finish(void *self, const grm_run *run, grm_analysis *analysis, grm_error *err) {
    spectrum *s = self;
    grm_features *f = &analysis->features;
    double chroma_tuning = 0, tuning = 0;
    s->frames = 1 + s->heard / s->plan.hop;
    size_t groups = (s->frames + GRM_LANES - 1) / GRM_LANES;
    grm_status status = advance(s, groups - s->measured, true, err);
    if (status == GRM_OK && s->plan.full) status = grm_tuning_estimate(s->tunings[0], &chroma_tuning, err);
    if (status == GRM_OK) status = grm_tuning_estimate(s->tunings[1], &tuning, err);
    if (status != GRM_OK) return status;
    f->tuning_bins = tuning;
    if (s->magnitude > 0) f->spectral_flux = s->rise / s->magnitude;
    double energy = s->harmonic_energy + s->rest_energy;
    if (s->plan.full && energy > 0) f->harmonic_ratio = s->harmonic_energy / energy;
    if (!s->plan.full && s->compared > 0)
        f->harmonic_ratio = grm_harmonic_estimate(s->below_5k / s->power, s->lasting / s->compared);
    return grm_spectrum_summary(&s->plan, s->records, s->frames, s->peaks, chroma_tuning, s->listening.series, analysis,
                                err);
}

const grm_ear grm_ear_spectrum = {"spectrum", spectrum_open, spectrum_hear, spectrum_finish, spectrum_close};
