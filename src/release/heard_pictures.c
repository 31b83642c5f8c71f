#include "release/heard_pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "release/figure.h"

enum {
    WIDTH = 1800,
    MEL_HEIGHT = 760,
    CHROMA_HEIGHT = 520,
    SQUARE = 1200,
    SQUARE_HEIGHT = 1152,
    MOST_CELLS = 400,
    MEL_GROUPS = 16
};
static const double range_db = 80;

static const grm_series *series_of(const grm_analysis *a, const char *name) {
    for (size_t i = 0; i < a->series_count; i++)
        if (strcmp(a->series[i].name, name) == 0) return &a->series[i];
    return NULL;
}

// Means over `columns` equal stretches of the frames: [columns][rows]. NULL when memory runs out.
static float *shrink(const grm_series *s, size_t columns) {
    float *out = grm_floats_new(columns * s->rows);
    for (size_t c = 0; out && c < columns; c++) {
        size_t from = c * s->frames / columns, to = (c + 1) * s->frames / columns;
        if (to == from) to = from + 1;
        for (size_t r = 0; r < s->rows; r++) {
            double sum = 0;
            for (size_t t = from; t < to; t++) sum += (double)s->values[r * s->frames + t];
            out[c * s->rows + r] = (float)(sum / (double)(to - from));
        }
    }
    return out;
}

static size_t fewer(size_t a, size_t b) {
    return a < b ? a : b;
}

static grm_status finish(const grm_run *run, grm_figure *f, const char *title, grm_picture *out, grm_error *err) {
    grm_status status = grm_canvas_check(&f->canvas, err);
    return status == GRM_OK ? grm_canvas_png(run, &f->canvas, false, title, out, err) : status;
}

// ---- spectrogram ----

// Slaney's scale: linear below 1 kHz, then 27 steps to the factor 6.4.
static double mel_of(double hz) {
    return hz < 1000 ? hz * 3 / 200 : 15 + log(hz / 1000) * 27 / log(6.4);
}

static void draw_mel_axis(grm_figure *f, double high_hz) {
    static const double ticks[] = {0, 500, 1000, 2000, 4000, 8000, 16000};
    for (size_t i = 0; i < GRM_COUNT(ticks) && ticks[i] <= high_hz; i++) {
        char text[16];
        double y = round(f->top + f->height * (1 - mel_of(ticks[i]) / mel_of(high_hz)));
        snprintf(text, sizeof text, ticks[i] >= 1000 ? "%.0fk" : "%.0f", ticks[i] >= 1000 ? ticks[i] / 1000 : ticks[i]);
        grm_rgb_source(f->canvas.cr, f->palette.light, 0.1);
        cairo_rectangle(f->canvas.cr, f->left, y, f->width, 1);
        cairo_fill(f->canvas.cr);
        grm_figure_label(f, f->left - 18, y + 7, 1, text);
    }
    grm_figure_label(f, f->left - 18, f->top - 16, 1, "Hz");
}

grm_status grm_mel_draw(const grm_run *run, const grm_analysis *a, grm_picture *out, grm_error *err) {
    grm_figure f = {0};
    const grm_series *mel = series_of(a, "melspectrogram");
    float *levels = NULL, loudest = -100;
    *out = (grm_picture){0};
    if (!mel) return GRM_OK;
    grm_status status =
        grm_figure_open(&f, WIDTH, MEL_HEIGHT, NULL, a->features.duration_s, "Spectrogram, mel bands", err);
    if (status != GRM_OK) goto done;
    size_t columns = fewer(mel->frames, (size_t)f.width);
    if (!(levels = shrink(mel, columns))) {
        status = grm_fail_memory(err);
        goto done;
    }
    for (size_t i = 0; i < columns * mel->rows; i++) {
        levels[i] = 10 * log10f(fmaxf(levels[i], 1e-10f));
        loudest = fmaxf(loudest, levels[i]);
    }
    grm_figure_heat(&f, levels, columns, mel->rows, (double)loudest - range_db, loudest);
    draw_mel_axis(&f, 0.5 * a->analysis_rate_hz);
    grm_figure_time_axis(&f);
    status = finish(run, &f, "Spectrogram", out, err);
done:
    free(levels);
    grm_figure_close(&f);
    return status;
}

// ---- chroma ----

grm_status grm_chroma_draw(const grm_run *run, const grm_analysis *a, grm_picture *out, grm_error *err) {
    static const char *const names[12] = {"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"};
    grm_figure f = {0};
    const grm_series *chroma = series_of(a, "chroma_stft");
    float *levels = NULL;
    *out = (grm_picture){0};
    if (!chroma) return GRM_OK;
    grm_status status = grm_figure_open(&f, WIDTH, CHROMA_HEIGHT, NULL, a->features.duration_s, "Chroma", err);
    if (status != GRM_OK) goto done;
    size_t columns = fewer(chroma->frames, (size_t)f.width);
    if (!(levels = shrink(chroma, columns))) {
        status = grm_fail_memory(err);
        goto done;
    }
    grm_figure_heat(&f, levels, columns, chroma->rows, 0, 1);
    for (size_t i = 0; i < GRM_COUNT(names); i++)
        grm_figure_label(&f, f.left - 18, f.top + f.height * (1 - ((double)i + 0.5) / 12) + 7, 1, names[i]);
    grm_figure_time_axis(&f);
    status = finish(run, &f, "Chroma", out, err);
done:
    free(levels);
    grm_figure_close(&f);
    return status;
}

// ---- self-similarity ----

// Each cell's values beside the mean of all cells, of length 1: [cells][rows], in place.
static void stand_out(float *x, size_t cells, size_t rows) {
    for (size_t r = 0; r < rows; r++) {
        double mean = 0;
        for (size_t c = 0; c < cells; c++) mean += (double)x[c * rows + r] / (double)cells;
        for (size_t c = 0; c < cells; c++) x[c * rows + r] -= (float)mean;
    }
    for (size_t c = 0; c < cells; c++) {
        double length = 0;
        for (size_t r = 0; r < rows; r++) length += (double)x[c * rows + r] * (double)x[c * rows + r];
        if (length > 0) grm_scale(x + c * rows, rows, (float)(1 / sqrt(length)));
    }
}

// The mel bands in MEL_GROUPS groups, in dB. NULL when memory runs out.
static float *colours(const grm_series *mel, size_t cells) {
    float *means = shrink(mel, cells), *out = grm_floats_new(cells * MEL_GROUPS);
    size_t wide = mel->rows / MEL_GROUPS;
    for (size_t i = 0; means && out && i < cells * MEL_GROUPS; i++) {
        float sum = 1e-10f;
        for (size_t k = 0; k < wide; k++) sum += means[i / MEL_GROUPS * mel->rows + i % MEL_GROUPS * wide + k];
        out[i] = 10 * log10f(sum);
    }
    free(means);
    return out;
}

static float likeness(const float *x, size_t rows, size_t a, size_t b) {
    float sum = 0;
    for (size_t r = 0; r < rows; r++) sum += x[a * rows + r] * x[b * rows + r];
    return sum;
}

// Cosines of timbre and, where there is chroma, of harmony: the mean of both. [cells][cells], NULL when memory runs
// out.
static float *compare(const grm_analysis *a, size_t cells) {
    const grm_series *mel = series_of(a, "melspectrogram"), *chroma = series_of(a, "chroma_stft");
    float *timbre = colours(mel, cells), *harmony = chroma ? shrink(chroma, cells) : NULL;
    float *out = grm_floats_new(cells * cells);
    if (timbre && out && (harmony || !chroma)) {
        stand_out(timbre, cells, MEL_GROUPS);
        if (harmony) stand_out(harmony, cells, chroma->rows);
        for (size_t i = 0; i < cells * cells; i++) {
            out[i] = likeness(timbre, MEL_GROUPS, i / cells, i % cells);
            if (harmony) out[i] = 0.5f * (out[i] + likeness(harmony, chroma->rows, i / cells, i % cells));
        }
    } else {
        free(out);
        out = NULL;
    }
    free(timbre);
    free(harmony);
    return out;
}

grm_status grm_similarity_draw(const grm_run *run, const grm_analysis *a, grm_picture *out, grm_error *err) {
    grm_figure f = {0};
    const grm_series *mel = series_of(a, "melspectrogram");
    float *levels = NULL;
    *out = (grm_picture){0};
    if (!mel || mel->frames < 2) return GRM_OK;
    grm_status status =
        grm_figure_open(&f, SQUARE, SQUARE_HEIGHT, NULL, a->features.duration_s, "Self-similarity", err);
    if (status != GRM_OK) goto done;
    size_t cells = fewer(mel->frames, MOST_CELLS);
    if (!(levels = compare(a, cells))) {
        status = grm_fail_memory(err);
        goto done;
    }
    grm_figure_heat(&f, levels, cells, cells, -0.4, 1);
    grm_figure_time_axis(&f);
    status = finish(run, &f, "Self-similarity", out, err);
done:
    free(levels);
    grm_figure_close(&f);
    return status;
}
