// Colours and palettes. Mixing is done in OKLab (Björn Ottosson 2020), where equal steps look equal.
#include <math.h>
#include <string.h>

#include "dsp/dsp.h"
#include "release/canvas.h"

typedef struct lab {
    double l, a, b;
} lab;

static double to_linear(double x) {
    return x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
}

static double from_linear(double x) {
    if (x <= 0) return 0;
    x = x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055;
    return x < 1 ? x : 1;
}

static lab lab_of(grm_rgb c) {
    double r = to_linear(c.r), g = to_linear(c.g), b = to_linear(c.b);
    double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return (lab){0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
                 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
                 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

static grm_rgb rgb_of(lab c) {
    double l = c.l + 0.3963377774 * c.a + 0.2158037573 * c.b;
    double m = c.l - 0.1055613458 * c.a - 0.0638541728 * c.b;
    double s = c.l - 0.0894841775 * c.a - 1.2914855480 * c.b;
    l = l * l * l, m = m * m * m, s = s * s * s;
    return (grm_rgb){from_linear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                     from_linear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                     from_linear(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool grm_rgb_parse(const char *text, grm_rgb *out) {
    if (text[0] != '#' || strlen(text) != 7) return false;
    double value[3];
    for (int i = 0; i < 3; i++) {
        int high = hex_digit(text[1 + 2 * i]), low = hex_digit(text[2 + 2 * i]);
        if (high < 0 || low < 0) return false;
        value[i] = (high * 16 + low) / 255.0;
    }
    *out = (grm_rgb){value[0], value[1], value[2]};
    return true;
}

grm_rgb grm_rgb_mix(grm_rgb a, grm_rgb b, double t) {
    lab x = lab_of(a), y = lab_of(b);
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return rgb_of((lab){x.l + (y.l - x.l) * t, x.a + (y.a - x.a) * t, x.b + (y.b - x.b) * t});
}

grm_rgb grm_rgb_turn(grm_rgb a, double degrees) {
    lab x = lab_of(a);
    double c = cos(degrees * GRM_PI / 180), s = sin(degrees * GRM_PI / 180);
    return rgb_of((lab){x.l, x.a * c - x.b * s, x.a * s + x.b * c});
}

grm_rgb grm_rgb_lighten(grm_rgb a, double by) {
    lab x = lab_of(a);
    x.l += by;
    x.l = x.l < 0 ? 0 : x.l > 1 ? 1 : x.l;
    return rgb_of(x);
}

grm_rgb grm_rgb_strengthen(grm_rgb a, double factor) {
    lab x = lab_of(a);
    return rgb_of((lab){x.l, x.a * factor, x.b * factor});
}

double grm_rgb_lightness(grm_rgb a) {
    return lab_of(a).l;
}

double grm_rgb_chroma(grm_rgb a) {
    lab x = lab_of(a);
    return hypot(x.a, x.b);
}

double grm_rgb_contrast(grm_rgb a, grm_rgb b) {
    double x = 0.2126 * to_linear(a.r) + 0.7152 * to_linear(a.g) + 0.0722 * to_linear(a.b) + 0.05;
    double y = 0.2126 * to_linear(b.r) + 0.7152 * to_linear(b.g) + 0.0722 * to_linear(b.b) + 0.05;
    return x > y ? x / y : y / x;
}

void grm_rgb_source(cairo_t *cr, grm_rgb a, double alpha) {
    cairo_set_source_rgba(cr, a.r, a.g, a.b, alpha);
}

void grm_rgb_stop(cairo_pattern_t *pattern, double at, grm_rgb a, double alpha) {
    cairo_pattern_add_color_stop_rgba(pattern, at, a.r, a.g, a.b, alpha);
}

static void sort_by_lightness(grm_palette *p) {
    for (size_t i = 1; i < p->count; i++)
        for (size_t k = i; k > 0 && grm_rgb_lightness(p->colours[k]) < grm_rgb_lightness(p->colours[k - 1]); k--) {
            grm_rgb swap = p->colours[k];
            p->colours[k] = p->colours[k - 1];
            p->colours[k - 1] = swap;
        }
}

// The most colourful of the palette; `but` is left out.
static size_t most_colourful(const grm_palette *p, size_t but) {
    size_t best = but == 0 ? p->count - 1 : 0;
    for (size_t i = 0; i < p->count; i++)
        if (i != but && grm_rgb_chroma(p->colours[i]) > grm_rgb_chroma(p->colours[best])) best = i;
    return best;
}

void grm_palette_read(const grm_style *style, grm_palette *p) {
    static const char *const neutral[] = {"#14171f", "#2f3b52", "#c8553d", "#e8b04a", "#f3ede2"};
    memset(p, 0, sizeof *p);
    for (size_t i = 0; style && i < style->palette.count && p->count < GRM_PALETTE_MAX; i++)
        if (grm_rgb_parse(style->palette.items[i], &p->colours[p->count])) p->count++;
    if (p->count < 2) {
        p->count = GRM_COUNT(neutral);
        for (size_t i = 0; i < p->count; i++) grm_rgb_parse(neutral[i], &p->colours[i]);
    }
    sort_by_lightness(p);
    // Ink and paper must be far apart, whatever the palette holds.
    p->dark = p->colours[0], p->light = p->colours[p->count - 1];
    if (grm_rgb_lightness(p->dark) > 0.28) p->dark = grm_rgb_lighten(p->dark, 0.22 - grm_rgb_lightness(p->dark));
    if (grm_rgb_lightness(p->light) < 0.88) p->light = grm_rgb_lighten(p->light, 0.92 - grm_rgb_lightness(p->light));
    size_t first = most_colourful(p, p->count);
    p->accent = p->colours[first];
    p->second = p->colours[most_colourful(p, first)];
}

grm_rgb grm_palette_at(const grm_palette *p, double t) {
    double place = (t < 0 ? 0 : t > 1 ? 1 : t) * (double)(p->count - 1);
    size_t i = (size_t)place;
    if (i + 1 >= p->count) return p->colours[p->count - 1];
    return grm_rgb_mix(p->colours[i], p->colours[i + 1], place - (double)i);
}
