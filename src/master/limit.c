// Loudness to the target.
//
// What the limiter does to peaks and loudness can be worked out on hops of eight frames, from the true peak and the
// weighted power of each, without touching the sound: so the gain that reaches the target is found first, and the
// sound is gone through once.
#include <stdlib.h>
#include <string.h>

#include "master/internal.h"

enum { HOP = GRM_PEAK_HOP, BATCH = 16384 };  // hops in a batch

typedef struct limiting {
    const grm_run *run;
    grm_audio *audio;
    grm_limiter_plan plan;
    grm_peak_meter meter;
    grm_cascade weighting;
    size_t hops, first, count;
    float *peaks[2];  // of each channel, [hops]; both in the first later
    float *power;     // weighted, sum of both channels and of a hop's frames, [hops]
    float *gain;      // [hops + 1]
    double *tenths;
    size_t tenth_count;
} limiting;

// ---- looking ----

static void weigh(limiting *l) {
    float left[512], right[512];
    size_t end = (l->first + l->count) * HOP;
    for (size_t at = l->first * HOP; at < end; at += GRM_COUNT(left)) {
        size_t want = end - at < GRM_COUNT(left) ? end - at : GRM_COUNT(left);
        size_t have = at >= l->audio->frames ? 0 : l->audio->frames - at < want ? l->audio->frames - at : want;
        memset(left, 0, sizeof left);
        memset(right, 0, sizeof right);
        memcpy(left, l->audio->plane[0] + at, have * sizeof *left);
        memcpy(right, l->audio->plane[1] + at, have * sizeof *right);
        grm_cascade_run(&l->weighting, left, right, want);
        for (size_t h = 0; h < want / HOP; h++) {
            float sum = 0;
            for (size_t i = h * HOP; i < (h + 1) * HOP; i++) sum += left[i] * left[i] + right[i] * right[i];
            l->power[at / HOP + h] = sum;
        }
    }
}

static void look(void *context, size_t index) {
    limiting *l = context;
    if (index == 0) {
        unsigned mode = grm_denormals_flush();
        weigh(l);
        grm_denormals_restore(mode);
    } else {
        grm_master_peaks(&l->meter, l->audio->plane[index - 1], l->audio->frames, l->first, l->count,
                         l->peaks[index - 1] + l->first);
    }
}

static grm_status look_at_all(limiting *l, size_t stage, grm_error *err) {
    for (l->first = 0; l->first < l->hops; l->first += BATCH) {
        l->count = l->hops - l->first < BATCH ? l->hops - l->first : BATCH;
        grm_pool_run(l->run->pool, 3, look, l);
        grm_progress_step(l->run->progress, stage, 0.65 + 0.1 * (double)l->first / (double)l->hops);
        grm_status status = grm_run_check(l->run, err);
        if (status) return status;
    }
    for (size_t h = 0; h < l->hops; h++) l->peaks[0][h] = fmaxf(l->peaks[0][h], l->peaks[1][h]);
    return GRM_OK;
}

// ---- finding the gain ----

// Integrated loudness after the limiter at this gain.
static grm_status predict(limiting *l, float drive, double *lufs, grm_error *err) {
    grm_status status = grm_limiter_curve(&l->plan, l->peaks[0], l->hops, drive, l->gain, err);
    if (status) return status;
    double rate = l->audio->rate_hz, tenth = floor(rate / 10 + 0.5);
    size_t h = 0;
    for (size_t t = 0; t < l->tenth_count; t++) {
        double sum = 0;
        for (; h < l->hops && (double)((h + 1) * HOP) <= (double)(t + 1) * tenth + HOP / 2; h++) {
            double g = drive * 0.5 * (l->gain[h] + l->gain[h + 1]);
            sum += g * g * l->power[h];
        }
        l->tenths[t] = sum / tenth;
    }
    *lufs = grm_loudness_gated(l->tenths, l->tenth_count);
    return GRM_OK;
}

static float deepest_db(const limiting *l) {
    float least = 1;
    for (size_t h = 0; h <= l->hops; h++) least = fminf(least, l->gain[h]);
    return grm_gain_to_db(least);
}

// Each step corrects by what is missing; the limiter takes part of it, so a few are needed.
static grm_status find_drive(limiting *l, double target, float most_db, float *drive, bool *reached, grm_error *err) {
    double lufs = GRM_SILENT_LUFS;
    *drive = 1;
    for (int i = 0; i < 14; i++) {
        grm_status status = predict(l, *drive, &lufs, err);
        if (status) return status;
        double missing = target - lufs;
        if (fabs(missing) < 0.004) break;
        if (missing > 0 && deepest_db(l) < -most_db) break;
        *drive *= (float)pow(10, fmax(-12, fmin(12, missing * 1.15)) / 20);
    }
    // a step may have gone too far
    while (deepest_db(l) < -most_db - 1) {
        *drive *= 0.944f;
        grm_status status = predict(l, *drive, &lufs, err);
        if (status) return status;
    }
    *reached = fabs(lufs - target) < 0.1;
    return GRM_OK;
}

// ---- doing it ----

static void apply_batch(void *context, size_t index) {
    limiting *l = context;
    float *x = l->audio->plane[index % 2];
    size_t first = index / 2 * BATCH, last = l->hops - first < BATCH ? l->hops : first + BATCH;
    for (size_t h = first; h < last; h++) {
        size_t start = h * HOP, count = l->audio->frames - start < HOP ? l->audio->frames - start : HOP;
        float from = l->gain[h], step = (l->gain[h + 1] - from) / HOP;
        for (size_t i = 0; i < count; i++) x[start + i] *= from + step * (float)(int)i;
    }
}

// Half a cosine at both ends.
static void fade(grm_audio *audio, double in_ms, double out_ms) {
    size_t in = (size_t)(in_ms * 0.001 * audio->rate_hz), out = (size_t)(out_ms * 0.001 * audio->rate_hz);
    if (in > audio->frames / 4) in = audio->frames / 4;
    if (out > audio->frames / 4) out = audio->frames / 4;
    for (int side = 0; side < 2; side++) {
        float *x = audio->plane[side];
        for (size_t i = 0; i < in; i++) x[i] *= (float)(0.5 - 0.5 * cos(GRM_PI * (double)i / (double)in));
        for (size_t i = 0; i < out; i++)
            x[audio->frames - 1 - i] *= (float)(0.5 - 0.5 * cos(GRM_PI * (double)i / (double)out));
    }
}

static void sum_up(const limiting *l, float drive, grm_master_limited *out) {
    double sum = 0;
    size_t used = 0;
    for (size_t h = 0; h < l->hops; h++)
        if (l->gain[h] < 0.9886f) {  // 0.1 dB
            sum += 20 * log10(l->gain[h]);
            used++;
        }
    out->drive_db = 20 * log10(drive);
    out->deepest_db = deepest_db(l);
    out->mean_db = used ? (float)(sum / (double)used) : 0;
    out->share = l->hops ? (float)used / (float)l->hops : 0;
}

static grm_status limiting_new(limiting *l, const grm_master_preset *preset, double ceiling_dbtp, grm_error *err) {
    size_t frames = l->audio->frames;
    grm_filter cells[2];
    l->hops = (frames + HOP - 1) / HOP;
    l->plan = (grm_limiter_plan){
        .ceiling = grm_db_to_gain((float)ceiling_dbtp - preset->limiter.margin_db),
        .lookahead_ms = preset->limiter.lookahead_ms,
        .release_ms = preset->limiter.release_ms,
        .hop_hz = (float)l->audio->rate_hz / HOP,
    };
    grm_peak_meter_init(&l->meter);
    grm_loudness_weighting(l->audio->rate_hz, cells);
    grm_cascade_init(&l->weighting, cells, 2);
    l->tenth_count = (size_t)((double)frames / floor(l->audio->rate_hz / 10.0 + 0.5));
    for (int side = 0; side < 2; side++) l->peaks[side] = grm_floats_new(l->hops + 1);
    l->power = grm_floats_new(l->hops + 1);
    l->gain = grm_floats_new(l->hops + 1);
    l->tenths = calloc(l->tenth_count + 1, sizeof *l->tenths);
    return l->peaks[0] && l->peaks[1] && l->power && l->gain && l->tenths ? GRM_OK : grm_fail_memory(err);
}

static void limiting_free(limiting *l) {
    free(l->tenths);
    free(l->gain);
    free(l->power);
    free(l->peaks[1]);
    free(l->peaks[0]);
}

grm_status grm_master_limit(const grm_run *run, grm_audio *audio, const grm_master_preset *preset, double lufs,
                            double ceiling_dbtp, size_t stage, grm_master_limited *limited, grm_error *err) {
    limiting l = {.run = run, .audio = audio};
    float drive = 1;
    grm_status status = limiting_new(&l, preset, ceiling_dbtp, err);
    if (status) goto done;
    fade(audio, preset->fade_in_ms, preset->fade_out_ms);
    status = look_at_all(&l, stage, err);
    if (status) goto done;
    if (lufs > GRM_SILENT_LUFS)
        status = find_drive(&l, lufs, preset->limiter.most_db, &drive, &limited->reached, err);
    else
        status = grm_limiter_curve(&l.plan, l.peaks[0], l.hops, drive, l.gain, err);
    if (status) goto done;
    grm_progress_step(run->progress, stage, 0.85);
    sum_up(&l, drive, limited);
    for (size_t h = 0; h <= l.hops; h++) l.gain[h] *= drive;
    grm_pool_run(run->pool, 2 * ((l.hops + BATCH - 1) / BATCH), apply_batch, &l);
    status = grm_run_check(run, err);
done:
    limiting_free(&l);
    return status;
}
