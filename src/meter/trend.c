// Trend alignment: a figure of its own, beside the score.
#include "meter/trend.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "meter/curve.h"
#include "yaml/yaml.h"

// 10th, 50th and 90th percentile.
typedef struct range {
    double low, middle, high;
} range;

typedef struct benchmark {
    const char *name;
    double tracks;
    range tempo_bpm, duration_s;
} benchmark;

static range read_range(grm_yaml *y, yaml_node_t *map, const char *key) {
    yaml_node_t *list = grm_yaml_list(y, map, key, 3);
    if (y->status == GRM_OK && grm_yaml_count(list) != 3)
        grm_yaml_complain(y, list ? list : map, "\"%s\" should be three percentiles", key);
    if (y->status != GRM_OK) return (range){0};
    double p[3];
    for (size_t i = 0; i < 3; i++) p[i] = grm_yaml_scalar_number(y, grm_yaml_item(y, list, i), 1, 36000);
    if (!(p[0] < p[1] && p[1] < p[2])) grm_yaml_complain(y, list, "percentiles should rise");
    return (range){p[0], p[1], p[2]};
}

// The row whose `genres` name the genre; false: there is none.
static bool find_row(grm_yaml *y, yaml_node_t *root, const char *genre, benchmark *out) {
    yaml_node_t *rows = grm_yaml_list(y, root, "rows", 200);
    for (size_t i = 0; i < grm_yaml_count(rows) && y->status == GRM_OK; i++) {
        yaml_node_t *map = grm_yaml_item(y, rows, i);
        if (!grm_yaml_keys(y, map, "name genres tracks tempo_bpm loudness_db duration_s")) return false;
        grm_words genres = grm_yaml_words(y, map, "genres");
        for (size_t k = 0; k < genres.count; k++) {
            if (strcasecmp(genres.items[k], genre) != 0) continue;
            out->name = grm_yaml_text(y, map, "name", genre);
            out->tracks = grm_yaml_number(y, map, "tracks", 0, 0, 1e9);
            out->tempo_bpm = read_range(y, map, "tempo_bpm");
            out->duration_s = read_range(y, map, "duration_s");
            return y->status == GRM_OK;
        }
    }
    return false;
}

// 0 at the median, 1 at the 10th and 90th percentile.
static double distance(double x, const range *r) {
    return x < r->middle ? (r->middle - x) / (r->middle - r->low) : (x - r->middle) / (r->high - r->middle);
}

// The benchmarks count some songs at half or double their tempo, so the nearest of the three counts here.
static double tempo_distance(double bpm, const range *r, double *counted) {
    double best = INFINITY;
    for (int i = -1; i <= 1; i++) {
        double x = ldexp(bpm, i), d = distance(x, r);
        if (d < best) best = d, *counted = x;
    }
    return best;
}

static void tell(const grm_features *f, const benchmark *b, grm_trend *out) {
    // 100 at the median, 80 at the 10th and 90th percentile, 0 at four times that distance.
    grm_curve curve = {5, {0, 1, 2, 3, 4}, {100, 80, 40, 12, 0}, {0}};
    double sum = 0, figures = 0, counted = NAN;
    char tempo[96] = "tempo unknown", length[96] = "";
    grm_curve_fit(&curve);
    if (isfinite(f->tempo_bpm) && f->tempo_bpm > 0) {
        sum += grm_curve_at(&curve, tempo_distance(f->tempo_bpm, &b->tempo_bpm, &counted));
        figures++;
        snprintf(tempo, sizeof tempo, "tempo %.0f%s (eight in ten: %.0f to %.0f)", counted,
                 counted == f->tempo_bpm  ? ""
                 : counted > f->tempo_bpm ? ", counted double"
                                          : ", counted half",
                 b->tempo_bpm.low, b->tempo_bpm.high);
    }
    int seconds = (int)lround(f->duration_s), low = (int)lround(b->duration_s.low),
        high = (int)lround(b->duration_s.high);
    sum += grm_curve_at(&curve, distance(f->duration_s, &b->duration_s));
    figures++;
    snprintf(length, sizeof length, "length %d:%02d (%d:%02d to %d:%02d)", seconds / 60, seconds % 60, low / 60,
             low % 60, high / 60, high % 60);
    out->score = sum / figures;
    snprintf(out->text, sizeof out->text, "beside %.0f %s songs: %s, %s; loudness is not compared, theirs is not LUFS",
             b->tracks, b->name, tempo, length);
}

grm_status grm_trend_find(const grm_analysis *analysis, const char *genre, grm_memory *memory, grm_trend *out,
                          grm_error *err) {
    const grm_embedded *file = grm_embedded_find("data/benchmarks.yaml");
    *out = (grm_trend){.score = NAN, .source = ""};
    if (!file) return grm_fail(err, GRM_FAILED, "data/benchmarks.yaml was not built in");
    snprintf(out->genre, sizeof out->genre, "%s", genre ? genre : "");
    if (!genre || !genre[0]) {
        snprintf(out->text, sizeof out->text, "no genre was named to compare with");
        return GRM_OK;
    }
    grm_yaml y;
    benchmark row = {0};
    grm_yaml_open(&y, file->path, file->bytes, file->size, memory, err);
    yaml_node_t *root = y.status == GRM_OK ? grm_yaml_root(&y) : NULL;
    if (root && grm_yaml_keys(&y, root, "source rows")) {
        out->source = grm_yaml_text(&y, root, "source", "");
        out->known = find_row(&y, root, genre, &row);
    }
    grm_yaml_close(&y);
    if (y.status != GRM_OK) return y.status;
    if (out->known)
        tell(&analysis->features, &row, out);
    else
        snprintf(out->text, sizeof out->text, "there are no benchmarks for %s", out->genre);
    return GRM_OK;
}
