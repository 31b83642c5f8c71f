// Loudness to the target.
//
// What the limiter does to peaks and loudness can be worked out on hops of eight frames, from the true peak and the
// weighted power of each, without touching the sound: so the gain that reaches the target is found first, and the
// sound is gone through with it afterwards. Hops lie on tapes, so that memory does not grow with the length.
#include <stdlib.h>
#include <string.h>

#include "master/internal.h"

enum { HOP = GRM_PEAK_HOP, HOPS = GRM_MASTER_BLOCK / GRM_PEAK_HOP };

// ---- the limiter's gain, hop after hop ----

typedef struct walk {
    const grm_limiting *limiting;
    grm_gain_path path;
    float before, last;      // what the hop before allowed; the gain that was handed out last
    size_t read, at, there;  // hops read from the tape; in `peaks`, the next one and how many there are
    float peaks[HOPS];
} walk;

// Peaks beyond the end are none.
static grm_status walk_refill(walk *w, grm_error *err) {
    float *const planes[1] = {w->peaks};
    grm_status status = grm_tape_read(w->limiting->wet->peaks, w->read, HOPS, planes, err);
    w->read += HOPS;
    w->at = 0;
    w->there = HOPS;
    return status;
}

// The next gain at a hop's start: it touches the hops on both of its sides.
static grm_status walk_point(walk *w, float *gain, grm_error *err) {
    float drive = w->limiting->drive, ceiling = w->limiting->plan.ceiling;
    for (bool made = false; !made;) {
        grm_status status = w->at == w->there ? walk_refill(w, err) : GRM_OK;
        if (status != GRM_OK) return status;
        float peak = w->peaks[w->at++] * drive, allow = peak > ceiling ? ceiling / peak : 1;
        made = grm_gain_path_push(&w->path, allow < w->before ? allow : w->before, gain);
        w->before = allow;
    }
    return GRM_OK;
}

static grm_status walk_open(walk *w, const grm_limiting *l, grm_error *err) {
    memset(w, 0, sizeof *w);
    w->limiting = l;
    w->before = 1;
    double ahead = l->plan.lookahead_ms * 0.001 * l->plan.hop_hz;
    grm_status status = grm_gain_path_open(&w->path, ahead > 1 ? (size_t)lround(ahead) : 1,
                                           l->plan.release_ms * 0.001 * l->plan.hop_hz, err);
    return status == GRM_OK ? walk_point(w, &w->last, err) : status;
}

static void walk_close(walk *w) {
    grm_gain_path_close(&w->path);
}

// gain[0] at the start of the next hop, gain[count] at the end of the last of them.
static grm_status walk_next(walk *w, size_t count, float *gain, grm_error *err) {
    gain[0] = w->last;
    for (size_t i = 1; i <= count; i++) {
        grm_status status = walk_point(w, &gain[i], err);
        if (status != GRM_OK) return status;
    }
    w->last = gain[count];
    return GRM_OK;
}

// ---- finding the drive ----

enum { BACK = 40 };
static const float back = 0.95f;

typedef struct seeker {
    grm_limiting *limiting;
    walk walk;
    float gain[HOPS + 1], powers[HOPS];
    double *tenths;
    size_t tenth_count;
    double tenth;  // frames
    double lufs, reduction_sum;
    size_t used;           // hops with any reduction
    size_t deep[BACK];     // and with more than the most, were the drive `back` to the k-th power of what it is
    float deepest, least;  // linear: the least gain there is, and the least that does no harm
} seeker;

// Loudness after the limiter at the drive that is set, and what the limiter takes.
static grm_status predict(seeker *s, grm_error *err) {
    const grm_wet *wet = s->limiting->wet;
    double drive = (double)s->limiting->drive;
    grm_status status = walk_open(&s->walk, s->limiting, err);
    memset(s->tenths, 0, (s->tenth_count + 1) * sizeof *s->tenths);
    s->deepest = 1;
    s->reduction_sum = 0;
    s->used = 0;
    memset(s->deep, 0, sizeof s->deep);
    for (size_t first = 0, t = 0; status == GRM_OK && first < wet->hops; first += HOPS) {
        size_t count = wet->hops - first < HOPS ? wet->hops - first : HOPS;
        status = walk_next(&s->walk, count, s->gain, err);
        if (status == GRM_OK) status = grm_tape_read(wet->powers, first, count, (float *const[]){s->powers}, err);
        for (size_t h = 0; status == GRM_OK && h < count; h++) {
            while (t < s->tenth_count && (double)((first + h + 1) * HOP) > (double)(t + 1) * s->tenth + HOP / 2) t++;
            double g = drive * 0.5 * ((double)s->gain[h] + (double)s->gain[h + 1]);
            s->tenths[t] += g * g * (double)s->powers[h] / s->tenth;
            if (s->gain[h] < 0.9886f) s->reduction_sum += (double)s->gain[h], s->used++;  // 0.1 dB
            float least = s->least;
            for (size_t k = 0; k < BACK && s->gain[h] < least; k++, least *= back) s->deep[k]++;
            s->deepest = fminf(s->deepest, s->gain[h]);
        }
        if (status == GRM_OK) status = grm_run_check(s->limiting->run, err);
    }
    walk_close(&s->walk);
    s->lufs = grm_loudness_gated(s->tenths, s->tenth_count);
    return status;
}

// Whether it would be too much at that drive, were the limiter to take as much less as the drive gives. A peak here and
// there may be taken down further than the rest.
static bool too_deep(const seeker *s, size_t k) {
    float least = s->least * powf(back, (float)(int)k);
    return (double)s->deep[k] > 0.01 * (double)s->limiting->wet->hops || s->deepest < 0.5f * least;
}

static const double close_lu = 0.03;  // the rest is trimmed once it has been heard

// Each step corrects by what is missing; the limiter takes part of it, which the step before tells.
static grm_status seek(seeker *s, double target, grm_error *err) {
    double slope = 1, before_db = 0, before_lufs = 0;
    float *drive = &s->limiting->drive;
    grm_status status = predict(s, err);
    for (int i = 0; status == GRM_OK && i < 12; i++) {
        double missing = target - s->lufs, now_db = 20 * log10((double)*drive);
        if (fabs(missing) < close_lu) break;
        if (missing > 0 && too_deep(s, 0)) break;
        if (i > 0 && fabs(now_db - before_db) > 1e-3)
            slope = fmin(1, fmax(0.1, (s->lufs - before_lufs) / (now_db - before_db)));
        before_db = now_db;
        before_lufs = s->lufs;
        *drive *= (float)pow(10, fmax(-12, fmin(12, missing / slope)) / 20);
        status = predict(s, err);
    }
    while (status == GRM_OK && too_deep(s, 0)) {  // a step may have gone too far
        size_t k = 1;
        while (k + 1 < BACK && too_deep(s, k)) k++;
        *drive *= powf(back, (float)(int)k);
        status = predict(s, err);
    }
    return status;
}

void grm_limiting_init(grm_limiting *l, const grm_run *run, const grm_wet *wet, const grm_master_preset *preset,
                       double ceiling_dbtp) {
    *l = (grm_limiting){.run = run, .wet = wet, .drive = 1, .trim = 1};
    l->plan = (grm_limiter_plan){
        .ceiling = grm_db_to_gain((float)ceiling_dbtp - preset->limiter.margin_db),
        .lookahead_ms = preset->limiter.lookahead_ms,
        .release_ms = preset->limiter.release_ms,
        .hop_hz = (float)grm_tape_rate(wet->sound) / HOP,
    };
}

grm_status grm_limiting_find(grm_limiting *l, double lufs, float most_db, grm_master_limited *limited, grm_error *err) {
    seeker *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    double rate = grm_tape_rate(l->wet->sound);
    s->limiting = l;
    s->least = grm_db_to_gain(-most_db);
    s->tenth = floor(rate / 10 + 0.5);
    s->tenth_count = (size_t)((double)grm_tape_frames(l->wet->sound) / s->tenth);
    s->tenths = calloc(s->tenth_count + 1, sizeof *s->tenths);
    grm_status status = !s->tenths               ? grm_fail_memory(err)
                        : lufs > GRM_SILENT_LUFS ? seek(s, lufs, err)
                                                 : predict(s, err);
    *limited = (grm_master_limited){
        .drive_db = 20 * log10((double)l->drive),
        .deepest_db = grm_gain_to_db(s->deepest),
        .mean_db = s->used ? grm_gain_to_db((float)(s->reduction_sum / (double)s->used)) : 0,
        .share = l->wet->hops ? (float)s->used / (float)l->wet->hops : 0,
        .reached = fabs(s->lufs - lufs) < 0.1,
        .short_db = lufs > GRM_SILENT_LUFS ? fmax(0, lufs - s->lufs) : 0,
    };
    free(s->tenths);
    free(s);
    return status;
}

// ---- doing it ----

static void apply(float *x, const float *gain, size_t frames) {
    for (size_t h = 0; h * HOP < frames; h++) {
        size_t count = frames - h * HOP < HOP ? frames - h * HOP : HOP;
        float from = gain[h], step = (gain[h + 1] - from) / HOP;
        for (size_t i = 0; i < count; i++) x[h * HOP + i] *= from + step * (float)(int)i;
    }
}

grm_status grm_limiting_run(const grm_limiting *l, size_t stage, double from, double to, grm_limited_fn *take,
                            void *context, grm_error *err) {
    walk *w = calloc(1, sizeof *w);
    float *planes[2] = {grm_floats_new(GRM_MASTER_BLOCK), grm_floats_new(GRM_MASTER_BLOCK)};
    float *gain = grm_floats_new(HOPS + 1), all = l->drive * l->trim;
    size_t frames = grm_tape_frames(l->wet->sound);
    grm_status status = w && planes[0] && planes[1] && gain ? walk_open(w, l, err) : grm_fail_memory(err);
    for (size_t at = 0; status == GRM_OK && at < frames; at += GRM_MASTER_BLOCK) {
        size_t count = frames - at < GRM_MASTER_BLOCK ? frames - at : GRM_MASTER_BLOCK;
        status = grm_tape_read(l->wet->sound, at, count, planes, err);
        if (status == GRM_OK) status = walk_next(w, (count + HOP - 1) / HOP, gain, err);
        if (status != GRM_OK) break;
        for (size_t h = 0; h <= HOPS; h++) gain[h] *= all;
        apply(planes[0], gain, count);
        apply(planes[1], gain, count);
        status = take(context, planes, count, err);
        if (status == GRM_OK) status = grm_run_check(l->run, err);
        grm_progress_step(l->run->progress, stage, from + (to - from) * (double)(at + count) / (double)frames);
    }
    if (w) walk_close(w);
    free(gain);
    free(planes[1]);
    free(planes[0]);
    free(w);
    return status;
}
