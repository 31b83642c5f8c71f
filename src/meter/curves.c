// Reads data/curves.yaml.
#include "meter/curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "yaml/yaml.h"

static const char *const category_names[GRM_CATEGORIES] = {"production_quality", "commercial_appeal", "innovation",
                                                           "emotional_impact", "radio_readiness"};

// A list of mappings with between `least` and `most` items; 0 items after a complaint.
static yaml_node_t *read_list(grm_yaml *y, yaml_node_t *map, const char *key, size_t least, size_t most) {
    yaml_node_t *list = grm_yaml_list(y, map, key, most);
    if (y->status == GRM_OK && grm_yaml_count(list) < least)
        grm_yaml_complain(y, list ? list : map, "\"%s\" should be a list of at least %zu", key, least);
    return y->status == GRM_OK ? list : NULL;
}

static const char *read_name(grm_yaml *y, yaml_node_t *map, const char *key) {
    const char *text = grm_yaml_text(y, map, key, NULL);
    if (y->status == GRM_OK && (!text || !text[0])) grm_yaml_complain(y, map, "\"%s\" is missing", key);
    return text ? text : "";
}

static yaml_node_t *need(grm_yaml *y, yaml_node_t *map, const char *key) {
    yaml_node_t *node = grm_yaml_field(y, map, key);
    if (!node) grm_yaml_complain(y, map, "\"%s\" is missing", key);
    return node;
}

static int read_figure(grm_yaml *y, yaml_node_t *map) {
    yaml_node_t *node = need(y, map, "feature");
    const char *name = node ? grm_yaml_scalar(y, node) : NULL;
    int figure = name ? grm_meter_figure(name) : 0;
    if (figure < 0)
        grm_yaml_complain(y, node, "there is no feature \"%.40s\"; `grammy meter --features` lists them", name);
    return figure < 0 ? 0 : figure;
}

// [[x, y], ...], x rising, y 0..100.
static const grm_curve *read_curve(grm_yaml *y, yaml_node_t *map) {
    grm_curve *curve = grm_yaml_take(y, 1, sizeof *curve);
    need(y, map, "curve");
    yaml_node_t *list = read_list(y, map, "curve", 2, GRM_MAX_ANCHORS);
    for (size_t i = 0; curve && list && i < grm_yaml_count(list) && y->status == GRM_OK; i++) {
        yaml_node_t *anchor = grm_yaml_item(y, list, i);
        if (grm_yaml_count(anchor) != 2) {
            grm_yaml_complain(y, anchor, "an anchor is [figure, points], as in [-14, 100]");
            break;
        }
        curve->x[i] = grm_yaml_scalar_number(y, grm_yaml_item(y, anchor, 0), -1e6, 1e6);
        curve->y[i] = grm_yaml_scalar_number(y, grm_yaml_item(y, anchor, 1), 0, 100);
        if (i > 0 && !(curve->x[i] > curve->x[i - 1]))
            grm_yaml_complain(y, anchor, "anchors should rise: %g comes after %g", curve->x[i], curve->x[i - 1]);
        curve->count = i + 1;
    }
    if (y->status != GRM_OK) return NULL;
    grm_curve_fit(curve);
    return curve;
}

// A text, or {up_to: GAP, text: ...}.
static void read_text(grm_yaml *y, yaml_node_t *node, grm_texts *out) {
    size_t at = out->count++;
    out->up_to[at] = INFINITY;
    if (node->type == YAML_SCALAR_NODE) {
        out->items[at] = grm_yaml_scalar(y, node);
    } else if (grm_yaml_keys(y, node, "up_to text")) {
        out->up_to[at] = grm_yaml_number(y, node, "up_to", INFINITY, 0, 1e6);
        out->items[at] = read_name(y, node, "text");
    }
}

// A text, or a list of them.
static void read_texts(grm_yaml *y, yaml_node_t *map, const char *key, grm_texts *out) {
    yaml_node_t *node = grm_yaml_field(y, map, key);
    if (node && node->type == YAML_SCALAR_NODE) {
        read_text(y, node, out);
        return;
    }
    yaml_node_t *list = grm_yaml_list(y, map, key, GRM_MAX_TEXTS);
    for (size_t i = 0; i < grm_yaml_count(list) && y->status == GRM_OK; i++)
        read_text(y, grm_yaml_item(y, list, i), out);
}

// ---- genres ----

static void read_groups(grm_yaml *y, yaml_node_t *root, grm_curves *curves) {
    yaml_node_t *list = read_list(y, root, "genres", 0, GRM_MAX_GROUPS);
    for (size_t i = 0; i < grm_yaml_count(list) && y->status == GRM_OK; i++) {
        yaml_node_t *map = grm_yaml_item(y, list, i);
        grm_genre_group *group = &curves->groups[curves->group_count++];
        if (!grm_yaml_keys(y, map, "name title genres")) return;
        group->name = read_name(y, map, "name");
        group->title = grm_yaml_text(y, map, "title", group->name);
        group->genres = grm_yaml_words(y, map, "genres");
    }
}

// The groups' names with blanks between, to check keys against.
static const char *group_keys(grm_yaml *y, const grm_curves *curves) {
    size_t size = 1, at = 0;
    for (size_t i = 0; i < curves->group_count; i++) size += strlen(curves->groups[i].name) + 1;
    char *keys = grm_yaml_take(y, size, 1);
    for (size_t i = 0; keys && i < curves->group_count; i++)
        at += (size_t)snprintf(keys + at, size - at, "%s%s", i ? " " : "", curves->groups[i].name);
    return keys;
}

// What a group judges by other curves or weights than the rest.
static void read_overrides(grm_yaml *y, yaml_node_t *map, const grm_curves *curves, grm_term *term) {
    yaml_node_t *all = grm_yaml_field(y, map, "genres");
    const char *keys = all ? group_keys(y, curves) : NULL;
    if (!keys || !grm_yaml_keys(y, all, keys)) return;
    for (size_t i = 0; i < curves->group_count && y->status == GRM_OK; i++) {
        yaml_node_t *own = grm_yaml_field(y, all, curves->groups[i].name);
        if (!own || !grm_yaml_keys(y, own, "curve weight")) continue;
        if (grm_yaml_field(y, own, "curve")) term->curve[i] = read_curve(y, own);
        term->weight[i] = grm_yaml_number(y, own, "weight", term->weight[i], 0, 100);
    }
}

// ---- scores ----

static void read_remarks(grm_yaml *y, yaml_node_t *map, const char *key, grm_texts *insight, grm_texts *advice) {
    yaml_node_t *node = grm_yaml_field(y, map, key);
    if (!node || !grm_yaml_keys(y, node, "insight advice")) return;
    read_texts(y, node, "insight", insight);
    read_texts(y, node, "advice", advice);
}

static void read_term(grm_yaml *y, yaml_node_t *map, const grm_curves *curves, grm_term *term) {
    if (!grm_yaml_keys(y, map, "feature also about fault weight curve genres low high praise")) return;
    term->figure = read_figure(y, map);
    term->about = grm_yaml_text(y, map, "about", NULL);
    term->fault = grm_yaml_flag(y, map, "fault", false);
    double weight = grm_yaml_number(y, map, "weight", 1, 0, 100);
    const grm_curve *curve = y->status == GRM_OK ? read_curve(y, map) : NULL;
    for (size_t i = 0; i <= GRM_MAX_GROUPS; i++) term->weight[i] = weight, term->curve[i] = curve;
    read_overrides(y, map, curves, term);
    yaml_node_t *also = grm_yaml_field(y, map, "also");
    term->also = -1;
    if (also && grm_yaml_keys(y, also, "feature by")) {
        term->also = read_figure(y, also);
        term->also_by = grm_yaml_number(y, also, "by", 0, -100, 100);
    }
    read_remarks(y, map, "low", &term->low, &term->raise);
    read_remarks(y, map, "high", &term->high, &term->lower);
    read_texts(y, map, "praise", &term->praise);
}

static void read_sub(grm_yaml *y, yaml_node_t *map, const grm_curves *curves, grm_sub_curves *sub) {
    if (!grm_yaml_keys(y, map, "name about weight terms")) return;
    sub->name = read_name(y, map, "name");
    sub->about = grm_yaml_text(y, map, "about", "");
    sub->weight = grm_yaml_number(y, map, "weight", 0, 0, 1);
    yaml_node_t *list = read_list(y, map, "terms", 1, GRM_MAX_TERMS);
    for (size_t i = 0; i < grm_yaml_count(list) && y->status == GRM_OK; i++)
        read_term(y, grm_yaml_item(y, list, i), curves, &sub->terms[sub->term_count++]);
}

static void check_sum(grm_yaml *y, const yaml_node_t *node, double sum, const char *of) {
    if (!(fabs(sum - 1) < 1e-6)) grm_yaml_complain(y, node, "the weights of %s add up to %g, not 1", of, sum);
}

static void read_category(grm_yaml *y, yaml_node_t *map, const grm_curves *curves, const char *name,
                          grm_category_curves *category) {
    double sum = 0;
    if (!grm_yaml_keys(y, map, "name about weight sub_scores")) return;
    category->name = read_name(y, map, "name");
    category->about = grm_yaml_text(y, map, "about", "");
    category->weight = grm_yaml_number(y, map, "weight", 0, 0, 1);
    if (y->status == GRM_OK && strcmp(category->name, name) != 0)
        grm_yaml_complain(y, map, "\"%.40s\" should be %s here", category->name, name);
    yaml_node_t *list = read_list(y, map, "sub_scores", 1, GRM_MAX_SUB_SCORES);
    for (size_t i = 0; i < grm_yaml_count(list) && y->status == GRM_OK; i++) {
        read_sub(y, grm_yaml_item(y, list, i), curves, &category->subs[category->sub_count]);
        sum += category->subs[category->sub_count++].weight;
    }
    check_sum(y, map, sum, "its sub_scores");
}

static void read_categories(grm_yaml *y, yaml_node_t *root, grm_curves *curves) {
    double sum = 0;
    need(y, root, "categories");
    yaml_node_t *list = read_list(y, root, "categories", GRM_CATEGORIES, GRM_CATEGORIES);
    for (size_t i = 0; list && i < GRM_CATEGORIES && y->status == GRM_OK; i++) {
        read_category(y, grm_yaml_item(y, list, i), curves, category_names[i], &curves->categories[i]);
        sum += curves->categories[i].weight;
    }
    if (list) check_sum(y, list, sum, "the categories");
}

static void read_gates(grm_yaml *y, yaml_node_t *root, grm_curves *curves) {
    yaml_node_t *list = read_list(y, root, "gates", 0, GRM_MAX_GATES);
    for (size_t i = 0; i < grm_yaml_count(list) && y->status == GRM_OK; i++) {
        yaml_node_t *map = grm_yaml_item(y, list, i);
        grm_gate *gate = &curves->gates[curves->gate_count++];
        if (!grm_yaml_keys(y, map, "name about feature curve text")) return;
        gate->name = read_name(y, map, "name");
        gate->about = grm_yaml_text(y, map, "about", "");
        gate->figure = read_figure(y, map);
        gate->curve = y->status == GRM_OK ? read_curve(y, map) : NULL;
        read_texts(y, map, "text", &gate->text);
    }
}

// ---- causes ----

static void read_sign(grm_yaml *y, yaml_node_t *map, grm_sign *sign) {
    if (!grm_yaml_keys(y, map, "feature below above low high")) return;
    double low = grm_yaml_number(y, map, "low", NAN, 0, 100), high = grm_yaml_number(y, map, "high", NAN, 0, 100);
    *sign = (grm_sign){.figure = read_figure(y, map),
                       .below = grm_yaml_number(y, map, "below", NAN, -1e6, 1e6),
                       .above = grm_yaml_number(y, map, "above", NAN, -1e6, 1e6),
                       .points = isnan(low) ? high : low,
                       .low = !isnan(low)};
    bool said = !isnan(sign->below) || !isnan(sign->above) || !isnan(sign->points);
    if (y->status == GRM_OK && !said)
        grm_yaml_complain(y, map, "a sign is {feature: NAME, below: VALUE}, above: VALUE, low: POINTS or high: POINTS");
}

static size_t read_figures(grm_yaml *y, yaml_node_t *map, const char *key, int *out) {
    yaml_node_t *list = grm_yaml_list(y, map, key, GRM_MAX_SIGNS);
    size_t count = grm_yaml_count(list);
    for (size_t i = 0; i < count && y->status == GRM_OK; i++) {
        yaml_node_t *item = grm_yaml_item(y, list, i);
        const char *name = grm_yaml_scalar(y, item);
        out[i] = name ? grm_meter_figure(name) : -1;
        if (name && out[i] < 0) grm_yaml_complain(y, item, "there is no feature \"%.40s\"", name);
    }
    return count;
}

static void read_causes(grm_yaml *y, yaml_node_t *root, grm_curves *curves) {
    yaml_node_t *list = read_list(y, root, "causes", 0, GRM_MAX_CAUSES);
    for (size_t i = 0; i < grm_yaml_count(list) && y->status == GRM_OK; i++) {
        yaml_node_t *map = grm_yaml_item(y, list, i);
        grm_cause *cause = &curves->causes[curves->cause_count++];
        if (!grm_yaml_keys(y, map, "name when low high insight advice")) return;
        cause->name = read_name(y, map, "name");
        yaml_node_t *signs = read_list(y, map, "when", 1, GRM_MAX_SIGNS);
        for (size_t k = 0; k < grm_yaml_count(signs) && y->status == GRM_OK; k++)
            read_sign(y, grm_yaml_item(y, signs, k), &cause->signs[cause->sign_count++]);
        cause->low_count = read_figures(y, map, "low", cause->low);
        cause->high_count = read_figures(y, map, "high", cause->high);
        read_texts(y, map, "insight", &cause->insight);
        read_texts(y, map, "advice", &cause->advice);
    }
}

static void read_ratings(grm_yaml *y, yaml_node_t *root, grm_curves *curves) {
    need(y, root, "ratings");
    yaml_node_t *list = read_list(y, root, "ratings", 1, GRM_MAX_RATINGS);
    for (size_t i = 0; i < grm_yaml_count(list) && y->status == GRM_OK; i++) {
        yaml_node_t *map = grm_yaml_item(y, list, i);
        if (!grm_yaml_keys(y, map, "from name")) return;
        curves->ratings[i].from = grm_yaml_number(y, map, "from", 0, 0, 100);
        curves->ratings[i].name = read_name(y, map, "name");
        if (i > 0 && !(curves->ratings[i].from < curves->ratings[i - 1].from))
            grm_yaml_complain(y, map, "ratings should fall, the best first");
        curves->rating_count = i + 1;
    }
}

grm_status grm_curves_read(const char *name, const uint8_t *bytes, size_t size, grm_memory *memory,
                           const grm_curves **out, grm_error *err) {
    grm_yaml y;
    *out = NULL;
    grm_yaml_open(&y, name, bytes, size, memory, err);
    grm_curves *curves = y.status == GRM_OK ? grm_yaml_take(&y, 1, sizeof *curves) : NULL;
    yaml_node_t *root = curves ? grm_yaml_root(&y) : NULL;
    if (root && grm_yaml_keys(&y, root, "ratings genres gates causes categories")) {
        read_ratings(&y, root, curves);
        read_groups(&y, root, curves);
        read_gates(&y, root, curves);
        read_causes(&y, root, curves);
        read_categories(&y, root, curves);
    }
    grm_yaml_close(&y);
    if (y.status == GRM_OK) *out = curves;
    return y.status;
}

grm_status grm_curves_load(const char *path, grm_memory *memory, const grm_curves **out, grm_error *err) {
    *out = NULL;
    if (!path) {
        const grm_embedded *file = grm_embedded_find("data/curves.yaml");
        if (!file) return grm_fail(err, GRM_FAILED, "data/curves.yaml was not built in");
        return grm_curves_read(file->path, file->bytes, file->size, memory, out, err);
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    grm_status status = grm_file_read(path, 1 << 20, &bytes, &size, err);
    if (status == GRM_OK) status = grm_curves_read(path, bytes, size, memory, out, err);
    free(bytes);
    return status;
}

grm_status grm_curves_group(const grm_curves *curves, const char *genre, size_t *out, grm_error *err) {
    *out = curves->group_count;
    if (!genre || !genre[0]) return GRM_OK;
    for (size_t i = 0; i < curves->group_count; i++) {
        const grm_genre_group *group = &curves->groups[i];
        bool found = strcasecmp(genre, group->name) == 0 || strcasecmp(genre, group->title) == 0;
        for (size_t k = 0; k < group->genres.count && !found; k++)
            found = strcasecmp(genre, group->genres.items[k]) == 0;
        if (!found) continue;
        *out = i;
        return GRM_OK;
    }
    char known[300] = "";
    for (size_t i = 0, at = 0; i < curves->group_count && at < sizeof known; i++)
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "", curves->groups[i].name);
    return grm_fail(err, GRM_USAGE, "there are no curves for the genre \"%.40s\"; there are for %s", genre, known);
}
