// Lines: stacked pulses, streams, brush strokes.
#include <stdlib.h>
#include <string.h>

#include "release/art.h"

// ---- pulses ----

void grm_art_pulse(grm_art *a) {
    enum { ROWS = 64, STEPS = 220 };
    cairo_t *cr = a->cr;
    grm_rgb ground = a->palette.dark;
    grm_noise shape = grm_noise_new(&a->rng), detail = grm_noise_new(&a->rng);
    double centre = grm_art_between(a, 0.42, 0.58), spread = grm_art_between(a, 0.13, 0.2);
    double drift = grm_art_between(a, -0.16, 0.16);
    grm_art_flood(a, ground);
    grm_art_glow(a, 500, 470, 620, a->palette.second, 0.22);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    for (int row = 0; row < ROWS; row++) {
        double t = (double)row / (ROWS - 1), base = 150 + 640 * t;
        cairo_new_path(cr);
        for (int i = 0; i <= STEPS; i++) {
            double x = (double)i / STEPS, off = (x - centre - drift * (t - 0.5)) / spread;
            double swell = exp(-off * off) * (0.35 + 0.65 * sin(GRM_PI * t));
            double n = 0.5 + 0.5 * grm_noise_octaves(shape, x * 9, row * 0.32, 3);
            double y = base - 135 * swell * n * n * 1.5 - 2.2 * grm_noise_at(detail, x * 60, row);
            if (i == 0) cairo_move_to(cr, 90 + 820 * x, y);
            cairo_line_to(cr, 90 + 820 * x, y);
        }
        cairo_path_t *line = cairo_copy_path(cr);
        cairo_line_to(cr, 910, base + 60);
        cairo_line_to(cr, 90, base + 60);
        cairo_close_path(cr);
        grm_rgb_source(cr, grm_rgb_mix(ground, a->palette.second, 0.1), 0.92);
        cairo_fill(cr);
        cairo_append_path(cr, line);
        cairo_path_destroy(line);
        grm_rgb_source(cr, grm_rgb_mix(a->palette.light, a->palette.accent, t), 1);
        cairo_set_line_width(cr, 2.0);
        cairo_stroke(cr);
    }
}

// ---- streams: lines along a field that keep their distance (after Jobard and Lefer 1997) ----

enum { CELLS = 270, STREAM_STEPS = 420 };  // cells of 4 units, from -40

typedef struct stream_field {
    uint16_t *owner;  // [CELLS][CELLS]; 0 is free
    grm_noise noise;
    double turn, scale, start;
    int corners;  // directions that there are; 0: any
} stream_field;

static double field_angle(const stream_field *f, double x, double y) {
    double angle = f->start + f->turn * grm_noise_octaves(f->noise, x * f->scale, y * f->scale, 2);
    if (f->corners) angle = round(angle * f->corners / (2 * GRM_PI)) * 2 * GRM_PI / f->corners;
    return angle;
}

static int cell_of(double x) {
    return (int)((x + 40) / 4);
}

// Looks at the cells within `reach`; with `mark` they become the stream's own.
static bool stream_room(stream_field *f, double x, double y, double reach, uint16_t id, bool mark) {
    int low_x = cell_of(x - reach), high_x = cell_of(x + reach), low_y = cell_of(y - reach),
        high_y = cell_of(y + reach);
    if (low_x < 0 || low_y < 0 || high_x >= CELLS || high_y >= CELLS) return false;
    for (int v = low_y; v <= high_y; v++)
        for (int u = low_x; u <= high_x; u++) {
            double dx = u * 4.0 - 38 - x, dy = v * 4.0 - 38 - y;
            if (dx * dx + dy * dy > reach * reach) continue;
            uint16_t *owner = &f->owner[v * CELLS + u];
            if (mark) {
                if (*owner == 0) *owner = id;
            } else if (*owner != 0 && *owner != id) {
                return false;
            }
        }
    return true;
}

// Walks from a start until there is no room; points: [STREAM_STEPS][2].
static int walk_stream(stream_field *f, double x, double y, double reach, int limit, double (*points)[2]) {
    int count = 0;
    while (count < limit && stream_room(f, x, y, reach, 0, false)) {
        points[count][0] = x, points[count][1] = y;
        count++;
        double angle = field_angle(f, x, y);
        x += 4 * cos(angle), y += 4 * sin(angle);
    }
    return count;
}

static void draw_stream(grm_art *a, double (*points)[2], int count, double width, grm_rgb colour) {
    cairo_new_path(a->cr);
    for (int i = 0; i < count; i++) cairo_line_to(a->cr, points[i][0], points[i][1]);
    cairo_set_line_width(a->cr, width);
    grm_rgb_source(a->cr, colour, 1);
    cairo_stroke(a->cr);
}

static grm_rgb stream_colour(grm_art *a) {
    const grm_palette *p = &a->palette;
    float draw = grm_rng_float(&a->rng);
    double along = grm_art_between(a, 0, 1);
    if (draw < 0.26f) return p->accent;
    if (draw < 0.42f) return p->second;
    if (draw < 0.58f) return a->night ? p->light : p->dark;
    return grm_palette_at(p, a->night ? 0.3 + 0.7 * along : 0.75 * along);
}

void grm_art_flow(grm_art *a) {
    static const double widths[] = {34, 22, 13, 7, 3.5};
    static const int tries[] = {110, 260, 600, 1100, 1500};
    stream_field f = {calloc(CELLS * CELLS, sizeof(uint16_t)), grm_noise_new(&a->rng), 0, 0, 0, 0};
    double(*points)[2] = calloc(STREAM_STEPS, sizeof *points);
    grm_art_flood(a, a->night ? a->palette.dark : a->palette.light);
    f.turn = grm_art_between(a, 2.2, 4.6);
    f.scale = grm_art_between(a, 0.0009, 0.0019);
    f.start = grm_art_between(a, 0, 6.28);
    if (a->energy > 0.4 && grm_rng_chance(&a->rng, 0.4f)) f.corners = 8;
    cairo_set_line_cap(a->cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(a->cr, CAIRO_LINE_JOIN_ROUND);
    uint16_t id = 0;
    for (size_t size = 0; f.owner && points && size < GRM_COUNT(widths); size++)
        for (int i = 0; i < tries[size] && !grm_art_stopped(a); i++) {
            double x = grm_art_between(a, -20, 1020), y = grm_art_between(a, -20, 1020), width = widths[size];
            int limit = 60 + (int)grm_rng_below(&a->rng, STREAM_STEPS - 60);
            int count = walk_stream(&f, x, y, width / 2 + 5, limit, points);
            if (count < 16) continue;
            id++;
            for (int k = 0; k < count; k++) stream_room(&f, points[k][0], points[k][1], width / 2, id, true);
            draw_stream(a, points, count, width, stream_colour(a));
        }
    free(points);
    free(f.owner);
}

// ---- brush strokes ----

typedef struct brush {
    double x, y, radius, from, sweep, stretch;  // an arc of an ellipse
    double width;
} brush;

// One hair of the brush, which lifts off and comes down again.
static void draw_hair(grm_art *a, const brush *b, double offset, grm_noise wet, grm_noise shake, grm_rgb colour) {
    enum { STEPS = 100 };
    bool down = false;
    cairo_new_path(a->cr);
    for (int i = 0; i <= STEPS; i++) {
        double t = (double)i / STEPS, angle = b->from + b->sweep * t;
        double press = 0.55 + 0.45 * sin(GRM_PI * (0.1 + 0.85 * t));
        double reach = b->radius + offset * b->width * 0.5 * press + 5 * grm_noise_at(shake, t * 3, offset * 2);
        double x = b->x + reach * cos(angle), y = b->y + reach * sin(angle) * b->stretch;
        double ink = 0.95 - 0.85 * t * t - 0.35 * fabs(offset) + 0.75 * grm_noise_at(wet, offset * 9, t * 5);
        if (ink > 0.05 && down) cairo_line_to(a->cr, x, y);
        if (ink > 0.05 && !down) cairo_move_to(a->cr, x, y);
        down = ink > 0.05;
    }
    grm_rgb_source(a->cr, colour, 0.85);
    cairo_stroke(a->cr);
}

static void draw_brush(grm_art *a, const brush *b, grm_rgb colour) {
    enum { HAIRS = 105 };
    grm_noise wet = grm_noise_new(&a->rng), shake = grm_noise_new(&a->rng);
    cairo_set_line_cap(a->cr, CAIRO_LINE_CAP_ROUND);
    for (int i = 0; i < HAIRS && !grm_art_stopped(a); i++) {
        double offset = grm_art_between(a, -1, 1), shade = grm_art_between(a, -0.07, 0.07);
        double thickness = b->width / HAIRS * grm_art_between(a, 1.0, 3.4);
        cairo_set_line_width(a->cr, thickness);
        draw_hair(a, b, offset, wet, shake, grm_rgb_lighten(colour, shade));
    }
}

void grm_art_strokes(grm_art *a) {
    const grm_palette *p = &a->palette;
    grm_art_flood(a, a->night ? p->dark : p->light);
    grm_art_glow(a, 500, 380, 700, a->night ? p->second : grm_rgb_lighten(p->light, 0.05), a->night ? 0.2 : 0.8);
    double turn = grm_art_between(a, 0, 6.28);
    if (grm_rng_chance(&a->rng, 0.5f)) {  // one round, as ink on paper
        double radius = grm_art_between(a, 215, 250), sweep = grm_art_between(a, 5.4, 5.95);
        brush b = {500, 385, radius, turn, sweep, 0.98, grm_art_between(a, 80, 120)};
        draw_brush(a, &b, a->night ? p->light : p->dark);
        grm_art_disc(a, 500 + b.radius * 0.62, 385 - b.radius * 0.1, 34, p->accent, 1);
        return;
    }
    double x = grm_art_between(a, 400, 600), lean = grm_art_between(a, -0.25, 0.25);
    grm_rgb colours[] = {p->second, p->accent, a->night ? p->light : p->dark, grm_palette_at(p, 0.7)};
    for (int i = 0; i < 4; i++) {
        double from = grm_art_between(a, 3.0, 3.5) + lean, sweep = grm_art_between(a, 2.1, 3.0);
        brush b = {x, 690, 200 + 105.0 * i, from, sweep, 0.96, grm_art_between(a, 62, 92)};
        draw_brush(a, &b, colours[i]);
    }
}
