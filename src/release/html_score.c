// The judgement on a page.
#include <math.h>
#include <string.h>

#include "release/html.h"

static const char *string_at(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static void put_name(FILE *out, const char *name) {
    for (const char *c = name; *c; c++)
        fputc(*c == '_' ? ' ' : c == name && *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, out);
}

static const char *class_of(double score) {
    return score >= 70 ? "good" : score >= 45 ? "fair" : "poor";
}

static void put_score(FILE *out, const json_t *score) {
    if (json_is_number(score))
        fprintf(out, "%.0f", json_number_value(score));
    else
        fputs("\u2013", out);
}

static void put_category(FILE *out, const char *name, const json_t *category) {
    const json_t *score = json_object_get(category, "score"), *sub;
    const char *key;
    fputs("<section class=\"card category\"><h3>", out);
    put_name(out, name);
    fprintf(out, " <b class=\"%s\">", class_of(json_number_value(score)));
    put_score(out, score);
    fprintf(out, "</b></h3><i class=\"meter %s\"><i style=\"width:%.1f%%\"></i></i><dl>",
            class_of(json_number_value(score)), json_number_value(score));
    json_object_foreach(json_object_get(category, "sub_scores"), key, sub) {
        fputs("<dt>", out);
        put_name(out, key);
        fputs("</dt><dd>", out);
        put_score(out, json_object_get(sub, "score"));
        fputs("</dd>", out);
    }
    fputs("</dl></section>", out);
}

static void put_list(FILE *out, const char *title, const json_t *list, bool gains) {
    const json_t *item;
    size_t i;
    if (json_array_size(list) == 0) return;
    fprintf(out, "<section><h2>%s</h2><ul class=\"card advice\">", title);
    json_array_foreach(list, i, item) {
        double gain = json_number_value(json_object_get(item, "gain"));
        if (gains)
            fprintf(out, "<li><b>+%.1f</b><span>", gain);
        else
            fprintf(out, "<li class=\"%s\"><b>%s</b><span>", gain > 0 ? "fault" : "praise", gain > 0 ? "\u2212" : "+");
        grm_html_text(out, string_at(item, "text"));
        fputs("<small>", out);
        put_name(out, string_at(item, "sub_score"));
        if (gains && json_is_number(json_object_get(item, "sub_score_then"))) {
            fputc(' ', out);
            put_score(out, json_object_get(item, "sub_score_now"));
            fputs(" \u2192 ", out);
            put_score(out, json_object_get(item, "sub_score_then"));
        }
        fputs("</small></span></li>", out);
    }
    fputs("</ul></section>", out);
}

// Half a circle, 0 on the left.
static void put_gauge(FILE *out, double overall, const char *rating) {
    const double arc = 3.14159265358979 * 80;
    fprintf(out,
            "<div class=\"gauge %s\"><svg viewBox=\"0 0 200 116\" role=\"img\" aria-label=\"%.0f of 100\">"
            "<path d=\"M20 106a80 80 0 0 1 160 0\"/><path class=\"full\" d=\"M20 106a80 80 0 0 1 160 0\" "
            "stroke-dasharray=\"%.2f %.2f\"/><text x=\"100\" y=\"98\">%.0f</text></svg><p>",
            class_of(overall), floor(overall), arc * overall / 100, arc, floor(overall));  // as ratings go
    grm_html_text(out, rating);
    fputs("</p></div>", out);
}

void grm_html_score(FILE *out, const json_t *report) {
    const json_t *overall = json_object_get(report, "overall"), *trend = json_object_get(report, "trend"), *category;
    const char *key;
    if (!json_is_number(overall)) return;
    fputs("<div class=\"score\">", out);
    put_gauge(out, json_number_value(overall), string_at(report, "rating"));
    fputs("<div class=\"categories\">", out);
    json_object_foreach(json_object_get(report, "categories"), key, category) put_category(out, key, category);
    fputs("</div></div><div class=\"pair\">", out);
    put_list(out, "What stands out", json_object_get(report, "insights"), false);
    put_list(out, "What would bring how many points", json_object_get(report, "recommendations"), true);
    fputs("</div>", out);
    if (!trend) return;
    fputs("<p class=\"trend\"><b>Trend ", out);
    put_score(out, json_object_get(trend, "score"));
    fputs("</b> ", out);
    grm_html_text(out, string_at(trend, "text"));
    if (string_at(trend, "source")[0]) {
        fputs(" (", out);
        grm_html_text(out, string_at(trend, "source"));
        fputc(')', out);
    }
    fputs("</p>", out);
}
