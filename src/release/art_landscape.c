// Skies: a sun on a grid, ridges in mist, cut paper, a city at night.
#include "release/art.h"

enum { POINTS = 200 };

// From the top of the picture to y, along the palette from `from` to `to`.
static void paint_sky(grm_art *a, double y, double from, double to) {
    cairo_pattern_t *sky = cairo_pattern_create_linear(0, 0, 0, y);
    for (int i = 0; i <= 8; i++) grm_rgb_stop(sky, i / 8.0, grm_palette_at(&a->palette, from + (to - from) * i / 8), 1);
    cairo_set_source(a->cr, sky);
    cairo_rectangle(a->cr, 0, 0, 1000, 1000);
    cairo_fill(a->cr);
    cairo_pattern_destroy(sky);
}

static void scatter_stars(grm_art *a, double bottom, int count) {
    for (int i = 0; i < count; i++) {
        double x = grm_art_between(a, 0, 1000), y = grm_art_between(a, 0, bottom);
        double size = grm_art_between(a, 0.5, 1.0), bright = grm_art_between(a, 0.2, 0.9);
        size = grm_rng_chance(&a->rng, 0.06f) ? size * 2.2 : size;
        grm_art_disc(a, x, y, size, a->palette.light, bright * (1 - y / bottom * 0.8));
    }
}

// A curve across the picture down to its bottom: heights[POINTS + 1].
static void trace_land(cairo_t *cr, const double *heights) {
    cairo_new_path(cr);
    cairo_move_to(cr, -10, 1010);
    for (int i = 0; i <= POINTS; i++) cairo_line_to(cr, 1000.0 * i / POINTS, heights[i]);
    cairo_line_to(cr, 1010, 1010);
    cairo_close_path(cr);
}

// Crests: noise folded at zero, so that peaks are sharp and valleys wide.
static double crest(grm_noise noise, double x, double y) {
    double sum = 0, weight = 0.5;
    for (int i = 0; i < 5; i++) {
        double n = grm_noise_at(noise, x, y + 31.7 * i);
        sum += weight * (1 - fabs(n) * 2);
        x *= 2.03, weight *= 0.48;
    }
    return sum;
}

// ---- sun and grid ----

// A disc from light to strong, cut by slits that widen downwards.
static void cut_sun(grm_art *a, double x, double y, double radius) {
    cairo_t *cr = a->cr;
    cairo_save(cr);
    cairo_arc(cr, x, y, radius, 0, 2 * GRM_PI);
    cairo_clip(cr);
    grm_art_gradient(a, y - radius, grm_rgb_mix(a->palette.light, a->palette.second, 0.15), y + radius,
                     a->palette.accent);
    int slits = 6 + (int)grm_rng_below(&a->rng, 3);
    double from = y - radius;
    for (int i = 0; i <= slits; i++) {
        double t = (double)i / slits, cut = y - 0.12 * radius + t * radius * 1.1;
        if (i == slits) cut = y + radius;
        cairo_rectangle(cr, x - radius, from, 2 * radius, cut - from);
        from = cut + radius * (0.022 + 0.075 * t);
    }
    cairo_fill(cr);
    cairo_restore(cr);
}

static void draw_grid(grm_art *a, double horizon) {
    cairo_t *cr = a->cr;
    double depth = 1000 - horizon;
    for (int pass = 0; pass < 3; pass++) {
        static const double widths[] = {9, 4, 1.5}, alphas[] = {0.07, 0.18, 0.95};
        cairo_new_path(cr);
        for (int i = -26; i <= 26; i++) {
            cairo_move_to(cr, 500 + i * 16.0, horizon);
            cairo_line_to(cr, 500 + i * 118.0, 1000);
        }
        for (int i = 1; i <= 14; i++) {
            double y = horizon + depth * pow(i / 14.0, 2.4);
            cairo_move_to(cr, 0, y);
            cairo_line_to(cr, 1000, y);
        }
        cairo_pattern_t *fade = cairo_pattern_create_linear(0, horizon, 0, 1000);
        grm_rgb_stop(fade, 0, a->palette.accent, alphas[pass]);
        grm_rgb_stop(fade, 1, grm_rgb_mix(a->palette.accent, a->palette.second, 0.7), alphas[pass] * 0.75);
        cairo_set_source(cr, fade);
        cairo_set_line_width(cr, widths[pass]);
        cairo_stroke(cr);
        cairo_pattern_destroy(fade);
    }
}

void grm_art_sun(grm_art *a) {
    double horizon = grm_art_between(a, 700, 735), radius = grm_art_between(a, 195, 235);
    double x = grm_rng_chance(&a->rng, 0.6f) ? 500 : grm_art_between(a, 380, 620);
    double heights[POINTS + 1];
    paint_sky(a, horizon, 0, 0.66);
    scatter_stars(a, horizon * 0.7, 130);
    grm_art_glow(a, x, horizon - radius * 0.55, radius * 2.3, a->palette.accent, 0.55);
    cut_sun(a, x, horizon - radius * 0.55, radius);
    for (int layer = 0; layer < 2; layer++) {
        grm_noise noise = grm_noise_new(&a->rng);
        for (int i = 0; i <= POINTS; i++) {
            double side = fabs(i * 1000.0 / POINTS - x) / 500;
            double lift = 0.15 + 0.85 * (side > 1 ? 1 : side * side);
            heights[i] = horizon - (layer ? 95 : 150) * lift * (0.35 + 0.65 * crest(noise, i / 26.0, layer));
        }
        trace_land(a->cr, heights);
        grm_rgb_source(a->cr, grm_rgb_mix(a->palette.dark, a->palette.accent, layer ? 0.06 : 0.26), 1);
        cairo_fill(a->cr);
    }
    grm_art_gradient(a, horizon, grm_rgb_mix(a->palette.dark, a->palette.accent, 0.22), 1000, a->palette.dark);
    cairo_rectangle(a->cr, 0, horizon, 1000, 1000 - horizon);
    cairo_fill(a->cr);
    draw_grid(a, horizon);
    grm_art_glow(a, x, horizon, 560, a->palette.accent, 0.28);
}

// ---- ridges ----

void grm_art_ridges(grm_art *a) {
    const grm_palette *p = &a->palette;
    int layers = 5 + (int)grm_rng_below(&a->rng, 3);
    double top = grm_art_between(a, 420, 500), heights[POINTS + 1];
    double sun_x = grm_art_between(a, 230, 770), sun = grm_art_between(a, 70, 135);
    double sun_y = top - grm_art_between(a, 90, 190);
    grm_rgb haze = a->night ? grm_rgb_mix(p->second, p->accent, 0.4) : grm_rgb_mix(p->light, p->accent, 0.55);
    grm_rgb high = a->night ? grm_rgb_mix(p->dark, p->second, 0.12) : grm_rgb_mix(p->light, p->second, 0.2);
    grm_art_gradient(a, 0, high, top + 160, haze);
    cairo_rectangle(a->cr, 0, 0, 1000, 1000);
    cairo_fill(a->cr);
    if (a->night) scatter_stars(a, top, 220);
    grm_rgb disc = a->night ? p->light : grm_rgb_mix(p->light, p->accent, 0.12);
    grm_art_glow(a, sun_x, sun_y, sun * 4.2, disc, a->night ? 0.4 : 0.75);
    grm_art_disc(a, sun_x, sun_y, sun, disc, 1);
    for (int layer = 0; layer < layers; layer++) {
        double t = (layer + 1.0) / layers, base = top + (900 - top) * pow(t, 1.1), rise = 120 + 70 * t;
        double detail = 5.2 - 3.2 * t, slope = grm_art_between(a, -80, 80);
        grm_noise noise = grm_noise_new(&a->rng);
        for (int i = 0; i <= POINTS; i++) {
            double x = (double)i / POINTS, mass = grm_noise_at(noise, x * 1.7 + 50, layer * 7.3);
            heights[i] = base + rise * 0.45 + slope * (x - 0.5) - rise * crest(noise, detail * x, layer * 1.7) -
                         90 * mass * (1 - 0.4 * t);
        }
        grm_rgb body = grm_rgb_mix(grm_rgb_mix(haze, p->second, 0.35 + 0.25 * t), p->dark, 0.15 + 0.8 * pow(t, 1.1));
        trace_land(a->cr, heights);
        grm_art_gradient(a, base - rise, body, base + 170, grm_rgb_mix(body, haze, 0.75 * (1 - t)));
        cairo_fill(a->cr);
    }
}

// ---- cut paper ----

static void cast_shadow(cairo_t *cr) {
    static const double widths[] = {44, 32, 22, 14, 8, 4};
    for (size_t i = 0; i < GRM_COUNT(widths); i++) {
        cairo_set_source_rgba(cr, 0, 0, 0, 0.045);
        cairo_set_line_width(cr, widths[i]);
        cairo_stroke_preserve(cr);
    }
}

void grm_art_waves(grm_art *a) {
    const grm_palette *p = &a->palette;
    int layers = 6 + (int)grm_rng_below(&a->rng, 2);
    double heights[POINTS + 1], sun_x = grm_art_between(a, 250, 750), sun_y = grm_art_between(a, 210, 300);
    grm_art_flood(a, a->night ? p->dark : p->light);
    double sun = grm_art_between(a, 110, 170);
    cairo_arc(a->cr, sun_x, sun_y, sun, 0, 2 * GRM_PI);
    cast_shadow(a->cr);
    grm_rgb_source(a->cr, p->accent, 1);
    cairo_fill(a->cr);
    for (int layer = 0; layer < layers; layer++) {
        double t = (layer + 1.0) / layers, base = 330 + 520 * (layer / (layers - 0.6));
        double phase = grm_art_between(a, 0, 7), second = grm_art_between(a, 0, 7);
        double long_wave = grm_art_between(a, 0.7, 1.3), short_wave = grm_art_between(a, 1.6, 2.6);
        double swing = grm_art_between(a, 38, 70);
        for (int i = 0; i <= POINTS; i++) {
            double x = 2 * GRM_PI * i / POINTS;
            heights[i] = base + swing * sin(long_wave * x + phase) + 0.4 * swing * sin(short_wave * x + second);
        }
        double place = a->night ? 0.95 - 0.95 * t : 0.85 - 0.85 * t;
        trace_land(a->cr, heights);
        cast_shadow(a->cr);
        grm_rgb_source(a->cr, grm_palette_at(p, place), 1);
        cairo_fill(a->cr);
    }
}

// ---- a city ----

static void light_windows(grm_art *a, double x, double top, double width, double bottom, double share) {
    double step_x = 13, step_y = 17;
    int columns = (int)((width - 12) / step_x);
    double left = x + (width - columns * step_x + 6) / 2;
    for (int c = 0; c < columns; c++)
        for (double y = top + 16; y < bottom; y += step_y) {
            bool lit = grm_rng_chance(&a->rng, (float)share);
            double warmth = grm_art_between(a, 0, 1);
            if (!lit) continue;
            grm_rgb_source(a->cr, grm_rgb_mix(a->palette.accent, a->palette.light, warmth * 0.8), 0.45 + 0.5 * warmth);
            cairo_rectangle(a->cr, left + c * step_x, y, 7, 9);
            cairo_fill(a->cr);
        }
}

static void build_row(grm_art *a, double low, double high, grm_rgb colour, double windows) {
    double x = -20;
    while (x < 1000) {
        double width = grm_art_between(a, 60, 125), top = grm_art_between(a, high, low);
        bool mast = grm_rng_chance(&a->rng, 0.2f), step = grm_rng_chance(&a->rng, 0.35f);
        grm_rgb_source(a->cr, colour, 1);
        cairo_rectangle(a->cr, x, top, width + 0.5, 1000 - top);
        if (step) cairo_rectangle(a->cr, x + width * 0.25, top - 28, width * 0.5, 30);
        if (mast) cairo_rectangle(a->cr, x + width * 0.5 - 1.5, top - 90, 3, 92);
        cairo_fill(a->cr);
        light_windows(a, x, top, width, 1000, windows);
        x += width + (grm_rng_chance(&a->rng, 0.3f) ? grm_art_between(a, 4, 26) : 0);
    }
}

static void let_it_rain(grm_art *a) {
    for (int i = 0; i < 420; i++) {
        double x = grm_art_between(a, -60, 1060), y = grm_art_between(a, -60, 1000);
        double length = grm_art_between(a, 18, 70), alpha = grm_art_between(a, 0.04, 0.24);
        grm_rgb_source(a->cr, a->palette.light, alpha);
        cairo_set_line_width(a->cr, 1.1);
        cairo_move_to(a->cr, x, y);
        cairo_line_to(a->cr, x - length * 0.16, y + length);
        cairo_stroke(a->cr);
    }
}

void grm_art_city(grm_art *a) {
    const grm_palette *p = &a->palette;
    double moon_x = grm_art_between(a, 250, 750), moon_y = grm_art_between(a, 210, 310);
    double moon = grm_art_between(a, 90, 140);
    grm_rgb glow = grm_rgb_mix(p->accent, p->light, 0.25);
    cairo_pattern_t *sky = cairo_pattern_create_linear(0, 0, 0, 760);
    grm_rgb_stop(sky, 0, grm_rgb_mix(p->dark, p->second, 0.12), 1);
    grm_rgb_stop(sky, 0.5, grm_rgb_mix(p->dark, p->second, 0.75), 1);
    grm_rgb_stop(sky, 1, glow, 1);
    cairo_set_source(a->cr, sky);
    cairo_rectangle(a->cr, 0, 0, 1000, 1000);
    cairo_fill(a->cr);
    cairo_pattern_destroy(sky);
    scatter_stars(a, 420, 90);
    grm_art_glow(a, moon_x, moon_y, moon * 3.6, p->light, 0.4);
    grm_art_disc(a, moon_x, moon_y, moon, grm_rgb_mix(p->light, p->accent, 0.12), 1);
    build_row(a, 590, 420, grm_rgb_mix(grm_rgb_mix(p->second, glow, 0.45), p->dark, 0.3), 0.05);
    build_row(a, 690, 500, grm_rgb_mix(p->dark, p->second, 0.45), 0.2);
    build_row(a, 820, 600, grm_rgb_mix(p->dark, p->second, 0.1), 0.3);
    if (a->energy < 0.35 || a->valence < 0) let_it_rain(a);
}
