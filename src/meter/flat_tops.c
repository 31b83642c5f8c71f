#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/faults.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

// Steps of 0.25 dB below full scale and somewhat above.
enum { BINS = 400, ZERO = 320, PIECE = 32 };
static const float alike = 4.6e-5f;      // 1.5 steps of 16 bits: dither may roughen a top
static const float flank = 4 * 4.6e-5f;  // a parabola whose three middle samples are alike falls less than this

typedef struct channel {
    float last;  // latest sample of the run
    unsigned run;
    bool rising;   // into the run, away from 0, steeply
    bool started;  // there is a sample before
} channel;

struct grm_flat_tops {
    bool avx2;
    unsigned channels;
    uint64_t samples, flat[BINS];
    channel channel[];
};

grm_flat_tops *grm_flat_tops_new(unsigned channels) {
    grm_flat_tops *t = calloc(1, sizeof *t + channels * sizeof *t->channel);
    if (!t) return NULL;
    t->channels = channels;
    t->avx2 = grm_cpu_detect().avx2_fma;
    return t;
}

void grm_flat_tops_free(grm_flat_tops *t) {
    free(t);
}

static size_t bin_of(float magnitude) {
    double at = ZERO + 80 * log10((double)magnitude);
    return at < 0 ? 0 : at >= BINS ? BINS - 1 : (size_t)at;
}

// A run has ended at a sample that is not alike.
static void end_run(grm_flat_tops *t, channel *c, float next) {
    float magnitude = fabsf(c->last);
    bool falls = c->last > 0 ? c->last - next >= flank : next - c->last >= flank;
    if (c->run >= 3 && c->rising && falls && magnitude > 0.01f) t->flat[bin_of(magnitude)] += c->run;
    c->rising = next > 0 ? next - c->last >= flank : c->last - next >= flank;
    c->run = 1;
}

static void start_run(channel *c, float x) {
    c->rising = x > 0 ? x - c->last >= flank : c->last - x >= flank;
    c->run = 1;
}

static void take_sample(grm_flat_tops *t, channel *c, float x) {
    if (!c->started)
        *c = (channel){.last = x, .run = 1, .started = true};
    else if (fabsf(x - c->last) <= alike)
        c->run++;
    else if (c->run < 3)
        start_run(c, x);
    else
        end_run(t, c, x);
    c->last = x;
}

// No three of x[-1 .. PIECE - 1] in a row are alike.
static bool no_runs_plain(const float *x) {
    int runs = 0;
    for (int i = 0; i + 1 < PIECE; i++) runs |= (fabsf(x[i] - x[i - 1]) <= alike) & (fabsf(x[i + 1] - x[i]) <= alike);
    return !runs;
}

#if GRM_HAVE_AVX2
GRM_AVX2 static bool no_runs_avx2(const float *x) {
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff)), most = _mm256_set1_ps(alike);
    uint32_t pairs = 0;  // bit i: x[i] is like the one before
    for (int i = 0; i < PIECE; i += 8) {
        __m256 off = _mm256_and_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), _mm256_loadu_ps(x + i - 1)), magnitude);
        pairs |= (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(off, most, _CMP_LE_OQ)) << i;
    }
    return !(pairs & pairs >> 1);
}
#else
#define no_runs_avx2 no_runs_plain
#endif

// PIECE samples from x[0] on that neither hold a run of three nor end one.
static void skip(channel *c, const float *x) {
    bool pair = fabsf(x[PIECE - 1] - x[PIECE - 2]) <= alike;
    size_t begins = pair ? PIECE - 2 : PIECE - 1;  // the run that the last sample is in
    c->last = x[begins - 1];
    start_run(c, x[begins]);
    c->run += pair;
    c->last = x[PIECE - 1];
}

void grm_flat_tops_add(grm_flat_tops *t, unsigned index, const float *x, size_t frames) {
    channel *c = &t->channel[index];
    for (size_t i = 0; i < frames;) {
        // The common case: many samples of which no three are alike.
        if (i > 0 && i + PIECE <= frames && c->run < 3 && !(c->run == 2 && fabsf(x[i] - c->last) <= alike) &&
            (t->avx2 ? no_runs_avx2 : no_runs_plain)(x + i)) {
            skip(c, x + i);
            i += PIECE;
        } else {
            take_sample(t, c, x[i++]);
        }
    }
    t->samples += frames;
}

void grm_flat_tops_tell(const grm_flat_tops *t, float peak, grm_features *out) {
    double flat = 0;
    if (t->samples == 0) return;
    for (size_t i = bin_of(0.5f * peak); i < BINS; i++) flat += (double)t->flat[i];
    out->flat_tops_ppm = 1e6 * flat / (double)t->samples;
}
