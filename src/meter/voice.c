// A network of three convolutions (as Schlueter and Grill's, "Exploring data augmentation for improved singing voice
// detection with neural networks", ISMIR 2015, but of 6,100 weights), whose outputs are summed up over a
// second (mean and largest), and a logistic regression on a second and its two neighbours. What it hears is what
// partials do in a band of time and frequency: glide together, tremble, give way to hiss; and which of them a mouth
// lets through.
//
// Sums are made in one order, lane by lane, so that plain C and AVX2 give the same bits.
#include "meter/voice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

#include "dsp/dsp.h"
#include "meter/voice_weights.h"

enum {
    BANDS = GRM_VOICE_BANDS,
    FRAMES = 50,  // of 20 ms: a second
    STRIP = 8,    // sums that are made side by side
    // first convolution: A_TIME by A_BANDS, steps of 2 frames and 3 bands
    A_TIME = GRM_VOICE_A_TIME,
    A_BANDS = GRM_VOICE_A_BANDS,
    A_STEP = 3,
    A_OUT = GRM_VOICE_A_OUT,
    A_FRAMES = (FRAMES - A_TIME) / 2 + 1,
    A_PLACES = (BANDS - A_BANDS) / A_STEP + 1,
    // second: 3 by 3, steps of 2 and 2
    B_OUT = GRM_VOICE_B_OUT,
    B_FRAMES = (A_FRAMES - 3) / 2 + 1,
    B_PLACES = (A_PLACES - 3) / 2 + 1,
    // third: all places of a frame at once
    C_OUT = GRM_VOICE_C_OUT,
    SUMS = 2 * C_OUT,
    // rows as they lie in memory: strips may run beyond the last place
    ROW = A_STEP * (A_PLACES + STRIP) + A_BANDS,
    A_ROW = 2 * (B_PLACES + STRIP / 2) + 3,
    C_ROWS = B_FRAMES + STRIP / 2,
};
_Static_assert((int)B_PLACES == (int)GRM_VOICE_B_PLACES, "the weights are for so many places");

// Mean log magnitude from which on a second sounds: 40 dB below what is usual.
static const double least_level = 0.1;

struct grm_voice {
    bool avx2;
    float a[A_TIME * A_BANDS][A_OUT], b[3 * 3 * A_OUT][B_OUT], c[B_PLACES * B_OUT][C_OUT];  // weights
    // of the second that is being filled
    size_t halves, frames;
    double level;              // sum of the log magnitudes
    float input[FRAMES][ROW];  // the same against their usual ones
    float first[A_FRAMES][A_ROW][A_OUT], second[C_ROWS][B_PLACES][B_OUT], third[C_ROWS][C_OUT];
    // of the last three seconds, the newest last
    float around[3][SUMS];
    bool sounds[3];
    bool begun;  // there has been one
    size_t seconds, room;
    float *likelihood;  // [room], of all but the newest second
};

// ---- the network, in plain C ----

static void rectify(const float *from, size_t count, float *to) {
    for (size_t i = 0; i < count; i++) to[i] = from[i] > 0 ? from[i] : 0;
}

// in: A_TIME rows; out: [A_PLACES][A_OUT]
static void first_plain(const grm_voice *v, const float *in, float *out) {
    for (size_t p = 0; p < A_PLACES; p++) {
        float sum[A_OUT];
        memcpy(sum, grm_voice_a_bias, sizeof sum);
        for (size_t t = 0; t < A_TIME; t++)
            for (size_t k = 0; k < A_BANDS; k++)
                for (size_t l = 0; l < A_OUT; l++) sum[l] += in[t * ROW + A_STEP * p + k] * v->a[t * A_BANDS + k][l];
        rectify(sum, A_OUT, out + p * A_OUT);
    }
}

// in: 3 rows of [A_ROW][A_OUT]; out: [B_PLACES][B_OUT]
static void second_plain(const grm_voice *v, const float *in, float *out) {
    for (size_t p = 0; p < B_PLACES; p++) {
        float sum[B_OUT];
        memcpy(sum, grm_voice_b_bias, sizeof sum);
        for (size_t t = 0; t < 3; t++)
            for (size_t i = 0; i < 3 * A_OUT; i++)
                for (size_t l = 0; l < B_OUT; l++)
                    sum[l] += in[(t * A_ROW + 2 * p) * A_OUT + i] * v->b[t * 3 * A_OUT + i][l];
        rectify(sum, B_OUT, out + p * B_OUT);
    }
}

// in: [B_PLACES][B_OUT]; out: [C_OUT]
static void third_plain(const grm_voice *v, const float *in, float *out) {
    float sum[C_OUT];
    memcpy(sum, grm_voice_c_bias, sizeof sum);
    for (size_t i = 0; i < B_PLACES * B_OUT; i++)
        for (size_t l = 0; l < C_OUT; l++) sum[l] += in[i] * v->c[i][l];
    rectify(sum, C_OUT, out);
}

static void convolve_plain(grm_voice *v) {
    for (size_t t = 0; t < A_FRAMES; t++) first_plain(v, v->input[2 * t], v->first[t][0]);
    for (size_t t = 0; t < B_FRAMES; t++) second_plain(v, v->first[2 * t][0], v->second[t][0]);
    for (size_t t = 0; t < B_FRAMES; t++) third_plain(v, v->second[t][0], v->third[t]);
}

// ---- the same with AVX2: an output's sum stays in a register, its terms come in the same order, multiplied and then
// added ----

#if GRM_HAVE_AVX2
#define ADD(sum, x, by) (sum) = _mm256_add_ps(sum, _mm256_mul_ps(x, by))
_Static_assert(A_OUT == 8 && B_OUT == 16 && C_OUT == 16, "a register for eight outputs");

GRM_AVX2 static void first_avx2(const grm_voice *v, const float *in, float *out) {
    const __m256 none = _mm256_setzero_ps();
    for (size_t p = 0; p < A_PLACES; p += STRIP) {  // the last ones run into what is cleared behind
        __m256 sum[STRIP];
        for (size_t q = 0; q < STRIP; q++) sum[q] = _mm256_loadu_ps(grm_voice_a_bias);
        for (size_t t = 0; t < A_TIME; t++)
            for (size_t k = 0; k < A_BANDS; k++) {
                const float *x = in + t * ROW + A_STEP * p + k;
                __m256 by = _mm256_loadu_ps(v->a[t * A_BANDS + k]);
                for (size_t q = 0; q < STRIP; q++) ADD(sum[q], _mm256_broadcast_ss(x + A_STEP * q), by);
            }
        for (size_t q = 0; q < STRIP && p + q < A_PLACES; q++)
            _mm256_storeu_ps(out + (p + q) * A_OUT, _mm256_max_ps(sum[q], none));
    }
}

GRM_AVX2 static void second_avx2(const grm_voice *v, const float *in, float *out) {
    const __m256 none = _mm256_setzero_ps();
    for (size_t p = 0; p < B_PLACES; p += STRIP / 2) {
        __m256 low[STRIP / 2], high[STRIP / 2];
        for (size_t q = 0; q < STRIP / 2; q++) {
            low[q] = _mm256_loadu_ps(grm_voice_b_bias);
            high[q] = _mm256_loadu_ps(grm_voice_b_bias + 8);
        }
        for (size_t t = 0; t < 3; t++)
            for (size_t i = 0; i < 3 * A_OUT; i++) {
                const float *x = in + (t * A_ROW + 2 * p) * A_OUT + i, *by = v->b[t * 3 * A_OUT + i];
                __m256 by_low = _mm256_loadu_ps(by), by_high = _mm256_loadu_ps(by + 8);
                for (size_t q = 0; q < STRIP / 2; q++) {
                    __m256 one = _mm256_broadcast_ss(x + 2 * q * A_OUT);
                    ADD(low[q], one, by_low);
                    ADD(high[q], one, by_high);
                }
            }
        for (size_t q = 0; q < STRIP / 2 && p + q < B_PLACES; q++) {
            _mm256_storeu_ps(out + (p + q) * B_OUT, _mm256_max_ps(low[q], none));
            _mm256_storeu_ps(out + (p + q) * B_OUT + 8, _mm256_max_ps(high[q], none));
        }
    }
}

// STRIP / 2 frames
GRM_AVX2 static void third_avx2(const grm_voice *v, const float *in, float *out) {
    const __m256 none = _mm256_setzero_ps();
    __m256 low[STRIP / 2], high[STRIP / 2];
    for (size_t q = 0; q < STRIP / 2; q++) {
        low[q] = _mm256_loadu_ps(grm_voice_c_bias);
        high[q] = _mm256_loadu_ps(grm_voice_c_bias + 8);
    }
    for (size_t i = 0; i < B_PLACES * B_OUT; i++) {
        __m256 by_low = _mm256_loadu_ps(v->c[i]), by_high = _mm256_loadu_ps(v->c[i] + 8);
        for (size_t q = 0; q < STRIP / 2; q++) {
            __m256 one = _mm256_broadcast_ss(in + q * B_PLACES * B_OUT + i);
            ADD(low[q], one, by_low);
            ADD(high[q], one, by_high);
        }
    }
    for (size_t q = 0; q < STRIP / 2; q++) {
        _mm256_storeu_ps(out + q * C_OUT, _mm256_max_ps(low[q], none));
        _mm256_storeu_ps(out + q * C_OUT + 8, _mm256_max_ps(high[q], none));
    }
}

GRM_AVX2 static void convolve_avx2(grm_voice *v) {
    for (size_t t = 0; t < A_FRAMES; t++) first_avx2(v, v->input[2 * t], v->first[t][0]);
    for (size_t t = 0; t < B_FRAMES; t++) second_avx2(v, v->first[2 * t][0], v->second[t][0]);
    for (size_t t = 0; t < B_FRAMES; t += STRIP / 2) third_avx2(v, v->second[t][0], v->third[t]);
}
#else
#define convolve_avx2 convolve_plain
#endif

// Of the second that has been filled: sums[SUMS], the mean of each output and the largest.
static void sum_up(grm_voice *v, float *sums) {
    (v->avx2 ? convolve_avx2 : convolve_plain)(v);
    for (size_t l = 0; l < C_OUT; l++) {
        float sum = 0, most = 0;
        for (size_t t = 0; t < B_FRAMES; t++) {
            sum += v->third[t][l];
            most = v->third[t][l] > most ? v->third[t][l] : most;
        }
        sums[l] = sum / B_FRAMES;
        sums[C_OUT + l] = most;
    }
}

// Of the middle one of the three seconds around.
static float judge(const grm_voice *v) {
    float logit = grm_voice_head_bias;
    for (size_t s = 0; s < 3; s++)
        for (size_t i = 0; i < SUMS; i++) logit += grm_voice_head[s][i] * v->around[s][i];
    return v->sounds[1] ? 1 / (1 + expf(-logit)) : 0;
}

// ---- seconds ----

static grm_status make_room(grm_voice *v, grm_error *err) {
    if (v->seconds < v->room) return GRM_OK;
    size_t room = v->room ? 2 * v->room : 256;
    float *larger = realloc(v->likelihood, room * sizeof *larger);
    if (!larger) return grm_fail_memory(err);
    v->likelihood = larger;
    v->room = room;
    return GRM_OK;
}

// One more comes behind those around: the second that has been filled, or nothing. The one before it is judged.
static grm_status pass(grm_voice *v, bool filled, grm_error *err) {
    grm_status status = make_room(v, err);
    if (status != GRM_OK) return status;
    memmove(v->around[0], v->around[1], 2 * sizeof v->around[0]);
    memmove(v->sounds, v->sounds + 1, 2 * sizeof v->sounds[0]);
    memset(v->around[2], 0, sizeof v->around[2]);
    v->sounds[2] = filled && v->level >= least_level * FRAMES * BANDS;
    if (v->sounds[2]) sum_up(v, v->around[2]);
    if (v->begun) v->likelihood[v->seconds++] = judge(v);
    v->begun = filled;
    v->frames = 0;
    v->level = 0;
    return GRM_OK;
}

static void clear_rest(grm_voice *v) {
    for (size_t t = v->frames; t < FRAMES; t++)
        for (size_t k = 0; k < BANDS; k++) v->input[t][k] = -grm_voice_mean[k] * grm_voice_scale;
}

grm_status grm_voice_hear(grm_voice *v, const float *bands, grm_error *err) {
    float *row = v->input[v->frames];
    bands += GRM_VOICE_FIRST;
    if (v->halves++ == 0) {
        memcpy(row, bands, BANDS * sizeof *row);
        return GRM_OK;
    }
    float level = 0;
    for (size_t k = 0; k < BANDS; k++) {
        float x = 0.5f * (row[k] + bands[k]);
        level += x;
        row[k] = (x - grm_voice_mean[k]) * grm_voice_scale;
    }
    v->level += (double)level;
    v->halves = 0;
    return ++v->frames == FRAMES ? pass(v, true, err) : GRM_OK;
}

// ---- begin and end ----

// from: [inputs][outputs]
static void unpack(const int8_t *from, const float *scale, size_t inputs, size_t outputs, float *to) {
    for (size_t i = 0; i < inputs; i++)
        for (size_t o = 0; o < outputs; o++) to[i * outputs + o] = scale[o] * (float)from[i * outputs + o];
}

grm_status grm_voice_new(bool avx2, grm_voice **out, grm_error *err) {
    grm_voice *v = *out = calloc(1, sizeof *v);
    if (!v) return grm_fail_memory(err);
    v->avx2 = avx2;
    unpack(grm_voice_a[0], grm_voice_a_scale, GRM_COUNT(grm_voice_a), A_OUT, v->a[0]);
    unpack(grm_voice_b[0], grm_voice_b_scale, GRM_COUNT(grm_voice_b), B_OUT, v->b[0]);
    unpack(grm_voice_c[0], grm_voice_c_scale, GRM_COUNT(grm_voice_c), C_OUT, v->c[0]);
    return GRM_OK;
}

void grm_voice_free(grm_voice *v) {
    if (!v) return;
    free(v->likelihood);
    free(v);
}

// ---- what they come to ----

static grm_status last_seconds(grm_voice *v, grm_error *err) {
    grm_status status = GRM_OK;
    if (v->frames >= FRAMES / 2) {
        clear_rest(v);
        status = pass(v, true, err);
    }
    return status == GRM_OK ? pass(v, false, err) : status;
}

grm_status grm_voice_finish(grm_voice *v, bool series, grm_analysis *analysis, grm_error *err) {
    grm_features *f = &analysis->features;
    grm_status status = last_seconds(v, err);
    size_t seconds = v->seconds, silent = 0, with = 0;
    if (status != GRM_OK) return status;
    float *kept = series ? grm_analysis_add_series(analysis, "voice_likeness", 0, seconds) : NULL;
    if (series && !kept) return grm_fail_memory(err);
    if (kept && seconds) memcpy(kept, v->likelihood, seconds * sizeof *kept);
    f->voice_likeness = f->voice_share = NAN;
    if (seconds == 0) return GRM_OK;
    grm_sort_floats(v->likelihood, seconds);
    while (silent < seconds && v->likelihood[silent] == 0) silent++;
    while (with < seconds - silent && v->likelihood[seconds - 1 - with] > 0.5f) with++;
    f->voice_likeness = (double)v->likelihood[silent + (seconds - silent) * 9 / 10 - (silent == seconds)];
    f->voice_share = silent < seconds ? (double)with / (double)(seconds - silent) : 0;
    return GRM_OK;
}
