// report.html: the page in data/page.html with its "{{names}}" filled in. Nothing in it comes from the network.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "release/html.h"

typedef struct sheet {
    FILE *out;
    const grm_page *page;
} sheet;

// ---- writing ----

static void put(const sheet *s, const char *text) {
    fputs(text, s->out);
}

static void put_escaped(const sheet *s, const char *text) {
    grm_html_text(s->out, text);
}

static void put_address(const sheet *s, const char *path) {
    grm_html_address(s->out, path);
}

static const char *string_at(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static double number_at(const json_t *object, const char *name) {
    return json_number_value(json_object_get(object, name));
}

static void put_clock(const sheet *s, double seconds) {
    grm_html_clock(s->out, seconds);
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
    json_array_foreach(json_object_get(s->page->release, "sections"), i, item) {
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

static void put_figures(const sheet *s) {
    grm_html_levels(s->out, json_object_get(s->page->report, "features"));
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

// ---- the whole ----

static void put_plain(const sheet *s, const char *name) {
    const grm_page *page = s->page;
    double duration = number_at(json_object_get(page->report, "features"), "duration_s");
    grm_html_common(s->out, name, page->style);
    if (strcmp(name, "title") == 0) put_escaped(s, string_at(page->release, "title"));
    if (strcmp(name, "prompt") == 0) put_escaped(s, string_at(page->brief, "prompt"));
    if (strcmp(name, "length") == 0) put_clock(s, duration);
    if (strcmp(name, "seconds") == 0) fprintf(s->out, "%.3f", duration);
    if (strcmp(name, "cover") == 0) grm_html_picture(s->out, &page->cover);
    if (strcmp(name, "waveform") == 0) grm_html_picture(s->out, &page->waveform);
    if (strcmp(name, "spectrogram") == 0) grm_html_picture(s->out, &page->spectrogram);
    if (strcmp(name, "score") == 0) grm_html_score(s->out, page->report);
}

static void put_piece(FILE *out, const char *name, const void *page) {
    static const struct {
        const char *name;
        void (*put)(const sheet *s);
    } pieces[] = {{"chips", put_chips}, {"sections", put_sections}, {"figures", put_figures}, {"stems", put_stems},
                  {"brief", put_brief}, {"release", put_release},   {"files", put_files}};
    sheet s = {out, page};
    for (size_t i = 0; i < GRM_COUNT(pieces); i++)
        if (strcmp(pieces[i].name, name) == 0) pieces[i].put(&s);
    put_plain(&s, name);
}

grm_status grm_page_write(const char *path, const grm_page *page, grm_error *err) {
    return grm_html_write(path, "data/page.html", put_piece, page, err);
}
