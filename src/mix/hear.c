#include "mix/hear.h"

#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"

enum { SIZE = 4096, BINS = SIZE / 2 + 1, BANDS = 24, READ = 16 * GRM_HEAR_HOP };

const char *const grm_trait_names[GRM_TRAIT_COUNT] = {"low",   "high", "centre", "flatness", "onsets", "punch",
                                                      "plays", "tone", "pitch",  "range",    "steady", "spread"};

typedef struct ear {
    double rate_hz;
    grm_stft *stft;
    grm_fft *fft;
    float frame[SIZE], power[BINS], band[BANDS], before[BANDS], lags[SIZE];
    grm_complex bins[BINS];
    size_t edge[BANDS + 1];
    // of the frames that sound
    size_t count, room, frames;
    float *level, *pitch;  // [room] dB; octaves above 220 Hz, or NaN
    double sum[BINS];      // power
    double tone, flatness;
} ear;

static double hz_of(const ear *e, size_t bin) {
    return (double)bin * e->rate_hz / SIZE;
}

static grm_status ear_open(ear *e, double rate_hz, size_t frames, grm_error *err) {
    e->rate_hz = rate_hz;
    e->room = frames + 1;
    e->level = calloc(e->room, sizeof *e->level);
    e->pitch = calloc(e->room, sizeof *e->pitch);
    if (!e->level || !e->pitch) return grm_fail_memory(err);
    for (size_t b = 0; b <= BANDS; b++) {  // from 60 Hz to 16 kHz, a third of an octave each
        size_t bin = (size_t)(60 * pow(2, (double)b / 3) * SIZE / rate_hz + 0.5);
        e->edge[b] = bin < BINS ? bin : BINS;
    }
    grm_status status = grm_stft_new(GRM_WINDOW_HANN, SIZE, &e->stft, err);
    return status ? status : grm_fft_new(SIZE, &e->fft, err);
}

static void ear_close(ear *e) {
    grm_fft_free(e->fft);
    grm_stft_free(e->stft);
    free(e->pitch);
    free(e->level);
}

// ---- one frame ----

static float grow(ear *e) {
    float flux = 0;
    for (size_t b = 0; b < BANDS; b++) {
        float sum = 1e-9f;
        for (size_t i = e->edge[b]; i < e->edge[b + 1]; i++) sum += e->power[i];
        e->band[b] = log2f(sum);
        float more = e->band[b] - e->before[b];
        if (more > 1) flux += more < 8 ? more : 8;
        e->before[b] = e->band[b];
    }
    return flux / BANDS;
}

// The period: the highest peak of the autocorrelation of the power spectrum between 1/1200 and 1/35 s, the shortest of
// those nearly as high. Wiener and Khinchin; the window's own autocorrelation is divided out.
static float find_period(ear *e, float *strength) {
    memset(e->bins, 0, sizeof e->bins);
    size_t top = (size_t)(4000 * SIZE / e->rate_hz);  // harmonics; above is breath
    for (size_t i = 1; i < top && i < BINS; i++) e->bins[i].re = e->power[i];
    grm_fft_inverse(e->fft, e->bins, e->lags);
    size_t shortest = (size_t)(e->rate_hz / 1200), longest = (size_t)(e->rate_hz / 35);
    float best = 0;
    *strength = 0;
    if (!(e->lags[0] > 0)) return 0;
    for (size_t lag = 1; lag <= longest + 1; lag++) {
        double t = (double)lag / SIZE;  // autocorrelation of a Hann window
        double window = (1 - t) * (2 + cos(2 * GRM_PI * t)) / 3 + sin(2 * GRM_PI * t) / (2 * GRM_PI);
        e->lags[lag] = (float)(e->lags[lag] / (e->lags[0] * window));
    }
    size_t at = 0;
    for (size_t lag = shortest; lag <= longest; lag++)
        if (e->lags[lag] > e->lags[lag - 1] && e->lags[lag] >= e->lags[lag + 1] && e->lags[lag] > best * 1.06f) {
            best = e->lags[lag];
            at = lag;
        }
    if (at == 0) return 0;
    *strength = best < 0 ? 0 : best > 1 ? 1 : best;
    float a = e->lags[at - 1], b = e->lags[at], c = e->lags[at + 1], bend = a - 2 * b + c;
    return (float)at + (bend < 0 ? 0.5f * (a - c) / bend : 0);
}

static double flatness_of(const ear *e) {
    double logs = 0, sum = 0;
    size_t low = (size_t)(200 * SIZE / e->rate_hz), high = (size_t)(8000 * SIZE / e->rate_hz);
    for (size_t i = low; i < high; i++) {
        logs += log10(e->power[i] + 1e-12);
        sum += e->power[i] + 1e-12;
    }
    double count = (double)(high - low);
    return 10 * (logs / count - log10(sum / count));
}

static void hear_frame(ear *e, const float *left, const float *right, float *flux) {
    double power = 0;
    for (size_t i = 0; i < SIZE; i++) {
        e->frame[i] = 0.5f * (left[i] + right[i]);
        power += (double)left[i] * left[i] + (double)right[i] * right[i];
    }
    double level = 10 * log10(0.5 * power / SIZE + 1e-20);
    if (level < -75) {
        for (size_t b = 0; b < BANDS; b++) e->before[b] = log2f(1e-9f);
        return;
    }
    // What is the same wherever the sound is loud or soft.
    grm_stft_power(e->stft, e->frame, e->power);
    float scale = 4.0f / ((float)SIZE * SIZE);
    for (size_t i = 0; i < BINS; i++) e->power[i] *= scale;
    *flux = grow(e);
    if (e->count + 1 >= e->room) return;
    for (size_t i = 0; i < BINS; i++) e->sum[i] += e->power[i];
    float strength, period = find_period(e, &strength);
    e->tone += strength;
    e->flatness += flatness_of(e);
    e->level[e->count] = (float)level;
    e->pitch[e->count++] = strength > 0.6f && period > 0 ? (float)log2(e->rate_hz / period / 220) : NAN;
}

// ---- all of them ----

static float decibels(double part, double whole) {
    return (float)(10 * log10(part / (whole + 1e-20) + 1e-6));
}

static void spectrum_traits(const ear *e, float *trait) {
    double all = 1e-20, low = 0, high = 0, moment = 0, square = 0;
    for (size_t i = 1; i < BINS; i++) {
        double hz = hz_of(e, i), octave = log2(hz / 1000);
        if (hz < 20) continue;
        all += e->sum[i];
        low += hz < 150 ? e->sum[i] : 0;
        high += hz > 5000 ? e->sum[i] : 0;
        moment += e->sum[i] * octave;
        square += e->sum[i] * octave * octave;
    }
    double centre = moment / all, spread = square / all - centre * centre;
    trait[GRM_TRAIT_LOW] = decibels(low, all);
    trait[GRM_TRAIT_HIGH] = decibels(high, all);
    trait[GRM_TRAIT_CENTRE] = (float)centre;
    trait[GRM_TRAIT_SPREAD] = (float)sqrt(spread > 0 ? spread : 0);
}

static void pitch_traits(ear *e, float *trait) {
    size_t steady = 0, pairs = 0, found = 0;
    for (size_t i = 1; i < e->count; i++) {
        if (isnan(e->pitch[i]) || isnan(e->pitch[i - 1])) continue;
        pairs++;
        steady += fabsf(e->pitch[i] - e->pitch[i - 1]) < 40 / 1200.0f;
    }
    for (size_t i = 0; i < e->count; i++)
        if (!isnan(e->pitch[i])) e->pitch[found++] = e->pitch[i];
    grm_sort_floats(e->pitch, found);
    trait[GRM_TRAIT_PITCH] = found ? e->pitch[found / 2] : 0;
    trait[GRM_TRAIT_RANGE] = found ? e->pitch[found * 9 / 10] - e->pitch[found / 10] : 0;
    trait[GRM_TRAIT_STEADY] = pairs ? (float)steady / (float)pairs : 0;
    trait[GRM_TRAIT_TONE] = (float)(e->tone / (double)e->count);
    trait[GRM_TRAIT_FLATNESS] = (float)(e->flatness / (double)e->count);
}

static float onsets_a_second(const grm_sound *sound, const ear *e) {
    size_t onsets = 0, last = 0;
    for (size_t i = 1; i + 1 < sound->frames; i++) {
        bool peak = sound->flux[i] > sound->flux[i - 1] && sound->flux[i] >= sound->flux[i + 1];
        if (!peak || sound->flux[i] < 0.35f || (onsets && i - last < 3)) continue;
        onsets++;
        last = i;
    }
    return (float)((double)onsets / ((double)e->count * GRM_HEAR_HOP / e->rate_hz));
}

static void sum_up(ear *e, grm_sound *sound) {
    sound->silent = e->count < 4;
    if (sound->silent) return;
    spectrum_traits(e, sound->trait);
    pitch_traits(e, sound->trait);
    float onsets = onsets_a_second(sound, e);
    sound->trait[GRM_TRAIT_ONSETS] = log2f(onsets > 0.05f ? onsets : 0.05f);
    grm_sort_floats(e->level, e->count);
    float top = e->level[e->count - 1 - e->count / 50];
    size_t loud = 0;
    while (loud < e->count && e->level[loud] < top - 40) loud++;
    sound->trait[GRM_TRAIT_PUNCH] = e->level[e->count * 19 / 20] - e->level[loud + (e->count - loud) / 2];
    sound->trait[GRM_TRAIT_PLAYS] = (float)(e->count - loud) / (float)(e->frames ? e->frames : 1);
}

grm_status grm_sound_hear(const grm_run *run, const grm_tape *tape, grm_sound *out, grm_error *err) {
    *out = (grm_sound){0};
    double rate_hz = grm_tape_rate(tape);
    size_t total = grm_tape_frames(tape), most = (size_t)(GRM_HEAR_SECONDS * rate_hz / GRM_HEAR_HOP);
    float *planes[2] = {grm_floats_new(READ + SIZE), grm_floats_new(READ + SIZE)};
    ear *e = calloc(1, sizeof *e);
    out->frames = total / GRM_HEAR_HOP;
    out->flux = calloc(out->frames + 1, sizeof *out->flux);
    grm_status status = planes[0] && planes[1] && e && out->flux ? GRM_OK : grm_fail_memory(err);
    if (!status) status = ear_open(e, rate_hz, most, err);
    unsigned mode = grm_denormals_flush();
    for (size_t at = 0; at < out->frames && !status && e->count < most; at += READ / GRM_HEAR_HOP) {
        status = grm_tape_read(tape, at * GRM_HEAR_HOP, READ + SIZE, planes, err);
        for (size_t k = 0; k < READ / GRM_HEAR_HOP && at + k < out->frames && !status; k++) {
            hear_frame(e, planes[0] + k * GRM_HEAR_HOP, planes[1] + k * GRM_HEAR_HOP, &out->flux[at + k]);
            e->frames += e->count > 0;  // counted from its first sound
        }
        if (!status) status = grm_run_check(run, err);
    }
    grm_denormals_restore(mode);
    if (!status) sum_up(e, out);
    if (e) ear_close(e);
    free(e);
    free(planes[1]);
    free(planes[0]);
    if (status) grm_sound_free(out);
    return status;
}

void grm_sound_free(grm_sound *sound) {
    free(sound->flux);
    *sound = (grm_sound){0};
}

// ---- tempo ----

// Autocorrelation of the joint flux, weighted toward 120 beats a minute.
double grm_sounds_tempo(const grm_sound *sounds, size_t count, double rate_hz) {
    size_t frames = 0;
    for (size_t k = 0; k < count; k++) frames = sounds[k].frames > frames ? sounds[k].frames : frames;
    double looks_s = rate_hz / GRM_HEAR_HOP, best = 0, tempo = 0, mean = 0, power = 0;
    if (frames < 4 * looks_s) return 0;
    double *x = calloc(frames, sizeof *x);
    if (!x) return 0;
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < sounds[k].frames; i++) x[i] += sounds[k].flux[i];
    for (size_t i = 0; i < frames; i++) mean += x[i] / (double)frames;
    for (size_t i = 0; i < frames; i++) {
        x[i] -= mean;
        power += x[i] * x[i];
    }
    for (double bpm = 70; bpm <= 180; bpm += 0.5) {
        double period = 60 * looks_s / bpm, score = 0;
        for (int beats = 1; beats <= 4; beats++) {
            double lag = beats * period, part = lag - floor(lag), sum = 0;
            size_t whole = (size_t)lag;
            for (size_t i = 0; i + whole + 1 < frames; i++)
                sum += x[i] * ((1 - part) * x[i + whole] + part * x[i + whole + 1]);
            score += sum / (power + 1e-9);
        }
        double octave = log2(bpm / 120);
        score *= exp(-0.5 * octave * octave / 0.3);
        if (score > best) best = score, tempo = bpm;
    }
    free(x);
    return best > 0.25 ? tempo : 0;
}
