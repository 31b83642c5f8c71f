// The spectrogram: level by time and pitch, on a logarithmic frequency axis.
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "release/figure.h"

enum { WIDTH = 1800, HEIGHT = 860, FFT = 8192, JOB = 64 };
static const double low_hz = 25, range_db = 85;

typedef struct task {
    const grm_run *run;
    const grm_tape *sound;
    size_t columns, rows;
    double high_hz;
    float *levels;       // [columns][rows], dB re a full-scale sine, the lowest frequency first
    atomic_bool failed;  // memory ran out, or the scratch file can't be read
} task;

// One frame's mono samples about the middle of a column; beyond the ends there is silence. planes: [channels][FFT].
static grm_status gather_frame(const grm_tape *sound, double middle, float *const *planes, float *x) {
    unsigned channels = grm_tape_channels(sound);
    double first = floor(middle) - FFT / 2;
    size_t lead = first < 0 ? (size_t)-first : 0, start = first < 0 ? 0 : (size_t)first;
    grm_status status = grm_tape_read(sound, start, FFT - lead, planes, NULL);
    memset(x, 0, lead * sizeof(float));
    for (size_t i = lead; i < FFT; i++) {
        float sum = 0;
        for (unsigned c = 0; c < channels; c++) sum += planes[c][i - lead];
        x[i] = sum / (float)channels;
    }
    return status;
}

// Power of the bins to levels of the rows: the mean where a row covers bins, a point between two where it does not.
static void fold_rows(const task *t, const float *power, float *levels) {
    // A full-scale sine comes to (size/4)^2 through a Hann window.
    const double full = (FFT / 4.0) * (FFT / 4.0), step = grm_tape_rate(t->sound) / (double)FFT;
    double octaves = log2(t->high_hz / low_hz);
    for (size_t row = 0; row < t->rows; row++) {
        double from = low_hz * exp2(octaves * (double)row / (double)t->rows) / step;
        double to = low_hz * exp2(octaves * (double)(row + 1) / (double)t->rows) / step, sum = 0;
        if (to - from > 1) {
            size_t first = (size_t)ceil(from), last = (size_t)floor(to);
            if (last > FFT / 2) last = FFT / 2;
            for (size_t k = first; k <= last; k++) sum += power[k];
            sum /= (double)(last - first + 1);
        } else {
            double at = 0.5 * (from + to);
            size_t k = (size_t)at;
            sum = power[k] + (power[k + 1] - power[k]) * (at - (double)k);
        }
        levels[row] = (float)(10 * log10(sum / full + 1e-12));
    }
}

static void analyse_columns(void *context, size_t job) {
    task *t = context;
    grm_stft *stft = NULL;
    unsigned channels = grm_tape_channels(t->sound);
    float *x = grm_floats_new(FFT), *power = grm_floats_new(FFT / 2 + 2);
    float *planes[GRM_MAX_CHANNELS] = {0}, *block = grm_floats_new((size_t)channels * FFT);
    for (unsigned c = 0; block && c < channels; c++) planes[c] = block + (size_t)c * FFT;
    if (!x || !power || !block || grm_stft_new(GRM_WINDOW_HANN, FFT, &stft, NULL) != GRM_OK) {
        t->failed = true;
    } else {
        size_t end = (job + 1) * JOB < t->columns ? (job + 1) * JOB : t->columns;
        for (size_t i = job * JOB; i < end; i++) {
            if (t->run && grm_progress_cancelled(t->run->progress)) break;
            double middle = (double)grm_tape_frames(t->sound) * ((double)i + 0.5) / (double)t->columns;
            if (gather_frame(t->sound, middle, planes, x)) t->failed = true;
            grm_stft_power(stft, x, power);
            fold_rows(t, power, t->levels + i * t->rows);
        }
    }
    grm_stft_free(stft);
    free(block);
    free(power);
    free(x);
}

static void draw_frequency_axis(grm_figure *f, double high_hz) {
    static const double ticks[] = {30, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000};
    cairo_t *cr = f->canvas.cr;
    for (size_t i = 0; i < GRM_COUNT(ticks) && ticks[i] <= high_hz; i++) {
        char text[16];
        double y = round(f->top + f->height * (1 - log2(ticks[i] / low_hz) / log2(high_hz / low_hz)));
        if (ticks[i] >= 1000)
            snprintf(text, sizeof text, "%.0fk", ticks[i] / 1000);
        else
            snprintf(text, sizeof text, "%.0f", ticks[i]);
        grm_rgb_source(cr, f->palette.light, 0.35);
        cairo_rectangle(cr, f->left - 10, y, 8, 1.5);
        cairo_fill(cr);
        grm_rgb_source(cr, f->palette.light, 0.1);
        cairo_rectangle(cr, f->left, y, f->width, 1);
        cairo_fill(cr);
        grm_figure_label(f, f->left - 18, y + 7, 1, text);
    }
    grm_figure_label(f, f->left - 18, f->top - 16, 1, "Hz");
}

static void draw_colour_bar(grm_figure *f, double top_db) {
    cairo_t *cr = f->canvas.cr;
    double x = f->left + f->width + 24;
    for (int i = 0; i < (int)f->height; i++) {
        uint32_t pixel = grm_heat(1 - i / (f->height - 1));
        cairo_set_source_rgb(cr, (pixel >> 16) / 255.0, (pixel >> 8 & 255) / 255.0, (pixel & 255) / 255.0);
        cairo_rectangle(cr, x, f->top + i, 16, 1);
        cairo_fill(cr);
    }
    for (double db = top_db; db >= top_db - range_db; db -= 20) {
        char text[16];
        snprintf(text, sizeof text, db < 0 ? "\u2212%.0f" : "%.0f", fabs(db));
        grm_figure_label(f, x + 24, f->top + f->height * (top_db - db) / range_db + 7, 0, text);
    }
    grm_figure_label(f, x, f->top - 16, 0, "dBFS");
}

grm_status grm_spectrogram_draw(const grm_run *run, const grm_tape *sound, grm_picture *out, grm_error *err) {
    grm_figure f = {0};
    double duration = (double)grm_tape_frames(sound) / grm_tape_rate(sound);
    task t = {.run = run, .sound = sound, .high_hz = fmin(20000, grm_tape_rate(sound) * 0.498)};
    grm_status status = grm_figure_open(&f, WIDTH, HEIGHT, NULL, duration, "Spectrogram", err);
    if (status != GRM_OK) goto done;
    t.columns = (size_t)f.width, t.rows = (size_t)f.height;
    t.levels = grm_floats_new(t.columns * t.rows);
    if (!t.levels) {
        status = grm_fail_memory(err);
        goto done;
    }
    size_t jobs = (t.columns + JOB - 1) / JOB;
    if (run)
        grm_pool_run(run->pool, jobs, analyse_columns, &t);
    else
        for (size_t i = 0; i < jobs; i++) analyse_columns(&t, i);
    if ((status = grm_run_check(run, err)) != GRM_OK) goto done;
    if (t.failed) {
        status = grm_fail(err, GRM_FAILED, "cannot draw the spectrogram: memory or the scratch file gave out");
        goto done;
    }
    float loudest = -200;
    for (size_t i = 0; i < t.columns * t.rows; i++) loudest = fmaxf(loudest, t.levels[i]);
    double top_db = fmax(-60, ceil(loudest / 10) * 10);
    grm_figure_heat(&f, t.levels, t.columns, t.rows, top_db - range_db, top_db);
    draw_frequency_axis(&f, t.high_hz);
    draw_colour_bar(&f, top_db);
    grm_figure_time_axis(&f);
    if ((status = grm_canvas_check(&f.canvas, err)) != GRM_OK) goto done;
    status = grm_canvas_png(run, &f.canvas, false, "Spectrogram", out, err);
done:
    free(t.levels);
    grm_figure_close(&f);
    return status;
}
