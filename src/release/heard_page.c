// The page of a recording that was only heard: data/heard.html with its "{{names}}" filled in.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "release/heard_pictures.h"
#include "release/html.h"

enum { SPECTROGRAM, CHROMA, SIMILARITY, PICTURES };

typedef struct sheet {
    const grm_heard_page *page;
    grm_picture pictures[PICTURES];
} sheet;

static void put_chip(FILE *out, const char *text) {
    fputs("<li>", out);
    grm_html_text(out, text);
    fputs("</li>", out);
}

static void put_chips(FILE *out, const sheet *s) {
    const grm_features *f = &s->page->analysis->features;
    char text[64];
    fputs("<li>", out);
    grm_html_clock(out, f->duration_s);
    fputs("</li>", out);
    if (isfinite(f->tempo_bpm)) {
        snprintf(text, sizeof text, "%.4g BPM", f->tempo_bpm);
        put_chip(out, text);
    }
    if (f->key[0]) put_chip(out, f->key);
    if (isfinite(f->integrated_lufs)) {
        snprintf(text, sizeof text, "%s%.1f LUFS", f->integrated_lufs < 0 ? "\u2212" : "", fabs(f->integrated_lufs));
        put_chip(out, text);
    }
    if (f->channels <= 2)
        put_chip(out, f->channels == 1 ? "mono" : "stereo");
    else
        snprintf(text, sizeof text, "%.0f channels", f->channels), put_chip(out, text);
}

static void put_form(FILE *out, const sheet *s) {
    const grm_analysis *a = s->page->analysis;
    if (a->section_count == 0) return;
    fputs("<h2>Form</h2><div class=\"sections\">", out);
    for (size_t i = 0; i < a->section_count; i++) {
        const grm_heard_section *section = &a->sections[i];
        double energy = isfinite(section->energy) ? section->energy : 0;
        fprintf(out, "<span style=\"flex-grow:%.2f;--energy:%.0f%%\" title=\"", section->end_s - section->start_s,
                12 + 46 * energy);
        grm_html_text(out, section->label);
        fputc(' ', out);
        grm_html_clock(out, section->start_s);
        fputs("\">", out);
        grm_html_text(out, section->label);
        fputs("</span>", out);
    }
    fputs(
        "</div><p class=\"note\">Stretches that share a letter sound alike; the stronger the colour, the more "
        "energy.</p>",
        out);
}

static void put_pictures(FILE *out, const sheet *s) {
    static const struct {
        const char *title, *note;
        int width, height;
    } about[PICTURES] = {
        [SPECTROGRAM] = {"Spectrum", "Level by time and pitch, 80 dB from dark to bright.", 1800, 760},
        [CHROMA] = {"Chroma", "How strong each of the twelve notes is, whatever the octave.", 1800, 520},
        [SIMILARITY] =
            {"Self-similarity",
             "Each moment against each other, by timbre and, in standard mode, harmony. A "
             "bright line beside the diagonal is a passage that comes again, a bright square one that stays as it is.",
             1200, 1152},
    };
    for (size_t i = 0; i < PICTURES; i++) {
        if (!s->pictures[i].png) continue;
        fprintf(out, "<h2>%s</h2><div class=\"figure card\"%s><img src=\"", about[i].title,
                i == SIMILARITY ? " style=\"max-width:760px\"" : "");
        grm_html_picture(out, &s->pictures[i]);
        fprintf(out, "\" width=\"%d\" height=\"%d\" alt=\"%s\"></div><p class=\"note\">%s</p>\n", about[i].width,
                about[i].height, about[i].title, about[i].note);
    }
}

static void put_features(FILE *out, const sheet *s) {
    size_t count;
    const grm_feature_info *table = grm_feature_table(&count);
    for (size_t i = 0; i < count; i++) {
        double value = *(const double *)((const char *)&s->page->analysis->features + table[i].offset);
        fprintf(out, "<div title=\"");
        grm_html_text(out, table[i].source);
        fprintf(out, "\"><dt>%s</dt><dd>", table[i].name);
        if (isfinite(value))
            fprintf(out, "%s%.5g %s</dd></div>\n", value < 0 ? "\u2212" : "", fabs(value), table[i].unit);
        else
            fputs("\u2013</dd></div>\n", out);
    }
}

static void put_piece(FILE *out, const char *name, const void *context) {
    const sheet *s = context;
    grm_html_common(out, name, NULL);
    if (strcmp(name, "title") == 0) grm_html_text(out, s->page->title);
    if (strcmp(name, "mode") == 0) fputs(s->page->analysis->lightweight ? "lightweight" : "standard", out);
    if (strcmp(name, "chips") == 0) put_chips(out, s);
    if (strcmp(name, "score") == 0) grm_html_score(out, s->page->report);
    if (strcmp(name, "figures") == 0) grm_html_levels(out, json_object_get(s->page->report, "features"));
    if (strcmp(name, "form") == 0) put_form(out, s);
    if (strcmp(name, "pictures") == 0) put_pictures(out, s);
    if (strcmp(name, "features") == 0) put_features(out, s);
}

grm_status grm_heard_page_write(const grm_run *run, const char *path, const grm_heard_page *page, grm_error *err) {
    sheet s = {.page = page};
    grm_status status = grm_mel_draw(run, page->analysis, &s.pictures[SPECTROGRAM], err);
    if (status == GRM_OK) status = grm_chroma_draw(run, page->analysis, &s.pictures[CHROMA], err);
    if (status == GRM_OK) status = grm_similarity_draw(run, page->analysis, &s.pictures[SIMILARITY], err);
    if (status == GRM_OK) status = grm_html_write(path, "data/heard.html", put_piece, &s, err);
    for (size_t i = 0; i < PICTURES; i++) free(s.pictures[i].png);
    return status;
}
