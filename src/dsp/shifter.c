// Pitch apart from time: the sound is stretched by the ratio of pitches and read that much faster.
//
// Of each window it is known where its middle lies in the input and in the stretched sound; between two middles both
// run evenly, so what comes out is exactly as late as what went in, also while the ratio changes. The stretched sound
// is read between its samples by a windowed sinc; what would go over half the rate is left out by the vocoder.
#include "dsp/shifter.h"

#include <stdlib.h>
#include <string.h>

#include "dsp/vocoder.h"

enum { TAPS = 32, PHASES = 256, BLOCK = 256, WINDOWS = 128 };
#define WINDOW_MS 85
#define TOP 0.96  // part of half the rate up to which sound is kept when it goes up

struct grm_shifter {
    grm_shift_plan plan;
    double rate_hz, ratio, formant;
    grm_shift_fn *fn;
    void *context;
    bool avx2;
    grm_vocoder vocoder;
    size_t latency;
    size_t capacity, filled;  // of the input's buffers
    int64_t base;             // place of its first frame in the input
    float *in[2];
    size_t laid_capacity, laid_filled;  // of the stretched sound's
    int64_t laid_base;
    float *laid[2];
    double place;            // of the next window's first frame
    int64_t windows;         // so far
    double middle[WINDOWS];  // of window i in the input, [i % WINDOWS]
    double ratios[WINDOWS];  // from its middle on
    int64_t now, reads;      // frames that came; window behind whose middle is read
    float (*sinc)[TAPS];     // [PHASES + 1]
};

static double ratio_of(float semitones) {
    return pow(2, fmin(fmax(semitones, -12), 12) / 12);
}

// sinc(k - 15 - phase) under a Kaiser-like window: 1 at its middle and 0 at its other whole numbers.
static void fill_sinc(float (*sinc)[TAPS]) {
    for (int p = 0; p <= PHASES; p++)
        for (int k = 0; k < TAPS; k++) {
            double t = k - (TAPS / 2 - 1) - p / (double)PHASES, edge = t / (TAPS / 2);
            double window = fabs(edge) < 1 ? 0.42 + 0.5 * cos(GRM_PI * edge) + 0.08 * cos(2 * GRM_PI * edge) : 0;
            sinc[p][k] = (float)(fabs(t) < 1e-9 ? 1 : sin(GRM_PI * t) / (GRM_PI * t) * window);
        }
}

grm_status grm_shifter_new(const grm_shift_plan *plan, double rate_hz, grm_shifter **out, grm_error *err) {
    *out = NULL;
    if (!(fabsf(plan->semitones) <= 12) || !(fabsf(plan->formant_semitones) <= 12) ||
        !(plan->window_ms >= 0 && plan->window_ms <= 400) || !(rate_hz >= 8000 && rate_hz <= 400000))
        return grm_fail(err, GRM_USAGE, "pitch moved by %g semitones, formants by %g: take -12 to 12 of both",
                        (double)plan->semitones, (double)plan->formant_semitones);
    grm_shifter *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    s->plan = *plan;
    s->rate_hz = rate_hz;
    s->avx2 = grm_cpu_detect().avx2_fma;
    grm_status status = grm_vocoder_open(&s->vocoder, plan->window_ms > 0 ? plan->window_ms : WINDOW_MS, rate_hz, err);
    if (status) goto failed;
    size_t size = s->vocoder.size, hop = s->vocoder.hop;
    // A frame is read when the five windows behind its own are laid, which lie two hops apart at the most.
    s->latency = size / 2 + 10 * hop + 4;
    s->capacity = 4 * size + 4 * BLOCK;
    s->laid_capacity = 10 * size;
    for (int c = 0; c < 2; c++) {
        s->in[c] = grm_floats_new(s->capacity);
        s->laid[c] = grm_floats_new(s->laid_capacity);
        if (!s->in[c] || !s->laid[c]) status = grm_fail_memory(err);
    }
    s->sinc = calloc(PHASES + 1, sizeof *s->sinc);
    if (!s->sinc) status = grm_fail_memory(err);
    if (status) goto failed;
    fill_sinc(s->sinc);
    grm_shifter_reset(s);
    *out = s;
    return GRM_OK;
failed:
    grm_shifter_free(s);
    return status;
}

void grm_shifter_free(grm_shifter *s) {
    if (!s) return;
    free(s->sinc);
    for (int c = 0; c < 2; c++) {
        free(s->laid[c]);
        free(s->in[c]);
    }
    grm_vocoder_close(&s->vocoder);
    free(s);
}

void grm_shifter_reset(grm_shifter *s) {
    size_t size = s->vocoder.size, hop = s->vocoder.hop;
    grm_vocoder_reset(&s->vocoder);
    s->ratio = ratio_of(s->plan.semitones);
    s->formant = ratio_of(s->plan.formant_semitones);
    // Silence goes before the sound, so that its first window is laid among others.
    s->place = -2.0 * (double)size;
    s->base = -(int64_t)(2 * size + 2 * hop);
    s->filled = 2 * size + 2 * hop;
    s->laid_base = 0;
    s->laid_filled = 0;
    s->windows = s->now = s->reads = 0;
    for (int c = 0; c < 2; c++) memset(s->in[c], 0, s->filled * sizeof(float));
}

void grm_shifter_set(grm_shifter *s, float semitones, float formant_semitones) {
    s->plan.semitones = semitones;
    s->plan.formant_semitones = formant_semitones;
    s->ratio = ratio_of(semitones);
    s->formant = ratio_of(formant_semitones);
}

void grm_shifter_follow(grm_shifter *s, grm_shift_fn *fn, void *context) {
    s->fn = fn;
    s->context = context;
}

void grm_shifter_plain(grm_shifter *s) {
    s->avx2 = false;
}

size_t grm_shifter_window(const grm_shifter *s) {
    return s->vocoder.size;
}

size_t grm_shifter_latency(const grm_shifter *s) {
    return s->latency;
}

static void enter(grm_shifter *s, float *const *planes, size_t count) {
    if (s->filled + count > s->capacity) {
        size_t gone = (size_t)((int64_t)floor(s->place) - (int64_t)s->vocoder.hop - 1 - s->base);
        for (size_t c = 0; c < s->vocoder.channels; c++)
            memmove(s->in[c], s->in[c] + gone, (s->filled - gone) * sizeof(float));
        s->base += (int64_t)gone;
        s->filled -= gone;
    }
    for (size_t c = 0; c < s->vocoder.channels; c++) memcpy(s->in[c] + s->filled, planes[c], count * sizeof(float));
    s->filled += count;
}

// Room for a hop of the stretched sound. What lies before the next read is no longer wanted.
static size_t room(grm_shifter *s) {
    size_t hop = s->vocoder.hop;
    if (s->laid_filled + hop > s->laid_capacity) {
        int64_t wanted = s->reads * (int64_t)hop + (int64_t)(s->vocoder.size / 2) - TAPS - s->laid_base;
        size_t gone = wanted > 0 ? (size_t)wanted : 0;
        for (size_t c = 0; c < s->vocoder.channels; c++)
            memmove(s->laid[c], s->laid[c] + gone, (s->laid_filled - gone) * sizeof(float));
        s->laid_base += (int64_t)gone;
        s->laid_filled -= gone;
    }
    return s->laid_filled;
}

// Lays the next window, where the input reaches for it.
static bool step(grm_shifter *s) {
    size_t size = s->vocoder.size, hop = s->vocoder.hop;
    int64_t place = llround(s->place);
    if (place + (int64_t)size > s->base + (int64_t)s->filled) return false;
    const float *now[2], *before[2];
    for (size_t c = 0; c < s->vocoder.channels; c++) {
        now[c] = s->in[c] + (place - s->base);
        before[c] = now[c] - hop;
    }
    double ratio = s->fn ? fmin(fmax(s->fn(s->context, now, size), 0.5), 2) : s->ratio;
    double formant = s->plan.keep_formants ? ratio / s->formant : 0;
    if (fabs(formant - 1) < 1e-6) formant = 0;
    size_t at = room(s);
    grm_vocoder_step(&s->vocoder, now, before, ratio > 1 ? TOP / ratio : 1, formant,
                     (float *const[]){s->laid[0] + at, s->laid[1] + at});
    s->laid_filled += hop;
    s->middle[s->windows % WINDOWS] = s->place + (double)(size / 2);
    s->ratios[s->windows % WINDOWS] = ratio;
    s->windows++;
    s->place += (double)hop / ratio;
    return true;
}

GRM_INLINE float interpolate(const float *restrict x, const float *restrict low, const float *restrict high,
                             float between) {
    float lane[8] = {0};
    for (size_t k = 0; k < TAPS; k += 8)
        for (size_t i = 0; i < 8; i++) lane[i] += x[k + i] * (low[k + i] + between * (high[k + i] - low[k + i]));
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

// The frames from `first` of the input's time on, which may lie before its beginning.
GRM_INLINE void read(grm_shifter *s, int64_t first, float *const *out, size_t count) {
    double half = (double)(s->vocoder.size / 2), hop = (double)s->vocoder.hop;
    for (size_t i = 0; i < count; i++) {
        double at = (double)(first + (int64_t)i);
        while (s->reads + 1 < s->windows && s->middle[(s->reads + 1) % WINDOWS] <= at) s->reads++;
        double place =
            (double)s->reads * hop + half + (at - s->middle[s->reads % WINDOWS]) * s->ratios[s->reads % WINDOWS];
        double whole = floor(place), phase = (place - whole) * PHASES;
        int p = (int)phase;
        int64_t from = (int64_t)whole - (TAPS / 2 - 1) - s->laid_base;
        for (size_t c = 0; c < s->vocoder.channels; c++)
            out[c][i] = interpolate(s->laid[c] + from, s->sinc[p], s->sinc[p + 1], (float)(phase - p));
    }
}

static void read_plain(grm_shifter *s, int64_t first, float *const *out, size_t count) {
    read(s, first, out, count);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void read_avx2(grm_shifter *s, int64_t first, float *const *out, size_t count) {
    read(s, first, out, count);
}
#endif

static void leave(grm_shifter *s, float *const *planes, size_t count) {
    int64_t first = s->now - (int64_t)s->latency;
    // What lies before the sound is silence.
    size_t silent = first >= 0 ? 0 : (size_t)-first < count ? (size_t)-first : count;
    for (size_t c = 0; c < s->vocoder.channels; c++) memset(planes[c], 0, silent * sizeof(float));
    float *const rest[2] = {planes[0] + silent, planes[1] + silent};
#if GRM_HAVE_AVX2
    if (s->avx2)
        read_avx2(s, first + (int64_t)silent, rest, count - silent);
    else
#endif
        read_plain(s, first + (int64_t)silent, rest, count - silent);
    s->now += (int64_t)count;
}

static void run(grm_shifter *s, float *const *planes, size_t frames) {
    unsigned mode = grm_denormals_flush();
    for (size_t at = 0, count; at < frames; at += count) {
        count = frames - at < BLOCK ? frames - at : BLOCK;
        float *const piece[2] = {planes[0] + at, planes[1] + at};
        enter(s, piece, count);
        while (step(s)) continue;
        leave(s, piece, count);
    }
    grm_denormals_restore(mode);
}

bool grm_shifter_run(grm_shifter *s, float *const *planes, size_t frames) {
    if (!grm_planes_check(planes, 2, frames)) return false;
    run(s, planes, frames);
    return true;
}

void grm_shifter_run_mono(grm_shifter *s, float *x, size_t frames) {
    s->vocoder.channels = 1;
    run(s, (float *const[]){x, x}, frames);
}
