#include "release/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "release/canvas.h"

void grm_html_text(FILE *out, const char *text) {
    for (; text && *text; text++) switch (*text) {
            case '&':
                fputs("&amp;", out);
                break;
            case '<':
                fputs("&lt;", out);
                break;
            case '>':
                fputs("&gt;", out);
                break;
            case '"':
                fputs("&quot;", out);
                break;
            case '\'':
                fputs("&#39;", out);
                break;
            default:
                fputc(*text, out);
        }
}

void grm_html_address(FILE *out, const char *path) {
    for (; *path; path++) {
        bool plain = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') ||
                     (*path >= '0' && *path <= '9') || strchr("/.-_~", *path);
        if (plain)
            fputc(*path, out);
        else
            fprintf(out, "%%%02X", (unsigned)(unsigned char)*path);
    }
}

void grm_html_picture(FILE *out, const grm_picture *picture) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    fputs("data:image/png;base64,", out);
    for (size_t i = 0; i < picture->size; i += 3) {
        size_t left = picture->size - i;
        uint32_t group = (uint32_t)picture->png[i] << 16;
        if (left > 1) group |= (uint32_t)picture->png[i + 1] << 8;
        if (left > 2) group |= picture->png[i + 2];
        char four[5] = {digits[group >> 18], digits[group >> 12 & 63], left > 1 ? digits[group >> 6 & 63] : '=',
                        left > 2 ? digits[group & 63] : '=', 0};
        fputs(four, out);
    }
}

void grm_html_clock(FILE *out, double seconds) {
    int whole = (int)(seconds + 0.5);
    fprintf(out, "%d:%02d", whole / 60, whole % 60);
}

// WCAG asks for a contrast of 4.5.
void grm_html_accent(FILE *out, const grm_style *style, bool dark) {
    grm_palette palette;
    grm_palette_read(style, &palette);
    grm_rgb accent = palette.accent, ground = {0.97, 0.96, 0.945};
    if (dark) ground = (grm_rgb){0.055, 0.055, 0.07};
    for (int i = 0; i < 40 && grm_rgb_contrast(accent, ground) < 4.5; i++)
        accent = grm_rgb_lighten(accent, dark ? 0.02 : -0.02);
    fprintf(out, "#%02x%02x%02x", (unsigned)(accent.r * 255 + 0.5), (unsigned)(accent.g * 255 + 0.5),
            (unsigned)(accent.b * 255 + 0.5));
}

void grm_html_common(FILE *out, const char *name, const grm_style *style) {
    static const char *const files[][2] = {{"page-css", "data/page.css"}, {"score-css", "data/score.css"}};
    if (strcmp(name, "version") == 0) fputs(GRM_VERSION, out);
    if (strcmp(name, "accent-on-light") == 0) grm_html_accent(out, style, false);
    if (strcmp(name, "accent-on-dark") == 0) grm_html_accent(out, style, true);
    for (size_t i = 0; i < GRM_COUNT(files); i++) {
        const grm_embedded *file = strcmp(name, files[i][0]) == 0 ? grm_embedded_find(files[i][1]) : NULL;
        if (file) fwrite(file->bytes, 1, file->size, out);
    }
}

void grm_html_levels(FILE *out, const json_t *features) {
    static const struct {
        const char *field, *name, *unit, *format;
        double scale;
    } rows[] = {
        {"integrated_lufs", "Loudness", "LUFS", "%.1f", 1},
        {"true_peak_dbtp", "True peak", "dBTP", "%.1f", 1},
        {"loudness_range_lu", "Loudness range", "LU", "%.1f", 1},
        {"crest_factor_db", "Crest factor", "dB", "%.1f", 1},
        {"tempo_bpm", "Tempo heard", "BPM", "%.1f", 1},
        {"sample_rate_hz", "Sample rate", "kHz", "%.4g", 1e-3},
    };
    for (size_t i = 0; i < GRM_COUNT(rows); i++) {
        const json_t *value = json_object_get(features, rows[i].field);
        double number = rows[i].scale * json_number_value(value);
        fprintf(out, "<div><dt>%s</dt><dd>%s", rows[i].name, number < 0 ? "\u2212" : "");
        if (json_is_number(value))
            fprintf(out, rows[i].format, fabs(number));
        else
            fputs("\u2013", out);
        fprintf(out, " <small>%s</small></dd></div>", rows[i].unit);
    }
}

grm_status grm_html_write(const char *path, const char *template, grm_html_piece *piece, const void *context,
                          grm_error *err) {
    const grm_embedded *file = grm_embedded_find(template);
    if (!file) return grm_fail(err, GRM_FAILED, "%s was not built in: build the program again", template);
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    if (!out) return grm_fail_memory(err);
    const char *at = (const char *)file->bytes, *end = at + file->size;
    while (at < end) {
        const char *open = strstr(at, "{{"), *close = open ? strstr(open, "}}") : NULL;
        fwrite(at, 1, (size_t)((close ? open : end) - at), out);
        if (!close) break;
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)(close - open - 2), open + 2);
        piece(out, name, context);
        at = close + 2;
    }
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0) failed = true;
    grm_status status = failed ? grm_fail_memory(err) : grm_file_write(path, bytes, size, err);
    free(bytes);
    return status;
}
