// report.json: what was heard and, where there is a judgement, that.
#include <math.h>

#include "meter/meter.h"

static json_t *chords_json(const grm_analysis *a) {
    json_t *list = json_array();
    for (size_t i = 0; list && i < a->chord_count; i++)
        json_array_append_new(list, json_pack("{so so ss}", "start_s", grm_number_json(a->chords[i].start_s), "end_s",
                                              grm_number_json(a->chords[i].end_s), "name", a->chords[i].name));
    return list;
}

static json_t *sections_json(const grm_analysis *a) {
    json_t *list = json_array();
    for (size_t i = 0; list && i < a->section_count; i++) {
        const grm_heard_section *s = &a->sections[i];
        json_array_append_new(
            list, json_pack("{ss so so so so}", "label", s->label, "start_s", grm_number_json(s->start_s), "end_s",
                            grm_number_json(s->end_s), "loudness_lufs", grm_number_json(s->loudness_lufs), "energy",
                            grm_number_json(s->energy)));
    }
    return list;
}

// A value a second, from ten.
static json_t *energy_json(const grm_analysis *a) {
    enum { A_SECOND = 10 };
    const double silent_lufs = -70;
    json_t *list = json_array();
    for (size_t at = 0; list && at < a->energy_count; at += A_SECOND) {
        size_t count = a->energy_count - at < A_SECOND ? a->energy_count - at : A_SECOND;
        double sum = 0;
        for (size_t i = 0; i < count; i++) sum += pow(10, (double)a->energy_lufs[at + i] / 10);
        double level = 10 * log10(sum / (double)count);
        json_array_append_new(list, grm_number_json(level > silent_lufs ? level : silent_lufs));
    }
    return list;
}

static json_t *advice_json(const grm_advice *advice, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++)
        json_array_append_new(
            list, json_pack("{ss ss? so so so ss? so so}", "text", advice[i].text, "sub_score", advice[i].sub_score,
                            "gain", grm_number_json(advice[i].gain), "sub_score_now", grm_number_json(advice[i].before),
                            "sub_score_then", grm_number_json(advice[i].lifted), "feature", advice[i].feature, "value",
                            grm_number_json(advice[i].value), "goal", grm_number_json(advice[i].goal)));
    return list;
}

static json_t *category_json(const grm_category *c) {
    json_t *subs = json_object();
    for (size_t i = 0; subs && i < c->sub_score_count; i++)
        json_object_set_new(subs, c->sub_scores[i].name,
                            json_pack("{so so}", "score", grm_number_json(c->sub_scores[i].score), "weight",
                                      grm_number_json(c->sub_scores[i].weight)));
    return json_pack("{so so so}", "score", grm_number_json(c->score), "weight", grm_number_json(c->weight),
                     "sub_scores", subs);
}

static json_t *trend_json(const grm_trend *t) {
    return json_pack("{so ss ss ss?}", "score", grm_number_json(t->score), "genre", t->genre, "text", t->text, "source",
                     t->source);
}

static int add_report(json_t *object, const grm_report *r) {
    json_t *categories = json_object();
    for (size_t i = 0; categories && i < GRM_CATEGORIES; i++)
        json_object_set_new(categories, r->categories[i].name, category_json(&r->categories[i]));
    return json_object_set_new(object, "overall", grm_number_json(r->overall)) |
           json_object_set_new(object, "rating", json_string(r->rating)) |
           json_object_set_new(object, "genre", r->genre[0] ? json_string(r->genre) : json_null()) |
           json_object_set_new(object, "categories", categories) |
           json_object_set_new(object, "insights", advice_json(r->insights, r->insight_count)) |
           json_object_set_new(object, "recommendations", advice_json(r->recommendations, r->recommendation_count)) |
           json_object_set_new(object, "trend", trend_json(&r->trend));
}

json_t *grm_analysis_json(const grm_analysis *a, const grm_report *report) {
    json_t *object = json_pack("{ss so so}", "mode", a->lightweight ? "lightweight" : "standard", "analysis_rate_hz",
                               json_integer(a->analysis_rate_hz), "hop", json_integer(a->hop));
    if (!object) return NULL;
    int failed = report ? add_report(object, report) : 0;
    failed |= json_object_set_new(object, "sections", sections_json(a)) |
              json_object_set_new(object, "chords", chords_json(a)) |
              json_object_set_new(object, "beats_s", grm_numbers_json(a->beats_s, a->beat_count)) |
              json_object_set_new(object, "downbeats_s", grm_numbers_json(a->downbeats_s, a->downbeat_count)) |
              json_object_set_new(object, "energy_curve_lufs", energy_json(a)) |
              json_object_set_new(object, "features", grm_features_json(&a->features));
    if (!failed) return object;
    json_decref(object);
    return NULL;
}
