// The judgement as a whole.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "meter/advice.h"
#include "meter/trend.h"

static void fill_categories(const grm_curves *curves, const grm_judgement *judgement, grm_report *report) {
    for (size_t c = 0; c < GRM_CATEGORIES; c++) {
        const grm_category_curves *from = &curves->categories[c];
        grm_category *to = &report->categories[c];
        *to = (grm_category){.name = from->name,
                             .score = judgement->category[c],
                             .weight = from->weight,
                             .sub_score_count = from->sub_count};
        for (size_t s = 0; s < from->sub_count; s++)
            to->sub_scores[s] = (grm_sub_score){from->subs[s].name, judgement->sub[c][s], from->subs[s].weight};
    }
}

grm_status grm_report_make(const grm_analysis *analysis, const char *genre, const char *curves_path, grm_report **out,
                           grm_error *err) {
    const grm_curves *curves = NULL;
    double values[GRM_FIGURES];
    grm_judgement judgement;
    size_t group = 0;
    *out = NULL;
    grm_report *report = calloc(1, sizeof *report);
    if (report) report->memory = grm_memory_new();
    if (!report || !report->memory) {
        free(report);
        return grm_fail_memory(err);
    }
    grm_status status = grm_curves_load(curves_path, report->memory, &curves, err);
    if (status == GRM_OK) status = grm_curves_group(curves, genre, &group, err);
    if (status == GRM_OK) status = grm_trend_find(analysis, genre, report->memory, &report->trend, err);
    if (status != GRM_OK) goto done;
    grm_figures_take(analysis, values);
    grm_judge(curves, group, values, &judgement);
    report->overall = judgement.overall;
    report->rating = grm_curves_rating(curves, judgement.overall);
    snprintf(report->genre, sizeof report->genre, "%s", group < curves->group_count ? curves->groups[group].name : "");
    fill_categories(curves, &judgement, report);
    status = grm_advise(curves, group, values, &judgement, report, err);
    if (status != GRM_OK) goto done;
    *out = report;
    report = NULL;
done:
    grm_report_free(report);
    return status;
}

void grm_report_free(grm_report *report) {
    if (!report) return;
    grm_memory_free(report->memory);
    free(report);
}
