// True peaks through a windowed-sinc interpolator of eight phases.
//
// The filter of phase 8 - p is that of p turned round. With the sums and differences of the samples that lie as far
// before as behind, both come from one even and one odd half: y(p) = E + O, y(8 - p) = E - O.
#include "dsp/dsp.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

enum { HALF = GRM_PEAK_TAPS / 2, PAIRS = 3, HOP = GRM_PEAK_HOP, GROUP = 8 };

// How far the filter may take a sample between two others over the larger of them. What it adds to the line through
// them is a sum over second differences of x (its own sums summed up) and, for its slope is not quite that of a line, a
// little of the last first difference, which is at most twice the largest sample.
static void bound(grm_peak_meter *meter, const double *taps, double at) {
    double first = 0, second = 0, bend = 0;
    for (int k = 0; k < GRM_PEAK_TAPS - 1; k++) {
        first += taps[k] - (k == HALF - 1 ? 1 - at : k == HALF ? at : 0);
        second += first;
        if (k < GRM_PEAK_TAPS - 2) bend += fabs(second);
    }
    const double rounding = 1e-5;
    meter->slope = fmaxf(meter->slope, (float)(2 * fabs(second) + rounding));
    meter->bend = fmaxf(meter->bend, (float)(bend + rounding));
}

// The value p/8 behind sample n from x[n - 11 .. n + 12]; Kaiser window, beta 4: -0.1 dB at 20.6 kHz of 48.
void grm_peak_meter_init(grm_peak_meter *meter) {
    meter->avx2 = grm_cpu_detect().avx2_fma;
    meter->slope = meter->bend = 0;
    for (int p = 1; p <= 4; p++) {
        double taps[GRM_PEAK_TAPS], sum = 0;
        for (int k = 0; k < GRM_PEAK_TAPS; k++) {
            double t = k - (HALF - 1) - p / 8.0, edge = t / HALF;
            double window = fabs(edge) < 1 ? grm_bessel_i0(4 * sqrt(1 - edge * edge)) / grm_bessel_i0(4) : 0;
            taps[k] = sin(GRM_PI * t) / (GRM_PI * t) * window;
            sum += taps[k];
        }
        for (int k = 0; k < GRM_PEAK_TAPS; k++) taps[k] /= sum;
        bound(meter, taps, p / 8.0);
        for (int k = 0; k < HALF; k++) {
            double a = taps[k], b = taps[GRM_PEAK_TAPS - 1 - k];
            meter->even[p - 1][k] = (float)((a + b) / 2);
            if (p < 4) meter->odd[p - 1][k] = (float)((a - b) / 2);
        }
    }
}

static void run_plain(const grm_peak_meter *meter, const float *x, size_t hops, float *out) {
    for (size_t h = 0; h < hops; h++, x += HOP) {
        float even[4][HOP] = {{0}}, odd[PAIRS][HOP] = {{0}}, most[HOP];
        for (int k = 0; k < HALF; k++)
            for (int i = 0; i < HOP; i++) {
                float before = x[i + k - (HALF - 1)], behind = x[i + HALF - k];
                float sum = before + behind, difference = before - behind;
                for (int p = 0; p < 4; p++) even[p][i] += meter->even[p][k] * sum;
                for (int p = 0; p < PAIRS; p++) odd[p][i] += meter->odd[p][k] * difference;
            }
        for (int i = 0; i < HOP; i++) {
            most[i] = fmaxf(fabsf(x[i]), fabsf(even[3][i]));
            for (int p = 0; p < PAIRS; p++) most[i] = fmaxf(most[i], fabsf(even[p][i]) + fabsf(odd[p][i]));
            out[h] = most[i] > out[h] ? most[i] : out[h];
        }
    }
}

#if GRM_HAVE_AVX2
GRM_AVX2 static float largest_avx2(__m256 x) {
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

GRM_AVX2 static void run_avx2(const grm_peak_meter *meter, const float *x, size_t hops, float *out) {
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    for (size_t h = 0; h < hops; h++, x += HOP) {
        __m256 even[4], odd[PAIRS];
        for (int p = 0; p < 4; p++) even[p] = _mm256_setzero_ps();
        for (int p = 0; p < PAIRS; p++) odd[p] = _mm256_setzero_ps();
        for (int k = 0; k < HALF; k++) {
            __m256 before = _mm256_loadu_ps(x + k - (HALF - 1)), behind = _mm256_loadu_ps(x + HALF - k);
            __m256 sum = _mm256_add_ps(before, behind), difference = _mm256_sub_ps(before, behind);
            for (int p = 0; p < 4; p++)
                even[p] = _mm256_add_ps(even[p], _mm256_mul_ps(_mm256_broadcast_ss(&meter->even[p][k]), sum));
            for (int p = 0; p < PAIRS; p++)
                odd[p] = _mm256_add_ps(odd[p], _mm256_mul_ps(_mm256_broadcast_ss(&meter->odd[p][k]), difference));
        }
        __m256 most = _mm256_max_ps(_mm256_and_ps(_mm256_loadu_ps(x), magnitude), _mm256_and_ps(even[3], magnitude));
        for (int p = 0; p < PAIRS; p++)
            most =
                _mm256_max_ps(most, _mm256_add_ps(_mm256_and_ps(even[p], magnitude), _mm256_and_ps(odd[p], magnitude)));
        float peak = largest_avx2(most);
        out[h] = peak > out[h] ? peak : out[h];
    }
}
#endif

void grm_peak_meter_run(const grm_peak_meter *meter, const float *x, size_t hops, float *out) {
#if GRM_HAVE_AVX2
    if (meter->avx2) {
        run_avx2(meter, x, hops, out);
        return;
    }
#endif
    run_plain(meter, x, hops, out);
}

// What may lie between the samples of x[0 .. count], count a multiple of HOP.
static float bound_plain(const grm_peak_meter *meter, const float *x, size_t count) {
    float within = fabsf(x[count]), around = 0, bent = 0;
    for (size_t i = 0; i < count; i++) within = fabsf(x[i]) > within ? fabsf(x[i]) : within;
    const float *before = x - HALF - 1;
    for (size_t i = 0; i < count + 2 * HALF; i++) {
        float at = before[i + 1], off = fabsf(before[i] + before[i + 2] - (at + at));
        around = fabsf(at) > around ? fabsf(at) : around;
        bent = off > bent ? off : bent;
    }
    return within + meter->slope * around + meter->bend * bent;
}

#if GRM_HAVE_AVX2
GRM_AVX2 static float bound_avx2(const grm_peak_meter *meter, const float *x, size_t count) {
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    __m256 near = _mm256_and_ps(_mm256_set1_ps(x[count]), magnitude), far = _mm256_setzero_ps(), bend = far;
    for (size_t i = 0; i < count; i += HOP)
        near = _mm256_max_ps(near, _mm256_and_ps(_mm256_loadu_ps(x + i), magnitude));
    const float *before = x - HALF - 1;
    for (size_t i = 0; i < count + 2 * HALF; i += HOP) {
        __m256 at = _mm256_loadu_ps(before + i + 1),
               sides = _mm256_add_ps(_mm256_loadu_ps(before + i), _mm256_loadu_ps(before + i + 2));
        far = _mm256_max_ps(far, _mm256_and_ps(at, magnitude));
        bend = _mm256_max_ps(bend, _mm256_and_ps(_mm256_sub_ps(sides, _mm256_add_ps(at, at)), magnitude));
    }
    return largest_avx2(near) + meter->slope * largest_avx2(far) + meter->bend * largest_avx2(bend);
}
#else
#define bound_avx2 bound_plain
#endif

void grm_peak_meter_raise(const grm_peak_meter *meter, const float *x, size_t hops, float *most) {
    for (size_t at = 0; at < hops; at += GROUP) {
        size_t count = hops - at < GROUP ? hops - at : GROUP;
        const float *group = x + at * HOP;
        if ((meter->avx2 ? bound_avx2 : bound_plain)(meter, group, count * HOP) <= *most) continue;
        for (size_t h = 0; h < count; h++)
            if ((meter->avx2 ? bound_avx2 : bound_plain)(meter, group + h * HOP, HOP) > *most)
                grm_peak_meter_run(meter, group + h * HOP, 1, most);
    }
}
