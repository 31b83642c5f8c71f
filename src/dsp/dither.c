// To whole numbers of bits, so that what is lost sounds like even, quiet noise.
//
// Two uniform random numbers a sample, one step of the lattice wide each, make the error's mean and power independent
// of the signal (triangular density: Lipshitz, Wannamaker, Vanderkooy, "Quantization and dither", JAES 1992). The error
// of each sample is fed back through a filter that moves it to where the ear hears least: the one that makes the least
// weighted noise of all of its length is the linear predictor of the weighting (Gerzon and Craven, "Optimal noise
// shaping and dither of digital signals", AES 87, 1989). The weighting is one over the threshold of hearing (Terhardt,
// "Calculating virtual pitch", Hearing Research 1979, eq. 1), held within SPAN_DB.
#include <string.h>

#include "dsp/dsp.h"

enum { TAPS = GRM_DITHER_TAPS, POINTS = 512, BLOCK = 512 };
#define SPAN_DB 32.0  // from the ear's best to its worst, so that the noise as a whole rises little

// Least level that is heard, dB.
static double threshold_db(double hz) {
    double khz = (hz < 30 ? 30 : hz) * 0.001;
    return 3.64 * pow(khz, -0.8) - 6.5 * exp(-0.6 * (khz - 3.3) * (khz - 3.3)) + 1e-3 * pow(khz, 4);
}

// The predictor's taps from the weighting's autocorrelation (Levinson and Durbin).
static void predict(const double r[TAPS + 1], double a[TAPS + 1]) {
    double error = r[0];
    memset(a, 0, (TAPS + 1) * sizeof *a);
    a[0] = 1;
    for (int i = 1; i <= TAPS; i++) {
        double sum = 0, before[TAPS + 1];
        for (int k = 0; k < i; k++) sum += a[k] * r[i - k];
        double reflection = -sum / error;
        memcpy(before, a, sizeof before);
        for (int k = 1; k <= i; k++) a[k] += reflection * before[i - k];
        error *= 1 - reflection * reflection;
    }
}

static void shape(grm_dither *d, double rate_hz) {
    double r[TAPS + 1] = {0}, a[TAPS + 1], best = threshold_db(3300);
    for (int i = 0; i < POINTS; i++) {
        double hz = (i + 0.5) / POINTS * rate_hz / 2, over = threshold_db(hz) - best;
        double weight = pow(10, -(over < 0 ? 0 : over > SPAN_DB ? SPAN_DB : over) / 10);
        for (int k = 0; k <= TAPS; k++) r[k] += weight * cos(GRM_PI * k * (i + 0.5) / POINTS);
    }
    predict(r, a);
    for (int k = 0; k < TAPS; k++) d->taps[k] = (float)a[k + 1];
}

void grm_dither_init(grm_dither *d, unsigned bits, bool shaped, double rate_hz, uint64_t seed) {
    memset(d, 0, sizeof *d);
    d->scale = (float)(1u << (bits - 1));
    d->quiet_after = (size_t)(0.1 * rate_hz);
    d->quiet = d->quiet_after;
    grm_rng rng = grm_rng_new(seed, "dither");
    for (unsigned side = 0; side < 2; side++) d->rng[side] = grm_rng_branch(&rng, "channel", side);
    d->shaped = shaped;
    if (shaped) shape(d, rate_hz);
}

double grm_dither_noise_db(const grm_dither *d, double rate_hz, double hz) {
    double re = 1, im = 0;
    for (int k = 0; k < TAPS; k++) {
        re += d->taps[k] * cos(2 * GRM_PI * hz * (k + 1) / rate_hz);
        im -= d->taps[k] * sin(2 * GRM_PI * hz * (k + 1) / rate_hz);
    }
    return 20 * log10(hypot(re, im));
}

// Two steps wide, triangular, mean 0.
static double noise_of(uint32_t sum) {
    return sum / 65536.0 - 65535 / 65536.0;
}

static uint32_t draw(grm_dither *d, int side) {
    uint32_t random = grm_rng_u32(&d->rng[side]);
    return (random >> 16) + (random & 0xffff);
}

// One sample; the error is what came out less what should have, without the clipping.
static float quantise(grm_dither *d, int side, float x) {
    double noise = noise_of(draw(d, side));
    float *error = d->error[side], shaped = 0;
    for (unsigned k = 0; k < TAPS; k++) shaped += d->taps[k] * error[(d->at + k) % TAPS];
    double wanted = (double)x * d->scale + shaped, whole = rint(wanted + noise), top = d->scale - 1;
    error[(d->at + TAPS - 1) % TAPS] = (float)(whole - wanted);
    return (float)((whole > top ? top : whole < -d->scale ? -d->scale : whole) / d->scale);
}

static void run_frames(grm_dither *d, float *const planes[2], size_t frames) {
    for (size_t i = 0; i < frames; i++) {
        bool silent = planes[0][i] == 0 && planes[1][i] == 0;
        d->quiet = silent ? d->quiet + (d->quiet < d->quiet_after) : 0;
        if (d->quiet == d->quiet_after) {  // what is digital silence stays it
            memset(d->error, 0, sizeof d->error);
            continue;
        }
        for (int side = 0; side < 2; side++) planes[side][i] = quantise(d, side, planes[side][i]);
        d->at = (d->at + TAPS - 1) % TAPS;
    }
}

// The same to the bit where no error is fed back and no frame is silent: no sample waits for the one before.
static void run_white(grm_dither *d, float *const planes[2], size_t frames) {
    const double turn = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to whole numbers, as rint does
    double scale = (double)d->scale, step = 1 / scale, top = scale - 1;
    int32_t sums[2][BLOCK];
    for (size_t i = 0; i < frames; i++)
        for (int side = 0; side < 2; side++) sums[side][i] = (int32_t)draw(d, side);
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < frames; i++) {
            double noise = sums[side][i] / 65536.0 - 65535 / 65536.0;
            double whole = ((double)planes[side][i] * scale + noise + turn) - turn;
            whole = whole > top ? top : whole;
            whole = whole < -scale ? -scale : whole;
            planes[side][i] = (float)(whole * step);
        }
    d->quiet = 0;
}

static bool any_silent(float *const planes[2], size_t frames) {
    int silent = 0;
    for (size_t i = 0; i < frames; i++) silent |= (planes[0][i] == 0) & (planes[1][i] == 0);
    return silent;
}

bool grm_dither_run(grm_dither *d, float *const *planes, size_t frames) {
    if (!grm_planes_check(planes, 2, frames)) return false;
    for (size_t at = 0; at < frames; at += BLOCK) {
        size_t count = frames - at < BLOCK ? frames - at : BLOCK;
        float *const now[2] = {planes[0] + at, planes[1] + at};
        if (d->shaped || any_silent(now, count))
            run_frames(d, now, count);
        else
            run_white(d, now, count);
    }
    return true;
}
