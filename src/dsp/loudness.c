// Loudness after ITU-R BS.1770-5 and loudness range after EBU Tech 3342, with the choices of libebur128 where those
// leave room (tenths of a second; short-term values once a second).
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "dsp/weighting.h"

enum { BLOCK = GRM_WEIGHTING_BLOCK, PIECE = 512 };

// A tenth of a second is whole blocks and a rest of single frames, however the recording is cut.
struct grm_loudness {
    grm_weighting weighting;
    size_t tenth;             // frames
    size_t filled;            // of the current tenth
    float waiting[2][BLOCK];  // for the block to be whole: filled % BLOCK frames
    double sum;               // of the current tenth
    double *tenths;           // [count] of [room]
    size_t count, room;
};

// BS.1770-5 annex 1 gives the coefficients at 48 kHz; these prototypes have them at any rate (libebur128, ebur128.c).
void grm_loudness_weighting(double rate_hz, grm_filter cells[2]) {
    double high = pow(10, 3.999843853973347 / 20), band = pow(high, 0.4996667741545416);
    cells[0] = grm_filter_prototype(rate_hz, 1681.974450955533, 1 / 0.7071752369554196, high, band, 1);
    double k = 1 / 0.5003270373238773, g = tan(GRM_PI * 38.13547087602444 / rate_hz);
    cells[1] = grm_filter_prototype(rate_hz, 38.13547087602444, k, 1 + g * (g + k), 0, 0);  // the numerator is 1 -2 1
}

grm_status grm_loudness_new(double rate_hz, grm_loudness **out, grm_error *err) {
    *out = NULL;
    grm_loudness *loudness = calloc(1, sizeof *loudness);
    if (!loudness) return grm_fail_memory(err);
    grm_filter cells[2];
    grm_loudness_weighting(rate_hz, cells);
    grm_weighting_init(&loudness->weighting, cells);
    loudness->tenth = (size_t)(rate_hz / 10 + 0.5);
    if (loudness->tenth == 0) loudness->tenth = 1;
    *out = loudness;
    return GRM_OK;
}

void grm_loudness_free(grm_loudness *loudness) {
    if (!loudness) return;
    free(loudness->tenths);
    free(loudness);
}

static bool push_tenth(grm_loudness *l) {
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 1024;
        double *larger = realloc(l->tenths, room * sizeof *larger);
        if (!larger) return false;
        l->tenths = larger;
        l->room = room;
    }
    l->tenths[l->count++] = l->sum / (double)l->tenth;
    l->sum = 0;
    l->filled = 0;
    grm_weighting_rest(&l->weighting);
    return true;
}

// Some of the frames, at least one: a single frame of a block or of the rest, or whole blocks. Gives how many.
static size_t weigh_some(grm_loudness *l, const float *left, const float *right, size_t frames) {
    size_t blocks = (l->tenth - l->filled) / BLOCK, waiting = l->filled % BLOCK;
    bool in_rest = l->filled >= l->tenth / BLOCK * BLOCK;
    if (in_rest) {
        l->sum += grm_weighting_frames(&l->weighting, left, right, 1);
        return 1;
    }
    if (waiting == 0 && frames >= BLOCK) {
        if (blocks > frames / BLOCK) blocks = frames / BLOCK;
        l->sum += grm_weighting_blocks(&l->weighting, left, right, blocks);
        return blocks * BLOCK;
    }
    l->waiting[0][waiting] = *left;
    l->waiting[1][waiting] = *right;
    if (waiting + 1 == BLOCK) l->sum += grm_weighting_blocks(&l->weighting, l->waiting[0], l->waiting[1], 1);
    return 1;
}

grm_status grm_loudness_add(grm_loudness *l, const float *const *planes, size_t frames, grm_error *err) {
    static const float silence[PIECE];
    for (size_t at = 0; at < frames;) {
        size_t count = frames - at < PIECE ? frames - at : PIECE;
        size_t done = weigh_some(l, planes[0] + at, planes[1] ? planes[1] + at : silence, count);
        at += done;
        l->filled += done;
        if (l->filled == l->tenth && !push_tenth(l)) return grm_fail_memory(err);
    }
    return GRM_OK;
}

const double *grm_loudness_tenths(const grm_loudness *loudness, size_t *count) {
    *count = loudness->count;
    return loudness->tenths;
}

static double lufs(double power) {
    return power > 0 ? -0.691 + 10 * log10(power) : GRM_SILENT_LUFS;
}

// Mean of the blocks of `width` tenths that start every `step` and have more than `gate` power; 0 when none has.
static double gated_mean(const double *tenths, size_t count, size_t width, size_t step, double gate) {
    double sum = 0;
    size_t used = 0;
    for (size_t i = 0; i + width <= count; i += step) {
        double block = 0;
        for (size_t k = 0; k < width; k++) block += tenths[i + k];
        block /= (double)width;
        if (block >= gate) {
            sum += block;
            used++;
        }
    }
    return used ? sum / (double)used : 0;
}

static const double ABSOLUTE_GATE = 1.172465305e-7;  // -70 LUFS: 10^((-70 + 0.691) / 10)

double grm_loudness_gated(const double *tenths, size_t count) {
    double loud = gated_mean(tenths, count, 4, 1, ABSOLUTE_GATE);
    double gate = loud * 0.1;  // 10 LU below
    return lufs(loud > 0 ? gated_mean(tenths, count, 4, 1, gate > ABSOLUTE_GATE ? gate : ABSOLUTE_GATE) : 0);
}

double grm_loudness_integrated(const grm_loudness *l) {
    return grm_loudness_gated(l->tenths, l->count);
}

double grm_loudness_tenths_range(const double *tenths, size_t count) {
    const size_t width = 30, step = 10;  // 3 s every second
    double mean = gated_mean(tenths, count, width, step, ABSOLUTE_GATE), gate = mean * 0.01;
    if (gate < ABSOLUTE_GATE) gate = ABSOLUTE_GATE;
    double *blocks = calloc(count / step + 1, sizeof *blocks), range = 0;
    size_t used = 0;
    for (size_t i = 0; blocks && i + width <= count; i += step) {
        double block = 0;
        for (size_t k = 0; k < width; k++) block += tenths[i + k];
        block /= (double)width;
        if (block >= gate) blocks[used++] = block;
    }
    if (used) {
        grm_sort_doubles(blocks, used);
        size_t high = (size_t)((double)(used - 1) * 0.95 + 0.5), low = (size_t)((double)(used - 1) * 0.1 + 0.5);
        range = lufs(blocks[high]) - lufs(blocks[low]);
    }
    free(blocks);
    return range;
}

double grm_loudness_range(const grm_loudness *l) {
    return grm_loudness_tenths_range(l->tenths, l->count);
}
