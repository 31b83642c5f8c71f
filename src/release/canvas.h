// A picture in memory, lettering by outlines of built-in faces, colours.
#ifndef GRM_RELEASE_CANVAS_H
#define GRM_RELEASE_CANVAS_H

#include <cairo.h>

#include "release/release.h"

// ---- colour: sRGB, 0..1 ----

typedef struct grm_rgb {
    double r, g, b;
} grm_rgb;
bool grm_rgb_parse(const char *text, grm_rgb *out);         // "#rrggbb"
grm_rgb grm_rgb_mix(grm_rgb a, grm_rgb b, double t);        // through OKLab: even to the eye
grm_rgb grm_rgb_turn(grm_rgb a, double degrees);            // hue
grm_rgb grm_rgb_lighten(grm_rgb a, double by);              // OKLab lightness, -1..1
grm_rgb grm_rgb_strengthen(grm_rgb a, double factor);       // chroma
double grm_rgb_lightness(grm_rgb a);                        // OKLab L
double grm_rgb_chroma(grm_rgb a);                           // OKLab C
double grm_rgb_contrast(grm_rgb a, grm_rgb b);              // WCAG 2.1, 1..21
void grm_rgb_source(cairo_t *cr, grm_rgb a, double alpha);  // cairo_set_source_rgba
void grm_rgb_stop(cairo_pattern_t *pattern, double at, grm_rgb a, double alpha);

// A style's palette, dark to light, and what is most useful of it.
enum { GRM_PALETTE_MAX = 8 };
typedef struct grm_palette {
    size_t count;
    grm_rgb colours[GRM_PALETTE_MAX];
    grm_rgb dark, light;
    grm_rgb accent, second;  // the two most colourful, the stronger first
} grm_palette;
void grm_palette_read(const grm_style *style, grm_palette *out);  // NULL or no palette: a neutral one
grm_rgb grm_palette_at(const grm_palette *palette, double t);     // along the colours, 0 dark .. 1 light

// ---- canvas ----

typedef struct grm_canvas {
    cairo_surface_t *surface;
    cairo_t *cr;
    int width, height;
} grm_canvas;
grm_status grm_canvas_open(grm_canvas *canvas, int width, int height, grm_error *err);
void grm_canvas_close(grm_canvas *canvas);  // also of a zeroed one
// `title` (may be NULL) goes into the file. Flat pictures want `flat`: other filters make them smaller. `run` (may be
// NULL) is asked for cancelling.
grm_status grm_canvas_png(const grm_run *run, grm_canvas *canvas, bool flat, const char *title, grm_picture *out,
                          grm_error *err);
// Averages blocks of `factor` pixels.
grm_status grm_canvas_shrink(grm_canvas *canvas, int factor, grm_canvas *out, grm_error *err);
// The first thing that cairo stumbled over, as an error.
grm_status grm_canvas_check(grm_canvas *canvas, grm_error *err);

// ---- lettering ----

typedef enum grm_weight { GRM_WEIGHT_LIGHT, GRM_WEIGHT_MEDIUM, GRM_WEIGHT_BLACK, GRM_WEIGHT_COUNT } grm_weight;
typedef struct grm_faces grm_faces;
grm_status grm_faces_open(grm_faces **out, grm_error *err);
void grm_faces_close(grm_faces *faces);

typedef struct grm_lettering {
    grm_weight weight;
    double size;      // em, in user units
    double tracking;  // added behind each letter, in em
    bool capitals;    // ASCII letters shown as capitals
} grm_lettering;
double grm_text_width(grm_faces *faces, grm_lettering how, const char *text, size_t length);
// Fills one line from x on its baseline y with the source set; align 0 left, 0.5 centred, 1 right.
void grm_text_show(cairo_t *cr, grm_faces *faces, grm_lettering how, double x, double y, double align,
                   const char *text);

// A text broken into at most GRM_LINES lines, as large as a box lets it be.
enum { GRM_LINES = 4 };
typedef struct grm_lines {
    size_t count;
    double size;  // em
    struct {
        const char *text;  // into the text that was given
        size_t length;
    } line[GRM_LINES];
} grm_lines;
void grm_text_fit(grm_faces *faces, grm_lettering how, const char *text, double width, double height, double leading,
                  double largest, grm_lines *out);
void grm_lines_show(cairo_t *cr, grm_faces *faces, grm_lettering how, const grm_lines *lines, double x, double y,
                    double leading, double align);

#endif
