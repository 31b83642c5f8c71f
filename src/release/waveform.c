// The waveform: peaks and RMS over time, sections above, in the style's colours.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "release/figure.h"

enum { WIDTH = 1800, HEIGHT = 700, STRIP = 38 };

typedef struct column {
    float low, high, rms;
} column;

// planes: [channels][frames].
static column measure_column(float *const *planes, unsigned channels, size_t frames) {
    double squares = 0;
    column c = {0};
    for (unsigned k = 0; k < channels; k++) {
        float sum = 0;
        for (size_t i = 0; i < frames; i++) {
            float x = planes[k][i];
            if (x < c.low) c.low = x;
            if (x > c.high) c.high = x;
            sum += x * x;
        }
        squares += sum;
    }
    if (frames) c.rms = (float)sqrt(squares / (double)(frames * channels));
    return c;
}

// Calm sections in the second colour, strong ones in the accent.
static grm_rgb section_colour(const grm_palette *p, double energy) {
    grm_rgb calm = grm_rgb_lightness(p->second) < 0.5 ? grm_rgb_lighten(p->second, 0.55 - grm_rgb_lightness(p->second))
                                                      : p->second;
    grm_rgb strong = grm_rgb_lightness(p->accent) < 0.6
                         ? grm_rgb_lighten(p->accent, 0.65 - grm_rgb_lightness(p->accent))
                         : p->accent;
    return grm_rgb_mix(calm, strong, energy);
}

static const grm_section *section_at(const grm_score *score, double seconds) {
    const grm_section *found = NULL;
    for (size_t i = 0; score && i < score->section_count; i++)
        if (!found || grm_score_seconds(score, score->sections[i].start) <= seconds) found = &score->sections[i];
    return found;
}

static void draw_level_axis(grm_figure *f) {
    static const int levels[] = {0, -3, -6, -12};
    cairo_t *cr = f->canvas.cr;
    double middle = f->top + f->height / 2;
    for (size_t i = 0; i < GRM_COUNT(levels); i++) {
        char text[16];
        double reach = f->height / 2 * pow(10, levels[i] / 20.0);
        snprintf(text, sizeof text, levels[i] ? "\u2212%d" : "%d", abs(levels[i]));
        for (int side = -1; side <= 1; side += 2) {
            double y = round(middle + side * reach);
            grm_rgb_source(cr, f->palette.light, levels[i] ? 0.09 : 0.2);
            cairo_rectangle(cr, f->left, y, f->width, 1);
            cairo_fill(cr);
            grm_figure_label(f, f->left - 16, y + 7, 1, text);
        }
    }
    grm_rgb_source(cr, f->palette.light, 0.2);
    cairo_rectangle(cr, f->left, round(middle), f->width, 1);
    cairo_fill(cr);
    grm_figure_label(f, f->left - 16, middle + 7, 1, "\u2212\u221e");
    grm_figure_label(f, f->left + f->width + 16, f->top + 7, 0, "dBFS");
}

static void draw_column(grm_figure *f, size_t i, const column *c, grm_rgb colour) {
    cairo_t *cr = f->canvas.cr;
    double middle = f->top + f->height / 2, half = f->height / 2;
    double x = f->left + (double)i, high = fmin(c->high, 1), low = fmax(c->low, -1), rms = fmin(c->rms, 1);
    grm_rgb_source(cr, colour, 0.42);
    cairo_rectangle(cr, x, middle - half * high, 1, half * (high - low) + 1);
    cairo_fill(cr);
    grm_rgb_source(cr, grm_rgb_lighten(colour, 0.06), 1);
    cairo_rectangle(cr, x, middle - half * rms, 1, 2 * half * rms + 1);
    cairo_fill(cr);
}

static grm_status draw_columns(grm_figure *f, const grm_tape *sound, const grm_score *score, grm_error *err) {
    size_t columns = (size_t)f->width, length = grm_tape_frames(sound), widest = length / columns + 1;
    unsigned channels = grm_tape_channels(sound);
    float *planes[GRM_MAX_CHANNELS] = {0}, *block = grm_floats_new(channels * widest);
    for (unsigned c = 0; block && c < channels; c++) planes[c] = block + c * widest;
    grm_status status = block ? GRM_OK : grm_fail_memory(err);
    for (size_t i = 0; i < columns && status == GRM_OK; i++) {
        size_t start = length * i / columns, frames = length * (i + 1) / columns - start;
        status = grm_tape_read(sound, start, frames, planes, err);
        column c = measure_column(planes, channels, frames);
        const grm_section *section = section_at(score, f->duration_s * ((double)i + 0.5) / (double)columns);
        draw_column(f, i, &c, section_colour(&f->palette, section ? section->energy : 0.6));
    }
    free(block);
    return status;
}

// Names over the plot and lines through it.
static void draw_sections(grm_figure *f, const grm_score *score) {
    cairo_t *cr = f->canvas.cr;
    const grm_lettering how = {GRM_WEIGHT_MEDIUM, 18, 0.02, false};
    double y = f->top - STRIP - 6;
    for (size_t i = 0; i < score->section_count; i++) {
        const grm_section *s = &score->sections[i];
        double from = grm_score_seconds(score, s->start), to = grm_score_seconds(score, s->end);
        if (to > f->duration_s || i + 1 == score->section_count) to = f->duration_s;
        if (from >= to) continue;
        double x = grm_figure_x(f, from), width = grm_figure_x(f, to) - x;
        grm_rgb_source(cr, section_colour(&f->palette, s->energy), 0.28);
        cairo_rectangle(cr, x + 1, y, width - 2, STRIP - 8);
        cairo_fill(cr);
        grm_rgb_source(cr, section_colour(&f->palette, s->energy), 1);
        cairo_rectangle(cr, x + 1, y, 3, STRIP - 8);
        cairo_fill(cr);
        if (i > 0) {
            grm_rgb_source(cr, f->palette.light, 0.28);
            cairo_rectangle(cr, round(x), y, 1, f->top + f->height - y);
            cairo_fill(cr);
        }
        if (grm_text_width(f->faces, how, s->name, strlen(s->name)) > width - 20) continue;
        grm_rgb_source(cr, f->palette.light, 0.92);
        grm_text_show(cr, f->faces, how, x + 12, y + 21, 0, s->name);
    }
}

static void draw_legend(grm_figure *f) {
    cairo_t *cr = f->canvas.cr;
    double x = f->left + f->width;
    grm_rgb colour = section_colour(&f->palette, 0.7);
    grm_figure_label(f, x, 42, 1, "RMS");
    grm_rgb_source(cr, colour, 1);
    cairo_rectangle(cr, x - 66, 28, 16, 16);
    cairo_fill(cr);
    grm_figure_label(f, x - 92, 42, 1, "Peak");
    grm_rgb_source(cr, colour, 0.42);
    cairo_rectangle(cr, x - 160, 28, 16, 16);
    cairo_fill(cr);
}

grm_status grm_waveform_draw(const grm_run *run, const grm_tape *sound, const grm_score *score, const grm_style *style,
                             grm_picture *out, grm_error *err) {
    grm_figure f = {0};
    double duration = (double)grm_tape_frames(sound) / grm_tape_rate(sound);
    grm_status status = grm_figure_open(&f, WIDTH, HEIGHT, style, duration, "Waveform", err);
    if (status != GRM_OK) goto done;
    draw_level_axis(&f);
    if ((status = draw_columns(&f, sound, score, err)) != GRM_OK) goto done;
    if (score) draw_sections(&f, score);
    draw_legend(&f);
    grm_figure_time_axis(&f);
    if ((status = grm_canvas_check(&f.canvas, err)) != GRM_OK) goto done;
    if ((status = grm_run_check(run, err)) != GRM_OK) goto done;
    status = grm_canvas_png(run, &f.canvas, true, "Waveform", out, err);
done:
    grm_figure_close(&f);
    return status;
}
