// Tape, tube and transformer: saturation at four times the rate.
//
// Only what the curve adds goes up and down, so that small signals pass as they are. The three differ in their curve
// and in the tilt that they have before it, which is taken off again behind it:
//
//   tape: highs saturate first (its record equalisation lifts them); an odd curve that bends early and softly;
//   tube: a triode's bent line, round on one side, tight on the other: even harmonics, whose direct part is taken off;
//   transformer: lows saturate first (flux is the integral of voltage: half of it an octave higher); straight up to
//   near its end. Zoelzer (ed.), "DAFX", 2011, chapter 4; Hamm, "Tubes versus transistors", JAES 1973 (harmonics).
#include <string.h>

#include "dsp/glide.h"
#include "dsp/oversample.h"

enum { BLOCK = GRM_OVER_BLOCK };
#define TUBE_BIAS 0.35f

// t (27 + t^2) / (27 + 9 t^2) is tanh within 2.4 % up to 3, where it meets 1 without a bend.
GRM_INLINE float soft(float t) {
    t = t > 3 ? 3 : t < -3 ? -3 : t;
    float square = t * t;
    return t * (27 + square) / (27 + 9 * square);
}

// Straight, then round: t - t^5 27/256 up to 4/3, where it is 0.9 and level... scaled to end at 1.
GRM_INLINE float late(float t) {
    const float end = 1.25f;
    t = t > end ? end : t < -end ? -end : t;
    float u = t * (1 / end), square = u * u;
    return t - 0.2f * t * square * square;
}

GRM_INLINE float tube(float t) {
    const float bias = TUBE_BIAS;
    float square = bias * bias, below = 27 + 9 * square;
    float offset = bias * (27 + square) / below;
    float slope = (27 * 27 - 54 * square * 3 + 9 * square * square) / (below * below);
    return (soft(t + bias) - offset) / slope;
}

GRM_INLINE float bent(grm_colour_kind kind, float t) {
    return kind == GRM_COLOUR_TAPE ? soft(t) : kind == GRM_COLOUR_TUBE ? tube(t) : late(t);
}

float grm_colour_curve(grm_colour_kind kind, float t) {
    return bent(kind, t);
}

GRM_INLINE void bend(grm_colour_kind kind, const float *restrict drive, float *restrict x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float d = drive[i / 2], t = x[i] * d;
        x[i] = (bent(kind, t) - t) / d;
    }
}

// x: [count] -> what the curve adds to it.
GRM_INLINE void add_of(grm_colour_kind kind, grm_oversampler *s, const float *drive, float *x, size_t count) {
    float even[2 * BLOCK], odd[2 * BLOCK];
    grm_over_four(s, x, even, odd, count);
    bend(kind, drive, even, 2 * count);
    bend(kind, drive, odd, 2 * count);
    grm_over_back(s, even, odd, x, count);
}

GRM_INLINE void added(grm_colour_kind kind, grm_oversampler *s, const float *drive, float *x, size_t count) {
    if (kind == GRM_COLOUR_TAPE)
        add_of(GRM_COLOUR_TAPE, s, drive, x, count);
    else if (kind == GRM_COLOUR_TUBE)
        add_of(GRM_COLOUR_TUBE, s, drive, x, count);
    else
        add_of(GRM_COLOUR_TRANSFORMER, s, drive, x, count);
}

static void added_plain(grm_colour_kind kind, grm_oversampler *s, const float *drive, float *x, size_t count) {
    added(kind, s, drive, x, count);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void added_avx2(grm_colour_kind kind, grm_oversampler *s, const float *drive, float *x, size_t count) {
    added(kind, s, drive, x, count);
}
#endif

void grm_oversampler_bend(grm_oversampler *s, bool avx2, grm_colour_kind kind, const float *drive, float *x,
                          size_t count) {
#if GRM_HAVE_AVX2
    if (avx2) {
        added_avx2(kind, s, drive, x, count);
        return;
    }
#endif
    (void)avx2;
    added_plain(kind, s, drive, x, count);
}

// ---- the block ----

static void tilt(grm_colour *c, double rate_hz) {
    grm_filter before, behind;
    switch (c->kind) {
        case GRM_COLOUR_TAPE:
            before = grm_filter_design(GRM_FILTER_HIGH_SHELF, rate_hz, 3000, 0.6, 6);
            behind = grm_filter_design(GRM_FILTER_HIGH_SHELF, rate_hz, 3000, 0.6, -6);
            break;
        case GRM_COLOUR_TUBE:
            before = grm_filter_design(GRM_FILTER_HIGHPASS, rate_hz, 5, 0.7071, 0);
            behind = grm_filter_design(GRM_FILTER_HIGHPASS, rate_hz, 10, 0.7071, 0);
            break;
        default:
            before = grm_filter_design(GRM_FILTER_LOW_SHELF, rate_hz, 120, 0.6, 9);
            behind = grm_filter_design(GRM_FILTER_LOW_SHELF, rate_hz, 120, 0.6, -9);
            break;
    }
    grm_cascade_init(&c->before, &before, 1);
    grm_cascade_init(&c->behind, &behind, 1);
}

void grm_colour_init(grm_colour *c, grm_colour_kind kind, double rate_hz, float drive_db, float mix) {
    memset(c, 0, sizeof *c);
    c->kind = kind;
    c->rate_hz = rate_hz;
    c->avx2 = grm_cpu_detect().avx2_fma;
    c->drive = grm_glide_rest(grm_db_to_gain(drive_db));
    c->mix = grm_glide_rest(mix);
    tilt(c, rate_hz);
}

void grm_colour_set(grm_colour *c, float drive_db, float mix) {
    grm_glide_to(&c->drive, grm_db_to_gain(drive_db), c->rate_hz);
    grm_glide_to(&c->mix, mix, c->rate_hz);
}

static void run_block(grm_colour *c, float *const *planes, size_t count) {
    float x[2][BLOCK], drive[BLOCK], past[BLOCK + GRM_OVER_LATENCY];
    for (size_t i = 0; i < count; i++) drive[i] = grm_glide_ahead(&c->drive, i);
    for (int side = 0; side < 2; side++) memcpy(x[side], planes[side], count * sizeof(float));
    grm_cascade_run(&c->before, x[0], x[1], count);
    for (int side = 0; side < 2; side++) grm_oversampler_bend(&c->over[side], c->avx2, c->kind, drive, x[side], count);
    grm_cascade_run(&c->behind, x[0], x[1], count);
    for (int side = 0; side < 2; side++) {
        grm_glide_scale(&c->mix, x[side], count);
        memcpy(past, c->past[side], sizeof c->past[side]);
        memcpy(past + GRM_OVER_LATENCY, planes[side], count * sizeof(float));
        for (size_t i = 0; i < count; i++) planes[side][i] = past[i] + x[side][i];
        memcpy(c->past[side], past + count, sizeof c->past[side]);
    }
    grm_glide_pass(&c->drive, count);
    grm_glide_pass(&c->mix, count);
}

bool grm_colour_run(grm_colour *c, float *left, float *right, size_t frames) {
    if (!grm_planes_check((float *const[]){left, right}, 2, frames)) return false;
    unsigned mode = grm_denormals_flush();
    for (size_t at = 0; at < frames; at += BLOCK)
        run_block(c, (float *const[]){left + at, right + at}, frames - at < BLOCK ? frames - at : BLOCK);
    grm_denormals_restore(mode);
    return true;
}
