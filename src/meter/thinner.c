// A stream at another rate: as many half-band filters as go, then soxr for what is left of the way.
#include <math.h>
#include <soxr.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "meter/pitch.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

// TAPS: on either side of a half-band filter, every second one. LANES: sums side by side.
enum { TAPS = 24, PIECE = 512, LANES = 32, MOST_HALVES = 10, BUFFERS = 3 };

// Half the rate. Sample 2 n and the odd ones around it make sample n; what is needed of the pairs before stays in the
// lines.
typedef struct halver {
    float even[TAPS - 1 + PIECE + LANES], odd[2 * TAPS - 1 + PIECE + LANES];
    size_t tap_count;
    float taps[TAPS];  // from the middle outwards
    float first;       // of a pair, when there is one that waits for the other
    bool waiting;
    size_t ahead;  // pairs until the first sample comes out
} halver;

struct grm_thinner {
    bool avx2;
    size_t halves;
    halver *halver;       // [halves]
    soxr_t soxr;          // NULL: nothing is left of the way
    float *out[BUFFERS];  // by turns
    size_t room[BUFFERS], made;
    unsigned turn;
};

// Kaiser window, beta 7.9: with all taps flat up to 0.89 of the lower half of the band, nothing (-80 dB) from 1.11 on;
// with fewer the way from the one to the other is longer.
static void fill_taps(halver *h) {
    double exact[TAPS], sum = 0;
    for (size_t k = 0; k < h->tap_count; k++) {
        double t = (double)k + 0.5, edge = t / (double)h->tap_count;
        exact[k] = sin(GRM_PI * t) / (GRM_PI * t) * grm_bessel_i0(7.9 * sqrt(1 - edge * edge));
        sum += exact[k];
    }
    for (size_t k = 0; k < h->tap_count; k++) h->taps[k] = (float)(0.25 * exact[k] / sum);
}

// As many as keep what lies below `top_hz` as it is, and what would fall there out. TAPS need 0.055 of the rate for
// their way.
static size_t count_taps(double rate_hz, double top_hz) {
    const double way = 0.5 - 2 * top_hz / rate_hz;
    return top_hz > 0 && way > 0.055 ? (size_t)fmin(TAPS, ceil(TAPS * 0.055 / way) + 1) : TAPS;
}

grm_status grm_thinner_new(unsigned from_hz, unsigned to_hz, double top_hz, grm_thinner **out, grm_error *err) {
    *out = NULL;
    grm_thinner *thinner = calloc(1, sizeof *thinner);
    if (!thinner) return grm_fail_memory(err);
    double rate_hz = from_hz;
    for (; rate_hz / 2 >= to_hz && thinner->halves < MOST_HALVES; rate_hz /= 2) thinner->halves++;
    thinner->avx2 = grm_cpu_detect().avx2_fma;
    thinner->halver = calloc(thinner->halves + 1, sizeof *thinner->halver);
    if (!thinner->halver) {
        grm_thinner_free(thinner);
        return grm_fail_memory(err);
    }
    for (size_t i = 0; i < thinner->halves; i++) {
        halver *h = &thinner->halver[i];
        h->ahead = TAPS - 1;
        h->tap_count = count_taps(ldexp(from_hz, -(int)i), top_hz);
        fill_taps(h);
    }
    soxr_error_t problem = NULL;
    soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    if (rate_hz != to_hz) thinner->soxr = soxr_create(rate_hz, to_hz, 1, &problem, &io, &quality, &runtime);
    if (problem) {
        grm_thinner_free(thinner);
        return grm_fail(err, GRM_FAILED, "cannot convert from %u to %u Hz: %s", from_hz, to_hz, problem);
    }
    *out = thinner;
    return GRM_OK;
}

void grm_thinner_free(grm_thinner *thinner) {
    if (!thinner) return;
    soxr_delete(thinner->soxr);
    free(thinner->halver);
    for (size_t i = 0; i < BUFFERS; i++) free(thinner->out[i]);
    free(thinner);
}

// ---- half the rate ----

// y[i] from even[i] and the odd samples to either side; count is rounded up to LANES.
static void halve_plain(const halver *h, size_t count, float *y) {
    const float *even = h->even, *odd = h->odd;
    for (size_t i = 0; i < count; i += LANES) {
        float sum[LANES];
        for (size_t l = 0; l < LANES; l++) sum[l] = 0.5f * even[i + l];
        for (size_t k = 0; k < h->tap_count; k++)
            for (size_t l = 0; l < LANES; l++)
                sum[l] += h->taps[k] * (odd[i + l + TAPS - 1 - k] + odd[i + l + TAPS + k]);
        memcpy(y + i, sum, sizeof sum);
    }
}

#if GRM_HAVE_AVX2
// Written out, as compilers keep the sums in memory.
GRM_AVX2 static void halve_avx2(const halver *h, size_t count, float *y) {
    const float *even = h->even, *odd = h->odd;
    enum { EACH = LANES / 8 };
    const __m256 half = _mm256_set1_ps(0.5f);
    for (size_t i = 0; i < count; i += LANES) {
        __m256 sum[EACH];
        for (size_t e = 0; e < EACH; e++) sum[e] = _mm256_mul_ps(half, _mm256_loadu_ps(even + i + 8 * e));
        for (size_t k = 0; k < h->tap_count; k++) {
            const float *before = odd + i + TAPS - 1 - k, *behind = odd + i + TAPS + k;
            __m256 tap = _mm256_broadcast_ss(h->taps + k);
            for (size_t e = 0; e < EACH; e++) {
                __m256 both = _mm256_add_ps(_mm256_loadu_ps(before + 8 * e), _mm256_loadu_ps(behind + 8 * e));
                sum[e] = _mm256_add_ps(sum[e], _mm256_mul_ps(tap, both));
            }
        }
        for (size_t e = 0; e < EACH; e++) _mm256_storeu_ps(y + i + 8 * e, sum[e]);
    }
}
#else
#define halve_avx2 halve_plain
#endif

static grm_status emit(grm_thinner *t, size_t stage, const float *x, size_t frames, grm_error *err);

static grm_status take_pairs(grm_thinner *t, size_t stage, size_t pairs, grm_error *err) {
    halver *h = &t->halver[stage];
    float y[PIECE + LANES];
    (t->avx2 ? halve_avx2 : halve_plain)(h, pairs, y);
    memmove(h->even, h->even + pairs, (TAPS - 1) * sizeof *h->even);
    memmove(h->odd, h->odd + pairs, (2 * TAPS - 1) * sizeof *h->odd);
    size_t early = h->ahead < pairs ? h->ahead : pairs;
    h->ahead -= early;
    return emit(t, stage + 1, y + early, pairs - early, err);
}

// x: [2 * pairs], NULL: silence
static void part(const float *restrict x, size_t pairs, float *restrict even, float *restrict odd) {
    for (size_t i = 0; x && i < pairs; i++) {
        even[i] = x[2 * i];
        odd[i] = x[2 * i + 1];
    }
    if (x) return;
    memset(even, 0, pairs * sizeof *even);
    memset(odd, 0, pairs * sizeof *odd);
}

static grm_status halve(grm_thinner *t, size_t stage, const float *x, size_t frames, grm_error *err) {
    halver *h = &t->halver[stage];
    grm_status status = GRM_OK;
    while (frames > 0 && status == GRM_OK) {
        float *even = h->even + TAPS - 1, *odd = h->odd + 2 * TAPS - 1;
        size_t pairs = 0;
        if (h->waiting) {
            even[0] = h->first;
            odd[0] = x ? *x++ : 0;
            frames--;
            pairs = 1;
            h->waiting = false;
        }
        size_t more = frames / 2 < PIECE - pairs ? frames / 2 : PIECE - pairs;
        part(x, more, even + pairs, odd + pairs);
        frames -= 2 * more;
        if (x) x += 2 * more;
        pairs += more;
        if (frames == 1 && pairs < PIECE) {
            h->first = x ? *x : 0;
            h->waiting = true;
            frames = 0;
        }
        if (pairs > 0) status = take_pairs(t, stage, pairs, err);
    }
    return status;
}

// ---- the rest of the way ----

static grm_status make_room(grm_thinner *t, size_t need, grm_error *err) {
    if (need <= t->room[t->turn]) return GRM_OK;
    size_t room = need + need / 4;
    float *out = realloc(t->out[t->turn], room * sizeof *out);
    if (!out) return grm_fail_memory(err);
    t->out[t->turn] = out;
    t->room[t->turn] = room;
    return GRM_OK;
}

// x NULL: the end
static grm_status convert(grm_thinner *t, const float *x, size_t frames, grm_error *err) {
    size_t at = 0, used, got, room;
    do {
        grm_status status = make_room(t, t->made + (frames - at) + 4096, err);
        if (status) return status;
        room = t->room[t->turn] - t->made;
        used = got = 0;
        soxr_error_t problem =
            soxr_process(t->soxr, x ? x + at : NULL, x ? frames - at : 0, &used, t->out[t->turn] + t->made, room, &got);
        if (problem) return grm_fail(err, GRM_FAILED, "cannot change the rate: %s", problem);
        at += x ? used : 0;
        t->made += got;
    } while (x ? at < frames || got == room : got > 0);
    return GRM_OK;
}

// To the stage, or out of the last one.
static grm_status emit(grm_thinner *t, size_t stage, const float *x, size_t frames, grm_error *err) {
    if (frames == 0) return GRM_OK;
    if (stage < t->halves) return halve(t, stage, x, frames, err);
    if (t->soxr) return convert(t, x, frames, err);
    grm_status status = make_room(t, t->made + frames, err);
    if (status != GRM_OK) return status;
    memcpy(t->out[t->turn] + t->made, x, frames * sizeof *x);
    t->made += frames;
    return GRM_OK;
}

static grm_status empty(grm_thinner *t, grm_error *err) {
    grm_status status = GRM_OK;
    for (size_t stage = 0; stage < t->halves && status == GRM_OK; stage++) {
        if (t->halver[stage].waiting) status = halve(t, stage, NULL, 1, err);
        if (status == GRM_OK) status = halve(t, stage, NULL, 2 * (TAPS - 1), err);
    }
    return status == GRM_OK && t->soxr ? convert(t, NULL, 0, err) : status;
}

grm_status grm_thinner_run(grm_thinner *t, const float *x, size_t frames, const float **y, size_t *made,
                           grm_error *err) {
    t->turn = (t->turn + 1) % BUFFERS;
    t->made = 0;
    grm_status status = GRM_OK;
    if (t->halves == 0 && !t->soxr) {  // as it is
        *y = x;
        *made = x ? frames : 0;
        return GRM_OK;
    }
    status = x ? emit(t, 0, x, frames, err) : empty(t, err);
    *y = t->out[t->turn];
    *made = t->made;
    return status;
}
