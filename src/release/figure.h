// What the figures share: a dark sheet with a title, a plot and a time axis.
#ifndef GRM_RELEASE_FIGURE_H
#define GRM_RELEASE_FIGURE_H

#include "release/canvas.h"

typedef struct grm_figure {
    grm_canvas canvas;
    grm_faces *faces;
    grm_palette palette;
    double left, top, width, height;  // of the plot, pixels
    double duration_s;
} grm_figure;

// Opens a sheet of that size with its plot inside; `caption` stands in its head.
grm_status grm_figure_open(grm_figure *figure, int width, int height, const grm_style *style, double duration_s,
                           const char *caption, grm_error *err);
void grm_figure_close(grm_figure *figure);  // also of a zeroed one
double grm_figure_x(const grm_figure *figure, double seconds);
void grm_figure_label(grm_figure *figure, double x, double y, double align, const char *text);
// Ticks and times below the plot.
void grm_figure_time_axis(grm_figure *figure);

// Fills the plot with `levels`: [columns][rows], the lowest row first, from the darkest at `low` to the brightest at
// `high`.
void grm_figure_heat(grm_figure *figure, const float *levels, size_t columns, size_t rows, double low, double high);
uint32_t grm_heat(double t);  // its colours, 0..1, as 0xrrggbb

#endif
