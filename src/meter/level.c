// Loudness, peaks, faults of the samples, and the two channels against each other.
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "meter/level_channel.h"
#include "meter/meter.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

enum { MOST_PAIRS = 4, FLOOR_STEPS = 1300, SLOTS_A_SECOND = 20, MOMENTARY = 4, SHORT_TERM = 30 };  // tenths
static const double floor_share = 0.05, floor_lowest_db = -120;

// Channels of one weight share a meter: K-weighting works on two at once.
typedef struct pair {
    unsigned a, b;  // the same: one channel
    double weight;
    grm_loudness *loudness;
} pair;

typedef struct level {
    grm_listening listening;
    grm_peak_meter meter;
    size_t frames, tenth;
    grm_level_channel channels[GRM_MAX_CHANNELS];
    pair pairs[MOST_PAIRS];
    size_t pair_count;
    double cross;                      // sum of left times right
    size_t slot, slot_filled, slots;   // 50 ms
    double slot_power;                 // of all channels
    size_t floor_counts[FLOOR_STEPS];  // slots by tenths of a dB over floor_lowest_db
    const grm_block *block;            // the one that is being heard
    grm_status status[MOST_PAIRS + GRM_MAX_CHANNELS + 1];
} level;

// Weights of ITU-R BS.1770-5 annex 1 and 3 for the order of channels that WAV has: L R C LFE, then the surrounds. 1.41
// stands for what comes from the sides (60 to 120 degrees), 0 for the low-frequency effects.
static const double weights[GRM_MAX_CHANNELS][GRM_MAX_CHANNELS] = {
    {1},
    {1, 1},
    {1, 1, 1},
    {1, 1, 1.41, 1.41},
    {1, 1, 1, 1.41, 1.41},
    {1, 1, 1, 0, 1.41, 1.41},
    {1, 1, 1, 0, 1, 1.41, 1.41},
    {1, 1, 1, 0, 1, 1, 1.41, 1.41},
};

static grm_status open_pairs(level *l, grm_error *err) {
    unsigned channels = l->listening.channels;
    const double *w = weights[channels - 1];
    for (unsigned a = 0; a < channels; a++) {
        if (w[a] == 0) continue;
        unsigned b = a + 1 < channels && w[a + 1] == w[a] ? a + 1 : a;
        pair *p = &l->pairs[l->pair_count];
        *p = (pair){.a = a, .b = b, .weight = w[a]};
        grm_status status = grm_loudness_new(l->listening.file_rate_hz, &p->loudness, err);
        if (status != GRM_OK) return status;
        l->pair_count++;
        a = b;
    }
    return GRM_OK;
}

static void level_close(void *self) {
    level *l = self;
    for (size_t i = 0; i < l->pair_count; i++) grm_loudness_free(l->pairs[i].loudness);
    for (unsigned c = 0; c < l->listening.channels; c++) grm_level_channel_free(&l->channels[c]);
    free(l);
}

static grm_status level_open(const grm_listening *listening, void **self, grm_error *err) {
    level *l = calloc(1, sizeof *l);
    if (!l) return grm_fail_memory(err);
    l->listening = *listening;
    l->tenth = (size_t)(listening->file_rate_hz / 10.0 + 0.5);
    l->slot = listening->file_rate_hz / SLOTS_A_SECOND;
    grm_peak_meter_init(&l->meter);
    for (unsigned c = 0; c < listening->channels; c++) grm_level_channel_init(&l->channels[c], l->tenth * 10);
    grm_status status = open_pairs(l, err);
    if (status == GRM_OK)
        *self = l;
    else
        level_close(l);
    return status;
}

// ---- while it goes by ----

// Of two channels: sums of squares, and of their products.
typedef struct products {
    double left, right, cross;
} products;

enum { PIECE = 1024, SUMS = 16 };  // a piece is summed in float, by so many sums side by side

static void add_rest(const float *x, const float *y, size_t frames, products *to) {
    for (size_t i = frames / SUMS * SUMS; i < frames; i++) {
        to->left += (double)x[i] * (double)x[i];
        to->right += (double)y[i] * (double)y[i];
        to->cross += (double)x[i] * (double)y[i];
    }
}

static void multiply_plain(const float *x, const float *y, size_t frames, products *to) {
    float left[SUMS] = {0}, right[SUMS] = {0}, cross[SUMS] = {0};
    for (size_t i = 0; i + SUMS <= frames; i += SUMS)
        for (size_t k = 0; k < SUMS; k++) {
            left[k] += x[i + k] * x[i + k];
            right[k] += y[i + k] * y[i + k];
            cross[k] += x[i + k] * y[i + k];
        }
    for (size_t k = 0; k < SUMS; k++) {
        to->left += (double)left[k];
        to->right += (double)right[k];
        to->cross += (double)cross[k];
    }
    add_rest(x, y, frames, to);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static double lanes_of(__m256 a, __m256 b) {
    float lane[SUMS];
    double sum = 0;
    _mm256_storeu_ps(lane, a);
    _mm256_storeu_ps(lane + 8, b);
    for (size_t k = 0; k < SUMS; k++) sum += (double)lane[k];
    return sum;
}

GRM_AVX2 static void multiply_avx2(const float *x, const float *y, size_t frames, products *to) {
    const __m256 nothing = _mm256_setzero_ps();
    __m256 left[2] = {nothing, nothing}, right[2] = {nothing, nothing}, cross[2] = {nothing, nothing};
    for (size_t i = 0; i + SUMS <= frames; i += SUMS)
        for (size_t k = 0; k < 2; k++) {
            __m256 l = _mm256_loadu_ps(x + i + 8 * k), r = _mm256_loadu_ps(y + i + 8 * k);
            left[k] = _mm256_add_ps(left[k], _mm256_mul_ps(l, l));
            right[k] = _mm256_add_ps(right[k], _mm256_mul_ps(r, r));
            cross[k] = _mm256_add_ps(cross[k], _mm256_mul_ps(l, r));
        }
    to->left += lanes_of(left[0], left[1]);
    to->right += lanes_of(right[0], right[1]);
    to->cross += lanes_of(cross[0], cross[1]);
    add_rest(x, y, frames, to);
}
#else
#define multiply_avx2 multiply_plain
#endif

static products multiply(bool avx2, const float *x, const float *y, size_t frames) {
    products all = {0};
    for (size_t at = 0; at < frames; at += PIECE) {
        size_t count = frames - at < PIECE ? frames - at : PIECE;
        (avx2 ? multiply_avx2 : multiply_plain)(x + at, y + at, count, &all);
    }
    return all;
}

static void end_slot(level *l) {
    double mean = l->slot_power / ((double)l->slot_filled * l->listening.channels);
    double step = mean > 0 ? (10 * log10(mean) - floor_lowest_db) * 10 : 0;
    l->floor_counts[step < 0 ? 0 : step < FLOOR_STEPS - 1 ? (size_t)step : FLOOR_STEPS - 1]++;
    l->slots++;
    l->slot_filled = 0;
    l->slot_power = 0;
}

static void hear_some(level *l, size_t at, size_t count) {
    const float *const *x = l->block->planes;
    const unsigned channels = l->listening.channels;
    if (channels > 1) {
        products p = multiply(l->meter.avx2, x[0] + at, x[1] + at, count);
        l->slot_power += p.left + p.right;
        l->cross += p.cross;
    }
    for (unsigned c = channels > 1 ? 2 : 0; c < channels; c++)
        l->slot_power += grm_power(x[c] + at, count) * (double)count;
}

static void hear_slots(level *l) {
    for (size_t at = 0; at < l->block->frames;) {
        size_t count = l->block->frames - at;
        if (count > l->slot - l->slot_filled) count = l->slot - l->slot_filled;
        hear_some(l, at, count);
        l->slot_filled += count;
        at += count;
        if (l->slot_filled == l->slot) end_slot(l);
    }
}

static void hear_piece(void *context, size_t index) {
    level *l = context;
    const grm_block *block = l->block;
    unsigned channels = l->listening.channels;
    l->status[index] = GRM_OK;
    if (index < channels) {
        if (!grm_level_channel_hear(&l->channels[index], &l->meter, block->planes[index], block->frames))
            l->status[index] = GRM_FAILED;
    } else if (index < channels + l->pair_count) {
        pair *p = &l->pairs[index - channels];
        const float *planes[] = {block->planes[p->a], p->b == p->a ? NULL : block->planes[p->b]};
        l->status[index] = grm_loudness_add(p->loudness, planes, block->frames, NULL);
    } else {
        hear_slots(l);
    }
}

static grm_status level_hear(void *self, const grm_block *block, grm_error *err) {
    level *l = self;
    size_t pieces = l->listening.channels + l->pair_count + 1;
    l->block = block;
    l->frames += block->frames;
    grm_pool_run(l->listening.run->pool, pieces, hear_piece, l);
    for (size_t i = 0; i < pieces; i++)
        if (l->status[i] != GRM_OK) return grm_fail_memory(err);
    return GRM_OK;
}

// ---- when it is over ----

static double decibels(double power) {
    return power > 1e-12 ? 10 * log10(power) : -120;
}

static double lufs(double power) {
    return power > 0 ? fmax(-0.691 + 10 * log10(power), GRM_SILENT_LUFS) : GRM_SILENT_LUFS;
}

// Weighted power of all channels by tenths of a second.
static double *sum_tenths(const level *l, grm_analysis *a, size_t *count) {
    *count = 0;
    grm_loudness_tenths(l->pairs[0].loudness, count);
    double *sum = grm_memory_take(a->memory, *count, sizeof *sum);
    for (size_t p = 0; sum && p < l->pair_count; p++) {
        size_t same;
        const double *tenths = grm_loudness_tenths(l->pairs[p].loudness, &same);
        for (size_t i = 0; i < *count; i++) sum[i] += l->pairs[p].weight * tenths[i];
    }
    return sum;
}

// Mean of the `width` tenths that end with `last`, or of those there are.
static double window(const double *tenths, size_t last, size_t width) {
    size_t first = last + 1 < width ? 0 : last + 1 - width;
    double sum = 0;
    for (size_t i = first; i <= last; i++) sum += tenths[i];
    return sum / (double)(last + 1 - first);
}

static double window_max_lufs(const double *tenths, size_t count, size_t width) {
    double most = 0;
    for (size_t i = width - 1; i < count; i++) most = fmax(most, window(tenths, i, width));
    return count < width ? NAN : lufs(most);
}

static double true_peak(const level *l, size_t from, size_t to) {  // seconds
    float most = 0;
    for (unsigned c = 0; c < l->listening.channels; c++) {
        const grm_level_channel *ch = &l->channels[c];
        for (size_t i = from; i < to && i < ch->seconds; i++) most = fmaxf(most, ch->true_peaks[i]);
    }
    return (double)most;
}

// Over the windows of 3 s, one each second, that are louder than -60 LUFS.
static double median_psr(const level *l, const double *tenths, size_t count, double *scratch) {
    size_t used = 0;
    for (size_t i = SHORT_TERM - 1; i < count; i += 10) {
        double loud = lufs(window(tenths, i, SHORT_TERM));
        double peak = true_peak(l, (i + 1 - SHORT_TERM) / 10, (i + 1) / 10);
        if (loud > -60) scratch[used++] = decibels(peak * peak) - loud;
    }
    if (used == 0) return NAN;
    grm_sort_doubles(scratch, used);
    return used % 2 ? scratch[used / 2] : (scratch[used / 2 - 1] + scratch[used / 2]) / 2;
}

static grm_status finish_loudness(const level *l, grm_analysis *a, grm_error *err) {
    grm_features *f = &a->features;
    size_t count;
    double *tenths = sum_tenths(l, a, &count), *scratch = grm_memory_take(a->memory, count, sizeof *scratch);
    float *energy = grm_memory_take(a->memory, count, sizeof *energy);
    if (!tenths || !scratch || !energy) return grm_fail_memory(err);
    for (size_t i = 0; i < count; i++) energy[i] = (float)lufs(window(tenths, i, MOMENTARY));
    a->energy_lufs = energy;
    a->energy_count = count;
    double integrated = grm_loudness_gated(tenths, count), peak = true_peak(l, 0, SIZE_MAX);
    f->integrated_lufs = integrated > GRM_SILENT_LUFS ? integrated : NAN;
    f->momentary_max_lufs = window_max_lufs(tenths, count, MOMENTARY);
    f->short_term_max_lufs = window_max_lufs(tenths, count, SHORT_TERM);
    if (count >= SHORT_TERM) f->loudness_range_lu = grm_loudness_tenths_range(tenths, count);
    f->true_peak_dbtp = decibels(peak * peak);
    f->plr_db = f->true_peak_dbtp - f->integrated_lufs;
    f->psr_db = median_psr(l, tenths, count, scratch);
    return GRM_OK;
}

static double noise_floor(const level *l) {
    size_t below = 0, wanted = (size_t)(floor_share * (double)l->slots);
    for (size_t i = 0; i < FLOOR_STEPS; i++)
        if ((below += l->floor_counts[i]) > wanted) return floor_lowest_db + (double)i / 10;
    return NAN;
}

static void finish_samples(const level *l, grm_features *f) {
    double power = 0, rate = l->listening.file_rate_hz, frames = (double)l->frames;
    size_t first = 0, last = 0;
    float peak = 0;
    f->dc_offset = f->clipped_samples = f->bit_depth = 0;
    for (unsigned c = 0; c < l->listening.channels; c++) {
        const grm_level_channel *ch = &l->channels[c];
        double dc = ch->sum / frames;
        if (fabs(dc) > fabs(f->dc_offset)) f->dc_offset = dc;
        f->clipped_samples += (double)ch->clipped;
        f->bit_depth = fmax(f->bit_depth, grm_level_channel_bits(ch));
        peak = fmaxf(peak, ch->peak);
        power += ch->power / (frames * l->listening.channels);
        if (ch->first && (!first || ch->first < first)) first = ch->first;
        if (ch->last > last) last = ch->last;
    }
    f->sample_peak_dbfs = decibels((double)peak * peak);
    f->rms_dbfs = decibels(power);
    if (peak > 0) f->crest_factor_db = f->sample_peak_dbfs - f->rms_dbfs;
    f->head_silence_s = first ? (double)(first - 1) / rate : frames / rate;
    f->tail_silence_s = first ? (frames - (double)last) / rate : frames / rate;
    f->noise_floor_dbfs = noise_floor(l);
}

// One channel counts as two that are the same; of more than two, the first two are left and right.
static void finish_stereo(const level *l, grm_features *f) {
    bool mono = l->listening.channels == 1;
    double left = l->channels[0].power, right = mono ? left : l->channels[1].power, cross = mono ? left : l->cross;
    double both = left + right;
    if (!(both > 0)) return;
    if (left > 0 && right > 0) f->stereo_correlation = fmax(-1, fmin(1, cross / sqrt(left * right)));
    f->stereo_width = fmax(0, fmin(1, (both - 2 * cross) / (2 * both)));
    f->stereo_balance_db = fmax(-60, fmin(60, 10 * log10((right + 1e-30) / (left + 1e-30))));
    double mono_share = fmax(0, (both + 2 * cross) / (2 * both));
    f->mono_loss_db = fmax(-60, mono_share > 0 ? 10 * log10(mono_share) : -60);
}

static grm_status level_finish(void *self, const grm_run *run, grm_analysis *analysis, grm_error *err) {
    level *l = self;
    for (unsigned c = 0; c < l->listening.channels; c++)
        if (!grm_level_channel_end(&l->channels[c], &l->meter)) return grm_fail_memory(err);
    if (l->slot_filled && !l->slots) end_slot(l);
    finish_samples(l, &analysis->features);
    finish_stereo(l, &analysis->features);
    return finish_loudness(l, analysis, err);
}

const grm_ear grm_ear_level = {"level", level_open, level_hear, level_finish, level_close};
