#include "release/figure.h"

#include <math.h>
#include <stdio.h>

enum { MARGIN_LEFT = 116, MARGIN_RIGHT = 120, MARGIN_TOP = 104, MARGIN_BOTTOM = 84 };

grm_status grm_figure_open(grm_figure *f, int width, int height, const grm_style *style, double duration_s,
                           const char *caption, grm_error *err) {
    *f = (grm_figure){.left = MARGIN_LEFT,
                      .top = MARGIN_TOP,
                      .width = width - MARGIN_LEFT - MARGIN_RIGHT,
                      .height = height - MARGIN_TOP - MARGIN_BOTTOM,
                      .duration_s = duration_s > 0 ? duration_s : 1};
    grm_palette_read(style, &f->palette);
    // A sheet darker than any palette's dark, with a trace of its hue.
    grm_rgb sheet = grm_rgb_lighten(f->palette.dark, 0.145 - grm_rgb_lightness(f->palette.dark));
    f->palette.dark = grm_rgb_strengthen(sheet, 0.6);
    grm_status status = grm_canvas_open(&f->canvas, width, height, err);
    if (status == GRM_OK) status = grm_faces_open(&f->faces, err);
    if (status != GRM_OK) return status;
    cairo_t *cr = f->canvas.cr;
    grm_rgb_source(cr, f->palette.dark, 1);
    cairo_paint(cr);
    grm_rgb_source(cr, f->palette.light, 0.92);
    grm_text_show(cr, f->faces, (grm_lettering){GRM_WEIGHT_MEDIUM, 26, 0.005, false}, f->left, 42, 0, caption);
    return GRM_OK;
}

void grm_figure_close(grm_figure *f) {
    grm_faces_close(f->faces);
    f->faces = NULL;
    grm_canvas_close(&f->canvas);
}

double grm_figure_x(const grm_figure *f, double seconds) {
    return f->left + f->width * seconds / f->duration_s;
}

void grm_figure_label(grm_figure *f, double x, double y, double align, const char *text) {
    grm_rgb_source(f->canvas.cr, f->palette.light, 0.62);
    grm_text_show(f->canvas.cr, f->faces, (grm_lettering){GRM_WEIGHT_MEDIUM, 19, 0.01, false}, x, y, align, text);
}

void grm_figure_time_axis(grm_figure *f) {
    static const double steps[] = {0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600};
    cairo_t *cr = f->canvas.cr;
    double bottom = f->top + f->height, step = steps[GRM_COUNT(steps) - 1];
    for (size_t i = 0; i < GRM_COUNT(steps); i++)
        if (f->width * steps[i] / f->duration_s >= 105) {
            step = steps[i];
            break;
        }
    for (int i = 0; i * step <= f->duration_s + 1e-9 && i < 1000; i++) {
        char text[32];
        double t = i * step, x = round(grm_figure_x(f, t));
        grm_rgb_source(cr, f->palette.light, 0.35);
        cairo_rectangle(cr, x, bottom + 8, 1.5, 9);
        cairo_fill(cr);
        if (step < 1)
            snprintf(text, sizeof text, "%d:%04.1f", (int)(t / 60), fmod(t, 60));
        else
            snprintf(text, sizeof text, "%d:%02d", (int)(t / 60), (int)fmod(t, 60));
        grm_figure_label(f, x, bottom + 42, 0.5, text);
    }
    grm_figure_label(f, f->left + f->width + MARGIN_RIGHT - 30, bottom + 42, 1, "min:s");
}
