// The cover: a composition that suits the style, and the title over it or below it.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "release/art.h"
#include "release/grain.h"

enum { SIDE = 3000 };

typedef enum place { TOP, BOTTOM, BELOW } place;  // of the lettering: over the picture, or below it on paper

typedef struct composition {
    const char *name;
    grm_art_fn *draw;
    place title;
    int night;  // a dark ground: 1 always, 0 never, -1 as the mood has it
    float grain;
} composition;

static const composition compositions[] = {
    {"sun", grm_art_sun, TOP, 1, 5},
    {"ridges", grm_art_ridges, BOTTOM, -1, 6},
    {"pulse", grm_art_pulse, BOTTOM, 1, 4},
    {"flow", grm_art_flow, BELOW, -1, 3},
    {"tiles", grm_art_tiles, BELOW, 0, 3},
    {"waves", grm_art_waves, BOTTOM, -1, 5},
    {"halftone", grm_art_halftone, BOTTOM, 0, 4},
    {"city", grm_art_city, BOTTOM, 1, 5},
    {"strokes", grm_art_strokes, BOTTOM, -1, 5},
    {"stripes", grm_art_stripes, BELOW, -1, 4},
    {"rings", grm_art_rings, BOTTOM, -1, 4},
    {"haze", grm_art_haze, BOTTOM, -1, 9},
};

// Which compositions suit whom, the likelier ones more than once. The first entry whose word is in the style's name or
// is its family counts; the last one takes all others.
static const struct {
    const char *word, *names;
} tastes[] = {
    {"synthwave", "sun sun sun ridges"},
    {"lofi", "waves city city strokes"},
    {"trap", "city halftone rings"},
    {"boom-bap", "halftone city tiles stripes"},
    {"drum-and-bass", "flow rings halftone"},
    {"techno", "rings pulse rings flow"},
    {"trance", "ridges pulse flow sun"},
    {"house", "flow tiles rings stripes"},
    {"bossa", "waves tiles stripes"},
    {"tropical", "waves stripes tiles"},
    {"jazz", "tiles strokes stripes"},
    {"orchestral", "ridges ridges haze"},
    {"cinematic", "ridges ridges haze"},
    {"ambient", "haze ridges waves"},
    {"classical", "strokes ridges haze"},
    {"piano", "strokes ridges haze"},
    {"funk", "stripes tiles stripes"},
    {"soul", "stripes haze waves"},
    {"r&b", "haze stripes waves"},
    {"rock", "halftone strokes halftone"},
    {"pop", "flow tiles waves haze"},
    {"hip hop", "city halftone waves"},
    {"electronic", "flow rings pulse haze"},
    {"", "ridges flow tiles waves haze rings strokes"},
};

static const composition *composition_named(const char *name, size_t length) {
    for (size_t i = 0; i < GRM_COUNT(compositions); i++)
        if (strlen(compositions[i].name) == length && memcmp(compositions[i].name, name, length) == 0)
            return &compositions[i];
    return &compositions[1];
}

static const composition *choose_composition(grm_rng *rng, const char *name, const char *family) {
    size_t taste = 0;
    while (tastes[taste].word[0] && !(name && strstr(name, tastes[taste].word)) &&
           !(family && strcmp(family, tastes[taste].word) == 0))
        taste++;
    const char *at = tastes[taste].names;
    unsigned count = 1;
    for (const char *c = at; *c; c++) count += *c == ' ';
    for (unsigned skip = grm_rng_below(rng, count); skip > 0; skip--) at = strchr(at, ' ') + 1;
    return composition_named(at, strcspn(at, " "));
}

// ---- lettering ----

// The mean colour of a part of the picture, and how restless it is (deviation of the lightness).
static grm_rgb mean_colour(grm_canvas *canvas, double x, double y, double width, double height, double *restless) {
    cairo_surface_flush(canvas->surface);
    const unsigned char *pixels = cairo_image_surface_get_data(canvas->surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(canvas->surface);
    double scale = canvas->width / 1000.0, sum[3] = {0}, light = 0, squares = 0;
    size_t count = 0;
    for (double v = y; v < y + height; v += 5)
        for (double u = x; u < x + width; u += 5) {
            if (u < 0 || v < 0 || u >= 1000 || v >= 1000) continue;
            uint32_t pixel;
            memcpy(&pixel, pixels + (size_t)(v * scale) * stride + (size_t)(u * scale) * 4, 4);
            double r = (pixel >> 16 & 255) / 255.0, g = (pixel >> 8 & 255) / 255.0, b = (pixel & 255) / 255.0;
            double l = 0.299 * r + 0.587 * g + 0.114 * b;
            sum[0] += r, sum[1] += g, sum[2] += b, light += l, squares += l * l;
            count++;
        }
    if (count == 0) count = 1;
    double n = (double)count, variance = squares / n - light / n * (light / n);
    *restless = sqrt(variance > 0 ? variance : 0);
    return (grm_rgb){sum[0] / n, sum[1] / n, sum[2] / n};
}

typedef struct sheet {
    grm_canvas *canvas;
    grm_faces *faces;
    const grm_art *art;
    const grm_brief *brief;
    const grm_style *style;
    bool figures;
    grm_lettering title;
    double leading;
} sheet;

// "F# MINOR"; Inter has no accidentals of music.
static void spell_key(grm_key key, char text[40]) {
    grm_key_name(key, text);
    for (char *c = strchr(text, ' '); c && *c; c++) *c = (char)toupper((unsigned char)*c);
}

// The three small texts: what it is, how fast, in which key.
static void captions(const sheet *s, char kind[64], char tempo[32], char key[40]) {
    snprintf(kind, 64, "%s", s->style ? s->style->title : s->brief->genre ? s->brief->genre : "");
    tempo[0] = key[0] = '\0';
    if (s->figures) {
        snprintf(tempo, 32, "%.0f BPM", s->brief->tempo_bpm);
        spell_key(s->brief->key, key);
    }
    for (char *c = kind; *c; c++) *c = (char)toupper((unsigned char)*c);
}

// A veil of the ground's colour, so that letters stand on calm.
static void lay_veil(cairo_t *cr, grm_rgb colour, double y0, double y1, double alpha) {
    cairo_pattern_t *veil = cairo_pattern_create_linear(0, y0, 0, y1);
    for (int i = 0; i <= 6; i++) grm_rgb_stop(veil, i / 6.0, colour, alpha * (0.5 - 0.5 * cos(GRM_PI * i / 6)));
    cairo_set_source(cr, veil);
    cairo_rectangle(cr, 0, y0 < y1 ? y0 : 0, 1000, y0 < y1 ? 1000 - y0 : y0);
    cairo_fill(cr);
    cairo_pattern_destroy(veil);
}

static void show_captions(const sheet *s, double left, double right, double y) {
    static const grm_lettering small = {GRM_WEIGHT_MEDIUM, 17, 0.14, false};
    char kind[64], tempo[32], key[40];
    captions(s, kind, tempo, key);
    grm_text_show(s->canvas->cr, s->faces, small, left, y, 0, kind);
    grm_text_show(s->canvas->cr, s->faces, small, (left + right) / 2, y, 0.5, tempo);
    grm_text_show(s->canvas->cr, s->faces, small, right, y, 1, key);
}

// Ink that reads on a ground: paper white or the palette's dark.
static grm_rgb choose_ink(const grm_palette *p, grm_rgb ground) {
    return grm_rgb_contrast(p->light, ground) >= grm_rgb_contrast(p->dark, ground) ? p->light : p->dark;
}

// Title over the picture, at its head or foot.
static void letter_over(const sheet *s, place where) {
    const double margin = 74, width = 1000 - 2 * margin;
    cairo_t *cr = s->canvas->cr;
    const grm_palette *p = &s->art->palette;
    grm_lines lines;
    double restless;
    bool light = s->title.weight == GRM_WEIGHT_LIGHT;
    grm_text_fit(s->faces, s->title, s->brief->title, width, 250, s->leading, light ? 104 : 138, &lines);
    double height = lines.size * (0.73 + s->leading * ((double)lines.count - 1));
    double baseline = where == TOP ? margin + lines.size * 0.73 : 1000 - margin - 54 - height + lines.size * 0.73;
    double top = baseline - lines.size * 0.73;
    grm_rgb ground = mean_colour(s->canvas, margin, top - 10, width, height + 70, &restless);
    grm_rgb ink = choose_ink(p, ground);
    grm_rgb calm =
        grm_rgb_lightness(ink) > 0.5 ? grm_rgb_mix(p->dark, ground, 0.15) : grm_rgb_mix(p->light, ground, 0.15);
    double need = grm_rgb_contrast(ink, ground) < 7 || restless > 0.07 ? 0.55 + 4 * restless : 0.25;
    if (where == BOTTOM)
        lay_veil(cr, calm, top - 190, top + height * 0.6, need > 0.94 ? 0.94 : need);
    else
        lay_veil(cr, calm, top + height + 190, top + height * 0.4, need > 0.94 ? 0.94 : need);
    grm_rgb_source(cr, ink, 1);
    grm_lines_show(cr, s->faces, s->title, &lines, margin - lines.size * (light ? 0.05 : 0.035), baseline, s->leading,
                   0);
    double rule = where == TOP ? top + height + 32 : 1000 - margin - 30;
    grm_rgb_source(cr, ink, 0.55);
    cairo_rectangle(cr, margin, rule, width, 1.4);
    cairo_fill(cr);
    grm_rgb_source(cr, ink, 0.9);
    show_captions(s, margin, 1000 - margin, rule + 30);
}

// ---- pictures on paper ----

// The art in a frame that shows four fifths of its height, the lettering below it.
static void draw_framed(const sheet *s, grm_art *art, grm_art_fn *draw, grm_rgb paper) {
    const double margin = 60, width = 1000 - 2 * margin, height = width * 0.8;
    cairo_t *cr = s->canvas->cr;
    const grm_palette *p = &art->palette;
    grm_lines lines;
    grm_art_flood(art, paper);
    cairo_save(cr);
    cairo_rectangle(cr, margin, margin, width, height);
    cairo_clip(cr);
    cairo_translate(cr, margin, margin);
    cairo_scale(cr, width / 1000, width / 1000);
    draw(art);
    cairo_restore(cr);
    grm_rgb ink = choose_ink(p, paper);
    double top = margin + height + 40, room = 1000 - margin - 46 - top;
    grm_text_fit(s->faces, s->title, s->brief->title, width, room, s->leading, 104, &lines);
    double used = lines.size * (0.73 + s->leading * ((double)lines.count - 1));
    grm_rgb_source(cr, ink, 1);
    grm_lines_show(cr, s->faces, s->title, &lines, margin - lines.size * 0.035,
                   top + (room - used) / 2 + lines.size * 0.73, s->leading, 0);
    grm_rgb_source(cr, ink, 0.8);
    show_captions(s, margin, 1000 - margin, 1000 - margin);
}

static bool wants_night(const composition *c, grm_rng *rng, double valence, double energy) {
    float chance = (float)(0.55 - 0.35 * valence - 0.1 * energy);
    bool drawn = grm_rng_chance(rng, chance < 0.1f ? 0.1f : chance > 0.9f ? 0.9f : chance);
    return c->night < 0 ? drawn : c->night > 0;
}

static grm_lettering choose_title(grm_rng *rng, const grm_style *style, double energy) {
    const char *family = style && style->family ? style->family : "";
    bool quiet = energy < -0.25 || strcmp(family, "classical") == 0 || strcmp(family, "ambient") == 0;
    bool loud = energy > 0.45;
    bool shout = grm_rng_chance(rng, loud ? 0.75f : 0.2f), thin = grm_rng_chance(rng, quiet ? 0.8f : 0.1f);
    if (thin && !loud) return (grm_lettering){GRM_WEIGHT_LIGHT, 1, -0.012, false};
    return (grm_lettering){GRM_WEIGHT_BLACK, 1, shout ? -0.012 : -0.022, shout};
}

grm_status grm_cover_draw(const grm_run *run, const grm_brief *brief, const grm_style *style, bool figures,
                          grm_picture *out, grm_picture *small, grm_error *err) {
    grm_canvas canvas = {0}, shrunk = {0};
    grm_faces *faces = NULL;
    grm_rng rng = grm_rng_new(brief->seed, "cover");
    grm_status status = grm_canvas_open(&canvas, SIDE, SIDE, err);
    if (status != GRM_OK || (status = grm_faces_open(&faces, err)) != GRM_OK) goto done;
    cairo_scale(canvas.cr, SIDE / 1000.0, SIDE / 1000.0);

    const composition *c = choose_composition(&rng, brief->style, style ? style->family : brief->genre);
    grm_art art = {.cr = canvas.cr, .run = run, .valence = brief->valence, .energy = brief->energy};
    grm_palette_read(style, &art.palette);
    double turn = grm_rng_between(&rng, -14, 14);
    for (size_t i = 0; i < art.palette.count; i++) art.palette.colours[i] = grm_rgb_turn(art.palette.colours[i], turn);
    art.palette.accent = grm_rgb_turn(art.palette.accent, turn);
    art.palette.second = grm_rgb_turn(art.palette.second, turn);
    art.night = wants_night(c, &rng, brief->valence, brief->energy);
    sheet s = {&canvas, faces, &art, brief, style, figures, choose_title(&rng, style, brief->energy), 0};
    s.leading = s.title.weight == GRM_WEIGHT_LIGHT ? 1.06 : s.title.capitals ? 0.9 : 0.96;
    art.rng = grm_rng_branch(&rng, c->name, 0);
    if (c->title == BELOW) {
        draw_framed(&s, &art, c->draw, art.night ? art.palette.dark : art.palette.light);
    } else {
        c->draw(&art);
        letter_over(&s, c->title);
    }
    if ((status = grm_canvas_check(&canvas, err)) != GRM_OK) goto done;
    if ((status = grm_run_check(run, err)) != GRM_OK) goto done;
    grm_canvas_grain(&canvas, grm_rng_u32(&rng), c->grain);
    if ((status = grm_run_check(run, err)) != GRM_OK) goto done;
    if (small) {
        if ((status = grm_canvas_shrink(&canvas, SIDE / 600, &shrunk, err)) != GRM_OK) goto done;
        if ((status = grm_canvas_png(run, &shrunk, false, brief->title, small, err)) != GRM_OK) goto done;
    }
    status = grm_canvas_png(run, &canvas, false, brief->title, out, err);
    if (status != GRM_OK && small) {
        free(small->png);
        *small = (grm_picture){0};
    }
done:
    grm_faces_close(faces);
    grm_canvas_close(&shrunk);
    grm_canvas_close(&canvas);
    return status;
}
