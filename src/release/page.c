// report.html: the page in data/page.html with its "{{names}}" filled in. Nothing in it comes from the network.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "release/canvas.h"

typedef struct sheet {
    FILE *out;
    const grm_page *page;
} sheet;

// ---- writing ----

static void put(const sheet *s, const char *text) {
    fputs(text, s->out);
}

// Text of others, made harmless for element content and quoted attributes.
static void put_escaped(const sheet *s, const char *text) {
    for (; text && *text; text++) switch (*text) {
            case '&':
                put(s, "&amp;");
                break;
            case '<':
                put(s, "&lt;");
                break;
            case '>':
                put(s, "&gt;");
                break;
            case '"':
                put(s, "&quot;");
                break;
            case '\'':
                put(s, "&#39;");
                break;
            default:
                fputc(*text, s->out);
        }
}

// A relative address; what could end or leave it is percent-encoded.
static void put_address(const sheet *s, const char *path) {
    for (; *path; path++) {
        bool plain = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') ||
                     (*path >= '0' && *path <= '9') || strchr("/.-_~", *path);
        if (plain)
            fputc(*path, s->out);
        else
            fprintf(s->out, "%%%02X", (unsigned)(unsigned char)*path);
    }
}

static void put_picture(const sheet *s, const grm_picture *picture) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    put(s, "data:image/png;base64,");
    for (size_t i = 0; i < picture->size; i += 3) {
        size_t left = picture->size - i;
        uint32_t group = (uint32_t)picture->png[i] << 16;
        if (left > 1) group |= (uint32_t)picture->png[i + 1] << 8;
        if (left > 2) group |= picture->png[i + 2];
        char four[5] = {digits[group >> 18], digits[group >> 12 & 63], left > 1 ? digits[group >> 6 & 63] : '=',
                        left > 2 ? digits[group & 63] : '=', 0};
        put(s, four);
    }
}

static const char *string_at(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static double number_at(const json_t *object, const char *name) {
    return json_number_value(json_object_get(object, name));
}

static void put_clock(const sheet *s, double seconds) {
    int whole = (int)(seconds + 0.5);
    fprintf(s->out, "%d:%02d", whole / 60, whole % 60);
}

// ---- the pieces ----

static void put_chip(const sheet *s, const char *text) {
    if (!text[0]) return;
    put(s, "<li>");
    put_escaped(s, text);
    put(s, "</li>");
}

static void put_chips(const sheet *s) {
    const json_t *release = s->page->release;
    char text[64];
    put_chip(s, string_at(release, "style"));
    snprintf(text, sizeof text, "%.4g BPM", number_at(release, "tempo_bpm"));
    put_chip(s, text);
    put_chip(s, string_at(release, "key"));
    put_chip(s, string_at(release, "metre"));
    const json_t *words;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(s->page->brief, "mood"), "words"), i, words)
        put_chip(s, json_string_value(words) ? json_string_value(words) : "");
}

static void put_sections(const sheet *s) {
    const json_t *item;
    size_t i;
    json_array_foreach(json_object_get(s->page->report, "sections"), i, item) {
        double start = number_at(item, "start_s"), end = number_at(item, "end_s");
        fprintf(
            s->out,
            "<button type=\"button\" data-start=\"%.3f\" data-end=\"%.3f\" style=\"flex-grow:%.2f;--energy:%.0f%%\" "
            "title=\"",
            start, end, end - start, 12 + 46 * number_at(item, "energy"));
        put_escaped(s, string_at(item, "name"));
        put(s, " ");
        put_clock(s, start);
        put(s, "\">");
        put_escaped(s, string_at(item, "name"));
        put(s, "</button>");
    }
}

static void put_figure(const sheet *s, const char *name, const char *unit, const char *value) {
    fprintf(s->out, "<div><dt>%s</dt><dd>", name);
    put_escaped(s, value);
    fprintf(s->out, " <small>%s</small></dd></div>", unit);
}

static void put_figures(const sheet *s) {
    static const struct {
        const char *field, *name, *unit, *format;
    } rows[] = {
        {"integrated_lufs", "Loudness", "LUFS", "%.1f"},
        {"true_peak_dbtp", "True peak", "dBTP", "%.1f"},
        {"loudness_range_lu", "Loudness range", "LU", "%.1f"},
        {"crest_factor_db", "Crest factor", "dB", "%.1f"},
        {"tempo_bpm", "Tempo", "BPM", "%.4g"},
        {"sample_rate_hz", "Sample rate", "kHz", "%.4g"},
    };
    const json_t *features = json_object_get(s->page->report, "features");
    for (size_t i = 0; i < GRM_COUNT(rows); i++) {
        char text[32], signed_text[40];
        double value = number_at(features, rows[i].field);
        if (strcmp(rows[i].unit, "kHz") == 0) value /= 1000;
        snprintf(text, sizeof text, rows[i].format, fabs(value));
        snprintf(signed_text, sizeof signed_text, "%s%s", value < 0 ? "\u2212" : "", text);
        put_figure(s, rows[i].name, rows[i].unit, signed_text);
    }
}

static void put_stems(const sheet *s) {
    const json_t *stems = json_object_get(s->page->release, "stems");
    for (size_t i = 0; i < s->page->stem_count; i++) {
        put(s, "<li><span class=\"name\">");
        put_escaped(s, s->page->stem_names[i]);
        put(s, "<small>");
        put_escaped(s, string_at(json_array_get(stems, i), "instrument"));
        put(s,
            "</small></span><button class=\"toggle mute\" type=\"button\" aria-pressed=\"false\" "
            "title=\"Mute\">M</button>"
            "<button class=\"toggle solo\" type=\"button\" aria-pressed=\"false\" title=\"Solo\">S</button>"
            "<audio preload=\"none\" src=\"");
        put_address(s, s->page->stem_files[i]);
        put(s, "\"></audio></li>");
    }
}

static bool is_empty(const json_t *value) {
    const json_t *item;
    const char *key;
    if (json_is_string(value)) return !json_string_value(value)[0];
    if (json_is_array(value)) return json_array_size(value) == 0;
    // An object is as empty as all of its members.
    json_object_foreach((json_t *)value, key, item) if (!is_empty(item)) return false;
    return !value || json_is_null(value) || json_is_object(value);
}

static void put_value(const sheet *s, const json_t *value) {
    const json_t *item;
    const char *key;
    size_t i;
    bool first = true;
    if (json_is_string(value)) put_escaped(s, json_string_value(value));
    if (json_is_number(value)) fprintf(s->out, "%.10g", json_number_value(value));
    json_array_foreach(value, i, item) {
        if (i > 0) put(s, ", ");
        put_value(s, item);
    }
    json_object_foreach((json_t *)value, key, item) {
        if (is_empty(item)) continue;
        if (!first) put(s, "; ");
        first = false;
        put_value(s, item);
    }
}

static void put_row(const sheet *s, const char *name, const json_t *value, const char *from) {
    if (is_empty(value)) return;
    fprintf(s->out, "<tr><th>%s</th><td>", name);
    if (from[0]) {
        put(s, "<span class=\"from\">");
        put_escaped(s, from);
        put(s, "</span>");
    }
    put_value(s, value);
    put(s, "</td></tr>");
}

static void put_brief(const sheet *s) {
    static const struct {
        const char *field, *name;
    } rows[] = {
        {"genre", "Genre"},
        {"style", "Style"},
        {"tempo_bpm", "Tempo"},
        {"key", "Key"},
        {"metre", "Metre"},
        {"instruments", "Instruments"},
        {"excluded_instruments", "Without"},
        {"textures", "Textures"},
        {"form", "Form"},
        {"era", "Era"},
        {"voice", "Voice"},
    };
    const json_t *brief = s->page->brief, *from = json_object_get(brief, "from"), *note;
    size_t i;
    for (size_t k = 0; k < GRM_COUNT(rows); k++)
        put_row(s, rows[k].name, json_object_get(brief, rows[k].field),
                string_at(json_object_get(from, rows[k].field), "source"));
    const json_t *notes = json_object_get(brief, "notes");
    if (is_empty(notes)) return;
    put(s, "<tr><th>Notes</th><td><ul class=\"notes\">");
    json_array_foreach(notes, i, note) {
        put(s, "<li>");
        put_value(s, note);
        put(s, "</li>");
    }
    put(s, "</ul></td></tr>");
}

static void put_release(const sheet *s) {
    const json_t *release = s->page->release, *font = json_object_get(release, "soundfont");
    put_row(s, "Title", json_object_get(release, "title"), "");
    put_row(s, "Seed", json_object_get(release, "seed"), "");
    put_row(s, "Engine", json_object_get(release, "engine"), "");
    put_row(s, "Version", json_object_get(release, "version"), "");
    put_row(s, "Date", json_object_get(release, "date"), "");
    put_row(s, "Mode", json_object_get(s->page->report, "mode"), "");
    put_row(s, "Target", json_object_get(release, "target"), "");
    put_row(s, "SoundFont", json_object_get(font, "name"), "");
    put_row(s, "Its SHA-256", json_object_get(font, "sha256"), "");
    put_row(s, "Rights", json_object_get(json_object_get(release, "rights"), "statement"), "");
}

static void put_file(const sheet *s, const char *path) {
    put(s, "<li><a href=\"");
    put_address(s, path);
    put(s, "\">");
    put_escaped(s, path);
    put(s, "</a></li>");
}

static void put_files(const sheet *s) {
    static const char *const files[] = {"master.wav",      "master.mp3", "song.mid",    "cover.png",   "waveform.png",
                                        "spectrogram.png", "brief.json", "report.json", "release.json"};
    for (size_t i = 0; i < GRM_COUNT(files); i++) put_file(s, files[i]);
    for (size_t i = 0; i < s->page->stem_count; i++) put_file(s, s->page->stem_files[i]);
}

// The accent of the page, as far from its ground as small figures need (WCAG: 4.5).
static void put_accent(const sheet *s, bool dark) {
    grm_palette palette;
    grm_palette_read(s->page->style, &palette);
    grm_rgb accent = palette.accent, ground = {0.97, 0.96, 0.945};
    if (dark) ground = (grm_rgb){0.055, 0.055, 0.07};
    for (int i = 0; i < 40 && grm_rgb_contrast(accent, ground) < 4.5; i++)
        accent = grm_rgb_lighten(accent, dark ? 0.02 : -0.02);
    fprintf(s->out, "#%02x%02x%02x", (unsigned)(accent.r * 255 + 0.5), (unsigned)(accent.g * 255 + 0.5),
            (unsigned)(accent.b * 255 + 0.5));
}

// ---- the whole ----

static void put_named(const sheet *s, const char *name, size_t length) {
    static const struct {
        const char *name;
        void (*put)(const sheet *s);
    } pieces[] = {{"chips", put_chips}, {"sections", put_sections}, {"figures", put_figures}, {"stems", put_stems},
                  {"brief", put_brief}, {"release", put_release},   {"files", put_files}};
    for (size_t i = 0; i < GRM_COUNT(pieces); i++)
        if (strlen(pieces[i].name) == length && memcmp(pieces[i].name, name, length) == 0) {
            pieces[i].put(s);
            return;
        }
    double duration = number_at(json_object_get(s->page->report, "features"), "duration_s");
    char key[32];
    snprintf(key, sizeof key, "%.*s", (int)length, name);
    if (strcmp(key, "version") == 0) put(s, GRM_VERSION);
    if (strcmp(key, "title") == 0) put_escaped(s, string_at(s->page->release, "title"));
    if (strcmp(key, "prompt") == 0) put_escaped(s, string_at(s->page->brief, "prompt"));
    if (strcmp(key, "length") == 0) put_clock(s, duration);
    if (strcmp(key, "seconds") == 0) fprintf(s->out, "%.3f", duration);
    if (strcmp(key, "cover") == 0) put_picture(s, &s->page->cover);
    if (strcmp(key, "waveform") == 0) put_picture(s, &s->page->waveform);
    if (strcmp(key, "spectrogram") == 0) put_picture(s, &s->page->spectrogram);
    if (strcmp(key, "accent-on-light") == 0) put_accent(s, false);
    if (strcmp(key, "accent-on-dark") == 0) put_accent(s, true);
}

grm_status grm_page_write(const char *path, const grm_page *page, grm_error *err) {
    const grm_embedded *template = grm_embedded_find("data/page.html");
    if (!template) return grm_fail(err, GRM_FAILED, "the built-in page is missing: build the program again");
    char *bytes = NULL;
    size_t size = 0;
    sheet s = {open_memstream(&bytes, &size), page};
    if (!s.out) return grm_fail_memory(err);
    const char *at = (const char *)template->bytes, *end = at + template->size;
    while (at < end) {
        const char *open = strstr(at, "{{"), *close = open ? strstr(open, "}}") : NULL;
        fwrite(at, 1, (size_t)((close ? open : end) - at), s.out);
        if (!close) break;
        put_named(&s, open + 2, (size_t)(close - open - 2));
        at = close + 2;
    }
    bool failed = ferror(s.out) != 0;
    if (fclose(s.out) != 0) failed = true;
    grm_status status = failed ? grm_fail_memory(err) : grm_file_write(path, bytes, size, err);
    free(bytes);
    return status;
}
