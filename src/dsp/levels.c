// Levels of a buffer, ramps, and how the processor treats numbers near zero.
#include <string.h>

#include "dsp/dsp.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

unsigned grm_denormals_flush(void) {
#if GRM_HAVE_AVX2
    unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | 0x8040u);  // flush to zero, denormals are zero
    return mode;
#elif defined(__GNUC__) && defined(__aarch64__)
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    __asm__ volatile("msr fpcr, %0" : : "r"(mode | (uint64_t)1 << 24));
    return (unsigned)mode;
#else
    return 0;
#endif
}

void grm_denormals_restore(unsigned mode) {
#if GRM_HAVE_AVX2
    _mm_setcsr(mode);
#elif defined(__GNUC__) && defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)mode));
#else
    (void)mode;
#endif
}

enum { LANES = 16 };

#if defined(__SSE2__)
// The plain loop below, which compilers leave one sample at a time; maxps drops what is not a number as it does.
static float peak_of_lanes(const float *x, size_t frames) {
    const __m128 magnitude = _mm_castsi128_ps(_mm_set1_epi32(0x7fffffff));
    __m128 lane[4] = {_mm_setzero_ps(), _mm_setzero_ps(), _mm_setzero_ps(), _mm_setzero_ps()};
    for (size_t i = 0; i < frames; i += LANES)
        for (size_t k = 0; k < 4; k++)
            lane[k] = _mm_max_ps(_mm_and_ps(_mm_loadu_ps(x + i + 4 * k), magnitude), lane[k]);
    float most[4], peak = 0;
    _mm_storeu_ps(most, _mm_max_ps(_mm_max_ps(lane[0], lane[1]), _mm_max_ps(lane[2], lane[3])));
    for (size_t k = 0; k < 4; k++) peak = most[k] > peak ? most[k] : peak;
    return peak;
}
#else
static float peak_of_lanes(const float *x, size_t frames) {
    float lane[LANES] = {0}, peak = 0;
    for (size_t i = 0; i < frames; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            float a = fabsf(x[i + k]);
            lane[k] = a > lane[k] ? a : lane[k];
        }
    for (size_t k = 0; k < LANES; k++) peak = lane[k] > peak ? lane[k] : peak;
    return peak;
}
#endif

float grm_peak(const float *x, size_t frames) {
    size_t i = frames / LANES * LANES;
    float peak = peak_of_lanes(x, i);
    for (; i < frames; i++) peak = fabsf(x[i]) > peak ? fabsf(x[i]) : peak;
    return peak;
}

double grm_power(const float *x, size_t frames) {
    double sum = 0;
    for (size_t at = 0; at < frames; at += 1024) {
        size_t count = frames - at < 1024 ? frames - at : 1024, i = 0;
        float lane[LANES] = {0};
        for (; i + LANES <= count; i += LANES)
            for (size_t k = 0; k < LANES; k++) lane[k] += x[at + i + k] * x[at + i + k];
        for (; i < count; i++) sum += (double)x[at + i] * x[at + i];
        for (size_t k = 0; k < LANES; k++) sum += lane[k];
    }
    return frames ? sum / (double)frames : 0;
}

double grm_sum(const float *x, size_t frames) {
    double lane[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= frames; i += LANES)
        for (size_t k = 0; k < LANES; k++) lane[k] += (double)x[i + k];
    for (; i < frames; i++) sum += (double)x[i];
    for (size_t k = 0; k < LANES; k++) sum += lane[k];
    return sum;
}

void grm_middle(const float *left, const float *right, size_t frames, float *restrict middle) {
    for (size_t i = 0; i < frames; i++) middle[i] = (left[i] + right[i]) * 0.5f;
}

bool grm_all_finite(const float *x, size_t frames) {
    // x * 0 is 0 for what is finite, NaN for the rest.
    float lane[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= frames; i += LANES)
        for (size_t k = 0; k < LANES; k++) lane[k] += x[i + k] * 0.0f;
    for (; i < frames; i++) sum += x[i] * 0.0f;
    for (size_t k = 0; k < LANES; k++) sum += lane[k];
    return sum == 0;
}

bool grm_all_sane(const float *x, size_t frames) {
    int bad = 0;
    for (size_t i = 0; i < frames; i++) bad |= !(fabsf(x[i]) <= GRM_LOUDEST);
    return !bad;
}

bool grm_planes_check(float *const *planes, unsigned channels, size_t frames) {
    bool sane = true;
    for (unsigned c = 0; c < channels; c++) sane = grm_all_sane(planes[c], frames) && sane;
    for (unsigned c = 0; c < channels && !sane; c++) memset(planes[c], 0, frames * sizeof(float));
    return sane;
}

void grm_scale(float *x, size_t frames, float gain) {
    for (size_t i = 0; i < frames; i++) x[i] *= gain;
}

void grm_add_ramp(float *restrict y, const float *restrict x, size_t frames, float from, float to) {
    if (from == to) {
        for (size_t i = 0; i < frames; i++) y[i] += from * x[i];
        return;
    }
    float step = (to - from) / (float)frames;
    for (size_t i = 0; i < frames; i++) y[i] += (from + step * (float)(int)i) * x[i];
}
