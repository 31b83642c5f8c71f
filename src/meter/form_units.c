// The recording cut into bars, and what is in each.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "meter/form.h"

enum { TREBLE = 14 };                    // the first of the colours that an accent is heard in, from 3.2 kHz
static const double without_bars_s = 2;  // units where no bars were heard
static const double range_db = 70;       // what lies farther below the loudest band is as good as silent
static const double colour_step_db = 6;  // counts as much as flux at twice its mean

void grm_form_units_clear(grm_form_units *u) {
    free(u->at);
    free(u->notes);
    free(u->colour);
    free(u->level_db);
    free(u->accent_db);
    *u = (grm_form_units){0};
}

// ---- the grid ----

static double median_bar(const double *downbeats_s, size_t count, double *scratch) {
    for (size_t i = 0; i + 1 < count; i++) scratch[i] = downbeats_s[i + 1] - downbeats_s[i];
    grm_sort_doubles(scratch, count - 1);
    return scratch[(count - 1) / 2];
}

// Cuts from the last line to `to` into pieces of about a bar.
static void fill(grm_form_units *u, double to, double bar_s) {
    double from = u->at[u->count], pieces = fmax(1, round((to - from) / bar_s));
    for (double i = 1; i <= pieces; i++) u->at[++u->count] = i == pieces ? to : from + (to - from) * i / pieces;
}

// The lines of bars, and before and behind them, and in gaps, lines as far apart as bars are.
static grm_status lay_grid(const grm_analysis *a, double duration_s, grm_form_units *u, grm_error *err) {
    size_t bars = a->downbeat_count >= 4 ? a->downbeat_count : 0;
    double bar_s = without_bars_s, *scratch = calloc(bars + 1, sizeof *scratch);
    if (!scratch) return grm_fail_memory(err);
    if (bars) bar_s = fmax(median_bar(a->downbeats_s, bars, scratch), 0.5);
    free(scratch);
    u->at = calloc((size_t)(duration_s / bar_s * 2) + 2 * bars + 8, sizeof *u->at);
    if (!u->at) return grm_fail_memory(err);
    for (size_t i = 0; i < bars; i++) {
        double t = a->downbeats_s[i];
        if (t - u->at[u->count] > 0.4 * bar_s && t < duration_s - 0.3 * bar_s) fill(u, t, bar_s);
    }
    fill(u, duration_s, bar_s);
    return GRM_OK;
}

static void join(grm_form_units *u) {
    u->joined = 1;
    while (u->count > GRM_FORM_MOST) {
        size_t count = (u->count + 1) / 2;
        for (size_t i = 0; i < count; i++) u->at[i] = u->at[2 * i];
        u->at[count] = u->at[u->count];
        u->count = count;
        u->joined *= 2;
    }
}

// ---- what is in a unit ----

// Frames [from, to) of `count` that lie in a span, at least one.
static void span(double from_s, double to_s, double frame_s, size_t count, size_t *from, size_t *to) {
    *from = (size_t)fmax(round(from_s / frame_s), 0);
    *to = (size_t)fmax(round(to_s / frame_s), 0);
    if (*to > count) *to = count;
    if (*from >= *to) *from = *to > 0 ? *to - 1 : 0;
}

static void add_chroma(const float *chroma, double *sum) {
    for (size_t c = 0; c < 12; c++) sum[c] += (double)chroma[c];
}

static float length_of(const double *v, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += v[i] * v[i];
    return (float)sqrt(sum);
}

// Each register of each quarter has the same say, whatever its loudness.
static void take_notes(const grm_pitch_series *series, double from_s, double to_s, float *notes) {
    float parts = 0;
    for (size_t q = 0; q < GRM_FORM_QUARTERS; q++) {
        double sum[3][12] = {{0}}, width = (to_s - from_s) / GRM_FORM_QUARTERS;
        size_t from, to;
        span(from_s + width * (double)q, from_s + width * (double)(q + 1), GRM_PITCH_FRAME_S, series->count, &from,
             &to);
        for (size_t i = from; i < to; i++) {
            add_chroma(series->frames[i].bass, sum[0]);
            add_chroma(series->frames[i].middle, sum[1]);
            add_chroma(series->frames[i].top, sum[2]);
        }
        for (size_t r = 0; r < 3; r++) {
            float length = length_of(sum[r], 12);
            if (length < 1e-6f) continue;
            parts++;
            for (size_t c = 0; c < 12; c++) notes[(q * 3 + r) * 12 + c] = (float)sum[r][c] / length;
        }
    }
    for (size_t i = 0; parts > 0 && i < GRM_FORM_NOTES; i++) notes[i] /= sqrtf(parts);
}

static float level_db(const grm_pitch_series *series, double from_s, double to_s) {
    double power = 0;
    size_t from, to;
    span(from_s, to_s, GRM_PITCH_FRAME_S, series->count, &from, &to);
    for (size_t i = from; i < to; i++) power += (double)series->frames[i].level / (double)(to - from);
    return (float)(10 * log10(power + 1e-9));
}

static void take_colour(const grm_colour_series *series, double from_s, double to_s, float *colour) {
    double sum[GRM_FORM_COLOURS] = {0};
    size_t from, to;
    span(from_s, to_s, series->frame_s, series->count, &from, &to);
    for (size_t i = from; i < to; i++) {
        for (size_t k = 0; k < GRM_COLOURS; k++) sum[k] += (double)series->frames[i].power[k];
        for (size_t k = 0; k < GRM_RHYTHM_BANDS; k++) sum[GRM_COLOURS + k] += (double)series->frames[i].flux[k];
    }
    for (size_t k = 0; k < GRM_FORM_COLOURS; k++) colour[k] = (float)(sum[k] / fmax((double)(to - from), 1));
}

// The loudest treble from a frame before to three behind where a unit begins.
static float accent(const grm_colour_series *series, double at_s) {
    size_t at = (size_t)fmax(round(at_s / series->frame_s), 0);
    float most = 0;
    for (size_t i = at > 0 ? at - 1 : 0; i < at + 4 && i < series->count; i++) {
        float power = 0;
        for (size_t k = TREBLE; k < GRM_COLOURS; k++) power += series->frames[i].power[k];
        most = fmaxf(most, power);
    }
    return 10 * log10f(most + 1e-9f);
}

static void scale_colours(grm_form_units *u) {
    double flux[GRM_RHYTHM_BANDS] = {0};
    float loudest = -90;
    for (size_t i = 0; i < u->count; i++) {
        for (size_t k = 0; k < GRM_COLOURS; k++) {
            u->colour[i][k] = 10 * log10f(u->colour[i][k] + 1e-9f);
            loudest = fmaxf(loudest, u->colour[i][k]);
        }
        for (size_t k = 0; k < GRM_RHYTHM_BANDS; k++) flux[k] += (double)u->colour[i][GRM_COLOURS + k];
    }
    for (size_t i = 0; i < u->count; i++) {
        for (size_t k = 0; k < GRM_COLOURS; k++)
            u->colour[i][k] = fmaxf(u->colour[i][k], loudest - (float)range_db) / (float)colour_step_db;
        for (size_t k = 0; k < GRM_RHYTHM_BANDS; k++)
            u->colour[i][GRM_COLOURS + k] /= (float)(flux[k] / (double)u->count + 1e-6);
    }
}

grm_status grm_form_units_make(const grm_analysis *a, grm_form_units *u, grm_error *err) {
    *u = (grm_form_units){0};
    double duration_s = a->features.duration_s;
    if (!(duration_s > 0)) duration_s = (double)a->notes->count * GRM_PITCH_FRAME_S;
    grm_status status = lay_grid(a, duration_s, u, err);
    if (status != GRM_OK) goto done;
    join(u);
    u->notes = calloc(u->count, sizeof *u->notes);
    u->colour = calloc(u->count, sizeof *u->colour);
    u->level_db = grm_floats_new(u->count);
    u->accent_db = grm_floats_new(u->count);
    if (!u->notes || !u->colour || !u->level_db || !u->accent_db) {
        status = grm_fail_memory(err);
        goto done;
    }
    for (size_t i = 0; i < u->count; i++) {
        take_notes(a->notes, u->at[i], u->at[i + 1], u->notes[i]);
        u->level_db[i] = level_db(a->notes, u->at[i], u->at[i + 1]);
        take_colour(a->colours, u->at[i], u->at[i + 1], u->colour[i]);
        u->accent_db[i] = accent(a->colours, u->at[i]);
    }
    scale_colours(u);
done:
    if (status != GRM_OK) grm_form_units_clear(u);
    return status;
}
