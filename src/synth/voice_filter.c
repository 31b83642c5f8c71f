// The filters of subtractive notes.
#include "synth/voice_engine.h"

// Coefficients at the start of a stretch, and what they change by a frame.
typedef struct svf_line {
    grm_svf_tuning at, by;
} svf_line;

static svf_line towards(grm_svf_tuning *now, grm_svf_tuning to, bool running, size_t frames) {
    if (!running) *now = to;
    float share = 1.0f / (float)frames;
    svf_line line = {
        *now, {(to.a - now->a) * share, (to.b - now->b) * share, (to.c - now->c) * share, (to.k - now->k) * share}};
    *now = to;
    return line;
}

static inline void step(svf_line *line) {
    line->at.a += line->by.a;
    line->at.b += line->by.b;
    line->at.c += line->by.c;
    line->at.k += line->by.k;
}

static void run_lp12(grm_svf s[2], svf_line line, size_t frames, float *restrict left, float *restrict right) {
    if (right) {
        for (size_t i = 0; i < frames; i++, step(&line)) {
            left[i] = grm_svf_next(&s[0], left[i], &line.at).low;
            right[i] = grm_svf_next(&s[1], right[i], &line.at).low;
        }
    } else {
        for (size_t i = 0; i < frames; i++, step(&line)) left[i] = grm_svf_next(&s[0], left[i], &line.at).low;
    }
}

// Two second-order sections: a Butterworth pair at no resonance, of which the sharper one rings. One loop for all of
// them: the states wait for themselves, not for each other.
static void run_lp24(grm_svf s[2][2], svf_line soft, svf_line sharp, size_t frames, float *restrict left,
                     float *restrict right) {
    if (right) {
        for (size_t i = 0; i < frames; i++, step(&soft), step(&sharp)) {
            float l = grm_svf_next(&s[0][0], left[i], &soft.at).low;
            float r = grm_svf_next(&s[0][1], right[i], &soft.at).low;
            left[i] = grm_svf_next(&s[1][0], l, &sharp.at).low;
            right[i] = grm_svf_next(&s[1][1], r, &sharp.at).low;
        }
    } else {
        for (size_t i = 0; i < frames; i++, step(&soft), step(&sharp)) {
            float l = grm_svf_next(&s[0][0], left[i], &soft.at).low;
            left[i] = grm_svf_next(&s[1][0], l, &sharp.at).low;
        }
    }
}

static void run_band_or_high(bool high, grm_svf *s, svf_line line, size_t frames, float *x) {
    for (size_t i = 0; i < frames; i++, step(&line)) {
        grm_svf_out y = grm_svf_next(s, x[i], &line.at);
        x[i] = high ? y.high : y.band * line.at.k;
    }
}

// Four one-poles in a loop without delay (V. Zavalishin, "The Art of VA Filter Design", 5.3), the loop's input softly
// limited: the linear loop is solved, then its input bent by u - u³/12 where that still rises.
static inline float ladder_next(float s[4], float x, float gain, float one_less, float k, float solve) {
    float g2 = gain * gain;
    float sum = one_less * (g2 * gain * s[0] + g2 * s[1] + gain * s[2] + s[3]);
    float input = x * (1.0f + 0.6f * k);  // what resonance takes from the bass comes back in part
    float u = input - k * (g2 * g2 * input + sum) * solve;
    u = u > 2 ? 2 : u < -2 ? -2 : u;
    u *= 1.0f - u * u * (1.0f / 12);
    for (int pole = 0; pole < 4; pole++) {
        float v = (u - s[pole]) * gain;
        u = v + s[pole];
        s[pole] = u + v;
    }
    return u;
}

static void run_ladder(grm_vcf *f, float g, float k, size_t frames, float *left, float *right) {
    if (!f->running) {
        f->g = g;
        f->k = k;
    }
    float share = 1.0f / (float)frames, at = f->g, res = f->k;
    float by = (g - at) * share, res_by = (k - res) * share;
    for (size_t i = 0; i < frames; i++) {
        float one_less = 1.0f / (1.0f + at), gain = at * one_less, g2 = gain * gain;
        float solve = 1.0f / (1.0f + res * g2 * g2);
        left[i] = ladder_next(f->ladder[0], left[i], gain, one_less, res, solve);
        if (right) right[i] = ladder_next(f->ladder[1], right[i], gain, one_less, res, solve);
        at += by;
        res += res_by;
    }
    f->g = g;
    f->k = k;
}

void grm_vcf_run(grm_vcf *f, int kind, float hz, float resonance, size_t frames, float *left, float *right) {
    if (resonance > 1) resonance = 1;
    float ring = 1 - 0.97f * resonance;
    if (kind == GRM_VCF_LADDER) {
        run_ladder(f, grm_svf_g(hz), 3.95f * resonance, frames, left, right);
    } else if (kind == GRM_VCF_LP24) {
        svf_line soft = towards(&f->tuning[0], grm_svf_tune(hz, 1.8478f), f->running, frames);
        svf_line sharp = towards(&f->tuning[1], grm_svf_tune(hz, 0.7654f * ring), f->running, frames);
        run_lp24(f->svf, soft, sharp, frames, left, right);
    } else {
        svf_line line = towards(&f->tuning[0], grm_svf_tune(hz, 1.4142f * ring), f->running, frames);
        if (kind == GRM_VCF_LP12) {
            run_lp12(f->svf[0], line, frames, left, right);
        } else {
            run_band_or_high(kind == GRM_VCF_HP12, &f->svf[0][0], line, frames, left);
            if (right) run_band_or_high(kind == GRM_VCF_HP12, &f->svf[0][1], line, frames, right);
        }
    }
    f->running = true;
}
