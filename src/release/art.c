// Help for compositions: floods, glows, noise.
#include "release/art.h"

bool grm_art_stopped(const grm_art *art) {
    return grm_run_check(art->run, NULL) != GRM_OK;
}

double grm_art_between(grm_art *art, double low, double high) {
    return grm_rng_between(&art->rng, (float)low, (float)high);
}

void grm_art_flood(grm_art *art, grm_rgb colour) {
    grm_rgb_source(art->cr, colour, 1);
    cairo_rectangle(art->cr, 0, 0, 1000, 1000);
    cairo_fill(art->cr);
}

void grm_art_gradient(grm_art *art, double y0, grm_rgb top, double y1, grm_rgb bottom) {
    cairo_pattern_t *pattern = cairo_pattern_create_linear(0, y0, 0, y1);
    for (int i = 0; i <= 6; i++) grm_rgb_stop(pattern, i / 6.0, grm_rgb_mix(top, bottom, i / 6.0), 1);
    cairo_set_source(art->cr, pattern);
    cairo_pattern_destroy(pattern);
}

void grm_art_disc(grm_art *art, double x, double y, double radius, grm_rgb colour, double alpha) {
    grm_rgb_source(art->cr, colour, alpha);
    cairo_new_path(art->cr);
    cairo_arc(art->cr, x, y, radius, 0, 2 * GRM_PI);
    cairo_fill(art->cr);
}

void grm_art_glow(grm_art *art, double x, double y, double radius, grm_rgb colour, double alpha) {
    cairo_pattern_t *pattern = cairo_pattern_create_radial(x, y, 0, x, y, radius);
    // A raised cosine has no visible rim.
    for (int i = 0; i <= 8; i++)
        grm_rgb_stop(pattern, i / 8.0, colour, alpha * pow(0.5 + 0.5 * cos(GRM_PI * i / 8), 1.6));
    cairo_set_source(art->cr, pattern);
    cairo_rectangle(art->cr, x - radius, y - radius, 2 * radius, 2 * radius);
    cairo_fill(art->cr);
    cairo_pattern_destroy(pattern);
}

grm_noise grm_noise_new(grm_rng *rng) {
    return (grm_noise){grm_rng_u32(rng)};
}

// A unit gradient's product with the offset (u, v) from the lattice point (x, y).
static double corner(grm_noise noise, int x, int y, double u, double v) {
    static const double c = 0.70710678118654752;
    static const double gradients[8][2] = {{1, 0}, {c, c}, {0, 1}, {-c, c}, {-1, 0}, {-c, -c}, {0, -1}, {c, -c}};
    uint32_t h = noise.seed ^ (uint32_t)x * 0x9e3779b1u ^ (uint32_t)y * 0x85ebca77u;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    h ^= h >> 15;
    return gradients[h & 7][0] * u + gradients[h & 7][1] * v;
}

static double fade(double t) {
    return t * t * t * (t * (t * 6 - 15) + 10);
}

double grm_noise_at(grm_noise noise, double x, double y) {
    double fx = floor(x), fy = floor(y), u = x - fx, v = y - fy;
    int ix = (int)fx, iy = (int)fy;
    double a = corner(noise, ix, iy, u, v), b = corner(noise, ix + 1, iy, u - 1, v);
    double c = corner(noise, ix, iy + 1, u, v - 1), d = corner(noise, ix + 1, iy + 1, u - 1, v - 1);
    double s = fade(u), t = fade(v);
    return 1.41421356 * (a + s * (b - a) + t * (c + s * (d - c) - a - s * (b - a)));
}

double grm_noise_octaves(grm_noise noise, double x, double y, int octaves) {
    double sum = 0, weight = 0.5, total = 0;
    for (int i = 0; i < octaves; i++) {
        sum += weight * grm_noise_at((grm_noise){noise.seed + 7919u * (uint32_t)i}, x, y);
        total += weight;
        weight *= 0.5, x = x * 2 + 17.3, y = y * 2 - 9.7;
    }
    return total > 0 ? sum / total : 0;
}
