// Shapes: tiles, stripes, rings, dots, haze.
#include <string.h>

#include "release/art.h"

// ---- tiles of quarter and half discs ----

typedef struct tile {
    grm_rgb ground, figure, third;
} tile;

static void wedge(cairo_t *cr, double x, double y, double radius, double from, double to) {
    cairo_new_path(cr);
    cairo_move_to(cr, x, y);
    cairo_arc(cr, x, y, radius, from, to);
    cairo_close_path(cr);
    cairo_fill(cr);
}

// Draws in a unit square about the origin, -0.5..0.5.
static void draw_tile(cairo_t *cr, unsigned shape, const tile *t) {
    grm_rgb_source(cr, t->figure, 1);
    switch (shape) {
        case 0:  // a quarter disc
            wedge(cr, -0.5, -0.5, 1, 0, GRM_PI / 2);
            break;
        case 1:  // quarter rings
            for (int i = 0; i < 4; i++) {
                grm_rgb_source(cr, i % 2 ? t->ground : i ? t->third : t->figure, 1);
                wedge(cr, -0.5, -0.5, 1 - 0.25 * i, 0, GRM_PI / 2);
            }
            break;
        case 2:  // half discs
            wedge(cr, -0.5, 0, 0.5, -GRM_PI / 2, GRM_PI / 2);
            grm_rgb_source(cr, t->third, 1);
            wedge(cr, 0, 0, 0.5, -GRM_PI / 2, GRM_PI / 2);
            break;
        case 3:  // a disc with a point
            wedge(cr, 0, 0, 0.5, 0, 2 * GRM_PI);
            grm_rgb_source(cr, t->third, 1);
            wedge(cr, 0, 0, 0.2, 0, 2 * GRM_PI);
            break;
        case 4:  // a leaf
            cairo_new_path(cr);
            cairo_move_to(cr, -0.5, -0.5);
            cairo_arc(cr, -0.5, 0.5, 1, -GRM_PI / 2, 0);
            cairo_arc(cr, 0.5, -0.5, 1, GRM_PI / 2, GRM_PI);
            cairo_close_path(cr);
            cairo_fill(cr);
            break;
        case 5:  // a triangle
            cairo_move_to(cr, -0.5, -0.5);
            cairo_line_to(cr, 0.5, 0.5);
            cairo_line_to(cr, -0.5, 0.5);
            cairo_close_path(cr);
            cairo_fill(cr);
            break;
        case 6:  // stripes
            for (int i = 0; i < 4; i++) cairo_rectangle(cr, -0.5, -0.5 + 0.25 * i, 1, 0.125);
            cairo_fill(cr);
            break;
        default:  // four points
            for (int i = 0; i < 4; i++) wedge(cr, i % 2 ? 0.25 : -0.25, i / 2 ? 0.25 : -0.25, 0.14, 0, 2 * GRM_PI);
    }
}

void grm_art_tiles(grm_art *a) {
    static const float weights[] = {4, 2.5f, 2, 2, 2.5f, 1, 1, 0.8f};
    const grm_palette *p = &a->palette;
    grm_rgb colours[5] = {p->light, p->dark, p->accent, p->second, grm_palette_at(p, 0.55)};
    unsigned grounds[5] = {0}, columns = 5;
    for (unsigned row = 0; row < columns; row++) {
        unsigned left = 5;
        for (unsigned column = 0; column < columns; column++) {
            unsigned ground = grm_rng_below(&a->rng, 5), figure, third;
            while (ground == left || (row > 0 && ground == grounds[column])) ground = (ground + 1) % 5;
            figure = (ground + 1 + grm_rng_below(&a->rng, 4)) % 5;
            if (grm_rgb_contrast(colours[figure], colours[ground]) < 1.5) figure = ground < 2 ? 2 : 0;
            third = grm_rng_below(&a->rng, 5);
            while (third == figure || third == ground) third = (third + 1) % 5;
            left = grounds[column] = ground;
            size_t shape = grm_rng_weighted(&a->rng, weights, GRM_COUNT(weights));
            unsigned turn = grm_rng_below(&a->rng, 4);
            double side = 1000.0 / columns;
            cairo_save(a->cr);
            cairo_translate(a->cr, side * (column + 0.5), side * (row + 0.5));
            cairo_scale(a->cr, side, side);
            grm_rgb_source(a->cr, colours[ground], 1);
            cairo_rectangle(a->cr, -0.503, -0.503, 1.006, 1.006);
            cairo_fill(a->cr);
            cairo_rotate(a->cr, turn * GRM_PI / 2);
            draw_tile(a->cr, (unsigned)shape, &(tile){colours[ground], colours[figure], colours[third]});
            cairo_restore(a->cr);
        }
    }
}

// ---- stripes that run and bend together ----

typedef struct bend {
    double straight, radius, degrees;  // a run, then a turn; to the right above 0
} bend;

// A path beside a centre line, `offset` to its right.
static void run_stripe(cairo_t *cr, double x, double y, double heading, const bend *bends, size_t count,
                       double offset) {
    cairo_new_path(cr);
    for (size_t i = 0; i < count; i++) {
        double right_x = -sin(heading), right_y = cos(heading);
        cairo_line_to(cr, x + right_x * offset, y + right_y * offset);
        x += bends[i].straight * cos(heading), y += bends[i].straight * sin(heading);
        cairo_line_to(cr, x + right_x * offset, y + right_y * offset);
        double turn = bends[i].degrees * GRM_PI / 180, side = turn > 0 ? 1 : -1, radius = bends[i].radius;
        if (turn == 0) continue;
        double cx = x + side * right_x * radius, cy = y + side * right_y * radius;
        double from = heading - side * GRM_PI / 2;
        if (turn > 0)
            cairo_arc(cr, cx, cy, radius - offset, from, from + turn);
        else
            cairo_arc_negative(cr, cx, cy, radius + offset, from, from + turn);
        heading += turn;
        x = cx + radius * cos(from + turn), y = cy + radius * sin(from + turn);
    }
    cairo_stroke(cr);
}

void grm_art_stripes(grm_art *a) {
    static const bend routes[][4] = {
        {{570, 250, 90}, {150, 250, -90}, {600, 0, 0}, {0, 0, 0}},
        {{520, 210, 180}, {120, 190, -180}, {1100, 0, 0}, {0, 0, 0}},
        {{560, 330, 90}, {900, 0, 0}, {0, 0, 0}, {0, 0, 0}},
        {{480, 235, 270}, {900, 0, 0}, {0, 0, 0}, {0, 0, 0}},
    };
    static const double starts[][3] = {{190, 1060, -90}, {170, 1060, -90}, {210, 1060, -90}, {330, 1060, -90}};
    const grm_palette *p = &a->palette;
    unsigned route = grm_rng_below(&a->rng, GRM_COUNT(routes)), count = 5;
    bool mirrored = grm_rng_chance(&a->rng, 0.5f);
    double width = grm_art_between(a, 27, 34);
    grm_rgb ground = a->night ? p->dark : p->light;
    grm_rgb colours[5];
    for (unsigned i = 0; i < count; i++)
        colours[i] = a->night ? grm_palette_at(p, 0.28 + 0.72 * i / 4) : grm_palette_at(p, 0.82 * i / 4);
    grm_art_flood(a, ground);
    cairo_save(a->cr);
    if (mirrored) {
        cairo_translate(a->cr, 1000, 0);
        cairo_scale(a->cr, -1, 1);
    }
    if (route == 2) grm_art_disc(a, 680, 590, 150, p->accent, 1);
    cairo_set_line_width(a->cr, width);
    for (unsigned i = 0; i < count; i++) {
        grm_rgb_source(a->cr, colours[i], 1);
        run_stripe(a->cr, starts[route][0], starts[route][1], starts[route][2] * GRM_PI / 180, routes[route], 4,
                   ((double)i - 2) * (width + 7));
    }
    cairo_restore(a->cr);
}

// ---- rings ----

void grm_art_rings(grm_art *a) {
    const grm_palette *p = &a->palette;
    double x = grm_art_between(a, 380, 620), y = grm_art_between(a, 340, 430), radius = 40;
    grm_art_flood(a, a->night ? p->dark : p->light);
    if (a->night) grm_art_glow(a, x, y, 560, p->second, 0.3);
    grm_art_disc(a, x, y, 24, p->accent, 1);
    cairo_set_line_cap(a->cr, CAIRO_LINE_CAP_BUTT);
    while (radius < 900) {
        double width = grm_rng_chance(&a->rng, 0.35f) ? grm_art_between(a, 16, 40) : grm_art_between(a, 1.6, 7);
        unsigned arcs = 1 + grm_rng_below(&a->rng, 3);
        double turn = grm_art_between(a, 0, 6.28);
        radius += width / 2;
        for (unsigned i = 0; i < arcs; i++) {
            double from = turn + 6.283 * i / arcs, sweep = grm_art_between(a, 0.25, 5.6 / arcs);
            double along = grm_art_between(a, 0, 1), draw = grm_art_between(a, 0, 1);
            grm_rgb colour = draw < 0.3   ? p->accent
                             : draw < 0.5 ? p->second
                                          : grm_palette_at(p, a->night ? 0.35 + 0.65 * along : 0.8 * along);
            cairo_new_path(a->cr);
            cairo_arc(a->cr, x, y, radius, from, from + sweep);
            grm_rgb_source(a->cr, colour, 1);
            cairo_set_line_width(a->cr, width);
            cairo_stroke(a->cr);
            if (width < 7) {
                double end = from + sweep;
                grm_art_disc(a, x + radius * cos(end), y + radius * sin(end), width * 1.9, colour, 1);
            }
        }
        radius += width / 2 + grm_art_between(a, 5, 14);
    }
}

// ---- dots of a printer's screen ----

typedef struct screen {
    double angle, cell;
    double light_x, light_y, light_z;
    double x, y, radius;  // a ball
} screen;

// Ink at a place, 0..1: a lit ball in front of a ground that darkens downwards.
static double ink_at(const screen *s, double x, double y) {
    double u = (x - s->x) / s->radius, v = (y - s->y) / s->radius, inside = 1 - u * u - v * v;
    if (inside > 0) {
        double lit = u * s->light_x + v * s->light_y + sqrt(inside) * s->light_z;
        return lit > 0 ? 0.92 - 0.88 * lit : 0.92;
    }
    return 0.34 * pow(1 - y / 1000, 1.5);
}

static void print_screen(grm_art *a, const screen *s, grm_rgb colour) {
    double c = cos(s->angle), n = sin(s->angle);
    int reach = (int)(760 / s->cell);
    cairo_new_path(a->cr);
    for (int v = -reach; v <= reach; v++)
        for (int u = -reach; u <= reach; u++) {
            double x = 500 + s->cell * (u * c - v * n), y = 500 + s->cell * (u * n + v * c);
            if (x < -20 || x > 1020 || y < -20 || y > 1020) continue;
            double radius = s->cell * 0.72 * sqrt(ink_at(s, x, y));
            if (radius < 0.6) continue;
            cairo_new_sub_path(a->cr);
            cairo_arc(a->cr, x, y, radius, 0, 2 * GRM_PI);
        }
    grm_rgb_source(a->cr, colour, 1);
    cairo_fill(a->cr);
}

void grm_art_halftone(grm_art *a) {
    const grm_palette *p = &a->palette;
    double around = grm_art_between(a, -2.6, -0.5);
    double angle = grm_art_between(a, 0.2, 0.5), cell = grm_art_between(a, 12, 17);
    double x = grm_art_between(a, 420, 580), y = grm_art_between(a, 350, 395);
    screen s = {angle, cell, cos(around) * 0.72, sin(around) * 0.72, 0.7, x, y, grm_art_between(a, 235, 280)};
    screen behind = s;
    behind.angle += 0.52, behind.x += grm_art_between(a, 14, 30), behind.y += grm_art_between(a, 8, 20);
    behind.light_x = -s.light_x * 0.6, behind.light_y = s.light_y;
    grm_art_flood(a, a->night ? p->dark : p->light);
    print_screen(a, &behind, p->accent);
    cairo_set_operator(a->cr, a->night ? CAIRO_OPERATOR_SCREEN : CAIRO_OPERATOR_MULTIPLY);
    print_screen(a, &s, a->night ? p->second : grm_rgb_mix(p->dark, p->second, 0.25));
    cairo_set_operator(a->cr, CAIRO_OPERATOR_OVER);
}

// ---- haze: soft lights that flow into each other ----

enum { HAZE = 400, LIGHTS = 6 };

typedef struct haze_light {
    double x, y, spread;
    grm_rgb colour;
} haze_light;

static void shade_haze(const haze_light *lights, grm_noise warp, grm_rgb ground, double x, double y, uint32_t *pixel) {
    double dx = x + 0.2 * grm_noise_octaves(warp, x * 1.6, y * 1.6, 2);
    double dy = y + 0.2 * grm_noise_octaves(warp, x * 1.6 + 40, y * 1.6 - 40, 2);
    double total = 0.1, r = ground.r * total, g = ground.g * total, b = ground.b * total;
    for (int i = 0; i < LIGHTS; i++) {
        double u = dx - lights[i].x, v = dy - lights[i].y, weight = exp(-(u * u + v * v) / lights[i].spread);
        r += weight * lights[i].colour.r, g += weight * lights[i].colour.g, b += weight * lights[i].colour.b;
        total += weight;
    }
    *pixel = (uint32_t)(r / total * 255 + 0.5) << 16 | (uint32_t)(g / total * 255 + 0.5) << 8 |
             (uint32_t)(b / total * 255 + 0.5);
}

void grm_art_haze(grm_art *a) {
    const grm_palette *p = &a->palette;
    grm_rgb colours[LIGHTS] = {
        p->accent, p->second, a->night ? p->dark : p->light, grm_palette_at(p, 0.35), grm_palette_at(p, 0.72),
        p->accent};
    for (int i = 0; i < LIGHTS; i++)  // light adds up to grey unless its colours are strong
        if (grm_rgb_chroma(colours[i]) > 0.03) colours[i] = grm_rgb_strengthen(colours[i], 1.35);
    haze_light lights[LIGHTS];
    for (int i = 0; i < LIGHTS; i++) {
        double x = grm_art_between(a, 0.05, 0.95), y = grm_art_between(a, 0.05, 0.95);
        lights[i] = (haze_light){x, y, grm_art_between(a, 0.03, 0.1), colours[i]};
    }
    grm_noise warp = grm_noise_new(&a->rng);
    cairo_surface_t *small = cairo_image_surface_create(CAIRO_FORMAT_RGB24, HAZE, HAZE);
    if (cairo_surface_status(small) == CAIRO_STATUS_SUCCESS) {
        unsigned char *pixels = cairo_image_surface_get_data(small);
        int stride = cairo_image_surface_get_stride(small);
        cairo_surface_flush(small);
        for (int y = 0; y < HAZE; y++)
            for (int x = 0; x < HAZE; x++) {
                uint32_t pixel;
                shade_haze(lights, warp, a->night ? p->dark : p->light, (x + 0.5) / HAZE, (y + 0.5) / HAZE, &pixel);
                memcpy(pixels + (size_t)y * (size_t)stride + (size_t)x * 4, &pixel, 4);
            }
        cairo_surface_mark_dirty(small);
        cairo_save(a->cr);
        cairo_scale(a->cr, 1000.0 / HAZE, 1000.0 / HAZE);
        cairo_set_source_surface(a->cr, small, 0, 0);
        cairo_pattern_set_filter(cairo_get_source(a->cr), CAIRO_FILTER_BILINEAR);
        cairo_pattern_set_extend(cairo_get_source(a->cr), CAIRO_EXTEND_PAD);
        cairo_rectangle(a->cr, 0, 0, HAZE, HAZE);
        cairo_fill(a->cr);
        cairo_restore(a->cr);
    }
    cairo_surface_destroy(small);
    // A still body in front, lit from above.
    double x = grm_art_between(a, 380, 620), radius = grm_art_between(a, 150, 215);
    cairo_pattern_t *lit = cairo_pattern_create_linear(x - radius * 0.5, 400 - radius, x + radius * 0.4, 400 + radius);
    grm_rgb_stop(lit, 0, p->light, 1);
    grm_rgb_stop(lit, 0.45, grm_rgb_strengthen(p->accent, 1.2), 0.9);
    grm_rgb_stop(lit, 1, p->second, 0);
    cairo_set_source(a->cr, lit);
    cairo_arc(a->cr, x, 400, radius, 0, 2 * GRM_PI);
    cairo_fill(a->cr);
    cairo_pattern_destroy(lit);
}
