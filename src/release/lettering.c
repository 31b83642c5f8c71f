// Letters as outlines of built-in faces: no font configuration, no hinting, the same shapes everywhere.
#include <ft2build.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "release/canvas.h"
#include "release/kerning.h"
#include FT_FREETYPE_H
#include FT_OUTLINE_H
#include FT_TRUETYPE_TABLES_H

struct grm_faces {
    FT_Library library;
    FT_Face face[GRM_WEIGHT_COUNT];
    grm_kerning kerning[GRM_WEIGHT_COUNT];
    uint8_t *tables[GRM_WEIGHT_COUNT];
};

static grm_status load_kerning(grm_faces *faces, size_t i, grm_error *err) {
    const FT_ULong tag = FT_MAKE_TAG('G', 'P', 'O', 'S');
    FT_ULong size = 0;
    if (FT_Load_Sfnt_Table(faces->face[i], tag, 0, NULL, &size) != 0 || size == 0) return GRM_OK;
    faces->tables[i] = malloc(size);
    if (!faces->tables[i]) return grm_fail_memory(err);
    if (FT_Load_Sfnt_Table(faces->face[i], tag, 0, faces->tables[i], &size) == 0)
        faces->kerning[i] = (grm_kerning){faces->tables[i], size};
    return GRM_OK;
}

grm_status grm_faces_open(grm_faces **out, grm_error *err) {
    static const char *const files[GRM_WEIGHT_COUNT] = {
        "system/InterDisplay-Light.otf", "system/InterDisplay-Medium.otf", "system/InterDisplay-Black.otf"};
    grm_status status = GRM_OK;
    grm_faces *faces = calloc(1, sizeof *faces);
    if (!faces) return grm_fail_memory(err);
    if (FT_Init_FreeType(&faces->library) != 0) {
        status = grm_fail_memory(err);
        goto done;
    }
    for (size_t i = 0; i < GRM_WEIGHT_COUNT; i++) {
        const grm_embedded *file = grm_embedded_find(files[i]);
        if (!file || FT_New_Memory_Face(faces->library, file->bytes, (FT_Long)file->size, 0, &faces->face[i]) != 0) {
            status =
                grm_fail(err, GRM_FAILED, "the built-in face \"%s\" cannot be read: build the program again", files[i]);
            goto done;
        }
        if ((status = load_kerning(faces, i, err)) != GRM_OK) goto done;
    }
    *out = faces;
    return GRM_OK;
done:
    grm_faces_close(faces);
    return status;
}

void grm_faces_close(grm_faces *faces) {
    if (!faces) return;
    for (size_t i = 0; i < GRM_WEIGHT_COUNT; i++) {
        if (faces->face[i]) FT_Done_Face(faces->face[i]);
        free(faces->tables[i]);
    }
    if (faces->library) FT_Done_FreeType(faces->library);
    free(faces);
}

// The next code point of UTF-8 text; a broken sequence is one replacement character a byte.
static unsigned next_letter(const char **text, const char *end) {
    const unsigned char *p = (const unsigned char *)*text;
    size_t left = (size_t)(end - *text);
    unsigned length = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : 4;
    unsigned letter = length == 1 ? p[0] : p[0] & (0x7fu >> length);
    bool whole = length <= left && (length > 1 || p[0] < 0x80) && p[0] < 0xf5;
    for (unsigned i = 1; whole && i < length; i++) {
        whole = (p[i] & 0xc0) == 0x80;
        letter = letter << 6 | (p[i] & 0x3f);
    }
    *text += whole ? length : 1;
    return whole ? letter : 0xfffd;
}

// Walks over the glyphs of a text with their places in font units; letters that the face lacks are left out.
typedef void glyph_fn(void *context, FT_Face face, unsigned glyph, double x);
static double walk_glyphs(grm_faces *faces, grm_lettering how, const char *text, size_t length, glyph_fn *fn,
                          void *context) {
    FT_Face face = faces->face[how.weight];
    const char *end = text + length;
    double x = 0;
    unsigned before = 0;
    while (text < end) {
        unsigned letter = next_letter(&text, end);
        if (how.capitals && letter >= 'a' && letter <= 'z') letter -= 32;
        unsigned glyph = FT_Get_Char_Index(face, letter);
        if (glyph == 0 || FT_Load_Glyph(face, glyph, FT_LOAD_NO_SCALE | FT_LOAD_NO_HINTING) != 0) continue;
        if (before) x += grm_kerning_pair(&faces->kerning[how.weight], before, glyph);
        if (before) x += how.tracking * face->units_per_EM;
        if (fn) fn(context, face, glyph, x);
        x += (double)face->glyph->metrics.horiAdvance;
        before = glyph;
    }
    return x;
}

double grm_text_width(grm_faces *faces, grm_lettering how, const char *text, size_t length) {
    return walk_glyphs(faces, how, text, length, NULL, NULL) * how.size / faces->face[how.weight]->units_per_EM;
}

typedef struct pen {
    cairo_t *cr;
    double x, y, scale, glyph_x;
} pen;

static double pen_x(const pen *p, const FT_Vector *v) {
    return p->x + (p->glyph_x + (double)v->x) * p->scale;
}

static double pen_y(const pen *p, const FT_Vector *v) {
    return p->y - (double)v->y * p->scale;
}

static int pen_move(const FT_Vector *to, void *context) {
    pen *p = context;
    cairo_close_path(p->cr);
    cairo_move_to(p->cr, pen_x(p, to), pen_y(p, to));
    return 0;
}

static int pen_line(const FT_Vector *to, void *context) {
    pen *p = context;
    cairo_line_to(p->cr, pen_x(p, to), pen_y(p, to));
    return 0;
}

static int pen_conic(const FT_Vector *control, const FT_Vector *to, void *context) {
    pen *p = context;
    double x, y, cx = pen_x(p, control), cy = pen_y(p, control), tx = pen_x(p, to), ty = pen_y(p, to);
    cairo_get_current_point(p->cr, &x, &y);
    cairo_curve_to(p->cr, x + (cx - x) * 2 / 3, y + (cy - y) * 2 / 3, tx + (cx - tx) * 2 / 3, ty + (cy - ty) * 2 / 3,
                   tx, ty);
    return 0;
}

static int pen_cubic(const FT_Vector *a, const FT_Vector *b, const FT_Vector *to, void *context) {
    pen *p = context;
    cairo_curve_to(p->cr, pen_x(p, a), pen_y(p, a), pen_x(p, b), pen_y(p, b), pen_x(p, to), pen_y(p, to));
    return 0;
}

static void outline_glyph(void *context, FT_Face face, unsigned glyph, double x) {
    static const FT_Outline_Funcs pens = {pen_move, pen_line, pen_conic, pen_cubic, 0, 0};
    pen *p = context;
    (void)glyph;
    p->glyph_x = x;
    FT_Outline_Decompose(&face->glyph->outline, &pens, p);
    cairo_close_path(p->cr);
}

static void show_span(cairo_t *cr, grm_faces *faces, grm_lettering how, double x, double y, double align,
                      const char *text, size_t length) {
    pen p = {cr, x, y, how.size / faces->face[how.weight]->units_per_EM, 0};
    if (align > 0) p.x -= align * grm_text_width(faces, how, text, length);
    cairo_new_path(cr);
    walk_glyphs(faces, how, text, length, outline_glyph, &p);
    cairo_fill(cr);
}

void grm_text_show(cairo_t *cr, grm_faces *faces, grm_lettering how, double x, double y, double align,
                   const char *text) {
    show_span(cr, faces, how, x, y, align, text, strlen(text));
}

// ---- breaking into lines ----

enum { WORDS = 12 };

typedef struct words {
    size_t count;
    struct {
        size_t start, end;
    } word[WORDS];
} words;

// Words by blanks; the last one takes what is left when there are very many.
static void split_words(const char *text, words *out) {
    out->count = 0;
    size_t length = strlen(text), i = 0;
    while (i < length && out->count < WORDS) {
        while (i < length && text[i] == ' ') i++;
        size_t start = i;
        while (i < length && (text[i] != ' ' || out->count == WORDS - 1)) i++;
        if (i > start) out->word[out->count].start = start, out->word[out->count++].end = i;
    }
}

// The widest line of the best way to set words from `first` on in `lines` lines, at the size that `how` has. `breaks`
// receives the first word of each line.
static double narrowest(grm_faces *faces, grm_lettering how, const char *text, const words *w, size_t first,
                        size_t lines, size_t *breaks) {
    breaks[0] = first;
    size_t start = w->word[first].start;
    if (lines == 1) return grm_text_width(faces, how, text + start, w->word[w->count - 1].end - start);
    double best = INFINITY;
    for (size_t last = first; last + lines <= w->count; last++) {
        size_t rest[GRM_LINES];
        double width = grm_text_width(faces, how, text + start, w->word[last].end - start);
        if (width >= best) break;
        double others = narrowest(faces, how, text, w, last + 1, lines - 1, rest);
        if (others > width) width = others;
        if (width >= best) continue;
        best = width;
        memcpy(breaks + 1, rest, (lines - 1) * sizeof *rest);
    }
    return best;
}

void grm_text_fit(grm_faces *faces, grm_lettering how, const char *text, double width, double height, double leading,
                  double largest, grm_lines *out) {
    words w;
    memset(out, 0, sizeof *out);
    split_words(text, &w);
    how.size = 1;
    for (size_t lines = 1; lines <= GRM_LINES && lines <= w.count; lines++) {
        size_t breaks[GRM_LINES];
        double widest = narrowest(faces, how, text, &w, 0, lines, breaks);
        double size = widest > 0 ? width / widest : largest;
        if (size > largest) size = largest;
        // The first line takes its capitals' height, 0.73 em, the others their leading.
        double tallest = height / (0.73 + leading * (double)(lines - 1));
        if (size > tallest) size = tallest;
        // One more line must earn its keep.
        if (size < out->size * 1.08) continue;
        out->size = size, out->count = lines;
        for (size_t i = 0; i < lines; i++) {
            size_t end = i + 1 < lines ? w.word[breaks[i + 1] - 1].end : w.word[w.count - 1].end;
            out->line[i].text = text + w.word[breaks[i]].start;
            out->line[i].length = end - w.word[breaks[i]].start;
        }
    }
}

void grm_lines_show(cairo_t *cr, grm_faces *faces, grm_lettering how, const grm_lines *lines, double x, double y,
                    double leading, double align) {
    how.size = lines->size;
    for (size_t i = 0; i < lines->count; i++)
        show_span(cr, faces, how, x, y + (double)i * leading * lines->size, align, lines->line[i].text,
                  lines->line[i].length);
}
